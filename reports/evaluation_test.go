package reports

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// evaluationFixture is the fixture company in the middle of its evaluation: 1002 evaluates Sales East, where names are poisoned; 1042 the
// service department, which has penalties and band limits. One evaluation of each is a draft, one is in, one person is exempt.
func evaluationFixture() EvaluationData {
	r := fixtureData().Report
	r.Policy.Reviews = &policy.Reviews{Evaluation: policy.Evaluation{Lowest: 0, Highest: num("120"), Below: num("60"), Above: num("110"), Gap: num("20")}}
	for i := range r.People {
		l := &r.People[i]
		head := map[string]string{"D11": "1002", "D4": "1042", "D41": "1042"}[l.Department]
		if l.Person.No == head {
			head = ""
		}
		l.Superiors = []metrics.Superior{{No: head, From: l.From, To: l.To}}
	}
	round := &reviews.Round{Period: r.Period, Opened: &reviews.Mark{}, Due: time.Date(2026, 10, 15, 15, 59, 59, 0, time.UTC),
		Evaluations: map[metrics.Evaluated]*reviews.Evaluation{}, Exempt: map[metrics.Member]*reviews.Exemption{}}
	month := &reviews.Round{SelfReviews: map[string]*reviews.SelfReview{}}
	d := EvaluationData{Report: r, Round: round}
	said := 0
	for _, t := range reviews.Tasks(round, nil, r) {
		if t.Superior == "" {
			continue
		}
		said++
		var mine, given []reviews.ItemPoints
		for i, item := range t.Items {
			mine = append(mine, reviews.ItemPoints{KPI: item.Item.KPI.ID, Points: fixed.Int(int64(85 + i))})
			given = append(given, reviews.ItemPoints{KPI: item.Item.KPI.ID, Points: num("90.5") + fixed.Int(int64(i*10)), Comment: `=HYPERLINK("http://x")`})
		}
		if said%2 == 0 {
			month.SelfReviews[t.Employee] = &reviews.SelfReview{Employee: t.Employee, State: reviews.Submitted, Text: reviews.SelfText{Points: mine}}
		}
		x := &reviews.Evaluation{Evaluated: t.Evaluated, State: reviews.Draft, Version: 3, Text: reviews.EvaluationText{Items: given, Comment: "=cmd|'/c calc'!A1\n第二行", Note: "@SUM(A1) 只给自己看"}}
		switch said % 9 {
		case 2:
			round.Evaluations[t.Evaluated] = x
		case 3:
			x.State, x.In = reviews.Submitted, &reviews.Mark{}
			round.Evaluations[t.Evaluated] = x
		case 4:
			round.Exempt[t.Member] = &reviews.Exemption{Member: t.Member, Reason: reviews.Reason{Text: "在职不足一月"}}
		case 5:
			x.Text = reviews.EvaluationText{Items: given[:1], Comment: strings.Repeat("一段很长的评语，", 20)}
			round.Evaluations[t.Evaluated] = x
		}
	}
	d.Tasks = reviews.Tasks(round, []*reviews.Round{month}, r)
	return d
}

// bySuperior is the sheet of one superior.
func bySuperior(no string) EvaluationData {
	d := evaluationFixture()
	d.Superior, d.Holder = &no, no
	return d
}

func evaluationBytes(t testing.TB, d EvaluationData, lang policy.Lang) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := renderEvaluation(context.Background(), d, lang, d.Report.Made, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// nowOf is the round as the sheet's writer left it, for the superior of the sheet.
func nowOf(d EvaluationData) EvaluationNow {
	now := EvaluationNow{Quarter: d.Report.Period, Tasks: d.Tasks, Rules: d.Report.Policy.Reviews.Evaluation, Refused: map[metrics.Evaluated]*reviews.Refusal{}}
	for _, t := range d.Tasks {
		if d.Superior != nil && t.Superior != *d.Superior {
			now.Refused[t.Evaluated] = &reviews.Refusal{Rule: "evaluation.actor", Say: bi("不能替人评估", "may not evaluate"), Cure: bi("由上级评估", "the superior evaluates")}
		}
	}
	return now
}

func TestEvaluationGolden(t *testing.T) {
	for _, lang := range bothLanguages {
		t.Run(string(lang), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "book.xlsx")
			d := evaluationFixture()
			d.Department, d.Holder = "D4", "1042"
			if err := os.WriteFile(path, evaluationBytes(t, d, lang), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Dump(path)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "evaluation-"+string(lang)+".txt", got)
		})
	}
}

