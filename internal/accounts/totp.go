package accounts

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Codes follow RFC 6238 with what every authenticator understands: SHA-1, 30 seconds, 6 digits.
const (
	stepLength    = 30 * time.Second
	totpBytes     = 20
	recoveryCodes = 10
	recoveryBytes = 10 // 80 bits, so that their hashes cannot be tried out
)

// secondFactor is what an account with codes keeps.
type secondFactor struct {
	Secret   string   `json:"secret"`   // sealed
	Step     int64    `json:"step"`     // last one whose code was accepted
	Recovery []string `json:"recovery"` // SHA-256 of those not used yet, hex
}

var base32NoPad = base32.StdEncoding.WithPadding(base32.NoPadding)

// totp gives the code of a step, six digits.
func totp(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// matchTOTP finds the step, one before or after now included, whose code it is and that comes after the last one accepted.
func matchTOTP(secret []byte, code string, now time.Time, last int64) (int64, bool) {
	step, found := now.Unix()/int64(stepLength/time.Second), int64(0)
	for s := step - 1; s <= step+1; s++ {
		if subtle.ConstantTimeCompare([]byte(totp(secret, s)), []byte(code)) == 1 && s > last {
			found = s
		}
	}
	return found, found > 0
}

// tidyCode takes out what people and programs put between the characters of a code.
func tidyCode(code string) string {
	if len(code) > 200 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.ToUpper(norm.NFKC.String(code)))
}

