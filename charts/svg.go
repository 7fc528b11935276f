package charts

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/dop251/goja"

	"plumbline/policy"
)

// Renderer draws charts as SVG without a browser. It is safe for concurrent use.
type Renderer struct {
	program *goja.Program
	slots   chan struct{} // one per drawing at a time: each takes about 20 MB
}

// NewRenderer compiles the drawing library, which takes about 0.2 s; keep the renderer.
func NewRenderer() (*Renderer, error) {
	text, err := library()
	if err != nil {
		return nil, err
	}
	program, err := goja.Compile(libraryFile, string(text), false)
	if err != nil {
		return nil, fmt.Errorf("compile %s: %w", libraryFile, err)
	}
	return &Renderer{program: program, slots: make(chan struct{}, runtime.GOMAXPROCS(0))}, nil
}

// SVG draws a chart with title and headline (unless c.Bare). The same chart gives the same bytes.
func (r *Renderer) SVG(ctx context.Context, c Chart, lang policy.Lang, theme Theme) ([]byte, error) {
	option, height, err := c.picture(lang, theme)
	if err != nil {
		return nil, err
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("draw chart %s: %w", c.ID, ctx.Err())
	}
	svg, err := r.run(ctx, string(option), c.Width, height, lang)
	if err != nil {
		return nil, fmt.Errorf("draw chart %s: %w", c.ID, err)
	}
	return ownNames(describe(svg, c, lang), c.ID), nil
}

// prelude is all that the library needs of a browser. Nothing here is animated, so timers never fire.
const prelude = `var setTimeout = function () { return 0; }, clearTimeout = function () {};`

const drawing = `(function (option, width, height, locale) {
  var chart = echarts.init(null, null, {renderer: 'svg', ssr: true, width: width, height: height, locale: locale});
  chart.setOption(JSON.parse(option));
  var svg = chart.renderToSVGString({useViewBox: true});
  chart.dispose();
  return svg;
})`

// run draws in a fresh machine, so that counters inside the library start at zero every time.
func (r *Renderer) run(ctx context.Context, option string, width, height int, lang policy.Lang) (string, error) {
	vm := goja.New()
	vm.SetRandSource(func() float64 { return 0.5 })
	vm.SetTimeSource(func() time.Time { return time.Unix(0, 0) })
	stop := context.AfterFunc(ctx, func() { vm.Interrupt(ctx.Err()) })
	defer stop()
	if _, err := vm.RunString(prelude); err != nil {
		return "", err
	}
	if _, err := vm.RunProgram(r.program); err != nil {
		return "", interrupted(ctx, err)
	}
	value, err := vm.RunString(drawing)
	if err != nil {
		return "", interrupted(ctx, err)
	}
	draw, ok := goja.AssertFunction(value)
	if !ok {
		return "", fmt.Errorf("the drawing script is not a function")
	}
	svg, err := draw(goja.Undefined(), vm.ToValue(option), vm.ToValue(width), vm.ToValue(height), vm.ToValue(pick(lang, "ZH", "EN")))
	if err != nil {
		return "", interrupted(ctx, err)
	}
	return svg.String(), nil
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
	text, err := json.Marshal(whole)
	return text, s.height, err
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

// ownNames puts the chart's id into class names and ids, which the library counts from zero in every picture; two pictures in one
// page would share them. It changes tags and styles only, never text that is shown.
func ownNames(svg []byte, id string) []byte {
	own := []byte(slug(id) + "-")
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
		out.Write(bytes.ReplaceAll(svg[:end], []byte("zr0-"), own))
		svg = svg[end:]
	}
	return out.Bytes()
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
