package metrics

import (
	"context"
	"fmt"
	"strings"

	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Chain is how the records of a KPI, approvals say, went through their steps. The steps are the moments that the KPI's formula names, in its
// order. The counts add up to the KPI's n, and those that are complete to its numerator.
type Chain struct {
	KPI   *policy.KPI
	Steps []policy.Text // who signs
	Rows  []ChainCount
}

// ChainCount is how many records of a department's own people are in one state.
type ChainCount struct {
	Department string
	Signed     []bool // parallel to Chain.Steps
	InOrder    bool   // no step that is signed was signed before the one in front of it
	Complete   bool   // the KPI counts it in its numerator
	Count      fixed.Num
}

// chain reads the states of the records; nil for a KPI that names fewer than two moments.
func (g grouper) chain(ctx context.Context, tx *warehouse.Tx, k *policy.KPI) (*Chain, error) {
	if !countsRecords(k) {
		return nil, nil
	}
	columns := moments(k)
	if len(columns) < 2 {
		return nil, nil
	}
	c := &Chain{KPI: k}
	keys, order := []string{}, "true"
	for i, column := range columns {
		c.Steps = append(c.Steps, signer(k.Dataset, column))
		own := "f." + warehouse.Ident(column.ID)
		keys = append(keys, own+" IS NOT NULL")
		for _, before := range columns[:i] {
			order += fmt.Sprintf(" AND coalesce(f.%s <= %s, true)", warehouse.Ident(before.ID), own)
		}
	}
	keys = append(keys, order)
	err := g.count(ctx, tx, k, keys, func(department string, met bool, keys []string, n fixed.Num) {
		row := ChainCount{Department: department, Complete: met, InOrder: keys[len(columns)] == "true", Count: n}
		for _, key := range keys[:len(columns)] {
			row.Signed = append(row.Signed, key == "true")
		}
		c.add(row)
	})
	return c, err
}

// add joins rows that differ in nothing but the stay.
func (c *Chain) add(row ChainCount) {
	for i := range c.Rows {
		if had := &c.Rows[i]; had.Department == row.Department && had.InOrder == row.InOrder && had.Complete == row.Complete && same(had.Signed, row.Signed) {
			had.Count += row.Count
			return
		}
	}
	c.Rows = append(c.Rows, row)
}

func same(a, b []bool) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// moments lists the columns of a KPI's numerator that hold a moment or a day, in the order of the formula.
func moments(k *policy.KPI) (list []*policy.Column) {
	for _, id := range k.Numerator.Expr.Order {
		if c := k.Dataset.Column(id); c != nil && (c.Type == policy.TypeDatetime || c.Type == policy.TypeDate) {
			list = append(list, c)
		}
	}
	return list
}

// signer names a step by the column of who signs it, head_no for head_at, without the words for a number; else by the moment's own column.
func signer(d *policy.Dataset, moment *policy.Column) policy.Text {
	stem := strings.TrimSuffix(strings.TrimSuffix(moment.ID, "_at"), "_on")
	if c := d.Column(stem + "_no"); c != nil && c.Type == policy.TypeEmployee {
		return policy.Text{ZH: strings.TrimSuffix(c.Name.ZH, "工号"), EN: strings.TrimSuffix(c.Name.EN, " no.")}
	}
	return moment.Name
}

// Emergencies are the records that were acted upon at once and approved afterwards. The three counts of all departments add up to the KPI's
// denominator, and InTime to its numerator.
type Emergencies struct {
	KPI  *policy.KPI
	Rows []EmergencyCount // by department
}

// EmergencyCount is what became of the emergencies of a department's own people.
type EmergencyCount struct {
	Department          string
	InTime, Late, Never fixed.Num // made up within the allowed days, later, and not although the time is up
}

// emergencies reads what became of emergencies. The first moment that the KPI's formula names is when they were made up.
func (g grouper) emergencies(ctx context.Context, tx *warehouse.Tx, k *policy.KPI) (*Emergencies, error) {
	if !countsRecords(k) {
		return nil, nil
	}
	columns := moments(k)
	if len(columns) == 0 {
		return nil, nil
	}
	e := &Emergencies{KPI: k}
	err := g.count(ctx, tx, k, []string{"f." + warehouse.Ident(columns[0].ID) + " IS NOT NULL"}, func(department string, met bool, keys []string, n fixed.Num) {
		row := e.of(department)
		switch {
		case met:
			row.InTime += n
		case keys[0] == "true":
			row.Late += n
		default:
			row.Never += n
		}
	})
	return e, err
}

func (e *Emergencies) of(department string) *EmergencyCount {
	for i := range e.Rows {
		if e.Rows[i].Department == department {
			return &e.Rows[i]
		}
	}
	e.Rows = append(e.Rows, EmergencyCount{Department: department})
	return &e.Rows[len(e.Rows)-1]
}
