package main

import (
	"context"
	"errors"
	"fmt"
	"plumbline/company"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

// qualityFlags are what the command is asked for beside the period.
type qualityFlags struct {
	department, employee string
	checks, by           []string
	rows, warnings       bool
	out                  string
	asOf                 int64
}

func (a *app) qualityCommand() *cobra.Command {
	var f qualityFlags
	c := &cobra.Command{
		Use:     "quality PERIOD",
		Short:   a.say("数据质量检查：数字背后的数据可不可信，只提示，不改数据", "checks of the data behind the figures; they warn and correct nothing"),
		Long:    a.say("检查项目与界限写在制度的 company.yaml 的 quality 中。", "What is checked and which limits hold stands under quality in the policy's company.yaml."),
		Example: "  plumbline quality 2026Q3 --warnings\n  plumbline quality 2026Q3 --department D001 --by department,employee\n  plumbline quality 2026Q3 --check due_moved --rows --format csv",
		Args:    a.exactly(1, a.say("一个期间", "one PERIOD")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(b *books.Books) error { return a.quality(c.Context(), b, args[0], f) })
		},
	}
	c.Flags().StringVar(&f.department, "department", "", a.say("部门编号，含下级部门", "department id, with its subtree"))
	c.Flags().StringVar(&f.employee, "employee", "", a.say("工号", "employee number"))
	c.Flags().StringSliceVar(&f.checks, "check", nil, a.say("只看这些检查", "only these checks"))
	c.Flags().StringSliceVar(&f.by, "by", []string{"company", "department"}, a.say("层次：company,department,employee", "levels: company,department,employee"))
	c.Flags().BoolVar(&f.warnings, "warnings", false, a.say("只列超出界限的", "only what lies beyond its limit"))
	c.Flags().BoolVar(&f.rows, "rows", false, a.say("列出一项检查查到的每一行（须写 --check）", "the rows that one check found (needs --check)"))
	c.Flags().StringVarP(&f.out, "output", "o", "", a.say("写成 Excel 工作簿：写入的目录", "write it as a workbook: directory to write to"))
	a.passwordFlag(c)
	a.asOfFlag(c, &f.asOf)
	a.formatFlag(c)
	return c
}

func (a *app) quality(ctx context.Context, b *books.Books, arg string, f qualityFlags) error {
	q, err := a.question(ctx, b, arg, f.asOf)
	if err != nil {
		return err
	}
	checks, err := a.checksAsked(q.Version.Policy, f)
	if err != nil {
		return err
	}
	if err := a.known(ctx, b, q, metrics.EvidenceQuestion{Department: f.department, Employee: f.employee, Period: q.Period, AsOf: q.AsOf}); err != nil {
		return err
	}
	if f.rows {
		return a.qualityRows(ctx, b, metrics.QualityQuestion{Question: q, Check: checks[0], Department: f.department, Employee: f.employee})
	}
	levels, err := a.levels(f.by)
	if err != nil {
		return err
	}
	if levels.Month {
		return useError{errors.New(a.say("--by month：检查按整个期间，请逐月查询", "--by month: checks look at a whole period; ask month by month"))}
	}
	looked := levels
	looked.Employee = levels.Employee || f.employee != ""
	found, err := metrics.Examine(ctx, b, q, looked)
	if err != nil {
		return err
	}
	if f.out != "" {
		return a.qualityWorkbook(ctx, b, q, found, checks, levels, f)
	}
	t := a.qualityTable(found, checks, levels, f)
	if len(t.Rows) == 0 && f.warnings {
		a.tell(a.say("没有超出界限的检查", "no check lies beyond its limit"))
	}
	return t.Write(a.out, a.format)
}

