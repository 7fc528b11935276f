package ingest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"plumbline/ingest/cell"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// reading is a slot on its way to be read by package cell.
type reading struct {
	slot   *slot
	torn   string // two dates that prove different orders, or one that disproves the order declared; "" for none
	tears  string // the rule that torn breaks
	column *policy.Column
	format policy.Format
	words  []policy.Word
	lookup []policy.Lookup
}

// readings lists the plan's slots.
func (t *taking) readings() []reading {
	var list []reading
	for i := range t.plan.fields {
		f := &t.plan.fields[i]
		for j := range f.slots {
			list = append(list, reading{slot: &f.slots[j], column: f.column, format: f.format, words: f.words, lookup: f.lookup})
		}
	}
	return list
}

// readAhead reads the texts of slots that SQL must not read, and of those that look foreign at a glance: reading a whole column
// at once is cheaper than setting its rows aside first.
func (t *taking) readAhead(ctx context.Context) error {
	var ahead []reading
	for _, r := range t.readings() {
		if !r.slot.fast {
			ahead = append(ahead, r)
		}
	}
	foreign, err := t.foreign(ctx)
	if err != nil {
		return err
	}
	for _, r := range t.readings() {
		if r.slot.fast && foreign[r.slot.n] {
			ahead = append(ahead, r)
		}
	}
	if ahead == nil {
		return nil
	}
	parts := make([]string, len(ahead))
	for i, r := range ahead {
		parts[i] = fmt.Sprintf("SELECT DISTINCT %d AS slot, %s AS text FROM %s WHERE NOT (%s)", r.slot.n, r.slot.text, t.rel, blank(r.slot.text))
	}
	return t.readTexts(ctx, ahead, strings.Join(parts, "\nUNION ALL "))
}

// foreign tells of which slots more than a tenth of the texts at the head of the file are beyond SQL.
func (t *taking) foreign(ctx context.Context) (map[int]bool, error) {
	head := fmt.Sprintf("(SELECT * FROM %s LIMIT %d)", t.rel, glance)
	var parts []string
	for _, f := range t.plan.fields {
		for _, s := range f.slots {
			if s.fast && f.column.Type != policy.TypeText {
				parts = append(parts, fmt.Sprintf("SELECT %d AS slot, count(*) AS n, count(%s) AS read FROM t WHERE NOT (%s)", s.n, warehouse.Ident(f.column.ID), blank(s.text)))
			}
		}
	}
	found := map[int]bool{}
	if parts == nil {
		return found, nil
	}
	query := fmt.Sprintf("WITH t AS MATERIALIZED (%s)\nSELECT CAST(slot AS BIGINT) FROM (%s) WHERE (n - read) * 10 > n", t.plan.typed(head, ""), strings.Join(parts, " UNION ALL "))
	err := t.tx.Each(ctx, warehouse.SQL("foreign columns of "+t.plan.dataset.ID, query), nil, func(scan func(...any) error) error {
		var n int64
		if err := scan(&n); err != nil {
			return err
		}
		found[int(n)] = true
		return nil
	})
	return found, err
}

