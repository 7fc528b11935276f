package accounts

import (
	"errors"
	"fmt"
	"time"
)

// What calls fail with, besides the typed errors below and failures of the disk.
var (
	ErrCredentials = errors.New("the login or the password is wrong")
	ErrCode        = errors.New("the code is wrong, was used before, or is too old")
	ErrNoSession   = errors.New("not signed in, or not any more: sign in again")
	ErrNoToken     = errors.New("the API token is unknown, expired or revoked")
	ErrReset       = errors.New("the link is unknown, was used before, or is too old: ask for another one")
	ErrSetUp       = errors.New("the set-up token is wrong, or an account exists already")
	ErrLastAdmin   = errors.New("this is the last administrator: make another one first")
	ErrEnrolled    = errors.New("a second factor is set up already: remove it first")
	ErrNotEnrolled = errors.New("no second factor is set up")
	ErrNotLinked   = errors.New("no account is linked to this identity: ask an administrator to link it")
	ErrClosed      = errors.New("the accounts are closed")
)

// Problem is what is wrong with something typed; stable, so that pages can word it.
type Problem string

// The problems of what is typed.
const (
	Missing      Problem = "missing"
	TooShort     Problem = "too_short" // passwords have at least MinPassword characters
	TooLong      Problem = "too_long"
	BadCharacter Problem = "bad_character" // invisible, a control character, or not for this field
	Taken        Problem = "taken"         // by another account
	TooCommon    Problem = "too_common"    // a password that is among the first to be tried
	TooPersonal  Problem = "too_personal"  // a password made of the login, name or employee number
	Unchanged    Problem = "unchanged"     // the new password is the old one
	Unknown      Problem = "unknown"       // no such role or language
	OutOfRange   Problem = "out_of_range"  // an expiry in the past, or too far away
)

var cures = map[Problem]string{
	Missing:      "is missing",
	TooShort:     fmt.Sprintf("is too short: take at least %d characters", MinPassword),
	TooLong:      "is too long",
	BadCharacter: "holds a character that cannot be seen or is not allowed here",
	Taken:        "belongs to another account already",
	TooCommon:    "is among the first that are tried: take a rarer one, such as four unrelated words",
	TooPersonal:  "is made of the login, the name or the employee number: take something nobody knows of you",
	Unchanged:    "is the old one",
	Unknown:      "is unknown",
	OutOfRange:   "lies in the past or too far in the future",
}

// InputError says what is wrong with something typed. Field is login, name, employee, role, language, password, identity, token, scope or expiry.
type InputError struct {
	Field   string
	Problem Problem
}

func (e *InputError) Error() string { return fmt.Sprintf("the %s %s", e.Field, cures[e.Problem]) }

// NoAccountError says that nobody has the login.
type NoAccountError struct{ Login string }

func (e *NoAccountError) Error() string { return fmt.Sprintf("no account has the login %q", e.Login) }

// ThrottledError says that too many tries failed: for this account, from this address, or altogether. It comes before anything is looked at.
type ThrottledError struct{ RetryAfter time.Duration }

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many tries: wait %s and try again", e.RetryAfter.Round(time.Second))
}

// BusyError says that more people are signing in than can be served. The password was not looked at.
type BusyError struct{ RetryAfter time.Duration }

func (e *BusyError) Error() string {
	return fmt.Sprintf("too many people are signing in just now: try again in %s", e.RetryAfter.Round(time.Second))
}

// DemoError says that accounts whose passwords everybody knows were found where they must not be.
type DemoError struct {
	Dir    string
	Logins []string
}

func (e *DemoError) Error() string {
	return fmt.Sprintf("%s holds %d accounts of a demonstration (%s …), whose passwords are known: serve it as a demonstration, or begin with a new data directory", e.Dir, len(e.Logins), e.Logins[0])
}

// ModeError says that others than the owner can read or replace what they must not.
type ModeError struct {
	Path string
	Mode string // such as -rw-r--r--
	Want string // such as 600
}

func (e *ModeError) Error() string {
	return fmt.Sprintf("%s is open to other users of this machine (%s): run chmod %s %s, and take what it holds as known to them", e.Path, e.Mode, e.Want, e.Path)
}
