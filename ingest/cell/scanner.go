package cell

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// scanner reads a text from its front; s is what is left of it.
type scanner struct{ s string }

func (p *scanner) eat(prefix string) bool {
	rest, ok := strings.CutPrefix(p.s, prefix)
	p.s = rest
	return ok
}

// eatAny takes one of the characters, and gives it, or 0.
func (p *scanner) eatAny(chars string) byte {
	if p.s == "" || strings.IndexByte(chars, p.s[0]) < 0 {
		return 0
	}
	c := p.s[0]
	p.s = p.s[1:]
	return c
}

func (p *scanner) eatOne(words ...string) bool {
	return slices.ContainsFunc(words, p.eat)
}

// spaces takes white space and reports whether there was any.
func (p *scanner) spaces() bool {
	rest := strings.TrimLeft(p.s, " \t\r\n")
	some := len(rest) < len(p.s)
	p.s = rest
	return some
}

func (p *scanner) digits() string {
	i := 0
	for i < len(p.s) && p.s[i] >= '0' && p.s[i] <= '9' {
		i++
	}
	d := p.s[:i]
	p.s = p.s[i:]
	return d
}

// letters gives the ASCII letters at the front in lower case, and leaves them there.
func (p *scanner) letters() string {
	i := 0
	for i < len(p.s) && (p.s[i]|0x20 >= 'a' && p.s[i]|0x20 <= 'z') {
		i++
	}
	return strings.ToLower(p.s[:i])
}

// atWord reports whether a letter comes next, of whatever script.
func (p *scanner) atWord() bool {
	return p.s != "" && (p.s[0] >= utf8.RuneSelf || p.s[0] >= 'A')
}

// small gives d as a number; it has at most eight digits.
func small(d string) int {
	n := 0
	for i := range len(d) {
		n = n*10 + int(d[i]-'0')
	}
	return n
}

var monthNames = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

// Longer names stand before those that begin them.
var chineseMonths = []string{"十二月", "十一月", "十月", "九月", "八月", "七月", "六月", "五月", "四月", "三月", "二月", "一月"}

// month takes the word of a month.
func (p *scanner) month() (n int, ok bool) {
	if !p.atWord() {
		return 0, false
	}
	for i, w := range chineseMonths {
		if p.eat(w) {
			return 12 - i, true
		}
	}
	w := p.letters()
	for i, name := range monthNames {
		if w == name || w == name[:3] || w == "sept" && i == 8 {
			p.s = p.s[len(w):]
			p.eat(".")
			return i + 1, true
		}
	}
	return 0, false
}

var weekdayNames = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

var chineseDays = []string{"日", "一", "二", "三", "四", "五", "六"}

// weekday takes the word of a weekday; 0 is Sunday.
func (p *scanner) weekday() (n int, ok bool) {
	if !p.atWord() {
		return 0, false
	}
	was := p.s
	if p.eatOne("星期", "礼拜", "周") {
		if p.eat("天") {
			return 0, true
		}
		for i, w := range chineseDays {
			if p.eat(w) {
				return i, true
			}
		}
		p.s = was
		return 0, false
	}
	w := p.letters()
	for i, name := range weekdayNames {
		if w == name || w == name[:3] || w == "tues" && i == 2 || (w == "thur" || w == "thurs") && i == 4 {
			p.s = p.s[len(w):]
			return i, true
		}
	}
	return 0, false
}

// parts takes the numbers and the word of which a date is made, at most three, and the sign before each: one of -/., or ' ' for
// white space, 0 for nothing.
func (p *scanner) parts() (list []part, seps []byte) {
	for len(list) < 3 {
		was := *p
		sep := byte(0)
		if len(list) > 0 {
			sep = p.separator()
		}
		next, found := p.part()
		if !found || len(list) > 0 && !p.joins(list, next, sep) {
			*p = was
			break
		}
		list, seps = append(list, next), append(seps, sep)
	}
	return list, seps
}