// readAgain reads the texts of faulty rows that SQL could not, and judges these rows anew.
func (t *taking) readAgain(ctx context.Context) error {
	bad, err := t.any(ctx, fmt.Sprintf("SELECT 1 FROM stage WHERE _until = %d", faulty))
	if err != nil || !bad {
		return err
	}
	if err := t.setAside(ctx, fmt.Sprintf("SELECT _row FROM stage WHERE _until = %d", faulty)); err != nil {
		return err
	}
	texts := t.plan.unread("t")
	if texts == "" {
		return nil
	}
	var again []reading
	for _, r := range t.readings() {
		if !r.slot.joined && r.column.Type != policy.TypeText {
			again = append(again, r)
		}
	}
	query := fmt.Sprintf("SELECT DISTINCT slot, text FROM (WITH t AS MATERIALIZED (%s)\n%s)", t.plan.typed("raw", ""), texts)
	if err := t.readTexts(ctx, again, query); err != nil {
		return err
	}
	if _, err := t.run(ctx, "clear faulty rows of", fmt.Sprintf("DELETE FROM %s WHERE _seq = $seq AND _until = %d", t.home, faulty)); err != nil {
		return err
	}
	names := t.plan.columns() + ", _seq, _row, _until"
	_, err = t.run(ctx, "judge again", fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM (%s)", t.home, names, names, t.plan.judged("raw")))
	return err
}

// setAside copies rows of the source, as text, into the table raw.
func (t *taking) setAside(ctx context.Context, rows string) error {
	if !t.set {
		t.set = true
		return t.each(ctx, step{"raw rows of", fmt.Sprintf("CREATE TEMP TABLE raw AS SELECT * FROM %s WHERE _r IN (%s)", t.rel, rows)})
	}
	more, err := t.any(ctx, fmt.Sprintf("(%s) EXCEPT SELECT _r FROM raw", rows))
	if err != nil || !more {
		return err
	}
	_, err = t.run(ctx, "further raw rows of", fmt.Sprintf("INSERT INTO raw SELECT * FROM %s WHERE _r IN (%s) AND _r NOT IN (SELECT _r FROM raw)", t.rel, rows))
	return err
}

// readTexts reads the texts that the query yields (slot, text) into the table reading, and joins the slots to it.
func (t *taking) readTexts(ctx context.Context, list []reading, query string) error {
	if _, err := t.run(ctx, "gather texts of", "CREATE OR REPLACE TEMP TABLE texts AS "+query); err != nil {
		return err
	}
	const texts = "SELECT CAST(slot AS BIGINT) AS slot, text FROM texts"
	there, err := t.textSlots(ctx)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(r reading) bool { return !there[int64(r.slot.n)] })
	bySlot := map[int64]*reading{}
	for i := range list {
		if list[i].column.Type == policy.TypeDate || list[i].slot.typ == policy.TypeDatetime {
			if err := t.findOrder(ctx, &list[i], texts); err != nil {
				return err
			}
		}
		list[i].slot.joined = true
		bySlot[int64(list[i].slot.n)] = &list[i]
	}
	out, err := os.CreateTemp(t.entry.Staging, "readings-*.csv")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	w := bufio.NewWriterSize(out, 1<<16)
	rounded, longest, err := t.readAll(ctx, bySlot, texts, w)
	if err = errors.Join(err, w.Flush(), out.Close()); err != nil {
		return err
	}
	if rounded {
		t.notice("时长换算为小时时有除不尽的，已四舍五入到 0.0001 小时", "durations that do not divide evenly were rounded to 0.0001 hours")
	}
	limit := ""
	if longest >= usualLine {
		limit = fmt.Sprintf(", max_line_size = %d", longest+1)
	}
	columns := "columns = {'slot': 'INTEGER', 'text': 'VARCHAR', 'value': 'VARCHAR', 'blank': 'BOOLEAN', 'rule': 'VARCHAR', 'detail': 'VARCHAR'}"
	_, err = t.run(ctx, "read texts of", fmt.Sprintf(`INSERT INTO reading SELECT slot, text, nullif(value, ''), blank, nullif(rule, ''), coalesce(detail, '')
FROM read_csv(%s, %s, header = false, auto_detect = false, delim = ',', quote = '"', escape = '"', new_line = '\n'%s)`, warehouse.Literal(out.Name()), columns, limit))
	return err
}

// textSlots tells which slots have texts to read; the others need no join.
func (t *taking) textSlots(ctx context.Context) (map[int64]bool, error) {
	there := map[int64]bool{}
	err := t.tx.Each(ctx, warehouse.SQL("slots of "+t.plan.dataset.ID, "SELECT DISTINCT CAST(slot AS BIGINT) FROM texts"), nil, func(scan func(...any) error) error {
		var n int64
		err := scan(&n)
		there[n] = true
		return err
	})
	return there, err
}

