package reviews

import (
	"cmp"
	"math/big"
	"slices"

	"plumbline/internal/fixed"
)

// Leniency is how a superior judges compared with the KPIs of the same people, and with all superiors.
type Leniency struct {
	Superior string // employee number, "" for those above whom nobody stands
	People   int
	Given    fixed.Num // mean of the points given
	KPI      fixed.Num // mean of the KPI points of the same people
	Gap      fixed.Num // Given − KPI
	Against  fixed.Num // Gap less that of all superiors together: above zero is lenient
}

// Leniencies compares the superiors whose evaluations are in, by number. People without KPI points are left out.
func Leniencies(tasks []Task) (list []Leniency) {
	type sum struct {
		people     int64
		given, kpi *big.Rat
	}
	sums, all := map[string]*sum{}, &sum{0, new(big.Rat), new(big.Rat)}
	for _, t := range tasks {
		if t.Done == nil || t.Done.State != Submitted || t.KPIPoints == nil {
			continue
		}
		s := sums[t.Superior]
		if s == nil {
			s = &sum{0, new(big.Rat), new(big.Rat)}
			sums[t.Superior] = s
		}
		for _, x := range []*sum{s, all} {
			x.people++
			x.given.Add(x.given, t.Done.Points.Rat())
			x.kpi.Add(x.kpi, t.KPIPoints.Rat())
		}
	}
	mean := func(r *big.Rat, n int64) fixed.Num {
		m, _ := fixed.Round(new(big.Rat).Quo(r, big.NewRat(n, 1)), 2)
		return m
	}
	for no, s := range sums {
		l := Leniency{Superior: no, People: int(s.people), Given: mean(s.given, s.people), KPI: mean(s.kpi, s.people)}
		l.Gap = l.Given - l.KPI
		l.Against = l.Gap - (mean(all.given, all.people) - mean(all.kpi, all.people))
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b Leniency) int { return cmp.Compare(a.Superior, b.Superior) })
	return list
}
