package explain

import (
	"encoding/json"
	"math/big"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// machinePlaces is how many decimals a computed figure has for machines; what is exact stands beside it.
const machinePlaces = 6

// Value is a receipt as data.
type Value struct {
	KPI         string       `json:"kpi"`
	Name        string       `json:"name"`
	Formula     string       `json:"formula"`
	Clauses     []string     `json:"clauses,omitempty"`
	Period      string       `json:"period"`
	Department  string       `json:"department,omitempty"`
	Employee    string       `json:"employee_no,omitempty"`
	Status      string       `json:"status"`
	Unit        string       `json:"unit"`
	Value       *json.Number `json:"value"`
	Numerator   *json.Number `json:"numerator"`
	Denominator *json.Number `json:"denominator,omitempty"`
	N           json.Number  `json:"n"`
	Low         *json.Number `json:"low,omitempty"`
	High        *json.Number `json:"high,omitempty"`
	Target      *Target      `json:"target,omitempty"`
	Attainment  *json.Number `json:"attainment,omitempty"`
	Before      *Change      `json:"before,omitempty"`
	YearBefore  *Change      `json:"year_before,omitempty"`
	Rows        Rows         `json:"rows"`
	Files       []FileData   `json:"files,omitempty"`
	Basis       *BasisData   `json:"basis,omitempty"`
}

// Target is a target with its source.
type Target struct {
	Value      json.Number  `json:"value"`
	Source     string       `json:"source"` // "scorecard" or "record"
	Scorecard  string       `json:"scorecard,omitempty"`
	Records    []string     `json:"records,omitempty"`
	Department string       `json:"department,omitempty"`
	Employee   string       `json:"employee_no,omitempty"`
	Period     string       `json:"period,omitempty"`
	Set        *json.Number `json:"set,omitempty"`
	SetOn      string       `json:"set_on,omitempty"`
	Present    string       `json:"present,omitempty"` // the part of the workdays, as a fraction
	Baseline   *json.Number `json:"baseline,omitempty"`
}

// Change compares a value with that of an earlier period.
type Change struct {
	Period      string       `json:"period"`
	Value       json.Number  `json:"value"`
	Numerator   json.Number  `json:"numerator"`
	Denominator *json.Number `json:"denominator,omitempty"`
	Change      json.Number  `json:"change"`
	Significant bool         `json:"significant"`
}

// Rows are counts of records and occasions.
type Rows struct {
	Numerator   int     `json:"numerator"`
	Denominator int     `json:"denominator"`
	Done        int     `json:"done,omitempty"`
	Missing     []Group `json:"missing,omitempty"`
	LeftOut     []Group `json:"left_out,omitempty"`
}

// Group is what one reason comes to.
type Group struct {
	Reason string   `json:"reason"`
	Count  int      `json:"count"`
	Days   []string `json:"days,omitempty"`
}

// FileData is a file that records came from.
type FileData struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Seq    int64  `json:"seq"`
	Rows   int    `json:"rows"`
}

// BasisData is the policy and the state of the books.
type BasisData struct {
	PolicyVersion int    `json:"policy_version"`
	PolicyHash    string `json:"policy_sha256"`
	LedgerSeq     int64  `json:"ledger_seq"`
	LedgerHash    string `json:"ledger_hash"`
	Day           string `json:"day"`
	Seal          string `json:"seal,omitempty"`
}

// ValueData gives a receipt as data.
func ValueData(r *metrics.Receipt, files []File, lang policy.Lang) Value {
	v := receiptData(r, lang)
	v.Before, v.YearBefore = changeData(r.Value, r.Before, r.Change.Change.Significant), changeData(r.Value, r.YearBefore, r.Change.YearChange.Significant)
	if r.Value.Status != metrics.Withheld {
		v.Files = fileData(files)
	}
	v.Basis = basisData(r.Basis)
	return v
}

// receiptData is a receipt without the comparisons and the files.
func receiptData(r *metrics.Receipt, lang policy.Lang) Value {
	k := r.Value.KPI
	v := Value{KPI: k.ID, Name: k.Name.In(lang), Formula: k.Formula.In(lang), Clauses: k.Clauses, Period: r.Value.Period.String(),
		Department: departmentID(r), Employee: employeeNo(r), Status: string(r.Value.Status), Unit: string(k.Unit), N: exact(r.Value.N),
		Rows: Rows{Numerator: r.Rows.Numerator, Denominator: r.Rows.Denominator, Done: r.Rows.Done, Missing: groups(r.Rows.Missing, lang), LeftOut: groups(r.Rows.LeftOut, lang)}}
	v.fill(r.Value)
	return v
}

// fill sets the figures of a value.
func (v *Value) fill(m metrics.Value) {
	if x, ok := m.Exact(); ok {
		v.Value, v.Numerator = decimal(x), pointer(exact(m.Ratio.Num))
		v.Denominator = below(m)
	}
	if m.HasInterval {
		v.Low, v.High = decimal(exactly(m.Low)), decimal(exactly(m.High))
	}
	if a, ok := m.Attainment(); ok {
		v.Attainment = decimal(a)
	}
	v.Target = targetData(m)
}

func below(m metrics.Value) *json.Number {
	if !m.KPI.Divides() {
		return nil
	}
	return pointer(exact(m.Ratio.Den))
}

func targetData(m metrics.Value) *Target {
	if m.Target == nil {
		return nil
	}
	t := &Target{Value: exact(*m.Target), Source: "scorecard"}
	from := m.TargetFrom
	if from == nil {
		return t
	}
	if from.Scorecard != nil {
		t.Scorecard = from.Scorecard.ID
		return t
	}
	t.Source, t.Records, t.Department, t.Employee = "record", from.IDs, from.Department, from.Employee
	t.Period, t.Set = from.Period.String(), pointer(exact(from.Set))
	if !from.SetOn.IsZero() {
		t.SetOn = date(from.SetOn)
	}
	if from.Present != nil {
		t.Present = from.Present.RatString()
	}
	if from.Baseline != nil {
		t.Baseline = pointer(exact(*from.Baseline))
	}
	return t
}

func changeData(now, before metrics.Value, significant bool) *Change {
	x, ok := now.Exact()
	y, ok2 := before.Exact()
	if !ok || !ok2 {
		return nil
	}
	return &Change{Period: before.Period.String(), Value: *decimal(y), Numerator: exact(before.Ratio.Num), Denominator: below(before),
		Change: *decimal(new(big.Rat).Sub(x, y)), Significant: significant}
}

func groups(list []metrics.Group, lang policy.Lang) []Group {
	var all []Group
	for _, g := range list {
		d := Group{Reason: g.Reason.In(lang), Count: g.Count}
		for _, day := range g.Days {
			d.Days = append(d.Days, date(day))
		}
		all = append(all, d)
	}
	return all
}

func fileData(files []File) []FileData {
	var all []FileData
	for _, f := range files {
		all = append(all, FileData(f))
	}
	return all
}

func basisData(b metrics.Basis) *BasisData {
	return &BasisData{b.PolicyVersion, b.PolicyHash, b.LedgerSeq, b.LedgerHash, date(b.Day), b.Seal}
}

// exact gives a decimal as it is.
func exact(n fixed.Num) json.Number { return json.Number(n.String()) }

// decimal gives a computed figure, rounded once.
func decimal(r *big.Rat) *json.Number { return pointer(json.Number(fixed.Text(r, machinePlaces))) }

func pointer(n json.Number) *json.Number { return &n }

// optional gives a figure that may not be there.
func optional(n *fixed.Num) *json.Number {
	if n == nil {
		return nil
	}
	return pointer(exact(*n))
}
