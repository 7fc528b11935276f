package sample

import (
	"context"
	"fmt"
)

// workLog is one line of somebody's day; hours are counted in halves.
type workLog struct {
	id             int64
	no             int
	on, logged     day
	hours, planned int
	place, theme   string // the project, blank for work outside projects
	task           string
}

// delivery is something promised for a day. delivered is 0 while it is owed.
type delivery struct {
	id                      int64
	no                      int
	place, theme, item      string
	created, due, delivered day
}

// opportunity is a deal in view. closed is 0 while it is open; amount is in yuan, -1 when not known.
type opportunity struct {
	id              int64
	no              int
	client, trade   string
	created, closed day
	stage           stage
	outcome         outcome
	amount          int
}

type stage uint8

const (
	stageLead stage = iota
	stageNeeds
	stageProposal
	stageContract
	stageClosed
)

type outcome uint8

const (
	won outcome = iota
	lost
	open
)

// quota spreads the rows wanted over the cells of person and month in proportion to their weights: after the cells up
// to weight w of whole, floor(rows*w/whole) rows are given out, so that the sum is exact.
type quota struct{ rows, whole, weight, given int64 }

func (q *quota) next(weight int64) int {
	if q.whole == 0 {
		return 0
	}
	q.weight += weight
	n := share(q.rows, q.weight, q.whole) - q.given
	q.given += n
	return int(n)
}

// generator yields the records of a company, month by month. It counts on being asked for each month once, in order.
type generator struct {
	*company
	options                          Options
	logs, deliveries, opportunities  quota
	logID, deliveryID, opportunityID int64
}

// The weight of a cell that stands for one row: see deliveryWeight and opportunityWeight. About 21 workdays a month.
const (
	perDelivery    = 21 * 1000 * 1000 / 3
	perOpportunity = 21 * 1000 * 1000 / 4
)

// mostLogsADay keeps every log of a divided day at half an hour or more.
const mostLogsADay = 10

func newGenerator(o Options) (*generator, error) {
	g := &generator{company: newCompany(o), options: o}
	for m := range g.calendar.months {
		for i := range g.people {
			g.logs.whole += g.logWeight(m, i)
			g.deliveries.whole += g.deliveryWeight(m, i)
			g.opportunities.whole += g.opportunityWeight(m, i)
		}
	}
	wanted := func(q *quota, name string, rows, natural int64) error {
		q.rows = rows
		if rows == 0 {
			q.rows = natural
		}
		if q.rows > 0 && q.whole == 0 {
			return fmt.Errorf("%s: nobody in a company of %d people has any; choose more employees or months", name, o.Employees)
		}
		return nil
	}
	if err := wanted(&g.logs, "work logs", o.WorkLogs, g.logs.whole); err != nil {
		return nil, err
	}
	if g.logs.rows > g.logs.whole*mostLogsADay {
		return nil, fmt.Errorf("work logs: %d are more than %d a day and person; choose more employees or months", g.logs.rows, mostLogsADay)
	}
	if err := wanted(&g.deliveries, "deliveries", o.Deliveries, g.deliveries.whole/perDelivery); err != nil {
		return nil, err
	}
	return g, wanted(&g.opportunities, "opportunities", o.Opportunities, g.opportunities.whole/perOpportunity)
}

// total is the number of fact rows there will be.
func (g *generator) total() int64 { return g.logs.rows + g.deliveries.rows + g.opportunities.rows }

// employed gives person i's workdays in month m as a range of the calendar's workdays.
func (g *generator) employed(m, i int) (lo, hi int) {
	p := &g.people[i]
	return g.calendar.within(g.calendar.months[m], p.hired, p.left)
}

// logWeight is the number of days on which person i writes a log in month m: the workdays without leave.
func (g *generator) logWeight(m, i int) int64 {
	lo, hi := g.employed(m, i)
	if hi-lo < 6 {
		return int64(hi - lo)
	}
	var roll dice
	roll.seed(g.seed, streamLeave, i, m)
	return int64(hi-lo) - int64([...]int{0, 0, 0, 1, 1, 2}[roll.below(6)])
}

// deliveryWeight is the engineer's workdays by his rate and the month's chance, in permille each.
func (g *generator) deliveryWeight(m, i int) int64 {
	return g.weight(m, i, engineering, streamDeliveryRate, 1000)
}

