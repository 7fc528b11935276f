package accounts_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"plumbline/internal/accounts"
)

func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	w.create("li")
	w.create("hr", accounts.HR)
	li, hr := w.enter("li"), w.enter("hr")
	w.advance(59 * time.Minute)
	w.alive(li, hr)
	w.advance(time.Hour)
	w.alive(li)
	w.dead(hr)
	for range 3 {
		w.advance(3 * time.Hour)
		w.alive(li)
	}
	w.advance(61 * time.Minute) // twelve hours since the beginning
	w.dead(li)
	li = w.enter("li")
	w.advance(8 * time.Hour)
	w.dead(li)
	w.dead("", "x", strings.Repeat("x", 1000))
}

func TestRestartKeepsPeopleSignedIn(t *testing.T) {
	w := newWorld(t)
	w.create("li")
	one, two := w.enter("li"), w.enter("li")
	s, _, err := w.Session(two)
	must(t, err)
	must(t, w.EndSession(t.Context(), "li", "li", s.ID))
	if err := w.EndSession(t.Context(), "li", "li", s.ID); !errors.Is(err, accounts.ErrNoSession) {
		t.Errorf("ended twice: %v", err)
	}
	w.reopen()
	w.alive(one)
	w.dead(two)
	got, a, err := w.Session(one)
	if err != nil || a.Login != "li" || got.Address != home || got.Agent != "Mozilla/5.0" || !got.Created.Equal(start) || !got.Expires.Equal(start.Add(12*time.Hour)) {
		t.Errorf("got %+v, %+v, %v", got, a, err)
	}
	must(t, w.Close())
	must(t, os.WriteFile(filepath.Join(w.dir, "accounts", "sessions.json"), []byte(`{"sessions":[{"sha256":"zz"}]}`), 0o600))
	w.open()
	w.dead(one)
	if len(w.said) != 1 || !strings.Contains(w.said[0], "sign in again") {
		t.Errorf("notices: %v", w.said)
	}
}

// A crash leaves sessions.json as it was some seconds ago; what was ended since must stay ended.
func TestCrashRevivesNothing(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.create("root", accounts.Admin)
	for _, login := range []string{"a", "b", "c", "d", "e"} {
		w.create(login)
	}
	tokens := map[string]string{}
	for _, login := range []string{"a", "b", "c", "d", "e"} {
		tokens[login] = w.enter(login)
	}
	w.reopen()
	path := filepath.Join(w.dir, "accounts", "sessions.json")
	stale, err := os.ReadFile(path)
	must(t, err)
	must(t, w.SetPassword(ctx, "root", "a", "another long one"))
	must(t, w.Grant(ctx, "root", "b", accounts.Auditor))
	must(t, w.EndSessions(ctx, "c", "c"))
	must(t, w.Disable(ctx, "root", "d"))
	must(t, w.Enable(ctx, "root", "d"))
	must(t, w.Erase(ctx, "root", "e"))
	w.create("e")
	must(t, w.Close())
	must(t, os.WriteFile(path, stale, 0o600))
	w.open()
	for login, token := range tokens {
		if _, _, err := w.Session(token); !errors.Is(err, accounts.ErrNoSession) {
			t.Errorf("%s lives again: %v", login, err)
		}
	}
}

// What rotating and signing out have ended is gone from the disk when they return.
func TestEndedSessionsAreGoneFromDisk(t *testing.T) {
	w := newWorld(t)
	w.create("li")
	old, other := w.enter("li"), w.enter("li")
	w.reopen() // both are on disk
	fresh, err := w.Rotate(old)
	must(t, err)
	s, _, err := w.Session(other)
	must(t, err)
	path := filepath.Join(w.dir, "accounts", "sessions.json")
	rotated, err := os.ReadFile(path)
	must(t, err)
	must(t, w.EndSession(t.Context(), "li", "li", s.ID))
	ended, err := os.ReadFile(path)
	must(t, err)
	crash := func(content []byte) {
		must(t, w.Close())
		must(t, os.WriteFile(path, content, 0o600))
		w.open()
	}
	crash(rotated)
	w.dead(old)
	w.alive(fresh, other)
	crash(ended)
	w.dead(old, other)
	w.alive(fresh)
}

