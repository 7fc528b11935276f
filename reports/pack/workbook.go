package pack

import (
	"context"
	"io"

	"plumbline/charts"
	"plumbline/policy"
	"plumbline/reports"
)

// WriteWorkbook writes the figures of every page: the tables of the deck, and those behind its charts. The same deck gives the same bytes.
func (d *Deck) WriteWorkbook(ctx context.Context, lang policy.Lang, w io.Writer) error {
	book := reports.TableBook{Company: d.Company, Subject: d.Title, Period: d.Period, Source: d.Foot, Foot: d.Mark, Made: d.Made}
	for _, p := range d.Pages {
		if p.Layout == Cover {
			continue
		}
		if n := len(book.Sheets); p.Further && n > 0 {
			goesOn(&book.Sheets[n-1], p)
			continue
		}
		sheet := reports.TableSheet{Name: p.Section, Headline: p.Headline, About: p.Title, Tables: tables(p)}
		for _, b := range p.Blocks {
			if len(b.Points) > 0 && !isEmpty(b.Name) {
				sheet.Lines = append(sheet.Lines, b.Name)
			}
			for _, x := range b.Points {
				sheet.Lines = append(sheet.Lines, policy.Text{ZH: "· " + x.Text.ZH, EN: "· " + x.Text.EN})
			}
			if !isEmpty(b.Note) {
				sheet.Lines = append(sheet.Lines, b.Note)
			}
		}
		book.Sheets = append(book.Sheets, sheet)
	}
	return book.WriteTo(ctx, lang, w)
}

// goesOn adds what a page has that goes on from the one before: more rows of the same table, or charts.
func goesOn(sheet *reports.TableSheet, p Page) {
	for i, x := range tables(p) {
		if p.Blocks[i].Table != nil {
			last := &sheet.Tables[len(sheet.Tables)-1]
			last.Rows = append(last.Rows, x.Rows...)
		} else {
			sheet.Tables = append(sheet.Tables, x)
		}
	}
}

// tables gives the tables of a page and those behind its charts.
func tables(p Page) (list []reports.TextTable) {
	for _, b := range p.Blocks {
		switch {
		case b.Table != nil:
			list = append(list, tableOf(b.Table))
		case b.Chart != nil && len(b.Chart.Figures.Rows) > 0:
			list = append(list, figuresOf(b.Chart))
		}
	}
	return list
}

func tableOf(t *Table) (out reports.TextTable) {
	for _, c := range t.Columns {
		out.Heads = append(out.Heads, reports.TextHead{Name: c.Name, Number: c.Number})
	}
	for _, r := range t.Rows {
		var cells []reports.TextCell
		for _, c := range r.Cells {
			cells = append(cells, reports.TextCell{Text: c.Text, Number: c.Number, Places: c.Places, Unit: c.Unit, Signed: c.Signed})
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

func figuresOf(c *charts.Chart) reports.TextTable {
	out := reports.TextTable{Name: c.Title}
	for i, h := range c.Figures.Head {
		number := len(c.Figures.Rows) > 0 && i < len(c.Figures.Rows[0]) && c.Figures.Rows[0][i].Number
		out.Heads = append(out.Heads, reports.TextHead{Name: h, Number: number})
	}
	for _, r := range c.Figures.Rows {
		var cells []reports.TextCell
		for _, f := range r {
			if f.Number {
				cells = append(cells, reports.ParsedCell(f.Text))
			} else {
				cells = append(cells, reports.TextCell{Text: f.Text})
			}
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}
