package charts

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	browserpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"plumbline/policy"
)

// watch runs before the page's own scripts and notes everything that goes wrong.
const watch = `window.faults = [];
addEventListener('error', function (e) { faults.push('error: ' + (e.message || (e.target && (e.target.src || e.target.href)))); }, true);
addEventListener('unhandledrejection', function (e) { faults.push('rejection: ' + e.reason); });
addEventListener('securitypolicyviolation', function (e) { faults.push('policy: ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample); });
['error', 'warn'].forEach(function (level) {
  var say = console[level];
  console[level] = function () { faults.push(level + ': ' + Array.prototype.join.call(arguments, ' ')); say.apply(console, arguments); };
});
window.alert = function (s) { faults.push('alert: ' + s); };`

// openBrowser starts a Chromium that cannot reach any host.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes long")
	}
	found := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil && found == "" {
			found = path
		}
	}
	if found == "" {
		t.Skip("chromium not installed")
	}
	flags := []chromedp.ExecAllocatorOption{chromedp.ExecPath(found), chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"), chromedp.UserDataDir(t.TempDir())}
	if os.Geteuid() == 0 {
		flags = append(flags, chromedp.NoSandbox)
	}
	limited, stop := context.WithTimeout(context.Background(), 3*time.Minute)
	ctx, closeBrowser := chromedp.NewContext(limited, chromedp.WithAllocatorOptions(flags...))
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		closeBrowser()
		stop()
	})
	if _, err := chromedp.Call(ctx, browserpage.AddScriptToEvaluateOnNewDocument, browserpage.AddScriptToEvaluateOnNewDocumentParams{Source: watch}); err != nil {
		t.Fatal(err)
	}
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
      if (getComputedStyle(text).fontFamily.indexOf('YaHei') < 0) { s.Fonts++; }
    });
  });
  return s;
})()`

func TestPagesInBrowser(t *testing.T) {
	dir := t.TempDir()
	files, err := WritePages(dir, newCompany().report, policy.ZH)
	if err != nil {
		t.Fatal(err)
	}
	ctx := openBrowser(t)
	for _, file := range files {
		if filepath.Ext(file) != ".html" {
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
			if s.Canvases == 0 && !slices.Contains([]string{"department----d4-", "x"}, name) && name == "index.html" {
				t.Errorf("%s shows no chart", name)
			}
			if s.Width > s.Window {
				t.Errorf("%s at %d px is %d px wide", name, look.width, s.Width)
			}
		}
	}
}