// newRecovery makes one-time codes, in groups of four, and their hashes.
func newRecovery() (codes, hashes []string) {
	for range recoveryCodes {
		c := base32NoPad.EncodeToString(random(recoveryBytes))
		hashes = append(hashes, hashOf(c))
		codes = append(codes, strings.Join([]string{c[:4], c[4:8], c[8:12], c[12:]}, "-"))
	}
	return codes, hashes
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// sealer gives the cipher under the key of this data directory, which is made when make is set.
func (s *Store) sealer(make bool) (cipher.AEAD, error) {
	path := filepath.Join(s.dir, "key")
	text, err := readPrivate(path)
	if err == nil && text == nil {
		if !make {
			return nil, fmt.Errorf("%s is missing, so second factors cannot be checked: restore it from a backup, or remove the second factor of the account", path)
		}
		text = []byte(hex.EncodeToString(random(32)) + "\n")
		err = writePrivate(path, text)
	}
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%s is no key of 64 hexadecimal digits: restore it from a backup", path)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal encrypts a secret of the account; it opens for no other account.
func (s *Store) seal(login string, secret []byte) (string, error) {
	c, err := s.sealer(true)
	if err != nil {
		return "", err
	}
	nonce := random(c.NonceSize())
	return base64.RawStdEncoding.EncodeToString(c.Seal(nonce, nonce, secret, []byte(login))), nil
}

func (s *Store) unseal(login, sealed string) ([]byte, error) {
	c, err := s.sealer(false)
	if err != nil {
		return nil, err
	}
	b, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(b) < c.NonceSize() {
		return nil, errors.New("a sealed secret is damaged: remove the second factor of the account")
	}
	secret, err := c.Open(nil, b[:c.NonceSize()], b[c.NonceSize():], []byte(login))
	if err != nil {
		return nil, errors.New("a sealed secret does not open with the key in use: restore the key from a backup, or remove the second factor of the account")
	}
	return secret, nil
}

// accept uses up a code of the account, or fails with ErrCode. It says whether it was a recovery code.
func (s *Store) accept(r *record, code string) (recovery bool, err error) {
	if r.TOTP == nil {
		return false, ErrNotEnrolled
	}
	code = tidyCode(code)
	if i := slices.Index(r.TOTP.Recovery, hashOf(code)); i >= 0 { // of 80 random bits: how long it takes tells nothing
		r.TOTP.Recovery = slices.Delete(r.TOTP.Recovery, i, i+1)
		return true, nil
	}
	secret, err := s.unseal(r.Login, r.TOTP.Secret)
	if err != nil {
		return false, err
	}
	step, ok := matchTOTP(secret, code, s.opt.Now(), r.TOTP.Step)
	if !ok {
		return false, ErrCode
	}
	r.TOTP.Step = step
	return false, nil
}

// Enrolment is a second factor that is not confirmed yet.
type Enrolment struct {
	Secret string // base32, to type
	URI    string // otpauth://, to draw as a QR code
}

// EnrolTOTP makes a secret for the person who is signed in with the token; issuer is shown by the authenticator. Codes are asked for once ConfirmTOTP has seen
// one. It fails with ErrEnrolled when codes are asked for already.
func (s *Store) EnrolTOTP(ctx context.Context, token, issuer string) (Enrolment, error) {
	session, account, err := s.Session(token)
	if err != nil {
		return Enrolment{}, err
	}
	if account.SecondFactor {
		return Enrolment{}, ErrEnrolled
	}
	secret := random(totpBytes)
	sealed, err := s.seal(session.Login, secret)
	if err != nil {
		return Enrolment{}, fmt.Errorf("enrol a second factor of %s: %w", session.Login, err)
	}
	err = s.edit(ctx, session.Login, "second_factor.begun", session.Login, "", func(r *record) error {
		if r.TOTP != nil {
			return ErrEnrolled
		}
		r.Next = sealed
		return nil
	})
	text := base32NoPad.EncodeToString(secret)
	q := url.Values{"secret": {text}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	uri := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + session.Login, RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return Enrolment{Secret: text, URI: uri.String()}, err
}

// ConfirmTOTP takes the first code of an enrolment. Out come a new session token, which replaces every other, and ten one-time recovery codes, which are
// told this once only.
func (s *Store) ConfirmTOTP(ctx context.Context, token, code string) (fresh string, recovery []string, err error) {
	codes, hashes := newRecovery()
	fresh, err = s.withCode(ctx, token, "second_factor.enrolled", true, func(r *record) error {
		if r.TOTP != nil {
			return ErrEnrolled
		}
		if r.Next == "" {
			return ErrNotEnrolled
		}
		r.TOTP, r.Next, r.SecondFactor = &secondFactor{Secret: r.Next, Recovery: hashes}, "", true
		_, err := s.accept(r, code)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	return fresh, codes, nil
}

// DisableTOTP removes the second factor of the person who is signed in with the token, who proves it once more. The new session token replaces every other;
// whose role needs a second factor is asked to enrol again.
func (s *Store) DisableTOTP(ctx context.Context, token, code string) (fresh string, err error) {
	return s.withCode(ctx, token, "second_factor.removed", false, func(r *record) error {
		if _, err := s.accept(r, code); err != nil {
			return err
		}
		r.TOTP, r.SecondFactor = nil, false
		return nil
	})
}

// withCode lets a person who is signed in change their second factor, counts the codes that are tried, and replaces all their sessions by one that has proved it,
// or not.
func (s *Store) withCode(ctx context.Context, token, kind string, proved bool, change func(*record) error) (fresh string, err error) {
	session, _, err := s.Session(token)
	if err != nil {
		return "", err
	}
	t, err := s.limits.begin(s.opt.Now(), "code "+session.Login, session.Address)
	if err != nil {
		return "", err
	}
	var epoch int64
	err = s.edit(ctx, session.Login, kind, session.Login, "", func(r *record) error {
		r.Epoch++
		epoch = r.Epoch
		return change(r)
	})
	switch {
	case errors.Is(err, ErrCode):
		return "", s.refused(ctx, s.find(session.Login), "code", session.Address, ErrCode)
	case err != nil:
		t.undone()
		return "", err
	}
	t.succeeded()
	return s.renew(token, epoch, proved)
}

// ResetTOTP removes the second factor of somebody who has lost it, and ends the account's sessions.
func (s *Store) ResetTOTP(ctx context.Context, actor, login string) error {
	return s.edit(ctx, actor, "second_factor.removed", login, "", func(r *record) error {
		if r.TOTP == nil && r.Next == "" {
			return errNothing
		}
		r.TOTP, r.Next, r.SecondFactor = nil, "", false
		r.Epoch++
		return nil
	})
}
