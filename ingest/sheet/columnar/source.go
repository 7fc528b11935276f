package columnar

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

const (
	batchRows = 2048    // rows of a Parquet file decoded at once
	maxBatch  = 1 << 30 // bytes of a record batch of an Arrow file
	maxDepth  = 64      // structs in structs
)

var errEncrypted = errors.New("encrypted")

// source gives the batches of a file one after the other. All reading happens in the child.
type source struct {
	schema *arrow.Schema
	int96  func(path []int) bool             // tells a timestamp that the file stores as INT96
	next   func() (arrow.RecordBatch, error) // io.EOF behind the last one
	rows   int64                             // as the file says; -1 = it does not say
}

func never([]int) bool { return false }

// open finds out how the file is built; batches holds at most most rows.
func open(kind Kind, in *os.File, most int64) (*source, error) {
	if kind == Parquet {
		return openParquet(in, most)
	}
	head := make([]byte, 6)
	if _, err := in.ReadAt(head, 0); err != nil {
		return nil, err
	}
	if string(head) == "ARROW1" {
		return openArrowFile(in)
	}
	return openArrowStream(in)
}

func openParquet(in *os.File, most int64) (*source, error) {
	tail := make([]byte, 4)
	if info, err := in.Stat(); err != nil {
		return nil, err
	} else if _, err := in.ReadAt(tail, max(info.Size()-4, 0)); err == nil && string(tail) == "PARE" {
		return nil, errEncrypted
	}
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled = true
	pf, err := file.NewParquetReader(in, file.WithReadProps(props))
	if err != nil {
		return nil, err
	}
	if pf.MetaData().IsSetEncryptionAlgorithm() {
		return nil, errEncrypted
	}
	rows := int64(0)
	for i := range pf.NumRowGroups() {
		rows += pf.MetaData().RowGroup(i).NumRows()
	}
	if rows != pf.NumRows() || rows < 0 {
		return nil, fmt.Errorf("the row groups hold %d rows, the file says %d", rows, pf.NumRows())
	}
	fr, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: min(most, batchRows)}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	rr, err := fr.GetRecordReader(context.Background(), nil, nil)
	if err != nil {
		return nil, err
	}
	int96 := func(path []int) bool { return isInt96(pf, fr.Manifest.Fields, path) }
	return &source{schema: rr.Schema(), int96: int96, next: rr.Read, rows: rows}, nil
}

// isInt96 follows a path through the fields of a Parquet file, and from there to the innermost field of lists.
func isInt96(pf *file.Reader, fields []pqarrow.SchemaField, path []int) bool {
	if path[0] >= len(fields) {
		return false
	}
	f := fields[path[0]]
	switch {
	case len(path) > 1:
		return isInt96(pf, f.Children, path[1:])
	case f.IsLeaf():
		return pf.MetaData().Schema.Column(f.ColIndex).PhysicalType() == parquet.Types.Int96
	}
	return len(f.Children) == 1 && isInt96(pf, f.Children, []int{0})
}

func openArrowFile(in *os.File) (*source, error) {
	fr, err := ipc.NewFileReader(in, ipc.WithBodySizeLimit(maxBatch))
	if err != nil {
		return nil, err
	}
	at := 0
	return &source{schema: fr.Schema(), int96: never, rows: -1, next: func() (arrow.RecordBatch, error) {
		if at == fr.NumRecords() {
			return nil, io.EOF
		}
		at++
		return fr.RecordBatch(at - 1)
	}}, nil
}

// counter counts the bytes of an Arrow stream and remembers the last eight.
type counter struct {
	r    io.Reader
	tail []byte
	n    int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.tail = append(c.tail, p[max(n-8, 0):n]...)
	c.tail = append(c.tail[:0], c.tail[max(len(c.tail)-8, 0):]...)
	return n, err
}

// openArrowStream reads up to the end mark, which must be there and be the end of the file: a stream without it may be cut.
func openArrowStream(in *os.File) (*source, error) {
	info, err := in.Stat()
	if err != nil {
		return nil, err
	}
	c := &counter{r: bufio.NewReaderSize(io.NewSectionReader(in, 0, info.Size()), 1<<20)}
	rr, err := ipc.NewReader(c)
	if err != nil {
		return nil, err
	}
	return &source{schema: rr.Schema(), int96: never, rows: -1, next: func() (arrow.RecordBatch, error) {
		batch, err := rr.Read()
		if err == nil || !errors.Is(err, io.EOF) {
			return batch, err
		}
		if !bytes.Equal(c.tail, []byte("\xff\xff\xff\xff\x00\x00\x00\x00")) {
			return nil, errors.New("the stream has no end mark, it may have been cut")
		}
		if c.n != info.Size() {
			return nil, fmt.Errorf("%d bytes behind the end of the stream", info.Size()-c.n)
		}
		return nil, io.EOF
	}}, nil
}

// column is a leaf of the table: its name and the way to its array.
type column struct {
	name  string
	path  []int
	naive bool
}

// columns lists the leaves in the order of the schema.
func (s *source) columns() ([]column, error) {
	var list []column
	var walk func(fields []arrow.Field, prefix string, path []int) error
	walk = func(fields []arrow.Field, prefix string, path []int) error {
		for i, f := range fields {
			at := append(path[:len(path):len(path)], i)
			if st, ok := f.Type.(*arrow.StructType); ok && len(at) < maxDepth {
				if err := walk(st.Fields(), prefix+f.Name+".", at); err != nil {
					return err
				}
				continue
			}
			if list = append(list, column{prefix + f.Name, at, s.int96(at)}); len(list) > maxFields || len(prefix+f.Name) > maxName {
				return errLimit
			}
		}
		return nil
	}
	err := walk(s.schema.Fields(), "", nil)
	if err == nil && len(list) == 0 {
		err = errors.New("no columns")
	}
	return list, err
}

// leaf is the array of a column in one batch with those of the structs around it, whose nulls are its own.
type leaf struct {
	outer []arrow.Array
	inner arrow.Array
	text  texter
}

func (c *column) leaf(batch arrow.RecordBatch) leaf {
	arr := batch.Column(c.path[0])
	var outer []arrow.Array
	for _, i := range c.path[1:] {
		outer = append(outer, arr)
		arr = arr.(*array.Struct).Field(i)
	}
	return leaf{outer, arr, texterOf(arr, c.naive)}
}

func (l *leaf) isNull(i int) bool {
	for _, arr := range l.outer {
		if arr.IsNull(i) {
			return true
		}
	}
	if d, ok := l.inner.(*array.Dictionary); ok && !d.IsNull(i) {
		return d.Dictionary().IsNull(d.GetValueIndex(i))
	}
	return l.inner.IsNull(i)
}
