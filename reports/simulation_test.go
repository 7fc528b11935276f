package reports

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// simulated is a simulation made up from the fixture: one in three scores four points more, one in five 3.5 less; some people have a bonus
// base of their own, some have no score, and one is called like a formula. bonus tells whether the policy in force has coefficients.
func simulated(bonus bool) *metrics.Simulation {
	old, now := fixtureData().Report, fixtureData().Report
	coefficients := []string{"1.5", "1.2", "1", "0.8", "0"}
	for i := range now.Policy.Bands {
		if bonus {
			c := num(coefficients[i])
			old.Policy.Bands[i].Bonus = &c
		}
		c := num(coefficients[i]) + num("0.05")
		now.Policy.Bands[i].Bonus = &c
	}
	now.Policy.Bands[1].From = num("94.5")
	s := &metrics.Simulation{Old: old, New: now, Changes: []policy.Difference{
		{Part: policy.BandsPart, ID: "A", Name: bi("优秀", "Very good"), Field: "from", What: bi("起始分", "from"), Old: bi("95", "95"), New: bi("94.5", "94.5")},
		{Part: policy.KPIsPart, ID: "visits", Name: bi("=1+1", "=1+1"), New: bi("=1+1", "=1+1")}}}
	units := map[string]*metrics.DepartmentEffect{}
	for i := range old.Scores {
		e := personEffect(s, i)
		s.People = append(s.People, e)
		u := units[e.Department]
		if u == nil {
			u = &metrics.DepartmentEffect{}
			units[e.Department] = u
		}
		countIn(&u.Cost, e)
		countIn(&s.Company, e)
	}
	for i, d := range now.Departments {
		if u := units[d.Department.ID]; u != nil {
			u.Department = d.Department
			u.Old, u.New = metrics.Judgement{Total: old.Departments[i].Score.Total}, metrics.Judgement{Total: d.Score.Total}
			s.Departments = append(s.Departments, *u)
		}
	}
	s.Company.Up, s.Company.Down = 3, 2
	return s
}

func personEffect(s *metrics.Simulation, i int) metrics.PersonEffect {
	score := s.Old.Scores[i]
	e := metrics.PersonEffect{Person: score.Person, Department: score.Department}
	if i == 0 {
		e.Person.Name = bi("=HYPERLINK(\"http://x\")", "=HYPERLINK(\"http://x\")")
	}
	total := score.Total
	if total != nil {
		t := *total
		switch {
		case i%3 == 0:
			t += num("4")
		case i%5 == 0:
			t -= num("3.5")
		}
		total = &t
	}
	e.Old, e.New = made(s.Old, score.Total, i), made(s.New, total, i)
	return e
}

// made is the outcome of a score.
func made(r *metrics.Report, total *fixed.Num, i int) metrics.Outcome {
	o := metrics.Outcome{Judgement: metrics.Judgement{Total: total}, Unpaid: metrics.NoBonus}
	base := num("3000")
	if i%4 == 0 {
		base = num("7777.77")
	}
	if i%11 != 5 {
		o.Base = &base
	}
	if total != nil {
		o.Weight = num("92") - num("0.5")*fixed.Num(i)
		if o.Band = r.Policy.BandFor(*total); o.Band != nil {
			o.Coefficient = o.Band.Bonus
		}
	}
	switch {
	case r.Policy.Bands[0].Bonus == nil:
	case total == nil:
		o.Unpaid = metrics.NoTotal
	case o.Band == nil:
		o.Unpaid = metrics.NoBand
	case o.Base == nil:
		o.Unpaid = metrics.NoBase
	default:
		reward, _ := metrics.Reward(r.Period, *o.Base, *o.Coefficient, o.Weight)
		o.Reward, o.Unpaid = &reward, metrics.Paid
	}
	return o
}

func countIn(c *metrics.Cost, e metrics.PersonEffect) {
	c.People++
	if e.Changed() {
		c.Changed++
	}
	add := func(sum **fixed.Num, unknown *int, o metrics.Outcome) {
		switch {
		case o.Unpaid == metrics.NoBonus || o.Unpaid == metrics.NoBase:
			*unknown++
			return
		case *sum == nil:
			*sum = new(fixed.Num)
		}
		if o.Reward != nil {
			**sum += *o.Reward
		}
	}
	add(&c.Old, &c.OldUnknown, e.Old)
	add(&c.New, &c.NewUnknown, e.New)
}

