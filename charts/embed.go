package charts

import (
	"encoding/json"
	"fmt"

	"plumbline/policy"
)

// Library gives ECharts as pages load it; without it built in, ErrNoLibrary.
func Library() ([]byte, error) { return library() }

// Shown is a chart for a page in one language: its words and the table of its figures.
type Shown struct {
	ID, Title, Headline, Spoken string
	Empty                       string // not "": nothing to draw, and why
	Head                        []ShownCell
	Rows                        [][]ShownCell
}

// ShownCell is one entry of the table; numbers are set flush right.
type ShownCell struct {
	Text   string
	Number bool
}

// Show gives the words and figures of a chart.
func (c Chart) Show(l policy.Lang) Shown {
	s := Shown{ID: c.ID, Title: c.Title.In(l), Headline: c.Headline.In(l), Empty: c.Empty.In(l), Spoken: c.spoken(l)}
	for _, t := range c.Figures.Head {
		s.Head = append(s.Head, ShownCell{Text: t.In(l)})
	}
	for _, row := range c.Figures.Rows {
		cells := make([]ShownCell, len(row))
		for i, cell := range row {
			cells[i] = ShownCell{cell.Text.In(l), cell.Number}
			if cell.Number && i < len(s.Head) {
				s.Head[i].Number = true
			}
		}
		s.Rows = append(s.Rows, cells)
	}
	return s
}

// Laid is a chart laid out for the room and the light of a page that draws it.
type Laid struct {
	Height int // in pixels
	Option json.RawMessage
}

// LayOut lays a chart out as wide as on a desk or, when narrow, as on a telephone.
func (c Chart) LayOut(l policy.Lang, t Theme, narrow bool) (Laid, error) {
	width := wideWidth
	if narrow {
		width = narrowWidth
	}
	c = c.At(width)
	option, err := c.Option(l, t)
	if err != nil {
		return Laid{}, fmt.Errorf("lay chart %s out: %w", c.ID, err)
	}
	return Laid{c.sketch(l, Light, 0).height, option}, nil
}
