package columnar

import (
	"math"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// texter appends the text of the i-th value, which is not null.
type texter func(dst []byte, i int) []byte

// texterOf gives the texter of an array. naive takes the zone from timestamps.
func texterOf(arr arrow.Array, naive bool) texter {
	if t := numberTexter(arr); t != nil {
		return t
	}
	if t := timeTexter(arr, naive); t != nil {
		return t
	}
	switch a := arr.(type) {
	case *array.Boolean:
		return func(dst []byte, i int) []byte { return strconv.AppendBool(dst, a.Value(i)) }
	case array.StringLike:
		return func(dst []byte, i int) []byte { return append(dst, a.Value(i)...) }
	case interface{ Value(int) []byte }: // binary in all its forms
		return func(dst []byte, i int) []byte { return append(dst, a.Value(i)...) }
	case *array.Dictionary:
		values := texterOf(a.Dictionary(), naive)
		return func(dst []byte, i int) []byte {
			if at := a.GetValueIndex(i); a.Dictionary().IsValid(at) {
				return values(dst, at)
			}
			return dst
		}
	case array.ListLike, *array.Struct:
		return jsonTexter(arr, naive)
	case array.ExtensionArray:
		if _, ok := a.Storage().(array.StringLike); ok {
			return texterOf(a.Storage(), naive)
		}
	}
	return func(dst []byte, i int) []byte { return append(dst, arr.ValueStr(i)...) }
}

// numberTexter knows the numbers, else it gives nil.
func numberTexter(arr arrow.Array) texter {
	switch a := arr.(type) {
	case *array.Int8:
		return func(dst []byte, i int) []byte { return strconv.AppendInt(dst, int64(a.Value(i)), 10) }
	case *array.Int16:
		return func(dst []byte, i int) []byte { return strconv.AppendInt(dst, int64(a.Value(i)), 10) }
	case *array.Int32:
		return func(dst []byte, i int) []byte { return strconv.AppendInt(dst, int64(a.Value(i)), 10) }
	case *array.Int64:
		return func(dst []byte, i int) []byte { return strconv.AppendInt(dst, a.Value(i), 10) }
	case *array.Uint8:
		return func(dst []byte, i int) []byte { return strconv.AppendUint(dst, uint64(a.Value(i)), 10) }
	case *array.Uint16:
		return func(dst []byte, i int) []byte { return strconv.AppendUint(dst, uint64(a.Value(i)), 10) }
	case *array.Uint32:
		return func(dst []byte, i int) []byte { return strconv.AppendUint(dst, uint64(a.Value(i)), 10) }
	case *array.Uint64:
		return func(dst []byte, i int) []byte { return strconv.AppendUint(dst, a.Value(i), 10) }
	case *array.Float16:
		return func(dst []byte, i int) []byte { return appendFloat(dst, float64(a.Value(i).Float32()), 32) }
	case *array.Float32:
		return func(dst []byte, i int) []byte { return appendFloat(dst, float64(a.Value(i)), 32) }
	case *array.Float64:
		return func(dst []byte, i int) []byte { return appendFloat(dst, a.Value(i), 64) }
	case *array.Decimal32:
		scale := scaleOf(arr)
		return func(dst []byte, i int) []byte {
			return appendDecimal(dst, strconv.AppendInt(nil, int64(a.Value(i)), 10), scale)
		}
	case *array.Decimal64:
		scale := scaleOf(arr)
		return func(dst []byte, i int) []byte {
			return appendDecimal(dst, strconv.AppendInt(nil, int64(a.Value(i)), 10), scale)
		}
	case *array.Decimal128:
		scale := scaleOf(arr)
		return func(dst []byte, i int) []byte { return appendDecimal(dst, digits(a.Value(i)), scale) }
	case *array.Decimal256:
		scale := scaleOf(arr)
		return func(dst []byte, i int) []byte { return appendDecimal(dst, a.Value(i).BigInt().Append(nil, 10), scale) }
	}
	return nil
}

func scaleOf(arr arrow.Array) int { return int(arr.DataType().(arrow.DecimalType).GetScale()) }

// digits gives a number in decimal; most fit into 64 bits.
func digits(n decimal128.Num) []byte {
	if low := int64(n.LowBits()); n.HighBits() == low>>63 {
		return strconv.AppendInt(nil, low, 10)
	}
	return n.BigInt().Append(nil, 10)
}

// appendDecimal puts the point into an integer.
func appendDecimal(dst, integer []byte, scale int) []byte {
	if integer[0] == '-' {
		dst, integer = append(dst, '-'), integer[1:]
	}
	for ; scale < 0; scale++ {
		integer = append(integer, '0')
	}
	whole := len(integer) - scale
	if whole <= 0 {
		dst = append(dst, '0')
	} else {
		dst = append(dst, integer[:whole]...)
	}
	if scale == 0 {
		return dst
	}
	dst = append(dst, '.')
	for ; whole < 0; whole++ {
		dst = append(dst, '0')
	}
	return append(dst, integer[whole:]...)
}

// appendFloat writes large and tiny numbers with an exponent, as JSON does.
func appendFloat(dst []byte, v float64, bits int) []byte {
	form := byte('f')
	if size := math.Abs(v); size >= 1e21 || size < 1e-6 && v != 0 {
		form = 'e'
	}
	return strconv.AppendFloat(dst, v, form, -1, bits)
}

// timeTexter knows dates and times, else it gives nil.
func timeTexter(arr arrow.Array, naive bool) texter {
	const midnight, naiveForm = 24 * 60 * 60 * 1000, "2006-01-02 15:04:05.999999999"
	switch a := arr.(type) {
	case *array.Date32:
		return func(dst []byte, i int) []byte { return a.Value(i).ToTime().AppendFormat(dst, time.DateOnly) }
	case *array.Date64:
		return func(dst []byte, i int) []byte {
			at := time.UnixMilli(int64(a.Value(i))).UTC()
			if a.Value(i)%midnight != 0 {
				return at.AppendFormat(dst, naiveForm)
			}
			return at.AppendFormat(dst, time.DateOnly)
		}
	case *array.Timestamp:
		kind := arr.DataType().(*arrow.TimestampType)
		form := naiveForm
		if kind.TimeZone != "" && !naive {
			form = time.RFC3339Nano
		}
		return func(dst []byte, i int) []byte { return a.Value(i).ToTime(kind.Unit).AppendFormat(dst, form) }
	case *array.Time32:
		unit := arr.DataType().(*arrow.Time32Type).Unit
		return func(dst []byte, i int) []byte { return a.Value(i).ToTime(unit).AppendFormat(dst, "15:04:05.999999999") }
	case *array.Time64:
		unit := arr.DataType().(*arrow.Time64Type).Unit
		return func(dst []byte, i int) []byte { return a.Value(i).ToTime(unit).AppendFormat(dst, "15:04:05.999999999") }
	case *array.Duration:
		places := map[arrow.TimeUnit]int{arrow.Second: 0, arrow.Millisecond: 3, arrow.Microsecond: 6, arrow.Nanosecond: 9}[arr.DataType().(*arrow.DurationType).Unit]
		return func(dst []byte, i int) []byte {
			return append(appendDecimal(append(dst, "PT"...), strconv.AppendInt(nil, int64(a.Value(i)), 10), places), 'S')
		}
	}
	return nil
}

// jsonTexter writes values as JSON: numbers and truth values bare, all else in quotes.
func jsonTexter(arr arrow.Array, naive bool) texter {
	var plain texter
	switch a := arr.(type) {
	case array.ListLike:
		values := orNull(a.ListValues(), naive)
		return func(dst []byte, i int) []byte {
			from, to := a.ValueOffsets(i)
			dst = append(dst, '[')
			for at := from; at < to; at++ {
				if at > from {
					dst = append(dst, ',')
				}
				if dst = values(dst, int(at)); len(dst) > 2*maxRow {
					panic("a list is longer than the limit")
				}
			}
			return append(dst, ']')
		}
	case *array.Struct:
		return structTexter(a, naive)
	case *array.Dictionary:
		values := orNull(a.Dictionary(), naive)
		return func(dst []byte, i int) []byte { return values(dst, a.GetValueIndex(i)) }
	case *array.Boolean:
		return texterOf(arr, naive)
	default:
		if plain = numberTexter(arr); plain == nil {
			text := texterOf(arr, naive)
			return func(dst []byte, i int) []byte { return quote(dst, text(nil, i)) }
		}
	}
	return func(dst []byte, i int) []byte {
		from := len(dst)
		if dst = plain(dst, i); dst[len(dst)-1] < '0' || dst[len(dst)-1] > '9' { // NaN, Inf
			text := string(dst[from:])
			return quote(dst[:from], []byte(text))
		}
		return dst
	}
}

func structTexter(a *array.Struct, naive bool) texter {
	fields := a.DataType().(*arrow.StructType).Fields()
	values := make([]texter, len(fields))
	for i := range fields {
		values[i] = orNull(a.Field(i), naive)
	}
	return func(dst []byte, i int) []byte {
		dst = append(dst, '{')
		for f, value := range values {
			if f > 0 {
				dst = append(dst, ',')
			}
			dst = value(append(quote(dst, []byte(fields[f].Name)), ':'), i)
		}
		return append(dst, '}')
	}
}

func orNull(arr arrow.Array, naive bool) texter {
	value := jsonTexter(arr, naive)
	return func(dst []byte, i int) []byte {
		if arr.IsNull(i) {
			return append(dst, "null"...)
		}
		return value(dst, i)
	}
}

// quote writes a JSON string; bytes that are no text stay as they are, for the caller to find.
func quote(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
