package plumbline_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rooms are the packages from left to right: one may import only those before it.
var rooms = []string{
	"plumbline/internal/fixed", "plumbline/internal/period", "plumbline/internal/schedule", "plumbline/internal/stat", "plumbline/internal/anonymity", "plumbline/internal/headless", "plumbline/internal/ledger",
	"plumbline/internal/outbound", "plumbline/internal/trail", "plumbline/internal/accounts", "plumbline/internal/warehouse",
	"plumbline/internal/books", "plumbline/internal/backup", "plumbline/policy", "plumbline/internal/signin", "plumbline/access", "plumbline/ingest/sheet/columnar", "plumbline/ingest/sheet", "plumbline/ingest/cell",
	"plumbline/ingest", "plumbline/ingest/suggest", "plumbline/metrics", "plumbline/audit", "plumbline/reviews", "plumbline/notices",
	"plumbline/charts", "plumbline/reports/tabular", "plumbline/reports", "plumbline/reports/pack", "plumbline/reports/explain", "plumbline/internal/sample", "plumbline/internal/sample/gen",
	"plumbline/company", "plumbline/web", "plumbline/sample_data", "plumbline/sample_data/story", "plumbline/cmd/plumbline",
}

// sisters are pairs of rooms side by side that may not know each other.
var sisters = [][2]string{{"plumbline/ingest", "plumbline/metrics"}, {"plumbline/charts", "plumbline/reports"}}

// owners are heavy libraries and the only rooms that may import each.
var owners = map[string][]string{
	"github.com/duckdb/duckdb-go/v2":         {"plumbline/internal/warehouse"},
	"github.com/apache/arrow-go/v18/parquet": {"plumbline/ingest/sheet/columnar", "plumbline/reports/tabular"},
	"github.com/go-echarts/go-echarts/v2":    {"plumbline/charts"},
	"github.com/dop251/goja":                 {"plumbline/charts"},
	"github.com/klauspost/compress/zstd":     {"plumbline/internal/ledger", "plumbline/ingest/sheet"},
	"github.com/klauspost/compress/flate":    {"plumbline/reports", "plumbline/ingest/sheet"},
	"github.com/chromedp/chromedp":           {"plumbline/internal/headless"},
	"golang.org/x/crypto/argon2":             {"plumbline/internal/accounts"},
	"github.com/coreos/go-oidc/v3":           {"plumbline/internal/signin"},
	"github.com/spf13/cobra":                 {"plumbline/cmd/plumbline"},
	"github.com/wneessen/go-mail":            {"plumbline/notices"},
}

func imports(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-tags", "duckdb_arrow", "-f", `{{.ImportPath}}:{{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	list := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		room, names, _ := strings.Cut(strings.TrimSpace(line), ":")
		list[room] = strings.Fields(names)
	}
	return list
}

func TestImportArrowsRunOneWay(t *testing.T) {
	for room, names := range imports(t) {
		if room == "plumbline" { // this test
			continue
		}
		at := slices.Index(rooms, room)
		if at < 0 {
			t.Errorf("%s is not among the rooms; give it its place", room)
			continue
		}
		for _, name := range names {
			if strings.HasPrefix(name, "plumbline/") && slices.Index(rooms, name) >= at {
				t.Errorf("%s imports %s: the arrow turns round", room, name)
			}
			for _, s := range sisters {
				if room == s[1] && name == s[0] || room == s[0] && name == s[1] {
					t.Errorf("%s imports its sister %s", room, name)
				}
			}
		}
	}
}

func TestHeavyLibrariesHaveOneOwner(t *testing.T) {
	for room, names := range imports(t) {
		for _, name := range names {
			for library, rooms := range owners {
				if strings.HasPrefix(name, library) && !slices.Contains(rooms, room) {
					t.Errorf("%s imports %s, which belongs to %s alone", room, name, strings.Join(rooms, " and "))
				}
			}
		}
	}
}