// readAll reads every text and writes what it says. It tells whether a duration was rounded, and how long the longest line is.
func (t *taking) readAll(ctx context.Context, bySlot map[int64]*reading, texts string, w io.Writer) (rounded bool, longest int, err error) {
	readers := map[int64]*cell.Reader{}
	for n, r := range bySlot {
		if readers[n], err = t.reader(ctx, *r); err != nil {
			return false, 0, err
		}
	}
	err = t.tx.Each(ctx, warehouse.SQL("texts of "+t.plan.dataset.ID, texts), nil, func(scan func(...any) error) error {
		var n int64
		var text string
		if err := scan(&n, &text); err != nil {
			return err
		}
		r := readers[n]
		if r == nil {
			return fmt.Errorf("slot %d has no reader", n)
		}
		v := r.Read(text)
		if torn := bySlot[n].torn; torn != "" && v.Rule == "date.ambiguous" {
			if _, needs := cell.Order(text); needs {
				v.Rule, v.Detail = bySlot[n].tears, torn
			}
		}
		rounded = rounded || v.Rule == "" && v.Detail == cell.Rounded
		wrote, err := fmt.Fprintf(w, "%d,%s,%s,%t,%s,%s\n", n, quoted(text), quoted(v.Text), v.Blank, quoted(v.Rule), quoted(v.Detail))
		longest = max(longest, wrote)
		return err
	})
	return rounded, longest, err
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// reader makes the reader of a slot.
func (t *taking) reader(ctx context.Context, r reading) (*cell.Reader, error) {
	c := cell.Column{Type: r.slot.typ, Format: r.format, Zone: t.plan.zone, Workday: t.policy.Company.WorkdayHours, Edition: t.decision.Edition, Words: map[string]string{}}
	for _, v := range r.column.Values {
		for _, w := range append([]string{v.Value, v.Name.ZH, v.Name.EN}, v.Words...) {
			c.Words[policy.WordKey(w)] = v.Value
		}
	}
	for _, w := range r.words {
		c.Words[policy.WordKey(w.Word)] = w.Value
	}
	if r.lookup != nil {
		people, err := readPeople(ctx, t.tx, t.policy)
		if err != nil {
			return nil, err
		}
		find := people.find
		if t.decision.Edition < 2 {
			find = people.findFolded
		}
		c.Resolve = func(text string) (string, string, string) { return find(text, r.lookup) }
	}
	return cell.NewReader(c)
}

// findOrder sees whether the texts of a slot leave only one order of day and month, and whether one that was declared is among those that they leave.
func (t *taking) findOrder(ctx context.Context, r *reading, texts string) error {
	declared := r.format.Order
	if declared != "" && t.decision.Edition < 2 {
		return nil
	}
	proofs := map[policy.DateOrder]string{}
	needed := false
	query := fmt.Sprintf("SELECT text FROM (%s) WHERE slot = %d ORDER BY text", texts, r.slot.n)
	err := t.tx.Each(ctx, warehouse.SQL("dates of "+t.plan.dataset.ID, query), nil, func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		order, needs := cell.Order(text)
		needed = needed || needs
		if order != "" && proofs[order] == "" {
			proofs[order] = text
		}
		return nil
	})
	if err != nil {
		return err
	}
	if declared != "" {
		t.heedOrder(r, declared, proofs, needed)
		return nil
	}
	if len(proofs) == 2 {
		r.torn, r.tears = proofs[policy.DMY]+", "+proofs[policy.MDY], "date.order"
	}
	if !needed || len(proofs) != 1 {
		return nil
	}
	for order, proof := range proofs {
		r.format.Order = order
		if t.proven == nil {
			t.proven = map[string]policy.DateOrder{}
		}
		if r.column.ID != "" {
			t.proven[r.column.ID] = order
		}
		for i := range t.plan.fields {
			for j := range t.plan.fields[i].slots {
				if &t.plan.fields[i].slots[j] == r.slot {
					t.plan.fields[i].format.Order = order
				}
			}
		}
		zh, en := orderWords(order)
		t.notice(fmt.Sprintf("「%s」按%s读取：%s 只能这样读", r.column.Name.ZH, zh, proof), fmt.Sprintf("%s is read as %s: %s leaves no other reading", r.column.Name.EN, en, proof))
	}
	return nil
}

// heedOrder goes by a declared order unless a text of the column can be no date in it: then the declaration is wrong, or the column mixed, and texts that leave
// the order open are asked about.
func (t *taking) heedOrder(r *reading, declared policy.DateOrder, proofs map[policy.DateOrder]string, needed bool) {
	zh, en := orderWords(declared)
	for order, proof := range proofs {
		if order != declared {
			r.torn, r.tears, r.format.Order = proof, "date.declared", ""
			return
		}
	}
	if needed && r.column.ID != "" && t.decision.Proven[r.column.ID] == "" {
		t.notice(fmt.Sprintf("「%s」按声明的次序读取：%s", r.column.Name.ZH, zh), fmt.Sprintf("%s is read in the order declared: %s", r.column.Name.EN, en))
	}
}

func orderWords(o policy.DateOrder) (zh, en string) {
	if o == policy.MDY {
		return "月/日", "month/day"
	}
	return "日/月", "day/month"
}