// TestEvaluationBytes: the same data gives the same bytes, and a sheet that says the same is not written again.
func TestEvaluationBytes(t *testing.T) {
	first := evaluationBytes(t, bySuperior("1002"), policy.ZH)
	if !bytes.Equal(first, evaluationBytes(t, bySuperior("1002"), policy.ZH)) {
		t.Fatal("the same data gave different bytes")
	}
	dir, d := t.TempDir(), bySuperior("1042")
	path, changed, err := WriteEvaluation(context.Background(), Folder{Dir: dir}, d, policy.EN)
	if err != nil || !changed || filepath.Base(path) != "Example Company-Q3 2026 Evaluation sheet (1042)-v1.0.xlsx" {
		t.Fatalf("first: %s %v %v", path, changed, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file may be read by others: %v %v", info.Mode(), err)
	}
	d.Report.Made = d.Report.Made.Add(time.Hour)
	if again, changed, err := WriteEvaluation(context.Background(), Folder{Dir: dir}, d, policy.EN); err != nil || changed || again != path {
		t.Errorf("again: %s %v %v", again, changed, err)
	}
	d.Tasks[slices.IndexFunc(d.Tasks, func(t reviews.Task) bool { return t.Superior == "1042" && t.Done == nil && t.Exempt == nil })].Days = 3
	if next, changed, err := WriteEvaluation(context.Background(), Folder{Dir: dir}, d, policy.EN); err != nil || !changed || !strings.HasSuffix(next, "v1.1.xlsx") {
		t.Errorf("changed: %s %v %v", next, changed, err)
	}
}

// TestEvaluationTextsAreInert: what people wrote is no formula, neither on the way out nor back in.
func TestEvaluationTextsAreInert(t *testing.T) {
	d := bySuperior("1002")
	f, err := excelize.OpenReader(bytes.NewReader(evaluationBytes(t, d, policy.ZH)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	texts := 0
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for r := range rows {
			for c, value := range rows[r] {
				formula, err := f.GetCellFormula(sheet, address(c+1, r+1))
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(value, "=") {
					texts++
				}
				for _, bad := range []string{"cmd|", "@SUM(A1)", "HYPERLINK", "=1+1", "+1+2"} {
					if strings.Contains(formula, bad) {
						t.Errorf("%s!%s: formula %s", sheet, address(c+1, r+1), formula)
					}
				}
			}
		}
	}
	if texts < 3 {
		t.Errorf("only %d texts begin with =", texts)
	}
}

// fillIn writes points and texts into the sheet as a person does: numbers into the cells of points, texts into those of comments.
func fillIn(t testing.TB, f *excelize.File, points float64, comment string) (people int) {
	t.Helper()
	sheet := f.GetSheetList()[2]
	rows, err := f.GetRows(recordSheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	_, lines, err := readRecord(rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		var err error
		switch l.Kind {
		case lineHead:
			people++
		case lineItem:
			err = f.SetCellValue(sheet, address(evPoints, l.Row), points)
		case lineComment:
			err = f.SetCellStr(sheet, address(evComment, l.Row), comment)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return people
}

func TestEvaluationComesBack(t *testing.T) {
	for _, no := range []string{"1002", "1042"} {
		d := bySuperior(no)
		f, err := excelize.OpenReader(bytes.NewReader(evaluationBytes(t, d, policy.ZH)))
		if err != nil {
			t.Fatal(err)
		}
		people := fillIn(t, f, 91.25, "=cmd|' /c calc'!A0")
		raw, err := f.WriteToBuffer()
		if err != nil {
			t.Fatal(err)
		}
		checkFilled(t, raw.Bytes(), d, people)
	}
}

// checkFilled wants all people of a sheet to come back as fillIn filled them in.
func checkFilled(t *testing.T, raw []byte, d EvaluationData, people int) {
	t.Helper()
	f, err := ReadEvaluation(raw)
	if err != nil {
		t.Fatal(err)
	}
	now := nowOf(d)
	now.Submit = true
	taken, err := f.Against(now)
	if err != nil {
		t.Fatal(err.(EvaluationFindings).In(policy.EN))
	}
	if len(taken.Drafts) != people || people < 3 {
		t.Fatalf("%d drafts of %d people", len(taken.Drafts), people)
	}
	for _, x := range taken.Drafts {
		if x.Superior != *d.Superior || x.Text.Comment != "=cmd|' /c calc'!A0" || !x.Submit {
			t.Errorf("draft %+v", x)
		}
		for _, i := range x.Text.Items {
			if i.Points != num("91.25") {
				t.Errorf("%s %s: %s points", x.Employee, i.KPI, i.Points)
			}
		}
		if x.Version == 3 != (x.Text.Note != "" || len(x.Text.Items) > 0 && d.Round.Evaluations[x.Evaluated] != nil) {
			t.Errorf("%s: version %d, note %q", x.Employee, x.Version, x.Text.Note)
		}
	}
}

// converted gives what LibreOffice makes of a workbook on the way through the formats.
func converted(t *testing.T, raw []byte, formats ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "in.xlsx")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, format := range formats {
		out := filepath.Join(dir, itoa(i))
		office(t, format, out, path)
		path = filepath.Join(out, "in."+format)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestEvaluationSurvivesLibreOffice takes filled-in sheets through LibreOffice and back, as xlsx and by way of ods.
func TestEvaluationSurvivesLibreOffice(t *testing.T) {
	if testing.Short() {
		t.Skip("starts LibreOffice")
	}
	for _, c := range []struct {
		no      string
		lang    policy.Lang
		formats []string
	}{{"1042", policy.ZH, []string{"xlsx"}}, {"1002", policy.EN, []string{"ods", "xlsx"}}} {
		t.Run(c.no+" "+strings.Join(c.formats, " "), func(t *testing.T) {
			d := bySuperior(c.no)
			f, err := excelize.OpenReader(bytes.NewReader(evaluationBytes(t, d, c.lang)))
			if err != nil {
				t.Fatal(err)
			}
			people := fillIn(t, f, 91.25, "=cmd|' /c calc'!A0")
			raw, err := f.WriteToBuffer()
			if err != nil {
				t.Fatal(err)
			}
			checkFilled(t, converted(t, raw.Bytes(), c.formats...), d, people)
		})
	}
}

// TestLibreOfficeComputesEvaluations: every formula gives what was written beside it, for drafts and for blank people.
func TestLibreOfficeComputesEvaluations(t *testing.T) {
	if testing.Short() {
		t.Skip("starts LibreOffice")
	}
	var list []workbook
	for _, lang := range bothLanguages {
		d := evaluationFixture()
		d.Department, d.Holder = "D4", "1042"
		list = append(list, workbook{string(lang), evaluationBytes(t, d, lang), 60})
	}
	recalculates(t, list...)
}

// findingsOf edits a sheet, reads it back, and gives what was found.
func findingsOf(t testing.TB, whole []byte, now EvaluationNow, edit func(f *excelize.File, sheet string)) (EvaluationFindings, Taken) {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	edit(f, f.GetSheetList()[2])
	raw, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return found(raw.Bytes(), now)
}

func found(raw []byte, now EvaluationNow) (EvaluationFindings, Taken) {
	var findings EvaluationFindings
	filled, err := ReadEvaluation(raw)
	if err == nil {
		var taken Taken
		if taken, err = filled.Against(now); err == nil {
			return nil, taken
		}
	}
	errors.As(err, &findings)
	return findings, Taken{}
}

// TestEvaluationOfThousands: a sheet of three thousand people is written and read back in seconds, and each of them comes back.
func TestEvaluationOfThousands(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	d := bySuperior("1042")
	waiting, _, _ := d.Waiting()
	line := d.Report.People[slices.IndexFunc(d.Report.People, func(l metrics.PersonLine) bool { return l.Person.No == waiting[0].Employee })]
	d.Tasks = nil
	for i := range 3_000 {
		no := "X" + itoa(i)
		line.Person.No = no
		d.Report.People = append(d.Report.People, line)
		task := waiting[0]
		task.Employee, task.Person.No = no, no
		d.Tasks = append(d.Tasks, task)
	}
	begun := time.Now()
	raw := evaluationBytes(t, d, policy.ZH)
	written := time.Since(begun)
	f, err := ReadEvaluation(raw)
	if err != nil {
		t.Fatal(err)
	}
	taken, err := f.Against(nowOf(d))
	if err != nil || taken.Blank != 3_000 {
		t.Fatalf("%+v %v", taken, err)
	}
	t.Logf("written in %s, read in %s, %d bytes", written, time.Since(begun)-written, len(raw))
	if all := time.Since(begun); all > time.Minute {
		t.Errorf("took %s", all)
	}
}

// TestEvaluationIsLocked: all sheets are protected without a password, only cells that are filled in are open, and nobody sees the record.
func TestEvaluationIsLocked(t *testing.T) {
	raw := evaluationBytes(t, bySuperior("1042"), policy.EN)
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	must(t, err)
	defer f.Close()
	parts, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	must(t, err)
	for _, part := range parts.File {
		text, err := unpacked(part, unpackedMost)
		must(t, err)
		switch {
		case part.Name == "xl/workbook.xml" && !bytes.Contains(text, []byte(`state="veryHidden"`)):
			t.Errorf("the record can be seen: %s", text)
		case strings.HasPrefix(part.Name, "xl/worksheets/sheet") && (!bytes.Contains(text, []byte(`sheet="true"`)) || bytes.Contains(text, []byte("password"))):
			t.Errorf("%s is not protected, or by a password", part.Name)
		}
	}
	rows, err := f.GetRows(recordSheet, excelize.Options{RawCellValue: true})
	must(t, err)
	_, lines, err := readRecord(rows)
	must(t, err)
	open := 0
	for _, l := range lines {
		for col := 1; col <= evHint; col++ {
			id, err := f.GetCellStyle(f.GetSheetList()[2], address(col, l.Row))
			must(t, err)
			style, err := f.GetStyle(id)
			must(t, err)
			unlocked := style.Protection != nil && !style.Protection.Locked
			if input := l.Cells[col-1] == inputCell; unlocked != input {
				t.Errorf("%s: open %v, filled in %v", address(col, l.Row), unlocked, input)
			} else if input {
				open++
			}
		}
	}
	if open < 30 {
		t.Errorf("only %d cells are open", open)
	}
}

func TestFindingsMoveNoCursor(t *testing.T) {
	x := EvaluationFinding{Sheet: "评\x1b[2J分", Cell: "A1", Value: "a\nb\x07\u202e" + strings.Repeat("长", 200), Rule: EvaluationLocked, Say: bi("一\x1b二", "one\rtwo"), Cure: bi("改\x00", "cure")}
	for _, lang := range bothLanguages {
		if s := x.In(lang); strings.ContainsAny(s, "\x1b\x07\x00\r\u202e") || strings.Count(s, "\n") != 2 || !strings.Contains(s, "…") {
			t.Errorf("%q", s)
		}
	}
	if s := slices.Repeat(EvaluationFindings{x}, 300).In(policy.ZH); !strings.Contains(s, "300 处不符") || !strings.HasSuffix(s, "另有 100 处") {
		t.Errorf("%.80s … %s", s, s[len(s)-40:])
	}
}
