package accounts_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/accounts"
)

var (
	home  = netip.MustParseAddr("192.0.2.7")
	away  = netip.MustParseAddr("198.51.100.9")
	start = time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
)

// world is a store with a clock that tests move and a log that they read.
type world struct {
	*accounts.Store
	t    testing.TB
	dir  string
	now  atomic.Int64
	mu   sync.Mutex
	log  []accounts.Change
	fail atomic.Pointer[error] // what the log fails with
	demo bool
	said []string
}

func (w *world) advance(d time.Duration) { w.now.Add(int64(d)) }

func (w *world) time() time.Time { return time.Unix(0, w.now.Load()).UTC() }

func (w *world) options() accounts.Options {
	return accounts.Options{Now: w.time, Demo: w.demo, Notice: func(s string) { w.said = append(w.said, s) }, Log: func(_ context.Context, c accounts.Change) error {
		if err := w.fail.Load(); err != nil {
			return *err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.log = append(w.log, c)
		return nil
	}}
}

func (w *world) kinds() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var kinds []string
	for _, c := range w.log {
		kinds = append(kinds, c.Kind)
	}
	return kinds
}

// reopen closes the store and opens it again, as a restart does.
func (w *world) reopen() {
	w.t.Helper()
	if err := w.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open()
}

func (w *world) open() {
	w.t.Helper()
	s, err := accounts.Open(w.dir, w.options())
	if err != nil {
		w.t.Fatal(err)
	}
	w.Store = s
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.now.Store(start.UnixNano())
	w.open()
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

const word = "correct horse 电池"

func (w *world) create(login string, roles ...accounts.Role) {
	w.t.Helper()
	if _, err := w.Create(w.t.Context(), "root", accounts.New{Login: login, Employee: "E-" + login, Roles: roles}); err != nil {
		w.t.Fatal(err)
	}
	token, _, err := w.ResetToken(w.t.Context(), "root", login)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.Reset(w.t.Context(), token, word); err != nil {
		w.t.Fatal(err)
	}
}

// enter signs somebody in by password and gives the session token.
func (w *world) enter(login string) string {
	w.t.Helper()
	p, err := w.SignIn(w.t.Context(), login, word, home)
	if err != nil {
		w.t.Fatal(err)
	}
	token, _, err := w.NewSession(w.t.Context(), p.Token, home, "Mozilla/5.0")
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// code is the code of RFC 6238 at a time, computed apart from the package.
func code(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	o := sum[19] & 15
	return fmt.Sprintf("%06d", (uint32(sum[o])&127<<24|uint32(sum[o+1])<<16|uint32(sum[o+2])<<8|uint32(sum[o+3]))%1000000)
}

// enrol gives somebody who is signed in a second factor.
func (w *world) enrol(token string) (fresh, secret string, recovery []string) {
	w.t.Helper()
	e, err := w.EnrolTOTP(w.t.Context(), token, "准绳")
	if err != nil {
		w.t.Fatal(err)
	}
	fresh, recovery, err = w.ConfirmTOTP(w.t.Context(), token, code(w.t, e.Secret, w.time()))
	if err != nil {
		w.t.Fatal(err)
	}
	return fresh, e.Secret, recovery
}

func (w *world) dead(tokens ...string) {
	w.t.Helper()
	for i, token := range tokens {
		if _, _, err := w.Session(token); !errors.Is(err, accounts.ErrNoSession) {
			w.t.Errorf("session %d still opens: %v", i, err)
		}
	}
}

func (w *world) alive(tokens ...string) {
	w.t.Helper()
	for i, token := range tokens {
		if _, _, err := w.Session(token); err != nil {
			w.t.Errorf("session %d: %v", i, err)
		}
	}
}

func problem(t *testing.T, err error, field string, want accounts.Problem) {
	t.Helper()
	var e *accounts.InputError
	if !errors.As(err, &e) || e.Field != field || e.Problem != want {
		t.Errorf("got %v, want %s %s", err, field, want)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{"Zhang.San": "zhang.san", " ＬＩ＿４２ ": "li_42", "STRASSE": "strasse", "Straße": "strasse", "张三": "张三", "a@b.cn": "a@b.cn", "ﬁ": "fi"} {
		if got, err := accounts.Fold(in); err != nil || got != want {
			t.Errorf("Fold(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	bad := []string{"zh ang", "a\x00b", "a\u200bb", "\u202eabc", "a\u3164b", "a\u00adb", "-abc", ".a", "a/b", "a\nb", "a\u2800", "a\ufe0f", "a\u034fb", "a:b", "<b>", "a\xffb"}
	for _, in := range bad {
		if got, err := accounts.Fold(in); err == nil {
			t.Errorf("Fold(%q) = %q, want an error", in, got)
		}
	}
	_, err := accounts.Fold(strings.Repeat("a", 65))
	problem(t, err, "login", accounts.TooLong)
	_, err = accounts.Fold(" ")
	problem(t, err, "login", accounts.Missing)
}

func TestAccountsSurviveAndAreUnique(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	must(t, w.CreateAll(ctx, "root", []accounts.New{
		{Login: "Li.Jing", Name: "李静", Employee: "1001", Roles: []accounts.Role{accounts.Finance, accounts.HR, accounts.HR}, Language: "zh"},
		{Login: "wang", Name: "王五"},
	}))
	_, err := w.Create(ctx, "root", accounts.New{Login: "ＬＩ.jing"})
	problem(t, err, "login", accounts.Taken)
	_, err = w.Create(ctx, "root", accounts.New{Login: "li2", Employee: "1001"})
	problem(t, err, "employee", accounts.Taken)
	_, err = w.Create(ctx, "root", accounts.New{Login: "x", Roles: []accounts.Role{"owner"}})
	problem(t, err, "role", accounts.Unknown)
	_, err = w.Create(ctx, "root", accounts.New{Login: "x", Roles: []accounts.Role{accounts.Employee}})
	problem(t, err, "role", accounts.Unknown)
	_, err = w.Create(ctx, "root", accounts.New{Login: "x", Language: "de"})
	problem(t, err, "language", accounts.Unknown)
	_, err = w.Create(ctx, "root", accounts.New{Login: "x", Name: "a\u202eb"})
	problem(t, err, "name", accounts.BadCharacter)
	if err := w.CreateAll(ctx, "root", []accounts.New{{Login: "zhao"}, {Login: "WANG"}}); err == nil {
		t.Error("a taken login among many was accepted")
	}
	want := []accounts.Account{
		{Login: "li.jing", Name: "李静", Employee: "1001", Roles: []accounts.Role{accounts.HR, accounts.Finance}, Language: "zh", Created: start, Changed: start},
		{Login: "wang", Name: "王五", Created: start, Changed: start},
	}
	for range 2 {
		if diff := cmp.Diff(want, w.List()); diff != "" {
			t.Errorf("accounts (-want +got):\n%s", diff)
		}
		w.reopen()
	}
	a, err := w.Get("LI.JING")
	if err != nil || !a.Has(accounts.Employee) || !a.Has(accounts.HR) || a.Has(accounts.Admin) || !a.Guarded() {
		t.Errorf("got %+v, %v", a, err)
	}
	var none *accounts.NoAccountError
	if _, err := w.Get("zhao"); !errors.As(err, &none) {
		t.Errorf("an account of a refused list: %v", err)
	}
}

func TestFilesOpenToOthersAreRefused(t *testing.T) {
	for _, name := range []string{"accounts.json", "sessions.json", "key", "setup"} {
		dir := t.TempDir()
		must(t, os.MkdirAll(filepath.Join(dir, "accounts"), 0o700))
		path := filepath.Join(dir, "accounts", name)
		must(t, os.WriteFile(path, []byte("{}"), 0o600))
		must(t, os.Chmod(path, 0o640))
		w := &world{t: t, dir: dir}
		_, err := accounts.Open(dir, w.options())
		var mode *accounts.ModeError
		if !errors.As(err, &mode) || mode.Path != path || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := newWorld(t)
	w.create("li", accounts.HR)
	token := w.enter("li")
	w.enrol(token)
	must(t, w.Close())
	files, err := os.ReadDir(filepath.Join(w.dir, "accounts"))
	must(t, err)
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s was written %v, %v", f.Name(), info.Mode(), err)
		}
	}
	if len(files) != 4 { // accounts.json, sessions.json, key, lock
		t.Errorf("files: %v", files)
	}
	must(t, os.Chmod(filepath.Join(w.dir, "accounts"), 0o777))
	if _, err := accounts.Open(w.dir, w.options()); err == nil {
		t.Error("a folder that everybody may write to was accepted")
	}
	must(t, os.Chmod(filepath.Join(w.dir, "accounts"), 0o700))
	w.open()
}

func TestDamagedFilesAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"cut":           `{"version": 1, "accounts": [`,
		"later version": `{"version": 2}`,
		"unknown key":   `{"version": 1, "owner": 1}`,
		"two of a kind": `{"version": 1, "accounts": [{"login": "a"}, {"login": "a"}]}`,
		"no login":      `{"version": 1, "accounts": [{"login": "A"}]}`,
		"foreign hash":  `{"version": 1, "accounts": [{"login": "a", "password": "$2y$10$abc"}]}`,
		"dear hash":     `{"version": 1, "accounts": [{"login": "a", "password": "$argon2id$v=19$m=4194304,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}`,
		"foreign role":  `{"version": 1, "accounts": [{"login": "a", "roles": ["root"]}]}`,
		"null":          `{"version": 1, "accounts": [null]}`,
		"more":          `{"version": 1} {}`,
		"empty":         ``,
	} {
		dir := t.TempDir()
		must(t, os.MkdirAll(filepath.Join(dir, "accounts"), 0o700))
		must(t, os.WriteFile(filepath.Join(dir, "accounts", "accounts.json"), []byte(text), 0o600))
		w := &world{t: t, dir: dir}
		if s, err := accounts.Open(dir, w.options()); err == nil {
			t.Errorf("%s: accepted", name)
			must(t, s.Close())
		}
	}
}

func TestSecondProcessIsKeptOut(t *testing.T) {
	w := newWorld(t)
	if _, err := accounts.Open(w.dir, w.options()); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("opened twice: %v", err)
	}
	w.reopen()
	must(t, w.Close())
	if _, err := w.Create(t.Context(), "root", accounts.New{Login: "li"}); !errors.Is(err, accounts.ErrClosed) {
		t.Errorf("created in a closed store: %v", err)
	}
	w.open()
}

func TestChangeThatCannotBeLoggedIsNone(t *testing.T) {
	w := newWorld(t)
	w.create("li")
	w.create("root", accounts.Admin)
	ctx := t.Context()
	must(t, w.Link(ctx, "root", "li", accounts.Identity{Issuer: "https://id", Subject: "1"}))
	session := w.enter("li")
	raw, api, err := w.CreateToken(ctx, "li", "li", "nightly", nil, start.Add(time.Hour))
	must(t, err)
	reset, _, err := w.ResetToken(ctx, "root", "li")
	must(t, err)
	before, _ := os.ReadFile(filepath.Join(w.dir, "accounts", "accounts.json"))
	full := errors.New("the disk is full")
	w.fail.Store(&full)
	first, _ := w.Session1(session)
	for name, call := range map[string]func() error{
		"create":        func() error { _, err := w.Create(ctx, "root", accounts.New{Login: "wang"}); return err },
		"create all":    func() error { return w.CreateAll(ctx, "root", []accounts.New{{Login: "wang"}}) },
		"profile":       func() error { return w.SetProfile(ctx, "root", "li", "x", "9", "") },
		"disable":       func() error { return w.Disable(ctx, "root", "li") },
		"erase":         func() error { return w.Erase(ctx, "root", "li") },
		"grant":         func() error { return w.Grant(ctx, "root", "li", accounts.HR) },
		"revoke":        func() error { return w.Revoke(ctx, "root", "root", accounts.Admin) },
		"password":      func() error { return w.SetPassword(ctx, "root", "li", "another long one") },
		"own password":  func() error { _, err := w.ChangePassword(ctx, session, word, "another long one"); return err },
		"reset offered": func() error { _, _, err := w.ResetToken(ctx, "root", "li"); return err },
		"reset":         func() error { _, err := w.Reset(ctx, reset, "another long one"); return err },
		"link":          func() error { return w.Link(ctx, "root", "li", accounts.Identity{Issuer: "a", Subject: "b"}) },
		"unlink": func() error {
			return w.Unlink(ctx, "root", "li", accounts.Identity{Issuer: "https://id", Subject: "1"})
		},
		"enrol":           func() error { _, err := w.EnrolTOTP(ctx, session, "x"); return err },
		"token":           func() error { _, _, err := w.CreateToken(ctx, "li", "li", "x", nil, start.Add(time.Hour)); return err },
		"revoke token":    func() error { return w.RevokeToken(ctx, "li", "li", api.ID) },
		"end session":     func() error { return w.EndSession(ctx, "li", "li", first) },
		"end sessions":    func() error { return w.EndSessions(ctx, "li", "li") },
		"refused sign-in": func() error { _, err := w.SignIn(ctx, "li", "wrong wrong wrong", home); return err },
		"session": func() error {
			p, err := w.SignIn(ctx, "li", word, home)
			if err != nil {
				return err
			}
			_, _, err = w.NewSession(ctx, p.Token, home, "")
			return err
		},
	} {
		err := call()
		if name == "revoke" && errors.Is(err, accounts.ErrLastAdmin) {
			continue
		}
		if !errors.Is(err, full) {
			t.Errorf("%s: %v, want the log's error", name, err)
		}
	}
	w.fail.Store(nil)
	after, _ := os.ReadFile(filepath.Join(w.dir, "accounts", "accounts.json"))
	if diff := cmp.Diff(string(before), string(after)); diff != "" {
		t.Errorf("the file was changed:\n%s", diff)
	}
	w.alive(session)
	if _, _, err := w.Token(raw); err != nil {
		t.Error(err)
	}
	if a, err := w.Get("li"); err != nil || a.Disabled || len(a.Identities) != 1 || len(a.Roles) != 0 {
		t.Errorf("got %+v, %v", a, err)
	}
}

// Session1 gives the id of the session that a token opens.
func (w *world) Session1(token string) (string, error) {
	s, _, err := w.Session(token)
	return s.ID, err
}

func TestLogHoldsNoSecret(t *testing.T) {
	w := newWorld(t)
	setup, _, err := w.SetUp()
	must(t, err)
	ctx := t.Context()
	_, err = w.FirstAdmin(ctx, setup, "root", word)
	must(t, err)
	w.create("li", accounts.HR)
	reset, _, err := w.ResetToken(ctx, "root", "li")
	must(t, err)
	session := w.enter("li")
	fresh, secret, recovery := w.enrol(session)
	raw, _, err := w.CreateToken(ctx, "li", "li", "nightly", []string{"read"}, start.Add(time.Hour))
	must(t, err)
	_, _ = w.SignIn(ctx, "my password in the wrong field", "", home)
	_, _ = w.SignIn(ctx, "unknownpassword", "", home)
	must(t, w.Close())
	secrets := append([]string{word, setup, reset, session, fresh, secret, raw, "wrong field", "unknownpassword"}, recovery...)
	for _, c := range w.log {
		for _, s := range secrets {
			if strings.Contains(fmt.Sprintf("%+v", c), s) {
				t.Errorf("the log holds %q: %+v", s, c)
			}
		}
	}
	for _, name := range []string{"accounts.json", "sessions.json"} {
		text, err := os.ReadFile(filepath.Join(w.dir, "accounts", name))
		must(t, err)
		for _, s := range secrets {
			if strings.Contains(string(text), s) {
				t.Errorf("%s holds %q", name, s)
			}
		}
	}
	w.open()
	for _, kind := range []string{"setup.done", "account.created", "password.reset_offered", "password.reset", "session.created", "second_factor.enrolled", "token.created", "signin.refused"} {
		if !slices.Contains(w.kinds(), kind) {
			t.Errorf("%s was not logged: %v", kind, w.kinds())
		}
	}
}

func TestPasswordPolicy(t *testing.T) {
	w := newWorld(t)
	try := func(password string) error {
		_, err := w.Create(t.Context(), "root", accounts.New{Login: "zhangsan", Name: "张三丰真人", Employee: "E10017", Password: password})
		return err
	}
	for password, want := range map[string]accounts.Problem{
		"short 9xx": accounts.TooShort, "密码很短": accounts.TooShort, strings.Repeat("长", 257): accounts.TooLong, strings.Repeat("x", 1<<20): accounts.TooLong, "abc\x00defghijk": accounts.BadCharacter,
		"1234567890": accounts.TooCommon, "Password2026!": accounts.TooCommon, "qwertyuiop": accounts.TooCommon, "aaaaaaaaaaaa": accounts.TooCommon, "abcdefghijkl": accounts.TooCommon,
		"woaini1314520": accounts.TooCommon, "123456789012": accounts.TooCommon, "ｐａｓｓｗｏｒｄ１２３４": accounts.TooCommon, "ababababab": accounts.TooCommon,
		"zhangsan2026": accounts.TooPersonal, "ZhangSan!!": accounts.TooPersonal, "张三丰真人12345": accounts.TooPersonal, "zhangsanzhangsan": accounts.TooPersonal, "e10017e10017": accounts.TooPersonal,
	} {
		problem(t, try(password), "password", want)
	}
	must(t, try("梧桐 更兼 细雨 到黄昏"))
	if a, _ := w.Get("zhangsan"); !a.MustChange {
		t.Error("a password that somebody else has typed need not be changed")
	}
}

func TestSignInTellsNothing(t *testing.T) {
	w := newWorld(t)
	w.create("li")
	w.create("gone")
	ctx := t.Context()
	must(t, w.Disable(ctx, "root", "gone"))
	must(t, w.CreateAll(ctx, "root", []accounts.New{{Login: "nopassword"}}))
	texts := map[string]bool{}
	for _, try := range [][2]string{{"li", "wrong wrong wrong"}, {"nobody", word}, {"gone", word}, {"nopassword", ""}, {"bad login\x00", word}, {"", ""}, {"li", strings.Repeat("x", 1<<20)}} {
		_, err := w.SignIn(ctx, try[0], try[1], home)
		if !errors.Is(err, accounts.ErrCredentials) {
			t.Fatalf("%q: %v", try[0], err)
		}
		texts[err.Error()] = true
	}
	if len(texts) != 1 {
		t.Errorf("errors differ: %v", texts)
	}
	if p, err := w.SignIn(ctx, "ＬＩ", word, home); err != nil || p.Step != accounts.Done || p.Login != "li" {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestTriesAreCounted(t *testing.T) {
	w := newWorld(t)
	w.create("li")
	w.create("wang")
	ctx := t.Context()
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}) }
	for i := range 10 { // from ten addresses
		if _, err := w.SignIn(ctx, "li", "wrong wrong wrong", addr(i)); !errors.Is(err, accounts.ErrCredentials) {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	var throttled *accounts.ThrottledError
	wait := time.Duration(0)
	for range 6 {
		if _, err := w.SignIn(ctx, "li", word, addr(11)); !errors.As(err, &throttled) || throttled.RetryAfter <= wait {
			t.Fatalf("after %s: %v", wait, err)
		}
		wait = throttled.RetryAfter
		w.advance(wait)
		if _, err := w.SignIn(ctx, "li", "wrong wrong wrong", addr(11)); !errors.Is(err, accounts.ErrCredentials) {
			t.Fatal(err)
		}
	}
	if wait > 15*time.Minute {
		t.Errorf("waits grow to %s", wait)
	}
	if _, err := w.SignIn(ctx, "wang", word, addr(12)); err != nil {
		t.Errorf("another account waits too: %v", err)
	}
	w.advance(15 * time.Minute)
	if _, err := w.SignIn(ctx, "li", word, addr(13)); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	for i := range 10 {
		if _, err := w.SignIn(ctx, "li", "wrong wrong wrong", addr(14)); !errors.Is(err, accounts.ErrCredentials) {
			t.Fatalf("try %d after success: %v", i, err)
		}
	}
}

func TestTriesFromOneAddressAreCounted(t *testing.T) {
	w := newWorld(t)
	w.create("li")
	ctx := t.Context()
	for i := range 10 {
		from := netip.MustParseAddr(fmt.Sprintf("2001:db8:1:2::%x", i+1)) // one subscriber
		if _, err := w.SignIn(ctx, fmt.Sprintf("guess%d", i), word, from); !errors.Is(err, accounts.ErrCredentials) {
			t.Fatal(err)
		}
		if i == 4 { // an own account takes back nothing of what was tried at others
			if _, err := w.SignIn(ctx, "li", word, from); err != nil {
				t.Fatal(err)
			}
		}
	}
	var throttled *accounts.ThrottledError
	if _, err := w.SignIn(ctx, "li", word, netip.MustParseAddr("2001:db8:1:2::ffff")); !errors.As(err, &throttled) {
		t.Errorf("the eleventh try from one network: %v", err)
	}
	if _, err := w.SignIn(ctx, "li", word, netip.MustParseAddr("2001:db8:1:3::1")); err != nil {
		t.Errorf("another network: %v", err)
	}
	for i := range 30 { // an office where everybody mistypes once
		w.create(fmt.Sprintf("p%d", i))
		if _, err := w.SignIn(ctx, fmt.Sprintf("p%d", i), "wrong wrong wrong", away); !errors.Is(err, accounts.ErrCredentials) {
			t.Fatal(err)
		}
		if _, err := w.SignIn(ctx, fmt.Sprintf("p%d", i), word, away); err != nil {
			t.Fatalf("person %d: %v", i, err)
		}
	}
}

func TestParallelTriesAreMany(t *testing.T) {
	w := newWorld(t)
	w.create("li")
	var looked atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			_, err := w.SignIn(t.Context(), "li", "wrong wrong wrong", home)
			var throttled *accounts.ThrottledError
			switch {
			case errors.Is(err, accounts.ErrCredentials):
				looked.Add(1)
			case !errors.As(err, &throttled):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if looked.Load() != 10 {
		t.Errorf("%d passwords were tried at once, want 10", looked.Load())
	}
}

func TestFloodIsTurnedAway(t *testing.T) {
	w := newWorld(t)
	w.create("li")
	session := w.enter("li")
	var busy, known atomic.Int32
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			_, err := w.SignIn(t.Context(), fmt.Sprintf("guess%d", i), word, netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}))
			var b *accounts.BusyError
			switch {
			case errors.As(err, &b) && b.RetryAfter > 0:
				busy.Add(1)
			case errors.Is(err, accounts.ErrCredentials):
				known.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.alive(session)
	if busy.Load() == 0 || known.Load() == 0 {
		t.Errorf("%d were turned away, %d looked at", busy.Load(), known.Load())
	}
	if _, err := w.SignIn(t.Context(), "li", word, home); err != nil {
		t.Errorf("after the flood: %v", err)
	}
}

func TestResetTokenIsUsedOnce(t *testing.T) {
	w := newWorld(t)
	w.create("li")
	session := w.enter("li")
	ctx := t.Context()
	old, _, err := w.ResetToken(ctx, "root", "li")
	must(t, err)
	token, until, err := w.ResetToken(ctx, "root", "li")
	must(t, err)
	if !until.Equal(start.Add(15 * time.Minute)) {
		t.Errorf("it lives until %s", until)
	}
	if _, err := w.Reset(ctx, old, "another long one"); !errors.Is(err, accounts.ErrReset) {
		t.Errorf("the token before: %v", err)
	}
	_, err = w.Reset(ctx, token, "short")
	problem(t, err, "password", accounts.TooShort)
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			_, err := w.Reset(ctx, token, fmt.Sprintf("another long one %d", i))
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, accounts.ErrReset):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 50 uses won", won.Load())
	}
	w.dead(session)
	token, _, err = w.ResetToken(ctx, "root", "li")
	must(t, err)
	w.advance(15 * time.Minute)
	if _, err := w.Reset(ctx, token, "another long one"); !errors.Is(err, accounts.ErrReset) {
		t.Errorf("after 15 minutes: %v", err)
	}
	must(t, w.Disable(ctx, "root", "li"))
	if _, _, err := w.ResetToken(ctx, "root", "li"); err == nil {
		t.Error("a reset was offered for a disabled account")
	}
}

func TestSetUp(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	token, fresh, err := w.SetUp()
	if err != nil || !fresh || len(token) != 43 {
		t.Fatal(token, fresh, err)
	}
	w.reopen()
	if again, fresh, err := w.SetUp(); err != nil || fresh || again != token {
		t.Errorf("after a restart: %q %v %v", again, fresh, err)
	}
	for _, wrong := range []string{"", "x", token + "x"} {
		if _, err := w.FirstAdmin(ctx, wrong, "root", word); !errors.Is(err, accounts.ErrSetUp) {
			t.Errorf("with %q: %v", wrong, err)
		}
	}
	_, err = w.FirstAdmin(ctx, token, "root", "root root")
	problem(t, err, "password", accounts.TooShort)
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if _, err := w.FirstAdmin(ctx, token, fmt.Sprintf("root%d", i), word); err == nil {
				won.Add(1)
			} else if !errors.Is(err, accounts.ErrSetUp) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	list := w.List()
	if won.Load() != 1 || len(list) != 1 || !list[0].Has(accounts.Admin) || list[0].MustChange {
		t.Fatalf("%d won: %+v", won.Load(), list)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "accounts", "setup")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the token's file: %v", err)
	}
	must(t, os.WriteFile(filepath.Join(w.dir, "accounts", "setup"), []byte("planted\n"), 0o600))
	for range 2 {
		if token, _, err := w.SetUp(); err != nil || token != "" {
			t.Errorf("again: %q %v", token, err)
		}
		if _, err := w.FirstAdmin(ctx, "planted", "evil", word); !errors.Is(err, accounts.ErrSetUp) {
			t.Errorf("a planted token: %v", err)
		}
		w.reopen()
	}
}

