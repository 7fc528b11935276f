package sheet

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
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
	unit     shown // of a plain number
}

// shown is what Excel writes around a plain number and the number is worth little without: the sign of another currency, 万, 天.
type shown struct{ before, behind string }

// bareNumbers has numbers read without the currency or unit that they are shown with.
func (w *Workbook) bareNumbers() {
	for i := range w.formats {
		w.formats[i].unit = shown{}
	}
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
	unit     shown // all text around the digits
	digits   bool  // a digit was shown
	split    bool  // text stands between the digits: 0"."0,"万" shows another number than the cell holds
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
		case '\\', '!': // WPS and East Asian Excels write !. where others write \.
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
			s.currency(code[i+1 : i+end])
			i += end
		case '0':
			s.zeros++
			s.digit()
			letters.WriteByte(c)
		default:
			s.plain = false
			letters.WriteString(strings.ToLower(string(c)))
			switch {
			case c == '#', c == '?', c == 'G':
				s.digit()
			case c >= 0x80, c == '$': // shown as it stands, though no quotes are around it
				s.show(code[i : i+1])
			}
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
	s.show(text)
}

// show notes text around the digits.
func (s *section) show(text string) {
	if s.digits {
		s.unit.behind += text
	} else {
		s.unit.before += text
	}
}

func (s *section) digit() {
	s.digits = true
	s.split = s.split || strings.TrimSpace(s.unit.behind) != ""
}

// currency notes the sign in brackets such as [$€-407]: sign, language. The yen and the yuan have one sign, which Japanese tells apart.
func (s *section) currency(bracket string) {
	sign, ok := strings.CutPrefix(bracket, "$")
	if !ok {
		return
	}
	sign, language, _ := strings.Cut(sign, "-")
	if strings.HasSuffix(language, "411") && strings.ContainsAny(sign, "¥￥") {
		sign = "JPY"
	}
	s.show(sign)
}

// Words behind a number that say how much of what it counts, in lower case. 元, 次, 人 and the like change nothing and are left away.
var counted = []string{
	"千", "万", "萬", "百万", "千万", "亿", "億", "万亿", "k", "m", "千元", "万元", "萬元", "百万元", "千万元", "亿元", "億元",
	"天", "日", "工作日", "人天", "人日", "小时", "小時", "时", "分钟", "分鐘", "秒", "d", "day", "days", "h", "hr", "hrs", "hour", "hours", "min", "mins", "minutes", "s", "sec",
}

// Names of currencies that are not written by a sign.
var currencies = []string{"USD", "EUR", "GBP", "HKD", "TWD", "JPY", "KRW", "SGD", "AUD", "CAD", "CHF", "美元", "欧元", "英镑", "港元", "港币", "日元"}

// worth keeps of the text around a number what changes its meaning. A number that is shown divided counts as the cell holds it.
func (s *section) worth() (u shown) {
	if s.split || s.divided() {
		return u
	}
	before, behind := strings.TrimSpace(s.unit.before), strings.TrimSpace(s.unit.behind)
	if isForeign(before) {
		u.before = before
	}
	if isForeign(behind) || slices.Contains(counted, strings.ToLower(behind)) {
		u.behind = behind
	}
	return u
}

// isForeign knows signs and names of currencies other than the yuan.
func isForeign(text string) bool {
	foreign := func(c rune) bool { return unicode.Is(unicode.Sc, c) && c != '¥' && c != '￥' }
	return strings.ContainsFunc(text, foreign) || slices.Contains(currencies, strings.ToUpper(text))
}

// divided reports a comma that no digit follows: the number is shown divided by 1,000.
func (s *section) divided() bool {
	for rest := s.letters; ; {
		_, behind, found := strings.Cut(rest, ",")
		if !found {
			return false
		}
		if behind == "" || strings.IndexByte("0#?", behind[0]) < 0 {
			return true
		}
		rest = behind
	}
}

// shows reports whether the section shows the digits of a number.
func (s *section) shows() bool {
	return s.broken || strings.ContainsAny(s.letters, "0#?") || strings.Contains(s.letters, "general")
}

// isPercent reports a section that shows a number times 100 and nothing else. A comma that no digit follows would divide it by 1,000.
func (s *section) isPercent() bool {
	return strings.Count(s.letters, "%") == 1 && strings.Trim(s.letters, "0#?.,%+-() ") == "" && !s.divided() && s.shows()
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
		return numberFormat{unit: s.worth()}
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
	if !date && !time {
		return numberFormat{unit: s.worth()}
	}
	return numberFormat{moment: true, date: date, time: time}
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
