package charts

import (
	"fmt"
	"math/big"
	"time"

	echarts "github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// Calendar draws how many work logs, and how many hours, each day of the period holds.
func Calendar(r *metrics.Report, line metrics.Line, who policy.Text) Chart {
	days := line.Calendar
	c := Chart{ID: "calendar-logs", Figures: dayFigures(days)}
	c.Title = both(func(l policy.Lang) string {
		return nameOf(who, l) + " · " + pick(l, "每日工作日志（条数与小时）", "Work logs by day (logs and hours)") + " · " + periodWords(r, l)
	})
	c.Headline = both(func(l policy.Lang) string { return calendarHeadline(days, r.Period, l) })
	c.Description = both(func(l policy.Lang) string { return listCalendarMonths(days, r.Period, l) })
	if len(days) == 0 {
		c.Headline = policy.Text{}
		c.Empty = both(func(l policy.Lang) string {
			return fmt.Sprintf(pick(l, "无数据：%s没有工作日志", "No data: no work logs in %s"), when(r.Period, l))
		})
	}
	c.draw = func(f frame) sketch { return drawCalendar(f, days, r.Period) }
	return c.At(wideWidth)
}

func calendarHeadline(days []metrics.Day, p period.Period, l policy.Lang) string {
	logs, hours, busiest := int64(0), fixed.Num(0), 0
	for i, d := range days {
		logs, hours = logs+d.Count, hours+d.Hours
		if d.Count > days[busiest].Count {
			busiest = i
		}
	}
	if len(days) == 0 {
		return ""
	}
	top := days[busiest]
	return fmt.Sprintf(pick(l, "%s有日志的日子 %d 天，共 %s 条、%s 小时；最多的一天是 %s，%s 条", "%s: logs on %d days, %s in all with %s hours; most on %s, %s logs"),
		when(p, l), len(days), count(logs), fixed.Grouped(hours.Text(1)), dayWords(top.Date, l), count(top.Count))
}

func dayWords(d time.Time, l policy.Lang) string {
	return pick(l, fmt.Sprintf("%d月%d日", d.Month(), d.Day()), d.Format("2 January"))
}

func listCalendarMonths(days []metrics.Day, p period.Period, l policy.Lang) string {
	text := ""
	for i, m := range p.Months() {
		logs, hours := int64(0), fixed.Num(0)
		for _, d := range days {
			if m.Contains(d.Date) {
				logs, hours = logs+d.Count, hours+d.Hours
			}
		}
		if i > 0 {
			text += pick(l, "；", "; ")
		}
		text += fmt.Sprintf(pick(l, "%s %s 条、%s 小时", "%s %s logs, %s hours"), when(m, l), count(logs), fixed.Grouped(hours.Text(1)))
	}
	return text
}

func dayFigures(days []metrics.Day) Figures {
	figures := Figures{Head: []policy.Text{word("日期", "Date"), word("日志条数", "Logs"), word("工时（小时）", "Hours")}}
	for _, d := range days {
		figures.Rows = append(figures.Rows, []Cell{{Text: same(d.Date.Format("2006-01-02"))}, number(count(d.Count)), number(fixed.Grouped(d.Hours.String()))})
	}
	return figures
}

// sheet is the layout of a calendar: weeks run to the right, or downwards where there is no room for that.
type sheet struct {
	upright    bool
	cell       [2]int // width and height of a day in pixels
	left, top  int
	height     int
	withCounts bool
	withHours  bool
}

func sheetOf(f frame, p period.Period) sheet {
	first := p.Start()
	days := int(p.End().Sub(first).Hours() / 24)
	weeks := (int(first.Weekday()+6)%7 + days + 6) / 7
	s := sheet{upright: f.narrow(), left: 34, top: f.top + 30}
	if s.upright {
		s.left = 44
		s.cell = [2]int{min((f.width-s.left-8)/7, 48), 34}
		s.height = s.top + 24 + weeks*s.cell[1] + 8
	} else {
		s.cell = [2]int{min((f.width-s.left-10)/weeks, 64), 36}
		if s.cell[0] < 20 {
			s.cell[1] = 20
		}
		s.height = s.top + 7*s.cell[1] + 8
	}
	s.withCounts = s.cell[0] >= 24
	s.withHours = s.cell[0] >= 34
	if s.upright {
		s.top += 24
	}
	return s
}

func drawCalendar(f frame, days []metrics.Day, p period.Period) sketch {
	s := sheetOf(f, p)
	data, items := make([]opts.HeatMapData, len(days)), make(list, len(days))
	most := int64(1)
	for _, d := range days {
		most = max(most, d.Count)
	}
	for i, d := range days {
		data[i].Value = []any{d.Date.Format("2006-01-02"), d.Count}
		items[i] = dayItem(f, s, d, most)
	}
	heat := echarts.NewHeatMap()
	heat.SetGlobalOptions(common(f)...)
	heat.AddCalendar(&opts.Calendar{Orient: map[bool]string{true: "vertical", false: "horizontal"}[s.upright],
		Range: []string{p.Start().Format("2006-01-02"), p.LastDay().Format("2006-01-02")}})
	heat.AddSeries("logs", data, echarts.WithCoordinateSystem("calendar"))
	return sketch{base: heat, height: s.height, add: dress(f, nil, object{
		"visualMap": list{object{"type": "continuous", "show": false, "min": 0, "max": most, "inRange": object{"color": f.ink.Cells}}},
		"calendar":  list{s.calendar(f)},
		"series":    list{still(object{"data": items, "label": object{"show": s.withCounts}})},
	})}
}

func (s sheet) calendar(f frame) object {
	names := pick(f.lang, "日一二三四五六", "SMTWTFS")
	weekdays, months := list{}, list{}
	for _, r := range names {
		weekdays = append(weekdays, string(r))
	}
	for m := time.January; m <= time.December; m++ {
		months = append(months, pick(f.lang, fmt.Sprintf("%d月", m), m.String()[:3]))
	}
	text := object{"color": f.ink.Muted, "fontSize": 11, "fontFamily": fontFamily}
	side := list{s.cell[0], s.cell[1]}
	return object{
		"left": s.left, "top": s.top, "cellSize": side,
		"dayLabel":   merge(object{"show": true, "firstDay": 1, "nameMap": weekdays, "margin": 8}, text),
		"monthLabel": merge(object{"show": true, "nameMap": months, "margin": 8, "position": "start", "align": "center"}, text),
		"yearLabel":  object{"show": false},
		"splitLine":  object{"show": true, "lineStyle": object{"color": f.ink.Muted, "width": 1}},
		"itemStyle":  object{"color": "transparent", "borderColor": f.ink.Faint, "borderWidth": 1},
	}
}

// dayItem labels a day with its logs and, below, its hours.
func dayItem(f frame, s sheet, d metrics.Day, most int64) object {
	text := "{n|" + count(d.Count) + "}"
	if s.withHours {
		text += "\n{h|" + hoursText(d.Hours) + "}"
	}
	colour := f.ink.Text
	if shade := big.NewRat(d.Count, most); shade.Cmp(big.NewRat(62, 100)) > 0 {
		colour = f.ink.Paper
	}
	return object{
		"tooltip": object{"formatter": fmt.Sprintf(pick(f.lang, "%s\n%s 条日志\n%s 小时", "%s\n%s logs\n%s hours"), d.Date.Format("2006-01-02"), count(d.Count), fixed.Grouped(d.Hours.String()))},
		"label": object{"show": s.withCounts, "formatter": text, "rich": object{
			"n": object{"color": colour, "fontSize": 12, "fontWeight": "bold", "align": "center", "fontFamily": fontFamily, "lineHeight": 15},
			"h": object{"color": colour, "fontSize": 10, "align": "center", "fontFamily": fontFamily, "lineHeight": 13},
		}},
	}
}

// hoursText writes hours in few characters.
func hoursText(h fixed.Num) string {
	if h >= fixed.Int(100) {
		return h.Text(0) + "h"
	}
	return h.Text(1) + "h"
}
