package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/reports"
	"plumbline/reviews"
)

func (a *app) reviewExportCommand() *cobra.Command {
	var out, department, superior, holder string
	c := &cobra.Command{
		Use: "export QUARTER -o DIR", Short: a.say("写出评估表（Excel）：每位上级一份，或一个部门一份", "write evaluation sheets (Excel): one for each superior, or one for a department"),
		Long: a.say("只有淡黄底的格可填；填好后用 plumbline review import 导入。已提交与免评的人不列入。--as 写明文件交给谁：本人不列入，他人的备注不显示。",
			"Only pale yellow cells can be filled in; plumbline review import takes the sheet back. Evaluations that are in or exempt are left out. --as says who gets the file: that person is left out, and notes of others are not shown."),
		Example: "  plumbline review export 2026Q3 -o sheets\n  plumbline review export 2026Q3 --superior 00047 -o sheets\n  plumbline review export 2026Q3 --department D003 --as 00047 -o sheets",
		Args:    a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.output(out); err != nil {
				return err
			}
			one := c.Flags().Changed("superior")
			if one && department != "" {
				return useError{errors.New(a.say("--superior 与 --department 只能写一个", "give --superior or --department, not both"))}
			}
			return a.with(c.Context(), func(b *books.Books) error {
				x, err := a.evaluations(c.Context(), b, args[0])
				if err != nil {
					return err
				}
				d := reports.EvaluationData{Report: x.Report, Round: x.Round, Tasks: x.Tasks, Department: department, Holder: holder}
				if department != "" {
					return a.exportEvaluations(c.Context(), out, d)
				}
				whose := []string{superior}
				if !one {
					whose = superiorsOf(x.Tasks)
				}
				var sheets []reports.EvaluationData
				for _, no := range whose {
					mine := d
					mine.Superior = &no
					if holder == "" {
						mine.Holder = no
					}
					if waiting, _, _ := mine.Waiting(); len(waiting) > 0 || one {
						sheets = append(sheets, mine)
					}
				}
				return a.exportEvaluations(c.Context(), out, sheets...)
			})
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", a.say("写入的目录", "directory to write to"))
	c.Flags().StringVar(&department, "department", "", a.say("一个部门的所有待评，含各位上级", "all evaluations of one department, of all its superiors"))
	c.Flags().StringVar(&superior, "superior", "", a.say("一位上级的待评；无上级的写空串", "the evaluations of one superior; empty for people without one"))
	c.Flags().StringVar(&holder, "as", "", a.say("文件交给谁：工号；默认为该上级", "who gets the file: employee number; the superior by default"))
	a.passwordFlag(c)
	return c
}

// superiorsOf lists the superiors who evaluate somebody.
func superiorsOf(tasks []reviews.Task) []string {
	set := map[string]bool{}
	for _, t := range tasks {
		set[t.Superior] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// exportEvaluations writes the sheets, none when one of them has nobody to evaluate.
func (a *app) exportEvaluations(ctx context.Context, dir string, sheets ...reports.EvaluationData) error {
	for _, d := range sheets {
		switch waiting, _, _ := d.Waiting(); {
		case d.Round.Opened == nil:
			return useError{fmt.Errorf(a.say("%s 的评估尚未开放；请人力资源先运行 plumbline quarter open", "the evaluations of %s are not open; human resources run plumbline quarter open first"), d.Round.Period)}
		case d.Round.Published != nil || d.Round.Sealed != nil:
			return useError{fmt.Errorf(a.say("%s 已公布，评估不能再改", "%s is published; evaluations stand"), d.Round.Period)}
		case len(waiting) == 0:
			return useError{fmt.Errorf(a.say("没有待评的人；用 plumbline review list %s 查看", "nobody is to be evaluated; see plumbline review list %s"), d.Round.Period)}
		}
	}
	if len(sheets) == 0 {
		a.tell(a.say("所有评估都已提交，没有要写的评估表", "all evaluations are in; there is no sheet to write"))
	}
	for _, d := range sheets {
		to, err := a.folder(dir)
		if err != nil {
			return err
		}
		path, changed, err := reports.WriteEvaluation(ctx, to, d, a.lang)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.out, path)
		if !changed {
			a.tell(a.say("内容与上一版相同，未另存", "the content is that of the last version; no new file was made"))
		}
	}
	return nil
}

func (a *app) reviewImportCommand() *cobra.Command {
	var x acting
	var quarter string
	var submit bool
	c := &cobra.Command{
		Use: "import FILE", Short: a.say("导入填好的评估表（Excel）：全部或全不", "take a filled-in evaluation sheet (Excel) back: all of it or nothing"),
		Long: a.say("改动了锁定的格、多出或缺少的行、别人的评估、过期的版本、不合规的分数，都逐格说明，整份不导入。未填的人跳过；--submit 时必须填完。",
			"Changed locked cells, foreign or missing rows, evaluations of others, stale versions and impossible points are named cell by cell, and nothing is taken in. People left blank are skipped; with --submit all must be complete."),
		Example: "  plumbline review import 某某公司-2026年第3季度上级评估表（00047）-1.0版.xlsx --as 00047 --submit",
		Args:    a.exactly(1, a.say("一个文件", "one FILE")),
		RunE: func(c *cobra.Command, args []string) error {
			raw, err := os.ReadFile(args[0])
			if err != nil {
				return useError{err}
			}
			if raw, err = a.unprotected(args[0], raw); err != nil {
				return err
			}
			f, err := reports.ReadEvaluation(raw)
			if err != nil {
				return a.evaluationFaults(args[0], err)
			}
			now := reports.EvaluationNow{Submit: submit}
			if quarter != "" {
				if now.Quarter, err = a.period(quarter); err != nil {
					return err
				}
			}
			return a.atDesk(c, f.Quarter.String(), x, func(ctx context.Context, d *reviews.Desk, p period.Period) error {
				taken, err := a.importEvaluations(ctx, d, f, now)
				if err != nil {
					return a.evaluationFaults(args[0], err)
				}
				a.tellTaken(taken)
				if len(taken.Drafts) == 0 {
					return a.done("没有填写的评估，什么都没有保存", "no evaluation was filled in; nothing was saved")
				}
				if submit {
					return a.done("%d 份评估已提交", "%d evaluations are in", len(taken.Drafts))
				}
				return a.done("%d 份评估已保存，尚未提交", "%d evaluations are saved, not submitted yet", len(taken.Drafts))
			})
		},
	}
	a.actingFlags(c, &x, false)
	c.Flags().StringVar(&quarter, "quarter", "", a.say("只接受这个季度的评估表", "take a sheet of this quarter only"))
	c.Flags().BoolVar(&submit, "submit", false, a.say("保存后即提交；每个人都须填完", "submit at once; everybody must be complete"))
	a.passwordFlag(c)
	return c
}

// importEvaluations saves what a sheet says, in one event.
func (a *app) importEvaluations(ctx context.Context, d *reviews.Desk, f *reports.FilledSheet, now reports.EvaluationNow) (taken reports.Taken, err error) {
	x, err := a.evaluations(ctx, d.Books, f.Quarter.String())
	if err != nil {
		return taken, err
	}
	now.Tasks = x.Tasks
	if now.Refused, err = d.MayEvaluate(ctx, f.Quarter, f.People(), a.now()); err != nil {
		return taken, err
	}
	now.Rules = d.Version.Policy.Reviews.Evaluation
	if taken, err = f.Against(now); err != nil || len(taken.Drafts) == 0 {
		return taken, err
	}
	return taken, d.SaveEvaluations(ctx, f.Quarter, taken.Drafts, a.now())
}

// tellTaken says who was left out.
func (a *app) tellTaken(taken reports.Taken) {
	if taken.Blank > 0 {
		a.tell(a.say("%d 人未填，已跳过", "%d people are blank and were skipped"), taken.Blank)
	}
	if taken.Unchanged > 0 {
		a.tell(a.say("%d 人与上次保存的相同，未另存", "%d people are as they were saved and were left alone"), taken.Unchanged)
	}
}

// evaluationFaults tells findings in the user's language, under the name of the file.
func (a *app) evaluationFaults(file string, err error) error {
	if f, ok := errors.AsType[reports.EvaluationFindings](err); ok {
		return useError{fmt.Errorf("%s: %s", file, f.In(a.lang))}
	}
	return err
}
