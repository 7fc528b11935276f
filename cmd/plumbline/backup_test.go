package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"plumbline/company"
	"plumbline/internal/backup"
	"plumbline/internal/schedule"
	"plumbline/internal/trail"
	"plumbline/policy"
)

// TestBackupsDuringIngest makes backups while files are taken in from two sides. Each restores to what the books were at its head: the figures are
// those that the books in use give as known then.
func TestBackupsDuringIngest(t *testing.T) {
	files := filepath.Join(companyFiles(t), "company")
	data := filepath.Join(t.TempDir(), "data")
	must(t, exitDone, "init", "--data", data)
	org := []string{"company.xlsx", "employees-management.csv", "department_changes.csv", "leaves.csv", "targets.csv"}
	var first []string
	for _, name := range org {
		first = append(first, filepath.Join(files, name))
	}
	if o := plumbline(t, append(append([]string{"ingest"}, first...), "--data", data)...); o.code != exitDone && o.code != exitRejects {
		t.Fatal(o.err)
	}
	made := backupsDuring(t, data, files, []string{"deliveries-2026*", "meetings.csv", "decisions.ndjson", "costs.csv"}, []string{"opportunities-2026*", "satisfaction.csv", "submissions.csv", "documents.csv"})
	kpi := func(data string, more ...string) string {
		return must(t, exitDone, append([]string{"kpi", "2026Q3", "--by", "company,department,employee,month", "--format", "csv", "--data", data}, more...)...)
	}
	figures := map[string]bool{}
	for _, b := range made {
		to := filepath.Join(t.TempDir(), "restored")
		must(t, exitDone, "restore", b.Path, "--data", to)
		restored := kpi(to)
		if want := kpi(data, "--as-of", strconv.FormatInt(b.Ledger.Seq, 10)); restored != want {
			t.Errorf("restored to event %d, the figures are\n%s\nbut the books say of then\n%s", b.Ledger.Seq, restored, want)
		}
		must(t, exitDone, "doctor", "--data", to) // which makes the facts anew and compares them
		figures[restored] = true
	}
	if len(figures) < 3 {
		t.Errorf("only %d states were compared", len(figures))
	}
	if restored := made[len(made)-1]; restored.Ledger.Seq < 15 {
		t.Errorf("the last backup ends at event %d", restored.Ledger.Seq)
	}
}

// backupsDuring takes in the files that match, each list in a goroutine of its own, and makes backups meanwhile. It gives a few of them, the last
// one included.
func backupsDuring(t *testing.T, data, files string, sides ...[]string) []backup.Backup {
	t.Helper()
	ctx := context.Background()
	books, err := (&app{out: &bytes.Buffer{}, err: &bytes.Buffer{}, now: clock, getenv: environment, lang: policy.ZH, memory: "1GiB"}).openAt(ctx, data)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := books.Close(); err != nil {
			t.Error(err)
		}
	}()
	var all sync.WaitGroup
	for _, side := range sides {
		all.Go(func() {
			for _, pattern := range side {
				paths, err := filepath.Glob(filepath.Join(files, pattern))
				if err != nil || len(paths) == 0 {
					t.Errorf("no file matches %s", pattern)
					return
				}
				var talk bytes.Buffer
				a := &app{out: &talk, err: &talk, now: clock, getenv: environment, lang: policy.ZH, memory: "1GiB", data: data}
				if _, err := a.ingest(ctx, books, paths, declared{}); err != nil {
					t.Errorf("%s: %v\n%s", pattern, err, talk.String())
					return
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	var made []backup.Backup
	target := t.TempDir()
	for at := clock(); ; at = at.Add(time.Second) {
		last := false
		select {
		case <-ended:
			last = true
		default:
		}
		b, err := backup.Write(ctx, data, target, backup.Options{Now: at, Ledger: books.Ledger()})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(made); n == 0 || made[n-1].Ledger.Seq < b.Ledger.Seq {
			made = append(made, b)
		}
		if last {
			return spread(made, 4)
		}
	}
}

// spread picks n of a list, the first and the last included.
func spread(list []backup.Backup, n int) (some []backup.Backup) {
	if len(list) <= n {
		return list
	}
	for i := range n {
		some = append(some, list[i*(len(list)-1)/(n-1)])
	}
	return some
}

// TestServiceBacksUp runs the job that service.yaml asks for, while the books and the log of reads are open.
func TestServiceBacksUp(t *testing.T) {
	data, target := filled(t), t.TempDir()
	ctx := t.Context()
	now := clock()
	a := &app{out: &bytes.Buffer{}, err: &bytes.Buffer{}, now: func() time.Time { return now }, getenv: environment, lang: policy.ZH, memory: "1GiB", data: data}
	c, err := company.Open(ctx, data, company.Options{Now: a.now, Memory: a.memory})
	if err != nil {
		t.Fatal(err)
	}
	read, err := trail.Open(data, trail.Options{Now: a.now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(read.Close(), c.Close()); err != nil {
			t.Error(err)
		}
	}()
	if err := read.Write(ctx, trail.Entry{Actor: "li.jing", Action: "person.read", Subject: "00012"}); err != nil {
		t.Fatal(err)
	}
	j := &jobs{app: a, company: c, trail: read}
	if slices.ContainsFunc(j.list(), func(x schedule.Job) bool { return x.Name == "backup" }) {
		t.Error("without a folder, backups are made")
	}
	j.settings.Backup.Dir, j.settings.Backup.Keep = target, 2
	list := j.list()
	at := slices.IndexFunc(list, func(x schedule.Job) bool { return x.Name == "backup" })
	if at < 0 {
		t.Fatal("there is no job that makes backups")
	}
	for range 3 {
		now = now.Add(24 * time.Hour)
		if told, err := list[at].Do(ctx, now); err != nil || !strings.Contains(told, "账本至 38") {
			t.Fatalf("%q %v", told, err)
		}
	}
	made, err := backup.List(target)
	if err != nil || len(made) != 2 {
		t.Fatalf("%d backups are there: %v", len(made), err)
	}
	if b, err := backup.Check(ctx, made[0].Path); err != nil || b.Ledger.Seq != 38 || b.Trail == nil || b.Trail.Seq != 1 {
		t.Errorf("%+v %v", b.Manifest, err)
	}
}
