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
	percent  bool // 0.00%
	zeros    int  // 000000: number of digits; 0 = not padded
	prefix   string
}

// builtin gives the formats that have a number only. Those of East Asian Excels (27-36, 50-58) show dates or times
// depending on the language; the value then decides.
func builtin(id int) numberFormat {
	switch {
	case id == 9, id == 10:
		return numberFormat{percent: true}
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

// parseFormat reads the first section of a format code, that of positive numbers. A percentage must be one in the other sections too.
func parseFormat(code string) numberFormat {
	first, rest, more := cutSection(code)
	f := first.meaning()
	for f.percent && more {
		var other section
		if other, rest, more = cutSection(rest); other.shows() && !other.meaning().percent {
			return numberFormat{}
		}
	}
	return f
}

// section is a piece of a format code: for positive or negative numbers, zero or text.
type section struct {
	letters  string // codes without literals, lower case
	plain    bool   // only literals and zeros
	broken   bool   // a bracket is not closed
	duration bool
	zeros    int
	prefix   string
}

// cutSection reads a format code up to the next semicolon.
func cutSection(code string) (s section, rest string, more bool) {
	var letters strings.Builder
	s.plain = true
	i := 0
	for ; i < len(code) && code[i] != ';'; i++ {
		switch c := code[i]; c {
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				end = len(code) - i - 1
			}
			s.literal(code[i+1 : i+1+end])
			i += end + 1
		case '\\':
			s.literal(code[min(i+1, len(code)):min(i+2, len(code))])
			i++
		case '_', '*':
			i++
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				s.broken = true
				return s, "", false
			}
			s.duration = s.duration || isElapsed(code[i+1:i+end])
			i += end
		case '0':
			s.zeros++
			letters.WriteByte(c)
		default:
			s.plain = false
			letters.WriteString(strings.ToLower(string(c)))
		}
	}
	s.letters = letters.String()
	if i >= len(code) {
		return s, "", false
	}
	return s, code[i+1:], true
}

// isElapsed knows what stands in the brackets of [h]:mm.
func isElapsed(unit string) bool {
	unit = strings.ToLower(unit)
	return unit != "" && (strings.Trim(unit, "h") == "" || strings.Trim(unit, "m") == "" || strings.Trim(unit, "s") == "")
}

// literal notes text shown with the number: only text before the digits can belong to an id such as EMP0007.
func (s *section) literal(text string) {
	s.prefix += text
	s.plain = s.plain && (s.zeros == 0 || text == "")
}

// shows reports whether the section shows the digits of a number.
func (s *section) shows() bool {
	return s.broken || strings.ContainsAny(s.letters, "0#?") || strings.Contains(s.letters, "general")
}

// isPercent reports a section that shows a number times 100 and nothing else. A comma that no digit follows would divide it by 1,000.
func (s *section) isPercent() bool {
	if strings.Count(s.letters, "%") != 1 || strings.Trim(s.letters, "0#?.,%+-() ") != "" {
		return false
	}
	for rest := s.letters; ; {
		_, behind, found := strings.Cut(rest, ",")
		if !found {
			return s.shows()
		}
		if behind == "" || strings.IndexByte("0#?", behind[0]) < 0 {
			return false
		}
		rest = behind
	}
}

// notDates takes away letters that look like parts of a date: the halves of the day, exponents.
var notDates = strings.NewReplacer("am/pm", "h", "a/p", "h", "e+", "", "e-", "")

// meaning decides what the letters of a section mean.
func (s *section) meaning() numberFormat {
	switch {
	case s.broken:
		return numberFormat{}
	case s.duration:
		return numberFormat{duration: true}
	case strings.Contains(s.letters, "general"), strings.Contains(s.letters, "@"):
		return numberFormat{}
	case s.isPercent():
		return numberFormat{percent: true}
	case s.plain && s.zeros >= 2:
		return numberFormat{zeros: s.zeros, prefix: s.prefix}
	}
	rest := notDates.Replace(s.letters)
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
