package policy

import "slices"

var units = []string{string(Percent), string(Count), string(Hours), string(Days), string(Money), string(Points)}

// kpis reads kpis.yaml: KPIs by id, and the funnels under their own key.
func (c *checker) kpis(n *node) {
	var funnels *node
	for _, p := range n.pairs {
		if p.key.text == "funnels" {
			funnels = p.value
			continue
		}
		valid := c.named(p.key, false)
		if k := c.kpi(p); valid && k != nil {
			c.policy.KPIs = append(c.policy.KPIs, k)
		}
	}
	if len(c.policy.KPIs) == 0 {
		c.fault(n.place, say("没有指标", "there are no KPIs"), say("至少写一个指标", "write at least one"))
	}
	for _, p := range c.entries(funnels) {
		valid := c.named(p.key, false)
		if f := c.funnel(p); valid && f != nil {
			c.policy.Funnels = append(c.policy.Funnels, f)
		}
	}
}

func (c *checker) kpi(p pair) *KPI {
	o, ok := c.object(p.value, p.key.place, "kpi")
	if !ok {
		return nil
	}
	k := &KPI{ID: p.key.text, Place: p.key.place, Name: c.bilingual(o.need("name"), maxName)}
	k.Dataset = c.datasetOf(o.need("dataset"))
	if on := o.need("counts_on"); k.Dataset != nil {
		k.CountsOn = c.columnOf(k.Dataset, on, true, TypeDate, TypeDatetime)
	}
	if m := c.measure(o.need("numerator"), k.Dataset); m != nil {
		k.Numerator = *m
	}
	if n := o.find("denominator"); n != nil {
		k.Denominator = c.measure(n, k.Dataset)
	}
	k.Unit = Unit(c.oneOf(o.need("unit"), units...))
	if k.Unit == Percent && o.values["denominator"] == nil {
		c.fault(o.keys["unit"], say("百分比指标要有分母", "a percentage needs a denominator"),
			say("补上 denominator，或改用 count、money 等单位", "add a denominator, or choose a unit such as count or money"))
	}
	k.HigherIsBetter = c.oneOf(o.need("better"), "higher", "lower") == "higher"
	k.Minimum = c.whole(o.find("minimum"))
	k.Listed = c.truth(o.find("listed"), true)
	if n := o.find("formula"); n != nil {
		k.Formula = c.bilingual(n, maxSentence)
	} else {
		k.Formula = defaultFormula(k)
	}
	return k
}

// datasetOf reads the name of a dataset whose records belong to somebody.
func (c *checker) datasetOf(n *node) *Dataset {
	id, ok := c.word(n, maxName)
	if !ok {
		return nil
	}
	d := c.policy.Dataset(id)
	if d == nil {
		c.fault(n.place, say("没有记录“%s”", "there is no dataset “%s”", clip(id)), oneOfCure(id, c.policy.datasetIDs()))
	} else if d.Owner == "" {
		c.fault(n.place, say("记录 %s 没有 owner，无法归到人和部门", "the dataset %s has no owner, so that it counts for nobody", id),
			say("在 %s 中为它写上 owner", "give it an owner in %s", datasetsFile))
	}
	return d
}

func (p *Policy) datasetIDs() []string {
	ids := make([]string, len(p.Datasets))
	for i, d := range p.Datasets {
		ids[i] = d.ID
	}
	return ids
}

func (p *Policy) kpiIDs() []string {
	ids := make([]string, len(p.KPIs))
	for i, k := range p.KPIs {
		ids[i] = k.ID
	}
	return ids
}

// measure reads {count: condition} or {sum: expression}.
func (c *checker) measure(n *node, d *Dataset) *Measure {
	if n == nil {
		return nil
	}
	o, ok := c.object(n, n.place, "measure")
	if !ok {
		return nil
	}
	_, counts := o.values["count"]
	_, sums := o.values["sum"]
	if counts == sums {
		c.fault(n.place, say("count 与 sum 须有且只有一个", "there must be either count or sum"),
			say("计件写 {count: 条件}，求和写 {sum: 表达式}", "write {count: condition} to count rows, {sum: expression} to add up"))
		return nil
	}
	if counts {
		return &Measure{CountRows, c.expression(o.find("count"), d, countUse)}
	}
	return &Measure{SumOf, c.expression(o.find("sum"), d, sumUse)}
}

