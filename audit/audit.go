// Package audit draws the sample of the quarterly internal audit.
//
// In come the facts, a policy that lists the audited processes, a quarter, a ledger sequence and a seed; out come the strata with the objects drawn
// from each, and for every object an auditor who is proposed.
//
//  1. The records of a process whose day lies in the quarter are its population; process and department make the strata.
//  2. Within a stratum the records are put in the order of a hash over seed, quarter, process, department and the record's key, and the first
//     ones are drawn. So the draw depends on nothing but these: not on the order in which records came, nor on any record of another stratum;
//     and of two sample sizes the smaller one is part of the greater.
//  3. An auditor is drawn in the same way among the holders of the policy's roles, without the owner and without anybody of the audited
//     department, of those below and of those above it. Nobody is proposed when nobody qualifies.
//
// The package never writes a fact and never reads the clock; what auditors find comes back as records of the dataset findings.
package audit

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

// Sample is what was drawn.
type Sample struct {
	Policy *policy.Policy
	Period period.Period
	Seed   string
	Basis  metrics.Basis
	Made   time.Time
	Strata []Stratum // by process as in the policy, then by department as in reports; records without a department last
}

// Stratum is the records of one process and department.
type Stratum struct {
	Process    *policy.AuditProcess
	Department string      // "": the owners had none on the day
	Name       policy.Text // of the department
	Population int         // records of the quarter
	Drawn      []Object    // in the order of the draw
	place      int         // of the department in reports
}

// Object is a record that was drawn.
type Object struct {
	ID       string // of the finding: the same whenever the same record is drawn for the quarter
	Key      string // of the record, the parts with spaces between
	Item     string // names the object
	Owner    metrics.Person
	Auditor  metrics.Person // who is proposed; No "": nobody qualifies
	Day      time.Time
	Seq, Row int64 // the event that brought the record, and the row there
	rank     [sha256.Size]byte
}

// Draw draws the sample of the question's period. per is how many are drawn of each stratum; 0 leaves it to the policy.
func Draw(ctx context.Context, b *books.Books, q metrics.Question, seed string, per int64) (*Sample, error) {
	fail := func(err error) (*Sample, error) { return nil, fmt.Errorf("audit sample of %s: %w", q.Period, err) }
	p := q.Version.Policy
	switch {
	case q.Period.Kind() != period.Quarter:
		return fail(errors.New("audits are by quarter, such as 2026Q3 (审计按季度进行，例如 2026Q3)"))
	case len(p.Audit.Processes) == 0:
		return fail(errors.New("the policy lists no processes to audit; add a section audit to company.yaml (制度没有列出要抽查的流程，请在 company.yaml 中补上 audit)"))
	}
	staff, err := metrics.NewStaff(ctx, b, q)
	if err != nil {
		return fail(err)
	}
	d := &draw{Sample: &Sample{Policy: p, Period: q.Period, Seed: seed, Basis: staff.Basis, Made: q.Now}, staff: staff, per: per}
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		for _, process := range p.Audit.Processes {
			if err := d.read(ctx, tx, process); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fail(err)
	}
	return d.Sample, nil
}

// draw is a sample being drawn.
type draw struct {
	*Sample
	staff *metrics.Staff
	per   int64
}

// read finds the population of a process and draws from it.
func (d *draw) read(ctx context.Context, tx *warehouse.Tx, process *policy.AuditProcess) error {
	strata := map[string]*Stratum{}
	args := warehouse.Args{"as_of": d.Basis.LedgerSeq, "from": d.Period.Start(), "to": d.Period.End()}
	err := tx.Each(ctx, warehouse.SQL("audited "+process.ID, populationSQL(process)), args, func(scan func(...any) error) error {
		o := &Object{}
		var owner, department string
		var key []string
		if err := scan(&key, &o.Item, &owner, &department, &o.Day, &o.Seq, &o.Row); err != nil {
			return err
		}
		o.Key = strings.Join(key, " ")
		if o.Item == "" {
			o.Item = o.Key
		}
		if o.Owner, _ = d.staff.Person(owner); o.Owner.No == "" {
			o.Owner.No = owner
		}
		if _, ok := d.staff.Department(department); !ok {
			department = d.staff.DepartmentOn(owner, o.Day)
		}
		d.put(strata, process, department, o, key)
		return nil
	})
	if err != nil {
		return fmt.Errorf("process %s: %w", process.ID, err)
	}
	var list []*Stratum
	for _, s := range strata {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Stratum) int {
		return cmp.Or(cmp.Compare(a.place, b.place), strings.Compare(a.Department, b.Department))
	})
	for _, s := range list {
		d.pick(s)
		d.Strata = append(d.Strata, *s)
	}
	return nil
}

