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
}

// New makes the report of a period from the books. It reads one snapshot.
func New(ctx context.Context, b *books.Books, q Question) (*Report, error) {
	var r *Report
	known, err := state(b.Ledger(), q.AsOf)
	if err == nil {
		q.AsOf = known.Seq // what comes in meanwhile is not part of the state that the report names
		err = b.View(ctx, func(tx *warehouse.Tx) (err error) {
			r, err = read(ctx, tx, q)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("report of %s: %w", q.Period, err)
	}
	r.LedgerSeq, r.LedgerHash = known.Seq, known.Hash
	return r, nil
}

// state names the ledger as it was at a sequence, or as it is now when the sequence is yet to come.
func state(l *ledger.Ledger, asOf int64) (ledger.Head, error) {
	now := l.Head()
	if asOf >= now.Seq {
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
	org    *organisation
	rolled Rolled
}

func read(ctx context.Context, tx *warehouse.Tx, q Question) (*Report, error) {
	p := q.Version.Policy
	b := &builder{Report: &Report{
		Policy: p, PolicyVersion: q.Version.Number, PolicyHash: q.Version.Hash, Made: q.Now, Period: q.Period,
		Day: earlier(q.Period.LastDay(), day(q.Now)), Months: q.Period.LastMonths(TrendMonths),
	}}
	for _, k := range p.KPIs {
		if k.Listed {
			b.KPIs = append(b.KPIs, k)
		}
	}
	var err error
	if b.org, err = readOrganisation(ctx, tx, p, q.AsOf); err != nil {
		return nil, err
	}
	b.org.heads(b.Day)
	from := earlier(b.Months[0].Start(), earlier(q.Period.YearBefore().Start(), q.Period.Before().Start()))
	span := Range{From: from, To: q.Period.End(), ReportDay: b.Day, AsOf: q.AsOf}
	if b.rolled, err = RollUp(ctx, tx, p.KPIs, span); err != nil {
		return nil, err
	}
	calendar, err := readCalendar(ctx, tx, p, Range{q.Period.Start(), q.Period.End(), b.Day, q.AsOf})
	if err != nil {
		return nil, err
	}
	b.lines(calendar)
	b.people()
	return b.Report, nil
}

// day cuts a moment to its date.
func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func monthNumber(p period.Period) int { return p.Year()*12 + int(p.Start().Month()) - 1 }

// tally is the sums of one KPI by department and month; the last row is the company.
type tally map[int]map[int]Sum

// tallies sums the cells of a KPI per department with its subtree, and for the company under index len(departments).
func (b *builder) tally(k *policy.KPI) tally {
	t := tally{}
	put := func(i int, c Cell) {
		if t[i] == nil {
			t[i] = map[int]Sum{}
		}
		s := t[i][c.Month]
		s.add(c.Sum)
		t[i][c.Month] = s
	}
	for _, c := range b.rolled[k] {
		put(len(b.org.departments), c)
		i, ok := b.org.index[c.Department]
		for ok {
			put(i, c)
			i, ok = b.org.index[b.org.departments[i].ParentID]
		}
	}
	return t
}

func (t tally) over(i int, p period.Period) (s Sum) {
	for _, m := range p.Months() {
		s.add(t[i][monthNumber(m)])
	}
	return s
}

// lines fills the company and the departments.
func (b *builder) lines(calendar map[string][]Day) {
	n := len(b.org.departments)
	lines := make([]Line, n+1)
	headcount := b.headcount()
	for _, k := range b.KPIs {
		t := b.tally(k)
		for i := range lines {
			target := b.target(i, k)
			value := func(p period.Period) Value { return newValue(k, p, t.over(i, p), target) }
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
		tallies[j] = b.tally(k)
	}
	for i := range lines {
		v := FunnelValues{Funnel: f}
		for j, k := range f.Steps {
			v.Steps = append(v.Steps, newValue(k, b.Period, tallies[j].over(i, b.Period), nil))
		}
		lines[i].Funnels = append(lines[i].Funnels, v)
	}
}

// target is the KPI's target for department i, or for the company when all scorecards that have the KPI agree.
func (b *builder) target(i int, k *policy.KPI) *fixed.Num {
	if i < len(b.org.departments) {
		return targetIn(b.Policy.ScorecardFor(b.org.departments[i].Kind), k)
	}
	var target *fixed.Num
	for _, s := range b.Policy.Scorecards {
		t := targetIn(s, k)
		if t == nil {
			continue
		}
		if target != nil && *target != *t {
			return nil
		}
		target = t
	}
	return target
}

func targetIn(s *policy.Scorecard, k *policy.KPI) *fixed.Num {
	if s == nil {
		return nil
	}
	for _, item := range s.Items {
		if item.KPI == k {
			t := item.Target
			return &t
		}
	}
	return nil
}

// headcount counts people with a membership on the report day, subtrees included; the last entry is the company.
func (b *builder) headcount() []int {
	n := len(b.org.departments)
	counts := make([]int, n+1)
	for _, m := range b.org.memberships {
		if !b.org.holds(m, b.Day) {
			continue
		}
		counts[n]++
		i, ok := b.org.index[m.department]
		for ok {
			counts[i]++
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
	plan := Plan{Dataset: d, Day: d.Day}
	s := warehouse.SQL("calendar", fmt.Sprintf("SELECT m.department_id, %s, count(*), CAST(coalesce(sum(f.hours), 0) * 10000 AS BIGINT)\nFROM %s f\n%s\nWHERE %s\nGROUP BY ALL",
		plan.day(), d.Table(), plan.membership("JOIN"), plan.within()))
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

// people fills the people's lines and scores, and compares them with the period before.
func (b *builder) people() {
	lines, scores := b.judge(b.Period)
	_, past := b.judge(b.Period.Before())
	before := map[string]*fixed.Num{}
	for _, s := range past {
		before[s.Person.No] = s.Total
	}
	for i := range lines {
		lines[i].Before = before[lines[i].Person.No]
	}
	for i := range scores {
		scores[i].Before = before[scores[i].Person.No]
	}
	b.People, b.Scores = lines, scores
}

// judge gives the lines of everybody who was employed in the period, and what they come to per person.
func (b *builder) judge(p period.Period) ([]PersonLine, []PersonScore) {
	stays := b.org.stays(p)
	sums := b.sums(p)
	lines := make([]PersonLine, 0, len(stays))
	for i, s := range stays {
		department, ok := b.org.index[s.department]
		if !ok {
			continue
		}
		card := b.Policy.ScorecardFor(b.org.departments[department].Kind)
		l := PersonLine{Person: b.org.people[s.employee], Department: s.department, From: s.first, To: s.last, Days: s.days,
			Moved: i > 0 && stays[i-1].employee == s.employee || i+1 < len(stays) && stays[i+1].employee == s.employee}
		for _, k := range b.KPIs {
			l.Values = append(l.Values, newValue(k, p, sums[k][[2]string{s.department, s.employee}], targetIn(card, k)))
		}
		l.Score = score(card, byKPI(l.Values), nil, b.Policy)
		lines = append(lines, l)
	}
	rankLines(lines)
	slices.SortStableFunc(lines, func(x, y PersonLine) int {
		return cmp.Or(cmp.Compare(b.org.index[x.Department], b.org.index[y.Department]),
			cmp.Compare(rankOrLast(x.Score.Rank), rankOrLast(y.Score.Rank)), strings.Compare(x.Person.No, y.Person.No))
	})
	return lines, b.join(lines)
}

// sums gives the sums of every KPI per department and employee in the period.
func (b *builder) sums(p period.Period) map[*policy.KPI]map[[2]string]Sum {
	first, last := monthNumber(p), monthNumber(p)+int(p.Kind())-1
	all := map[*policy.KPI]map[[2]string]Sum{}
	for _, k := range b.KPIs {
		all[k] = map[[2]string]Sum{}
		for _, c := range b.rolled[k] {
			if c.Month >= first && c.Month <= last {
				key := [2]string{c.Department, c.Employee}
				s := all[k][key]
				s.add(c.Sum)
				all[k][key] = s
			}
		}
	}
	return all
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

// join gives each person's score over the period: the lines' totals weighted by days, ranked among all whose last line has the
// same scorecard.
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
	for _, members := range byCard {
		totals := make([]*fixed.Num, len(members))
		for j, i := range members {
			totals[j] = scores[i].Total
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
	sum, days := new(big.Rat), int64(0)
	for _, i := range of {
		l := lines[i]
		if l.Score.Total == nil {
			continue
		}
		sum.Add(sum, new(big.Rat).Mul(l.Score.Total.Rat(), big.NewRat(int64(l.Days), 1)))
		days += int64(l.Days)
		if s.Status != Provisional {
			s.Status = l.Score.Status
		}
	}
	if days == 0 {
		return s
	}
	total := round2(sum.Quo(sum, big.NewRat(days, 1)))
	s.Total, s.Band = &total, b.Policy.BandFor(total)
	return s
}
