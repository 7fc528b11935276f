package ingest

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"plumbline/ingest/sheet"
	"plumbline/internal/books"
	"plumbline/internal/ledger"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// Unit is one table found in a file with the dataset it belongs to.
type Unit struct {
	Path string // as given by the user
	Decision
	dataset *policy.Dataset
	order   int // of the dataset in the policy
}

// How says what the user declared about the files. The zero value tells everything from them.
type How struct {
	Dataset  string            // of all files; "" is told from the headers
	Mapping  string            // the mapping for all files; "" is told from the headers
	Mappings []*policy.Mapping // those there are
	Set      map[string]string // values for columns, or headers of the mapping, that the files lack
	Order    policy.DateOrder  // of dates that leave it open
	Snapshot bool              // the files tell of all records there are
	Hints    sheet.Hints
}

// Find looks at the files, and at the files in the folders, and says what they hold, in the order in which they should be taken
// in: the organisation first, as the policy lists its datasets, then by name. Files that cannot be taken in come back as errors,
// one each.
func Find(ctx context.Context, b *books.Books, p *policy.Policy, paths []string, how How) ([]Unit, []error) {
	m, err := newMatcher(p, how)
	if err != nil {
		return nil, []error{err}
	}
	files, faults := expand(paths)
	var units []Unit
	for _, f := range files {
		if ctx.Err() != nil {
			return units, append(faults, ctx.Err())
		}
		found, wrong := m.look(ctx, b, f)
		for _, err := range wrong {
			faults = append(faults, fmt.Errorf("%s: %w", f, err))
		}
		units = append(units, found...)
	}
	slices.SortStableFunc(units, func(a, b Unit) int { return a.order - b.order })
	return units, faults
}

// maxDepth bounds how deep folders are searched, which no one nests on purpose.
const maxDepth = 8

// expand lists the files of the paths in order; of folders all below them, but for hidden ones. Links in a folder are not followed:
// they may lead anywhere.
func expand(paths []string) (files []string, faults []error) {
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: cannot be read; check the name (读不到，请核对文件名): %w", p, errors.Unwrap(err)))
			continue
		}
		if !info.IsDir() {
			files = append(files, p)
			continue
		}
		found, wrong := expandFolder(p, 0)
		files, faults = append(files, found...), append(faults, wrong...)
	}
	return files, faults
}

func expandFolder(dir string, depth int) (files []string, faults []error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, []error{err}
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), "~$"):
		case e.Type().IsRegular():
			files = append(files, path)
		case e.IsDir() && depth < maxDepth:
			found, wrong := expandFolder(path, depth+1)
			files, faults = append(files, found...), append(faults, wrong...)
		default:
			faults = append(faults, fmt.Errorf("%s: %w", path, refuse("file.link", policy.Text{
				ZH: "不是普通文件（链接、设备或过深的目录），未读取。", EN: "This is no plain file (a link, a device or a folder nested too deep) and was not read."},
				policy.Text{ZH: "请把文件本身放进目录。", EN: "Put the file itself into the folder."})))
		}
	}
	return files, faults
}

// look finds the tables of one file. A mapping that declares how its files are written has them read that way.
func (m *matcher) look(ctx context.Context, b *books.Books, path string) (units []Unit, faults []error) {
	units, faults = m.lookAs(ctx, b, path, m.how.Hints)
	for _, u := range units {
		want, had := m.hints(u), u.Dialect
		if u.Format == sheet.CSV && (want.Encoding != "" && want.Encoding != had.Encoding || want.Delimiter != 0 && want.Delimiter != had.Delimiter) {
			return m.lookAs(ctx, b, path, want)
		}
	}
	return units, faults
}

// hints gives what the user, or else the unit's mapping, declares.
func (m *matcher) hints(u Unit) sheet.Hints {
	h := m.how.Hints
	for _, c := range m.mappings {
		if u.Mapping != nil && u.Mapping.Name == c.File.Name {
			if h.Encoding == "" {
				h.Encoding = c.Encoding
			}
			if h.Delimiter == 0 {
				h.Delimiter = c.Delimiter
			}
		}
	}
	return h
}