func TestChangesEndSessions(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.create("li")
	id := accounts.Identity{Issuer: "https://id", Subject: "1"}
	must(t, w.Link(ctx, "root", "li", id))
	for name, change := range map[string]func() error{
		"grant":    func() error { return w.Grant(ctx, "root", "li", accounts.Auditor) },
		"revoke":   func() error { return w.Revoke(ctx, "root", "li", accounts.Auditor) },
		"password": func() error { return w.SetPassword(ctx, "root", "li", word) },
		"employee": func() error { return w.SetProfile(ctx, "root", "li", "", "77", "") },
		"unlink":   func() error { return w.Unlink(ctx, "root", "li", id) },
	} {
		session := w.enter("li")
		if name == "revoke" {
			must(t, w.Grant(ctx, "root", "li", accounts.Auditor))
			session = w.enter("li")
		}
		must(t, change())
		if _, _, err := w.Session(session); !errors.Is(err, accounts.ErrNoSession) {
			t.Errorf("%s: the session lives: %v", name, err)
		}
	}
	session := w.enter("li")
	logged := len(w.kinds())
	must(t, w.SetProfile(ctx, "root", "li", "李", "77", "en"))
	must(t, w.Enable(ctx, "root", "li"))
	must(t, w.SetProfile(ctx, "root", "li", "李", "77", "en"))
	w.alive(session)
	if n := len(w.kinds()) - logged; n != 1 {
		t.Errorf("%d changes were logged, want the one that changed something", n)
	}
}

func TestChangePassword(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.Create(ctx, "root", accounts.New{Login: "li", Password: word})
	must(t, err)
	one, two := w.enter("li"), w.enter("li")
	if s, _, err := w.Session(one); err != nil || s.Step != accounts.ChangePassword {
		t.Errorf("got %+v, %v", s, err)
	}
	if _, err := w.ChangePassword(ctx, one, "wrong wrong wrong", "another long one"); !errors.Is(err, accounts.ErrCredentials) {
		t.Error(err)
	}
	_, err = w.ChangePassword(ctx, one, word, word)
	problem(t, err, "password", accounts.Unchanged)
	_, err = w.ChangePassword(ctx, one, word, "short")
	problem(t, err, "password", accounts.TooShort)
	fresh, err := w.ChangePassword(ctx, one, word, "another long one")
	must(t, err)
	w.dead(one, two)
	if s, _, err := w.Session(fresh); err != nil || s.Step != accounts.Done {
		t.Errorf("got %+v, %v", s, err)
	}
	if _, err := w.SignIn(ctx, "li", word, home); !errors.Is(err, accounts.ErrCredentials) {
		t.Errorf("the old password: %v", err)
	}
	if _, err := w.SignIn(ctx, "li", "another long one", home); err != nil {
		t.Error(err)
	}
}

func TestRotate(t *testing.T) {
	w := newWorld(t)
	w.create("li")
	old := w.enter("li")
	w.advance(time.Hour)
	fresh, err := w.Rotate(old)
	must(t, err)
	w.dead(old)
	s, _, err := w.Session(fresh)
	if err != nil || !s.Created.Equal(start) {
		t.Errorf("the life of a session grew: %+v, %v", s, err)
	}
	if _, err := w.Rotate(old); !errors.Is(err, accounts.ErrNoSession) {
		t.Error(err)
	}
	var won atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := w.Rotate(fresh); err == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d rotations of one token won", won.Load())
	}
}

func TestSessionList(t *testing.T) {
	w := newWorld(t)
	w.create("li")
	var tokens []string
	for i := range 25 {
		p, err := w.SignIn(t.Context(), "li", word, home)
		must(t, err)
		token, _, err := w.NewSession(t.Context(), p.Token, away, fmt.Sprintf("\u202eagent %d\n\t%s\xff", i, strings.Repeat("长", 500)))
		must(t, err)
		tokens = append(tokens, token)
		w.advance(time.Minute)
	}
	list := w.Sessions("LI")
	if len(list) != 20 {
		t.Fatalf("%d sessions", len(list))
	}
	w.dead(tokens[:5]...)
	w.alive(tokens[5:]...)
	for _, s := range list {
		if n := utf8.RuneCountInString(s.Agent); n != 120 || strings.ContainsAny(s.Agent, "\n\t\u202e") || s.Address != away {
			t.Errorf("session %+v: agent of %d characters", s, n)
		}
	}
	if !slices.IsSortedFunc(list, func(a, b accounts.Session) int { return b.Seen.Compare(a.Seen) }) {
		t.Error("the one seen last is not first")
	}
	p, err := w.SignIn(t.Context(), "li", word, home)
	must(t, err)
	must(t, w.EndSessions(t.Context(), "li", "li"))
	w.dead(tokens...)
	if _, _, err := w.NewSession(t.Context(), p.Token, home, ""); !errors.Is(err, accounts.ErrNoSession) {
		t.Errorf("a sign-in from before: %v", err)
	}
}

