package charts

import (
	"encoding/json"

	echarts "github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
)

type (
	object = map[string]any
	list   = []any
)

// plot is a chart of go-echarts.
type plot interface {
	Validate()
	JSON() map[string]any
}

// sketch is a laid-out chart: what go-echarts says, and what it has no word for.
type sketch struct {
	base   plot
	add    object
	height int // pixels, the frame's top included
}

// option joins the two parts of a sketch.
func (s sketch) option() (any, error) {
	s.base.Validate()
	text, err := json.Marshal(s.base.JSON())
	if err != nil {
		return nil, err
	}
	var option any
	if err := json.Unmarshal(text, &option); err != nil {
		return nil, err
	}
	if text, err = json.Marshal(s.add); err != nil {
		return nil, err
	}
	var add any
	if err := json.Unmarshal(text, &add); err != nil {
		return nil, err
	}
	return merge(option, add), nil
}

// merge lays add over base: objects key by key, lists item by item. A null in an object removes the key.
func merge(base, add any) any {
	switch a := add.(type) {
	case object:
		b, ok := base.(object)
		if !ok {
			b = object{}
		}
		for key, v := range a {
			if v == nil {
				delete(b, key)
				continue
			}
			b[key] = merge(b[key], v)
		}
		return b
	case list:
		b, _ := base.(list)
		for i, v := range a {
			if i < len(b) {
				b[i] = merge(b[i], v)
				continue
			}
			b = append(b, v)
		}
		return b
	}
	return add
}

// common is what every chart says to go-echarts: still, silent about legends, described in words, coloured by f.
func common(f frame) []echarts.GlobalOpts {
	return []echarts.GlobalOpts{
		echarts.WithAnimation(false),
		echarts.WithLegendOpts(opts.Legend{Show: opts.Bool(false)}),
		echarts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "item", BackgroundColor: f.ink.Paper, BorderColor: f.ink.Faint}),
		echarts.WithAriaOpts(&opts.Aria{Enabled: opts.Bool(true), Label: &opts.AriaLabel{Description: f.caption}}),
		echarts.WithColorsOpts(opts.Colors{f.ink.Actual, f.ink.Before}),
	}
}

// dress gives the keys that every chart adds. Tooltips are drawn as text, never as HTML.
func dress(f frame, key list, more object) object {
	add := object{
		"textStyle": object{"fontFamily": fontFamily, "color": f.ink.Text, "fontSize": 12},
		"tooltip": object{
			"renderMode": "richText", "confine": true,
			"textStyle": object{"color": f.ink.Text, "fontSize": 12, "fontFamily": fontFamily},
		},
		"title": nil, "toolbox": nil,
	}
	if len(key) > 0 {
		add["title"] = object{"show": true, "text": keyText(f, key), "left": 0, "top": f.top, "padding": 0, "textStyle": keyStyle(f, key)}
	}
	for k, v := range more {
		add[k] = v
	}
	if grids, ok := add["grid"].(list); ok {
		for _, g := range grids {
			g.(object)["outerBoundsMode"] = "none" // grids leave room for their labels themselves
		}
	}
	return add
}

// keyEntry explains one kind of mark: its sign in its colour, then words.
type keyEntry struct{ sign, colour, words string }

// keyGap stands between two entries of a key.
const keyGap = "    "

// keyText writes a key, on as many lines as the frame's width asks for.
func keyText(f frame, key list) string {
	text, used := "", 0.0
	for i, e := range key {
		entry := e.(keyEntry)
		width := textWidth(entry.sign+" "+entry.words, 12)
		switch gap := textWidth(keyGap, 12); {
		case i == 0:
		case used+gap+width > float64(f.width):
			text, used = text+"\n", 0
		default:
			text, used = text+keyGap, used+gap
		}
		text += "{k" + string(rune('a'+i)) + "|" + entry.sign + "} " + entry.words
		used += width
	}
	return text
}

// keyRoom is the height that a key takes, in pixels.
func keyRoom(f frame, key list) int {
	if len(key) == 0 {
		return 0
	}
	return 18*countLines(keyText(f, key)) + 8
}

func keyStyle(f frame, key list) object {
	rich := object{}
	for i, e := range key {
		rich["k"+string(rune('a'+i))] = object{"color": e.(keyEntry).colour, "fontSize": 12, "fontWeight": "bold", "fontFamily": fontFamily}
	}
	return object{"color": f.ink.Muted, "fontSize": 12, "fontWeight": "normal", "fontFamily": fontFamily, "lineHeight": 18, "rich": rich}
}

// still keeps a series from changing under the pointer.
func still(more object) object {
	more["emphasis"] = object{"disabled": true}
	return more
}

// drawEmpty says why there is nothing to draw.
func drawEmpty(f frame, why string) sketch {
	bar := echarts.NewBar()
	bar.SetGlobalOptions(common(f)...)
	lines := wrap(clean(why), 13, float64(f.width-32))
	height := f.top + 40 + 20*countLines(lines)
	add := dress(f, nil, object{
		"title": object{
			"show": true, "text": lines, "left": 16, "top": f.top + 16, "padding": 0,
			"textStyle": object{"color": f.ink.Muted, "fontSize": 13, "fontWeight": "normal", "lineHeight": 20, "fontFamily": fontFamily},
		},
		"xAxis": object{"show": false}, "yAxis": object{"show": false},
	})
	return sketch{base: bar, add: add, height: height}
}
