package web_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/access"
	"plumbline/internal/accounts"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/reviews"
	"plumbline/sample_data/story"
)

// joins gives somebody an account beside those of all tests, and signs him in.
func (s *service) joins(login, employee string) *browser {
	s.t.Helper()
	if _, err := s.accounts.CreateDemo(s.t.Context(), "setup", accounts.New{Login: login, Employee: employee, Password: password}); err != nil {
		s.t.Fatal(err)
	}
	return s.as(login)
}

// hidden makes sure that pages do not exist for somebody.
func (b *browser) hidden(paths ...string) {
	b.t.Helper()
	for _, path := range paths {
		if status, _ := b.get(path); status != http.StatusNotFound {
			b.t.Errorf("%s: GET %s answers %d", b.login, path, status)
		}
	}
}

// sends posts a form and makes sure of the status.
func (b *browser) sends(path string, form url.Values, want int, texts ...string) string {
	b.t.Helper()
	status, body := b.post(path, form)
	if status != want {
		b.t.Errorf("%s: POST %s answers %d, not %d: %s", b.login, path, status, want, body)
	}
	for _, s := range texts {
		if !strings.Contains(body, s) {
			b.t.Errorf("%s: the answer to POST %s lacks %q", b.login, path, s)
		}
	}
	return body
}

// lacks makes sure that a page does not hold texts.
func lacks(t *testing.T, body string, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if strings.Contains(body, s) {
			t.Errorf("the page holds %q", s)
		}
	}
}

func TestEvaluationIsWrittenBesideFiguresAndSelfReview(t *testing.T) {
	s := demo(t)
	m := s.as("manager")
	list := m.sees("/evaluations/2026Q3", "应评 3 份，已提交 0 份", "2 天后截止", "/evaluations/2026Q3/00012/D003")
	lacks(t, list, "谢明艳", "周思芳") // under his supervisors
	path := "/evaluations/2026Q3/00012/D003"
	body := m.sees(path, "2026-08-17 至 2026-09-30", "跨部门等待时间较长", "华南质量追溯", "下一位：", "/people/00012/2026Q3/evidence/log_punctuality?department=D003")
	form := fields(body)
	form["points"] = []string{"88.5", "九十", ""}
	form.Set("do", "save")
	m.sends(path, form, http.StatusUnprocessableEntity, "“九十”不是分数", `value="88.5"`)
	form["points"] = []string{"88.5", "90", ""}
	form.Set("note", "下季度再看 <b>")
	m.sends(path, form, http.StatusSeeOther)
	m.sees(path, "草稿（第 1 版", `value="88.5"`, "下季度再看 &lt;b&gt;")
	form["points"] = []string{"70", "71", "72"}
	m.sends(path, form, http.StatusConflict, "version.stale", "另有人保存过", `value="70"`, "88.50", `name="version" value="1"`)

	form = fields(m.sees(path))
	form["points"] = []string{"88.5", "50", "90"}
	form.Set("do", "submit")
	m.sends(path, form, http.StatusConflict, "evaluation.extreme", `value="50"`)
	form["points"] = []string{"88.5", "85", "90"}
	m.sends(path, form, http.StatusSeeOther)
	done := m.sees(path, "提交，评分 88.10")
	lacks(t, done, `name="points"`)
	m.sees("/evaluations/2026Q3", "应评 3 份，已提交 1 份", "-7.51", "与全体上级之差相比")

	hr := s.as("hr")
	hr.sees(path, "88.10", "下季度再看")
	hr.sends(path+"/return?superior=00047", url.Values{"version": {"2"}, "reason": {"请写明依据"}}, http.StatusSeeOther)
	m.sees(path, "请写明依据", `name="points"`)
	e := s.as("employee")
	e.hidden("/evaluations", "/evaluations/2026Q3", path)
	lacks(t, e.sees("/me/2026Q3"), "下季度再看", "88.10")
}

