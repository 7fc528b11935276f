package policy

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/warehouse"
)

//go:embed sql/*.sql
var sqlFiles embed.FS

var statements = func() warehouse.Library {
	sub, err := fs.Sub(sqlFiles, "sql")
	if err != nil {
		panic(err)
	}
	return warehouse.MustLoad(sub)
}()

// Tables lists the statements that make the tables of this room in a new warehouse.
func Tables() []warehouse.Statement {
	return []warehouse.Statement{
		statements.Get("create_schema"), statements.Get("create_versions"), statements.Get("create_facts"),
	}
}

// Adopted is the kind of event by which a policy comes into force.
const Adopted = "policy.adopted"

// Adoption is what such an event holds: the files themselves, from when they count, and why they changed.
type Adoption struct {
	Effective string `json:"effective"` // first day, 2026-01-01
	Note      string `json:"note"`
	Hash      string `json:"hash"`
	Files     Source `json:"files"`
}

// Version is an adopted policy.
type Version struct {
	Number    int // 1, 2, 3 …
	Seq       int64
	Effective time.Time
	Note      string
	Hash      string
	Policy    *Policy
}

// Adopt checks the files and records them as the policy that counts from the given day on.
// A faulty policy is refused with Errors and nothing is recorded.
func Adopt(ctx context.Context, b *books.Books, s Source, effective time.Time, note, actor string) error {
	_, err := b.Record(ctx, Adopted, actor, Adoption{
		Effective: effective.Format(time.DateOnly), Note: note, Hash: s.Hash(), Files: s,
	}, nil)
	return err
}

// Handler applies an adoption: it checks the policy, notes the version, and makes or widens the fact tables.
func Handler(ctx context.Context, tx *warehouse.Tx, e books.Entry) error {
	var a Adoption
	if err := json.Unmarshal(e.Data, &a); err != nil {
		return fmt.Errorf("read the adoption: %w", err)
	}
	if a.Files.Hash() != a.Hash {
		return fmt.Errorf("the policy's files do not have the hash %s that the event names", a.Hash)
	}
	effective, err := time.Parse(time.DateOnly, a.Effective)
	if err != nil {
		return fmt.Errorf("effective day: %w", err)
	}
	p, err := checkAlone(ctx, a.Files)
	if err != nil {
		return err
	}
	if err := sameSource(ctx, tx, p); err != nil {
		return err
	}
	had, err := factColumns(ctx, tx)
	if err != nil {
		return err
	}
	for _, d := range p.Datasets {
		if err := layOut(ctx, tx, d, had[d.ID]); err != nil {
			return err
		}
	}
	text, err := json.Marshal(a.Files)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, statements.Get("insert_version"), warehouse.Args{
		"seq": e.Seq, "effective": effective, "note": a.Note, "hash": a.Hash, "files": string(text),
	})
	return err
}

// checkAlone checks a policy with a database of its own, so that it may run inside a transaction.
func checkAlone(ctx context.Context, s Source) (p *Policy, err error) {
	if p := right.get(s.Hash()); p != nil && s.shape() == nil {
		return p, nil
	}
	db, err := warehouse.Open(ctx, "", warehouse.Options{Memory: "256MiB", Threads: 1})
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := db.Close(); err == nil {
			err = cerr
		}
	}()
	return Check(ctx, db, s)
}

// The columns that every fact table has beside those of its dataset.
const (
	SeqColumn   = "_seq"   // BIGINT: ledger sequence of the file that brought the row; known from then on
	RowColumn   = "_row"   // BIGINT: physical row in that file
	UntilColumn = "_until" // BIGINT: ledger sequence that superseded the row; Current while it stands
)

// Current is the value of UntilColumn for a row that stands.
const Current int64 = 1<<63 - 1

