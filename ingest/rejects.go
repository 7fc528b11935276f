package ingest

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Rejects gives every reason why a row is in quarantine at ledger sequence asOf, by file, row and cell. p gives the rules of
// datasets their words.
func Rejects(ctx context.Context, b *books.Books, p *policy.Policy, asOf int64) (rejects []Reject, err error) {
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		rejects, err = readRejects(ctx, tx, p, asOf)
		return err
	})
	return rejects, err
}

func readRejects(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, asOf int64) ([]Reject, error) {
	files, err := receipts(ctx, tx, asOf)
	if err != nil {
		return nil, err
	}
	bySeq := map[int64]File{}
	for _, f := range files {
		bySeq[f.Seq] = f
	}
	var rejects []Reject
	err = tx.Each(ctx, statements.Get("rejects"), warehouse.Args{"as_of": asOf}, func(scan func(...any) error) error {
		var r Reject
		var rootSeq, rootRow int64
		var detail, field string
		if err := scan(&r.Seq, &r.Row, &rootSeq, &rootRow, &r.Cell, &r.Rule, &r.Value, &detail, &field, &r.Cells); err != nil {
			return err
		}
		r.ID = fmt.Sprintf("%d-%d", rootSeq, rootRow)
		rejects = append(rejects, r.complete(bySeq[r.Seq], field, detail, p))
		return nil
	})
	return rejects, err
}

// complete adds what the file's receipt and the policy know.
func (r Reject) complete(f File, field, detail string, p *policy.Policy) Reject {
	r.File, r.SHA256, r.Dataset, r.Sheet, r.Headers, r.Row = f.Name, f.SHA256, f.Dataset, f.Sheet, f.header, f.Row(r.Row)
	d := p.Dataset(f.Dataset)
	var c *policy.Column
	if d != nil {
		c = d.Column(field)
	}
	if r.Cell >= 0 {
		r.Column = columnName(f.Format, r.Cell+f.lead)
		if r.Cell < len(f.header) {
			r.Header = f.header[r.Cell]
			if d != nil && c == nil {
				c = headings(d)[policy.HeaderKey(r.Header)]
			}
		}
	}
	w := explain(r.Rule, detail, d, c)
	r.Say, r.Cure = w.say, w.cure
	if r.Rule == "enum.unknown" && f.Mapping != "" {
		r.Cure = policy.Text{ZH: strings.Replace(r.Cure.ZH, "policy/datasets.yaml", "映射 "+f.Mapping+" 的 words", 1),
			EN: strings.Replace(r.Cure.EN, "policy/datasets.yaml", "the words of the mapping "+f.Mapping, 1)}
	}
	r.Say.ZH, r.Say.EN = r.Say.ZH+r.compared(f, d, policy.ZH), r.Say.EN+r.compared(f, d, policy.EN)
	return r
}

// compared spells out the cells that a failed rule of the dataset compares.
func (r Reject) compared(f File, d *policy.Dataset, lang policy.Lang) string {
	n, ok := strings.CutPrefix(r.Rule, "check.")
	i, err := strconv.Atoi(n)
	if !ok || err != nil || d == nil || i < 1 || i > len(d.Rules) {
		return ""
	}
	var parts []string
	words := headings(d)
	for _, id := range d.Rules[i-1].Check.Columns {
		for j, h := range f.header {
			if c := words[policy.HeaderKey(h)]; c != nil && c.ID == id && j < len(r.Cells) {
				parts = append(parts, c.Name.In(lang)+" "+strings.TrimSpace(r.Cells[j]))
			}
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return policy.Text{ZH: "（" + strings.Join(parts, "，") + "）", EN: " (" + strings.Join(parts, ", ") + ")"}.In(lang)
}

// columnName is how a person finds a column: by letter in a workbook, by number in a CSV.
func columnName(format string, cell int) string {
	if format != "xlsx" {
		return strconv.Itoa(cell + 1)
	}
	name := ""
	for n := cell + 1; n > 0; n = (n - 1) / 26 {
		name = fmt.Sprint(string(rune('A'+(n-1)%26))) + name
	}
	return name
}
