package accounts

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
)

// When sessions end.
const (
	idleLife        = 8 * time.Hour
	idleGuarded     = time.Hour // of those who see or change what is everybody's
	absoluteLife    = 12 * time.Hour
	sessionsEach    = 20 // of one account; the one longest unseen ends
	maxAgent        = 120
	seenGrain       = 30 * time.Second // how exactly it is known when a session was seen
	keepingInterval = 3 * time.Second  // how often sessions.json is written at most
)

// digest is the SHA-256 of a secret, which is all that is kept of it.
type digest [sha256.Size]byte

func digestOf(secret string) digest {
	if len(secret) > 64 {
		return sha256.Sum256([]byte(secret))
	}
	var b [64]byte // keeps the copy off the heap
	return sha256.Sum256(b[:copy(b[:], secret)])
}

// newSecret gives 256 random bits in 43 characters.
func newSecret() string { return base64.RawURLEncoding.EncodeToString(random(32)) }

// Session is what may be told of one.
type Session struct {
	ID           string // names it among those of its account, and opens nothing
	Login        string
	Created      time.Time
	Seen         time.Time // to half a minute
	Expires      time.Time // at the latest
	Address      netip.Addr
	Agent        string // user agent, cut
	SecondFactor bool   // it was proved
	Step         Step   // nothing but this may be done; Done: everything
}

// session is what is kept of one. All but seen stays as it was made.
type session struct {
	Digest  string     `json:"sha256"`
	Login   string     `json:"login"`
	Epoch   int64      `json:"epoch"`
	Created time.Time  `json:"created"`
	LastAt  time.Time  `json:"seen"` // as of writing
	Address netip.Addr `json:"address"`
	Agent   string     `json:"agent"`
	Second  bool       `json:"second_factor"`

	seen atomic.Int64 // Unix nanoseconds
}

// alive tells whether the session counts for the account at a time.
func (k *session) alive(r *record, now time.Time) bool {
	if r == nil || r.Disabled || r.Epoch != k.Epoch {
		return false
	}
	idle := idleLife
	if r.privileged() {
		idle = idleGuarded
	}
	return now.Sub(k.Created) < absoluteLife && now.UnixNano()-k.seen.Load() < int64(idle)
}

func (k *session) told(r *record) Session {
	return Session{ID: k.Digest[:12], Login: k.Login, Created: k.Created, Seen: time.Unix(0, k.seen.Load()).UTC(), Expires: k.Created.Add(absoluteLife),
		Address: k.Address, Agent: k.Agent, SecondFactor: k.Second, Step: r.step(k.Second)}
}

// NewSession signs somebody in: it uses up a Pending that needs no code any more and gives the token of the session, a secret for the cookie. The session may
// still be restricted: see Session.Step.
func (s *Store) NewSession(ctx context.Context, pendingToken string, from netip.Addr, agent string) (token string, _ Session, err error) {
	p, r, err := s.pendingOf(pendingToken)
	if err != nil {
		return "", Session{}, err
	}
	if r.step(p.second) == EnterCode {
		return "", Session{}, fmt.Errorf("sign in %s: %w", p.login, ErrCode)
	}
	if !s.takePending(pendingToken) {
		return "", Session{}, ErrNoSession
	}
	now := s.opt.Now().UTC()
	if err := s.opt.Log(ctx, Change{At: now, Actor: p.login, Kind: "session.created", Login: p.login, Address: from}); err != nil {
		return "", Session{}, fmt.Errorf("sign in %s: it could not be logged: %w", p.login, err)
	}
	token = newSecret()
	k := &session{Login: p.login, Epoch: p.epoch, Created: now, Address: from, Agent: cutAgent(agent), Second: p.second}
	k.seen.Store(now.UnixNano())
	s.mu.Lock()
	s.admit(k, token, now)
	s.mu.Unlock()
	s.keepSoon()
	return token, k.told(r), nil
}

// takePending uses a sign-in up; only one caller gets it.
func (s *Store) takePending(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := digestOf(token)
	_, there := s.pending[d]
	delete(s.pending, d)
	return there && !s.closed
}

// admit puts a session among the others, and drops what is dead or too much of the same account. The caller holds mu.
func (s *Store) admit(k *session, token string, now time.Time) {
	var own []*session
	for d, other := range s.sessions {
		if other.Login != k.Login {
			continue
		}
		if !other.alive(s.accounts[k.Login], now) {
			delete(s.sessions, d)
			continue
		}
		own = append(own, other)
	}
	slices.SortFunc(own, func(a, b *session) int { return cmp.Compare(a.seen.Load(), b.seen.Load()) })
	for len(own) >= sessionsEach {
		delete(s.sessions, own[0].digest())
		own = own[1:]
	}
	d := digestOf(token)
	k.Digest = hex.EncodeToString(d[:])
	s.sessions[d] = k
}

