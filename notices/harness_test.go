package notices_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/notices"
	"plumbline/policy"
	"plumbline/reviews"
)

var (
	shanghai = must(time.LoadLocation("Asia/Shanghai"))
	quarter  = must(period.Parse("2026Q3"))
	month    = must(period.Parse("2026-09"))
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// The people of the company: who they are says their role.
const (
	ceo, headSales, leadSales, seller, mover, headTech, engineer, hr, headOffice, finance = "E01", "E02", "E03", "E04", "E05", "E06", "E07", "E08", "E09", "E10"
)

// poison is a name that would do harm in Markdown, HTML and headers.
const poison = "张四</script><img src=x onerror=alert(1)>[点我](http://evil.example)<@all>*_`"

// tables are the files of a small company. E05 moved from D1 to D2 in the middle of August.
var tables = map[string]string{
	"departments.csv": "部门编号,部门名称,部门类别\nD1,销售部,销售\nD2,技术部,技术\nD3,综合部,职能\n",
	"employees.csv": "工号,姓名,入职日期,离职日期,岗位,邮箱\nE01,顾一,2020-01-01,,总经理,e01@example.com\nE02,王二,2020-01-01,,销售经理,e02@example.com\nE03,李三,2020-01-01,,销售主管,e03@example.com\nE04," + poison +
		",2020-01-01,,销售代表,e04@example.com\nE05,刘五,2020-01-01,,销售代表,\nE06,陈六,2020-01-01,,技术经理,e06@example.com\nE07,杨七,2020-01-01,,工程师,e07@example.com\n" +
		"E08,黄八,2020-01-01,,人力资源经理,e08@example.com\nE09,赵九,2020-01-01,,综合经理,e09@example.com\nE10,周十,2020-01-01,,财务经理,e10@example.com\n",
	"memberships.csv": "工号,部门编号,任职开始,任职结束,角色\nE02,D1,2020-01-01,,部门负责人\nE03,D1,2020-01-01,,主管\nE04,D1,2020-01-01,,专员\nE05,D1,2020-01-01,2026-08-15,专员\nE05,D2,2026-08-16,,专员\n" +
		"E06,D2,2020-01-01,,部门负责人\nE07,D2,2020-01-01,,专员\nE08,D3,2020-01-01,,专员\nE09,D3,2020-01-01,,部门负责人\nE10,D3,2020-01-01,,专员\n",
}

// deliveries, opportunities and logs give everybody something to be judged by.
func init() {
	var d, o, w strings.Builder
	d.WriteString("交付编号,负责人工号,项目名称,交付内容,创建日期,承诺日期,实际交付日期\n")
	for i := range 12 {
		fmt.Fprintf(&d, "JF%02d,E07,平台,模块%d,2026-07-01,2026-09-%02d,2026-09-%02d\n", i, i, 2+i, 2+i+i%3/2)
	}
	o.WriteString("商机编号,负责人工号,客户名称,创建日期,结案日期,结果\n")
	for i := range 24 {
		fmt.Fprintf(&o, "SJ%02d,%s,客户%d,2026-07-01,2026-07-%02d,%s\n", i, []string{"E04", "E05", "E03"}[i%3], i, 2+i, []string{"赢单", "输单", "输单", "输单"}[i%4])
	}
	w.WriteString("日志编号,工号,工作日期,填写日期,实际工时,计划工时,项目名称,工作内容\n")
	n := 0
	for day := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC); day.Before(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)); day = day.AddDate(0, 0, 1) {
		if wd := day.Weekday(); wd == time.Saturday || wd == time.Sunday {
			continue
		}
		for i := 2; i <= 10; i++ {
			n++
			fmt.Fprintf(&w, "WL%04d,E%02d,%s,%s,8,8,平台,工作%d\n", n, i, day.Format(time.DateOnly), day.AddDate(0, 0, n%7/6*2).Format(time.DateOnly), n)
		}
	}
	tables["deliveries.csv"], tables["opportunities.csv"], tables["work_logs.csv"] = d.String(), o.String(), w.String()
}

