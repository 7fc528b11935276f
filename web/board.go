package web

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"plumbline/access"
	"plumbline/charts"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

func (s *Server) boardRoutes() []route {
	return []route{
		{pattern: "GET /departments", action: access.Department, about: nobody, handle: (*request).departments},
		{pattern: "GET /departments/{department}", action: access.Department, about: departmentNow, handle: (*request).departmentLatest},
		{pattern: "GET /departments/{department}/{period}", action: access.Department, about: department, handle: (*request).departmentBoard},
		{pattern: "GET /departments/{department}/{period}/charts/{chart}", action: access.Department, about: department, handle: (*request).departmentChart},
		{pattern: "GET /departments/{department}/{period}/evidence/{kpi}", action: access.Rows, about: department, handle: (*request).departmentRows, trail: true},
		{pattern: "GET /departments/{department}/{period}/people", action: access.People, about: department, handle: (*request).departmentPeople, trail: true},
		{pattern: "GET /company", action: access.Company, about: nobody, handle: (*request).companyLatest},
		{pattern: "GET /company/{period}", action: access.Company, about: ofPeriod, handle: (*request).companyBoard},
		{pattern: "GET /company/{period}/charts/{chart}", action: access.Company, about: ofPeriod, handle: (*request).companyChart},
	}
}

// boardPage is the board of the company or of a department.
type boardPage struct {
	frame
	Above    []menuItem // the way up
	Below    table      // the departments below
	Lead     string
	Tiles    tiles
	People   *table
	Missing  []task
	Pictures template.HTML
	Quality  []string
	Links    []task
}

type departmentsPage struct {
	frame
	Table table
}

// departments lists those that the viewer may see.
func (q *request) departments() error {
	of, err := q.latest(period.Quarter)
	if err != nil {
		return err
	}
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return err
	}
	p := &departmentsPage{frame: q.frame(q.say("部门", "Departments"))}
	p.Foot = q.basis(s)
	p.Table = q.departmentTable(s, func(d metrics.Department) bool {
		return q.may(access.Department, access.Subject{Department: d.ID, Period: of})
	})
	p.Table.Caption = q.periodText(of)
	return q.render("departments", p)
}

// departmentTable lists departments with the KPIs that their scorecards judge them by, and their scores.
func (q *request) departmentTable(s *sheet, shown func(metrics.Department) bool) table {
	t := table{Head: []head{words(q.say("部门", "Department")), numbers(q.say("人数", "People"))}, Empty: q.say("没有您可以查看的部门。", "There is no department for you to see.")}
	var list []*metrics.DepartmentLine
	judged := map[*policy.KPI]bool{}
	for i := range s.Departments {
		if d := &s.Departments[i]; shown(d.Department) {
			list = append(list, d)
			for _, x := range d.Score.Items {
				judged[x.Item.KPI] = true
			}
		}
	}
	var kpis []int
	for i, k := range s.KPIs {
		if judged[k] {
			kpis = append(kpis, i)
			t.Head = append(t.Head, numbers(charts.Name(k.Name).In(q.lang)))
		}
	}
	t.Head = append(t.Head, numbers(q.say("得分", "Score")), words(q.say("等级", "Band")))
	for _, d := range list {
		cells := []cell{link(d.Department.Name.In(q.lang), "/departments/"+d.Department.ID+"/"+s.Period.String()), text(fmt.Sprint(d.Headcount))}
		for _, i := range kpis {
			c := q.valueCell(d.Values[i], "")
			c.Class = verdict(d.Values[i])
			cells = append(cells, c)
		}
		t.add(append(cells, text(points(d.Score.Total)), text(q.band(d.Score.Band)))...)
	}
	return t
}

// departmentNow is the department of the path, in the latest quarter.
func departmentNow(q *request) (access.Subject, error) {
	id := q.r.PathValue("department")
	if _, ok := q.seat.staff.Department(id); !ok {
		return access.Subject{}, errNotFound
	}
	of, err := q.latest(period.Quarter)
	return access.Subject{Department: id, Period: of}, err
}

