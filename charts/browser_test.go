package charts

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"plumbline/internal/headless"
	"plumbline/policy"
)

// openBrowser starts a Chromium that cannot reach any host, and watches its pages.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes long")
	}
	browser, err := headless.Find("")
	if err != nil {
		t.Skip("chromium not installed")
	}
	limited, stop := context.WithTimeout(context.Background(), 3*time.Minute)
	ctx, end, err := headless.Session(limited, browser, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(); stop() })
	return ctx
}

// show opens a file in a window of a width and a colour scheme.
func show(ctx context.Context, t *testing.T, file string, width int64, scheme string) {
	t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate("file://"+filepath.ToSlash(file))); err != nil {
		t.Fatal(err)
	}
}

// state is what a page looks like once drawn.
type state struct {
	Faults   []string
	Canvases int      // charts that should be drawn
	Blank    []string // those without shapes or without text
	Cut      []string // texts that leave their picture
	Width    int      // of the content
	Window   int
	Fonts    int // texts whose font was lost
}

const inspect = `(function () {
  var s = {Faults: window.faults, Canvases: 0, Blank: [], Cut: [], Width: document.documentElement.scrollWidth, Window: innerWidth, Fonts: 0};
  document.querySelectorAll('figure').forEach(function (figure) {
    var canvas = figure.querySelector('.canvas');
    if (!canvas) { return; }
    s.Canvases++;
    var svg = canvas.querySelector('svg');
    if (!svg || svg.querySelectorAll('path').length < 3 || svg.querySelectorAll('text').length < 2) { s.Blank.push(figure.id); return; }
    var room = svg.getBoundingClientRect();
    svg.querySelectorAll('text').forEach(function (text) {
      var box = text.getBoundingClientRect();
      if (box.left < room.left - 1 || box.right > room.right + 1 || box.top < room.top - 1 || box.bottom > room.bottom + 1) {
        s.Cut.push(figure.id + ': ' + text.textContent);
      }
      if (text.style.fontFamily.indexOf('YaHei') < 0) { s.Fonts++; }
    });
  });
  return s;
})()`

func writePages(t *testing.T, dir string, lang policy.Lang) []string {
	t.Helper()
	c := newCompany()
	c.report.Details = fixtureDetails(c)
	files, err := WritePages(dir, c.report, lang)
	if errors.Is(err, ErrNoLibrary) {
		t.Skip("the drawing library is not built in")
	}
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestPagesInBrowser(t *testing.T) {
	dir := t.TempDir()
	files := writePages(t, dir, policy.ZH)
	ctx := openBrowser(t)
	for _, file := range files {
		if filepath.Ext(file) != ".html" || strings.Contains(filepath.Base(file), "-d3") { // as others are
			continue
		}
		for _, look := range []struct {
			width  int64
			scheme string
		}{{1440, "light"}, {390, "dark"}} {
			show(ctx, t, file, look.width, look.scheme)
			s, err := chromedp.Run(ctx, chromedp.Evaluate[state](inspect))
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Base(file)
			if len(s.Faults) > 0 || len(s.Blank) > 0 || len(s.Cut) > 0 || s.Fonts > 0 {
				t.Errorf("%s at %d px: faults %q, blank %q, cut %q, %d texts lost their font", name, look.width, s.Faults, s.Blank, s.Cut, s.Fonts)
			}
			if empty := strings.Contains(name, "-d4-"); (s.Canvases == 0) != empty {
				t.Errorf("%s shows %d charts", name, s.Canvases)
			}
			if s.Width > s.Window {
				t.Errorf("%s at %d px is %d px wide", name, look.width, s.Width)
			}
		}
	}
}

// TestPageOnPaper prints a page from a dark screen: charts turn to black on white for the printer and back afterwards.
func TestPageOnPaper(t *testing.T) {
	dir := t.TempDir()
	files := writePages(t, dir, policy.EN)
	if i := slices.Index(files, filepath.Join(dir, "index.zh.html")); i < 0 {
		t.Fatalf("no Chinese page beside the English one: %q", files)
	}
	ctx := openBrowser(t)
	show(ctx, t, filepath.Join(dir, "index.html"), 1440, "dark")
	colours := func() string {
		t.Helper()
		found, err := chromedp.Run(ctx, chromedp.Evaluate[string](`[].map.call(document.querySelectorAll('#company-funnel-sales-funnel path'), function (p) { return p.getAttribute('fill'); }).join(' ')`))
		if err != nil {
			t.Fatal(err)
		}
		return strings.ToLower(found)
	}
	dark, paper := paletteOf(Dark).Actual, paletteOf(Print).Actual
	if !strings.Contains(colours(), dark) {
		t.Errorf("on a dark screen bars are %s", colours())
	}
	if err := chromedp.Do(ctx, chromedp.Steps(evaluate(`dispatchEvent(new Event('beforeprint'))`))); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(colours(), paper) {
		t.Errorf("on paper bars are %s", colours())
	}
	pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF())
	if err != nil || len(pdf) < 20_000 {
		t.Errorf("printed %d bytes, %v", len(pdf), err)
	}
	if !strings.Contains(colours(), dark) {
		t.Errorf("after printing bars are %s", colours())
	}
	s, err := chromedp.Run(ctx, chromedp.Evaluate[state](inspect))
	if err != nil || len(s.Faults) > 0 || len(s.Blank) > 0 {
		t.Errorf("after printing: %+v, %v", s, err)
	}
}

// evaluate runs a script for its effect.
func evaluate(script string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[any](script)(ctx, target)
		return chromedp.Void{}, err
	}
}
