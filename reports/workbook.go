// Package reports turns one period's report into the workbook that HR works with.
//
// In come a metrics.Report, the receipts of the files behind it and the rows in quarantine; out comes an xlsx file in which
// every score is a formula over the cells beside it, with its value written too for readers that do not recalculate.
//  1. plan.go fixes where every table stands, so that sheets can point at each other.
//  2. One file per sheet writes it, row by row (rows.go).
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
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// Data is everything that the workbook shows. What is nil is left out.
type Data struct {
	Report   *metrics.Report
	Files    []ingest.File
	Rejects  []ingest.Reject
	Quality  *metrics.Quality       // findings of the checks of data
	Review   *Review                // what people decided about a quarter
	Evidence []Evidence             // the rows behind KPIs, by KPI
	Names    map[string]policy.Text // of people who decided but are not in the report, by employee number
	// SheetRows is how many rows a sheet of evidence holds at most; 0 means as many as Excel opens. Further rows go on to further sheets
	// and, by WriteWorkbook, to a Parquet file too.
	SheetRows int
	version   int // of the file, as its name says: 0 is 1.0
}

// Review is what people decided about a quarter and what follows from it.
type Review struct {
	Round      *reviews.Round
	Lines      [][]reviews.RewardLine // parallel to Round.Lists
	Changes    []reviews.Change       // after the seal
	Candidates []reviews.Candidate    // for promotion, and near-misses
	Sealed     []period.Period        // the sealed quarters in a row that Candidates looks at, the last first
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
	defer b.close()
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
	rows := map[string]*packedRows{}
	for id, name := range b.file.GetSheetMap() {
		if s := b.streams[name]; s != nil {
			s.stop()
			rows["xl/worksheets/sheet"+itoa(id)+".xml"] = &s.packed
		}
	}
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter {
		packed = archive{to: w, ctx: ctx, rows: rows, last: b.last, whole: b.whole}
		return &packed
	})
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
	rules  map[look]int                     // styles of conditional formats
	last   map[string]string                // by part: what stands before the end of a sheet
	whole  map[string]func(io.Writer) error // parts that are written here, in place of what the workbook library has
	hung   int                              // shapes of notes so far, in blocks of 1,024
	noted  int                              // sheets with notes so far
	tables map[string]bool                  // names of Excel tables given out
	people map[string]string                // names by employee number, once asked for
	// streams are the rows of the sheets, by name.
	streams map[string]*rowStream
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
	b := &book{lang: lang, font: "Arial", styles: map[look]int{}, rules: map[look]int{}, last: map[string]string{}, tables: map[string]bool{}, whole: map[string]func(io.Writer) error{}}
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

// writers lists what writes each sheet, in the order of plan.sheets.
func (b *book) writers() []func() error {
	p := b.plan
	writers := []func() error{b.writeCover, b.writeOverview}
	add := func(sheet string, write func() error) {
		if sheet != "" {
			writers = append(writers, write)
		}
	}
	add(p.bands, b.writeBands)
	add(p.trends, b.writeTrends)
	for i := range p.stays {
		writers = append(writers, func() error { return b.writeDepartment(&p.stays[i]) })
	}
	if len(p.movers) > 0 {
		writers = append(writers, b.writeMovers)
	}
	if len(p.groups) > 0 {
		writers = append(writers, b.writeGroups)
	}
	add(p.rewards, b.writeRewards)
	add(p.rewardLines, b.writeRewardLines)
	add(p.appeals, b.writeAppeals)
	add(p.adjustments, b.writeAdjustments)
	add(p.quality, b.writeQuality)
	writers = append(writers, b.writeDefinitions, b.writeReceipts)
	for i := range p.evidence {
		writers = append(writers, func() error { return b.writeEvidence(&p.evidence[i]) })
	}
	return append(writers, b.writeRejects, b.writeSources, b.writePolicy, b.writeGlossary)
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

// close gives up what a book holds outside its memory.
func (b *book) close() {
	for _, s := range b.streams {
		s.stop()
	}
	b.file.Close()
}
