package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"plumbline/policy"
)

// until waits for something that happens by itself, at most as long as nobody would wait.
func (s *service) until(what string, happened func() bool) {
	s.t.Helper()
	vain := time.After(time.Minute)
	for !happened() {
		select {
		case <-vain:
			s.t.Fatalf("%s never happened", what)
		case <-time.After(time.Millisecond):
		}
	}
}

// export is one of the many that are asked for at once.
type export struct {
	who  *browser
	form url.Values // nil: a link
	path string
	lang policy.Lang
}

func (x export) request(ctx context.Context) *http.Request {
	method, body := http.MethodGet, ""
	if x.form != nil {
		method, body = http.MethodPost, x.form.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, x.who.url+x.path, strings.NewReader(body))
	if err != nil {
		x.who.t.Fatal(err)
	}
	r.Header.Set("Origin", x.who.url)
	r.Header.Set("Accept-Language", string(x.lang))
	if x.form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// heap is what is in use of the heap.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestAThousandExportsAtOnce asks for a thousand files while another one is being made: so many wait as may, the others are told to come back in their language,
// pages are answered meanwhile, and afterwards those that waited are served.
func TestAThousandExportsAtOnce(t *testing.T) {
	s := looks(t, common)
	hr, auditor, executive, english := s.as("hr"), s.as("auditor"), s.as("executive"), s.as("hr")
	english.post("/language", url.Values{"lang": {"en"}})
	kinds := []export{
		{hr, url.Values{}, "/workbooks/2026Q3", policy.ZH}, {english, url.Values{}, "/workbooks/2026Q2", policy.EN}, {executive, nil, "/packs/2026Q3/deck", policy.ZH}, {hr, nil, "/rejects/workbook", policy.ZH},
		{auditor, nil, "/quality/2026Q3/workbook", policy.ZH}, {hr, nil, "/api/v1/scores/2026Q3?by=employee&format=csv", policy.ZH}, {english, nil, "/api/v1/records/work_logs?format=csv", policy.EN}, {hr, nil, "/api/v1/records/work_logs?format=parquet", policy.ZH},
	}
	hr.sees("/company/2026Q3", "") // the figures are there
	const many = 1000
	before := heap()
	end, err := s.server.Busy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { end() }()
	type came struct {
		n, status   int
		after, body string
		err         error
	}
	answers, cancels := make(chan came, many), make([]context.CancelFunc, many)
	for n := range many {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		cancels[n] = cancel
		x := kinds[n%len(kinds)]
		r := x.request(ctx)
		go func() {
			a, err := x.who.client.Do(r)
			if err != nil {
				answers <- came{n: n, err: err}
				return
			}
			defer a.Body.Close()
			body, err := io.ReadAll(a.Body)
			answers <- came{n, a.StatusCode, a.Header.Get("Retry-After"), string(body), err}
		}()
	}
	waits := map[int]bool{}
	for n := range many {
		waits[n] = true
	}
	const mayWait = 32
	for range many - mayWait {
		c := <-answers
		delete(waits, c.n)
		x := kinds[c.n%len(kinds)]
		if words := map[policy.Lang]string{policy.ZH: "请稍后再试", policy.EN: "Please try again soon"}[x.lang]; c.status != http.StatusServiceUnavailable || c.after == "" || !strings.Contains(c.body, words) {
			t.Fatalf("%s answers %d, to come back after %q: %v %s", x.path, c.status, c.after, c.err, c.body)
		}
	}
	if n := s.server.Long(); n != 1+mayWait {
		t.Errorf("%d pieces of long work are under way or wait", n)
	}
	if after := heap(); after > before+96<<20 {
		t.Errorf("the heap grew by %d MB", (after-before)>>20)
	}
	for path, who := range map[string]*browser{"/": hr, "/me/2026Q3": s.as("employee"), "/company/2026Q3": executive, "/files": auditor, "/healthz": s.as(""), "/readyz": s.as("")} {
		who.sees(path, "")
	}
	left := map[int]int{} // of each kind two go on waiting
	for n := range waits {
		if left[n%len(kinds)]++; left[n%len(kinds)] > 2 {
			cancels[n]()
			delete(waits, n)
			if c := <-answers; !errors.Is(c.err, context.Canceled) {
				t.Errorf("while another file is being made, %s is answered by %d", kinds[c.n%len(kinds)].path, c.status)
			}
		}
	}
	s.until("leaving the queue", func() bool { return s.server.Long() == 1+len(waits) })
	end()
	end = func() {}
	for range waits {
		if c := <-answers; c.status != http.StatusOK {
			t.Errorf("%s waited and answers %d %v", kinds[c.n%len(kinds)].path, c.status, c.err)
		}
	}
	s.until("the end of all long work", func() bool { return s.server.Long() == 0 })
	hr.sees("/rejects/workbook", "PK")
}

// wire is a connection on which a request is written by hand.
type wire struct {
	net.Conn
	t testing.TB
}

// wire begins a request on a connection of its own: its head, and so much of its body.
func (b *browser) wire(method, path, body string, headers ...string) *wire {
	b.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = c.Close() })
	at, _ := url.Parse(b.url)
	var cookies []string
	for _, k := range b.client.Jar.Cookies(at) {
		cookies = append(cookies, k.Name+"="+k.Value)
	}
	lines := append([]string{method + " " + path + " HTTP/1.1", "Host: " + at.Host, "Origin: " + b.url, "Cookie: " + strings.Join(cookies, "; ")}, headers...)
	w := &wire{c, b.t}
	w.write(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)
	return w
}

