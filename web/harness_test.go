package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
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
	crawled  map[string]visited // where nothing changes: what was found before, by login and number of samples
}

// made is the folder of what is made once for all tests, and ends is what ends it.
var (
	made = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "plumbline-web-") })
	ends []func() error
)

func TestMain(m *testing.M) {
	code := m.Run()
	for _, end := range slices.Backward(ends) {
		if err := end(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	if dir, err := made(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// played is the data directory of the sample company after its story, with the accounts of the tests.
var played = sync.OnceValues(func() (string, error) {
	root, err := made()
	if err != nil {
		return "", err
	}
	ctx, clock := context.Background(), &story.Clock{Real: func() time.Time { return today }}
	files, data := filepath.Join(root, "files"), filepath.Join(root, "played")
	opt := company.Options{Now: clock.Now, Memory: "1GiB"}
	if err := errors.Join(os.CopyFS(files, sample_data.FS), company.Begin(ctx, data, opt, "默认制度", "setup")); err != nil {
		return "", err
	}
	c, err := company.Open(ctx, data, opt)
	if err != nil {
		return "", err
	}
	v, err := c.Current(ctx)
	if err == nil {
		units, _ := ingest.Find(ctx, c.Books, v.Policy, []string{filepath.Join(files, "company")}, ingest.How{})
		err = ingest.TakeAll(ctx, c.Books, v, units, ingest.Options{Actor: "00051", Day: c.Today(v.Policy)}, func(_ ingest.File, _ bool, err error) error { return err })
	}
	if err == nil {
		err = story.Play(ctx, c, clock)
	}
	if err := errors.Join(err, c.Close()); err != nil {
		return "", err
	}
	s, end, err := open(ctx, data, today)
	if err != nil {
		return "", err
	}
	return data, errors.Join(s.employ(ctx, people), end())
})

// people are the accounts of the tests: their logins tell who they are.
var people = []accounts.New{
	{Login: "employee", Employee: "00012"}, {Login: "colleague", Employee: "00054"}, {Login: "manager", Employee: "00047"}, {Login: "manager2", Employee: "00046"},
	{Login: "executive", Employee: story.CEO, Roles: []accounts.Role{accounts.Executive}}, {Login: "hr", Employee: story.HR, Roles: []accounts.Role{accounts.HR}},
	{Login: "finance", Employee: story.Finance, Roles: []accounts.Role{accounts.Finance}}, {Login: "auditor", Roles: []accounts.Role{accounts.Auditor}}, {Login: "admin", Roles: []accounts.Role{accounts.Admin}},
}

const password = "plumb line demo"

// employ makes accounts of people.
func (s *service) employ(ctx context.Context, list []accounts.New) error {
	for _, p := range list {
		p.Password = password
		if _, err := s.accounts.CreateDemo(ctx, "setup", p); err != nil {
			return err
		}
	}
	return nil
}

// copyPlayed copies that directory, which stays as it was made.
func copyPlayed(to string) error {
	from, err := played()
	if err != nil {
		return fmt.Errorf("play the sample company: %w", err)
	}
	err = os.CopyFS(to, os.DirFS(from))
	kept, _ := filepath.Glob(filepath.Join(to, "accounts", "*"))
	for _, path := range kept {
		err = errors.Join(err, os.Chmod(path, 0o600)) // a copy is open to all
	}
	return err
}

// demo serves a copy of the sample company of its own, to be changed.
func demo(t testing.TB) *service {
	t.Helper()
	dir := t.TempDir()
	if err := copyPlayed(dir); err != nil {
		t.Fatal(err)
	}
	return serve(t, dir, today, nil)
}

// common is the sample company that tests share which only look at it, so that its figures are worked out once.
var common = sync.OnceValues(func() (*service, error) {
	root, err := made()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, "common")
	if err := copyPlayed(dir); err != nil {
		return nil, err
	}
	return lasting(dir, today)
})

// looks gives the shared company to a test that only looks at it. Its clock stands still, and its books must not move.
func looks(t testing.TB, shared func() (*service, error)) *service {
	t.Helper()
	of, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	if of.crawled == nil {
		of.crawled = map[string]visited{}
	}
	s, before := *of, of.company.Books.Ledger().Head()
	s.t = t
	t.Cleanup(func() {
		if after := s.company.Books.Ledger().Head(); after != before {
			t.Errorf("a test that only looks moved the ledger from %d to %d", before.Seq, after.Seq)
		}
	})
	return &s
}

// lasting serves the company in dir until all tests have ended.
func lasting(dir string, now time.Time) (*service, error) {
	s, end, err := open(context.Background(), dir, now)
	if err == nil {
		ends = append(ends, end)
	}
	return s, err
}

// serve serves the company in dir to some people more, by a clock that shows now until the test moves it.
func serve(t testing.TB, dir string, now time.Time, to []accounts.New) *service {
	t.Helper()
	s, end, err := open(t.Context(), dir, now)
	if err != nil {
		t.Fatal(err)
	}
	s.t = t
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	if err := s.employ(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	return s
}

// open serves the company in dir; the function ends it.
func open(ctx context.Context, dir string, now time.Time) (*service, func() error, error) {
	s := &service{dir: dir, now: now}
	clock := func() time.Time { return s.now }
	var err error
	if s.company, err = company.Open(ctx, s.dir, company.Options{Now: clock, Memory: "1GiB"}); err != nil {
		return nil, nil, err
	}
	if s.trail, err = trail.Open(s.dir, trail.Options{Now: clock}); err != nil {
		return nil, nil, err
	}
	log := func(ctx context.Context, c accounts.Change) error {
		return s.trail.Write(ctx, trail.Entry{Actor: c.Actor, Action: c.Kind, Subject: c.Login, Detail: c.Detail})
	}
	if s.accounts, err = accounts.Open(s.dir, accounts.Options{Now: clock, Demo: true, Log: log}); err != nil {
		return nil, nil, err
	}
	if s.server, err = web.New(web.Options{Company: s.company, Accounts: s.accounts, Trail: s.trail}); err != nil {
		return nil, nil, err
	}
	http := httptest.NewServer(s.server.Handler())
	s.url = http.URL
	return s, func() error {
		http.Close()
		return errors.Join(s.accounts.Close(), s.trail.Close(), s.company.Close())
	}, nil
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
