package pack_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"plumbline/internal/headless"
	"plumbline/policy"
	"plumbline/reports/pack"
)

// BenchmarkPack makes the pack of 40 departments: the page, and its PDF where a Chromium is installed. The limits are 5 s, 10 s and 6 MB.
func BenchmarkPack(b *testing.B) {
	d, r := company(b, 40, ""), renderer(b)
	browser, _ := headless.Find("")
	file := filepath.Join(b.TempDir(), "pack.html")
	var page, pdf time.Duration
	size := 0
	for b.Loop() {
		begun := time.Now()
		deck, err := pack.Build(d)
		if err != nil {
			b.Fatal(err)
		}
		f, err := os.Create(file)
		if err != nil {
			b.Fatal(err)
		}
		if err := deck.WriteHTML(b.Context(), r, policy.ZH, f); err != nil {
			b.Fatal(err)
		}
		at, err := f.Seek(0, 1)
		if err != nil {
			b.Fatal(err)
		}
		size = int(at)
		f.Close()
		page += time.Since(begun)
		if browser == "" {
			continue
		}
		begun = time.Now()
		if err := headless.Print(b.Context(), browser, file, file+".pdf"); err != nil {
			b.Fatal(err)
		}
		pdf += time.Since(begun)
	}
	b.ReportMetric(page.Seconds()/float64(b.N), "s/page")
	if browser != "" {
		b.ReportMetric(pdf.Seconds()/float64(b.N), "s/pdf")
	}
	b.ReportMetric(float64(size)/1e6, "MB/page")
}
