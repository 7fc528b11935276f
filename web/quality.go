package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/charts"
	"plumbline/company"
	"plumbline/ingest"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
)

func (s *Server) qualityRoutes() []route {
	return []route{
		{pattern: "GET /quality", action: access.Files, about: nobody, handle: (*request).qualityLatest},
		{pattern: "GET /quality/{period}", action: access.Files, about: ofPeriod, handle: (*request).quality, trail: true},
		{pattern: "GET /quality/{period}/workbook", action: access.Files, about: ofPeriod, handle: (*request).qualityWorkbook, trail: true, long: true},
		{pattern: "GET /quality/{period}/checks/{check}", action: access.Files, about: ofPeriod, handle: (*request).qualityRows, trail: true, long: true},
	}
}

// qualityLatest leads to the latest quarter.
func (q *request) qualityLatest() error {
	of, err := q.latest(period.Quarter)
	if err != nil {
		return err
	}
	return q.see("/quality/"+of.String(), "")
}

// qualityFilter picks findings; "" is any.
type qualityFilter struct {
	department, check string
	warnings, people  bool
}

func (q *request) qualityFilterOf() qualityFilter {
	f := q.r.URL.Query()
	return qualityFilter{f.Get("department"), f.Get("check"), f.Get("warnings") != "", f.Get("people") != ""}
}

func (f qualityFilter) query() string {
	yes := map[bool]string{true: "yes"}
	return query("department", f.department, "check", f.check, "warnings", yes[f.warnings], "people", yes[f.people])
}

// picks gives the findings that a filter asks for: of the company and departments, or of people.
func (f qualityFilter) picks(found *metrics.Quality) (list []metrics.Finding) {
	var under map[string]bool
	if f.department != "" {
		under = found.Under(f.department)
	}
	for _, x := range found.Findings {
		if (f.check == "" || x.Check.ID == f.check) && (!f.warnings || x.Warning) && f.people == (x.Employee != "") && (under == nil || under[x.Department]) {
			list = append(list, x)
		}
	}
	return list
}

// examined asks what the checks say of a period, down to people where they are asked for.
func (q *request) examined(f qualityFilter) (*metrics.Quality, metrics.Question, error) {
	of, err := q.period()
	if err != nil {
		return nil, metrics.Question{}, err
	}
	asked, _, err := q.company.Question(q.ctx(), of, 0)
	if err != nil {
		return nil, asked, err
	}
	found, err := metrics.Examine(q.ctx(), q.company.Books, asked, metrics.Levels{Company: true, Department: true, Employee: f.people})
	return found, asked, err
}

type qualityPage struct {
	dataFrame
	Of                  string
	Departments, Checks []option
	Warnings, People    bool
	Sum                 string
	Table               table
	Left                string
}

// shownFindings is how many findings a page shows; the file has all.
const shownFindings = 1000

// quality shows what the checks say of the data behind a period's figures, by department or by person.
func (q *request) quality() error {
	f := q.qualityFilterOf()
	found, asked, err := q.examined(f)
	if err != nil {
		return err
	}
	if f.check != "" && asked.Version.Policy.QualityCheck(f.check) == nil {
		return errNotFound
	}
	list := f.picks(found)
	t := q.findingTable(found, list)
	if q.wantsCSV() {
		return q.download(&t, fmt.Sprintf(q.say("数据质量 %s", "data quality %s"), asked.Period))
	}
	p := &qualityPage{dataFrame: q.dataFrame(q.say("数据质量", "Data quality"), "/quality"), Of: asked.Period.String(), Warnings: f.warnings, People: f.people}
	p.Switch = q.periods(asked.Period, "/quality/%s?"+strings.ReplaceAll(f.query(), "%", "%%"), q.choices(asked.Period))
	for _, d := range found.Departments {
		p.Departments = append(p.Departments, option{d.ID, strings.Repeat("　", max(d.Depth, 0)) + d.Name.In(q.lang), d.ID == f.department})
	}
	for _, c := range found.Checks {
		p.Checks = append(p.Checks, option{c.ID, c.Name.In(q.lang), c.ID == f.check})
	}
	beyond := 0
	for _, x := range found.Findings {
		if x.Warning && x.Employee == "" {
			beyond++
		}
	}
	p.Sum = fmt.Sprintf(q.say("共 %d 项检查；公司与部门中有 %d 处超出界限。检查只作提示，不改数据，也不影响得分。", "%d checks; %d findings of the company and departments lie beyond their limits. Checks warn: they correct nothing and change no score."), len(found.Checks), beyond)
	if len(t.Rows) > shownFindings {
		p.Left = fmt.Sprintf(q.say("这里显示前 %d 行，共 %d 行；下载表格有全部。", "The first %d of %d rows are shown; the file has all."), shownFindings, len(t.Rows))
		t.Rows = t.Rows[:shownFindings]
	}
	p.Table = t
	base := "/quality/" + asked.Period.String()
	p.Downloads = []download{{base + "?" + f.query() + "&format=csv", q.say("下载表格（CSV）", "Download (CSV)")}, {base + "/workbook?" + f.query(), q.say("工作簿（XLSX）", "Workbook (XLSX)")}}
	p.Foot = []string{fmt.Sprintf(q.say("制度第 %d 版的检查与界限", "checks and limits of policy version %d"), asked.Version.Number)}
	return q.render("quality", p)
}

