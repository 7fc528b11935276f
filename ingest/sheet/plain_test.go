package sheet

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What staging says of columns is true of every cell that was written, whether its row was quoted or not.
func TestPlainColumns(t *testing.T) {
	text := "id,day,number,text,mixed\n" +
		"A-1,2026-07-01,8,中文,1\n" +
		"A-2,2024-02-29,-12.50,x y,2026-07-01\n" +
		",,,,\n" +
		"\"A\"\"3\",\"1990-01-01\",\"00012.1230\",\"a,b\",z\n" +
		"A4,2100-12-31,1,尾,\"1.\"\n"
	var out bytes.Buffer
	s, err := StageCSV(bytes.NewReader([]byte(text)), Dialect{Encoding: UTF8, Delimiter: ','}, 1, 5, &out)
	if err != nil {
		t.Fatal(err)
	}
	want := []Plain{
		{ID: true, Trimmed: true}, {ID: true, Date: true, Trimmed: true}, {Number: true, Digits: 5, Decimals: 3, Point: true, Trimmed: true},
		{Trimmed: true}, {Trimmed: true},
	}
	for i := range s.Plain {
		if !s.Plain[i].Number { // sizes of what is no number say nothing
			s.Plain[i].Digits, s.Plain[i].Decimals, s.Plain[i].Point = 0, 0, false
		}
	}
	if diff := cmp.Diff(want, s.Plain); diff != "" {
		t.Error(diff)
	}
}

func TestPlainCells(t *testing.T) {
	for _, c := range []struct {
		cell             string
		id, date, number bool
		padded           bool
	}{
		{"0", true, false, true, false}, {"-0", true, false, true, false}, {"-", true, false, false, false}, {"8.", false, false, false, false},
		{".5", false, false, false, false}, {"1e5", true, false, false, false}, {"+8", false, false, false, false}, {"1,5", true, false, false, false},
		{"123456789012345678", true, false, true, false}, {"1234567890123456789", true, false, false, false},
		{"2026-02-29", true, false, false, false}, {"2024-02-29", true, true, false, false}, {"2100-02-29", true, false, false, false},
		{"2000-02-29", true, true, false, false}, {"2026-13-01", true, false, false, false}, {"2026-00-10", true, false, false, false},
		{"2026-04-31", true, false, false, false}, {"1989-12-31", true, false, false, false}, {"2101-01-01", true, false, false, false}, {"2026/07/01", true, false, false, false},
		{" x", false, false, false, true}, {"x\t", false, false, false, true}, {"\u00a0x", false, false, false, true}, {"x\u3000", false, false, false, true},
		{"\u3000", false, false, false, true}, {"中", false, false, false, false}, {"ÂA", false, false, false, false}, {"1.23E+17", false, false, false, false},
	} {
		var p Plain
		if isPlainID([]byte(c.cell)) != c.id || isDay([]byte(c.cell)) != c.date || p.number([]byte(c.cell)) != c.number || padded([]byte(c.cell)) != c.padded {
			t.Errorf("%q: id %v, date %v, number %v, padded %v", c.cell, isPlainID([]byte(c.cell)), isDay([]byte(c.cell)), p.number([]byte(c.cell)), padded([]byte(c.cell)))
		}
	}
}
