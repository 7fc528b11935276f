package metrics

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/ledger"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// TrendMonths is how many months a report looks back: five quarters, so that the same month a year ago is seen.
const TrendMonths = 15

// Question says what a report is asked for.
type Question struct {
	Period  period.Period
	Version policy.Version // the policy to judge by
	AsOf    int64          // ledger sequence; the books as known then
	Now     time.Time      // when it is asked, in the company's zone
	// Evaluator gives what superiors said; nil: scores are those of the KPIs alone, and provisional.
	Evaluator Evaluator
	Seal      string // the id of the seal under which the period stands; "" for none
	// Proof says that nobody reads the answer, as when a sealed quarter is verified: anonymous answers are told as the state of AsOf would
	// have told them, though they have changed since.
	Proof bool
	// inForce is the policy in force where Version is only tried out; nil: Version is.
	inForce *policy.Policy
}

// New makes the report of a period from the books, from one state of them.
func New(ctx context.Context, b *books.Books, q Question) (r *Report, err error) {
	err = report(ctx, b, q, func(_ *warehouse.Tx, built *builder) error {
		r = built.Report
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("report of %s: %w", q.Period, err)
	}
	return r, nil
}

// report builds the report of one state of the books and calls f within the transaction that it is read in.
func report(ctx context.Context, b *books.Books, q Question, f func(tx *warehouse.Tx, built *builder) error) error {
	known, err := state(ctx, b, q.AsOf)
	if err != nil {
		return err
	}
	q.AsOf = known.Seq // what comes in meanwhile is not part of the state that the report names
	before, err := lookBack(ctx, b, q)
	if err != nil {
		return err
	}
	return b.View(ctx, func(tx *warehouse.Tx) error {
		built, err := build(ctx, tx, q, before)
		if err != nil {
			return err
		}
		built.LedgerSeq, built.LedgerHash, built.Seal = known.Seq, known.Hash, q.Seal
		return f(tx, built)
	})
}

// lookBack judges the period before by the policy that was in force at its end; nil when that is the question's own.
func lookBack(ctx context.Context, b *books.Books, q Question) (*builder, error) {
	was := q.Period.Before()
	if q.Version.Number > 0 && !q.Version.Effective.After(was.LastDay()) {
		return nil, nil // what is in force later and was effective then was in force then
	}
	v, err := policy.InForce(ctx, b.Warehouse(), q.AsOf, was.LastDay())
	if err != nil || v.Hash == q.Version.Hash {
		return nil, err
	}
	o := &builder{Report: &Report{Policy: v.Policy, PolicyVersion: v.Number, PolicyHash: v.Hash, Made: q.Now, Period: was, Day: earlier(q.Period.LastDay(), day(q.Now))}}
	for _, k := range v.Policy.KPIs {
		if v.Policy.Judges(k) {
			o.KPIs = append(o.KPIs, k)
		}
	}
	q.Period, q.Version = was, v
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		if err := o.gather(ctx, tx, o.KPIs, q, was.Start()); err != nil {
			return err
		}
		return o.evaluations(ctx, tx, q)
	})
	if err != nil {
		return nil, fmt.Errorf("period before, by version %d of the policy: %w", v.Number, err)
	}
	return o, nil
}

// state names the ledger as it was at a sequence, or as it is now when the sequence is yet to come. An event that is written down but not yet
// applied is none of it.
func state(ctx context.Context, b *books.Books, asOf int64) (ledger.Head, error) {
	var applied int64
	err := b.View(ctx, func(tx *warehouse.Tx) (err error) {
		applied, err = b.Applied(ctx, tx)
		return err
	})
	if err != nil {
		return ledger.Head{}, err
	}
	l := b.Ledger()
	now := l.Head()
	if asOf = min(asOf, applied); asOf >= now.Seq {
		return now, nil
	}
	for next, err := range l.Events(asOf) {
		return ledger.Head{Seq: asOf, Hash: next.Prev}, err
	}
	return now, nil
}

// builder holds what a report is made of.
type builder struct {
	*Report
	org     *organisation
	rolled  *Rolled
	targets *targets
	said    map[period.Period]*Evaluations // of the period and the one before
}

