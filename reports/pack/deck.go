package pack

import (
	"math/big"
	"time"

	"plumbline/charts"
	"plumbline/internal/period"
	"plumbline/policy"
)

// Deck is a pack as a document: pages in reading order.
type Deck struct {
	Company, Title policy.Text
	Period         period.Period
	Made           time.Time
	Foot           policy.Text // source, state of the books and seal, as they stand at the foot of every page
	Mark           policy.Text // the same as short as it can be: seal and ledger
	Digest         string      // of what the deck says but for when it was made; "" unless it is written
	Pages          []Page
}

// Page is one message: what it says, about what, and what shows it.
type Page struct {
	ID       string      // unique in the deck: letters, digits and hyphens
	Section  policy.Text // the short name by which the contents list it
	Headline policy.Text // so what: one sentence
	Title    policy.Text // who, what in which unit, when and against what
	Layout   Layout
	Blocks   []Block
	Depth    int  // in the list of contents: 0 for a page of the company, 1 for one of a department
	Further  bool // goes on from the page before, and is not listed in the contents
}

// Layout is how blocks lie on a page.
type Layout string

// The layouts.
const (
	Whole  Layout = "whole"  // one below the other
	Halves Layout = "halves" // in two columns; a wide block takes both
	Thirds Layout = "thirds" // in three columns; a wide block takes all
	Cover  Layout = "cover"
)

// Block is one thing on a page: exactly one of its parts is set.
type Block struct {
	Wide   bool
	Name   policy.Text // stands above it; may be empty
	Note   policy.Text // stands below it, small; may be empty
	Chart  *charts.Chart
	Table  *Table
	Points []Point
	Tiles  []Tile
	Pages  int // which part of the list of contents, from 1; 0: none of it
}

// Point is a sentence of a list.
type Point struct {
	Tone Tone
	Text policy.Text
	Page string // the ID of the page that shows it; "" for none
}

// Tile is a figure in large type.
type Tile struct {
	Name   policy.Text
	Figure policy.Text
	Note   policy.Text
	Tone   Tone
}

// Tone says what a figure means for the company, beside the words that say it too.
type Tone string

// The tones.
const (
	Plain Tone = ""
	Good  Tone = "good"
	Bad   Tone = "bad"
	Weak  Tone = "weak" // too few cases, withheld, nothing to say
)

// Table is a table of a page.
type Table struct {
	Columns []Column
	Rows    []Row
}

// Column is the head of a column. Numbers are set flush right.
type Column struct {
	Name   policy.Text
	Number bool
	Share  int // of the table's width, in percent
}

// Row is one line of a table.
type Row struct {
	Cells  []Cell
	Indent int
	Sum    bool // below a thin line
}

// Cell is one entry: a text, and for a workbook the exact number that it shows.
type Cell struct {
	Text   policy.Text
	Number *big.Rat    // in the unit of the column's head; nil: a text only
	Places int         // decimals of Number that are shown
	Unit   policy.Unit // of Number; "": none
	Signed bool        // Number is a difference
	Tone   Tone
}