// world is the company's books at a moment that the test sets.
type world struct {
	t   testing.TB
	dir string
	b   *books.Books
	now time.Time
}

// prepared is a data directory with the company's files, made once and copied.
var prepared struct {
	sync.Once
	dir string
	err error
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if prepared.dir != "" {
		_ = os.RemoveAll(prepared.dir)
	}
	os.Exit(code)
}

// newWorld copies the company into a directory of the test's own.
func newWorld(t testing.TB) *world {
	t.Helper()
	prepared.Do(func() {
		if prepared.dir, prepared.err = os.MkdirTemp("", "notices"); prepared.err != nil {
			return
		}
		w := &world{t: t, dir: filepath.Join(prepared.dir, "data"), now: at("2026-10-01 09:00")}
		w.open()
		if prepared.err = policy.Adopt(context.Background(), w.b, policy.Default(), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), "first", "tester"); prepared.err != nil {
			return
		}
		if n := w.take(tables); n > 0 {
			prepared.err = fmt.Errorf("%d rows of the company are faulty", n)
		}
		w.close()
	})
	if prepared.err != nil {
		t.Fatal(prepared.err)
	}
	return copied(t, filepath.Join(prepared.dir, "data"), at("2026-10-01 09:00"))
}

// copied opens a copy of a data directory, as it is at this moment.
func copied(t testing.TB, from string, now time.Time) *world {
	t.Helper()
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "data"), now: now}
	if err := os.CopyFS(w.dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	w.open()
	t.Cleanup(func() {
		if w.b != nil {
			w.close()
		}
	})
	return w
}

// at reads a moment in the company's zone.
func at(s string) time.Time { return must(time.ParseInLocation("2006-01-02 15:04", s, shanghai)) }

