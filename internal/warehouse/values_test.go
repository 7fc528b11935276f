package warehouse

import (
	"database/sql"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"
)

type employeeNo string
type hundredths int64

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// scanOne scans the one value of expression into dest.
func scanOne(t *testing.T, db *DB, expression string, a Args, dest any) error {
	return db.View(t.Context(), func(tx *Tx) error {
		return tx.Each(t.Context(), SQL("value", "SELECT "+expression+" AS v"), a, func(scan func(...any) error) error { return scan(dest) })
	})
}

func TestValuesAreScanned(t *testing.T) {
	db := open(t, Options{})
	for _, c := range []struct {
		expression string
		dest, want any
	}{
		{"12.50::DECIMAL(9,2)", new(string), "12.50"},
		{"-0.05::DECIMAL(9,2)", new(string), "-0.05"},
		{"0::DECIMAL(9,4)", new(string), "0.0000"},
		{"-99999999999999999999999999999999.999999::DECIMAL(38,6)", new(string), "-99999999999999999999999999999999.999999"},
		{"120::DECIMAL(9,0)", new(int64), int64(120)},
		{"120::DECIMAL(9,0)", new(string), "120"},
		{"(SELECT sum(x) FROM (VALUES (9007199254740993::BIGINT)) w(x))", new(int64), int64(9007199254740993)},
		{"170141183460469231731687303715884105727::HUGEINT", new(string), "170141183460469231731687303715884105727"},
		{"9007199254740993", new(string), "9007199254740993"},
		{"18446744073709551615::UBIGINT", new(uint64), uint64(math.MaxUint64)},
		{"7::UTINYINT", new(int), 7},
		{"'007'", new(employeeNo), employeeNo("007")},
		{"true", new(bool), true},
		{"0.1::DOUBLE", new(float64), 0.1},
		{"12.50::DECIMAL(9,2)", new(float64), 12.5},
		{"DATE '2026-07-01'", new(time.Time), day(2026, 7, 1)},
		{"DATE '2026-07-01'", new(string), "2026-07-01"},
		{"TIMESTAMP '1969-12-31 23:59:59.000001'", new(time.Time), time.Date(1969, 12, 31, 23, 59, 59, 1000, time.UTC)},
		{"TIMESTAMPTZ '2026-07-01 08:00:00+08:00'", new(time.Time), day(2026, 7, 1)},
		{"['a', '订单']", new([]string), []string{"a", "订单"}},
		{"[]::VARCHAR[]", new([]string), []string{}},
		{"[1.50::DECIMAL(9,2)]", new([]string), []string{"1.50"}},
		{"NULL::INTEGER", new(*int64), (*int64)(nil)},
		{"NULL::VARCHAR", new(sql.NullString), sql.NullString{}},
		{"12.50::DECIMAL(9,2)", new(sql.NullString), sql.NullString{String: "12.50", Valid: true}},
		{"3", new(sql.NullInt64), sql.NullInt64{Int64: 3, Valid: true}},
		{"NULL::DATE", new(any), nil},
		{"12.50::DECIMAL(9,2)", new(any), "12.50"},
		{"3::TINYINT", new(any), int64(3)},
		{"'{\"a\": 12345678901234567890}'::JSON::VARCHAR", new(string), `{"a": 12345678901234567890}`},
		{"'5a2d0a3e-1f0c-4c44-9f38-2f4a6a1e7a11'::UUID", new(string), "5a2d0a3e-1f0c-4c44-9f38-2f4a6a1e7a11"},
	} {
		if err := scanOne(t, db, c.expression, nil, c.dest); err != nil {
			t.Errorf("%s into %T: %v", c.expression, c.dest, err)
		} else if got := reflect.ValueOf(c.dest).Elem().Interface(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s into %T: %v, want %v", c.expression, c.dest, got, c.want)
		}
	}
	var n *int
	if err := scanOne(t, db, "5", nil, &n); err != nil || n == nil || *n != 5 {
		t.Errorf("a pointer to a pointer: %v, %v", n, err)
	}
}

