package reports

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/klauspost/compress/flate"
)

// archive packs the parts of a workbook. They arrive in any order and leave sorted by name, without times, so that the same
// parts give the same bytes. Only packed parts are held in memory.
type archive struct {
	to    io.Writer
	ctx   context.Context
	rows  map[string]*packedRows           // by part: the rows that go between <sheetData> and </sheetData>
	last  map[string]string                // by part: what stands before the end of a sheet, which the workbook library cannot express
	whole map[string]func(io.Writer) error // by part: what is written here, in place of what the workbook library has
	parts []*part
	flate *flate.Writer
}

// part is one file of the archive.
type part struct {
	name   string
	packed bytes.Buffer
	size   uint64
	crc    uint32
	sum    hash.Hash // of the part without its rows
	rows   *packedRows
	last   string                // goes before the end of a sheet
	sheet  []byte                // a sheet without its rows, until it is finished
	whole  func(io.Writer) error // writes the part; what comes otherwise is dropped
	flate  *flate.Writer
	ctx    context.Context
}

func (p *part) Write(data []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	given := len(data)
	switch {
	case p.whole != nil:
		return given, nil
	case p.rows != nil:
		p.sheet = append(p.sheet, data...)
		return given, nil
	}
	if p.name == contentTypes {
		data = sortedDefaults(data) // it comes in one piece
	}
	return given, p.add(data)
}

// add takes bytes into the part.
func (p *part) add(data []byte) error {
	_, err := adder{p}.Write(data)
	return err
}

// adder takes what is written into a part as it is.
type adder struct{ *part }

func (p adder) Write(data []byte) (int, error) {
	p.size += uint64(len(data))
	p.crc = crc32.Update(p.crc, crc32.IEEETable, data)
	p.sum.Write(data)
	return p.flate.Write(data)
}

// The bounds of a sheet's rows in its part, and how the part ends.
const (
	rowsBegin     = "<sheetData>"
	rowsEnd       = "</sheetData>"
	extensionsEnd = "</extLst>"
	sheetEnd      = "</worksheet>"
)

// finish ends the part. A sheet's rows, packed already, come between the bytes around them.
func (p *part) finish() error {
	if p.whole != nil {
		if err := p.whole(adder{p}); err != nil {
			return err
		}
	}
	if p.rows == nil {
		return p.flate.Close()
	}
	sheet, err := p.extended()
	if err != nil {
		return err
	}
	from, to := bytes.Index(sheet, []byte(rowsBegin)), bytes.Index(sheet, []byte(rowsEnd))
	if from < 0 || to < from {
		return fmt.Errorf("pack workbook: %s has no place for its rows", p.name)
	}
	if err := p.add(sheet[:from+len(rowsBegin)]); err != nil {
		return err
	}
	if err := p.flate.Flush(); err != nil {
		return err
	}
	p.size += p.rows.size
	p.crc = crcOfBoth(p.crc, p.rows.crc, p.rows.size)
	if _, err := p.rows.WriteTo(&p.packed); err != nil {
		return err
	}
	p.flate.Reset(&p.packed) // what follows may not point back across the rows
	if err := p.add(sheet[to:]); err != nil {
		return err
	}
	p.sheet = nil
	return p.flate.Close()
}

// extended gives a sheet with what goes before its end: among the extensions that it has, or as the first.
func (p *part) extended() ([]byte, error) {
	if p.last == "" {
		return p.sheet, nil
	}
	sheet, ok := bytes.CutSuffix(p.sheet, []byte(sheetEnd))
	if !ok {
		return nil, fmt.Errorf("pack workbook: %s does not end with %s", p.name, sheetEnd)
	}
	if own, ok := bytes.CutSuffix(sheet, []byte(extensionsEnd)); ok {
		return slices.Concat(own, []byte(p.last), []byte(extensionsEnd+sheetEnd)), nil
	}
	return slices.Concat(sheet, []byte("<extLst>"+p.last+extensionsEnd+sheetEnd)), nil
}

// contentTypes is the part that lists the kinds of all others. The workbook library writes its defaults in random order.
const contentTypes = "[Content_Types].xml"

var defaultType = regexp.MustCompile(`<Default [^>]*>(</Default>)?`)

// sortedDefaults puts the defaults of the list of types in order.
func sortedDefaults(list []byte) []byte {
	found := defaultType.FindAll(list, -1)
	if len(found) == 0 {
		return list
	}
	start := defaultType.FindIndex(list)[0]
	rest := defaultType.ReplaceAll(list[start:], nil)
	sort.Slice(found, func(i, j int) bool { return bytes.Compare(found[i], found[j]) < 0 })
	return slices.Concat(list[:start], bytes.Join(found, nil), rest)
}

