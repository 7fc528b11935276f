package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"

	"plumbline/ingest/sheet/columnar"
	"plumbline/internal/books"
	"plumbline/policy"
	"plumbline/sample_data"
)

// clock is when all tests take place: 2026-11-21 10:00 in Shanghai.
func clock() time.Time { return time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC) }

// scriptClock lets a script say when a command is given: at CLOCK, like 2026-10-08T09:00:00+08:00, or else when all tests take place.
func scriptClock() time.Time {
	if t, err := time.Parse(time.RFC3339, os.Getenv("CLOCK")); err == nil {
		return t
	}
	return clock()
}

func environment(name string) string {
	if name == "PLUMBLINE_ACTOR" {
		return "tester"
	}
	return ""
}

func TestMain(m *testing.M) {
	columnar.Main()
	testscript.Main(m, map[string]func(){
		"plumbline": func() { os.Exit(process(scriptClock)) },
		"served":    func() { os.Exit(keepService()) },
	})
}

// outcome is what a command line came to.
type outcome struct {
	code     int
	out, err string
}

// plumbline runs a command line in this process.
func plumbline(t testing.TB, args ...string) outcome {
	t.Helper()
	var out, talk bytes.Buffer
	code := run(context.Background(), args, environment, clock, &out, &talk)
	return outcome{code, out.String(), talk.String()}
}

// must runs a command line that has to end with the code, and gives its output.
func must(t testing.TB, code int, args ...string) string {
	t.Helper()
	o := plumbline(t, args...)
	if o.code != code {
		t.Fatalf("plumbline %s: exit code %d, want %d\n%s", strings.Join(args, " "), o.code, code, o.err)
	}
	return o.out
}

// table runs a command line and reads the CSV that it prints: one map per row.
func table(t testing.TB, args ...string) []map[string]string {
	t.Helper()
	return readCSV(t, must(t, exitDone, append(args, "--format", "csv")...))
}

func readCSV(t testing.TB, text string) []map[string]string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(records) == 0 {
		t.Fatalf("not a CSV with a header: %v\n%s", err, text)
	}
	rows := make([]map[string]string, 0, len(records)-1)
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// companyFiles unpacks the sample company and gives the folder.
func companyFiles(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, sample_data.FS); err != nil {
		t.Fatal(err)
	}
	return dir
}

