package accounts

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Step is what is asked for before a person may do anything else.
type Step string

// The steps, in the order in which they come.
const (
	Done           Step = ""         // nothing
	EnterCode      Step = "code"     // Second
	ChangePassword Step = "password" // Store.ChangePassword, since somebody else knows the password
	Enrol          Step = "enrol"    // EnrolTOTP and ConfirmTOTP, since a role needs a second factor
)

// Pending is a sign-in whose password, or identity elsewhere, was right. NewSession takes its token unless the step is EnterCode.
type Pending struct {
	Token string // secret, for the browser that has signed in
	Login string
	Step  Step
	Until time.Time
}

// How long a sign-in may stay unfinished, how many may, and how many codes it takes.
const (
	pendingLife = 10 * time.Minute
	maxPending  = 10_000
	codeTries   = 5
)

// pending is what the store keeps of a Pending.
type pending struct {
	login  string
	epoch  int64
	second bool // the second factor was proved
	wrong  int
	until  time.Time
}

// step is what an account still has to do whose session, or sign-in, has proved the second factor or not.
func (r *record) step(second bool) Step {
	switch {
	case r.TOTP != nil && !second:
		return EnterCode
	case r.MustChange:
		return ChangePassword
	case r.TOTP == nil && r.Guarded():
		return Enrol
	}
	return Done
}

// SignIn checks a login and a password from an address. It fails with ErrCredentials, which never tells what was wrong and takes as long when nobody has the
// login, with a *ThrottledError, or with a *BusyError.
func (s *Store) SignIn(ctx context.Context, login, password string, from netip.Addr) (Pending, error) {
	folded, err := Fold(login)
	if err != nil {
		folded = "" // nobody's; goes the same way
	}
	t, err := s.limits.begin(s.opt.Now(), folded, from)
	if err != nil {
		return Pending{}, err
	}
	r, hash := s.find(folded), ""
	if r != nil {
		hash = r.Password
	}
	ok, err := s.hash.verify(ctx, hash, password)
	if err != nil {
		t.undone()
		return Pending{}, fmt.Errorf("sign in: %w", err)
	}
	if !ok || r.Disabled {
		return Pending{}, s.refused(ctx, r, "password", from, ErrCredentials)
	}
	t.succeeded()
	return s.pend(r)
}

// SignInWith lets in whom another system has identified; the second factor is asked for all the same. It fails with ErrNotLinked, also for disabled accounts.
func (s *Store) SignInWith(ctx context.Context, id Identity, from netip.Addr) (Pending, error) {
	r := s.linked(id)
	if r == nil || r.Disabled {
		return Pending{}, s.refused(ctx, r, "identity "+id.Issuer, from, ErrNotLinked)
	}
	return s.pend(r)
}

func (s *Store) linked(id Identity) *record {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, r := range s.accounts {
		if slices.Contains(r.Identities, id) {
			return r
		}
	}
	return nil
}

// refused logs a sign-in that failed, without what was typed when nobody has that login: it may be a password in the wrong field.
func (s *Store) refused(ctx context.Context, r *record, what string, from netip.Addr, reason error) error {
	c := Change{At: s.opt.Now().UTC(), Kind: "signin.refused", Detail: what, Address: from}
	if r != nil {
		c.Login = r.Login
	}
	if err := s.opt.Log(ctx, c); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	return reason
}

// pend keeps a sign-in until it is finished.
func (s *Store) pend(r *record) (Pending, error) {
	now, token := s.opt.Now(), newSecret()
	p := &pending{login: r.Login, epoch: r.Epoch, until: now.Add(pendingLife)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return Pending{}, ErrClosed
	}
	if len(s.pending) >= maxPending {
		for d, other := range s.pending {
			if !now.Before(other.until) {
				delete(s.pending, d)
			}
		}
	}
	if len(s.pending) >= maxPending {
		return Pending{}, &BusyError{RetryAfter: pendingLife}
	}
	s.pending[digestOf(token)] = p
	return Pending{Token: token, Login: r.Login, Step: r.step(false), Until: p.until}, nil
}

// pendingOf gives what is kept of an unfinished sign-in and its account, or ErrNoSession.
func (s *Store) pendingOf(token string) (pending, *record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.pending[digestOf(token)]
	if p == nil || !s.opt.Now().Before(p.until) {
		return pending{}, nil, ErrNoSession
	}
	r := s.accounts[p.login]
	if r == nil || r.Disabled || r.Epoch != p.epoch {
		return pending{}, nil, ErrNoSession
	}
	return *p, r, nil
}

// Second takes a code of the second factor, or a recovery code, for an unfinished sign-in. It fails with ErrCode, after a few of which the sign-in is over, with
// ErrNoSession when it is over, or with a *ThrottledError.
func (s *Store) Second(ctx context.Context, token, code string, from netip.Addr) (Pending, error) {
	p, r, err := s.pendingOf(token)
	if err != nil {
		return Pending{}, err
	}
	if p.second || r.TOTP == nil {
		return Pending{Token: token, Login: p.login, Step: r.step(p.second), Until: p.until}, nil
	}
	t, err := s.limits.begin(s.opt.Now(), "code "+p.login, from)
	if err != nil {
		return Pending{}, err
	}
	err = s.useCode(ctx, p, code)
	if errors.Is(err, ErrCode) {
		s.miss(token)
		return Pending{}, s.refused(ctx, r, "code", from, ErrCode)
	}
	if err != nil {
		t.undone()
		return Pending{}, err
	}
	t.succeeded()
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept := s.pending[digestOf(token)]; kept != nil {
		kept.second = true
	}
	return Pending{Token: token, Login: p.login, Step: r.step(true), Until: p.until}, nil
}

// useCode accepts a code and has that written down, so that no restart makes it good again.
func (s *Store) useCode(ctx context.Context, p pending, code string) error {
	return s.change(ctx, func(d *draft) error {
		r, err := d.record(p.login)
		if err != nil || r.Epoch != p.epoch || r.Disabled {
			return ErrNoSession
		}
		changed := d.accounts[p.login].Changed
		recovery, err := s.accept(r, code)
		if err != nil {
			return err
		}
		r.Changed = changed
		if recovery {
			d.note(p.login, "second_factor.recovery_used", p.login, fmt.Sprintf("%d left", len(r.TOTP.Recovery)))
		} else {
			d.note(p.login, "second_factor.accepted", p.login, "")
		}
		return nil
	})
}

// miss counts a wrong code, and ends the sign-in after a few.
func (s *Store) miss(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pending[digestOf(token)]
	if p == nil {
		return
	}
	if p.wrong++; p.wrong >= codeTries {
		delete(s.pending, digestOf(token))
	}
}