func simulationFile(t *testing.T, s *metrics.Simulation, lang policy.Lang) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "simulation.xlsx")
	if err := WriteSimulation(context.Background(), path, s, lang); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSimulationGolden(t *testing.T) {
	for _, lang := range bothLanguages {
		t.Run(string(lang), func(t *testing.T) {
			got, err := Dump(simulationFile(t, simulated(true), lang))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "simulation-"+string(lang)+".txt", got)
		})
	}
}

// TestSimulationIsSafe looks at every formula and at the file: no text from outside is a formula, the people are an Excel table, the same
// simulation gives the same bytes, and a file that is there is left alone.
func TestSimulationIsSafe(t *testing.T) {
	path := simulationFile(t, simulated(true), policy.ZH)
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	formulas := 0
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for r := range rows {
			for c := range rows[r] {
				formula, err := f.GetCellFormula(sheet, address(c+1, r+1))
				if err != nil {
					t.Fatal(err)
				}
				if formula != "" {
					formulas++
				}
				if strings.Contains(formula, "HYPERLINK") || strings.Contains(formula, "1+1") || strings.Contains(formula, "D11") {
					t.Errorf("%s!%s holds a text from outside: =%s", sheet, address(c+1, r+1), formula)
				}
			}
		}
	}
	if formulas < 150 {
		t.Errorf("only %d formulas", formulas)
	}
	tables, err := f.GetTables("人员")
	if err != nil || len(tables) != 1 || tables[0].Range != "A3:R"+itoa(rowFirstPerson+len(simulated(true).People)-1) {
		t.Errorf("tables %+v, error %v", tables, err)
	}
	one, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	two, err := os.ReadFile(simulationFile(t, simulated(true), policy.ZH))
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("the same simulation gave other bytes (%v)", err)
	}
	if err := WriteSimulation(context.Background(), path, simulated(true), policy.ZH); err == nil || !strings.Contains(err.Error(), "文件已存在") {
		t.Errorf("a file was overwritten: %v", err)
	}
}

// TestLibreOfficeComputesTheSimulation lets LibreOffice compute what was written, with and without coefficients in force and without people.
func TestLibreOfficeComputesTheSimulation(t *testing.T) {
	if testing.Short() {
		t.Skip("starts LibreOffice")
	}
	empty := simulated(true)
	empty.People, empty.Departments, empty.Company = nil, nil, metrics.Cost{}
	var list []workbook
	for _, c := range []struct {
		name  string
		sim   *metrics.Simulation
		lang  policy.Lang
		least int
	}{{"zh", simulated(true), policy.ZH, 250}, {"en without bonus in force", simulated(false), policy.EN, 150}, {"nobody", empty, policy.ZH, 30}} {
		raw, err := os.ReadFile(simulationFile(t, c.sim, c.lang))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, workbook{c.name, raw, c.least})
	}
	recalculates(t, list...)
}

// TestAnotherCoefficientMovesTheCost doubles the coefficient of a band in the summary, as HR would, and lets LibreOffice compute.
func TestAnotherCoefficientMovesTheCost(t *testing.T) {
	if testing.Short() {
		t.Skip("starts LibreOffice")
	}
	s := simulated(true)
	path := simulationFile(t, s, policy.ZH)
	b := &simulationBook{book: blankBook(policy.ZH), sim: s}
	b.Data = Data{Report: s.New}
	b.plan()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cell := address(sumNew, b.bandRow+2) // band B: 1.05 becomes 2.1
	if had, _ := f.GetCellValue("概览", cell); had != "1.05" {
		t.Fatalf("%s holds %s", cell, had)
	}
	if err := f.SetCellValue("概览", cell, 2.1); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	withoutValues(t, raw, path)
	got := recalculated(t, path)[0]
	want, moved := *s.Company.New, 0
	for _, e := range s.People {
		if e.New.Reward != nil && e.New.Band.ID == "B" {
			more, _ := metrics.Reward(s.New.Period, *e.New.Base, num("2.1"), e.New.Weight)
			want += more - *e.New.Reward
			moved++
		}
	}
	text, err := got.GetCellValue("概览", address(sumNew, b.costRow), excelize.Options{RawCellValue: true})
	if err != nil || moved == 0 || !sameCell(strconv.FormatFloat(want.Float(), 'f', -1, 64), text, true) {
		t.Errorf("the cost is %s, want %s (%d people, error %v)", text, want, moved, err)
	}
}
