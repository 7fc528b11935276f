package policy

import (
	"fmt"
	"math/big"

	"plumbline/internal/fixed"
)

// Lang is a language that Plumbline speaks.
type Lang string

// The languages; Chinese is the default everywhere.
const (
	ZH Lang = "zh"
	EN Lang = "en"
)

// Text is a name or sentence in both languages.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// In gives the text in l.
func (t Text) In(l Lang) string {
	if l == EN {
		return t.EN
	}
	return t.ZH
}

// Policy is a regulation as checked data: every name resolved, every expression parsed, weights adding up.
type Policy struct {
	Company    Company
	Parameters []Parameter // the X of the regulation
	Datasets   []*Dataset  // in file order
	KPIs       []*KPI      // in file order
	Funnels    []*Funnel
	Scorecards []*Scorecard // the first that applies is used
	Bands      []Band       // best first
	Source     Source       // the files it was read from
}

// Company is whose regulation it is.
type Company struct {
	Name     Text
	Timezone string // IANA name; business days are days in this zone
	// WorkdayHours is what a day of work counts in hours, where a cell says "1天" or "1d".
	WorkdayHours fixed.Num
}

// Parameter is a figure of the regulation that expressions use by name.
type Parameter struct {
	ID    string
	Name  Text
	Value fixed.Num
	Place Place
}

// Type is what a column holds.
type Type string

// The column types. Ids stay text; hours, money and numbers are exact decimals, never floating point.
const (
	TypeID         Type = "id"         // VARCHAR, no blanks inside, compared after NFKC
	TypeText       Type = "text"       // VARCHAR
	TypeDate       Type = "date"       // DATE
	TypeDatetime   Type = "datetime"   // TIMESTAMP, wall clock in the company's zone, to the second
	TypeEnum       Type = "enum"       // VARCHAR, one of Values
	TypeInteger    Type = "integer"    // BIGINT
	TypeNumber     Type = "number"     // DECIMAL(18,4)
	TypeHours      Type = "hours"      // DECIMAL(9,4), hours
	TypeMoney      Type = "money"      // DECIMAL(18,2), in the company's currency
	TypePercent    Type = "percent"    // DECIMAL(18,4), 12.5 for 12.5 %
	TypeBool       Type = "bool"       // BOOLEAN
	TypeEmployee   Type = "employee"   // an employee number known to dataset employees
	TypeDepartment Type = "department" // a department id known to dataset departments
)

// SQL gives the DuckDB type of a column of type t.
func (t Type) SQL() string {
	switch t {
	case TypeDate:
		return "DATE"
	case TypeDatetime:
		return "TIMESTAMP"
	case TypeInteger:
		return "BIGINT"
	case TypeNumber, TypePercent:
		return "DECIMAL(18,4)"
	case TypeHours:
		return "DECIMAL(9,4)"
	case TypeMoney:
		return "DECIMAL(18,2)"
	case TypeBool:
		return "BOOLEAN"
	}
	return "VARCHAR"
}

// The datasets that describe the organisation. A policy must define them with at least these columns.
const (
	Departments = "departments" // department_id, name, parent_id, kind
	Employees   = "employees"   // employee_no, name, hired_on, left_on
	Memberships = "memberships" // employee_no, department_id, valid_from, valid_to (last day, inclusive), role
)

// Accounts is the dataset of the names by which other tools know people: login and employee_no. A policy may do without it.
const Accounts = "accounts"

// Dataset is a kind of record.
type Dataset struct {
	ID        string
	Name      Text
	Key       []string // columns that name a record; the same key again is a correction
	Owner     string   // column with the employee whose record it is; "" for the organisation's own
	Day       string   // date on which the owner must be employed and that may not lie in the future; "" for none
	Columns   []*Column
	Rules     []Rule
	NoOverlap *Interval // nil: records may overlap
	Limits    []Limit
	Place     Place
}