// opportunityWeight is that of a salesperson; more is in view in the second half of the year, and a little more each month.
func (g *generator) opportunityWeight(m, i int) int64 {
	season := [...]int{0, 900, 780, 960, 1000, 1010, 1060, 980, 960, 1080, 1060, 1120, 1090}
	return g.weight(m, i, sales, streamOpportunityRate, season[g.calendar.months[m].period.Number()]+6*min(m, 40))
}

func (g *generator) weight(m, i int, k kind, s stream, season int) int64 {
	p := &g.people[i]
	q := g.post(p, k)
	if q == nil {
		return 0
	}
	lo, hi := g.calendar.within(g.calendar.months[m], q.from, q.to)
	var roll dice
	roll.seed(g.seed, s, i, m)
	return int64(hi-lo) * int64(p.rate) * int64(season) * int64(roll.between(850, 1150)) / 1000
}

// spread yields k indexes from lo to hi-1, evenly and in order, shifted by an offset below hi-lo; of says how many fall on
// the same index.
func spread(lo, hi, k, offset int, yield func(at, of int) error) error {
	n := hi - lo
	for t := range n {
		here := ((t+1)*k+offset)/n - (t*k+offset)/n
		for range here {
			if err := yield(lo+t, here); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachLog yields the work logs of month m, by person and day. The record is reused.
func (g *generator) eachLog(ctx context.Context, m int, yield func(*workLog) error) error {
	var roll dice
	var r workLog
	for i := range g.people {
		if err := ctx.Err(); err != nil {
			return err
		}
		k := g.logs.next(g.logWeight(m, i))
		if k == 0 {
			continue
		}
		lo, hi := g.employed(m, i)
		roll.seed(g.seed, streamWorkLog, i, m)
		part, hours := 0, 0
		err := spread(lo, hi, k, roll.below(hi-lo), func(at, of int) error {
			if part == 0 {
				hours = g.dayHours(&roll, i)
			}
			g.drawLog(&roll, &r, i, at)
			r.hours = hours*(part+1)/of - hours*part/of
			r.planned = 16*(part+1)/of - 16*part/of
			part = (part + 1) % of
			return yield(&r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dayHours draws the half hours of a day: 6 to 10 hours, in the mean 8 and the person's pace.
func (g *generator) dayHours(roll *dice, i int) int {
	h := 16 + roll.between(-2, 2) + roll.between(-1, 1)
	if pace := g.people[i].pace; pace < 0 && roll.chance(-pace) {
		h--
	} else if pace > 0 && roll.chance(pace) {
		h++
	}
	return clamp(h, 12, 20)
}

// drawLog fills in everything but the hours, for the workday with index at.
func (g *generator) drawLog(roll *dice, r *workLog, i, at int) {
	p := &g.people[i]
	c := g.calendar
	g.logID++
	r.id, r.no, r.on, r.logged = g.logID, p.no, c.work[at], c.work[at]
	switch {
	case roll.chance(p.late): // two workdays later or more, but nobody writes after the last day
		r.logged = c.work[min(at+roll.between(2, 5), len(c.work)-1)]
	case roll.chance(130) && at+1 < len(c.work) && c.work[at+1] == r.on+1:
		r.logged = r.on + 1
	}
	if p.left != 0 {
		r.logged = max(r.on, min(r.logged, p.left))
	}
	post := p.postOn(r.on)
	k := g.departments[post.department].kind
	r.place, r.theme = "", ""
	if k != support || roll.chance(200) {
		r.place, r.theme = project(roll, post.department)
	}
	r.task = tasks[k][roll.below(len(tasks[k]))]
}

// projects is the number of projects on which a department works.
const projects = 6

// project draws one of a department's projects.
func project(roll *dice, department int) (place, theme string) {
	return projectOf(department, roll.below(projects))
}

// projectOf names the i-th project of a department.
func projectOf(department, i int) (place, theme string) {
	n := department*projects + i
	return places[(n*7+n/16)%len(places)], themes[(n*3+n/20)%len(themes)]
}

// eachDelivery yields what is due in month m, by person and day. The record is reused.
func (g *generator) eachDelivery(ctx context.Context, m int, yield func(*delivery) error) error {
	var roll dice
	var r delivery
	for i := range g.people {
		if err := ctx.Err(); err != nil {
			return err
		}
		k := g.deliveries.next(g.deliveryWeight(m, i))
		if k == 0 {
			continue
		}
		post := g.post(&g.people[i], engineering)
		lo, hi := g.calendar.within(g.calendar.months[m], post.from, post.to)
		roll.seed(g.seed, streamDelivery, i, m)
		err := spread(lo, hi, k, roll.below(hi-lo), func(at, _ int) error {
			g.drawDelivery(&roll, &r, i, m, at, post)
			return yield(&r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// drawDelivery fills in a delivery due on the workday with index due. One in a hundred is never made.
func (g *generator) drawDelivery(roll *dice, r *delivery, i, m, due int, post *post) {
	c := g.calendar
	g.deliveryID++
	r.id, r.no = g.deliveryID, g.people[i].no
	r.place, r.theme = project(roll, post.department)
	r.item = items[roll.below(len(items))]
	created := max(due-roll.between(5, 35), c.index(post.from))
	r.created, r.due, r.delivered = c.work[created], c.work[due], 0
	at := max(created, due-[...]int{0, 0, 0, 1, 1, 2, 3, 4}[roll.below(8)])
	if !roll.chance(clamp(g.people[i].onTime+2*min(m, 20)-20, 500, 985)) {
		at = due + 1 + min(roll.below(14), roll.below(14))
	}
	if !roll.chance(10) && at < len(c.work) {
		r.delivered = c.work[at]
	}
}

// eachOpportunity yields what came into view in month m, by person and day, as it stands on the company's last day.
// The record is reused.
func (g *generator) eachOpportunity(ctx context.Context, m int, yield func(*opportunity) error) error {
	var roll dice
	var r opportunity
	for i := range g.people {
		if err := ctx.Err(); err != nil {
			return err
		}
		k := g.opportunities.next(g.opportunityWeight(m, i))
		if k == 0 {
			continue
		}
		post := g.post(&g.people[i], sales)
		lo, hi := g.calendar.within(g.calendar.months[m], post.from, post.to)
		roll.seed(g.seed, streamOpportunity, i, m)
		err := spread(lo, hi, k, roll.below(hi-lo), func(at, _ int) error {
			g.drawOpportunity(&roll, &r, i, m, at, post)
			return yield(&r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// drawOpportunity fills in an opportunity of the workday with index created. Who leaves a department closes what he
// has before he goes.
func (g *generator) drawOpportunity(roll *dice, r *opportunity, i, m, created int, post *post) {
	c := g.calendar
	g.opportunityID++
	r.id, r.no, r.created = g.opportunityID, g.people[i].no, c.work[created]
	r.client, r.trade = clientNames[roll.below(len(clientNames))], trades[roll.below(len(trades))]
	cycle := 3 + roll.below(12) + roll.below(14)
	closed := created + cycle
	if post.to != 0 {
		closed = max(created, min(closed, c.index(post.to+1)-1))
	}
	season := [...]int{0, -40, -40, -40, 0, 0, 0, 10, 10, 10, 40, 40, 40}[c.months[m].period.Number()]
	isWon := roll.chance(clamp(g.people[i].win+season+3*min(m, 20)-20, 120, 560))
	reached := [...]stage{stageLead, stageLead, stageNeeds, stageNeeds, stageNeeds, stageProposal, stageProposal, stageProposal, stageContract}[roll.below(9)]
	switch {
	case closed >= len(c.work):
		age := len(c.work) - created
		r.closed, r.outcome, r.stage = 0, open, stage(min(age*4/(cycle+1), int(stageContract)))
	case isWon:
		r.closed, r.outcome, r.stage = c.work[closed], won, stageClosed
	default:
		r.closed, r.outcome, r.stage = c.work[closed], lost, reached
	}
	r.amount = (2+roll.below(10))*(1+roll.below(8))*(4800+100*min(m, 30)) + 100*roll.below(50)
	if r.outcome != won && (r.stage == stageLead && roll.chance(500) || r.stage == stageNeeds && roll.chance(200)) {
		r.amount = -1
	}
}
