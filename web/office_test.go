package web_test

import (
	"encoding/csv"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"plumbline/company"
	"plumbline/ingest"
	"plumbline/internal/accounts"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/reviews"
	"plumbline/sample_data/story"
)

func quarterNamed(t *testing.T, name string) period.Period {
	t.Helper()
	p, err := period.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// evaluated has everybody of the third quarter evaluated by the CEO, and every department calibrated.
func (s *service) evaluated(t *testing.T, of period.Period) {
	t.Helper()
	x, err := s.company.Judged(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	var drafts []reviews.EvaluationDraft
	for _, k := range x.Tasks {
		if k.Done != nil && k.Done.State == reviews.Submitted {
			continue
		}
		e := reviews.EvaluationDraft{Evaluated: k.Evaluated, Submit: true, Text: reviews.EvaluationText{Comment: "与数据一致"}}
		if k.Done != nil {
			e.Version = k.Done.Version
		}
		for _, i := range k.Card.Items {
			e.Text.Items = append(e.Text.Items, reviews.ItemPoints{KPI: i.KPI.ID, Points: fixed.Int(90)})
		}
		drafts = append(drafts, e)
	}
	ceo, err := s.company.Desk(t.Context(), of, story.CEO)
	if err == nil {
		err = ceo.SaveEvaluations(t.Context(), of, drafts, s.now)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range reviews.Progresses(x.Round, x.Months, x.Report, x.Tasks) {
		if x.Round.Closed[p.Department.ID] != nil {
			continue
		}
		if err := ceo.CloseCalibration(t.Context(), of, p.Department.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// does posts a form and expects the browser to be sent on.
func (b *browser) does(path string, form url.Values) {
	b.t.Helper()
	if status, body := b.post(path, form); status != http.StatusSeeOther {
		b.t.Fatalf("%s: POST %s: status %d %s", b.login, path, status, said(body))
	}
}

// refused posts a form and expects a refusal with some words.
func (b *browser) refused(path string, form url.Values, want int, words string) {
	b.t.Helper()
	if status, body := b.post(path, form); status != want || !strings.Contains(body, words) {
		b.t.Errorf("%s: POST %s: status %d, want %d with %q: %s", b.login, path, status, want, words, said(body))
	}
}

var faultText = regexp.MustCompile(`(?s)<div class="fault".*?</div>`)

// said is what a page says went wrong.
func said(body string) string { return faultText.FindString(body) }

// hidden reads a hidden field of the form that is sent to a path.
func hidden(t *testing.T, body, action, name string) string {
	t.Helper()
	form := regexp.MustCompile(`(?s)action="` + regexp.QuoteMeta(action) + `".*?</form>`).FindString(body)
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(form)
	if m == nil {
		t.Fatalf("no form to %s with a field %s", action, name)
	}
	return html.UnescapeString(m[1])
}

// sheetForms reads the forms of the sheets of a list that are sent to a path.
func sheetForms(body, action string) (list []url.Values) {
	for _, form := range regexp.MustCompile(`(?s)action="`+regexp.QuoteMeta(action)+`".*?</form>`).FindAllString(body, -1) {
		list = append(list, fields(form))
	}
	return list
}

// offered reports whether a page offers to do something with the sheet of a department.
func offered(body, action, department string) bool {
	return slices.ContainsFunc(sheetForms(body, action), func(v url.Values) bool { return v.Get("department") == department })
}

// sheetForm reads the form of one sheet of a list.
func sheetForm(t *testing.T, body, action, department string) url.Values {
	t.Helper()
	for _, v := range sheetForms(body, action) {
		if v.Get("department") == department {
			return v
		}
	}
	t.Fatalf("no form to %s about %q", action, department)
	return nil
}

// TestQuarterGoesItsWay takes a quarter from the last evaluation to a payroll, each step by who has to take it.
func TestQuarterGoesItsWay(t *testing.T) {
	s := demo(t)
	of := quarterNamed(t, "2026Q3")
	hr := s.as("hr")
	hr.sees("/quarters/2026Q3", "催交评估", "还没有交评估的上级")
	hr.refused("/quarters/2026Q3/publish", nil, http.StatusConflict, "publish.open")
	s.evaluated(t, of)
	hr.sees("/quarters/2026Q3", "可以公布结果")
	hr.does("/quarters/2026Q3/publish", nil)
	hr.sees("/quarters/2026Q3", "申诉期至")
	hr.refused("/quarters/2026Q3/seal", nil, http.StatusConflict, "seal.early")

	s.now = s.now.AddDate(0, 0, 20)
	hr = s.as("hr")
	hr.sees("/", "可以封账")
	hr.does("/quarters/2026Q3/seal", nil)
	if status, _ := s.as("auditor").post("/quarters/2026Q3/rewards", nil); status != http.StatusNotFound {
		t.Errorf("an auditor draws a list up: %d", status)
	}
	s.as("auditor").sees("/", "封账尚未核验")
	draw := func() {
		t.Helper()
		body := hr.sees("/quarters/2026Q3/rewards", "试算不作记录")
		form := url.Values{"total": {hidden(t, body, "/quarters/2026Q3/rewards", "total")}, "lines": {hidden(t, body, "/quarters/2026Q3/rewards", "lines")}}
		hr.refused("/quarters/2026Q3/rewards", url.Values{"total": {"1"}, "lines": form["lines"]}, http.StatusUnprocessableEntity, "没有生成")
		hr.does("/quarters/2026Q3/rewards", form)
	}
	draw()
	manager, finance := s.as("manager"), s.as("finance")
	manager.sees("/", "待您签字")
	body := manager.sees("/rewards/2026Q3", "技术研发部", "待部门负责人签字")
	if strings.Contains(body, "销售一部") || strings.Contains(body, "合计（元）") {
		t.Error("a manager sees the sheets of others or the total of all")
	}
	form := sheetForm(t, body, "/rewards/2026Q3/1/refuse", "D003")
	manager.refused("/rewards/2026Q3/1/refuse", form, http.StatusConflict, "reason")
	form.Set("reason", "一名员工的等级有误")
	manager.does("/rewards/2026Q3/1/refuse", form)
	hr.sees("/quarters/2026Q3", "第 1 号名单被退回")

	draw()
	body = manager.sees("/rewards/2026Q3")
	form = sheetForm(t, body, "/rewards/2026Q3/2/sign", "D003")
	finance.refused("/rewards/2026Q3/2/sign", form, http.StatusConflict, "actor.office")
	s.as("manager2").refused("/rewards/2026Q3/2/sign", form, http.StatusNotFound, "没有这一页")
	manager.refused("/rewards/2026Q3/2/sign", url.Values{"department": {"D003"}, "total": {"1"}}, http.StatusUnprocessableEntity, "没有办理")
	manager.does("/rewards/2026Q3/2/sign", form)
	finance.refused("/rewards/2026Q3/payroll", url.Values{"format": {"csv"}}, http.StatusUnprocessableEntity, "还没有可以发放的表")
	finance.does("/rewards/2026Q3/2/sign", form)
	executive := s.as("executive")
	body = executive.sees("/rewards/2026Q3", "部门负责人及上无负责人的员工")
	if !offered(body, "/rewards/2026Q3/2/sign", "D003") || offered(body, "/rewards/2026Q3/2/sign", "D001") {
		t.Error("the CEO is offered to sign the sheet whose turn it is not, or not the one whose turn it is")
	}
	form = sheetForm(t, body, "/rewards/2026Q3/2/ahead", "D001")
	form.Set("reason", "节前发放")
	executive.does("/rewards/2026Q3/2/ahead", form)
	s.paid(t, finance, of)
}

// paid compares the payroll with the sheets that may be paid.
func (s *service) paid(t *testing.T, finance *browser, of period.Period) {
	t.Helper()
	status, body := finance.post("/rewards/2026Q3/payroll", url.Values{"format": {"csv"}})
	if status != http.StatusOK {
		t.Fatalf("payroll: %d %s", status, said(body))
	}
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	r, err := reviews.Read(t.Context(), s.company.Books, of, company.Always)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := r.List(2).ReadLines(s.company.Books)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, l := range lines {
		if r.List(2).Sheet(l.Sheet).Payable() {
			want[l.Employee] = l.Amount.Text(2)
		}
	}
	if len(want) == 0 || len(rows)-1 != len(want) {
		t.Errorf("%d lines are paid, of %d that may be", len(rows)-1, len(want))
	}
	for _, row := range rows[1:] {
		if want[row[3]] != row[5] {
			t.Errorf("%s gets %s, the list says %q", row[3], row[5], want[row[3]])
		}
	}
}

// TestAdjustmentOfASealedQuarter brings late records, has them approved and compensated.
func TestAdjustmentOfASealedQuarter(t *testing.T) {
	s := demo(t)
	hr := s.as("hr")
	hr.sees("/quarters/2026Q2/adjustments", "没有会改变结果的事项")
	path := filepath.Join(t.TempDir(), "late.csv")
	text := "Record ID,Deal owner,Account name,Create date,Close date,Deal stage,Status,Amount\n"
	for i := range 9 {
		text += "SJ9900000" + string(rune('0'+i)) + ",00003,启明医药,2026-06-02,2026-06-28,Closed,Closed Won,1000.00\n"
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := s.company.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	units, faults := ingest.Find(t.Context(), s.company.Books, v.Policy, []string{path}, ingest.How{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if err := ingest.TakeAll(t.Context(), s.company.Books, v, units, ingest.Options{Actor: story.Finance, Day: s.company.Today(v.Policy)}, func(_ ingest.File, _ bool, err error) error { return err }); err != nil {
		t.Fatal(err)
	}
	body := hr.sees("/quarters/2026Q2/adjustments", "late.csv", "待批准")
	seq := hidden(t, body, "/quarters/2026Q2/approve", "seq")
	hr.refused("/quarters/2026Q2/approve", url.Values{"seq": {seq}}, http.StatusConflict, "reason")
	if body := s.as("auditor").sees("/quarters/2026Q2/adjustments", "late.csv"); strings.Contains(body, "/quarters/2026Q2/approve") {
		t.Error("an auditor is offered to approve")
	}
	hr.does("/quarters/2026Q2/approve", url.Values{"seq": {seq}, "reason": {"客户补签"}})
	hr.sees("/quarters/2026Q2", "有已批准的调整", "客户补签")
	body = hr.sees("/quarters/2026Q2/rewards", "补差")
	hr.does("/quarters/2026Q2/rewards", url.Values{"total": {hidden(t, body, "/quarters/2026Q2/rewards", "total")}, "lines": {hidden(t, body, "/quarters/2026Q2/rewards", "lines")}})
	if _, err := s.accounts.CreateDemo(t.Context(), "setup", accounts.New{Login: "head", Employee: "00025", Password: password}); err != nil {
		t.Fatal(err)
	}
	head := s.as("head")
	head.does("/rewards/2026Q2/2/sign", sheetForm(t, head.sees("/rewards/2026Q2", "第 2 号（补差）", "销售一部"), "/rewards/2026Q2/2/sign", "D001"))
	hr.sees("/quarters/2026Q2", "还有 1 张表待签")
}

func TestVerificationIsWrittenDown(t *testing.T) {
	s := looks(t, poisonedCompany) // it is small, and each verification makes all of it anew
	auditor := s.as("auditor")
	auditor.refused("/quarters/2026Q2/verify", nil, http.StatusUnprocessableEntity, "尚未封账")
	auditor.refused("/quarters/2026Q3/verify", url.Values{"head": {"3 abc"}}, http.StatusUnprocessableEntity, "账本末尾")
	status, body := auditor.post("/quarters/2026Q3/verify", url.Values{"head": {"3 " + strings.Repeat("0", 64)}})
	if status != http.StatusOK || !strings.Contains(body, "发现不一致") {
		t.Errorf("a head that the ledger does not hold: %d", status)
	}
	status, body = auditor.post("/quarters/2026Q3/verify", nil)
	if status != http.StatusOK || !strings.Contains(body, "全部一致") || strings.Count(body, "<li>✓ ") < 6 {
		t.Errorf("verification: %d %s", status, body)
	}
	if body := auditor.sees("/"); strings.Contains(body, "封账尚未核验") {
		t.Error("the verification is still asked for")
	}
	auditor.sees("/trail?action=quarter.", "核验封账", "2026Q3 ✓", "2026Q3 ✗")
}

func TestAuditSampleIsRepeatable(t *testing.T) {
	s := looks(t, common)
	auditor := s.as("auditor")
	drawn := func() string {
		t.Helper()
		status, body := auditor.post("/audits/2026Q3", url.Values{"seed": {"20261008"}, "per": {"1"}, "as_of": {"60"}})
		if status != http.StatusOK {
			t.Fatalf("draw: %d %s", status, said(body))
		}
		return strings.Join(regexp.MustCompile(`CC-2026Q3-[0-9a-f]+`).FindAllString(body, -1), " ")
	}
	if first, second := drawn(), drawn(); first == "" || first != second {
		t.Errorf("two draws differ:\n%s\n%s", first, second)
	}
	auditor.sees("/audits/2026Q3", "20261008 · 60 · ")
	for _, form := range []url.Values{{"seed": {" "}}, {"seed": {"a"}, "per": {"0"}}, {"seed": {"a"}, "per": {"1e9"}}, {"seed": {"a"}, "as_of": {"999999"}}} {
		auditor.refused("/audits/2026Q3", form, http.StatusUnprocessableEntity, "class=\"fault\"")
	}
	if status, body := s.as("hr").post("/audits/2026Q3", url.Values{"seed": {"7"}, "do": {"download"}}); status != http.StatusOK || !strings.HasPrefix(body, "PK") {
		t.Errorf("the workbook: %d", status)
	}
}

// TestDeckHasItsOwnPolicy makes sure that the deck is served under the policy that it carries, so that its script runs and no other.
func TestDeckHasItsOwnPolicy(t *testing.T) {
	s := looks(t, common)
	b := s.as("executive")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/packs/2026Q3/deck", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	body := b.sees("/packs/2026Q3/deck")
	m := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(body)
	if m == nil || answer.Header.Get("Content-Security-Policy") != html.UnescapeString(m[1])+"; frame-ancestors 'none'" {
		t.Errorf("the page carries %q, the header says %q", m, answer.Header.Get("Content-Security-Policy"))
	}
	b.sees("/packs/2026Q3", "没有找到 Chromium")
	if status, _ := b.get("/packs/2026Q3/files/pdf"); status != http.StatusUnprocessableEntity {
		t.Errorf("a PDF without a browser: %d", status)
	}
	if status, page := b.get("/packs/2026Q3/files/html"); status != http.StatusOK || page != body {
		t.Errorf("the file is not the page: %d", status)
	}
}

// TestFilesKeepToTheirReaders asks for files as each role, and for those of departments that a manager does not lead.
func TestFilesKeepToTheirReaders(t *testing.T) {
	s := looks(t, common)
	for login, want := range map[string]int{"employee": 404, "manager": 404, "executive": 404, "hr": 200, "finance": 404, "auditor": 200, "admin": 404} {
		if status, body := s.as(login).post("/workbooks/2026-07", nil); status != want {
			t.Errorf("%s: workbook: %d, want %d: %s", login, status, want, said(body))
		}
	}
	manager := s.as("manager")
	for _, x := range []struct {
		form url.Values
		want int
	}{
		{url.Values{"period": {"2026-08"}, "department": {"D003"}}, 200}, {url.Values{"period": {"2026-W30"}, "department": {"D003"}}, 200}, {url.Values{"period": {"2026-08"}, "department": {"D001"}}, 404},
		{url.Values{"period": {"2026-08"}}, 404}, {url.Values{"period": {"2026-99"}, "department": {"D003"}}, 422}, {url.Values{"period": {"2026-W99"}, "department": {"D003"}}, 422}, {url.Values{"period": {"2026-08"}, "department": {"D999"}}, 404},
	} {
		if status, body := manager.post("/reports", x.form); status != x.want {
			t.Errorf("report %v: %d, want %d: %s", x.form, status, x.want, said(body))
		}
	}
	if status, _ := s.as("executive").post("/reports", url.Values{"period": {"2026-08"}, "department": {"D003"}}); status != 404 {
		t.Errorf("an executive gets rows of people: %d", status)
	}
}

// TestLogsTurnPages reads both logs page by page and finds every entry once, the newest first.
func TestLogsTurnPages(t *testing.T) {
	s := demo(t)
	auditor := s.as("auditor")
	for range 120 {
		auditor.get("/quarters/2026Q2/adjustments")
	}
	for _, log := range []string{"/trail?action=rounds.read", "/ledger"} {
		want, got := 120, 0
		if log == "/ledger" {
			want = int(s.company.Books.Seq())
		}
		last := int64(1 << 40)
		for path := log; path != ""; {
			body := auditor.sees(path)
			for _, m := range regexp.MustCompile(`<tr><td class="number">(\d+)</td>`).FindAllStringSubmatch(body, -1) {
				n, _ := fixed.Parse(m[1])
				if int64(n.Float()) >= last {
					t.Errorf("%s: %s comes after %d", path, m[1], last)
				}
				last = int64(n.Float())
				got++
			}
			path = ""
			if m := regexp.MustCompile(`class="button" href="([^"]*before=[^"]*)"`).FindStringSubmatch(body); m != nil {
				path = html.UnescapeString(m[1])
			}
		}
		if got != want {
			t.Errorf("%s: %d entries, want %d", log, got, want)
		}
	}
	auditor.sees("/ledger?kind=rewards.", "生成奖惩名单", "账本末尾")
	if head := s.company.Books.Ledger().Head(); strings.Count(auditor.sees("/ledger"), head.Hash) != 2 {
		t.Error("the last event does not show the hash that the head names")
	}
	if body := auditor.sees("/ledger?actor=nobody"); !strings.Contains(body, "没有符合条件的事件") {
		t.Error("a filter that fits nothing shows something")
	}
	if body := auditor.sees("/trail?from=" + s.now.AddDate(0, 0, 2).Format(time.DateOnly)); strings.Contains(body, "rounds.read") {
		t.Error("entries of days before are shown")
	}
	if status, _ := auditor.get("/trail?to=gestern"); status != http.StatusUnprocessableEntity {
		t.Errorf("a day that is none: %d", status)
	}
}

// TestSurveysTellWhatTheReportTells makes sure that withheld answers stay withheld in page and file.
func TestSurveysTellWhatTheReportTells(t *testing.T) {
	s := looks(t, common)
	executive := s.as("executive")
	executive.sees("/surveys/2026Q3", "匿名答卷过少，不显示")
	if body := executive.sees("/surveys/2026Q3?format=csv", "匿名答卷过少，不显示"); strings.Contains(body, "<") {
		t.Error("the file is a page")
	}
	if status, _ := s.as("manager").get("/surveys/2026Q3"); status != http.StatusNotFound {
		t.Errorf("a manager reads surveys: %d", status)
	}
}

// TestOddAddresses asks for quarters long ago and far ahead, and for what is none: the answer is a page or that there is none, never a failure.
func TestOddAddresses(t *testing.T) {
	s := looks(t, common)
	hr, auditor := s.as("hr"), s.as("auditor")
	for path, want := range map[string]int{
		"/quarters/1990Q1": 200, "/quarters/2999Q4": 200, "/quarters/2026": 404, "/quarters/2026-07": 404, "/quarters/x": 404, "/rewards/1990Q1": 200, "/rewards/2026-07": 404, "/rewards/1990Q1/candidates": 200,
		"/packs/2999Q4": 200, "/packs/2026": 404, "/packs/2026Q2/files/exe": 404, "/resolutions/1990Q1": 200, "/surveys/1990": 200, "/surveys/2999-12": 200, "/audits/2999Q4": 200, "/audits/2026": 404, "/quarters/1990Q1/adjustments": 409, "/quarters/1990Q1/rewards": 409,
		"/trail": 404, "/ledger": 404, "/reports?period=x&department=x": 200,
	} {
		if status, body := hr.get(path); status != want {
			t.Errorf("GET %s: %d, want %d: %s", path, status, want, said(body))
		}
	}
	for _, path := range []string{"/trail?before=-1", "/trail?before=x", "/ledger?before=99999999", "/ledger?before=x", "/ledger?before=1", "/trail?actor=%00%0a"} {
		auditor.sees(path)
	}
	sheet := url.Values{"department": {"D003"}, "total": {"137400"}, "seq": {"x"}, "seed": {"1"}}
	for path, want := range map[string]int{
		"/rewards/2026Q2/x/sign": 404, "/rewards/2026Q2/99/sign": 404, "/rewards/2026Q2/1/steal": 404, "/rewards/2026Q2/1/sign": 409, "/quarters/2026Q3/steal": 404, "/quarters/2026Q2/approve": 404, "/quarters/2999Q4/verify": 422, "/quarters/2999Q4/open": 409,
		"/quarters/2999Q4/seal": 409, "/audits/2999Q4": 200, "/workbooks/1990Q1": 200, "/rewards/1990Q1/payroll": 422,
	} {
		if status, body := hr.post(path, sheet); status != want {
			t.Errorf("POST %s: %d, want %d: %s", path, status, want, said(body))
		}
	}
}
