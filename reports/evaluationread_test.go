package reports

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// must ends the test on an error of the workbook library.
func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestEvaluationFindings: every fault is named by its cell and rule, and nothing is taken in. The sheet of 1042 begins with 1044, who is
// blank: name in row 4, items in rows 5 to 7, sum 8, gap 9, penalties 10, score 11, comment 12, note 13.
func TestEvaluationFindings(t *testing.T) {
	d := bySuperior("1042")
	waiting, _, _ := d.Waiting()
	whole := evaluationBytes(t, d, policy.ZH)
	first, second := waiting[0].Evaluated, waiting[1].Evaluated
	if waiting[0].Done != nil || len(waiting[0].Items) != 3 || !(&evaluatee{Task: &waiting[0]}).punished() {
		t.Fatalf("the fixture begins with %+v", waiting[0])
	}
	points := func(v any) func(*excelize.File, string) {
		return func(f *excelize.File, s string) { must(t, f.SetCellValue(s, "I5", v)) }
	}
	filledIn := func(f *excelize.File, s string) { fillIn(t, f, 91.25, "综合评价") }
	now := func(edit func(n *EvaluationNow)) EvaluationNow { n := nowOf(d); edit(&n); return n }
	task := func(n *EvaluationNow, key metrics.Evaluated) *reviews.Task {
		n.Tasks = slices.Clone(n.Tasks)
		return &n.Tasks[slices.IndexFunc(n.Tasks, func(t reviews.Task) bool { return t.Evaluated == key })]
	}
	submit := func(n *EvaluationNow) { n.Submit = true }
	for _, c := range []struct {
		name string
		edit func(f *excelize.File, s string)
		now  EvaluationNow
		want []string // cell and rule
	}{
		{"a locked number", func(f *excelize.File, s string) { must(t, f.SetCellValue(s, "G8", 99.5)) }, nowOf(d), []string{"G8 cell.locked"}},
		{"a locked text", func(f *excelize.File, s string) { must(t, f.SetCellStr(s, "B4", "1044 别人")) }, nowOf(d), []string{"B4 cell.locked"}},
		{"a locked blank", func(f *excelize.File, s string) { must(t, f.SetCellStr(s, "J8", "x"), f.SetCellValue(s, "N5", 1)) }, nowOf(d), []string{"N5 cell.locked", "J8 cell.locked"}},
		{"a value for a formula", func(f *excelize.File, s string) { must(t, f.SetCellValue(s, "I11", 120)) }, nowOf(d), []string{"I11 cell.locked"}},
		{"another formula", func(f *excelize.File, s string) { must(t, f.SetCellFormula(s, "I8", "SUM(I5:I7)")) }, nowOf(d), []string{"I8 cell.locked"}},
		{"a row of somebody else", func(f *excelize.File, s string) {
			rows, err := f.GetRows(s)
			must(t, err, f.SetCellStr(s, address(evWhat, len(rows)+2), "1099 张三"), f.SetCellValue(s, address(evNo, len(rows)+3), 9999))
		}, nowOf(d), []string{"A-1 row.foreign", "A0 row.foreign"}},
		{"a row deleted", func(f *excelize.File, s string) { must(t, f.RemoveRow(s, 6)) }, nowOf(d), nil},
		{"a row doubled", func(f *excelize.File, s string) {
			rows, err := f.GetRows(s)
			must(t, err, f.SetCellValue(s, address(evNo, len(rows)+1), 2))
		}, nowOf(d), []string{"A0 row.twice"}},
		{"no number", points("优秀"), nowOf(d), []string{"I5 points.number"}},
		{"a comma", points("87,5"), nowOf(d), []string{"I5 points.number"}},
		{"infinite", points("Inf"), nowOf(d), []string{"I5 points.number"}},
		{"hexadecimal", points("0x5A"), nowOf(d), []string{"I5 points.number"}},
		{"a truth", points(true), nowOf(d), []string{"I5 points.number"}},
		{"too many", points(120.01), nowOf(d), []string{"I5 points.range"}},
		{"too few", points(-1), nowOf(d), []string{"I5 points.range"}},
		{"too fine", points(85.125), nowOf(d), []string{"I5 points.decimals"}},
		{"a formula of points", func(f *excelize.File, s string) { must(t, f.SetCellFormula(s, "I5", "90+5")) }, nowOf(d), []string{"I5 cell.formula"}},
		{"a percentage", func(f *excelize.File, s string) {
			style, err := f.NewStyle(&excelize.Style{NumFmt: 9})
			must(t, err, f.SetCellValue(s, "I5", 0.9), f.SetCellStyle(s, "I5", "I5", style))
		}, nowOf(d), []string{"I5 points.percent"}},
		{"a formula of a comment", func(f *excelize.File, s string) { must(t, f.SetCellFormula(s, "J12", "cmd|' /c calc'!A0")) }, nowOf(d), []string{"J12 cell.formula"}},
		{"a long comment", func(f *excelize.File, s string) { must(t, f.SetCellStr(s, "J12", strings.Repeat("长", textMost+1))) }, nowOf(d), []string{"J12 text.long"}},
		{"a comment without points", func(f *excelize.File, s string) { must(t, f.SetCellStr(s, "J5", "不错")) }, nowOf(d), []string{"I5 evaluation.items"}},
		{"several at once", func(f *excelize.File, s string) {
			must(t, f.SetCellValue(s, "I7", 500), f.SetCellValue(s, "I5", "?"), f.SetCellValue(s, "C6", 50))
		}, nowOf(d), []string{"I5 points.number", "C6 cell.locked", "I7 points.range"}},
		{"another quarter", filledIn, now(func(n *EvaluationNow) { n.Quarter = d.Report.Period.Before() }), []string{" quarter.other"}},
		{"a stale version", filledIn, now(func(n *EvaluationNow) {
			task(n, first).Done = &reviews.Evaluation{State: reviews.Draft, Version: 1}
		}), []string{"B4 version.stale"}},
		{"handed in since", filledIn, now(func(n *EvaluationNow) {
			task(n, first).Done = &reviews.Evaluation{State: reviews.Submitted, In: &reviews.Mark{}}
		}), []string{"B4 evaluation.submitted"}},
		{"exempt since", filledIn, now(func(n *EvaluationNow) { task(n, first).Exempt = &reviews.Exemption{} }), []string{"B4 evaluation.exempt"}},
		{"evaluated by somebody else since", filledIn, now(func(n *EvaluationNow) { task(n, first).Superior = "1001" }), []string{"B4 evaluation.unknown"}},
		{"somebody else's row", filledIn, now(func(n *EvaluationNow) {
			n.Refused[first] = &reviews.Refusal{Rule: "evaluation.actor"}
		}), []string{"B4 evaluation.actor"}},
		{"somebody else's file", func(*excelize.File, string) {}, now(func(n *EvaluationNow) {
			for _, t := range waiting {
				n.Refused[t.Evaluated] = &reviews.Refusal{Rule: "evaluation.actor"}
			}
		}), nil},
		{"submitted blank", func(f *excelize.File, s string) {
			fillIn(t, f, 91.25, "综合评价")
			must(t, f.SetCellValue(s, "I6", nil))
		}, now(submit), []string{"I6 evaluation.items"}},
		{"submitted without reasons", func(f *excelize.File, s string) {
			fillIn(t, f, 91.25, "综合评价")
			must(t, f.SetCellValue(s, "I5", 20), f.SetCellValue(s, "I6", 40), f.SetCellValue(s, "J12", nil))
		}, now(submit), []string{"J5 evaluation.extreme", "J6 evaluation.extreme", "J12 evaluation.gap"}},
		{"a sheet renamed", func(f *excelize.File, s string) { must(t, f.SetSheetName(s, "别名")) }, nowOf(d), []string{"A1 sheet.missing"}},
		{"the record deleted", func(f *excelize.File, s string) { must(t, f.DeleteSheet(recordSheet)) }, nowOf(d), []string{" file.foreign"}},
		{"another person in the record", func(f *excelize.File, s string) { must(t, f.SetCellStr(recordSheet, "D9", second.Employee)) }, nowOf(d), []string{" file.record"}},
		{"another version in the record", func(f *excelize.File, s string) { must(t, f.SetCellStr(recordSheet, "G9", "7")) }, nowOf(d), []string{" file.record"}},
		{"another quarter in the record", func(f *excelize.File, s string) { must(t, f.SetCellStr(recordSheet, "B2", "2026Q2")) }, nowOf(d), []string{" file.record"}},
		{"a newer format", func(f *excelize.File, s string) { must(t, f.SetCellStr(recordSheet, "B1", "2")) }, nowOf(d), []string{" file.format"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			last := 0
			findings, taken := findingsOf(t, whole, c.now, func(f *excelize.File, s string) {
				rows, err := f.GetRows(s)
				must(t, err)
				c.edit(f, s)
				if last = len(rows) + 1; c.name == "a row of somebody else" {
					last = len(rows) + 3
				}
			})
			if len(taken.Drafts) > 0 {
				t.Errorf("%d drafts were taken all the same", len(taken.Drafts))
			}
			var got []string
			for _, x := range findings {
				got = append(got, x.Cell+" "+x.Rule)
				for _, lang := range bothLanguages {
					if x.Say.In(lang) == "" && x.Rule != "evaluation.actor" || strings.Contains(x.In(lang), "%!") {
						t.Errorf("%s: %s", x.Rule, x.In(lang))
					}
				}
			}
			want := slices.Clone(c.want)
			for i := range want { // rows below the last one
				want[i] = strings.Replace(strings.Replace(want[i], "A0 ", address(evNo, last)+" ", 1), "A-1 ", address(evNo, last-1)+" ", 1)
			}
			switch c.name {
			case "a row deleted": // moves the rows below, which are still known by their lines
				if len(findings) != 1 || findings[0].Rule != EvaluationRowMissing || findings[0].Cell != "A6" {
					t.Errorf("findings %v", got)
				}
			case "somebody else's file":
				if len(findings) != len(waiting) {
					t.Errorf("findings %v", got)
				}
			default:
				if !slices.Equal(got, want) {
					t.Errorf("findings %q, want %q\n%s", got, want, findings.In(policy.EN))
				}
			}
		})
	}
}

