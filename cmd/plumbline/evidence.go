package main

import (
	"context"
	"fmt"
	"plumbline/company"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/tabular"
)

func (a *app) evidenceCommand() *cobra.Command {
	var q metrics.EvidenceQuestion
	c := &cobra.Command{
		Use:     "evidence KPI PERIOD",
		Short:   a.say("一个数字背后的每一行：计入的，以及未计入的原因", "the rows behind a value: those that count, and those left out with the reason"),
		Example: "  plumbline evidence conversion_rate 2026Q3 --department D01\n  plumbline evidence on_time_rate 2026-08 --employee 00021 --format csv",
		Args:    a.exactly(2, a.say("一个指标和一个期间", "a KPI and a PERIOD")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				ask, err := a.question(c.Context(), b, args[1], q.AsOf)
				if err != nil {
					return err
				}
				q := q
				if q.KPI = ask.Version.Policy.KPI(args[0]); q.KPI == nil {
					return unknownKPI(ask.Version.Policy, args[0])
				}
				if k := q.KPI; k.Anonymous {
					return useError{fmt.Errorf(a.say("%s 出自匿名答卷，不逐条列出；合计见 plumbline kpi %s --kpi %[1]s", "%s rests on anonymous answers, which are not listed; plumbline kpi %s --kpi %[1]s has the totals"), k.ID, args[1])}
				}
				if k := q.KPI; k.IsRatio() {
					return useError{fmt.Errorf(a.say("%[1]s 是两个指标之比，请分别查 plumbline evidence %[2]s %[4]s 与 plumbline evidence %[3]s %[4]s",
						"%[1]s is a ratio of two KPIs; ask for plumbline evidence %[2]s %[4]s and plumbline evidence %[3]s %[4]s"), k.ID, k.Of.ID, k.To.ID, args[1])}
				}
				q.Period, q.AsOf, q.ReportDay, q.Asked = ask.Period, ask.AsOf, a.reportDay(ask.Version.Policy, ask.Period), a.today(ask.Version.Policy)
				if err := a.known(c.Context(), b, ask, q); err != nil {
					return err
				}
				rows, err := metrics.Evidence(c.Context(), b, ask.Version.Policy, q)
				if err != nil {
					return err
				}
				origins, err := ingest.ReadOrigins(c.Context(), b)
				if err != nil {
					return err
				}
				return a.evidenceTable(q.KPI.Dataset, rows, origins).Write(a.out, a.format)
			})
		},
	}
	c.Flags().StringVar(&q.Department, "department", "", a.say("部门编号，含下级部门", "department id, with its subtree"))
	c.Flags().StringVar(&q.Employee, "employee", "", a.say("工号", "employee number"))
	a.asOfFlag(c, &q.AsOf)
	a.formatFlag(c)
	return c
}

// known refuses a department or an employee that the books do not know.
func (a *app) known(ctx context.Context, b *books.Books, ask metrics.Question, q metrics.EvidenceQuestion) error {
	p := ask.Version.Policy
	for _, want := range []struct{ dataset, id, zh, en string }{
		{policy.Departments, q.Department, "没有部门 %q；部门编号见 plumbline kpi %s --by department", "there is no department %q; plumbline kpi %s --by department lists them"},
		{policy.Employees, q.Employee, "没有员工 %q；工号见 plumbline score %s --by employee", "there is no employee %q; plumbline score %s --by employee lists them"},
	} {
		if want.id == "" {
			continue
		}
		d := p.Dataset(want.dataset)
		s := warehouse.SQL("look up "+d.ID, fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = $id AND %s <= $as_of AND %s > $as_of",
			d.Table(), warehouse.Ident(d.Key[0]), policy.SeqColumn, policy.UntilColumn))
		var n int64
		err := b.View(ctx, func(tx *warehouse.Tx) (err error) {
			n, err = warehouse.One[int64](ctx, tx, s, warehouse.Args{"id": want.id, "as_of": q.AsOf})
			return err
		})
		switch {
		case err != nil:
			return err
		case n == 0:
			return useError{fmt.Errorf(a.say(want.zh, want.en), want.id, q.Period)}
		}
	}
	return nil
}

func (a *app) evidenceTable(d *policy.Dataset, rows []metrics.EvidenceRow, origins *ingest.Origins) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{
		{Name: "counted", Heading: a.say("计入", "counted")}, {Name: "reason", Heading: a.say("未计入的原因", "reason")},
		{Name: "department", Heading: a.say("当日部门", "department")}, {Name: "share", Heading: a.say("计入份额", "share"), Kind: tabular.Decimal},
	}}
	for _, c := range d.Columns {
		t.Columns = append(t.Columns, tabular.Column{Name: c.ID, Heading: c.Name.In(a.lang)})
	}
	t.Columns = append(t.Columns, tabular.Column{Name: "file", Heading: a.say("文件", "file")}, tabular.Column{Name: "row", Heading: a.say("行", "row"), Kind: tabular.Integer})
	for _, r := range rows {
		cells := append([]string{a.countedText(r.Counted), r.Reason.In(a.lang), r.Department, shareText(r)}, r.Cells...)
		if r.Counted == metrics.Missing {
			t.Rows = append(t.Rows, append(cells, "", ""))
			continue
		}
		if d.Recorded != "" {
			t.Rows = append(t.Rows, append(cells, company.Decision(r.Seq).In(a.lang), ""))
			continue
		}
		file, row := origins.Of(d.ID, r.Seq, r.Row)
		t.Rows = append(t.Rows, append(cells, company.FileName(file), strconv.FormatInt(row, 10)))
	}
	return t
}

// shareText is how much of a record counts in its department; blank where it counts nowhere.
func shareText(r metrics.EvidenceRow) string {
	if r.Department == "" {
		return ""
	}
	return r.Share.String()
}

func (a *app) countedText(c metrics.Counted) string {
	if a.format != "table" {
		return string(c)
	}
	switch c {
	case metrics.InBoth:
		return a.say("分子", "numerator")
	case metrics.InDenominator:
		return a.say("仅分母", "denominator only")
	case metrics.Missing:
		return a.say("缺", "missing")
	}
	return a.say("未计入", "left out")
}

// reportDay is the last day that a report of the period can know of.
func (a *app) reportDay(p *policy.Policy, of period.Period) (day time.Time) {
	day = a.today(p)
	if last := of.LastDay(); last.Before(day) {
		day = last
	}
	return day
}
