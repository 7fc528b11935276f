package web

import (
	"fmt"
	"html"
	"html/template"
	"math/big"
	"strings"

	"plumbline/charts"
	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// valueCell writes a value as a table shows it: a number, or why there is none.
func (q *request) valueCell(v metrics.Value, href string) cell {
	exact, ok := v.Exact()
	if !ok || v.Status == metrics.Withheld {
		return cell{Text: "–", Say: charts.Missing(v).In(q.lang)}
	}
	c := cell{Text: charts.WordingOf(v.KPI, q.lang, v).Text(exact), Href: href}
	if v.Status == metrics.Insufficient {
		c.Say = fmt.Sprintf(q.say("样本不足 n=%s", "too few, n=%s"), v.N)
	}
	return c
}

// targetText writes a target in the KPI's unit, "–" for none.
func (q *request) targetText(v metrics.Value) string {
	if v.Target == nil {
		return "–"
	}
	return charts.WordingOf(v.KPI, q.lang, v).Text(v.Target.Rat())
}

// attainmentText writes how far a target is reached, in percent.
func (q *request) attainmentText(v metrics.Value) string {
	a, ok := v.Attainment()
	if !ok || v.Status == metrics.Withheld || v.Status == metrics.Insufficient {
		return "–"
	}
	return fixed.Text(a, 1) + " %"
}

// verdict colours a value by how it stands against its target, as far as its interval lets one say.
func verdict(v metrics.Value) string {
	switch s, _ := charts.Judge(v); s {
	case charts.Met:
		return "good"
	case charts.Missed:
		return "bad"
	}
	return ""
}

// points writes points with two decimals, "–" for none.
func points(n *fixed.Num) string {
	if n == nil {
		return "–"
	}
	return n.Text(2)
}

func exactPoints(r *big.Rat) string {
	if r == nil {
		return "–"
	}
	return fixed.Text(r, 2)
}

// band names a rating band, "–" for none.
func (q *request) band(b *policy.Band) string {
	if b == nil {
		return "–"
	}
	return b.ID + " " + b.Name.In(q.lang)
}

// statusText says how far a score is final.
func (q *request) statusText(s metrics.ScoreStatus) string {
	switch s {
	case metrics.Final:
		return q.say("已含上级评估", "with the superior's evaluation")
	case metrics.Provisional:
		return q.say("暂计：仅指标部分，上级评估公布后计入", "provisional: KPI part only, until evaluations are published")
	}
	return q.say("没有足够的数据评分", "not enough data for a score")
}

// tile is one figure in large letters.
type tile struct{ Name, Value, Unit, Say, Href, Class string }

// tiles are figures in large type, side by side.
type tiles []tile

// HTML writes the tiles.
func (list tiles) HTML() template.HTML {
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(`<ul class="tiles">`)
	for _, t := range list {
		b.WriteString("\n<li")
		if t.Class != "" {
			b.WriteString(` class="` + html.EscapeString(t.Class) + `"`)
		}
		b.WriteString(">")
		if t.Href != "" {
			b.WriteString(`<a href="` + attribute(t.Href) + `">`)
		}
		b.WriteString(`<span class="name">` + html.EscapeString(t.Name) + `</span><span class="value">` + html.EscapeString(t.Value))
		if t.Unit != "" {
			b.WriteString("<small>" + html.EscapeString(t.Unit) + "</small>")
		}
		b.WriteString(`</span><span class="say">` + html.EscapeString(t.Say) + "</span>")
		if t.Href != "" {
			b.WriteString("</a>")
		}
		b.WriteString("</li>")
	}
	b.WriteString("\n</ul>")
	return template.HTML(b.String())
}

// tileOf shows a value with its target.
func (q *request) tileOf(v metrics.Value, href string) tile {
	t := tile{Name: charts.Name(v.KPI.Name).In(q.lang), Href: href, Class: verdict(v)}
	exact, ok := v.Exact()
	if !ok || v.Status == metrics.Withheld {
		t.Value, t.Say = "–", charts.Missing(v).In(q.lang)
		return t
	}
	w := charts.WordingOf(v.KPI, q.lang, v)
	t.Value, t.Unit = w.Number(exact), w.Unit()
	switch {
	case v.Status == metrics.Insufficient:
		t.Say = fmt.Sprintf(q.say("样本不足 n=%s", "too few, n=%s"), v.N)
	case v.Target != nil:
		t.Say = fmt.Sprintf(q.say("目标 %s", "target %s"), w.Text(v.Target.Rat()))
		switch t.Class {
		case "good":
			t.Say += q.say("　▲ 达标", " ▲ met")
		case "bad":
			t.Say += q.say("　▼ 未达标", " ▼ missed")
		}
	}
	return t
}

// basis says where the figures of a page come from.
func (q *request) basis(s *sheet) []string {
	lines := []string{fmt.Sprintf(q.say("数据至账序 %d，制度第 %d 版", "figures up to ledger sequence %d, policy version %d"), s.LedgerSeq, s.PolicyVersion)}
	if s.Seal != "" {
		lines[0] += q.say("，封账号 ", ", seal ") + s.Seal
	}
	if !s.Day.IsZero() {
		lines[0] += q.say("，报告日 ", ", report day ") + s.Day.Format("2006-01-02")
	}
	for _, w := range s.Warnings {
		lines = append(lines, w.In(q.lang))
	}
	return lines
}