// defaultFormula puts the two measures into words.
func defaultFormula(k *KPI) Text {
	t := k.Numerator.words(k.Dataset)
	if k.Denominator != nil {
		below := k.Denominator.words(k.Dataset)
		t = Text{t.ZH + " ÷ " + below.ZH, t.EN + " ÷ " + below.EN}
	}
	return t
}

func (m Measure) words(d *Dataset) Text {
	if d == nil {
		return Text{}
	}
	e := m.Expr.Text
	switch {
	case m.Kind == SumOf && d.Column(e) != nil:
		name := d.Column(e).Name
		return Text{"当期" + d.Name.ZH + "的" + name.ZH + "之和", "Sum of " + name.EN + " over the " + d.Name.EN + " of the period"}
	case m.Kind == SumOf:
		return Text{"当期" + d.Name.ZH + "的（" + e + "）之和", "Sum of (" + e + ") over the " + d.Name.EN + " of the period"}
	case len(m.Expr.Columns) == 0:
		return Text{"当期" + d.Name.ZH + "的条数", "Number of " + d.Name.EN + " of the period"}
	}
	return Text{"当期" + d.Name.ZH + "中（" + e + "）的条数", "Number of " + d.Name.EN + " of the period with (" + e + ")"}
}

func (c *checker) funnel(p pair) *Funnel {
	o, ok := c.object(p.value, p.key.place, "funnel")
	if !ok {
		return nil
	}
	f := &Funnel{ID: p.key.text, Name: c.bilingual(o.need("name"), maxName)}
	steps := o.need("steps")
	items := c.list(steps)
	if len(items) == 1 {
		c.fault(steps.place, say("漏斗至少要有两步", "a funnel needs two steps at least"), say("补上其余各步", "add the others"))
	}
	for _, item := range items {
		k := c.kpiOf(item)
		if k == nil {
			continue
		}
		c.step(f, item, k)
		f.Steps = append(f.Steps, k)
	}
	return f
}

// step makes sure that a funnel narrows over one kind of record and one day.
func (c *checker) step(f *Funnel, n *node, k *KPI) {
	if slices.Contains(f.Steps, k) {
		c.fault(n.place, say("步骤 %s 重复", "the step %s stands here twice", k.ID), say("删去一个", "delete one"))
	}
	if k.Unit != Count && k.Unit != "" || k.Denominator != nil || k.Numerator.Kind == SumOf {
		c.fault(n.place, say("漏斗的步骤须是计件指标，%s 不是", "the steps of a funnel are counts, but %s is not", k.ID),
			say("换成单位为 count、只有 numerator: {count: …} 的指标", "take a KPI of unit count with nothing but numerator: {count: …}"))
	}
	if len(f.Steps) == 0 || f.Steps[0].Dataset == nil || k.Dataset == nil {
		return
	}
	first := f.Steps[0]
	if k.Dataset != first.Dataset {
		c.fault(n.place, say("漏斗各步须出自同一类记录：%s 出自 %s，%s 出自 %s", "the steps of a funnel share one dataset: %s is over %s, %s over %s", first.ID, first.Dataset.ID, k.ID, k.Dataset.ID),
			say("换成 %s 的指标", "take KPIs over %s", first.Dataset.ID))
	} else if k.CountsOn != first.CountsOn && k.CountsOn != "" && first.CountsOn != "" {
		c.fault(n.place, say("漏斗各步须按同一日期计：%s 按 %s，%s 按 %s", "the steps of a funnel count on one day: %s on %s, %s on %s", first.ID, first.CountsOn, k.ID, k.CountsOn),
			say("把 counts_on 改为 %s", "set counts_on to %s", first.CountsOn))
	}
}

// kpiOf reads the name of a KPI.
func (c *checker) kpiOf(n *node) *KPI {
	id, ok := c.word(n, maxName)
	if !ok {
		return nil
	}
	k := c.policy.KPI(id)
	if k == nil {
		c.fault(n.place, say("没有指标“%s”", "there is no KPI “%s”", clip(id)), oneOfCure(id, c.policy.kpiIDs()))
	}
	return k
}
