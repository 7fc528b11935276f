package reports

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// periodicFixture is the report of a week of the company, or of a quarter of the department D11.
func periodicFixture(weekly bool) Periodic {
	r := fixtureData().Report
	r.Policy.Reviews = &policy.Reviews{}
	deliveries := &policy.Dataset{ID: "deliveries", Columns: []*policy.Column{{ID: "delivery_id"}, {ID: "project"}, {ID: "item"}, {ID: "customer"}, {ID: "due_on"}, {ID: "delivered_on"}}}
	decisions := &policy.Dataset{ID: "decisions", Columns: []*policy.Column{{ID: "content"}, {ID: "assignee_no", Type: policy.TypeEmployee}, {ID: "decided_at"}, {ID: "due_on"},
		{ID: "status", Values: []policy.EnumValue{{Value: "open", Name: bi("执行中", "Open")}}}}}
	d := Periodic{Report: r, Made: r.Made, Names: map[string]policy.Text{"9001": bi("钱总", "Ms Qian")}, Activity: &metrics.Activity{From: date("2026-07-01"), To: date("2026-09-30"),
		Hours:       []metrics.HoursBy{{Name: poisoned[0], Hours: num("120.5"), Logs: 20, People: 3}, {Hours: num("79.5"), Logs: 9, People: 2}},
		Late:        []metrics.Record{{Dataset: deliveries, Department: "D11", Employee: "1001", Day: date("2026-07-21"), Cells: []string{"JF1", poisoned[3], poisoned[1], poisoned[8], "2026-07-21", ""}}},
		Resolutions: []metrics.Record{{Dataset: decisions, Department: "D11", Employee: "1002", Day: date("2026-07-20"), Cells: []string{poisoned[2], "9001", "2026-07-20 09:00:00", "2026-08-01", "open"}}},
		Trainings:   []metrics.Record{}}}
	if !weekly {
		d.Department = "D11"
		return d
	}
	w, err := period.ParseWeek("2026-W30")
	if err != nil {
		panic(err)
	}
	d.Week, d.Activity.From, d.Activity.To = &w, w.Start(), w.LastDay()
	rate := func(num, den int64) metrics.Value {
		v := metrics.Value{KPI: r.KPIs[0], Ratio: fixed.Ratio{Num: fixed.Int(num), Den: fixed.Int(den)}, N: fixed.Int(den), Status: metrics.OK}
		if den < r.KPIs[0].Minimum {
			v.Status = metrics.Insufficient
		}
		return v
	}
	d.Activity.Rates, d.Activity.RatesBefore = []metrics.Value{rate(3, 17)}, []metrics.Value{rate(2, 9)}
	return d
}

func TestPeriodicGolden(t *testing.T) {
	for _, lang := range bothLanguages {
		for name, weekly := range map[string]bool{"week": true, "quarter": false} {
			path, changed, err := WritePeriodic(context.Background(), Folder{Dir: t.TempDir()}, periodicFixture(weekly), lang)
			if err != nil || !changed {
				t.Fatal(changed, err)
			}
			sameAsGolden(t, path, "report-"+name+"-"+string(lang)+".txt")
		}
	}
}

// sameAsGolden compares the name and the dump of a workbook with what is in testdata.
func sameAsGolden(t *testing.T, path, name string) {
	t.Helper()
	got, err := Dump(path)
	if err != nil {
		t.Fatal(err)
	}
	got = filepath.Base(path) + "\n" + got
	golden(t, name, got)
}

// TestPeriodicRecalculates lets LibreOffice compute the formulas of the reports and compares.
func TestPeriodicRecalculates(t *testing.T) {
	if testing.Short() {
		t.Skip("starts LibreOffice")
	}
	d := periodicFixture(false)
	var b bytes.Buffer
	if _, err := renderPeriodic(context.Background(), d, policy.ZH, d.Made, &b); err != nil {
		t.Fatal(err)
	}
	recalculates(t, workbook{"weekly", b.Bytes(), 10})
}

