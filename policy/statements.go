package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/fixed"
)

// statement is one thing that a policy says, as Diff compares it.
type statement struct {
	part    Part
	id      string
	name    Text
	field   string
	what    Text
	value   Text
	meaning string // of an expression: with the parameters' values in it, without the figures of the calendar
}

// sayings gathers the statements of a policy. part, id and name say what they are about.
type sayings struct {
	list []statement
	part Part
	id   string
	name Text
	days string // the figures of the calendar as expressions have them
}

func (s *sayings) about(part Part, id string, name Text) {
	s.part, s.id, s.name = part, id, name
	s.add("name", Text{"名称", "name"}, name)
}

// add notes a statement; a blank value says nothing.
func (s *sayings) add(field string, what, value Text) { s.mean(field, what, value, "") }

func (s *sayings) mean(field string, what, value Text, meaning string) {
	if value != (Text{}) {
		s.list = append(s.list, statement{s.part, s.id, s.name, field, what, value, strings.ReplaceAll(meaning, s.days, "")})
	}
}

// plain is a text that is the same in both languages.
func plain(s string) Text { return Text{s, s} }

func joined(list []string) Text {
	return Text{strings.Join(list, "、"), strings.Join(list, ", ")}
}

func yes(b bool) Text {
	if b {
		return Text{"是", "yes"}
	}
	return Text{"否", "no"}
}

func optionalNum(n *fixed.Num) Text {
	if n == nil {
		return Text{}
	}
	return plain(n.String())
}

// statements lists everything that decides a number or how it is told.
func (p *Policy) statements() []statement {
	s := &sayings{days: calendarFigures(p.Calendar) + ", "}
	s.about(CompanyPart, "", p.Company.Name)
	s.add("timezone", Text{"时区", "time zone"}, plain(p.Company.Timezone))
	s.add("workday_hours", Text{"一个工作日的小时数", "hours of a workday"}, plain(p.Company.WorkdayHours.String()))
	for _, x := range p.Parameters {
		s.about(ParametersPart, x.ID, x.Name)
		s.add("value", Text{"值", "value"}, plain(x.Value.String()))
	}
	for _, b := range p.Bands {
		s.about(BandsPart, b.ID, b.Name)
		s.add("from", Text{"起始分", "from"}, plain(b.From.String()))
		s.add("bonus", Text{"奖金系数", "bonus coefficient"}, optionalNum(b.Bonus))
	}
	for _, c := range p.Scorecards {
		s.scorecard(c, p.Bands)
	}
	for _, k := range p.KPIs {
		s.kpi(k)
	}
	for _, f := range p.Funnels {
		s.about(FunnelsPart, f.ID, f.Name)
		var steps []string
		for _, k := range f.Steps {
			steps = append(steps, k.ID)
		}
		s.add("steps", Text{"各步", "steps"}, joined(steps))
	}
	for _, d := range p.Datasets {
		s.dataset(d)
	}
	for _, q := range p.Quality {
		s.quality(q)
	}
	for _, l := range p.Leaves {
		s.about(LeavePart, l.Dataset.ID+" "+l.From, l.Dataset.Name)
		s.add("days", Text{"首日与末日", "first and last day"}, plain(l.From+" … "+l.To))
		s.expression("where", Text{"条件", "condition"}, &l.Where)
	}
	s.procedure(p)
	s.calendar(p)
	s.audit(&p.Audit)
	s.pack(p.Pack)
	return s.list
}

func (s *sayings) expression(field string, what Text, e *Expr) {
	if e != nil {
		s.mean(field, what, plain(e.Text), e.SQL)
	}
}