func TestOnlyWhoLedSeesAndJudges(t *testing.T) {
	s := demo(t)
	path := "/evaluations/2026Q3/00006/D003"
	foreign := s.as("manager2")
	foreign.hidden(path, path+"?superior=00047", "/evaluations/2026Q3/00012/D003?superior=00047", "/calibrations/2026Q3/D003", "/appeals/2026Q2/2026Q2-A1", "/evaluations/2026Q3/workbook?superior=00047",
		"/evaluations/2026Q3/99999/D003", "/evaluations/2026Q3/00006/D999", "/evaluations/2026-09/00006/D003", "/calibrations/2026Q3/D999")
	form := url.Values{"version": {"0"}, "do": {"save"}, "kpi": {"on_time_rate"}, "points": {"1"}, "comment": {""}}
	foreign.sends(path+"?superior=00047", form, http.StatusNotFound)
	foreign.sends("/calibrations/2026Q3/D003", url.Values{"do": {"close"}}, http.StatusNotFound)
	foreign.sends("/appeals/2026Q2/2026Q2-A1", url.Values{"by": {"mediation"}, "outcome": {"failed"}, "reason": {"x"}}, http.StatusNotFound)
	foreign.sends("/deputies", url.Values{"superior": {"00047"}, "deputy": {"00046"}, "from": {"2026-10-13"}, "to": {"2026-10-14"}, "reason": {"x"}}, http.StatusNotFound)
	foreign.sends("/deputies/revoke", url.Values{"superior": {"00047"}, "deputy": {"00006"}, "reason": {"x"}}, http.StatusNotFound)
	lacks(t, foreign.sees("/appeals/2026Q2"), "2026Q2-A1")
	lacks(t, foreign.sees("/deputies"), "00006")

	// The deputy of 00047 writes for him, but not about himself, and sets no points.
	deputy := s.joins("deputy", "00006")
	list := deputy.sees("/evaluations/2026Q3", "/evaluations/2026Q3/00012/D003?superior=00047", "贾嘉静")
	lacks(t, list, "/evaluations/2026Q3/00006/D003")
	deputy.hidden(path, path+"?superior=00047", "/calibrations/2026Q3/D003", "/appeals/2026Q2/2026Q2-A1")
	deputy.sends(path+"?superior=00047", form, http.StatusNotFound)
	written := fields(deputy.sees("/evaluations/2026Q3/00058/D003?superior=00047"))
	written["points"] = slices.Repeat([]string{"86"}, len(written["kpi"]))
	written.Set("do", "submit")
	deputy.sends("/evaluations/2026Q3/00058/D003?superior=00047", written, http.StatusSeeOther)
	m := s.as("manager")
	m.sees("/evaluations/2026Q3/00058/D003", "罗刚超", "评分 86.00")
	late := m.sends("/evaluations/2026Q3/00058/D003", url.Values{"version": {"0"}, "do": {"save"}, "kpi": {"on_time_rate"}, "points": {"77"}, "comment": {""}, "overall": {"写得晚了"}}, http.StatusConflict, "version.stale", "没有保存", "77", "写得晚了")
	lacks(t, late, `value="77"`, "<strong>77</strong>")

	// When his time is over he sees none of it any more.
	s.now = time.Date(2026, 10, 21, 2, 0, 0, 0, time.UTC)
	deputy = s.as("deputy")
	deputy.hidden("/evaluations/2026Q3/00012/D003?superior=00047", "/evaluations/2026Q3/00058/D003?superior=00047", "/evaluations/2026Q3/workbook?superior=00047")

	// Those above whom nobody stands are the CEO's, and nobody else.
	chief := s.as("executive")
	chief.sees("/evaluations/2026Q3/00047/D003", "黄云涵")
	chief.hidden("/evaluations/2026Q3/00012/D003", path)
	s.as("manager").hidden("/evaluations/2026Q3/00047/D003", "/evaluations/2026Q3/00047/D003?superior=-")
	hr := s.as("hr")
	hr.sees("/evaluations/2026Q3?department=D003&state=waiting", "罗平丽")
	hr.hidden("/evaluations/2026Q3/00051/D009")
}

