package metrics_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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
	"plumbline/internal/stat"
	"plumbline/metrics"
	"plumbline/policy"
)

// TestText runs testdata/*.txtar. An archive opens with a comment that works its values out by hand. It holds CSV tables, taken in
// as one folder, then those under later/; policy/NAME.yaml replaces a file of the default policy; "ask X" holds a question and
// "want X" its answer. A question has one word and its arguments a line:
//
//	values LEVEL…   or  targets LEVEL…  or  report PART…  or  evidence KPI  or  details  or  ledger
//	period P        kpis ID…        now DAY (default: 15th after the period)       as-of first (before later/)
//	department ID   employee NO     shares (show them)     (of evidence)
//
// The parts of a report: lines, before, scores, people, items, months, calendar, funnels, departments, superiors, readings (of the
// company and departments), standings (of people); of the scoring also filled (items by what was done for want of data), points (from the KPI part to the
// total and what bounds it, departments before people), penalties, limits, bands. Targets tell where each value's target comes from.
func TestText(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 10 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runText(t, file) })
	}
}

// TestEveryDefaultKPIHasAText makes sure that no KPI of the default policy goes without values worked out by hand.
func TestEveryDefaultKPIHasAText(t *testing.T) {
	files, err := filepath.Glob("testdata/kpi_*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if strings.HasPrefix(f.Name, "want") {
				for _, word := range strings.Fields(string(f.Data)) {
					texts[word] = true
				}
			}
		}
	}
	for _, k := range ofFiles(inForce(t, sampleCompany(t)).Policy.KPIs) {
		if !texts[k.ID] && !strings.HasPrefix(k.ID, "form_") {
			t.Errorf("%s stands in no testdata/kpi_*.txtar", k.ID)
		}
	}
}

func runText(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(bytes.TrimSpace(a.Comment)) == 0 {
		t.Error("the archive must open with the values worked out by hand")
	}
	s := newScene(t, a)
	asked := 0
	for i := 0; i < len(a.Files); i++ { // answers are inserted on the way
		name, ok := strings.CutPrefix(a.Files[i].Name, "ask")
		if !ok {
			continue
		}
		asked++
		got := s.answer(t, string(a.Files[i].Data))
		j := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "want"+name })
		switch {
		case j < 0 && *update:
			a.Files = slices.Insert(a.Files, i+1, txtar.File{Name: "want" + name, Data: []byte(got)})
		case j < 0:
			t.Errorf("ask%s has no want%s", name, name)
		case *update:
			a.Files[j].Data = []byte(got)
		default:
			if diff := cmp.Diff(strings.SplitAfter(string(a.Files[j].Data), "\n"), strings.SplitAfter(got, "\n")); diff != "" {
				t.Errorf("ask%s (- want, + got):\n%s", name, diff)
			}
		}
	}
	if asked == 0 {
		t.Error("nothing is asked")
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// scene is books with the tables of an archive.
type scene struct {
	books   *books.Books
	version policy.Version
	first   int64 // the ledger before later/
}

func newScene(t *testing.T, a *txtar.Archive) *scene {
	dir := t.TempDir()
	src := policy.Default()
	for _, f := range a.Files {
		switch name, own := strings.CutPrefix(f.Name, "policy/"); {
		case own:
			i := slices.IndexFunc(src, func(f policy.File) bool { return f.Name == name })
			src[i].Text = string(f.Data)
			if name == "kpis.yaml" || name == "datasets.yaml" { // what the default checks is no longer there
				src[0].Text, _, _ = strings.Cut(src[0].Text, "\nquality:\n")
			}
		case strings.HasPrefix(f.Name, "later/"):
			write(t, dir, f.Name, string(f.Data))
		case strings.HasSuffix(f.Name, ".csv"):
			write(t, dir, "first/"+f.Name, string(f.Data))
		}
	}
	s := &scene{books: fresh(t, src)}
	s.version = inForce(t, s.books)
	if n := take(t, s.books, filepath.Join(dir, "first")); n > 0 {
		t.Fatalf("%d rows of the tables are faulty: %s", n, s.rejects(t))
	}
	s.first = s.books.Ledger().Head().Seq
	if _, err := os.Stat(filepath.Join(dir, "later")); err == nil {
		take(t, s.books, filepath.Join(dir, "later"))
	}
	return s
}

func (s *scene) rejects(t *testing.T) string {
	list, err := ingest.Rejects(t.Context(), s.books, s.version.Policy, always)
	return fmt.Sprint(list, err)
}

// answer gives what a question of an archive comes to.
func (s *scene) answer(t *testing.T, text string) string {
	t.Helper()
	words := map[string][]string{}
	verb := ""
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 0 && !strings.HasPrefix(f[0], "#") {
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
	if word("as-of") == "first" {
		q.AsOf = s.first
	}
	_, q.Proof = words["proof"]
	var b strings.Builder
	w := &table{tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)}
	switch verb {
	case "values":
		s.values(t, w, q, words["values"], words["kpis"], "")
	case "targets":
		s.values(t, w, q, words["targets"], words["kpis"], "targets")
	case "report", "ledger", "details":
		r, err := metrics.New(t.Context(), s.books, q)
		if err != nil {
			return "error: " + err.Error() + "\n"
		}
		if ids := words["kpis"]; len(ids) > 0 {
			narrow(r, kpis(t, s.version.Policy, ids...))
		}
		for _, part := range words["report"] {
			reportPart(t, w, r, part)
		}
		if verb == "details" {
			if err := r.ReadDetails(t.Context(), s.books); err != nil {
				t.Fatal(err)
			}
			detailRows(w, r)
		}
		if verb == "ledger" {
			err := s.books.Ledger().CheckHead(ledgerHead(r))
			w.row("as of the first tables", r.LedgerSeq == s.first, "hash belongs to the sequence", err == nil)
		}
	case "evidence":
		_, shares := words["shares"]
		s.evidence(t, w, metrics.EvidenceQuestion{KPI: s.version.Policy.KPI(word("evidence")), Period: q.Period, Department: word("department"),
			Employee: word("employee"), AsOf: q.AsOf, ReportDay: earlier(q.Period.LastDay(), q.Now), Asked: q.Now.Truncate(24 * time.Hour)}, shares)
	default:
		t.Fatalf("unknown question %q", verb)
	}
	w.Flush()
	return trailing.ReplaceAllString(b.String(), "\n")
}

var trailing = regexp.MustCompile(` +\n`)

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b.Truncate(24 * time.Hour)
}

