package metrics

import (
	"time"

	"plumbline/internal/stat"
)

// Process is how a KPI runs from month to month by itself: the natural process limits of a control chart of single values (XmR), in the
// KPI's unit.
type Process struct {
	Centre, Low, High float64
	Months            []int // the months that it rests on, by index: over, and with enough data
	Signals           []int // those of them that lie outside the limits
}

// ProcessFrom is how many months it takes to say how a process runs.
const ProcessFrom = 6

// ProcessOf gives the limits of the months, as known on a day; false with fewer than ProcessFrom months that are over and have enough data.
// Months are those also then.
func ProcessOf(months []Value, day time.Time) (p Process, ok bool) {
	var values []float64
	for i, v := range months {
		if x, known := v.Float(); known && v.Status == OK && !v.Period.LastDay().After(day) {
			p.Months, values = append(p.Months, i), append(values, x)
		}
	}
	p.Centre, p.Low, p.High, ok = stat.XmR(values)
	for _, at := range stat.Signals(values) {
		p.Signals = append(p.Signals, p.Months[at])
	}
	return p, ok
}
