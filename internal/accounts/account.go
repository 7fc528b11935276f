package accounts

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Role is what an account may act as, beside what the organisation says of its employee. Who manages what is told by the organisation alone.
type Role string

// The roles. Employee is never granted: an account that names an employee has it.
const (
	Employee  Role = "employee"
	Executive Role = "executive"
	HR        Role = "hr"
	Auditor   Role = "auditor"
	Finance   Role = "finance"
	Admin     Role = "admin"
)

// granted are the roles that can be granted, in the order in which accounts list them.
var granted = []Role{Executive, HR, Auditor, Finance, Admin}

// guarded are the roles that need a second factor and whose sessions end early.
var guarded = []Role{Executive, HR, Finance, Admin}

// Identity is a person as another system knows them: the issuer and subject of OpenID Connect, or the corporation ("wecom:CORP") and user id of WeCom.
type Identity struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// Account is what may be told of one account; it holds no secret.
type Account struct {
	Login        string     `json:"login"`              // as Fold gives it; never changes
	Name         string     `json:"name"`               // for people; may be ""
	Employee     string     `json:"employee,omitempty"` // employee number; no two accounts share one
	Roles        []Role     `json:"roles,omitempty"`    // granted ones; ask Has
	Disabled     bool       `json:"disabled,omitempty"`
	MustChange   bool       `json:"must_change,omitempty"` // somebody else knows the password
	Demo         bool       `json:"demo,omitempty"`
	SecondFactor bool       `json:"second_factor,omitempty"` // codes are asked for
	Identities   []Identity `json:"identities,omitempty"`
	Language     string     `json:"language,omitempty"` // "zh", "en" or "", which is up to the browser
	Created      time.Time  `json:"created"`
	Changed      time.Time  `json:"changed"`
}

// Has tells whether the account acts in the role.
func (a Account) Has(r Role) bool {
	if r == Employee {
		return a.Employee != ""
	}
	return slices.Contains(a.Roles, r)
}

// Guarded tells whether the account must have a second factor. Accounts of a demonstration need none: their passwords are known to everybody.
func (a Account) Guarded() bool { return !a.Demo && a.privileged() }

func (a Account) privileged() bool {
	return slices.ContainsFunc(a.Roles, func(r Role) bool { return slices.Contains(guarded, r) })
}

// record is an account with what only this package sees.
type record struct {
	Account
	Password string         `json:"password,omitempty"` // PHC string; "" means that no password opens the account
	Epoch    int64          `json:"epoch"`              // sessions of another epoch are dead
	TOTP     *secondFactor  `json:"totp,omitempty"`
	Next     string         `json:"totp_next,omitempty"` // sealed secret of an enrolment that is not confirmed
	Reset    *resetToken    `json:"reset,omitempty"`
	Tokens   []*tokenRecord `json:"tokens,omitempty"`
}

// clone gives a copy of r that may be changed; records in use never are.
func (r *record) clone() *record {
	c := *r
	c.Roles, c.Identities, c.Tokens = slices.Clone(r.Roles), slices.Clone(r.Identities), slices.Clone(r.Tokens)
	if r.TOTP != nil {
		t := *r.TOTP
		t.Recovery = slices.Clone(t.Recovery)
		c.TOTP = &t
	}
	return &c
}

// Limits of what people type, in characters.
const (
	maxLogin = 64
	maxName  = 100
)

// Fold gives the form in which logins are kept and compared: NFKC, case-folded. It fails with an *InputError for what cannot be a login: 1 to 64
// letters, digits and any of . _ - @ + are, the first one a letter or digit.
func Fold(login string) (string, error) {
	if len(login) > 16*maxLogin {
		return "", &InputError{Field: "login", Problem: TooLong}
	}
	folded := norm.NFKC.String(cases.Fold().String(norm.NFKC.String(strings.TrimSpace(login))))
	runes := []rune(folded)
	switch {
	case len(runes) == 0:
		return "", &InputError{Field: "login", Problem: Missing}
	case len(runes) > maxLogin:
		return "", &InputError{Field: "login", Problem: TooLong}
	case !unicode.IsLetter(runes[0]) && !unicode.IsNumber(runes[0]) || slices.ContainsFunc(runes, func(r rune) bool { return !inLogin(r) }):
		return "", &InputError{Field: "login", Problem: BadCharacter}
	}
	return folded, nil
}

func inLogin(r rune) bool {
	return strings.ContainsRune("._-@+", r) || !invisible(r) && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r))
}

// invisible tells characters that leave no trace on paper, or turn the direction of those that do.
func invisible(r rune) bool {
	return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) || r == '\u2800' || r == unicode.ReplacementChar
}

// plain checks a short text that people type, such as a name, and gives it without blanks around it.
func plain(field, s string, most int) (string, error) {
	s = strings.TrimSpace(norm.NFC.String(s))
	switch {
	case len([]rune(s)) > most:
		return "", &InputError{Field: field, Problem: TooLong}
	case strings.ContainsFunc(s, invisible):
		return "", &InputError{Field: field, Problem: BadCharacter}
	}
	return s, nil
}