func TestLastAdministratorStays(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.create("root", accounts.Admin)
	w.create("li")
	for name, err := range map[string]error{"disabled": w.Disable(ctx, "root", "root"), "revoked": w.Revoke(ctx, "root", "root", accounts.Admin), "erased": w.Erase(ctx, "root", "root")} {
		if !errors.Is(err, accounts.ErrLastAdmin) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, w.Grant(ctx, "root", "li", accounts.Admin))
	must(t, w.Erase(ctx, "li", "root"))
	if err := w.Disable(ctx, "li", "li"); !errors.Is(err, accounts.ErrLastAdmin) {
		t.Error(err)
	}
}

func TestDemoAccounts(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if _, err := w.CreateDemo(ctx, "demo", accounts.New{Login: "hr", Password: word}); err == nil {
		t.Error("made outside a demonstration")
	}
	must(t, w.Close())
	w.demo = true
	w.open()
	if _, err := w.CreateDemo(ctx, "demo", accounts.New{Login: "hr", Roles: []accounts.Role{accounts.HR}, Password: word}); err != nil {
		t.Fatal(err)
	}
	if p, err := w.SignIn(ctx, "hr", word, home); err != nil || p.Step != accounts.Done {
		t.Errorf("got %+v, %v", p, err)
	}
	must(t, w.Close())
	w.demo = false
	var demo *accounts.DemoError
	if _, err := accounts.Open(w.dir, w.options()); !errors.As(err, &demo) || !slices.Equal(demo.Logins, []string{"hr"}) {
		t.Errorf("served for real: %v", err)
	}
	w.demo = true
	w.open()
}
