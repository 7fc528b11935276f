package cell_test

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"plumbline/ingest/cell"
	"plumbline/internal/fixed"
	"plumbline/policy"
)

// pair is a reader and the one that reads its canonical texts.
type pair struct {
	cell.Column
	reader, canonical *cell.Reader
}

func pairs(f *testing.F, canonical policy.Format, columns ...cell.Column) []pair {
	var list []pair
	for _, c := range columns {
		again := c
		again.Format = canonical
		list = append(list, pair{c, reader(f, c), reader(f, again)})
	}
	return list
}

// lawful checks what holds for the value of any text, and reports whether there is a text to look at.
func (p pair) lawful(t *testing.T, s string) (cell.Value, bool) {
	t.Helper()
	v := p.reader.Read(s)
	kinds := 0
	for _, is := range []bool{v.Text != "", v.Blank, v.Rule != ""} {
		if is {
			kinds++
		}
	}
	if kinds != 1 || v.Rule != "" && !slices.Contains(cell.Rules, v.Rule) || !utf8.ValidString(v.Text) {
		t.Fatalf("%q is read as %+v", s, v)
	}
	if wide := norm.NFKC.String(s); !strings.HasPrefix(v.Detail, "U+") && p.reader.Read(wide) != v {
		t.Fatalf("%q is read as %+v, and in NFKC as %+v", s, v, p.reader.Read(wide))
	}
	if v.Text != "" {
		if again := p.canonical.Read(v.Text); again != (cell.Value{Text: v.Text}) && again.Rule != "date.overlap" {
			t.Fatalf("%q is read as %+v, and that as %+v", s, v, again)
		}
	}
	return v, v.Text != ""
}

var dateSeeds = []string{
	"2026-07-01", "2026/7/1", "2026年7月1日 星期三 18:30", "20260701T183000Z", "5-Mar-24", "12/Mar/24 9:41 AM", "Mar 5, 2024, 9:41 PM", "13/04/2024",
	"24/3/5", "3月5日", "46204.75", "60", "infinity", "0000-00-00",
	"2026-07-01 24:00", "2026-07-01T08:00:00.123456-05:00", "1991-04-14 02:30", "1991-09-15 01:30", "Wed, 1 Jul 2026 08:00:00 GMT",
	"12/十一月/24 上午9:41", "2026-07-01 09:00-12:00", "２０２６－０７－０１", "無",
}

func dateColumns(f *testing.F, typ policy.Type) []cell.Column {
	return []cell.Column{
		column(f, typ, policy.Format{}), column(f, typ, policy.Format{Order: policy.DMY, Serial: "1900"}),
		column(f, typ, policy.Format{Order: policy.MDY, Serial: "1904", Zone: "America/New_York"}),
	}
}

func FuzzDate(f *testing.F) {
	for _, s := range dateSeeds {
		f.Add(s)
	}
	list := pairs(f, policy.Format{}, dateColumns(f, policy.TypeDate)...)
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range list {
			v, ok := p.lawful(t, s)
			if !ok {
				continue
			}
			if d, err := time.Parse(time.DateOnly, v.Text); err != nil || d.Year() < 1990 || d.Year() > 2100 {
				t.Fatalf("%q is read as %+v", s, v)
			}
			for _, layout := range []string{"2006-01-02", "2006/1/2", "20060102", "2-Jan-06", "Jan 2, 2006", "2 January 2006",
				"2006-01-02 15:04:05", "2006-01-02 3:04PM"} {
				if d, err := time.Parse(layout, s); err == nil && p.Format.Zone == "" && d.Format(time.DateOnly) != v.Text {
					t.Fatalf("%q is read as %+v, by Go as %s", s, v, d)
				}
			}
		}
		orderLaws(t, list, s)
	})
}

// orderLaws checks that a text which needs an order is read in none without, and that one which proves an order is not read in
// the other.
func orderLaws(t *testing.T, list []pair, s string) {
	order, needs := cell.Order(s)
	if needs && list[0].reader.Read(s).Text != "" || order != "" && !needs {
		t.Fatalf("%q: order %q, needs %v, and is read as %+v", s, order, needs, list[0].reader.Read(s))
	}
	for _, p := range list[1:] {
		if order != "" && p.Format.Order != order && p.reader.Read(s).Text != "" {
			t.Fatalf("%q proves %s and is read as %s", s, order, p.Format.Order)
		}
	}
}

