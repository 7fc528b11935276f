package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
)

// reportFlags are what the command is asked for beside the period.
type reportFlags struct {
	out, department string
	both, each      bool
	asOf            int64
}

func (a *app) reportCommand() *cobra.Command {
	var f reportFlags
	c := &cobra.Command{
		Use:   "report PERIOD -o DIR",
		Short: a.say("周报、月报、季报、年报（Excel）：指标、工时、逾期、节点、决议、培训，留有填写处", "weekly, monthly, quarterly and yearly reports (Excel): KPIs, hours, late deliveries, milestones, resolutions, trainings, with places to write"),
		Long: a.say("期间还可写作周：2026-W30（周一至周日）。周内指标只列可按日计件的比率，其余指标按月相加，见月报。",
			"A PERIOD may also be a week, 2026-W30 (Monday to Sunday). Of a week only shares that count records day by day are shown; all other KPIs add up by months."),
		Example: "  plumbline report 2026-W30 -o out\n  plumbline report 2026-07 -o out --department D003\n  plumbline report 2026-07 -o out --each\n  plumbline report 2026 -o out",
		Args:    a.exactly(1, a.say("一个期间或一周", "one PERIOD or week")),
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.output(f.out); err != nil {
				return err
			}
			return a.with(c.Context(), func(b *books.Books) error { return a.periodic(c.Context(), b, args[0], f) })
		},
	}
	c.Flags().StringVarP(&f.out, "output", "o", "", a.say("写入的目录", "directory to write to"))
	c.Flags().StringVar(&f.department, "department", "", a.say("部门编号，含下级部门；默认全公司", "department id, with its subtree; the company by default"))
	c.Flags().BoolVar(&f.each, "each", false, a.say("全公司一份，各部门各一份", "one for the company and one for each department"))
	c.Flags().BoolVar(&f.both, "both", false, a.say("中文、英文各写一份", "write it in Chinese and in English"))
	a.asOfFlag(c, &f.asOf)
	a.passwordFlag(c)
	return c
}

// periodic writes the reports of a period or a week.
func (a *app) periodic(ctx context.Context, b *books.Books, arg string, f reportFlags) error {
	var week *period.Week
	if strings.Contains(arg, "W") {
		w, err := period.ParseWeek(arg)
		if err != nil {
			return useError{err}
		}
		week, arg = &w, period.MonthOf(w.LastDay()).String()
	}
	q, err := a.question(ctx, b, arg, f.asOf)
	if err != nil {
		return err
	}
	if err := a.known(ctx, b, q, metrics.EvidenceQuestion{Department: f.department, Period: q.Period, AsOf: q.AsOf}); err != nil {
		return err
	}
	r, err := metrics.New(ctx, b, q)
	if err != nil {
		return err
	}
	names, err := a.company(b).Names(ctx, q)
	if err != nil {
		return err
	}
	departments := []string{f.department}
	if f.each {
		departments = []string{""}
		for i := range r.Departments {
			departments = append(departments, r.Departments[i].Department.ID)
		}
	}
	for _, id := range departments {
		d, err := a.company(b).Periodic(ctx, r, q, week, id, names)
		if err != nil {
			return err
		}
		if err := a.writePeriodic(ctx, d, f); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) writePeriodic(ctx context.Context, d reports.Periodic, f reportFlags) error {
	langs := []policy.Lang{a.lang}
	if f.both {
		langs = append(langs, other(a.lang))
	}
	for _, lang := range langs {
		to, err := a.folder(f.out)
		if err != nil {
			return err
		}
		path, changed, err := reports.WritePeriodic(ctx, to, d, lang)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.out, path)
		if !changed {
			a.tell("%s", a.say("内容与上一版相同，未另存", "the content is that of the last version; no new file was made"))
		}
	}
	return nil
}