func (w *wire) write(s string) {
	w.t.Helper()
	if _, err := io.WriteString(w.Conn, s); err != nil {
		w.t.Fatal(err)
	}
}

// answer reads what is answered while the request stays as it is.
func (w *wire) answer() (int, string) {
	w.t.Helper()
	a, err := http.ReadResponse(bufio.NewReader(w.Conn), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return a.StatusCode, string(body)
}

// beginning is how a form with one file begins.
const (
	multipartForm = "Content-Type: multipart/form-data; boundary=x"
	beginning     = "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.csv\"\r\n\r\n"
)

// chunk writes a piece of a body whose length nobody announced.
func chunk(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

// folders lists what lies in the place of uploads, empty folders too.
func (s *service) folders() []string {
	s.t.Helper()
	list, err := filepath.Glob(filepath.Join(s.dir, "uploads", "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// TestTooLargeIsRefused sends more than may come: by what it announces, by what arrives, by its parts, and by what lies there already.
func TestTooLargeIsRefused(t *testing.T) {
	s := demo(t)
	s.server.Bound(8<<10, 64<<10, 96<<10, 0, 0)
	hr := s.as("hr")
	large := strings.Repeat("x", 40<<10)
	for what, w := range map[string]*wire{
		"announced files": hr.wire("POST", "/files/upload", "", multipartForm, "Content-Length: 600000000"),
		"a stream":        hr.wire("POST", "/files/upload", chunk(beginning)+chunk(large)+chunk(large), multipartForm, "Transfer-Encoding: chunked"),
		"a policy":        hr.wire("POST", "/policy/draft", "", multipartForm, "Content-Length: 600000000"),
		"a form":          hr.wire("POST", "/uploads/nothing/how", "", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 9000"),
		"a field":         hr.wire("POST", "/rejects/dismiss", "note="+large, "Content-Type: application/x-www-form-urlencoded", fmt.Sprintf("Content-Length: %d", len("note="+large))),
	} {
		if status, body := w.answer(); status != http.StatusRequestEntityTooLarge || !strings.Contains(body, "内容过大") || !strings.Contains(body, "一次最多") {
			t.Errorf("%s: %d %.300s", what, status, body)
		}
	}
	parts := []part{{name: "set", text: strings.Repeat("x", 20<<10)}}
	if status, _, body := hr.send("/files/upload", parts...); status != http.StatusUnprocessableEntity || !strings.Contains(body, "有一栏内容过长") {
		t.Errorf("a long field: %d", status)
	}
	parts = nil
	for range 201 {
		parts = append(parts, part{name: "f", text: "x"})
	}
	if status, _, body := hr.send("/files/upload", parts...); status != http.StatusUnprocessableEntity || !strings.Contains(body, "一次最多") {
		t.Errorf("201 parts: %d", status)
	}
	if left := s.folders(); len(left) != 0 {
		t.Errorf("refused uploads left %v", left)
	}
	var at string
	for n, want := range []int{http.StatusSeeOther, http.StatusSeeOther, http.StatusServiceUnavailable, http.StatusServiceUnavailable} {
		status, to, body := hr.send("/files/upload", part{"files", "a.csv", large})
		if status != want || want != http.StatusSeeOther && !strings.Contains(body, "等待导入的文件太多") {
			t.Errorf("upload %d of 40 kB where 96 may wait: %d %s", n, status, body)
		}
		if to != "" {
			at = to
		}
	}
	if left := s.folders(); len(left) != 2 {
		t.Errorf("two uploads wait, but there are %v", left)
	}
	hr.post(at+"/drop", nil)
	if status, _, _ := hr.send("/files/upload", part{"files", "a.csv", large}); status != http.StatusSeeOther {
		t.Errorf("after one was given up: %d", status)
	}
	hr.sees("/files/upload", "")
}

// TestSlowSendersAreCutOff has browsers stop in the middle of what they send. Each is told so when its time is up, nothing of it stays, and nobody waits for it.
func TestSlowSendersAreCutOff(t *testing.T) {
	s := demo(t)
	hr, manager := s.as("hr"), s.as("manager")
	const most = "Content-Length: 60000"
	form := "Content-Type: application/x-www-form-urlencoded"
	seq := s.company.Books.Seq()
	for _, x := range []struct {
		who        *browser
		path, body string
		headers    []string
		says       string
	}{
		{hr, "/files/upload", beginning + logs, []string{multipartForm, most}, "没有按时收齐"},
		{hr, "/policy/simulate", "--x\r\nContent-Disposition: form-data; name=\"text-company.yaml\"\r\n\r\na", []string{multipartForm, most}, "没有按时收齐"},
		{hr, "/policy/adopt", "--x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\na", []string{multipartForm, most}, "没有按时收齐"},
		{manager, "/evaluations/2026Q3/workbook", beginning, []string{multipartForm, most}, "没有按时收齐"},
		{hr, "/workbooks/2026Q3", "lang=zh&pass", []string{form, most}, "没有按时收齐"},
		{manager, "/me/2026-09/self-review", "version=1&plan=half", []string{form, most}, "没有按时收齐"},
		{s.as(""), "/sign-in", "login=hr&passw", []string{form, most}, "没有按时收齐"},
	} {
		s.server.Bound(0, 0, 0, time.Minute, time.Minute)
		// While it trickles, and even if it never ends, long work of others goes on.
		w := x.who.wire("POST", x.path, x.body, x.headers...)
		hr.sees("/rejects/workbook", "PK")
		_ = w.Close()
		s.server.Bound(0, 0, 0, 50*time.Millisecond, 50*time.Millisecond)
		if status, body := x.who.wire("POST", x.path, x.body, x.headers...).answer(); status != http.StatusRequestTimeout || !strings.Contains(body, x.says) {
			t.Errorf("POST %s: %d %s", x.path, status, body)
		}
	}
	if s.company.Books.Seq() != seq {
		t.Error("something was recorded")
	}
	s.until("clearing the place of uploads", func() bool { return len(s.folders()) == 0 })
	if s.server.Long() != 0 {
		t.Error("somebody holds the gate of long work")
	}
	// Who sends in time is not cut off by the same deadline while he is served.
	if status, at, body := hr.send("/files/upload", part{"files", "a.csv", logs}); status != http.StatusSeeOther || !strings.Contains(hr.sees(at), "a.csv") {
		t.Errorf("an upload that is fast enough: %d %s", status, body)
	}
}

// TestBrokenOffUploadsLeaveNothing has browsers go away in the middle of files.
func TestBrokenOffUploadsLeaveNothing(t *testing.T) {
	s := demo(t) // the shared one holds uploads of other tests
	hr := s.as("hr")
	for range 3 {
		for _, body := range []string{"", "--x\r\n", beginning, beginning + logs, beginning + logs + "\r\n--x\r\nContent-Disposition: form-data; name=\"fil"} {
			w := hr.wire("POST", "/files/upload", body, multipartForm, "Content-Length: 60000")
			if body != "" && strings.Contains(body, logs) {
				s.until("the beginning of the upload", func() bool { return len(s.staged()) > 0 })
			}
			_ = w.Close()
			s.until("clearing the place of uploads", func() bool { return len(s.folders()) == 0 })
		}
	}
	// One that ends its side of the connection, and listens on, is told.
	w := hr.wire("POST", "/files/upload", beginning+logs, multipartForm, "Content-Length: 60000")
	if err := w.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if status, body := w.answer(); status != http.StatusUnprocessableEntity || !strings.Contains(body, "上传中断") {
		t.Errorf("half an upload: %d %s", status, body)
	}
	s.until("clearing the place of uploads", func() bool { return len(s.folders()) == 0 })
	hr.sees("/files/upload", "")
}

// narrow is a listener whose connections hold little of what is not taken.
type narrow struct{ net.Listener }

func (l narrow) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if c, ok := c.(*net.TCPConn); ok {
		err = errors.Join(err, c.SetWriteBuffer(4<<10))
	}
	return c, err
}

// TestSlowReadersHoldNobodyUp asks for files and does not take them: the next ones are made all the same.
func TestSlowReadersHoldNobodyUp(t *testing.T) {
	s := looks(t, common)
	served := httptest.NewUnstartedServer(s.server.Handler())
	served.Listener = narrow{served.Listener}
	served.Start()
	defer served.Close()
	s.url = served.URL
	hr := s.as("hr")
	for _, path := range []string{"/packs/2026Q3/deck", "/packs/2026Q3/files/html", "/api/v1/records/work_logs?format=csv"} {
		w := hr.wire("GET", path, "")
		if err := w.Conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(w.Conn, make([]byte, len("HTTP/1.1 200"))); err != nil {
			t.Fatal(err)
		}
		hr.sees("/rejects/workbook", "PK")
		_ = w.Close()
	}
}
