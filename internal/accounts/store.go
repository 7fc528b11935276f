package accounts

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Change is what Options.Log is told before anything changes. It holds no secret.
type Change struct {
	At      time.Time
	Actor   string     // login of who does it, or what the caller gives for a command; "" for a sign-in that failed
	Kind    string     // stable, such as "account.created", "role.granted", "session.revoked"
	Login   string     // whose account it is; "" when nobody has the login that was typed
	Detail  string     // such as the role; never a secret, never what was typed into a field of secrets
	Address netip.Addr // where from, for sign-ins and sessions; else the zero Addr
}

// Options say how accounts are opened.
type Options struct {
	Now    func() time.Time                    // the clock
	Log    func(context.Context, Change) error // writes a change down for good before it counts; may be called from several goroutines, and must not call the Store
	Demo   bool                                // whether accounts of a demonstration may be here
	Notice func(string)                        // told when sessions could not be written or read; nil: dropped
}

// Store holds the accounts of one data directory. Its methods may be used from several goroutines.
type Store struct {
	dir    string
	opt    Options
	lock   *os.File
	hash   *hasher
	limits limiter

	writing sync.Mutex // held through a change: log, file, memory

	mu       sync.RWMutex
	accounts map[string]*record // by login; records are never changed, but replaced
	setUp    bool               // an account existed once
	tokens   map[digest]tokenRef
	sessions map[digest]*session
	pending  map[digest]*pending
	closed   bool

	keeping keeper // of sessions.json
}

const fileVersion = 1

// stored is accounts.json.
type stored struct {
	Version  int       `json:"version"`
	SetUp    bool      `json:"set_up"`
	Accounts []*record `json:"accounts"`
}

// Open reads the accounts of a data directory. It fails with a *ModeError when a file is open to others, with a *DemoError when accounts of a demonstration are
// there and opt does not expect them.
func Open(dir string, opt Options) (*Store, error) {
	if opt.Now == nil || opt.Log == nil {
		return nil, fmt.Errorf("open the accounts of %s: no clock or no log was given", dir)
	}
	if opt.Notice == nil {
		opt.Notice = func(string) {}
	}
	s := &Store{dir: filepath.Join(dir, "accounts"), opt: opt, hash: newHasher(queueLength), limits: limiter{counted: map[string]*tries{}},
		sessions: map[digest]*session{}, pending: map[digest]*pending{}}
	if err := makeFolder(s.dir); err != nil {
		return nil, fmt.Errorf("open the accounts: %w", err)
	}
	lock, err := takeLock(s.dir)
	if err != nil {
		return nil, fmt.Errorf("open the accounts: %w", err)
	}
	s.lock = lock
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the accounts: %w", err), releaseLock(lock))
	}
	return s, nil
}

// queueLength is how many wait for a worker that hashes: about two seconds' worth.
const queueLength = 64

func (s *Store) load() error {
	if err := clearTemporary(s.dir); err != nil {
		return err
	}
	for _, name := range []string{"key", "setup"} { // refused now rather than when they are needed
		if _, err := readPrivate(filepath.Join(s.dir, name)); err != nil {
			return err
		}
	}
	content, err := readPrivate(s.path())
	if err != nil {
		return err
	}
	s.accounts = map[string]*record{}
	if content != nil {
		if s.accounts, s.setUp, err = parse(content); err != nil {
			return fmt.Errorf("read %s: %w", s.path(), err)
		}
	}
	if err := s.refuseDemo(); err != nil {
		return err
	}
	s.tokens = indexTokens(s.accounts)
	if err := s.loadSessions(); err != nil {
		return err
	}
	if s.setUp {
		return s.dropSetUp()
	}
	return nil
}

func (s *Store) path() string { return filepath.Join(s.dir, "accounts.json") }

// parse reads accounts.json, and refuses what this package would not have written.
func parse(content []byte) (map[string]*record, bool, error) {
	dec := json.NewDecoder(bytes.NewReader(content))
	dec.DisallowUnknownFields()
	var f stored
	if err := dec.Decode(&f); err != nil {
		return nil, false, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, false, errors.New("something follows the accounts")
	}
	if f.Version != fileVersion {
		return nil, false, fmt.Errorf("version %d is not the version %d that this program knows", f.Version, fileVersion)
	}
	accounts := map[string]*record{}
	for _, r := range f.Accounts {
		if err := r.sound(); err != nil {
			return nil, false, err
		}
		if accounts[r.Login] != nil {
			return nil, false, fmt.Errorf("two accounts have the login %q", r.Login)
		}
		accounts[r.Login] = r
	}
	return accounts, f.SetUp || len(accounts) > 0, nil
}

// sound says what is wrong with a record that was read.
func (r *record) sound() error {
	if r == nil {
		return errors.New("an account is null")
	}
	if folded, err := Fold(r.Login); err != nil || folded != r.Login {
		return fmt.Errorf("%q is no login", r.Login)
	}
	for _, role := range r.Roles {
		if !slices.Contains(granted, role) {
			return fmt.Errorf("%s has the role %q, which there is not", r.Login, role)
		}
	}
	if slices.Contains(r.Tokens, nil) {
		return fmt.Errorf("%s has a token that is null", r.Login)
	}
	if r.SecondFactor != (r.TOTP != nil) {
		return fmt.Errorf("%s is said to have a second factor, or not to, and the secret says otherwise", r.Login)
	}
	if r.Password != "" {
		_, err := parsePHC(r.Password)
		return err
	}
	return nil
}

