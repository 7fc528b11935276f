package signin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"
)

// How long an attempt may take, and how many are kept.
const (
	attemptLife = 10 * time.Minute
	maxAttempts = 10_000
	minBrowser  = 16 // characters of a cookie that can be no accident
)

// Attempt is what was begun with a state. The verifier of PKCE is not kept: a provider derives it from the nonce.
type Attempt struct {
	Provider string // id
	Nonce    string
	Return   string // path within this site, safe to redirect to
}

// attempt is what is kept of one.
type attempt struct {
	Attempt
	browser [sha256.Size]byte
	until   time.Time
}

// Attempts are the sign-ins that are going on elsewhere. They live in memory only, and may be used from several goroutines.
type Attempts struct {
	now func() time.Time

	mu    sync.Mutex
	kept  map[[sha256.Size]byte]attempt // by the hash of the state
	order [][sha256.Size]byte           // the oldest first; those taken may still be in it
}

// NewAttempts gives none.
func NewAttempts(now func() time.Time) *Attempts {
	return &Attempts{now: now, kept: map[[sha256.Size]byte]attempt{}}
}

// Begin makes a state and a nonce for one browser, known by the value of a cookie of at least 16 characters that nobody can guess. returnTo is where the person
// wanted to go. When too many attempts are kept, the oldest is dropped.
func (a *Attempts) Begin(provider, browser, returnTo string) (state, nonce string, err error) {
	if len(browser) < minBrowser {
		return "", "", errors.New("begin a sign-in elsewhere: the browser has no cookie to be known by")
	}
	state, nonce = token(), token()
	now, key := a.now(), sha256.Sum256([]byte(state))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.prune(now)
	a.kept[key] = attempt{Attempt{provider, nonce, LocalPath(returnTo)}, sha256.Sum256([]byte(browser)), now.Add(attemptLife)}
	a.order = append(a.order, key)
	return state, nonce, nil
}

// prune drops what is too old, taken, or too much.
func (a *Attempts) prune(now time.Time) {
	drop := 0
	for _, key := range a.order {
		at, there := a.kept[key]
		if there && now.Before(at.until) && len(a.order)-drop < maxAttempts {
			break
		}
		delete(a.kept, key)
		drop++
	}
	a.order = a.order[drop:]
}

// Take gives what was begun with a state, to the same browser and once only. It fails with a *Failure of kind Expired.
func (a *Attempts) Take(state, browser string) (Attempt, error) {
	key, who := sha256.Sum256([]byte(state)), sha256.Sum256([]byte(browser))
	a.mu.Lock()
	defer a.mu.Unlock()
	at, there := a.kept[key]
	switch {
	case !there, !a.now().Before(at.until):
		return Attempt{}, fail(Expired, "no attempt has this state, or none any more")
	case subtle.ConstantTimeCompare(at.browser[:], who[:]) != 1:
		return Attempt{}, fail(Expired, "the attempt belongs to another browser")
	}
	delete(a.kept, key)
	return at.Attempt, nil
}

// token gives 256 random bits in letters and digits, since WeCom takes no other characters as state.
func token() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: it stops the program instead
	return hex.EncodeToString(b)
}

// LocalPath gives a path within this site, with its query, to which a browser may be redirected; "/" for everything that could lead elsewhere.
func LocalPath(s string) string {
	if len(s) > 2000 || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsFunc(s, func(r rune) bool {
		return r == '\\' || r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.IsSpace(r)
	}) {
		return "/"
	}
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" || strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\") {
		return "/"
	}
	for _, part := range strings.Split(u.Path, "/") {
		if part == ".." || part == "." { // "/..//host" is "//host" to a browser
			return "/"
		}
	}
	return s
}
