package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Withdrawal takes a file back, with all its tables and the rows released from its quarantine.
type Withdrawal struct {
	SHA256 string `json:"sha256"`
	Note   string `json:"note"`
	Policy int64  `json:"policy"` // sequence of the policy in force
	Day    string `json:"day"`
}

// Withdraw takes the file with the SHA-256 back: the books stand as if it had never come in, and what they said before stays
// known as of then. It is refused when other records lean on the file. Rows that can come in now are released.
func Withdraw(ctx context.Context, b *books.Books, v policy.Version, sha256, note string, o Options) ([]File, error) {
	w := Withdrawal{SHA256: sha256, Note: note, Policy: v.Seq, Day: o.Day.Format(time.DateOnly)}
	if _, err := b.Record(ctx, Withdrawn, o.Actor, w, nil); err != nil {
		return nil, err
	}
	return release(ctx, b, v, o, true)
}

// withdrawn folds every record that the files took part in anew from what the other files say of it.
func (k *known) withdrawn(ctx context.Context, tx *warehouse.Tx, e books.Entry) error {
	var w Withdrawal
	if err := json.Unmarshal(e.Data, &w); err != nil {
		return fmt.Errorf("read the withdrawal: %w", err)
	}
	p, err := k.policy(ctx, tx, w.Policy)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, statements.Get("withdraw_files"), warehouse.Args{"seq": e.Seq, "sha256": w.SHA256})
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("no file with the SHA-256 %s is in the books; plumbline files lists them (账册中没有这个文件)", w.SHA256)
	}
	var datasets []string
	err = tx.Each(ctx, statements.Get("withdrawn_datasets"), warehouse.Args{"seq": e.Seq}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		datasets = append(datasets, id)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range datasets {
		f := folding{known: k, tx: tx, seq: e.Seq, policy: p, dataset: p.Dataset(id)}
		if f.dataset == nil {
			return fmt.Errorf("the policy in force has no dataset %q", id)
		}
		if err := f.fold(ctx); err != nil {
			return err
		}
	}
	for _, id := range datasets {
		if err := leaning(ctx, tx, p, p.Dataset(id), e.Seq); err != nil {
			return err
		}
		if err := uncrossed(ctx, tx, p.Dataset(id), e.Seq); err != nil {
			return err
		}
	}
	for _, name := range []string{"withdraw_rejects", "reopen_rejects"} {
		if _, err := tx.Exec(ctx, statements.Get(name), warehouse.Args{"seq": e.Seq}); err != nil {
			return err
		}
	}
	return nil
}

// folding makes the records of one dataset anew that withdrawn files took part in.
//
// What a file says of a record is a claim on it, over the columns that the file has; a snapshot that does not mention the record
// claims that it is gone. The record is, column by column, what the last claim on the column says.
type folding struct {
	*known
	tx      *warehouse.Tx
	seq     int64
	policy  *policy.Policy
	dataset *policy.Dataset
}

func (f *folding) run(ctx context.Context, name, text string) error {
	s := warehouse.SQL(name+" "+f.dataset.ID, text)
	var args warehouse.Args
	if len(s.Parameters()) > 0 {
		args = warehouse.Args{"seq": f.seq}
	}
	_, err := f.tx.Exec(ctx, s, args)
	return err
}

