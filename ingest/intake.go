package ingest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// Unit is one table found in a file: a CSV, or one sheet of a workbook, with the dataset it belongs to.
type Unit struct {
	Path string // as given by the user
	Decision
	dataset *policy.Dataset
	order   int // of the dataset in the policy
}

// Find looks at the files, and at the files in the folders, and says what they hold, in the order in which they should be taken
// in: the organisation first, as the policy lists its datasets, then by name. dataset names the dataset of all files; "" tells it
// from the headers. Files that cannot be taken in come back as errors, one each.
func Find(p *policy.Policy, paths []string, dataset string) ([]Unit, []error) {
	files, faults := expand(paths)
	var units []Unit
	for _, f := range files {
		found, err := look(p, f, dataset)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", f, err))
		}
		units = append(units, found...)
	}
	slices.SortStableFunc(units, func(a, b Unit) int { return a.order - b.order })
	return units, faults
}

// expand lists the files of the paths in order; of folders those directly in it, hidden ones and links that lead elsewhere left out.
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
		entries, err := os.ReadDir(p)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		for _, e := range entries {
			if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "~$") {
				files = append(files, filepath.Join(p, e.Name()))
			}
		}
	}
	return files, faults
}

// look recognises one file and finds its tables.
func look(p *policy.Policy, path, dataset string) ([]Unit, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	format, err := sheet.Recognise(head[:n], filepath.Base(path))
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	base := Unit{Path: path, Decision: Decision{Name: filepath.Base(path), Format: format, Size: info.Size()}}
	if format == sheet.CSV {
		return lookCSV(p, base, dataset)
	}
	return lookXLSX(p, base, f, dataset)
}

func lookCSV(p *policy.Policy, u Unit, dataset string) ([]Unit, error) {
	dialect, rows, err := sheet.DetectCSV(func() (io.ReadCloser, error) { return os.Open(u.Path) })
	if err != nil {
		return nil, err
	}
	u.Dialect = dialect
	if err := u.match(p, rows, dataset); err != nil {
		return nil, err
	}
	return []Unit{u}, nil
}

func lookXLSX(p *policy.Policy, base Unit, f *os.File, dataset string) ([]Unit, error) {
	book, err := sheet.OpenXLSX(f, base.Size)
	if err != nil {
		return nil, err
	}
	var units []Unit
	var others []string
	var first error
	for _, s := range book.Sheets() {
		rows, err := book.Head(s.Name)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			continue
		}
		u := base
		u.Sheet = s.Name
		u.Notices = append(u.Notices, book.Notices()...)
		if err := u.match(p, rows, dataset); err != nil {
			others = append(others, s.Name)
			if first == nil {
				first = err
			}
			continue
		}
		units = append(units, u)
	}
	if len(units) == 0 {
		if first == nil {
			first = refuse("file.empty", policy.Text{ZH: "工作簿没有数据。", EN: "The workbook holds no data."},
				policy.Text{ZH: "请导出有数据的工作表。", EN: "Export a sheet with data."})
		}
		return nil, first
	}
	if len(others) > 0 {
		names := strings.Join(others, ", ")
		units[0].Notices = append(units[0].Notices, policy.Text{ZH: "未导入的工作表：" + names, EN: "sheets not taken in: " + names})
	}
	return units, nil
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
	r := u.stage(b, o)
	return r.record(ctx, b, v, o)
}