// Create starts a part and ends the one before.
func (a *archive) Create(name string) (io.Writer, error) {
	if err := a.finish(); err != nil {
		return nil, err
	}
	p := &part{name: name, sum: sha256.New(), rows: a.rows[name], last: a.last[name], whole: a.whole[name], ctx: a.ctx}
	if a.flate == nil {
		w, err := flate.NewWriter(&p.packed, flate.DefaultCompression)
		if err != nil {
			return nil, err
		}
		a.flate = w
	} else {
		a.flate.Reset(&p.packed)
	}
	p.flate = a.flate
	a.parts = append(a.parts, p)
	return p, nil
}

func (a *archive) finish() error {
	if len(a.parts) == 0 {
		return nil
	}
	return a.parts[len(a.parts)-1].finish()
}

// AddFS is part of the interface that the workbook library asks for; nothing here comes from a file system.
func (a *archive) AddFS(fs.FS) error {
	return fmt.Errorf("pack workbook: adding a file system is not supported")
}

// Close writes the archive.
func (a *archive) Close() error {
	if err := a.finish(); err != nil {
		return err
	}
	sort.Slice(a.parts, func(i, j int) bool { return a.parts[i].name < a.parts[j].name }) // [Content_Types].xml comes first
	zw := zip.NewWriter(a.to)
	for _, p := range a.parts {
		w, err := zw.CreateRaw(&zip.FileHeader{
			Name: p.name, Method: zip.Deflate, CRC32: p.crc,
			CompressedSize64: uint64(p.packed.Len()), UncompressedSize64: p.size,
		})
		if err != nil {
			return err
		}
		if _, err := p.packed.WriteTo(w); err != nil {
			return err
		}
	}
	return zw.Close()
}

// digest is one hash over the names and contents of the parts, packing left out; the rows of a sheet are hashed apart from what stands around them.
func (a *archive) digest() string {
	total := sha256.New()
	for _, p := range a.parts {
		rows := sha256.New()
		if p.rows != nil {
			rows = p.rows.sum
		}
		fmt.Fprintf(total, "%s %x %x\n", p.name, p.sum.Sum(nil), rows.Sum(nil))
	}
	return hex.EncodeToString(total.Sum(nil))
}

// digestOf gives the same digest for a workbook on disk.
func (to Folder) digestOf(path string) (string, error) {
	raw, err := to.read(path)
	if err != nil {
		return "", err
	}
	zr, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return "", err
	}
	files := append([]*zip.File(nil), zr.File...)
	sort.Slice(files, func(i, j int) bool { return files[i].Name < files[j].Name })
	total := sha256.New()
	for _, f := range files {
		around, rows, err := sumsOf(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(total, "%s %x %x\n", f.Name, around, rows)
	}
	return hex.EncodeToString(total.Sum(nil)), nil
}

// sumsOf hashes a part: what stands around the rows of a sheet, and the rows; a part without rows is all around.
func sumsOf(f *zip.File) (around, rows []byte, err error) {
	r, err := f.Open()
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	s := &splitter{around: sha256.New(), rows: sha256.New(), mark: rowsBegin}
	if !strings.HasPrefix(f.Name, "xl/worksheets/sheet") {
		s.mark = ""
	}
	if _, err := io.Copy(s, r); err != nil {
		return nil, nil, err
	}
	s.current().Write(s.held)
	return s.around.Sum(nil), s.rows.Sum(nil), nil
}

// splitter sends the bytes between the bounds of a sheet's rows to one hash, and all others, the bounds too, to another.
type splitter struct {
	around, rows hash.Hash
	mark         string // the bound that comes next, "" for none
	held         []byte // the end of what came, which may begin a bound
}

func (s *splitter) current() hash.Hash {
	if s.mark == rowsEnd {
		return s.rows
	}
	return s.around
}

func (s *splitter) Write(data []byte) (int, error) {
	s.held = append(s.held, data...)
	for s.mark != "" {
		i := bytes.Index(s.held, []byte(s.mark))
		if i < 0 {
			break
		}
		if s.mark == rowsBegin {
			i += len(rowsBegin)
		}
		s.current().Write(s.held[:i])
		s.held = s.held[i:]
		s.mark = map[string]string{rowsBegin: rowsEnd}[s.mark]
	}
	keep := min(len(s.held), max(len(s.mark)-1, 0))
	s.current().Write(s.held[:len(s.held)-keep])
	s.held = append(s.held[:0], s.held[len(s.held)-keep:]...)
	return len(data), nil
}
