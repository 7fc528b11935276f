package web_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"plumbline/internal/headless"
)

// chromium is the one browser of all tests.
var chromium = sync.OnceValues(func() (context.Context, error) {
	path, err := headless.Find("")
	if err != nil {
		return nil, err
	}
	root, err := made()
	if err != nil {
		return nil, err
	}
	ctx, end, err := headless.Session(context.Background(), path, filepath.Join(root, "profile"))
	if err == nil {
		ends = append(ends, func() error { end(); return nil })
	}
	return ctx, err
})

// browse gives the browser without what an earlier test has left in it, or skips the test where there is none.
func browse(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes long")
	}
	ctx, err := chromium()
	if errors.Is(err, headless.ErrNone) {
		t.Skip("chromium not installed")
	}
	if err == nil {
		_, err = chromedp.Call(ctx, network.ClearBrowserCookies, cdp.Empty{})
	}
	if err != nil {
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeout(ctx, 8*time.Minute)
	t.Cleanup(cancel)
	return limited
}

// seen is what a page looks like in a window.
type seen struct {
	Faults  []string
	Wide    int      // pixels by which the content is wider than the window
	Cut     []string // buttons and cells whose text is cut
	Waiting int      // charts that are not drawn
	Title   string
	Lang    string // zh or en
}

