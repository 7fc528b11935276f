package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"plumbline/charts"
	"plumbline/internal/books"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
)

func (a *app) exportCommand() *cobra.Command {
	var out, evidence string
	var both bool
	var asOf int64
	c := &cobra.Command{
		Use:     "export PERIOD -o DIR",
		Short:   a.say("人事用的 Excel 工作簿，逐格可核对", "the HR workbook, checkable cell by cell"),
		Long:    a.say("文件名按制度命名；内容有变化时版本号递增，没有变化时保留原文件。", "The file is named by the regulation; its version counts up when the content changed and stays when it did not."),
		Example: "  plumbline export 2026Q3 -o ./reports\n  plumbline export 2026Q3 -o ./reports --both\n  plumbline --lang en export 2026Q3 -o ./reports",
		Args:    a.exactly(1, a.say("一个期间", "one PERIOD")),
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.checkEvidence(evidence); err != nil {
				return err
			}
			langs := []policy.Lang{a.lang}
			if both {
				langs = append(langs, other(a.lang))
			}
			return a.withReport(c.Context(), args[0], asOf, func(b *books.Books, q metrics.Question, r *metrics.Report) error {
				d, err := a.workbookData(c.Context(), b, r, q, evidence)
				if err != nil {
					return err
				}
				for _, lang := range langs {
					if err := a.exportIn(c.Context(), d, out, lang); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	c.Flags().StringVarP(&out, "output", "o", ".", a.say("写入的目录", "directory to write to"))
	c.Flags().BoolVar(&both, "both", false, a.say("中文、英文各写一份", "write it in Chinese and in English"))
	c.Flags().StringVar(&evidence, "evidence", "auto", a.say("考核指标的逐条明细：auto（过多则不附）、yes、no", "the rows behind the KPIs of scorecards: auto (left out where there are very many), yes, no"))
	a.asOfFlag(c, &asOf)
	a.evaluationsFlag(c)
	a.passwordFlag(c)
	return c
}

// exportIn writes the workbook in one language and names the file.
func (a *app) exportIn(ctx context.Context, d reports.Data, dir string, lang policy.Lang) error {
	to, err := a.folder(dir)
	if err != nil {
		return err
	}
	path, changed, err := reports.WriteWorkbook(ctx, to, d, lang)
	if err != nil {
		return err
	}
	fmt.Fprintln(a.out, path)
	if !changed {
		a.tell(a.say("内容与上一版相同，未另存", "the content is that of the last version; no new file was made"))
	}
	return nil
}

// withReport opens the books and makes the report of a period.
func (a *app) withReport(ctx context.Context, arg string, asOf int64, f func(b *books.Books, q metrics.Question, r *metrics.Report) error) error {
	return a.with(ctx, func(b *books.Books) error {
		q, err := a.question(ctx, b, arg, asOf)
		if err != nil {
			return err
		}
		r, err := metrics.New(ctx, b, q)
		if err != nil {
			return err
		}
		return f(b, q, r)
	})
}

func (a *app) chartCommand() *cobra.Command {
	var out string
	var svg bool
	var asOf int64
	c := &cobra.Command{
		Use:     "chart PERIOD -o DIR",
		Short:   a.say("图表网页，从磁盘打开即可，无需联网", "chart pages that open from disk, without a network"),
		Example: "  plumbline chart 2026Q3 -o ./charts\n  plumbline chart 2026Q3 -o ./charts --svg",
		Args:    a.exactly(1, a.say("一个期间", "one PERIOD")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withReport(c.Context(), args[0], asOf, func(b *books.Books, _ metrics.Question, r *metrics.Report) error {
				if err := r.ReadDetails(c.Context(), b); err != nil {
					return err
				}
				page, err := a.charts(r, out)
				if err != nil {
					return err
				}
				fmt.Fprintln(a.out, page)
				if svg {
					return a.svgs(c.Context(), r, filepath.Join(out, "svg"))
				}
				return nil
			})
		},
	}
	c.Flags().StringVarP(&out, "output", "o", ".", a.say("写入的目录", "directory to write to"))
	c.Flags().BoolVar(&svg, "svg", false, a.say("另存每张图为 SVG", "write every chart as SVG too"))
	a.asOfFlag(c, &asOf)
	a.evaluationsFlag(c)
	return c
}

// charts writes the pages in both languages and gives the one to open.
func (a *app) charts(r *metrics.Report, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if _, err := charts.WritePages(dir, r, a.lang); err != nil {
		return "", err
	}
	return filepath.Join(dir, "index.html"), nil
}

func other(l policy.Lang) policy.Lang {
	if l == policy.EN {
		return policy.ZH
	}
	return policy.EN
}

// svgs writes the company's charts as pictures.
func (a *app) svgs(ctx context.Context, r *metrics.Report, dir string) (err error) {
	renderer, err := charts.NewRenderer()
	if err != nil {
		return err
	}
	paths, err := renderer.WriteSVGs(ctx, dir, charts.ForCompany(r), a.lang, charts.Print)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return errors.New("no chart has anything to draw (没有可画的图)")
	}
	for _, p := range paths {
		fmt.Fprintln(a.out, p)
	}
	return nil
}