// build makes the report and keeps what it is made of. before judges the period before; nil: the report's own policy does.
func build(ctx context.Context, tx *warehouse.Tx, q Question, before *builder) (*builder, error) {
	p := q.Version.Policy
	b := &builder{Report: &Report{
		Policy: p, PolicyVersion: q.Version.Number, PolicyHash: q.Version.Hash, Made: q.Now, Period: q.Period,
		Day: earlier(q.Period.LastDay(), day(q.Now)), Months: q.Period.LastMonths(TrendMonths),
	}}
	for _, k := range p.KPIs {
		if k.Listed || p.Judges(k) {
			b.KPIs = append(b.KPIs, k)
		}
	}
	b.Warnings = Warnings(p, q.Period)
	from := earlier(b.Months[0].Start(), earlier(q.Period.YearBefore().Start(), q.Period.Before().Start()))
	if err := b.gather(ctx, tx, p.KPIs, q, from); err != nil {
		return nil, err
	}
	b.org.heads(b.Day)
	calendar, err := readCalendar(ctx, tx, p, Range{From: q.Period.Start(), To: q.Period.End(), AsOf: q.AsOf})
	if err != nil {
		return nil, err
	}
	if err := b.evaluations(ctx, tx, q); err != nil {
		return nil, err
	}
	b.lines(calendar)
	b.people(cmp.Or(before, b))
	b.readings()
	return b, nil
}

// evaluations reads what superiors said of the period and the one before.
func (b *builder) evaluations(ctx context.Context, tx *warehouse.Tx, q Question) error {
	b.said = map[period.Period]*Evaluations{}
	if q.Evaluator == nil {
		return nil
	}
	for _, p := range []period.Period{q.Period, q.Period.Before()} {
		said, err := q.Evaluator(ctx, tx, p, q.AsOf)
		if err != nil {
			return err
		}
		b.said[p] = said
	}
	return nil
}

// gather reads the organisation and the targets, and rolls the KPIs up from a day to the period's end.
func (b *builder) gather(ctx context.Context, tx *warehouse.Tx, kpis []*policy.KPI, q Question, from time.Time) (err error) {
	if b.org, err = readOrganisation(ctx, tx, b.Policy, q.AsOf, b.Day); err != nil {
		return err
	}
	if b.targets, err = readTargets(ctx, tx, b.Policy, q.AsOf, day(q.Now)); err != nil {
		return err
	}
	b.rolled, err = rollUp(ctx, tx, b.Policy, b.org, kpis, Range{From: from, To: q.Period.End(), ReportDay: b.Day, Asked: day(q.Now), AsOf: q.AsOf, Proof: q.Proof})
	if err == nil {
		b.rolled.bar(b.Policy, q.inForce)
	}
	return err
}

// Warnings says what a reader of a period's numbers must know: that the calendar does not tell the holidays of its year.
func Warnings(p *policy.Policy, of period.Period) (list []policy.Text) {
	if !p.Calendar.Knows(of.Year()) {
		list = append(list, policy.Text{
			ZH: fmt.Sprintf("calendar.yaml 中没有 %d 年的节假日，工作日只按每周计算；请补上该年的放假与调休安排", of.Year()),
			EN: fmt.Sprintf("calendar.yaml does not list the holidays of %d, so that workdays are those of plain weeks; add the year", of.Year())})
	}
	return list
}

// day cuts a moment to its date.
func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// lines fills the company and the departments.
func (b *builder) lines(calendar map[string][]Day) {
	n := len(b.org.departments)
	lines := make([]Line, n+1)
	headcount := b.headcount()
	for _, k := range b.KPIs {
		t := b.rolled.tally(k)
		for i := range lines {
			value := func(p period.Period) Value { return b.value(k, p, t.over(i, p), b.subject(i)) }
			l := &lines[i]
			l.Values = append(l.Values, value(b.Period))
			l.Before = append(l.Before, value(b.Period.Before()))
			l.YearBefore = append(l.YearBefore, value(b.Period.YearBefore()))
			months := make([]Value, len(b.Months))
			for j, m := range b.Months {
				months[j] = value(m)
			}
			l.Months = append(l.Months, months)
		}
	}
	for _, f := range b.Policy.Funnels {
		b.funnel(f, lines)
	}
	for i := range lines {
		lines[i].Headcount = headcount[i]
		lines[i].Calendar = b.calendar(i, calendar)
	}
	b.Company = lines[n]
	for i, d := range b.org.departments {
		dl := DepartmentLine{Department: d, Line: lines[i]}
		dl.Score = score(b.Policy.ScorecardFor(d.Kind), byKPI(lines[i].Values), nil, b.Policy)
		dl.ScoreBefore = score(b.Policy.ScorecardFor(d.Kind), byKPI(lines[i].Before), nil, b.Policy)
		b.Departments = append(b.Departments, dl)
	}
}

func byKPI(values []Value) map[*policy.KPI]Value {
	m := make(map[*policy.KPI]Value, len(values))
	for _, v := range values {
		m[v.KPI] = v
	}
	return m
}