// departmentLatest leads to the latest quarter of a department.
func (q *request) departmentLatest() error {
	of, err := q.latest(period.Quarter)
	if err != nil {
		return err
	}
	return q.see("/departments/"+q.r.PathValue("department")+"/"+of.String(), "")
}

// departmentOf reads the department and the period of the path.
func (q *request) departmentOf() (*sheet, *metrics.DepartmentLine, error) {
	of, err := q.period()
	if err != nil {
		return nil, nil, err
	}
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return nil, nil, err
	}
	d := s.department(q.r.PathValue("department"))
	if d == nil {
		return nil, nil, errNotFound
	}
	return s, d, nil
}

// departmentBoard shows a department: figures, charts, people and who is missing.
func (q *request) departmentBoard() error {
	s, d, err := q.departmentOf()
	if err != nil {
		return err
	}
	id, base := d.Department.ID, "/departments/"+d.Department.ID+"/"+s.Period.String()
	p := &boardPage{frame: q.frame(d.Department.Name.In(q.lang))}
	p.Switch = q.periods(s.Period, "/departments/"+id+"/%s", q.choices(s.Period))
	p.Foot = q.basis(s)
	p.Above = q.wayUp(s, d.Department)
	mayRows := q.may(access.Rows, access.Subject{Department: id, Period: s.Period})
	p.Tiles = q.itemTiles(*d, func(k *policy.KPI) string {
		if !mayRows || k.IsRatio() || k.Anonymous {
			return ""
		}
		return base + "/evidence/" + k.ID
	})
	if d.Score.Total != nil {
		p.Lead = fmt.Sprintf(q.say("部门得分 %s，等级 %s，在册 %d 人。", "Score %s, band %s, %d people."), points(d.Score.Total), q.band(d.Score.Band), d.Headcount)
	}
	p.Below = q.departmentTable(s, func(x metrics.Department) bool { return x.ParentID == id })
	p.Below.Empty = ""
	p.Pictures, err = q.picturesOf(s, "department "+id, base, func() []charts.Chart { return charts.ForDepartment(s.Report, *d) })
	if err != nil {
		return err
	}
	if p.Pictures != "" {
		p.Library = q.assets.path("echarts.js")
	}
	if q.may(access.People, access.Subject{Department: id, Period: s.Period}) {
		if err := q.boardPeople(p, s, id); err != nil {
			return err
		}
		p.Downloads = []download{{base + "/people?format=csv", q.say("下载人员表（CSV）", "Download the people (CSV)")}}
	}
	return q.render("board", p)
}

// itemTiles shows the items of a department's scorecard.
func (q *request) itemTiles(d metrics.DepartmentLine, href func(*policy.KPI) string) (list tiles) {
	for _, i := range d.Score.Items {
		list = append(list, q.tileOf(i.Value, href(i.Item.KPI)))
	}
	return list
}

// wayUp are the departments above one that the viewer may see, the highest first.
func (q *request) wayUp(s *sheet, d metrics.Department) (list []menuItem) {
	if access.Everybody(q.viewer, access.Company) {
		list = append(list, menuItem{Href: "/company/" + s.Period.String(), Text: s.Policy.Company.Name.In(q.lang)})
	}
	var up []menuItem
	for d.ParentID != "" {
		above := s.department(d.ParentID)
		if above == nil {
			break
		}
		d = above.Department
		if q.may(access.Department, access.Subject{Department: d.ID, Period: s.Period}) {
			up = append(up, menuItem{Href: "/departments/" + d.ID + "/" + s.Period.String(), Text: d.Name.In(q.lang)})
		}
	}
	slices.Reverse(up)
	return append(list, up...)
}

// within gives a department with those below it.
func (s *sheet) within(id string) map[string]bool { return charts.Within(s.Report, id) }

// peopleWithin gives the indexes of the people of a department and those below it, in the order of the figures.
func (s *sheet) peopleWithin(id string) (list []int) {
	if kept, ok := s.inside.Load(id); ok {
		return kept.([]int)
	}
	inside := s.within(id)
	for i := range s.People {
		if inside[s.People[i].Department] {
			list = append(list, i)
		}
	}
	s.inside.Store(id, list)
	return list
}

