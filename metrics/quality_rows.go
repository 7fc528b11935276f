package metrics

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// QualityQuestion asks for the rows behind one check.
type QualityQuestion struct {
	Question
	Check      *policy.QualityCheck
	Department string // with its subtree, or when an employee is named too only the time in the department itself; "" for all
	Employee   string // "" for all
}

// QualityRow is a record that a check found; of coverage it is a day or a person without the record that was expected, of Unvaried a
// person.
type QualityRow struct {
	Check                *policy.QualityCheck
	Department, Employee string
	Day                  time.Time // by which the record counts; of a person the first day concerned, or zero
	Share                fixed.Num // how much of the record counts in Department
	Says                 policy.Text
	Cells                []string // parallel to the dataset's columns; nil without a record
	Before               []string // of DueMoved the older version, parallel to Cells
	Seq, Row             int64    // the event that brought the record as it is and the physical row; 0 without a record
	At                   time.Time
	Actor                string // who recorded the event
}

// QualityRows lists the rows that a check found, by owner, day, file and row.
func QualityRows(ctx context.Context, b *books.Books, q QualityQuestion) (rows []QualityRow, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("rows of %s in %s: %w", q.Check.ID, q.Period, err)
		}
	}()
	if secret(q.Version.Policy, q.Check.Dataset) {
		return nil, errors.New("the records are anonymous answers, and none is listed (匿名答卷不逐条列出)")
	}
	if q.Check.Kind == policy.Coverage {
		return missingRows(ctx, b, q)
	}
	i, err := newInspector(ctx, b, q.Question)
	if err != nil {
		return nil, err
	}
	f := &finder{inspector: i, question: q}
	if err := b.View(ctx, func(tx *warehouse.Tx) error { return f.read(ctx, tx) }); err != nil {
		return nil, err
	}
	return f.rows, nil
}