// filled gives a data directory of its own that holds the sample company.
func filled(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "plumbline-data")
	if err := fill(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// fill makes a copy of books that were kept once for all tests.
func fill(dir string) error { return copyOf(dir, companyBooks) }

// fillQuarter does the same with the records of one quarter: for what makes the books anew again and again.
func fillQuarter(dir string) error { return copyOf(dir, quarterBooks) }

func copyOf(dir string, kept func() (map[string][]byte, error)) error {
	files, err := kept()
	if err != nil {
		return err
	}
	return writeTree(dir, files)
}

// ofQuarter are the files of the sample with the organisation, its targets, and the records of the third quarter that count for most.
var ofQuarter = []string{"company.xlsx", "employees-management.csv", "accounts.csv", "work_logs-2026Q3.csv", "deliveries-2026Q3.xlsx",
	"opportunities-2026Q3.csv", "satisfaction.csv", "targets.csv"}

// writeTree writes what readTree read.
func writeTree(dir string, files map[string][]byte) error {
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

var (
	companyBooks = sync.OnceValues(func() (map[string][]byte, error) { return kept("") })
	quarterBooks = sync.OnceValues(func() (map[string][]byte, error) { return kept(ofQuarter...) })
)

// kept takes files of the sample company in and reads what its books are then.
func kept(names ...string) (files map[string][]byte, err error) {
	dir, err := os.MkdirTemp("", "plumbline-books-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.CopyFS(filepath.Join(dir, "sample"), sample_data.FS); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	var talk bytes.Buffer
	ingest := []string{"ingest"}
	for _, name := range names {
		ingest = append(ingest, filepath.Join(dir, "sample", "company", name))
	}
	for _, args := range [][]string{{"init"}, ingest} {
		code := run(context.Background(), append(args, "--data", data), environment, clock, &talk, &talk)
		if code != exitDone && code != exitRejects {
			return nil, errors.New("keep the sample's books: " + talk.String())
		}
	}
	return readTree(data)
}

// readTree reads all files below dir.
func readTree(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	return files, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[name], err = os.ReadFile(path)
		return err
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Setup: prepare, Cmds: scriptCommands, Condition: condition, RequireUniqueNames: true})
}

// drawingLibrary is what the build without npm lacks.
const drawingLibrary = "../../charts/assets/echarts.min.js"

// condition knows [charts]: the drawing library is built in.
func condition(name string) (bool, error) {
	if name != "charts" {
		return false, errors.New("unknown condition " + name)
	}
	_, err := os.Stat(drawingLibrary)
	return err == nil, nil
}

// needsCharts skips a test that needs the drawing library.
func needsCharts(t *testing.T) {
	t.Helper()
	if ok, err := condition("charts"); err != nil || !ok {
		t.Skip("the drawing library is not built in (make build)")
	}
}

// prepare gives a script the sample company under $SAMPLE.
func prepare(env *testscript.Env) error {
	sample, err := filepath.Abs("../../sample_data")
	if err != nil {
		return err
	}
	env.Setenv("SAMPLE", sample)
	env.Setenv("PLUMBLINE_ACTOR", "tester")
	return nil
}

// answer FILE POINTS [KEY=VALUE…] fills a form in as a person does with an editor: POINTS for every item, accepted for every line, and
// VALUE for each blank KEY.
func answer(ts *testscript.TestScript, file, points string, pairs ...string) {
	text := strings.ReplaceAll(ts.ReadFile(file), `points: ""`, `points: "`+points+`"`)
	text = strings.Replace(text, `rest: ""`, `rest: accepted`, 1)
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		blank := "\n" + key + `: ""`
		if key == "comment" { // of an evaluation
			blank = "\n  comment: \"\""
		}
		if !strings.Contains(text, blank) {
			ts.Fatalf("%s has no blank %s", file, key)
		}
		text = strings.ReplaceAll(text, blank, strings.TrimSuffix(blank, `""`)+strconv.Quote(value))
	}
	ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o600))
}