// table writes aligned rows.
type table struct{ *tabwriter.Writer }

func (w *table) row(cells ...any) {
	for i, c := range cells {
		if i > 0 {
			fmt.Fprint(w, "\t")
		}
		if s := fmt.Sprint(c); s != "" {
			fmt.Fprint(w, s)
		} else {
			fmt.Fprint(w, "-")
		}
	}
	fmt.Fprintln(w)
}

func (s *scene) values(t *testing.T, w *table, q metrics.Question, by, ids []string, what string) {
	l := metrics.Levels{Company: slices.Contains(by, "company"), Department: slices.Contains(by, "department"),
		Employee: slices.Contains(by, "employee"), Month: slices.Contains(by, "month")}
	rows, err := metrics.Values(t.Context(), s.books, q, kpis(t, s.version.Policy, ids...), l)
	if err != nil {
		t.Fatal(err)
	}
	if what == "targets" {
		w.row("period", "department", "employee", "kpi", "target", "attainment", "from", "set on", "for", "set", "present", "baseline")
	} else {
		w.row("period", "department", "employee", "kpi", "num", "den", "n", "value", "low", "high", "target", "attainment", "status")
	}
	for _, r := range rows {
		cells := valueCells(r.Value)
		if what == "targets" {
			cells = append([]any{r.KPI.ID, cells[7], cells[8]}, sourceCells(r.TargetFrom)...)
		}
		w.row(append([]any{r.Period, r.Department, r.Employee}, cells...)...)
	}
}

