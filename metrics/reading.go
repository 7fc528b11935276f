package metrics

import (
	"plumbline/internal/period"
	"plumbline/internal/stat"
	"plumbline/policy"
)

// Reading is what may be said of a value beside the number itself, and no more than that. All of it is in the KPI's unit, differences of
// rates in percentage points.
type Reading struct {
	Change     stat.Change   // against the period before (环比)
	YearChange stat.Change   // against the same period a year earlier (同比)
	Peers      *Peers        // nil: fewer than PeersFrom with enough data
	Standing   stat.Standing // the rank among the peers that the intervals allow; From 0: not ranked
	Outlier    bool          // far from its peers, by the modified z-score
	Forecast   *stat.Projection
	Course     stat.Course // of the forecast against the target; Unknown without either
}

// PeersFrom is how many peers it takes to say how they lie.
const PeersFrom = 5

// Peers are the subjects that a value may be compared with: people judged by the same scorecard, departments of the same kind and depth.
type Peers struct {
	N              int // those with enough data, the subject included
	Q1, Median, Q3 float64
}

// readings fills in what may be said of the values of departments and people.
func (b *builder) readings() {
	b.Company.Readings = b.changes(&b.Company)
	for i := range b.Departments {
		b.Departments[i].Readings = b.changes(&b.Departments[i].Line)
	}
	for k := range b.KPIs {
		departments, people := map[departmentPeers][]*reader{}, map[*policy.Scorecard][]*reader{}
		for i := range b.Departments {
			d := &b.Departments[i]
			at := departmentPeers{d.Department.Kind, d.Department.Depth}
			departments[at] = append(departments[at], &reader{d.Values[k], &d.Readings[k]})
		}
		for i := range b.People {
			l := &b.People[i]
			if k == 0 {
				l.Readings = make([]Reading, len(b.KPIs))
			}
			people[l.Score.Scorecard] = append(people[l.Score.Scorecard], &reader{l.Values[k], &l.Readings[k]})
		}
		for _, group := range departments {
			compare(group)
		}
		for _, group := range people {
			compare(group)
		}
	}
}

type departmentPeers struct {
	kind  string
	depth int
}

// reader is a value whose reading is to be filled in.
type reader struct {
	value Value
	into  *Reading
}

// compare places each value among its peers. Those without enough data are no peers.
func compare(group []*reader) {
	var peers []*reader
	var values []float64
	var intervals []stat.Interval
	for _, r := range group {
		f, ok := r.value.Float()
		if !ok || r.value.Status != OK {
			continue
		}
		i := stat.Interval{Value: f, Low: f, High: f}
		if r.value.HasInterval {
			i.Low, i.High = r.value.Low, r.value.High
		}
		if !r.value.KPI.HigherIsBetter {
			i = stat.Interval{Value: -f, Low: -i.High, High: -i.Low}
		}
		peers, values, intervals = append(peers, r), append(values, f), append(intervals, i)
	}
	if len(peers) < 2 {
		return
	}
	for i, standing := range stat.Groups(intervals) {
		peers[i].into.Standing = standing
	}
	q1, median, q3, ok := stat.Quartiles(values)
	if !ok || len(peers) < PeersFrom {
		return
	}
	for _, r := range peers {
		r.into.Peers = &Peers{len(peers), q1, median, q3}
	}
	for _, i := range stat.Outliers(values) {
		peers[i].into.Outlier = true
	}
}

// changes compares a line with the periods before, and tells where it is heading.
func (b *builder) changes(l *Line) []Reading {
	readings := make([]Reading, len(b.KPIs))
	for i := range b.KPIs {
		now := l.Values[i]
		readings[i] = Reading{Change: changed(now, l.Before[i]), YearChange: changed(now, l.YearBefore[i]), Course: stat.Unknown}
		if p, ok := b.forecast(now, l.Months[i]); ok {
			readings[i].Forecast = &p
			if now.Target != nil {
				readings[i].Course = p.Course(now.Target.Float(), now.KPI.HigherIsBetter)
			}
		}
	}
	return readings
}

// changed compares a value with an earlier one. Only of rates and counts is it known what chance may do; of anything else the difference
// is told and never called significant.
func changed(now, before Value) stat.Change {
	x, ok := now.Float()
	y, ok2 := before.Float()
	if !ok || !ok2 {
		return stat.Change{}
	}
	var c stat.Change
	switch a, b := sums(now), sums(before); {
	case now.KPI.IsRate():
		c = stat.RateChange(a, b)
	case now.KPI.Adds() && now.KPI.Numerator.Kind == policy.CountRows:
		c = stat.CountChange(a, b)
	}
	c.Absolute, c.Known = float64(x-y), true
	return c
}

// sums is a value as statistics take it.
func sums(v Value) stat.Month {
	m := stat.Month{Num: v.Ratio.Num.Float(), Known: v.Status == OK || v.Status == Insufficient}
	if v.KPI.HasDenominator() {
		m.Den = v.Ratio.Den.Float()
	} else if v.Status == NoData && v.KPI.Adds() {
		m.Known = false
	}
	return m
}

// forecast projects a value to the end of a quarter that is not over. The month under way is not whole and counts as still to come.
func (b *builder) forecast(now Value, months []Value) (stat.Projection, bool) {
	if b.Period.Kind() != period.Quarter || !b.Day.Before(b.Period.LastDay()) || now.KPI.Numerator.Kind == policy.Median || now.Target == nil {
		return stat.Projection{}, false
	}
	var past []stat.Month
	remaining := 0
	for _, v := range months {
		m := sums(v)
		switch running := !v.Period.Start().Before(b.Period.Start()); {
		case !running:
			past = append(past, m)
		case v.Period.LastDay().After(b.Day):
			remaining++
		default:
			m.Running = true
			past = append(past, m)
		}
	}
	forecast := stat.Forecast
	if now.KPI.HasDenominator() && !now.KPI.IsRate() {
		forecast = stat.ForecastMean
	}
	p, ok := forecast(past, remaining)
	factor, _ := now.KPI.Factor().Float64()
	p.Value, p.Low, p.High = float64(p.Value*factor), float64(p.Low*factor), float64(p.High*factor)
	return p, ok
}
