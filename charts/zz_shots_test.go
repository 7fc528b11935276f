package charts

import (
	"context"
	"fmt"
	bp "github.com/chromedp/cdproto/page"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"plumbline/policy"
)

func TestShots(t *testing.T) {
	out := "/tmp/shots"
	os.MkdirAll(out, 0o755)
	dir := filepath.Join(out, "pages")
	r := newCompany().report
	files, err := WritePages(dir, r, policy.ZH)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Log(f)
	}
	ctx := openBrowser(t)
	for _, f := range []string{"index.html", "index.en.html", "department-d1.html", "department-d1-1.html"} {
		for _, w := range []int64{1440, 390} {
			for _, s := range []string{"light", "dark"} {
				show(ctx, t, filepath.Join(dir, f), w, s)
				h, _ := chromedp.Run(ctx, chromedp.Evaluate[float64]("document.documentElement.scrollHeight"))
				step := 1250.0
				if w == 390 {
					step = 1300
				}
				for y, i := 0.0, 0; y < h; y, i = y+step, i+1 {
					res, err := chromedp.Call(ctx, bp.CaptureScreenshot, bp.CaptureScreenshotParams{Format: "png", CaptureBeyondViewport: new(true), Clip: &bp.Viewport{X: 0, Y: y, Width: float64(w), Height: min(step, h-y), Scale: 1}})
					if err != nil {
						t.Fatal(err)
					}
					os.WriteFile(filepath.Join(out, fmt.Sprintf("%s-%d-%s-%d.png", strings.TrimSuffix(f, ".html"), w, s, i)), res.Data, 0o644)
				}
			}
		}
	}
	rd, err := NewRenderer()
	if err != nil {
		t.Fatal(err)
	}
	svgs, err := rd.WriteSVGs(context.Background(), filepath.Join(out, "svg"), ForCompany(r), policy.ZH, Print)
	t.Log(svgs, err)
}
