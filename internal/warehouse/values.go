package warehouse

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// bind gives the arguments of s in DuckDB's order, under DuckDB's spelling of their names: the driver falls back to
// position for a name it does not find, so the names are compared here first.
func bind(s Statement, stmt *duckdb.Stmt, a Args) ([]driver.NamedValue, error) {
	byName := make(map[string]any, len(a))
	for name, v := range a {
		byName[strings.ToLower(name)] = v
	}
	args := make([]driver.NamedValue, stmt.NumInput())
	if len(args) != len(s.parameters) {
		return nil, fmt.Errorf("DuckDB sees %d parameters, the text has %d", len(args), len(s.parameters))
	}
	for i := range args {
		name, err := stmt.ParamName(i + 1)
		if err != nil {
			return nil, err
		}
		v, ok := byName[strings.ToLower(name)]
		if !ok {
			return nil, fmt.Errorf("DuckDB sees a parameter $%s that the text does not have", name)
		}
		if v, err = bindable(v); err == nil {
			err = wholeDay(stmt, i+1, v)
		}
		if err != nil {
			return nil, fmt.Errorf("$%s: %w", name, err)
		}
		args[i] = driver.NamedValue{Name: name, Ordinal: i + 1, Value: v}
	}
	return args, nil
}

// wholeDay refuses a time of day for a DATE: which day an instant belongs to depends on the place.
func wholeDay(stmt *duckdb.Stmt, index int, v any) error {
	t, ok := v.(time.Time)
	if !ok {
		return nil
	}
	typ, err := stmt.ParamType(index)
	if err == nil && typ == duckdb.TYPE_DATE && !t.Equal(t.Truncate(24*time.Hour)) {
		return fmt.Errorf("a date is wanted, %s has a time of day", t.Format(time.RFC3339))
	}
	return err
}

// bindable gives v in a type that the driver binds without loss, or says why there is none.
func bindable(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int, int8, int16, int32, int64, uint8, uint16, uint32, uint64, []byte, []int64, []int:
		return v, nil
	case uint:
		return uint64(v), nil
	case float32:
		return finite(float64(v))
	case float64:
		return finite(v)
	case string:
		return v, validText(v)
	case []string:
		if v == nil {
			return nil, nil
		}
		for _, s := range v {
			if err := validText(s); err != nil {
				return nil, err
			}
		}
		return v, nil
	case *big.Int:
		if v == nil {
			return nil, nil
		}
		return v.String(), nil
	case time.Time:
		// The driver drops the zone: midnight in Shanghai would be stored as the day before.
		if v.Location() != time.UTC {
			return nil, fmt.Errorf("the time %s is not in UTC; convert it", v)
		}
		if v.IsZero() {
			return nil, errors.New("the time is unset; pass nil for no time")
		}
		return bounded(v)
	case driver.Valuer:
		inner, err := v.Value()
		if err != nil {
			return nil, err
		}
		return bindable(inner)
	}
	return bindableKind(reflect.ValueOf(v))
}

// bindableKind handles pointers and named text types. Other named types are refused: their unit (hundredths, months)
// would be lost in the file.
func bindableKind(v reflect.Value) (any, error) {
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return nil, nil
	case v.Kind() == reflect.Pointer:
		return bindable(v.Elem().Interface())
	case v.Kind() == reflect.String:
		return v.String(), validText(v.String())
	}
	return nil, fmt.Errorf("a %s has no form in the database; convert it to text, int64, bool or a UTC time", v.Type())
}

func validText(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("the text %q is not UTF-8", s)
	}
	return nil
}

// assign puts a value of a column of DuckDB type typ into dest. This is the only place where values are converted:
//
//   - *string: texts as they are; DECIMAL, whole numbers and dates as exact text ("12.50", "2026-07-01")
//   - *int64 and other integers: whole numbers that fit, also HUGEINT and DECIMAL of scale 0
//   - *float64: finite numbers; *bool; *time.Time: dates and timestamps, in UTC; *[]string: lists of texts
//   - pointers to pointers and sql.Scanner (sql.Null…) take NULL, *any takes everything
//
// NULL, infinities, NaN and the infinite dates never become an ordinary value.
func assign(dest any, v driver.Value, typ string) error {
	v, err := plain(v, typ)
	if err != nil {
		return err
	}
	switch d := dest.(type) {
	case *any:
		*d = v
		return nil
	case sql.Scanner:
		return d.Scan(v)
	}
	to := reflect.ValueOf(dest)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return fmt.Errorf("the destination %T is not a pointer", dest)
	}
	if to = to.Elem(); to.Kind() == reflect.Pointer {
		if v == nil {
			to.SetZero()
			return nil
		}
		to.Set(reflect.New(to.Type().Elem()))
		return assignPlain(to.Interface(), v, typ)
	}
	if v == nil {
		return fmt.Errorf("it is NULL; scan it into a *%s", to.Type())
	}
	return assignPlain(dest, v, typ)
}

