package charts

import (
	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// same is a text that needs no translation.
func same(s string) policy.Text { return policy.Text{ZH: s, EN: s} }

// withheld stands for a value that so few gave anonymously that it would give them away.
var withheld = word("不显示", "withheld")

func word(zh, en string) policy.Text { return policy.Text{ZH: zh, EN: en} }

func number(s string) Cell { return Cell{Text: same(s), Number: true} }

// valueHead is the header of a table of values whose first column is named by first.
func valueHead(first policy.Text, kpi *policy.KPI) []policy.Text {
	unit := both(func(l policy.Lang) string {
		name := pick(l, "数值", "Value")
		if u := exactUnit(kpi.Unit, l); u != "" {
			name += pick(l, "（"+u+"）", " ("+u+")")
		}
		return name
	})
	return []policy.Text{first, unit, word("分子", "Numerator"), word("分母", "Denominator"), same("n"),
		word("95% 下限", "95% low"), word("95% 上限", "95% high"), word("目标", "Target"), word("说明", "Note")}
}

// exactUnit is the unit of exact figures: always the KPI's own, never scaled.
func exactUnit(u policy.Unit, l policy.Lang) string {
	switch u {
	case policy.Percent:
		return "%"
	case policy.Hours:
		return pick(l, "小时", "hours")
	case policy.Days:
		return pick(l, "天", "days")
	case policy.Money:
		return pick(l, "元", "currency units")
	case policy.Points:
		return pick(l, "分", "points")
	}
	return ""
}

// valueCells is a value as cells, behind the first column.
func valueCells(v metrics.Value) []Cell {
	blank := number("")
	cells := []Cell{blank, blank, blank, number(cases(v.N)), blank, blank, blank, {}}
	if v.Status == metrics.Withheld {
		cells[3] = blank
	}
	if r, ok := v.Exact(); ok {
		cells[0] = number(fixed.Grouped(fixed.Text(r, 2)))
		cells[1] = number(fixed.Grouped(v.Ratio.Num.String()))
		if v.KPI.Divides() {
			cells[2] = number(fixed.Grouped(v.Ratio.Den.String()))
		}
	}
	if v.HasInterval {
		cells[4] = number(fixed.Grouped(twoDecimals(v.Low)))
		cells[5] = number(fixed.Grouped(twoDecimals(v.High)))
	}
	if v.Target != nil {
		cells[6] = number(fixed.Grouped(v.Target.String()))
	}
	switch v.Status {
	case metrics.Withheld:
		cells[7] = Cell{Text: withheld}
	case metrics.NoData:
		cells[7] = Cell{Text: word("无数据", "no data")}
	case metrics.Insufficient:
		cells[7] = Cell{Text: both(func(l policy.Lang) string { return insufficient(v, l) })}
	}
	return cells
}

func valueFigures(months []metrics.Value, kpi *policy.KPI) Figures {
	figures := Figures{Head: valueHead(word("月份", "Month"), kpi)}
	for _, v := range months {
		figures.Rows = append(figures.Rows, append([]Cell{{Text: same(v.Period.String())}}, valueCells(v)...))
	}
	return figures
}
