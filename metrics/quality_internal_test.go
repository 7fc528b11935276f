package metrics

import (
	"flag"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// A percentile is what one finds by writing every delay down as often as it occurs, in order.
func TestPercentile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		delays := map[int64]fixed.Num{}
		var all []int64
		for _, d := range rapid.SliceOfN(rapid.Int64Range(0, 12), 1, 40).Draw(t, "delays") {
			delays[d] += fixed.Int(1)
			all = append(all, d)
		}
		slices.Sort(all)
		p := rapid.Int64Range(1, 99).Draw(t, "percentile")
		rank := (int64(len(all))*p + 99) / 100 // rounded up
		want := big.NewRat(all[rank-1], 1)
		if p == 50 && len(all)%2 == 0 {
			want = big.NewRat(all[rank-1]+all[rank], 2)
		}
		got, ok := percentile(delays, fixed.Int(p)).Rat()
		if !ok || got.Cmp(want) != 0 {
			t.Fatalf("percentile %d of %v: %v, want %v", p, all, got, want)
		}
	})
}

// TestQualitySQL holds the generated scans of the default policy's checks.
func TestQualitySQL(t *testing.T) {
	db, err := warehouse.Open(t.Context(), "", warehouse.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p, err := policy.Check(t.Context(), db, policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, s := range surveys(p.Quality) {
		fmt.Fprintf(&b, "-- survey of %s by %s\n%s;\n\n", s.Dataset.ID, s.On, s.SQL())
	}
	for _, c := range p.Quality {
		switch c.Kind {
		case policy.ClosedAtOnce:
			fmt.Fprintf(&b, "-- %s\n%s;\n\n", c.ID, closedSQL(c))
		case policy.DueMoved:
			fmt.Fprintf(&b, "-- %s\n%s;\n\n", c.ID, movedSQL(c))
		case policy.Copied:
			fmt.Fprintf(&b, "-- %s\n%s;\n\n", c.ID, copiedSQL(c))
		case policy.Unvaried:
			fmt.Fprintf(&b, "-- %s\n%s;\n\n", c.ID, unvariedSQL(c))
		}
		if c.Kind != policy.Coverage {
			fmt.Fprintf(&b, "-- rows of %s\n%s;\n\n", c.ID, rowsSQL(c))
		}
	}
	const path = "testdata/quality/default.sql"
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
