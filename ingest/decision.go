package ingest

import (
	"bufio"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
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
	var list []warehouse.Statement
	for _, name := range []string{"create_schema", "create_files", "create_rejected_rows", "create_problems", "create_settled",
		"create_excluded", "create_repeats", "create_retired", "create_restored"} {
		list = append(list, statements.Get(name))
	}
	return list
}

// The kinds of event of this room.
const (
	Ingested  = "file.ingested"     // a Decision: a table of a file comes in
	Released  = "rows.released"     // a Decision with Origin and Rows: rows that waited in quarantine come in
	Withdrawn = "file.withdrawn"    // a Withdrawal
	Dismissed = "rejects.dismissed" // a Dismissal
)

// Handlers gives the handlers of these events. Those that read files keep the policies and mappings that they have read.
func Handlers() map[string]books.Handler {
	k := &known{policies: map[int64]*policy.Policy{}, mappings: map[string]*policy.Mapping{}}
	return map[string]books.Handler{Ingested: k.ingested, Released: k.released, Withdrawn: k.withdrawn, Dismissed: dismissed}
}

// Decision is what an ingest event holds: the original's hash and everything that was decided about reading it.
type Decision struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	sheet.Reading
	HeaderRow int64             `json:"header_row"`
	Header    []string          `json:"header"` // as in the file
	Dataset   string            `json:"dataset"`
	Columns   []string          `json:"columns,omitempty"` // without a mapping: the dataset's column per header cell, "" for none
	Mapping   *policy.File      `json:"mapping,omitempty"` // the mapping as it was
	Set       map[string]string `json:"set,omitempty"`     // values declared for columns (with a mapping: headers) that the file lacks
	Order     policy.DateOrder  `json:"order,omitempty"`   // declared for dates of which the text leaves it open
	// Proven is the order of day and month, by column, that only the whole of a file proves: rows of it that come in later by
	// themselves are read alike.
	Proven   map[string]policy.DateOrder `json:"proven,omitempty"`
	Snapshot bool                        `json:"snapshot,omitempty"`
	Policy   int64                       `json:"policy"` // sequence of the policy that says what the dataset is
	Day      string                      `json:"day"`    // the day of ingest in the company's zone; later days are the future
	Notices  []policy.Text               `json:"notices,omitempty"`

	// Corrects is the event whose quarantined rows this sheet corrects; 0: none. The sheet's first cells are then Lead columns of
	// ours, the first of them with the id of the row; Header and Columns are those of the file it came from.
	Corrects int64 `json:"corrects,omitempty"`
	// Origin is the event from whose quarantine Rows are released.
	Origin int64   `json:"origin,omitempty"`
	Rows   []int64 `json:"rows,omitempty"`
}

// prepared is what Take has at hand when it records the event.
type prepared struct {
	path   string // staged file
	staged sheet.Staged
}

// known keeps what handlers have read. Books apply one event at a time.
type known struct {
	policies map[int64]*policy.Policy
	mappings map[string]*policy.Mapping
}

func (k *known) policy(ctx context.Context, tx *warehouse.Tx, seq int64) (*policy.Policy, error) {
	if p := k.policies[seq]; p != nil {
		return p, nil
	}
	p, err := policy.At(ctx, tx, seq)
	if err == nil {
		k.policies[seq] = p
	}
	return p, err
}

// mapping checks the mapping of an event again, with a database of its own.
func (k *known) mapping(ctx context.Context, p *policy.Policy, d Decision) (m *policy.Mapping, err error) {
	if d.Mapping == nil {
		return nil, nil
	}
	key := fmt.Sprintf("%d %s\n%s", d.Policy, d.Mapping.Name, d.Mapping.Text)
	if m := k.mappings[key]; m != nil {
		return m, nil
	}
	db, err := warehouse.Open(ctx, "", warehouse.Options{Memory: "256MiB", Threads: 1})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	m, err = policy.CheckMapping(ctx, db, p, *d.Mapping)
	if err == nil {
		k.mappings[key] = m
	}
	return m, err
}

// ingested takes a table of a file in.
func (k *known) ingested(ctx context.Context, tx *warehouse.Tx, e books.Entry) error {
	var d Decision
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("read the ingest event: %w", err)
	}
	pre, ok := e.Prepared.(prepared)
	if !ok {
		var err error
		if pre, err = stageAgain(ctx, e, d); err != nil {
			return err
		}
		defer os.Remove(pre.path)
	}
	t, err := k.taking(ctx, tx, e, d)
	if err != nil {
		return err
	}
	t.staged = pre.staged
	t.read = func(types map[int]string) string {
		return readStaged(pre.path, string(d.Reading.Delimiter()), d.width(), pre.staged.Longest, types)
	}
	t.rel = t.read(nil)
	return t.take(ctx)
}

// width is the number of cells of a staged row.
func (d Decision) width() int {
	if d.Corrects > 0 {
		return len(d.Header) + Lead
	}
	return len(d.Header)
}