func (m *matcher) lookAs(ctx context.Context, b *books.Books, path string, hints sheet.Hints) (units []Unit, faults []error) {
	tables, faults := sheet.Tables(ctx, path, b.Staging(), hints)
	info, err := os.Stat(path)
	if err != nil {
		return nil, []error{err}
	}
	var others []string
	var refusals []error
	for _, t := range tables {
		u := Unit{Path: path, Decision: Decision{Name: filepath.Base(path), Size: info.Size(), Reading: t.Reading, Notices: t.Notices,
			Order: m.how.Order, Snapshot: m.how.Snapshot}}
		if len(t.Head) == 0 {
			continue
		}
		err := m.match(ctx, b, &u, t.Head)
		switch {
		case err == nil:
			units = append(units, u)
		case t.Sheet != "": // a workbook may hold sheets that are no data
			others, refusals = append(others, t.Sheet), append(refusals, err)
		case t.Member != "":
			faults = append(faults, fmt.Errorf("%s: %w", t.Member, err))
		default:
			faults = append(faults, err)
		}
	}
	if len(others) > 0 && len(units) > 0 {
		names := strings.Join(others, ", ")
		units[0].Notices = append(units[0].Notices, policy.Text{ZH: "未导入的工作表：" + names, EN: "sheets not taken in: " + names})
	} else if len(others) > 0 {
		faults = append(faults, telling(refusals))
	}
	return units, faults
}

// telling picks the refusal of a workbook that says most: that of a sheet of corrections before that of a sheet without a header.
func telling(refusals []error) error {
	for _, err := range refusals {
		if r, ok := errors.AsType[*sheet.RefusedError](err); ok && r.Rule != "file.no_header" {
			return err
		}
	}
	return refusals[0]
}

func refuse(rule string, say, cure policy.Text) *sheet.RefusedError {
	return &sheet.RefusedError{Rule: rule, Say: say, Cure: cure}
}

// Options say who takes files in and when.
type Options struct {
	Actor string
	Day   time.Time // today in the company's zone
	Again bool      // take a file in although the same bytes came in before
	// Progress is told how many bytes of the file have been read; nil: nobody.
	Progress func(done, total int64)
}

// Take takes one unit in: the original to the ledger, its rows to the facts or into quarantine. already reports that the same
// bytes came in before; then nothing happens and the earlier receipt is returned.
func (u Unit) Take(ctx context.Context, b *books.Books, v policy.Version, o Options) (f File, already bool, err error) {
	r := u.stage(ctx, b, o, true)
	return r.record(ctx, b, v, o)
}

