// Package signin lets people sign in with an account that they have elsewhere: at an identity provider that speaks OpenID Connect, or in WeCom (企业微信) by
// scanning a code.
//
//  1. Attempts.Begin gives a state and a nonce for one browser; Provider.Begin makes of them the address to which the browser is sent.
//  2. The browser comes back with the state; Attempts.Take gives what was begun with it, once and to the same browser only.
//  3. Provider.Finish asks the other side who it was, and gives an Identity.
//
// Which account an identity opens is not decided here. The package keeps no session, writes nothing to disk, reads secrets from files that only their owner may
// read, and never lets a secret, a token or a code into an error. Requests go out through the client it is given, which should be one of package outbound.
package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"plumbline/internal/outbound"
	"plumbline/policy"
)

// Provider is another way to sign in.
type Provider interface {
	// ID names the provider in addresses and settings.
	ID() string
	// Name is for the button.
	Name() policy.Text
	// Begin gives the address to which the browser is sent. It comes back to redirect, with state. A *Failure says why not.
	Begin(ctx context.Context, state, nonce, redirect string) (address string, err error)
	// Finish takes the query with which the browser came back, and the nonce and redirect of Begin. A *Failure says why not.
	Finish(ctx context.Context, query url.Values, nonce, redirect string) (Identity, error)
}

// Identity is who somebody is at a provider. Issuer and Subject stay the same for good and belong to one person; the rest may change.
type Identity struct {
	Issuer  string // of OpenID Connect, or "wecom:" and the corporation
	Subject string
	Name    string // may be ""
	Email   string // "" unless the provider has verified it
}

// Kind is what came between.
type Kind string

// The kinds of failures.
const (
	Refused     Kind = "refused"     // the person or the provider said no
	Expired     Kind = "expired"     // the attempt is too old, was finished before, or belongs to another browser
	Unreachable Kind = "unreachable" // the provider does not answer
	Untrusted   Kind = "untrusted"   // the answer is not what was asked for
	Settings    Kind = "settings"    // what the operator has set up does not work
)

var words = map[Kind]policy.Text{
	Refused:     {ZH: "登录未获授权，请重试，或改用密码登录", EN: "You were not let in there: try again, or sign in with a password"},
	Expired:     {ZH: "登录已超时，或已在别处完成，请重新登录", EN: "This sign-in is too old or was finished before: begin again"},
	Unreachable: {ZH: "暂时连不上登录服务，请稍后再试，或改用密码登录", EN: "The sign-in service does not answer: try later, or sign in with a password"},
	Untrusted:   {ZH: "登录服务的答复未通过核对，请重新登录；若再次出现，请告知管理员", EN: "The answer of the sign-in service could not be trusted: begin again, and tell an administrator when it happens twice"},
	Settings:    {ZH: "该登录方式的设置有误，请告知管理员", EN: "This way to sign in is not set up properly: tell an administrator"},
}

// Failure says why a sign-in elsewhere came to nothing.
type Failure struct {
	Kind Kind
	Err  error // for the operator; holds no secret
}

func (e *Failure) Error() string { return fmt.Sprintf("sign in elsewhere: %s: %v", e.Kind, e.Err) }

// Unwrap gives the cause.
func (e *Failure) Unwrap() error { return e.Err }

// Text is for the person who wants to sign in.
func (e *Failure) Text() policy.Text { return words[e.Kind] }

func fail(kind Kind, format string, args ...any) *Failure {
	return &Failure{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// unreached says why a provider did not answer: it may be that it may not be asked.
func unreached(err error, operation string) *Failure {
	kind := Unreachable
	if _, ours := errors.AsType[*outbound.RefusedError](err); ours {
		kind = Settings
	}
	if _, plain := errors.AsType[*url.Error](err); plain {
		return fail(kind, "%s: %w", operation, outbound.Redact(err))
	}
	if runes := []rune(err.Error()); len(runes) > 300 || strings.ContainsAny(err.Error(), "\r\n") { // a whole page, perhaps
		return fail(kind, "%s: %s", operation, shown(err.Error()))
	}
	return fail(kind, "%s: %w", operation, err)
}

// shown makes text of others fit for an error: short, and in one line.
func shown(s string) string {
	runes := []rune(s)
	return fmt.Sprintf("%q", string(runes[:min(len(runes), 200)]))
}

// maxSecret is how long a secret may be, in bytes.
const maxSecret = 4 << 10

// readSecret reads a secret from a file that only its owner may read.
func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s is open to other users of this machine (%s): run chmod 600 %s, and renew the secret if they may have read it", path, info.Mode(), path)
	}
	content, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(content))
	if secret == "" || len(content) > maxSecret || strings.ContainsAny(secret, "\r\n\x00") {
		return "", errors.New(path + " holds no secret in one line")
	}
	return secret, nil
}

// checkID wants an id that can stand in an address as it is.
func checkID(id string) error {
	if id == "" || len(id) > 32 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("the id %s of a way to sign in has other than 1 to 32 small letters, digits and hyphens", shown(id))
	}
	return nil
}