// checksAsked gives the checks with the ids, or all; rows are those of one.
func (a *app) checksAsked(p *policy.Policy, f qualityFlags) ([]*policy.QualityCheck, error) {
	var known []string
	for _, c := range p.Quality {
		known = append(known, c.ID)
	}
	if len(p.Quality) == 0 {
		return nil, useError{errors.New(a.say("制度没有写数据质量检查；在 company.yaml 中写上 quality", "the policy has no checks of data; write some under quality in company.yaml"))}
	}
	if f.rows && len(f.checks) != 1 {
		return nil, useError{fmt.Errorf(a.say("--rows 须与一个 --check 同用；可选：%s", "--rows goes with one --check; choose one of: %s"), strings.Join(known, ", "))}
	}
	if len(f.checks) == 0 {
		return p.Quality, nil
	}
	var checks []*policy.QualityCheck
	for _, id := range f.checks {
		c := p.QualityCheck(id)
		if c == nil {
			return nil, useError{fmt.Errorf(a.say("没有检查 %q；可选：%s", "there is no check %q; choose from: %s"), id, strings.Join(known, ", "))}
		}
		checks = append(checks, c)
	}
	return checks, nil
}

func (a *app) qualityTable(q *metrics.Quality, checks []*policy.QualityCheck, l metrics.Levels, f qualityFlags) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{
		{Name: "period", Heading: a.say("期间", "period")}, {Name: "department", Heading: a.say("部门", "department")},
		{Name: "employee_no", Heading: a.say("工号", "employee")}, {Name: "check", Heading: a.say("检查", "check")}, {Name: "name", Heading: a.say("名称", "name")},
		{Name: "warning", Heading: a.say("提示", "warning")},
		{Name: "value", Heading: a.say("值", "value"), Kind: tabular.Decimal}, {Name: "unit", Heading: a.say("单位", "unit")},
		{Name: "numerator", Heading: a.say("查到", "found"), Kind: tabular.Decimal}, {Name: "denominator", Heading: a.say("可判断", "judged"), Kind: tabular.Decimal},
		{Name: "unjudged", Heading: a.say("无从判断", "unjudged"), Kind: tabular.Decimal}, {Name: "limit", Heading: a.say("界限", "limit"), Kind: tabular.Decimal},
		{Name: "status", Heading: a.say("状态", "status")}, {Name: "says", Heading: a.say("说明", "what was counted")},
	}}
	for _, x := range findingsAsked(q, checks, l, f) {
		a.addFinding(t, q, x)
	}
	return t
}

// findingsAsked gives the findings that are asked for.
func findingsAsked(q *metrics.Quality, checks []*policy.QualityCheck, l metrics.Levels, f qualityFlags) (list []metrics.Finding) {
	var under map[string]bool
	if f.department != "" {
		under = q.Under(f.department)
	}
	for _, x := range q.Findings {
		switch {
		case !slices.Contains(checks, x.Check), f.warnings && !x.Warning, under != nil && !under[x.Department]:
		case f.employee != "":
			if x.Employee == f.employee {
				list = append(list, x)
			}
		case x.Employee != "" && l.Employee, x.Employee == "" && x.Department != "" && l.Department, x.Department == "" && l.Company:
			list = append(list, x)
		}
	}
	return list
}

func (a *app) addFinding(t *tabular.Table, q *metrics.Quality, f metrics.Finding) {
	places, value, found, unit := decimals, "", f.Ratio.Num.String(), "percent"
	if a.format == "table" {
		places = 2
	}
	if v, ok := f.Exact(); ok {
		value = fixed.Text(v, places)
	}
	if f.Check.Kind == policy.Delay {
		found, unit = "", "days"
	}
	if a.format == "table" {
		unit = map[string]string{"percent": "%", "days": a.say("天", "days")}[unit]
	}
	t.Add(q.Period.String(), f.Department, f.Employee, f.Check.ID, f.Check.Name.In(a.lang), a.warningText(f.Warning), value, unit, found, f.N.String(),
		f.Unjudged.String(), f.Check.Limit.String(), a.statusText(f.Status), f.Says().In(a.lang))
}

// warningText is the machine word, or a mark in a table for people.
func (a *app) warningText(warning bool) string {
	switch {
	case a.format != "table":
		return strconv.FormatBool(warning)
	case warning:
		return a.say("提示", "warning")
	}
	return ""
}

