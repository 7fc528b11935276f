package charts

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"

	"github.com/dop251/goja"

	"plumbline/policy"
)

// Renderer draws charts as SVG without a browser. It is safe for concurrent use.
type Renderer struct {
	program *goja.Program
	slots   chan *machine // one per drawing at a time, nil where none was made yet: each takes about 20 MB
}

// machine is a drawing library that has started. It draws one chart at a time, and again: what it counts inside is told apart by ownNames.
type machine struct {
	vm    *goja.Runtime
	draw  goja.Callable
	drawn int
}

// mostDrawn is after how many drawings a machine is given up, so that nothing that the library keeps grows for ever.
const mostDrawn = 500

// NewRenderer compiles the drawing library, which takes about 0.2 s; keep the renderer. The first drawings start it, which takes longer
// than drawing.
func NewRenderer() (*Renderer, error) {
	text, err := library()
	if err != nil {
		return nil, err
	}
	program, err := goja.Compile(libraryFile, string(text), false)
	if err != nil {
		return nil, fmt.Errorf("compile %s: %w", libraryFile, err)
	}
	r := &Renderer{program: program, slots: make(chan *machine, runtime.GOMAXPROCS(0))}
	for range cap(r.slots) {
		r.slots <- nil
	}
	return r, nil
}

// SVG draws a chart with title and headline (unless c.Bare). The same chart gives the same bytes.
func (r *Renderer) SVG(ctx context.Context, c Chart, lang policy.Lang, theme Theme) ([]byte, error) {
	option, height, err := c.picture(lang, theme)
	if err != nil {
		return nil, err
	}
	svg, err := r.run(ctx, string(option), c.Width, height, lang)
	if err != nil {
		return nil, fmt.Errorf("draw chart %s: %w", c.ID, err)
	}
	return ownNames(describe(svg, c, lang), c.ID), nil
}

// prelude is all that the library needs of a browser. Nothing here is animated, so timers never fire.
const prelude = `var setTimeout = function () { return 0; }, clearTimeout = function () {};`

// drawing gives a function that draws an option. In front of it stands a memory for the order in which the library updates components: it
// sorts them anew for every drawing, by rules that do not change.
const drawing = `(function () {
  var model = echarts.ComponentModel, travel = model.topologicalTravel, orders = {};
  model.topologicalTravel = function (targets, all, visit, context) {
    var key = targets.join() + '|' + all.join(), order = orders[key];
    if (!order) {
      order = orders[key] = [];
      travel.call(model, targets, all, function (name, after) { order.push([name, after]); });
    }
    for (var i = 0; i < order.length; i++) {
      visit.call(context, order[i][0], order[i][1].slice());
    }
  };
})();
(function (option, width, height, locale) {
  var chart = echarts.init(null, null, {renderer: 'svg', ssr: true, width: width, height: height, locale: locale});
  chart.setOption(JSON.parse(option));
  var svg = chart.renderToSVGString({useViewBox: true});
  chart.dispose();
  return svg;
})`