func (q *request) findingTable(found *metrics.Quality, list []metrics.Finding) table {
	t := table{Caption: q.say("部门含下级部门", "Departments include their sub-departments"),
		Head: []head{words(q.say("部门", "Department")), words(q.say("人员", "Person")), words(q.say("检查", "Check")), words(q.say("提示", "Warning")), numbers(q.say("值", "Value")), numbers(q.say("界限", "Limit")), numbers(q.say("查到", "Found")), numbers(q.say("可判断", "Judged")),
			numbers(q.say("无从判断", "Unjudged")), words(q.say("数了什么", "What was counted"))},
		Empty: q.say("没有符合条件的检查结果；制度的检查写在 company.yaml 的 quality 中。", "No finding matches; the policy's checks stand under quality in company.yaml.")}
	names := map[string]string{"": q.say("全公司", "Company")}
	for _, d := range found.Departments {
		names[d.ID] = d.Name.In(q.lang)
	}
	for _, x := range list {
		warning := cell{}
		if x.Warning {
			warning = cell{Text: q.say("▲ 超出界限", "▲ beyond the limit"), Class: "bad"}
		}
		person := ""
		if x.Employee != "" {
			person = q.personName(x.Employee) + " " + x.Employee
		}
		value, where := q.findingValue(x)
		if where != "" {
			where = "/quality/" + found.Period.String() + "/checks/" + x.Check.ID + "?" + query("department", x.Department, "employee", x.Employee)
		}
		value.Href = where
		foundText := x.Ratio.Num.String()
		if x.Check.Kind == policy.Delay {
			foundText = ""
		}
		t.add(text(cmp.Or(names[x.Department], x.Department)), text(person), cell{Text: x.Check.Name.In(q.lang), Say: q.kind(x.Check.Dataset.ID)}, warning, value, text(q.limitText(x.Check)), text(foundText), text(x.N.String()), text(x.Unjudged.String()), cell{Text: x.Says().In(q.lang), Class: "long"})
	}
	return t
}

// findingValue writes the value of a finding, or why there is none; rows is "" where none stand behind it.
func (q *request) findingValue(x metrics.Finding) (c cell, rows string) {
	v, ok := x.Exact()
	if !ok {
		return cell{Text: "–", Say: q.say("无数据", "no data")}, ""
	}
	c = cell{Text: fixed.Text(v, 1) + " " + q.qualityUnit(x.Check)}
	if x.Status == metrics.Insufficient {
		c.Say = fmt.Sprintf(q.say("样本不足 n=%s", "too few, n=%s"), x.N)
	}
	return c, "rows"
}

func (q *request) qualityUnit(c *policy.QualityCheck) string {
	if c.Kind == policy.Delay {
		return q.say("天", "days")
	}
	return "%"
}

// limitText says what is still good.
func (q *request) limitText(c *policy.QualityCheck) string {
	sign := "≤ "
	switch c.Kind {
	case policy.Coverage:
		sign = "≥ "
	case policy.Multiples:
		return fmt.Sprintf(q.say("公司 + %s", "company + %s"), c.Limit.String()+" %")
	}
	return sign + c.Limit.String() + " " + q.qualityUnit(c)
}

// qualityWorkbook gives the findings as a workbook.
func (q *request) qualityWorkbook() error {
	f := q.qualityFilterOf()
	found, asked, err := q.examined(f)
	if err != nil {
		return err
	}
	names, err := q.company.Names(q.ctx(), asked)
	if err != nil {
		return err
	}
	shown := *found
	shown.Findings = f.picks(found)
	name := fmt.Sprintf(q.say("数据质量 %s.xlsx", "data quality %s.xlsx"), asked.Period)
	return q.sendWritten(name, xlsxKind, func(path string) (string, error) {
		made, _, err := reports.WriteQuality(q.ctx(), reports.Folder{Dir: path + ".d"}, reports.QualityList{Policy: asked.Version.Policy, Quality: &shown, Names: names, Made: asked.Now}, q.lang)
		return made, err
	})
}

type qualityRowsPage struct {
	dataFrame
	Back  menuItem
	Lead  string
	Table table
	More  string
}

// shownRows is how many rows behind a finding a page shows; the file has all.
const shownRows = 500

