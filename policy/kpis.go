package policy

import (
	"regexp"
	"slices"
	"strings"

	"plumbline/internal/fixed"
)

var units = []string{string(Percent), string(Count), string(Hours), string(Days), string(Money), string(Points)}

// kpis reads kpis.yaml: KPIs by id, and the ratios of KPIs and the funnels under keys of their own.
func (c *checker) kpis(n *node) {
	apart := map[string]*node{"ratios": nil, "funnels": nil}
	for _, p := range n.pairs {
		if _, ok := apart[p.key.text]; ok {
			apart[p.key.text] = p.value
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
	var ratios []*KPI // a ratio is formed from KPIs, never from ratios
	entries := c.entries(apart["ratios"])
	for _, p := range entries {
		valid := c.named(p.key, false)
		if c.policy.KPI(p.key.text) != nil {
			c.fault(p.key.place, say("指标 %s 已有", "there is a KPI %s already", p.key.text), say("换一个名称", "choose another name"))
		} else if k := c.ratio(p, entries); valid && k != nil {
			ratios = append(ratios, k)
		}
	}
	c.policy.KPIs = append(c.policy.KPIs, ratios...)
	for _, p := range c.entries(apart["funnels"]) {
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
	k := &KPI{ID: p.key.text, Place: p.key.place}
	k.Dataset = c.datasetOf(o.need("dataset"))
	if on := o.need("counts_on"); k.Dataset != nil {
		k.CountsOn = c.columnOf(k.Dataset, on, true, TypeDate, TypeDatetime)
	}
	c.owner(k, o.find("owner"))
	if n := o.find("where"); n != nil {
		where := c.expression(n, k.Dataset, countUse)
		k.Where = &where
	}
	if m := c.measure(o.need("numerator"), k.Dataset); m != nil {
		k.Numerator = *m
	}
	if n := o.find("denominator"); n != nil {
		k.Denominator = c.measure(n, k.Dataset)
	}
	if n := o.find("applies_to"); n != nil {
		if o, ok := c.object(n, o.keys["applies_to"], "applies_to"); ok {
			k.DepartmentKinds = c.departmentKinds(o.need("department_kind"))
		}
	}
	c.shown(k, o)
	c.fitting(k, o)
	c.declared(k, o)
	k.Anonymous = c.truth(o.find("anonymous"), false)
	if n := o.find("weight"); n != nil {
		c.weigh(k, n)
	}
	c.described(k, o) // of the measures as they are weighted
	return k
}

// owner reads whose records they are: the dataset's owner, unless the KPI names another person of the record.
func (c *checker) owner(k *KPI, n *node) {
	switch {
	case k.Dataset == nil:
	case n == nil:
		k.Owner = k.Dataset.Owner
	default:
		k.Owner = c.columnOf(k.Dataset, n, true, TypeEmployee)
	}
}

// shown reads what a KPI and a ratio of KPIs have in common.
func (c *checker) shown(k *KPI, o *object) {
	k.Name = c.bilingual(o.need("name"), maxName)
	k.Unit = Unit(c.oneOf(o.need("unit"), units...))
	k.HigherIsBetter = c.oneOf(o.need("better"), "higher", "lower") == "higher"
	k.Minimum = c.whole(o.find("minimum"))
	k.Listed = c.truth(o.find("listed"), true)
	if n := o.find("clauses"); n != nil {
		words, places := c.words(n)
		for i, w := range words {
			if !clauseForm.MatchString(w) {
				c.fault(places[i], say("“%s”不是条款编号", "“%s” is no clause", clip(w)), say("写作 C01 的样子", "write it like C01"))
			}
		}
		k.Clauses = words
	}
}

var clauseForm = regexp.MustCompile(`^[A-Z]{1,3}[0-9]{1,3}$`)

// described reads the formula and the source in words, or puts them into words.
func (c *checker) described(k *KPI, o *object) {
	if n := o.find("formula"); n != nil {
		k.Formula = c.bilingual(n, maxSentence)
	} else {
		k.Formula = defaultFormula(k)
	}
	switch n := o.find("source"); {
	case n != nil:
		k.Source = c.bilingual(n, maxSentence)
	case k.Dataset != nil:
		k.Source = k.Dataset.Name
	case k.IsRatio():
		k.Source = Text{k.Of.Source.ZH + "；" + k.To.Source.ZH, k.Of.Source.EN + "; " + k.To.Source.EN}
	}
}

// fitting makes sure that the measures of a KPI go together.
func (c *checker) fitting(k *KPI, o *object) {
	num, den := k.Numerator, k.Denominator
	at := func(key string) Place {
		if n := o.values[key]; n != nil {
			return n.place
		}
		return k.Place
	}
	switch {
	case k.Unit == Percent && o.values["denominator"] == nil:
		c.fault(o.keys["unit"], say("百分比指标要有分母", "a percentage needs a denominator"),
			say("补上 denominator，或改用 count、money 等单位", "add a denominator, or choose a unit such as count or money"))
	case num.Kind == Expected:
		c.fault(at("numerator"), say("expected 只能作分母", "what is expected is a denominator only"), say("分子写 {days: 条件}", "write {days: condition} as the numerator"))
	case den != nil && (num.Kind == Median || den.Kind == Median):
		c.fault(at("denominator"), say("中位数没有分母", "a median has no denominator"), say("删去 denominator", "delete the denominator"))
	case den != nil && den.Kind == Expected && num.Kind != PersonDays && num.Kind != "":
		c.fault(at("numerator"), say("分母是 expected 时，分子须为 days：应有几次，做到几次", "with an expected denominator the numerator counts days"),
			say("分子写 {days: 条件}", "write {days: condition}"))
	case den != nil && (num.Kind == People) != (den.Kind == People) && num.Kind != "" && den.Kind != "":
		c.fault(at("denominator"), say("按人计的分子与分母须都用 people", "people are divided by people"), say("两个都写 {people: 条件}", "write {people: condition} for both"))
	}
	personal := slices.ContainsFunc([]MeasureKind{PersonDays, People, Expected}, func(kind MeasureKind) bool { return num.Kind == kind || den != nil && den.Kind == kind })
	if personal && k.Dataset != nil && k.Owner == "" {
		c.fault(k.Place, say("记录 %s 没有 owner，不能按人计", "the dataset %s has no owner, so that nothing is counted per person", k.Dataset.ID),
			say("改用 count 或 sum", "use count or sum"))
	}
}

// declared makes sure that a KPI which does not add up says so, and no other one.
func (c *checker) declared(k *KPI, o *object) {
	n := o.find("additive")
	additive := c.truth(n, true)
	adds := k.Numerator.Kind != People && k.Numerator.Kind != Median
	switch {
	case k.Numerator.Kind == "": // reported
	case !adds && additive:
		c.fault(k.Place, say("按人去重的人数与中位数不可相加，须写明", "people counted once and medians do not add up, and the KPI must say so"), say("加上 additive: false", "add additive: false"))
	case adds && !additive:
		c.fault(n.place, say("这个指标可以相加", "this KPI adds up"), say("删去 additive", "delete additive"))
	}
}

// weigh makes a share of rows a share of an amount: each row counts as much as the expression says, and nothing where it is NULL.
func (c *checker) weigh(k *KPI, n *node) {
	weight := c.expression(n, k.Dataset, sumUse)
	if k.Numerator.Kind != CountRows || k.Denominator == nil || k.Denominator.Kind != CountRows {
		c.fault(n.place, say("weight 只用于件数之比", "a weight goes with a share of rows"), say("分子与分母都用 count，或删去 weight", "use count for both measures, or delete the weight"))
		return
	}
	den := k.Denominator
	k.Numerator = weighted("("+den.Expr.SQL+") AND ("+k.Numerator.Expr.SQL+")", k.Numerator.Expr, weight)
	k.Denominator = new(Measure)
	*k.Denominator = weighted(den.Expr.SQL, den.Expr, weight)
}

func weighted(condition string, of, weight Expr) Measure {
	e := of
	e.Text = "CASE WHEN " + of.Text + " THEN " + weight.Text + " END"
	e.SQL = "CASE WHEN " + condition + " THEN (" + weight.SQL + ") END"
	e.Type = weight.Type
	e.Order = slices.Clone(of.Order)
	for _, column := range weight.Order {
		if !slices.Contains(e.Order, column) {
			e.Order = append(e.Order, column)
		}
	}
	e.Columns = slices.Sorted(slices.Values(e.Order))
	return Measure{Kind: SumOf, Expr: e}
}

// ratio reads a KPI that is formed from two others, none of which is among the ratios.
func (c *checker) ratio(p pair, ratios []pair) *KPI {
	o, ok := c.object(p.value, p.key.place, "ratio")
	if !ok {
		return nil
	}
	k := &KPI{ID: p.key.text, Place: p.key.place}
	k.Of, k.To = c.part(o.need("of"), ratios), c.part(o.need("to"), ratios)
	if k.IsRatio() && k.Of == k.To {
		c.fault(o.values["to"].place, say("指标 %s 除以它自己恒为 1", "the KPI %s divided by itself is always 1", k.Of.ID), say("of 与 to 写两个不同的指标", "name two KPIs in of and to"))
	}
	k.Anonymous = k.IsRatio() && (k.Of.Anonymous || k.To.Anonymous) // a few answers must not show through a ratio
	c.shown(k, o)
	c.described(k, o)
	return k
}

// part reads one side of a ratio: a KPI whose numerator adds up.
func (c *checker) part(n *node, ratios []pair) *KPI {
	if n != nil && slices.ContainsFunc(ratios, func(p pair) bool { return p.key.text == n.text }) && c.policy.KPI(n.text) == nil {
		c.fault(n.place, say("%s 本身就是比值，不能再组成比值", "%s is a ratio itself and cannot be part of another", clip(n.text)),
			say("写组成它的指标，或另设一个指标", "name the KPIs that it is formed from, or write a KPI for it"))
		return nil
	}
	k := c.kpiOf(n)
	if k == nil {
		return nil
	}
	if k.Numerator.Kind == People || k.Numerator.Kind == Median {
		c.fault(n.place, say("指标 %s 不可相加，不能用来组成比值", "the KPI %s does not add up and cannot be part of a ratio", k.ID), say("换成计件或求和的指标", "take one that counts or adds up"))
	}
	return k
}

// datasetOf reads the name of a dataset whose records belong to a person or a department.
func (c *checker) datasetOf(n *node) *Dataset {
	d := c.datasetNamed(n)
	if d != nil && d.Owner == "" && d.Department == "" {
		c.fault(n.place, say("记录 %s 既没有 owner 也没有 department，无法归到人或部门", "the dataset %s has neither owner nor department, so that it counts for nobody", d.ID),
			say("在 %s 中为它写上 owner 或 department", "give it an owner or a department in %s", datasetsFile))
	}
	return d
}

// datasetNamed reads the name of a dataset.
func (c *checker) datasetNamed(n *node) *Dataset {
	id, ok := c.word(n, maxName)
	if !ok {
		return nil
	}
	d := c.policy.Dataset(id)
	if d == nil {
		c.fault(n.place, say("没有记录“%s”", "there is no dataset “%s”", clip(id)), oneOfCure(id, c.policy.datasetIDs()))
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

// measureUses are the forms of a measure and what their expressions are for.
var measureUses = []measureUse{{CountRows, countUse}, {SumOf, sumUse}, {PersonDays, countUse}, {People, countUse}, {Median, sumUse}}

type measureUse struct {
	kind MeasureKind
	use  use
}

// measure reads {count: condition}, {sum: expression}, {days: condition}, {people: condition}, {median: expression} or {expected: occasion}.
func (c *checker) measure(n *node, d *Dataset) *Measure {
	if n == nil {
		return nil
	}
	o, ok := c.object(n, n.place, "measure")
	if !ok {
		return nil
	}
	given := len(o.values)
	if _, ok := o.values["due_after"]; ok {
		given--
	}
	if given != 1 && len(o.misspelt) > 0 { // reported
		return nil
	}
	if given != 1 {
		c.fault(n.place, say("count、sum、days、people、median、expected 须有且只有一个", "there must be one of count, sum, days, people, median and expected"),
			say("计件写 {count: 条件}，求和写 {sum: 表达式}", "write {count: condition} to count rows, {sum: expression} to add up"))
		return nil
	}
	if e := o.find("expected"); e != nil {
		return c.expected(o, e)
	}
	if at, ok := o.keys["due_after"]; ok {
		c.fault(at, say("due_after 只与 expected 同用", "due_after goes with expected"), say("删去它", "delete it"))
	}
	for _, m := range measureUses {
		if e := o.find(string(m.kind)); e != nil {
			return &Measure{Kind: m.kind, Expr: c.expression(e, d, m.use)}
		}
	}
	return nil // a key without a value has been reported
}

// expected reads {expected: week, due_after: 3}; the days may be a parameter.
func (c *checker) expected(o *object, n *node) *Measure {
	m := &Measure{Kind: Expected, Occasion: Occasion(c.oneOf(n, string(Workday), string(Week), string(Month)))}
	after := o.find("due_after")
	if after == nil {
		return m
	}
	before := len(c.faults)
	m.After = c.figure(after)
	if len(c.faults) == before && (m.After < 0 || m.After%fixed.Int(1) != 0) {
		c.fault(after.place, say("due_after 须是 0 以上的整数天，%s 不是", "due_after is a whole number of days from 0 upwards, but %s is not", m.After),
			say("写 0 以上的整数，或值为这样的数的参数名", "write a whole number from 0 upwards, or a parameter with such a value"))
	}
	return m
}

// defaultFormula puts the measures into words.
func defaultFormula(k *KPI) Text {
	if k.IsRatio() {
		return k.Of.asPart().over(k.To.asPart())
	}
	t := k.Numerator.words(k.Dataset)
	if k.Denominator != nil {
		t = t.over(k.Denominator.words(k.Dataset))
	}
	return k.onlyWhere(t)
}

// over writes a quotient.
func (t Text) over(below Text) Text { return Text{t.ZH + " ÷ " + below.ZH, t.EN + " ÷ " + below.EN} }

// onlyWhere adds which records are looked at.
func (k *KPI) onlyWhere(t Text) Text {
	if k.Where == nil {
		return t
	}
	return Text{t.ZH + "，仅计（" + k.Where.Text + "）", t.EN + ", only where (" + k.Where.Text + ")"}
}

// asPart says what a ratio takes of a KPI: its numerator, which is all there is of a KPI without denominator.
func (k *KPI) asPart() Text {
	if k.Denominator == nil {
		return k.Name
	}
	return k.onlyWhere(k.Numerator.words(k.Dataset))
}

// occasionWords say what is expected.
var occasionWords = map[Occasion]Text{
	Workday: {"当期在岗的应出勤工作日数", "workdays of the people employed and not on leave"},
	Week:    {"当期在岗的周数", "weeks of the people employed and not on leave"},
	Month:   {"当期在岗的月数", "months of the people employed and not on leave"},
}

// due says what is expected, and from when on a missing one counts.
func (m Measure) due() Text {
	t := occasionWords[m.Occasion]
	if m.After > 0 {
		days := m.After.String()
		t = Text{t.ZH + "（过 " + days + " 天仍没有的才算缺）", t.EN + " (a missing one counts from " + days + " days after)"}
	}
	return t
}

func (m Measure) words(d *Dataset) Text {
	if m.Kind == Expected {
		return m.due()
	}
	if d == nil {
		return Text{}
	}
	e, zh, en := m.Expr.Text, "当期"+d.Name.ZH, "the "+d.Name.EN+" of the period"
	if col := d.Column(e); col != nil && (m.Kind == SumOf || m.Kind == Median) {
		zh, en = zh+"的"+col.Name.ZH, col.Name.EN+" over "+en
	} else if m.Kind == SumOf || m.Kind == Median {
		zh, en = zh+"的（"+e+"）", "("+e+") over "+en
	} else if len(m.Expr.Columns) > 0 {
		zh, en = zh+"中（"+e+"）", en+" with ("+e+")"
	}
	switch m.Kind {
	case SumOf:
		return Text{zh + "之和", "Sum of " + en}
	case Median:
		return Text{zh + "的中位数", "Median of " + en}
	case PersonDays:
		return Text{zh + "所在的人日数", "Person-days with " + strings.TrimPrefix(en, "the ")}
	case People:
		return Text{zh + "涉及的人数（按月去重）", "People with " + strings.TrimPrefix(en, "the ") + ", each once a month"}
	}
	return Text{zh + "的条数", "Number of " + strings.TrimPrefix(en, "the ")}
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
	if k.Unit != Count && k.Unit != "" || k.HasDenominator() || k.Numerator.Kind != CountRows && k.Numerator.Kind != "" {
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
