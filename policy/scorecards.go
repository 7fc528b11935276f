package policy

import (
	"slices"

	"plumbline/internal/fixed"
)

// scorecards reads scorecards.yaml.
func (c *checker) scorecards(n *node) {
	for _, p := range n.pairs {
		valid := c.named(p.key, false)
		s := c.scorecard(p)
		if !valid || s == nil {
			continue
		}
		c.reached(s)
		c.policy.Scorecards = append(c.policy.Scorecards, s)
	}
}

func (c *checker) scorecard(p pair) *Scorecard {
	o, ok := c.object(p.value, p.key.place, "scorecard")
	if !ok {
		return nil
	}
	s := &Scorecard{ID: p.key.text, Place: p.key.place, Missing: Redistribute, Name: c.bilingual(o.need("name"), maxName)}
	if n := o.find("applies_to"); n != nil {
		if o, ok := c.object(n, o.keys["applies_to"], "applies_to"); ok {
			s.DepartmentKinds = c.departmentKinds(o.need("department_kind"))
		}
	}
	c.shares(s, o)
	c.items(s, o)
	c.missing(s, o)
	if v, ok := c.points(o.find("cap"), Text{"封顶分", "a cap"}, "120"); ok {
		s.Cap = &v
	}
	for _, n := range c.list(o.find("penalties")) {
		c.penalty(s, n)
	}
	for _, n := range c.list(o.find("band_limits")) {
		c.bandLimit(s, n)
	}
	if n := o.find("distribution"); n != nil {
		s.Distribution = c.distribution(n, o.keys["distribution"])
	}
	return s
}

// items reads the items, whose weights add up to 100.
func (c *checker) items(s *Scorecard, o *object) {
	items := o.need("items")
	var weights fixed.Num
	weighed := true
	for _, n := range c.list(items) {
		item, ok := c.item(s, n)
		weighed = weighed && ok
		weights += item.Weight
		s.Items = append(s.Items, item)
	}
	if weighed && len(s.Items) > 0 {
		c.hundred(o.keys["items"], Text{"权重", "the weights"}, weights)
	}
}

// missing reads what becomes of an item without enough data.
func (c *checker) missing(s *Scorecard, o *object) {
	if n := o.find("missing"); n != nil {
		s.Missing = Missing(c.oneOf(n, string(Redistribute), string(Neutral), string(Zero)))
	}
	points, place, ok := fixed.Int(100), o.keys["missing"], true
	n := o.find("neutral_points")
	if n != nil {
		place = n.place
		points, ok = c.number(n)
	}
	switch {
	case !ok || s.Missing == "": // reported
	case s.Missing == Neutral:
		s.NeutralPoints = points
		c.neutral(s, place)
	case n != nil:
		c.fault(o.keys["neutral_points"], say("missing 不是 neutral，neutral_points 不起作用", "without missing: neutral, neutral_points has no effect"),
			say("写 missing: neutral，或删去 neutral_points", "write missing: neutral, or delete neutral_points"))
	}
}

// neutral makes sure that to have no data is never worth more than the best result.
func (c *checker) neutral(s *Scorecard, p Place) {
	if s.NeutralPoints < 0 {
		c.fault(p, say("neutral_points 不可为负", "neutral_points is never negative"), say("从 0 写起", "begin at 0"))
	}
	for _, item := range s.Items {
		if item.KPI == nil || len(item.Curve) == 0 {
			continue
		}
		if best := item.Curve[len(item.Curve)-1].Points; s.NeutralPoints > best {
			c.fault(p, say("没有数据计 %s 分，比指标 %s 最好时的 %s 分还高", "having no data would earn %s points, more than the best result of the KPI %s, which earns %s", s.NeutralPoints, item.KPI.ID, best),
				say("把 neutral_points 写成不超过 %s 的数", "set neutral_points to %s at most", best))
		}
	}
}

// shares reads the shares of KPIs and of the superior.
func (c *checker) shares(s *Scorecard, o *object) {
	read := func(key string) (fixed.Num, bool) {
		n := o.need(key)
		v, ok := c.number(n)
		if ok && (v < 0 || v > fixed.Int(100)) {
			c.fault(n.place, say("%s 须在 0 到 100 之间", "%s must lie between 0 and 100", key), say("写百分数，例如 70", "write a percentage such as 70"))
			return v, false
		}
		return v, ok
	}
	kpi, ok := read("kpi_share")
	superior, ok2 := read("superior_share")
	s.KPIShare, s.SuperiorShare = kpi, superior
	if ok && ok2 {
		c.hundred(o.keys["kpi_share"], Text{"kpi_share 与 superior_share ", "kpi_share and superior_share"}, kpi+superior)
	}
}

// departmentKinds reads values of the column kind of departments.
func (c *checker) departmentKinds(n *node) []string {
	var known, kinds []string
	if d := c.policy.Dataset(Departments); d != nil && d.Column("kind") != nil {
		for _, v := range d.Column("kind").Values {
			known = append(known, v.Value)
		}
	}
	words, places := c.words(n)
	for i, w := range words {
		switch {
		case len(known) == 0: // departments are at fault, and have been reported
		case !slices.Contains(known, w):
			c.fault(places[i], say("没有部门类别“%s”", "there is no department kind “%s”", clip(w)), oneOfCure(w, known))
		case slices.Contains(kinds, w):
			c.fault(places[i], say("部门类别 %s 重复", "the department kind %s stands here twice", w), say("删去一个", "delete one"))
		default:
			kinds = append(kinds, w)
		}
	}
	return kinds
}