// scriptCommands are what the scripts need beside the usual ones.
var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	// exits CODE COMMAND… runs a command that must end with the code.
	"exits": func(ts *testscript.TestScript, _ bool, args []string) {
		want, err := strconv.Atoi(args[0])
		ts.Check(err)
		if got := exitOf(ts, args[1:]); got != want {
			ts.Fatalf("%s: exit code %d, want %d", strings.Join(args[1:], " "), got, want)
		}
	},
	// done COMMAND… runs a command that must end well, with rejects or without.
	"done": func(ts *testscript.TestScript, _ bool, args []string) {
		if got := exitOf(ts, args); got != exitDone && got != exitRejects {
			ts.Fatalf("%s: exit code %d", strings.Join(args, " "), got)
		}
	},
	// filled DIR makes a data directory that holds the sample company.
	"filled": func(ts *testscript.TestScript, _ bool, args []string) { ts.Check(fill(ts.MkAbs(args[0]))) },
	// filled-quarter DIR makes one with the records of a quarter.
	"filled-quarter": func(ts *testscript.TestScript, _ bool, args []string) { ts.Check(fillQuarter(ts.MkAbs(args[0]))) },
	// flip PATTERN turns one bit in the middle of the first file that matches.
	"flip": func(ts *testscript.TestScript, _ bool, args []string) {
		found, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		if len(found) == 0 {
			ts.Fatalf("no file matches %s", args[0])
		}
		text, err := os.ReadFile(found[0])
		ts.Check(err)
		text[len(text)/2] ^= 1
		ts.Check(os.WriteFile(found[0], text, 0o600))
	},
	"answer": func(ts *testscript.TestScript, _ bool, args []string) { answer(ts, args[0], args[1], args[2:]...) },
	// everybody QUARTER has the CEO evaluate whom the superiors have left.
	"everybody": func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Check(ts.Exec("plumbline", "review", "form", args[0], "--all", "--as", "00070", "-o", "form.yaml"))
		answer(ts, "form.yaml", "85", "comment=综合评价")
		ts.Check(ts.Exec("plumbline", "review", "save", "form.yaml", "--as", "00070", "--submit"))
	},
	// signatures QUARTER DEPARTMENT:HEAD… signs sheets of the last list to the end.
	"signatures": func(ts *testscript.TestScript, _ bool, args []string) {
		for _, sheet := range args[1:] {
			department, head, _ := strings.Cut(sheet, ":")
			for _, actor := range []string{head, "00044", "00070", "00050"} { // finance does not sign its own department's: the CEO does, and his deputy for him
				_ = ts.Exec("plumbline", "reward", "sign", args[0], "--department", department, "--as", actor)
			}
		}
	},
	// retold OUT shows in English what a demo made in OUT, as the English demo does.
	"retold": func(ts *testscript.TestScript, _ bool, args []string) {
		var out bytes.Buffer
		a := &app{out: &out, err: &out, now: clock, getenv: environment, lang: policy.EN, format: "table", memory: "1GiB", data: ts.MkAbs(filepath.Join(args[0], "data"))}
		err := a.with(context.Background(), func(b *books.Books) error {
			return a.demoTold(context.Background(), b, taken{accepted: 22061, waiting: 71}, ts.MkAbs(args[0]))
		})
		ts.Check(errors.Join(err, os.WriteFile(ts.MkAbs(args[1]), out.Bytes(), 0o600)))
	},
	// approve QUARTER REASON ACTOR approves the adjustments found last.
	"approve": func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Check(ts.Exec("plumbline", "quarter", "adjustments", args[0], "--format", "csv"))
		rows, err := csv.NewReader(strings.NewReader(ts.ReadFile("stdout"))).ReadAll()
		ts.Check(err)
		ts.Check(ts.Exec("plumbline", "quarter", "approve", args[0], "--up-to", rows[len(rows)-1][0], "--because", args[1], "--as", args[2]))
	},
	// replace FILE OLD NEW changes the first OLD.
	"replace": func(ts *testscript.TestScript, _ bool, args []string) {
		text := ts.ReadFile(args[0])
		if !strings.Contains(text, args[1]) {
			ts.Fatalf("%s does not hold %q", args[0], args[1])
		}
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o600))
	},
	// count N PATTERN wants N files to match.
	"count": func(ts *testscript.TestScript, _ bool, args []string) {
		found, err := filepath.Glob(ts.MkAbs(args[1]))
		ts.Check(err)
		if strconv.Itoa(len(found)) != args[0] {
			ts.Fatalf("%d files match %s, want %s: %q", len(found), args[1], args[0], found)
		}
	},
	// correct BOOK ID HEADER VALUE writes a cell of a workbook of rejects: in the row with the id, under the header.
	"correct": func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Check(correct(ts.MkAbs(args[0]), args[1], args[2], args[3]))
	},
	// verdicts BOOK DAY VERDICT… fills in a workbook with an audit sample, a verdict a row; - leaves the row as it is, and so do rows without one.
	"verdicts": func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Check(verdicts(ts.MkAbs(args[0]), args[1], args[2:]))
	},
	// evaluate BOOK POINTS COMMENT [EMPLOYEE…] fills an evaluation sheet in: points for every item and an overall comment, for those named or all.
	"evaluate": func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Check(evaluate(ts.MkAbs(args[0]), args[1], args[2], args[3:]))
	},
	// write BOOK SHEET CELL VALUE writes a cell of a workbook: a number where VALUE is one, or else a text.
	"write": func(ts *testscript.TestScript, _ bool, args []string) {
		book, err := excelize.OpenFile(ts.MkAbs(args[0]))
		ts.Check(err)
		var value any = args[3]
		if n, err := strconv.ParseFloat(args[3], 64); err == nil {
			value = n
		}
		ts.Check(errors.Join(book.SetCellValue(args[1], args[2], value), book.Save(), book.Close()))
	},
	// appears PATH… waits until all of them are there.
	"appears": func(ts *testscript.TestScript, neg bool, args []string) {
		for _, name := range args {
			await(ts, name, func(err error) bool { return (err == nil) != neg })
		}
	},
	// says FILE TEXT waits until a file holds the text.
	"says": func(ts *testscript.TestScript, _ bool, args []string) {
		await(ts, args[0], func(err error) bool { return err == nil && strings.Contains(ts.ReadFile(args[0]), args[1]) })
	},
	// bytes FILE HEX… writes bytes that no text file can hold.
	"bytes": func(ts *testscript.TestScript, _ bool, args []string) {
		text, err := strconv.Unquote(`"` + strings.Join(args[1:], " ") + `"`)
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
	},
	// written DIR FILE wants every path below DIR that FILE names to exist, and FILE to name some.
	"written": func(ts *testscript.TestScript, _ bool, args []string) {
		paths := regexp.MustCompile(regexp.QuoteMeta(args[0])+`/.*?(  | ；|。|\n|$)`).FindAllString(ts.ReadFile(args[1]), -1)
		if len(paths) == 0 {
			ts.Fatalf("%s names nothing below %s", args[1], args[0])
		}
		for _, path := range paths {
			if _, err := os.Stat(ts.MkAbs(strings.Trim(path, " ；。\n"))); err != nil {
				ts.Fatalf("%s names what is not there: %v", args[1], err)
			}
		}
	},
	// same-tree DIR DIR wants the same files with the same bytes.
	"same-tree": func(ts *testscript.TestScript, neg bool, args []string) {
		one, err := readTree(ts.MkAbs(args[0]))
		ts.Check(err)
		two, err := readTree(ts.MkAbs(args[1]))
		ts.Check(err)
		if same := maps.EqualFunc(one, two, bytes.Equal); same == neg || len(one) == 0 {
			ts.Fatalf("%s and %s: same is %v, of %d files", args[0], args[1], same, len(one))
		}
	},
}

