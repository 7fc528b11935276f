package reports

import (
	"context"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/policy"
)

// TableBook is a workbook of plain tables in the house's look: a sheet with the contents, then a sheet for each subject.
type TableBook struct {
	Company, Subject policy.Text
	Period           period.Period
	Source           policy.Text // below the title of the contents
	Foot             policy.Text // at the left of every printed page's foot; short, or it is cut
	Made             time.Time
	Sheets           []TableSheet
}

// TableSheet is one subject with its tables, one below the other.
type TableSheet struct {
	Name     policy.Text // wanted as the sheet's name; made unique and fit
	Headline policy.Text
	About    policy.Text
	Lines    []policy.Text // sentences above the tables
	Tables   []TextTable
}

// TextTable is a table of texts and numbers.
type TextTable struct {
	Name, Note policy.Text // either may be empty
	Heads      []TextHead
	Rows       [][]TextCell
}

// TextHead is the head of a column; a number column is flush right.
type TextHead struct {
	Name   policy.Text
	Number bool
}

// TextCell is a text, or an exact number in a unit.
type TextCell struct {
	Text   policy.Text
	Number *big.Rat    // nil: Text is written
	Places int         // decimals shown
	Unit   policy.Unit // "": none
	Signed bool        // a difference: written with its sign
}

// WriteTo writes the workbook. The same book gives the same bytes.
func (t *TableBook) WriteTo(ctx context.Context, lang policy.Lang, w io.Writer) error {
	fail := func(err error) error { return fmt.Errorf("write workbook %s of %s: %w", t.Subject.EN, t.Period, err) }
	b := blankBook(lang)
	b.foot = footText(t.Foot.In(lang))
	taken := sheetNames{}
	names := []string{taken.name(b.t("目录", "Contents"))}
	for _, s := range t.Sheets {
		names = append(names, taken.name(s.Name.In(lang)))
	}
	if err := b.create(names); err != nil {
		return fail(err)
	}
	defer b.close()
	title := strings.TrimSpace(t.Company.In(lang) + " " + policy.Text{ZH: t.Period.ZH(), EN: t.Period.EN()}.In(lang) + " " + t.Subject.In(lang))
	if err := b.describe(title, t.Subject, t.Company.In(lang), t.Made); err != nil {
		return fail(err)
	}
	if err := b.tableContents(names, title, t); err != nil {
		return fail(err)
	}
	for i := range t.Sheets {
		if err := ctx.Err(); err != nil {
			return fail(err)
		}
		if err := b.tableSheet(names[i+1], names[0], &t.Sheets[i]); err != nil {
			return fail(err)
		}
	}
	if _, err := b.pack(ctx, w); err != nil {
		return fail(err)
	}
	return nil
}

// tableContents lists the sheets with what each says.
func (b *book) tableContents(names []string, title string, t *TableBook) error {
	widths := []float64{8, 10, 10}
	for i, s := range t.Sheets {
		widths[1] = max(widths[1], fit(textWidth(names[i+1]), 14, 40))
		widths[2] = max(widths[2], fit(textWidth(s.Headline.In(b.lang)), 40, 90))
	}
	s, err := b.open(names[0], frame{tab: tabOverview, columns: 3, rows: 3 + len(t.Sheets), widths: widths, freezeRow: 4})
	if err != nil {
		return err
	}
	s.put(1, titleLook.unwrapped(), title)
	s.end(24)
	s.put(1, noteLook.unwrapped(), t.Source.In(b.lang))
	s.end(0)
	s.header([]string{b.t("页", "Sheet"), b.t("名称", "Name"), b.t("说明什么", "What it says")}, 2, 3)
	for i, sheet := range t.Sheets {
		s.put(1, number(fmtInt), i+1)
		link := textLook
		link.ink, link.under = linkInk, true
		s.formula(2, link, "HYPERLINK("+literal("#"+quoted(names[i+1])+"!A1")+","+literal(names[i+1])+")", names[i+1])
		s.put(3, wrapLook, text(sheet.Headline.In(b.lang)))
		s.end(rowHeight(wrappedLines(sheet.Headline.In(b.lang), widths[2])))
	}
	return s.close()
}

// tableSheet writes one subject.
func (b *book) tableSheet(name, contents string, t *TableSheet) error {
	widths := b.tableWidths(t)
	rows := 3 + len(t.Lines)
	for _, x := range t.Tables {
		rows += len(x.Rows) + 4
	}
	s, err := b.open(name, frame{tab: tabDepartment, columns: len(widths), rows: rows, widths: widths})
	if err != nil {
		return err
	}
	s.line(titleLook, t.Headline.In(b.lang))
	s.line(noteLook, t.About.In(b.lang))
	back := textLook
	back.ink, back.under, back.line = linkInk, true, ""
	s.formula(1, back, "HYPERLINK("+literal("#"+quoted(contents)+"!A1")+","+literal(b.t("回目录", "Contents"))+")", b.t("回目录", "Contents"))
	s.end(0)
	for _, l := range t.Lines {
		s.line(sayLook, l.In(b.lang))
	}
	for i := range t.Tables {
		s.skip(1)
		b.tableRows(s, &t.Tables[i])
	}
	return s.close()
}

