package metrics

import (
	"math/big"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/policy"
)

// Status says how sure a value is.
type Status string

// The statuses. A value without data is never zero.
const (
	OK           Status = "ok"
	Insufficient Status = "insufficient_data" // fewer rows than the KPI's minimum: shown, not ranked, not scored
	NoData       Status = "no_data"
	Withheld     Status = "withheld" // anonymous answers of too few, or from which too few could be worked out: neither value nor sums are given
)

// Value is one KPI of one subject in one period with its receipt.
type Value struct {
	KPI    *policy.KPI
	Period period.Period
	Ratio  fixed.Ratio // the two sums; Den is 1 for a KPI without denominator
	N      fixed.Num   // rows in the denominator (or in the numerator, without one), split by the owners' shares
	Status Status
	// Low and High bound the 95 % Wilson interval in the KPI's unit; only when HasInterval.
	Low, High   float64
	HasInterval bool
	Target      *fixed.Num // in the KPI's unit; nil: none for this subject
	TargetFrom  *TargetSource
}

// Exact gives the value in the KPI's unit, and false when there is no data.
func (v Value) Exact() (*big.Rat, bool) {
	if v.Status == NoData || v.Status == Withheld || v.KPI == nil {
		return nil, false
	}
	r, ok := v.Ratio.Rat()
	if !ok {
		return nil, false
	}
	return r.Mul(r, v.KPI.Factor()), true
}

// Float is Exact for drawing and for cells.
func (v Value) Float() (float64, bool) {
	r, ok := v.Exact()
	if !ok {
		return 0, false
	}
	f, _ := r.Float64()
	return f, true
}

// Attainment gives the value against its target in percent: value ÷ target when higher is better, target ÷ value when
// lower is. It reports false without value or target, and when the divisor is not above zero, since such a quotient says nothing.
func (v Value) Attainment() (*big.Rat, bool) {
	r, ok := v.Exact()
	if !ok || v.Target == nil {
		return nil, false
	}
	over, under := r, v.Target.Rat()
	if !v.KPI.HigherIsBetter {
		over, under = under, over
	}
	if under.Sign() <= 0 {
		return nil, false
	}
	q := new(big.Rat).Quo(over, under)
	return q.Mul(q, big.NewRat(100, 1)), true
}

// Department is a node of the department tree as it stands at the end of the period.
type Department struct {
	ID, ParentID string // ParentID "" at the top
	Name         policy.Text
	Kind         string
	KindName     policy.Text
	Depth        int    // 0 at the top
	Matrix       bool   // groups below it work across projects
	Head         string // employee number of the head, "" when vacant
}

// Person is an employee.
type Person struct {
	No, Position string
	Name         policy.Text
	HiredOn      time.Time
	LeftOn       time.Time // zero: still employed
}

// Day is one day of a work-log calendar.
type Day struct {
	Date  time.Time
	Count int64     // logs
	Hours fixed.Num // hours logged
}

// FunnelValues holds the steps of a funnel, widest first.
type FunnelValues struct {
	Funnel *policy.Funnel
	Steps  []Value
}

// Line is everything measured about the company or one department with its subtree.
// Values, Before and YearBefore run parallel to Report.KPIs; Months[k] runs parallel to Report.Months.
type Line struct {
	Values     []Value
	Before     []Value
	YearBefore []Value
	Readings   []Reading // parallel to Values
	Months     [][]Value
	Funnels    []FunnelValues
	Calendar   []Day // days of the period with logs, in order
	Headcount  int   // people with a membership on the period's last day, subtree included
}

// DepartmentLine is a department with its numbers and its score.
type DepartmentLine struct {
	Department Department
	Line
	Score       Score // as judged by its kind's scorecard; no superior's share
	ScoreBefore Score // the values of the period before, judged by the same scorecard
}

// ScoreStatus says what a score still waits for.
type ScoreStatus string

// The states of a score.
const (
	Provisional ScoreStatus = "provisional" // the superior's evaluation is not in yet: KPI part only, at full weight
	Final       ScoreStatus = "final"
	NoScore     ScoreStatus = "no_score" // no item has enough data, or no scorecard applies
)