// sourceCells tells where a target comes from.
func sourceCells(from *metrics.TargetSource) []any {
	if from == nil {
		return []any{"", "", "", "", "", ""}
	}
	name, set, of, present, baseline := strings.Join(from.IDs, "+"), "", "", "", ""
	if from.Scorecard != nil {
		name = "scorecard " + from.Scorecard.ID
	}
	if !from.SetOn.IsZero() {
		set = from.SetOn.Format(time.DateOnly)
	}
	if len(from.IDs) > 0 {
		of = from.Period.String()
	}
	if from.Present != nil {
		present = from.Present.String()
	}
	if from.Baseline != nil {
		baseline = from.Baseline.String()
	}
	return []any{name, set, of, from.Set, present, baseline}
}

func valueCells(v metrics.Value) []any {
	value, attainment, low, high, target := "", "", "", "", ""
	if x, ok := v.Exact(); ok {
		value = fixed.Text(x, 4)
	}
	if x, ok := v.Attainment(); ok {
		attainment = fixed.Text(x, 4)
	}
	if v.HasInterval {
		low, high = fmt.Sprintf("%.4f", v.Low), fmt.Sprintf("%.4f", v.High)
	}
	if v.Target != nil {
		target = v.Target.String()
	}
	return []any{v.KPI.ID, v.Ratio.Num, v.Ratio.Den, v.N, value, low, high, target, attainment, v.Status}
}

func (s *scene) evidence(t *testing.T, w *table, q metrics.EvidenceQuestion, shares bool) {
	rows, err := metrics.Evidence(t.Context(), s.books, s.version.Policy, q)
	if err != nil {
		w.row("error: " + err.Error())
		return
	}
	if shares {
		w.row("counted", "department", "employee", "day", "share", "key", "reason")
	} else {
		w.row("counted", "department", "row", "cells", "reason")
	}
	for _, r := range rows {
		if shares {
			w.row(r.Counted, r.Department, r.Employee, r.Day.Format(time.DateOnly), r.Share, r.Cells[0], r.Reason.EN)
		} else {
			w.row(r.Counted, r.Department, r.Row, strings.Join(r.Cells, "|"), r.Reason.EN)
		}
	}
}

// narrow leaves some of a report's KPIs.
func narrow(r *metrics.Report, to []*policy.KPI) {
	var keep []int
	for _, k := range to {
		keep = append(keep, slices.Index(r.KPIs, k))
	}
	r.KPIs = to
	line := func(l *metrics.Line) {
		l.Values, l.Before, l.YearBefore = chosen(l.Values, keep), chosen(l.Before, keep), chosen(l.YearBefore, keep)
		l.Readings, l.Months = chosen(l.Readings, keep), chosen(l.Months, keep)
	}
	line(&r.Company)
	for i := range r.Departments {
		line(&r.Departments[i].Line)
	}
	for i := range r.People {
		r.People[i].Values, r.People[i].Readings = chosen(r.People[i].Values, keep), chosen(r.People[i].Readings, keep)
	}
}

func chosen[T any](list []T, keep []int) (kept []T) {
	for _, i := range keep {
		kept = append(kept, list[i])
	}
	return kept
}

