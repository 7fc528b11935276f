package pack

import (
	"math"
	"unicode/utf8"

	"plumbline/policy"
)

// What a page holds, in units of one hundredth of its width: the page is 56.25 high on the screen and 70.7 on paper.
const (
	bodyHeight = 36.0 // below the headline and above the foot, on the screen
	bodyWidth  = 92.0
	letter     = 1.3 // of a table
	rowSpace   = 0.75
	lineHeight = 1.35
)

// What a list of sentences has on a page of three columns, below the tiles.
const (
	thirdWidth = 26.5
	listHeight = 24.0
	sentence   = 1.4 // height of a letter
)

// pointHeight is what a sentence takes in a column so wide, in the language that takes more.
func pointHeight(t policy.Text, width float64) float64 {
	lines := math.Ceil(math.Max(letters(t.ZH)+4, letters(t.EN)+4) * sentence * 0.53 / width)
	return lines*sentence*1.5 + 0.7
}

// headlineRoom is what the lines of a headline beyond the second take.
func headlineRoom(t policy.Text) float64 {
	return math.Max(0, math.Ceil(math.Max(letters(t.ZH), letters(t.EN))*2.3*0.53/bodyWidth)-2) * 2.9
}

// paged splits a table over pages so that none is cut: as many rows as fit below the headline, and the head again on every page.
func paged(p Page, t *Table, width float64) []Page {
	var pages []Page
	var rows []Row
	used, room := height(headRow(t), t, width), bodyHeight-headlineRoom(p.Headline)
	for _, b := range p.Blocks {
		room -= blockHeight(b)
	}
	flush := func() {
		next := p
		if len(pages) > 0 {
			next.Further, next.Blocks = true, nil
			next.ID = p.ID + "-" + string(rune('a'+len(pages)))
		}
		next.Blocks = append(append([]Block(nil), next.Blocks...), Block{Wide: true, Table: &Table{t.Columns, rows}})
		pages = append(pages, next)
		rows, used, room = nil, height(headRow(t), t, width), bodyHeight-headlineRoom(p.Headline)
	}
	for _, r := range t.Rows {
		h := height(r, t, width)
		if used+h > room && len(rows) > 0 {
			flush()
		}
		rows, used = append(rows, r), used+h
	}
	if len(rows) > 0 || len(pages) == 0 {
		flush()
	}
	return pages
}

// blockHeight estimates the height of a block that stands before a table.
func blockHeight(b Block) float64 {
	h := 1.0
	if !isEmpty(b.Name) {
		h += 2.4
	}
	if !isEmpty(b.Note) {
		h += 1.9 * math.Ceil(letters(b.Note.EN)*0.62/bodyWidth)
	}
	for _, p := range b.Points {
		h += pointHeight(p.Text, bodyWidth)
	}
	if len(b.Tiles) > 0 {
		h += 9
	}
	if b.Table != nil {
		h += height(headRow(b.Table), b.Table, bodyWidth)
		for _, r := range b.Table.Rows {
			h += height(r, b.Table, bodyWidth)
		}
	}
	return h
}

func headRow(t *Table) Row {
	r := Row{}
	for _, c := range t.Columns {
		r.Cells = append(r.Cells, Cell{Text: c.Name})
	}
	return r
}

// height is what a row takes in the language that takes more.
func height(r Row, t *Table, width float64) float64 {
	lines := 1.0
	for i, c := range r.Cells {
		room := width*float64(t.Columns[i].Share)/100 - 1.4 - 1.2*float64(r.Indent)
		for _, s := range []string{c.Text.ZH, c.Text.EN} {
			lines = math.Max(lines, math.Ceil(letters(s)*letter/2*1.04/math.Max(room, 3)))
		}
	}
	return lines*letter*lineHeight + rowSpace
}

// letters is how many half-width letters a text is wide.
func letters(s string) float64 {
	n := 0
	for _, r := range s {
		if utf8.RuneLen(r) > 2 {
			n += 2
		} else {
			n++
		}
	}
	return float64(n)
}