func (s *Store) refuseDemo() error {
	var logins []string
	for _, login := range slices.Sorted(maps.Keys(s.accounts)) {
		if s.accounts[login].Demo {
			logins = append(logins, login)
		}
	}
	if len(logins) > 0 && !s.opt.Demo {
		return &DemoError{Dir: s.dir, Logins: logins}
	}
	return nil
}

// Close writes the sessions down and lets the next process in.
func (s *Store) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return nil
	}
	return errors.Join(s.closeSessions(), releaseLock(s.lock))
}

// draft is what a change makes of the accounts before it counts.
type draft struct {
	accounts map[string]*record
	changes  []Change
	now      time.Time
}

// errNothing ends an edit that finds everything as it is wanted: nothing is logged, and nothing written.
var errNothing = errors.New("nothing to change")

// record gives a copy of the account that may be changed.
func (d *draft) record(login string) (*record, error) {
	folded, err := Fold(login)
	if err != nil || d.accounts[folded] == nil {
		return nil, &NoAccountError{Login: login}
	}
	r := d.accounts[folded].clone()
	r.Changed = d.now
	d.accounts[folded] = r
	return r, nil
}

func (d *draft) note(actor, kind, login, detail string) {
	d.changes = append(d.changes, Change{At: d.now, Actor: actor, Kind: kind, Login: login, Detail: detail})
}

// change edits a draft, has it logged, writes it to disk and only then makes it what counts; whatever fails, nothing counts. When the file
// cannot be written after the log has been, the log is told so with kind "change.failed".
func (s *Store) change(ctx context.Context, edit func(*draft) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.RLock()
	d := &draft{accounts: maps.Clone(s.accounts), now: s.opt.Now().UTC()}
	closed := s.closed
	s.mu.RUnlock()
	if closed {
		return ErrClosed
	}
	if err := edit(d); err != nil {
		return err
	}
	if err := s.keepsAdmin(d); err != nil {
		return err
	}
	for _, c := range d.changes {
		if err := s.opt.Log(ctx, c); err != nil {
			return fmt.Errorf("%s of %s: nothing was changed, because it could not be logged: %w", c.Kind, c.Login, err)
		}
	}
	if err := s.save(d); err != nil {
		err = fmt.Errorf("write the accounts: %w", err)
		return errors.Join(err, s.opt.Log(ctx, Change{At: d.now, Actor: d.changes[0].Actor, Kind: "change.failed", Login: d.changes[0].Login, Detail: d.changes[0].Kind}))
	}
	tokens := indexTokens(d.accounts)
	s.mu.Lock()
	s.accounts, s.tokens, s.setUp = d.accounts, tokens, true
	s.mu.Unlock()
	return nil
}

// edit changes one account and notes it as one change.
func (s *Store) edit(ctx context.Context, actor, kind, login, detail string, edit func(*record) error) error {
	return quiet(s.change(ctx, func(d *draft) error {
		r, err := d.record(login)
		if err != nil {
			return err
		}
		d.note(actor, kind, r.Login, detail)
		return edit(r)
	}))
}

// keepsAdmin refuses a change that leaves nobody who can make accounts.
func (s *Store) keepsAdmin(d *draft) error {
	admin := func(r *record) bool { return r.Has(Admin) && !r.Disabled }
	before, after := false, false
	for _, r := range s.accounts { // only change replaces it, and we are in it
		before = before || admin(r)
	}
	for _, r := range d.accounts {
		after = after || admin(r)
	}
	if before && !after {
		return ErrLastAdmin
	}
	return nil
}

func (s *Store) save(d *draft) error {
	f := stored{Version: fileVersion, SetUp: true}
	for _, login := range slices.Sorted(maps.Keys(d.accounts)) {
		f.Accounts = append(f.Accounts, d.accounts[login])
	}
	content, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err
	}
	if err := writePrivate(s.path(), append(content, '\n')); err != nil {
		return err
	}
	if !s.setUp {
		if err := s.dropSetUp(); err != nil {
			s.opt.Notice(fmt.Sprintf("the set-up token opens nothing any more, but its file stays: %v", err))
		}
	}
	return nil
}

// find gives the account in use, or nil.
func (s *Store) find(login string) *record {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.accounts[login]
}

// Get gives an account, or a *NoAccountError.
func (s *Store) Get(login string) (Account, error) {
	folded, err := Fold(login)
	if err == nil {
		if r := s.find(folded); r != nil {
			return r.Account, nil
		}
	}
	return Account{}, &NoAccountError{Login: login}
}

// List gives all accounts by login.
func (s *Store) List() []Account {
	s.mu.RLock()
	accounts := s.accounts // never changed, but replaced
	s.mu.RUnlock()
	list := make([]Account, 0, len(accounts))
	for _, r := range accounts {
		list = append(list, r.Account)
	}
	slices.SortFunc(list, func(a, b Account) int { return cmp.Compare(a.Login, b.Login) })
	return list
}
