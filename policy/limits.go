package policy

import (
	"slices"

	"plumbline/internal/fixed"
)

// penalty reads {kpi, each, most, band_limit}.
func (c *checker) penalty(s *Scorecard, n *node) {
	o, ok := c.object(n, n.place, "penalty")
	if !ok {
		return
	}
	kpi := o.need("kpi")
	p := Penalty{KPI: c.judging(kpi)}
	if p.KPI != nil {
		c.penalised(kpi, p.KPI)
		if slices.ContainsFunc(s.Penalties, func(q Penalty) bool { return q.KPI == p.KPI }) {
			c.fault(kpi.place, say("指标 %s 在此考核表中重复扣分", "the KPI %s costs points twice in this scorecard", p.KPI.ID),
				say("合并为一项", "join the two"))
		}
	}
	most := o.need("most")
	each, ok := c.points(o.need("each"), Text{"扣分", "a penalty"}, "5")
	all, ok2 := c.points(most, Text{"扣分上限", "the most of a penalty"}, "15")
	if ok && ok2 && all < each {
		c.fault(most.place, say("扣分上限 %s 低于每件扣的 %s", "the most of %s is below the %s for each", all, each),
			say("把 most 写成不低于 each 的数", "let most be at least each"))
	}
	p.Each, p.Most, p.BandLimit = each, all, c.bandOf(o.find("band_limit"))
	s.Penalties = append(s.Penalties, p)
}

// penalised makes sure that a KPI counts what may cost points or bonus.
func (c *checker) penalised(n *node, k *KPI) {
	switch {
	case k.Unit != Count && k.Unit != "" || k.Denominator != nil:
		c.fault(n.place, say("此处按件数计，指标 %s 不是计件指标", "this goes by a count, but the KPI %s is not one", k.ID),
			say("换成单位为 count、没有 denominator 的指标", "take a KPI of unit count without denominator"))
	case k.HigherIsBetter:
		c.fault(n.place, say("指标 %s 越多越好，不应据此处罚", "of the KPI %s more is better, so that nobody is penalised by it", k.ID),
			say("换成 better: lower 的指标", "take a KPI with better: lower"))
	case k.Minimum > 1:
		c.fault(n.place, say("指标 %s 不满 %d 条视为数据不足，处罚却从第一件算起", "fewer than %[2]d rows are too few data for the KPI %[1]s, but the first one is penalised", k.ID, k.Minimum),
			say("删去指标 %s 的 minimum", "delete the minimum of the KPI %s", k.ID))
	}
}

// points reads points of a score: above 0, and with two decimals at most, so that a score is the sum of what is shown.
func (c *checker) points(n *node, what Text, example string) (fixed.Num, bool) {
	v, ok := c.number(n)
	if !ok {
		return 0, false
	}
	if v <= 0 || v%(fixed.Int(1)/100) != 0 {
		c.fault(n.place, Text{what.ZH + "须大于 0，最多两位小数", what.EN + " is above 0, with two decimals at most"},
			say("写分数，例如 %s", "write points such as %s", example))
		return 0, false
	}
	return v, true
}

// bandLimit reads {kpi, below or above, band}.
func (c *checker) bandLimit(s *Scorecard, n *node) {
	o, ok := c.object(n, n.place, "band_limit")
	if !ok {
		return
	}
	l := BandLimit{KPI: c.judging(o.need("kpi")), Band: c.bandOf(o.need("band"))}
	below, above := o.find("below"), o.find("above")
	figure := below
	if figure == nil {
		figure = above
	}
	if (below == nil) == (above == nil) {
		c.fault(n.place, say("below 与 above 须有且只有一个", "there must be either below or above"),
			say("越高越好的指标写 below，越低越好的写 above", "write below where higher is better, above where lower is"))
		return
	}
	if l.KPI != nil {
		c.worseSide(o, l.KPI)
	}
	if l.Figure, ok = c.number(figure); ok {
		c.inPercent(l.KPI, figure, l.Figure, Text{"界限", "the limit"})
	}
	s.BandLimits = append(s.BandLimits, l)
}

// worseSide makes sure that a limit bounds those who do badly.
func (c *checker) worseSide(o *object, k *KPI) {
	below, above := o.values["below"] != nil, o.values["above"] != nil
	switch {
	case k.HigherIsBetter && above:
		c.fault(o.keys["above"], say("指标 %s 越高越好，above 限的是做得好的人", "of the KPI %s higher is better: above would bound those who do well", k.ID),
			say("改用 below", "write below"))
	case !k.HigherIsBetter && below:
		c.fault(o.keys["below"], say("指标 %s 越低越好，below 限的是做得好的人", "of the KPI %s lower is better: below would bound those who do well", k.ID),
			say("改用 above", "write above"))
	}
}

// judging reads the name of a KPI that takes points off or bounds a band. A KPI that no report lists would do neither, and nobody would see it.
func (c *checker) judging(n *node) *KPI {
	k := c.kpiOf(n)
	if k != nil && !k.Listed {
		c.fault(n.place, say("指标 %s 不进报表，据此无从判定", "no report lists the KPI %s, so that nobody could be judged by it", k.ID),
			say("删去指标 %s 的 listed: false", "delete listed: false of the KPI %s", k.ID))
	}
	return k
}

// bandOf reads the id of the best band that a limit leaves.
func (c *checker) bandOf(n *node) *Band {
	b := c.bandNamed(n)
	if b != nil && c.policy.bandIndex(b.ID) == 0 {
		c.fault(n.place, say("%s 已是最高等级，谁也限制不了", "%s is the best band, so that nobody would be bound", b.ID),
			say("写更低的等级", "name a lower band"))
	}
	return b
}

// bandIndex gives the position of a band, -1 when there is none.
func (p *Policy) bandIndex(id string) int {
	return slices.IndexFunc(p.Bands, func(b Band) bool { return b.ID == id })
}

func (p *Policy) bandIDs() []string {
	ids := make([]string, len(p.Bands))
	for i, b := range p.Bands {
		ids[i] = b.ID
	}
	return ids
}
