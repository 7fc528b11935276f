package reports

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/metrics"
	"plumbline/policy"
)

var qualitySubject = policy.Text{ZH: "数据质量", EN: "Data quality"}

// QualityList is what the data-quality workbook shows.
type QualityList struct {
	Policy  *policy.Policy
	Quality *metrics.Quality
	Names   map[string]policy.Text // by employee number
	Made    time.Time
}

// WriteQuality writes the findings into a folder as the workbook's next version, readable by its owner alone. When the newest version there says the
// same, apart from when it was made, that file stays and changed is false.
func WriteQuality(ctx context.Context, to Folder, d QualityList, lang policy.Lang) (path string, changed bool, err error) {
	if d.Policy == nil || d.Quality == nil {
		return "", false, fmt.Errorf("write data quality: nothing to write (examine the period first)")
	}
	return writePrivate(to, d.Policy.Company.Name, d.Quality.Period, qualitySubject, lang, d.Made, func(made time.Time, w io.Writer) (string, error) {
		digest, err := renderQuality(ctx, d, lang, made, w)
		if err != nil {
			err = fmt.Errorf("write data quality %s: %w", d.Quality.Period, err)
		}
		return digest, err
	})
}

func renderQuality(ctx context.Context, d QualityList, lang policy.Lang, made time.Time, w io.Writer) (string, error) {
	b := blankBook(lang)
	b.Data = Data{Report: &metrics.Report{Policy: d.Policy, Period: d.Quality.Period}, Quality: d.Quality, Names: d.Names}
	company := d.Policy.Company.Name.In(lang)
	b.foot = footText(company) + " · " + b.periodName()
	b.plan = &plan{quality: qualitySubject.In(lang)}
	if err := b.create([]string{b.plan.quality}); err != nil {
		return "", err
	}
	defer b.close()
	if err := b.describe(company+" "+b.periodName()+" "+qualitySubject.In(lang), qualitySubject, company, made); err != nil {
		return "", err
	}
	yes := true
	if err := b.file.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: &yes}); err != nil {
		return "", err
	}
	if err := b.writeQuality(); err != nil {
		return "", err
	}
	return b.pack(ctx, w)
}
