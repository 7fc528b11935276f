package policy

import (
	"context"
	"slices"
	"time"

	"plumbline/internal/warehouse"
)

// Recorded says which decisions a dataset tells of. Its rows are written when a decision is recorded, in the same transaction; no file brings them.
type Recorded string

// Appealed are the appeals of all quarters: a row for each, as it stands.
const Appealed Recorded = "appeals"

// The columns of a dataset that tells of appeals. Days are those of the company's zone.
const (
	AppealID         = "appeal_id"
	AppealQuarter    = "quarter"       // whose results it is against
	AppealDepartment = "department_id" // of the result, which mediates; the row is this department's
	AppealEmployee   = "employee_no"   // who filed it
	AppealAgainst    = "against"       // fact, rule or judgement
	AppealStage      = "stage"         // mediation or arbitration: where it is, or was decided
	AppealFiled      = "filed_on"
	AppealDue        = "due_on"     // last day of the instance with which it is or was
	AppealDecided    = "decided_on" // blank while it is open, and when it was withdrawn
	AppealOutcome    = "outcome"    // granted, settled, dismissed or withdrawn; blank while it is open
	AppealInTime     = "in_time"    // every instance kept its term; false as soon as one did not, blank while that is open
)

// recordedColumns are the columns that such a dataset has, all of them and no other ones.
var recordedColumns = map[Recorded][]struct {
	id       string
	kind     Type
	optional bool
	values   []string
}{
	Appealed: {
		{id: AppealID, kind: TypeID}, {id: AppealQuarter, kind: TypeText}, {id: AppealDepartment, kind: TypeDepartment}, {id: AppealEmployee, kind: TypeEmployee},
		{id: AppealAgainst, kind: TypeEnum, values: []string{"fact", "rule", "judgement"}}, {id: AppealStage, kind: TypeEnum, values: []string{"mediation", "arbitration"}},
		{id: AppealFiled, kind: TypeDate}, {id: AppealDue, kind: TypeDate}, {id: AppealDecided, kind: TypeDate, optional: true},
		{id: AppealOutcome, kind: TypeEnum, optional: true, values: []string{"granted", "settled", "dismissed", "withdrawn"}}, {id: AppealInTime, kind: TypeBool, optional: true},
	},
}

// FromFiles lists the datasets that files bring, in file order.
func (p *Policy) FromFiles() []*Dataset {
	return slices.DeleteFunc(slices.Clone(p.Datasets), func(d *Dataset) bool { return d.Recorded != "" })
}

// recorded makes sure that a dataset of decisions has the columns that are written, and asks nothing of its rows: they stand as they were decided.
func (c *checker) recorded(d *Dataset, n, rules *node) {
	d.Recorded = Recorded(c.oneOf(n, string(Appealed)))
	if d.Recorded == "" {
		return
	}
	if rules != nil || d.Limits != nil || d.NoOverlap != nil || d.Day != "" {
		c.fault(n.place, say("记录 %s 由程序登记，不能有 rules、limits、no_overlap 或 day", "the rows of %s come from decisions, so it has no rules, limits, no_overlap or day", d.ID), say("删去它们", "delete them"))
	}
	if !slices.Equal(d.Key, []string{AppealID}) && len(d.Key) > 0 {
		c.fault(d.Place, say("%s 的 key 须为 %s", "the key of %s must be %s", d.ID, AppealID), say("写 key: %s", "write key: %s", AppealID))
	}
	var known []string
	for _, want := range recordedColumns[d.Recorded] {
		known = append(known, want.id)
		c.organisationColumn(d, needed{id: want.id, kind: want.kind, optional: want.optional})
		if col := d.Column(want.id); col != nil && want.values != nil && col.Type == TypeEnum && !slices.Equal(sorted(col.valueIDs()), sorted(want.values)) {
			c.fault(col.Place, say("列 %s 的 values 须为 %s", "the values of the column %s must be %s", col.ID, joined(want.values).EN), say("照抄默认制度", "copy them from the default policy"))
		}
	}
	for _, col := range d.Columns {
		if !slices.Contains(known, col.ID) {
			c.fault(col.Place, say("程序不登记列 %s", "nothing is recorded in the column %s", col.ID), oneOfCure(col.ID, known))
		}
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// RecordedIn gives the datasets of a kind of decision that any policy adopted so far has, and the company's zone by the one adopted last (UTC
// before the first).
func RecordedIn(ctx context.Context, tx *warehouse.Tx, what Recorded) (list []*Dataset, zone *time.Location, err error) {
	zone = time.UTC
	err = eachAdopted(ctx, tx, func(p *Policy) error {
		for _, d := range p.Datasets {
			if d.Recorded == what && !slices.ContainsFunc(list, func(x *Dataset) bool { return x.ID == d.ID }) {
				list = append(list, d)
			}
		}
		zone, err = time.LoadLocation(p.Company.Timezone)
		return err
	})
	return list, zone, err
}

// eachAdopted calls f with every policy adopted so far, in order.
func eachAdopted(ctx context.Context, tx *warehouse.Tx, f func(p *Policy) error) error {
	var seqs []int64
	err := tx.Each(ctx, statements.Get("adopted"), nil, func(scan func(...any) error) error {
		var seq int64
		err := scan(&seq)
		seqs = append(seqs, seq)
		return err
	})
	for _, seq := range seqs {
		p, perr := At(ctx, tx, seq)
		if perr != nil {
			return perr
		}
		if err := f(p); err != nil {
			return err
		}
	}
	return err
}

// sameSource refuses a policy in which files bring what decisions brought before, or the other way round: both would count.
func sameSource(ctx context.Context, tx *warehouse.Tx, p *Policy) error {
	return eachAdopted(ctx, tx, func(old *Policy) error {
		for _, d := range p.Datasets {
			if was := old.Dataset(d.ID); was != nil && was.Recorded != d.Recorded {
				return Errors{{Place: d.Place, What: say("记录 %s 此前的来源不同（文件或程序登记），不能改变", "the records of %s came from elsewhere before (files or decisions), which cannot change", d.ID),
					Cure: say("换一个记录名称", "give the dataset another id")}}
			}
		}
		return nil
	})
}
