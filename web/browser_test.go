package web_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"plumbline/internal/headless"
)

// browse starts a Chromium, or skips the test where there is none.
func browse(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes long")
	}
	path, err := headless.Find("")
	if err != nil {
		t.Skip("chromium not installed")
	}
	limited, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	ctx, end, err := headless.Session(limited, path, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(); cancel() })
	return ctx
}

// seen is what a page looks like in a window.
type seen struct {
	Faults  []string
	Wide    int      // pixels by which the content is wider than the window
	Cut     []string // buttons and cells whose text is cut
	Waiting int      // charts that are not drawn
	Title   string
}

const inspect = `(function () {
  var s = {Faults: window.faults, Wide: Math.max(0, document.documentElement.scrollWidth - innerWidth), Cut: [], Waiting: 0, Title: document.title};
  document.querySelectorAll('button, td, th, .button').forEach(function (e) {
    if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflow !== 'visible') { s.Cut.push(e.textContent.trim().slice(0, 40)); }
  });
  document.querySelectorAll('.canvas').forEach(function (c) {
    var r = c.getBoundingClientRect();
    if (r.top < innerHeight && r.bottom > 0 && !c.classList.contains('drawn')) { s.Waiting++; }
    if (c.classList.contains('missing')) { s.Faults.push('a chart could not be fetched: ' + c.dataset.chart); }
  });
  return s;
})()`

// look opens a page in a window and inspects it once its charts are drawn.
func look(t *testing.T, ctx context.Context, address string, width, height int64) seen {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height), chromedp.Navigate(address)); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	for range 50 {
		s, err := chromedp.Run(ctx, chromedp.Evaluate[seen](inspect))
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		if s.Waiting == 0 {
			return s
		}
		time.Sleep(100 * time.Millisecond)
	}
	return seen{Faults: []string{"its charts are not drawn after 5 s"}}
}

// shoot keeps a picture of the page where PLUMBLINE_SHOTS names a folder, to be looked at.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("PLUMBLINE_SHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(80))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), picture, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

// axe is the checker of accessibility; npm installs it beside the drawing library.
const axe = "../charts/node_modules/axe-core/axe.min.js"

// accessible asks axe-core for what is serious.
func accessible(t *testing.T, ctx context.Context, what string) {
	t.Helper()
	script, err := os.ReadFile(axe)
	if err != nil {
		t.Skip("axe-core not installed")
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](string(script)+`;axe.run(document, {resultTypes: ['violations']}).then(function (r) {
  return r.violations.filter(function (v) { return v.impact === 'serious' || v.impact === 'critical'; }).map(function (v) { return v.id + ': ' + v.nodes.slice(0, 3).map(function (n) { return n.html.slice(0, 120); }).join(' | '); });
})`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Errorf("%s: axe-core: %s", what, v)
	}
}

// signIn signs somebody in by the form.
func signIn(t *testing.T, ctx context.Context, s *service, login string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/sign-in"), chromedp.SendKeys("#login", login), chromedp.SendKeys("#password", password),
		chromedp.Click("form[action='/sign-in'] button.primary"), chromedp.WaitVisible(".who")); err != nil {
		t.Fatalf("%s cannot sign in: %v", login, err)
	}
}

// TestPagesInBrowser opens a page of each route that a role finds by following links: in Chinese on a desk and in English on a telephone, without any network;
// PLUMBLINE_WALK=all opens each in all four ways, PLUMBLINE_SHOTS=DIR keeps pictures.
func TestPagesInBrowser(t *testing.T) {
	ctx := browse(t)
	s := demo(t)
	done := map[string]bool{}
	for _, who := range people {
		if only := os.Getenv("PLUMBLINE_ROLE"); who.Login == "colleague" || who.Login == "manager2" || only != "" && only != who.Login {
			continue
		}
		found := s.as(who.Login).crawl(1)
		signIn(t, ctx, s, who.Login)
		for _, pattern := range slices.Sorted(maps.Keys(found)) {
			if !shows(pattern) || done[pattern] && pattern != "GET /{$}" {
				continue
			}
			done[pattern] = true
			s.walk(t, ctx, who.Login, found[pattern][0])
		}
		if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/account"), chromedp.Click("form[action='/sign-out'] button"), chromedp.WaitVisible("#login")); err != nil {
			t.Fatal(err)
		}
	}
}

// shows reports whether a route answers with a page: not with a file, data, or the way to another page.
func shows(pattern string) bool {
	return !strings.HasPrefix(pattern, "GET /api/") && !strings.Contains(pattern, "/charts/") && !strings.Contains(pattern, "/files/{kind}") &&
		!slices.Contains([]string{"GET /me", "GET /company", "GET /departments/{department}", "GET /sign-in", "GET /evaluations/{period}/workbook", "GET /rejects/workbook", "GET /quality/{period}/workbook", "GET /originals/{sha}", "GET /policy/versions/{number}/files/{file}"}, pattern)
}

// walk looks at one page in every way.
func (s *service) walk(t *testing.T, ctx context.Context, login, path string) {
	t.Helper()
	if strings.Contains(path, "format=") {
		return
	}
	for _, lang := range []string{"zh", "en"} {
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf("document.cookie = 'plumbline-lang=%s; path=/'; true", lang))); err != nil {
			t.Fatal(err)
		}
		for _, size := range [][2]int64{{1440, 900}, {390, 844}} {
			if desk := size[0] > 1000; desk != (lang == "zh") && os.Getenv("PLUMBLINE_WALK") != "all" {
				continue // Chinese on a desk and English on a telephone, unless all four are asked for
			}
			what := fmt.Sprintf("%s %s %s at %d", login, path, lang, size[0])
			v := look(t, ctx, s.url+path, size[0], size[1])
			if len(v.Faults) > 0 || v.Wide > 0 || len(v.Cut) > 0 {
				t.Errorf("%s: faults %q, %d px too wide, cut %q", what, v.Faults, v.Wide, v.Cut)
			}
			shoot(t, ctx, strings.Trim(strings.NewReplacer("/", "_", "?", "-", "=", "-").Replace(login+path), "_")+fmt.Sprintf("-%s-%d.jpg", lang, size[0]))
			if lang == "zh" && size[0] == 1440 {
				accessible(t, ctx, what)
			}
		}
	}
}