// reportPart writes one part of a report.
func reportPart(t *testing.T, w *table, r *metrics.Report, part string) {
	switch part {
	case "lines":
		w.row("lines", "head", "people", "score", "band", "values …")
		eachLine(r, func(name string, l metrics.Line, d metrics.DepartmentLine) {
			w.row(append([]any{name, d.Department.Head, l.Headcount, num(d.Score.Total), band(d.Score.Band)}, shortValues(l.Values)...)...)
		})
	case "before":
		w.row("before", "kpi", "value", "before", "year before")
		eachLine(r, func(name string, l metrics.Line, _ metrics.DepartmentLine) {
			for i, k := range r.KPIs {
				w.row(name, k.ID, short(l.Values[i]), short(l.Before[i]), short(l.YearBefore[i]))
			}
		})
	case "months":
		w.row("months", "kpi", fmt.Sprint(len(r.Months), " months"))
		eachLine(r, func(name string, l metrics.Line, _ metrics.DepartmentLine) {
			for i, k := range r.KPIs {
				for j, v := range l.Months[i] {
					if v.Status != metrics.NoData {
						w.row(name, k.ID, r.Months[j], short(v))
					}
				}
			}
		})
	case "calendar":
		w.row("calendar", "day", "logs", "hours")
		eachLine(r, func(name string, l metrics.Line, _ metrics.DepartmentLine) {
			for _, d := range l.Calendar {
				w.row(name, d.Date.Format(time.DateOnly), d.Count, d.Hours)
			}
		})
	case "funnels":
		w.row("funnels", "funnel", "steps …")
		eachLine(r, func(name string, l metrics.Line, _ metrics.DepartmentLine) {
			for _, f := range l.Funnels {
				w.row(append([]any{name, f.Funnel.ID}, shortValues(f.Steps)...)...)
			}
		})
	case "people":
		w.row("people", "no", "from", "to", "days", "moved", "kpi points", "total", "band", "rank", "before", "status")
		for _, p := range r.People {
			w.row(p.Department, p.Person.No, p.From.Format(time.DateOnly), p.To.Format(time.DateOnly), p.Days, p.Moved, num(p.Score.KPIPoints),
				num(p.Score.Total), band(p.Score.Band), rankText(p.Score.Rank, p.Score.RankOf, p.Score.Tied), num(p.Before), p.Score.Status)
		}
	case "items":
		w.row("items", "no", "kpi", "value", "status", "target", "attainment", "points", "weight")
		for _, p := range r.People {
			for _, i := range p.Score.Items {
				points, weight := "", ""
				if i.Points != nil {
					points, weight = fixed.Text(i.Points, 4), fixed.Text(i.Weight, 4)
				}
				c := valueCells(i.Value)
				w.row(p.Department, p.Person.No, i.Item.KPI.ID, c[4], i.Value.Status, c[7], c[8], points, weight)
			}
		}
	case "scores":
		w.row("scores", "department", "lines", "total", "band", "rank", "before", "status")
		for _, s := range r.Scores {
			w.row(s.Person.No, s.Department, len(s.Lines), num(s.Total), band(s.Band), rankText(s.Rank, s.RankOf, s.Tied), num(s.Before), s.Status)
		}
	default:
		if !scoringPart(w, r, part) && !comparingPart(w, r, part) {
			t.Fatalf("unknown part %q", part)
		}
	}
}

// scoringPart writes one part of the scoring, or reports false.
func scoringPart(w *table, r *metrics.Report, part string) bool {
	switch part {
	case "filled":
		w.row("filled", "no", "kpi", "status", "filled", "points", "weight")
		eachScore(r, func(department, no string, s metrics.Score) {
			for _, i := range s.Items {
				points, weight := "", ""
				if i.Points != nil {
					points, weight = fixed.Text(i.Points, 4), fixed.Text(i.Weight, 4)
				}
				w.row(department, no, i.Item.KPI.ID, i.Value.Status, i.Filled, points, weight)
			}
		})
	case "points":
		w.row("points", "no", "uncapped", "kpi points", "before penalties", "total", "limit", "band")
		eachScore(r, func(department, no string, s metrics.Score) {
			w.row(department, no, num(s.Uncapped), num(s.KPIPoints), num(s.BeforePenalties), num(s.Total), band(s.BandLimited), band(s.Band))
		})
	case "penalties":
		w.row("penalties", "no", "kpi", "value", "points", "limits")
		eachScore(r, func(department, no string, s metrics.Score) {
			for _, p := range s.Penalties {
				w.row(department, no, p.Penalty.KPI.ID, short(p.Value), p.Points, p.Limits)
			}
		})
	case "limits":
		w.row("limits", "no", "kpi", "value", "figure", "limits", "band")
		eachScore(r, func(department, no string, s metrics.Score) {
			for _, l := range s.BandLimits {
				w.row(department, no, l.Limit.KPI.ID, short(l.Value), l.Limit.Figure, l.Limits, l.Limit.Band.ID)
			}
		})
	case "bands":
		w.row("bands", "before penalties", "penalties", "total", "earned", "limit", "band", "forced", "people", "at most")
		for _, s := range r.Scores {
			people, atMost := "", ""
			if d := s.Distribution; d != nil {
				people, atMost = fmt.Sprint(d.People), strings.Trim(fmt.Sprint(d.AtMost), "[]")
			}
			w.row(s.Person.No, num(s.BeforePenalties), s.PenaltyPoints, num(s.Total), band(s.Earned), band(s.BandLimited), band(s.Band), s.Forced, people, atMost)
		}
	default:
		return false
	}
	return true
}