// peopleTable lists the people of a department and those below it with their figures. A person whom the viewer may not see there is left out, and so is he himself
// where he stands among those he judges.
func (q *request) peopleTable(s *sheet, id string) table {
	t := table{Caption: fmt.Sprintf(q.say("人员，%s", "People, %s"), q.periodText(s.Period)), Empty: q.say("这段时间没有人员。", "There are no people in this time."),
		Head: []head{words(q.say("姓名", "Name")), words(q.say("工号", "Number")), words(q.say("部门", "Department")), numbers(q.say("天数", "Days")), numbers(q.say("指标部分", "KPI part")), numbers(q.say("上级评分", "Superior")), numbers(q.say("总分", "Total")), words(q.say("等级", "Band")), numbers(q.say("上期", "Before"))}}
	var written []string
	if !q.wantsCSV() {
		written = q.writtenPeople(s, t.Head)
	}
	for _, i := range s.peopleWithin(id) {
		l := &s.People[i]
		if !q.may(access.Person, access.Subject{Employee: l.Person.No, Department: l.Department, Period: s.Period}) {
			continue
		}
		if written != nil {
			t.Rows = append(t.Rows, tableRow{written: written[i]})
		} else {
			t.add(q.personCells(s, l)...)
		}
	}
	return t
}

// writtenPeople gives the line of each person of the figures as HTML, written once in each language: what hangs on the viewer is which of them he sees.
func (q *request) writtenPeople(s *sheet, columns []head) []string {
	if kept, ok := s.written.Load(q.lang); ok {
		return kept.([]string)
	}
	rows := make([]string, len(s.People))
	for i := range s.People {
		t := table{Head: columns}
		t.add(q.personCells(s, &s.People[i])...)
		var b strings.Builder
		t.Rows[0].write(&b)
		rows[i] = b.String()
	}
	s.written.Store(q.lang, rows)
	return rows
}

// personCells is the line of a person in a table of people. It hangs on nothing but the figures and the language.
func (q *request) personCells(s *sheet, l *metrics.PersonLine) []cell {
	d := s.department(l.Department)
	return []cell{link(l.Person.Name.In(q.lang), "/people/"+l.Person.No+"/"+s.Period.String()), text(l.Person.No), text(d.Department.Name.In(q.lang)), text(fmt.Sprint(l.Days)),
		text(points(l.Score.KPIPoints)), text(points(l.Score.Superior)), text(points(l.Score.Total)), text(q.band(l.Score.Band)), text(points(l.Before))}
}