const inspect = `(function () {
  var s = {Faults: window.faults, Wide: Math.max(0, document.documentElement.scrollWidth - innerWidth), Cut: [], Waiting: 0, Title: document.title, Lang: document.documentElement.lang.slice(0, 2)};
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

// look opens a page in a window, or with "" has the window of the page that is there changed, and inspects it once its charts are drawn.
func look(t *testing.T, ctx context.Context, address string, width, height int64) seen {
	t.Helper()
	steps := []chromedp.Action[chromedp.Void]{chromedp.EmulateViewport(width, height)}
	if address != "" {
		steps = append(steps, chromedp.Navigate(address))
	}
	if err := chromedp.Do(ctx, steps...); err != nil {
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

// thin leaves few of the things that are built alike, such as rows of tables: two to four side by side, two where the page has shown twelve. What is wrong with one of
// them is wrong with all, and axe-core takes its time over each.
const thin = `(function () {
  var shown = {};
  document.querySelectorAll('body, body *').forEach(function (parent) {
    var here = {};
    Array.prototype.forEach.call(parent.children, function (e) {
      var built = [e].concat(Array.prototype.slice.call(e.children)).map(function (x) { return x.localName + '.' + x.getAttribute('class'); }).join();
      here[built] = (here[built] || 0) + 1;
      shown[built] = (shown[built] || 0) + 1;
      if (here[built] > (shown[built] > 12 ? 2 : 4)) { e.remove(); }
    });
  });
})();`

// accessible asks axe-core for what is serious. The page is thinned for it, unless the whole walk is asked for.
func accessible(t *testing.T, ctx context.Context, what string) {
	t.Helper()
	script, err := os.ReadFile(axe)
	if err != nil {
		t.Skip("axe-core not installed")
	}
	before := thin
	if wholeWalk() {
		before = ""
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](before+string(script)+`;axe.run(document, {resultTypes: ['violations']}).then(function (r) {
  return r.violations.filter(function (v) { return v.impact === 'serious' || v.impact === 'critical'; }).map(function (v) { return v.id + ': ' + v.nodes.slice(0, 3).map(function (n) { return n.html.slice(0, 120); }).join(' | '); });
})`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Errorf("%s: axe-core: %s", what, v)
	}
}

// wholeWalk reports whether every page is to be looked at in every way.
func wholeWalk() bool { return os.Getenv("PLUMBLINE_WALK") == "all" }

// writes puts a text into a field in one piece, where keys pressed one by one would each have the page drawn anew.
func writes(selector, text string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.Focus(chromedp.CSS(selector)), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
}

// signIn signs somebody in by the form.
func signIn(t *testing.T, ctx context.Context, s *service, login string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(s.url+"/sign-in"), writes("#login", login), writes("#password", password),
		chromedp.Click("form[action='/sign-in'] button.primary"), chromedp.WaitVisible(".who")); err != nil {
		t.Fatalf("%s cannot sign in: %v", login, err)
	}
}

// handOver lets the browser go on as somebody who is signed in.
func (b *browser) handOver(ctx context.Context) {
	b.t.Helper()
	at, err := url.Parse(b.url)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(at) {
		if _, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{URL: b.url, Name: c.Name, Value: c.Value}); err != nil {
			b.t.Fatal(err)
		}
	}
}

// TestPagesInBrowser opens a page of each route that a role finds by following links, without any network: in English, on a telephone and then on a desk, and some
// in Chinese too; axe-core examines one of each kind. PLUMBLINE_WALK=all opens and examines each in all ways, PLUMBLINE_SHOTS=DIR keeps pictures.
func TestPagesInBrowser(t *testing.T) {
	ctx := browse(t)
	s := looks(t, common)
	done := map[string]bool{}
	for _, who := range people {
		if only := os.Getenv("PLUMBLINE_ROLE"); who.Login == "colleague" || who.Login == "manager2" || only != "" && only != who.Login {
			continue
		}
		b := s.as(who.Login)
		found := b.crawl(1).found
		b.handOver(ctx)
		var paths, sample []string
		examined := map[string]bool{} // by axe-core
		for i, pattern := range slices.Sorted(maps.Keys(found)) {
			path := found[pattern][0]
			if !shows(pattern) || strings.Contains(path, "format=") || done[pattern] && pattern != "GET /{$}" {
				continue
			}
			paths, examined[path] = append(paths, path), wholeWalk() || !done[pattern] && !done[built(pattern)]
			if i%inChinese == 0 || pattern == "GET /{$}" || wholeWalk() {
				sample = append(sample, path)
			}
			done[pattern], done[built(pattern)] = true, true
		}
		s.walk(t, ctx, who.Login, "en", paths, examined)
		if !wholeWalk() {
			clear(examined)
		}
		s.walk(t, ctx, who.Login, "zh", sample, examined)
	}
}

// inChinese is of how many pages one is opened in Chinese too, unless all are asked for: English has the longer words.
const inChinese = 6

var ofPeriod = strings.NewReplacer("/{period}", "", "GET /people/{employee}", "template /me", "GET ", "template ")

// built names what pages of a route are built like: those of a period like those of the latest one, one's own like those of others.
func built(pattern string) string { return ofPeriod.Replace(pattern) }

// shows reports whether a route answers with a page: not with a file, data, or the way to another page.
func shows(pattern string) bool {
	return !strings.HasPrefix(pattern, "GET /api/") && !strings.Contains(pattern, "/charts/") && !strings.Contains(pattern, "/files/{kind}") &&
		!slices.Contains([]string{"GET /me", "GET /company", "GET /departments/{department}", "GET /sign-in", "GET /evaluations/{period}/workbook", "GET /rejects/workbook", "GET /quality/{period}/workbook", "GET /originals/{sha}", "GET /policy/versions/{number}/files/{file}"}, pattern)
}

// walk looks at pages in one language, on a telephone and on a desk, and has axe-core examine some.
func (s *service) walk(t *testing.T, ctx context.Context, login, lang string, paths []string, examined map[string]bool) {
	t.Helper()
	if _, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{URL: s.url, Name: "plumbline-lang", Value: lang}); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		for i, size := range [][2]int64{{390, 844}, {1440, 900}} {
			what, address := fmt.Sprintf("%s %s %s at %d", login, path, lang, size[0]), s.url+path
			if i > 0 && !wholeWalk() {
				address = "" // the same page grows
			}
			v := look(t, ctx, address, size[0], size[1])
			if len(v.Faults) > 0 || v.Wide > 0 || len(v.Cut) > 0 || v.Lang != lang {
				t.Errorf("%s: in %q, faults %q, %d px too wide, cut %q", what, v.Lang, v.Faults, v.Wide, v.Cut)
			}
			shoot(t, ctx, strings.Trim(strings.NewReplacer("/", "_", "?", "-", "=", "-").Replace(login+path), "_")+fmt.Sprintf("-%s-%d.jpg", lang, size[0]))
			if size[0] == 1440 && examined[path] {
				accessible(t, ctx, what)
			}
		}
	}
}
