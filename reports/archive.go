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

	"github.com/klauspost/compress/flate"
)

// archive packs the parts of a workbook. They arrive in any order and leave sorted by name, without times, so that the same
// parts give the same bytes. Only packed parts are held in memory.
type archive struct {
	to    io.Writer
	ctx   context.Context
	parts []*part
	flate *flate.Writer
}

// part is one file of the archive.
type part struct {
	name   string
	packed bytes.Buffer
	size   uint64
	crc    hash.Hash32
	sum    hash.Hash
	flate  *flate.Writer
	ctx    context.Context
}

func (p *part) Write(data []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	given := len(data)
	if p.name == contentTypes {
		data = sortedDefaults(data) // it comes in one piece
	}
	p.size += uint64(len(data))
	p.crc.Write(data)
	p.sum.Write(data)
	if _, err := p.flate.Write(data); err != nil {
		return 0, err
	}
	return given, nil
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
	p := &part{name: name, crc: crc32.NewIEEE(), sum: sha256.New(), ctx: a.ctx}
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
	return a.flate.Close()
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
			Name: p.name, Method: zip.Deflate, CRC32: p.crc.Sum32(),
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

// digest is one hash over the names and contents of the parts, packing left out.
func (a *archive) digest() string {
	total := sha256.New()
	for _, p := range a.parts {
		fmt.Fprintf(total, "%s %x\n", p.name, p.sum.Sum(nil))
	}
	return hex.EncodeToString(total.Sum(nil))
}

// digestOf gives the same digest for a workbook on disk.
func digestOf(path string) (string, error) {
	zr, err := zip.OpenReader(path)
	if err != nil {
		return "", err
	}
	defer zr.Close()
	files := append([]*zip.File(nil), zr.File...)
	sort.Slice(files, func(i, j int) bool { return files[i].Name < files[j].Name })
	total := sha256.New()
	for _, f := range files {
		sum, err := sumOf(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(total, "%s %x\n", f.Name, sum)
	}
	return hex.EncodeToString(total.Sum(nil)), nil
}

func sumOf(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return nil, err
	}
	return sum.Sum(nil), nil
}