// comparingPart writes who stands above people and what may be said beside values, or reports false.
func comparingPart(w *table, r *metrics.Report, part string) bool {
	switch part {
	case "departments":
		w.row("departments", "parent", "kind", "name", "English")
		for _, d := range r.Departments {
			w.row(strings.Repeat(".", d.Department.Depth)+d.Department.ID, d.Department.ParentID, d.Department.Kind, d.Department.Name.ZH, d.Department.Name.EN)
		}
	case "superiors":
		w.row("superiors", "no", "superior", "from", "to")
		for _, p := range r.People {
			for _, s := range p.Superiors {
				w.row(p.Department, p.Person.No, s.No, s.From.Format(time.DateOnly), s.To.Format(time.DateOnly))
			}
		}
	case "readings":
		w.row("readings", "kpi", "value", "change", "year change", "peers", "standing", "outlier", "forecast", "course")
		eachLine(r, func(name string, l metrics.Line, _ metrics.DepartmentLine) {
			for i, v := range l.Values {
				w.row(append([]any{name, v.KPI.ID, short(v)}, readingCells(l.Readings[i])...)...)
			}
		})
	case "standings":
		w.row("standings", "no", "kpi", "value", "change", "year change", "peers", "standing", "outlier", "forecast", "course")
		for _, p := range r.People {
			for i, v := range p.Values {
				w.row(append([]any{p.Department, p.Person.No, v.KPI.ID, short(v)}, readingCells(p.Readings[i])...)...)
			}
		}
	default:
		return false
	}
	return true
}

func readingCells(x metrics.Reading) []any {
	peers, standing, outlier, forecast := "", "", "", ""
	if p := x.Peers; p != nil {
		peers = fmt.Sprintf("%d: %.4f %.4f %.4f", p.N, p.Q1, p.Median, p.Q3)
	}
	if s := x.Standing; s.From > 0 {
		standing = fmt.Sprintf("%d-%d", s.From, s.To)
		if s.Alone {
			standing += " alone"
		}
	}
	if x.Outlier {
		outlier = "outlier"
	}
	if f := x.Forecast; f != nil {
		forecast = fmt.Sprintf("%.4f [%.4f %.4f]", f.Value, f.Low, f.High)
	}
	return []any{changeText(x.Change), changeText(x.YearChange), peers, standing, outlier, forecast, x.Course}
}

func changeText(c stat.Change) string {
	switch {
	case !c.Known:
		return ""
	case c.Significant:
		return fmt.Sprintf("%+.4f significant", c.Absolute)
	}
	return fmt.Sprintf("%+.4f", c.Absolute)
}

// eachScore calls f for the scores of departments, then for those of people.
func eachScore(r *metrics.Report, f func(department, no string, s metrics.Score)) {
	for _, d := range r.Departments {
		f(d.Department.ID, "", d.Score)
	}
	for _, p := range r.People {
		f(p.Department, p.Person.No, p.Score)
	}
}

func eachLine(r *metrics.Report, f func(name string, l metrics.Line, d metrics.DepartmentLine)) {
	f("company", r.Company, metrics.DepartmentLine{})
	for _, d := range r.Departments {
		f(strings.Repeat(".", d.Department.Depth)+d.Department.ID, d.Line, d)
	}
}

func short(v metrics.Value) string {
	x, ok := v.Exact()
	if !ok {
		return string(v.Status)
	}
	s := fixed.Text(x, 4)
	if v.Status != metrics.OK {
		s += "?"
	}
	return fmt.Sprintf("%s(n=%s)", s, v.N)
}

func shortValues(values []metrics.Value) (cells []any) {
	for _, v := range values {
		cells = append(cells, v.KPI.ID+"="+short(v))
	}
	return cells
}

func num(n *fixed.Num) string {
	if n == nil {
		return ""
	}
	return n.Text(2)
}

func band(b *policy.Band) string {
	if b == nil {
		return ""
	}
	return b.ID
}

func rankText(rank, of int, tied bool) string {
	if rank == 0 {
		return ""
	}
	s := fmt.Sprintf("%d/%d", rank, of)
	if tied {
		s += "="
	}
	return s
}