func TestEvaluationSheetComesBackWholeOrNotAtAll(t *testing.T) {
	s := demo(t)
	m := s.as("manager")
	status, raw := m.get("/evaluations/2026Q3/workbook")
	if status != http.StatusOK {
		t.Fatalf("the workbook answers %d", status)
	}
	body := m.upload("/evaluations/2026Q3/workbook", filled(t, raw, 500), url.Values{}, http.StatusUnprocessableEntity)
	if !strings.Contains(body, "评分!I5") || !strings.Contains(body, "points.range") || !strings.Contains(body, "整份没有导入") {
		t.Errorf("the finding is not told: %s", body)
	}
	m.sees("/evaluations/2026Q3", "已提交 0 份", "未评")
	if body := m.upload("/evaluations/2026Q3/workbook", []byte("no workbook"), url.Values{}, http.StatusUnprocessableEntity); !strings.Contains(body, "file.workbook") {
		t.Errorf("a file that is none: %s", body)
	}
	m.upload("/evaluations/2026Q3/workbook", nil, url.Values{}, http.StatusUnprocessableEntity)
	s.as("manager2").upload("/evaluations/2026Q3/workbook", filled(t, raw, 90), url.Values{}, http.StatusUnprocessableEntity)
	s.as("employee").upload("/evaluations/2026Q3/workbook", filled(t, raw, 90), url.Values{}, http.StatusNotFound)
	if body := m.upload("/evaluations/2026Q3/workbook", filled(t, raw, 90), url.Values{"submit": {"1"}}, http.StatusOK); !strings.Contains(body, "已提交 3 份评估") {
		t.Errorf("what was taken is not told: %s", body)
	}
	m.sees("/evaluations/2026Q3", "3 份评估已全部提交")
	m.sees("/evaluations/2026Q3/00006/D003", "评分 90.00")
}

