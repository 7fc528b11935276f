package web

import (
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"plumbline/access"
	"plumbline/company"
	"plumbline/ingest"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

// decimals is how many decimals computed figures have in tables for machines.
const decimals = 6

// OfPeriod names a period in the path.
type OfPeriod struct {
	Period string `path:"period" example:"2026Q3" doc:"A month (2026-07), a quarter (2026Q3) or a year (2026)."`
}

type kpiAsked struct {
	OfPeriod
	Tabling
	By         string `query:"by" default:"company,department" example:"department,month" maxLength:"60" doc:"Levels, between commas: company, department, employee; month splits the period."`
	KPI        string `query:"kpi" maxLength:"2000" example:"conversion_rate" doc:"Only these KPIs, between commas; without it all that are listed."`
	Department string `query:"department" maxLength:"100" example:"D003" doc:"Only this department, without those below it."`
	Employee   string `query:"employee" maxLength:"100" example:"00012" doc:"Only this person."`
}

type scoresAsked struct {
	OfPeriod
	Tabling
	By         string `query:"by" default:"department,employee" maxLength:"60" doc:"Levels, between commas: department, employee."`
	Department string `query:"department" maxLength:"100" doc:"Only this department, without those below it."`
	Employee   string `query:"employee" maxLength:"100" doc:"Only this person."`
}

type evidenceAsked struct {
	OfPeriod
	Tabling
	KPI        string `path:"kpi" example:"conversion_rate" doc:"The id of a KPI, see /datasets."`
	Department string `query:"department" maxLength:"100" example:"D003" doc:"The rows behind the figure of a department with its subtree, or, with an employee, of the time in the department itself."`
	Employee   string `query:"employee" maxLength:"100" example:"00012" doc:"The rows behind the figure of a person. Who names neither gets everybody's where his role sees everybody, else his own."`
}

type packAsked struct {
	OfPeriod
	Match string `header:"If-None-Match" maxLength:"2000" doc:"The ETag of an answer that is at hand: 304 when it still stands."`
}

// figures adds the operations that show figures.
func (a *api) figures() {
	add(a, route{action: access.Home, about: ofPeriod, api: &operation{name: "kpi", scope: scopeKPI, patient: true, asks: []access.Action{access.Company, access.Department, access.Person},
		title: policy.Text{ZH: "指标值", EN: "KPI values"},
		text: policy.Text{ZH: "各层次的指标值，带分子、分母、条数、区间、目标与达成率。比率由分子、分母之和得出，可逐级相加。",
			EN: "KPI values by level, each with numerator, denominator, count, interval, target and attainment. A ratio is formed of two sums that add up across levels."}}},
		"GET /kpi/{period}", a.listed("kpi", kpiColumns, true), (*request).apiKPI)
	add(a, route{action: access.Home, about: ofPeriod, api: &operation{name: "scores", scope: scopeScores, patient: true, asks: []access.Action{access.Department, access.Person},
		title: policy.Text{ZH: "得分", EN: "Scores"},
		text: policy.Text{ZH: "考核得分、等级与名次；上级评分公布前为暂定分。一个人的得分只有在其全部任职都可查看时才给出。",
			EN: "Scores, rating bands and ranks; provisional until evaluations are published. A person's score is given only to somebody who may see all of the person's stays."}}},
		"GET /scores/{period}", a.listed("scores", scoreColumns, true), (*request).apiScores)
	add(a, route{action: access.Evidence, about: nobody, api: &operation{name: "evidence", scope: scopeEvidence, patient: true, asks: []access.Action{access.Evidence, access.Rows},
		title: policy.Text{ZH: "逐条记录", EN: "The rows behind a value"},
		text: policy.Text{ZH: "一个数字背后的每一行：计入的，以及未计入的原因。主管只看到其负责之日的行。匿名答卷与两个指标之比不逐条给出。",
			EN: "The rows behind a value: those that count, and those left out with the reason. A manager sees the rows of the days on which he led. Anonymous answers and ratios of two KPIs have none."}}},
		"GET /evidence/{kpi}/{period}", a.listed("evidence", evidenceColumns(nil), true), (*request).apiEvidence)
	add(a, route{action: access.Pack, about: ofPeriod, api: &operation{name: "pack", scope: scopePacks, asks: []access.Action{access.Company, access.Department},
		title: policy.Text{ZH: "战略会材料的数字", EN: "The figures of the strategy pack"},
		text:  policy.Text{ZH: "公司与各部门的指标值和得分，各成一表，没有个人。", EN: "The values and scores of the company and its departments, each as a table, without people."}}},
		"GET /packs/{period}", a.packAnswers(), (*request).apiPack)
}

// meaning says what a column means.
func meaning(zh, en string) policy.Text { return policy.Text{ZH: zh, EN: en} }

// The columns of the lists of figures; names and order are those of the tables that commands write.
var (
	kpiColumns = []column{
		{"period", tabular.Text, meaning("期间：2026-07、2026Q3 或 2026", "period: 2026-07, 2026Q3 or 2026"), "2026Q3"},
		{"department", tabular.Text, meaning("部门编号；空为全公司", "department id; null: the company"), "D003"},
		{"employee_no", tabular.Text, meaning("工号；空为部门或公司", "employee number; null: of a department or the company"), "00012"},
		{"kpi", tabular.Text, meaning("指标标识", "id of the KPI"), "conversion_rate"},
		{"value", tabular.Decimal, meaning("值＝分子÷分母，按指标单位（百分率为 0–100）；空为无数据", "value = numerator ÷ denominator, in the KPI's unit (rates 0–100); null: no data"), "31.25"},
		{"numerator", tabular.Decimal, meaning("分子：可加", "numerator, additive"), "10"},
		{"denominator", tabular.Decimal, meaning("分母：可加", "denominator, additive"), "32"},
		{"n", tabular.Decimal, meaning("条数（多人按份额分）", "cases, split by their owners' shares"), "32"},
		{"low", tabular.Decimal, meaning("95% 区间下限，单位同值", "lower end of the 95% interval, in the value's unit"), "18"},
		{"high", tabular.Decimal, meaning("95% 区间上限，单位同值", "upper end of the 95% interval, in the value's unit"), "48.6"},
		{"target", tabular.Decimal, meaning("目标值，单位同值", "target, in the value's unit"), "30"},
		{"attainment", tabular.Decimal, meaning("达成率，%：越高越好的为值÷目标，越低越好的为目标÷值", "attainment in percent: value ÷ target, or target ÷ value where lower is better"), "104.166667"},
		{"status", tabular.Text, meaning("ok 正常、insufficient_data 样本不足、no_data 无数据、withheld 不显示", "ok, insufficient_data (too few cases), no_data, withheld (too few anonymous answers)"), "ok"},
	}
	scoreColumns = []column{
		{"period", tabular.Text, meaning("期间：2026-07、2026Q3 或 2026", "period: 2026-07, 2026Q3 or 2026"), "2026Q3"},
		{"department", tabular.Text, meaning("部门编号", "department id"), "D003"},
		{"employee_no", tabular.Text, meaning("工号；空为部门", "employee number; null: of a department"), "00012"},
		{"name", tabular.Text, meaning("名称", "name"), "王磊"},
		{"days", tabular.Integer, meaning("计分天数（按份额）", "days with a score, weighted by shares"), "92"},
		{"score", tabular.Decimal, meaning("得分", "score"), "86.4"},
		{"band", tabular.Text, meaning("等级", "rating band"), "B"},
		{"rank", tabular.Integer, meaning("名次，1 为最好；空为不排名", "rank, 1 is best; null: not ranked"), "4"},
		{"rank_of", tabular.Integer, meaning("同一排名中的人数", "how many are ranked in the same list"), "18"},
		{"before", tabular.Decimal, meaning("上一期得分，按当时制度", "score of the period before, by the policy of then"), "81.2"},
		{"status", tabular.Text, meaning("final 已定、provisional 暂定（上级评分未到）、no_score 无得分", "final, provisional (the superior's points are not in), no_score"), "final"},
		{"penalties", tabular.Decimal, meaning("扣分合计", "points taken off in all"), "2"},
		{"earned_band", tabular.Text, meaning("按得分的等级，未计上限与强制分布", "band by the score alone, before limits and forced distribution"), "B"},
		{"band_limit", tabular.Text, meaning("扣分或条件规定的等级上限；空为没有", "the best band that penalties and limits leave; null: none is in force"), "C"},
		{"forced", tabular.Text, meaning("等级是否因强制分布而不同", "whether the forced distribution changed the band"), "false"},
	}
)

// evidenceColumns are those of the rows behind a KPI of a dataset.
func evidenceColumns(d *policy.Dataset) []column {
	list := []column{
		{"counted", tabular.Text, meaning("numerator 计入分子、denominator 仅分母、left_out 未计入、missing 应有而缺", "numerator, denominator (counts there only), left_out, missing (due and not there)"), "numerator"},
		{"reason", tabular.Text, meaning("未计入的原因", "why it was left out"), ""},
		{"department", tabular.Text, meaning("归属人当日的部门", "the owner's department on the day"), "D003"},
		{"share", tabular.Decimal, meaning("计入份额", "how much of the record counts"), "1"},
	}
	if d != nil {
		for _, c := range d.Columns {
			list = append(list, column{name: c.ID, kind: kindOf(c.Type), means: c.Name})
		}
	}
	return append(list, column{"file", tabular.Text, meaning("来自的文件，或账本中的决定", "the file, or the decision of the ledger, that brought it"), "opportunities.csv"},
		column{"row", tabular.Integer, meaning("文件中的行号", "row of the file"), "17"})
}

// apiKPI gives values.
func (q *request) apiKPI(in *kpiAsked) error {
	of, s, err := q.sheetOf()
	if err != nil {
		return err
	}
	by, err := wantedOf(in.By, "by", []string{"company", "department", "employee", "month"})
	if err != nil {
		return err
	}
	if err := q.namedHere(of, in.Department, in.Employee, access.Department, access.Person); err != nil {
		return err
	}
	kpis := map[string]bool{}
	for id := range strings.SplitSeq(in.KPI, ",") {
		if id = strings.TrimSpace(id); id == "" {
			continue
		}
		if s.Policy.KPI(id) == nil {
			return errNotFound
		}
		kpis[id] = true
	}
	lines, err := q.valueLines(s, by["month"])
	if err != nil {
		return err
	}
	lines = slices.DeleteFunc(slices.Clone(lines), func(l line) bool {
		level := "company"
		switch {
		case l.cells[2] != "":
			level = "employee"
		case l.cells[1] != "":
			level = "department"
		}
		asked := kpis[l.cells[3]] || len(kpis) == 0 && s.Policy.KPI(l.cells[3]).Listed
		return !by[level] || !asked || in.Department != "" && l.cells[1] != in.Department || in.Employee != "" && l.cells[2] != in.Employee
	})
	return q.answer(&list{"kpi-" + of.String(), kpiColumns, q.allowed(lines), basisOf(s), q.company.Moved()}, in.Tabling)
}

// sheetOf reads the period of the path and gives its figures.
func (q *request) sheetOf() (period.Period, *sheet, error) {
	of, err := q.period()
	if err != nil {
		return of, nil, err
	}
	s, err := q.figures.of(q.ctx(), of)
	return of, s, err
}

// namedHere makes sure that a department and a person that a caller names are there, and his business: else there are none such.
func (q *request) namedHere(of period.Period, departmentID, employee string, ofDepartment, ofPerson access.Action) error {
	if employee != "" {
		if _, ok := q.seat.staff.Person(employee); !ok || !q.may(ofPerson, access.Subject{Employee: employee, Department: departmentID, Period: of}) {
			return errNotFound
		}
	}
	if departmentID == "" {
		return nil
	}
	if _, ok := q.seat.staff.Department(departmentID); !ok || employee == "" && !q.may(ofDepartment, access.Subject{Department: departmentID, Period: of}) {
		return errNotFound
	}
	return nil
}

// valueLines gives the values of all levels and KPIs, once for each state of the books.
func (q *request) valueLines(s *sheet, months bool) ([]line, error) {
	key := "values"
	if months {
		key = "values by month"
	}
	if kept, ok := s.drawn.Load(key); ok {
		return kept.([]line), nil
	}
	ask := s.question
	ask.AsOf = min(ask.AsOf, s.LedgerSeq) // as the sheet has it, though the books may move meanwhile
	rows, err := metrics.Values(q.ctx(), q.company.Books, ask, s.Policy.KPIs, metrics.Levels{Company: true, Department: true, Employee: true, Month: months})
	if err != nil {
		return nil, err
	}
	lines := make([]line, 0, len(rows))
	for _, r := range rows {
		l := line{cells: valueCells(r), action: access.Company, about: access.Subject{Department: r.Department, Employee: r.Employee, Period: r.Period}}
		switch {
		case r.Employee != "":
			l.action = access.Person
		case r.Department != "":
			l.action = access.Department
		}
		lines = append(lines, l)
	}
	s.drawn.Store(key, lines)
	return lines, nil
}

// valueCells writes a value as tables for machines have it.
func valueCells(r metrics.Row) []string {
	n := r.N.String()
	if r.Status == metrics.Withheld {
		n = "" // how few answered is not said either
	}
	value, attainment, num, den, low, high := "", "", "", "", "", ""
	if v, ok := r.Exact(); ok {
		value, num = fixed.Text(v, decimals), r.Ratio.Num.String()
		if r.KPI.Divides() {
			den = r.Ratio.Den.String()
		}
	}
	if v, ok := r.Attainment(); ok {
		attainment = fixed.Text(v, decimals)
	}
	if r.HasInterval {
		low, high = floatText(r.Low), floatText(r.High)
	}
	target := ""
	if r.Target != nil {
		target = r.Target.String()
	}
	return []string{r.Period.String(), r.Department, r.Employee, r.KPI.ID, value, num, den, n, low, high, target, attainment, string(r.Status)}
}

func floatText(f float64) string {
	r := new(big.Rat)
	r.SetFloat64(f)
	return fixed.Text(r, decimals)
}

// pointsText writes points, "" for none.
func pointsText(n *fixed.Num) string {
	if n == nil {
		return ""
	}
	return n.Text(2)
}

func bandID(b *policy.Band) string {
	if b == nil {
		return ""
	}
	return b.ID
}

// apiScores gives scores.
func (q *request) apiScores(in *scoresAsked) error {
	of, s, err := q.sheetOf()
	if err != nil {
		return err
	}
	by, err := wantedOf(in.By, "by", []string{"department", "employee"})
	if err != nil {
		return err
	}
	if err := q.namedHere(of, in.Department, in.Employee, access.Department, access.Person); err != nil {
		return err
	}
	var lines []line
	if by["department"] && in.Employee == "" {
		lines = q.allowed(q.departmentScores(s))
	}
	if by["employee"] {
		lines = append(lines, q.personScores(s)...)
	}
	lines = slices.DeleteFunc(lines, func(l line) bool {
		return in.Department != "" && l.cells[1] != in.Department || in.Employee != "" && l.cells[2] != in.Employee
	})
	return q.answer(&list{"scores-" + of.String(), scoreColumns, lines, basisOf(s), q.company.Moved()}, in.Tabling)
}

func (q *request) departmentScores(s *sheet) (lines []line) {
	for i := range s.Departments {
		d := &s.Departments[i]
		x, penalties, earned := &d.Score, "", ""
		if x.Total != nil {
			earned = bandID(s.Policy.BandFor(*x.Total))
		}
		if len(x.Penalties) > 0 {
			var sum fixed.Num
			for _, p := range x.Penalties {
				sum += p.Points
			}
			penalties = sum.Text(2)
		}
		lines = append(lines, line{action: access.Department, about: access.Subject{Department: d.Department.ID, Period: s.Period},
			cells: []string{s.Period.String(), d.Department.ID, "", d.Department.Name.In(q.lang), "", pointsText(x.Total), bandID(x.Band), "", "", "", string(x.Status), penalties, earned, bandID(x.BandLimited), ""}})
	}
	return lines
}

// personScores gives the scores of those whose stays the viewer may see all of: a part of them would not explain the score.
func (q *request) personScores(s *sheet) (lines []line) {
	for i := range s.Scores {
		x := &s.Scores[i]
		var days fixed.Num
		penalties, seen := "", true
		for _, at := range x.Lines {
			l := &s.People[at]
			days += l.Weight
			if len(l.Score.Penalties) > 0 {
				penalties = x.PenaltyPoints.Text(2)
			}
			seen = seen && q.may(access.Person, access.Subject{Employee: x.Person.No, Department: l.Department, Period: s.Period})
		}
		if !seen {
			continue
		}
		rank, of, forced := "", "", ""
		if x.Rank > 0 {
			rank, of = strconv.Itoa(x.Rank), strconv.Itoa(x.RankOf)
		}
		if x.Distribution != nil {
			forced = strconv.FormatBool(x.Forced)
		}
		lines = append(lines, line{action: access.Person, about: access.Subject{Employee: x.Person.No, Department: x.Department, Period: s.Period},
			cells: []string{s.Period.String(), x.Department, x.Person.No, x.Person.Name.In(q.lang), days.Text(0), pointsText(x.Total), bandID(x.Band), rank, of, pointsText(x.Before), string(x.Status), penalties,
				bandID(x.Earned), bandID(x.BandLimited), forced}})
	}
	return lines
}

// apiEvidence gives the rows behind a value, under the rules of the pages that show them.
func (q *request) apiEvidence(in *evidenceAsked) error {
	of, s, err := q.sheetOf()
	if err != nil {
		return err
	}
	k := s.Policy.KPI(in.KPI)
	if k == nil || k.IsRatio() || k.Anonymous || k.Dataset == nil {
		return errNotFound
	}
	if in.Employee == "" && in.Department == "" && !access.Everybody(q.viewer, access.Rows) {
		if in.Employee = q.viewer.Employee; in.Employee == "" {
			return errNotFound
		}
	}
	if err := q.namedHere(of, in.Department, in.Employee, access.Rows, access.Evidence); err != nil {
		return err
	}
	action := access.Rows
	if in.Employee != "" {
		action = access.Evidence
	}
	if err := q.noteAs(action, access.Subject{Employee: in.Employee, Department: in.Department, Period: of}); err != nil {
		return err
	}
	rows, err := metrics.Evidence(q.ctx(), q.company.Books, s.Policy, metrics.EvidenceQuestion{KPI: k, Period: of, Department: in.Department, Employee: in.Employee, AsOf: s.LedgerSeq, ReportDay: s.Day, Asked: q.company.Today(s.Policy)})
	if err != nil {
		return err
	}
	if !access.Everybody(q.viewer, action) {
		rows = slices.DeleteFunc(rows, func(r metrics.EvidenceRow) bool { return !q.seesRow(r, in.Employee, of) })
	}
	origins, err := ingest.ReadOrigins(q.ctx(), q.company.Books)
	if err != nil {
		return err
	}
	l := &list{name: k.ID + "-" + of.String(), columns: evidenceColumns(k.Dataset), basis: basisOf(s), moved: q.company.Moved()}
	for _, r := range rows {
		l.lines = append(l.lines, line{cells: q.evidenceText(k.Dataset, r, origins)})
	}
	return q.answer(l, in.Tabling)
}

// seesRow reports whether a row is the business of somebody who does not see everybody's: his own, or of a day on which he led the owner.
func (q *request) seesRow(r metrics.EvidenceRow, asked string, of period.Period) bool {
	owner := r.Employee
	if asked != "" {
		owner = asked
	}
	return owner == "" || owner == q.viewer.Employee || q.seat.sees(metrics.Member{Employee: owner, Department: r.Department}, of, r.Day)
}

func (q *request) evidenceText(d *policy.Dataset, r metrics.EvidenceRow, origins *ingest.Origins) []string {
	share := ""
	if r.Department != "" {
		share = r.Share.String()
	}
	cells := append([]string{string(r.Counted), r.Reason.In(q.lang), r.Department, share}, r.Cells...)
	for len(cells) < len(d.Columns)+4 {
		cells = append(cells, "")
	}
	switch {
	case r.Counted == metrics.Missing:
		return append(cells, "", "")
	case d.Recorded != "":
		return append(cells, company.Decision(r.Seq).In(q.lang), "")
	}
	f, n := origins.Of(d.ID, r.Seq, r.Row)
	return append(cells, company.FileName(f), strconv.FormatInt(n, 10))
}

// apiPack gives the figures of the pack as tables, and where their details are.
func (q *request) apiPack(in *packAsked) error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return err
	}
	values, err := q.valueLines(s, false)
	if err != nil {
		return err
	}
	values = slices.DeleteFunc(slices.Clone(values), func(l line) bool { return l.cells[2] != "" || !s.Policy.KPI(l.cells[3]).Listed })
	tables := map[string]any{}
	for _, t := range []list{{name: "kpi", columns: kpiColumns, lines: q.allowed(values)}, {name: "scores", columns: scoreColumns, lines: q.allowed(q.departmentScores(s))}} {
		if tables[t.name], err = itemsOf(t.columns, t.lines); err != nil {
			return err
		}
	}
	if q.unchanged(in.Match) {
		return nil
	}
	return q.reply(http.StatusOK, map[string]any{"basis": basisOf(s), "tables": tables,
		"links": map[string]string{"kpi": apiLink("/kpi/"+of.String(), nil), "scores": apiLink("/scores/"+of.String(), nil), "quarter": apiLink("/quarters/"+of.String(), nil), "rewards": apiLink("/rewards/"+of.String(), nil)}})
}
