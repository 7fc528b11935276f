package sheet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"plumbline/policy"
)

// Packing is what a file is packed in.
type Packing string

// The packings; "" is none.
const (
	Gzip Packing = "gzip"
	Zstd Packing = "zstd"
	Zip  Packing = "zip" // an archive of files, not a workbook
)

// Edition is the newest edition of the rules.
//
//   - 1: A tab at the ends of a cell without quotes is none of it; neither are zero-width characters, of a CSV. Numbers count with the currency or unit that they are
//     shown with. Hours with six decimals or more may be whole seconds. Ticks and crosses of all forms are yes and no. Notes below a table are left out. Numbers
//     that differ by zeros are asked about.
//   - 2: Where a correction is set aside, the record that stays in its place counts towards the limits of the other rows. 1.23456789E8 is a number. Quotes and commas
//     at the ends of an id, and .0 behind its digits, are asked about. People are looked up as they are written first. What the user says of the order of dates goes
//     before the mapping, and a column may refute either. Amounts in another currency, as a column says, are set aside. A total may agree with the good rows alone.
//     The name of a report above its imprint is a note.
const Edition = 2

// Reading says how one table of a file is read. It is kept in the ledger, so that the same bytes give the same rows again.
type Reading struct {
	// Edition is that of the rules by which bytes become cells and cells values: Edition where a file is read for the first time, and what it was then when its
	// event is replayed, so that a later program reads it alike. Events from before there were editions have none.
	Edition int      `json:"edition,omitempty"`
	Packing Packing  `json:"packing,omitempty"`
	Member  string   `json:"member,omitempty"` // file inside a zip archive
	Format  Format   `json:"format"`
	Dialect Dialect  `json:"dialect"`          // CSV; of JSON and NDJSON encoding and byte order mark
	Sheet   string   `json:"sheet"`            // XLSX; of a JSON object the member that holds the records
	Within  []string `json:"within,omitempty"` // JSON: the members of the outermost object, and of one another, in which Sheet lies
	Fields  []string `json:"fields,omitempty"` // JSON, NDJSON, Parquet, Arrow: names in the order of the cells
}

// Table is a table found in a file, with its first rows (at most 30), for finding the header. Of the formats with Fields the
// first row has the number 0 and the fields as its cells.
type Table struct {
	Reading
	Head    []Row
	Notices []policy.Text
}

// Hints are what the user declares; zero values are told from the content.
type Hints struct {
	Encoding  string // one of the encodings of a Dialect; it is used even if the content looks different
	Delimiter byte   // of CSV: a printable ASCII character or TAB; no blank, quote, letter or digit
}

// check refuses hints that nothing could be read by.
func (h Hints) check() error {
	if h.Encoding != "" && !known(h.Encoding) {
		return fmt.Errorf("read table: encoding %q is none of %s", h.Encoding, strings.Join(encodings, ", "))
	}
	if h.Delimiter != 0 && !delimits(h.Delimiter) {
		return fmt.Errorf("read table: %q cannot be a delimiter", h.Delimiter)
	}
	return nil
}

// Delimiter gives the byte between the cells of the staging lines.
func (r Reading) Delimiter() byte {
	if r.Format == CSV {
		return r.Dialect.Delimiter
	}
	return ','
}

// Tables looks at a file; faults are one per table or archive member that cannot be read (each names the member). scratch is a
// directory for temporary files, which are gone when Tables returns. Faults of the content are *RefusedError.
func Tables(ctx context.Context, path, scratch string, h Hints) (tables []Table, faults []error) {
	if err := h.check(); err != nil {
		return nil, []error{err}
	}
	c := content{ctx: ctx, scratch: scratch, path: path, open: func() (io.ReadCloser, error) { return openFile(ctx, path) }}
	head, err := c.head()
	if err != nil {
		return nil, []error{err}
	}
	if packing := packingOf(head); packing == Gzip || packing == Zstd {
		c = c.unpack(packing)
	} else if packing == Zip {
		_, no := recogniseZip(head)
		tables, faults, archive := archiveTables(c, h, no == nil)
		if archive {
			return tables, faults
		}
	}
	tables, err = c.tables(h)
	if err != nil {
		faults = []error{err}
	}
	return tables, faults
}

