package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"plumbline/charts"
	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
)

func (a *app) exportCommand() *cobra.Command {
	var out string
	var asOf int64
	c := &cobra.Command{
		Use:     "export PERIOD -o DIR",
		Short:   a.say("人事用的 Excel 工作簿，逐格可核对", "the HR workbook, checkable cell by cell"),
		Long:    a.say("文件名按制度命名；内容有变化时版本号递增，没有变化时保留原文件。", "The file is named by the regulation; its version counts up when the content changed and stays when it did not."),
		Example: "  plumbline export 2026Q3 -o ./reports\n  plumbline --lang en export 2026Q3 -o ./reports",
		Args:    a.exactly(1, a.say("一个期间", "one PERIOD")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withReport(c.Context(), args[0], asOf, func(b *books.Books, r *metrics.Report) error {
				path, changed, err := a.export(c.Context(), b, r, out, a.lang)
				if err != nil {
					return err
				}
				fmt.Fprintln(a.out, path)
				if !changed {
					a.tell(a.say("内容与上一版相同，未另存", "the content is that of the last version; no new file was made"))
				}
				return nil
			})
		},
	}
	c.Flags().StringVarP(&out, "output", "o", ".", a.say("写入的目录", "directory to write to"))
	a.asOfFlag(c, &asOf)
	return c
}

// withReport opens the books and makes the report of a period.
func (a *app) withReport(ctx context.Context, arg string, asOf int64, f func(b *books.Books, r *metrics.Report) error) error {
	return a.with(ctx, func(b *books.Books) error {
		q, err := a.question(ctx, b, arg, asOf)
		if err != nil {
			return err
		}
		r, err := metrics.New(ctx, b, q)
		if err != nil {
			return err
		}
		return f(b, r)
	})
}

// export writes the workbook of a report.
func (a *app) export(ctx context.Context, b *books.Books, r *metrics.Report, dir string, lang policy.Lang) (string, bool, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", false, err
	}
	files, err := ingest.Files(ctx, b, r.LedgerSeq)
	if err != nil {
		return "", false, err
	}
	rejects, err := ingest.Rejects(ctx, b, r.Policy, r.LedgerSeq)
	if err != nil {
		return "", false, err
	}
	return reports.WriteWorkbook(ctx, dir, reports.Data{Report: r, Files: files, Rejects: rejects}, lang)
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
			return a.withReport(c.Context(), args[0], asOf, func(_ *books.Books, r *metrics.Report) error {
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