func FuzzDatetime(f *testing.F) {
	for _, s := range dateSeeds {
		f.Add(s)
	}
	shanghai := zone(f, "Asia/Shanghai")
	list := pairs(f, policy.Format{}, dateColumns(f, policy.TypeDatetime)...)
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range list {
			v, ok := p.lawful(t, s)
			if !ok {
				continue
			}
			d, err := time.Parse("2006-01-02 15:04:05.999999", v.Text)
			if err != nil || d.Year() < 1990 || d.Year() > 2100 {
				t.Fatalf("%q is read as %+v", s, v)
			}
			for _, layout := range []string{time.RFC3339Nano, time.RFC1123Z, "2006-01-02 15:04:05Z07:00"} {
				if d, err := time.Parse(layout, s); err == nil && d.In(shanghai).Format("2006-01-02 15:04:05.999999") != v.Text {
					t.Fatalf("%q is read as %+v, by Go as %s", s, v, d.In(shanghai))
				}
			}
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, s := range []string{
		"12.5", "-0", "1,234.50", "1.234,50", "(￥1,234)", "1.2万元", "3亿", "12.5%", "０．１２５", "1'234", "1 234", "1e5", "0x10", "NaN", "$5", "5 USD",
		"9223372036854775808", "-9223372036854775808", "99999999999999.9999", "10²", "+.5", "8.",
	} {
		f.Add(s)
	}
	list := pairs(f, policy.Format{},
		column(f, policy.TypeInteger, policy.Format{Myriads: true}), column(f, policy.TypeNumber, policy.Format{}),
		column(f, policy.TypeNumber, policy.Format{Decimal: ",", Myriads: true}),
		column(f, policy.TypeMoney, policy.Format{}), column(f, policy.TypeMoney, policy.Format{Unit: policy.UnitMyriad, Myriads: true}))
	list = append(list, pairs(f, policy.Format{Unit: policy.UnitPercent}, column(f, policy.TypePercent, policy.Format{}),
		column(f, policy.TypePercent, policy.Format{Unit: policy.UnitFraction}))...)
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range list {
			v, ok := p.lawful(t, s)
			plainRefused(t, p, s, v)
			if !ok {
				continue
			}
			got, fine := new(big.Rat).SetString(v.Text)
			want := worth(p, s)
			if !fine || want == nil || got.Cmp(want) != 0 || !canonicalNumber.MatchString(v.Text) || v.Text == "-0" {
				t.Fatalf("%s %+v: %q is read as %+v, worth %v", p.Type, p.Format, s, v, want)
			}
		}
	})
}

