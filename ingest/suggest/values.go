package suggest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"plumbline/ingest/cell"
	"plumbline/ingest/sheet"
	"plumbline/policy"
)

// examiner sees how the columns of a file read as columns of a dataset.
type examiner struct {
	policy *policy.Policy
	zone   *time.Location
	shares map[pairing]share
}

type pairing struct {
	column *policy.Column
	of     *column
}

// share is how much of a column can be read.
type share struct {
	read, all int   // cells that are not blank
	bad       value // the most frequent text that cannot
}

// of gives the share as a fraction; that of a blank column is 1.
func (s share) of() float64 {
	if s.all == 0 {
		return 1
	}
	return float64(s.read) / float64(s.all)
}

// percent gives the share in whole percent, 100 only for all.
func (s share) percent() int {
	if s.all == 0 {
		return 100
	}
	return s.read * 100 / s.all
}

// share reads a column of the file as one of the dataset, by any format that fits a text.
func (e *examiner) share(c *policy.Column, h *column) (share, error) {
	at := pairing{c, h}
	if s, known := e.shares[at]; known {
		return s, nil
	}
	var s share
	reads := person
	if c.Type != policy.TypeEmployee {
		var readers []*cell.Reader
		for _, f := range attempts(c) {
			r, err := e.reader(c, f)
			if err != nil {
				return s, err
			}
			readers = append(readers, r)
		}
		reads = func(text string) (ok, blank bool) {
			for _, r := range readers {
				if v := r.Read(text); v.Rule == "" {
					return true, v.Blank
				}
			}
			return false, false
		}
	}
	for _, v := range h.values[:min(len(h.values), maxValues)] {
		ok, blank := reads(v.text)
		blank = blank || isDay(c) && zeroDate.MatchString(v.text)
		switch {
		case blank:
		case ok:
			s.read += v.count
			s.all += v.count
		default:
			if s.bad.text == "" {
				s.bad = v
			}
			s.all += v.count
		}
	}
	e.shares[at] = s
	return s, nil
}

func (e *examiner) reader(c *policy.Column, f policy.Format) (*cell.Reader, error) {
	r, err := cell.NewReader(cell.Column{Type: c.Type, Format: f, Words: words(c), Zone: e.zone, Workday: e.policy.Company.WorkdayHours, Edition: sheet.Edition})
	if err != nil {
		return nil, fmt.Errorf("suggest mapping: column %s: %w", c.ID, err)
	}
	return r, nil
}

// words gives the words of an enum or bool column by policy.WordKey.
func words(c *policy.Column) map[string]string {
	known := map[string]string{}
	for _, v := range c.Values {
		for _, w := range append([]string{v.Value, v.Name.ZH, v.Name.EN}, v.Words...) {
			known[policy.WordKey(w)] = v.Value
		}
	}
	return known
}

// attempts are the formats in which the texts of a column may be written.
func attempts(c *policy.Column) []policy.Format {
	f := c.Format
	var list []policy.Format
	switch c.Type {
	case policy.TypeDate, policy.TypeDatetime:
		if f.Serial == "" {
			f.Serial = "1900"
		}
		for _, o := range []policy.DateOrder{policy.DMY, policy.MDY} {
			f.Order = o
			list = append(list, f)
		}
	case policy.TypeInteger, policy.TypeNumber, policy.TypeHours, policy.TypeMoney, policy.TypePercent:
		f.Myriads = true
		if c.Type == policy.TypePercent && f.Unit == "" {
			f.Unit = policy.UnitPercent
		}
		for _, d := range []string{".", ","} {
			f.Decimal = d
			list = append(list, f)
		}
	default:
		list = append(list, f)
	}
	return list
}

// setting is a key that a field or header says, with the reason.
type setting struct {
	key, value string
	why        policy.Text
}

// findings are what the values of a column say about how it is written.
type findings struct {
	settings []setting
	asks     []ask
	unknown  []value           // words that stand for no value of an enum or bool column
	nearest  map[string]string // of unknown: the value whose word is nearest
}

// ask is a setting that is left open.
type ask struct {
	key     string
	say     policy.Text
	options []string
}

func (f *findings) set(key, value string, why policy.Text) {
	f.settings = append(f.settings, setting{key, value, why})
}

func (f *findings) ask(key string, say policy.Text, options ...string) {
	f.asks = append(f.asks, ask{key, say, options})
}