// TakeAll takes units in one after the other, reading the next file while the one before is filed, and hands each outcome to each.
// When people or departments came in, the rows that waited for them follow, with receipts of their own. It stops when ctx ends or
// when each returns an error, which it gives back.
func TakeAll(ctx context.Context, b *books.Books, v policy.Version, units []Unit, o Options,
	each func(f File, already bool, err error) error) error {
	ctx, stop := context.WithCancel(ctx)
	ahead := make(chan ready, 2) // parts of filing use one core only
	go func() {
		defer close(ahead)
		for _, u := range units {
			if ctx.Err() != nil {
				return
			}
			ahead <- u.stage(ctx, b, o, true)
		}
	}()
	defer func() {
		stop()
		for r := range ahead {
			r.drop()
		}
	}()
	awaited := false
	for r := range ahead {
		f, already, err := r.record(ctx, b, v, o)
		awaited = awaited || err == nil && slices.Contains(organisation, f.Dataset) // known ones too: an ingest may have ended before its releases
		if err := each(f, already, err); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil || !awaited {
		return err
	}
	released, err := Release(ctx, b, v, o)
	for _, f := range released {
		if err := each(f, false, nil); err != nil {
			return err
		}
	}
	return err
}

// organisation are the datasets for whose records others may wait.
var organisation = []string{policy.Departments, policy.Employees, policy.Memberships, policy.Accounts}

// ready is a unit whose original is kept and whose rows are staged, or why that failed.
type ready struct {
	unit     Unit
	pre      prepared
	original ledger.Original
	err      error
}

func (r ready) drop() { stale(r.pre.path) }

// record writes the unit into the books.
func (r ready) record(ctx context.Context, b *books.Books, v policy.Version, o Options) (f File, already bool, err error) {
	defer r.drop()
	u, pre := r.unit, r.pre
	fail := func(err error) (File, bool, error) {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return File{}, false, fmt.Errorf("%s: %w", u.label(), err)
	}
	if r.err != nil {
		return fail(r.err)
	}
	if !o.Again {
		f, already, err = earlier(ctx, b, u.Decision, r.original.SHA256)
		if err != nil || already {
			return f, already, err
		}
	}
	ev, err := b.Record(ctx, Ingested, o.Actor, r.decision(v, o), pre)
	if err != nil {
		return fail(err)
	}
	f, err = fileAt(ctx, b, ev.Seq)
	return f, false, err
}

// decision completes what was decided about the unit.
func (r ready) decision(v policy.Version, o Options) Decision {
	d := r.unit.Decision
	d.SHA256, d.Size, d.Policy, d.Day = r.original.SHA256, r.original.Size, v.Seq, o.Day.Format(time.DateOnly)
	if n := r.pre.staged.BareQuotes; n > 0 {
		d.Notices = append(slices.Clone(d.Notices), policy.Text{ZH: fmt.Sprintf("%d 行的单元格中间有引号，已照原样读取", n),
			EN: fmt.Sprintf("%d rows hold a quote inside a cell that is not quoted; it was taken as it stands", n)})
	}
	return d
}

func (u Unit) label() string {
	if part := u.part(); part != "" {
		return u.Path + " [" + part + "]"
	}
	return u.Path
}

// stage copies the original to the ledger, or with keep false only sums it, and stages its rows in the same pass. A file without
// rows is not kept.
func (u Unit) stage(ctx context.Context, b *books.Books, o Options, keep bool) ready {
	r := ready{unit: u}
	fail := func(err error) ready {
		r.drop()
		return ready{unit: u, err: err}
	}
	in, err := os.Open(u.Path)
	if err != nil {
		return fail(err)
	}
	defer in.Close()
	original, err := b.Ledger().NewOriginal()
	if err != nil {
		return fail(err)
	}
	defer original.Abort()
	out, err := os.CreateTemp(b.Staging(), "rows-*.csv")
	if err != nil {
		return fail(err)
	}
	r.pre.path = out.Name()
	w := bufio.NewWriterSize(out, 1<<20)
	sum := sha256.New()
	var copied io.Writer = original
	if !keep {
		copied = sum
	}
	whole := io.TeeReader(counted(in, o.Progress), copied)
	r.pre.staged, err = u.Reading.Stage(ctx, b.Staging(), whole, u.HeaderRow, u.width(), w)
	if err == nil {
		_, err = io.Copy(io.Discard, whole) // whatever stands behind the last row belongs to the original too
	}
	if err = errors.Join(err, w.Flush(), out.Close()); err != nil {
		return fail(err)
	}
	if r.pre.staged.Rows == 0 {
		return fail(refuse("file.no_rows", policy.Text{ZH: "表头之下没有数据行。", EN: "There are no data rows below the header."},
			policy.Text{ZH: "请确认导出时选中了数据。", EN: "Check what was selected for the export."}))
	}
	if !keep {
		r.original = ledger.Original{SHA256: hex.EncodeToString(sum.Sum(nil)), Size: u.Size}
		return r
	}
	if r.original, err = original.Commit(); err != nil {
		return fail(err)
	}
	return r
}

// counted tells progress while r is read.
func counted(f *os.File, progress func(done, total int64)) io.Reader {
	info, err := f.Stat()
	if progress == nil || err != nil {
		return f
	}
	return &counter{f, progress, 0, info.Size()}
}

type counter struct {
	io.Reader
	progress    func(done, total int64)
	done, total int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.done += int64(n)
	c.progress(c.done, c.total)
	return n, err
}

// Files gives the receipts of all files known at ledger sequence asOf, those taken back included.
func Files(ctx context.Context, b *books.Books, asOf int64) (files []File, err error) {
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		files, err = receipts(ctx, tx, asOf)
		return err
	})
	return files, err
}

