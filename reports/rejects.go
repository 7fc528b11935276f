package reports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"plumbline/ingest"
	"plumbline/policy"
)

// rejectsSubject is what a workbook of rejects is about.
var rejectsSubject = policy.Text{ZH: "待更正的行", EN: "Rows to correct"}

// tableRows is how many rows of a file stand on one sheet below the header; Excel has 1,048,576 rows.
const tableRows = excelize.TotalRows - 1

// WriteRejects writes the rows in quarantine to path as a workbook: a first sheet that explains, then a sheet for every file and
// worksheet that rows came from, with ingest.Lead columns of ours and the file's own columns as they were, every cell a text. Only
// cells that could not be read begin with U+FFFD. Corrected and ingested, it is recognised by its header. The words are in lang; at is when the workbook is made.
// The same input gives the same bytes. A file that is there already is left alone: it may hold corrections not yet ingested.
func WriteRejects(ctx context.Context, path string, lang policy.Lang, company policy.Text, rejects []ingest.Reject,
	at time.Time) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = errors.New("the file is there already and may hold corrections that are not ingested yet; " +
				"choose another name (文件已存在，其中可能有尚未导入的更正；请换一个文件名)")
		}
		return fmt.Errorf("write rejects to %s: %w", path, err)
	}
	return writeWhole(path, func(w io.Writer) error {
		if err := renderRejects(ctx, w, lang, company, rejects, at); err != nil {
			return fmt.Errorf("write rejects to %s: %w", path, err)
		}
		return nil
	})
}

func renderRejects(ctx context.Context, w io.Writer, lang policy.Lang, company policy.Text, rejects []ingest.Reject, at time.Time) error {
	q := &rejectBook{book: blankBook(lang), company: company.In(lang), at: at}
	q.planTables(rejects, tableRows)
	q.foot = strings.TrimPrefix(footText(q.company)+" · "+rejectsSubject.In(lang), " · ")
	if err := q.create(q.sheets()); err != nil {
		return err
	}
	defer q.close()
	if err := q.describe(strings.TrimSpace(q.company+" "+rejectsSubject.In(lang)), rejectsSubject, q.company, at); err != nil {
		return err
	}
	if err := q.writeGuide(ctx); err != nil {
		return err
	}
	for i := range q.tables {
		if err := q.writeTable(ctx, &q.tables[i]); err != nil {
			return fmt.Errorf("sheet %s: %w", q.tables[i].name, err)
		}
	}
	_, err := q.pack(ctx, w)
	return err
}

// rejectBook is a workbook of rejects being written.
type rejectBook struct {
	*book
	company string
	at      time.Time
	guide   string // name of the first sheet
	tables  []rejectTable
	unheld  []unheldRow
}

// rejectTable is one sheet of rows of one file and worksheet.
type rejectTable struct {
	name   string // of the sheet
	origin *ingest.Reject
	rows   []rejectRow
	width  int // columns of the file
}

// rejectRow is a row in quarantine: all its reasons, by cell.
type rejectRow []placed

// unheldRow is a row that a workbook cannot hold, and why.
type unheldRow struct {
	rejectRow
	why policy.Text
}

// placed is a reject with the row that people name: the event that brought its file, and the row there.
type placed struct {
	*ingest.Reject
	root, row int64
}

// place reads a reject's id. An id of another form leaves the reject with the event and row that it has now.
func place(r *ingest.Reject) placed {
	seq, row, _ := strings.Cut(r.ID, "-")
	root, rootErr := strconv.ParseInt(seq, 10, 64)
	n, rowErr := strconv.ParseInt(row, 10, 64)
	if rootErr != nil || rowErr != nil {
		return placed{r, r.Seq, r.Row}
	}
	return placed{r, root, n}
}

