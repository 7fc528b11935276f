package reviews_test

import (
	"cmp"
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
	"plumbline/policy"
	"plumbline/reviews"
)

const always = int64(1)<<62 - 1

var (
	shanghai = time.FixedZone("Asia/Shanghai", 8*3600)
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

// tables are the files of a small company. E05 moved from D1 to D2 in the middle of August.
var tables = map[string]string{
	"departments.csv": "部门编号,部门名称,部门类别\nD1,销售部,销售\nD2,技术部,技术\nD3,综合部,职能\n",
	"employees.csv": "工号,姓名,入职日期,离职日期,岗位\nE01,顾一,2020-01-01,,总经理\nE02,王二,2020-01-01,,销售经理\nE03,李三,2020-01-01,,销售主管\nE04,张四,2020-01-01,,销售代表\nE05,刘五,2020-01-01,,销售代表\n" +
		"E06,陈六,2020-01-01,,技术经理\nE07,杨七,2020-01-01,,工程师\nE08,黄八,2020-01-01,,人力资源经理\nE09,赵九,2020-01-01,,综合经理\nE10,周十,2020-01-01,,财务经理\n",
	"memberships.csv": "工号,部门编号,任职开始,任职结束,角色\nE02,D1,2020-01-01,,部门负责人\nE03,D1,2020-01-01,,主管\nE04,D1,2020-01-01,,专员\nE05,D1,2020-01-01,2026-08-15,专员\nE05,D2,2026-08-16,,专员\n" +
		"E06,D2,2020-01-01,,部门负责人\nE07,D2,2020-01-01,,专员\nE08,D3,2020-01-01,,专员\nE09,D3,2020-01-01,,部门负责人\nE10,D3,2020-01-01,,专员\n",
}

// deliveries and opportunities give everybody something to be judged by.
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

	memory string // of the database; "" for little
	actor  string // who takes files in; "" for a tester
}

// prepared is a data directory with the company's files, made once and copied.
var prepared struct {
	sync.Once
	dir string
	err error
}

func TestMain(m *testing.M) {
	flag.Parse()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue { // each plays on books of its own
		_ = flag.Set("rapid.checks", "2")
	}
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
		if prepared.dir, prepared.err = os.MkdirTemp("", "reviews"); prepared.err != nil {
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
	dir, err := os.MkdirTemp("", "reviews-test")
	if err == nil {
		err = os.CopyFS(filepath.Join(dir, "data"), os.DirFS(filepath.Join(prepared.dir, "data")))
	}
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: filepath.Join(dir, "data"), now: at("2026-10-01 09:00")}
	t.Cleanup(func() {
		if w.b != nil {
			w.close()
		}
		_ = os.RemoveAll(dir)
	})
	w.open()
	return w
}

// at reads a moment in the company's zone.
func at(s string) time.Time { return must(time.ParseInLocation("2006-01-02 15:04", s, shanghai)) }

func (w *world) open() {
	w.t.Helper()
	b, err := openBooks(w)
	if err != nil {
		w.t.Fatal(err)
	}
	w.b = b
}

func openBooks(w *world) (*books.Books, error) {
	handlers := ingest.Handlers()
	maps.Copy(handlers, reviews.Handlers())
	opt := warehouse.Options{Memory: "512MiB", Threads: 1}
	if w.memory != "" {
		opt = warehouse.Options{Memory: w.memory}
	}
	return books.Open(context.Background(), w.dir, books.Options{Now: func() time.Time { return w.now.UTC() },
		Schema: slices.Concat(policy.Tables(), ingest.Tables(), reviews.Tables()), Handlers: handlers, Warehouse: opt, Coming: books.Unknown})
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
		f, _, err := u.Take(ctx, w.b, v, ingest.Options{Actor: cmp.Or(w.actor, "tester"), Day: w.now.Truncate(24 * time.Hour)})
		if err != nil {
			w.t.Fatal(err)
		}
		quarantined += f.Quarantined
	}
	return quarantined
}

func (w *world) version() policy.Version {
	w.t.Helper()
	return must(policy.InForce(context.Background(), w.b.Warehouse(), always, quarter.LastDay()))
}

// as is the desk of an actor.
func (w *world) as(actor string) *reviews.Desk {
	w.t.Helper()
	return &reviews.Desk{Books: w.b, Version: w.version(), Actor: actor, Zone: shanghai}
}

func (w *world) round() *reviews.Round {
	w.t.Helper()
	r, err := reviews.Read(context.Background(), w.b, quarter, always)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// officer gives who holds an office.
func (w *world) officer(t testing.TB, o policy.Office) (no string) {
	err := w.b.View(context.Background(), func(tx *warehouse.Tx) error {
		p, day := w.version().Policy, time.Date(w.now.Year(), w.now.Month(), w.now.Day(), 0, 0, 0, 0, time.UTC)
		staff, err := metrics.ReadStaff(context.Background(), tx, p, always, day)
		if err != nil {
			return err
		}
		holders := staff.Holders(p.Offices[o], day)
		if len(holders) == 0 {
			return fmt.Errorf("nobody holds the office %s", o)
		}
		no = holders[0]
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return no
}

// ok wants a command to be carried out.
func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// tasks lists who is to be evaluated by whom.
func (w *world) tasks() []reviews.Task {
	w.t.Helper()
	r := must(metrics.New(context.Background(), w.b, metrics.Question{Period: quarter, Version: w.version(), AsOf: always, Now: w.now}))
	return reviews.Tasks(w.round(), nil, r)
}

// evaluation is a complete evaluation with the same points for every item.
func evaluation(t reviews.Task, points fixed.Num, comment string) reviews.EvaluationDraft {
	x := reviews.EvaluationDraft{Evaluated: t.Evaluated, Submit: true, Text: reviews.EvaluationText{Comment: comment}}
	if t.Done != nil {
		x.Version = t.Done.Version
	}
	for _, i := range t.Card.Items {
		x.Text.Items = append(x.Text.Items, reviews.ItemPoints{KPI: i.KPI.ID, Points: points, Comment: comment})
	}
	return x
}

// sealed runs the quarter to its seal: everybody evaluated with 90 by the CEO, who may do it for every superior.
func (w *world) sealed() *reviews.Seal {
	w.t.Helper()
	ctx := context.Background()
	w.now = at("2026-10-01 09:00")
	w.ok(w.as(hr).OpenQuarter(ctx, quarter))
	var drafts []reviews.EvaluationDraft
	for _, t := range w.tasks() {
		drafts = append(drafts, evaluation(t, fixed.Int(90), "综合评价"))
	}
	w.ok(w.as(ceo).SaveEvaluations(ctx, quarter, drafts, w.now))
	for _, d := range []string{"D1", "D2", "D3"} {
		w.ok(w.as(ceo).CloseCalibration(ctx, quarter, d))
	}
	w.ok(w.as(hr).Publish(ctx, quarter, w.now))
	w.now = at("2026-10-26 10:00")
	return must(w.as(hr).Seal(ctx, quarter, w.now))
}
