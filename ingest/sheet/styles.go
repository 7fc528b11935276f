package sheet

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// numberFormat says how Excel shows a number, as far as it changes what the number means.
type numberFormat struct {
	date     bool // shows year or day
	time     bool // shows hour or second
	moment   bool // a date, a time or both
	duration bool // [h]:mm
	zeros    int  // 000000: number of digits; 0 = not padded
	prefix   string
}

// builtin gives the formats that have a number only. Those of East Asian Excels (27-36, 50-58) show dates or times
// depending on the language; the value then decides.
func builtin(id int) numberFormat {
	switch {
	case id >= 14 && id <= 17:
		return numberFormat{moment: true, date: true}
	case id >= 18 && id <= 21, id == 32, id == 33, id == 45, id == 47:
		return numberFormat{moment: true, time: true}
	case id == 22:
		return numberFormat{moment: true, date: true, time: true}
	case id == 34, id == 35, id == 55, id == 56:
		return numberFormat{moment: true}
	case id >= 27 && id <= 36, id >= 50 && id <= 58:
		return numberFormat{moment: true, date: true}
	case id == 46:
		return numberFormat{duration: true}
	}
	return numberFormat{}
}

// parseFormat reads the first section of a format code, that of positive numbers.
func parseFormat(code string) numberFormat {
	var f numberFormat
	var letters strings.Builder // codes without literals, lower case
	plain := true               // so far only literals and zeros
	for i := 0; i < len(code) && code[i] != ';'; i++ {
		switch c := code[i]; c {
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				end = len(code) - i - 1
			}
			plain = f.literal(code[i+1:i+1+end]) && plain
			i += end + 1
		case '\\':
			plain = f.literal(code[min(i+1, len(code)):min(i+2, len(code))]) && plain
			i++
		case '_', '*':
			i++
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return numberFormat{}
			}
			if unit := strings.ToLower(code[i+1 : i+end]); unit != "" && (strings.Trim(unit, "h") == "" || strings.Trim(unit, "m") == "" || strings.Trim(unit, "s") == "") {
				f.duration = true
			}
			i += end
		case '0':
			f.zeros++
			letters.WriteByte(c)
		default:
			plain = false
			letters.WriteString(strings.ToLower(string(c)))
		}
	}
	return f.settle(letters.String(), plain)
}

// literal notes text shown with the number: only text before the digits can belong to an id such as EMP0007.
func (f *numberFormat) literal(s string) bool {
	f.prefix += s
	return f.zeros == 0 || s == ""
}

// notDates takes away letters that look like parts of a date: the halves of the day, exponents.
var notDates = strings.NewReplacer("am/pm", "h", "a/p", "h", "e+", "", "e-", "")

// settle decides what the letters of a format code mean.
func (f numberFormat) settle(letters string, plain bool) numberFormat {
	switch {
	case f.duration:
		return numberFormat{duration: true}
	case strings.Contains(letters, "general"), strings.Contains(letters, "@"):
		return numberFormat{}
	case plain && f.zeros >= 2:
		return numberFormat{zeros: f.zeros, prefix: f.prefix}
	}
	rest := notDates.Replace(letters)
	date := strings.ContainsAny(rest, "yde") || strings.Contains(rest, "aaa")
	time := strings.ContainsAny(rest, "hs")
	if !date && !time {
		date = strings.Contains(rest, "m")
	}
	return numberFormat{moment: date || time, date: date, time: time}
}

// readStyles reads the number format of every cell style.
func (w *Workbook) readStyles(name string) error {
	custom := map[int]numberFormat{}
	inCells := false
	var ids []int
	err := w.scan(name, func(x *xmlScanner) error {
		switch local := x.local(); {
		case x.depth() == 1 && local != "styleSheet":
			return errors.New("no styles in the part")
		case x.depth() == 2:
			inCells = local == "cellXfs"
		case x.depth() == 3 && local == "numFmt":
			id, err := numberAttr(x, "numFmtId")
			if err != nil {
				return err
			}
			code, _ := x.attr("formatCode")
			custom[id] = parseFormat(code)
		case x.depth() == 3 && local == "xf" && inCells:
			id, err := numberAttr(x, "numFmtId")
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		if len(ids) > maxStyles || len(custom) > maxStyles {
			return tooLarge(text("单元格格式超过 65,536 种", "more than 65,536 cell formats"))
		}
		return nil
	})
	for _, id := range ids {
		format, ok := custom[id]
		if !ok {
			format = builtin(id)
		}
		w.formats = append(w.formats, format)
	}
	return err
}

// numberAttr gives a non-negative number attribute, 0 when it is missing.
func numberAttr(x *xmlScanner, name string) (int, error) {
	s, ok := x.attr(name)
	if !ok {
		return 0, nil
	}
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 31)
	if err != nil {
		return 0, fmt.Errorf("attribute %s is %.40q", name, s)
	}
	return int(n), nil
}