// earlier gives the receipt of the same table of the same bytes, when it came in before, read in the same way, and stands.
func earlier(ctx context.Context, b *books.Books, d Decision, sha256 string) (f File, already bool, err error) {
	var seq int64
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		seq, err = warehouse.One[int64](ctx, tx, statements.Get("same_file"), warehouse.Args{"sha256": sha256, "part": d.part(), "dataset": d.Dataset})
		return err
	})
	if err != nil || seq == 0 {
		return f, false, err
	}
	then, err := decisionOf(ctx, b, seq)
	if err != nil || !d.readsLike(then) {
		return f, false, err
	}
	f, err = fileAt(ctx, b, seq)
	return f, err == nil, err
}

// readsLike reports whether a file is read as it was then: what a user declares anew is an answer to what was asked.
func (d Decision) readsLike(then Decision) bool {
	mapped := (d.Mapping == nil) == (then.Mapping == nil) && (d.Mapping == nil || *d.Mapping == *then.Mapping)
	return mapped && d.Order == then.Order && d.Snapshot == then.Snapshot && d.Dialect == then.Dialect && d.HeaderRow == then.HeaderRow &&
		maps.Equal(d.Set, then.Set) && slices.Equal(d.Columns, then.Columns)
}

func fileAt(ctx context.Context, b *books.Books, seq int64) (File, error) {
	files, err := Files(ctx, b, seq)
	if err != nil {
		return File{}, err
	}
	return files[len(files)-1], nil
}

func receipts(ctx context.Context, tx *warehouse.Tx, asOf int64) (files []File, err error) {
	err = tx.Each(ctx, statements.Get("files"), warehouse.Args{"as_of": asOf}, func(scan func(...any) error) error {
		var f File
		var decided string
		err := scan(&f.Seq, &f.At, &f.Actor, &decided, &f.RowsIn, &f.New, &f.Corrected, &f.Unchanged, &f.Duplicates, &f.Quarantined, &f.Excluded, &f.Retired,
			&f.Origin, &f.parts, &f.Withdrawn, &f.Waiting)
		if err != nil {
			return err
		}
		f.Accepted = f.New + f.Corrected + f.Unchanged + f.Duplicates
		var d Decision
		if err := json.Unmarshal([]byte(decided), &d); err != nil {
			return err
		}
		f.describe(d)
		files = append(files, f)
		return nil
	})
	return files, err
}

func (f *File) describe(d Decision) {
	f.Name, f.SHA256, f.Dataset, f.Member, f.Sheet, f.Format = d.Name, d.SHA256, d.Dataset, d.Member, d.Sheet, string(d.Format)
	f.HeaderRow, f.Notices, f.Corrects, f.Size = d.HeaderRow, d.Notices, d.Corrects, d.Size
	if d.Format == sheet.CSV {
		f.Encoding, f.Delimiter = d.Dialect.Encoding, string(d.Dialect.Delimiter)
	}
	if d.Mapping != nil {
		f.Mapping = strings.TrimSuffix(d.Mapping.Name, ".yaml")
	}
	if d.Corrects > 0 && f.Origin == 0 {
		f.lead = Lead
	}
	f.header, f.columns = d.Header, d.Columns
}
