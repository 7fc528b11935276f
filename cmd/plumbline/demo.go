package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"plumbline/charts"
	"plumbline/ingest"
	"plumbline/internal/accounts"
	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
	"plumbline/reports/pack"
	"plumbline/reports/tabular"
	"plumbline/sample_data"
	"plumbline/sample_data/story"
	"plumbline/web"
)

// demoMark stands in a directory that the demo made and may make anew.
const demoMark = ".plumbline-demo"

// demoPeriod is the last quarter of the sample company.
const demoPeriod = "2026Q3"

func (a *app) demoCommand() *cobra.Command {
	var out, addr string
	var noServe bool
	c := &cobra.Command{
		Use:     "demo -o OUT",
		Short:   a.say("用示例公司走完全程：导入、指标、评审、封账、工作簿、图表", "the whole way on the sample company: ingest, KPIs, reviews, a seal, workbook, charts"),
		Example: "  plumbline demo -o out",
		Args:    a.nothing(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := a.demo(c.Context(), out); err != nil || noServe {
				return err
			}
			a.heading(a.say("五、打开网页", "5. The service"))
			return a.serveData(c.Context(), serving{addr: addr, demo: demoAccounts})
		},
	}
	c.Flags().BoolVar(&noServe, "no-serve", false, a.say("写完文件即结束，不启动网页服务", "stop after writing, without the service"))
	c.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", a.say("网页服务监听的地址", "address of the service"))
	c.Flags().StringVarP(&out, "output", "o", "out", a.say("写入的目录", "directory to write to"))
	return c
}

// demoPassword opens every account of the demonstration; it is no secret.
const demoPassword = "plumbline-demo"

// demoAccounts are one for each role of the sample company.
var demoAccounts = []web.DemoAccount{
	{Login: "employee", Password: demoPassword, Employee: "00012", What: policy.Text{ZH: "员工：写自评，看自己的指标与评估", EN: "employee: self-review, own figures and evaluation"}},
	{Login: "manager", Password: demoPassword, Employee: "00047", What: policy.Text{ZH: "主管：部门看板、下属、评估", EN: "manager: department board, people, evaluations"}},
	{Login: "executive", Password: demoPassword, Employee: story.CEO, Roles: []accounts.Role{accounts.Executive}, What: policy.Text{ZH: "总经理：公司看板、战略会、签奖惩", EN: "executive: company board, strategy pack, rewards"}},
	{Login: "hr", Password: demoPassword, Employee: story.HR, Roles: []accounts.Role{accounts.HR}, What: policy.Text{ZH: "人力资源：数据、考核进度、公布、封账", EN: "human resources: data, quarters, publication, seal"}},
	{Login: "finance", Password: demoPassword, Employee: story.Finance, Roles: []accounts.Role{accounts.Finance}, What: policy.Text{ZH: "财务：奖惩名单与签字", EN: "finance: reward lists and signatures"}},
	{Login: "auditor", Password: demoPassword, Roles: []accounts.Role{accounts.Auditor}, What: policy.Text{ZH: "审计：可看全部，不能改", EN: "auditor: reads all, changes nothing"}},
	{Login: "admin", Password: demoPassword, Roles: []accounts.Role{accounts.Admin}, What: policy.Text{ZH: "管理员：账号与运行，看不到薪酬数据", EN: "administrator: accounts and operation, no pay data"}},
}

// demo plays the sample company through and tells what came of it.
func (a *app) demo(ctx context.Context, out string) error {
	if err := freshDemo(out); err != nil {
		return err
	}
	files := filepath.Join(out, "sample_data")
	if err := os.CopyFS(files, sample_data.FS); err != nil {
		return fmt.Errorf("unpack the sample company: %w", err)
	}
	a.data = filepath.Join(out, "data")
	if err := a.initialise(ctx, a.data); err != nil {
		return err
	}
	clock := &story.Clock{Real: a.now}
	a.now = clock.Now // what the books ask, also while the story goes on
	return a.with(ctx, func(b *books.Books) error {
		a.heading(a.say("一、导入示例公司的文件", "1. Taking in the sample company's files"))
		took, err := a.ingest(ctx, b, []string{filepath.Join(files, "company"), filepath.Join(files, "refused")}, declared{})
		if err != nil {
			return err
		}
		if err := story.Play(ctx, a.company(b), clock); err != nil {
			return fmt.Errorf("play the reviews: %w", err)
		}
		return a.demoTold(ctx, b, took, out)
	})
}

// demoTold shows what the demo made, and writes its files.
func (a *app) demoTold(ctx context.Context, b *books.Books, took taken, out string) error {
	q, err := a.question(ctx, b, demoPeriod, 0)
	if err != nil {
		return err
	}
	r, err := metrics.New(ctx, b, q)
	if err != nil {
		return err
	}
	a.heading(fmt.Sprintf(a.say("二、%s 各部门指标", "2. KPIs by department, %s"), policy.Text{ZH: r.Period.ZH(), EN: r.Period.EN()}.In(a.lang)))
	if err := a.board(r).Write(a.out, "table"); err != nil {
		return err
	}
	a.heading(a.say("三、评审走到哪一步", "3. How far the reviews are"))
	if err := a.demoStatus(ctx, b); err != nil {
		return err
	}
	a.heading(a.say("四、写出的文件", "4. What was written"))
	return a.demoFiles(ctx, b, q, r, took, out)
}

