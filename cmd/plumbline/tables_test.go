package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDictionaryTellsEveryColumn: every column of every table that is written stands in the dictionary with what it means, in both languages, and
// the dictionary knows no other.
func TestDictionaryTellsEveryColumn(t *testing.T) {
	dir := t.TempDir()
	must(t, exitDone, "tables", "2026Q3", "-o", dir, "--records", "all", "--data", filled(t))
	told := map[string]bool{}
	for _, row := range csvRows(t, filepath.Join(dir, "dictionary.csv"))[1:] {
		if strings.HasPrefix(row[1], "kpi=") {
			continue
		}
		for i, cell := range row {
			if cell == "" && i != 3 { // not every column has a unit
				t.Errorf("%s.%s: the dictionary leaves column %d blank", row[0], row[1], i)
			}
		}
		told[row[0]+"."+row[1]] = true
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil || len(files) < 20 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".csv")
		if name == "dictionary" {
			continue
		}
		for _, column := range csvRows(t, f)[0] {
			if !told[name+"."+column] {
				t.Errorf("the dictionary does not tell of %s.%s", name, column)
			}
			delete(told, name+"."+column)
		}
	}
	for left := range told {
		t.Errorf("the dictionary tells of %s, which no table has", left)
	}
}

func csvRows(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
