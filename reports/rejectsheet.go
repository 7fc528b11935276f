package reports

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"plumbline/ingest"
	files "plumbline/ingest/sheet"
)

// Looks of a sheet of rejects: what is ours looks locked, what is the file's is white, and a cell to correct is pale yellow, bold
// and framed, so that it is seen without colours too. All cells are texts: what a person types there stays as typed.
var (
	oursHead    = look{size: 11, bold: true, align: "left", wrap: true, fill: groupFill, line: rule, format: fmtText}
	fileHead    = look{size: 11, bold: true, align: "left", wrap: true, fill: headFill, line: rule, format: fmtText}
	sayCellLook = look{align: "left", wrap: true, top: true, fill: sumFill, line: hairline, format: fmtText}
	cureLook    = look{align: "left", wrap: true, top: true, indent: 1, fill: sumFill, line: hairline, format: fmtText}
	idLook      = look{align: "left", top: true, fill: sumFill, ink: faintInk, line: hairline, format: fmtText}
	cellLook    = look{align: "left", wrap: true, top: true, line: hairline, format: fmtText}
	faultLook   = look{align: "left", wrap: true, top: true, bold: true, fill: inputFill, box: badInk, format: fmtText}
	wholeLook   = look{align: "left", wrap: true, top: true, fill: inputFill, line: badInk, format: fmtText} // of a row that is wrong as a whole
)

const (
	sayWidth     = 34.0  // of each of the columns that say what is wrong and what to do
	cellMost     = 36.0  // of a column of the file
	pageWidth    = 200.0 // of all columns that one printed page takes
	cellLines    = 12    // lines of a long cell that are seen at once
	sayUnits     = 8_000 // UTF-16 units of a text of ours, which may quote the file
	rowsPerCheck = 1_000 // rows written between two looks at the context
)

// unread begins a cell whose content could not be read as it stood in the file. Ingest refuses it, so that the cell, or its row,
// does not come in as it looks here when nobody has corrected it: with the spelling of an invisible character, with blanks for
// fields that were missing, with the name of a formula error for a value.
const unread = string(utf8.RuneError)

var (
	unreadRules   = []string{files.RowFields, files.TextUndecodable, files.TextControl, files.CellError, files.CellNoValue, files.CellMerged}
	unreadSpelled = `\xef\xbf\xbd`                                      // what is left of unread when a cell comes back
	spelledOut    = regexp.MustCompile(`\\x[0-9a-f]{2}|\\u[0-9a-f]{4}`) // what ingest shows for a character that cannot be read or seen
)

// unreadable gives the reason why a row could not be read from its file, and nil when it could.
func (r rejectRow) unreadable() *ingest.Reject {
	for _, p := range r {
		if slices.Contains(unreadRules, p.Rule) || strings.HasPrefix(p.Rule, "json.") {
			return p.Reject
		}
	}
	return nil
}

// isUnread reports whether a cell of a row that could not be read because of r needs a person's eye.
func isUnread(r *ingest.Reject, cell int, value string) bool {
	return r != nil && (cell == max(r.Cell, 0) || spelledOut.MatchString(value))
}

// writeTable writes the rows of one file.
func (q *rejectBook) writeTable(ctx context.Context, t *rejectTable) error {
	widths, last := t.widths(), len(t.rows)+1
	total := 0.0
	for _, w := range widths {
		total += w
	}
	end := address(len(widths), last)
	s, err := q.open(t.name, frame{tab: tabQuality, columns: len(widths), rows: last, widths: widths, freezeCol: ingest.Lead + 1, freezeRow: 2,
		titles: [2]int{1, 1}, titleCol: 1, across: int(math.Ceil(total / pageWidth)), filter: "A1:" + end, textColumn: "A2:" + end})
	if err != nil {
		return err
	}
	s.rejectHead(t)
	w, err := q.rejectWriter(s)
	if err != nil {
		return err
	}
	for i, row := range t.rows {
		if i%rowsPerCheck == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		w.write(row, t.width)
	}
	return s.close()
}

// widths fits the file's columns to their header and cells.
func (t *rejectTable) widths() []float64 {
	widest := make([]int, t.width)
	for i, h := range t.headers() {
		widest[i] = widestLine(h)*9/8 + 3 // bold, with the filter's button
	}
	id := 0
	for _, row := range t.rows {
		id = max(id, len(row[0].ID))
		for i, c := range row[0].Cells {
			widest[i] = max(widest[i], widestLine(c))
		}
	}
	widths := make([]float64, ingest.Lead+t.width)
	widths[0], widths[1], widths[2] = fit(id, 12, 24), sayWidth, sayWidth
	for i, w := range widest {
		widths[ingest.Lead+i] = fit(w, 9, cellMost)
	}
	return widths
}