// examine sees how the values of a column are written.
func (e *examiner) examine(c *policy.Column, h *column) (*findings, error) {
	f := &findings{}
	switch c.Type {
	case policy.TypeDate, policy.TypeDatetime:
		f.dates(c, h)
	case policy.TypeInteger, policy.TypeNumber, policy.TypeHours, policy.TypeMoney, policy.TypePercent:
		f.numbers(c, h)
	case policy.TypeEmployee:
		f.people(h)
	case policy.TypeEnum, policy.TypeBool:
		return f, e.words(f, c, h)
	}
	return f, nil
}

var (
	bareNumber = regexp.MustCompile(`^-?[0-9]+([.,][0-9]+)?$`)
	serialForm = regexp.MustCompile(`^([0-9]{5})(\.[0-9]+)?$`)
	shortYear  = regexp.MustCompile(`^([0-9]{1,2})([-/.])([0-9]{1,2})[-/.]([0-9]{1,2})([^0-9]|$)`)
	clockForm  = regexp.MustCompile(`[0-9]:[0-9]{2}`)
	offsetForm = regexp.MustCompile(`(Z|[+-][0-9]{2}:?[0-9]{2})$`)
)

// zeroDate is what databases write for no date.
var zeroDate = regexp.MustCompile(`^0000[-/.]00[-/.]00( 00:00(:00)?)?$`)

func isDay(c *policy.Column) bool {
	return (c.Type == policy.TypeDate || c.Type == policy.TypeDatetime) && c.Format.Blanks == nil
}

// dates looks for the order of day and month, for Excel's serial days and for the zone.
func (f *findings) dates(c *policy.Column, h *column) {
	proofs := map[policy.DateOrder]value{}
	var first value // that needs an order
	serials, clocks := 0, 0
	var serial value
	short := shortDates{}
	var zeros []string
	for _, v := range h.values {
		text := norm.NFKC.String(v.text)
		if isDay(c) && zeroDate.MatchString(v.text) {
			zeros = append(zeros, v.text)
			continue
		}
		if short.see(text, v) {
			continue
		}
		order, needs := cell.Order(text)
		if needs && first.text == "" {
			first = v
		}
		if _, known := proofs[order]; order != "" && !known {
			proofs[order] = v
		}
		if m := serialForm.FindStringSubmatch(text); m != nil && m[1] >= "36526" && m[1] <= "73415" {
			serials += v.count
			serial = v
		}
		if clockForm.MatchString(text) && !offsetForm.MatchString(text) {
			clocks += v.count
		}
	}
	if zeros != nil {
		f.set("blanks", quotedList(append([]string{"-"}, zeros...)), policy.Text{ZH: zeros[0] + " 表示无日期", EN: zeros[0] + " means no date"})
	}
	if h.mark.zone != "" && clocks > 0 && c.Format.Zone == "" {
		f.set("zone", h.mark.zone, saidByHeader(h))
	}
	if serials*2 > h.filled && c.Format.Serial == "" {
		f.ask("serial", about("像 Excel 日期序号：%s；以哪年为起点", "these look like Excel's serial days: %s; counted from which year", serial),
			"1900", "1904")
	}
	if short.asked(f, proofs) {
		return
	}
	dmy, day := proofs[policy.DMY]
	mdy, month := proofs[policy.MDY]
	switch {
	case day && month:
		f.ask("order", about("日月顺序自相矛盾：%s只能是日/月，%s只能是月/日", "the order contradicts itself: %s can only be day/month, %s only month/day", dmy, mdy),
			"dmy", "mdy")
	case day && c.Format.Order != policy.DMY:
		f.set("order", "dmy", about("%s只能是日/月", "%s can only be day/month", dmy))
	case month && c.Format.Order != policy.MDY:
		f.set("order", "mdy", about("%s只能是月/日", "%s can only be month/day", mdy))
	case !day && !month && first.text != "" && c.Format.Order == "":
		f.ask("order", about("日月分不清，没有一个大于 12：%s", "day or month first? No number is above 12: %s", first), "dmy", "mdy")
	}
}

// shortDates are dates of three short numbers: even the year may stand anywhere.
type shortDates struct {
	first            value
	noYearFirst, any bool
	noDMY, noMDY     value
}

