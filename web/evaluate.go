package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"plumbline/access"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
	"plumbline/reviews"
)

func (s *Server) managerRoutes() []route {
	return []route{
		{pattern: "GET /evaluations", action: access.Evaluate, about: nobody, handle: (*request).evaluationsLatest},
		{pattern: "GET /evaluations/{period}", action: access.Evaluate, about: ofPeriod, handle: (*request).evaluations, trail: true},
		{pattern: "GET /evaluations/{period}/workbook", action: access.Evaluate, about: ofPeriod, handle: (*request).evaluationWorkbook, trail: true, long: true},
		{pattern: "POST /evaluations/{period}/workbook", action: access.Evaluate, about: ofPeriod, handle: (*request).takeWorkbook, long: true, upload: true, papers: true},
		{pattern: "GET /evaluations/{period}/{employee}/{department}", action: access.Evaluate, about: evaluatee, handle: (*request).evaluation, trail: true},
		{pattern: "POST /evaluations/{period}/{employee}/{department}", action: access.Evaluate, about: evaluatee, handle: (*request).evaluationNow},
		{pattern: "POST /evaluations/{period}/{employee}/{department}/return", action: access.Evaluate, about: evaluatee, handle: (*request).returnEvaluation},
		{pattern: "GET /calibrations/{period}/{department}", action: access.Calibrate, about: calibratee, handle: (*request).calibration, trail: true},
		{pattern: "POST /calibrations/{period}/{department}", action: access.Calibrate, about: calibratee, handle: (*request).calibrateNow},
		{pattern: "GET /appeals", action: access.Cases, about: nobody, handle: (*request).appealsLatest},
		{pattern: "GET /appeals/{period}", action: access.Cases, about: ofPeriod, handle: (*request).appeals, trail: true},
		{pattern: "GET /appeals/{period}/{appeal}", action: access.Cases, about: appellant, handle: (*request).appealCase, trail: true},
		{pattern: "POST /appeals/{period}/{appeal}", action: access.Cases, about: appellant, handle: (*request).decideAppeal},
		{pattern: "GET /deputies", action: access.Deputise, about: nobody, handle: (*request).deputies},
		{pattern: "POST /deputies", action: access.Deputise, about: nobody, handle: (*request).nameDeputy},
		{pattern: "POST /deputies/revoke", action: access.Deputise, about: nobody, handle: (*request).revokeDeputy},
	}
}

// judged is a quarter with what those who judge need. It stands only while the rounds are read.
type judged struct {
	*sheet
	round  *reviews.Round
	months []*reviews.Round
	tasks  []reviews.Task
}

// judge lets look see the evaluations of a quarter as they stand.
func (q *request) judge(of period.Period, look func(x *judged) error) error {
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return err
	}
	return q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
		return q.eachMonth(of.Months(), nil, func(months []*reviews.Round) error {
			return look(&judged{s, r, months, reviews.Tasks(r, months, s.Report)})
		})
	})
}

// eachMonth reads the rounds of months, the earliest first.
func (q *request) eachMonth(of []period.Period, got []*reviews.Round, look func(months []*reviews.Round) error) error {
	if len(of) == 0 {
		return look(got)
	}
	return q.rounds.Read(q.ctx(), of[0], func(r *reviews.Round, _ int64) error {
		return q.eachMonth(of[1:], append(got, r), look)
	})
}

// standing says why the evaluations of a department stand; "" while they may change.
func (q *request) standing(r *reviews.Round, department string) string {
	switch {
	case r.Opened == nil:
		return q.say("本季度的评估还没有开放。", "The evaluations of this quarter are not open yet.")
	case r.Sealed != nil:
		return fmt.Sprintf(q.say("本季度已封账（%s），评估不能再改。", "The quarter is sealed (%s); evaluations stand."), r.Sealed.ID())
	case r.Published != nil:
		return fmt.Sprintf(q.say("结果已于 %s 公布，评估不能再改。", "Results were published %s; evaluations stand."), q.moment(r.Published.At))
	case r.Closed[department] != nil:
		return fmt.Sprintf(q.say("部门的校准已于 %s 结束，评估不能再改；如要修改，请人力资源重开校准。", "The calibration of the department was closed %s; human resources may open it again."), q.moment(r.Closed[department].At))
	}
	return ""
}

