package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"strings"

	"plumbline/reports/tabular"
)

// table is a table of a page, which may also be downloaded as it stands.
type table struct {
	Caption string
	Head    []head
	Rows    []tableRow
	Empty   string // what to say, and what to do, where there are no rows
}

// head is the head of a column.
type head struct {
	Text   string
	Number bool
}

type tableRow struct {
	Cells []cell
	Class string
}

// cell is one entry. Say stands beside Text in small letters: a unit, an arrow in words.
type cell struct {
	Text, Say, Href, Class string
	Number                 bool
}

func words(s string) head   { return head{Text: s} }
func numbers(s string) head { return head{Text: s, Number: true} }

// add appends a row; numbers are where the heads say so.
func (t *table) add(cells ...cell) {
	for i := range cells {
		cells[i].Number = i < len(t.Head) && t.Head[i].Number
	}
	t.Rows = append(t.Rows, tableRow{Cells: cells})
}

func text(s string) cell       { return cell{Text: s} }
func link(s, href string) cell { return cell{Text: s, Href: href} }

// csv writes a table as it is on the page, with formulas made inert.
func (t *table) csv(w io.Writer) error {
	x := &tabular.Table{}
	for _, h := range t.Head {
		x.Columns = append(x.Columns, tabular.Column{Name: h.Text, Heading: h.Text})
	}
	for _, r := range t.Rows {
		cells := make([]string, len(r.Cells))
		for i, c := range r.Cells {
			cells[i] = strings.TrimSpace(c.Text + " " + c.Say)
		}
		x.Rows = append(x.Rows, cells)
	}
	return errors.Join(utf8Mark(w), x.Write(w, "csv"))
}

// utf8Mark lets spreadsheets read the text for what it is.
func utf8Mark(w io.Writer) error {
	_, err := io.WriteString(w, "\ufeff")
	return err
}

// attach names the file of a download; the name may hold anything.
func (q *request) attach(kind, name string) {
	h := q.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", disposition(name))
}

// disposition writes a name for the header by RFC 6266: plain letters for old readers, the whole name in UTF-8 for the others.
func disposition(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || strings.ContainsRune(`/\`, r) {
			return '_'
		}
		return r
	}, name)
	plain := strings.Map(func(r rune) rune {
		if r > 0x7e || r == '"' || r == '%' || r == ';' {
			return '_'
		}
		return r
	}, name)
	return fmt.Sprintf("%s; filename*=UTF-8''%s", mime.FormatMediaType("attachment", map[string]string{"filename": plain}), url.PathEscape(name))
}

// wantsCSV reports whether the page is asked for as a file.
func (q *request) wantsCSV() bool { return q.r.URL.Query().Get("format") == "csv" }

// download answers with a table as a file.
func (q *request) download(t *table, name string) error {
	q.attach("text/csv; charset=utf-8", name+".csv")
	return t.csv(q.w)
}
