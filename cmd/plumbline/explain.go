package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"plumbline/company"

	"github.com/spf13/cobra"

	"plumbline/internal/books"
	"plumbline/metrics"
	"plumbline/reports/explain"
)

// explaining is what plumbline explain was asked.
type explaining struct {
	kpi, department, employee, format string
	asOf                              int64
}

func (a *app) explainCommand() *cobra.Command {
	var x explaining
	c := &cobra.Command{
		Use:   "explain PERIOD [EMPLOYEE]",
		Short: a.say("一个人的得分、或一个指标值的完整由来", "how a person's score, or one KPI value, comes about"),
		Long: a.say("写工号，说明此人得分的每一步；写 --kpi，说明一个指标值。文中每个数都能由文中别的数用纸笔算出。",
			"With an employee number it derives the person's score step by step; with --kpi it explains one value. Every figure follows from the others on the page."),
		Example: "  plumbline explain 2026Q3 00012\n  plumbline explain 2026Q3 --kpi conversion_rate --department D001\n  plumbline --lang en explain 2026-08 --kpi log_punctuality --employee 00012",
		Args:    a.between(1, 2, a.say("一个期间，可再写一个工号", "a PERIOD and at most one EMPLOYEE")),
		RunE: func(c *cobra.Command, args []string) error {
			x := x
			if len(args) == 2 {
				if x.employee != "" && x.employee != args[1] {
					return useError{fmt.Errorf(a.say("工号写了两个：%s 与 %s，请留一个", "two employees are named, %s and %s: keep one"), args[1], x.employee)}
				}
				x.employee = args[1]
			}
			if err := a.explainable(x); err != nil {
				return err
			}
			return a.with(c.Context(), func(b *books.Books) error { return a.explain(c.Context(), b, args[0], x) })
		},
	}
	f := c.Flags()
	f.StringVar(&x.kpi, "kpi", "", a.say("说明这个指标的值", "explain the value of this KPI"))
	f.StringVar(&x.department, "department", "", a.say("部门编号，含下级部门", "department id, with its subtree"))
	f.StringVar(&x.employee, "employee", "", a.say("工号", "employee number"))
	f.StringVar(&x.format, "format", "text", a.say("输出格式：text, json", "output format: text, json"))
	a.asOfFlag(c, &x.asOf)
	a.evaluationsFlag(c)
	return c
}

// explainable refuses a question that asks for nothing or for what there is not.
func (a *app) explainable(x explaining) error {
	switch {
	case x.format != "text" && x.format != "json":
		return useError{fmt.Errorf(a.say("--format %q：格式应为 text 或 json", "--format %q: use text or json"), x.format)}
	case x.kpi == "" && x.employee == "":
		return useError{errors.New(a.say("请写工号（plumbline explain 2026Q3 00012），或用 --kpi 写一个指标", "name an employee (plumbline explain 2026Q3 00012), or a KPI with --kpi"))}
	case x.kpi == "" && x.department != "":
		return useError{errors.New(a.say("--department 要与 --kpi 同用；一个人的得分含其所有部门", "--department goes with --kpi; a person's score holds all departments"))}
	}
	return nil
}

func (a *app) explain(ctx context.Context, b *books.Books, of string, x explaining) error {
	q, err := a.question(ctx, b, of, x.asOf)
	if err != nil {
		return err
	}
	if err := a.known(ctx, b, q, metrics.EvidenceQuestion{Period: q.Period, Department: x.department, Employee: x.employee, AsOf: q.AsOf}); err != nil {
		return err
	}
	if x.kpi != "" {
		return a.explainValue(ctx, b, q, x)
	}
	list, err := metrics.Derive(ctx, b, q, x.employee)
	if err != nil {
		return err
	}
	d := list[0]
	files, err := a.company(b).ReceiptFiles(ctx, a.lang, company.ReceiptsOf(d)...)
	switch {
	case err != nil:
		return err
	case x.format == "json":
		return a.writeJSON(explain.PersonData(d, files, a.lang))
	}
	return explain.WritePerson(a.out, d, files, a.lang)
}

// explainValue explains one value.
func (a *app) explainValue(ctx context.Context, b *books.Books, q metrics.Question, x explaining) error {
	k := q.Version.Policy.KPI(x.kpi)
	if k == nil {
		return unknownKPI(q.Version.Policy, x.kpi)
	}
	r, err := metrics.Receipts(ctx, b, q, k, x.department, x.employee)
	if err != nil {
		return err
	}
	files, err := a.company(b).ReceiptFiles(ctx, a.lang, r)
	switch {
	case err != nil:
		return err
	case x.format == "json":
		return a.writeJSON(explain.ValueData(r, files, a.lang))
	}
	return explain.WriteValue(a.out, r, files, a.lang)
}

func (a *app) writeJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
