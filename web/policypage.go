package web

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/charts"
	"plumbline/internal/fixed"
	"plumbline/internal/ledger"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

func (s *Server) policyRoutes() []route {
	return []route{
		{pattern: "GET /policy", action: access.Policy, about: nobody, handle: (*request).policy},
		{pattern: "GET /policy/versions/{number}", action: access.Policy, about: nobody, handle: (*request).policyVersion},
		{pattern: "GET /policy/versions/{number}/diff/{other}", action: access.Policy, about: nobody, handle: (*request).policyDiff},
		{pattern: "GET /policy/versions/{number}/files/{file}", action: access.Policy, about: nobody, handle: (*request).policyFile},
	}
}

type policyPage struct {
	frame
	State      string
	Note       string
	Parts      []menuItem
	Parameters table
	KPIs       []kpiBlock
	Scorecards []cardBlock
	Bands      table
	Statements []statementBlock
	Versions   *table
	Files      []menuItem
	MayAdopt   bool
}

// kpiBlock tells of one KPI what decides its value.
type kpiBlock struct {
	ID, Name, Formula string
	Facts             []fileFact
}

// cardBlock tells of one scorecard how it is added up.
type cardBlock struct {
	ID, Name, Lead string
	Rules          []string
	Items          table
}

// statementBlock is what the policy says under one heading.
type statementBlock struct {
	ID, Name string
	Tables   []table
}

// adopted is a version with who adopted it, and when.
type adopted struct {
	policy.Version
	At    time.Time
	Actor string
}

// versions lists all versions that were adopted, the latest first.
func (q *request) versions() (list []adopted, err error) {
	all, err := policy.Versions(q.ctx(), q.company.Books)
	if err != nil {
		return nil, err
	}
	for _, v := range all {
		e, err := q.eventOf(v.Seq)
		if err != nil {
			return nil, err
		}
		list = append(list, adopted{v, e.Time, e.Actor})
	}
	slices.Reverse(list)
	return list, nil
}

// eventOf reads one event of the ledger.
func (q *request) eventOf(seq int64) (ledger.Event, error) {
	for e, err := range q.company.Books.Ledger().Events(seq - 1) {
		return e, err
	}
	return ledger.Event{}, fmt.Errorf("the ledger has no event %d", seq)
}

// versionOf reads a version by the number in a path.
func (q *request) versionOf(number string) (adopted, error) {
	n, err := strconv.Atoi(number)
	if err != nil {
		return adopted{}, errNotFound
	}
	list, err := q.versions()
	if err != nil {
		return adopted{}, err
	}
	i := slices.IndexFunc(list, func(v adopted) bool { return v.Number == n })
	if i < 0 {
		return adopted{}, errNotFound
	}
	v := list[i]
	err = q.company.Books.View(q.ctx(), func(tx *warehouse.Tx) error {
		v.Policy, err = policy.At(q.ctx(), tx, v.Seq)
		return err
	})
	return v, err
}

// policy shows the regulation in force today.
func (q *request) policy() error {
	list, err := q.versions()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(v adopted) bool { return v.Number == q.seat.version.Number })
	if i < 0 {
		return fmt.Errorf("version %d of the policy is not in the books", q.seat.version.Number)
	}
	now := list[i]
	now.Policy = q.seat.version.Policy
	p := q.policyPage(q.say("考核制度", "Regulation"), now)
	t := q.versionTable(list)
	p.Versions, p.MayAdopt = &t, q.may(access.Adopt, access.Subject{})
	p.Parts = append(p.Parts, menuItem{Href: "#versions", Text: q.say("版本", "Versions")})
	p.State = fmt.Sprintf(q.say("现行制度：第 %d 版，自 %s 起生效。", "In force: version %d, effective from %s."), now.Number, now.Effective.Format(time.DateOnly))
	for _, v := range list {
		if v.Effective.After(q.today()) {
			p.State += fmt.Sprintf(q.say("第 %d 版将自 %s 起生效。", " Version %d takes effect on %s."), v.Number, v.Effective.Format(time.DateOnly))
		}
	}
	return q.render("policy", p)
}

// policyVersion shows the regulation as one version has it.
func (q *request) policyVersion() error {
	v, err := q.versionOf(q.r.PathValue("number"))
	if err != nil {
		return err
	}
	p := q.policyPage(fmt.Sprintf(q.say("考核制度：第 %d 版", "Regulation: version %d"), v.Number), v)
	p.State = fmt.Sprintf(q.say("自 %s 起生效；%s 由 %s 启用。", "Effective from %s; adopted %s by %s."), v.Effective.Format(time.DateOnly), q.moment(v.At), q.personName(v.Actor))
	return q.render("policy", p)
}