// factColumns gives the types of the columns of each fact table, by dataset and column.
func factColumns(ctx context.Context, tx *warehouse.Tx) (map[string]map[string]string, error) {
	had := map[string]map[string]string{}
	err := tx.Each(ctx, statements.Get("columns"), nil, func(scan func(...any) error) error {
		var dataset, name, typ string
		if err := scan(&dataset, &name, &typ); err != nil {
			return err
		}
		if had[dataset] == nil {
			had[dataset] = map[string]string{}
		}
		had[dataset][name] = typ
		return nil
	})
	return had, err
}

// layOut makes the dataset's fact table, or adds the columns that it lacks beside those it had.
func layOut(ctx context.Context, tx *warehouse.Tx, d *Dataset, had map[string]string) error {
	if len(had) == 0 {
		_, err := tx.Exec(ctx, warehouse.SQL("create "+d.ID, createTable(d)), nil)
		return err
	}
	for _, c := range d.Columns {
		switch typ, ok := had[c.ID]; {
		case !ok:
			text := fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", d.Table(), warehouse.Ident(c.ID), c.Type.SQL())
			if _, err := tx.Exec(ctx, warehouse.SQL("widen "+d.ID, text), nil); err != nil {
				return err
			}
		case typ != c.Type.SQL():
			return Errors{otherType(c, typ)}
		}
	}
	return nil
}

// otherType refuses to change what a column of a fact table holds.
func otherType(c *Column, typ string) Error {
	return Error{Place: c.Place,
		What: Text{ZH: fmt.Sprintf("列 %s 已有的数据类型是 %s，不能改为 %s", c.ID, typ, c.Type.SQL()),
			EN: fmt.Sprintf("column %s already holds %s and cannot become %s", c.ID, typ, c.Type.SQL())},
		Cure: Text{ZH: "保留原列，用新的列名另加一列", EN: "keep the column and add another one under a new name"}}
}

func createTable(d *Dataset) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (\n", d.Table())
	for _, c := range d.Columns {
		fmt.Fprintf(&b, "  %s %s%s,\n", warehouse.Ident(c.ID), c.Type.SQL(), storage(c.Type))
	}
	fmt.Fprintf(&b, "  %s BIGINT NOT NULL,\n  %s BIGINT NOT NULL,\n  %s BIGINT NOT NULL\n)", SeqColumn, RowColumn, UntilColumn)
	return b.String()
}

// storage keeps ids as they are: packing them costs a third of the time of filing a record, and joins on them read faster unpacked.
func storage(t Type) string {
	switch t {
	case TypeID, TypeEmployee, TypeDepartment:
		return " USING COMPRESSION uncompressed"
	}
	return ""
}

// InForce gives the version that counts on a day, as known at ledger sequence asOf: the last one adopted that was effective by then,
// or the first one ever when none was.
func InForce(ctx context.Context, db *warehouse.DB, asOf int64, day time.Time) (Version, error) {
	var v Version
	var text string
	err := db.View(ctx, func(tx *warehouse.Tx) error {
		return tx.Each(ctx, statements.Get("in_force"), warehouse.Args{"as_of": asOf, "day": day}, func(scan func(...any) error) error {
			return scan(&v.Number, &v.Seq, &v.Effective, &v.Note, &v.Hash, &text)
		})
	})
	if err != nil {
		return v, err
	}
	if v.Number == 0 {
		return v, fmt.Errorf("no policy has been adopted: run `plumbline init` or `plumbline policy adopt`")
	}
	var s Source
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return v, fmt.Errorf("policy version %d: %w", v.Number, err)
	}
	v.Policy, err = Check(ctx, db, s)
	return v, err
}

// At reads and checks the policy that the event at seq adopted, within a transaction.
func At(ctx context.Context, tx *warehouse.Tx, seq int64) (*Policy, error) {
	text, err := warehouse.One[string](ctx, tx, statements.Get("at"), warehouse.Args{"seq": seq})
	if err != nil {
		return nil, fmt.Errorf("policy adopted at sequence %d: %w", seq, err)
	}
	var s Source
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return nil, fmt.Errorf("policy adopted at sequence %d: %w", seq, err)
	}
	return checkAlone(ctx, s)
}