func (s *sayings) scorecard(c *Scorecard, bands []Band) {
	s.about(ScorecardsPart, c.ID, c.Name)
	s.add("department_kind", Text{"适用的部门类别", "department kinds"}, joined(c.DepartmentKinds))
	s.add("kpi_share", Text{"指标部分占比", "share of the KPIs"}, plain(c.KPIShare.String()))
	s.add("superior_share", Text{"上级评分占比", "share of the superior"}, plain(c.SuperiorShare.String()))
	s.add("missing", Text{"数据不足的项", "items without enough data"}, plain(string(c.Missing)))
	if c.Missing == Neutral {
		s.add("neutral_points", Text{"数据不足时的得分", "points without enough data"}, plain(c.NeutralPoints.String()))
	}
	s.add("cap", Text{"封顶分", "cap"}, optionalNum(c.Cap))
	for _, i := range c.Items {
		of := func(zh, en string) Text { return Text{i.KPI.Name.ZH + "：" + zh, i.KPI.Name.EN + ": " + en} }
		s.add("weight "+i.KPI.ID, of("权重", "weight"), plain(i.Weight.String()))
		s.add("target "+i.KPI.ID, of("目标", "target"), plain(i.Target.String()))
		s.add("curve "+i.KPI.ID, of("得分曲线", "curve"), plain(curveText(i.Curve)))
	}
	for _, p := range c.Penalties {
		limit := Text{}
		if p.BandLimit != nil {
			limit = Text{"，等级至多 " + p.BandLimit.ID, ", band " + p.BandLimit.ID + " at best"}
		}
		s.add("penalty "+p.KPI.ID, Text{p.KPI.Name.ZH + "：扣分", p.KPI.Name.EN + ": penalty"},
			Text{fmt.Sprintf("每件 %s，至多 %s%s", p.Each, p.Most, limit.ZH), fmt.Sprintf("%s each, %s at most%s", p.Each, p.Most, limit.EN)})
	}
	for _, l := range c.BandLimits {
		than := Text{"高于", "above"}
		if l.KPI.HigherIsBetter {
			than = Text{"低于", "below"}
		}
		s.add("band_limit "+l.KPI.ID, Text{l.KPI.Name.ZH + "：等级限制", l.KPI.Name.EN + ": band limit"},
			Text{fmt.Sprintf("%s %s 时至多 %s", than.ZH, l.Figure, l.Band.ID), fmt.Sprintf("%s at best when %s %s", l.Band.ID, than.EN, l.Figure)})
	}
	s.distribution(c.Distribution, bands)
}

func (s *sayings) distribution(d *Distribution, bands []Band) {
	if d == nil {
		return
	}
	var shares []string
	for i, share := range d.Shares {
		shares = append(shares, bands[i].ID+" "+share.String()+"%")
	}
	s.add("distribution", Text{"强制分布", "forced distribution"}, joined(shares))
	s.add("distribution from", Text{"强制分布：起始人数", "forced distribution: from how many people"}, plain(fmt.Sprint(d.From)))
	s.add("distribution lift", Text{"强制分布：可上调", "forced distribution: may lift"}, yes(d.Lift))
}

// curveText writes a curve as the file does.
func curveText(curve []Point) string {
	knots := make([]string, len(curve))
	for i, p := range curve {
		knots[i] = "[" + p.Attainment.String() + ", " + p.Points.String() + "]"
	}
	return "[" + strings.Join(knots, ", ") + "]"
}

func (s *sayings) kpi(k *KPI) {
	s.about(KPIsPart, k.ID, k.Name)
	if k.IsRatio() {
		s.add("of", Text{"分子指标", "numerator KPI"}, plain(k.Of.ID))
		s.add("to", Text{"分母指标", "denominator KPI"}, plain(k.To.ID))
	} else {
		s.add("dataset", Text{"记录", "dataset"}, plain(k.Dataset.ID))
		s.add("owner", Text{"归属", "owner"}, plain(k.Owner))
		s.add("counts_on", Text{"计入日期", "counts on"}, plain(k.CountsOn))
		s.measure("numerator", Text{"分子", "numerator"}, &k.Numerator)
		s.measure("denominator", Text{"分母", "denominator"}, k.Denominator)
		s.expression("where", Text{"统计范围", "where"}, k.Where)
	}
	s.add("department_kind", Text{"适用的部门类别", "department kinds"}, joined(k.DepartmentKinds))
	s.add("unit", Text{"单位", "unit"}, plain(string(k.Unit)))
	better := Text{"越低越好", "lower"}
	if k.HigherIsBetter {
		better = Text{"越高越好", "higher"}
	}
	s.add("better", Text{"方向", "better"}, better)
	s.add("minimum", Text{"最少样本", "minimum"}, plain(fmt.Sprint(k.Minimum)))
	s.add("listed", Text{"列入报表", "listed"}, yes(k.Listed))
	s.add("anonymous", Text{"匿名", "anonymous"}, yes(k.Anonymous))
	if k.Formula != defaultFormula(k) {
		s.add("formula", Text{"口径说明", "formula in words"}, k.Formula)
	}
	s.add("clauses", Text{"条款", "clauses"}, joined(k.Clauses))
}

