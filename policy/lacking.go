package policy

import (
	"context"
	"maps"
	"slices"

	"plumbline/internal/warehouse"
)

// organisational are the datasets that every computation reads with all their columns.
var organisational = []string{Departments, DepartmentChanges, Employees, Memberships, Targets}

// Lacking says what keeps a policy that is not adopted from being computed over the facts there are: what its KPIs, leave and the
// organisation read but no fact table has, and columns that hold another type. The error is then of type Errors. Adopting the policy
// makes the tables; the data has to come in after that, because earlier files were read without those columns.
func Lacking(ctx context.Context, tx *warehouse.Tx, p *Policy) error {
	reads := map[*Dataset]map[string]Place{}
	for _, k := range p.KPIs {
		if k.Dataset != nil {
			note(reads, k.Dataset, k.Place, k.reads()...)
		}
	}
	for _, l := range p.Leaves {
		note(reads, l.Dataset, l.Dataset.Place, append([]string{l.Dataset.Owner, l.From, l.To}, l.Where.Columns...)...)
	}
	for _, id := range organisational {
		if d := p.Dataset(id); d != nil {
			note(reads, d, d.Place, d.columnIDs()...)
		}
	}
	var faults Errors
	had, err := factColumns(ctx, tx)
	if err != nil {
		return err
	}
	for _, d := range p.Datasets {
		if reads[d] != nil {
			faults = append(faults, d.lacks(had[d.ID], reads[d])...)
		}
	}
	if faults == nil {
		return nil
	}
	return faults.sorted()
}

// note remembers for each column the first place that reads it; "" is no column.
func note(reads map[*Dataset]map[string]Place, d *Dataset, at Place, columns ...string) {
	if reads[d] == nil {
		reads[d] = map[string]Place{}
	}
	for _, c := range columns {
		if _, known := reads[d][c]; !known && c != "" {
			reads[d][c] = at
		}
	}
}

// reads lists the columns that a KPI reads.
func (k *KPI) reads() []string {
	columns := slices.Concat([]string{k.Owner, k.Dataset.Department, k.CountsOn}, k.Numerator.Expr.Columns)
	if k.Denominator != nil {
		columns = append(columns, k.Denominator.Expr.Columns...)
	}
	if k.Where != nil {
		columns = append(columns, k.Where.Columns...)
	}
	return columns
}

// Reads lists the columns that decide what a record of the KPI's dataset counts, sorted; none for a ratio of KPIs.
func (k *KPI) Reads() []string {
	if k.Dataset == nil {
		return nil
	}
	columns := slices.Sorted(slices.Values(k.reads()))
	return slices.DeleteFunc(slices.Compact(columns), func(c string) bool { return c == "" })
}

// lacks compares what is read of a dataset with the columns that its table had.
func (d *Dataset) lacks(had map[string]string, reads map[string]Place) (faults Errors) {
	cure := say("先用 plumbline policy adopt 启用新制度，再导入带有这些内容的文件，然后才能看到结果；试算只用账册中已有的数据",
		"adopt the policy with plumbline policy adopt and ingest files that hold it; a trial computes with the data that the books have already")
	if len(had) == 0 {
		first := slices.Min(slices.Collect(maps.Keys(reads)))
		return Errors{{Place: reads[first], What: say("用到的记录 %s 账册中还没有", "it reads the dataset %s, which the books do not have yet", d.ID), Cure: cure}}
	}
	for _, c := range d.Columns {
		at, read := reads[c.ID]
		switch typ, ok := had[c.ID]; {
		case ok && typ != c.Type.SQL():
			faults = append(faults, otherType(c, typ))
		case !ok && read:
			faults = append(faults, Error{Place: at, What: say("用到的列 %s.%s 账册中还没有", "it reads the column %s.%s, which the books do not have yet", d.ID, c.ID), Cure: cure})
		}
	}
	return faults
}
