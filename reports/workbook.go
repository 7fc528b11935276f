// Package reports turns one period's report into the workbook that HR works with.
//
// In come a metrics.Report, the receipts of the files behind it and the rows in quarantine; out comes an xlsx file in which
// every score is a formula over the cells beside it, with its value written too for readers that do not recalculate.
//  1. plan.go fixes where every table stands, so that sheets can point at each other.
//  2. One file per sheet writes it, row by row, through the streaming writer.
//  3. archive.go packs the parts in a fixed order with fixed times: the same data gives the same bytes.
//
// It never computes a number that metrics has not computed, never reads a database or the clock, and never writes a text
// that came from outside as a formula.
package reports

import (
	"context"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"plumbline/ingest"
	"plumbline/metrics"
	"plumbline/policy"
)

// Data is everything that the workbook shows.
type Data struct {
	Report  *metrics.Report
	Files   []ingest.File
	Rejects []ingest.Reject
}

// Workbook writes the workbook in the given language. The same data gives the same bytes.
func Workbook(ctx context.Context, d Data, lang policy.Lang, w io.Writer) error {
	_, err := render(ctx, d, lang, w)
	return err
}

// render writes the workbook and gives the digest of its contents.
func render(ctx context.Context, d Data, lang policy.Lang, w io.Writer) (string, error) {
	if d.Report == nil || d.Report.Policy == nil {
		return "", fmt.Errorf("write workbook: no report to write (compute the period first)")
	}
	b, err := newBook(d, lang)
	if err != nil {
		return "", fmt.Errorf("write workbook %s: %w", d.Report.Period, err)
	}
	defer b.file.Close()
	for _, write := range b.writers() {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if err := write(); err != nil {
			return "", fmt.Errorf("write workbook %s: %w", d.Report.Period, err)
		}
	}
	var packed archive
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { packed = archive{to: w, ctx: ctx}; return &packed })
	if _, err := b.file.WriteToBuffer(); err != nil {
		return "", fmt.Errorf("write workbook %s: %w", d.Report.Period, err)
	}
	return packed.digest(), nil
}

// book is a workbook being written.
type book struct {
	Data
	file   *excelize.File
	lang   policy.Lang
	font   string
	plan   *plan
	styles map[look]int
	rules  map[look]int // styles of conditional formats
}

func newBook(d Data, lang policy.Lang) (*book, error) {
	b := &book{Data: d, lang: lang, font: "Arial", styles: map[look]int{}, rules: map[look]int{}}
	if lang == policy.ZH {
		b.font = "微软雅黑"
	}
	var err error
	if b.plan, err = b.newPlan(); err != nil {
		return nil, err
	}
	b.file = excelize.NewFile()
	if err := b.file.SetDefaultFont(b.font); err != nil {
		return nil, err
	}
	for i, name := range b.plan.sheets() {
		if i == 0 {
			err = b.file.SetSheetName("Sheet1", name)
		} else {
			_, err = b.file.NewSheet(name)
		}
		if err != nil {
			return nil, fmt.Errorf("sheet %s: %w", name, err)
		}
	}
	b.file.SetActiveSheet(0)
	return b, b.describe()
}

// describe sets the document's properties and asks for a recalculation when it is opened.
func (b *book) describe() error {
	made := b.Report.Made.UTC().Format("2006-01-02T15:04:05Z")
	language := "zh-CN"
	if b.lang == policy.EN {
		language = "en-GB"
	}
	company := b.Report.Policy.Company.Name.In(b.lang)
	err := b.file.SetDocProps(&excelize.DocProperties{
		Title:   company + " " + b.periodName() + " " + Subject.In(b.lang),
		Subject: Subject.In(b.lang), Creator: "Plumbline 准绳", LastModifiedBy: "Plumbline 准绳",
		Created: made, Modified: made, Language: language,
	})
	if err != nil {
		return err
	}
	if err := b.file.SetAppProps(&excelize.AppProperties{Application: "Plumbline", Company: company}); err != nil {
		return err
	}
	yes := true
	return b.file.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &yes})
}

func (b *book) writers() []func() error {
	list := []func() error{b.writeOverview}
	for i := range b.plan.stays {
		list = append(list, func() error { return b.writeDepartment(&b.plan.stays[i]) })
	}
	if len(b.plan.movers) > 0 {
		list = append(list, b.writeMovers)
	}
	return append(list, b.writeDefinitions, b.writeReceipts, b.writeRejects, b.writeSources, b.writePolicy)
}

// t picks the language of a fixed text.
func (b *book) t(zh, en string) string {
	if b.lang == policy.EN {
		return en
	}
	return zh
}

func (b *book) periodName() string {
	if b.lang == policy.EN {
		return b.Report.Period.EN()
	}
	return b.Report.Period.ZH()
}