// qualityKeys are the keys of a kind of check in the file, where they differ between kinds.
var qualityKeys = map[QualityKind]struct{ day, until, days, limit string }{
	Coverage: {"day", "", "due_after", "at_least"}, Late: {"day", "until", "within", "at_most"}, Delay: {"day", "until", "", "at_most"},
	BackDated: {"day", "", "after", "at_most"}, AfterClose: {"day", "", "after", "at_most"}, DueMoved: {"due", "", "", "at_most"},
	ClosedAtOnce: {"closed", "created", "", "at_most"}, Multiples: {"day", "", "", "above_company"},
	Copied: {"day", "", "days", "at_most"}, Unvaried: {"day", "", "days", "at_most"},
}

func (s *sayings) quality(q *QualityCheck) {
	s.about(QualityPart, q.ID, q.Name)
	keys := qualityKeys[q.Kind]
	s.add("kind", Text{"检查方式", "kind of check"}, plain(string(q.Kind)))
	s.add("dataset", Text{"记录", "dataset"}, plain(q.Dataset.ID))
	s.add(keys.day, Text{"记录的日期", "day of a record"}, plain(q.Day))
	s.add(keys.until, Text{"登记的日期", "day of writing"}, plain(q.Until))
	s.add("amount", Text{"数额", "amount"}, plain(q.Amount))
	s.add("text", Text{"文字", "text"}, plain(q.Text))
	s.expression("where", Text{"检查范围", "where"}, q.Where)
	days := fmt.Sprint(q.Days)
	if q.Kind == Coverage {
		s.expression("where", Text{"检查范围", "where"}, &q.KPI.Numerator.Expr)
		s.add("expected", Text{"应有", "expected"}, plain(string(q.KPI.Denominator.Occasion)))
		s.add("of", Text{"按人计", "counted by people"}, yes(q.OfPeople))
		days = q.KPI.Denominator.After.String()
	}
	if keys.days != "" {
		s.add(keys.days, Text{"天数", "days"}, plain(days))
	}
	if q.Kind == Delay {
		s.add("percentile", Text{"百分位", "percentile"}, plain(q.Percentile.String()))
	}
	if q.Kind == Multiples {
		s.add("of", Text{"整倍数", "multiples of"}, plain(q.Multiple.String()))
	}
	s.add(keys.limit, Text{"界限", "limit"}, plain(q.Limit.String()))
	s.add("minimum", Text{"最少条数或人数", "minimum"}, plain(fmt.Sprint(q.Minimum)))
}

func (s *sayings) measure(field string, what Text, m *Measure) {
	switch {
	case m == nil:
	case m.Kind == Expected:
		s.add(field, what, plain(fmt.Sprintf("expected: %s, due_after: %s", m.Occasion, m.After)))
	default:
		s.mean(field, what, plain(string(m.Kind)+": "+m.Expr.Text), string(m.Kind)+": "+m.Expr.SQL)
	}
}