// people finds employees by what files call them.
type people struct {
	by    map[policy.Lookup]map[string][]string // folded word → numbers, without repetition
	exact map[policy.Lookup]map[string][]string // the same by the word as it is written
}

// fold is the form in which words for people are compared.
func fold(s string) string { return policy.WordKey(s) }

// readPeople reads the employees and their accounts, as they stand.
func readPeople(ctx context.Context, tx *warehouse.Tx, p *policy.Policy) (*people, error) {
	found := &people{by: map[policy.Lookup]map[string][]string{}, exact: map[policy.Lookup]map[string][]string{}}
	list := func(index map[policy.Lookup]map[string][]string, way policy.Lookup, word, no string) {
		if index[way] == nil {
			index[way] = map[string][]string{}
		}
		if word != "" && !slices.Contains(index[way][word], no) {
			index[way][word] = append(index[way][word], no)
		}
	}
	add := func(way policy.Lookup, word, no string) {
		list(found.by, way, fold(word), no)
		list(found.exact, way, written(word), no)
	}
	read := func(dataset, column string, way policy.Lookup) error {
		d := p.Dataset(dataset)
		if d == nil || d.Column(column) == nil || d.Column("employee_no") == nil {
			return nil
		}
		s := warehouse.SQL("people by "+column, fmt.Sprintf("SELECT f.employee_no, coalesce(f.%s, '') FROM %s f WHERE f._until = %d ORDER BY f.employee_no",
			warehouse.Ident(column), d.Table(), policy.Current))
		return tx.Each(ctx, s, nil, func(scan func(...any) error) error {
			var no, word string
			if err := scan(&no, &word); err != nil {
				return err
			}
			if way == policy.ByNumber {
				if found.by[way] == nil {
					found.by[way] = map[string][]string{}
				}
				found.by[way][norm.NFKC.String(no)] = []string{no}
				list(found.exact, way, written(no), no)
				return nil
			}
			add(way, word, no)
			return nil
		})
	}
	for _, source := range []struct {
		dataset, column string
		way             policy.Lookup
	}{
		{policy.Employees, "employee_no", policy.ByNumber}, {policy.Employees, "email", policy.ByEmail}, {policy.Employees, "login", policy.ByLogin},
		{policy.Accounts, "login", policy.ByLogin}, {policy.Employees, "name", policy.ByName}, {policy.Employees, "name_en", policy.ByName},
	} {
		if err := read(source.dataset, source.column, source.way); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// written is the form in which words for people are compared first: Li Wei is the name of one, and liwei may be the login of another.
func written(s string) string { return strings.TrimSpace(norm.NFKC.String(s)) }

// find looks a text up in the ways given: as it is written, and only if nobody is called so, without regard to case and blanks. A word that two people
// bear is refused, with their numbers; so is one that is folded and means one person in one way and another in another.
func (p *people) find(text string, ways []policy.Lookup) (no, rule, detail string) {
	for _, way := range ways {
		if found := p.exact[way][written(text)]; len(found) > 0 {
			return theOne(found)
		}
	}
	var folded []string
	for _, way := range ways {
		if way == policy.ByNumber {
			continue
		}
		for _, no := range p.by[way][fold(text)] {
			if !slices.Contains(folded, no) {
				folded = append(folded, no)
			}
		}
	}
	switch {
	case len(folded) > 0:
		return theOne(folded)
	case slices.Equal(ways, []policy.Lookup{policy.ByNumber}):
		return "", "employee.unknown", ""
	}
	return "", "employee.unknown", lookedUp
}

// theOne gives the only one of several people, or says that there are more.
func theOne(found []string) (no, rule, detail string) {
	if len(found) > 1 {
		return "", "employee.ambiguous", strings.Join(found, ", ")
	}
	return found[0], "", ""
}

// findFolded looks a text up as it was done before the second edition of the rules.
func (p *people) findFolded(text string, ways []policy.Lookup) (no, rule, detail string) {
	for _, way := range ways {
		word := fold(text)
		if way == policy.ByNumber {
			word = strings.TrimSpace(norm.NFKC.String(text))
		}
		switch found := p.by[way][word]; {
		case len(found) == 1:
			return found[0], "", ""
		case len(found) > 1:
			return "", "employee.ambiguous", strings.Join(found, ", ")
		}
	}
	if slices.Equal(ways, []policy.Lookup{policy.ByNumber}) {
		return "", "employee.unknown", ""
	}
	return "", "employee.unknown", lookedUp
}
