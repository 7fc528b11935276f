package metrics

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Derivation is how one person's score comes about: the report it stands in, and the receipt of every value that it rests on.
type Derivation struct {
	Report *Report
	Person Person
	Score  *PersonScore // nil: the person belonged to no department in the period
	Lines  []LineReceipts
	Names  map[string]policy.Text // of the superiors that the lines name
	// Unplaced counts the records of days on which the person belonged to no department, which count nowhere: by KPI, those with none left out.
	Unplaced []Unplaced
}

// Unplaced are records of a person that count in no department.
type Unplaced struct {
	KPI   *policy.KPI
	Count int
}

// LineReceipts are the receipts of one line of a person.
type LineReceipts struct {
	Line       *PersonLine
	Department Department
	Stays      []Stay     // cut to the period
	Receipts   []*Receipt // of the scorecard's items, penalties and band limits, each KPI once
}

// Of gives the receipt of a KPI, nil for one that the scorecard does not use.
func (l LineReceipts) Of(k *policy.KPI) *Receipt {
	if i := slices.IndexFunc(l.Receipts, func(r *Receipt) bool { return r.Value.KPI == k }); i >= 0 {
		return l.Receipts[i]
	}
	return nil
}

// Derive gives the derivations of people's scores in a period, in the order asked for, from one state of the books.
func Derive(ctx context.Context, b *books.Books, q Question, employees ...string) ([]*Derivation, error) {
	var list []*Derivation
	err := report(ctx, b, q, func(tx *warehouse.Tx, v *builder) error {
		for _, no := range employees {
			d, err := v.derive(ctx, tx, no)
			if err != nil {
				return err
			}
			list = append(list, d)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("derivation of %s: %w", q.Period, err)
	}
	return list, nil
}

func (b *builder) derive(ctx context.Context, tx *warehouse.Tx, employee string) (*Derivation, error) {
	person, ok := b.org.people[employee]
	if !ok {
		return nil, fmt.Errorf("no employee has the number %q (没有这个工号)", employee)
	}
	d := &Derivation{Report: b.Report, Person: person, Names: map[string]policy.Text{}}
	i, ok := slices.BinarySearchFunc(b.Scores, employee, func(s PersonScore, no string) int { return strings.Compare(s.Person.No, no) })
	if !ok {
		return d, nil
	}
	d.Score = &b.Scores[i]
	for _, at := range d.Score.Lines {
		l, err := b.lineReceipts(ctx, tx, &b.People[at])
		if err != nil {
			return nil, err
		}
		d.Lines = append(d.Lines, l)
		for _, s := range l.Line.Superiors {
			d.Names[s.No] = b.org.people[s.No].Name
		}
	}
	if err := b.unplaced(ctx, tx, d); err != nil {
		return nil, err
	}
	slices.SortStableFunc(d.Lines, func(x, y LineReceipts) int {
		return cmp.Or(x.Line.From.Compare(y.Line.From), strings.Compare(x.Line.Department, y.Line.Department))
	})
	return d, nil
}

func (b *builder) lineReceipts(ctx context.Context, tx *warehouse.Tx, line *PersonLine) (LineReceipts, error) {
	l := LineReceipts{Line: line, Department: b.org.departments[b.org.index[line.Department]], Stays: b.staysIn(line.Person.No, line.Department)}
	for _, k := range judgedBy(line.Score.Scorecard) {
		r, err := b.receipt(ctx, tx, k, line.Department, line.Person.No)
		if err != nil {
			return l, err
		}
		l.Receipts = append(l.Receipts, r)
	}
	return l, nil
}

// unplaced counts the records of days without a department, of all KPIs that the person is judged by.
func (b *builder) unplaced(ctx context.Context, tx *warehouse.Tx, d *Derivation) error {
	var kpis []*policy.KPI
	for _, l := range d.Lines {
		for _, r := range l.Receipts {
			if !slices.Contains(kpis, r.Value.KPI) {
				kpis = append(kpis, r.Value.KPI)
			}
		}
	}
	for _, k := range kpis {
		e, err := b.org.examine(ctx, tx, b.Policy, EvidenceQuestion{KPI: k, Period: b.Period, Employee: d.Person.No, AsOf: b.LedgerSeq,
			ReportDay: b.Day, Asked: day(b.Made)})
		if err != nil {
			return err
		}
		facts := map[FactRow]bool{}
		for _, r := range e.rows {
			if r.Department == "" {
				facts[FactRow{r.Dataset.ID, r.Seq, r.Row}] = true
			}
		}
		if len(facts) > 0 {
			d.Unplaced = append(d.Unplaced, Unplaced{k, len(facts)})
		}
	}
	return nil
}

// judgedBy lists the KPIs of a scorecard: items, penalties and band limits, each once.
func judgedBy(card *policy.Scorecard) []*policy.KPI {
	var list []*policy.KPI
	add := func(k *policy.KPI) {
		if !slices.Contains(list, k) {
			list = append(list, k)
		}
	}
	if card == nil {
		return nil
	}
	for _, item := range card.Items {
		add(item.KPI)
	}
	for _, p := range card.Penalties {
		add(p.KPI)
	}
	for _, l := range card.BandLimits {
		add(l.KPI)
	}
	return list
}

func (f FactRow) compare(g FactRow) int {
	return cmp.Or(strings.Compare(f.Dataset, g.Dataset), cmp.Compare(f.Seq, g.Seq), cmp.Compare(f.Row, g.Row))
}
