//go:build !duckdb_arrow

package warehouse

import (
	"context"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	duckdb "github.com/duckdb/duckdb-go/v2"
)

// batchRows is the number of rows in a record: DuckDB's own vector size.
const batchRows = 2048

// arrow builds the records out of rows, with the schema that DuckDB would give.
func (tx *Tx) arrow(ctx context.Context, s Statement, a Args) (array.RecordReader, error) {
	rows, err := tx.query(ctx, s, a)
	if err != nil {
		return nil, err
	}
	fields := make([]arrow.Field, len(rows.names))
	for i, name := range rows.names {
		typ, err := arrowType(rows.types[i])
		if err != nil {
			rows.close()
			return nil, tx.fail(ctx, s, fmt.Errorf("column %s: %w", name, err))
		}
		fields[i] = arrow.Field{Name: name, Type: typ, Nullable: true}
	}
	return &rowReader{ctx: ctx, rows: rows, schema: arrow.NewSchema(fields, nil)}, nil
}

var arrowTypes = map[string]arrow.DataType{
	"BOOLEAN":     arrow.FixedWidthTypes.Boolean,
	"TINYINT":     arrow.PrimitiveTypes.Int8,
	"SMALLINT":    arrow.PrimitiveTypes.Int16,
	"INTEGER":     arrow.PrimitiveTypes.Int32,
	"BIGINT":      arrow.PrimitiveTypes.Int64,
	"UTINYINT":    arrow.PrimitiveTypes.Uint8,
	"USMALLINT":   arrow.PrimitiveTypes.Uint16,
	"UINTEGER":    arrow.PrimitiveTypes.Uint32,
	"UBIGINT":     arrow.PrimitiveTypes.Uint64,
	"FLOAT":       arrow.PrimitiveTypes.Float32,
	"DOUBLE":      arrow.PrimitiveTypes.Float64,
	"VARCHAR":     arrow.BinaryTypes.String,
	"BLOB":        arrow.BinaryTypes.Binary,
	"DATE":        arrow.FixedWidthTypes.Date32,
	"TIMESTAMP":   &arrow.TimestampType{Unit: arrow.Microsecond},
	"TIMESTAMPTZ": &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
	"HUGEINT":     &arrow.Decimal128Type{Precision: 38},
}

// arrowType gives the Arrow type of a DuckDB type name.
func arrowType(name string) (arrow.DataType, error) {
	if t, ok := arrowTypes[name]; ok {
		return t, nil
	}
	if element, ok := strings.CutSuffix(name, "[]"); ok {
		t, err := arrowType(element)
		if err != nil {
			return nil, err
		}
		return arrow.ListOfField(arrow.Field{Name: "l", Type: t, Nullable: true}), nil
	}
	if width, scale, ok := decimalSize(name); ok {
		return &arrow.Decimal128Type{Precision: width, Scale: scale}, nil
	}
	return nil, fmt.Errorf("%s has no Arrow form here; cast it to VARCHAR, or build with the tag duckdb_arrow", name)
}

// decimalSize reads DECIMAL(18,4).
func decimalSize(name string) (width, scale int32, ok bool) {
	inner, ok := strings.CutPrefix(name, "DECIMAL(")
	if !ok {
		return 0, 0, false
	}
	w, s, _ := strings.Cut(strings.TrimSuffix(inner, ")"), ",")
	wide, err1 := strconv.Atoi(w)
	deep, err2 := strconv.Atoi(s)
	return int32(wide), int32(deep), err1 == nil && err2 == nil
}

// rowReader turns rows into records. recordReader counts its references and locks it.
type rowReader struct {
	ctx     context.Context
	rows    *resultRows
	schema  *arrow.Schema
	current arrow.RecordBatch
	err     error
}

func (r *rowReader) Schema() *arrow.Schema          { return r.schema }
func (r *rowReader) Retain()                        {}
func (r *rowReader) RecordBatch() arrow.RecordBatch { return r.current }
func (r *rowReader) Record() arrow.RecordBatch      { return r.current }
func (r *rowReader) Err() error                     { return r.err }

func (r *rowReader) Release() {
	r.drop()
	r.rows.close()
}

func (r *rowReader) drop() {
	if r.current != nil {
		r.current.Release()
		r.current = nil
	}
}

func (r *rowReader) Next() bool {
	r.drop()
	if r.err != nil {
		return false
	}
	if r.err = r.ctx.Err(); r.err != nil {
		return false
	}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, r.schema)
	defer builder.Release()
	n := 0
	for ; n < batchRows; n++ {
		more, err := r.rows.next()
		if err == nil && more {
			err = r.append(builder)
		}
		if err != nil {
			r.err = err
			return false
		}
		if !more {
			break
		}
	}
	if n == 0 {
		return false
	}
	r.current = builder.NewRecordBatch()
	return true
}

// append adds the current row.
func (r *rowReader) append(builder *array.RecordBuilder) error {
	for i, v := range r.rows.values {
		if err := appendValue(builder.Field(i), v); err != nil {
			return fmt.Errorf("column %s: %w", r.rows.names[i], err)
		}
	}
	return nil
}

// appendValue adds one driver's value.
func appendValue(b array.Builder, v any) error {
	switch v := v.(type) {
	case nil:
		b.AppendNull()
	case bool:
		b.(*array.BooleanBuilder).Append(v)
	case int8:
		b.(*array.Int8Builder).Append(v)
	case int16:
		b.(*array.Int16Builder).Append(v)
	case int32:
		b.(*array.Int32Builder).Append(v)
	case int64:
		b.(*array.Int64Builder).Append(v)
	case uint8:
		b.(*array.Uint8Builder).Append(v)
	case uint16:
		b.(*array.Uint16Builder).Append(v)
	case uint32:
		b.(*array.Uint32Builder).Append(v)
	case uint64:
		b.(*array.Uint64Builder).Append(v)
	case float32:
		b.(*array.Float32Builder).Append(v)
	case float64:
		b.(*array.Float64Builder).Append(v)
	case string:
		b.(*array.StringBuilder).Append(v)
	case []byte:
		b.(*array.BinaryBuilder).Append(v)
	case *big.Int:
		b.(*array.Decimal128Builder).Append(decimal128.FromBigInt(v))
	case duckdb.Decimal:
		b.(*array.Decimal128Builder).Append(decimal128.FromBigInt(v.Value))
	case time.Time:
		return appendTime(b, v)
	case []any:
		return appendList(b.(*array.ListBuilder), v)
	default:
		return fmt.Errorf("a %T has no Arrow form here", v)
	}
	return nil
}

func appendTime(b array.Builder, t time.Time) error {
	if _, err := bounded(t); err != nil {
		return err
	}
	switch b := b.(type) {
	case *array.Date32Builder:
		b.Append(arrow.Date32FromTime(t.UTC()))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(t.UnixMicro()))
	}
	return nil
}

func appendList(b *array.ListBuilder, values []any) error {
	b.Append(true)
	for _, v := range values {
		if err := appendValue(b.ValueBuilder(), v); err != nil {
			return err
		}
	}
	return nil
}