func (k *session) digest() (d digest) {
	_, _ = hex.Decode(d[:], []byte(k.Digest)) // made by us, or checked when it was read
	return d
}

// cutAgent makes a user agent fit for a list.
func cutAgent(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if invisible(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.Join(strings.Fields(strings.ToValidUTF8(agent[:min(len(agent), 8*maxAgent)], "")), " "))
	runes := []rune(agent)
	return string(runes[:min(len(runes), maxAgent)])
}

// Session gives the session that a token opens, and its account as it is now, or ErrNoSession. It counts as seen. While Session.Step is not Done, nothing
// but that step may be served.
func (s *Store) Session(token string) (Session, Account, error) {
	now, d := s.opt.Now(), digestOf(token)
	s.mu.RLock()
	k := s.sessions[d]
	if k == nil {
		s.mu.RUnlock()
		return Session{}, Account{}, ErrNoSession
	}
	r := s.accounts[k.Login]
	s.mu.RUnlock()
	if !k.alive(r, now) {
		return Session{}, Account{}, ErrNoSession
	}
	if at := now.UnixNano(); at-k.seen.Load() >= int64(seenGrain) {
		k.seen.Store(at)
		s.keepSoon()
	}
	return k.told(r), r.Account, nil
}

// Sessions lists the sessions of an account, the one seen last first.
func (s *Store) Sessions(login string) []Session {
	folded, err := Fold(login)
	if err != nil {
		return nil
	}
	now := s.opt.Now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.accounts[folded]
	var list []Session
	for _, k := range s.sessions {
		if k.Login == folded && k.alive(r, now) {
			list = append(list, k.told(r))
		}
	}
	slices.SortFunc(list, func(a, b Session) int { return cmp.Or(b.Seen.Compare(a.Seen), cmp.Compare(a.ID, b.ID)) })
	return list
}

// Rotate gives the session another token; the old one is dead at once. What changes an account's rights does this by itself.
func (s *Store) Rotate(token string) (fresh string, err error) {
	session, _, err := s.Session(token)
	if err != nil {
		return "", err
	}
	if fresh, err = s.renew(token, 0, session.SecondFactor); err != nil {
		return "", err
	}
	return fresh, s.keepNow() // or the old one would live again after a crash
}

// renew puts a session of another token in the place of one, and of another epoch unless that is 0. It lives no longer than the old one would have.
func (s *Store) renew(token string, epoch int64, second bool) (fresh string, err error) {
	now, d := s.opt.Now(), digestOf(token)
	fresh = newSecret()
	s.mu.Lock()
	old := s.sessions[d]
	if old == nil {
		s.mu.Unlock()
		return "", ErrNoSession
	}
	delete(s.sessions, d)
	if epoch == 0 {
		epoch = old.Epoch
	}
	k := &session{Login: old.Login, Epoch: epoch, Created: old.Created, Address: old.Address, Agent: old.Agent, Second: second}
	k.seen.Store(now.UnixNano())
	s.admit(k, fresh, now)
	s.mu.Unlock()
	s.keepSoon()
	return fresh, nil
}

// EndSession ends one session of an account, by its id: signing out, or somewhere else. It is gone from the disk too when this returns.
func (s *Store) EndSession(ctx context.Context, actor, login, id string) error {
	folded, err := Fold(login)
	if err != nil {
		return ErrNoSession
	}
	if !slices.ContainsFunc(s.Sessions(folded), func(x Session) bool { return x.ID == id }) {
		return ErrNoSession
	}
	if err := s.opt.Log(ctx, Change{At: s.opt.Now().UTC(), Actor: actor, Kind: "session.ended", Login: folded, Detail: id}); err != nil {
		return fmt.Errorf("end a session of %s: it could not be logged: %w", folded, err)
	}
	s.mu.Lock()
	for d, k := range s.sessions {
		if k.Login == folded && k.Digest[:12] == id {
			delete(s.sessions, d)
		}
	}
	s.mu.Unlock()
	return s.keepNow()
}

// EndSessions ends all sessions of an account, and all of its sign-ins that are not finished.
func (s *Store) EndSessions(ctx context.Context, actor, login string) error {
	return s.edit(ctx, actor, "session.revoked", login, "all", func(r *record) error {
		r.Epoch++
		return nil
	})
}