// Stage reads the table anew from the original bytes and writes staging lines, as StageCSV describes. headerRow 0: there is no header row (formats with Fields).
// CSV, JSON and NDJSON, packed or not, are read from front to back; other formats and zip archives are copied to scratch first.
// It may stop reading before the end of original, but not before the end of the table and its checksums.
func (r Reading) Stage(ctx context.Context, scratch string, original io.Reader, headerRow int64, width int, w io.Writer) (Staged, error) {
	if r.Format != CSV && r.Format != XLSX && (headerRow != 0 || width != len(r.Fields) || width == 0) {
		return Staged{}, fmt.Errorf("stage %s: header row %d of %d columns does not suit %d fields", r.Format, headerRow, width, len(r.Fields))
	}
	body, err := r.unpacked(ctx, scratch, original)
	if err != nil {
		return Staged{}, err
	}
	defer body.Close()
	switch r.Format {
	case CSV:
		d := r.Dialect
		d.old = r.Edition == 0
		return StageCSV(body, d, headerRow, width, w)
	case JSON:
		return stageJSON(body, r, w)
	case NDJSON:
		return stageNDJSON(body, r, w)
	}
	f, size, err := spool(scratch, body, spoolLimit(r.Format))
	if err != nil {
		return Staged{}, err
	}
	defer f.Close()
	switch r.Format {
	case XLSX:
		book, err := OpenXLSX(f, size)
		if err != nil {
			return Staged{}, err
		}
		if r.Edition == 0 {
			book.bareNumbers()
		}
		return book.Stage(r.Sheet, headerRow, width, w)
	case Parquet, Arrow:
		return stageColumnar(ctx, f, r, w)
	}
	return Staged{}, fmt.Errorf("stage table: format %q is not known", r.Format)
}

// unpacked gives the bytes of the table's file without its packing.
func (r Reading) unpacked(ctx context.Context, scratch string, original io.Reader) (io.ReadCloser, error) {
	original = &contextReader{ctx, original}
	switch r.Packing {
	case "":
		return io.NopCloser(original), nil
	case Gzip, Zstd:
		return unpack(original, r.Packing)
	case Zip:
		f, size, err := spool(scratch, original, 0)
		if err != nil {
			return nil, err
		}
		body, err := openMember(f, size, r.Member)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return &both{body, f}, nil
	}
	return nil, fmt.Errorf("stage table: packing %q is not known", r.Packing)
}

// content is one file, without its packing, that can be read from its first byte again and again.
type content struct {
	ctx     context.Context
	scratch string
	packing Packing
	member  string
	path    string // where it lies, "" = in a packing
	open    func() (io.ReadCloser, error)
}

// head gives the first 64 KiB.
func (c content) head() ([]byte, error) {
	f, err := c.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return head[:n], nil
}

// unpack gives what lies in a packing of one file.
func (c content) unpack(p Packing) content {
	outer := c.open
	c.packing, c.path = p, ""
	c.open = func() (io.ReadCloser, error) {
		f, err := outer()
		if err != nil {
			return nil, err
		}
		body, err := unpack(f, p)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return &both{body, f}, nil
	}
	return c
}

// file gives the content as a file of its own and its size.
func (c content) file(most int64) (*os.File, int64, error) {
	if c.path != "" {
		f, err := os.Open(c.path)
		if err != nil {
			return nil, 0, fmt.Errorf("open table: %w", err)
		}
		info, err := f.Stat()
		if err != nil {
			return nil, 0, errors.Join(err, f.Close())
		}
		return f, info.Size(), nil
	}
	body, err := c.open()
	if err != nil {
		return nil, 0, err
	}
	defer body.Close()
	return spool(c.scratch, body, most)
}

// tables finds the tables of the content.
func (c content) tables(h Hints) ([]Table, error) {
	head, err := c.head()
	if err != nil {
		return nil, err
	}
	format, err := recognise(head, h.Encoding)
	if err != nil {
		return nil, err
	}
	base := Table{Reading: Reading{Edition: Edition, Packing: c.packing, Member: c.member, Format: format}}
	switch format {
	case XLSX:
		return c.workbook(base)
	case Parquet, Arrow:
		return c.columnar(base)
	case JSON, NDJSON:
		return c.json(base, h)
	}
	base.Dialect, base.Head, err = detectCSV(c.open, h)
	if err != nil {
		return nil, err
	}
	if base.Dialect.Guarded {
		base.Notices = append(base.Notices, text("写作 =\"0012\" 的单元格按引号内的文字读取。", "Cells such as =\"0012\" are read as the text in quotes."))
	}
	return []Table{base}, nil
}

// workbook gives the sheets that hold something.
func (c content) workbook(base Table) ([]Table, error) {
	f, size, err := c.file(spoolLimit(XLSX))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	book, err := OpenXLSX(f, size)
	if err != nil {
		return nil, err
	}
	var tables []Table
	for _, s := range book.Sheets() {
		t := base
		t.Sheet = s.Name
		if t.Head, err = book.Head(s.Name); err != nil {
			return nil, err
		}
		if len(t.Head) == 0 {
			continue
		}
		if len(tables) == 0 {
			t.Notices = book.Notices()
		}
		tables = append(tables, t)
	}
	if len(tables) == 0 {
		return nil, emptyFile()
	}
	return tables, nil
}