func (q *request) policyPage(title string, v adopted) *policyPage {
	p := &policyPage{frame: q.frame(title), Note: v.Note}
	x := v.Policy
	p.Parameters = table{Head: []head{words(q.say("参数", "Parameter")), numbers(q.say("值", "Value")), words(q.say("编号", "Id"))}, Empty: q.say("没有参数。", "There are no parameters.")}
	for _, a := range x.Parameters {
		p.Parameters.add(text(a.Name.In(q.lang)), text(a.Value.String()), text(a.ID))
	}
	for _, k := range x.KPIs {
		p.KPIs = append(p.KPIs, q.kpiBlock(x, k))
	}
	for _, c := range x.Scorecards {
		p.Scorecards = append(p.Scorecards, q.cardBlock(x, c))
	}
	p.Bands = q.policyBands(x)
	p.Statements = q.statementBlocks(x)
	p.Parts = []menuItem{{Href: "#scorecards", Text: q.say("评分表", "Scorecards")}, {Href: "#bands", Text: q.say("等级", "Bands")}, {Href: "#kpis", Text: q.say("指标", "KPIs")}, {Href: "#parameters", Text: q.say("参数", "Parameters")}}
	for _, s := range p.Statements {
		p.Parts = append(p.Parts, menuItem{Href: "#" + s.ID, Text: s.Name})
	}
	for _, f := range x.Source {
		p.Files = append(p.Files, menuItem{Href: fmt.Sprintf("/policy/versions/%d/files/%s", v.Number, f.Name), Text: f.Name})
	}
	p.Foot = []string{fmt.Sprintf(q.say("制度第 %d 版，账序 %d，SHA-256 %s", "policy version %d, ledger sequence %d, SHA-256 %s"), v.Number, v.Seq, v.Hash)}
	return p
}

// kpiBlock writes what decides a KPI.
func (q *request) kpiBlock(p *policy.Policy, k *policy.KPI) kpiBlock {
	b := kpiBlock{ID: k.ID, Name: charts.Name(k.Name).In(q.lang), Formula: k.Formula.In(q.lang)}
	better := q.say("越低越好", "lower is better")
	if k.HigherIsBetter {
		better = q.say("越高越好", "higher is better")
	}
	unit := charts.WordingOf(k, q.lang, metrics.Value{KPI: k}).Unit()
	b.Facts = []fileFact{{q.say("数据来源", "Source"), k.Source.In(q.lang)}, {q.say("单位与方向", "Unit and direction"), strings.Join(slices.DeleteFunc([]string{unit, better}, func(s string) bool { return s == "" }), q.say("，", ", "))},
		{q.say("目标", "Target"), q.targetRule(p, k)}, {q.say("条款", "Clauses"), strings.Join(k.Clauses, q.say("、", ", "))}}
	if k.Dataset != nil {
		b.Facts = append(b.Facts, fileFact{q.say("记录", "Records"), k.Dataset.Name.In(q.lang)})
		if c := k.Dataset.Column(k.CountsOn); c != nil {
			b.Facts = append(b.Facts, fileFact{q.say("计入哪一期", "Counts in the period of"), c.Name.In(q.lang)})
		}
	}
	if k.Minimum > 0 {
		b.Facts = append(b.Facts, fileFact{q.say("最少样本", "Fewest cases"), fmt.Sprintf(q.say("分母不足 %d 时只显示“样本不足”，不评价", "below %d in the denominator the value is told as too few and not judged"), k.Minimum)})
	}
	b.Facts = append(b.Facts, q.measureFacts(k)...)
	if k.Anonymous {
		b.Facts = append(b.Facts, fileFact{q.say("匿名", "Anonymous"), fmt.Sprintf(q.say("不足 %d 份答卷的结果不显示", "results of fewer than %d answers are not shown"), policy.AnonymousFrom)})
	}
	b.Facts = slices.DeleteFunc(b.Facts, func(f fileFact) bool { return f.Value == "" })
	return b
}

