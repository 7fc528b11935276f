package web_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"plumbline/company"
	"plumbline/ingest"
	"plumbline/internal/accounts"
)

// The small company that is played: two departments, and three people with an office who belong to none.
const (
	smallDepartments = `部门编号,部门名称,上级部门编号,部门类别
D01,销售部,,销售
D02,技术部,,技术
`
	smallEmployees = `工号,姓名,英文名,入职日期,岗位,奖金基数
00001,周正平,Zhengping Zhou,2020-01-01,总经理,
00002,何人和,Renhe He,2020-01-01,人力资源经理,
00003,钱知数,Zhishu Qian,2020-01-01,财务经理,
00101,孙立本,Liben Sun,2020-01-01,销售总监,
00102,李信言,Xinyan Li,2020-01-01,销售主管,30000
00103,吴小满,Xiaoman Wu,2020-01-01,销售专员,30000
00201,郑思远,Siyuan Zheng,2020-01-01,技术总监,
00202,王守时,Shoushi Wang,2020-01-01,工程师,
`
	smallMemberships = `工号,部门编号,任职开始,任职结束,角色,直接上级工号
00101,D01,2020-01-01,,负责人,
00102,D01,2020-01-01,,主管,00101
00103,D01,2020-01-01,,专员,00102
00201,D02,2020-01-01,,负责人,
00202,D02,2020-01-01,,专员,00201
`
)

var smallPeople = []accounts.New{
	{Login: "ceo", Employee: "00001", Roles: []accounts.Role{accounts.Executive}}, {Login: "hr", Employee: "00002", Roles: []accounts.Role{accounts.HR}},
	{Login: "finance", Employee: "00003", Roles: []accounts.Role{accounts.Finance}}, {Login: "auditor", Roles: []accounts.Role{accounts.Auditor}},
	{Login: "sales-head", Employee: "00101"}, {Login: "supervisor", Employee: "00102"}, {Login: "employee", Employee: "00103"}, {Login: "tech-head", Employee: "00201"},
}

// small begins the small company on the first day after the quarter: its organisation is known, and nothing that anybody did.
func small(t *testing.T) *service {
	t.Helper()
	dir, now := t.TempDir(), beijing(t, "2026-10-08 09:00")
	files := written(t, map[string]string{"departments.csv": smallDepartments, "employees.csv": smallEmployees, "memberships.csv": smallMemberships})
	if err := company.Begin(t.Context(), dir, company.Options{Now: func() time.Time { return now }, Memory: "1GiB"}, "默认制度", "setup"); err != nil {
		t.Fatal(err)
	}
	s := serve(t, dir, now, smallPeople)
	v, err := s.company.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	units, faults := ingest.Find(t.Context(), s.company.Books, v.Policy, files, ingest.How{})
	o := ingest.Options{Actor: "00002", Day: s.company.Today(v.Policy)}
	err = ingest.TakeAll(t.Context(), s.company.Books, v, units, o, func(f ingest.File, _ bool, err error) error {
		if err == nil && f.Waiting > 0 {
			err = fmt.Errorf("%s: %d rows are set aside", f.Name, f.Waiting)
		}
		return err
	})
	if err := errors.Join(append(faults, err)...); err != nil {
		t.Fatal(err)
	}
	return s
}

// written writes files into a folder of the test and gives their paths in the order of their names.
func written(t *testing.T, texts map[string]string) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		paths = append(paths, filepath.Join(dir, name))
		if err := os.WriteFile(paths[len(paths)-1], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(paths)
	return paths
}