// separator takes what stands before the next part.
func (p *scanner) separator() (sep byte) {
	blank := p.spaces()
	sep = p.eatAny("-/.,")
	if sep != 0 {
		p.spaces()
	} else if blank {
		sep = ' '
	}
	return sep
}

// joins reports whether the sign may stand before the next part of a date, and that this is no time of day. Beside a month in
// words any sign will do, and behind a mark none is needed.
func (p *scanner) joins(before []part, next part, sep byte) bool {
	if next.digits > 0 && next.mark == 0 && (strings.HasPrefix(p.s, ":") || p.hourMark()) {
		return false
	}
	if next.digits == 0 || before[len(before)-1].mark != 0 || slices.ContainsFunc(before, part.monthly) {
		return true
	}
	return sep == '-' || sep == '/' || sep == '.'
}

// hourMark reports that the number just taken is an hour in words.
func (p *scanner) hourMark() bool {
	return strings.HasPrefix(p.s, "时") || strings.HasPrefix(p.s, "点")
}

// part takes a number of at most eight digits with its mark, or the word of a month.
func (p *scanner) part() (part, bool) {
	if n, ok := p.month(); ok {
		return part{value: n}, true
	}
	d := p.digits()
	if d == "" || len(d) > 8 {
		return part{}, false
	}
	n := part{value: small(d), digits: len(d)}
	switch w := p.letters(); w {
	case "st", "nd", "rd", "th":
		p.s = p.s[len(w):]
		n.mark = '日'
		return n, true
	}
	was := p.s
	p.spaces()
	switch {
	case p.eat("年"):
		n.mark = '年'
	case p.eat("月"):
		n.mark = '月'
	case p.eatOne("日", "号"):
		n.mark = '日'
	default:
		p.s = was
	}
	return n, true
}

// behind takes what may stand behind a day, to the end of the text: a weekday, a time of day, an offset. joined says that a
// time of day may follow at once.
func (p *scanner) behind(t *stamp, joined bool) bool {
	joined = p.spaces() || joined || strings.HasPrefix(p.s, "上午") || strings.HasPrefix(p.s, "下午")
	if p.s == "" {
		return true
	}
	if p.lastWeekday(t) || p.eat(",") {
		joined = true
		p.spaces()
	}
	iso := p.eatAny("Tt") != 0
	if iso {
		p.spaces()
	}
	if p.s != "" || iso {
		if !iso && !joined || !p.clock(t, iso) {
			return false
		}
	}
	p.spaces()
	p.lastWeekday(t)
	return p.s == ""
}

// lastWeekday takes a weekday, in brackets or not; a second one that differs is not taken.
func (p *scanner) lastWeekday(t *stamp) bool {
	was := p.s
	open := p.eat("(")
	day, ok := p.weekday()
	if !ok || open && !p.eat(")") || t.weekday != none && t.weekday != day {
		p.s = was
		return false
	}
	t.weekday = day
	p.eat(",")
	return true
}

// clock takes a time of day and the offset behind it.
func (p *scanner) clock(t *stamp, iso bool) bool {
	half := p.half()
	p.spaces()
	seconds, ok := p.time(t, iso)
	if !ok {
		return false
	}
	if half == 0 {
		was := p.s
		p.spaces()
		if half = p.half(); half == 0 {
			p.s = was
		}
	}
	t.clock = true
	return t.inHalf(half) && t.told() && p.zone(t, iso || seconds)
}

// half takes the word for a half of the day: 'a' before noon, 'p' after it, 0 none.
func (p *scanner) half() byte {
	if p.eat("上午") {
		return 'a'
	}
	if p.eat("下午") {
		return 'p'
	}
	for _, half := range []string{"a", "p"} {
		for _, w := range []string{half + "m", half + ".m."} {
			if len(p.s) >= len(w) && strings.EqualFold(p.s[:len(w)], w) {
				p.s = p.s[len(w):]
				return half[0]
			}
		}
	}
	return 0
}

