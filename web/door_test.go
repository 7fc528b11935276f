package web_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"plumbline/internal/accounts"
)

// code is what an authenticator shows for a secret (RFC 6238).
func code(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	m := hmac.New(sha1.New, key)
	_ = binary.Write(m, binary.BigEndian, uint64(at.Unix()/30))
	sum := m.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

var secretOnPage = regexp.MustCompile(`class="secret">([A-Z2-7]+)<`)

// TestStepsOfASignIn lets somebody of human resources in for the first time: nothing else is served before the password is changed and the second step is set up.
func TestStepsOfASignIn(t *testing.T) {
	s := demo(t)
	const first, second = "a first password 1", "another password 2"
	if _, err := s.accounts.Create(t.Context(), "setup", accounts.New{Login: "newhr", Roles: []accounts.Role{accounts.HR}, Password: first}); err != nil {
		t.Fatal(err)
	}
	b := s.as("")
	leads := func(path, to string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := b.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if got := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || got != to {
			t.Errorf("%s answers %d and leads to %q, not to %s", path, answer.StatusCode, got, to)
		}
	}
	if status, _ := b.post("/sign-in", url.Values{"login": {"newhr"}, "password": {"wrong"}}); status != http.StatusUnauthorized {
		t.Errorf("a wrong password answers %d", status)
	}
	if status, body := b.post("/sign-in", url.Values{"login": {"newhr"}, "password": {first}, "to": {"//evil.example/"}}); status != http.StatusSeeOther || strings.Contains(body, "evil") {
		t.Fatalf("sign in: %d %s", status, body)
	}
	for _, path := range []string{"/", "/files", "/account", "/account/second", "/people/00012/2026Q3"} {
		leads(path, "/account/password")
	}
	if status, body := b.post("/account/password", url.Values{"old": {first}, "password": {second}}); status != http.StatusSeeOther {
		t.Fatalf("change the password: %d %s", status, body)
	}
	for _, path := range []string{"/", "/files", "/account/password"} {
		leads(path, "/account/second")
	}
	_, body := b.post("/account/second", url.Values{})
	if dark := regexp.MustCompile(`<svg class="scan" viewBox="0 0 [0-9]+ [0-9]+"[^>]*>.*<path d="(M4 4h1v1h-1z[Mhvz0-9 -]*)" fill="#000"/>`).FindStringSubmatch(body); dark == nil || strings.Count(dark[1], "z") < 500 {
		t.Errorf("the secret is no picture to scan: %s", body)
	}
	m := secretOnPage.FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("the page shows no secret: %s", body)
	}
	if status, _ := b.post("/account/second", url.Values{"code": {"000000"}, "secret": {m[1]}}); status != http.StatusUnprocessableEntity && status != http.StatusUnauthorized {
		t.Errorf("a wrong code answers %d", status)
	}
	if status, body := b.post("/account/second", url.Values{"code": {code(t, m[1], s.now)}}); status != http.StatusOK || !strings.Contains(body, "恢复码") {
		t.Fatalf("turn the second step on: %d %s", status, body)
	}
	b.sees("/files", "company.xlsx")
	b.post("/sign-out", nil)
	leads("/files", "/sign-in?to=%2Ffiles")
	b.post("/sign-in", url.Values{"login": {"newhr"}, "password": {second}, "to": {"/files"}})
	leads("/files", "/sign-in?to=%2Ffiles") // the password alone opens nothing
	s.now = s.now.Add(time.Minute)
	if status, body := b.post("/sign-in/code", url.Values{"code": {code(t, m[1], s.now)}, "to": {"/files"}}); status != http.StatusSeeOther {
		t.Fatalf("the code: %d %s", status, body)
	}
	b.sees("/files", "company.xlsx")
}

// TestAccountsAreKeptByThoseWhoMay has human resources and an administrator change accounts, and nobody his own.
func TestAccountsAreKeptByThoseWhoMay(t *testing.T) {
	s := demo(t)
	hr, admin := s.as("hr"), s.as("admin")
	for _, x := range []struct {
		who        *browser
		path, role string
		want       int
	}{
		{hr, "/accounts/employee/grant", "hr", http.StatusConflict}, {hr, "/accounts/employee/reset", "", http.StatusConflict}, {hr, "/accounts/executive/disable", "", http.StatusConflict},
		{hr, "/accounts/hr/disable", "", http.StatusConflict}, {admin, "/accounts/admin/grant", "hr", http.StatusConflict}, {hr, "/accounts/colleague/disable", "", http.StatusSeeOther},
		{admin, "/accounts/employee/grant", "auditor", http.StatusSeeOther}, {admin, "/accounts/nobody/grant", "hr", http.StatusNotFound},
	} {
		if status, _ := x.who.post(x.path, url.Values{"role": {x.role}}); status != x.want {
			t.Errorf("%s: POST %s answers %d, not %d", x.who.login, x.path, status, x.want)
		}
	}
	if a, err := s.accounts.Get("employee"); err != nil || !a.Has(accounts.Auditor) || a.Has(accounts.HR) {
		t.Errorf("the roles of employee are %v, %v", a.Roles, err)
	}
	if status, _ := hr.post("/accounts", url.Values{"login": {"newboss"}, "role": {"executive"}, "employee": {"00001"}}); status != http.StatusConflict {
		t.Errorf("human resources make an executive: %d", status)
	}
	admin.sees("/accounts/employee", "审计")
	if status, _ := admin.get("/people/00012/2026Q3"); status != http.StatusNotFound {
		t.Errorf("an administrator sees figures: %d", status)
	}
}
