package web_test

import (
	"bytes"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/company"
	"plumbline/ingest"
	"plumbline/policy"
	"plumbline/web"
)

// part is one part of a form with files: a field where it has no file name.
type part struct{ name, file, text string }

// send sends a form with files as a page of the service does. It gives where the answer leads, too.
func (b *browser) send(path string, parts ...part) (status int, location, body string) {
	b.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for _, p := range parts {
		to, err := w.CreateFormField(p.name)
		if p.file != "" {
			to, err = w.CreateFormFile(p.name, p.file)
		}
		if err != nil {
			b.t.Fatal(err)
		}
		_, _ = to.Write([]byte(p.text))
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, &form)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Origin", b.url)
	b.client.CheckRedirect = func(next *http.Request, _ []*http.Request) error {
		location = next.URL.Path
		return http.ErrUseLastResponse
	}
	status, body = b.do(r)
	return status, location, body
}

// waiting counts the rows in quarantine.
func (s *service) waiting() (n int64) {
	s.t.Helper()
	files, err := ingest.Files(s.t.Context(), s.company.Books, company.Always)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range files {
		if f.RowsIn != f.Accepted+f.Quarantined+f.Excluded {
			s.t.Errorf("%s: %d rows in, %d accepted, %d quarantined, %d excluded", f.Name, f.RowsIn, f.Accepted, f.Quarantined, f.Excluded)
		}
		n += f.Waiting
	}
	return n
}