func TestValuesThatDoNotFitAreRefused(t *testing.T) {
	db := open(t, Options{})
	for _, c := range []struct {
		expression string
		dest       any
		says       string
	}{
		{"NULL::INTEGER", new(int64), "column v (INTEGER): it is NULL; scan it into a *int64"},
		{"NULL::VARCHAR", new(string), "is NULL"},
		{"NULL::VARCHAR[]", new([]string), "is NULL"},
		{"1/0", new(float64), "division by zero"},
		{"1/0", new(any), "division by zero"},
		{"'nan'::DOUBLE", new(*float64), "division by zero"},
		{"'infinity'::DATE", new(time.Time), "infinite"},
		{"'-infinity'::TIMESTAMP", new(any), "infinite"},
		{"12.00::DECIMAL(9,2)", new(int64), "not a whole number"},
		{"12.0::DOUBLE", new(int64), "not a whole number"},
		{"'12'", new(int64), "not a whole number"},
		{"'1.5'", new(float64), "not a number"},
		{"300", new(int8), "300 does not fit"},
		{"-1", new(uint64), "-1 does not fit"},
		{"9223372036854775808::HUGEINT", new(int64), "does not fit"},
		{"0.1::DOUBLE", new(string), "does not go into a *string"},
		{"true", new(string), "does not go into"},
		{"5", new(hundredths), "does not go into a *warehouse.hundredths"},
		{"['a', NULL]", new([]string), "element 2 is NULL"},
		{"'{\"a\": 12345678901234567890}'::JSON", new(any), "cast JSON to VARCHAR"},
		{"{'a': 1}", new(any), "cast it to VARCHAR"},
		{"1", 7, "not a pointer"},
		{"1, 2", new(int), "2 columns (1, v)"},
	} {
		err := scanOne(t, db, c.expression, nil, c.dest)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s into %T: %v, want %q", c.expression, c.dest, err, c.says)
		}
	}
}

func TestArgumentsAreBound(t *testing.T) {
	db := open(t, Options{})
	three, none := 3, (*int)(nil)
	for _, c := range []struct {
		expression string
		arg        any
		want       any
	}{
		{"$x::DECIMAL(18,4)", "12.5", "12.5000"},
		{"$x::BIGINT", 5, int64(5)},
		{"$x::BIGINT", uint(5), int64(5)},
		{"$x::BIGINT", &three, int64(3)},
		{"$x::BIGINT", none, nil},
		{"$x::VARCHAR", nil, nil},
		{"$x::HUGEINT", new(big.Int).Lsh(big.NewInt(1), 100), "1267650600228229401496703205376"},
		{"$x", employeeNo("007"), "007"},
		{"$x", sql.NullString{}, nil},
		{"$x::DATE", day(1969, 12, 31), day(1969, 12, 31)},
		{"$x::DATE", "2026-07-01", day(2026, 7, 1)},
		{"$x::TIMESTAMP", time.Date(1969, 12, 31, 12, 0, 0, 1000, time.UTC), time.Date(1969, 12, 31, 12, 0, 0, 1000, time.UTC)},
		{"list_contains($x, 'b')", []string{"a", "b"}, true},
		{"list_contains($x, 'b')", []string{}, false},
		{"len($x::VARCHAR[])", []string(nil), nil},
		{"'b' IN (SELECT unnest($x::VARCHAR[]))", []string{"a", "b"}, true},
		{"list_sum($x::BIGINT[])", []int64{1, 2}, "3"},
		{"length($x)", "a\x00b", int64(3)},
		{"DATE '2026-07-01' >= $x", day(2026, 7, 1), true},
	} {
		var got any
		if err := scanOne(t, db, c.expression, Args{"x": c.arg}, &got); err != nil {
			t.Errorf("%s with %v: %v", c.expression, c.arg, err)
		} else if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s with %v: %#v, want %#v", c.expression, c.arg, got, c.want)
		}
	}
}

func TestArgumentsThatWouldChangeInSilenceAreRefused(t *testing.T) {
	db := open(t, Options{})
	shanghai := time.FixedZone("CST", 8*3600)
	for _, c := range []struct {
		arg  any
		says string
	}{
		{time.Date(2026, 7, 1, 0, 0, 0, 0, shanghai), "not in UTC"},
		{time.Date(2026, 7, 1, 9, 30, 0, 0, time.UTC), "has a time of day"},
		{time.Time{}, "unset"},
		{hundredths(1250), "has no form in the database"},
		{struct{}{}, "has no form in the database"},
		{"a\xffb", "not UTF-8"},
		{[]string{"a\xffb"}, "not UTF-8"},
		{math.NaN(), "not a number"},
		{math.Inf(1), "not a number"},
	} {
		err := scanOne(t, db, "$x::DATE", Args{"x": c.arg}, new(any))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v, want %q", c.arg, err, c.says)
		}
	}
}