func TestPendingIsUsedOnce(t *testing.T) {
	w := newWorld(t)
	w.create("li")
	p, err := w.SignIn(t.Context(), "li", word, home)
	must(t, err)
	var won atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, _, err := w.NewSession(t.Context(), p.Token, home, ""); err == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d sessions of one sign-in", won.Load())
	}
	p, err = w.SignIn(t.Context(), "li", word, home)
	must(t, err)
	w.advance(10 * time.Minute)
	if _, _, err := w.NewSession(t.Context(), p.Token, home, ""); !errors.Is(err, accounts.ErrNoSession) {
		t.Errorf("after ten minutes: %v", err)
	}
}

func TestSecondFactor(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.create("hr", accounts.HR)
	w.create("li")
	session := w.enter("hr")
	s, a, err := w.Session(session)
	if err != nil || s.Step != accounts.Enrol || !a.Guarded() {
		t.Fatalf("got %+v, %v", s, err)
	}
	if s, _, _ := w.Session(w.enter("li")); s.Step != accounts.Done {
		t.Errorf("somebody without a role: %+v", s)
	}
	e, err := w.EnrolTOTP(ctx, session, "准绳 A+B")
	must(t, err)
	u, err := url.Parse(e.URI)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/准绳 A+B:hr" || u.Query().Get("secret") != e.Secret || u.Query().Get("issuer") != "准绳 A+B" || strings.Contains(u.RawQuery, "+") {
		t.Errorf("%s: %v", e.URI, err)
	}
	if _, _, err := w.ConfirmTOTP(ctx, session, "000000"); !errors.Is(err, accounts.ErrCode) {
		t.Error(err)
	}
	fresh, recovery, err := w.ConfirmTOTP(ctx, session, code(t, e.Secret, w.time()))
	must(t, err)
	w.dead(session)
	if s, _, err := w.Session(fresh); err != nil || s.Step != accounts.Done || !s.SecondFactor || len(recovery) != 10 {
		t.Errorf("got %+v, %v, %v", s, recovery, err)
	}
	if _, err := w.EnrolTOTP(ctx, fresh, "x"); !errors.Is(err, accounts.ErrEnrolled) {
		t.Errorf("enrolled over a second factor: %v", err)
	}
	p, err := w.SignIn(ctx, "hr", word, home)
	if err != nil || p.Step != accounts.EnterCode {
		t.Fatalf("got %+v, %v", p, err)
	}
	if _, _, err := w.NewSession(ctx, p.Token, home, ""); err == nil {
		t.Fatal("a session without the code")
	}
	if _, err := w.Second(ctx, p.Token, code(t, e.Secret, w.time()), home); !errors.Is(err, accounts.ErrCode) {
		t.Errorf("the code of the enrolment, again: %v", err)
	}
	w.advance(30 * time.Second)
	w.reopen()
	p, err = w.SignIn(ctx, "hr", word, home)
	must(t, err)
	text := code(t, e.Secret, w.time())
	p, err = w.Second(ctx, p.Token, " "+text[:3]+" "+text[3:], home)
	if err != nil || p.Step != accounts.Done {
		t.Fatalf("got %+v, %v", p, err)
	}
	token, s, err := w.NewSession(ctx, p.Token, home, "")
	if err != nil || !s.SecondFactor {
		t.Fatalf("got %+v, %v", s, err)
	}
	w.alive(token)
	w.reopen() // no restart makes the code good again
	p, err = w.SignIn(ctx, "hr", word, home)
	must(t, err)
	if _, err := w.Second(ctx, p.Token, text, home); !errors.Is(err, accounts.ErrCode) {
		t.Errorf("a code, twice: %v", err)
	}
}

func TestStepsAround(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.create("hr", accounts.HR)
	_, secret, _ := w.enrol(w.enter("hr"))
	for _, try := range []struct {
		later time.Duration
		off   time.Duration
		ok    bool
	}{{2 * time.Minute, -60 * time.Second, false}, {0, 60 * time.Second, false}, {0, -30 * time.Second, true}, {0, -30 * time.Second, false}, {0, 30 * time.Second, true}, {0, 0, false}} {
		w.advance(try.later)
		p, err := w.SignIn(ctx, "hr", word, home)
		must(t, err)
		_, err = w.Second(ctx, p.Token, code(t, secret, w.time().Add(try.off)), home)
		if (err == nil) != try.ok || err != nil && !errors.Is(err, accounts.ErrCode) {
			t.Errorf("%+v: %v", try, err)
		}
	}
}