func beijing(t *testing.T, moment string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", moment, time.FixedZone("", 8*60*60))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// smallRecords are the files of the third quarter. Everybody's KPIs meet their targets exactly, so that KPI points are 100 all round: every log is written on its
// day, 3 of 10 opportunities are won (the target is 30 %), 17 of 20 deliveries are on time (85 %). One log claims a day of 30 hours.
func smallRecords(t *testing.T) []string {
	t.Helper()
	logs := "日志编号,工号,工作日期,填写日期,实际工时,计划工时,项目名称,工作内容\nWL99999,00202,2026-07-01,2026-07-01,30,8,总部机房迁移,值守\n"
	for d := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC); d.Month() < 10; d = d.AddDate(0, 0, 1) {
		day := d.Format(time.DateOnly)
		if (d.Weekday() == time.Saturday || d.Weekday() == time.Sunday) != (day == "2026-09-20") || day == "2026-09-25" {
			continue
		}
		for _, no := range []string{"00101", "00102", "00103", "00201", "00202"} {
			logs += fmt.Sprintf("WL%s%s,%s,%s,%s,8,8,东北移动办公,%s日常工作\n", d.Format("0102"), no, no, day, day, day)
		}
	}
	deals, goods := "商机编号,负责人工号,客户名称,创建日期,结案日期,到达阶段,结果,金额\n", "交付编号,负责人工号,项目名称,交付内容,创建日期,承诺日期,实际交付日期\n"
	for i := range 20 {
		created, due, late := fmt.Sprintf("2026-07-%02d", i+1), fmt.Sprintf("2026-09-%02d", i+1), fmt.Sprintf("2026-09-%02d", i+3)
		if i >= 3 {
			late = due
		}
		for _, no := range []string{"00201", "00202"} {
			goods += fmt.Sprintf("JF%02d%s,%s,总部机房迁移,配置清单,%s,%s,%s\n", i, no, no, created, due, late)
		}
		for _, no := range []string{"00101", "00102", "00103"} {
			if outcome := map[bool]string{true: "赢单", false: "输单"}[i < 3]; i < 10 {
				deals += fmt.Sprintf("SJ%02d%s,%s,立信电子,%s,%s,结案,%s,76100.00\n", i, no, no, created, due, outcome)
			}
		}
	}
	answers := "问卷编号;客户名称;服务人工号;评价日期;满意度评分;及时性评分;准确性评分;响应评分;项目名称;意见\nMY000001;立信电子;00103;2026-09-02;5;5;5;4;东北移动办公;响应及时\n"
	return written(t, map[string]string{"work_logs.csv": logs, "opportunities.csv": deals, "deliveries.csv": goods, "satisfaction.csv": answers})
}

// stage is the one browser in which everybody takes his turn.
type stage struct {
	*service
	t   *testing.T
	ctx context.Context
	had map[string]bool // who had a turn
}

// loads does something that brings another page, and looks at the page: it is there, and nothing went wrong on it.
func (g *stage) loads(what string, steps ...chromedp.Action[chromedp.Void]) {
	g.t.Helper()
	g.sound("before: " + what)
	ctx, cancel := context.WithTimeout(g.ctx, time.Minute)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		g.t.Fatalf("%s: %v; the page says %s", what, err, g.text())
	}
	if answer.Status != http.StatusOK {
		g.t.Fatalf("%s: %s answers %d: %s", what, answer.URL, answer.Status, g.text())
	}
	g.sound(what)
}

// sound makes sure that nothing has gone wrong on the page, once its charts are drawn.
func (g *stage) sound(what string) {
	g.t.Helper()
	v := seen{Waiting: 1}
	for i := 0; v.Waiting > 0; i++ {
		if i == 100 {
			g.t.Fatalf("%s: %d charts are not drawn after 10 s", what, v.Waiting)
		} else if i > 0 {
			time.Sleep(100 * time.Millisecond)
		}
		var err error
		if v, err = chromedp.Run(g.ctx, chromedp.Evaluate[seen](inspect)); err != nil {
			g.t.Fatalf("%s: %v", what, err)
		}
	}
	if v.Faults == nil || len(v.Faults) > 0 || v.Wide > 0 {
		g.t.Errorf("%s: %s: watched %t, faults %q, %d px too wide", what, v.Title, v.Faults != nil, v.Faults, v.Wide)
	}
}

// goes opens a page.
func (g *stage) goes(path string, texts ...string) {
	g.t.Helper()
	g.loads("open "+path, chromedp.Navigate(g.url+path))
	g.sees(path, texts...)
}

// text is all that the page holds, also where it is folded.
func (g *stage) text() string {
	g.t.Helper()
	s, err := chromedp.Run(g.ctx, chromedp.TextContent(chromedp.CSS("main")))
	if err != nil {
		g.t.Fatal(err)
	}
	return strings.Join(strings.Fields(s), " ")
}

func (g *stage) sees(what string, texts ...string) {
	g.t.Helper()
	page := g.text()
	for _, s := range texts {
		if !strings.Contains(page, s) {
			g.t.Fatalf("%s: the page lacks %q: %s", what, s, page)
		}
	}
}