// staged lists what lies in the place of uploads.
func (s *service) staged() []string {
	s.t.Helper()
	list, err := filepath.Glob(filepath.Join(s.dir, "uploads", "*", "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

const logs = "工号,工作日期,实际工时,项目,工作内容\n00012,2026-10-09,7.5,甲,<script>alert(1)</script>\n00012,2026-10-10,99,甲,太多\n00012,2026-08-03,2,甲,补记\n"

func TestDataPagesAreForHRAndAudit(t *testing.T) {
	s := looks(t, common)
	files, err := ingest.Files(t.Context(), s.company.Books, company.Always)
	if err != nil {
		t.Fatal(err)
	}
	sha := files[0].SHA256
	read := []string{"/files", "/files/" + sha, "/rejects", "/rejects/workbook", "/quality/2026Q3", "/quality/2026Q3?people=yes", "/quality/2026Q3/workbook", "/quality/2026Q3/checks/logged_late"}
	write := []string{"/files/upload", "/originals/" + sha, "/policy/draft"}
	for _, login := range []string{"employee", "manager", "executive", "finance", "admin"} {
		b := s.as(login)
		for _, path := range append(append([]string{}, read...), write...) {
			if status, _ := b.get(path); status != http.StatusNotFound {
				t.Errorf("%s: GET %s answers %d", login, path, status)
			}
		}
		for _, path := range []string{"/files/upload", "/files/" + sha, "/rejects/dismiss", "/policy/adopt", "/policy/simulate"} {
			if status, _ := b.post(path, url.Values{"note": {"x"}, "id": {"2-12"}}); status != http.StatusNotFound {
				t.Errorf("%s: POST %s answers %d", login, path, status)
			}
		}
	}
	a := s.as("auditor")
	for _, path := range read {
		body := a.sees(path)
		_, main, _ := strings.Cut(body, "<main")
		main, _, _ = strings.Cut(main, "</main>")
		if strings.Contains(main, `method="post"`) || strings.Contains(main, "/originals/") || strings.Contains(main, "/files/upload") {
			t.Errorf("the page %s offers an auditor to change something", path)
		}
	}
	for _, path := range write {
		if status, _ := a.get(path); status != http.StatusNotFound {
			t.Errorf("auditor: GET %s answers %d", path, status)
		}
	}
	s.as("hr").sees("/originals/"+sha, "")
}

func TestFilesArePreviewedThenTakenIn(t *testing.T) {
	s := demo(t)
	hr := s.as("hr")
	seq, waiting := s.company.Books.Seq(), s.waiting()
	name := `..\..\<img src=x onerror=alert(1)>.csv`
	status, at, body := hr.send("/files/upload", part{name: "dataset"}, part{"files", name, logs}, part{"files", "odd.csv", "日期,谁\n2026-10-09,00012\n"}, part{"files", "page.xls", "<html><table><tr><td>1</td></tr></table></html>"})
	if status != http.StatusSeeOther || !strings.HasPrefix(at, "/uploads/") {
		t.Fatalf("upload: %d %s %s", status, at, body)
	}
	for _, path := range s.staged() {
		if base := filepath.Base(path); !regexp.MustCompile(`^[0-9]+\.(csv|xls)$`).MatchString(base) {
			t.Errorf("a file lies under the name %q", base)
		}
	}
	body = hr.sees(at, "&lt;img src=x onerror=alert(1)&gt;.csv", "3 行 = 入账 2 &#43; 隔离 1", "check.1", "工时须大于 0", "改法：", "file.no_header", "file.html", "2026-08", "2026-10", "&lt;script&gt;alert(1)&lt;/script&gt;", "为此文件建立映射： odd.csv")
	if strings.Contains(body, "<img src=x") || strings.Contains(body, "<script>alert") || strings.Contains(body, s.dir) {
		t.Error("the preview is poisoned, or tells where files lie")
	}
	if s.company.Books.Seq() != seq || s.waiting() != waiting {
		t.Fatal("a preview has changed the books")
	}
	for _, other := range []*browser{s.as("hr"), s.as("auditor")} {
		if status, _ := other.get(at); status != http.StatusNotFound {
			t.Errorf("the upload shows in another session of %s: %d", other.login, status)
		}
	}
	if status, body := hr.post(at, url.Values{"moved": {"1"}}); status != http.StatusConflict || !strings.Contains(body, "账册有了变化") || s.company.Books.Seq() != seq {
		t.Errorf("a preview of an older state is taken in: %d", status)
	}
	if status, body := hr.post(at, fields(body)); status != http.StatusSeeOther {
		t.Fatalf("take in: %d %s", status, body)
	}
	hr.sees(at, "已导入", "&lt;img src=x", "/company/2026Q3", "/quality/2026Q4", "file.html")
	if status, _ := hr.post(at, fields(body)); status != http.StatusConflict {
		t.Errorf("the same upload is taken in twice: %d", status)
	}
	if n := s.waiting(); n != waiting+1 || len(s.staged()) != 0 {
		t.Errorf("%d rows wait, %d before; left behind: %v", n, waiting, s.staged())
	}
	status, at, _ = hr.send("/files/upload", part{"files", "again.csv", logs})
	if body := hr.sees(at, "不会再次入账"); status != http.StatusSeeOther || strings.Contains(body, `name="moved"`) {
		t.Error("the same bytes can come in again unasked")
	}
}

func TestUploadsDoNotStay(t *testing.T) {
	s := demo(t)
	hr := s.as("hr")
	if status, _, body := hr.send("/files/upload", part{name: "order", text: "dmy"}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "没有选择文件") || !strings.Contains(body, `value="dmy" selected`) {
		t.Errorf("no file: %d, and what was chosen is forgotten", status)
	}
	var parts []part
	for n := range 101 {
		parts = append(parts, part{"files", fmt.Sprintf("%d.csv", n), "x"})
	}
	if status, _, body := hr.send("/files/upload", parts...); status != http.StatusUnprocessableEntity || !strings.Contains(body, "最多 100 个文件") || len(s.staged()) != 0 {
		t.Errorf("101 files: %d, left: %d", status, len(s.staged()))
	}
	_, at, _ := hr.send("/files/upload", part{"files", "a.csv", logs})
	if status, _ := hr.post(at+"/drop", nil); status != http.StatusSeeOther || len(s.staged()) != 0 {
		t.Errorf("given up: %d, left: %v", status, s.staged())
	}
	_, at, _ = hr.send("/files/upload", part{"files", "a.csv", logs})
	s.now = s.now.Add(25 * time.Minute)
	hr.sees(at, "a.csv")
	s.now = s.now.Add(25 * time.Minute)
	hr.sees(at, "a.csv")
	s.now = s.now.Add(10 * time.Minute)
	if status, body := hr.get(at); status != http.StatusNotFound || !strings.Contains(body, "重新上传") {
		t.Errorf("after an hour it answers %d", status)
	}
	if len(s.staged()) == 0 {
		t.Fatal("nothing is left to be cleared at a start")
	}
	if _, err := web.New(web.Options{Company: s.company, Accounts: s.accounts, Trail: s.trail}); err != nil || len(s.staged()) != 0 {
		t.Errorf("after a start there are %v (%v)", s.staged(), err)
	}
}

// TestAmbiguityIsAsked has a file whose dates could be read in two ways: it is asked, and read as was answered.
func TestAmbiguityIsAsked(t *testing.T) {
	s := looks(t, common)
	hr := s.as("hr")
	_, at, _ := hr.send("/files/upload", part{"files", "a.csv", "工号,工作日期,实际工时,项目\n00012,03/08/2026,2,乙\n"})
	hr.sees(at, "分不清哪个是日", "date.ambiguous")
	if status, _ := hr.post(at+"/how", url.Values{"order": {"dmy"}}); status != http.StatusSeeOther {
		t.Fatalf("declare the order: %d", status)
	}
	if body := hr.sees(at, "2026-08-03", "入账 1 &#43; 隔离 0"); strings.Contains(body, "date.ambiguous") {
		t.Error("the declared order is not used")
	}
	if status, body := hr.get(at); status != http.StatusOK || !strings.Contains(body, `value="dmy" selected`) {
		t.Error("the page forgets what was declared")
	}
	if status, _ := hr.post(at+"/how", url.Values{"set": {"nonsense"}}); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	if status, body := hr.get(at); status != http.StatusUnprocessableEntity || !strings.Contains(body, "看不懂") || !strings.Contains(body, "nonsense") || strings.Contains(body, `name="moved"`) {
		t.Errorf("a declared value that cannot be read: %d", status)
	}
}

func TestMappingIsMadeInAForm(t *testing.T) {
	s := demo(t)
	hr := s.as("hr")
	_, at, _ := hr.send("/files/upload", part{"files", "外部日志.csv", "日期,员工,几个小时,干了啥\n2026/10/9,00012,3.5,开发\n2026/10/9,99999,1,谁\n"})
	hr.sees(at+"/mapping?file=1", "这些是什么记录")
	hr.sees(at+"/mapping?file=1&dataset=work_logs", "文件的每一列", "几个小时", "3.5 | 1")
	form := url.Values{"file": {"1"}, "table": {"1"}, "dataset": {"work_logs"}, "header_row": {"1"}, "id": {"outside"}, "name_zh": {"外部日志"}, "name_en": {"Outside"}, "column-0": {"work_date"}, "column-1": {"employee_no"}, "do": {"look"}}
	if status, body := hr.post(at+"/mapping", form); status != http.StatusUnprocessableEntity || !strings.Contains(body, "没有填入 hours") {
		t.Errorf("a mapping without hours: %d", status)
	}
	form.Set("column-2", "hours")
	form.Set("column-3", "content")
	status, body := hr.post(at+"/mapping", form)
	if status != http.StatusOK || !strings.Contains(body, "2 行 = 入账 1 &#43; 隔离 1") || !strings.Contains(body, "<td>2026-10-09</td>") || !strings.Contains(body, "employee.unknown") {
		t.Fatalf("look: %d %s", status, body)
	}
	saved := filepath.Join(s.dir, "policy", "mappings", "outside.yaml")
	if _, err := os.Stat(saved); err == nil {
		t.Fatal("looking has saved the mapping")
	}
	form.Set("do", "save")
	for _, id := range []string{"../../outside", "", "jira"} {
		form.Set("id", id)
		if status, _ := hr.post(at+"/mapping", form); status != http.StatusUnprocessableEntity && status != http.StatusConflict {
			t.Errorf("saved under %q: %d", id, status)
		}
	}
	form.Set("id", "outside")
	if status, body := hr.post(at+"/mapping", form); status != http.StatusSeeOther {
		t.Fatalf("save: %d %s", status, body)
	}
	if _, err := os.Stat(saved); err != nil {
		t.Fatal(err)
	}
	hr.sees(at, "映射 outside", "2 行 = 入账 1 &#43; 隔离 1", "Jira 事务 · jira")
}

func TestRejectsAreCorrectedOrDismissed(t *testing.T) {
	s := demo(t)
	hr := s.as("hr")
	_, at, _ := hr.send("/files/upload", part{"files", "logs.csv", logs})
	if status, body := hr.post(at, fields(hr.sees(at))); status != http.StatusSeeOther {
		t.Fatalf("take in: %d %s", status, body)
	}
	before := s.waiting()
	files, err := ingest.Files(t.Context(), s.company.Books, company.Always)
	if err != nil {
		t.Fatal(err)
	}
	sha := files[len(files)-1].SHA256
	hr.sees("/rejects?file="+sha, "logs.csv 第 3 行", "99", "check.1", "太多")
	_, workbook := hr.get("/rejects/workbook?file=" + sha)
	book, err := excelize.OpenReader(strings.NewReader(workbook))
	if err != nil {
		t.Fatal(err)
	}
	sheet := book.GetSheetList()[1]
	for r := 1; r < 5; r++ {
		for c := 1; c < 12; c++ {
			at, _ := excelize.CoordinatesToCellName(c, r)
			if v, _ := book.GetCellValue(sheet, at); v == "99" {
				if err := book.SetCellStr(sheet, at, "8"); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	corrected, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	_, at, _ = hr.send("/files/upload", part{"files", "更正.xlsx", corrected.String()})
	if status, body := hr.post(at, fields(hr.sees(at, "以前隔离的 1 行会离开隔离区"))); status != http.StatusSeeOther {
		t.Fatalf("take the correction in: %d %s", status, body)
	}
	if n := s.waiting(); n != before-1 {
		t.Fatalf("%d rows wait, %d before the correction", n, before)
	}
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(hr.sees("/rejects"))[1]
	for _, form := range []url.Values{{"id": {id}}, {"note": {"重复"}}, {"id": {id, "999-1"}, "note": {"重复"}}, {"all": {"yes"}, "count": {"3"}, "note": {"重复"}}} {
		if status, _ := hr.post("/rejects/dismiss", form); status != http.StatusUnprocessableEntity || s.waiting() != before-1 {
			t.Errorf("%v: %d, %d rows wait", form, status, s.waiting())
		}
	}
	if status, _ := hr.post("/rejects/dismiss", url.Values{"id": {id}, "note": {"重复登记"}}); status != http.StatusSeeOther || s.waiting() != before-2 {
		t.Errorf("dismiss: %d, %d rows wait", status, s.waiting())
	}
}

func TestFileIsWithdrawn(t *testing.T) {
	s := demo(t)
	hr := s.as("hr")
	_, at, _ := hr.send("/files/upload", part{"files", "logs.csv", logs})
	if status, body := hr.post(at, fields(hr.sees(at))); status != http.StatusSeeOther {
		t.Fatalf("take in: %d %s", status, body)
	}
	path := regexp.MustCompile(`/files/[0-9a-f]{64}`).FindString(hr.sees(at))
	if got := hr.sees(strings.Replace(path, "/files/", "/originals/", 1)); got != logs {
		t.Errorf("the original came back as %q", got)
	}
	if status, _ := hr.post(path, url.Values{"note": {"  "}}); status != http.StatusUnprocessableEntity {
		t.Errorf("withdrawn without a reason: %d", status)
	}
	if status, body := hr.post(path, url.Values{"note": {"导错了"}}); status != http.StatusSeeOther {
		t.Fatalf("withdraw: %d %s", status, body)
	}
	hr.sees(path, "已撤回")
	if status, body := hr.post(path, url.Values{"note": {"再来"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "未作改动") {
		t.Errorf("withdrawn twice: %d", status)
	}
}

// draftOf reads the texts of the page on which the policy is changed.
func draftOf(body string) map[string]string {
	texts := map[string]string{}
	for _, m := range regexp.MustCompile(`<textarea[^>]*name="(text-[^"]*)"[^>]*>\n([^<]*)</textarea>`).FindAllStringSubmatch(body, -1) {
		texts[m[1]] = html.UnescapeString(m[2])
	}
	return texts
}

func TestPolicyIsCheckedTriedOutAndAdopted(t *testing.T) {
	s := demo(t)
	hr := s.as("hr")
	texts := draftOf(hr.sees("/policy/draft"))
	form := func(changes ...part) (parts []part) {
		parts = append(parts, part{name: "against", text: "1"}, part{name: "period", text: "2026Q3"})
		for name, text := range texts {
			parts = append(parts, part{name: name, text: text})
		}
		return append(parts, changes...)
	}
	cards := texts["text-scorecards.yaml"]
	if cards == "" {
		t.Fatal("the page has no scorecards")
	}
	status, _, body := hr.send("/policy/draft", form(part{"files", "scorecards.yaml", strings.Replace(cards, "weight: 60", "weight: 61", 1)})...)
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, "权重合计 101") || !strings.Contains(body, "第 9 行第 3 列") || !strings.Contains(body, "weight: 61") {
		t.Errorf("a fault in a file that was sent: %d %s", status, body)
	}
	changed := part{"files", "scorecards.yaml", strings.Replace(cards, "superior_share: 30", "superior_share: 50", 1)}
	changed.text = strings.Replace(changed.text, "kpi_share: 70", "kpi_share: 50", 1)
	changed.text = strings.Replace(changed.text, "[100, 100], [120, 120]", "[100, 70], [120, 80]", 1)
	if _, _, body = hr.send("/policy/draft", form(changed)...); !strings.Contains(body, "上级评分占比") || !strings.Contains(body, "制度没有错误") {
		t.Error("the difference is not told")
	}
	seq := s.company.Books.Seq()
	if status, _, body = hr.send("/policy/simulate", form(changed)...); status != http.StatusOK || !strings.Contains(body, "2026年第3季度试算") || !strings.Contains(body, "<caption>有变化的人") {
		t.Errorf("try out: %d", status)
	}
	if _, _, body = hr.send("/policy/simulate", form(changed, part{name: "do", text: "workbook"})...); !strings.HasPrefix(body, "PK") {
		t.Error("the simulation as a workbook is none")
	}
	for what, more := range map[string][]part{"no day": {{name: "note", text: "x"}}, "no note": {{name: "effective", text: "2027-01-01"}}, "another version": {{name: "effective", text: "2027-01-01"}, {name: "note", text: "x"}, {name: "against", text: "7"}},
		"a strange file": {{name: "effective", text: "2027-01-01"}, {name: "note", text: "x"}, {"files", "../evil.yaml", "a: 1"}}} {
		if status, _, _ := hr.send("/policy/adopt", form(append(more, changed)...)...); status != http.StatusUnprocessableEntity && status != http.StatusConflict || s.company.Books.Seq() != seq {
			t.Errorf("%s: adopting answers %d", what, status)
		}
	}
	if status, _, body := hr.send("/policy/adopt", form(changed, part{name: "effective", text: "2027-01-01"}, part{name: "note", text: "份额 <b>"})...); status != http.StatusSeeOther {
		t.Fatalf("adopt: %d %s", status, body)
	}
	v, err := policy.InForce(t.Context(), s.company.Books.Warehouse(), company.Always, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil || v.Number != 2 || v.Note != "份额 <b>" {
		t.Fatalf("in force from 2027 on is version %d with the note %q: %v", v.Number, v.Note, err)
	}
	e := s.as("employee")
	e.sees("/policy", "现行制度：第 1 版", "第 2 版将自 2027-01-01 起生效", `id="kpi-conversion_rate"`, "份额 &lt;b&gt;")
	e.sees("/policy/versions/2/diff/1", "上级评分占比", "<td>30</td>", "<td>50</td>")
	e.sees("/policy/versions/2/files/scorecards.yaml", "superior_share: 50")
	if body := e.sees("/policy"); strings.Contains(body, "/policy/draft") {
		t.Error("an employee is offered to change the policy")
	}
	hr.sees("/policy/draft", "superior_share: 50")
}