func TestOneCodeOneSignIn(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.create("hr", accounts.HR)
	_, secret, recovery := w.enrol(w.enter("hr"))
	for _, text := range []string{code(t, secret, w.time().Add(time.Minute)), recovery[3]} {
		w.advance(time.Minute)
		var pendings []string
		for range 8 {
			p, err := w.SignIn(ctx, "hr", word, home)
			must(t, err)
			pendings = append(pendings, p.Token)
		}
		var won atomic.Int32
		var all sync.WaitGroup
		for _, p := range pendings {
			all.Go(func() {
				var throttled *accounts.ThrottledError // the tries that came too late count as wrong codes
				if _, err := w.Second(ctx, p, text, home); err == nil {
					won.Add(1)
				} else if !errors.Is(err, accounts.ErrCode) && !errors.As(err, &throttled) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d sign-ins with one code", won.Load())
		}
	}
	p, err := w.SignIn(ctx, "hr", word, home)
	must(t, err)
	if _, err := w.Second(ctx, p.Token, strings.ToLower(strings.ReplaceAll(recovery[4], "-", " ")), home); err != nil {
		t.Errorf("a recovery code typed otherwise: %v", err)
	}
}

func TestWrongCodesAreCounted(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.create("hr", accounts.HR)
	w.enrol(w.enter("hr"))
	wrong := 0
	for range 2 {
		p, err := w.SignIn(ctx, "hr", word, home)
		must(t, err)
		for range 5 {
			if _, err := w.Second(ctx, p.Token, fmt.Sprintf("00000%d", wrong), home); !errors.Is(err, accounts.ErrCode) {
				t.Fatalf("wrong code %d: %v", wrong, err)
			}
			wrong++
		}
		if _, err := w.Second(ctx, p.Token, "000000", home); !errors.Is(err, accounts.ErrNoSession) {
			t.Errorf("a sixth code: %v", err)
		}
	}
	p, err := w.SignIn(ctx, "hr", word, away)
	must(t, err) // the password was never wrong
	var throttled *accounts.ThrottledError
	if _, err := w.Second(ctx, p.Token, "000000", away); !errors.As(err, &throttled) {
		t.Errorf("the eleventh code: %v", err)
	}
}

func TestSecondFactorIsRemoved(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.create("hr", accounts.HR)
	token, secret, _ := w.enrol(w.enter("hr"))
	if _, err := w.DisableTOTP(ctx, token, "000000"); !errors.Is(err, accounts.ErrCode) {
		t.Error(err)
	}
	w.advance(time.Minute)
	fresh, err := w.DisableTOTP(ctx, token, code(t, secret, w.time()))
	must(t, err)
	w.dead(token)
	if s, _, err := w.Session(fresh); err != nil || s.Step != accounts.Enrol {
		t.Errorf("got %+v, %v", s, err)
	}
	token, _, _ = w.enrol(fresh)
	must(t, w.ResetTOTP(ctx, "root", "hr"))
	w.dead(token)
	if p, err := w.SignIn(ctx, "hr", word, home); err != nil || p.Step != accounts.Enrol {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestKeyOfAnotherDirectoryOpensNothing(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.create("hr", accounts.HR)
	_, secret, _ := w.enrol(w.enter("hr"))
	w.advance(time.Minute)
	p, err := w.SignIn(ctx, "hr", word, home)
	must(t, err)
	key := filepath.Join(w.dir, "accounts", "key")
	must(t, os.WriteFile(key, []byte(strings.Repeat("ab", 32)+"\n"), 0o600))
	if _, err := w.Second(ctx, p.Token, code(t, secret, w.time()), home); err == nil || !strings.Contains(err.Error(), "restore the key") {
		t.Errorf("another key: %v", err)
	}
	must(t, os.Remove(key))
	if _, err := w.Second(ctx, p.Token, code(t, secret, w.time()), home); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("no key: %v", err)
	}
	if _, err := os.Stat(key); !errors.Is(err, os.ErrNotExist) {
		t.Error("a new key was made that opens nothing")
	}
}

func TestIdentities(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.create("li")
	w.create("hr", accounts.HR)
	wecom, oidc := accounts.Identity{Issuer: "wecom:ww1", Subject: "LiJing"}, accounts.Identity{Issuer: "https://id.example", Subject: "LiJing"}
	must(t, w.Link(ctx, "root", "li", wecom))
	must(t, w.Link(ctx, "root", "li", wecom))
	must(t, w.Link(ctx, "root", "hr", oidc))
	problem(t, w.Link(ctx, "root", "hr", wecom), "identity", accounts.Taken)
	problem(t, w.Link(ctx, "root", "hr", accounts.Identity{Issuer: "x"}), "identity", accounts.Missing)
	if p, err := w.SignInWith(ctx, wecom, home); err != nil || p.Login != "li" || p.Step != accounts.Done {
		t.Errorf("got %+v, %v", p, err)
	}
	w.enrol(w.enter("hr"))
	if p, err := w.SignInWith(ctx, oidc, home); err != nil || p.Step != accounts.EnterCode {
		t.Errorf("the second factor: %+v, %v", p, err)
	}
	if _, err := w.SignInWith(ctx, accounts.Identity{Issuer: "https://id.example", Subject: "lijing"}, home); !errors.Is(err, accounts.ErrNotLinked) {
		t.Error(err)
	}
	must(t, w.Disable(ctx, "root", "li"))
	if _, err := w.SignInWith(ctx, wecom, home); !errors.Is(err, accounts.ErrNotLinked) {
		t.Errorf("a disabled account: %v", err)
	}
}

func TestAPITokens(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.create("li")
	_, _, err := w.CreateToken(ctx, "li", "li", "x", nil, start)
	problem(t, err, "expiry", accounts.OutOfRange)
	_, _, err = w.CreateToken(ctx, "li", "li", "x", nil, start.Add(367*24*time.Hour))
	problem(t, err, "expiry", accounts.OutOfRange)
	_, _, err = w.CreateToken(ctx, "li", "li", " ", nil, start.Add(time.Hour))
	problem(t, err, "token", accounts.Missing)
	_, _, err = w.CreateToken(ctx, "li", "li", "x", []string{"a\nb"}, start.Add(time.Hour))
	problem(t, err, "scope", accounts.BadCharacter)
	raw, made, err := w.CreateToken(ctx, "li", "LI", "nightly", []string{"kpi:read"}, start.Add(48*time.Hour))
	must(t, err)
	if !strings.HasPrefix(raw, "pl_") || len(raw) != 46 || made.Login != "li" {
		t.Errorf("made %q, %+v", raw, made)
	}
	w.advance(time.Hour)
	got, a, err := w.Token(raw)
	if err != nil || a.Login != "li" || !slices.Equal(got.Scopes, []string{"kpi:read"}) || !got.Used.Equal(w.time()) {
		t.Errorf("got %+v, %v", got, err)
	}
	w.reopen()
	if list := w.Tokens("li"); len(list) != 1 || !list[0].Used.Equal(start.Add(time.Hour)) || list[0].ID != made.ID {
		t.Errorf("after a restart: %+v", list)
	}
	must(t, w.Disable(ctx, "root", "li"))
	refuse := func(name, raw string) {
		t.Helper()
		if _, _, err := w.Token(raw); !errors.Is(err, accounts.ErrNoToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	refuse("disabled", raw)
	must(t, w.Enable(ctx, "root", "li"))
	w.advance(47 * time.Hour)
	refuse("expired", raw)
	raw, made, err = w.CreateToken(ctx, "li", "li", "next", nil, w.time().Add(time.Hour))
	must(t, err)
	must(t, w.RevokeToken(ctx, "li", "li", made.ID))
	refuse("revoked", raw)
	refuse("of a session", w.enter("li"))
	refuse("empty", "")
	if err := w.RevokeToken(ctx, "li", "li", made.ID); !errors.Is(err, accounts.ErrNoToken) {
		t.Error(err)
	}
}

// Everything at once: the race detector looks for what no assertion finds.
func TestEverythingAtOnce(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.create("li")
	w.create("root", accounts.Admin)
	session := w.enter("li")
	raw, _, err := w.CreateToken(ctx, "li", "li", "x", nil, start.Add(time.Hour))
	must(t, err)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				w.advance(time.Second)
				_, _, _ = w.Session(session)
				_, _, _ = w.Token(raw)
				_ = w.Sessions("li")
				_ = w.List()
			}
		})
		all.Go(func() {
			if _, err := w.Create(ctx, "root", accounts.New{Login: fmt.Sprintf("new%d", i)}); err != nil {
				t.Error(err)
			}
			if err := w.SetProfile(ctx, "root", "li", fmt.Sprint("name ", i), "E-li", ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.alive(session)
	if n := len(w.List()); n != 10 {
		t.Errorf("%d accounts, want 10", n)
	}
}

func BenchmarkSession(b *testing.B) {
	w := newWorld(b)
	w.create("li")
	token := w.enter("li")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := w.Session(token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignIn(b *testing.B) {
	w := newWorld(b)
	w.create("li")
	for b.Loop() {
		if _, err := w.SignIn(b.Context(), "li", word, home); err != nil {
			b.Fatal(err)
		}
	}
}
