package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/ingest"
)

// A preview tells of several files what the ingest then does, and leaves no trace.
func TestPreviewIsWhatComes(t *testing.T) {
	c := company(t)
	c.take("before.csv", logs("L1,0007,2026-07-01,2026-07-01,8,8", "L2,E777,2026-06-01,2026-06-01,8,8"))
	for name, text := range map[string]string{
		"logs.csv":   logs("L1,0007,2026-07-01,2026-07-01,6,8", "L3,E001,2026-06-30,2026-06-30,8,8", "L4,0007,2026-06-31,2026-06-30,8,8", "L5,E777,2026-05-01,2026-06-30,8,8"),
		"people.csv": "工号,姓名,入职日期,离职日期\nE777,周敏,2026-05-15,\n",
		"again.csv":  logs("L1,0007,2026-07-01,2026-07-01,8,8", "L2,E777,2026-06-01,2026-06-01,8,8"),
	} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(c.dir, "before.csv")); err != nil {
		t.Fatal(err)
	}
	units, faults := ingest.Find(t.Context(), c.books, c.version.Policy, []string{c.dir}, ingest.How{})
	if faults != nil {
		t.Fatal(faults)
	}
	head, before := c.books.Ledger().Head(), c.everything()
	o := ingest.Options{Actor: "刘洋", Day: today}
	p, err := ingest.Try(t.Context(), c.books, c.version, units, o)
	if err != nil {
		t.Fatal(err)
	}
	if now := c.books.Ledger().Head(); now != head {
		t.Errorf("the ledger went from %d to %d", head.Seq, now.Seq)
	}
	if diff := cmp.Diff(before, c.everything()); diff != "" {
		t.Fatal(diff)
	}
	var foretold, came []string
	for _, f := range p.Files {
		foretold = append(foretold, receipt(f))
	}
	for _, f := range p.Already {
		foretold = append(foretold, "already "+receipt(f))
	}
	err = ingest.TakeAll(t.Context(), c.books, c.version, units, o, func(f ingest.File, already bool, err error) error {
		if !already {
			came = append(came, receipt(f))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append(came, "already before.csv work_logs 2 = 1 new 1 quarantined"), foretold); diff != "" {
		t.Error(diff)
	}
	var changes []string
	for _, ch := range p.Changes {
		changes = append(changes, fmt.Sprintf("%s %s +%d ~%d -%d %s", ch.Dataset, ch.Month, ch.New, ch.Corrected, ch.Retired, strings.Join(ch.People, " ")))
	}
	want := []string{"employees  +1 ~0 -0 ", "work_logs 2026-06 +2 ~0 -0 E001 E777", "work_logs 2026-07 +0 ~1 -0 0007"}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Error(diff)
	}
	if p.Settled != 1 {
		t.Errorf("%d rows would leave quarantine", p.Settled)
	}
}