func (t *rejectTable) headers() []string { return t.rows[0][0].Headers }

// widestLine is the width of a text's widest line.
func widestLine(s string) int {
	widest := 0
	for line := range strings.Lines(s) {
		widest = max(widest, textWidth(strings.TrimRight(line, "\r\n")))
	}
	return widest
}

func (s *sheet) rejectHead(t *rejectTable) {
	b, lines := s.book, 1
	for i, h := range append([]string{ingest.RejectID, b.t("问题", "What is wrong"), b.t("处理办法", "What to do")}, t.headers()...) {
		l := fileHead
		if i < ingest.Lead {
			l = oursHead
		}
		if i == ingest.Lead-1 {
			l.indent = cureLook.indent
		}
		s.put(i+1, l, text(h))
		lines = max(lines, wrappedLines(h, s.frame.widths[i]/1.12-1.5))
	}
	s.blank(ingest.Lead+1, s.frame.columns, fileHead)
	s.end(float64(lines)*16 + 6)
}

// rejectWriter writes rows of rejects, with the styles looked up once.
type rejectWriter struct {
	*sheet
	id, say, cure, cell, fault, whole int
}

func (q *rejectBook) rejectWriter(s *sheet) (*rejectWriter, error) {
	w := &rejectWriter{sheet: s}
	for _, style := range []struct {
		id *int
		look
	}{{&w.id, idLook}, {&w.say, sayCellLook}, {&w.cure, cureLook}, {&w.cell, cellLook}, {&w.fault, faultLook}, {&w.whole, wholeLook}} {
		var err error
		if *style.id, err = q.style(style.look); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// write writes one row in quarantine.
func (w *rejectWriter) write(row rejectRow, width int) {
	say, cure := w.words(row)
	w.set(1, w.id, "", row[0].ID)
	w.set(2, w.say, "", text(say))
	w.set(3, w.cure, "", text(cure))
	lines := max(wrappedLines(say, sayWidth), wrappedLines(cure, sayWidth-1.5))
	whole := slices.ContainsFunc(row, func(r placed) bool { return r.Cell < 0 })
	unreadable := row.unreadable()
	for i := range width {
		col, value := ingest.Lead+1+i, ""
		if i < len(row[0].Cells) {
			value = row[0].Cells[i]
		}
		lost := isUnread(unreadable, i, value)
		if lost {
			value = unread + strings.TrimPrefix(value, unreadSpelled)
		}
		style := w.cell
		switch {
		case lost, row.faulty(i), i >= len(row[0].Headers) && value != "":
			style = w.fault
		case whole:
			style = w.whole
		}
		w.set(col, style, "", text(value))
		if value != "" {
			lines = max(lines, min(wrappedLines(value, w.frame.widths[col-1]), cellLines))
		}
	}
	w.end(rowHeight(lines))
}

// faulty reports whether a reason names the cell.
func (r rejectRow) faulty(cell int) bool {
	return slices.ContainsFunc(r, func(p placed) bool { return p.Cell == cell })
}

// words says what is wrong with a row and what to do, a line for every reason; several are numbered alike on both sides.
func (s *sheet) words(row rejectRow) (say, cure string) {
	var says, cures []string
	for i, r := range row {
		number := ""
		if len(row) > 1 {
			number = itoa(i+1) + ". "
		}
		says = append(says, number+s.where(r.Reject)+r.Say.In(s.book.lang))
		cures = append(cures, number+r.Cure.In(s.book.lang))
	}
	return shortened(strings.Join(says, "\n")), shortened(strings.Join(cures, "\n"))
}

func shortened(s string) string {
	if cut := cutUnits(s, sayUnits); cut != s {
		return cut + "…"
	}
	return s
}

// where names the column of a reason, by its letter on this sheet and its header.
func (s *sheet) where(r *ingest.Reject) string {
	b := s.book
	if r.Cell < 0 {
		return b.t("整行：", "Whole row: ")
	}
	header := strings.Join(strings.Fields(r.Header), " ")
	col := letters(ingest.Lead + 1 + r.Cell)
	if header == "" {
		return fmt.Sprintf(b.t("%s 列：", "Column %s: "), col)
	}
	return fmt.Sprintf(b.t("%s 列「%s」：", "Column %s “%s”: "), col, header)
}
