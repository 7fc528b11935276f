package accounts

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// SetUp gives the one-time token with which the first administrator is made, and whether it was made just now; it also stands in the file accounts/setup. Once an
// account exists, or has existed, there is none any more: "".
func (s *Store) SetUp() (token string, fresh bool, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if token, err = s.setUpToken(); err != nil || token != "" || s.everSetUp() {
		return token, false, err
	}
	token = newSecret()
	if err := writePrivate(s.setUpPath(), []byte(token+"\n")); err != nil {
		return "", false, fmt.Errorf("write the set-up token: %w", err)
	}
	return token, true, nil
}

func (s *Store) setUpPath() string { return filepath.Join(s.dir, "setup") }

func (s *Store) everSetUp() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.setUp
}

// setUpToken reads the token that is waiting, or gives "".
func (s *Store) setUpToken() (string, error) {
	if s.everSetUp() {
		return "", nil
	}
	content, err := readPrivate(s.setUpPath())
	if err != nil {
		return "", fmt.Errorf("read the set-up token: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// dropSetUp removes the token's file.
func (s *Store) dropSetUp() error {
	err := os.Remove(s.setUpPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// FirstAdmin makes the first account, an administrator, and uses the token up. It fails with ErrSetUp, or with an *InputError that leaves the token good.
func (s *Store) FirstAdmin(ctx context.Context, token, login, password string) (Account, error) {
	good, err := s.setUpToken()
	if err != nil {
		return Account{}, err
	}
	if good == "" || subtle.ConstantTimeCompare([]byte(good), []byte(token)) != 1 {
		return Account{}, ErrSetUp
	}
	r, err := newRecord(New{Login: login, Roles: []Role{Admin}})
	if err != nil {
		return Account{}, err
	}
	if password == "" {
		return Account{}, &InputError{Field: "password", Problem: Missing}
	}
	if r.Password, err = s.newPassword(ctx, password, r.Account); err != nil {
		return Account{}, err
	}
	err = s.change(ctx, func(d *draft) error {
		if s.setUp { // another one was faster
			return ErrSetUp
		}
		return d.add(r.Login, "setup.done", r)
	})
	if err != nil {
		return Account{}, err
	}
	return r.Account, nil
}
