package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"plumbline/charts"
	"plumbline/internal/books"
	"plumbline/internal/headless"
	"plumbline/internal/period"
	"plumbline/policy"
	"plumbline/reports/pack"
)

// chromiumEnv names the browser that prints PDFs.
const chromiumEnv = "PLUMBLINE_CHROMIUM"

func (a *app) packCommand() *cobra.Command {
	var out string
	var asOf int64
	var noPDF bool
	c := &cobra.Command{
		Use:   "pack QUARTER -o DIR",
		Short: a.say("季度战略会材料：网页幻灯片、PDF、数据工作簿", "the pack of the quarterly strategy meeting: slides as a page, as PDF, and a workbook with their figures"),
		Long: a.say("网页从磁盘打开即可，无需联网；方向键翻页，F 全屏，P 打印。PDF 由本机的 Chromium 打印，没有时只写网页和工作簿。文件名按制度命名，内容有变化时版本号递增。",
			"The page opens from disk without a network; arrow keys turn pages, F is full screen, P prints. The PDF is printed by an installed Chromium; without one there are page and workbook. Files are named by the regulation; the version counts up when the content changed."),
		Example: "  plumbline pack 2026Q3 -o ./pack\n  plumbline --lang en pack 2026Q3 -o ./pack --no-pdf",
		Args:    a.exactly(1, a.say("一个季度", "one QUARTER")),
		RunE: func(c *cobra.Command, args []string) error {
			return a.with(c.Context(), func(b *books.Books) error {
				d, err := a.packData(c.Context(), b, args[0], asOf)
				if err != nil {
					return err
				}
				return a.writePack(c.Context(), d, out, !noPDF, a.lang)
			})
		},
	}
	c.Flags().StringVarP(&out, "output", "o", ".", a.say("写入的目录", "directory to write to"))
	c.Flags().BoolVar(&noPDF, "no-pdf", false, a.say("不打印 PDF", "print no PDF"))
	a.asOfFlag(c, &asOf)
	return c
}

// packData gathers what a pack shows.
func (a *app) packData(ctx context.Context, b *books.Books, arg string, asOf int64) (d pack.Data, err error) {
	q, err := a.question(ctx, b, arg, asOf)
	if err != nil {
		return d, err
	}
	if q.Period.Kind() != period.Quarter {
		return d, useError{fmt.Errorf(a.say("%s 不是一个季度；战略会材料按季度制作，请写 2026Q3 的样子", "%s is no quarter; a pack is of a quarter, such as 2026Q3"), arg)}
	}
	return a.company(b).Pack(ctx, q)
}

// writePack writes the files and names them.
func (a *app) writePack(ctx context.Context, d pack.Data, dir string, withPDF bool, lang policy.Lang) error {
	renderer, err := charts.NewRenderer()
	if err != nil {
		return err
	}
	browser := ""
	if withPDF {
		if browser, err = headless.Find(os.Getenv(chromiumEnv)); err != nil && !errors.Is(err, headless.ErrNone) {
			return err
		}
	}
	f, err := pack.Write(ctx, dir, d, renderer, browser, lang)
	if err != nil {
		return err
	}
	for _, path := range []string{f.HTML, f.PDF, f.Workbook} {
		if path != "" {
			fmt.Fprintln(a.out, path)
		}
	}
	if !f.Changed {
		a.tell(a.say("内容与上一版相同，未另存", "the content is that of the last version; no new file was made"))
	}
	if withPDF && f.PDF == "" {
		a.tell(a.say("没有找到 Chromium，未打印 PDF：安装 Chromium、Chrome 或 Edge，或用环境变量 %s 指明；网页可在任何浏览器中打开并打印", "no Chromium was found, so there is no PDF: install Chromium, Chrome or Edge, or name one in %s; the page opens and prints in any browser"), chromiumEnv)
	}
	return nil
}