// has reports whether the page holds something.
func (g *stage) has(selector string) bool {
	g.t.Helper()
	ok, err := chromedp.Run(g.ctx, chromedp.Evaluate[bool](fmt.Sprintf("document.querySelector(%q) !== null", selector)))
	if err != nil {
		g.t.Fatal(err)
	}
	return ok
}

// presses sends a form by its button, and expects the page after it to hold some words.
func (g *stage) presses(form, button string, texts ...string) {
	g.t.Helper()
	g.loads("press "+button+" of "+form, chromedp.Click(chromedp.CSS(form+" "+button)))
	g.sees("after "+form, texts...)
}

// confirms unfolds the decision that holds something, fills it in and takes it.
func (g *stage) confirms(holding string, fill func(), texts ...string) {
	g.t.Helper()
	decision := "details.confirm:has(" + holding + ")"
	g.acts("unfold "+decision, chromedp.Click(chromedp.CSS(decision+" > summary")), chromedp.WaitVisible(chromedp.CSS(decision+" form")))
	if fill != nil {
		fill()
	}
	g.presses(decision+" form", "p.actions button", texts...)
}

// acts does something that stays on the page.
func (g *stage) acts(what string, steps ...chromedp.Action[chromedp.Void]) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		g.t.Fatalf("%s: %v; the page says %s", what, err, g.text())
	}
}

// types writes into a field.
func (g *stage) types(selector, text string) {
	g.t.Helper()
	g.acts("type into "+selector, writes(selector, text))
}

// turn is somebody's turn at the browser: he signs in, does something and signs out; by the forms the first time, and afterwards as who is signed in already.
func (g *stage) turn(login string, do func()) {
	g.t.Helper()
	began := time.Now()
	if g.had[login] {
		g.as(login).handOver(g.ctx)
		do()
		g.sound("after the turn of " + login) // what the page still fetches is his, and of his day
	} else {
		g.had[login] = true
		g.leaves()
		signIn(g.t, g.ctx, g.service, login)
		do()
		g.presses("form[action='/sign-out']", "button", "已退出登录。")
	}
	g.t.Logf("%s %s: %v", g.now.Format(time.DateTime), login, time.Since(began).Round(time.Millisecond))
}

// leaves takes the session of whoever was at the browser before away from it: who is signed in is not asked to sign in.
func (g *stage) leaves() {
	g.t.Helper()
	if _, err := chromedp.Call(g.ctx, network.DeleteCookies, network.DeleteCookiesParams{Name: "plumbline", URL: g.url}); err != nil {
		g.t.Fatal(err)
	}
}

// on moves the clock of the service.
func (g *stage) on(moment string) { g.now = beijing(g.t, moment) }

// form is a form by where it is sent.
func form(action string) string { return "form[action='" + action + "']" }

// TestQuarterPlayedInBrowser plays the third quarter of a small company from its files to its payroll, every step on the pages, by who has to take it.
func TestQuarterPlayedInBrowser(t *testing.T) {
	ctx := browse(t)
	g := &stage{small(t), t, ctx, map[string]bool{}}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900), chromedp.Navigate(g.url+"/sign-in")); err != nil {
		t.Fatal(err)
	}
	if !g.has("html[lang^=zh]") {
		g.presses(form("/language"), "button")
	}
	g.turn("hr", func() { g.takesIn(); g.opens() })
	g.on("2026-10-09 10:00")
	g.turn("employee", g.reviewsHimself)
	g.on("2026-10-12 10:00")
	g.judgements()
	g.on("2026-10-14 10:00")
	g.turn("hr", func() {
		g.goes("/quarters/2026Q3", "可以公布结果")
		g.confirms(form("/quarters/2026Q3/publish"), nil, "结果已公布，申诉期开始。")
	})
	g.appeal()
	g.on("2026-10-26 10:00")
	seal := ""
	g.turn("hr", func() { seal = g.seals(); g.draws() })
	g.signatures()
	g.turn("finance", g.paysOut)
	g.turn("auditor", func() {
		g.goes("/quarters/2026Q3", seal)
		g.confirms(form("/quarters/2026Q3/verify"), nil, "全部一致。", seal)
	})
	g.turn("employee", func() { g.goes("/me/history", "2026年第3季度", "98.50A"+seal) })
}

