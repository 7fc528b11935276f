package web

import (
	"errors"
	"fmt"
	"html"
	"html/template"
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
	Cells   []cell
	Class   string
	written string // the row as HTML, where it was written before; then there are no cells
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

// HTML writes the table, or what to say where there are no rows. Tables are most of what is on a page; a template takes some ten times as long.
func (t table) HTML() template.HTML {
	var b strings.Builder
	if len(t.Rows) == 0 {
		b.WriteString(`<p class="empty">` + html.EscapeString(t.Empty) + `</p>`)
		return template.HTML(b.String())
	}
	caption := html.EscapeString(t.Caption)
	b.WriteString(`<div class="scroll" tabindex="0" role="region" aria-label="` + caption + `">
<table class="sheet">`)
	if caption != "" {
		b.WriteString("\n<caption>" + caption + "</caption>")
	}
	b.WriteString("\n<thead><tr>")
	for _, h := range t.Head {
		b.WriteString(`<th scope="col"`)
		if h.Number {
			b.WriteString(` class="number"`)
		}
		b.WriteString(">" + html.EscapeString(h.Text) + "</th>")
	}
	b.WriteString("</tr></thead>\n<tbody>")
	for _, r := range t.Rows {
		r.write(&b)
	}
	b.WriteString("\n</tbody>\n</table>\n</div>")
	return template.HTML(b.String())
}

func (r tableRow) write(b *strings.Builder) {
	if r.written != "" {
		b.WriteString(r.written)
		return
	}
	b.WriteString("\n<tr")
	if r.Class != "" {
		b.WriteString(` class="` + html.EscapeString(r.Class) + `"`)
	}
	b.WriteString(">")
	for _, c := range r.Cells {
		c.write(b)
	}
	b.WriteString("</tr>")
}

func (c cell) write(b *strings.Builder) {
	b.WriteString("<td")
	class := c.Class
	if c.Number {
		class = strings.TrimSuffix("number "+class, " ")
	}
	if class != "" {
		b.WriteString(` class="` + html.EscapeString(class) + `"`)
	}
	b.WriteString(">")
	if c.Href != "" {
		b.WriteString(`<a href="` + attribute(c.Href) + `">` + html.EscapeString(c.Text) + "</a>")
	} else {
		b.WriteString(html.EscapeString(c.Text))
	}
	if c.Say != "" {
		b.WriteString(` <span class="say">` + html.EscapeString(c.Say) + "</span>")
	}
	b.WriteString("</td>")
}

// attribute writes an address of this server, or a place on the page, as the value of an attribute; any other leads nowhere. Bytes that an address may not hold are escaped by RFC 3986.
func attribute(address string) string {
	if !strings.HasPrefix(address, "#") && local(address) != address {
		return "#"
	}
	var b strings.Builder
	for _, c := range []byte(address) {
		switch {
		case c == '&':
			b.WriteString("&amp;")
		case c <= ' ' || c >= 0x7f || strings.IndexByte("\"'<>`{}|^", c) >= 0:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

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