// falls reports whether an evaluation is the viewer's to write: he was the superior, or acts for him today; where nobody stood above, or the superior has
// left, he stands above now, which is the CEO where nobody else does. The desk asks again.
func (q *request) falls(of period.Period, key metrics.Evaluated) bool {
	if q.viewer.Employee == "" || key.Employee == q.viewer.Employee || !q.mayJudge(of, key.Member) {
		return false
	}
	if key.Superior != "" && slices.Contains(q.seat.heads, key.Superior) {
		return true
	}
	if key.Superior != "" && q.seat.staff.Employed(key.Superior, q.today()) {
		return false
	}
	above := q.seat.staff.Above(key.Member, q.today())
	return above == q.viewer.Employee || above == "" && q.seat.holds(q.viewer.Employee, policy.CEO)
}

// mayJudge asks the table of access: for a quarter, or as things stand today.
func (q *request) mayJudge(of period.Period, m metrics.Member) bool {
	return q.may(access.Evaluate, access.Subject{Employee: m.Employee, Department: m.Department, Period: of}) ||
		q.may(access.Evaluate, access.Subject{Employee: m.Employee, Department: m.Department})
}

// mine lists those of the tasks that the viewer may see, those that wait first: those that fall to him, or, for human resources, all but those about
// the viewer himself.
func (q *request) mine(of period.Period, tasks []reviews.Task) (list []reviews.Task) {
	all := access.Everybody(q.viewer, access.Evaluate)
	for _, t := range tasks {
		if t.Employee != q.viewer.Employee && (all || q.falls(of, t.Evaluated)) {
			list = append(list, t)
		}
	}
	slices.SortStableFunc(list, func(a, b reviews.Task) int {
		switch {
		case a.Waits() == b.Waits():
			return 0
		case a.Waits():
			return -1
		}
		return 1
	})
	return list
}

// evaluationsLatest leads to the last quarter that was opened, or to the one with records.
func (q *request) evaluationsLatest() error {
	of, err := q.lastRound(func(r *reviews.Round) bool { return r.Opened != nil })
	if err != nil {
		return err
	}
	return q.see("/evaluations/"+of.String(), "")
}

// lastRound gives the last quarter whose round is as wanted; where none is, the last one with records.
func (q *request) lastRound(wanted func(r *reviews.Round) bool) (period.Period, error) {
	for _, of := range q.quarters(8) {
		found := false
		if err := q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error { found = wanted(r); return nil }); err != nil {
			return of, err
		}
		if found {
			return of, nil
		}
	}
	return q.latest(period.Quarter)
}

// evaluationsPage lists the evaluations of a quarter that are the viewer's business.
type evaluationsPage struct {
	frame
	Of       period.Period
	Lead     string
	Due      string
	Late     bool
	Filter   *taskFilter // for those who see many
	Table    table
	Compared table
	Progress table
	Sheets   []task // to download
	Upload   bool
	Findings *table // faults of a workbook that was just handed in
	Links    []task
}

// taskFilter narrows the list down.
type taskFilter struct {
	Departments, Superiors []choice
	Waiting                bool
}

// choice is an entry of a list to choose from.
type choice struct {
	Value, Text string
	Chosen      bool
}

func (q *request) evaluations() error { return q.evaluationsPage(nil) }

// evaluationsPage shows the list; tell adds what has just become of a workbook.
func (q *request) evaluationsPage(tell func(p *evaluationsPage) *fault) error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	p := &evaluationsPage{frame: q.frame(q.say("上级评估", "Evaluations")), Of: of}
	p.Path = "/evaluations/" + of.String()
	p.Switch = q.periods(of, "/evaluations/%s", q.quarters(8))
	if err := q.judge(of, func(x *judged) error { q.fillEvaluations(p, x); return nil }); err != nil {
		return err
	}
	if access.Anywhere(q.viewer, access.Deputise) {
		p.Links = append(p.Links, task{Href: "/deputies", Text: q.say("请人代理，或查看谁在代理", "Name a deputy, or see who deputises")})
	}
	status := http.StatusOK
	if tell != nil {
		if p.Fault = tell(p); p.Fault != nil {
			status = p.Fault.Status
		}
	}
	if q.wantsCSV() {
		return q.download(&p.Table, fmt.Sprintf(q.say("%s-上级评估", "%s-evaluations"), of))
	}
	return q.renderStatus(status, "evaluations", p)
}

