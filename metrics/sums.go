package metrics

import (
	"cmp"
	"slices"
	"strings"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/policy"
)

// Sum is what adds up: two sums and the number of rows, each split by the owners' shares. Of a median it holds the rows' values.
type Sum struct {
	Ratio  fixed.Ratio
	N      fixed.Num
	Above  fixed.Num // of a ratio of KPIs: the rows behind its numerator; N are those behind its denominator
	Values []Part    // of a median, in no order
}

// Part is a value of which only a share counts: a record of somebody with two departments stands in both, and for the company once.
type Part struct{ Value, Share fixed.Num }

func (s *Sum) add(t Sum) {
	s.Ratio = s.Ratio.Add(t.Ratio)
	s.N += t.N
	s.Above += t.Above
	s.Values = append(s.Values, t.Values...)
}

func (s Sum) empty() bool { return s.N == 0 && s.Above == 0 && s.Ratio.Num == 0 && s.Ratio.Den == 0 }

// Rolled is a rollup: the sums of every KPI per stay and month. It is not changed once made, so any number may read it.
type Rolled struct {
	org         *organisation
	sheets      map[*policy.KPI]*sheet
	expected    *expectation
	first, last int                                 // months of the range, counted since year 0
	disclosures map[*policy.KPI]map[int]*disclosure // what may be told of anonymous KPIs, by quarter
	barred      map[*policy.KPI]bool                // of which nothing is told
}

func newRolled(org *organisation, p *policy.Policy, r Range) *Rolled {
	return &Rolled{org: org, sheets: map[*policy.KPI]*sheet{}, expected: newExpectation(org, p.Calendar, r),
		first: monthOf(r.From), last: monthOf(r.To.AddDate(0, 0, -1)),
		disclosures: map[*policy.KPI]map[int]*disclosure{}}
}

// put adds the result of a scan.
func (r *Rolled) put(s *sheet) {
	for _, k := range s.plan.KPIs {
		r.sheets[k] = s
	}
}

// sheetLike finds the sheet of a scan with the same statement, nil for none.
func (r *Rolled) sheetLike(p Plan) *sheet {
	text := p.SQL(nil)
	for _, s := range r.sheets {
		if s.plan.SQL(nil) == text {
			return s
		}
	}
	return nil
}

// Rows counts the rows of all scans: a stay and month each.
func (r *Rolled) Rows() (n int64) {
	counted := map[*sheet]bool{}
	for _, s := range r.sheets {
		if counted[s] {
			continue
		}
		counted[s] = true
		for _, c := range s.months {
			n += int64(len(c.stays))
		}
	}
	return n
}

// Cells counts the stays and months in which a KPI has something to add.
func (r *Rolled) Cells(k *policy.KPI) (n int64) {
	r.each(k, r.first, r.last, func(int, int, Sum) { n++ })
	return n
}

// each calls f for every stay and month, from first to last, in which the KPI has something to add. Departments of kinds that the
// KPI is not about have nothing.
func (r *Rolled) each(k *policy.KPI, first, last int, f func(stay, month int, s Sum)) {
	first, last = max(first, r.first), min(last, r.last)
	if k.IsRatio() {
		r.each(k.Of, first, last, func(stay, month int, s Sum) {
			f(stay, month, Sum{Ratio: fixed.Ratio{Num: s.Ratio.Num}, Above: s.N})
		})
		r.each(k.To, first, last, func(stay, month int, s Sum) {
			f(stay, month, Sum{Ratio: fixed.Ratio{Den: s.Ratio.Num}, N: s.N})
		})
		return
	}
	s := r.sheets[k]
	i := slices.Index(s.plan.KPIs, k)
	about := r.about(k)
	for month := first; month <= last; month++ {
		if k.Expects() != "" {
			r.due(k, s, i, month, about, f)
		} else if c := s.months[month]; c != nil {
			r.recorded(k, c, s.plan.uses[i], func(row int, sum Sum) {
				if stay := c.stays[row]; (about == nil || about[stay]) && !sum.empty() {
					f(int(stay), month, sum)
				}
			})
		}
	}
}