// qualityRows lists the rows that one check found.
func (q *request) qualityRows() error {
	of, err := q.period()
	if err != nil {
		return err
	}
	asked, _, err := q.company.Question(q.ctx(), of, 0)
	if err != nil {
		return err
	}
	check := asked.Version.Policy.QualityCheck(q.r.PathValue("check"))
	department, employee := q.r.URL.Query().Get("department"), q.r.URL.Query().Get("employee")
	_, knownPerson := q.seat.staff.Person(employee)
	_, knownDepartment := q.seat.staff.Department(department)
	if check == nil || employee != "" && !knownPerson || department != "" && !knownDepartment {
		return errNotFound
	}
	if err := anonymousAnswers(asked.Version.Policy, check.Dataset); err != nil {
		return err
	}
	rows, err := metrics.QualityRows(q.ctx(), q.company.Books, metrics.QualityQuestion{Question: asked, Check: check, Department: department, Employee: employee})
	if err != nil {
		return err
	}
	t, err := q.qualityTable(check, rows)
	if err != nil {
		return err
	}
	if q.wantsCSV() {
		return q.download(&t, fmt.Sprintf("%s %s", check.Name.In(q.lang), of))
	}
	p := &qualityRowsPage{dataFrame: q.dataFrame(check.Name.In(q.lang), "/quality"), Back: menuItem{Href: "/quality/" + of.String(), Text: q.say("数据质量", "Data quality")}}
	p.Lead = q.rowsLead(of, department, employee, len(rows))
	p.Downloads = []download{{q.r.URL.Path + "?" + query("department", department, "employee", employee, "format", "csv"), q.say("下载表格（CSV）", "Download (CSV)")}}
	if len(t.Rows) > shownRows {
		p.More = fmt.Sprintf(q.say("这里显示前 %d 行，共 %d 行；下载表格有全部。", "The first %d of %d rows are shown; the file has all."), shownRows, len(t.Rows))
		t.Rows = t.Rows[:shownRows]
	}
	p.Table = t
	return q.render("qualityrows", p)
}

// anonymousAnswers refuses to list the rows of a dataset that holds anonymous answers.
func anonymousAnswers(p *policy.Policy, d *policy.Dataset) error {
	if slices.ContainsFunc(p.KPIs, func(k *policy.KPI) bool { return k.Anonymous && k.Dataset == d }) {
		return &wrong{http.StatusForbidden, policy.Text{ZH: "匿名答卷不逐条列出。", EN: "Anonymous answers are not listed one by one."}, policy.Text{ZH: "汇总后的数字见看板。", EN: "The boards have the figures over all of them."}}
	}
	return nil
}

func (q *request) rowsLead(of period.Period, department, employee string, n int) string {
	who := []string{q.periodText(of)}
	if d, ok := q.seat.staff.Department(department); ok {
		who = append(who, d.Name.In(q.lang))
	}
	if employee != "" {
		who = append(who, q.personName(employee))
	}
	return strings.Join(who, " · ") + fmt.Sprintf(q.say("：查到 %d 行", ": %d rows found"), n)
}

// qualityTable lists rows with the file that they come from, and where a due day moved the older version beside it.
func (q *request) qualityTable(c *policy.QualityCheck, rows []metrics.QualityRow) (t table, err error) {
	origins, err := ingest.ReadOrigins(q.ctx(), q.company.Books)
	if err != nil {
		return t, err
	}
	t = table{Head: []head{words(q.say("说明", "What was found")), words(q.say("部门", "Department")), words(q.say("人员", "Person")), words(q.say("日期", "Day")), numbers(q.say("计入份额", "Share"))}, Empty: q.say("没有查到任何行。", "No row was found.")}
	moved := c.Kind == policy.DueMoved
	for _, d := range c.Dataset.Columns {
		t.Head = append(t.Head, words(charts.Name(d.Name).In(q.lang)))
	}
	for _, d := range c.Dataset.Columns {
		if moved {
			t.Head = append(t.Head, words(q.say("原", "before: ")+d.Name.In(q.lang)))
		}
	}
	t.Head = append(t.Head, words(q.say("入账时间", "Recorded")), words(q.say("经手", "By")), words(q.say("来自", "From")))
	for _, r := range rows {
		cells := []cell{text(r.Says.In(q.lang)), text(q.departmentName(r.Department)), text(strings.TrimSpace(q.personName(r.Employee) + " " + r.Employee)), text(dateText(r.Day)), text(r.Share.String())}
		for _, list := range [][]string{r.Cells, r.Before} {
			for i := range c.Dataset.Columns {
				if len(cells) < len(t.Head)-3 {
					cells = append(cells, text(nth(list, i)))
				}
			}
		}
		cells = append(cells, text(q.moment(r.At)), text(q.personName(r.Actor)), q.originCell(origins, c.Dataset.ID, r.Seq, r.Row))
		t.add(cells...)
	}
	return t, nil
}

// originCell names the file and the row of a fact.
func (q *request) originCell(origins *ingest.Origins, dataset string, seq, row int64) cell {
	if seq == 0 {
		return cell{}
	}
	f, n := origins.Of(dataset, seq, row)
	if f.SHA256 == "" {
		return text(company.Decision(seq).In(q.lang))
	}
	return cell{Text: company.FileName(f), Href: "/files/" + f.SHA256, Say: fmt.Sprintf(q.say("第 %d 行", "row %d"), n)}
}

func dateText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}