// keeper writes sessions.json, not too often.
type keeper struct {
	mu      sync.Mutex  // held while writing
	waiting atomic.Bool // a write is due
	timer   *time.Timer // of that write
	closed  bool
	arm     sync.Mutex // guards timer and closed
}

// keptFile is sessions.json.
type keptFile struct {
	Sessions []*session           `json:"sessions"`
	Used     map[string]time.Time `json:"tokens_used,omitempty"` // by SHA-256, hex
}

func (s *Store) sessionsPath() string { return filepath.Join(s.dir, "sessions.json") }

// keepSoon has what changed written within a few seconds.
func (s *Store) keepSoon() {
	if !s.keeping.waiting.CompareAndSwap(false, true) {
		return
	}
	s.keeping.arm.Lock()
	defer s.keeping.arm.Unlock()
	if s.keeping.closed {
		return
	}
	s.keeping.timer = time.AfterFunc(keepingInterval, func() {
		if err := s.keepNow(); err != nil && !errors.Is(err, ErrClosed) {
			s.opt.Notice(fmt.Sprintf("people will have to sign in again after a restart: %v", err))
		}
	})
}

// keepNow writes sessions.json, unless the store is closed: another process may have it by then.
func (s *Store) keepNow() error {
	s.keeping.mu.Lock()
	defer s.keeping.mu.Unlock()
	s.keeping.arm.Lock()
	closed := s.keeping.closed
	s.keeping.arm.Unlock()
	if closed {
		return ErrClosed
	}
	return s.keep()
}

// keep writes sessions.json. The caller holds keeping.mu.
func (s *Store) keep() error {
	s.keeping.waiting.Store(false) // what changes from here on is written by the next one
	content, err := json.Marshal(s.kept())
	if err == nil {
		err = writePrivate(s.sessionsPath(), append(content, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the sessions: %w", err)
	}
	return nil
}

// kept gathers what is alive.
func (s *Store) kept() keptFile {
	now := s.opt.Now()
	f := keptFile{Sessions: []*session{}, Used: map[string]time.Time{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	for d, k := range s.sessions {
		if !k.alive(s.accounts[k.Login], now) {
			delete(s.sessions, d)
			continue
		}
		f.Sessions = append(f.Sessions, &session{Digest: k.Digest, Login: k.Login, Epoch: k.Epoch, Created: k.Created, LastAt: time.Unix(0, k.seen.Load()).UTC(),
			Address: k.Address, Agent: k.Agent, Second: k.Second})
	}
	slices.SortFunc(f.Sessions, func(a, b *session) int { return cmp.Compare(a.Digest, b.Digest) })
	for _, t := range s.tokens {
		if at := t.token.used.Load(); at != 0 {
			f.Used[t.token.Hash] = time.Unix(0, at).UTC()
		}
	}
	return f
}

// loadSessions reads the sessions of before. A file that cannot be read costs nothing but signing in again, so it is told and left behind.
func (s *Store) loadSessions() error {
	content, err := readPrivate(s.sessionsPath())
	if err != nil || content == nil {
		return err
	}
	f, err := parseSessions(content)
	if err != nil {
		s.opt.Notice(fmt.Sprintf("everybody has to sign in again: read %s: %v", s.sessionsPath(), err))
		return nil
	}
	now := s.opt.Now()
	for _, k := range f.Sessions {
		k.seen.Store(k.LastAt.UnixNano())
		if k.alive(s.accounts[k.Login], now) {
			s.sessions[k.digest()] = k
		}
	}
	for _, t := range s.tokens {
		if at, ok := f.Used[t.token.Hash]; ok {
			t.token.used.Store(at.UnixNano())
		}
	}
	return nil
}

func parseSessions(content []byte) (keptFile, error) {
	var f keptFile
	dec := json.NewDecoder(bytes.NewReader(content))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return keptFile{}, err
	}
	for _, k := range f.Sessions {
		if k == nil {
			return keptFile{}, errors.New("a session is null")
		}
		if b, err := hex.DecodeString(k.Digest); err != nil || len(b) != sha256.Size || hex.EncodeToString(b) != k.Digest {
			return keptFile{}, errors.New("a session has no SHA-256")
		}
	}
	return f, nil
}

// closeSessions writes the last time.
func (s *Store) closeSessions() error {
	s.keeping.arm.Lock()
	s.keeping.closed = true
	if s.keeping.timer != nil {
		s.keeping.timer.Stop()
	}
	s.keeping.arm.Unlock()
	s.keeping.mu.Lock()
	defer s.keeping.mu.Unlock()
	return s.keep()
}
