package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/company"
	"plumbline/internal/period"
	"plumbline/policy"
	"plumbline/reports"
)

func (s *Server) exportRoutes() []route {
	return []route{
		{pattern: "POST /workbooks/{period}", action: access.Workbook, about: ofPeriod, handle: (*request).workbook, long: true, trail: true},
		{pattern: "GET /reports", action: access.Rows, about: nobody, handle: (*request).periodicForm},
		{pattern: "POST /reports", action: access.Rows, about: nobody, handle: (*request).periodicNow, long: true, trail: true},
	}
}

// quarterExports offers the workbook and the periodic reports on the page of a quarter.
func (q *request) quarterExports(p *quarterPage, of period.Period) {
	if q.may(access.Workbook, access.Subject{Period: of}) {
		a := q.confirmed("/workbooks/"+of.String(), "人事工作簿", "HR workbook", "每个人的指标、得分、评估与奖惩，逐格可核对。内含薪酬数据，建议设打开密码。",
			"Everybody's KPIs, scores, evaluations and rewards, checkable cell by cell. It holds pay data; better give it a password.", q.langField(), q.passwordField())
		a.Button = q.say("下载", "Download")
		p.Exports = append(p.Exports, a)
	}
	p.Links = append(p.Links, task{Href: "/reports?period=" + of.String(), Text: q.say("周报、月报、季报", "Weekly, monthly and quarterly reports")})
	if q.may(access.Surveys, access.Subject{Period: of}) {
		p.Links = append(p.Links, task{Href: "/surveys/" + of.String(), Text: q.say("匿名问卷", "Anonymous surveys")})
	}
}

// langField lets the language of a file be picked; it is the viewer's otherwise.
func (q *request) langField() field {
	return field{Name: "lang", Label: q.say("语言", "Language"), Kind: "select", Value: string(q.lang), Choices: []menuItem{{Href: string(policy.ZH), Text: "中文"}, {Href: string(policy.EN), Text: "English"}}}
}

// langOfForm is the language that a form asks for.
func (q *request) langOfForm() policy.Lang {
	switch l := policy.Lang(q.r.PostFormValue("lang")); l {
	case policy.ZH, policy.EN:
		return l
	}
	return q.lang
}

// workbook answers with the HR workbook of a period.
func (q *request) workbook() error {
	of, err := q.period()
	if err != nil {
		return err
	}
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return err
	}
	d, _, err := q.company.Workbook(q.ctx(), s.Report, s.question, company.Auto)
	if err != nil {
		return err
	}
	return q.written(q.r.PostFormValue("password"), func(to reports.Folder) (string, error) {
		path, _, err := reports.WriteWorkbook(q.ctx(), to, d, q.langOfForm())
		return path, err
	})
}

type periodicPage struct {
	frame
	Form act
}

func (q *request) periodicForm() error {
	asked := q.r.URL.Query().Get("period")
	if asked == "" {
		asked = period.MonthOf(q.today()).Before().String()
	}
	return q.periodicPage(asked, q.r.URL.Query().Get("department"), nil)
}

// periodicPage asks which report is wanted: of the departments that the viewer may see rows of.
func (q *request) periodicPage(asked, department string, f *fault) error {
	p := &periodicPage{frame: q.frame(q.say("周报、月报、季报", "Periodic reports"))}
	p.Fault = f
	pick := field{Name: "department", Label: q.say("部门（含下级）", "Department, with those below it"), Kind: "select", Value: department}
	if access.Everybody(q.viewer, access.Rows) {
		pick.Choices = append(pick.Choices, menuItem{Text: q.say("全公司", "The company")})
	}
	quarter := q.quarters(quartersBack)
	for _, d := range q.seat.staff.Departments() {
		if slices.ContainsFunc(quarter, func(of period.Period) bool {
			return q.may(access.Rows, access.Subject{Department: d.ID, Period: of})
		}) {
			pick.Choices = append(pick.Choices, menuItem{Href: d.ID, Text: d.Name.In(q.lang)})
		}
	}
	p.Form = act{Href: "/reports", Button: q.say("下载", "Download"), Explain: q.say("指标、工时、逾期、节点、决议、培训，留有填写处的 Excel 文件。", "An Excel file with KPIs, hours, late deliveries, milestones, resolutions, trainings, and places to write."),
		Fields: []field{{Name: "period", Label: q.say("期间", "Period"), Value: asked, Required: true, Say: q.say("如 2026-W30（周）、2026-07（月）、2026Q3（季）、2026（年）", "such as 2026-W30 (week), 2026-07 (month), 2026Q3 (quarter), 2026 (year)")}, pick, q.langField(), q.passwordField()}}
	if f != nil {
		return q.renderStatus(f.Status, "periodic", p)
	}
	return q.render("periodic", p)
}

