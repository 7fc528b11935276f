package accounts

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// New is an account to be made.
type New struct {
	Login, Name, Employee string
	Roles                 []Role
	Password              string // "": none opens it, until one is set by a reset token
	Language              string
}

// Create makes an account. Whose password somebody else has typed must change it at the first sign-in. It fails with an *InputError.
func (s *Store) Create(ctx context.Context, actor string, n New) (Account, error) {
	return s.create(ctx, actor, "account.created", n, func(r *record) { r.MustChange = r.Password != "" })
}

// CreateAll makes many accounts without passwords, all or none, and is written down at once. The error says which one is at fault.
func (s *Store) CreateAll(ctx context.Context, actor string, list []New) error {
	if len(list) == 0 {
		return nil
	}
	return s.change(ctx, func(d *draft) error {
		for i, n := range list {
			if n.Password != "" {
				return fmt.Errorf("account %d (%s): accounts made together get no password: make it alone, or hand out reset tokens", i+1, n.Login)
			}
			r, err := newRecord(n)
			if err == nil {
				err = d.add(actor, "account.created", r)
			}
			if err != nil {
				return fmt.Errorf("account %d (%s): %w", i+1, n.Login, err)
			}
		}
		return nil
	})
}

// CreateDemo makes an account of a demonstration, whose password may be told to everybody and which needs no second factor. It fails unless Options.Demo is set.
func (s *Store) CreateDemo(ctx context.Context, actor string, n New) (Account, error) {
	if !s.opt.Demo {
		return Account{}, errors.New("accounts of a demonstration are made in a demonstration only")
	}
	return s.create(ctx, actor, "account.created", n, func(r *record) { r.Demo = true })
}

// create makes one account with a password; finish settles what is particular before it counts.
func (s *Store) create(ctx context.Context, actor, kind string, n New, finish func(*record)) (Account, error) {
	r, err := newRecord(n)
	if err != nil {
		return Account{}, err
	}
	if n.Password != "" {
		if r.Password, err = s.newPassword(ctx, n.Password, r.Account); err != nil {
			return Account{}, err
		}
	}
	finish(r)
	err = s.change(ctx, func(d *draft) error { return d.add(actor, kind, r) })
	if err != nil {
		return Account{}, err
	}
	return r.Account, nil
}

// newRecord checks what was typed, except what other accounts have to do with.
func newRecord(n New) (*record, error) {
	login, err := Fold(n.Login)
	if err != nil {
		return nil, err
	}
	r := &record{Account: Account{Login: login}, Epoch: firstEpoch()}
	if err := r.profile(n.Name, n.Employee, n.Language); err != nil {
		return nil, err
	}
	for _, role := range n.Roles {
		if err := r.grant(role); err != nil && !errors.Is(err, errNothing) {
			return nil, err
		}
	}
	return r, nil
}

// firstEpoch differs between accounts, so that the sessions of one that was erased do not open another of the same login.
func firstEpoch() int64 { return int64(binary.BigEndian.Uint32(random(4))) << 16 }

func (r *record) profile(name, employee, language string) (err error) {
	if r.Name, err = plain("name", name, maxName); err != nil {
		return err
	}
	if r.Employee, err = plain("employee", employee, maxLogin); err != nil {
		return err
	}
	if !slices.Contains([]string{"", "zh", "en"}, language) {
		return &InputError{Field: "language", Problem: Unknown}
	}
	r.Language = language
	return nil
}

// grant adds a role; errNothing when it is there.
func (r *record) grant(role Role) error {
	if !slices.Contains(granted, role) {
		return &InputError{Field: "role", Problem: Unknown}
	}
	if slices.Contains(r.Roles, role) {
		return errNothing
	}
	r.Roles = append(r.Roles, role)
	slices.SortFunc(r.Roles, func(a, b Role) int { return slices.Index(granted, a) - slices.Index(granted, b) })
	return nil
}

// add puts a new account among the others.
func (d *draft) add(actor, kind string, r *record) error {
	if d.accounts[r.Login] != nil {
		return &InputError{Field: "login", Problem: Taken}
	}
	if err := d.free(r); err != nil {
		return err
	}
	r.Created, r.Changed = d.now, d.now
	d.accounts[r.Login] = r
	d.note(actor, kind, r.Login, r.described())
	return nil
}