// TestEvaluationForgives what programs that save workbooks do to what people type.
func TestEvaluationForgives(t *testing.T) {
	d := bySuperior("1042")
	whole := evaluationBytes(t, d, policy.ZH)
	for name, c := range map[string]struct {
		value any
		want  string
	}{"a text": {" 90.5 ", "90.5"}, "an apostrophe": {"'90", "90"}, "full width": {"９０．５", "90.5"}, "a whole float": {"9.0E1", "90"}, "noise": {90.10000000000001, "90.1"}, "nothing": {0, "0"}} {
		t.Run(name, func(t *testing.T) {
			findings, taken := findingsOf(t, whole, nowOf(d), func(f *excelize.File, s string) {
				must(t, f.SetCellValue(s, "I5", c.value), f.SetCellFormula(s, "I8", "IF( COUNT($I$5:I7)=3,ROUND(ROUND(sumproduct(I5:I7,C5:C7)/100,10),2),\"\")"))
			})
			if len(findings) > 0 || len(taken.Drafts) != 1 || taken.Drafts[0].Text.Items[0].Points != num(c.want) {
				t.Errorf("%v\n%+v", findings, taken)
			}
		})
	}
}

// TestEvaluationLeavesOut: blank people and unchanged drafts are counted, rows of others that nobody touched are passed over, and a note that
// was not shown stays.
func TestEvaluationLeavesOut(t *testing.T) {
	d := bySuperior("1042")
	waiting, in, exempt := d.Waiting()
	whole := evaluationBytes(t, d, policy.ZH)
	findings, taken := findingsOf(t, whole, nowOf(d), func(*excelize.File, string) {})
	if len(findings) > 0 || len(taken.Drafts) != 0 || taken.Blank+taken.Unchanged != len(waiting) || taken.Unchanged < 2 || in == 0 || exempt == 0 {
		t.Errorf("%v %+v of %d, in %d, exempt %d", findings, taken, len(waiting), in, exempt)
	}
	own := d
	own.Superior, own.Department, own.Holder = nil, "D4", "1099"
	now, others := nowOf(d), evaluationBytes(t, own, policy.ZH)
	waiting, _, _ = own.Waiting()
	at := slices.IndexFunc(waiting, func(t reviews.Task) bool { return t.Done != nil && t.Done.Text.Note != "" })
	row := evaluationHead + 1
	for i := range at {
		row = (&evaluatee{Task: &waiting[i], first: row}).note() + 1
	}
	p := evaluatee{Task: &waiting[at], first: row}
	findings, taken = findingsOf(t, others, now, func(f *excelize.File, s string) {
		if note, err := f.GetCellValue(s, address(evComment, p.note())); err != nil || note != "" {
			t.Errorf("the note is shown: %q %v", note, err)
		}
		must(t, f.SetCellValue(s, address(evPoints, p.items()), 77))
	})
	if len(findings) > 0 || len(taken.Drafts) != 1 || taken.Drafts[0].Text.Note != p.Done.Text.Note || taken.Drafts[0].Text.Items[0].Points != num("77") || taken.Drafts[0].Version != 3 {
		t.Errorf("%v %+v", findings, taken)
	}
	other := waiting[(at+1)%len(waiting)].Evaluated
	now.Refused[other] = &reviews.Refusal{Rule: "evaluation.actor"}
	if findings, taken = findingsOf(t, others, now, func(f *excelize.File, s string) { must(t, f.SetCellValue(s, address(evPoints, p.items()), 77)) }); len(findings) > 0 || len(taken.Drafts) != 1 {
		t.Errorf("an untouched row of another superior: %v %+v", findings, taken)
	}
}