func (q *request) fillEvaluations(p *evaluationsPage, x *judged) {
	p.Foot = q.basis(x.sheet)
	seen := q.mine(x.Period, x.tasks)
	q.leadOf(p, x.round, seen)
	p.Filter = q.taskFilter(seen)
	p.Table = q.taskTable(x, q.filtered(seen))
	p.Compared = q.leniencyTable(x)
	p.Progress = q.calibrationTable(x)
	if x.round.Opened != nil && x.round.Published == nil {
		p.Sheets = q.sheetLinks(x.round.Period, seen)
		p.Upload = slices.ContainsFunc(seen, func(t reviews.Task) bool { return t.Waits() && q.falls(x.Period, t.Evaluated) })
	}
	if len(p.Table.Rows) > 0 {
		v := q.r.URL.Query()
		v.Set("format", "csv")
		v.Del("done")
		p.Downloads = append(p.Downloads, download{p.Path + "?" + v.Encode(), q.say("下载表格（CSV）", "Download (CSV)")})
	}
}

// leadOf says in a sentence how far the evaluations are.
func (q *request) leadOf(p *evaluationsPage, r *reviews.Round, seen []reviews.Task) {
	in, due := 0, 0
	for _, t := range seen {
		if t.Exempt == nil {
			due++
		}
		if t.Given() != nil && t.Exempt == nil {
			in++
		}
	}
	switch stands := q.standing(r, ""); {
	case stands != "":
		p.Lead = stands
	case due == 0:
		p.Lead = q.say("本季度没有要您评估的人。", "There is nobody for you to evaluate in this quarter.")
	case in == due:
		p.Lead = fmt.Sprintf(q.say("%d 份评估已全部提交。", "All %d evaluations are in."), due)
	default:
		p.Lead = fmt.Sprintf(q.say("应评 %d 份，已提交 %d 份，还有 %d 份。", "%d evaluations are due, %d are in, %d are left."), due, in, due-in)
		p.Due, p.Late = q.due(r.Due)
	}
}

// nobodyAbove stands in addresses for those above whom nobody stands.
const nobodyAbove = "-"

func superiorValue(no string) string {
	if no == "" {
		return nobodyAbove
	}
	return no
}

// superiorName names a superior, also where there is none.
func (q *request) superiorName(no string) string {
	if no == "" {
		return q.say("无上级", "no superior")
	}
	return q.personName(no)
}

// taskFilter offers what the list may be narrowed down to, where it is of several superiors.
func (q *request) taskFilter(tasks []reviews.Task) *taskFilter {
	v := q.r.URL.Query()
	f := &taskFilter{Waiting: v.Get("state") == "waiting"}
	add := func(list []choice, value, text, chosen string) []choice {
		if slices.ContainsFunc(list, func(c choice) bool { return c.Value == value }) {
			return list
		}
		return append(list, choice{value, text, value == chosen})
	}
	for _, t := range tasks {
		f.Departments = add(f.Departments, t.Department, t.Department+" "+q.departmentName(t.Department), v.Get("department"))
		f.Superiors = add(f.Superiors, superiorValue(t.Superior), strings.TrimSpace(t.Superior+" "+q.superiorName(t.Superior)), v.Get("superior"))
	}
	if len(f.Superiors) < 2 {
		return nil
	}
	byValue := func(a, b choice) int { return strings.Compare(a.Value, b.Value) }
	slices.SortFunc(f.Departments, byValue)
	slices.SortFunc(f.Superiors, byValue)
	return f
}

func (q *request) filtered(tasks []reviews.Task) []reviews.Task {
	v := q.r.URL.Query()
	department, superior := v.Get("department"), v.Get("superior")
	return slices.DeleteFunc(slices.Clone(tasks), func(t reviews.Task) bool {
		return department != "" && t.Department != department || superior != "" && superiorValue(t.Superior) != superior || v.Get("state") == "waiting" && !t.Waits()
	})
}

