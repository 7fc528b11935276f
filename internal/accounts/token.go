package accounts

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Limits of API tokens.
const (
	TokenPrefix   = "pl_"
	MaxTokenLife  = 366 * 24 * time.Hour
	tokensEach    = 50
	maxScopes     = 20
	maxTokenField = 64 // characters of a name or scope
)

// APIToken is what may be told of a token with which a program acts for an account.
type APIToken struct {
	ID      string    `json:"id"` // names it among those of its account, and opens nothing
	Login   string    `json:"login"`
	Name    string    `json:"name"`
	Scopes  []string  `json:"scopes"` // what they mean is up to the caller
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Used    time.Time `json:"used"` // to half a minute; zero: never
}

// tokenRecord is what is kept of a token.
type tokenRecord struct {
	Hash    string    `json:"sha256"`
	Name    string    `json:"name"`
	Scopes  []string  `json:"scopes"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`

	used atomic.Int64 // Unix nanoseconds; 0: never
}

// tokenRef leads from a token to its account.
type tokenRef struct {
	login string
	token *tokenRecord
}

func (t *tokenRecord) told(login string) APIToken {
	a := APIToken{ID: t.Hash[:12], Login: login, Name: t.Name, Scopes: slices.Clone(t.Scopes), Created: t.Created, Expires: t.Expires}
	if at := t.used.Load(); at != 0 {
		a.Used = time.Unix(0, at).UTC()
	}
	return a
}

// indexTokens finds tokens by their hash.
func indexTokens(accounts map[string]*record) map[digest]tokenRef {
	index := map[digest]tokenRef{}
	for login, r := range accounts {
		for _, t := range r.Tokens {
			var d digest
			if n, err := hex.Decode(d[:], []byte(t.Hash)); err == nil && n == len(d) {
				index[d] = tokenRef{login, t}
			}
		}
	}
	return index
}

// CreateToken makes a token for an account, for programs that act for it. It is told this once only.
func (s *Store) CreateToken(ctx context.Context, actor, login, name string, scopes []string, expires time.Time) (raw string, _ APIToken, err error) {
	name, err = plain("token", name, maxTokenField)
	if err != nil {
		return "", APIToken{}, err
	}
	if err := s.checkToken(name, scopes, expires); err != nil {
		return "", APIToken{}, err
	}
	raw = TokenPrefix + newSecret()
	t := &tokenRecord{Hash: hashOf(raw), Name: name, Scopes: slices.Clone(scopes), Expires: expires.UTC()}
	owner := ""
	err = s.edit(ctx, actor, "token.created", login, t.Hash[:12]+" "+name+" "+strings.Join(scopes, " "), func(r *record) error {
		now := s.opt.Now().UTC()
		r.Tokens = slices.DeleteFunc(r.Tokens, func(old *tokenRecord) bool { return !now.Before(old.Expires) })
		if len(r.Tokens) >= tokensEach {
			return errors.New("the account has 50 API tokens: revoke one first")
		}
		t.Created, owner = now, r.Login
		r.Tokens = append(r.Tokens, t)
		return nil
	})
	if err != nil {
		return "", APIToken{}, err
	}
	return raw, t.told(owner), nil
}

func (s *Store) checkToken(name string, scopes []string, expires time.Time) error {
	if name == "" {
		return &InputError{Field: "token", Problem: Missing}
	}
	if now := s.opt.Now(); !expires.After(now) || expires.Sub(now) > MaxTokenLife {
		return &InputError{Field: "expiry", Problem: OutOfRange}
	}
	if len(scopes) > maxScopes {
		return &InputError{Field: "scope", Problem: TooLong}
	}
	for _, scope := range scopes {
		if tidy, err := plain("scope", scope, maxTokenField); err != nil || tidy != scope || tidy == "" {
			return cmp.Or(err, error(&InputError{Field: "scope", Problem: BadCharacter}))
		}
	}
	return nil
}

// Tokens lists the tokens of an account, the newest first, those that have expired among them.
func (s *Store) Tokens(login string) []APIToken {
	folded, err := Fold(login)
	if err != nil {
		return nil
	}
	r := s.find(folded)
	if r == nil {
		return nil
	}
	list := make([]APIToken, 0, len(r.Tokens))
	for _, t := range r.Tokens {
		list = append(list, t.told(folded))
	}
	slices.SortStableFunc(list, func(a, b APIToken) int { return b.Created.Compare(a.Created) })
	return list
}

// RevokeToken makes a token of an account useless at once; ErrNoToken when it has none of that id.
func (s *Store) RevokeToken(ctx context.Context, actor, login, id string) error {
	return s.edit(ctx, actor, "token.revoked", login, id, func(r *record) error {
		at := slices.IndexFunc(r.Tokens, func(t *tokenRecord) bool { return t.Hash[:12] == id })
		if at < 0 {
			return ErrNoToken
		}
		r.Tokens = slices.Delete(r.Tokens, at, at+1)
		return nil
	})
}

// Token gives the token that a program has shown, and its account as it is now, or ErrNoToken. What may be done is bounded by both.
func (s *Store) Token(raw string) (APIToken, Account, error) {
	if !strings.HasPrefix(raw, TokenPrefix) || len(raw) > 4*sha256.Size {
		return APIToken{}, Account{}, ErrNoToken
	}
	now := s.opt.Now()
	s.mu.RLock()
	ref, there := s.tokens[digestOf(raw)]
	r := s.accounts[ref.login]
	s.mu.RUnlock()
	if !there || r == nil || r.Disabled || !now.Before(ref.token.Expires) {
		return APIToken{}, Account{}, ErrNoToken
	}
	if at := now.UnixNano(); at-ref.token.used.Load() >= int64(seenGrain) {
		ref.token.used.Store(at)
		s.keepSoon()
	}
	return ref.token.told(ref.login), r.Account, nil
}