var (
	plainForm       = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	canonicalNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$`)
)

// plainRefused checks that a plain number is refused only for its size or its decimals, and rightly.
func plainRefused(t *testing.T, p pair, s string, v cell.Value) {
	if !plainForm.MatchString(s) || len(s) > 1000 || p.Format.Unit != "" || p.Format.Decimal != "" {
		return
	}
	n, _ := new(big.Rat).SetString(s)
	places := map[policy.Type]int64{policy.TypeInteger: 0, policy.TypeNumber: 4, policy.TypeMoney: 2, policy.TypeHours: 4}
	scale, ok := places[p.Type]
	if !ok {
		return
	}
	whole := new(big.Rat).Mul(n, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(scale), nil)))
	most := map[policy.Type]string{policy.TypeInteger: "9223372036854775808", policy.TypeNumber: "100000000000000",
		policy.TypeMoney: "10000000000000000", policy.TypeHours: "100000"}[p.Type]
	limit, _ := new(big.Rat).SetString(most)
	want := ""
	switch above := new(big.Rat).Abs(n).Cmp(limit); {
	case !whole.IsInt():
		want = "number.scale"
	case above > 0, above == 0 && (p.Type != policy.TypeInteger || n.Sign() > 0):
		want = "number.range"
	}
	if v.Rule != want {
		t.Fatalf("%s: %q is read as %+v, want the rule %q", p.Type, s, v, want)
	}
}

// worth works a text out anew: every digit counts, whatever groups them. It knows nothing of what is allowed.
func worth(p pair, s string) *big.Rat {
	s = norm.NFKC.String(s)
	point := byte('.')
	if p.Format.Decimal == "," {
		point = ','
	}
	var d strings.Builder
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' || s[i] == point && d.String() != "" {
			d.WriteByte(s[i])
		} else if s[i] == point {
			d.WriteString("0" + string(point))
		}
	}
	r, ok := new(big.Rat).SetString(strings.ReplaceAll(d.String(), ",", "."))
	if !ok {
		return nil
	}
	zeros := 0
	for _, c := range s {
		zeros += map[rune]int{'百': 2, '千': 3, '万': 4, '萬': 4, '亿': 8, '億': 8}[c]
	}
	bare := zeros == 0 && !strings.ContainsAny(s, "%元圆币") && !regexp.MustCompile(`(?i)[0-9][ )]*(rmb|cny|¥)`).MatchString(s)
	switch {
	case bare && p.Format.Unit == policy.UnitMyriad:
		zeros = 4
	case bare && p.Format.Unit == policy.UnitFraction:
		zeros = 2
	}
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(zeros)), nil)))
	if strings.ContainsAny(s, "-−–(") {
		r.Neg(r)
	}
	return r
}

func FuzzHours(f *testing.F) {
	for _, s := range []string{"8", "8h", "1h30m", "1小时30分", "1:30", "01:30:00.5", "36:00", "0.5天", "1d 4h", "P1DT2H", "PT100S", "20m", "1w",
		"-1:20", "1 hour, 30 minutes", "99999:59:59", "1,234h", "８ｈ"} {
		f.Add(s)
	}
	list := pairs(f, policy.Format{}, column(f, policy.TypeHours, policy.Format{}),
		column(f, policy.TypeHours, policy.Format{Unit: policy.UnitMinutes}), column(f, policy.TypeHours, policy.Format{Unit: policy.UnitWorkdays}))
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range list {
			v, ok := p.lawful(t, s)
			plainRefused(t, p, s, v)
			if !ok {
				continue
			}
			want := lasts(p, s)
			if want == nil {
				t.Fatalf("%+v: %q is read as %+v", p.Format, s, v)
			}
			text, _ := fixed.Round(want, 4)
			if v.Text != text.String() || (v.Detail == cell.Rounded) != (text.Rat().Cmp(want) != 0) || v.Detail != "" && v.Detail != cell.Rounded {
				t.Fatalf("%+v: %q is read as %+v, lasts %s", p.Format, s, v, want.FloatString(8))
			}
		}
	})
}

var (
	clockForm = regexp.MustCompile(`^([0-9]+):([0-9]{2})(?::([0-9]{2}(?:[.,][0-9]+)?))?$`)
	pieceForm = regexp.MustCompile(`([0-9.,' ’]*)[\s,]*([^0-9.,' ’\s]*)`)
)

// lasts works a duration out anew, by patterns.
func lasts(p pair, s string) *big.Rat {
	s = strings.ToLower(strings.TrimFunc(norm.NFKC.String(s), func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }))
	negative := strings.ContainsAny(s, "-−–(")
	s = strings.Trim(s, "+-−–() ")
	total := new(big.Rat)
	add := func(figures string, seconds int64) bool {
		if strings.HasPrefix(figures, ".") {
			figures = "0" + figures
		}
		n, ok := new(big.Rat).SetString(figures)
		if ok {
			total.Add(total, n.Mul(n, big.NewRat(seconds, 3600)))
		}
		return ok
	}
	iso := strings.HasPrefix(s, "p")
	if m := clockForm.FindStringSubmatch(s); m != nil {
		if !add(m[1], 3600) || !add(m[2], 60) || m[3] != "" && !add(strings.ReplaceAll(m[3], ",", "."), 1) {
			return nil
		}
	} else {
		if iso {
			s = strings.NewReplacer("p", "", "t", "", ",", ".").Replace(s)
		}
		for _, m := range pieceForm.FindAllStringSubmatch(s, -1) {
			figures := strings.NewReplacer(",", "", "'", "", "’", "", " ", "").Replace(m[1])
			if figures == "" && m[2] == "" {
				continue
			}
			if !add(figures, length(p, m[2], iso)) {
				return nil
			}
		}
	}
	if negative {
		total.Neg(total)
	}
	return total
}

// length gives a unit in seconds.
func length(p pair, unit string, iso bool) int64 {
	switch {
	case unit == "" && p.Format.Unit == policy.UnitMinutes:
		return 60
	case unit == "" && p.Format.Unit == policy.UnitWorkdays:
		return 8 * 3600
	case unit == "":
		return 3600
	case iso && unit == "d":
		return 24 * 3600
	case strings.ContainsAny(unit, "d天日"):
		return 8 * 3600
	case strings.ContainsAny(unit, "h时"):
		return 3600
	case strings.ContainsAny(unit, "分") || strings.HasPrefix(unit, "m"):
		return 60
	}
	return 1
}

func FuzzID(f *testing.F) {
	for _, s := range []string{"E-0007", " 0007 ", "Ｅ０００７", "L 1", "1.23E+17", "123456789012345678.0", "E\u200b1", "E\u202e1", "日志-17", "´A",
		"\xff", "E\x001", "\u0301a", "ﷺ", strings.Repeat("x", 129)} {
		f.Add(s)
	}
	list := pairs(f, policy.Format{}, column(f, policy.TypeID, policy.Format{}), column(f, policy.TypeEmployee, policy.Format{}))
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range list {
			v, ok := p.lawful(t, s)
			if !ok {
				continue
			}
			if len(v.Text) > 128 || strings.ContainsFunc(v.Text, func(r rune) bool {
				return unicode.IsSpace(r) || unicode.In(r, unicode.Cc,
					unicode.Cf, unicode.Z)
			}) ||
				!strings.Contains(norm.NFKC.String(s), v.Text) {
				t.Fatalf("%q is read as %q", s, v.Text)
			}
		}
	})
}