func TestReadEvaluationRefusesOtherFiles(t *testing.T) {
	book := excelize.NewFile()
	defer book.Close()
	other, err := book.WriteToBuffer()
	must(t, err)
	whole := evaluationBytes(t, bySuperior("1042"), policy.ZH)
	for name, c := range map[string]struct {
		raw  []byte
		rule string
	}{"nothing": {nil, EvaluationFile}, "a web page": {[]byte("<html></html>"), EvaluationFile}, "half a workbook": {whole[:len(whole)/2], EvaluationFile}, "another workbook": {other.Bytes(), EvaluationForeign}} {
		findings, _ := found(c.raw, EvaluationNow{})
		if len(findings) != 1 || findings[0].Rule != c.rule {
			t.Errorf("%s: %v", name, findings)
		}
	}
}

// FuzzReadEvaluation: whatever the file is, reading it never panics, and gives either all or findings.
func FuzzReadEvaluation(f *testing.F) {
	d := bySuperior("1042")
	whole := evaluationBytes(f, d, policy.ZH)
	now := nowOf(d)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		filled, err := ReadEvaluation(raw)
		if err != nil {
			if findings, ok := errors.AsType[EvaluationFindings](err); !ok || len(findings) == 0 || filled != nil {
				t.Fatalf("%v", err)
			}
			return
		}
		if taken, err := filled.Against(now); err != nil && len(taken.Drafts) > 0 {
			t.Fatal("some of a faulty sheet was taken")
		}
	})
}

