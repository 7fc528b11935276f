package metrics_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"plumbline/ingest"
	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

// TestQuality runs testdata/quality/*.txtar. An archive opens with a comment that works its figures out by hand. Its files are taken in on
// the days that their folders name: DAY/NAME.csv, in the order of the archive, at 01:00 UTC or, as DAYTHH/NAME.csv, at another hour; the
// books are opened on the first of these days. policy/NAME.yaml replaces a file of the default policy, quality.yaml its section of that name. "ask X"
// holds a question and "want X" its answer:
//
//	findings CHECK…  (default: all)      by LEVEL…     or  rows CHECK   or  warnings KPI
//	period P      now DAY      department ID      employee NO      says zh|en     as-of SEQ
func TestQuality(t *testing.T) {
	files, err := filepath.Glob("testdata/quality/*.txtar")
	if err != nil || len(files) < 5 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runQuality(t, file) })
	}
}

func runQuality(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(bytes.TrimSpace(a.Comment)) == 0 {
		t.Error("the archive must open with the figures worked out by hand")
	}
	s := qualityScene(t, a)
	var asked []txtar.File
	for _, f := range a.Files {
		if name, ok := strings.CutPrefix(f.Name, "ask"); ok {
			got := s.quality(t, string(f.Data))
			asked = append(asked, f, txtar.File{Name: "want" + name, Data: []byte(got)})
		} else if !strings.HasPrefix(f.Name, "want") {
			asked = append(asked, f)
		}
	}
	got := txtar.Format(&txtar.Archive{Comment: a.Comment, Files: asked})
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.SplitAfter(string(txtar.Format(a)), "\n"), strings.SplitAfter(string(got), "\n")); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
}