// takesIn brings the files of the quarter and looks at the row that is set aside.
func (g *stage) takesIn() {
	g.goes("/files/upload")
	g.acts("choose files", chromedp.SetUploadFiles(chromedp.CSS("#files"), smallRecords(g.t)))
	before := g.company.Books.Seq()
	g.presses(form("/files/upload"), "button", "以下是预演", "会导入的表", "work_logs.csv", "opportunities.csv", "deliveries.csv", "satisfaction.csv", "会进隔离区的行", "2026-09")
	if n := g.company.Books.Seq(); n != before {
		g.t.Errorf("the preview has written %d events", n-before)
	}
	g.presses("form:has(> input[name='moved'])", "button", "导入完成", "work_logs.csv", "查看隔离区")
	g.loads("the quarantine", chromedp.Click(chromedp.CSS(".tasks a[href='/rejects']")))
	g.sees("the quarantine", "工时须大于 0 且不超过 24 小时", "30")
	g.goes("/company/2026Q3")
}

// opens opens the self-reviews of September and the evaluations.
func (g *stage) opens() {
	g.goes("/quarters/2026Q3")
	g.confirms("input[name=month][value='2026-09']", nil, "自评已开放。")
	g.confirms(form("/quarters/2026Q3/open"), nil, "评估已开放。")
}

// reviewsHimself writes the self-review of September: as a draft first, then with his points.
func (g *stage) reviewsHimself() {
	const path = "/me/2026-09/self-review"
	g.goes("/", "自评")
	g.goes(path, "没有答复的各行都认可")
	g.types("#achievements", "本月任务按计划完成")
	g.presses(form(path), "button[value=save]", "已保存。")
	g.goes(path, "本月任务按计划完成")
	g.fills("tbody tr:nth-of-type(%d)", "95", "")
	g.types("#plan", "下月完成在办事项的验收")
	g.presses(form(path), "button[value=submit]", "已提交。")
	g.goes(path, "下月完成在办事项的验收", "95")
	if g.has("#plan") {
		g.t.Error("the self-review can be written after it was submitted")
	}
}

// fills gives the same points to each item of the form.
func (g *stage) fills(item, points, comment string) {
	g.t.Helper()
	i := 1
	for ; g.has(fmt.Sprintf(item, i) + " input[name=points]"); i++ {
		g.types(fmt.Sprintf(item, i)+" input[name=points]", points)
		if comment != "" {
			g.types(fmt.Sprintf(item, i)+" input[name=comment]", comment)
		}
	}
	if i == 1 {
		g.t.Fatalf("no item to give points to: %s", g.text())
	}
}

// judges evaluates one person, reached from the list.
func (g *stage) judges(employee, department, points, comment string) {
	g.t.Helper()
	path := "/evaluations/2026Q3/" + employee + "/" + department
	g.goes("/evaluations/2026Q3", "应评")
	g.loads("from the list to "+employee, chromedp.Click(chromedp.CSS("a[href^='"+path+"']")))
	g.sees(path, "指标得分 100.00", "评分")
	g.fills("fieldset.line:nth-of-type(%d)", points, comment)
	g.types("#overall", comment)
	g.presses("form[action^='"+path+"']:has(#overall)", "button[value=submit]", "已提交。")
}

// judgements are the evaluations and calibrations of everybody: by supervisors, heads and the CEO.
func (g *stage) judgements() {
	g.turn("supervisor", func() { g.judges("00103", "D01", "80", "主动性可再加强") })
	g.turn("sales-head", func() { g.judges("00102", "D01", "90", "按期完成，协作良好") })
	g.turn("tech-head", func() { g.judges("00202", "D02", "90", "质量稳定") })
	g.turn("ceo", func() {
		g.judges("00101", "D01", "90", "部门目标达成")
		g.judges("00201", "D02", "90", "部门目标达成")
	})
	g.turn("sales-head", func() {
		g.goes("/calibrations/2026Q3/D01", "吴小满", "94.00")
		g.confirms("input[name=do][value=close]", nil, "本部门的校准已结束")
	})
	g.turn("hr", func() {
		g.goes("/calibrations/2026Q3/D02", "王守时", "97.00")
		g.confirms("input[name=do][value=close]", nil, "本部门的校准已结束")
	})
}