func (a *app) heading(s string) { fmt.Fprintf(a.out, "\n%s\n", s) }

// freshDemo makes the directory, or empties one that an earlier demo made; it never touches another's.
func freshDemo(out string) error {
	mark := filepath.Join(out, demoMark)
	entries, err := os.ReadDir(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(mark); err != nil && len(entries) > 0 {
		return useError{fmt.Errorf("%s is not empty and was not made by the demo; choose another directory with -o (目录非空，请用 -o 另选)", out)}
	}
	for _, name := range []string{"data", "sample_data", "charts", "reports", "pack"} {
		if err := os.RemoveAll(filepath.Join(out, name)); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	return os.WriteFile(mark, nil, 0o644)
}

// board is a table that a person likes to read: departments down, the KPIs of the scorecards across, with score and band.
func (a *app) board(r *metrics.Report) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{{Heading: a.say("部门", "department")}, {Heading: a.say("人数", "people"), Kind: tabular.Integer}}}
	var shown []int
	for i, k := range r.KPIs {
		if !judged(r, k) {
			continue
		}
		shown = append(shown, i)
		heading := k.Name.In(a.lang)
		if k.Unit == policy.Percent {
			heading += " %"
		}
		t.Columns = append(t.Columns, tabular.Column{Heading: heading, Kind: tabular.Decimal})
	}
	t.Columns = append(t.Columns, tabular.Column{Heading: a.say("得分", "score"), Kind: tabular.Decimal}, tabular.Column{Heading: a.say("等级", "band")})
	line := func(name string, l metrics.Line, s metrics.Score) {
		cells := []string{name, fmt.Sprint(l.Headcount)}
		for _, i := range shown {
			cells = append(cells, a.shortValue(l.Values[i]))
		}
		t.Rows = append(t.Rows, append(cells, scoreText(s.Total), bandText(s.Band)))
	}
	line(r.Policy.Company.Name.In(a.lang), r.Company, metrics.Score{})
	for _, d := range r.Departments {
		line(strings.Repeat("  ", d.Department.Depth+1)+d.Department.Name.In(a.lang), d.Line, d.Score)
	}
	return t
}

// judged reports whether a department's scorecard has the KPI as an item.
func judged(r *metrics.Report, k *policy.KPI) bool {
	for _, d := range r.Departments {
		for _, item := range d.Score.Items {
			if item.Item.KPI == k {
				return true
			}
		}
	}
	return false
}

func (a *app) shortValue(v metrics.Value) string {
	r, ok := v.Exact()
	switch {
	case v.Status == metrics.Withheld:
		return a.say("不显示", "withheld")
	case !ok:
		return "–"
	case v.Status == metrics.Insufficient:
		return fmt.Sprintf(a.say("样本不足 n=%s", "too few, n=%s"), v.N)
	}
	return fixed.Text(r, 1)
}

// demoFiles writes the workbook in both languages and the charts, and lists what there is.
func (a *app) demoFiles(ctx context.Context, b *books.Books, q metrics.Question, r *metrics.Report, took taken, out string) error {
	line := func(what, path string) { fmt.Fprintf(a.out, "  %s  %s\n", what, path) }
	d, err := a.workbookData(ctx, b, r, q, "auto")
	if err != nil {
		return err
	}
	for _, lang := range []policy.Lang{a.lang, other(a.lang)} {
		path, _, err := reports.WriteWorkbook(ctx, reports.Folder{Dir: filepath.Join(out, "reports")}, d, lang)
		if err != nil {
			return err
		}
		line(a.say("工作簿", "workbook"), path)
	}
	if err := r.ReadDetails(ctx, b); err != nil {
		return err
	}
	page, err := a.charts(r, filepath.Join(out, "charts"))
	if err != nil {
		return err
	}
	line(a.say("图表页", "charts  "), page)
	if err := a.demoPack(ctx, b, filepath.Join(out, "pack"), line); err != nil {
		return err
	}
	line(a.say("数据　", "data    "), a.data)
	rejects, err := ingest.Rejects(ctx, b, r.Policy, always)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, a.say("\n共入账 %d 行，隔离 %d 行（%d 处问题），拒收 %d 个文件。示例数据里的错误是有意放入的，清单见 %s。\n",
		"\n%d rows accepted, %d in quarantine (%d problems), %d files refused. The faults in the sample are there on purpose; see %s.\n"),
		took.accepted, took.waiting, len(rejects), len(took.faults), filepath.Join(out, "sample_data", "faults.csv"))
	fmt.Fprintf(a.out, a.say("接着看：bin/plumbline rejects --data %[1]s ；bin/plumbline score %[2]s --data %[1]s\n", "go on with: bin/plumbline rejects --data %[1]s ; bin/plumbline score %[2]s --data %[1]s\n"), a.data, demoPeriod)
	return nil
}

// demoPack writes the pack of the strategy meeting; printing it is left to the command.
func (a *app) demoPack(ctx context.Context, b *books.Books, dir string, line func(what, path string)) error {
	d, err := a.packData(ctx, b, demoPeriod, 0)
	if err != nil {
		return err
	}
	renderer, err := charts.NewRenderer()
	if err != nil {
		return err
	}
	f, err := pack.Write(ctx, dir, d, renderer, "", a.lang)
	if err == nil {
		line(a.say("战略会", "pack    "), f.HTML)
	}
	return err
}