func (b *book) tableRows(s *sheet, t *TextTable) {
	if n := t.Name.In(b.lang); n != "" {
		s.line(sectionLook, n)
	}
	heads, texts := []string{}, []int{}
	for i, h := range t.Heads {
		heads = append(heads, h.Name.In(b.lang))
		if !h.Number {
			texts = append(texts, i+1)
		}
	}
	s.header(heads, texts...)
	for _, r := range t.Rows {
		lines := 1
		for i, c := range r {
			if i >= len(t.Heads) {
				break
			}
			switch {
			case c.Number != nil:
				f, _ := c.Number.Float64()
				s.put(i+1, number(c.format(b.lang)), f)
			case t.Heads[i].Number:
				s.put(i+1, look{align: "right", line: hairline, ink: faintInk}, text(c.Text.In(b.lang)))
			default:
				s.put(i+1, wrapLook, text(c.Text.In(b.lang)))
				lines = max(lines, wrappedLines(c.Text.In(b.lang), s.frame.widths[i]))
			}
		}
		s.blank(1, len(t.Heads), textLook)
		s.end(rowHeight(lines))
	}
	if n := t.Note.In(b.lang); n != "" {
		s.line(noteLook, n)
	}
}

// format is the number format of a cell with its unit.
func (c TextCell) format(lang policy.Lang) string {
	f := "#,##0"
	if c.Places > 0 {
		f += "." + strings.Repeat("0", c.Places)
	}
	unit := map[policy.Unit]policy.Text{policy.Percent: {ZH: "%", EN: "%"}, policy.Hours: {ZH: " 小时", EN: " h"}, policy.Days: {ZH: " 天", EN: " days"}, policy.Points: {ZH: " 分", EN: " points"}, policy.Money: {ZH: " 元", EN: " yuan"}}[c.Unit].In(lang)
	if c.Signed && c.Unit == policy.Percent {
		unit = policy.Text{ZH: " 个百分点", EN: " pp"}.In(lang)
	}
	if unit != "" {
		f += `"` + unit + `"`
	}
	if c.Signed {
		return "+" + f + ";-" + f + ";" + f
	}
	return f
}

// tableWidths fits columns to what all tables of a sheet hold in them.
func (b *book) tableWidths(t *TableSheet) []float64 {
	var widths []float64
	for _, x := range t.Tables {
		for i, h := range x.Heads {
			if i == len(widths) {
				widths = append(widths, 10)
			}
			w := min(textWidth(h.Name.In(b.lang)), 24)
			for _, r := range x.Rows {
				if i >= len(r) {
					continue
				}
				if r[i].Number != nil {
					f, _ := r[i].Number.Float64()
					w = max(w, numberWidth(f, r[i].Places)+8)
				} else {
					w = max(w, textWidth(r[i].Text.In(b.lang)))
				}
			}
			widths[i] = max(widths[i], fit(w, 10, 46))
		}
	}
	for len(widths) < 4 {
		widths = append(widths, 24)
	}
	return widths
}

// ParsedCell is a figure that somebody else has written, such as 1,234.5 or 31.4%, as the number that it shows; anything else stays a text.
func ParsedCell(t policy.Text) TextCell {
	s := strings.NewReplacer(",", "", "−", "-").Replace(t.ZH)
	s, percent := strings.CutSuffix(s, "%")
	n, err := fixed.Parse(s)
	if err != nil || s == "" {
		return TextCell{Text: t}
	}
	c := TextCell{Number: n.Rat()}
	if _, decimals, ok := strings.Cut(s, "."); ok {
		c.Places = len(decimals)
	}
	if percent {
		c.Unit = policy.Percent
	}
	return c
}

// Document finds the next version of a document in dir, and what it is called with each of the extensions; ext has no dot. Of an earlier version
// with the first extension it gives the path too, "" without any.
func Document(dir string, company policy.Text, p period.Period, subject policy.Text, lang policy.Lang, ext ...string) (names []string, newest string, err error) {
	stem, end := nameParts(company, p, subject, lang)
	end = strings.TrimSuffix(end, ".xlsx")
	last, err := newestVersion(dir, stem, end+"."+ext[0])
	if err != nil {
		return nil, "", err
	}
	if last >= 0 {
		newest = stem + itoa(last) + end + "." + ext[0]
	}
	for _, e := range ext {
		names = append(names, stem+itoa(last+1)+end+"."+e)
	}
	return names, newest, nil
}
