package tabular

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// MachineFormats lists the formats that a Writer knows.
const MachineFormats = "csv, json, parquet, arrow"

// Writer writes a table for machines row by row, so that its memory does not grow with the rows.
type Writer interface {
	// Add writes a row: one cell per column, "" for NULL. It keeps nothing of the row.
	Add(cells []string) error
	// Close ends the table; without it the file is not whole.
	Close() error
}

// NewWriter starts a table in one of the MachineFormats.
func NewWriter(w io.Writer, format string, columns []Column) (Writer, error) {
	switch format {
	case "csv":
		return newCSV(w, columns)
	case "json":
		return newJSON(w, columns)
	case "parquet", "arrow":
		return newBatches(w, format, columns)
	}
	return nil, fmt.Errorf("unknown format %q; use one of %s (格式应为其中之一)", format, MachineFormats)
}

// csvWriter writes a header with the machine names; cells that a spreadsheet would take for a formula get an apostrophe.
type csvWriter struct {
	to      *csv.Writer
	columns []Column
	cells   []string
}

func newCSV(w io.Writer, columns []Column) (Writer, error) {
	c := &csvWriter{csv.NewWriter(w), columns, make([]string, len(columns))}
	for i, col := range columns {
		c.cells[i] = col.Name
	}
	return c, c.to.Write(c.cells)
}

func (c *csvWriter) Add(cells []string) error {
	for i, s := range cells {
		if c.columns[i].Kind == Text {
			s = inert(s)
		}
		c.cells[i] = s
	}
	return c.to.Write(c.cells)
}

func (c *csvWriter) Close() error {
	c.to.Flush()
	return c.to.Error()
}

// jsonWriter writes one list of objects.
type jsonWriter struct {
	to    io.Writer
	names [][]byte
	kinds []Kind
	row   bytes.Buffer
	out   bytes.Buffer
	many  bool
}

func newJSON(w io.Writer, columns []Column) (Writer, error) {
	j := &jsonWriter{to: w}
	for _, c := range columns {
		name, err := json.Marshal(c.Name)
		if err != nil {
			return nil, err
		}
		j.names, j.kinds = append(j.names, name), append(j.kinds, c.Kind)
	}
	return j, nil
}

func (j *jsonWriter) Add(cells []string) error {
	j.row.Reset()
	j.row.WriteByte('{')
	for i, s := range cells {
		if i > 0 {
			j.row.WriteByte(',')
		}
		j.row.Write(j.names[i])
		j.row.WriteByte(':')
		switch {
		case s == "":
			j.row.WriteString("null")
		case j.kinds[i] == Text:
			value, err := json.Marshal(s)
			if err != nil {
				return err
			}
			j.row.Write(value)
		default:
			j.row.WriteString(s)
		}
	}
	j.row.WriteByte('}')
	j.out.Reset()
	j.out.WriteString(map[bool]string{false: "[\n ", true: ",\n "}[j.many])
	j.many = true
	if err := json.Indent(&j.out, j.row.Bytes(), " ", " "); err != nil {
		return err
	}
	_, err := j.to.Write(j.out.Bytes())
	return err
}

func (j *jsonWriter) Close() error {
	end := "\n]\n"
	if !j.many {
		end = "[]\n"
	}
	_, err := io.WriteString(j.to, end)
	return err
}

// batchRows is how many rows make a record of Arrow, or a group of rows in Parquet.
const batchRows = 64 << 10

// batches writes records of Arrow, as they stand or as Parquet.
type batches struct {
	builder *array.RecordBuilder
	columns []Column
	rows    int
	all     int
	write   func(arrow.RecordBatch) error
	end     func() error
}

func newBatches(w io.Writer, format string, columns []Column) (Writer, error) {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.Name, Type: []arrow.DataType{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64}[c.Kind], Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	b := &batches{builder: array.NewRecordBuilder(memory.DefaultAllocator, schema), columns: columns}
	if format == "arrow" {
		s := ipc.NewWriter(w, ipc.WithSchema(schema))
		b.write, b.end = s.Write, s.Close
		return b, nil
	}
	p, err := pqarrow.NewFileWriter(schema, struct{ io.Writer }{w}, parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd)), pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, err
	}
	b.write, b.end = p.Write, p.Close
	return b, nil
}

func (b *batches) Add(cells []string) error {
	for i, s := range cells {
		if err := appendCell(b.builder.Field(i), s); err != nil {
			return fmt.Errorf("row %d, column %s: %w", b.all+1, b.columns[i].Name, err)
		}
	}
	b.all++
	if b.rows++; b.rows < batchRows {
		return nil
	}
	return b.flush()
}

func (b *batches) flush() error {
	rec := b.builder.NewRecordBatch()
	defer rec.Release()
	b.rows = 0
	return b.write(rec)
}

func (b *batches) Close() error {
	defer b.builder.Release()
	if b.rows > 0 || b.all == 0 {
		if err := b.flush(); err != nil {
			return err
		}
	}
	return b.end()
}