// taskTable lists evaluations with the three views of a person.
func (q *request) taskTable(x *judged, tasks []reviews.Task) table {
	t := table{Caption: fmt.Sprintf(q.say("评估，%s", "Evaluations, %s"), q.periodText(x.Period)), Empty: q.say("没有符合条件的评估。", "There are no such evaluations."),
		Head: []head{words(q.say("姓名", "Name")), words(q.say("状态", "State")), numbers(q.say("自评", "Self")), numbers(q.say("指标得分", "KPI points")), numbers(q.say("上级评分", "Given")), numbers(q.say("评分减指标", "Given less KPI")),
			numbers(q.say("校准为", "Calibrated")), words(q.say("部门", "Department")), words(q.say("评估人", "Superior")), numbers(q.say("天数", "Days")), words(q.say("工号", "Number"))}}
	for _, k := range tasks {
		state := text(q.taskState(k))
		if k.Waits() && q.standing(x.round, k.Department) == "" {
			state.Class = "bad"
		}
		calibrated := text("–")
		if c := x.round.Calibrated[k.Member]; c != nil {
			calibrated = text(c.Points.Text(2))
		}
		t.add(link(k.Person.Name.In(q.lang), q.taskPath(x.Period, k.Evaluated)), state, text(points(k.SelfTotal())), text(points(k.KPIPoints)), text(points(k.Given())), text(plusMinus(k.Gap())), calibrated,
			text(q.departmentName(k.Department)), text(q.superiorName(k.Superior)), text(fmt.Sprint(k.Days)), text(k.Employee))
	}
	return t
}

// plusMinus writes a difference of points with its sign, "–" for none.
func plusMinus(n *fixed.Num) string {
	if n != nil && *n > 0 {
		return "+" + n.Text(2)
	}
	return points(n)
}

// taskState says how far an evaluation has come.
func (q *request) taskState(t reviews.Task) string {
	switch {
	case t.Exempt != nil:
		return q.say("免评", "exempt")
	case t.Done == nil:
		return q.say("未评", "not begun")
	}
	return t.Done.State.Name().In(q.lang)
}

// taskPath is where an evaluation is written; the superior is named where it is not the viewer.
func (q *request) taskPath(of period.Period, key metrics.Evaluated) string {
	path := "/evaluations/" + of.String() + "/" + url.PathEscape(key.Employee) + "/" + url.PathEscape(key.Department)
	if key.Superior == q.viewer.Employee {
		return path
	}
	return path + "?" + url.Values{"superior": {superiorValue(key.Superior)}}.Encode()
}

// leniencyTable tells how those for whom the viewer judges judge, compared with the KPIs of the same people and with all superiors; to human resources of
// all. What is said of the viewer himself is no part of it.
func (q *request) leniencyTable(x *judged) table {
	t := table{Caption: q.say("评分与指标得分相比", "Judgements against KPI points"),
		Head: []head{words(q.say("评估人", "Superior")), numbers(q.say("已评人数", "People")), numbers(q.say("平均评分", "Mean given")), numbers(q.say("平均指标得分", "Mean of KPIs")), numbers(q.say("差", "Gap")), numbers(q.say("与全体上级之差相比", "Against all superiors"))}}
	all := access.Everybody(q.viewer, access.Evaluate)
	others := slices.DeleteFunc(slices.Clone(x.tasks), func(t reviews.Task) bool { return t.Employee == q.viewer.Employee })
	for _, l := range reviews.Leniencies(others) {
		if !all && (l.Superior == "" || !slices.Contains(q.seat.heads, l.Superior)) {
			continue
		}
		t.add(text(q.superiorName(l.Superior)), text(fmt.Sprint(l.People)), text(l.Given.Text(2)), text(l.KPI.Text(2)), text(plusMinus(&l.Gap)), text(plusMinus(&l.Against)))
	}
	return t
}

// calibrationTable tells how far the departments are that the viewer may calibrate.
func (q *request) calibrationTable(x *judged) table {
	t := table{Caption: q.say("部门进度与校准", "Departments and their calibration"),
		Head: []head{words(q.say("部门", "Department")), numbers(q.say("人数", "People")), numbers(q.say("已评", "In")), numbers(q.say("应评", "Due")), words(q.say("待评的上级", "Waiting for")), words(q.say("状态", "State"))}}
	for _, d := range reviews.Progresses(x.round, x.months, x.Report, x.tasks) {
		if !q.leadsNow(d.Department.ID) && !access.Everybody(q.viewer, access.Calibrate) {
			continue
		}
		var waiting []string
		for _, no := range d.Waiting {
			waiting = append(waiting, q.superiorName(strings.TrimSuffix(no, "–"))) // the dash stands for nobody
		}
		t.add(link(d.Department.Name.In(q.lang), "/calibrations/"+x.Period.String()+"/"+d.Department.ID), text(fmt.Sprint(d.People)), text(fmt.Sprint(d.In)), text(fmt.Sprint(d.Due)),
			text(strings.Join(waiting, q.say("、", ", "))), text(d.State.Name().In(q.lang)))
	}
	return t
}