// stageAgain stages the original of a replayed event, as the event says.
func stageAgain(ctx context.Context, e books.Entry, d Decision) (pre prepared, err error) {
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
	staged, err := d.Reading.Stage(ctx, e.Staging, original, d.HeaderRow, d.width(), w)
	if err = errors.Join(err, w.Flush(), out.Close()); err != nil {
		return pre, errors.Join(err, os.Remove(out.Name()))
	}
	return prepared{out.Name(), staged}, nil
}

// taking gathers what the event says.
func (k *known) taking(ctx context.Context, tx *warehouse.Tx, e books.Entry, d Decision) (*taking, error) {
	p, err := k.policy(ctx, tx, d.Policy)
	if err != nil {
		return nil, err
	}
	ds := p.Dataset(d.Dataset)
	if ds == nil {
		return nil, fmt.Errorf("the policy has no dataset %q", d.Dataset)
	}
	m, err := k.mapping(ctx, p, d)
	if err != nil {
		return nil, fmt.Errorf("mapping %s: %w", d.Mapping.Name, err)
	}
	day, err := time.Parse(time.DateOnly, d.Day)
	if err != nil {
		return nil, fmt.Errorf("day of ingest: %w", err)
	}
	return &taking{tx: tx, entry: e, decision: d, policy: p, mapping: m, plan: newPlan(ds, m, d, p.Company), seq: e.Seq, day: day, parts: 1,
		proven: maps.Clone(d.Proven)}, nil
}

// step is one generated statement and what it does.
type step struct{ name, text string }

// taking is one file on its way into the facts. Its rows stand in the view stage: typed fields, _row and _until.
//
// The rows of a file that nobody has seen go straight into the fact table and what turns out faulty is taken out again; the rows of
// a file that repeats records of the books go into a temporary table first, and only what is new is filed. Both ways give
// the same facts; which one is taken only decides how much is written.
type taking struct {
	tx       *warehouse.Tx
	entry    books.Entry
	decision Decision
	policy   *policy.Policy
	mapping  *policy.Mapping // nil: the columns are matched by their headers
	plan     plan
	seq      int64
	day      time.Time
	staged   sheet.Staged

	read    func(types map[int]string) string // the staged file as a relation, some cells as values; nil for a release
	rel     string                            // the staged file as a relation: _r, _c0, _c1 …
	made    bool                              // rel is the temporary table source, which holds the texts of the fields too
	parts   int64                             // records per physical row, 1 but for wide tables; a record's row number is physical row × parts + its place
	rowsIn  int64
	home    string // the table that the rows lie in, of which stage is a view: the fact table, or the temporary table staged
	direct  bool   // home is the fact table
	unique  bool   // no two rows have the same key, as staging saw
	set     bool   // the table raw is there
	fresh   bool   // the table fresh is there
	notices []policy.Text
	proven  map[string]policy.DateOrder // by column
	// good is the condition on stage s that a row passed all checks so far, fit that it is also a record of its own. They name only
	// what has been found: a clean file is filed without looking anything up.
	good, fit string
	hits      bool // some rows name a record that is in the books
	retired   int64
}

// take types, checks and files the staged rows in the event's transaction.
func (t *taking) take(ctx context.Context) error {
	t.unique = t.staged.Ascending && t.plan.keyedByFirst() && t.decision.Corrects == 0
	if err := t.check(ctx); err != nil {
		return err
	}
	if err := t.quarantine(ctx); err != nil {
		return err
	}
	added, err := t.file(ctx)
	if err != nil {
		return err
	}
	if err := t.settle(ctx); err != nil {
		return err
	}
	if err := t.tellGaps(ctx); err != nil {
		return err
	}
	return t.receipt(ctx, added)
}

func (t *taking) run(ctx context.Context, name, text string) (int64, error) {
	s := warehouse.SQL(name+" "+t.plan.dataset.ID, text)
	return t.tx.Exec(ctx, s, t.args(s))
}

// args gives a generated statement what it asks for.
func (t *taking) args(s warehouse.Statement) warehouse.Args {
	var args warehouse.Args
	for _, p := range s.Parameters() {
		if args == nil {
			args = warehouse.Args{}
		}
		switch p {
		case "seq":
			args[p] = t.seq
		case "day", policy.ReportDay:
			args[p] = t.day
		}
	}
	return args
}

// any reports whether the query gives a row.
func (t *taking) any(ctx context.Context, query string) (bool, error) {
	s := warehouse.SQL("found in "+t.plan.dataset.ID, "SELECT EXISTS ("+query+")")
	return warehouse.One[bool](ctx, t.tx, s, t.args(s))
}

// notice tells the reader of the receipt something that only the rows show.
func (t *taking) notice(zh, en string) {
	if n := (policy.Text{ZH: zh, EN: en}); !slices.Contains(t.notices, n) {
		t.notices = append(t.notices, n)
	}
}
