package tabular_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/parquet/file"

	"plumbline/reports/tabular"
)

var columns = []tabular.Column{{Name: "name"}, {Name: "n", Kind: tabular.Integer}, {Name: "value", Kind: tabular.Decimal}}

// rows are more than a batch holds.
func rows(n int) (list [][]string) {
	for i := range n {
		list = append(list, []string{fmt.Sprintf("员工%d", i), fmt.Sprint(i), fmt.Sprintf("%d.25", i)})
	}
	list[0] = []string{"=cmd|' /C calc'!A0", "", "-3.5"}
	return list
}

func written(t *testing.T, format string, list [][]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := tabular.NewWriter(&b, format, columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if err := w.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestWriterLosesNothing reads every format back: each row once, in order, numbers as numbers, NULL as NULL, and no text that a spreadsheet runs.
func TestWriterLosesNothing(t *testing.T) {
	const many = 150_000
	list := rows(many)
	back, err := csv.NewReader(bytes.NewReader(written(t, "csv", list))).ReadAll()
	if err != nil || len(back) != many+1 || back[1][0] != "'"+list[0][0] || back[1][2] != "-3.5" || !slices.Equal(back[many], list[many-1]) {
		t.Errorf("csv: %d rows, %v, %v, %v", len(back), back[1], back[many], err)
	}
	var objects []struct {
		Name  string
		N     *int
		Value float64
	}
	if err := json.Unmarshal(written(t, "json", list[:1000]), &objects); err != nil || len(objects) != 1000 || objects[0].N != nil || *objects[999].N != 999 || objects[999].Value != 999.25 {
		t.Errorf("json: %d rows, %v", len(objects), err)
	}
	stream, err := ipc.NewReader(bytes.NewReader(written(t, "arrow", list)))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for stream.Next() {
		rec := stream.RecordBatch()
		for i := range int(rec.NumRows()) {
			if got := rec.Column(0).(*array.String).Value(i); got != list[seen][0] {
				t.Fatalf("arrow: row %d is %q", seen, got)
			}
			if (seen == 0) != rec.Column(1).IsNull(i) {
				t.Fatalf("arrow: row %d, NULL is %v", seen, rec.Column(1).IsNull(i))
			}
			seen++
		}
	}
	if seen != many {
		t.Errorf("arrow: %d rows", seen)
	}
	p, err := file.NewParquetReader(bytes.NewReader(written(t, "parquet", list)))
	if err != nil || p.NumRows() != many {
		t.Fatalf("parquet: %v rows, %v", p.NumRows(), err)
	}
}

// TestWriterOfNothing: a table without rows is still a table.
func TestWriterOfNothing(t *testing.T) {
	for _, format := range strings.Split(tabular.MachineFormats, ", ") {
		if raw := written(t, format, nil); len(raw) == 0 {
			t.Errorf("%s: nothing at all", format)
		}
	}
	if _, err := tabular.NewWriter(&bytes.Buffer{}, "xls", columns); err == nil || !strings.Contains(err.Error(), "csv, json") {
		t.Errorf("an unknown format: %v", err)
	}
	w, err := tabular.NewWriter(&bytes.Buffer{}, "parquet", columns)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add([]string{"a", "1.5", "2"}); err == nil || !strings.Contains(err.Error(), "column n") {
		t.Errorf("a decimal among whole numbers: %v", err)
	}
}
