package charts

import (
	"fmt"
	"strings"

	"plumbline/metrics"
	"plumbline/policy"
)

// hollowSeries marks months with too few rows: hollow, with the words, and outside the line.
func hollowSeries(f frame, months []metrics.Value, s scale) any {
	data := list{}
	crowded := -9
	for i, v := range months {
		r, ok := v.Exact()
		if !ok || v.Status != metrics.Insufficient {
			continue
		}
		label := fmt.Sprintf(pick(f.lang, "样本不足\nn=%s", "too few\nn=%s"), v.N)
		if near := 1 + 50*len(months)/f.width; i-crowded <= near {
			label = fmt.Sprintf("n=%s", v.N)
		}
		crowded = i
		data = append(data, object{"value": list{i, s.at(r)}, "tooltip": object{"formatter": tooltipOf(v, s)},
			"label": object{"show": true, "position": "top", "formatter": label, "color": f.ink.Muted, "fontSize": 11, "lineHeight": 13,
				"fontFamily": fontFamily, "textBorderColor": f.ink.Paper, "textBorderWidth": 3}})
	}
	return still(object{
		"type": "scatter", "name": "insufficient", "symbol": "circle", "symbolSize": 8, "z": 4, "data": data,
		"itemStyle": object{"color": f.ink.Paper, "borderColor": f.ink.Muted, "borderWidth": 1.5},
	})
}

// gapSeries writes 无数据 or 不显示 once under every run of months without a value.
func gapSeries(f frame, months []metrics.Value, a axis) any {
	data := list{}
	for i := 0; i < len(months); i++ {
		j := i
		for j < len(months) && months[j].Status == months[i].Status && valueless(months[j]) {
			j++
		}
		if j == i {
			continue
		}
		words := say(months[i], scale{lang: f.lang})
		if room := float64(f.width-90) / float64(len(months)) * float64(j-i); room < 36 {
			words = narrowed(words, f.lang)
		}
		data = append(data, object{"value": list{(i + j - 1) / 2, a.low}, "label": object{
			"show": true, "position": "top", "formatter": words, "color": f.ink.Muted, "fontSize": 11, "lineHeight": 13, "fontFamily": fontFamily}})
		i = j
	}
	return still(object{"type": "scatter", "name": "gap", "symbolSize": 1, "silent": true, "z": 2, "data": data, "itemStyle": object{"color": "transparent"}})
}

// valueless reports whether there is nothing to draw of a month.
func valueless(v metrics.Value) bool {
	return v.Status == metrics.NoData || v.Status == metrics.Withheld
}

// narrowed sets words one below the other: a Chinese character or an English word a line.
func narrowed(words string, l policy.Lang) string {
	if l == policy.EN {
		return strings.ReplaceAll(words, " ", "\n")
	}
	return strings.Join(strings.Split(words, ""), "\n")
}
