package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// planted is a line of faults.csv.
type planted struct{ file, sheet, row, column, rule string }

func (p planted) place() string { return fmt.Sprintf("%s [%s] row %s", p.file, p.sheet, p.row) }

// totalsRow is the rule of rows that are no records: they are excluded, not quarantined.
const totalsRow = "row.total"

// plantedFaults reads what was placed on purpose in the files of folder; the names come without it.
func plantedFaults(t *testing.T, folder string) (faults []planted) {
	t.Helper()
	f, err := os.Open("../../sample_data/faults.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records[1:] {
		if path.Dir(r[0]) == folder {
			faults = append(faults, planted{path.Base(r[0]), r[1], r[2], r[3], r[4]})
		}
	}
	if len(faults) == 0 {
		t.Fatalf("faults.csv names nothing in %s", folder)
	}
	return faults
}

func TestPlantedFaultsAreTheRejects(t *testing.T) {
	rejects := table(t, "rejects", "--data", filled(t))
	wanted := map[string]bool{}
	for _, f := range plantedFaults(t, "company") {
		if strings.HasPrefix(f.rule, "accepted.") || f.rule == totalsRow {
			continue
		}
		wanted[f.place()] = true
		found := slices.ContainsFunc(rejects, func(r map[string]string) bool {
			return r["file"] == f.file && r["sheet"] == f.sheet && r["row"] == f.row && r["rule"] == f.rule && (f.column == "" || r["column"] == f.column)
		})
		if !found {
			t.Errorf("%s, column %s: %s is not among the rejects", f.place(), f.column, f.rule)
		}
	}
	if len(wanted) < 30 {
		t.Errorf("only %d faulty rows are planted", len(wanted))
	}
	for _, r := range rejects {
		place := planted{file: r["file"], sheet: r["sheet"], row: r["row"]}.place()
		if !wanted[place] {
			t.Errorf("%s is rejected (%s) but nothing is wrong with it", place, r["rule"])
		}
		if r["problem"] == "" || r["cure"] == "" || strings.Contains(r["problem"]+r["cure"], "%!") {
			t.Errorf("%s, %s: problem %q, cure %q", place, r["rule"], r["problem"], r["cure"])
		}
	}
}

func TestEveryRowOfTheSampleIsAccountedFor(t *testing.T) {
	want := map[string]map[string]int{} // file and sheet → what files should count
	for _, f := range plantedFaults(t, "company") {
		key := f.file + " " + f.sheet
		if want[key] == nil {
			want[key] = map[string]int{}
		}
		switch f.rule {
		case "accepted.correction":
			want[key]["corrected"]++
		case "accepted.duplicate":
			want[key]["duplicates"]++
		case "accepted.title_row":
		case totalsRow:
			want[key]["excluded"]++
		default:
			want[key]["quarantined"]++
		}
	}
	rowsIn := physicalRows(t)
	files := table(t, "files", "--data", filled(t))
	if len(files) != len(rowsIn) {
		t.Errorf("%d tables were taken in, want %d", len(files), len(rowsIn))
	}
	for _, f := range files {
		key := f["file"] + " " + f["sheet"]
		n := func(column string) int {
			i, err := strconv.Atoi(f[column])
			if err != nil {
				t.Fatal(err)
			}
			return i
		}
		if n("rows_in") != rowsIn[key] {
			t.Errorf("%s: %d rows in, the file has %d", key, n("rows_in"), rowsIn[key])
		}
		if n("rows_in") != n("accepted")+n("quarantined")+n("excluded") || n("accepted") != n("new")+n("corrected")+n("unchanged")+n("duplicates") {
			t.Errorf("%s does not add up: %v", key, f)
		}
		for _, column := range []string{"quarantined", "excluded", "corrected", "duplicates"} {
			if n(column) != want[key][column] {
				t.Errorf("%s: %s %d, want %d", key, column, n(column), want[key][column])
			}
		}
	}
}

// physicalRows counts the rows below the header of every table in the sample company.
func physicalRows(t *testing.T) map[string]int {
	t.Helper()
	folder := "../../sample_data/company"
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	below := func(key string, rows [][]string) {
		count[key] = len(rows) - 1 - slices.IndexFunc(rows, func(row []string) bool { return len(row) > 2 })
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		switch filepath.Ext(path) {
		case ".csv":
			below(e.Name()+" ", csvLines(t, path))
		case ".xlsx":
			for sheet, rows := range sheets(t, path) {
				below(e.Name()+" "+sheet, rows)
			}
		default:
			count[e.Name()+" "] = jsonRecords(t, path)
		}
	}
	return count
}

// jsonRecords counts the records of a list, or of one record per line.
func jsonRecords(t *testing.T, path string) (n int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for in := json.NewDecoder(bytes.NewReader(text)); in.More(); {
		var value any
		if err := in.Decode(&value); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if list, ok := value.([]any); ok {
			n += len(list)
		} else {
			n++
		}
	}
	return n
}

func TestRefusedFilesNameTheirRule(t *testing.T) {
	data := filled(t)
	before, err := readTree(data)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(companyFiles(t), "refused")
	o := plumbline(t, "ingest", folder, "--data", data)
	if o.code != exitUse {
		t.Errorf("exit code %d, want %d", o.code, exitUse)
	}
	for _, f := range plantedFaults(t, "refused") {
		lines := strings.Split(o.err, "\n")
		i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, f.file) })
		if i < 0 {
			t.Errorf("%s was not refused", f.file)
			continue
		}
		if !strings.HasPrefix(lines[i], "✗ ") || !strings.Contains(lines[i], f.rule) {
			t.Errorf("%s: want the rule %s in %q", f.file, f.rule, lines[i])
		}
		if i+2 >= len(lines) || !strings.Contains(lines[i+1]+lines[i+2], "改法：") {
			t.Errorf("%s: no cure in\n%s", f.file, o.err)
		}
	}
	after, err := readTree(data)
	if err != nil {
		t.Fatal(err)
	}
	for name := range after {
		if _, ok := before[name]; !ok && (strings.HasPrefix(name, "journal") || strings.HasPrefix(name, "originals")) {
			t.Errorf("%s was left behind by refused files", name)
		}
	}
}
