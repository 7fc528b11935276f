package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"plumbline/company"
	"plumbline/ingest"
	"plumbline/internal/accounts"
	"plumbline/internal/trail"
	"plumbline/sample_data"
	"plumbline/sample_data/story"
	"plumbline/web"
)

// today is the day on which the tests take place: the third quarter of the sample company is half evaluated.
var today = time.Date(2026, 10, 13, 2, 0, 0, 0, time.UTC)

// service is the sample company, served.
type service struct {
	t        testing.TB
	url      string
	server   *web.Server
	company  *company.Company
	accounts *accounts.Store
	trail    *trail.Trail
	dir      string
	now      time.Time
}

// played is the data directory of the sample company after its story, made once for all tests.
var played = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "plumbline-web-")
	if err != nil {
		return "", err
	}
	playedIn = dir
	ctx, clock := context.Background(), &story.Clock{Real: func() time.Time { return today }}
	files, data := filepath.Join(dir, "files"), filepath.Join(dir, "data")
	opt := company.Options{Now: clock.Now, Memory: "1GiB"}
	if err := errors.Join(os.CopyFS(files, sample_data.FS), company.Begin(ctx, data, opt, "默认制度", "setup")); err != nil {
		return dir, err
	}
	c, err := company.Open(ctx, data, opt)
	if err != nil {
		return dir, err
	}
	v, err := c.Current(ctx)
	if err == nil {
		units, _ := ingest.Find(ctx, c.Books, v.Policy, []string{filepath.Join(files, "company")}, ingest.How{})
		err = ingest.TakeAll(ctx, c.Books, v, units, ingest.Options{Actor: "00051", Day: c.Today(v.Policy)}, func(_ ingest.File, _ bool, err error) error { return err })
	}
	if err == nil {
		err = story.Play(ctx, c, clock)
	}
	return dir, errors.Join(err, c.Close())
})

// playedIn is its folder once it is made.
var playedIn string

func TestMain(m *testing.M) {
	code := m.Run()
	if playedIn != "" {
		_ = os.RemoveAll(playedIn)
	}
	os.Exit(code)
}

// people are the accounts of the tests: their logins tell who they are.
var people = []accounts.New{
	{Login: "employee", Employee: "00012"}, {Login: "colleague", Employee: "00054"}, {Login: "manager", Employee: "00047"}, {Login: "manager2", Employee: "00046"},
	{Login: "executive", Employee: story.CEO, Roles: []accounts.Role{accounts.Executive}}, {Login: "hr", Employee: story.HR, Roles: []accounts.Role{accounts.HR}},
	{Login: "finance", Employee: story.Finance, Roles: []accounts.Role{accounts.Finance}}, {Login: "auditor", Roles: []accounts.Role{accounts.Auditor}}, {Login: "admin", Roles: []accounts.Role{accounts.Admin}},
}

const password = "plumb line demo"

// demo serves a copy of the sample company of its own.
func demo(t testing.TB) *service {
	t.Helper()
	from, err := played()
	if err != nil {
		t.Fatalf("play the sample company: %v", err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(from, "data"))); err != nil {
		t.Fatal(err)
	}
	return serve(t, dir, today, people)
}

// serve serves the company in dir to some people, by a clock that shows now until the test moves it.
func serve(t testing.TB, dir string, now time.Time, to []accounts.New) *service {
	t.Helper()
	s := &service{t: t, dir: dir, now: now}
	clock := func() time.Time { return s.now }
	var err error
	if s.company, err = company.Open(t.Context(), s.dir, company.Options{Now: clock, Memory: "1GiB"}); err != nil {
		t.Fatal(err)
	}
	if s.trail, err = trail.Open(s.dir, trail.Options{Now: clock}); err != nil {
		t.Fatal(err)
	}
	log := func(ctx context.Context, c accounts.Change) error {
		return s.trail.Write(ctx, trail.Entry{Actor: c.Actor, Action: c.Kind, Subject: c.Login, Detail: c.Detail})
	}
	if s.accounts, err = accounts.Open(s.dir, accounts.Options{Now: clock, Demo: true, Log: log}); err != nil {
		t.Fatal(err)
	}
	for _, p := range to {
		p.Password = password
		if _, err := s.accounts.CreateDemo(t.Context(), "setup", p); err != nil {
			t.Fatal(err)
		}
	}
	s.server, err = web.New(web.Options{Company: s.company, Accounts: s.accounts, Trail: s.trail})
	if err != nil {
		t.Fatal(err)
	}
	http := httptest.NewServer(s.server.Handler())
	s.url = http.URL
	t.Cleanup(func() {
		http.Close()
		if err := errors.Join(s.accounts.Close(), s.trail.Close(), s.company.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// browser is somebody's browser, without scripts.
type browser struct {
	*service
	login  string
	client *http.Client
}

// as signs somebody in; "" is somebody who is not.
func (s *service) as(login string) *browser {
	s.t.Helper()
	jar, _ := cookiejar.New(nil)
	b := &browser{s, login, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if login != "" {
		if status, body := b.post("/sign-in", url.Values{"login": {login}, "password": {password}}); status != http.StatusSeeOther {
			s.t.Fatalf("%s cannot sign in: %d %s", login, status, body)
		}
	}
	return b
}

func (b *browser) do(r *http.Request) (int, string) {
	b.t.Helper()
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// get fetches a page.
func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

// post sends a form as a page of the service does.
func (b *browser) post(path string, form url.Values) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.url)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// sees makes sure that a page is there and holds the texts.
func (b *browser) sees(path string, texts ...string) string {
	b.t.Helper()
	status, body := b.get(path)
	if status != http.StatusOK {
		b.t.Errorf("%s: GET %s: status %d", b.login, path, status)
	}
	for _, s := range texts {
		if !strings.Contains(body, s) {
			b.t.Errorf("%s: GET %s lacks %q", b.login, path, s)
		}
	}
	return body
}