// qualityRows lists the rows of one check. Of a due day that moved the older version stands beside, with the columns named after it.
func (a *app) qualityRows(ctx context.Context, b *books.Books, q metrics.QualityQuestion) error {
	rows, err := metrics.QualityRows(ctx, b, q)
	if err != nil {
		return err
	}
	origins, err := ingest.ReadOrigins(ctx, b)
	if err != nil {
		return err
	}
	t := &tabular.Table{Columns: []tabular.Column{
		{Name: "says", Heading: a.say("说明", "what was found")}, {Name: "department", Heading: a.say("部门", "department")}, {Name: "employee_no", Heading: a.say("工号", "employee")},
		{Name: "day", Heading: a.say("日期", "day")}, {Name: "share", Heading: a.say("计入份额", "share"), Kind: tabular.Decimal},
		{Name: "recorded_at", Heading: a.say("入账时间", "recorded at")}, {Name: "actor", Heading: a.say("操作人", "actor")}, {Name: "event", Heading: a.say("账序", "event"), Kind: tabular.Integer},
		{Name: "file", Heading: a.say("文件", "file")}, {Name: "row", Heading: a.say("行", "row"), Kind: tabular.Integer},
	}}
	d := q.Check.Dataset
	for _, c := range d.Columns {
		t.Columns = append(t.Columns, tabular.Column{Name: "record_" + c.ID, Heading: c.Name.In(a.lang)})
	}
	moved := q.Check.Kind == policy.DueMoved
	for _, c := range d.Columns {
		if moved {
			t.Columns = append(t.Columns, tabular.Column{Name: "before_" + c.ID, Heading: a.say("原", "before: ") + c.Name.In(a.lang)})
		}
	}
	for _, r := range rows {
		t.Rows = append(t.Rows, a.qualityRow(q, r, origins, len(t.Columns)))
	}
	return t.Write(a.out, a.format)
}

func (a *app) qualityRow(q metrics.QualityQuestion, r metrics.QualityRow, origins *ingest.Origins, width int) []string {
	day, at, event, file, row := "", "", "", "", ""
	if !r.Day.IsZero() {
		day = r.Day.Format(time.DateOnly)
	}
	if r.Seq > 0 {
		f, n := origins.Of(q.Check.Dataset.ID, r.Seq, r.Row)
		at, event, file, row = r.At.In(q.Now.Location()).Format(time.DateTime), strconv.FormatInt(r.Seq, 10), company.FileName(f), strconv.FormatInt(n, 10)
	}
	cells := []string{r.Says.In(a.lang), r.Department, r.Employee, day, r.Share.String(), at, r.Actor, event, file, row}
	cells = append(append(cells, r.Cells...), r.Before...)
	return append(cells, make([]string, width-len(cells))...)
}

// qualityNote points from a table of KPIs to what the checks say of the data of the departments shown.
func (a *app) qualityNote(ctx context.Context, b *books.Books, q metrics.Question, kpis []*policy.KPI, rows []metrics.Row) error {
	if a.format != "table" || len(q.Version.Policy.Quality) == 0 {
		return nil
	}
	found, err := metrics.Examine(ctx, b, q, metrics.Levels{Company: true, Department: true})
	if err != nil {
		return err
	}
	type warning struct {
		department string
		check      *policy.QualityCheck
	}
	warnings, departments := map[warning]bool{}, map[string]bool{}
	for _, r := range rows {
		if r.Department == "" || r.Employee != "" || departments[r.Department] {
			continue
		}
		for _, k := range kpis {
			for _, w := range found.Warnings(k, r.Department) {
				warnings[warning{r.Department, w.Check}] = true
			}
		}
		departments[r.Department] = true
	}
	if len(warnings) > 0 {
		shown := map[string]bool{}
		for w := range warnings {
			shown[w.department] = true
		}
		a.tell(a.say("数据质量提示：%d 个部门共 %d 项超出界限，见 plumbline quality %s --warnings", "data quality: departments with checks beyond their limits: %d, such checks: %d; see plumbline quality %s --warnings"),
			len(shown), len(warnings), q.Period)
	}
	return nil
}
