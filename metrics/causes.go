package metrics

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Causes are the records that miss a KPI, late deliveries say, by what they are put down to. Their counts add up to the denominator less the
// numerator of the KPI.
type Causes struct {
	KPI    *policy.KPI
	Column *policy.Column // the column that tells the cause; nil: no record says one, and departments stand for it
	Rows   []CauseCount   // by department and cause, the order of the database
}

// CauseCount is how many records of a department's own people have a cause.
type CauseCount struct {
	Department string
	Cause      string    // as the record says; "" where it is blank, and always without a column
	Count      fixed.Num // split by shares
}

// causeColumns are the columns that may tell a cause, the most telling first.
var causeColumns = []string{"late_cause", "late_reason", "delay_cause", "delay_reason", "cause", "reason", "project"}

// causes reads the records that miss a KPI; nil for a KPI without records of its own.
func (g grouper) causes(ctx context.Context, tx *warehouse.Tx, k *policy.KPI) (*Causes, error) {
	if !countsRecords(k) {
		return nil, nil
	}
	c := &Causes{KPI: k}
	for _, id := range causeColumns {
		if column := k.Dataset.Column(id); column != nil {
			c.Column = column
			if said, err := c.read(ctx, tx, g); err != nil || said {
				return c, err
			}
		}
	}
	c.Column = nil
	_, err := c.read(ctx, tx, g)
	return c, err
}

// read counts by the column and reports whether any record says anything in it.
func (c *Causes) read(ctx context.Context, tx *warehouse.Tx, g grouper) (said bool, err error) {
	key := "''"
	if c.Column != nil {
		key = "f." + warehouse.Ident(c.Column.ID)
	}
	type at struct{ department, cause string }
	sums := map[at]fixed.Num{}
	var order []at
	err = g.count(ctx, tx, c.KPI, []string{key}, func(department string, met bool, keys []string, n fixed.Num) {
		if met {
			return
		}
		of := at{department, keys[0]}
		if _, ok := sums[of]; !ok {
			order = append(order, of)
		}
		sums[of] += n
		said = said || keys[0] != ""
	})
	slices.SortFunc(order, func(a, b at) int {
		return cmp.Or(cmp.Compare(g.org.index[a.department], g.org.index[b.department]), strings.Compare(a.cause, b.cause))
	})
	c.Rows = nil
	for _, of := range order {
		c.Rows = append(c.Rows, CauseCount{of.department, of.cause, sums[of]})
	}
	return said, err
}

// Cause is one cause with its count.
type Cause struct {
	Name  policy.Text // of a value of an enum or a department; of anything else what the record says
	Blank bool        // the records do not say
	Count fixed.Num
}

// In adds the causes up over departments, nil for all: the most frequent first, what is not said last. names are the departments of the
// report, which stand for causes where no column tells them.
func (c *Causes) In(within map[string]bool, names []DepartmentLine) []Cause {
	sums := map[string]fixed.Num{}
	var order []string
	for _, row := range c.Rows {
		if within != nil && !within[row.Department] {
			continue
		}
		key := row.Cause
		if c.Column == nil {
			key = row.Department
		}
		if _, ok := sums[key]; !ok {
			order = append(order, key)
		}
		sums[key] += row.Count
	}
	list := make([]Cause, 0, len(order))
	for _, key := range order {
		list = append(list, Cause{c.name(key, names), key == "", sums[key]})
	}
	slices.SortStableFunc(list, func(a, b Cause) int {
		if a.Blank != b.Blank {
			return map[bool]int{true: 1, false: -1}[a.Blank]
		}
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Name.ZH, b.Name.ZH))
	})
	return list
}

func (c *Causes) name(key string, names []DepartmentLine) policy.Text {
	if c.Column == nil {
		for _, d := range names {
			if d.Department.ID == key {
				return d.Department.Name
			}
		}
	} else {
		for _, v := range c.Column.Values {
			if v.Value == key {
				return v.Name
			}
		}
	}
	return policy.Text{ZH: key, EN: key}
}