// planTables sorts the rejects into sheets by file and row. A sheet holds at most most rows of one file; further rows go to further
// sheets. Rows that came back from a correction stand with the others of their first file.
func (q *rejectBook) planTables(rejects []ingest.Reject, most int) {
	list := make([]placed, len(rejects))
	origins := map[int64]*ingest.Reject{}
	for i := range rejects {
		p := place(&rejects[i])
		list[i] = p
		if known := origins[p.root]; known == nil || known.Seq != p.root && p.Seq == p.root {
			origins[p.root] = p.Reject
		}
	}
	slices.SortStableFunc(list, func(a, b placed) int { return cmp.Or(cmp.Compare(a.root, b.root), cmp.Compare(a.row, b.row)) })
	names := sheetNames{}
	q.guide = names.name("说明 Read me")
	var last *rejectTable
	for len(list) > 0 {
		first, n := list[0], 1
		for n < len(list) && list[n].root == first.root && list[n].row == first.row {
			n++
		}
		row := rejectRow(list[:n])
		list = list[n:]
		if why := row.unheld(); why.ZH != "" {
			q.unheld = append(q.unheld, unheldRow{row, why})
			continue
		}
		if last == nil || last.rows[0][0].root != first.root || len(last.rows) == most {
			origin := origins[first.root]
			q.tables = append(q.tables, rejectTable{name: names.name(tableName(origin.File, origin.Sheet)), origin: origin})
			last = &q.tables[len(q.tables)-1]
		}
		last.rows = append(last.rows, row)
		last.width = max(last.width, len(first.Headers), len(first.Cells))
	}
}

func (q *rejectBook) sheets() []string {
	names := []string{q.guide}
	for i := range q.tables {
		names = append(names, q.tables[i].name)
	}
	return names
}

// tableName names a sheet after a file and its worksheet; a long file name leaves the worksheet's its room.
func tableName(file, sheet string) string {
	stem := file
	for _, packed := range []string{".gz", ".zip", ".zst"} {
		if strings.EqualFold(filepath.Ext(stem), packed) {
			stem = strings.TrimSuffix(stem, filepath.Ext(stem))
		}
	}
	stem = strings.TrimSuffix(stem, filepath.Ext(stem))
	if sheet == "" {
		return stem
	}
	room := max(sheetNameUnits-utf16Units(sheet)-1, sheetNameUnits/2)
	if utf16Units(stem) > room {
		stem = strings.TrimSpace(cutUnits(stem, room-1)) + "…"
	}
	return stem + " " + sheet
}

// unheld says why a workbook cannot hold a row unchanged; empty when it can.
func (r rejectRow) unheld() policy.Text {
	for _, texts := range [][]string{r[0].Headers, r[0].Cells} {
		if len(texts) > excelize.MaxColumns-ingest.Lead {
			return policy.Text{ZH: fmt.Sprintf("有 %d 列，Excel 装不下", len(texts)), EN: fmt.Sprintf("%d columns are more than Excel holds", len(texts))}
		}
		for i, s := range texts {
			if why := unheldText(s); why.ZH != "" {
				return policy.Text{ZH: fmt.Sprintf("第 %d 列%s", i+1, why.ZH), EN: fmt.Sprintf("column %d %s", i+1, why.EN)}
			}
		}
	}
	return policy.Text{}
}

// halfPair is a text that readers of workbooks take for half of a character, because Excel writes characters in this way.
var halfPair = regexp.MustCompile(`_x[dD][89a-fA-F][0-9a-fA-F]{2}_`)

// unheldText says why a cell cannot hold a text unchanged; empty when it can.
func unheldText(s string) policy.Text {
	switch {
	case len(s) > excelize.TotalCellChars && utf16Units(s) > excelize.TotalCellChars:
		units := utf16Units(s)
		return policy.Text{ZH: fmt.Sprintf("有 %d 个字符，Excel 的一格最多 %d 个", units, excelize.TotalCellChars),
			EN: fmt.Sprintf("has %d characters; a cell of Excel holds %d", units, excelize.TotalCellChars)}
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unwritable) || strings.Contains(s, "_x") && halfPair.MatchString(s):
		return policy.Text{ZH: "含有 Excel 无法保存的字符", EN: "holds a character that Excel cannot save"}
	}
	return policy.Text{}
}

// unwritable reports characters that XML does not allow.
func unwritable(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
}

// utf16Units counts as Excel counts characters.
func utf16Units(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}