// leadsNow reports whether the viewer himself heads a department, or one above it, today.
func (q *request) leadsNow(department string) bool {
	return q.viewer.Employee != "" && slices.Contains(q.seat.staff.Chain(department, q.today(), ""), q.viewer.Employee)
}

// sheetLinks offers a workbook for each superior of whom somebody waits.
func (q *request) sheetLinks(of period.Period, tasks []reviews.Task) (list []task) {
	waiting := map[string]int{}
	var order []string
	for _, t := range tasks {
		if !t.Waits() {
			continue
		}
		if waiting[t.Superior] == 0 {
			order = append(order, t.Superior)
		}
		waiting[t.Superior]++
	}
	slices.Sort(order)
	for _, no := range order {
		whose := q.superiorName(no)
		if no == q.viewer.Employee {
			whose = q.say("您名下", "yours")
		}
		list = append(list, task{Href: "/evaluations/" + of.String() + "/workbook?" + url.Values{"superior": {superiorValue(no)}}.Encode(),
			Text: fmt.Sprintf(q.say("下载评估表：%s", "Download the sheet: %s"), whose), Say: fmt.Sprintf(q.say("%d 人待评", "%d waiting"), waiting[no])})
	}
	return list
}

// evaluationWorkbook hands over the workbook of one superior, with the people whom the viewer may evaluate or see.
func (q *request) evaluationWorkbook() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	asked := q.r.URL.Query().Get("superior")
	if asked == "" {
		asked = q.viewer.Employee
	}
	superior := strings.TrimPrefix(asked, nobodyAbove)
	x, err := q.company.Judged(q.ctx(), of)
	if err != nil {
		return err
	}
	d := reports.EvaluationData{Report: x.Report, Round: x.Round, Tasks: q.mine(of, x.Tasks), Superior: &superior, Holder: q.viewer.Employee}
	if !slices.ContainsFunc(d.Tasks, func(t reviews.Task) bool { return t.Superior == superior }) {
		return errNotFound
	}
	if stands := q.standing(x.Round, ""); stands != "" {
		return &wrong{http.StatusConflict, policy.Text{ZH: stands, EN: stands}, policy.Text{}}
	}
	if waiting, _, _ := d.Waiting(); len(waiting) == 0 {
		return refused("没有待评的人，不必下载评估表。", "Nobody is left to evaluate, so there is no sheet.", "在评估页可以查看已提交的评估。", "The page of evaluations shows those that are in.")
	}
	return q.sendMade(func(dir string) (string, error) {
		path, _, err := reports.WriteEvaluation(q.ctx(), reports.Folder{Dir: dir}, d, q.lang)
		return path, err
	})
}

// sendMade lets make write a workbook into a folder of the request's own, and sends it.
func (q *request) sendMade(make func(dir string) (path string, err error)) error {
	dir, err := os.MkdirTemp("", "plumbline-web-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path, err := make(dir)
	if err != nil {
		return err
	}
	return q.sendFile(path)
}

// takeWorkbook takes a workbook that was filled in: all of it or, with a single finding, nothing.
func (q *request) takeWorkbook() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	raw, err := q.uploaded("file")
	if err != nil {
		return err
	}
	if len(raw) == 0 {
		return q.evaluationsPage(func(*evaluationsPage) *fault {
			return &fault{Status: http.StatusUnprocessableEntity, Title: q.say("没有选择文件", "No file was chosen"), Cure: q.say("请选择填好的评估表（.xlsx）。", "Choose the sheet that was filled in (.xlsx).")}
		})
	}
	submit := q.r.PostFormValue("submit") != ""
	taken, err := q.takeSheet(of, raw, submit)
	if err == nil {
		return q.evaluationsPage(func(p *evaluationsPage) *fault { p.Done = q.takenText(taken, submit); return nil })
	}
	if found, ok := errors.AsType[reports.EvaluationFindings](err); ok {
		return q.evaluationsPage(func(p *evaluationsPage) *fault { return q.findings(p, found) })
	}
	f := q.faultOf(err)
	if f.Status == http.StatusInternalServerError {
		return err
	}
	return q.evaluationsPage(func(*evaluationsPage) *fault { return &f })
}