// free says whether another account names the same employee: whoever checks a colleague's work must not be two people.
func (d *draft) free(r *record) error {
	for _, other := range d.accounts {
		if r.Employee != "" && other.Employee == r.Employee && other.Login != r.Login {
			return &InputError{Field: "employee", Problem: Taken}
		}
	}
	return nil
}

// described tells of a new account what the log needs, and no name.
func (r *record) described() string {
	text := fmt.Sprintf("employee %s roles %v", r.Employee, r.Roles)
	if r.Demo {
		text += " demo"
	}
	return text
}

// SetProfile changes what an account says of its person. Another employee number ends the sessions, since other things are theirs then.
func (s *Store) SetProfile(ctx context.Context, actor, login, name, employee, language string) error {
	return quiet(s.change(ctx, func(d *draft) error {
		r, err := d.record(login)
		if err != nil {
			return err
		}
		old := r.Account
		if err := r.profile(name, employee, language); err != nil {
			return err
		}
		detail := ""
		switch {
		case r.Employee != old.Employee:
			r.Epoch++
			detail = fmt.Sprintf("employee %s, was %s", r.Employee, old.Employee)
		case r.Name == old.Name && r.Language == old.Language:
			return errNothing
		}
		d.note(actor, "account.changed", r.Login, detail)
		return d.free(r)
	}))
}