func (b *builder) funnel(f *policy.Funnel, lines []Line) {
	tallies := make([]tally, len(f.Steps))
	for j, k := range f.Steps {
		tallies[j] = b.rolled.tally(k)
	}
	for i := range lines {
		v := FunnelValues{Funnel: f}
		for j, k := range f.Steps {
			v.Steps = append(v.Steps, b.told(k, b.Period, tallies[j].over(i, b.Period), b.subject(i)))
		}
		lines[i].Funnels = append(lines[i].Funnels, v)
	}
}

// headcount counts the people with a membership on the report day, each once, subtrees included; the last entry is the company.
func (b *builder) headcount() []int {
	n := len(b.org.departments)
	counts := make([]int, n+1)
	seen := map[pair]bool{}
	count := func(i int, id, employee string) {
		if at := (pair{employee, id}); !seen[at] {
			seen[at] = true
			counts[i]++
		}
	}
	for _, m := range b.org.memberships {
		if !b.org.holds(&m, b.Day) {
			continue
		}
		count(n, "", m.employee)
		i, ok := b.org.index[m.department]
		for ok {
			count(i, b.org.departments[i].ID, m.employee)
			i, ok = b.org.index[b.org.departments[i].ParentID]
		}
	}
	return counts
}

// calendar adds up the days of a department's subtree, or of all for the company.
func (b *builder) calendar(i int, byDepartment map[string][]Day) []Day {
	var ids []string
	if i < len(b.org.departments) {
		for _, j := range b.org.subtree(b.org.departments[i].ID) {
			ids = append(ids, b.org.departments[j].ID)
		}
	} else {
		for id := range byDepartment {
			ids = append(ids, id)
		}
	}
	sum := map[time.Time]Day{}
	for _, id := range ids {
		for _, d := range byDepartment[id] {
			s := sum[d.Date]
			sum[d.Date] = Day{d.Date, s.Count + d.Count, s.Hours + d.Hours}
		}
	}
	days := make([]Day, 0, len(sum))
	for _, d := range sum {
		days = append(days, d)
	}
	slices.SortFunc(days, func(a, b Day) int { return a.Date.Compare(b.Date) })
	return days
}

// CalendarDataset is the dataset whose days a calendar shows; a policy without it, or without hours in it, has no calendar.
const CalendarDataset = "work_logs"

func readCalendar(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, r Range) (map[string][]Day, error) {
	d := p.Dataset(CalendarDataset)
	if d == nil || d.Day == "" || d.Owner == "" || d.Column("hours") == nil || d.Column("hours").Type != policy.TypeHours {
		return nil, nil
	}
	plan := Plan{Dataset: d, Owner: d.Owner, On: d.Day}
	s := warehouse.SQL("calendar", fmt.Sprintf("SELECT m._department, %s, count(*), CAST(coalesce(sum(f.hours), 0) * 10000 AS BIGINT)\nFROM %s f\n%s\nWHERE %s\nGROUP BY ALL",
		plan.day(), d.Table(), plan.attributed("JOIN"), plan.within()))
	days := map[string][]Day{}
	err := tx.Each(ctx, s, warehouse.Args{"as_of": r.AsOf, "from": r.From, "to": r.To}, func(scan func(...any) error) error {
		var id string
		var n Day
		var hours int64
		if err := scan(&id, &n.Date, &n.Count, &hours); err != nil {
			return err
		}
		n.Hours = fixed.Num(hours)
		days[id] = append(days[id], n)
		return nil
	})
	return days, err
}

// people fills the people's lines and scores, and compares them with what was scored in the period before under the policy of by.
func (b *builder) people(by *builder) {
	lines, scores := b.judge(b.Period)
	pastLines, past := by.judge(b.Period.Before())
	b.PolicyBefore = by.PolicyVersion
	before := map[string]*PersonScore{}
	for i := range past {
		before[past[i].Person.No] = &past[i]
	}
	for i := range lines {
		if was := before[lines[i].Person.No]; was != nil {
			lines[i].Before = was.Total
		}
	}
	for i := range scores {
		if was := before[scores[i].Person.No]; was != nil {
			scores[i].Before, scores[i].PartsBefore = was.Total, partsOf(pastLines, *was)
		}
	}
	b.People, b.Scores = lines, scores
}