func (w *world) open() {
	w.t.Helper()
	handlers := ingest.Handlers()
	maps.Copy(handlers, reviews.Handlers())
	maps.Copy(handlers, notices.Handlers())
	b, err := books.Open(context.Background(), w.dir, books.Options{Now: func() time.Time { return w.now.UTC() },
		Schema: slices.Concat(policy.Tables(), ingest.Tables(), reviews.Tables(), notices.Tables()), Handlers: handlers, Warehouse: warehouse.Options{Memory: "512MiB", Threads: 1}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.b = b
}

func (w *world) close() {
	if err := w.b.Close(); err != nil {
		w.t.Error(err)
	}
	w.b = nil
}

// take takes files in and gives the number of rows in quarantine.
func (w *world) take(files map[string]string) (quarantined int64) {
	w.t.Helper()
	dir := filepath.Join(w.dir, "..", "files")
	_ = os.RemoveAll(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	ctx := context.Background()
	v := w.version()
	units, faults := ingest.Find(ctx, w.b, v.Policy, []string{dir}, ingest.How{})
	for _, err := range faults {
		w.t.Fatal(err)
	}
	for _, u := range units {
		f, _, err := u.Take(ctx, w.b, v, ingest.Options{Actor: "tester", Day: w.now.Truncate(24 * time.Hour)})
		if err != nil {
			w.t.Fatal(err)
		}
		quarantined += f.Quarantined
	}
	return quarantined
}

func (w *world) version() policy.Version {
	w.t.Helper()
	return must(policy.InForce(context.Background(), w.b.Warehouse(), reviews.AsKnownNow, quarter.LastDay()))
}

// as is the desk of an actor.
func (w *world) as(actor string) *reviews.Desk {
	w.t.Helper()
	return &reviews.Desk{Books: w.b, Version: w.version(), Actor: actor, Zone: shanghai}
}

// ok wants a command to be carried out.
func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// due gives what is due at a moment, and checks what holds of every notice.
func (w *world) due(moment string) []notices.Notice {
	w.t.Helper()
	w.now = at(moment)
	list := must(notices.Due(context.Background(), w.b, notices.Question{Version: w.version(), Zone: shanghai}, w.now))
	again := must(notices.Due(context.Background(), w.b, notices.Question{Version: w.version(), Zone: shanghai}, w.now))
	if fmt.Sprint(list) != fmt.Sprint(again) {
		w.t.Error("the same state gives other notices")
	}
	seen := map[string]bool{}
	for _, n := range list {
		sound(w.t, n)
		if seen[n.Key] {
			w.t.Errorf("the key %s is there twice", n.Key)
		}
		if seen[n.Key] = true; n.Since.After(w.now) {
			w.t.Errorf("%s holds only from %s on", n.Key, n.Since)
		}
	}
	return list
}

// sound checks a notice by itself: whole in both languages, on lines, without pay data.
func sound(t testing.TB, n notices.Notice) {
	t.Helper()
	for _, x := range append([]policy.Text{n.Title}, n.Body...) {
		for _, s := range []string{x.ZH, x.EN} {
			if s == "" || strings.Contains(s, "%!") || strings.ContainsAny(s, "\n\r\t") || strings.ContainsAny(s, "！!") {
				t.Errorf("%s says %q", n.Key, s)
			}
			for _, pay := range []string{"87.65", "3000", "元", "yuan", "卓越", "Outstanding", "优秀", "合格", "得分", "score", "band", "等级", "秘密"} {
				if strings.Contains(s, pay) {
					t.Errorf("%s tells pay data or free text: %q", n.Key, s)
				}
			}
		}
	}
	if len(n.To) != 1 || !strings.HasPrefix(n.Link, "/") || !strings.HasPrefix(n.Key, string(n.Kind)+":") || n.Urgent != n.Kind.Urgent() || n.Since.IsZero() {
		t.Errorf("incomplete: %+v", n)
	}
}

// keys gives the keys of notices of some kinds, or of all.
func keys(list []notices.Notice, kinds ...notices.Kind) (out []string) {
	for _, n := range list {
		if len(kinds) == 0 || slices.Contains(kinds, n.Kind) {
			out = append(out, n.Key)
		}
	}
	return out
}

// want compares the keys of notices of some kinds.
func (w *world) want(list []notices.Notice, kinds []notices.Kind, want ...string) {
	w.t.Helper()
	if got := keys(list, kinds...); !slices.Equal(got, want) {
		w.t.Errorf("at %s due are\n  %s\nwant\n  %s", w.now.Format("01-02 15:04"), strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// tasks lists who is to be evaluated by whom.
func (w *world) tasks() []reviews.Task {
	w.t.Helper()
	r := must(metrics.New(context.Background(), w.b, metrics.Question{Period: quarter, Version: w.version(), AsOf: reviews.AsKnownNow, Now: w.now}))
	return reviews.Tasks(w.round(), nil, r)
}

func (w *world) round() *reviews.Round {
	w.t.Helper()
	return must(reviews.Read(context.Background(), w.b, quarter, reviews.AsKnownNow))
}

// evaluation is a complete evaluation with 87.65 for every item.
func evaluation(t reviews.Task) reviews.EvaluationDraft {
	points := must(fixed.Parse("87.65"))
	x := reviews.EvaluationDraft{Evaluated: t.Evaluated, Submit: true, Text: reviews.EvaluationText{Comment: "秘密评语"}}
	for _, i := range t.Card.Items {
		x.Text.Items = append(x.Text.Items, reviews.ItemPoints{KPI: i.KPI.ID, Points: points, Comment: "秘密评语"})
	}
	return x
}

// evaluated has the CEO write all evaluations, who may do it for every superior.
func (w *world) evaluated() {
	w.t.Helper()
	ctx := context.Background()
	var drafts []reviews.EvaluationDraft
	for _, t := range w.tasks() {
		drafts = append(drafts, evaluation(t))
	}
	w.ok(w.as(ceo).SaveEvaluations(ctx, quarter, drafts, w.now))
	for _, d := range []string{"D1", "D2", "D3"} {
		w.ok(w.as(ceo).CloseCalibration(ctx, quarter, d))
	}
}

// published opens the quarter, has it evaluated and publishes it.
func (w *world) published() {
	w.t.Helper()
	w.ok(w.as(hr).OpenQuarter(context.Background(), quarter))
	w.evaluated()
	w.ok(w.as(hr).Publish(context.Background(), quarter, w.now))
}