// openAt makes books whose clock stands where now says.
func openAt(t testing.TB, s policy.Source, now *time.Time) *books.Books {
	t.Helper()
	handlers := ingest.Handlers()
	handlers[policy.Adopted] = policy.Handler
	b, err := books.Open(t.Context(), t.TempDir(), books.Options{Now: func() time.Time { return *now }, Schema: append(policy.Tables(), ingest.Tables()...),
		Handlers: handlers, Warehouse: warehouse.Options{Memory: "1GiB", Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	if err := policy.Adopt(context.Background(), b, s, day(t, "2000-01-01"), "first", "HR"); err != nil {
		t.Fatal(err)
	}
	return b
}

// qualityScene takes the files of an archive in, each day on its own.
func qualityScene(t *testing.T, a *txtar.Archive) *scene {
	src := policy.Default()
	var days []string
	dir := t.TempDir()
	for _, f := range a.Files {
		folder, name, ok := strings.Cut(f.Name, "/")
		switch {
		case f.Name == "quality.yaml":
			i := slices.IndexFunc(src, func(f policy.File) bool { return f.Name == "company.yaml" })
			text, _, _ := strings.Cut(src[i].Text, "\nquality:\n")
			src[i].Text = text + "\n" + string(f.Data)
		case ok && folder == "policy":
			i := slices.IndexFunc(src, func(f policy.File) bool { return f.Name == name })
			src[i].Text = string(f.Data)
		case ok && strings.HasSuffix(name, ".csv"):
			write(t, dir, f.Name, string(f.Data))
			if !slices.Contains(days, folder) {
				days = append(days, folder)
			}
		}
	}
	now := moment(t, days[0])
	s := &scene{books: openAt(t, src, &now)}
	s.version = inForce(t, s.books)
	for _, folder := range days {
		now = moment(t, folder)
		if n := takeOn(t, s, filepath.Join(dir, folder), now); n > 0 {
			t.Fatalf("%d rows of the tables are faulty: %s", n, s.rejects(t))
		}
	}
	return s
}

func takeOn(t *testing.T, s *scene, path string, now time.Time) (quarantined int64) {
	t.Helper()
	units, faults := ingest.Find(t.Context(), s.books, s.version.Policy, []string{path}, ingest.How{})
	for _, err := range faults {
		t.Fatal(err)
	}
	for _, u := range units {
		f, _, err := u.Take(t.Context(), s.books, s.version, ingest.Options{Actor: "clerk", Day: now.Truncate(24 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		quarantined += f.Quarantined
	}
	return quarantined
}

// moment reads the name of a folder.
func moment(t *testing.T, folder string) time.Time {
	t.Helper()
	if at, err := time.Parse("2006-01-02T15", folder); err == nil {
		return at
	}
	return day(t, folder).Add(time.Hour)
}

// quality gives what a question of an archive comes to.
func (s *scene) quality(t *testing.T, text string) string {
	t.Helper()
	words := map[string][]string{}
	verb := ""
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 0 {
			if verb == "" {
				verb = f[0]
			}
			words[f[0]] = f[1:]
		}
	}
	word := func(name string) string { return strings.Join(words[name], " ") }
	q := question(t, s.version, word("period"))
	if d := word("now"); d != "" {
		q.Now = day(t, d).Add(9 * time.Hour)
	}
	if seq := word("as-of"); seq != "" {
		if _, err := fmt.Sscan(seq, &q.AsOf); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	w := &table{tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)}
	switch verb {
	case "findings", "warnings":
		found, err := metrics.Examine(t.Context(), s.books, q, everyLevel)
		if err != nil {
			return "error: " + err.Error() + "\n"
		}
		list := found.Findings
		if verb == "warnings" {
			list = found.Warnings(s.version.Policy.KPI(word("warnings")), word("department"))
		}
		writeFindings(w, list, words)
	case "rows":
		rows, err := metrics.QualityRows(t.Context(), s.books, metrics.QualityQuestion{Question: q, Check: s.version.Policy.QualityCheck(word("rows")),
			Department: word("department"), Employee: word("employee")})
		if err != nil {
			return "error: " + err.Error() + "\n"
		}
		writeRows(w, rows)
	default:
		t.Fatalf("unknown question %q", verb)
	}
	w.Flush()
	return trailing.ReplaceAllString(b.String(), "\n")
}

func writeFindings(w *table, list []metrics.Finding, words map[string][]string) {
	level := func(f metrics.Finding) string {
		switch {
		case f.Employee != "":
			return "employee"
		case f.Department != "":
			return "department"
		}
		return "company"
	}
	w.row("check", "department", "employee", "found", "judged", "n", "unjudged", "value", "status", "warning")
	for _, f := range list {
		if ids := words["findings"]; len(ids) > 0 && !slices.Contains(ids, f.Check.ID) || len(words["by"]) > 0 && !slices.Contains(words["by"], level(f)) {
			continue
		}
		value := ""
		if v, ok := f.Exact(); ok {
			value = fixed.Text(v, 4)
		}
		w.row(f.Check.ID, f.Department, f.Employee, f.Ratio.Num, f.Ratio.Den, f.N, f.Unjudged, value, f.Status, f.Warning)
		if says := words["says"]; len(says) > 0 {
			fmt.Fprintln(w, "  "+f.Says().In(policy.Lang(says[0])))
		}
	}
}

func writeRows(w *table, rows []metrics.QualityRow) {
	w.row("department", "employee", "day", "share", "event", "row", "at", "actor", "cells", "before", "says")
	for _, r := range rows {
		at, on := "", ""
		if !r.At.IsZero() {
			at = r.At.Format("2006-01-02T15:04Z")
		}
		if !r.Day.IsZero() {
			on = r.Day.Format(time.DateOnly)
		}
		w.row(r.Department, r.Employee, on, r.Share, r.Seq, r.Row, at, r.Actor, strings.Join(r.Cells, "|"), strings.Join(r.Before, "|"), r.Says.EN+" · "+r.Says.ZH)
	}
}

// On the sample company the checks say the same as the KPIs that count alike, and their rows add up to what they found.
func TestQualityAgreesWithKPIsAndRows(t *testing.T) {
	b := sampleCompany(t)
	q := question(t, inForce(t, b), "2026Q3")
	found, err := metrics.Examine(t.Context(), b, q, everyLevel)
	if err != nil {
		t.Fatal(err)
	}
	values, err := metrics.Values(t.Context(), b, q, kpis(t, q.Version.Policy, "log_coverage", "log_punctuality"), metrics.Levels{Company: true, Department: true, Employee: true})
	if err != nil {
		t.Fatal(err)
	}
	kpi := map[string]metrics.Row{}
	for _, v := range values {
		kpi[v.KPI.ID+" "+v.Department+" "+v.Employee] = v
	}
	compared := 0
	for _, f := range found.Findings {
		of := " " + f.Department + " " + f.Employee
		switch f.Check.ID {
		case "days_logged":
			if v, ok := kpi["log_coverage"+of]; !ok || v.Ratio != f.Ratio {
				t.Errorf("days logged of%s: %v, the KPI has %v", of, f.Ratio, v.Ratio)
			}
			compared++
		case "logged_late":
			if v, ok := kpi["log_punctuality"+of]; !ok || v.Ratio.Den-v.Ratio.Num != f.Ratio.Num || v.Ratio.Den != f.Ratio.Den {
				t.Errorf("logged late of%s: %v, the KPI has %v in time", of, f.Ratio, v.Ratio)
			}
			compared++
		}
	}
	if compared < 50 {
		t.Errorf("only %d figures were compared", compared)
	}
	for _, f := range found.Findings {
		if f.Department == "" {
			rowsAddUp(t, b, q, f)
		}
	}
}

// rowsAddUp compares the shares of the rows of a check with what it found in the company.
func rowsAddUp(t *testing.T, b *books.Books, q metrics.Question, f metrics.Finding) {
	t.Helper()
	switch f.Check.Kind {
	case policy.Coverage, policy.Delay, policy.Unvaried, policy.DueMoved: // whose rows are days, beyond the limit, people, and moves
		return
	}
	rows, err := metrics.QualityRows(t.Context(), b, metrics.QualityQuestion{Question: q, Check: f.Check})
	if err != nil {
		t.Fatal(err)
	}
	var sum fixed.Num
	for _, r := range rows {
		sum += r.Share
	}
	if sum != f.Ratio.Num {
		t.Errorf("%s found %s, its %d rows are worth %s", f.Check.ID, f.Ratio.Num, len(rows), sum)
	}
}

// A due day that a withdrawn file had moved is not moved any more; as known before the withdrawal it was.
func TestWithdrawnMoveIsGone(t *testing.T) {
	a := txtar.Parse([]byte(`-- 2026-08-01/departments.csv --
department_id,name,kind
A,First,sales
-- 2026-08-01/employees.csv --
employee_no,name,hired_on
01,Ann,2020-01-01
-- 2026-08-01/memberships.csv --
employee_no,department_id,valid_from,role
01,A,2020-01-01,specialist
-- 2026-08-02/deliveries.csv --
delivery_id,employee_no,due_on
V1,01,2026-08-10
-- 2026-08-12/deliveries.csv --
delivery_id,employee_no,due_on
V1,01,2026-08-20
`))
	s := qualityScene(t, a)
	q := question(t, s.version, "2026-08")
	moved := func() string {
		found, err := metrics.Examine(t.Context(), s.books, q, everyLevel)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(found.Findings, func(f metrics.Finding) bool { return f.Check.ID == "due_moved" })
		return fmt.Sprint(found.Findings[i].Ratio.Num, " of ", found.Findings[i].Ratio.Den)
	}
	if got := moved(); got != "1 of 1" {
		t.Errorf("moved: %s", got)
	}
	last := s.books.Ledger().Head().Seq
	sum := sha256.Sum256(a.Files[4].Data)
	if _, err := ingest.Withdraw(t.Context(), s.books, s.version, hex.EncodeToString(sum[:]), "wrong file", ingest.Options{Actor: "clerk", Day: day(t, "2026-08-13")}); err != nil {
		t.Fatal(err)
	}
	if got := moved(); got != "0 of 1" {
		t.Errorf("withdrawn: %s", got)
	}
	if q.AsOf = last; moved() != "1 of 1" {
		t.Errorf("as known before the withdrawal: %s", moved())
	}
}

// A policy without checks finds nothing, and says nothing.
func TestNoChecks(t *testing.T) {
	src := policy.Default()
	i := slices.IndexFunc(src, func(f policy.File) bool { return f.Name == "company.yaml" })
	src[i].Text, _, _ = strings.Cut(src[i].Text, "\nquality:\n")
	b := fresh(t, src)
	found, err := metrics.Examine(t.Context(), b, question(t, inForce(t, b), "2026Q3"), everyLevel)
	if err != nil || len(found.Findings) != 0 || len(found.Checks) != 0 {
		t.Errorf("%+v, %v", found, err)
	}
}