// judge gives the lines of everybody who was employed in the period, and what they come to per person.
func (b *builder) judge(p period.Period) ([]PersonLine, []PersonScore) {
	all := b.org.belongings(p)
	sums := make([][]Sum, len(b.KPIs)) // by KPI and pair
	for i, k := range b.KPIs {
		sums[i] = b.rolled.personal(k, p)
	}
	lines := make([]PersonLine, 0, len(all))
	for i, s := range all {
		department, ok := b.org.index[s.department]
		if !ok {
			continue
		}
		l := PersonLine{Person: b.org.people[s.employee], Department: s.department, From: s.first, To: s.last, Days: s.days, Weight: s.weight,
			Moved: i > 0 && all[i-1].employee == s.employee || i+1 < len(all) && all[i+1].employee == s.employee, Values: make([]Value, 0, len(b.KPIs))}
		for j, k := range b.KPIs {
			l.Values = append(l.Values, b.value(k, p, sums[j][s.at], subject{department, s.employee}))
		}
		if b.said[p] != nil || p == b.Period {
			l.Superiors = b.org.superiors(l.Person.No, l.Department, p)
		}
		evaluation := b.said[p].of(Member{l.Person.No, l.Department}, l.Superiors)
		l.Score = score(b.Policy.ScorecardFor(b.org.departments[department].Kind), byKPI(l.Values), evaluation, b.Policy)
		lines = append(lines, l)
	}
	rankLines(lines)
	slices.SortStableFunc(lines, func(x, y PersonLine) int {
		return cmp.Or(cmp.Compare(b.org.index[x.Department], b.org.index[y.Department]),
			cmp.Compare(rankOrLast(x.Score.Rank), rankOrLast(y.Score.Rank)), strings.Compare(x.Person.No, y.Person.No))
	})
	return lines, b.join(lines)
}

func rankOrLast(r int) int {
	if r == 0 {
		return 1 << 30
	}
	return r
}

// rankLines ranks the lines of each department among themselves.
func rankLines(lines []PersonLine) {
	byDepartment := map[string][]int{}
	for i, l := range lines {
		byDepartment[l.Department] = append(byDepartment[l.Department], i)
	}
	for _, members := range byDepartment {
		totals := make([]*fixed.Num, len(members))
		for j, i := range members {
			totals[j] = lines[i].Score.Total
		}
		rank(totals, func(j, r, of int, tied bool) {
			s := &lines[members[j]].Score
			s.Rank, s.RankOf, s.Tied = r, of, tied
		})
	}
}

// join gives each person's score over the period: the lines' totals weighted by days and shares, ranked among all whose last line has the
// same scorecard, and their bands distributed where it says so.
func (b *builder) join(lines []PersonLine) []PersonScore {
	byPerson := map[string][]int{}
	var numbers []string
	for i, l := range lines {
		if byPerson[l.Person.No] == nil {
			numbers = append(numbers, l.Person.No)
		}
		byPerson[l.Person.No] = append(byPerson[l.Person.No], i)
	}
	slices.Sort(numbers)
	scores := make([]PersonScore, len(numbers))
	byCard := map[*policy.Scorecard][]int{}
	for i, no := range numbers {
		of := byPerson[no]
		slices.SortFunc(of, func(x, y int) int { return lines[x].To.Compare(lines[y].To) })
		scores[i] = b.combine(lines, of)
		if card := lines[of[len(of)-1]].Score.Scorecard; card != nil { // without one there is nobody to be ranked with
			byCard[card] = append(byCard[card], i)
		}
	}
	for card, members := range byCard {
		totals, group := make([]*fixed.Num, len(members)), make([]*PersonScore, len(members))
		for j, i := range members {
			totals[j], group[j] = scores[i].Total, &scores[i]
		}
		if card.Distribution != nil {
			distribute(card.Distribution, b.Policy.Bands, group)
		}
		rank(totals, func(j, r, of int, tied bool) {
			s := &scores[members[j]]
			s.Rank, s.RankOf, s.Tied = r, of, tied
		})
	}
	return scores
}

func (b *builder) combine(lines []PersonLine, of []int) PersonScore {
	last := lines[of[len(of)-1]]
	s := PersonScore{Person: last.Person, Department: last.Department, Lines: of, Status: NoScore}
	sum, weight := new(big.Rat), fixed.Num(0)
	stays := make([]Score, len(of))
	for j, i := range of {
		l := lines[i]
		stays[j] = l.Score
		if l.Score.Total == nil {
			continue
		}
		sum.Add(sum, new(big.Rat).Mul(l.Score.BeforePenalties.Rat(), l.Weight.Rat()))
		weight += l.Weight
		if s.Status != Provisional {
			s.Status = l.Score.Status
		}
	}
	var before *fixed.Num
	if weight > 0 {
		mean := round2(sum.Quo(sum, weight.Rat()))
		before = &mean
	}
	s.conclude(before, stays, b.Policy)
	return s
}