func selfFixture() SelfReview {
	m, _ := period.Parse("2026-07")
	return SelfReview{Company: bi("某某公司", "Example Company"), Month: m, Employee: "1004", Name: poisoned[0], Version: 3, AsOf: 77, Due: "2026-08-05 23:59", Made: time.Date(2026, 8, 1, 2, 0, 0, 0, time.UTC),
		Points:       []SelfPoints{{KPI: "conversion_rate", Name: "客户转化率", Weight: "60", Points: "92.5", Comment: poisoned[8]}, {KPI: "delay_days", Name: "平均延误天数", Weight: "40"}},
		Lines:        []SelfLine{{Key: "kpi:conversion_rate:D11", Says: "客户转化率：30.0 % (3 / 10)", Source: "plumbline evidence conversion_rate 2026-07", Reply: "disputed", Comment: "=1+1"}, {Key: "hours:" + poisoned[1], Says: "工时 " + poisoned[1]}},
		Achievements: "完成一期\n=cmd|'/c calc'!A1", Plan: strings.Repeat("推进二期，", 40)}
}

func TestSelfReviewGolden(t *testing.T) {
	for _, lang := range bothLanguages {
		path, changed, err := WriteSelfReview(context.Background(), Folder{Dir: t.TempDir()}, selfFixture(), lang)
		if err != nil || !changed {
			t.Fatal(changed, err)
		}
		sameAsGolden(t, path, "self-review-"+string(lang)+".txt")
	}
}

// TestSelfReviewComesBack: what a form says is read back as it was written, in either language; a foreign workbook is refused.
func TestSelfReviewComesBack(t *testing.T) {
	want := selfFixture()
	for _, lang := range bothLanguages {
		path, _, err := WriteSelfReview(context.Background(), Folder{Dir: t.TempDir()}, want, lang)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadSelfReview(path, rawOf(t, path))
		if err != nil {
			t.Fatal(err)
		}
		if got.Month != want.Month || got.Employee != want.Employee || got.Version != want.Version || got.AsOf != want.AsOf || got.Achievements != want.Achievements || got.Problems != "" || got.Plan != want.Plan {
			t.Errorf("%s: got %+v", lang, got)
		}
		for i, p := range want.Points {
			if g := got.Points[i]; g.KPI != p.KPI || g.Points != p.Points || g.Comment != p.Comment {
				t.Errorf("%s: points %d are %+v, want %+v", lang, i, g, p)
			}
		}
		for i, l := range want.Lines {
			if g := got.Lines[i]; g.Key != l.Key || g.Reply != l.Reply || g.Comment != l.Comment {
				t.Errorf("%s: line %d is %+v, want %+v", lang, i, g, l)
			}
		}
	}
	if _, err := ReadSelfReview("other", rawOf(t, workbookFile(t, fixtureData(), policy.ZH))); err == nil {
		t.Error("a workbook that is no form was read")
	}
}

// TestSelfReviewIsLocked: only pale yellow cells can be changed.
func TestSelfReviewIsLocked(t *testing.T) {
	path, _, err := WriteSelfReview(context.Background(), Folder{Dir: t.TempDir()}, selfFixture(), policy.ZH)
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sheet := f.GetSheetList()[0]
	if protection, err := f.GetSheetProtection(sheet); err != nil || !protection.SelectLockedCells {
		t.Errorf("the sheet is not protected: %+v %v", protection, err)
	}
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	open := 0
	for r := range rows {
		for c := 1; c <= srComment; c++ {
			id, err := f.GetCellStyle(sheet, address(c, r+1))
			if err != nil {
				t.Fatal(err)
			}
			style, err := f.GetStyle(id)
			if err != nil {
				t.Fatal(err)
			}
			yellow := len(style.Fill.Color) > 0 && strings.Contains(style.Fill.Color[0], inputFill)
			unlocked := style.Protection != nil && !style.Protection.Locked
			if yellow != unlocked {
				t.Errorf("%s: pale yellow %t, open %t", address(c, r+1), yellow, unlocked)
			}
			if unlocked {
				open++
			}
		}
	}
	if open < 8 {
		t.Errorf("only %d cells can be filled in", open)
	}
}

func rawOf(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