// spanAsked reads a period or a week. of is the week's last month.
func spanAsked(text string) (of period.Period, week *period.Week, from, to time.Time, err error) {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "W") {
		w, err := period.ParseWeek(text)
		return period.MonthOf(w.LastDay()), &w, w.Start(), w.LastDay(), err
	}
	of, err = period.Parse(text)
	if err != nil {
		return of, nil, from, to, err
	}
	return of, nil, of.Start(), of.LastDay(), nil
}

// throughout reports whether the viewer, or somebody whose deputy he is, led a department on every day: a file names owners of records, and those of days on which
// he led nobody there are none of his business.
func (q *request) throughout(department string, from, to time.Time) bool {
	if access.Everybody(q.viewer, access.Rows) {
		return true
	}
	for day := from; !day.After(to) && !day.After(q.today()); day = day.AddDate(0, 0, 1) {
		chain := q.seat.staff.Chain(department, day, "")
		if !slices.ContainsFunc(q.seat.heads, func(h string) bool { return slices.Contains(chain, h) }) {
			return false
		}
	}
	return true
}

// periodicNow answers with the report of a period or week.
func (q *request) periodicNow() error {
	asked, department := q.r.PostFormValue("period"), q.r.PostFormValue("department")
	of, week, from, to, err := spanAsked(asked)
	if err != nil {
		f := q.faultOf(refused("期间写得不对。", "That is no period.", "请写作 2026-W30、2026-07、2026Q3 或 2026。", "Write it like 2026-W30, 2026-07, 2026Q3 or 2026."))
		return q.periodicPage(asked, department, &f)
	}
	if department == "" && !access.Everybody(q.viewer, access.Rows) || department != "" && !q.may(access.Rows, access.Subject{Department: department, Period: of}) {
		return errNotFound
	}
	if department != "" && !q.throughout(department, from, to) {
		f := q.faultOf(refused("您并非在这段时间的每一天都负责该部门，不能下载整份报告。", "You did not lead the department on every day of this time, so the whole report is not yours.", "请选您负责期间之内的周或月。", "Choose a week or month within your time."))
		return q.periodicPage(asked, department, &f)
	}
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return err
	}
	if department != "" && s.department(department) == nil {
		return errNotFound
	}
	names, err := q.company.Names(q.ctx(), s.question)
	if err != nil {
		return err
	}
	d, err := q.company.Periodic(q.ctx(), s.Report, s.question, week, department, names)
	if err != nil {
		return err
	}
	return q.written(q.r.PostFormValue("password"), func(to reports.Folder) (string, error) {
		path, _, err := reports.WritePeriodic(q.ctx(), to, d, q.langOfForm())
		return path, err
	})
}

// fileKinds are the kinds of files that are sent.
var fileKinds = map[string]string{
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".pdf": "application/pdf", ".html": "text/html; charset=utf-8",
}

// sendFile answers with a file under its own name.
func (q *request) sendFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("send %s: %w", filepath.Base(path), err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("send %s: %w", filepath.Base(path), err)
	}
	kind := fileKinds[filepath.Ext(path)]
	if kind == "" {
		kind = mime.TypeByExtension(filepath.Ext(path))
	}
	q.attach(kind, filepath.Base(path))
	q.w.Header().Set("Content-Length", fmt.Sprint(info.Size()))
	q.w.WriteHeader(http.StatusOK)
	if q.r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(q.w, f); err != nil && !errors.Is(err, os.ErrClosed) {
		q.log.Info("a download was broken off", "id", q.id, "error", err.Error())
	}
	return nil
}