// FuzzEditedEvaluation writes anything into any cell of a sheet: it comes back as points and texts that the rules allow, or not at all.
func FuzzEditedEvaluation(f *testing.F) {
	d := bySuperior("1042")
	whole, now := evaluationBytes(f, d, policy.ZH), nowOf(d)
	for _, x := range []string{"90", "-1", "1e400", "=1+1", "优秀", "", "９０", "0x1p3", "NaN"} {
		f.Add(uint16(9), uint16(5), x, false)
		f.Add(uint16(1), uint16(6), x, true)
		f.Add(uint16(10), uint16(12), x, false)
	}
	f.Fuzz(func(t *testing.T, col, row uint16, value string, formula bool) {
		book, err := excelize.OpenReader(bytes.NewReader(whole))
		must(t, err)
		defer book.Close()
		sheet, cell := book.GetSheetList()[2+int(row)%2], address(int(col)%20+1, int(row)%80+1)
		if formula {
			err = book.SetCellFormula(sheet, cell, value)
		} else {
			err = book.SetCellStr(sheet, cell, value)
		}
		if err != nil {
			t.Skip()
		}
		raw, err := book.WriteToBuffer()
		must(t, err)
		findings, taken := found(raw.Bytes(), now)
		if len(findings) > 0 && len(taken.Drafts) > 0 || len(taken.Drafts) > 1 {
			t.Fatalf("%v %+v", findings, taken)
		}
		for _, x := range taken.Drafts {
			for _, i := range x.Text.Items {
				if i.Points < now.Rules.Lowest || i.Points > now.Rules.Highest || i.Points%100 != 0 {
					t.Fatalf("%s points", i.Points)
				}
			}
		}
	})
}

// TestDamagedEvaluationsAreRefused flips bytes of a filled-in workbook and cuts it: it comes back as it was filled in, or not at all.
func TestDamagedEvaluationsAreRefused(t *testing.T) {
	d := bySuperior("1042")
	f, err := excelize.OpenReader(bytes.NewReader(evaluationBytes(t, d, policy.ZH)))
	must(t, err)
	defer f.Close()
	fillIn(t, f, 91.25, "综合评价")
	filled, err := f.WriteToBuffer()
	must(t, err)
	_, want := found(filled.Bytes(), nowOf(d))
	random, whole, refused := rand.New(rand.NewPCG(1, 2)), 0, 0
	for range 1_000 {
		raw := slices.Clone(filled.Bytes())
		for range 1 + random.IntN(4) {
			raw[random.IntN(len(raw))] ^= byte(1 << random.IntN(8))
		}
		if random.IntN(8) == 0 {
			raw = raw[:random.IntN(len(raw))]
		}
		findings, got := found(raw, nowOf(d))
		switch {
		case len(findings) > 0 && len(got.Drafts) == 0:
			refused++
		case cmp.Diff(want, got) == "":
			whole++
		default:
			t.Fatalf("%v\n%s", findings, cmp.Diff(want, got))
		}
	}
	if whole == 0 || refused < 500 {
		t.Errorf("%d came whole, %d were refused", whole, refused)
	}
}