// measureFacts writes the expressions as the files have them.
func (q *request) measureFacts(k *policy.KPI) (list []fileFact) {
	if k.IsRatio() {
		return []fileFact{{q.say("由两个指标相除", "Quotient of two KPIs"), charts.Name(k.Of.Name).In(q.lang) + " ÷ " + charts.Name(k.To.Name).In(q.lang)}}
	}
	add := func(name string, m *policy.Measure) {
		switch {
		case m == nil:
		case m.Kind == policy.Expected:
			list = append(list, fileFact{name, fmt.Sprintf(q.say("应有次数：每%s一次", "occasions expected: one a %s"), occasionName(q, m.Occasion))})
		default:
			list = append(list, fileFact{name, q.measureName(m.Kind) + " " + m.Expr.Text})
		}
	}
	add(q.say("分子", "Numerator"), &k.Numerator)
	add(q.say("分母", "Denominator"), k.Denominator)
	if k.Where != nil {
		list = append(list, fileFact{q.say("统计范围", "Only records where"), k.Where.Text})
	}
	return list
}

func occasionName(q *request, o policy.Occasion) string {
	switch o {
	case policy.Workday:
		return q.say("个工作日", "workday")
	case policy.Week:
		return q.say("周", "week")
	}
	return q.say("月", "month")
}

func (q *request) measureName(k policy.MeasureKind) string {
	return map[policy.MeasureKind]policy.Text{policy.CountRows: {ZH: "行数：", EN: "rows where"}, policy.SumOf: {ZH: "合计：", EN: "sum of"}, policy.PersonDays: {ZH: "人天：", EN: "person-days with"},
		policy.People: {ZH: "人数：", EN: "people with"}, policy.Median: {ZH: "中位数：", EN: "median of"}}[k].In(q.lang)
}

// targetRule says which scorecards set which target.
func (q *request) targetRule(p *policy.Policy, k *policy.KPI) string {
	var list []string
	w := charts.WordingOf(k, q.lang, metrics.Value{KPI: k})
	for _, c := range p.Scorecards {
		for _, i := range c.Items {
			if i.KPI == k {
				list = append(list, fmt.Sprintf(q.say("%s %s，权重 %s %%", "%s %s, weight %s %%"), c.Name.In(q.lang), w.Text(i.Target.Rat()), i.Weight))
			}
		}
	}
	if len(list) == 0 {
		return q.say("不设目标，只作参考", "none; shown for information")
	}
	return strings.Join(list, q.say("；", "; ")) + q.say("。为个人或部门另定的目标优先。", ". Targets set for a person or a department go before it.")
}

// cardBlock writes how a scorecard is added up.
func (q *request) cardBlock(p *policy.Policy, c *policy.Scorecard) cardBlock {
	b := cardBlock{ID: c.ID, Name: c.Name.In(q.lang)}
	b.Lead = fmt.Sprintf(q.say("总分 = 指标得分 × %s %% + 上级评分 × %s %%", "Total = KPI points × %s %% + superior's points × %s %%"), c.KPIShare, c.SuperiorShare)
	b.Items = table{Caption: q.say("达成率按曲线换成得分，两点之间按直线，两端持平", "Attainment becomes points by the curve: straight between its points, flat outside"),
		Head: []head{words(q.say("指标", "KPI")), numbers(q.say("权重 %", "Weight %")), numbers(q.say("目标", "Target")), words(q.say("得分曲线（达成率 → 分）", "Curve (attainment → points)"))}, Empty: q.say("没有指标。", "There are no KPIs.")}
	for _, i := range c.Items {
		var knots []string
		for _, k := range i.Curve {
			knots = append(knots, k.Attainment.String()+" % → "+k.Points.String())
		}
		b.Items.add(link(charts.Name(i.KPI.Name).In(q.lang), "#kpi-"+i.KPI.ID), text(i.Weight.String()), text(charts.WordingOf(i.KPI, q.lang, metrics.Value{KPI: i.KPI}).Text(i.Target.Rat())), text(strings.Join(knots, q.say("，", ", "))))
	}
	b.Rules = q.cardRules(p, c)
	return b
}