// plain turns a driver's value into nil, bool, int64, uint64, float64, string (texts, decimals, great whole numbers),
// time.Time, []byte or []any of these.
func plain(v driver.Value, typ string) (any, error) {
	if typ == "JSON" { // the driver has parsed it already, with long numbers rounded
		return nil, errors.New("cast JSON to VARCHAR in the statement")
	}
	switch v := v.(type) {
	case nil, bool, int64, uint64, string:
		return v, nil
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case float32:
		return finite(float64(v))
	case float64:
		return finite(v)
	case *big.Int:
		return v.String(), nil
	case duckdb.Decimal:
		return decimalText(v), nil
	case time.Time:
		return bounded(v)
	case []byte:
		if typ == "UUID" {
			var id duckdb.UUID
			copy(id[:], v)
			return id.String(), nil
		}
		return v, nil
	case []any:
		return plainList(v, strings.TrimSuffix(typ, "[]"))
	}
	return nil, errors.New("cast it to VARCHAR in the statement; this type is not read")
}

func plainList(values []any, typ string) (any, error) {
	list := make([]any, len(values))
	for i, v := range values {
		p, err := plain(v, typ)
		if err != nil {
			return nil, err
		}
		list[i] = p
	}
	return list, nil
}

// finite refuses what a division by zero gives in DuckDB.
func finite(f float64) (any, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, fmt.Errorf("%v is not a number; a division by zero gives it", f)
	}
	return f, nil
}

// bounded refuses 'infinity', which DuckDB accepts as a date and the driver gives as a far year.
func bounded(t time.Time) (any, error) {
	if t.Year() < 1 || t.Year() > 9999 {
		return nil, errors.New("the date is infinite or beyond the years 1 to 9999")
	}
	return t.UTC(), nil
}

// decimalText writes d with all its decimals.
func decimalText(d duckdb.Decimal) string {
	digits := new(big.Int).Abs(d.Value).String()
	if scale := int(d.Scale); scale > 0 {
		if len(digits) <= scale {
			digits = strings.Repeat("0", scale+1-len(digits)) + digits
		}
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if d.Value.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

// numeric tells whether typ is a number that plain gives as text.
func numeric(typ string) bool {
	return strings.HasPrefix(typ, "DECIMAL") || typ == "HUGEINT" || typ == "UHUGEINT" || typ == "BIGNUM"
}

// assignPlain puts a plain value that is not NULL into dest.
func assignPlain(dest, v any, typ string) error {
	switch d := dest.(type) {
	case *time.Time:
		if t, ok := v.(time.Time); ok {
			*d = t
			return nil
		}
	case *[]byte:
		if b, ok := v.([]byte); ok {
			*d = append([]byte{}, b...)
			return nil
		}
	case *[]string:
		return assignTexts(d, v, typ)
	case *int64, *int, *int32, *int16, *int8, *uint64, *uint, *uint32, *uint16, *uint8:
		return assignWhole(reflect.ValueOf(dest).Elem(), v, typ)
	case *float64:
		return assignFloat(d, v, typ)
	case *bool:
		if b, ok := v.(bool); ok {
			*d = b
			return nil
		}
	default:
		// Named text types are texts; named numbers are refused, since their unit is not the file's.
		if to := reflect.ValueOf(dest).Elem(); to.Kind() == reflect.String {
			s, ok := exactText(v, typ)
			if ok {
				to.SetString(s)
				return nil
			}
		}
	}
	return fmt.Errorf("it does not go into a %T", dest)
}

// exactText gives the text of values that have one exact text.
func exactText(v any, typ string) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	case time.Time:
		switch typ {
		case "DATE":
			return v.Format(time.DateOnly), true
		case "TIME":
			return v.Format("15:04:05.999999"), true
		}
		return v.Format("2006-01-02 15:04:05.999999999"), true
	}
	return "", false
}

func assignTexts(dest *[]string, v any, typ string) error {
	list, ok := v.([]any)
	if !ok {
		return errors.New("it is not a list")
	}
	texts := make([]string, len(list))
	for i, item := range list {
		if texts[i], ok = exactText(item, strings.TrimSuffix(typ, "[]")); !ok {
			return fmt.Errorf("its element %d is NULL or not a text", i+1)
		}
	}
	*dest = texts
	return nil
}

// assignWhole puts a whole number into an integer that can hold it.
func assignWhole(to reflect.Value, v any, typ string) error {
	n := new(big.Int)
	switch v := v.(type) {
	case int64:
		n.SetInt64(v)
	case uint64:
		n.SetUint64(v)
	case string:
		if _, ok := n.SetString(v, 10); !ok || !numeric(typ) {
			return errors.New("it is not a whole number")
		}
	default:
		return errors.New("it is not a whole number")
	}
	if to.CanInt() && n.IsInt64() && !to.OverflowInt(n.Int64()) {
		to.SetInt(n.Int64())
		return nil
	}
	if to.CanUint() && n.IsUint64() && !to.OverflowUint(n.Uint64()) {
		to.SetUint(n.Uint64())
		return nil
	}
	return fmt.Errorf("%s does not fit into %s", n, to.Type())
}

// assignFloat gives the nearest float64, for drawing.
func assignFloat(dest *float64, v any, typ string) (err error) {
	switch v := v.(type) {
	case float64:
		*dest = v
	case int64:
		*dest = float64(v)
	case uint64:
		*dest = float64(v)
	case string:
		if !numeric(typ) {
			return errors.New("it is not a number")
		}
		*dest, err = strconv.ParseFloat(v, 64)
	default:
		return errors.New("it is not a number")
	}
	return err
}
