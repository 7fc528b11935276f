package reviews_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"plumbline/ingest"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/sample"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// BenchmarkQuarter runs a quarter of 5,000 employees with two years of records: it is opened, everybody's self-review of a month is
// prefilled, everybody is evaluated, published, sealed and rewarded; then the seal is verified. The limits are 30 s and 60 s on two cores.
func BenchmarkQuarter(b *testing.B) {
	dir := b.TempDir()
	files := filepath.Join(dir, "files")
	if _, err := sample.Write(b.Context(), files, sample.Options{Employees: 5000, Months: 24, Seed: 1, Last: must(period.Parse("2026-09"))}, nil); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(files, "management.csv"), []byte("工号,姓名,入职日期,离职日期,岗位\n99999,顾一,2020-01-01,,总经理\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	w := &world{t: b, dir: filepath.Join(dir, "data"), now: at("2026-10-01 09:00"), memory: "2GiB"}
	w.open()
	ctx := context.Background()
	w.ok(policy.Adopt(ctx, w.b, policy.Default(), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), "first", "tester"))
	units, faults := ingest.Find(ctx, w.b, w.version().Policy, []string{files}, ingest.How{})
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	for _, u := range units {
		if _, _, err := u.Take(ctx, w.b, w.version(), ingest.Options{Actor: "bench", Day: w.now.Truncate(24 * time.Hour)}); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.b.Checkpoint(ctx); err != nil {
		b.Fatal(err)
	}
	w.close()
	copied := filepath.Join(dir, "copy")
	for b.Loop() {
		b.StopTimer()
		_ = os.RemoveAll(copied)
		if err := os.CopyFS(copied, os.DirFS(w.dir)); err != nil {
			b.Fatal(err)
		}
		c := &world{t: b, dir: copied, now: at("2026-10-01 09:00"), memory: "2GiB"}
		c.open()
		b.StartTimer()
		begun := time.Now()
		people := c.quarterOf(b, ctx)
		ran := time.Since(begun)
		begun = time.Now()
		if err := reviews.Verify(ctx, c.b, quarter, shanghai, nil, func(policy.Text) {}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(people), "people")
		b.ReportMetric(ran.Seconds(), "s/quarter")
		b.ReportMetric(time.Since(begun).Seconds(), "s/verify")
		b.StopTimer()
		c.close()
		b.StartTimer()
	}
}

// quarterOf runs the quarter and gives the number of people.
func (w *world) quarterOf(b *testing.B, ctx context.Context) int {
	officer := func(o policy.Office) string { return w.officer(b, o) }
	hr, ceo := officer(policy.HR), officer(policy.CEO)
	q := metrics.Question{Period: month, Version: w.version(), AsOf: always, Now: w.now}
	w.ok(w.as(hr).OpenMonth(ctx, month))
	w.ok(w.as(hr).OpenQuarter(ctx, quarter))
	forms := must(reviews.Forms(ctx, w.b, q, ""))
	q.Period = quarter
	r := must(metrics.Judge(ctx, w.b, q))
	var drafts []reviews.EvaluationDraft
	departments := map[string]bool{}
	for _, t := range reviews.Tasks(w.round(), nil, r) {
		drafts = append(drafts, evaluation(t, fixed.Int(90), "综合评价"))
		departments[t.Department] = true
	}
	w.ok(w.as(ceo).SaveEvaluations(ctx, quarter, drafts, w.now))
	for d := range departments {
		w.ok(w.as(hr).CloseCalibration(ctx, quarter, d))
	}
	w.ok(w.as(hr).Publish(ctx, quarter, w.now))
	w.now = at("2026-10-26 10:00")
	must(w.as(hr).Seal(ctx, quarter, w.now))
	must(w.as(hr).Draw(ctx, quarter))
	return len(forms)
}