// put adds a record to its stratum.
func (d *draw) put(strata map[string]*Stratum, process *policy.AuditProcess, department string, o *Object, key []string) {
	s := strata[department]
	if s == nil {
		s = &Stratum{Process: process, Department: department, place: len(d.staff.Departments())}
		if at, ok := d.staff.Department(department); ok {
			s.Name = at.Name
			s.place = slices.IndexFunc(d.staff.Departments(), func(x metrics.Department) bool { return x.ID == department })
		}
		strata[department] = s
	}
	s.Population++
	o.ID = "CC-" + d.Period.String() + "-" + shortHash(append([]string{d.Period.String(), process.ID}, key...)...)
	o.rank = hash(append([]string{d.Seed, d.Period.String(), process.ID, department}, key...)...)
	s.Drawn = append(s.Drawn, *o)
}

// pick keeps the first of a stratum in the order of their hashes, and proposes their auditors.
func (d *draw) pick(s *Stratum) {
	slices.SortFunc(s.Drawn, func(a, b Object) int {
		return cmp.Or(bytes.Compare(a.rank[:], b.rank[:]), strings.Compare(a.Key, b.Key))
	})
	n := s.Process.PerStratum
	if d.per > 0 {
		n = d.per
	}
	s.Drawn = slices.Clone(s.Drawn[:min(int64(len(s.Drawn)), n)])
	for i := range s.Drawn {
		o := &s.Drawn[i]
		o.Auditor, _ = d.staff.Person(d.auditor(s, o))
	}
}

// auditor proposes who audits an object, "" for nobody.
func (d *draw) auditor(s *Stratum, o *Object) string {
	own := d.staff.Line(s.Department)
	posts := d.staff.Posts()
	involved := map[string]bool{o.Owner.No: true}
	for _, p := range posts {
		if own[p.Department] {
			involved[p.Employee] = true
		}
	}
	best, least := "", [sha256.Size]byte{}
	for _, p := range posts {
		if involved[p.Employee] || !p.Holds(d.Policy.Audit.Auditors) {
			continue
		}
		if h := hash(d.Seed, d.Period.String(), s.Process.ID, o.ID, p.Employee); best == "" || bytes.Compare(h[:], least[:]) < 0 {
			best, least = p.Employee, h
		}
	}
	return best
}

// hash is over texts with their lengths, so that no two lists of texts are alike.
func hash(texts ...string) [sha256.Size]byte {
	var b strings.Builder
	for _, t := range texts {
		fmt.Fprintf(&b, "%d:%s", len(t), t)
	}
	return sha256.Sum256([]byte(b.String()))
}

func shortHash(texts ...string) string {
	h := hash(texts...)
	return hex.EncodeToString(h[:6])
}

// populationSQL reads the records of a process whose day lies between $from and $to, as known at $as_of.
func populationSQL(p *policy.AuditProcess) string {
	text := func(id string) string {
		if id == "" {
			return "''"
		}
		return "coalesce(CAST(" + warehouse.Ident(id) + " AS VARCHAR), '')"
	}
	keys := make([]string, len(p.Dataset.Key))
	for i, id := range p.Dataset.Key {
		keys[i] = text(id)
	}
	day := warehouse.Ident(p.Day)
	if p.Dataset.Column(p.Day).Type == policy.TypeDatetime {
		day = "CAST(" + day + " AS DATE)"
	}
	where := ""
	if p.Where != nil {
		where = " AND (" + p.Where.SQL + ")"
	}
	return fmt.Sprintf("SELECT [%s], %s, %s, %s, %s, _seq, _row\nFROM %s\nWHERE _seq <= $as_of AND _until > $as_of AND %s >= CAST($from AS DATE) AND %s < CAST($to AS DATE)%s\nORDER BY _seq, _row",
		strings.Join(keys, ", "), text(p.Item), text(p.Owner), text(p.Department), day, p.Dataset.Table(), day, day, where)
}

// Objects counts what was drawn, and for how many of it nobody qualifies as auditor.
func (s *Sample) Objects() (drawn, without int) {
	for _, x := range s.Strata {
		for _, o := range x.Drawn {
			drawn++
			if o.Auditor.No == "" {
				without++
			}
		}
	}
	return drawn, without
}
