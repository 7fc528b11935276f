package warehouse

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
)

// dump writes schema and values of a reader as text.
func dump(t *testing.T, r array.RecordReader) string {
	t.Helper()
	var b strings.Builder
	for _, f := range r.Schema().Fields() {
		fmt.Fprintf(&b, "%s %s nullable=%v metadata=%d:\n", f.Name, f.Type, f.Nullable, f.Metadata.Len())
	}
	fmt.Fprintf(&b, "metadata=%d\n", r.Schema().Metadata().Len())
	for r.Next() {
		batch := r.RecordBatch()
		for i := range int(batch.NumRows()) {
			for c := range int(batch.NumCols()) {
				fmt.Fprintf(&b, "%s|", batch.Column(c).ValueStr(i))
			}
			b.WriteByte('\n')
		}
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	return b.String()
}

const everyType = `SELECT true AS bool, 1::TINYINT AS i8, -2::SMALLINT AS i16, 3::INTEGER AS i32, 4::BIGINT AS i64, 5::UTINYINT AS u8, 6::USMALLINT AS u16,
	7::UINTEGER AS u32, 18446744073709551615::UBIGINT AS u64, 0.5::FLOAT AS f32, 0.1::DOUBLE AS f64, $text AS "文 本", DATE '1969-12-31' AS day,
	TIMESTAMP '2026-07-01 01:02:03.000004' AS ts, TIMESTAMPTZ '2026-07-01 08:00:00+08' AS tz, 12.50::DECIMAL(9,2) AS d9, -0.0001::DECIMAL(38,4) AS d38,
	170141183460469231731687303715::HUGEINT AS huge, ['a', NULL, '订单'] AS list, [[1], []] AS nested, 'ab'::BLOB AS bin
	UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL`

const everyTypeDump = `bool bool nullable=true metadata=0:
i8 int8 nullable=true metadata=0:
i16 int16 nullable=true metadata=0:
i32 int32 nullable=true metadata=0:
i64 int64 nullable=true metadata=0:
u8 uint8 nullable=true metadata=0:
u16 uint16 nullable=true metadata=0:
u32 uint32 nullable=true metadata=0:
u64 uint64 nullable=true metadata=0:
f32 float32 nullable=true metadata=0:
f64 float64 nullable=true metadata=0:
文 本 utf8 nullable=true metadata=0:
day date32 nullable=true metadata=0:
ts timestamp[us] nullable=true metadata=0:
tz timestamp[us, tz=UTC] nullable=true metadata=0:
d9 decimal(9, 2) nullable=true metadata=0:
d38 decimal(38, 4) nullable=true metadata=0:
huge decimal(38, 0) nullable=true metadata=0:
list list<l: utf8, nullable> nullable=true metadata=0:
nested list<l: list<l: int32, nullable>, nullable> nullable=true metadata=0:
bin binary nullable=true metadata=0:
metadata=0
true|1|-2|3|4|5|6|7|18446744073709551615|0.5|0.1|值|1969-12-31|2026-07-01T01:02:03.000004|2026-07-01T00:00:00Z|12.5|-0.0001|170141183460469231731687303715|["a",null,"订单"]|[[1],[]]|YWI=|
` + "(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|(null)|\n"

func TestArrowGivesTheSameRecordsWithAndWithoutTheTag(t *testing.T) {
	db := open(t, Options{})
	err := db.View(t.Context(), func(tx *Tx) error {
		r, err := tx.Arrow(t.Context(), SQL("types", everyType), Args{"text": "值"})
		if err != nil {
			return err
		}
		defer r.Release()
		if got := dump(t, r); got != everyTypeDump {
			t.Errorf("got\n%s\nwant\n%s", got, everyTypeDump)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestArrowKeepsAllRowsInOrder(t *testing.T) {
	db := open(t, Options{})
	err := db.View(t.Context(), func(tx *Tx) error {
		r, err := tx.Arrow(t.Context(), SQL("many", "SELECT range AS n FROM range($from, $to)"), Args{"to": 10_000, "from": 0})
		if err != nil {
			return err
		}
		defer r.Release()
		next := int64(0)
		for r.Next() {
			for _, n := range r.RecordBatch().Column(0).(*array.Int64).Int64Values() {
				if n != next {
					t.Fatalf("%d after %d rows", n, next)
				}
				next++
			}
		}
		if next != 10_000 {
			t.Errorf("%d rows", next)
		}
		return r.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestArrowChecksNamesAndPoisonsTheTransaction(t *testing.T) {
	db := open(t, Options{})
	execute(t, db, "CREATE TABLE t(a INTEGER)")
	err := db.Update(t.Context(), func(tx *Tx) error {
		if _, err := tx.Exec(t.Context(), SQL("insert", "INSERT INTO t VALUES (1)"), nil); err != nil {
			return err
		}
		_, err := tx.Arrow(t.Context(), SQL("swapped", "SELECT $a::INT - $b::INT"), Args{"a": 1, "c": 2})
		wantError(t, err, Other, "no value for $b; the statement has no $c")
		return nil
	})
	wantError(t, err, Other, "swapped")
	if n := number(t, db, "SELECT count(*) FROM t"); n != 0 {
		t.Errorf("%d rows after a failed statement", n)
	}
}

func TestArrowReaderEndsWithItsTransaction(t *testing.T) {
	db := open(t, Options{})
	var kept array.RecordReader
	err := db.View(t.Context(), func(tx *Tx) (err error) {
		kept, err = tx.Arrow(t.Context(), SQL("many", "SELECT range FROM range(10_000)"), nil)
		kept.Next()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if kept.Next() || kept.RecordBatch() != nil || !errors.Is(kept.Err(), errEnded) {
		t.Errorf("the reader lives on: %v", kept.Err())
	}
	kept.Release()
}
