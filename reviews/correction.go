package reviews

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"plumbline/ingest"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// corrected makes sure that a ledger sequence is an event that corrects a fact or a rule, and gives its kind; 0 names none.
func (d *Desk) corrected(seq int64) (kind string, err error) {
	if seq == 0 {
		return "", nil
	}
	for e, err := range d.Books.Ledger().Events(seq - 1) {
		if err != nil {
			return "", err
		}
		if _, file := ingest.Handlers()[e.Kind]; file || e.Kind == policy.Adopted {
			return e.Kind, nil
		}
		break
	}
	return "", refuse("appeal.remedy", say("账序 %d 不是导入、撤回文件或启用制度的事项", "the ledger sequence %d takes no file in or back and adopts no policy", seq), say("先更正，再写它的账序（见 plumbline files）", "correct it first, then name that sequence; see plumbline files"))
}

// related makes sure that a correction concerns what an appeal is about: the record that it names, or else records of the person or of the
// department that owns them. A policy concerns every rule, and no fact.
func (s *scene) related(ctx context.Context, a *Appeal, seq int64, kind string) error {
	switch {
	case seq <= a.Filed.Seq: // none, or one that the state refuses
		return nil
	case kind == policy.Adopted && a.Against == Rule:
		return nil
	}
	var h hits
	if kind != policy.Adopted {
		for _, d := range s.desk.Version.Policy.FromFiles() {
			if err := s.touched(ctx, d, a, seq, &h); err != nil {
				return err
			}
		}
	}
	if h.record || h.person && !h.known {
		return nil
	}
	what := a.Employee
	if h.known {
		what = a.Record
	}
	return refuse("appeal.unrelated", say("账序 %d 没有更正 %s 的记录，与申诉 %s 无关", "the ledger sequence %d corrects no record of %s and does not concern the appeal %s", seq, what, a.ID),
		say("导入更正了所申诉记录的文件，再写它的账序或文件名", "take in the file that corrects what is appealed, and name its sequence or its name"))
}

// hits says what an event did: to the record that an appeal names, to records of its person; and whether the books know such a record at all.
type hits struct{ record, person, known bool }

// touched adds what an event did in a dataset.
func (s *scene) touched(ctx context.Context, d *policy.Dataset, a *Appeal, seq int64, h *hits) error {
	keys, whose := []string{"false"}, []string{"false"}
	for _, c := range d.Columns {
		col, key := "f."+warehouse.Ident(c.ID), slices.Contains(d.Key, c.ID)
		if key && a.Record != "" {
			keys = append(keys, "CAST("+col+" AS VARCHAR) = asked.record")
		}
		switch {
		case c.Type == policy.TypeEmployee, key && d.ID == policy.Employees:
			whose = append(whose, col+" = asked.employee")
		case c.ID == d.Department:
			whose = append(whose, col+" = asked.department")
		}
	}
	text := fmt.Sprintf(`SELECT coalesce(bool_or(moved AND hit), false), coalesce(bool_or(moved AND mine), false), coalesce(bool_or(hit), false)
FROM (SELECT _seq = asked.seq OR _until = asked.seq AS moved, coalesce(%s, false) AS hit, coalesce(%s, false) AS mine
  FROM %s f, (SELECT $seq AS seq, $record AS record, $employee AS employee, $department AS department) asked)`,
		strings.Join(keys, " OR "), strings.Join(whose, " OR "), d.Table())
	args := warehouse.Args{"seq": seq, "record": a.Record, "employee": a.Employee, "department": a.Department}
	return s.tx.Each(ctx, warehouse.SQL("touched "+d.ID, text), args, func(scan func(...any) error) error {
		var x hits
		err := scan(&x.record, &x.person, &x.known)
		h.record, h.person, h.known = h.record || x.record, h.person || x.person, h.known || x.known
		return err
	})
}
