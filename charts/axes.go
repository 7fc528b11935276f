package charts

import (
	"math/big"
	"strings"

	"plumbline/internal/fixed"
	"plumbline/internal/stat"
	"plumbline/metrics"
	"plumbline/policy"
)

// trendAxis holds values, intervals and target. A line may start above zero; its axis says where.
func trendAxis(months []metrics.Value, target *fixed.Num, ahead *stat.Projection, s scale, kpi *policy.KPI) axis {
	var ys []float64
	for i, v := range months {
		if r, ok := v.Exact(); ok {
			ys = append(ys, s.at(r))
		}
		if banded(months, i) {
			ys = append(ys, s.bound(v.Low), s.bound(v.High))
		}
	}
	if target != nil {
		ys = append(ys, s.at(target.Rat()))
	}
	if ahead != nil {
		ys = append(ys, s.bound(ahead.Low), s.bound(ahead.High))
	}
	for _, v := range months {
		if ownTarget(v) {
			ys = append(ys, s.at(v.Target.Rat()))
		}
	}
	if len(ys) == 0 {
		ys = append(ys, 0)
	}
	low, high := ys[0], ys[0]
	for _, y := range ys {
		low, high = min(low, y), max(high, y)
	}
	return axisOver(low, high, 4, low >= 0 && low < high/2, kpi.IsRate())
}

func valueAxis(f frame, a axis, s scale) object {
	return object{
		"type": "value", "min": a.low, "max": a.high, "interval": a.step,
		"axisLabel": object{"show": true, "formatter": "{value}" + s.mark, "color": f.ink.Muted, "fontSize": 11, "fontFamily": fontFamily},
		"splitLine": object{"show": true, "lineStyle": object{"color": f.ink.Faint, "width": 0.6}},
		"axisLine":  object{"show": false}, "axisTick": object{"show": false},
	}
}

func monthAxis(f frame) object {
	return object{
		"type": "category", "boundaryGap": true,
		"axisLabel": object{"show": true, "interval": 0, "color": f.ink.Muted, "fontSize": 11, "lineHeight": 15, "hideOverlap": false, "fontFamily": fontFamily},
		"axisLine":  object{"show": true, "onZero": false, "lineStyle": object{"color": f.ink.Faint}}, "axisTick": object{"show": false},
		"splitLine": object{"show": false},
	}
}

// axisRoom is the width of the value axis' labels in pixels.
func axisRoom(a axis, s scale) int {
	w := 0.0
	for y := a.low; y <= a.high+a.step/2; y += a.step {
		text := strings.TrimRight(strings.TrimRight(fixed.Grouped(big.NewRat(1, 1).SetFloat64(finite(y)).FloatString(3)), "0"), ".")
		w = max(w, textWidth(text+s.mark, 11))
	}
	return int(w) + 14
}

// lastRoom is the width that the label of the last value takes, in pixels.
func lastRoom(months []metrics.Value, s scale) int {
	i := lastOK(months)
	if i < 0 {
		return 16
	}
	r, _ := months[i].Exact()
	return max(16, int(textWidth(s.short(r), 14))+8)
}