// Column gives the column with the id, or nil.
func (d *Dataset) Column(id string) *Column {
	for _, c := range d.Columns {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// Table is the name of the fact table, quoted: facts."work_logs".
func (d *Dataset) Table() string { return `facts."` + d.ID + `"` }

// Interval says that records of one value of Per may not share a day between From and To, both included.
// A blank To means open-ended.
type Interval struct{ Per, From, To string }

// Limit bounds a sum over records that may come from several files, such as the hours of a person's day.
type Limit struct {
	Sum  string    // the numeric column that is added up
	Per  []string  // the columns that name a group, none blank
	Most fixed.Num // the sum may reach it, not pass it
	Say  Text      // what is wrong when it does
	Cure Text
}

// Column is a field of a dataset.
type Column struct {
	ID       string
	Name     Text
	Type     Type
	Aliases  []string // further header words
	Optional bool     // may be blank, and the whole column may be missing
	Values   []EnumValue
	Format   Format
	// MadeFrom, on the only key column of type id, names the columns that make the key of files which have no such column.
	MadeFrom []string
	Place    Place
}

// Format says how the text of a cell is to be read where the text alone does not tell. The zero value refuses what is ambiguous.
type Format struct {
	Order   DateOrder // of day and month where the year does not stand first
	Zone    string    // IANA zone of times without an offset; "" = the company's
	Unit    CellUnit  // what a bare number counts; "" = hours or one unit of money, but a percent needs its sign (12.5%) then
	Decimal string    // "," or "." (also ""): which of them begins the decimals; the other one may group thousands
	Serial  string    // "1900" or "1904": a bare number in a date column is an Excel serial day; "" = it is none
	Myriads bool      // 1.2万 and 3亿 are numbers
	Blanks  []string  // the words that mean blank; nil: the usual ones (NULL, N/A, -, 无 …) for all types but id and text
}

// DateOrder is the order of day and month in dates whose year does not stand first.
type DateOrder string

// The orders. Without one, 13/04/2024 and 03/04/2024 are both refused: a column is read in one order or not at all.
const (
	DMY DateOrder = "dmy"
	MDY DateOrder = "mdy"
)

// CellUnit is what a bare number in a cell counts.
type CellUnit string

// The units of cells.
const (
	UnitHours    CellUnit = "hours"    // of a column of type hours, like the three that follow
	UnitMinutes  CellUnit = "minutes"  //
	UnitSeconds  CellUnit = "seconds"  //
	UnitWorkdays CellUnit = "workdays" // Company.WorkdayHours each
	UnitOne      CellUnit = "one"      // of a column of type money, like the two that follow
	UnitThousand CellUnit = "thousand" // 千元
	UnitMyriad   CellUnit = "wan"      // 万元
	UnitPercent  CellUnit = "percent"  // of a column of type percent: 12.5 is 12.5 %
	UnitFraction CellUnit = "fraction" // of a column of type percent: 0.125 is 12.5 %
)

// EnumValue is one value of an enum column and the words that stand for it.
type EnumValue struct {
	Value string
	Name  Text
	Words []string
}

// Rule is a check that every record must pass; NULL counts as passed.
type Rule struct {
	Check Expr
	Say   Text // what is wrong when it fails
	Cure  Text // what to do
}

// Expr is a checked SQL expression over the columns of one dataset.
type Expr struct {
	Text    string   // as written
	SQL     string   // columns quoted, parameters replaced by their values; safe to embed in parentheses
	Columns []string // the columns it reads, sorted
	Order   []string // the same in the order of their first use in Text
	Type    string   // DuckDB's type of the result
	Place   Place
}

// ReportDay is the name by which an expression asks for the last day that the report can know of: the last day of the
// period, or the day of the report when that is earlier. In Expr.SQL it stands as the parameter $report_day.
const ReportDay = "report_day"

// Unit is what a KPI's value is counted in.
type Unit string

// The units. A percent value runs from 0 to 100, like its target.
const (
	Percent Unit = "percent"
	Count   Unit = "count"
	Hours   Unit = "hours"
	Days    Unit = "days"
	Money   Unit = "money"
	Points  Unit = "points"
)

// KPI is something measured: a ratio of two additive sums over one dataset, or one sum.
type KPI struct {
	ID             string
	Name           Text
	Formula        Text // in words
	Dataset        *Dataset
	CountsOn       string // the date or datetime column whose day decides month and department
	Numerator      Measure
	Denominator    *Measure // nil: the value is the numerator itself
	Unit           Unit
	HigherIsBetter bool
	Minimum        int64 // fewer rows in the denominator: insufficient data
	Listed         bool  // false: feeds a funnel or chart only
	Place          Place
}

// IsRate reports whether the KPI is a share of rows, for which a Wilson interval exists.
func (k *KPI) IsRate() bool {
	return k.Denominator != nil && k.Numerator.Kind == CountRows && k.Denominator.Kind == CountRows
}

// Factor is what the ratio is multiplied by to be in the KPI's unit: 100 for percent, else 1.
func (k *KPI) Factor() *big.Rat {
	if k.Unit == Percent {
		return big.NewRat(100, 1)
	}
	return big.NewRat(1, 1)
}

// MeasureKind tells counting from summing.
type MeasureKind string

// The kinds of measure.
const (
	CountRows MeasureKind = "count" // rows where Expr is true
	SumOf     MeasureKind = "sum"   // sum of Expr, NULL left out
)

// Measure is an additive figure over the rows of a dataset.
type Measure struct {
	Kind MeasureKind
	Expr Expr
}

// Funnel is a chart of counts that narrow from step to step.
type Funnel struct {
	ID    string
	Name  Text
	Steps []*KPI
}

// Scorecard says how people and departments of a kind are judged. Weights of Items add up to 100.
type Scorecard struct {
	ID              string
	Name            Text
	DepartmentKinds []string // empty: applies to every kind
	KPIShare        fixed.Num
	SuperiorShare   fixed.Num // the two shares add up to 100
	Items           []Item
	Missing         Missing
	Place           Place
}

// Missing says what becomes of the weight of an item without enough data.
type Missing string

// The ways; the scorecard declares one and every report shows it.
const (
	Redistribute Missing = "redistribute" // the other items carry it in proportion
	Zero         Missing = "zero"         // it earns nothing
)

// Item is a KPI in a scorecard.
type Item struct {
	KPI    *KPI
	Weight fixed.Num // percent of the scorecard
	Target fixed.Num // in the KPI's unit
	Curve  []Point   // attainment in percent → points, ascending, linear between, flat outside
}

// Point is a knot of a curve: Attainment in percent, Points.
type Point struct{ Attainment, Points fixed.Num }

// Band is a rating band: scores from From upwards, until the next better band.
type Band struct {
	ID   string
	Name Text
	From fixed.Num
}

// Place is where in the policy something stands; lines and columns count from 1.
type Place struct {
	File         string
	Line, Column int
}

func (p Place) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Source is the policy as files: names in a fixed order with their bytes. It is what the ledger keeps.
type Source []File

// File is one YAML file of a policy.
type File struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Dataset gives the dataset with the id, or nil.
func (p *Policy) Dataset(id string) *Dataset {
	for _, d := range p.Datasets {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// KPI gives the KPI with the id, or nil.
func (p *Policy) KPI(id string) *KPI {
	for _, k := range p.KPIs {
		if k.ID == id {
			return k
		}
	}
	return nil
}

// ScorecardFor gives the first scorecard that applies to a kind of department, or nil.
func (p *Policy) ScorecardFor(kind string) *Scorecard {
	for _, s := range p.Scorecards {
		if len(s.DepartmentKinds) == 0 {
			return s
		}
		for _, k := range s.DepartmentKinds {
			if k == kind {
				return s
			}
		}
	}
	return nil
}

// BandFor gives the band of a score, or nil below the lowest.
func (p *Policy) BandFor(score fixed.Num) *Band {
	for i := range p.Bands {
		if score >= p.Bands[i].From {
			return &p.Bands[i]
		}
	}
	return nil
}