// Score is the result of one scorecard. Points and totals are rounded to two decimals, each once, and formed from the rounded ones that
// are shown before them: Total is BeforePenalties less the points of Penalties, and never below zero.
type Score struct {
	Scorecard       *policy.Scorecard
	Items           []ItemScore      // parallel to Scorecard.Items
	KPIPoints       *fixed.Num       // weighted points of the KPI part, at most Scorecard.Cap; nil: none
	Uncapped        *fixed.Num       // what KPIPoints would be without the cap; nil: the cap takes nothing
	Evaluation      *Evaluation      // what superiors said; nil: nothing is evaluated here
	Superior        *fixed.Num       // points of the evaluation; nil: not in, or nobody evaluates
	BeforePenalties *fixed.Num       // KPI part and superior's by their shares; nil: no score
	Penalties       []PenaltyScore   // parallel to Scorecard.Penalties, also without a score
	BandLimits      []BandLimitScore // parallel to Scorecard.BandLimits, also without a score
	Total           *fixed.Num       // nil: no score
	BandLimited     *policy.Band     // the best band that penalties and limits in force leave; nil: none is in force
	Band            *policy.Band
	Rank            int  // 1 is best; 0: not ranked
	RankOf          int  // how many are ranked in the same list
	Tied            bool // shares its rank
	Status          ScoreStatus
}

// ItemScore is one line of a scorecard.
type ItemScore struct {
	Item   *policy.Item
	Value  Value
	Points *big.Rat // from the curve, exact; nil: left out
	Weight *big.Rat // effective percent after redistribution; nil: left out
	// Filled is what was done for want of data; "" with enough data, and where no item of the scorecard has any, which is no score.
	Filled policy.Missing
}

// PenaltyScore is what one penalty of a scorecard comes to.
type PenaltyScore struct {
	Penalty *policy.Penalty
	Value   Value
	Points  fixed.Num // taken off the total
	Limits  bool      // Penalty.BandLimit is in force
}

// BandLimitScore is what one band limit of a scorecard comes to.
type BandLimitScore struct {
	Limit  *policy.BandLimit
	Value  Value
	Limits bool // the figure is missed; never without enough data
}

// PersonLine is one person's stay in one department within the period. A person who moved has two.
type PersonLine struct {
	Person     Person
	Department string     // where the days were spent (not the subtree)
	From, To   time.Time  // first and last day of the stay within the period, both included
	Days       int        // calendar days of the stay
	Weight     fixed.Num  // days × the person's share in the department: what the line weighs in the person's score
	Moved      bool       // the person has another line in the period
	Superiors  []Superior // who stood above the person on these days, in order; without one on a day its No is ""
	Values     []Value    // parallel to Report.KPIs, only records of these days in this department
	Readings   []Reading  // parallel to Values; without changes and forecasts
	Score      Score      // ranked among the lines of the same department
	Before     *fixed.Num // the person's Total in the period before, by the policy of then; nil: none
}

// PersonScore is the score of a person over the whole period: the lines' scores before penalties weighted by days and shares, less the
// penalties.
type PersonScore struct {
	Person          Person
	Department      string     // at the end of the period, or of the person's last day in it
	Lines           []int      // indexes into Report.People
	BeforePenalties *fixed.Num // nil: no score
	PenaltyPoints   fixed.Num  // taken off by the penalties of all lines, whatever their days
	Total           *fixed.Num
	Earned          *policy.Band  // by Total alone
	BandLimited     *policy.Band  // the lowest of the lines' limits in force; nil: none is in force
	Distribution    *Distribution // of everybody judged by the same scorecard at the end; nil: it has none
	Band            *policy.Band  // Earned after Distribution and BandLimited
	Forced          bool          // without the distribution Band would be another
	Rank            int           // among all people of the company with the same scorecard at the end
	RankOf          int
	Tied            bool
	Before          *fixed.Num
	PartsBefore     []ScorePart // what Before is made of, by the policy of then
	Status          ScoreStatus
}

// Distribution is what a forced distribution comes to for the people judged by one scorecard.
type Distribution struct {
	Rule   *policy.Distribution
	People int   // with a score
	Forced bool  // false: fewer people than Rule.From, so that everybody keeps the band earned
	AtMost []int // parallel to Policy.Bands: how many of the people the band and all better ones may hold; nil unless Forced
}

// Report is what one period looks like: the only thing that charts and reports receive.
type Report struct {
	Policy        *policy.Policy
	PolicyVersion int
	PolicyHash    string // SHA-256 of the policy's files
	PolicyBefore  int    // the version in force at the end of the period before, by which the scores before are judged
	LedgerSeq     int64  // state of the books that the numbers come from
	LedgerHash    string
	Seal          string    // the id of the seal under which the period stands; "" while it is not sealed
	Made          time.Time // when the report was asked for
	Period        period.Period
	Day           time.Time       // the report day: last day of the period or Made's day, the earlier
	Months        []period.Period // months of the trend, ending with the period's last
	KPIs          []*policy.KPI   // the listed ones
	Company       Line
	Departments   []DepartmentLine // depth first, siblings by id
	People        []PersonLine     // by department as in Departments, then by rank, unranked last, then by number
	Scores        []PersonScore    // by employee number
	Warnings      []policy.Text    // what a reader must know beside the numbers
	Details       *Details         // nil: not read; ReadDetails reads them
}