// see reports whether the text is one, and takes it in.
func (s *shortDates) see(text string, v value) bool {
	m := shortYear.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	if !s.any {
		s.first, s.any = v, true
	}
	n := make([]int, 3)
	for i, part := range []string{m[1], m[3], m[4]} {
		n[i], _ = strconv.Atoi(part) // two digits
	}
	if n[1] > 12 || n[1] == 0 || n[2] > 31 || n[2] == 0 {
		s.noYearFirst = true
	}
	if (n[0] > 31 || n[1] > 12) && s.noDMY.text == "" {
		s.noDMY = v
	}
	if (n[0] > 12 || n[1] > 31) && s.noMDY.text == "" {
		s.noMDY = v
	}
	return true
}

// asked asks for the place of the year, or adds what the texts prove.
func (s *shortDates) asked(f *findings, proofs map[policy.DateOrder]value) bool {
	if !s.any {
		return false
	}
	if s.noYearFirst && (s.noDMY.text == "") != (s.noMDY.text == "") {
		if s.noMDY.text != "" {
			proofs[policy.DMY] = s.noMDY
		} else {
			proofs[policy.MDY] = s.noDMY
		}
		return false
	}
	f.ask("order", about("年份只有两位，分不清年、月、日：%s；年在前的，改用 value: \"'20' || 表头\"",
		"the year is short: which number is the year, the month, the day? %s; if the year comes first write value: \"'20' || header\"", s.first),
		"dmy", "mdy")
	return true
}

// yearFirst gives a date whose three numbers are all short.
func (c *column) yearFirst() (value, bool) {
	for _, v := range c.values {
		if shortYear.MatchString(norm.NFKC.String(v.text)) {
			return v, true
		}
	}
	return value{}, false
}

// about makes a text that shows values, with their rows.
func about(zh, en string, values ...value) policy.Text {
	var in, as []any
	for _, v := range values {
		in = append(in, fmt.Sprintf("“%s”（第 %d 行）", clip(v.text), v.row))
		as = append(as, fmt.Sprintf("“%s” (row %d)", clip(v.text), v.row))
	}
	return policy.Text{ZH: fmt.Sprintf(zh, in...), EN: fmt.Sprintf(en, as...)}
}

