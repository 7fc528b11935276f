package charts

import (
	"encoding/json"
	"fmt"
	"strings"

	"plumbline/policy"
)

// Theme is the ground that a chart is drawn on.
type Theme string

// The themes.
const (
	Light Theme = "light"
	Dark  Theme = "dark"
	Print Theme = "print" // black on white, no screen needed
)

// The widths in pixels that pages lay charts out for. A page picks the widest that fits its room and stretches it; init.js and
// style.css know these figures too.
const (
	wideWidth   = 560
	narrowWidth = 340
	narrowBelow = 480 // a chart this narrow is laid out as on a telephone
)

// Chart is one picture with its words. It is a value: copies share nothing that drawing changes.
type Chart struct {
	ID          string      // unique on a page: letters, digits and hyphens
	Title       policy.Text // what is shown: who, what in which unit, when and against what
	Headline    policy.Text // so what: one sentence with the number
	Description policy.Text // for people who cannot see the picture
	Width       int         // in pixels
	Height      int         // in pixels, without title and headline; enough for both languages at Width
	Empty       policy.Text // not zero: nothing to draw, and why
	Bare        bool        // true: a picture leaves out title and headline, because the page around it says them
	Flat        bool        // true: laid out a third lower, so that its letters are larger where the height is given, as on a slide
	Figures     Figures

	draw func(frame) sketch
}

// Figures is the table of exact numbers behind a chart.
type Figures struct {
	Head []policy.Text
	Rows [][]Cell
}

// Cell is one entry of Figures; numbers are set flush right.
type Cell struct {
	Text   policy.Text
	Number bool
}

// frame is what a chart is drawn into.
type frame struct {
	lang    policy.Lang
	ink     palette
	width   int
	top     int // pixels kept free above the drawing
	caption string
	flat    bool
}

// tall gives the height of a plot in pixels, less when the chart is to lie flat.
func (f frame) tall(pixels int) int {
	if f.flat {
		return pixels * 2 / 3
	}
	return pixels
}

func (f frame) narrow() bool { return f.width < narrowBelow }

// At gives the chart laid out for a width in pixels.
func (c Chart) At(width int) Chart {
	c.Width = width
	c.Height = 0
	for _, l := range []policy.Lang{policy.ZH, policy.EN} {
		c.Height = max(c.Height, c.sketch(l, Light, 0).height)
	}
	return c
}

// Option gives the chart as an ECharts option without title and headline, which the page around it says.
func (c Chart) Option(lang policy.Lang, theme Theme) ([]byte, error) {
	return c.option(c.sketch(lang, theme, 0), object{"backgroundColor": "transparent"})
}

func (c Chart) option(s sketch, more object) ([]byte, error) {
	option, err := s.option()
	if err != nil {
		return nil, fmt.Errorf("draw chart %s: %w", c.ID, err)
	}
	text, err := json.Marshal(merge(option, more))
	if err != nil {
		return nil, fmt.Errorf("write chart %s: %w", c.ID, err)
	}
	return text, nil
}

func (c Chart) sketch(lang policy.Lang, theme Theme, top int) sketch {
	f := frame{lang: lang, ink: paletteOf(theme), width: c.Width, top: top, caption: c.spoken(lang), flat: c.Flat}
	if c.Empty != (policy.Text{}) || c.draw == nil {
		return drawEmpty(f, c.Empty.In(lang))
	}
	return c.draw(f)
}

// spoken is the whole chart in words, for a screen reader.
func (c Chart) spoken(lang policy.Lang) string {
	parts := []string{}
	for _, t := range []policy.Text{c.Title, c.Headline, c.Description} {
		if s := t.In(lang); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, pick(lang, "。", ". "))
}
