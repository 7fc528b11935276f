package metrics

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Counted says what a row did for a value.
type Counted string

// What rows do.
const (
	InBoth        Counted = "numerator"   // counts in the numerator, and in the denominator where there is one
	InDenominator Counted = "denominator" // counts in the denominator only
	LeftOut       Counted = "left_out"    // does not count; Reason says why
	Missing       Counted = "missing"     // no row at all: something was due on Day and is not there
)

// EvidenceQuestion asks for the rows behind one value.
type EvidenceQuestion struct {
	KPI        *policy.KPI
	Period     period.Period
	Department string // with its subtree, or when an employee is named too only the time in the department itself; "" for all
	Employee   string // "" for all
	AsOf       int64
	ReportDay  time.Time
	Asked      time.Time // the day on which it is asked; zero: the report day
}

// EvidenceRow is a record that counted, one that was left out, or a day without the record that was due.
type EvidenceRow struct {
	Counted    Counted
	Reason     policy.Text // why it was left out, or what is missing
	Dataset    *policy.Dataset
	Department string    // the owner's department on the day of the record; "" when there was none
	Employee   string    // the owner; "" for what a department owns
	Day        time.Time // the day that decides month and department
	Share      fixed.Num // how much of the record counts in Department
	Cells      []string  // parallel to the dataset's columns; "" for blank; of a day without a record only owner and day
	Seq, Row   int64     // the file's event and the physical row
}