// clip gives a text in one line, shortened.
func clip(s string) string {
	s = plain(s)
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

var figure = regexp.MustCompile(`[0-9][0-9.,]*`)

// decimalSign gives the sign that begins the decimals of a number: "" for none, "?" where the text leaves it open.
func decimalSign(text string) string {
	n := strings.TrimRight(figure.FindString(text), ".,")
	dot, comma := strings.Count(n, "."), strings.Count(n, ",")
	other := map[string]string{".": ",", ",": "."}
	sign := "."
	if dot == 0 || comma > 0 && strings.LastIndex(n, ",") > strings.LastIndex(n, ".") {
		sign = ","
	}
	at := strings.LastIndex(n, sign)
	switch {
	case dot+comma == 0:
		return ""
	case dot > 0 && comma > 0:
		return sign
	case dot+comma > 1:
		return other[sign]
	case len(n)-at-1 != 3 || at > 3 || n[0] == '0':
		return sign
	}
	return "?"
}

// numbers looks for the decimal sign and for units.
func (f *findings) numbers(c *policy.Column, h *column) {
	proofs := map[string]value{}
	var bare []value
	var myriad value
	for _, v := range h.values {
		text := norm.NFKC.String(v.text)
		if sign := decimalSign(text); sign != "" && proofs[sign].text == "" {
			proofs[sign] = v
		}
		if strings.ContainsAny(text, "万亿千") && myriad.text == "" {
			myriad = v
		}
		if bareNumber.MatchString(text) {
			v.text = text
			bare = append(bare, v)
		}
	}
	f.decimals(c, proofs)
	if myriad.text != "" && !c.Format.Myriads {
		f.set("myriads", "true", about("有%s", "there is %s", myriad))
	}
	switch c.Type {
	case policy.TypeHours:
		f.durations(c, h, bare)
	case policy.TypeMoney:
		if u := h.mark.unit; (u == policy.UnitThousand || u == policy.UnitMyriad || u == policy.UnitOne && c.Format.Unit != "") &&
			u != c.Format.Unit {
			f.set("unit", string(u), saidByHeader(h))
		}
	case policy.TypePercent:
		switch {
		case len(bare) == 0 || c.Format.Unit != "":
		case h.mark.unit == policy.UnitPercent:
			f.set("unit", string(policy.UnitPercent), saidByHeader(h))
		default:
			f.ask("unit", about("没有百分号：%s是百分数还是小数", "no percent sign: is %s a percentage or a fraction", bare[0]),
				string(policy.UnitPercent), string(policy.UnitFraction))
		}
	}
}

func saidByHeader(h *column) policy.Text {
	word := clip(h.mark.word)
	if h.mark.zone != "" {
		word = h.mark.zone
	}
	return policy.Text{ZH: "表头写明“" + word + "”", EN: "the header says “" + word + "”"}
}

// decimals judges by what the numbers prove.
func (f *findings) decimals(c *policy.Column, proofs map[string]value) {
	comma, point, open := proofs[","], proofs["."], proofs["?"]
	switch {
	case comma.text != "" && point.text != "":
		f.ask("decimal", about("小数点自相矛盾：%s、%s", "the decimal signs contradict each other: %s, %s", comma, point), `","`, `"."`)
	case comma.text != "" && c.Format.Decimal != ",":
		f.set("decimal", `","`, about("%s以逗号为小数点", "%s has a decimal comma", comma))
	case point.text != "" && c.Format.Decimal == ",":
		f.set("decimal", `"."`, about("%s以点为小数点", "%s has a decimal point", point))
	case comma.text == "" && point.text == "" && open.text != "" && c.Format.Decimal == "":
		f.ask("decimal", about("分不清千分号与小数点：%s", "thousands or decimals? %s", open), `"."`, `","`)
	}
}

// durations looks for the unit of bare numbers in a column of hours.
func (f *findings) durations(c *policy.Column, h *column, bare []value) {
	if c.Format.Unit != "" && h.mark.unit == "" || len(bare) == 0 {
		return
	}
	switch u := h.mark.unit; u {
	case policy.UnitMinutes, policy.UnitSeconds, policy.UnitWorkdays, policy.UnitHours:
		if u != c.Format.Unit && (u != policy.UnitHours || c.Format.Unit != "") {
			f.set("unit", string(u), saidByHeader(h))
		}
		return
	}
	above24, above300, all := 0, 0, 0
	var largest value
	most := 0.0
	for _, v := range bare {
		n, err := strconv.ParseFloat(strings.Replace(v.text, ",", ".", 1), 64)
		if err != nil || n == 0 {
			continue
		}
		if strings.ContainsAny(v.text, ".,") {
			return // minutes and seconds are whole
		}
		all += v.count
		if n > 24 {
			above24 += v.count
		}
		if n >= 300 {
			above300 += v.count
		}
		if n > most {
			most, largest = n, v
		}
	}
	switch {
	case all > 0 && above300 == all:
		f.ask("unit", about("都是 300 以上的整数，如%s，多半是秒或分钟", "whole numbers from 300 upwards such as %s, probably seconds or minutes", largest),
			string(policy.UnitSeconds), string(policy.UnitMinutes), string(policy.UnitHours))
	case above24*2 > all:
		f.ask("unit", about("多数是大于 24 的整数，如%s，单位不明", "mostly whole numbers above 24 such as %s: which unit", largest),
			string(policy.UnitMinutes), string(policy.UnitHours), string(policy.UnitSeconds))
	}
}

var (
	emailForm  = regexp.MustCompile(`^[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+$`)
	numberForm = regexp.MustCompile(`^[A-Za-z]{0,3}[-_]?[0-9]{2,12}$`)
	loginForm  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

// wayOf tells by what a person is named.
func wayOf(text string) policy.Lookup {
	switch text = norm.NFKC.String(text); {
	case emailForm.MatchString(text):
		return policy.ByEmail
	case numberForm.MatchString(text):
		return policy.ByNumber
	case loginForm.MatchString(text):
		return policy.ByLogin
	}
	return policy.ByName
}

// person reports whether a text may name a person.
func person(text string) (ok, blank bool) {
	const most = 64
	if wayOf(text) != policy.ByName {
		return !strings.ContainsRune(text, ':'), false
	}
	letters := strings.ContainsFunc(text, unicode.IsLetter)
	return letters && utf8.RuneCountInString(text) <= most && !strings.ContainsAny(text, ":/|"), text == "-"
}

var allWays = []policy.Lookup{policy.ByNumber, policy.ByEmail, policy.ByLogin, policy.ByName}

// waysOf gives the ways by which the values of a column name people, in the order in which they are tried.
func waysOf(h *column) []policy.Lookup {
	found := map[policy.Lookup]bool{}
	for _, v := range h.values {
		found[wayOf(v.text)] = true
	}
	return slices.DeleteFunc(slices.Clone(allWays), func(w policy.Lookup) bool { return !found[w] })
}

// logins are headers that tell login names from names.
var logins = keySet("username", "user name", "login", "userid", "user id", "assignee username", "author username", "账号", "登录名", "用户名", "指派人用户名",
	"用户 ID")

// people looks for how people are named.
func (f *findings) people(h *column) {
	ways := waysOf(h)
	if slices.Contains(ways, policy.ByLogin) && !slices.Contains(ways, policy.ByName) && !logins[h.key] {
		ways = append(ways, policy.ByName) // a name of one word looks like a login name
	}
	if slices.Contains(ways, policy.ByLogin) && !slices.Contains(ways, policy.ByNumber) && !logins[h.key] {
		ways = append([]policy.Lookup{policy.ByNumber}, ways...) // so may a number of the company's own form
	}
	if len(ways) == 0 || slices.Equal(ways, []policy.Lookup{policy.ByNumber}) {
		return
	}
	names := make([]string, len(ways))
	for i, w := range ways {
		names[i] = string(w)
	}
	why := map[policy.Lookup]policy.Text{
		policy.ByEmail: {ZH: "内容像邮箱", EN: "values look like e-mail addresses"},
		policy.ByLogin: {ZH: "内容像登录名", EN: "values look like login names"},
		policy.ByName:  {ZH: "内容像姓名；两人同名的会被拒收", EN: "values look like names; one borne by two people is refused"},
	}[ways[0]]
	if len(ways) > 1 {
		why = policy.Text{ZH: "内容不止一种写法，依次查找", EN: "values may be of several kinds, looked up in this order"}
		if slices.Contains(ways, policy.ByName) {
			why.ZH, why.EN = why.ZH+"；两人同名的会被拒收", why.EN+"; a name borne by two people is refused"
		}
	}
	f.set("lookup", "["+strings.Join(names, ", ")+"]", why)
}

// maxWords is how many words an enum or bool column may have in a file.
const maxWords = 50

// words looks for words that stand for nothing.
func (e *examiner) words(f *findings, c *policy.Column, h *column) error {
	r, err := e.reader(c, c.Format)
	if err != nil {
		return err
	}
	f.nearest = map[string]string{}
	for _, v := range h.values {
		if got := r.Read(v.text); got.Rule != "" {
			f.unknown = append(f.unknown, v)
			f.nearest[v.text] = nearestValue(c, v.text)
		}
	}
	return nil
}

// nearestValue gives the value one of whose words is nearest to a text, or "".
func nearestValue(c *policy.Column, text string) string {
	key := policy.WordKey(text)
	best, least := "", 0.5
	try := func(value string, words ...string) {
		for _, w := range words {
			if w = policy.WordKey(w); w == "" {
				continue
			}
			if d := unlikeness(key, w); d < least {
				best, least = value, d
			}
		}
	}
	for _, v := range c.Values {
		try(v.Value, append([]string{v.Value, v.Name.ZH, v.Name.EN}, v.Words...)...)
	}
	if c.Type == policy.TypeBool {
		try("true", "true", "yes", "是")
		try("false", "false", "no", "否")
	}
	return best
}

// unlikeness is 0 for equal texts and 1 for those that have nothing in common: the share of letters to change, less where one
// holds the other.
func unlikeness(a, b string) float64 {
	const longest = 60
	x, y := []rune(a), []rune(b)
	if len(x) > longest || len(y) > longest {
		return 1
	}
	d := float64(distance(x, y)) / float64(max(len(x), len(y)))
	if short := min(len(x), len(y)); short >= 2 && (strings.Contains(a, b) || strings.Contains(b, a)) {
		d = min(d, 0.4)
	}
	return d
}

// distance counts the letters to insert, delete or replace to make b of a.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		before := row[0]
		row[0] = i + 1
		for j := range b {
			d := before
			if a[i] != b[j] {
				d = 1 + min(before, row[j], row[j+1])
			}
			before, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}
