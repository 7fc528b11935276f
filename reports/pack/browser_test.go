package pack_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"plumbline/internal/headless"
	"plumbline/policy"
	"plumbline/reports/pack"
)

// browse starts a Chromium, or skips the test where there is none.
func browse(t *testing.T) (ctx context.Context, browser string) {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes long")
	}
	browser, err := headless.Find("")
	if err != nil {
		t.Skip("chromium not installed")
	}
	limited, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	ctx, end, err := headless.Session(limited, browser, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(); cancel() })
	return ctx, browser
}

// seen is what a deck looks like in a window.
type seen struct {
	Faults []string
	Pages  int
	Cut    []string // what leaves its page, its cell or its picture
	Small  []string // text of less than 24 pixels on a projector of 1920
	Wide   int      // pixels by which the content is wider than the window
}

// inspect looks at every page. On a telephone pages are as long as they need, and letters need not be large.
const inspect = `(function () {
  var s = {Faults: window.faults, Pages: 0, Cut: [], Small: [], Wide: Math.max(0, document.documentElement.scrollWidth - innerWidth)};
  var slides = innerWidth > 800;
  document.querySelectorAll('.page').forEach(function (page) {
    s.Pages++;
    var body = page.querySelector('.body').getBoundingClientRect(), box = page.getBoundingClientRect(), unit = box.width / 100;
    page.querySelectorAll('.body *').forEach(function (e) {
      var r = e.getBoundingClientRect();
      if (slides && r.height > 0 && (r.bottom > body.bottom + 1 || r.right > box.right)) { s.Cut.push(page.id + ' ' + e.tagName + ': ' + (e.textContent || '').slice(0, 40)); }
      if (/^(TD|TH)$/.test(e.tagName) && e.scrollWidth > e.clientWidth + 1) { s.Cut.push(page.id + ' cell: ' + e.textContent); }
      var own = Array.prototype.some.call(e.childNodes, function (n) { return n.nodeType === 3 && n.textContent.trim(); });
      if (slides && own && !e.closest('svg') && parseFloat(getComputedStyle(e).fontSize) < 1.25 * unit - 0.1) { s.Small.push(page.id + ': ' + e.textContent); }
    });
    page.querySelectorAll('svg').forEach(function (svg) {
      var room = svg.getBoundingClientRect();
      svg.querySelectorAll('text').forEach(function (text) {
        var r = text.getBoundingClientRect();
        if (r.left < room.left - 1 || r.right > room.right + 1 || r.top < room.top - 1 || r.bottom > room.bottom + 1) { s.Cut.push(page.id + ' picture: ' + text.textContent); }
      });
    });
  });
  return s;
})()`

func look(t *testing.T, ctx context.Context, file string, width, height int64) seen {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height), chromedp.Navigate("file://"+filepath.ToSlash(file))); err != nil {
		t.Fatal(err)
	}
	s, err := chromedp.Run(ctx, chromedp.Evaluate[seen](inspect))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDeckInBrowser opens a pack from disk without a network: on a desk and on a telephone, in both languages, and with names that are much too long.
func TestDeckInBrowser(t *testing.T) {
	ctx, browser := browse(t)
	many := build(t, company(t, 40, "")) // without its charts: only its contents and tables are looked at
	for p := range many.Pages {
		many.Pages[p].Blocks = slices.DeleteFunc(many.Pages[p].Blocks, func(b pack.Block) bool { return b.Chart != nil })
	}
	for _, lang := range []policy.Lang{policy.ZH, policy.EN} {
		file := filepath.Join(t.TempDir(), "many"+string(lang)+".html")
		if err := os.WriteFile(file, html(t, many, lang), 0o600); err != nil {
			t.Fatal(err)
		}
		if s := look(t, ctx, file, 1440, 810); len(s.Cut) > 0 || len(s.Small) > 0 {
			t.Errorf("40 departments, %s: cut %q, small %q", lang, s.Cut, s.Small)
		}
	}
	for name, d := range map[string]pack.Data{"six": company(t, 6, ""), "long": fewPages(company(t, 3, strings.Repeat("华东区域大客户与渠道合作伙伴联合发展", 3)+poison))} {
		deck := build(t, d)
		for _, lang := range []policy.Lang{policy.ZH, policy.EN} {
			if name == "long" && lang == policy.EN {
				continue
			}
			file := filepath.Join(t.TempDir(), name+string(lang)+".html")
			if err := os.WriteFile(file, html(t, deck, lang), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, size := range [][2]int64{{1440, 810}, {390, 844}} {
				s := look(t, ctx, file, size[0], size[1])
				if len(s.Faults) > 0 || len(s.Cut) > 0 || len(s.Small) > 0 || s.Wide > 0 || s.Pages != len(deck.Pages) {
					t.Errorf("%s %s at %d: faults %q, cut %q, small %q, %d px too wide, %d pages of %d", name, lang, size[0], s.Faults, s.Cut, s.Small, s.Wide, s.Pages, len(deck.Pages))
				}
			}
			if name == "six" && lang == policy.ZH {
				keys(t, ctx, file)
				accessible(t, ctx)
				prints(t, browser, file, len(deck.Pages))
			}
		}
	}
}

// keys turns pages by the keyboard.
func keys(t *testing.T, ctx context.Context, file string) {
	t.Helper()
	look(t, ctx, file, 1440, 810)
	at := chromedp.Evaluate[string](`document.querySelector('.keys .at').textContent`)
	for _, step := range []struct{ key, want string }{{kb.ArrowRight, "2 / "}, {kb.PageDown, "3 / "}, {kb.ArrowLeft, "2 / "}, {kb.Home, "1 / "}} {
		if err := chromedp.Do(ctx, chromedp.KeyEvent(step.key)); err != nil {
			t.Fatal(err)
		}
		if got, err := chromedp.Run(ctx, at); err != nil || !strings.HasPrefix(got, step.want) {
			t.Errorf("after %q the deck is at %q, not %q (%v)", step.key, got, step.want, err)
		}
	}
}

// axe is the checker of accessibility; npm installs it beside the drawing library.
const axe = "../../charts/node_modules/axe-core/axe.min.js"

// accessible asks axe-core for what is serious.
func accessible(t *testing.T, ctx context.Context) {
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
		t.Errorf("axe-core: %s", v)
	}
}

// prints prints the deck: every page is one sheet of A4 landscape, and its text is text.
func prints(t *testing.T, browser, file string, pages int) {
	t.Helper()
	pdf := strings.TrimSuffix(file, ".html") + ".pdf"
	if err := headless.Print(t.Context(), browser, file, pdf); err != nil {
		t.Fatal(err)
	}
	info, err := exec.Command("pdfinfo", pdf).Output()
	if err != nil {
		t.Skip("pdfinfo not installed")
	}
	n := regexp.MustCompile(`Pages: +(\d+)`).FindSubmatch(info)
	if n == nil || string(n[1]) != strconv.Itoa(pages) || !bytes.Contains(info, []byte("A4")) {
		t.Errorf("%d pages print as\n%s", pages, info)
	}
	text, err := exec.Command("pdftotext", "-layout", pdf, "-").Output()
	if err != nil || !bytes.Contains(text, []byte("需要决定的")) || bytes.ContainsRune(text, '\uFFFD') {
		t.Errorf("the printed text is not text (%v)", err)
	}
}