// cardRules writes the rules of a scorecard beside its items.
func (q *request) cardRules(p *policy.Policy, c *policy.Scorecard) (list []string) {
	add := func(zh, en string, args ...any) { list = append(list, fmt.Sprintf(q.say(zh, en), args...)) }
	if len(c.DepartmentKinds) > 0 {
		add("适用于部门类别：%s。", "For departments of the kinds %s.", strings.Join(q.kindNames(p, c.DepartmentKinds), q.say("、", ", ")))
	}
	switch c.Missing {
	case policy.Zero:
		add("样本不足或无数据的指标不得分。", "An item without enough data earns nothing.")
	case policy.Neutral:
		add("样本不足或无数据的指标按 %s 分计。", "An item without enough data earns %s points.", c.NeutralPoints)
	default:
		add("样本不足或无数据的指标不计分，其权重按比例分给其余指标。", "An item without enough data is left out; the others carry its weight in proportion.")
	}
	add("上级未评分时，总分暂按指标得分计。", "Until the superior has given points, the KPI points stand alone.")
	if c.Cap != nil {
		add("指标得分至多 %s 分。", "KPI points count up to %s.", c.Cap)
	}
	for _, x := range c.Penalties {
		add("%s：每件扣 %s 分，最多扣 %s 分。", "%s: %s points off for each, %s at most.", charts.Name(x.KPI.Name).In(q.lang), x.Each, x.Most)
		if x.BandLimit != nil {
			add("有%s的，等级至多 %s。", "With any %s the band is at most %s.", charts.Name(x.KPI.Name).In(q.lang), x.BandLimit.ID)
		}
	}
	for _, l := range c.BandLimits {
		than := q.say("高于", "above")
		if l.KPI.HigherIsBetter {
			than = q.say("低于", "below")
		}
		add("%s%s %s 的，等级至多 %s。", "With %s %s %s the band is at most %s.", charts.Name(l.KPI.Name).In(q.lang), than, l.Figure, l.Band.ID)
	}
	if d := c.Distribution; d != nil {
		var shares []string
		for i, s := range d.Shares {
			shares = append(shares, p.Bands[i].ID+" "+s.String()+" %")
		}
		add("强制分布：%s，满 %d 人起。", "Forced distribution: %s, from %d people.", strings.Join(shares, q.say("，", ", ")), d.From)
	}
	return list
}

// kindNames gives kinds of departments their names.
func (q *request) kindNames(p *policy.Policy, kinds []string) (list []string) {
	names := map[string]string{}
	if d := p.Dataset(policy.Departments); d != nil {
		for _, c := range d.Columns {
			for _, v := range c.Values {
				names[v.Value] = v.Name.In(q.lang)
			}
		}
	}
	for _, k := range kinds {
		list = append(list, cmp.Or(names[k], k))
	}
	return list
}

func (q *request) policyBands(p *policy.Policy) table {
	t := table{Head: []head{words(q.say("等级", "Band")), words(q.say("总分", "Total")), numbers(q.say("奖金系数", "Bonus coefficient"))}, Empty: q.say("制度没有等级。", "The policy has no bands.")}
	for i, b := range p.Bands {
		span := fmt.Sprintf(q.say("%s 分及以上", "%s points and above"), b.From)
		if i > 0 {
			span = fmt.Sprintf(q.say("%s 分起，不足 %s 分", "from %s, below %s"), b.From, p.Bands[i-1].From)
		}
		t.add(text(b.ID+" "+b.Name.In(q.lang)), text(span), text(numOr(b.Bonus)))
	}
	return t
}

func numOr(n *fixed.Num) string {
	if n == nil {
		return "–"
	}
	return n.String()
}

// toldParts are the parts that are told as plain statements.
var toldParts = []policy.Part{policy.ReviewsPart, policy.RewardsPart, policy.OfficesPart, policy.CalendarPart, policy.LeavePart, policy.QualityPart, policy.DatasetsPart, policy.AuditPart, policy.CompanyPart}

