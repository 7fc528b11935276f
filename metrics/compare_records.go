package metrics

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// RecordChange says what became of a record between two states of the books.
type RecordChange string

// The changes.
const (
	CameIn    RecordChange = "came_in"     // the earlier state did not have it
	Corrected RecordChange = "changed"     // other cells, or another file says it now
	Went      RecordChange = "went"        // the later state does not have it
	Elsewhere RecordChange = "elsewhere"   // the record is as it was and counts otherwise
	NowDue    RecordChange = "now_due"     // no record: something is missing now that was not due before
	NotDue    RecordChange = "not_due_now" // no record: something was missing that is not due now
)

var recordChanges = []RecordChange{CameIn, Corrected, Went, Elsewhere, NowDue, NotDue}

// RecordDifference is a record that made values differ.
type RecordDifference struct {
	KPI           *policy.KPI // whose sums it changed; nil: a record of the organisation, of leave or a target, because of which others count otherwise
	Change        RecordChange
	Why           policy.Text  // why it counts otherwise; "" where its own change says it
	Before, After *RecordState // nil: the state does not have it
}

// RecordState is a record as one state knows it, and where it counts.
type RecordState struct {
	Dataset  *policy.Dataset
	Cells    []string // parallel to the dataset's columns; "" for blank
	Employee string   // the owner; "" for what a department owns
	Day      time.Time
	Seq, Row int64       // the file's event and the physical row; 0 of what is missing
	EndedBy  int64       // of a record that went: the event that took it away; else 0
	Places   []Placement // by department; none: it counts nowhere in the period
	Out      policy.Text // why it counts nowhere
}

// Placement is where a record counts and as what.
type Placement struct {
	Department string
	Share      fixed.Num
	Counted    Counted
}

// key names the record within its dataset.
func (s *RecordState) key() string {
	var parts []string
	for _, id := range s.Dataset.Key {
		parts = append(parts, s.Cell(id))
	}
	return strings.Join(parts, "\x1f")
}

// Key gives the cells that name the record, for people to read.
func (s *RecordState) Key() string { return strings.ReplaceAll(s.key(), "\x1f", " ") }

// Cell gives what stands in a column, "" for a column that the dataset does not have.
func (s *RecordState) Cell(id string) string {
	for i, c := range s.Dataset.Columns {
		if c.ID == id {
			return s.Cells[i]
		}
	}
	return ""
}

// CompareRecords finds the records that made the values of a comparison differ: first those of the organisation, leave and targets because
// of which records count otherwise, then for each KPI, a ratio's parts in its stead, the records themselves by what became of them and
// by file and row. A record that counts as it did is not among them.
func CompareRecords(ctx context.Context, b *books.Books, c *Comparison) ([]RecordDifference, error) {
	w := &recordWalk{Comparison: c, books: b, moved: map[string]bool{}}
	var list []RecordDifference
	for _, id := range c.parts() {
		found, err := w.of(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("records behind %s: %w", id, err)
		}
		list = append(list, found...)
	}
	causes, err := w.causes(ctx)
	if err != nil {
		return nil, fmt.Errorf("records of the organisation: %w", err)
	}
	return append(causes, list...), nil
}

// parts lists the KPIs with records whose values differ, by id.
func (c *Comparison) parts() (ids []string) {
	add := func(k *policy.KPI) {
		if k != nil && !slices.Contains(ids, k.ID) {
			ids = append(ids, k.ID)
		}
	}
	for _, d := range c.Values {
		for _, known := range []Known{c.From, c.To} {
			k := known.Version.Policy.KPI(d.KPI.ID)
			if k != nil && k.IsRatio() {
				add(k.Of)
				add(k.To)
			} else {
				add(k)
			}
		}
	}
	return ids
}

// recordWalk goes through the records of two states.
type recordWalk struct {
	*Comparison
	books *books.Books
	moved map[string]bool // people whose records count otherwise without having changed
}

// listing is the evidence of one state: records in their order, and days on which something is missing.
type listing struct {
	kpi     *policy.KPI // nil: the policy does not have it
	records map[string]*RecordState
	keys    []string
	missing []*RecordState
	counts  map[dueDay]bool // of the records that count
}

// dueDay is a person's day in a department.
type dueDay struct {
	employee, department string
	day                  time.Time
}

func (w *recordWalk) listing(ctx context.Context, k Known, id string) (*listing, error) {
	l := &listing{kpi: k.Version.Policy.KPI(id), records: map[string]*RecordState{}, counts: map[dueDay]bool{}}
	if l.kpi == nil || l.kpi.Anonymous { // no answer is listed
		return l, nil
	}
	rows, err := Evidence(ctx, w.books, k.Version.Policy, EvidenceQuestion{KPI: l.kpi, Period: w.Period, AsOf: k.Seq, ReportDay: w.day(), Asked: day(w.now)})
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		l.take(r)
	}
	for _, s := range l.records {
		slices.SortFunc(s.Places, func(a, b Placement) int { return strings.Compare(a.Department, b.Department) })
	}
	return l, nil
}

