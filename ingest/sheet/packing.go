package sheet

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// packingOf tells a packing by its first bytes. A workbook is a zip archive too.
func packingOf(head []byte) Packing {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return Gzip
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return Zstd
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return Zip
	}
	return ""
}

// contextReader stops reading when the context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// both reads the first and closes both.
type both struct {
	io.ReadCloser
	under io.Closer
}

func (b *both) Close() error { return errors.Join(b.ReadCloser.Close(), b.under.Close()) }

func openFile(ctx context.Context, path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open table: %w", err)
	}
	return &both{io.NopCloser(&contextReader{ctx, f}), f}, nil
}

// meter counts what was read and remembers an error that is not the content's.
type meter struct {
	r   io.Reader
	n   int64
	err error
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = err
	}
	return n, err
}

// unpacker gives the bytes in a gzip or zstd file, checksums included, and refuses what is damaged or beyond the limits.
type unpacker struct {
	src     io.ReadCloser
	packed  *meter
	packing Packing
	given   int64
}

func unpack(r io.Reader, p Packing) (io.ReadCloser, error) {
	u := &unpacker{packed: &meter{r: r}, packing: p}
	var err error
	if p == Gzip {
		u.src, err = gzip.NewReader(bufio.NewReaderSize(u.packed, 64<<10))
	} else {
		var d *zstd.Decoder
		d, err = zstd.NewReader(u.packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err == nil {
			u.src = d.IOReadCloser()
		}
	}
	if err != nil {
		return nil, u.fault(err)
	}
	return u, nil
}

func (u *unpacker) Read(p []byte) (int, error) {
	n, err := u.src.Read(p)
	u.given += int64(n)
	switch {
	case u.given > maxPackedText:
		return 0, packedTooLarge()
	case u.given > ratioFloor && u.given/maxPackingRatio > u.packed.n:
		return 0, bomb()
	case err == nil || err == io.EOF:
		return n, err
	}
	return n, u.fault(err)
}

func (u *unpacker) Close() error { return u.src.Close() }

// fault tells an error of the disk from one of the content.
func (u *unpacker) fault(err error) error {
	if u.packed.err != nil {
		return fmt.Errorf("read %s file: %w", u.packing, u.packed.err)
	}
	return damagedPacking(u.packing, err)
}

func damagedPacking(p Packing, err error) error {
	if e := (*RefusedError)(nil); errors.As(err, &e) {
		return err
	}
	if e := (*fs.PathError)(nil); errors.As(err, &e) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("read %s file: %w", p, err)
	}
	return refuse(FileDamaged, textf("%[1]s 压缩文件不完整或已损坏（%[2]v）。", "The %[1]s file is cut or damaged (%[2]v).", p, err),
		text("请重新压缩或重新上传；不行时请解压后导入里面的文件。", "Pack or upload it again; if that does not help, unpack it and import the file inside."))
}

func packedTooLarge() *RefusedError {
	return refuse(FileLimit, text("解压后超过上限（文本 64 GiB，工作簿 1 GiB，其他格式 16 GiB）。", "Unpacked it exceeds the limit (64 GiB of text, 1 GiB of a workbook, 16 GiB of other formats)."),
		text("请拆成几个文件再导入。", "Split it into several files."))
}

func bomb() *RefusedError {
	return refuse(FileLimit, textf("压缩比超过 %[1]d 倍，可能是压缩炸弹。", "It is packed more than %[1]d to 1, as zip bombs are.", maxPackingRatio),
		text("若内容确实如此，请解压后导入里面的文件。", "If the content really is like that, unpack it and import the file inside."))
}

// spoolLimit gives how large a file of a format may be when it comes out of a packing.
func spoolLimit(f Format) int64 {
	if f == XLSX {
		return maxUnpacked
	}
	return maxSpooled
}

// spool copies r into a nameless file in dir, for formats that are not read from front to back. most 0: any size.
func spool(dir string, r io.Reader, most int64) (*os.File, int64, error) {
	f, err := os.CreateTemp(dir, "table-*")
	if err != nil {
		return nil, 0, fmt.Errorf("make a temporary file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	if most > 0 {
		r = io.LimitReader(r, most+1)
	}
	size, err := io.Copy(f, r)
	if err == nil && most > 0 && size > most {
		err = packedTooLarge()
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, size, nil
}
