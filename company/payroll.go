package company

import (
	"context"
	"strconv"

	"plumbline/internal/period"
	"plumbline/policy"
	"plumbline/reports"
	"plumbline/reports/tabular"
	"plumbline/reviews"
)

// Payroll gathers what of a quarter may be paid: the lines of all sheets that are signed by all, or paid ahead in an emergency. Lists that were refused are left out.
// Lines is empty where nothing may be paid yet.
func (c *Company) Payroll(ctx context.Context, of period.Period, v policy.Version, lang policy.Lang) (reports.Payroll, error) {
	p := reports.Payroll{Company: v.Policy.Company.Name, Period: of, Made: c.Clock(v.Policy)}
	r, err := reviews.Read(ctx, c.Books, of, Always)
	if err != nil {
		return p, err
	}
	if r.Sealed != nil {
		p.Seal = r.Sealed.ID()
	}
	for _, l := range r.Lists {
		if l.Refused != nil {
			continue
		}
		lines, err := l.ReadLines(c.Books)
		if err != nil {
			return p, err
		}
		for _, x := range lines {
			if !l.Sheet(x.Sheet).Payable() {
				p.Waiting++
				continue
			}
			p.Lines = append(p.Lines, reports.PayrollLine{List: l.Number, Department: x.Department, Employee: x.Employee, Name: x.Name.In(lang), Certificate: x.Certificate, Amount: x.Amount})
		}
	}
	return p, nil
}

// PayrollTable gives a payroll as a machine of the payroll takes it.
func PayrollTable(p reports.Payroll) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{{Name: "period"}, {Name: "list", Kind: tabular.Integer}, {Name: "department"}, {Name: "employee_no"}, {Name: "name"}, {Name: "amount_yuan", Kind: tabular.Decimal}, {Name: "certificate"}, {Name: "seal"}}}
	for _, x := range p.Lines {
		t.Add(p.Period.String(), strconv.Itoa(x.List), x.Department, x.Employee, x.Name, x.Amount.Text(2), x.Certificate, p.Seal)
	}
	return t
}