// TakeAll takes units in one after the other, reading the next file while the one before is filed, and hands each outcome to each.
// It stops when ctx ends or when each returns an error, which it gives back.
func TakeAll(ctx context.Context, b *books.Books, v policy.Version, units []Unit, o Options,
	each func(f File, already bool, err error) error) error {
	ctx, stop := context.WithCancel(ctx)
	ahead := make(chan ready)
	go func() {
		defer close(ahead)
		for _, u := range units {
			if ctx.Err() != nil {
				return
			}
			ahead <- u.stage(b, o)
		}
	}()
	defer func() {
		stop()
		for r := range ahead {
			r.drop()
		}
	}()
	for r := range ahead {
		f, already, err := r.record(ctx, b, v, o)
		if err := each(f, already, err); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// ready is a unit whose original is kept and whose rows are staged, or why that failed.
type ready struct {
	unit     Unit
	pre      prepared
	original ledger.Original
	err      error
}

func (r ready) drop() {
	if r.pre.path != "" {
		os.Remove(r.pre.path)
	}
}

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
	pre.policy = v.Policy
	if !o.Again {
		f, already, err = earlier(ctx, b, r.original.SHA256, u.Sheet, u.Dataset)
		if err != nil || already {
			return f, already, err
		}
	}
	d := u.Decision
	d.SHA256, d.Size, d.Policy, d.Day = r.original.SHA256, r.original.Size, v.Seq, o.Day.Format(time.DateOnly)
	if pre.staged.Hidden > 0 {
		d.Notices = append(d.Notices, policy.Text{ZH: fmt.Sprintf("含 %d 个隐藏行，已一并导入", pre.staged.Hidden),
			EN: fmt.Sprintf("%d hidden rows were taken in too", pre.staged.Hidden)})
	}
	ev, err := b.Record(ctx, Ingested, o.Actor, d, pre)
	if err != nil {
		return fail(err)
	}
	f, err = fileAt(ctx, b, ev.Seq)
	return f, false, err
}

func (u Unit) label() string {
	if u.Sheet != "" {
		return u.Path + " [" + u.Sheet + "]"
	}
	return u.Path
}

// stage copies the original to the ledger and stages its rows in the same pass. A file without rows is not kept.
func (u Unit) stage(b *books.Books, o Options) ready {
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
	keep, err := b.Ledger().NewOriginal()
	if err != nil {
		return fail(err)
	}
	defer keep.Abort()
	out, err := os.CreateTemp(b.Staging(), "rows-*.csv")
	if err != nil {
		return fail(err)
	}
	r.pre.path = out.Name()
	w := bufio.NewWriterSize(out, 1<<20)
	whole := io.TeeReader(counted(in, o.Progress), keep)
	r.pre.staged, err = stageOriginal(b.Staging(), whole, u.Decision, w)
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
	if r.original, err = keep.Commit(); err != nil {
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

// Files gives the receipts of all files known at ledger sequence asOf.
func Files(ctx context.Context, b *books.Books, asOf int64) ([]File, error) {
	return receipts(ctx, b, statements.Get("files"), warehouse.Args{"as_of": asOf})
}

func earlier(ctx context.Context, b *books.Books, sha256, sheet, dataset string) (File, bool, error) {
	found, err := receipts(ctx, b, statements.Get("same_file"), warehouse.Args{"sha256": sha256, "sheet": sheet, "dataset": dataset})
	if err != nil || len(found) == 0 {
		return File{}, false, err
	}
	return found[0], true, nil
}

func fileAt(ctx context.Context, b *books.Books, seq int64) (File, error) {
	files, err := Files(ctx, b, seq)
	if err != nil {
		return File{}, err
	}
	return files[len(files)-1], nil
}

func receipts(ctx context.Context, b *books.Books, s warehouse.Statement, args warehouse.Args) (files []File, err error) {
	err = b.View(ctx, func(tx *warehouse.Tx) error {
		return tx.Each(ctx, s, args, func(scan func(...any) error) error {
			var f File
			var decided string
			err := scan(&f.Seq, &f.At, &f.Actor, &decided, &f.RowsIn, &f.New, &f.Corrected, &f.Unchanged, &f.Duplicates, &f.Quarantined)
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
	})
	return files, err
}

func (f *File) describe(d Decision) {
	f.Name, f.SHA256, f.Dataset, f.Sheet, f.Format = d.Name, d.SHA256, d.Dataset, d.Sheet, string(d.Format)
	f.HeaderRow, f.Notices = d.HeaderRow, d.Notices
	if d.Format == sheet.CSV {
		f.Encoding, f.Delimiter = d.Dialect.Encoding, string(d.Dialect.Delimiter)
	}
	f.header = d.Header
}