// missingRows takes the days without a record from the evidence of the KPI; people are listed once, when they have no record at all.
func missingRows(ctx context.Context, b *books.Books, q QualityQuestion) ([]QualityRow, error) {
	all, err := Evidence(ctx, b, q.Version.Policy, EvidenceQuestion{KPI: q.Check.KPI, Period: q.Period, Department: q.Department, Employee: q.Employee,
		AsOf: q.AsOf, ReportDay: earlier(q.Period.LastDay(), day(q.Now)), Asked: day(q.Now)})
	if err != nil {
		return nil, err
	}
	present, listed := map[string]bool{}, map[string]bool{}
	for _, r := range all {
		present[r.Employee] = present[r.Employee] || r.Counted == InBoth
	}
	var rows []QualityRow
	for _, r := range all {
		if r.Counted != Missing || q.Check.OfPeople && (present[r.Employee] || listed[r.Employee]) {
			continue
		}
		listed[r.Employee] = true
		row := QualityRow{Check: q.Check, Department: r.Department, Employee: r.Employee, Day: r.Day, Share: r.Share, Says: r.Reason}
		if q.Check.OfPeople {
			row.Says = told("本期一条应有的记录也没有", "none of the records expected in the period")
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(x, y QualityRow) int {
		if x.Employee != y.Employee {
			return strings.Compare(x.Employee, y.Employee)
		}
		return x.Day.Compare(y.Day)
	})
	return rows, nil
}

// finder collects the rows of a check.
type finder struct {
	*inspector
	question QualityQuestion
	within   map[string]bool // departments asked for; nil: all
	rows     []QualityRow
}

func (f *finder) read(ctx context.Context, tx *warehouse.Tx) error {
	if err := f.prepare(ctx, tx, nil); err != nil {
		return err
	}
	if f.question.Department != "" {
		e := examiner{EvidenceQuestion: EvidenceQuestion{Department: f.question.Department, Employee: f.question.Employee}, org: f.org}
		var err error
		if f.within, err = e.departments(); err != nil {
			return err
		}
	}
	c := f.question.Check
	args := f.surveyArgs(survey{checks: []*policy.QualityCheck{c}})
	if c.Kind == policy.Unvaried || c.Kind == policy.Copied {
		args = f.argsOf(c)
	}
	return tx.Each(ctx, warehouse.SQL("rows of "+c.ID, rowsSQL(c)), args, func(scan func(...any) error) error {
		r := QualityRow{Check: c}
		var stay, figure int64
		var holder string
		var on sql.NullTime
		var before []string
		if err := scan(&stay, &holder, &on, &figure, &r.Seq, &r.Row, &r.Cells, &before); err != nil {
			return err
		}
		s := f.org.stays[stay]
		r.Department, r.Employee, r.Share, r.Day = s.Department, s.Employee, s.Share, on.Time
		f.add(r, figure, before)
		return nil
	})
}

// add takes a row of those asked for.
func (f *finder) add(r QualityRow, figure int64, before []string) {
	if f.question.Employee != "" && r.Employee != f.question.Employee || f.within != nil && !f.within[r.Department] {
		return
	}
	if len(r.Cells) == 0 {
		r.Cells = nil
	}
	if len(before) > 0 {
		r.Before = before
	}
	if a, ok := f.arrivals[r.Seq]; ok {
		r.At, r.Actor = a.Time, a.Actor
	}
	r.Says = rowSays(r, figure)
	f.rows = append(f.rows, r)
}

// rowsSQL yields the stay, the owner or department, the day, a figure (days late, days with the text, or the days of a person), the event and physical
// row, the cells and those of the older version; lists are empty where there are none.
func rowsSQL(c *policy.QualityCheck) string {
	switch c.Kind {
	case policy.ClosedAtOnce:
		looked, found := closedTest(c)
		return closedWith(c) + rowColumns(c, "0") + closedFrom(c, "JOIN") + " AND " + looked + " AND " + found + rowOrder
	case policy.DueMoved:
		return movedRowsSQL(c)
	case policy.Copied:
		p := planOf(c)
		return copiedWith(c) + rowColumns(c, "c._days") + fmt.Sprintf("FROM %s f\n%s\nJOIN copied c ON c._employee = m._employee AND c._text = %s\nWHERE %s",
			c.Dataset.Table(), p.attributed("JOIN"), textOf(c), p.within()) + rowOrder
	case policy.Unvaried:
		p := planOf(c)
		return fmt.Sprintf("WITH %s\nSELECT m._stay, s._owner, min(%s), s._days, 0, 0, []::VARCHAR[], []::VARCHAR[]\nFROM steady s JOIN daily f ON f.%s = s._owner\n%s\nWHERE s._same\nGROUP BY ALL\nORDER BY 2, 3, 1",
			steady(c), p.day(), warehouse.Ident(p.Owner), p.attributed("JOIN"))
	}
	s := survey{Plan: planOf(c), until: c.Until, checks: []*policy.QualityCheck{c}}
	looked, found := s.test(0)
	return s.with() + rowColumns(c, s.figure()) + fmt.Sprintf("FROM %s f\n%s\n%sWHERE %s AND %s AND %s", s.Dataset.Table(), s.attributed("JOIN"), s.joins(), s.within(), looked, found) + rowOrder
}

const rowOrder = "\nORDER BY 2, 3, f._seq, f._row, m._stay"

func rowColumns(c *policy.QualityCheck, figure string) string {
	return fmt.Sprintf("SELECT m._stay, f.%s, %s, %s, f._seq, f._row, [%s], []::VARCHAR[]\n", holder(c.Dataset), planOf(c).day(), figure, cellsOf(c.Dataset, "f"))
}

// cellsOf lists the cells of a record as text; "" for blank.
func cellsOf(d *policy.Dataset, table string) string {
	cells := make([]string, len(d.Columns))
	for i, c := range d.Columns {
		cells[i] = "coalesce(CAST(" + table + "." + warehouse.Ident(c.ID) + " AS VARCHAR), '')"
	}
	return strings.Join(cells, ", ")
}

// figure is what a row says beside its cells.
func (s survey) figure() string {
	switch s.checks[0].Kind {
	case policy.Late, policy.Delay:
		return s.delay()
	case policy.BackDated:
		return "came_first._came - " + s.day()
	case policy.AfterClose:
		return "came_last._came - last_day(" + s.day() + ")"
	}
	return "0"
}

// movedRowsSQL lists every move of the records that movedSQL finds, in the department and by the day by which that counts them.
func movedRowsSQL(c *policy.QualityCheck) string {
	d, p := c.Dataset, planOf(c)
	own, on := holder(d), warehouse.Ident(c.Day)
	return fmt.Sprintf(`%[1]s,
shown AS (
  SELECT *, CASE WHEN %[2]s THEN _owns ELSE _had END AS %[4]s, CASE WHEN %[2]s THEN _now ELSE _before END AS %[5]s
  FROM moves WHERE %[2]s OR %[3]s)
SELECT m._stay, f.%[4]s, f.%[5]s, f._came - f._before, f._v, f._r, [%[6]s], [%[7]s]
FROM shown f
%[8]s
JOIN %[9]s n ON n._seq = f._v AND n._row = f._r
JOIN %[9]s o ON o._seq = f._before_v AND o._row = f._before_r
ORDER BY 2, 3, f._v, f._r, m._stay`,
		movesSQL(c), in("_now"), in("_before"), own, on, cellsOf(d, "n"), cellsOf(d, "o"), p.attributed("JOIN"), d.Table())
}

// rowSays says why a row is listed.
func rowSays(r QualityRow, figure int64) policy.Text {
	c := r.Check
	name := func(id string) policy.Text { return c.Dataset.Column(id).Name }
	switch c.Kind {
	case policy.Late, policy.Delay:
		return policy.Text{ZH: fmt.Sprintf("%d 天后才填写", figure), EN: "written " + daysEN(figure) + " later"}
	case policy.BackDated:
		return policy.Text{ZH: fmt.Sprintf("%d 天后才首次入账", figure), EN: "first came into the books " + daysEN(figure) + " later"}
	case policy.AfterClose:
		return policy.Text{ZH: fmt.Sprintf("当月结束 %d 天后才入账或更改", figure), EN: "came or was changed " + daysEN(figure) + " after the month"}
	case policy.DueMoved:
		before, after := r.Before[r.at(c.Day)], r.Cells[r.at(c.Day)]
		return policy.Text{ZH: fmt.Sprintf("到期 %d 天后由 %s 改为 %s", figure, before, after), EN: fmt.Sprintf("moved from %s to %s, %s after it had passed", before, after, daysEN(figure))}
	case policy.ClosedAtOnce:
		return policy.Text{ZH: "首次入账时“" + name(c.Until).ZH + "”与“" + name(c.Day).ZH + "”为同一天", EN: "first came with “" + name(c.Until).EN + "” and “" + name(c.Day).EN + "” on the same day"}
	case policy.Multiples:
		return told("恰为 %s 的整倍数", "a full multiple of %s", c.Multiple)
	case policy.Copied:
		return told("本人本期有 %d 天写了同样的文字", "the same person wrote this text on %d days of the period", figure)
	}
	return policy.Text{ZH: fmt.Sprintf("本期 %d 天的“%s”合计都一样", figure, name(c.Amount).ZH), EN: fmt.Sprintf("the sum of “%s” is the same on all %d days of the period", name(c.Amount).EN, figure)}
}

// at is the position of a column.
func (r QualityRow) at(id string) int {
	return slices.IndexFunc(r.Check.Dataset.Columns, func(c *policy.Column) bool { return c.ID == id })
}
