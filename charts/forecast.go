package charts

import (
	"fmt"
	"math"
	"math/big"

	"plumbline/internal/fixed"
	"plumbline/internal/stat"
	"plumbline/metrics"
	"plumbline/policy"
)

// forecastOf gives where the quarter under way is heading, nil where nothing is forecast or where the quarter's value is no figure to hold
// months against: what adds up is of another size than its months.
func forecastOf(r *metrics.Report, line metrics.Line, kpi *policy.KPI) *stat.Projection {
	for i, k := range r.KPIs {
		if k == kpi && i < len(line.Readings) && !kpi.Adds() {
			return line.Readings[i].Forecast
		}
	}
	return nil
}

// forecastWords says a forecast with its range.
func forecastWords(p *stat.Projection, s scale) string {
	text := pick(s.lang, "期末预测 ", "forecast for the end ") + s.edge(p.Value)
	if p.Low == p.High {
		return text
	}
	return text + fmt.Sprintf(pick(s.lang, "（%d%% 范围 %s 至 %s）", " (%d%% range %s to %s)"), p.Level, s.edge(p.Low), s.edge(p.High))
}

// forecastFigures adds a forecast to a table of months.
func forecastFigures(f Figures, r *metrics.Report, p *stat.Projection) Figures {
	blank := number("")
	f.Rows = append(f.Rows, []Cell{{Text: both(func(l policy.Lang) string { return r.Period.String() + pick(l, " 期末预测", " forecast") })},
		number(fixed.Grouped(twoDecimals(p.Value))), blank, blank, blank, number(fixed.Grouped(twoDecimals(p.Low))), number(fixed.Grouped(twoDecimals(p.High))), blank,
		{Text: both(func(l policy.Lang) string { return fmt.Sprintf(pick(l, "%d%% 范围", "%d%% range"), p.Level) })}})
	return f
}

// hatched is the look of what has not happened yet.
func hatched(f frame) object {
	return object{"color": f.ink.Paper, "borderColor": f.ink.Muted, "borderWidth": 1,
		"decal": object{"symbol": "rect", "symbolSize": 1, "color": f.ink.Muted, "dashArrayX": list{1, 0}, "dashArrayY": list{1.5, 4}, "rotation": -math.Pi / 4}}
}

// forecastSeries draws the range of a forecast behind the last month, hatched, with its value as a tick.
func forecastSeries(f frame, at int, p *stat.Projection, s scale) list {
	low, high := s.bound(p.Low), s.bound(p.High)
	words := pick(f.lang, "预测 ", "forecast ") + s.short(new(big.Rat).SetFloat64(finite(p.Value)))
	tip := object{"formatter": literal(forecastWords(p, s))}
	return list{
		still(object{"type": "bar", "name": "forecast", "stack": "forecast", "silent": true, "barWidth": 14, "z": 1, "itemStyle": object{"opacity": 0}, "data": list{object{"value": list{at, low}}}}),
		still(object{"type": "bar", "name": "forecast range", "stack": "forecast", "barWidth": 14, "z": 2, "itemStyle": hatched(f), "tooltip": tip,
			"data": list{object{"value": list{at, max(rounded(high-low), 1e-6)}}}}),
		still(object{"type": "scatter", "name": "forecast value", "silent": true, "symbol": "rect", "symbolSize": list{20, 2.5}, "z": 5, "itemStyle": object{"color": f.ink.Text},
			"data": list{object{"value": list{at, s.bound(p.Value)}, "label": object{"show": true, "position": "right", "distance": 5, "formatter": wrap(words, 11, forecastRoom-8),
				"color": f.ink.Text, "fontSize": 11, "lineHeight": 14, "fontFamily": fontFamily}}}}),
	}
}

// forecastRoom is the width beside the months that the words of a forecast take, in pixels.
const forecastRoom = 58