// run draws in a machine of the pool. One that failed is not used again.
func (r *Renderer) run(ctx context.Context, option string, width, height int, lang policy.Lang) (string, error) {
	var m *machine
	select {
	case m = <-r.slots:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if m == nil {
		m = &machine{vm: goja.New()}
	}
	svg, err := m.run(ctx, r.program, option, width, height, lang)
	if err != nil || m.drawn >= mostDrawn {
		m = nil
	}
	r.slots <- m
	return svg, err
}

func (m *machine) run(ctx context.Context, library *goja.Program, option string, width, height int, lang policy.Lang) (string, error) {
	stop := context.AfterFunc(ctx, func() { m.vm.Interrupt(ctx.Err()) })
	defer func() {
		if !stop() { // the interrupt may still come, and must not hit the next drawing
			m.drawn = mostDrawn
		}
	}()
	if m.draw == nil {
		if err := m.start(library); err != nil {
			return "", interrupted(ctx, err)
		}
	}
	m.drawn++
	svg, err := m.draw(goja.Undefined(), m.vm.ToValue(option), m.vm.ToValue(width), m.vm.ToValue(height), m.vm.ToValue(pick(lang, "ZH", "EN")))
	if err != nil {
		return "", interrupted(ctx, err)
	}
	return svg.String(), nil
}

// start loads the library. It knows neither the time nor chance.
func (m *machine) start(library *goja.Program) error {
	m.vm.SetRandSource(func() float64 { return 0.5 })
	m.vm.SetTimeSource(func() time.Time { return time.Unix(0, 0) })
	if _, err := m.vm.RunString(prelude); err != nil {
		return err
	}
	if _, err := m.vm.RunProgram(library); err != nil {
		return err
	}
	value, err := m.vm.RunString(drawing)
	if err != nil {
		return err
	}
	draw, ok := goja.AssertFunction(value)
	if !ok {
		return fmt.Errorf("the drawing script is not a function")
	}
	m.draw = draw
	return nil
}

func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// picture is the option of a chart that stands alone: on its paper, under its headline and title.
func (c Chart) picture(lang policy.Lang, theme Theme) ([]byte, int, error) {
	ink := paletteOf(theme)
	heads, top := list{}, 0
	add := func(text string, size, line int, weight, colour string) {
		if text == "" {
			return
		}
		lines := wrap(text, float64(size), float64(c.Width-8))
		heads = append(heads, object{"text": lines, "left": 0, "top": top, "padding": 0, "textStyle": object{
			"color": colour, "fontSize": size, "lineHeight": line, "fontWeight": weight, "fontFamily": fontFamily}})
		top += countLines(lines)*line + 4
	}
	if !c.Bare {
		add(c.Headline.In(lang), 16, 23, "bold", ink.Text)
		add(c.Title.In(lang), 12, 18, "normal", ink.Muted)
		top += 8
	}
	s := c.sketch(lang, theme, top)
	option, err := s.option()
	if err != nil {
		return nil, 0, fmt.Errorf("draw chart %s: %w", c.ID, err)
	}
	whole, _ := option.(object)
	if own, ok := whole["title"]; ok {
		heads = append(heads, own)
	}
	whole["title"], whole["backgroundColor"] = heads, ink.Paper
	unpointed(whole)
	text, err := json.Marshal(whole)
	return text, s.height, err
}

// unpointed takes out what only a pointer or a page needs: tooltips, and the description that describe writes. A picture is drawn in a good
// deal less time without.
func unpointed(option any) {
	switch o := option.(type) {
	case object:
		delete(o, "tooltip")
		delete(o, "aria")
		for _, v := range o {
			unpointed(v)
		}
	case list:
		for _, v := range o {
			unpointed(v)
		}
	}
}

// describe puts the chart's words into the picture, for readers that do not see it.
func describe(svg string, c Chart, lang policy.Lang) []byte {
	open := bytes.IndexByte([]byte(svg), '>') + 1
	var b bytes.Buffer
	b.WriteString(svg[:open])
	for _, part := range []struct{ tag, text string }{{"title", c.Title.In(lang)}, {"desc", c.spoken(lang)}} {
		b.WriteString("<" + part.tag + ">")
		_ = xml.EscapeText(&b, []byte(part.text)) // a bytes.Buffer does not fail
		b.WriteString("</" + part.tag + ">")
	}
	b.WriteString(svg[open:])
	return b.Bytes()
}

// ownNames names classes and ids by the chart's id and in the order in which they come. The library counts them through all the pictures it
// draws, so that they would tell of pictures before, and two pictures in one page might share them. It changes tags and styles only, never
// text that is shown.
func ownNames(svg []byte, id string) []byte {
	n := naming{own: slug(id) + "-", names: map[string]string{}, counts: map[string]int{}}
	var out bytes.Buffer
	for len(svg) > 0 {
		end := bytes.IndexByte(svg, '<')
		if end < 0 {
			end = len(svg)
		}
		out.Write(svg[:end])
		svg = svg[end:]
		end = bytes.IndexByte(svg, '>') + 1
		if bytes.HasPrefix(svg, []byte("<style")) {
			if i := bytes.Index(svg, []byte("</style>")); i >= 0 {
				end = i
			}
		}
		if end <= 0 {
			end = len(svg)
		}
		out.Write(libraryName.ReplaceAllFunc(svg[:end], n.name))
		svg = svg[end:]
	}
	return out.Bytes()
}

// libraryName is a name as the library makes it: the number of the picture, a kind, a number.
var libraryName = regexp.MustCompile(`\bzr[0-9]+-([a-z]+-?)([0-9]+)`)

// naming gives names numbers of their own, by kind.
type naming struct {
	own    string
	names  map[string]string
	counts map[string]int
}

func (n naming) name(was []byte) []byte {
	name, ok := n.names[string(was)]
	if !ok {
		kind := string(libraryName.FindSubmatch(was)[1])
		name = fmt.Sprint(n.own, kind, n.counts[kind])
		n.counts[kind]++
		n.names[string(was)] = name
	}
	return []byte(name)
}

// WriteSVGs writes every chart of a set as id.svg into dir and gives the files written, in order.
func (r *Renderer) WriteSVGs(ctx context.Context, dir string, set []Chart, lang policy.Lang, theme Theme) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write charts: %w", err)
	}
	var files []string
	for _, c := range set {
		svg, err := r.SVG(ctx, c, lang, theme)
		if err != nil {
			return files, err
		}
		name := filepath.Join(dir, slug(c.ID)+".svg")
		if err := os.WriteFile(name, svg, 0o644); err != nil {
			return files, fmt.Errorf("write chart %s: %w", c.ID, err)
		}
		files = append(files, name)
	}
	return files, nil
}