// Evidence lists the records of the question's subject and period, by file and row: those that counted and those left out; then the
// days on which something was due and is missing. Anonymous answers are not listed. A record of someone without a department on its day belongs to no department and is
// listed for the company and the person. A ratio of KPIs has the rows of both.
func Evidence(ctx context.Context, b *books.Books, p *policy.Policy, q EvidenceQuestion) ([]EvidenceRow, error) {
	if q.Asked.IsZero() {
		q.Asked = q.ReportDay
	}
	if q.KPI.Anonymous {
		return nil, fmt.Errorf("evidence: %w", unlisted(q.KPI))
	}
	var e *examiner
	err := b.View(ctx, func(tx *warehouse.Tx) (err error) {
		e, err = examine(ctx, tx, p, q)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("evidence of %s in %s: %w", q.KPI.ID, q.Period, err)
	}
	return e.rows, nil
}

// examiner collects the rows behind a value.
type examiner struct {
	EvidenceQuestion
	org      *organisation
	expected *expectation
	within   map[string]bool        // departments asked for; nil: all
	done     map[int]map[int]daySet // what is due and was done, by stay and month
	rows     []EvidenceRow
}

func examine(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, q EvidenceQuestion) (*examiner, error) {
	org, err := readOrganisation(ctx, tx, p, q.AsOf, q.ReportDay)
	if err != nil {
		return nil, err
	}
	if err := org.lay(ctx, tx); err != nil {
		return nil, err
	}
	return org.examine(ctx, tx, p, q)
}

// examine lists the rows behind a value in a transaction in which the stays have been laid already.
func (o *organisation) examine(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, q EvidenceQuestion) (*examiner, error) {
	e := &examiner{EvidenceQuestion: q, org: o, done: map[int]map[int]daySet{},
		expected: newExpectation(o, p.Calendar, Range{From: q.Period.Start(), To: q.Period.End(), ReportDay: q.ReportDay, Asked: q.Asked})}
	var err error
	if q.Department != "" {
		if e.within, err = e.departments(); err != nil {
			return nil, err
		}
	}
	if !q.KPI.IsRatio() {
		return e, e.read(ctx, tx, q.KPI, false)
	}
	if err := e.read(ctx, tx, q.KPI.Of, false); err != nil {
		return nil, err
	}
	return e, e.read(ctx, tx, q.KPI.To, true)
}

// departments gives the ids that are asked for.
func (e *examiner) departments() (map[string]bool, error) {
	ids := map[string]bool{}
	for _, i := range e.org.subtree(e.Department) {
		ids[e.org.departments[i].ID] = true
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("no department has the id %q (没有这个部门编号)", e.Department)
	}
	if e.Employee != "" {
		ids = map[string]bool{e.Department: true}
	}
	return ids, nil
}

// read lists the rows of one KPI. below says that its numerator is the denominator of what is asked for.
func (e *examiner) read(ctx context.Context, tx *warehouse.Tx, k *policy.KPI, below bool) error {
	s := warehouse.SQL("evidence "+k.ID, evidenceSQL(k, e.Employee != ""))
	args := warehouse.Args{"as_of": e.AsOf, "from": e.Period.Start(), "to": e.Period.End()}
	Range{ReportDay: e.ReportDay, Asked: e.Asked}.days(s, args)
	if e.Employee != "" {
		args["employee"] = e.Employee
	}
	err := tx.Each(ctx, s, args, func(scan func(...any) error) error {
		r := EvidenceRow{Dataset: k.Dataset}
		var stay int64
		var where, num, den bool
		if err := scan(&stay, &r.Employee, &r.Day, &where, &num, &den, &r.Seq, &r.Row, &r.Cells); err != nil {
			return err
		}
		e.place(&r, int(stay))
		e.judge(&r, k, int(stay), where, num, den)
		if below && r.Counted == InBoth {
			r.Counted = InDenominator
		}
		if e.within == nil || e.within[r.Department] {
			e.rows = append(e.rows, r)
		}
		return nil
	})
	if err == nil && k.Expects() != "" {
		e.missing(k)
	}
	return err
}

// place tells in which department the row counts.
func (e *examiner) place(r *EvidenceRow, stay int) {
	if stay >= 0 {
		s := e.org.stays[stay]
		r.Department, r.Share = s.Department, s.Share
	}
}

// judge says what the row did. The company is the sum of its departments, so a row without one counts nowhere.
func (e *examiner) judge(r *EvidenceRow, k *policy.KPI, stay int, where, num, den bool) {
	r.Counted = LeftOut
	switch {
	case r.Department == "":
		r.Reason = policy.Text{ZH: "当日没有任职部门", EN: "no department on that day"}
	case !where:
		r.Reason = notLookedAt(k)
	case !e.about(k, r.Department):
		r.Reason = policy.Text{ZH: "指标不适用于该类部门", EN: "the KPI is not about departments of this kind"}
	case k.Expects() != "" && (num || den):
		e.onItsDay(r, k, stay)
	case num:
		r.Counted = InBoth
	case den:
		r.Counted = InDenominator
	default:
		r.Reason = notInFormula(k)
	}
}

func notLookedAt(k *policy.KPI) policy.Text {
	return policy.Text{ZH: "不在统计范围：" + k.Where.Text, EN: "not looked at: " + k.Where.Text}
}

func notInFormula(k *policy.KPI) policy.Text {
	return policy.Text{ZH: "不符合口径：" + k.Formula.ZH, EN: "not counted by the formula: " + k.Formula.EN}
}

func (e *examiner) about(k *policy.KPI, department string) bool {
	i, ok := e.org.index[department]
	return ok && (len(k.DepartmentKinds) == 0 || slices.Contains(k.DepartmentKinds, e.org.departments[i].Kind))
}

// onItsDay counts a row of a day on which something was due, and notes that it was done.
func (e *examiner) onItsDay(r *EvidenceRow, k *policy.KPI, stay int) {
	month, bit := monthOf(r.Day), daySet(1)<<(r.Day.Day()-1)
	if e.expected.occasions(&e.org.stays[stay], k.Expects(), month)&bit == 0 {
		r.Reason = policy.Text{ZH: "当日不应有：非工作日、请假或尚未到期", EN: "nothing was due on that day: no workday, on leave, or not due yet"}
		return
	}
	r.Counted = InBoth
	if e.done[stay] == nil {
		e.done[stay] = map[int]daySet{}
	}
	e.done[stay][month] |= bit
}

// missing lists the days on which something was due of the people asked for and is not there.
func (e *examiner) missing(k *policy.KPI) {
	for i := range e.org.stays {
		s := &e.org.stays[i]
		if s.Employee == "" || e.Employee != "" && s.Employee != e.Employee || e.within != nil && !e.within[s.Department] || !e.about(k, s.Department) {
			continue
		}
		for _, m := range e.Period.Months() {
			month := monthNumber(m)
			done := e.done[i][month]
			open := e.expected.due(k, s, month, done) &^ done
			for d := startOf(month); monthOf(d) == month; d = d.AddDate(0, 0, 1) {
				if open&(1<<(d.Day()-1)) != 0 {
					e.rows = append(e.rows, EvidenceRow{Counted: Missing, Dataset: k.Dataset, Department: s.Department, Employee: s.Employee,
						Day: d, Share: s.Share, Reason: missingWords[k.Expects()], Cells: missingCells(k, s.Employee, d)})
				}
			}
		}
	}
}

// missingCells names whose record is missing, and of which day.
func missingCells(k *policy.KPI, employee string, day time.Time) []string {
	cells := make([]string, len(k.Dataset.Columns))
	for i, c := range k.Dataset.Columns {
		switch c.ID {
		case k.Owner:
			cells[i] = employee
		case k.CountsOn:
			cells[i] = day.Format(time.DateOnly)
		}
	}
	return cells
}

var missingWords = map[policy.Occasion]policy.Text{
	policy.Workday: {ZH: "该工作日没有符合口径的记录", EN: "no record that counts on this workday"},
	policy.Week:    {ZH: "该周没有符合口径的记录", EN: "no record that counts in this week"},
	policy.Month:   {ZH: "该月没有符合口径的记录", EN: "no record that counts in this month"},
}

func evidenceSQL(k *policy.KPI, ofEmployee bool) string {
	plan := Plans([]*policy.KPI{k})[0]
	num, den, where := counts(k.Numerator), "true", "true"
	switch {
	case k.Denominator == nil:
		den = num
	case k.Denominator.Kind == policy.Expected:
		den = num
	default:
		den = counts(*k.Denominator)
		if k.Denominator.Kind != policy.SumOf {
			num = den + " AND " + num
		}
	}
	if k.Where != nil {
		where = "coalesce((" + k.Where.SQL + "), false)"
	}
	cells := make([]string, len(k.Dataset.Columns))
	for i, c := range k.Dataset.Columns {
		cells[i] = "coalesce(CAST(f." + warehouse.Ident(c.ID) + " AS VARCHAR), '')"
	}
	owner, rows := "''", plan.within()
	if k.Owner != "" {
		owner = "coalesce(f." + warehouse.Ident(k.Owner) + ", '')"
	}
	if ofEmployee {
		rows += " AND " + owner + " = $employee"
	}
	return fmt.Sprintf("SELECT coalesce(m._stay, -1), %s, %s, %s, %s, %s, f._seq, f._row, [%s]\nFROM %s f\n%s\nWHERE %s\nORDER BY f._seq, f._row, m._stay",
		owner, plan.day(), where, num, den, strings.Join(cells, ", "), k.Dataset.Table(), plan.attributed("LEFT JOIN"), rows)
}

// counts is the condition under which a row takes part in a measure.
func counts(m policy.Measure) string {
	if m.Kind == policy.SumOf || m.Kind == policy.Median {
		return "((" + m.Expr.SQL + ") IS NOT NULL)"
	}
	return "coalesce((" + m.Expr.SQL + "), false)"
}