// boardPeople adds the people, and who has not handed his self-review in.
func (q *request) boardPeople(p *boardPage, s *sheet, id string) error {
	t := q.peopleTable(s, id)
	p.People = &t
	inside := s.within(id)
	for _, m := range s.Period.Months() {
		err := q.rounds.Read(q.ctx(), m, func(r *reviews.Round, _ int64) error {
			if r.Opened == nil || r.Sealed != nil {
				return nil
			}
			missing := 0
			first := ""
			for _, x := range q.seat.placedIn(m) {
				if !inside[x.Department] || !q.may(access.SelfRead, access.Subject{Employee: x.Employee, Department: x.Department, Period: m}) {
					continue
				}
				if y := r.SelfReviews[x.Employee]; y == nil || y.State != reviews.Submitted {
					if missing++; missing <= 5 {
						if first != "" {
							first += q.say("、", ", ")
						}
						first += q.personName(x.Employee)
					}
				}
			}
			if missing > 0 {
				if missing > 5 {
					first += q.say(" 等", " and others")
				}
				say, late := q.due(r.Due)
				t := task{Href: "/departments/" + id + "/" + m.String(), Text: fmt.Sprintf(q.say("%s自评还缺 %d 人：%s", "%s: %d self-reviews are missing: %s"), q.periodText(m), missing, first), Say: say}
				if late {
					t.Class = "late"
				}
				p.Missing = append(p.Missing, t)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (q *request) departmentChart() error {
	s, d, err := q.departmentOf()
	if err != nil {
		return err
	}
	return q.drawing(s.set("department "+d.Department.ID, func() []charts.Chart { return charts.ForDepartment(s.Report, *d) }))
}

// departmentPeople is the table of people as a page and as a file.
func (q *request) departmentPeople() error {
	s, d, err := q.departmentOf()
	if err != nil {
		return err
	}
	t := q.peopleTable(s, d.Department.ID)
	if q.wantsCSV() {
		return q.download(&t, fmt.Sprintf(q.say("%s-%s-人员", "%s-%s-people"), d.Department.Name.In(q.lang), s.Period))
	}
	p := &departmentsPage{frame: q.frame(fmt.Sprintf(q.say("%s：人员", "%s: people"), d.Department.Name.In(q.lang))), Table: t}
	p.Foot = q.basis(s)
	p.Switch = q.periods(s.Period, "/departments/"+d.Department.ID+"/%s/people", q.choices(s.Period))
	p.Downloads = []download{{q.r.URL.Path + "?format=csv", q.say("下载表格（CSV）", "Download (CSV)")}}
	return q.render("departments", p)
}

// departmentRows lists the rows behind a figure of a department, as far as the viewer leads their owners on their days.
func (q *request) departmentRows() error {
	s, d, err := q.departmentOf()
	if err != nil {
		return err
	}
	k := s.Policy.KPI(q.r.PathValue("kpi"))
	if k == nil || k.IsRatio() || k.Anonymous || k.Dataset == nil {
		return errNotFound
	}
	rows, err := metrics.Evidence(q.ctx(), q.company.Books, s.Policy, metrics.EvidenceQuestion{KPI: k, Period: s.Period, Department: d.Department.ID, AsOf: s.LedgerSeq, ReportDay: s.Day, Asked: q.company.Today(s.Policy)})
	if err != nil {
		return err
	}
	if !access.Everybody(q.viewer, access.Rows) {
		rows = slices.DeleteFunc(rows, func(r metrics.EvidenceRow) bool {
			return r.Employee != "" && r.Employee != q.viewer.Employee && !q.seat.sees(metrics.Member{Employee: r.Employee, Department: r.Department}, s.Period, r.Day)
		})
	}
	return q.evidence(s, k, rows, task{Href: "/departments/" + d.Department.ID + "/" + s.Period.String(), Text: q.say("返回", "Back")})
}

func (q *request) companyLatest() error {
	of, err := q.latest(period.Quarter)
	if err != nil {
		return err
	}
	return q.see("/company/"+of.String(), "")
}

// companyBoard shows the company and how its departments compare.
func (q *request) companyBoard() error {
	of, err := q.period()
	if err != nil {
		return err
	}
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return err
	}
	return q.renderOnce(&s.contents, "company", "board", func() (page, error) { return q.companyContent(s) })
}

func (q *request) companyContent(s *sheet) (page, error) {
	of := s.Period
	p := &boardPage{frame: q.frame(s.Policy.Company.Name.In(q.lang))}
	p.Switch = q.periods(of, "/company/%s", q.choices(of))
	p.Foot = q.basis(s)
	p.Tiles = q.lineTiles(s, s.Company, func(string) string { return "" })
	p.Below = q.departmentTable(s, func(metrics.Department) bool { return true })
	p.Below.Caption = q.say("各部门", "Departments")
	var err error
	p.Pictures, err = q.picturesOf(s, "company", "/company/"+of.String(), func() []charts.Chart { return charts.ForCompany(s.Report) })
	if p.Pictures != "" {
		p.Library = q.assets.path("echarts.js")
	}
	return p, err
}

func (q *request) companyChart() error {
	of, err := q.period()
	if err != nil {
		return err
	}
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return err
	}
	return q.drawing(s.set("company", func() []charts.Chart { return charts.ForCompany(s.Report) }))
}