// appeal is the way of an objection: the employee sees 70 % of 100 and 30 % of 80, which is good; on a telephone and in English he says why that is too little;
// the head mediates.
func (g *stage) appeal() {
	g.turn("employee", func() {
		g.goes("/me/2026Q3", "94.00", "良好", "主动性可再加强")
		g.goes("/me/2026Q3/derivation", "94.00", "70", "30")
		g.acts("take the telephone", chromedp.EmulateViewport(390, 844))
		g.goes("/me/2026Q3")
		g.presses(form("/language"), "button", "Evaluation and appeals", "94.00")
		g.confirms(form("/me/2026Q3/appeals"), func() {
			g.acts("choose", chromedp.SetValue(chromedp.CSS("select[name=against]"), "judgement"))
			g.types(form("/me/2026Q3/appeals")+" textarea[name=text]", "两次紧急交付未被考虑，评分偏低")
		}, "The appeal is filed.", "2026Q3-A1")
		shoot(g.t, g.ctx, "play-appeal-en-390.jpg")
		g.presses(form("/language"), "button", "申诉")
		g.acts("go back to the desk", chromedp.EmulateViewport(1440, 900))
	})
	g.on("2026-10-15 15:00")
	g.turn("sales-head", func() {
		g.goes("/appeals/2026Q3", "吴小满")
		g.loads("the case", chromedp.Click(chromedp.CSS("a[href='/appeals/2026Q3/2026Q3-A1']")))
		g.sees("the case", "两次紧急交付未被考虑")
		g.acts("grant", chromedp.Click(chromedp.CSS("input[name=outcome][value=granted]")))
		g.types("#points", "95")
		g.types("#reason", "核对记录，两次紧急交付属实")
		g.presses(form("/appeals/2026Q3/2026Q3-A1"), "p.actions button", "申诉的处理已记录。")
	})
	g.turn("employee", func() { g.goes("/me/2026Q3", "98.50", "优秀", "核对记录，两次紧急交付属实") })
}

var sealText = regexp.MustCompile(`封账号 ([0-9A-F]{12})`)

// seals seals the quarter and gives the seal that the page shows.
func (g *stage) seals() string {
	g.goes("/quarters/2026Q3")
	g.confirms(form("/quarters/2026Q3/seal"), nil, "已封账。")
	m := sealText.FindStringSubmatch(g.text())
	if m == nil {
		g.t.Fatalf("the page shows no seal: %s", g.text())
	}
	shoot(g.t, g.ctx, "play-sealed-zh-1440.jpg")
	return m[1]
}

// draws looks at the reward list and draws it up.
func (g *stage) draws() {
	g.loads("preview the list", chromedp.Click(chromedp.CSS("a[href='/quarters/2026Q3/rewards']")))
	g.sees("the preview", "吴小满", "36,000.00")
	g.confirms(form("/quarters/2026Q3/rewards"), nil, "名单已生成，待签字。")
}

// signs signs every sheet whose turn is the viewer's.
func (g *stage) signs(want int) {
	g.t.Helper()
	g.goes("/rewards/2026Q3")
	n := 0
	for ; g.has(form("/rewards/2026Q3/1/sign")); n++ {
		g.confirms(form("/rewards/2026Q3/1/sign"), nil, "已签字。")
	}
	if n != want {
		g.t.Errorf("%d sheets are signed, want %d: %s", n, want, g.text())
	}
}

// signatures are those of the heads under their sheets, of finance under all, and of the CEO under the dear one and the heads'.
func (g *stage) signatures() {
	g.turn("sales-head", func() { g.signs(1) })
	g.turn("tech-head", func() { g.signs(1) })
	g.turn("finance", func() { g.signs(3) })
	g.turn("ceo", func() { g.signs(2) })
}

// paysOut downloads the payroll as the form sends it, and compares it with what the bands give: 1.2 of the base to everybody.
func (g *stage) paysOut() {
	g.goes("/rewards/2026Q3", "82,800.00", "已签完，可以发放")
	text, err := chromedp.Run(g.ctx, chromedp.Evaluate[string](`(function () {
  var f = document.querySelector("form[action='/rewards/2026Q3/payroll']");
  f.elements.format.value = 'csv';
  return fetch(f.action, {method: 'POST', body: new URLSearchParams(new FormData(f))}).then(function (r) { return r.text(); });
})()`, chromedp.EvalAwaitPromise))
	if err != nil {
		g.t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		g.t.Fatal(err)
	}
	got := map[string]string{}
	for _, row := range rows[1:] {
		got[row[3]] = row[5]
	}
	want := map[string]string{"00101": "3600.00", "00102": "36000.00", "00103": "36000.00", "00201": "3600.00", "00202": "3600.00"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		g.t.Errorf("the payroll has %v, want %v", got, want)
	}
}