// about tells of which stays the KPI is; nil: of all.
func (r *Rolled) about(k *policy.KPI) []bool {
	if len(k.DepartmentKinds) == 0 {
		return nil
	}
	is := make([]bool, len(r.org.stays))
	for i, s := range r.org.stays {
		if d, ok := r.org.index[s.Department]; ok {
			is[i] = slices.Contains(k.DepartmentKinds, r.org.departments[d].Kind)
		}
	}
	return is
}

// recorded calls f for the rows of a KPI that counts records.
func (r *Rolled) recorded(k *policy.KPI, c *chunk, use columns, f func(row int, s Sum)) {
	var shared []int // rows of stays that have only a part of their person
	var whole splitter
	for row, stay := range c.stays {
		if s := &r.org.stays[stay]; s.Share == fixed.Int(1) {
			f(row, c.sum(k, use, row, s, &whole, &whole)) // nothing is cut, and nothing left
		} else {
			shared = append(shared, row)
		}
	}
	slices.SortFunc(shared, func(x, y int) int {
		s, t := &r.org.stays[c.stays[x]], &r.org.stays[c.stays[y]]
		return cmp.Or(strings.Compare(s.Employee, t.Employee), strings.Compare(s.Department, t.Department), cmp.Compare(c.stays[x], c.stays[y]))
	})
	var employee string
	var num, den splitter
	for _, row := range shared {
		s := &r.org.stays[c.stays[row]]
		if s.Employee != employee {
			employee, num, den = s.Employee, splitter{}, splitter{}
		}
		f(row, c.sum(k, use, row, s, &num, &den))
	}
}

// sum is one row of a KPI that counts records; num and den hold what the person's rows before it have left.
func (c *chunk) sum(k *policy.KPI, use columns, row int, s *Stay, num, den *splitter) Sum {
	n := c.numbers[use.n].at(row)
	sum := Sum{N: fixed.Int(n).Times(s.Share)}
	if k.Numerator.Kind == policy.People {
		sum.N = fixed.Int(min(n, 1))
	}
	if lists := c.lists[use.num]; lists != nil {
		for _, v := range lists[row] {
			sum.Values = append(sum.Values, Part{fixed.Num(v), s.Share})
		}
		return sum
	}
	sum.Ratio.Num = amount(k.Numerator, c.numbers[use.num].at(row), s, num)
	if use.den >= 0 {
		sum.Ratio.Den = amount(*k.Denominator, c.numbers[use.den].at(row), s, den)
	}
	return sum
}

// amount is what a column's number comes to. Sums come in ten-thousandths; a person counted is one, whatever the share.
func amount(m policy.Measure, v int64, s *Stay, split *splitter) fixed.Num {
	switch m.Kind {
	case policy.SumOf:
		return split.part(fixed.Num(v), s.Share)
	case policy.PersonDays:
		return fixed.Int(daySet(v).count()).Times(s.Share)
	case policy.People:
		return fixed.Int(min(v, 1))
	}
	return fixed.Int(v).Times(s.Share)
}

// splitter cuts the sums of a person's month by shares, department by department. What rounding takes from one part goes into the next,
// so that the parts of a record add up to the record.
type splitter struct{ rest int64 } // ten-thousandths of the last decimal

func (s *splitter) part(v, share fixed.Num) fixed.Num {
	one := int64(fixed.Int(1))
	whole, exact := int64(v)/one*int64(share), int64(v)%one*int64(share)+s.rest
	n := (exact + one/2) / one
	if exact+one/2 < 0 && (exact+one/2)%one != 0 { // Go divides towards zero
		n--
	}
	s.rest = exact - n*one
	return fixed.Num(whole + n)
}

// due gives the month of a KPI over what is expected: every stay has a part in it, with records or without. The stays of a person in one
// department with the same working time are taken together, and come as the first of them.
func (r *Rolled) due(k *policy.KPI, s *sheet, i, month int, about []bool, f func(stay, month int, s Sum)) {
	c := s.months[month]
	stays := r.org.stays
	var met []fulfilment // of one person
	for from := 0; from < len(stays) && stays[from].Employee != ""; {
		met = met[:0]
		stay := from
		for ; stay < len(stays) && stays[stay].Employee == stays[from].Employee; stay++ {
			if about != nil && !about[stay] {
				continue
			}
			var done daySet
			if row, ok := c.of(int32(stay)); ok {
				done = daySet(c.numbers[s.plan.uses[i].num].at(row))
			}
			met = r.expected.met(met, k, stay, month, done)
		}
		from = stay
		for _, m := range met {
			if ratio := m.ratio(k); ratio.Den != 0 {
				f(m.stay, month, Sum{Ratio: ratio, N: ratio.Den})
			}
		}
	}
}