func (f *folding) fold(ctx context.Context) error {
	columns, err := f.columns(ctx)
	if err != nil {
		return err
	}
	claimed, err := f.claimed(ctx)
	if err != nil {
		return err
	}
	table := f.dataset.Table()
	var keys, names, folded, same []string
	isKey := map[string]bool{}
	for _, k := range f.dataset.Key {
		isKey[k] = true
		keys = append(keys, warehouse.Ident(k))
	}
	for _, c := range columns {
		name := warehouse.Ident(c)
		names = append(names, name)
		same = append(same, fmt.Sprintf("c.%[1]s IS NOT DISTINCT FROM n.%[1]s", name))
		if !isKey[c] {
			folded = append(folded, fmt.Sprintf("last(%[1]s ORDER BY _seq, _row) FILTER (WHERE _seq IN (%[2]s)) AS %[1]s", name, numbers(claimed[c])))
		} else {
			folded = append(folded, name)
		}
	}
	key, list := strings.Join(keys, ", "), strings.Join(names, ", ")
	on := make([]string, len(keys))
	for i, k := range keys {
		on[i] = fmt.Sprintf("c.%[1]s = n.%[1]s", k)
	}
	gone := fmt.Sprintf("SELECT seq FROM ingest.files WHERE withdrawn = %d", f.seq)
	stands := "SELECT seq FROM ingest.files WHERE withdrawn = 0"
	for _, s := range []step{
		{"touched records of", fmt.Sprintf("CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT %[1]s FROM (SELECT %[1]s FROM %[2]s WHERE _seq IN (%[3]s)\n"+
			"  UNION ALL SELECT %[1]s FROM %[2]s f JOIN ingest.retired r ON r.dataset = %[4]s AND r.of_seq = f._seq AND r.of_row = f._row WHERE r.seq IN (%[3]s))", key, table, gone, warehouse.Literal(f.dataset.ID))},
		{"claims on", fmt.Sprintf("CREATE OR REPLACE TEMP TABLE claim AS\nSELECT %[1]s, f._seq, f._row, false AS gone FROM %[2]s f SEMI JOIN touched USING (%[3]s) WHERE f._seq IN (%[4]s)\n"+
			"UNION ALL SELECT %[1]s, p.seq, p.row_no, false FROM ingest.repeats p JOIN %[2]s f ON f._seq = p.of_seq AND f._row = p.of_row SEMI JOIN touched USING (%[3]s) WHERE p.seq IN (%[4]s AND dataset = %[5]s)\n"+
			"UNION ALL SELECT %[1]s, r.seq, 0, true FROM ingest.retired r JOIN %[2]s f ON r.dataset = %[5]s AND f._seq = r.of_seq AND f._row = r.of_row SEMI JOIN touched USING (%[3]s) WHERE r.seq IN (%[4]s)",
			qualified("f", names), table, key, stands, warehouse.Literal(f.dataset.ID))},
		{"records now of", fmt.Sprintf("CREATE OR REPLACE TEMP TABLE folded AS\nSELECT %s, max(_seq) AS of_seq, last(_row ORDER BY _seq, _row) AS of_row FROM (\n"+
			"  SELECT c.* FROM claim c LEFT JOIN (SELECT %[2]s, max(_seq) AS ended FROM claim WHERE gone GROUP BY %[2]s) g USING (%[2]s)\n"+
			"  WHERE NOT c.gone AND c._seq > coalesce(g.ended, 0)) GROUP BY %[2]s", strings.Join(folded, ", "), key)},
		// A record that says what it said, and does not say it by a file taken back, stays.
		{"records that stay of", fmt.Sprintf("CREATE OR REPLACE TEMP TABLE stays AS SELECT c._seq, c._row, %s FROM %s c JOIN folded n ON %s AND %s\n"+
			"LEFT JOIN ingest.restored o ON o.dataset = %s AND o.seq = c._seq AND o.row_no = c._row\n"+
			"WHERE c._until = %d AND coalesce(o.of_seq, c._seq) IN (%s)", qualified("n", keys), table, strings.Join(on, " AND "), strings.Join(same, " AND "),
			warehouse.Literal(f.dataset.ID), policy.Current, stands)},
		{"end records of", fmt.Sprintf("INSERT INTO ingest.retired SELECT $seq, %s, f._seq, f._row FROM %s f SEMI JOIN touched USING (%s)\n"+
			"WHERE f._until = %d AND (f._seq, f._row) NOT IN (SELECT (_seq, _row) FROM stays)", warehouse.Literal(f.dataset.ID), table, key, policy.Current)},
		{"mark ended records of", fmt.Sprintf("UPDATE %s AS f SET _until = $seq FROM ingest.retired r WHERE r.seq = $seq AND r.dataset = %s AND r.of_seq = f._seq AND r.of_row = f._row AND f._until = %d",
			table, warehouse.Literal(f.dataset.ID), policy.Current)},
		{"records brought back of", fmt.Sprintf("CREATE OR REPLACE TEMP TABLE back AS SELECT n.*, row_number() OVER (ORDER BY of_seq, of_row) AS _row FROM folded n ANTI JOIN stays USING (%s)", key)},
		{"bring back records of", fmt.Sprintf("INSERT INTO %s (%s, _seq, _row, _until) SELECT %s, $seq, _row, %d FROM back", table, list, list, policy.Current)},
		{"origins of records of", fmt.Sprintf("INSERT INTO ingest.restored SELECT $seq, %s, _row, of_seq, of_row FROM back", warehouse.Literal(f.dataset.ID))},
	} {
		if err := f.run(ctx, s.name, s.text); err != nil {
			return err
		}
	}
	return nil
}

