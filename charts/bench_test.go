package charts

import (
	"slices"
	"testing"
	"time"

	"plumbline/policy"
)

// BenchmarkSVG draws one chart of each kind, as pack and mail do, with a machine that has drawn before, and in turn with one that has just
// started: the median of all kinds, the slowest, and the ratio.
func BenchmarkSVG(b *testing.B) {
	r, err := NewRenderer()
	if err != nil {
		b.Skip(err)
	}
	draw := func(r *Renderer, c Chart) time.Duration {
		begun := time.Now()
		if _, err := r.SVG(b.Context(), c, policy.ZH, Print); err != nil {
			b.Fatal(err)
		}
		return time.Since(begun)
	}
	kinds := everyKind(newCompany())
	for range cap(r.slots) {
		for _, c := range kinds {
			draw(r, c)
		}
	}
	var warm, fresh []time.Duration
	slowest, at := time.Duration(0), ""
	for b.Loop() {
		for _, c := range kinds {
			took := draw(r, c)
			warm = append(warm, took)
			if took > slowest {
				slowest, at = took, c.ID
			}
			started := &Renderer{program: r.program, slots: make(chan *machine, 1)}
			started.slots <- nil
			fresh = append(fresh, draw(started, c))
		}
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	middle := func(d []time.Duration) time.Duration { slices.Sort(d); return d[len(d)/2] }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(middle(warm)), "ms-median")
	b.ReportMetric(ms(slowest), "ms-slowest")
	b.ReportMetric(float64(middle(warm))/float64(middle(fresh)), "x-fresh")
	b.Logf("the slowest is %s", at)
}
