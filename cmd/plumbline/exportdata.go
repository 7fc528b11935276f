package main

import (
	"context"
	"fmt"
	"plumbline/company"

	"plumbline/internal/books"
	"plumbline/metrics"
	"plumbline/reports"
)

// workbookData gathers everything that the HR workbook shows of a report, and says what it leaves out.
func (a *app) workbookData(ctx context.Context, b *books.Books, r *metrics.Report, q metrics.Question, evidence string) (reports.Data, error) {
	d, left, err := a.company(b).Workbook(ctx, r, q, company.Wanted(evidence))
	if left > 0 {
		a.tell(a.say("考核指标背后约有 %d 条记录，未附明细；需要时加 --evidence yes", "about %d rows stand behind the KPIs and are left out; --evidence yes adds them"), left)
	}
	return d, err
}

// checkEvidence refuses an unknown answer to --evidence.
func (a *app) checkEvidence(s string) error {
	switch s {
	case "auto", "yes", "no":
		return nil
	}
	return useError{fmt.Errorf(a.say("--evidence %q：请写 auto、yes 或 no", "--evidence %q: write auto, yes or no"), s)}
}
