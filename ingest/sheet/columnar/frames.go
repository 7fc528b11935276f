package columnar

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// What the child writes begins with magic. Then come frames, each a byte that tells its kind and its content; lengths and counts
// are unsigned varints:
//
//	F  number of columns, then for each the length of its name, the name, and 1 if the file stores it as INT96, else 0
//	R  for each column 0 for null, else the length of the cell plus one and the cell
//	E  number of rows; the end
//	X  a reason of one byte, the length of a text and the text; the end, instead of E
const magic = "columnar1\n"

const (
	frameFields  = 'F'
	frameRow     = 'R'
	frameEnd     = 'E'
	frameRefusal = 'X'
)

// The reasons of a refusal that the child itself finds.
const (
	reasonDamaged   = 'd'
	reasonEncrypted = 'e'
	reasonLimit     = 'l'
)

// Limits.
const (
	maxFields = 2_000
	maxCell   = 1 << 20  // bytes of a cell
	maxRow    = 8 << 20  // bytes of the cells of a row
	maxText   = 64 << 30 // bytes of all cells
	maxName   = 4 << 10  // bytes of a column name
	maxDetail = 4 << 10  // bytes of the text of a refusal
)

func appendText(dst, text []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// frameReader reads what the child wrote. The child may have been taken over by the file, so nothing is believed unchecked.
type frameReader struct {
	r     *bufio.Reader
	cells [][]byte
	buf   []byte
	total int64
}

var errFrames = errors.New("the child's answer is not regular")

// open reads the magic.
func (f *frameReader) open() error {
	got := make([]byte, len(magic))
	if _, err := io.ReadFull(f.r, got); err != nil {
		return err
	}
	if string(got) != magic {
		return errFrames
	}
	return nil
}

// number reads a number that is at most most.
func (f *frameReader) number(most uint64) (int, error) {
	n, err := binary.ReadUvarint(f.r)
	if err != nil {
		return 0, err
	}
	if n > most {
		return 0, fmt.Errorf("%w: %d", errFrames, n)
	}
	return int(n), nil
}

func (f *frameReader) text(most uint64) (string, error) {
	n, err := f.number(most)
	if err != nil {
		return "", err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(f.r, b)
	return string(b), err
}

// fields reads an F frame behind its first byte.
func (f *frameReader) fields() ([]Field, error) {
	n, err := f.number(maxFields)
	if err != nil {
		return nil, err
	}
	fields := make([]Field, n)
	for i := range fields {
		if fields[i].Name, err = f.text(maxName); err != nil {
			return nil, err
		}
		int96, err := f.number(1)
		if err != nil {
			return nil, err
		}
		fields[i].INT96 = int96 == 1
	}
	f.cells = make([][]byte, n)
	return fields, nil
}

// row reads an R frame behind its first byte. The cells are valid until the next call.
func (f *frameReader) row() ([][]byte, error) {
	f.buf = f.buf[:0]
	for i := range f.cells {
		n, err := f.number(maxCell + 1)
		if err != nil {
			return nil, err
		}
		if f.cells[i] = nil; n == 0 {
			continue
		}
		from := len(f.buf)
		if f.total += int64(n); from+n > maxRow+1 || f.total > maxText {
			return nil, errFrames
		}
		if cap(f.buf) < from+n {
			grown := make([]byte, from, 2*(from+n))
			copy(grown, f.buf)
			f.buf = grown // cells found so far stay in the old buffer, which nobody writes to any more
		}
		f.buf = f.buf[:from+n-1]
		if _, err := io.ReadFull(f.r, f.buf[from:]); err != nil {
			return nil, err
		}
		f.cells[i] = f.buf[from : from+n-1 : from+n-1]
	}
	return f.cells, nil
}