// take adds a row of evidence. A record that is split between departments has several.
func (l *listing) take(r EvidenceRow) {
	s := &RecordState{Dataset: r.Dataset, Cells: r.Cells, Employee: r.Employee, Day: r.Day, Seq: r.Seq, Row: r.Row}
	place := Placement{r.Department, r.Share, r.Counted}
	if r.Counted == Missing {
		s.Places, s.Out = []Placement{place}, r.Reason
		l.missing = append(l.missing, s)
		return
	}
	key := s.key()
	if had := l.records[key]; had != nil {
		s = had
	} else {
		l.records[key] = s
		l.keys = append(l.keys, key)
	}
	if r.Counted == LeftOut {
		s.Out = r.Reason
		return
	}
	s.Places = append(s.Places, place)
	l.counts[dueDay{r.Employee, r.Department, r.Day}] = true
}

// of compares the records behind one KPI.
func (w *recordWalk) of(ctx context.Context, id string) ([]RecordDifference, error) {
	before, err := w.listing(ctx, w.From, id)
	if err != nil {
		return nil, err
	}
	after, err := w.listing(ctx, w.To, id)
	if err != nil {
		return nil, err
	}
	if err := w.complete(ctx, before, after); err != nil {
		return nil, err
	}
	var list []RecordDifference
	for _, key := range union(before.keys, after.keys) {
		if d, ok := w.difference(before, after, before.records[key], after.records[key]); ok {
			list = append(list, d)
		}
	}
	list = append(list, due(before, after)...)
	for i := range list {
		if d := &list[i]; d.Change == Elsewhere || d.Change == NowDue || d.Change == NotDue {
			w.moved[cmp.Or(d.After, d.Before).Employee] = true
		}
	}
	slices.SortStableFunc(list, func(a, b RecordDifference) int {
		x, y := cmp.Or(a.After, a.Before), cmp.Or(b.After, b.Before)
		return cmp.Or(cmp.Compare(slices.Index(recordChanges, a.Change), slices.Index(recordChanges, b.Change)), cmp.Compare(x.Seq, y.Seq), cmp.Compare(x.Row, y.Row))
	})
	return list, nil
}

// union lists the keys of both, each once.
func union(a, b []string) []string {
	seen := make(map[string]bool, len(a))
	var all []string
	for _, key := range slices.Concat(b, a) {
		if !seen[key] {
			seen[key] = true
			all = append(all, key)
		}
	}
	return all
}

// complete adds to each side what it knows of the records that only the other side lists: their day lies in another period there, or the
// policy looks at other records.
func (w *recordWalk) complete(ctx context.Context, before, after *listing) error {
	need := map[string]bool{}
	for _, key := range union(before.keys, after.keys) {
		if before.records[key] == nil || after.records[key] == nil {
			need[key] = true
		}
	}
	if len(need) == 0 {
		return nil
	}
	d := w.dataset(before, after)
	ended, begun, err := w.versions(ctx, d, func(s *RecordState) bool { return need[s.key()] })
	if err != nil {
		return err
	}
	for key := range need {
		if x := before.records[key]; x != nil && ended[key] != nil && begun[key] == nil {
			x.EndedBy = ended[key].EndedBy
		}
		fill(before.records, key, ended[key], begun[key], after.records[key])
		fill(after.records, key, begun[key], ended[key], before.records[key])
	}
	return nil
}

// dataset is the one that a KPI is over, as the policies know it, the later first.
func (w *recordWalk) dataset(before, after *listing) string {
	if after.kpi != nil {
		return after.kpi.Dataset.ID
	}
	return before.kpi.Dataset.ID
}

// fill notes what a side knows of a record that it does not list: the version that only it has, or the one that both have.
func fill(records map[string]*RecordState, key string, own, others, listed *RecordState) {
	if records[key] != nil {
		return
	}
	switch {
	case own != nil:
		records[key] = own
	case others == nil && listed != nil:
		same := *listed
		same.Places = nil
		records[key] = &same
	default:
		return
	}
	records[key].Out = policy.Text{ZH: "不在本期或不在口径内", EN: "not of this period, or not looked at"}
}