// statementBlocks writes everything else that the policy says, a table for each thing.
func (q *request) statementBlocks(p *policy.Policy) (blocks []statementBlock) {
	all := p.Statements()
	for _, part := range toldParts {
		b := statementBlock{ID: "part-" + string(part), Name: part.Name().In(q.lang)}
		last := "\x00"
		for _, s := range all {
			if s.Part != part || s.Field == "name" {
				continue
			}
			if s.ID != last {
				name := s.Name.In(q.lang)
				if s.ID != "" && name != s.ID {
					name = strings.TrimSpace(name + " · " + s.ID)
				}
				b.Tables = append(b.Tables, table{Caption: name, Head: []head{words(q.say("项", "What")), words(q.say("规定", "Rule"))}})
				last = s.ID
			}
			t := &b.Tables[len(b.Tables)-1]
			t.add(text(s.What.In(q.lang)), text(s.New.In(q.lang)))
		}
		if len(b.Tables) > 0 {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// versionTable lists versions with the way to each and to what it changed.
func (q *request) versionTable(list []adopted) table {
	t := table{Head: []head{numbers(q.say("版本", "Version")), words(q.say("生效日", "Effective")), words(q.say("说明", "Note")), words(q.say("启用", "Adopted")), words(q.say("由", "By")), words(q.say("改了什么", "What changed"))}}
	for i, v := range list {
		c := cell{Text: strconv.Itoa(v.Number), Href: fmt.Sprintf("/policy/versions/%d", v.Number)}
		if v.Number == q.seat.version.Number {
			c.Say = q.say("现行", "in force")
		}
		diff := text("–")
		if i+1 < len(list) {
			diff = link(fmt.Sprintf(q.say("与第 %d 版比较", "against version %d"), list[i+1].Number), fmt.Sprintf("/policy/versions/%d/diff/%d", v.Number, list[i+1].Number))
		}
		t.add(c, text(v.Effective.Format(time.DateOnly)), text(v.Note), text(q.moment(v.At)), text(q.personName(v.Actor)), diff)
	}
	return t
}

type diffPage struct {
	frame
	Lead    string
	Others  []menuItem
	Changes table
}

// policyDiff shows what a version changed against another one.
func (q *request) policyDiff() error {
	v, err := q.versionOf(q.r.PathValue("number"))
	if err != nil {
		return err
	}
	w, err := q.versionOf(q.r.PathValue("other"))
	if err != nil {
		return err
	}
	list, err := q.versions()
	if err != nil {
		return err
	}
	p := &diffPage{frame: q.frame(fmt.Sprintf(q.say("制度第 %d 版与第 %d 版", "Policy versions %d and %d"), v.Number, w.Number))}
	p.Lead = fmt.Sprintf(q.say("“新”是第 %d 版（自 %s 起），“原”是第 %d 版（自 %s 起）。", "“New” is version %d (from %s), “old” is version %d (from %s)."), v.Number, v.Effective.Format(time.DateOnly), w.Number, w.Effective.Format(time.DateOnly))
	for _, x := range list {
		if x.Number != v.Number {
			p.Others = append(p.Others, menuItem{fmt.Sprintf("/policy/versions/%d/diff/%d", v.Number, x.Number), fmt.Sprintf(q.say("与第 %d 版", "against %d"), x.Number), x.Number == w.Number})
		}
	}
	p.Changes = q.differences(policy.Diff(w.Policy, v.Policy))
	if q.wantsCSV() {
		return q.download(&p.Changes, p.Title)
	}
	p.Downloads = []download{{q.r.URL.Path + "?format=csv", q.say("下载表格（CSV）", "Download (CSV)")}}
	return q.render("policydiff", p)
}

// differences lists what differs between two policies.
func (q *request) differences(list []policy.Difference) table {
	t := table{Head: []head{words(q.say("部分", "Part")), words(q.say("名称", "Name")), words(q.say("项", "What")), words(q.say("原", "Old")), words(q.say("新", "New"))},
		Empty: q.say("没有差别（注释与行的次序不计）。", "Nothing differs; comments and the order of lines do not count.")}
	none := q.say("（无）", "(none)")
	for _, d := range list {
		what, old, new := d.What.In(q.lang), d.Old.In(q.lang), d.New.In(q.lang)
		if d.Field == "" {
			what = q.say("整项", "all of it")
		}
		if old == "" {
			old = none
		}
		if new == "" {
			new = none
		}
		t.add(text(d.Part.Name().In(q.lang)), cell{Text: d.Name.In(q.lang), Say: d.ID}, text(what), text(old), text(new))
	}
	return t
}

// policyFile gives a file of a version as it was adopted.
func (q *request) policyFile() error {
	v, err := q.versionOf(q.r.PathValue("number"))
	if err != nil {
		return err
	}
	for _, f := range v.Policy.Source {
		if f.Name == q.r.PathValue("file") {
			q.attach("text/plain; charset=utf-8", fmt.Sprintf("v%d-%s", v.Number, f.Name))
			_, _ = q.w.Write([]byte(f.Text)) // the reader may have gone
			return nil
		}
	}
	return errNotFound
}

// isFaulty gives the faults of a policy, where an error is such.
func isFaulty(err error) (policy.Errors, bool) {
	var faults policy.Errors
	ok := errors.As(err, &faults)
	return faults, ok
}
