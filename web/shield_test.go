package web_test

import (
	"bufio"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"plumbline/internal/ledger"
	"plumbline/web"
)

// TestAnswersAreForTheirReaderAlone looks at what browsers and proxies are told about answers of every sort: to keep none, to show none in a frame, to guess nothing.
func TestAnswersAreForTheirReaderAlone(t *testing.T) {
	s := looks(t, common)
	hr := s.as("hr")
	head := func(method, path string, headers ...string) (int, http.Header) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		a, err := hr.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = a.Body.Close()
		return a.StatusCode, a.Header
	}
	for _, x := range []struct {
		method, path string
		status       int
		caching      string
	}{
		{"GET", "/", 200, "no-store"}, {"GET", "/me/2026Q3", 200, "no-store"}, {"GET", "/people/00012/2026Q3", 200, "no-store"}, {"GET", "/company/2026Q3?format=csv", 200, "no-store"}, {"GET", "/rejects/workbook", 200, "no-store"},
		{"GET", "/packs/2026Q3/deck", 200, "no-store"}, {"GET", "/people/99999/2026Q3", 404, "no-store"}, {"GET", "/no/such/page", 404, "no-store"}, {"POST", "/sign-out", 403, "no-store"}, {"GET", "/policy", 200, "no-store"}, {"GET", "/healthz", 200, "no-store"},
		{"GET", "/api/v1/scores/2026Q3?by=employee", 200, "private, no-cache"}, {"GET", "/api/v1/scores/9999Q9", 404, "no-store"},
	} {
		headers := []string(nil)
		if x.status == http.StatusForbidden {
			headers = []string{"Origin", "https://evil.example"}
		}
		status, h := head(x.method, x.path, headers...)
		if status != x.status || h.Get("Cache-Control") != x.caching {
			t.Errorf("%s %s: %d, to be kept %q", x.method, x.path, status, h.Get("Cache-Control"))
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe-eval") || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Referrer-Policy") != "same-origin" || h.Get("Cross-Origin-Opener-Policy") != "same-origin" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s %s: %v", x.method, x.path, h)
		}
		if h.Get("Strict-Transport-Security") != "" { // over HTTP it would say nothing, or lock out
			t.Errorf("%s %s promises HTTPS over HTTP", x.method, x.path)
		}
		if x.caching == "no-store" && (h.Get("ETag") != "" || h.Get("Last-Modified") != "") {
			t.Errorf("%s %s can be asked for again by a tag: %v", x.method, x.path, h)
		}
	}
}

// TestCookiesOverHTTPS signs somebody in who came with cookies of somebody else's making: he gets one of his own, which no script reads and no other host sets.
func TestCookiesOverHTTPS(t *testing.T) {
	s := demo(t)
	secure, err := web.New(web.Options{Company: s.company, Accounts: s.accounts, Trail: s.trail, Secure: true, Public: "https://kpi.example"})
	if err != nil {
		t.Fatal(err)
	}
	served := httptest.NewTLSServer(secure.Handler())
	defer served.Close()
	client := served.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Jar, _ = cookiejar.New(nil)
	at, _ := url.Parse(served.URL)
	const name, planted = "__Host-plumbline", "planted-by-somebody-else"
	client.Jar.SetCookies(at, []*http.Cookie{{Name: name, Value: planted, Path: "/", Secure: true}, {Name: "plumbline", Value: planted, Path: "/", Secure: true}})
	ask := func(method, path, body string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, served.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", served.URL)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = a.Body.Close()
		return a
	}
	if a := ask("GET", "/me/2026Q3", ""); a.StatusCode != http.StatusSeeOther {
		t.Errorf("planted cookies open a page: %d", a.StatusCode)
	}
	a := ask("POST", "/sign-in", url.Values{"login": {"employee"}, "password": {password}}.Encode())
	var own *http.Cookie
	for _, c := range a.Cookies() {
		if c.Name == name {
			own = c
		}
	}
	if a.StatusCode != http.StatusSeeOther || own == nil || own.Value == planted || !own.Secure || !own.HttpOnly || own.SameSite != http.SameSiteLaxMode || own.Path != "/" || own.Domain != "" {
		t.Fatalf("sign in: %d, %+v", a.StatusCode, own)
	}
	if a := ask("GET", "/me/2026Q3", ""); a.StatusCode != http.StatusOK || a.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("the own page answers %d, %v", a.StatusCode, a.Header)
	}
	client.Jar, _ = cookiejar.New(nil) // the session under the name that any host may set opens nothing
	client.Jar.SetCookies(at, []*http.Cookie{{Name: "plumbline", Value: own.Value, Path: "/", Secure: true}})
	if a := ask("GET", "/me/2026Q3", ""); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a cookie without its prefix opens a page: %d", a.StatusCode)
	}
}

// TestAmbiguousRequestsAreRefused sends heads that a proxy could read in another way than the server, so that a second request hides in the first.
func TestAmbiguousRequestsAreRefused(t *testing.T) {
	s := looks(t, common)
	hidden := "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	for what, headers := range map[string][]string{
		"two lengths": {"Content-Length: 0", "Content-Length: 44"}, "a list of lengths": {"Content-Length: 0, 44"}, "a signed length": {"Content-Length: +0"}, "another coding": {"Transfer-Encoding: identity, chunked"},
		"a disguised coding": {"Transfer-Encoding: xchunked"}, "two codings": {"Transfer-Encoding: chunked", "Transfer-Encoding: chunked"}, "a blank before the colon": {"Content-Length : 0"}, "a second host": {"Host: evil.example"}, "a control character": {"X-Name: a\x00b"},
	} {
		w := s.as("").wire("POST", "/sign-out", hidden, headers...)
		in := bufio.NewReader(w.Conn)
		a, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		_ = a.Body.Close()
		if a.StatusCode != http.StatusBadRequest && a.StatusCode != http.StatusNotImplemented {
			t.Errorf("%s: %d", what, a.StatusCode)
		}
		if next, err := http.ReadResponse(in, nil); err == nil {
			_ = next.Body.Close()
			t.Errorf("%s: a hidden request is answered by %d", what, next.StatusCode)
		}
	}
}

// TestOtherFieldsAreIgnored adds to a form what its page does not ask for: who, which role, which state, which score. None of it is recorded, and nothing else happens.
func TestOtherFieldsAreIgnored(t *testing.T) {
	s := demo(t)
	e := s.as("colleague")
	const path, mark = "/me/2026-09/self-review", "zz-mark"
	form := fields(e.sees(path))
	form.Set("do", "save")
	for _, name := range []string{"employee", "employee_no", "actor", "role", "roles", "department", "dept_id", "status", "state", "approver", "hash", "score", "total", "created_at", "at", "seq", "period"} {
		form[name] = append(form[name], mark)
	}
	seq := s.company.Books.Seq()
	if status, body := e.post(path, form); status != http.StatusSeeOther {
		t.Fatalf("save: %d %s", status, body)
	}
	var recorded []ledger.Event
	for ev, err := range s.company.Books.Ledger().Events(seq) {
		if err != nil {
			t.Fatal(err)
		}
		recorded = append(recorded, ev)
	}
	if len(recorded) != 1 || recorded[0].Kind != "self.saved" || recorded[0].Actor != "00054" || strings.Contains(string(recorded[0].Data), mark) || !recorded[0].Time.Equal(s.now) {
		t.Errorf("recorded is %+v", recorded)
	}
	if a, err := s.accounts.Get("colleague"); err != nil || len(a.Roles) != 0 {
		t.Errorf("the account has the roles %v, %v", a.Roles, err)
	}
}
