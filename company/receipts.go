package company

import (
	"context"
	"fmt"
	"slices"

	"plumbline/ingest"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/explain"
)

// ReceiptsOf lists the receipts of all lines of a person.
func ReceiptsOf(d *metrics.Derivation) (list []*metrics.Receipt) {
	for _, l := range d.Lines {
		list = append(list, l.Receipts...)
	}
	return list
}

// Decision names the event that wrote a row which no file brought.
func Decision(seq int64) policy.Text {
	return policy.Text{ZH: fmt.Sprintf("账序 %d 的决定", seq), EN: fmt.Sprintf("decision %d of the ledger", seq)}
}

// ReceiptFiles names the files that the records of receipts come from, by ledger sequence, with how many of each counted. A record that counts for
// several values is counted once. Records of decisions name the decision.
func (c *Company) ReceiptFiles(ctx context.Context, lang policy.Lang, receipts ...*metrics.Receipt) ([]explain.File, error) {
	origins, err := ingest.ReadOrigins(ctx, c.Books)
	if err != nil {
		return nil, err
	}
	seen, rows, names := map[metrics.FactRow]bool{}, map[int64]int{}, map[int64]ingest.File{}
	for _, r := range receipts {
		for _, fact := range r.Rows.Facts {
			if seen[fact] {
				continue
			}
			seen[fact] = true
			f, _ := origins.Of(fact.Dataset, fact.Seq, fact.Row)
			if f.Seq == 0 { // no file brought it
				f.Seq, f.Name = fact.Seq, Decision(fact.Seq).In(lang)
			}
			rows[f.Seq]++
			names[f.Seq] = f
		}
	}
	var files []explain.File
	for seq, f := range names {
		files = append(files, explain.File{Name: FileName(f), SHA256: f.SHA256, Seq: seq, Rows: rows[seq]})
	}
	slices.SortFunc(files, func(x, y explain.File) int { return int(x.Seq - y.Seq) })
	return files, nil
}
