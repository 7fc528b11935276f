package main

import (
	"context"
	"fmt"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
	"plumbline/reviews"
)

// evidenceRows is how many rows of evidence a workbook takes without being asked to.
const evidenceRows = 300_000

// workbookData gathers everything that the HR workbook shows of a report.
func (a *app) workbookData(ctx context.Context, b *books.Books, r *metrics.Report, q metrics.Question, evidence string) (d reports.Data, err error) {
	d = reports.Data{Report: r}
	if d.Files, err = ingest.Files(ctx, b, r.LedgerSeq); err != nil {
		return d, err
	}
	if d.Rejects, err = ingest.Rejects(ctx, b, r.Policy, r.LedgerSeq); err != nil {
		return d, err
	}
	if len(r.Policy.Quality) > 0 {
		if d.Quality, err = metrics.Examine(ctx, b, q, metrics.Levels{Company: true, Department: true}); err != nil {
			return d, err
		}
	}
	if d.Review, err = a.review(ctx, b, r, q); err != nil {
		return d, err
	}
	if d.Names, err = a.namesOf(ctx, b, q); err != nil {
		return d, err
	}
	d.Evidence, err = a.evidenceOf(ctx, b, r, evidence)
	return d, err
}

// namesOf gives the names of everybody whom the books know, since a signer need not be in the report.
func (a *app) namesOf(ctx context.Context, b *books.Books, q metrics.Question) (map[string]policy.Text, error) {
	staff, err := metrics.NewStaff(ctx, b, q)
	if err != nil {
		return nil, err
	}
	names := map[string]policy.Text{}
	for _, p := range staff.People() {
		names[p.No] = p.Name
	}
	return names, nil
}

// review gathers what people decided about a quarter; nil for another period, and for a policy without reviews.
func (a *app) review(ctx context.Context, b *books.Books, r *metrics.Report, q metrics.Question) (*reports.Review, error) {
	if r.Period.Kind() != period.Quarter || r.Policy.Reviews == nil {
		return nil, nil
	}
	round, err := reviews.Read(ctx, b, r.Period, decidedBy(r))
	if err != nil {
		return nil, err
	}
	x := &reports.Review{Round: round}
	for _, l := range round.Lists {
		lines, err := l.ReadLines(b)
		if err != nil {
			return nil, err
		}
		x.Lines = append(x.Lines, lines)
	}
	if round.Sealed != nil {
		if x.Changes, _, err = reviews.Adjustments(ctx, b, r.Period, q.Now.Location()); err != nil {
			return nil, err
		}
	}
	if w := r.Policy.Rewards; w != nil && w.Promotion != nil && w.Promotion.Band != nil {
		if x.Candidates, x.Sealed, err = reviews.Candidates(ctx, b, r.Policy, r.Period); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// evidenceOf gathers the rows behind the KPIs that people are judged by. Without being asked to it leaves them out where they are very many.
func (a *app) evidenceOf(ctx context.Context, b *books.Books, r *metrics.Report, wanted string) ([]reports.Evidence, error) {
	if wanted == "no" {
		return nil, nil
	}
	kpis, rows := judgedKPIs(r), int64(0)
	for i, k := range r.KPIs {
		for _, x := range kpis {
			if x == k && i < len(r.Company.Values) {
				rows += int64(r.Company.Values[i].N.Float())
			}
		}
	}
	if wanted == "auto" && rows > evidenceRows {
		a.tell(a.say("考核指标背后约有 %d 条记录，未附明细；需要时加 --evidence yes", "about %d rows stand behind the KPIs and are left out; --evidence yes adds them"), rows)
		return nil, nil
	}
	origins, err := ingest.ReadOrigins(ctx, b)
	if err != nil {
		return nil, err
	}
	var list []reports.Evidence
	for _, k := range kpis {
		found, err := metrics.Evidence(ctx, b, r.Policy, metrics.EvidenceQuestion{KPI: k, Period: r.Period, AsOf: r.LedgerSeq, ReportDay: r.Day, Asked: a.today(r.Policy)})
		if err != nil {
			return nil, err
		}
		e := reports.Evidence{KPI: k, Rows: make([]reports.EvidenceRow, 0, len(found))}
		for _, row := range found {
			x := reports.EvidenceRow{EvidenceRow: row}
			if row.Counted != metrics.Missing {
				f, n := origins.Of(k.Dataset.ID, row.Seq, row.Row)
				x.File, x.Line = fileName(f), n
			}
			e.Rows = append(e.Rows, x)
		}
		list = append(list, e)
	}
	return list, nil
}

// judgedKPIs are the KPIs of scorecards whose rows can be listed: not anonymous, no ratio of KPIs.
func judgedKPIs(r *metrics.Report) (list []*policy.KPI) {
	for _, k := range r.KPIs {
		if k.Anonymous || k.IsRatio() || k.Dataset == nil {
			continue
		}
		for _, card := range r.Policy.Scorecards {
			if hasItem(card, k) {
				list = append(list, k)
				break
			}
		}
	}
	return list
}

func hasItem(card *policy.Scorecard, k *policy.KPI) bool {
	for i := range card.Items {
		if card.Items[i].KPI == k {
			return true
		}
	}
	return false
}

// checkEvidence refuses an unknown answer to --evidence.
func (a *app) checkEvidence(s string) error {
	switch s {
	case "auto", "yes", "no":
		return nil
	}
	return useError{fmt.Errorf(a.say("--evidence %q：请写 auto、yes 或 no", "--evidence %q: write auto, yes or no"), s)}
}
