package accounts

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func FuzzFold(f *testing.F) {
	for _, s := range []string{"li.jing", "ＬＩ", "Straße", "a\u200bb", "İ", "ﬁ", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded, err := Fold(s)
		if err != nil {
			return
		}
		if again, err := Fold(folded); err != nil || again != folded {
			t.Errorf("%q folds to %q, and that to %q, %v", s, folded, again, err)
		}
		if n := utf8.RuneCountInString(folded); n < 1 || n > maxLogin || strings.ContainsFunc(folded, invisible) {
			t.Errorf("%q folds to %q", s, folded)
		}
	})
}

func FuzzPHC(f *testing.F) {
	f.Add(formatPHC(random(saltBytes), random(keyBytes)))
	f.Add("$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePHC(s)
		if err == nil && (p.memory > 256<<10 || p.time > 10 || p.time < 1 || len(p.key) < 16) {
			t.Errorf("%q costs %+v", s, p)
		}
	})
}

func FuzzFile(f *testing.F) {
	f.Add(`{"version":1,"set_up":true,"accounts":[{"login":"li","created":"2026-07-01T00:00:00Z","changed":"2026-07-01T00:00:00Z","epoch":1,"tokens":[{"sha256":"ab"}]}]}`)
	f.Fuzz(func(t *testing.T, s string) {
		accounts, _, err := parse([]byte(s))
		if err != nil {
			return
		}
		indexTokens(accounts)
		for login, r := range accounts {
			if _, err := json.Marshal(r.clone()); err != nil || login != r.Login {
				t.Errorf("%q: %v", login, err)
			}
			r.step(true)
		}
	})
}

func FuzzSessions(f *testing.F) {
	f.Add(`{"sessions":[{"sha256":"` + strings.Repeat("ab", 32) + `","login":"li","epoch":1,"created":"2026-07-01T00:00:00Z","seen":"2026-07-01T00:00:00Z","address":"192.0.2.1","agent":"","second_factor":false}]}`)
	f.Fuzz(func(t *testing.T, s string) {
		kept, err := parseSessions([]byte(s))
		if err != nil {
			return
		}
		for _, k := range kept.Sessions {
			k.told(&record{})
			k.digest()
		}
	})
}

// RFC 6238 appendix B, SHA-1, cut to six digits.
func TestTOTPOfTheStandard(t *testing.T) {
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := totp([]byte("12345678901234567890"), at/30); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestSecretOpensForItsAccountOnly(t *testing.T) {
	s := &Store{dir: t.TempDir()}
	sealed, err := s.seal("li", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.unseal("li", sealed); err != nil || string(got) != "secret" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := s.unseal("wang", sealed); err == nil {
		t.Errorf("the secret of another account opens: %q", got)
	}
}

// Whatever happens, no more than the free tries are looked at without a wait, waits end, and what is given back is never less than nothing.
func TestLimiterHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := limiter{counted: map[string]*tries{}}
		now := time.Unix(1_800_000_000, 0)
		failed := 0
		var open []*try
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1:
				one, err := l.begin(now, "li", network0)
				if err == nil {
					open = append(open, one)
					failed++
				} else if e, ok := err.(*ThrottledError); !ok || e.RetryAfter <= 0 || e.RetryAfter > perAccount.most {
					t.Fatalf("refused with %v", err)
				}
			case 2:
				now = now.Add(time.Duration(rapid.IntRange(0, 29).Draw(t, "seconds")) * time.Second)
			case 3:
				if len(open) > 0 {
					open[0].undone()
					open, failed = open[1:], failed-1
				}
			case 4:
				if len(open) > 0 && rapid.IntRange(0, 9).Draw(t, "lucky") == 0 {
					open[0].succeeded()
					open, failed = nil, 0
				}
			}
			if failed > perAccount.free+7 {
				t.Fatalf("%d tries within %s", failed, now)
			}
			for key, c := range l.counted {
				if c.n < 0 {
					t.Fatalf("%s counts %d", key, c.n)
				}
			}
		}
	})
}

var network0 = netip.MustParseAddr("192.0.2.1")
