package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAsOfADay takes a file in at 23:30 in Shanghai on 8 October 2026 and another half an hour later, which is the next day there and the same in
// Greenwich. A day means its end in the company's zone.
func TestAsOfADay(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	at := func(moment string, args ...string) outcome {
		now, err := time.Parse("2006-01-02 15:04", moment)
		if err != nil {
			t.Fatal(err)
		}
		var out, talk bytes.Buffer
		code := run(context.Background(), append(args, "--data", data), environment, func() time.Time { return now.UTC() }, &out, &talk)
		return outcome{code, out.String(), talk.String()}
	}
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, step := range [][]string{
		{"2026-10-01 02:00", "init"},
		{"2026-10-01 02:00", "ingest", file("departments.csv", "department_id,name,parent_id,kind\nE,Engineers,,engineering\n"),
			file("employees.csv", "employee_no,name,hired_on,left_on\n01,Ann,2020-01-01,\n"), file("memberships.csv", "employee_no,department_id,valid_from,valid_to,role\n01,E,2020-01-01,,head\n")},
		{"2026-10-08 15:30", "ingest", file("one.csv", "delivery_id,employee_no,due_on,delivered_on\nD1,01,2026-08-11,2026-08-11\n")},
		{"2026-10-08 16:00", "ingest", file("two.csv", "delivery_id,employee_no,due_on,delivered_on\nD2,01,2026-08-11,2026-08-12\n")},
	} {
		if o := at(step[0], step[1:]...); o.code != exitDone {
			t.Fatalf("%v: %d %s", step, o.code, o.err)
		}
	}
	for day, want := range map[string]string{"2026-10-07": ",0,,,85,,no_data", "2026-10-08": ",1,1,1,", "2026-10-09": ",1,2,2,"} {
		o := at("2026-10-09 02:00", "kpi", "2026Q3", "--kpi", "on_time_rate", "--by", "company", "--format", "csv", "--as-of", day)
		if o.code != exitDone || !strings.Contains(o.out, want) || !strings.Contains(o.err, day+" 结束时的账册：账序 ") {
			t.Errorf("as of %s: %d\n%s%s", day, o.code, o.out, o.err)
		}
	}
	if o := at("2026-10-09 02:00", "compare", "2026Q3", "--from", "2026-10-08", "--to", "2026-10-09", "--kpi", "on_time_rate", "--rows", "--format", "csv"); o.code != exitDone ||
		!strings.Contains(o.out, "\non_time_rate,came_in,,deliveries,D2,") || strings.Contains(o.out, "D1") {
		t.Errorf("%d\n%s%s", o.code, o.out, o.err)
	}
	for day, want := range map[string]string{"2026-09-30": "第一笔记于 2026-10-01", "2026-10-10": "还没有到"} {
		if o := at("2026-10-09 02:00", "score", "2026Q3", "--as-of", day); o.code != exitUse || !strings.Contains(o.err, want) {
			t.Errorf("as of %s: %d %s", day, o.code, o.err)
		}
	}
}
