package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"io"
	"runtime/debug"
	"strings"
	"sync"

	"plumbline/charts"
	"plumbline/policy"
)

//go:embed page/deck.gohtml page/deck.css page/deck.js
var page embed.FS

var deckTemplate = template.Must(template.New("deck.gohtml").Funcs(template.FuncMap{
	"last": func(i int, list []Page) bool { return i == len(list)-1 },
}).ParseFS(page, "page/deck.gohtml"))

// WriteHTML writes the deck as one page that opens from disk: styles, script and pictures are inside, nothing is loaded from anywhere. The same
// deck gives the same bytes.
func (d *Deck) WriteHTML(ctx context.Context, r *charts.Renderer, lang policy.Lang, w io.Writer) error {
	pictures, err := d.pictures(ctx, r, lang)
	if err != nil {
		return fmt.Errorf("write the pack of %s: %w", d.Period, err)
	}
	style, err := page.ReadFile("page/deck.css")
	if err != nil {
		return err
	}
	script, err := page.ReadFile("page/deck.js")
	if err != nil {
		return err
	}
	sum := sha256.Sum256(script)
	v := view{Deck: d, lang: lang, pictures: pictures, Style: template.CSS(style), Script: template.JS(script), ScriptHash: base64.StdEncoding.EncodeToString(sum[:])}
	var out bytes.Buffer
	if err := deckTemplate.Execute(&out, &v); err != nil {
		return fmt.Errorf("write the pack of %s: %w", d.Period, err)
	}
	_, err = w.Write(out.Bytes())
	return err
}

// ContentPolicy is the content security policy that every page of WriteHTML carries, for whoever serves one: its own styles, its own script by its hash, and nothing
// from anywhere.
func ContentPolicy() (string, error) {
	script, err := page.ReadFile("page/deck.js")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(script)
	return "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; base-uri 'none'; form-action 'none'", nil
}

// garbage is how much of what stays, in percent, may be garbage while charts are drawn.
const garbage = 400

// pictures draws all charts, as many at a time as the renderer allows.
func (d *Deck) pictures(ctx context.Context, r *charts.Renderer, lang policy.Lang) (map[*charts.Chart]template.HTML, error) {
	var list []*charts.Chart
	for p := range d.Pages {
		for i := range d.Pages[p].Blocks {
			if c := d.Pages[p].Blocks[i].Chart; c != nil {
				list = append(list, c)
			}
		}
	}
	drawn := make([]template.HTML, len(list))
	failed := make([]error, len(list))
	// Drawing leaves much garbage beside little that stays, so that collecting it less often takes a tenth of the time off.
	defer debug.SetGCPercent(debug.SetGCPercent(garbage))
	var all sync.WaitGroup
	for i, c := range list {
		all.Go(func() { drawn[i], failed[i] = drawing(ctx, r, c, fmt.Sprintf("p%d", i), lang) })
	}
	all.Wait()
	by := map[*charts.Chart]template.HTML{}
	for i, c := range list {
		by[c] = drawn[i]
	}
	return by, errors.Join(failed...)
}

// drawing draws one chart under an id of its own, and makes sure that nothing in it is more than a picture.
func drawing(ctx context.Context, r *charts.Renderer, c *charts.Chart, id string, lang policy.Lang) (template.HTML, error) {
	bare := *c
	bare.ID, bare.Bare = id, true
	svg, err := r.SVG(ctx, bare, lang, charts.Light)
	if err != nil {
		return "", err
	}
	if err := onlyPicture(svg); err != nil {
		return "", fmt.Errorf("chart %s: %w", c.ID, err)
	}
	// A picture that does not fill its place stands at the top left of it, under its title.
	return template.HTML(bytes.Replace(svg, []byte("<svg "), []byte(`<svg preserveAspectRatio="xMinYMin meet" `), 1)), nil
}

// inert are the elements of a drawing that shows and does nothing.
var inert = map[string]bool{"svg": true, "g": true, "path": true, "text": true, "tspan": true, "rect": true, "circle": true, "line": true, "polyline": true, "polygon": true, "ellipse": true,
	"defs": true, "clipPath": true, "pattern": true, "linearGradient": true, "radialGradient": true, "stop": true, "style": true, "title": true, "desc": true, "use": true}

// onlyPicture refuses a drawing with any other element, with an event handler or with a link to somewhere else. The renderer makes none; this is
// the door through which its output gets into a page unescaped.
func onlyPicture(svg []byte) error {
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("is not well-formed: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if !inert[start.Name.Local] {
			return fmt.Errorf("holds the element %s, which no chart draws", start.Name.Local)
		}
		for _, a := range start.Attr {
			name := strings.ToLower(a.Name.Local)
			if strings.HasPrefix(name, "on") || name == "href" && !strings.HasPrefix(a.Value, "#") {
				return fmt.Errorf("holds the attribute %s, which no chart draws", name)
			}
		}
	}
}

// view is the deck as the template sees it.
type view struct {
	*Deck
	lang     policy.Lang
	pictures map[*charts.Chart]template.HTML
	Style    template.CSS
	Script   template.JS
	// ScriptHash lets the page's policy allow this script and no other.
	ScriptHash string
}

func (v *view) T(t policy.Text) string { return t.In(v.lang) }

func (v *view) Say(zh, en string) string { return pick(v.lang, zh, en) }

func (v *view) Lang() string { return pick(v.lang, "zh-CN", "en") }

func (v *view) Picture(c *charts.Chart) template.HTML { return v.pictures[c] }

// Number is where a page stands, from 1.
func (v *view) Number(i int) int { return i + 1 }

func (v *view) When() string { return v.T(periodText(v.Period)) }

// Charted gives the classes of a page with charts: they take the height that is left, all of it when nothing stands above them.
func (v *view) Charted(p Page) string {
	classes := ""
	for i, b := range p.Blocks {
		if b.Chart != nil {
			classes = " charted"
			if i == 0 {
				return " charted bare"
			}
		}
	}
	return classes
}

// Part gives a part of the list of contents, from 1: what the cover has room for, and then what each further page has.
func (v *view) Part(n int) []Entry {
	all, from, to := v.Contents(), 0, coverLines
	for ; n > 1; n-- {
		from, to = to, to+pageLines
	}
	return all[min(from, len(all)):min(to, len(all))]
}

// Contents are the pages that the list of contents has.
func (v *view) Contents() (list []Entry) {
	for i, p := range v.Pages {
		if !p.Further {
			list = append(list, Entry{p.ID, v.T(p.Section), i + 1, p.Depth})
		}
	}
	return list
}

// Entry is a line of the contents.
type Entry struct {
	ID, Name string
	Page     int
	Depth    int
}

// Columns is how many columns the list of contents takes.
func (v *view) Columns() int { return min(4, 2+len(v.Contents())/13) }

// Where gives the number of a page by its ID, 0 for none.
func (v *view) Where(id string) int {
	for i, p := range v.Pages {
		if p.ID == id {
			return i + 1
		}
	}
	return 0
}

// Class is how a cell or a sentence looks.
func (v *view) Class(t Tone) string {
	if t == Plain {
		return "plain"
	}
	return string(t)
}