func (s *sayings) dataset(d *Dataset) {
	s.about(DatasetsPart, d.ID, d.Name)
	s.add("key", Text{"主键", "key"}, joined(d.Key))
	s.add("owner", Text{"归属人", "owner"}, plain(d.Owner))
	s.add("department", Text{"归属部门", "department"}, plain(d.Department))
	s.add("day", Text{"日期列", "day"}, plain(d.Day))
	s.add("past", Text{"不得晚于今天", "not in the future"}, joined(d.Past))
	s.add("recorded", Text{"由程序登记", "recorded"}, plain(string(d.Recorded)))
	for _, c := range d.Columns {
		s.column(c)
	}
	for _, r := range d.Rules {
		s.mean("rule "+r.Check.Text, Text{"规则 " + r.Check.Text, "rule " + r.Check.Text}, r.Say, r.Check.SQL)
	}
	for _, l := range d.Limits {
		per := strings.Join(l.Per, ", ")
		s.add("limit "+l.Sum+" per "+per, Text{"上限 " + l.Sum + "（按 " + per + "）", "most " + l.Sum + " per " + per}, plain(l.Most.String()))
	}
	if n := d.NoOverlap; n != nil {
		s.add("no_overlap", Text{"不可重叠", "no overlap"}, plain(strings.TrimRight(strings.Join(append([]string{n.Per, n.From, n.To, n.Share}, n.Apart...), " "), " ")))
	}
}

func (s *sayings) column(c *Column) {
	typ := plain(string(c.Type))
	if c.Optional {
		typ = Text{typ.ZH + "，可空", typ.EN + ", optional"}
	}
	at := Text{"列 " + c.ID, "column " + c.ID}
	of := func(zh, en string) Text { return Text{at.ZH + "：" + zh, at.EN + ": " + en} }
	s.add("column "+c.ID, at, typ)
	s.add("column "+c.ID+" name", of("名称", "name"), c.Name)
	s.add("column "+c.ID+" aliases", of("其他表头", "further headers"), joined(c.Aliases))
	for _, v := range c.Values {
		s.add("column "+c.ID+" value "+v.Value, of("取值 "+v.Value, "value "+v.Value), joined(append([]string{v.Name.ZH, v.Name.EN}, v.Words...)))
	}
	f := c.Format
	f.Blanks = nil
	if text := fmt.Sprintf("%s %s %s %s %s", f.Order, f.Zone, f.Unit, f.Decimal, f.Serial); strings.TrimSpace(text) != "" || f.Myriads {
		s.add("column "+c.ID+" format", of("写法", "format"), plain(strings.Join(strings.Fields(text+" "+map[bool]string{true: "myriads"}[f.Myriads]), " ")))
	}
	s.add("column "+c.ID+" blanks", of("表示空白的词", "words for blank"), joined(c.Format.Blanks))
	s.add("column "+c.ID+" made_from", of("由哪些列合成", "made from"), joined(c.MadeFrom))
}

// calendar notes the days of the years listed on which it is not as in a plain week.
func (s *sayings) calendar(p *Policy) {
	t := p.Calendar.Table()
	s.about(CalendarPart, "week", Text{"工作周", "Working week"})
	var week []string
	for i, day := range weekdays {
		if t.Week>>i&1 == 1 {
			week = append(week, day)
		}
	}
	s.add("workweek", Text{"每周工作日", "workdays of a week"}, joined(week))
	for year := t.First / 12; year < (t.First+len(t.Days))/12; year++ {
		s.about(CalendarPart, fmt.Sprint(year), Text{fmt.Sprintf("%d 年", year), fmt.Sprint(year)})
		for day := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == year; day = day.AddDate(0, 0, 1) {
			plainly := slices.Contains(week, weekdays[(int(day.Weekday())+6)%7])
			switch work := p.Calendar.IsWorkday(day); {
			case work && !plainly:
				s.add(day.Format(time.DateOnly), plain(day.Format(time.DateOnly)), Text{"上班", "work"})
			case !work && plainly:
				s.add(day.Format(time.DateOnly), plain(day.Format(time.DateOnly)), Text{"放假", "off"})
			}
		}
	}
}