// versions reads the versions of a dataset's records that only one of the two states knows, as far as keep wants them.
func (w *recordWalk) versions(ctx context.Context, dataset string, keep func(*RecordState) bool) (ended, begun map[string]*RecordState, err error) {
	sides := []map[string]*RecordState{{}, {}}
	for i, k := range []Known{w.From, w.To} {
		d := k.Version.Policy.Dataset(dataset)
		if d == nil {
			continue
		}
		s := warehouse.SQL("versions of "+d.ID, versionsSQL(d))
		args := warehouse.Args{"known": k.Seq, "unknown": []Known{w.To, w.From}[i].Seq}
		err := w.books.View(ctx, func(tx *warehouse.Tx) error {
			return tx.Each(ctx, s, args, func(scan func(...any) error) error {
				r := &RecordState{Dataset: d}
				if err := scan(&r.Seq, &r.Row, &r.EndedBy, &r.Employee, &r.Cells); err != nil {
					return err
				}
				if keep(r) {
					sides[i][r.key()] = r
				}
				return nil
			})
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return sides[0], sides[1], nil
}

// versionsSQL reads the versions that were known at $known and not at $unknown.
func versionsSQL(d *policy.Dataset) string {
	owner := "''"
	if d.Owner != "" {
		owner = "coalesce(" + warehouse.Ident(d.Owner) + ", '')"
	}
	return fmt.Sprintf("SELECT _seq, _row, CASE WHEN _until <= greatest($known, $unknown) THEN _until ELSE 0 END, %s, [%s]\nFROM %s\nWHERE _seq <= $known AND _until > $known AND NOT (_seq <= $unknown AND _until > $unknown)\nORDER BY _seq, _row",
		owner, strings.Join(cellsSQL(d), ", "), d.Table())
}

// cellsSQL gives the columns of a record as texts.
func cellsSQL(d *policy.Dataset) []string {
	cells := make([]string, len(d.Columns))
	for i, c := range d.Columns {
		cells[i] = "coalesce(CAST(" + warehouse.Ident(c.ID) + " AS VARCHAR), '')"
	}
	return cells
}

// difference tells what became of one record, and false when it counts as it did.
func (w *recordWalk) difference(before, after *listing, x, y *RecordState) (RecordDifference, bool) {
	d := RecordDifference{KPI: after.kpi, Before: x, After: y}
	if d.KPI == nil {
		d.KPI = before.kpi
	}
	var was, is []Placement
	if x != nil {
		was = x.Places
	}
	if y != nil {
		is = y.Places
	}
	same := slices.Equal(was, is)
	switch {
	case len(was)+len(is) == 0:
		return d, false // it counts nowhere, before and after
	case x == nil:
		d.Change = CameIn
	case y == nil:
		d.Change = Went
	case x.Seq != y.Seq || x.Row != y.Row:
		d.Change = Corrected
		if same && !w.months && countsRows(before.kpi) && countsRows(after.kpi) {
			return d, false // it is one of as many, whatever its cells
		}
		if reads(before.kpi, x) == reads(after.kpi, y) {
			if same {
				return d, false
			}
			d.Change, d.Why = Elsewhere, why(before, after, was, is)
		}
	case same && defined(before.kpi) == defined(after.kpi):
		return d, false
	default:
		d.Change, d.Why = Elsewhere, why(before, after, was, is)
	}
	return d, true
}

// countsRows reports whether a KPI only counts rows, so that a record which counts in the same place counts the same.
func countsRows(k *policy.KPI) bool {
	return k != nil && k.Numerator.Kind == policy.CountRows && (k.Denominator == nil || k.Denominator.Kind == policy.CountRows)
}

// reads gives what a KPI reads of a record.
func reads(k *policy.KPI, s *RecordState) string {
	if k == nil {
		return ""
	}
	var cells []string
	for _, id := range k.Reads() {
		cells = append(cells, s.Cell(id))
	}
	return strings.Join(cells, "\x1f")
}

// defined is the definition of a KPI as far as it decides what a record counts.
func defined(k *policy.KPI) string {
	if k == nil {
		return ""
	}
	parts := []string{string(k.Numerator.Kind), k.Numerator.Expr.SQL}
	if k.Denominator != nil {
		parts = append(parts, string(k.Denominator.Kind), k.Denominator.Expr.SQL)
	}
	if k.Where != nil {
		parts = append(parts, k.Where.SQL)
	}
	return strings.Join(parts, "\x1f")
}

// why says why a record that is as it was counts otherwise.
func why(before, after *listing, was, is []Placement) policy.Text {
	departments := func(places []Placement) (ids []string) {
		for _, p := range places {
			ids = append(ids, p.Department)
		}
		return ids
	}
	shares := func(places []Placement) (list []fixed.Num) {
		for _, p := range places {
			list = append(list, p.Share)
		}
		return list
	}
	switch {
	case before.kpi == nil || after.kpi == nil || defined(before.kpi) != defined(after.kpi):
		return policy.Text{ZH: "指标口径变了", EN: "the KPI is defined otherwise"}
	case len(was) == 0:
		return policy.Text{ZH: "原先不计入：任职、在职、请假或部门类别变了", EN: "it did not count before: membership, employment, leave or the kind of department changed"}
	case len(is) == 0:
		return policy.Text{ZH: "现在不计入：任职、在职、请假或部门类别变了", EN: "it counts no more: membership, employment, leave or the kind of department changed"}
	case !slices.Equal(departments(was), departments(is)):
		return policy.Text{ZH: "当日所属部门变了", EN: "its owner's department on the day changed"}
	case !slices.Equal(shares(was), shares(is)):
		return policy.Text{ZH: "任职比例变了", EN: "its owner's shares changed"}
	}
	return policy.Text{ZH: "当日是否应有变了：请假、在职或日历", EN: "whether it was due changed: leave, employment or calendar"}
}

// due tells of what is missing in one state only, unless a record of the other state says why.
func due(before, after *listing) (list []RecordDifference) {
	only := func(of, other *listing, tell func(*RecordState) RecordDifference) {
		had := map[dueDay]bool{}
		for _, s := range other.missing {
			had[dayOf(s)] = true
		}
		for _, s := range of.missing {
			if at := dayOf(s); !had[at] && !other.counts[at] {
				list = append(list, tell(s))
			}
		}
	}
	only(after, before, func(s *RecordState) RecordDifference {
		return RecordDifference{KPI: after.kpi, Change: NowDue, Why: s.Out, After: s}
	})
	gone := policy.Text{ZH: "当日不再应有：请假、任职、在职或日历变了", EN: "nothing is due on that day any more: leave, membership, employment or calendar changed"}
	only(before, after, func(s *RecordState) RecordDifference {
		return RecordDifference{KPI: cmp.Or(after.kpi, before.kpi), Change: NotDue, Why: gone, Before: s}
	})
	return list
}

func dayOf(s *RecordState) dueDay { return dueDay{s.Employee, s.Places[0].Department, s.Day} }

// cause is a dataset whose records decide where others count, and which of its changes matter.
type cause struct {
	dataset string
	keep    func(*RecordState) bool
}

// causes lists the records of the organisation and of leave that changed for the people whose records count otherwise, all changes of
// departments when there are such people, and the targets of the KPIs whose target differs.
func (w *recordWalk) causes(ctx context.Context) (list []RecordDifference, err error) {
	for _, c := range w.possible() {
		ended, begun, err := w.versions(ctx, c.dataset, c.keep)
		if err != nil {
			return nil, err
		}
		list = append(list, pairs(ended, begun)...)
	}
	return list, nil
}

func (w *recordWalk) possible() []cause {
	anybody := func(*RecordState) bool { return len(w.moved) > 0 }
	person := func(column string) func(*RecordState) bool {
		return func(s *RecordState) bool { return w.moved[s.Cell(column)] }
	}
	aimed := map[string]bool{}
	for _, d := range w.Values {
		if d.Before != nil && d.After != nil && !sameNum(d.Before.Target, d.After.Target) {
			aimed[d.KPI.ID] = true
		}
	}
	list := []cause{{policy.Departments, anybody}, {policy.DepartmentChanges, anybody}, {policy.Employees, person("employee_no")},
		{policy.Memberships, person("employee_no")}}
	for _, l := range w.To.Version.Policy.Leaves {
		if !slices.ContainsFunc(list, func(c cause) bool { return c.dataset == l.Dataset.ID }) {
			list = append(list, cause{l.Dataset.ID, person(l.Dataset.Owner)})
		}
	}
	return append(list, cause{policy.Targets, func(s *RecordState) bool { return aimed[s.Cell("kpi")] }})
}

// pairs tells of the records of one dataset that came, changed or went, by file and row.
func pairs(ended, begun map[string]*RecordState) (list []RecordDifference) {
	for key, y := range begun {
		switch x := ended[key]; {
		case x == nil:
			list = append(list, RecordDifference{Change: CameIn, After: y})
		case !slices.Equal(x.Cells, y.Cells):
			list = append(list, RecordDifference{Change: Corrected, Before: x, After: y})
		}
	}
	for key, x := range ended {
		if begun[key] == nil {
			list = append(list, RecordDifference{Change: Went, Before: x})
		}
	}
	slices.SortFunc(list, func(a, b RecordDifference) int {
		x, y := cmp.Or(a.After, a.Before), cmp.Or(b.After, b.Before)
		return cmp.Or(cmp.Compare(x.Seq, y.Seq), cmp.Compare(x.Row, y.Row), strings.Compare(x.key(), y.key()))
	})
	return list
}
