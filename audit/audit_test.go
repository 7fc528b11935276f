package audit_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/audit"
	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

var clock = time.Date(2026, 10, 15, 1, 0, 0, 0, time.UTC)

// company has two departments with a group each, and one apart without a head.
const departments = "department_id,name,parent_id,kind\nD1,甲,,sales\nD11,甲一,D1,sales\nD2,乙,,sales\nD21,乙一,D2,sales\nD3,丙,,sales\n"

func TestMain(m *testing.M) {
	flag.Parse()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue { // each takes files in
		_ = flag.Set("rapid.checks", "2")
	}
	os.Exit(m.Run())
}

var heads = map[string]string{"D1": "01", "D11": "11", "D2": "02", "D21": "21"}

func open(t testing.TB, tables map[string]string) *books.Books {
	t.Helper()
	handlers := ingest.Handlers()
	handlers[policy.Adopted] = policy.Handler
	b, err := books.Open(t.Context(), filepath.Join(t.TempDir(), "data"), books.Options{Now: func() time.Time { return clock },
		Schema: append(policy.Tables(), ingest.Tables()...), Handlers: handlers, Warehouse: warehouse.Options{Memory: "512MiB"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	if err := policy.Adopt(t.Context(), b, policy.Default(), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), "first", "tester"); err != nil {
		t.Fatal(err)
	}
	people, posts := "employee_no,name,hired_on\n31,无,2020-01-01\n", "employee_no,department_id,valid_from,role\n31,D3,2020-01-01,specialist\n"
	for department, no := range heads {
		people += no + ",某,2020-01-01\n"
		posts += no + "," + department + ",2020-01-01,head\n"
	}
	take(t, b, map[string]string{"departments.csv": departments, "employees.csv": people, "memberships.csv": posts})
	take(t, b, tables)
	return b
}

func take(t testing.TB, b *books.Books, tables map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range tables {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	v := inForce(t, b)
	units, faults := ingest.Find(t.Context(), b, v.Policy, []string{dir}, ingest.How{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, u := range units {
		f, _, err := u.Take(t.Context(), b, v, ingest.Options{Actor: "tester", Day: clock.Truncate(24 * time.Hour)})
		if err != nil || f.Quarantined > 0 {
			t.Fatalf("%d rows in quarantine, %v", f.Quarantined, err)
		}
	}
}

func inForce(t testing.TB, b *books.Books) policy.Version {
	t.Helper()
	v, err := policy.InForce(t.Context(), b.Warehouse(), math.MaxInt64-1, clock.Truncate(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func draw(t testing.TB, b *books.Books, seed string, per int64) *audit.Sample {
	t.Helper()
	p, err := period.Parse("2026Q3")
	if err != nil {
		t.Fatal(err)
	}
	s, err := audit.Draw(t.Context(), b, metrics.Question{Period: p, Version: inForce(t, b), AsOf: math.MaxInt64 - 1, Now: clock}, seed, per)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// told writes a sample as text, a stratum a line.
func told(s *audit.Sample) string {
	var b strings.Builder
	for _, x := range s.Strata {
		fmt.Fprintf(&b, "%s %s of %d:", x.Process.ID, x.Department, x.Population)
		for _, o := range x.Drawn {
			fmt.Fprintf(&b, " %s(%s,%s)", o.Key, o.Owner.No, o.Auditor.No)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

const approvalsHead = "approval_id,employee_no,department_id,kind,submitted_at,status\n"

// TestTheDrawDependsOnNothingElse draws from random records that come in any order and in one file or two, and adds records to one stratum.
func TestTheDrawDependsOnNothingElse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ids := slices.Sorted(func(yield func(string) bool) {
			for d := range heads {
				if !yield(d) {
					return
				}
			}
		})
		var lines []string
		population := map[string]int{}
		for i := range rapid.IntRange(1, 30).Draw(rt, "records") {
			d := rapid.SampledFrom(ids).Draw(rt, "department")
			population[d]++
			lines = append(lines, fmt.Sprintf("A%03d,%s,%s,采购,2026-0%d-11 09:00,审批中\n", i, heads[d], rapid.SampledFrom([]string{d, ""}).Draw(rt, "named"), rapid.IntRange(7, 9).Draw(rt, "month")))
		}
		seed, per := rapid.StringMatching("[a-z0-9]{1,5}").Draw(rt, "seed"), int64(rapid.IntRange(1, 4).Draw(rt, "per"))
		b := open(t, map[string]string{"approvals.csv": approvalsHead + strings.Join(lines, "")})
		first := draw(t, b, seed, per)
		if again := draw(t, b, seed, per); told(again) != told(first) {
			rt.Fatalf("drawn again:\n%s\nfirst:\n%s", told(again), told(first))
		}
		for _, x := range first.Strata {
			if x.Population != population[x.Department] || len(x.Drawn) != min(x.Population, int(per)) {
				rt.Fatalf("%s: %d of %d drawn, of %d by %d", x.Department, len(x.Drawn), x.Population, population[x.Department], per)
			}
			for _, o := range x.Drawn {
				neutral(rt, x, o)
			}
		}
		if more := draw(t, b, seed, per+1); !beginsWith(more, first) {
			rt.Fatalf("a greater sample is another one:\n%s\n%s", told(more), told(first))
		}
		mixed := rapid.Permutation(lines).Draw(rt, "order")
		cut := rapid.IntRange(0, len(mixed)-1).Draw(rt, "cut")
		other := open(t, map[string]string{"approvals-2.csv": approvalsHead + strings.Join(mixed[cut:], "")})
		if cut > 0 {
			take(t, other, map[string]string{"approvals-1.csv": approvalsHead + strings.Join(mixed[:cut], "")})
		}
		if got := told(draw(t, other, seed, per)); got != told(first) {
			rt.Fatalf("in another order:\n%s\nwant:\n%s", got, told(first))
		}
		take(t, b, map[string]string{"more.csv": approvalsHead + "Z1,31,D3,采购,2026-07-01 09:00,审批中\nZ2,31,D3,合同,2026-07-01 09:00,审批中\n"})
		lines = strings.Split(told(draw(t, b, seed, per)), "\n")
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "purchase_approvals D3 of 1:") })
		if got := strings.Join(lines, "\n"); got != told(first) {
			rt.Fatalf("with a record elsewhere:\n%s\nwant:\n%s", got, told(first))
		}
	})
}

// neutral refuses an auditor of the audited department, above or below it, and none where somebody qualifies.
func neutral(t *rapid.T, x audit.Stratum, o audit.Object) {
	line := map[string][]string{"D1": {"01", "11"}, "D11": {"01", "11"}, "D2": {"02", "21"}, "D21": {"02", "21"}}[x.Department]
	if o.Auditor.No == "" || o.Auditor.No == "31" || slices.Contains(line, o.Auditor.No) || o.Auditor.No == o.Owner.No {
		t.Fatalf("%s of %s is audited by %q", o.Key, x.Department, o.Auditor.No)
	}
}

// beginsWith reports whether every stratum of one sample begins with that of the other.
func beginsWith(more, less *audit.Sample) bool {
	for i, x := range less.Strata {
		for j, o := range x.Drawn {
			if more.Strata[i].Drawn[j].Key != o.Key {
				return false
			}
		}
	}
	return len(more.Strata) == len(less.Strata)
}

// Another seed draws others; nobody is proposed where everybody with the role is involved.
func TestSeedsAndNobody(t *testing.T) {
	text := approvalsHead
	for i := range 60 {
		text += fmt.Sprintf("A%03d,01,D1,采购,2026-07-11 09:00,审批中\n", i)
	}
	b := open(t, map[string]string{"approvals.csv": text})
	if x, y := told(draw(t, b, "1", 3)), told(draw(t, b, "2", 3)); x == y || strings.Count(x, "A") != 3 {
		t.Errorf("%s\n%s", x, y)
	}
	take(t, b, map[string]string{"memberships.csv": "employee_no,department_id,valid_from,valid_to,role\n02,D2,2020-01-01,2026-01-31,head\n21,D21,2020-01-01,2026-01-31,head\n"})
	if s := draw(t, b, "1", 3); s.Strata[0].Drawn[0].Auditor.No != "" {
		t.Errorf("audited by %v", s.Strata[0].Drawn[0].Auditor)
	}
}
