package metrics

import (
	"context"
	"fmt"
	"strings"
	"time"

	"plumbline/internal/books"
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
)

// EvidenceQuestion asks for the rows behind one value.
type EvidenceQuestion struct {
	KPI        *policy.KPI
	Period     period.Period
	Department string // with its subtree, or when an employee is named too only the time in the department itself; "" for all
	Employee   string // "" for all
	AsOf       int64
	ReportDay  time.Time
}

// EvidenceRow is a record that counted, or that was left out.
type EvidenceRow struct {
	Counted    Counted
	Reason     policy.Text // why it was left out
	Department string      // the owner's department on the day of the record; "" when there was none
	Cells      []string    // parallel to the dataset's columns; "" for blank
	Seq, Row   int64       // the file's event and the physical row
}

// Evidence lists the records of the question's subject and period, by file and row: those that counted and those left out.
// A record of someone without a department on its day belongs to no department and is listed for the company and the person.
func Evidence(ctx context.Context, b *books.Books, p *policy.Policy, q EvidenceQuestion) ([]EvidenceRow, error) {
	var rows []EvidenceRow
	err := b.View(ctx, func(tx *warehouse.Tx) error {
		within := map[string]bool{}
		if q.Department != "" {
			org, err := readOrganisation(ctx, tx, p, q.AsOf)
			if err != nil {
				return err
			}
			for _, i := range org.subtree(q.Department) {
				within[org.departments[i].ID] = true
			}
			if len(within) == 0 {
				return fmt.Errorf("no department has the id %q (没有这个部门编号)", q.Department)
			}
			if q.Employee != "" {
				within = map[string]bool{q.Department: true}
			}
		}
		return readEvidence(ctx, tx, q, func(r EvidenceRow) {
			if q.Department == "" || within[r.Department] {
				rows = append(rows, r)
			}
		})
	})
	if err != nil {
		return nil, fmt.Errorf("evidence of %s in %s: %w", q.KPI.ID, q.Period, err)
	}
	return rows, nil
}

func readEvidence(ctx context.Context, tx *warehouse.Tx, q EvidenceQuestion, each func(EvidenceRow)) error {
	s := warehouse.SQL("evidence "+q.KPI.ID, evidenceSQL(q))
	args := warehouse.Args{"as_of": q.AsOf, "from": q.Period.Start(), "to": q.Period.End()}
	for _, name := range s.Parameters() {
		switch name {
		case policy.ReportDay:
			args[name] = q.ReportDay
		case "employee":
			args[name] = q.Employee
		}
	}
	return tx.Each(ctx, s, args, func(scan func(...any) error) error {
		var r EvidenceRow
		var num, den bool
		if err := scan(&r.Department, &num, &den, &r.Seq, &r.Row, &r.Cells); err != nil {
			return err
		}
		r.judge(q.KPI, num, den)
		each(r)
		return nil
	})
}

// judge says what the row did. The company is the sum of its departments, so a row without one counts nowhere.
func (r *EvidenceRow) judge(k *policy.KPI, num, den bool) {
	switch {
	case r.Department == "":
		r.Counted = LeftOut
		r.Reason = policy.Text{ZH: "当日没有任职部门", EN: "no department on that day"}
	case num:
		r.Counted = InBoth
	case den:
		r.Counted = InDenominator
	default:
		r.Counted = LeftOut
		r.Reason = policy.Text{ZH: "不符合口径：" + k.Formula.ZH, EN: "not counted by the formula: " + k.Formula.EN}
	}
}

func evidenceSQL(q EvidenceQuestion) string {
	k := q.KPI
	plan := Plan{Dataset: k.Dataset, Day: k.CountsOn}
	num, den := counts(k.Numerator), "true"
	if k.Denominator != nil {
		den = counts(*k.Denominator)
		if k.Denominator.Kind == policy.CountRows {
			num = den + " AND " + num
		}
	} else {
		den = num
	}
	cells := make([]string, len(k.Dataset.Columns))
	for i, c := range k.Dataset.Columns {
		cells[i] = "coalesce(CAST(f." + warehouse.Ident(c.ID) + " AS VARCHAR), '')"
	}
	where := plan.within()
	if q.Employee != "" {
		where += " AND f." + warehouse.Ident(k.Dataset.Owner) + " = $employee"
	}
	return fmt.Sprintf("SELECT coalesce(m.department_id, ''), %s, %s, f._seq, f._row, [%s]\nFROM %s f\n%s\nWHERE %s\nORDER BY f._seq, f._row",
		num, den, strings.Join(cells, ", "), k.Dataset.Table(), plan.membership("LEFT JOIN"), where)
}

// counts is the condition under which a row takes part in a measure.
func counts(m policy.Measure) string {
	if m.Kind == policy.CountRows {
		return "coalesce((" + m.Expr.SQL + "), false)"
	}
	return "((" + m.Expr.SQL + ") IS NOT NULL)"
}
