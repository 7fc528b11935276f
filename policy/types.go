package policy

import (
	"fmt"
	"math/big"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
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
	Calendar   period.Calendar
	Leaves     []Absence          // which records tell of days on which nobody is expected to work
	Quality    []*QualityCheck    // checks of the data, by kind
	Audit      Audit              // of what the quarterly audit looks at a sample
	Source     Source             // the files it was read from
	Offices    map[Office]Holders // who holds them; nil: the policy has none
	Reviews    *Reviews           // nil: the policy has no rules of reviews
	Rewards    *Rewards           // nil: nothing is rewarded
	Pack       *Pack              // nil: the pack of the strategy meeting has no pages of its own
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

// BonusBase is the money to which the bonus coefficient of a band applies, for a quarter: a column of employees, and the parameter for
// those who have none of their own. A policy may do without either.
const BonusBase = "bonus_base"

// Parameter gives the parameter with the id, or nil.
func (p *Policy) Parameter(id string) *Parameter {
	for i := range p.Parameters {
		if p.Parameters[i].ID == id {
			return &p.Parameters[i]
		}
	}
	return nil
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

// Targets is the dataset of what is to be reached: target_id, kpi, department_id, employee_no, period, target_value, baseline, set_on.
// A policy may do without it.
const Targets = "targets"

// Accounts is the dataset of the names by which other tools know people: login and employee_no. A policy may do without it.
const Accounts = "accounts"

// Dataset is a kind of record.
type Dataset struct {
	ID         string
	Name       Text
	Key        []string // columns that name a record; the same key again is a correction
	Owner      string   // column with the employee whose record it is; "" for those of departments and for the organisation's own
	Department string   // column with the department whose record it is, of records that are nobody's own, such as costs; "" with an Owner
	Day        string   // date on which the owner must be employed and that may not lie in the future; "" for none
	Past       []string // further dates and moments that may not lie in the future, being of what has happened
	Columns    []*Column
	Rules      []Rule
	NoOverlap  *Interval // nil: records may overlap
	Limits     []Limit
	Recorded   Recorded // "" for records that files bring
	Place      Place
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
type Interval struct {
	Per, From, To string
	// Share, when not "", names the column of type percent by which records may share a day all the same: the shares of a day may
	// add up to 100, and a blank is 100.
	Share string
	Apart []string // records that share a day may not be alike in all of these columns; only with Share
}

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

// AskedOn is the name by which an expression asks for the day on which the report is made, when what is due later may still come in. In
// Expr.SQL it stands as the parameter $asked_on.
const AskedOn = "asked_on"

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

// KPI is something measured: a ratio of two additive sums over one dataset, one sum, or the ratio of two other KPIs' sums.
type KPI struct {
	ID              string
	Name            Text
	Formula         Text     // in words
	Source          Text     // where the figures come from, in words
	Clauses         []string // the clauses of the regulation that it measures, C01 and so on
	Dataset         *Dataset // nil for a ratio of KPIs
	Owner           string   // the column with the employee whose record it is; "" when the records belong to departments
	CountsOn        string   // the date or datetime column whose day decides month and department
	Where           *Expr    // only these records are looked at; nil: all
	Numerator       Measure
	Denominator     *Measure // nil: the value is the numerator itself
	Of, To          *KPI     // a ratio of KPIs: the numerator of Of over the numerator of To; else nil
	DepartmentKinds []string // only departments of these kinds count; empty: all
	Unit            Unit
	HigherIsBetter  bool
	Minimum         int64 // fewer rows in the denominator: insufficient data
	Listed          bool  // false: feeds a funnel or chart only
	Anonymous       bool  // values from which those of fewer than AnonymousFrom rows could be worked out are withheld
	Place           Place
}

// AnonymousFrom is how many rows a value of an anonymous KPI needs to be shown.
const AnonymousFrom = 5

// IsRatio reports whether the KPI is formed from two other KPIs.
func (k *KPI) IsRatio() bool { return k.Of != nil && k.To != nil }

// HasDenominator reports whether the value is a quotient.
func (k *KPI) HasDenominator() bool { return k.Denominator != nil || k.IsRatio() }

// Upper is what stands above the line of the quotient.
func (k *KPI) Upper() Measure {
	if k.IsRatio() {
		return k.Of.Numerator
	}
	return k.Numerator
}

// Lower is what the numerator is divided by, and false when the value is the numerator itself. A median is the sum of the values in the
// middle over their number.
func (k *KPI) Lower() (Measure, bool) {
	switch {
	case k.IsRatio():
		return k.To.Numerator, true
	case k.Denominator != nil:
		return *k.Denominator, true
	case k.Numerator.Kind == Median:
		return Measure{Kind: CountRows}, true
	}
	return Measure{}, false
}

// Divides reports whether the value is a quotient of two figures.
func (k *KPI) Divides() bool {
	_, ok := k.Lower()
	return ok
}

// IsRate reports whether the KPI is a share of rows, for which a Wilson interval exists.
func (k *KPI) IsRate() bool {
	return k.Denominator != nil && k.Numerator.Kind == CountRows && k.Denominator.Kind == CountRows
}

// Adds reports whether the KPI of a whole is the sum of its parts: values of people add up to their department, months to their
// quarter. People counted once and medians do not add up, nor do ratios, whose sums do.
func (k *KPI) Adds() bool {
	return !k.HasDenominator() && k.Numerator.Kind != People && k.Numerator.Kind != Median
}

// Expects gives what the denominator expects of each person, "" when it counts records.
func (k *KPI) Expects() Occasion {
	if k.Denominator == nil || k.Denominator.Kind != Expected {
		return ""
	}
	return k.Denominator.Occasion
}

// DepartmentOnly reports whether the records belong to departments and not to people.
func (k *KPI) DepartmentOnly() bool {
	if k.IsRatio() {
		return k.Of.DepartmentOnly() || k.To.DepartmentOnly()
	}
	return k.Owner == ""
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

// The kinds of measure. Counts, sums, days and what is expected are additive; people and medians are not, and a KPI says so.
const (
	CountRows  MeasureKind = "count"    // rows where Expr is true
	SumOf      MeasureKind = "sum"      // sum of Expr, NULL left out
	PersonDays MeasureKind = "days"     // days of each person with a row where Expr is true: person-days
	People     MeasureKind = "people"   // people with a row where Expr is true, each once a month: person-months
	Median     MeasureKind = "median"   // the middle of Expr over the rows, NULL left out
	Expected   MeasureKind = "expected" // how often Occasion was due of the people: a denominator
)

// Occasion is what is expected of everybody who is employed and not on leave.
type Occasion string

// The occasions. Each is one day: the workday, the Friday of a week with a workday, the last day of a month with one.
const (
	Workday Occasion = "workday"
	Week    Occasion = "week"
	Month   Occasion = "month"
)

// Measure is a figure over the rows of a dataset.
type Measure struct {
	Kind     MeasureKind
	Expr     Expr
	Occasion Occasion  // of Expected
	After    fixed.Num // of Expected: days after the occasion on which it may still come in; once they are over it counts as missing
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
	NeutralPoints   fixed.Num  // what an item without enough data earns; only when Missing is Neutral
	Cap             *fixed.Num // most points that the KPI part may reach; nil: the curves alone bound it
	Penalties       []Penalty
	BandLimits      []BandLimit
	Distribution    *Distribution // nil: the score alone gives the band
	Place           Place
}

// Missing says what becomes of an item without enough data.
type Missing string

// The ways; the scorecard declares one and every report shows it.
const (
	Redistribute Missing = "redistribute" // the other items carry its weight in proportion
	Neutral      Missing = "neutral"      // it earns NeutralPoints: 100, as if the target were met, unless the scorecard says otherwise
	Zero         Missing = "zero"         // it earns nothing
)

// Penalty takes points off the total for everything that a KPI counts.
type Penalty struct {
	KPI       *KPI      // of unit count, without denominator; lower is better
	Each      fixed.Num // points for one
	Most      fixed.Num // points for all of them at most
	BandLimit *Band     // the best band that is left once there is one; nil: any
}

// BandLimit bounds the band of whoever misses a figure.
type BandLimit struct {
	KPI    *KPI
	Figure fixed.Num // in the KPI's unit; missed by a value below it or, where lower is better, above it
	Band   *Band     // the best one left
}

// Missed reports whether a value in the KPI's unit misses the figure. The figure itself is good enough.
func (l *BandLimit) Missed(value *big.Rat) bool {
	if l.KPI.HigherIsBetter {
		return value.Cmp(l.Figure.Rat()) < 0
	}
	return value.Cmp(l.Figure.Rat()) > 0
}

// Distribution forces the bands of the people whom a scorecard judges into shares. A band's quota counts from the best: with 10 % S and 20 % A,
// at most 30 % of the people, rounded down, stand in A or better, and what S leaves free is left to A.
type Distribution struct {
	Shares []fixed.Num // percent, parallel to Policy.Bands; they add up to 100
	From   int64       // a group of fewer scored people is left as it is
	Lift   bool        // people may also get a better band than their score earns
}

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
	ID    string
	Name  Text
	From  fixed.Num
	Bonus *fixed.Num // bonus coefficient, never rising from band to worse band; nil: the policy gives none
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

// Judges reports whether a scorecard asks for the KPI.
func (p *Policy) Judges(k *KPI) bool {
	for _, s := range p.Scorecards {
		for _, item := range s.Items {
			if item.KPI == k {
				return true
			}
		}
	}
	return false
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
