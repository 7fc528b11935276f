package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unicode"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// What passwords are made of and how they are hashed.
const (
	MinPassword = 10  // characters
	MaxPassword = 256 // characters

	maxPasswordBytes = 16 * MaxPassword // before normalisation

	hashMemory = 19 << 10 // KiB
	hashTime   = 2
	saltBytes  = 16
	keyBytes   = 32
)

//go:embed common.txt
var commonList string

// common are passwords and stems of passwords that are tried first, folded.
var common = func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonList) {
		if word := strings.TrimSpace(line); word != "" && !strings.HasPrefix(word, "#") {
			set[word] = true
		}
	}
	return set
}()

// checkPassword holds a new password against what is known of weak ones. There are no rules of letters and digits: length is what counts.
func checkPassword(password string, a Account) error {
	fail := func(p Problem) error { return &InputError{Field: "password", Problem: p} }
	if len(password) > maxPasswordBytes {
		return fail(TooLong)
	}
	password = norm.NFKC.String(password)
	n := len([]rune(password))
	switch {
	case n < MinPassword:
		return fail(TooShort)
	case n > MaxPassword:
		return fail(TooLong)
	case strings.ContainsFunc(password, unicode.IsControl):
		return fail(BadCharacter)
	}
	folded := cases.Fold().String(password)
	if isCommon(folded) {
		return fail(TooCommon)
	}
	for _, own := range []string{a.Login, a.Name, a.Employee} {
		own = cases.Fold().String(norm.NFKC.String(own))
		if len([]rune(own)) < 2 || !strings.Contains(folded, own) {
			continue
		}
		if left := strings.ReplaceAll(folded, own, ""); len([]rune(left)) < 6 || isCommon(left) {
			return fail(TooPersonal)
		}
	}
	return nil
}

// isCommon tells a password that is listed, is listed with digits or signs around it, repeats few characters, or runs along the alphabet.
func isCommon(folded string) bool {
	stem := strings.TrimFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) })
	if common[folded] || stem != "" && common[stem] && len([]rune(folded))-len([]rune(stem)) < 8 {
		return true
	}
	runes := []rune(folded)
	seen, steps := map[rune]bool{}, 0
	for i, r := range runes {
		seen[r] = true
		if i > 0 && (r-runes[i-1] == 1 || r-runes[i-1] == -1 || r == '0' && runes[i-1] == '9') {
			steps++
		}
	}
	return len(seen) <= 3 || steps >= len(runes)-3
}

// hasher hashes passwords, a few at a time.
type hasher struct {
	admitted chan struct{} // those who hash or wait
	working  chan struct{} // those who hash
	dummy    string        // what a password is compared with when nobody has the login
}

func newHasher(queue int) *hasher {
	workers := max(1, runtime.NumCPU()/2)
	return &hasher{admitted: make(chan struct{}, workers+queue), working: make(chan struct{}, workers), dummy: formatPHC(random(saltBytes), random(keyBytes))}
}

// do runs work when it is its turn, or fails with a *BusyError at once when too many wait.
func (h *hasher) do(ctx context.Context, work func()) error {
	select {
	case h.admitted <- struct{}{}:
		defer func() { <-h.admitted }()
	default:
		return &BusyError{RetryAfter: 3 * time.Second}
	}
	select {
	case h.working <- struct{}{}:
		defer func() { <-h.working }()
	case <-ctx.Done():
		return ctx.Err()
	}
	work()
	return nil
}

// hash gives the PHC string of a new password.
func (h *hasher) hash(ctx context.Context, password string) (phc string, err error) {
	err = h.do(ctx, func() {
		salt := random(saltBytes)
		phc = formatPHC(salt, argon2.IDKey([]byte(norm.NFKC.String(password)), salt, hashTime, hashMemory, 1, keyBytes))
	})
	return phc, err
}

// verify tells whether the password is the one of phc; "" is nobody's, and takes as long.
func (h *hasher) verify(ctx context.Context, phc, password string) (bool, error) {
	nobody := phc == "" || len(password) > maxPasswordBytes
	if nobody {
		phc, password = h.dummy, ""
	}
	p, err := parsePHC(phc)
	if err != nil {
		return false, err
	}
	same := false
	err = h.do(ctx, func() {
		key := argon2.IDKey([]byte(norm.NFKC.String(password)), p.salt, p.time, p.memory, 1, uint32(len(p.key)))
		same = subtle.ConstantTimeCompare(key, p.key) == 1
	})
	return same && !nobody, err
}

// phc is a hash with what it was made with.
type phc struct {
	memory, time uint32
	salt, key    []byte
}

func formatPHC(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, hashMemory, hashTime, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// parsePHC reads a hash of argon2id with one lane. It refuses costs that would stop the machine.
func parsePHC(s string) (phc, error) {
	var p phc
	fail := errors.New("a password hash is no argon2id string: restore accounts.json from a backup")
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, fail
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &p.memory, &p.time); err != nil || parts[3] != fmt.Sprintf("m=%d,t=%d,p=1", p.memory, p.time) {
		return phc{}, fail
	}
	var err, err2 error
	p.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	p.key, err2 = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err != nil || err2 != nil || p.memory < 8 || p.memory > 256<<10 || p.time < 1 || p.time > 10 || len(p.salt) < 8 || len(p.salt) > 64 || len(p.key) < 16 || len(p.key) > 64 {
		return phc{}, fail
	}
	return p, nil
}

// random gives n bytes that nobody can guess.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it stops the program instead
	return b
}