// uploaded reads the file of a form's field; nil for none. It lies on the disk until it is the request's turn.
func (q *request) uploaded(field string) ([]byte, error) {
	if err := q.r.ParseMultipartForm(mostForm); err != nil {
		return nil, formFault(err)
	}
	if err := q.takeTurn(); err != nil {
		return nil, err
	}
	f, _, err := q.r.FormFile(field)
	if errors.Is(err, http.ErrMissingFile) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// takeSheet saves what a workbook says, in one event.
func (q *request) takeSheet(of period.Period, raw []byte, submit bool) (taken reports.Taken, err error) {
	f, err := reports.ReadEvaluation(raw)
	if err != nil {
		return taken, err
	}
	d, err := q.desk(of)
	if err != nil {
		return taken, err
	}
	x, err := q.company.Judged(q.ctx(), of)
	if err != nil {
		return taken, err
	}
	now := reports.EvaluationNow{Quarter: of, Tasks: q.mine(of, x.Tasks), Submit: submit}
	if d.Version.Policy.Reviews != nil {
		now.Rules = d.Version.Policy.Reviews.Evaluation
	}
	if now.Refused, err = d.MayEvaluate(q.ctx(), of, f.People(), q.now()); err != nil {
		return taken, err
	}
	if taken, err = f.Against(now); err != nil || len(taken.Drafts) == 0 {
		return taken, err
	}
	return taken, d.SaveEvaluations(q.ctx(), of, taken.Drafts, q.now())
}

// takenText says what a workbook came to.
func (q *request) takenText(taken reports.Taken, submit bool) string {
	var said []string
	switch n := len(taken.Drafts); {
	case n == 0:
		said = append(said, q.say("没有填写的评估，什么都没有保存。", "No evaluation was filled in; nothing was saved."))
	case submit:
		said = append(said, fmt.Sprintf(q.say("已提交 %d 份评估。", "%d evaluations are in."), n))
	default:
		said = append(said, fmt.Sprintf(q.say("已保存 %d 份评估，尚未提交。", "%d evaluations are saved, not submitted yet."), n))
	}
	if taken.Blank > 0 {
		said = append(said, fmt.Sprintf(q.say("%d 人未填，已跳过。", "%d people are blank and were skipped."), taken.Blank))
	}
	if taken.Unchanged > 0 {
		said = append(said, fmt.Sprintf(q.say("%d 人与上次保存的相同。", "%d people are as they were saved."), taken.Unchanged))
	}
	return strings.Join(said, q.say("", " "))
}

// mostFindings is how many findings a page lists.
const mostFindings = 200

// findings lists the faults of a workbook.
func (q *request) findings(p *evaluationsPage, list reports.EvaluationFindings) *fault {
	t := &table{Caption: q.say("逐格说明", "Cell by cell"),
		Head: []head{words(q.say("位置", "Where")), words(q.say("不符之处", "What is wrong")), words(q.say("原值", "Found")), words(q.say("改法", "Cure")), words(q.say("规则", "Rule"))}}
	for i, x := range list {
		if i == mostFindings {
			t.add(text("…"), text(fmt.Sprintf(q.say("另有 %d 处", "%d more"), len(list)-i)), text(""), text(""), text(""))
			break
		}
		where := q.say("整个文件", "the file")
		if x.Sheet != "" {
			where = x.Sheet + "!" + x.Cell
		}
		t.add(text(where), text(x.Say.In(q.lang)), text(x.Value), text(x.Cure.In(q.lang)), text(x.Rule))
	}
	p.Findings = t
	return &fault{Status: http.StatusUnprocessableEntity, Title: fmt.Sprintf(q.say("评估表有 %d 处不符，整份没有导入。", "The sheet has %d faults, and nothing of it was taken in."), len(list)),
		Cure: q.say("请按下表改正后再上传。", "Put right what the table below names, then upload it again.")}
}
