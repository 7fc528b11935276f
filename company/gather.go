package company

import (
	"context"
	"strings"

	"plumbline/ingest"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports"
	"plumbline/reports/pack"
	"plumbline/reviews"
)

// EvidenceRows is how many rows of evidence a workbook takes without being asked to.
const EvidenceRows = 300_000

// Wanted says whether a workbook shows the rows behind the KPIs that people are judged by.
type Wanted string

// The wishes. Auto leaves them out where they are very many.
const (
	Auto Wanted = "auto"
	Yes  Wanted = "yes"
	No   Wanted = "no"
)

// Workbook gathers everything that the HR workbook shows of a report. left is the number of rows of evidence that were left out for being too many.
func (c *Company) Workbook(ctx context.Context, r *metrics.Report, q metrics.Question, evidence Wanted) (d reports.Data, left int64, err error) {
	d = reports.Data{Report: r}
	if d.Files, err = ingest.Files(ctx, c.Books, r.LedgerSeq); err != nil {
		return d, 0, err
	}
	if d.Rejects, err = ingest.Rejects(ctx, c.Books, r.Policy, r.LedgerSeq); err != nil {
		return d, 0, err
	}
	if len(r.Policy.Quality) > 0 {
		if d.Quality, err = metrics.Examine(ctx, c.Books, q, metrics.Levels{Company: true, Department: true}); err != nil {
			return d, 0, err
		}
	}
	if d.Review, err = c.review(ctx, r, q); err != nil {
		return d, 0, err
	}
	if d.Names, err = c.Names(ctx, q); err != nil {
		return d, 0, err
	}
	d.Evidence, left, err = c.evidence(ctx, r, evidence)
	return d, left, err
}

// Names gives the names of everybody whom the books know, by employee number, since a signer need not be in the report.
func (c *Company) Names(ctx context.Context, q metrics.Question) (map[string]policy.Text, error) {
	staff, err := metrics.NewStaff(ctx, c.Books, q)
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
func (c *Company) review(ctx context.Context, r *metrics.Report, q metrics.Question) (*reports.Review, error) {
	if r.Period.Kind() != period.Quarter || r.Policy.Reviews == nil {
		return nil, nil
	}
	round, err := reviews.Read(ctx, c.Books, r.Period, DecidedBy(r))
	if err != nil {
		return nil, err
	}
	x := &reports.Review{Round: round}
	for _, l := range round.Lists {
		lines, err := l.ReadLines(c.Books)
		if err != nil {
			return nil, err
		}
		x.Lines = append(x.Lines, lines)
	}
	if round.Sealed != nil {
		if x.Changes, _, err = reviews.Adjustments(ctx, c.Books, r.Period, q.Now.Location()); err != nil {
			return nil, err
		}
	}
	if w := r.Policy.Rewards; w != nil && w.Promotion != nil && w.Promotion.Band != nil {
		if x.Candidates, x.Sealed, err = reviews.Candidates(ctx, c.Books, r.Policy, r.Period); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// evidence gathers the rows behind the KPIs that people are judged by.
func (c *Company) evidence(ctx context.Context, r *metrics.Report, wanted Wanted) (list []reports.Evidence, left int64, err error) {
	if wanted == No {
		return nil, 0, nil
	}
	kpis, rows := judgedKPIs(r), int64(0)
	for i, k := range r.KPIs {
		for _, x := range kpis {
			if x == k && i < len(r.Company.Values) {
				rows += int64(r.Company.Values[i].N.Float())
			}
		}
	}
	if wanted == Auto && rows > EvidenceRows {
		return nil, rows, nil
	}
	origins, err := ingest.ReadOrigins(ctx, c.Books)
	if err != nil {
		return nil, 0, err
	}
	for _, k := range kpis {
		found, err := metrics.Evidence(ctx, c.Books, r.Policy, metrics.EvidenceQuestion{KPI: k, Period: r.Period, AsOf: r.LedgerSeq, ReportDay: r.Day, Asked: c.Today(r.Policy)})
		if err != nil {
			return nil, 0, err
		}
		e := reports.Evidence{KPI: k, Rows: make([]reports.EvidenceRow, 0, len(found))}
		for _, row := range found {
			x := reports.EvidenceRow{EvidenceRow: row}
			if row.Counted != metrics.Missing {
				f, n := origins.Of(k.Dataset.ID, row.Seq, row.Row)
				x.File, x.Line = FileName(f), n
			}
			e.Rows = append(e.Rows, x)
		}
		list = append(list, e)
	}
	return list, 0, nil
}

// FileName names a table of a file, as in "exports.zip [logs.csv]".
func FileName(f ingest.File) string {
	if part := strings.TrimSpace(f.Member + " " + f.Sheet); part != "" {
		return f.Name + " [" + part + "]"
	}
	return f.Name
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

// Pack gathers what the pack of a quarter shows.
func (c *Company) Pack(ctx context.Context, q metrics.Question) (d pack.Data, err error) {
	if d.Report, err = metrics.New(ctx, c.Books, q); err != nil {
		return d, err
	}
	if err = d.Report.ReadDetails(ctx, c.Books); err != nil {
		return d, err
	}
	if d.Quality, err = metrics.Examine(ctx, c.Books, q, metrics.Levels{Company: true, Department: true}); err != nil {
		return d, err
	}
	if d.FollowUp, err = metrics.FollowResolutions(ctx, c.Books, q); err != nil {
		return d, err
	}
	if d.Files, err = c.intake(ctx, d.Report.LedgerSeq); err != nil {
		return d, err
	}
	if d.Rewards, err = c.lastRewards(ctx, q.Period, DecidedBy(d.Report)); err != nil {
		return d, err
	}
	if d.Report.Seal != "" {
		d.Adjustments, _, err = reviews.Adjustments(ctx, c.Books, q.Period, q.Now.Location())
	}
	return d, err
}

// intake counts the rows of the files in the books.
func (c *Company) intake(ctx context.Context, asOf int64) (in pack.Intake, err error) {
	files, err := ingest.Files(ctx, c.Books, asOf)
	for _, f := range files {
		in.Files++
		in.In, in.Accepted, in.Quarantined = in.In+f.RowsIn, in.Accepted+f.Accepted, in.Quarantined+f.Quarantined
	}
	in.Excluded = in.In - in.Accepted - in.Quarantined
	return in, err
}

// lastRewards gives the reward lists of a quarter or, when it has none, of the one before, as known at a ledger sequence.
func (c *Company) lastRewards(ctx context.Context, of period.Period, asOf int64) (*pack.Rewards, error) {
	for _, p := range []period.Period{of, of.Before()} {
		r, err := reviews.Read(ctx, c.Books, p, asOf)
		if err != nil {
			return nil, err
		}
		if len(r.Lists) == 0 {
			continue
		}
		found := &pack.Rewards{Period: p, Lists: r.Lists}
		for _, l := range r.Lists {
			lines, err := l.ReadLines(c.Books)
			if err != nil {
				return nil, err
			}
			found.Lines = append(found.Lines, lines)
		}
		return found, nil
	}
	return nil, nil
}