func qualified(alias string, names []string) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = alias + "." + n
	}
	return strings.Join(list, ", ")
}

// numbers lists sequences for IN; -1 stands for none.
func numbers(list []int64) string {
	parts := []string{"-1"}
	for _, n := range list {
		parts = append(parts, fmt.Sprint(n))
	}
	return strings.Join(parts, ", ")
}

// columns lists the columns of the fact table, also those that only an earlier policy knew.
func (f *folding) columns(ctx context.Context) (names []string, err error) {
	err = f.tx.Each(ctx, statements.Get("fact_columns"), warehouse.Args{"dataset": f.dataset.ID}, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		names = append(names, name)
		return err
	})
	return names, err
}

// claimed tells of each column which standing files have it.
func (f *folding) claimed(ctx context.Context) (map[string][]int64, error) {
	decisions := map[int64]Decision{}
	err := f.tx.Each(ctx, statements.Get("standing_files"), warehouse.Args{"dataset": f.dataset.ID}, func(scan func(...any) error) error {
		var seq int64
		var decided string
		if err := scan(&seq, &decided); err != nil {
			return err
		}
		var d Decision
		err := json.Unmarshal([]byte(decided), &d)
		decisions[seq] = d
		return err
	})
	if err != nil {
		return nil, err
	}
	claimed := map[string][]int64{}
	for seq, d := range decisions {
		p, err := f.known.policy(ctx, f.tx, d.Policy)
		if err != nil {
			return nil, err
		}
		m, err := f.mapping(ctx, p, d)
		if err != nil {
			return nil, err
		}
		for _, field := range newPlan(p.Dataset(d.Dataset), m, d, p.Company).fields {
			claimed[field.column.ID] = append(claimed[field.column.ID], seq)
		}
	}
	return claimed, nil
}

// leaning refuses a withdrawal after which records refer to employees or departments that are no longer there, or break a rule.
func leaning(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, d *policy.Dataset, seq int64) error {
	for i, r := range d.Rules {
		n, err := warehouse.One[int64](ctx, tx, warehouse.SQL("rules of restored "+d.ID, fmt.Sprintf("SELECT count(*) FROM %s WHERE _seq = %d AND _until = %d AND NOT (%s)",
			d.Table(), seq, policy.Current, strings.ReplaceAll(r.Check.SQL, "$"+policy.ReportDay, "DATE '9999-12-31'"))), nil)
		if err != nil {
			return err
		}
		if n > 0 {
			return refuse("withdraw.rule", policy.Text{
				ZH: fmt.Sprintf("撤回后「%s」中有 %d 条记录会违反规则：%s。", d.Name.ZH, n, d.Rules[i].Say.ZH),
				EN: fmt.Sprintf("After the withdrawal %d records of %s would break a rule: %s.", n, d.Name.EN, d.Rules[i].Say.EN)},
				policy.Text{ZH: "请先撤回或更正后来补充这些记录的文件。", EN: "Withdraw or correct the later files about these records first."})
		}
	}
	typ := map[string]policy.Type{policy.Employees: policy.TypeEmployee, policy.Departments: policy.TypeDepartment}[d.ID]
	if typ == "" {
		return nil
	}
	for _, other := range p.Datasets {
		for _, c := range other.Columns {
			if c.Type != typ {
				continue
			}
			n, err := warehouse.One[int64](ctx, tx, warehouse.SQL("references to "+d.ID, fmt.Sprintf("SELECT count(*) FROM %[1]s f WHERE f._until = %[2]d AND f.%[3]s IS NOT NULL AND f.%[3]s NOT IN (SELECT %[4]s FROM %[5]s WHERE _until = %[2]d)",
				other.Table(), policy.Current, warehouse.Ident(c.ID), warehouse.Ident(d.Key[0]), d.Table())), nil)
			if err != nil {
				return err
			}
			if n > 0 {
				return refuse("withdraw.referred", policy.Text{
					ZH: fmt.Sprintf("「%s」中有 %d 条记录引用了只在这个文件里的%s。", other.Name.ZH, n, d.Name.ZH),
					EN: fmt.Sprintf("%d records of %s refer to %s that only this file holds.", n, other.Name.EN, strings.ToLower(d.Name.EN))},
					policy.Text{ZH: "请先导入更正后的文件，或先撤回引用它们的文件。", EN: "Ingest the corrected file first, or withdraw the files that refer to them."})
			}
		}
	}
	return nil
}