// filled gives points to all items of a sheet.
func filled(t *testing.T, raw string, points float64) []byte {
	t.Helper()
	f, err := excelize.OpenReader(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("评分")
	if err != nil {
		t.Fatal(err)
	}
	given := 0
	for i := range rows {
		at, _ := excelize.CoordinatesToCellName(9, i+1)
		id, err := f.GetCellStyle("评分", at)
		if err != nil {
			t.Fatal(err)
		}
		style, err := f.GetStyle(id)
		if err != nil {
			t.Fatal(err)
		}
		if style.Protection == nil || style.Protection.Locked {
			continue
		}
		if err := f.SetCellValue("评分", at, points); err != nil {
			t.Fatal(err)
		}
		given++
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil || given == 0 {
		t.Fatalf("%d items, %v", given, err)
	}
	return b.Bytes()
}

// upload posts a file with a form; nil sends none.
func (b *browser) upload(path string, file []byte, form url.Values, want int) string {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		_ = w.WriteField(name, values[0])
	}
	if file != nil {
		part, err := w.CreateFormFile("file", "sheet.xlsx")
		if err != nil {
			b.t.Fatal(err)
		}
		_, _ = part.Write(file)
	}
	_ = w.Close()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, io.Reader(&body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Origin", b.url)
	status, answer := b.do(r)
	if status != want {
		b.t.Errorf("%s: POST %s answers %d, not %d: %s", b.login, path, status, want, answer)
	}
	return answer
}

func TestCalibrationSetsClosesAndReopens(t *testing.T) {
	s := demo(t)
	m := s.as("manager")
	path := "/calibrations/2026Q3/D003"
	body := m.sees(path, "还有 4 人没有评完", "您本人", "108.61", "等级是暂计", "罗刚超 110.00")
	lacks(t, body, "黄云涵 00047", "确认结束")
	m.sends(path, url.Values{"do": {"set"}, "employee": {"00049"}, "version": {"0"}, "points": {"45"}, "reason": {""}}, http.StatusConflict, "reason.missing", `value="45"`)
	m.sends(path, url.Values{"do": {"set"}, "employee": {"00049"}, "version": {"0"}, "points": {"四十"}, "reason": {"x"}}, http.StatusUnprocessableEntity, "不是分数")
	m.sends(path, url.Values{"do": {"set"}, "employee": {"00047"}, "version": {"0"}, "points": {"120"}, "reason": {"x"}}, http.StatusNotFound)
	m.sends(path, url.Values{"do": {"set"}, "employee": {"00012"}, "version": {"0"}, "points": {"90"}, "reason": {"x"}}, http.StatusConflict, "calibration.early")
	m.sends(path, url.Values{"do": {"set"}, "employee": {"00049"}, "version": {"0"}, "points": {"45"}, "reason": {"与同组口径一致"}}, http.StatusSeeOther)
	m.sees(path, "校准为 45.00：与同组口径一致", "44.65")
	m.sends(path, url.Values{"do": {"set"}, "employee": {"00049"}, "version": {"0"}, "points": {"46"}, "reason": {"x"}}, http.StatusConflict, "version.stale")
	m.sends(path, url.Values{"do": {"close"}}, http.StatusConflict, "calibration.incomplete")
	s.evaluateRest()
	m.sees(path, "评估已全部提交", "确认结束")
	m.sends(path, url.Values{"do": {"close"}}, http.StatusSeeOther)
	m.sees(path, "校准已于")
	m.sends(path, url.Values{"do": {"reopen"}, "reason": {"x"}}, http.StatusConflict, "actor.office")
	hr := s.as("hr")
	hr.sends(path, url.Values{"do": {"reopen"}, "reason": {"漏看一人"}}, http.StatusSeeOther)
	m.sees("/", "校准并结束技术研发部的评估", "/calibrations/2026Q3/D003")
}

// quarter is the one that is half evaluated.
var quarter, _ = period.Parse("2026Q3")

// at is somebody's desk for the quarter.
func (s *service) at(employee string) *reviews.Desk {
	s.t.Helper()
	d, err := s.company.Desk(s.t.Context(), quarter, employee)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// evaluateRest writes what is not written, near the KPI points: the CEO may for everybody.
func (s *service) evaluateRest() {
	s.t.Helper()
	x, err := s.company.Judged(s.t.Context(), quarter)
	if err != nil {
		s.t.Fatal(err)
	}
	var drafts []reviews.EvaluationDraft
	for _, t := range x.Tasks {
		if !t.Waits() {
			continue
		}
		d := reviews.EvaluationDraft{Evaluated: t.Evaluated, Submit: true, Text: reviews.EvaluationText{Comment: "按期完成"}}
		if t.Done != nil {
			d.Version = t.Done.Version
		}
		for _, i := range t.Card.Items {
			d.Text.Items = append(d.Text.Items, reviews.ItemPoints{KPI: i.KPI.ID, Points: fixed.Int(85)})
		}
		drafts = append(drafts, d)
	}
	if err := s.at(story.CEO).SaveEvaluations(s.t.Context(), quarter, drafts, s.now); err != nil {
		s.t.Fatal(err)
	}
}

// publish closes all departments and publishes the quarter.
func (s *service) publish() {
	s.t.Helper()
	s.evaluateRest()
	x, err := s.company.Judged(s.t.Context(), quarter)
	if err != nil {
		s.t.Fatal(err)
	}
	hr := s.at(story.HR)
	for _, d := range reviews.Progresses(x.Round, x.Months, x.Report, x.Tasks) {
		if x.Round.Closed[d.Department.ID] == nil {
			if err := hr.CloseCalibration(s.t.Context(), quarter, d.Department.ID); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	if err := hr.Publish(s.t.Context(), quarter, s.now); err != nil {
		s.t.Fatal(err)
	}
}

func TestAppealGoesThroughItsInstances(t *testing.T) {
	s := demo(t)
	s.publish()
	appellant := s.joins("appellant", "00005")
	for _, against := range []string{"judgement", "fact"} {
		appellant.sends("/me/2026Q3/appeals", url.Values{"department": {"D003"}, "against": {against}, "kpi": {"on_time_rate"}, "text": {"两次紧急交付未被考虑 <i>"}}, http.StatusSeeOther)
	}
	appellant.hidden("/appeals", "/appeals/2026Q3/2026Q3-A1")
	m := s.as("manager")
	m.sees("/", "调解 谢平瑶的申诉 2026Q3-A1", "2026Q3-A2")
	m.sees("/appeals/2026Q3", "2026Q3-A1", "部门调解", "上级的评分")
	path := "/appeals/2026Q3/2026Q3-A1"
	m.sees(path, "两次紧急交付未被考虑 &lt;i&gt;", "83.00", "/people/00005/2026Q3/evidence/on_time_rate?department=D003", `value="granted"`, `value="failed"`, `name="points"`)
	verdict := func(by, outcome, points, corrected string) url.Values {
		return url.Values{"by": {by}, "outcome": {outcome}, "points": {points}, "corrected": {corrected}, "reason": {"核对交付记录"}}
	}
	m.sends(path, verdict("mediation", "granted", "", ""), http.StatusConflict, "appeal.remedy", "核对交付记录")
	m.sends(path, verdict("arbitration", "granted", "92", ""), http.StatusUnprocessableEntity, "申诉的进展")
	m.sends("/appeals/2026Q2/2026Q3-A1", verdict("mediation", "granted", "92", ""), http.StatusNotFound)

	// Whoever gave the judgement decides nothing about it, and human resources wait for the mediation.
	giver := s.joins("giver", "00058")
	giver.hidden(path)
	s.as("manager2").hidden(path)
	hr := s.as("hr")
	lacks(t, hr.sees(path, "先由部门调解"), `name="outcome"`)
	hr.sends(path, verdict("mediation", "granted", "92", ""), http.StatusNotFound)

	m.sends(path, verdict("mediation", "granted", "92", ""), http.StatusSeeOther)
	m.sees(path, "已办结：申诉成立", "评分改为 92.00", "定为 92.00")

	fact := "/appeals/2026Q3/2026Q3-A2"
	m.sends(fact, verdict("mediation", "granted", "", "三"), http.StatusUnprocessableEntity, "不是账序")
	m.sends(fact, verdict("mediation", "granted", "", "1"), http.StatusConflict, "appeal.remedy")
	m.sends(fact, verdict("mediation", "failed", "", ""), http.StatusSeeOther)
	appellant.sends("/me/2026Q3/appeals/2026Q3-A2/escalate", url.Values{"text": {"不接受"}}, http.StatusSeeOther)
	lacks(t, m.sees(fact, "人力资源仲裁中"), `name="outcome"`)
	hr.sees(fact, `value="dismissed"`, "申诉提出之后没有导入过文件")
	m.sends(fact, verdict("arbitration", "dismissed", "", ""), http.StatusNotFound)
	hr.sends(fact, verdict("arbitration", "dismissed", "", ""), http.StatusSeeOther)
	hr.sees(fact, "已办结：申诉不成立", "核对交付记录")
	m.sends(fact, verdict("", "granted", "", ""), http.StatusConflict, "appeal.ended")
}

func TestHeadIsToldOfSheetsToSign(t *testing.T) {
	s := demo(t)
	s.publish()
	s.now = s.now.AddDate(0, 0, 10)
	hr := s.at(story.HR)
	if _, err := hr.Seal(t.Context(), quarter, s.now); err != nil {
		t.Fatal(err)
	}
	if _, err := hr.Draw(t.Context(), quarter); err != nil {
		t.Fatal(err)
	}
	s.as("manager").sees("/", "签 2026年第3季度的奖惩名单：技术研发部", "/rewards/2026Q3")
	lacks(t, s.as("manager2").sees("/", "销售二部"), "技术研发部")
	s.as("manager").sees("/evaluations/2026Q3", "已封账")
	s.as("manager").sees("/calibrations/2026Q3/D003", "已封账")
	lacks(t, s.as("employee").sees("/"), "奖惩名单")
}

func TestDeputiesAreNamedAndRevoked(t *testing.T) {
	s := demo(t)
	m := s.as("manager")
	m.sees("/deputies", "罗刚超", "进行中", "休假")
	form := url.Values{"deputy": {"00058"}, "from": {"2026-10-13"}, "to": {"2026-10-14"}, "reason": {"出差"}}
	bad := url.Values{"deputy": {"99999"}, "from": {"2026-10-13"}, "to": {"2026-10-14"}, "reason": {"出差"}}
	m.sends("/deputies", bad, http.StatusConflict, "employee.unknown", `value="99999"`)
	m.sends("/deputies", url.Values{"deputy": {"00058"}, "from": {"2026-10-01"}, "to": {"2026-10-02"}, "reason": {"出差"}}, http.StatusUnprocessableEntity, "已经过去")
	stand := s.joins("standin", "00058")
	stand.hidden("/evaluations/2026Q3/00012/D003?superior=00047")
	m.sends("/deputies", form, http.StatusSeeOther)
	stand.sees("/evaluations/2026Q3/00012/D003?superior=00047", "罗平丽")
	stand.sees("/deputies", "您在代理", "黄云涵")
	stand.sends("/deputies/revoke", url.Values{"superior": {"00047"}, "deputy": {"00058"}, "reason": {"x"}}, http.StatusNotFound)
	m.sends("/deputies/revoke", url.Values{"superior": {"00047"}, "deputy": {"00058"}, "reason": {"已返岗"}}, http.StatusSeeOther)
	stand.hidden("/evaluations/2026Q3/00012/D003?superior=00047")
	hr := s.as("hr")
	hr.sees("/deputies", "黄云涵", "撤销", "已返岗")
	hr.sends("/deputies", url.Values{"superior": {"00046"}, "deputy": {"00055"}, "from": {"2026-10-13"}, "to": {"2026-10-14"}, "reason": {"病假"}}, http.StatusSeeOther)
	s.as("employee").hidden("/deputies")
}

// TestHoursAreThoseOfTheDays compares the hours of two superiors of somebody who moved with those of the whole quarter.
func TestHoursAreThoseOfTheDays(t *testing.T) {
	s := looks(t, common)
	v, err := s.company.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sum := func(from, to string) (hours fixed.Num) {
		first, _ := time.Parse(time.DateOnly, from)
		last, _ := time.Parse(time.DateOnly, to)
		list, err := metrics.ReadHours(t.Context(), s.company.Books, v.Policy, "00012", reviews.AsKnownNow, []metrics.Span{{From: first, To: last}})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range list {
			hours += h.Hours
		}
		return hours
	}
	before, after, all := sum("2026-07-01", "2026-08-16"), sum("2026-08-17", "2026-09-30"), sum("2026-07-01", "2026-09-30")
	if before == 0 || after == 0 || before+after != all {
		t.Errorf("%s before and %s after the move are not the %s of the quarter", before, after, all)
	}
}

// TestCEOLeadsNobodyElse holds the rule that those above whom nobody stands are the CEO's against the table of access.
func TestCEOLeadsNobodyElse(t *testing.T) {
	chief := looks(t, common).as("executive")
	chief.sees("/people/00047/2026Q3", "黄云涵")
	chief.hidden("/people/00012/2026Q3", "/departments/D003/2026Q3/people", "/calibrations/2026Q3/D003")
	if access.ScopeOf(access.People, access.Executive) != access.Nothing {
		t.Error("executives see the people of departments")
	}
}