// inHalf turns the hour of a half day into one of the whole. 下午 14:30 says the same twice; 上午 14:30 contradicts itself.
func (t *stamp) inHalf(half byte) bool {
	switch {
	case half == 0:
		return true
	case half == 'a' && t.hour == 12:
		t.hour = 0
	case half == 'p' && t.hour >= 1 && t.hour < 12:
		t.hour += 12
	}
	return half == 'a' && t.hour < 12 || half == 'p' && t.hour >= 12 && t.hour < 24
}

// told reports a time that clocks tell, or the end of the day.
func (t *stamp) told() bool {
	if t.hour == 24 {
		return t.minute == 0 && t.second == 0 && t.decimals == ""
	}
	return t.hour < 24 && t.minute < 60 && t.second < 60
}

// time takes 18:30, 18:30:05.25, 18时30分05秒, or behind a T 183005; it reports whether there are seconds.
func (p *scanner) time(t *stamp, iso bool) (seconds, ok bool) {
	hour := p.digits()
	if iso && (len(hour) == 4 || len(hour) == 6) {
		t.hour, t.minute, t.second = small(hour[:2]), small(hour[2:4]), small(hour[4:])
		return len(hour) == 6, len(hour) == 4 || p.decimals(t)
	}
	if hour == "" || len(hour) > 2 {
		return false, false
	}
	t.hour = small(hour)
	if p.eatOne("时", "点") {
		return p.timeInWords(t)
	}
	if !p.eat(":") || !p.two(&t.minute) {
		return false, false
	}
	if !p.eat(":") {
		return false, true
	}
	return true, p.two(&t.second) && p.decimals(t)
}

// timeInWords takes what follows the hour in 18时, 18时30分, 18时30分05秒.
func (p *scanner) timeInWords(t *stamp) (seconds, ok bool) {
	minute := p.digits()
	if minute == "" {
		return false, true
	}
	if len(minute) > 2 || !p.eat("分") {
		return false, false
	}
	t.minute = small(minute)
	second := p.digits()
	if second == "" {
		return false, true
	}
	t.second = small(second[:min(len(second), 2)])
	return true, len(second) <= 2 && p.eat("秒")
}

// two takes a number of exactly two digits.
func (p *scanner) two(n *int) bool {
	d := p.digits()
	if len(d) != 2 {
		return false
	}
	*n = small(d)
	return true
}

// decimals takes the decimals of a second, if there are any.
func (p *scanner) decimals(t *stamp) bool {
	if len(p.s) < 2 || p.s[0] != '.' && p.s[0] != ',' || p.s[1] < '0' || p.s[1] > '9' {
		return true
	}
	p.s = p.s[1:]
	t.decimals = strings.TrimRight(p.digits(), "0")
	return true
}

// zone takes Z, UTC, GMT, +08:00, +0800, +08, UTC+8 and GMT+08:00. exact says that the time of day has seconds or stands behind
// a T: else 09:00-12:00 is a span of time, not nine o'clock in the middle of the Pacific.
func (p *scanner) zone(t *stamp, exact bool) bool {
	was := p.s
	p.spaces()
	named := false
	switch w := p.letters(); w {
	case "z":
		p.s = p.s[1:]
		t.zoned = true
		return true
	case "utc", "gmt":
		p.s = p.s[3:]
		t.zoned, named = true, true
	}
	sign := p.eatAny("+-")
	if sign == 0 {
		if !named {
			p.s = was
		}
		return true
	}
	if sign == '-' && !named && !exact {
		return false
	}
	t.zoned = true
	return p.offset(t, sign, named)
}

// offset takes the figures of an offset.
func (p *scanner) offset(t *stamp, sign byte, named bool) bool {
	hour, minute := p.digits(), ""
	switch {
	case len(hour) == 4:
		hour, minute = hour[:2], hour[2:]
	case len(hour) == 2 || len(hour) == 1 && named:
		if p.eat(":") {
			if minute = p.digits(); len(minute) != 2 {
				return false
			}
		}
	default:
		return false
	}
	t.offset = small(hour)*3600 + small(minute)*60
	if small(minute) > 59 || t.offset > 14*3600 {
		return false
	}
	if sign == '-' {
		t.offset = -t.offset
	}
	return true
}
