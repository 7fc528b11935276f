package ingest

import (
	"bufio"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"plumbline/ingest/sheet"
	"plumbline/internal/books"
	"plumbline/internal/warehouse"
	"plumbline/policy"
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
		statements.Get("create_schema"), statements.Get("create_files"),
		statements.Get("create_rejected_rows"), statements.Get("create_problems"),
	}
}

// Ingested is the kind of event by which a file comes in.
const Ingested = "file.ingested"

// Decision is what such an event holds: the original's hash and everything that was decided about reading it.
type Decision struct {
	Name      string        `json:"name"`
	SHA256    string        `json:"sha256"`
	Size      int64         `json:"size"`
	Dataset   string        `json:"dataset"`
	Sheet     string        `json:"sheet"`
	Format    sheet.Format  `json:"format"`
	Dialect   sheet.Dialect `json:"dialect"`
	HeaderRow int64         `json:"header_row"`
	Header    []string      `json:"header"`  // as in the file
	Columns   []string      `json:"columns"` // the dataset's column per header cell, "" for none
	Policy    int64         `json:"policy"`  // sequence of the policy that says what the dataset is
	Day       string        `json:"day"`     // the day of ingest in the company's zone; later days are the future
	Notices   []policy.Text `json:"notices"`
}

// prepared is what Take has at hand when it records the event.
type prepared struct {
	policy *policy.Policy
	path   string // staged file
	staged sheet.Staged
}

// Handler gives the handler of Ingested. It keeps the policies that it has read.
func Handler() books.Handler {
	known := map[int64]*policy.Policy{}
	return func(ctx context.Context, tx *warehouse.Tx, e books.Entry) error {
		var d Decision
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return fmt.Errorf("read the ingest event: %w", err)
		}
		pre, ok := e.Prepared.(prepared)
		if !ok {
			p, err := policyAt(ctx, tx, known, d.Policy)
			if err != nil {
				return err
			}
			if pre, err = stageAgain(e, d, p); err != nil {
				return fmt.Errorf("stage %s again: %w", d.Name, err)
			}
			defer os.Remove(pre.path)
		}
		return take(ctx, tx, e, d, pre)
	}
}

func policyAt(ctx context.Context, tx *warehouse.Tx, known map[int64]*policy.Policy, seq int64) (*policy.Policy, error) {
	if p, ok := known[seq]; ok {
		return p, nil
	}
	p, err := policy.At(ctx, tx, seq)
	if err == nil {
		known[seq] = p
	}
	return p, err
}

// stageAgain reads the original from the ledger and stages it as the event says.
func stageAgain(e books.Entry, d Decision, p *policy.Policy) (pre prepared, err error) {
	original, err := e.Original(d.SHA256)
	if err != nil {
		return pre, err
	}
	defer func() { err = errors.Join(err, original.Close()) }()
	out, err := os.CreateTemp(e.Staging, "rows-*.csv")
	if err != nil {
		return pre, err
	}
	w := bufio.NewWriterSize(out, 1<<20)
	staged, err := stageOriginal(e.Staging, original, d, w)
	if err = errors.Join(err, w.Flush(), out.Close()); err != nil {
		return pre, errors.Join(err, os.Remove(out.Name()))
	}
	return prepared{p, out.Name(), staged}, nil
}

func stageOriginal(dir string, original io.Reader, d Decision, w io.Writer) (sheet.Staged, error) {
	if d.Format == sheet.CSV {
		return sheet.StageCSV(original, d.Dialect, d.HeaderRow, len(d.Columns), w)
	}
	copied, size, err := spool(dir, original)
	if err != nil {
		return sheet.Staged{}, err
	}
	defer os.Remove(copied.Name())
	defer copied.Close()
	book, err := sheet.OpenXLSX(copied, size)
	if err != nil {
		return sheet.Staged{}, err
	}
	return book.Stage(d.Sheet, d.HeaderRow, len(d.Columns), w)
}

// spool copies r into a file of its own, for formats that are not read from front to back.
func spool(dir string, r io.Reader) (*os.File, int64, error) {
	f, err := os.CreateTemp(dir, "original-*")
	if err != nil {
		return nil, 0, err
	}
	size, err := io.Copy(f, r)
	if err != nil {
		return nil, 0, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f, size, nil
}

// step is one generated statement and what it does.
type step struct{ name, text string }

// taking is one file on its way into the facts. Its rows stand in the relation stage: typed fields, _row and _until.
//
// The rows of a file that nobody has seen go straight into the fact table and what turns out faulty is taken out again; the rows of
// a file that repeats records of the books go into a temporary table first, and only what is new is filed. Both ways give
// the same facts; which one is taken only decides how much is written.
type taking struct {
	tx     *warehouse.Tx
	plan   plan
	seq    int64
	day    time.Time
	source string // the staged file as a table
	direct bool   // stage is a view of the fact table
	unique bool   // no two rows have the same key, as staging saw
	// good is the condition on stage s that a row passed all checks so far, fit that it is also a record of its own. They name only
	// what has been found: a clean file is filed without looking anything up.
	good, fit string
	hits      bool // some rows name a record that is in the books
}

// take types, checks and files the staged rows in the event's transaction.
func take(ctx context.Context, tx *warehouse.Tx, e books.Entry, d Decision, pre prepared) error {
	ds := pre.policy.Dataset(d.Dataset)
	if ds == nil {
		return fmt.Errorf("the policy has no dataset %q", d.Dataset)
	}
	day, err := time.Parse(time.DateOnly, d.Day)
	if err != nil {
		return fmt.Errorf("day of ingest: %w", err)
	}
	delimiter := ","
	if d.Format == sheet.CSV {
		delimiter = string(d.Dialect.Delimiter)
	}
	t := &taking{tx: tx, plan: newPlan(ds, d.Columns), seq: e.Seq, day: day,
		source: readStaged(pre.path, delimiter, len(d.Columns), pre.staged.Longest)}
	t.unique = pre.staged.Ascending && t.plan.keyedByFirst()
	if err := t.check(ctx); err != nil {
		return err
	}
	if err := t.quarantine(ctx, pre.staged.Bad); err != nil {
		return err
	}
	added, err := t.file(ctx)
	if err != nil {
		return err
	}
	return t.receipt(ctx, e, d, pre.staged, added)
}

func (t *taking) run(ctx context.Context, name, text string) (int64, error) {
	var args warehouse.Args
	s := warehouse.SQL(name+" "+t.plan.dataset.ID, text)
	for _, p := range s.Parameters() {
		if args == nil {
			args = warehouse.Args{}
		}
		switch p {
		case "seq":
			args[p] = t.seq
		case "day":
			args[p] = t.day
		case policy.ReportDay:
			args[p] = t.day
		}
	}
	return t.tx.Exec(ctx, s, args)
}