// of finds the row of a stay.
func (c *chunk) of(stay int32) (row int, ok bool) {
	if c == nil {
		return 0, false
	}
	c.once.Do(func() {
		c.row = make([]int32, slices.Max(c.stays)+1)
		for i, s := range c.stays {
			c.row[s] = int32(i) + 1
		}
	})
	if int(stay) >= len(c.row) || c.row[stay] == 0 {
		return 0, false
	}
	return int(c.row[stay]) - 1, true
}

// tally is the sums of one KPI by department and month: a row per department with its subtree, the last one the company.
type tally struct {
	first int // the month of column 0
	rows  [][]Sum
}

// tally sums a KPI per department with its subtree, and for the company.
func (r *Rolled) tally(k *policy.KPI) tally {
	t := tally{r.first, make([][]Sum, len(r.org.departments)+1)}
	for i := range t.rows {
		t.rows[i] = make([]Sum, r.last-r.first+1)
	}
	r.fill(t, k, r.first, r.last)
	return t
}

// tallyAnew gives a tally like the former one, with some months summed anew.
func (r *Rolled) tallyAnew(k *policy.KPI, was tally, months []int) tally {
	t := tally{was.first, make([][]Sum, len(was.rows))}
	for i := range t.rows {
		t.rows[i] = slices.Clone(was.rows[i])
		for _, m := range months {
			t.rows[i][m-t.first] = Sum{}
		}
	}
	for _, m := range slices.Compact(slices.Sorted(slices.Values(months))) {
		r.fill(t, k, m, m)
	}
	return t
}

// fill adds the months from first to last to a tally.
func (r *Rolled) fill(t tally, k *policy.KPI, first, last int) {
	n := len(r.org.departments)
	fresh := r.fresh(k)
	r.each(k, first, last, func(stay, month int, s Sum) {
		of := &r.org.stays[stay]
		put := func(i int) { t.rows[i][month-t.first].add(fresh(i, month, of.Employee, s)) }
		put(n)
		i, ok := r.org.index[of.Department]
		for ok {
			put(i)
			i, ok = r.org.index[r.org.departments[i].ParentID]
		}
	})
}

// fresh gives what of a sum is new: all of it, but of a KPI that counts people only what the row does not have of this person and
// month already.
func (r *Rolled) fresh(k *policy.KPI) func(row, month int, employee string, s Sum) Sum {
	if k.Numerator.Kind != policy.People {
		return func(_, _ int, _ string, s Sum) Sum { return s }
	}
	type key struct {
		row, month int
		employee   string
	}
	seen := map[key]Sum{}
	return func(row, month int, employee string, s Sum) Sum {
		at := key{row, month, employee}
		had := seen[at]
		all := Sum{Ratio: fixed.Ratio{Num: max(had.Ratio.Num, s.Ratio.Num), Den: max(had.Ratio.Den, s.Ratio.Den)}, N: max(had.N, s.N)}
		seen[at] = all
		return Sum{Ratio: fixed.Ratio{Num: all.Ratio.Num - had.Ratio.Num, Den: all.Ratio.Den - had.Ratio.Den}, N: all.N - had.N}
	}
}

// over gives the sum of row i over a period; months outside of the range have nothing.
func (t tally) over(i int, p period.Period) (s Sum) {
	for _, m := range p.Months() {
		if at := monthNumber(m) - t.first; at >= 0 && at < len(t.rows[i]) {
			s.add(t.rows[i][at])
		}
	}
	return s
}

// personal sums a KPI per person and department over a period, by index into the attribution's pairs.
func (r *Rolled) personal(k *policy.KPI, p period.Period) []Sum {
	sums := make([]Sum, len(r.org.pairs))
	if k.DepartmentOnly() {
		return sums
	}
	fresh := r.fresh(k)
	r.each(k, monthNumber(p), monthNumber(p)+int(p.Kind())-1, func(stay, month int, s Sum) {
		of := &r.org.stays[stay]
		sums[of.pair].add(fresh(of.pair, month, of.Employee, s))
	})
	return sums
}

func monthNumber(p period.Period) int { return monthOf(p.Start()) }