// reached reports a scorecard that no department would ever get, because the ones before it apply to all its kinds.
func (c *checker) reached(s *Scorecard) {
	taken := map[string]string{}
	for _, before := range c.policy.Scorecards {
		if len(before.DepartmentKinds) == 0 {
			c.fault(s.Place, say("考核表 %s 用不到：前面的 %s 适用于所有部门", "the scorecard %s is never used: %s before it applies to every department", s.ID, before.ID),
				say("把 %s 移到最后", "move %s to the end", before.ID))
			return
		}
		for _, k := range before.DepartmentKinds {
			taken[k] = before.ID
		}
	}
	for _, k := range s.DepartmentKinds {
		if id, ok := taken[k]; ok {
			c.fault(s.Place, say("部门类别 %s 已适用考核表 %s", "the department kind %s already has the scorecard %s", k, id),
				say("一个类别只写在一张考核表里", "let each kind stand in one scorecard"))
		}
	}
}

// item reads an item; false when its weight cannot be added up.
func (c *checker) item(s *Scorecard, n *node) (Item, bool) {
	var item Item
	o, ok := c.object(n, n.place, "item")
	if !ok {
		return item, false
	}
	kpi := o.need("kpi")
	item.KPI = c.kpiOf(kpi)
	if item.KPI != nil && slices.ContainsFunc(s.Items, func(i Item) bool { return i.KPI == item.KPI }) {
		c.fault(kpi.place, say("指标 %s 在此考核表中重复", "the KPI %s stands in this scorecard twice", item.KPI.ID), say("合并为一项", "join the two"))
	}
	weight := o.need("weight")
	item.Weight, ok = c.number(weight)
	if ok && (item.Weight <= 0 || item.Weight > fixed.Int(100)) {
		c.fault(weight.place, say("权重须大于 0 且不超过 100", "a weight is above 0 and at most 100"), say("写百分数，例如 60", "write a percentage such as 60"))
		ok = false
	}
	item.Target = c.target(item.KPI, o.need("target"))
	item.Curve = []Point{{0, 0}, {fixed.Int(100), fixed.Int(100)}}
	if n := o.find("curve"); n != nil {
		item.Curve = c.curve(n)
	}
	return item, ok
}

// target reads a target in the KPI's unit.
func (c *checker) target(k *KPI, n *node) fixed.Num {
	v, ok := c.number(n)
	if !ok {
		return 0
	}
	switch {
	case v <= 0:
		c.fault(n.place, say("目标值须大于 0", "a target is above 0"), say("写指标单位下的目标值", "write the target in the KPI's unit"))
	default:
		c.inPercent(k, n, v, Text{"目标", "the target"})
	}
	return v
}

// inPercent asks back where a percentage looks like a fraction.
func (c *checker) inPercent(k *KPI, n *node, v fixed.Num, what Text) {
	if k != nil && k.Unit == Percent && k.HigherIsBetter && v > 0 && v < fixed.Int(1) {
		c.fault(n.place, Text{"指标 " + k.ID + " 以百分比计，" + what.ZH + " " + v.String() + " 即 " + v.String() + "%",
			"the KPI " + k.ID + " is in percent, so that " + what.EN + " " + v.String() + " means " + v.String() + " %"},
			say("是否应为 %s？百分比写 0 到 100 的数", "did you mean %s? a percentage runs from 0 to 100", v*100))
	}
}

// curve reads [[attainment, points], …].
func (c *checker) curve(n *node) []Point {
	var points []Point
	items := c.list(n)
	if len(items) == 1 {
		c.fault(n.place, say("曲线至少要有两个点", "a curve needs two points at least"), say("例如 [[0, 0], [100, 100]]", "such as [[0, 0], [100, 100]]"))
	}
	for _, item := range items {
		if item.shape != sequence || len(item.items) != 2 {
			c.wrongType(item, say("[达成率, 得分] 这样的一对数", "a pair [attainment, points]"))
			continue
		}
		attainment, ok := c.number(item.items[0])
		score, ok2 := c.number(item.items[1])
		if !ok || !ok2 {
			continue
		}
		p := Point{attainment, score}
		c.follows(points, p, item)
		points = append(points, p)
	}
	return points
}

// follows makes sure that a curve never goes back.
func (c *checker) follows(before []Point, p Point, n *node) {
	if p.Attainment < 0 || p.Points < 0 {
		c.fault(n.place, say("达成率与得分不可为负", "attainment and points are never negative"), say("从 0 写起", "begin at 0"))
	}
	if len(before) == 0 {
		return
	}
	last := before[len(before)-1]
	if p.Attainment <= last.Attainment {
		c.fault(n.items[0].place, say("曲线往回走：达成率 %s 不大于前一点的 %s", "the curve goes back: attainment %s is not above the %s before it", p.Attainment, last.Attainment),
			say("各点按达成率由低到高排列，不可相同", "order the points by rising attainment, none twice"))
	}
	if p.Points < last.Points {
		c.fault(n.items[1].place, say("曲线往回走：达成率更高，得分却从 %s 降到 %s", "the curve goes back: more attainment, but points fall from %s to %s", last.Points, p.Points),
			say("得分只升不降；越低越好的指标用 better: lower", "let points never fall; for less is better use better: lower"))
	}
}