// patience bounds how long a script waits for another process.
const patience = time.Minute

// await looks at a file until it is as wanted.
func await(ts *testscript.TestScript, name string, wanted func(err error) bool) {
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		_, err := os.Lstat(ts.MkAbs(name))
		if wanted(err) {
			return
		}
		if time.Since(begun) > patience {
			ts.Fatalf("%s is not as wanted after %s: %v", name, patience, err)
		}
	}
}

// correct writes one cell of a workbook, in the row with the id in its first column.
func correct(path, id, header, value string) (err error) {
	book, err := excelize.OpenFile(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	for _, sheet := range book.GetSheetList() {
		rows, err := book.GetRows(sheet)
		if err != nil {
			return err
		}
		for i, row := range rows {
			if at := slices.Index(rows[0], header); at >= 0 && len(row) > 0 && row[0] == id {
				cell, err := excelize.CoordinatesToCellName(at+1, i+1)
				return errors.Join(err, book.SetCellStr(sheet, cell, value), book.Save())
			}
		}
	}
	return fmt.Errorf("%s has no row %s with a column %s", path, id, header)
}

// evaluate fills an evaluation sheet in as a superior does. Which row is which stands on its hidden sheet.
func evaluate(path, points, comment string, employees []string) (err error) {
	book, err := excelize.OpenFile(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	given, err := strconv.ParseFloat(points, 64)
	if err != nil {
		return err
	}
	lines, err := book.GetRows("_plumbline")
	if err != nil {
		return err
	}
	sheet := lines[2][1]
	for _, line := range lines[7:] {
		row, kind, employee := line[1], line[2], line[3]
		if len(employees) > 0 && !slices.Contains(employees, employee) {
			continue
		}
		switch kind {
		case "item":
			err = errors.Join(err, book.SetCellValue(sheet, "I"+row, given))
		case "comment":
			err = errors.Join(err, book.SetCellStr(sheet, "J"+row, comment))
		}
	}
	return errors.Join(err, book.Save())
}

func exitOf(ts *testscript.TestScript, args []string) int {
	err := ts.Exec(args[0], args[1:]...)
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return failed.ExitCode()
	}
	ts.Check(err)
	return 0
}