// quiet takes finding nothing to change as success.
func quiet(err error) error {
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// Disable keeps somebody out at once: sessions end, API tokens are refused.
func (s *Store) Disable(ctx context.Context, actor, login string) error {
	return s.edit(ctx, actor, "account.disabled", login, "", func(r *record) error {
		if r.Disabled {
			return errNothing
		}
		r.Disabled, r.Reset = true, nil
		r.Epoch++
		return nil
	})
}

// Enable lets somebody in again.
func (s *Store) Enable(ctx context.Context, actor, login string) error {
	return s.edit(ctx, actor, "account.enabled", login, "", func(r *record) error {
		if !r.Disabled {
			return errNothing
		}
		r.Disabled = false
		return nil
	})
}

// Erase removes an account and everything kept of it here. What it did stays in the ledger and in the log.
func (s *Store) Erase(ctx context.Context, actor, login string) error {
	return s.change(ctx, func(d *draft) error {
		r, err := d.record(login)
		if err != nil {
			return err
		}
		delete(d.accounts, r.Login)
		d.note(actor, "account.erased", r.Login, "")
		return nil
	})
}

// Grant gives an account a role and ends its sessions.
func (s *Store) Grant(ctx context.Context, actor, login string, role Role) error {
	return s.edit(ctx, actor, "role.granted", login, string(role), func(r *record) error {
		r.Epoch++
		return r.grant(role)
	})
}

// Revoke takes a role from an account and ends its sessions.
func (s *Store) Revoke(ctx context.Context, actor, login string, role Role) error {
	return s.edit(ctx, actor, "role.revoked", login, string(role), func(r *record) error {
		at := slices.Index(r.Roles, role)
		if at < 0 {
			return errNothing
		}
		r.Roles = slices.Delete(r.Roles, at, at+1)
		r.Epoch++
		return nil
	})
}

// newPassword checks a password and hashes it.
func (s *Store) newPassword(ctx context.Context, password string, a Account) (string, error) {
	if err := checkPassword(password, a); err != nil {
		return "", err
	}
	return s.hash.hash(ctx, password)
}

// SetPassword gives an account a password that its person must change, and ends its sessions.
func (s *Store) SetPassword(ctx context.Context, actor, login, password string) error {
	a, err := s.Get(login)
	if err != nil {
		return err
	}
	hash, err := s.newPassword(ctx, password, a)
	if err != nil {
		return err
	}
	return s.edit(ctx, actor, "password.set", login, "", func(r *record) error {
		r.Password, r.MustChange, r.Reset = hash, !r.Demo, nil
		r.Epoch++
		return nil
	})
}

// ChangePassword gives the person who is signed in with the token another password, once the old one is proved. The new session token replaces every other.
func (s *Store) ChangePassword(ctx context.Context, token, old, password string) (fresh string, err error) {
	session, account, err := s.Session(token)
	if err != nil {
		return "", err
	}
	known := s.find(session.Login)
	if known == nil {
		return "", ErrNoSession
	}
	if err := s.prove(ctx, known, old, session); err != nil {
		return "", err
	}
	if old == password {
		return "", &InputError{Field: "password", Problem: Unchanged}
	}
	hash, err := s.newPassword(ctx, password, account)
	if err != nil {
		return "", err
	}
	var epoch int64
	err = s.edit(ctx, session.Login, "password.changed", session.Login, "", func(r *record) error {
		if r.Password != known.Password || r.Epoch != known.Epoch {
			return ErrNoSession // somebody else has changed it meanwhile
		}
		r.Password, r.MustChange, r.Reset = hash, false, nil
		r.Epoch++
		epoch = r.Epoch
		return nil
	})
	if err != nil {
		return "", err
	}
	return s.renew(token, epoch, session.SecondFactor)
}

// prove checks the password of somebody who is signed in, counted like a sign-in.
func (s *Store) prove(ctx context.Context, r *record, password string, from Session) error {
	t, err := s.limits.begin(s.opt.Now(), r.Login, from.Address)
	if err != nil {
		return err
	}
	ok, err := s.hash.verify(ctx, r.Password, password)
	if err != nil {
		t.undone()
		return err
	}
	if !ok {
		return s.refused(ctx, r, "password", from.Address, ErrCredentials)
	}
	t.succeeded()
	return nil
}

// resetToken lets a person without a password set one.
type resetToken struct {
	Hash  string    `json:"hash"` // SHA-256, hex
	Until time.Time `json:"until"`
}

// ResetLife is how long a reset token lives.
const ResetLife = 15 * time.Minute

// ResetToken makes a one-time token with which the person of the account sets a password; an earlier one is dead. It is told this once only.
func (s *Store) ResetToken(ctx context.Context, actor, login string) (token string, until time.Time, err error) {
	token = newSecret()
	err = s.edit(ctx, actor, "password.reset_offered", login, "", func(r *record) error {
		if r.Disabled {
			return fmt.Errorf("the account %s is disabled: enable it first", r.Login)
		}
		until = s.opt.Now().UTC().Add(ResetLife)
		r.Reset = &resetToken{Hash: hashOf(token), Until: until}
		return nil
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return token, until, nil
}

// Reset sets the password of the account that the token was made for, and ends its sessions. The token is used up by success only; it fails with ErrReset or an
// *InputError. A second factor stays.
func (s *Store) Reset(ctx context.Context, token, password string) (login string, err error) {
	a, ok := s.resets(hashOf(token))
	if !ok {
		return "", ErrReset
	}
	hash, err := s.newPassword(ctx, password, a)
	if err != nil {
		return "", err
	}
	err = s.edit(ctx, a.Login, "password.reset", a.Login, "", func(r *record) error {
		if !r.Reset.opens(hashOf(token), s.opt.Now()) {
			return ErrReset
		}
		r.Password, r.MustChange, r.Reset = hash, false, nil
		r.Epoch++
		return nil
	})
	return a.Login, err
}

func (t *resetToken) opens(hash string, now time.Time) bool {
	return t != nil && t.Hash == hash && now.Before(t.Until)
}

// resets finds the account that a reset token opens. Hashes are compared, so how long it takes tells nothing of tokens.
func (s *Store) resets(hash string) (Account, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, r := range s.accounts {
		if r.Reset.opens(hash, s.opt.Now()) && !r.Disabled {
			return r.Account, true
		}
	}
	return Account{}, false
}

// Link lets an identity of another system sign in as the account. An identity belongs to one account.
func (s *Store) Link(ctx context.Context, actor, login string, id Identity) error {
	if id.Issuer == "" || id.Subject == "" || len(id.Issuer)+len(id.Subject) > 1000 {
		return &InputError{Field: "identity", Problem: Missing}
	}
	return quiet(s.change(ctx, func(d *draft) error {
		for _, other := range d.accounts {
			if slices.Contains(other.Identities, id) {
				if folded, _ := Fold(login); other.Login == folded {
					return errNothing
				}
				return &InputError{Field: "identity", Problem: Taken}
			}
		}
		r, err := d.record(login)
		if err != nil {
			return err
		}
		r.Identities = append(r.Identities, id)
		d.note(actor, "identity.linked", r.Login, id.Issuer)
		return nil
	}))
}

// Unlink takes an identity from an account and ends its sessions.
func (s *Store) Unlink(ctx context.Context, actor, login string, id Identity) error {
	return s.edit(ctx, actor, "identity.unlinked", login, id.Issuer, func(r *record) error {
		at := slices.Index(r.Identities, id)
		if at < 0 {
			return errNothing
		}
		r.Identities = slices.Delete(r.Identities, at, at+1)
		r.Epoch++
		return nil
	})
}
