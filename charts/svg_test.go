package charts

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"plumbline/policy"
)

func renderer(t *testing.T) *Renderer {
	t.Helper()
	r, err := NewRenderer()
	if errors.Is(err, ErrNoLibrary) {
		t.Skip("the drawing library is not built in")
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// texts reads an SVG to its end and gives what it shows.
func texts(t *testing.T, svg []byte) string {
	t.Helper()
	var shown strings.Builder
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return shown.String()
		}
		if err != nil {
			t.Fatalf("the SVG is not well-formed: %v", err)
		}
		if chars, ok := token.(xml.CharData); ok {
			shown.Write(chars)
		}
	}
}

// TestSVG draws the company's page and the one with the worst name, four charts at a time, and again: same bytes, well-formed, in Chinese.
func TestSVG(t *testing.T) {
	r := renderer(t)
	c := newCompany()
	set := append(ForCompany(c.report)[:3], ForDepartment(c.report, c.department("D1/2"))...)
	first := make([][]byte, len(set))
	next := make(chan int)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range next {
				svg, err := r.SVG(t.Context(), set[i], policy.ZH, Print)
				if err != nil {
					t.Error(err)
				}
				first[i] = svg
			}
		})
	}
	for i := range set {
		next <- i
	}
	close(next)
	group.Wait()
	for i, chart := range set {
		if i%4 == 0 {
			again, err := r.SVG(t.Context(), chart, policy.ZH, Print)
			if err != nil || !bytes.Equal(first[i], again) {
				t.Errorf("%s: drawn twice, the bytes differ (%v)", chart.ID, err)
			}
		}
		shown := texts(t, first[i])
		if what := chart.Headline.ZH + chart.Empty.ZH; !strings.Contains(strings.Join(strings.Fields(shown), ""), strings.Join(strings.Fields(what[:12]), "")) {
			t.Errorf("%s does not show %q", chart.ID, what)
		}
		if !bytes.HasPrefix(first[i], []byte("<svg")) || bytes.Contains(first[i], []byte("<script")) || bytes.Contains(first[i], []byte(`"zr0-`)) {
			t.Errorf("%s holds a script or a shared name", chart.ID)
		}
	}
}

func TestSVGStopsInTime(t *testing.T) {
	r := renderer(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.SVG(ctx, ForCompany(newCompany().report)[0], policy.ZH, Light)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := r.run(ctx, "{}", 10, 10, policy.ZH); !errors.Is(err, context.Canceled) {
		t.Errorf("a running drawing ended with %v", err)
	}
}

func TestOwnNames(t *testing.T) {
	in := `<svg class="zr7-cls-31"><style><![CDATA[.zr7-cls-31 > a{fill:red}.zr7-cls-8{}]]></style><text clip-path="url(#zr7-c5)">zr0-cls-1</text></svg>`
	want := `<svg class="a-b-cls-0"><style><![CDATA[.a-b-cls-0 > a{fill:red}.a-b-cls-1{}]]></style><text clip-path="url(#a-b-c0)">zr0-cls-1</text></svg>`
	if got := string(ownNames([]byte(in), "a/b")); got != want {
		t.Errorf("got %s", got)
	}
}

func TestWriteSVGs(t *testing.T) {
	r := renderer(t)
	set := ForCompany(newCompany().report)[:2]
	files, err := r.WriteSVGs(t.Context(), t.TempDir(), set, policy.EN, Dark)
	if err != nil || len(files) != 2 {
		t.Fatalf("wrote %v, %v", files, err)
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || !strings.HasSuffix(file, set[i].ID+".svg") {
			t.Errorf("%s: %v", file, err)
		}
		texts(t, text)
	}
}

// TestPicturesDoNotDependOnThoseBefore draws every kind in a machine that has drawn nothing, and in one that has drawn all the others
// before, backwards, in the other language and theme: the bytes are the same.
func TestPicturesDoNotDependOnThoseBefore(t *testing.T) {
	used := renderer(t)
	used.slots = make(chan *machine, 1)
	used.slots <- nil
	kinds := everyKind(newCompany())
	for _, c := range slices.Backward(kinds) {
		if _, err := used.SVG(t.Context(), c, policy.EN, Dark); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range kinds {
		again, err := used.SVG(t.Context(), c, policy.ZH, Print)
		if err != nil {
			t.Fatal(err)
		}
		if i%3 != 0 && c.ID != "sankey-approvals" {
			continue // a machine for each would take long
		}
		fresh := &Renderer{program: used.program, slots: make(chan *machine, 1)}
		fresh.slots <- nil
		first, err := fresh.SVG(t.Context(), c, policy.ZH, Print)
		if err != nil || !bytes.Equal(first, again) {
			t.Errorf("%s depends on what was drawn before (%v)", c.ID, err)
		}
	}
	if m := <-used.slots; m == nil || m.drawn != 2*len(kinds) {
		t.Errorf("the machine was not used again: %+v", m)
	}
}
