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
	"strings"
	"time"

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
	digest, err := b.pack(ctx, w)
	if err != nil {
		return "", fmt.Errorf("write workbook %s: %w", d.Report.Period, err)
	}
	return digest, nil
}

// pack writes the file and gives the digest of its contents.
func (b *book) pack(ctx context.Context, w io.Writer) (string, error) {
	var packed archive
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { packed = archive{to: w, ctx: ctx}; return &packed })
	if _, err := b.file.WriteToBuffer(); err != nil {
		return "", err
	}
	return packed.digest(), nil
}

// book is a workbook being written.
type book struct {
	Data
	file   *excelize.File
	lang   policy.Lang
	font   string
	foot   string // at the left of every printed page's foot
	plan   *plan
	styles map[look]int
	rules  map[look]int // styles of conditional formats
}

func newBook(d Data, lang policy.Lang) (*book, error) {
	b := blankBook(lang)
	b.Data = d
	var err error
	if b.plan, err = b.newPlan(); err != nil {
		return nil, err
	}
	company := b.Report.Policy.Company.Name.In(lang)
	b.foot = footText(company) + " · " + b.periodName()
	if err := b.create(b.plan.sheets()); err != nil {
		return nil, err
	}
	if err := b.describe(company+" "+b.periodName()+" "+Subject.In(lang), Subject, company, b.Report.Made); err != nil {
		return nil, err
	}
	yes := true // asks for a recalculation when it is opened
	return b, b.file.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &yes})
}

// blankBook is a book without file and data.
func blankBook(lang policy.Lang) *book {
	b := &book{lang: lang, font: "Arial", styles: map[look]int{}, rules: map[look]int{}}
	if lang == policy.ZH {
		b.font = "微软雅黑"
	}
	return b
}

// footText makes a text fit for the foot of a page, where & begins a code.
func footText(s string) string { return strings.ReplaceAll(cutBytes(s, 60), "&", "&&") }

// create makes the file with its sheets, all empty.
func (b *book) create(sheets []string) error {
	b.file = excelize.NewFile()
	if err := b.file.SetDefaultFont(b.font); err != nil {
		return err
	}
	for i, name := range sheets {
		var err error
		if i == 0 {
			err = b.file.SetSheetName("Sheet1", name)
		} else {
			_, err = b.file.NewSheet(name)
		}
		if err != nil {
			return fmt.Errorf("sheet %s: %w", name, err)
		}
	}
	b.file.SetActiveSheet(0)
	return nil
}

// describe sets the document's properties.
func (b *book) describe(title string, subject policy.Text, company string, made time.Time) error {
	stamp := made.UTC().Format("2006-01-02T15:04:05Z")
	language := "zh-CN"
	if b.lang == policy.EN {
		language = "en-GB"
	}
	err := b.file.SetDocProps(&excelize.DocProperties{
		Title: title, Subject: subject.In(b.lang), Creator: "Plumbline 准绳", LastModifiedBy: "Plumbline 准绳",
		Created: stamp, Modified: stamp, Language: language,
	})
	if err != nil {
		return err
	}
	return b.file.SetAppProps(&excelize.AppProperties{Application: "Plumbline", Company: company})
}

func (b *book) writers() []func() error {
	list := []func() error{b.writeOverview}
	for i := range b.plan.stays {
		list = append(list, func() error { return b.writeDepartment(&b.plan.stays[i]) })
	}
	if len(b.plan.movers) > 0 {
		list = append(list, b.writeMovers)
	}
	if len(b.plan.groups) > 0 {
		list = append(list, b.writeGroups)
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
