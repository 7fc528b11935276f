package cell_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/ingest/cell"
	"plumbline/internal/fixed"
	"plumbline/policy"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// newest is an edition of the rules that no edition surpasses.
const newest = math.MaxInt

// column gives a column of a company in Shanghai with days of eight hours.
func column(t testing.TB, typ policy.Type, f policy.Format) cell.Column {
	return cell.Column{Type: typ, Format: f, Zone: zone(t, "Asia/Shanghai"), Workday: fixed.Int(8), Edition: newest}
}

func reader(t testing.TB, c cell.Column) *cell.Reader {
	t.Helper()
	r, err := cell.NewReader(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told writes a value as tests name it: its text, "(blank)", or "!" with rule and detail; a detail beside a text stands behind "~".
func told(v cell.Value) string {
	switch {
	case v.Rule != "":
		return strings.TrimSpace("!" + v.Rule + " " + v.Detail)
	case v.Blank:
		return "(blank)"
	case v.Detail != "":
		return v.Text + " ~" + v.Detail
	}
	return v.Text
}

type cases [][2]string

func (list cases) check(t *testing.T, c cell.Column) {
	t.Helper()
	r := reader(t, c)
	for _, x := range list {
		if got := told(r.Read(x[0])); got != x[1] {
			t.Errorf("%s %+v: %q is read as %q, want %q", c.Type, c.Format, x[0], got, x[1])
		}
	}
}

func TestBlanks(t *testing.T) {
	usual := []string{"", " ", "\u00a0\u3000\t\r\n", "\u200b\ufeff", "NULL", "null", "Null", "N/A", "n/a", "NA", "#N/A", "nil", "None", "none",
		"-", "－", "--", "—", "–", "/", "／",
		"无", " 无 ", "空", "未填", "暂无", "ＮＵＬＬ"}
	for _, typ := range []policy.Type{policy.TypeDate, policy.TypeDatetime, policy.TypeEnum, policy.TypeInteger, policy.TypeNumber, policy.TypeHours,
		policy.TypeMoney, policy.TypePercent, policy.TypeBool, policy.TypeEmployee, policy.TypeDepartment} {
		r := reader(t, column(t, typ, policy.Format{}))
		for _, s := range usual {
			if got := told(r.Read(s)); got != "(blank)" {
				t.Errorf("%s: %q is read as %q", typ, s, got)
			}
		}
		none := reader(t, column(t, typ, policy.Format{Blanks: []string{}}))
		if none.Read("NULL").Blank || !none.Read(" ").Blank {
			t.Errorf("%s: a column without words for blank has some, or knows no blank cell", typ)
		}
	}
	for _, typ := range []policy.Type{policy.TypeID, policy.TypeText} {
		cases{{"", "(blank)"}, {" \u3000", "(blank)"}, {"无", "无"}, {"NULL", "NULL"}, {"-", "-"}}.check(t, column(t, typ, policy.Format{}))
	}
	cases{{"0", "(blank)"}, {"000", "0"}, {"ｘ", "(blank)"}, {"X", "(blank)"}, {"-", "!number.form"}, {"8", "8"}}.check(t,
		column(t, policy.TypeNumber, policy.Format{Blanks: []string{" 0 ", "X"}}))
	cases{{"1900-01-01", "(blank)"}, {"1900-1-1", "!date.range"}}.check(t, column(t, policy.TypeDate, policy.Format{Blanks: []string{"1900-01-01"}}))
	cases{{"没有填写", "(blank)"}, {"ＮＡ", "(blank)"}, {"na ", "(blank)"}, {"n a", "n a"}}.check(t,
		column(t, policy.TypeText, policy.Format{Blanks: []string{"没有填写", "NA"}}))
}

func TestWordsBeforeUsualBlanks(t *testing.T) {
	c := column(t, policy.TypeEnum, policy.Format{})
	c.Words = map[string]string{policy.WordKey("无"): "none", policy.WordKey("严重"): "severe"}
	cases{{"无", "none"}, {"严 重", "severe"}, {"-", "(blank)"}}.check(t, c)
	c.Format.Blanks = []string{"无"}
	cases{{"无", "(blank)"}, {"-", "!enum.unknown"}}.check(t, c)
}

func TestEnum(t *testing.T) {
	c := column(t, policy.TypeEnum, policy.Format{})
	c.Words = map[string]string{}
	for _, w := range []string{"won", "赢单", "Closed Won"} {
		c.Words[policy.WordKey(w)] = "won"
	}
	cases{{"won", "won"}, {" WON ", "won"}, {"closed  won", "won"}, {"Ｃｌｏｓｅｄ\u3000Ｗｏｎ", "won"}, {"赢 单", "won"}, {"Closed\nWon", "won"},
		{"closed-won", "!enum.unknown"}, {"lost", "!enum.unknown"}, {"won\u200bx", "!text.control U+200B"}, {"赢单\u200b", "won"}}.check(t, c)
}

func TestBool(t *testing.T) {
	c := column(t, policy.TypeBool, policy.Format{})
	c.Words = map[string]string{policy.WordKey("Emergency"): "true", policy.WordKey("常规"): "false", "n": "true"}
	cases{{"是", "true"}, {"否", "false"}, {"TRUE", "true"}, {"False", "false"}, {"yes", "true"}, {"No", "false"}, {"Y", "true"}, {"1", "true"},
		{"0", "false"},
		{"１", "true"}, {"√", "true"}, {"✓", "true"}, {"✔", "true"}, {"☑", "true"}, {"✗", "false"}, {"☒", "false"}, {"×", "false"}, {"emergency", "true"}, {"常 规", "false"}, {"N", "true"}, {"x", "!bool.form"}, {"2",
			"!bool.form"}, {"对", "!bool.form"}}.check(t, c)
}

func TestIDs(t *testing.T) {
	long := strings.Repeat("x", 128)
	for _, typ := range []policy.Type{policy.TypeID, policy.TypeDepartment, policy.TypeEmployee} {
		cases{
			{"E-0007", "E-0007"}, {"0007", "0007"}, {" 0007 ", "0007"}, {"Ｅ０００７", "E0007"}, {"\u00a0L1\u3000", "L1"}, {"\ufeffL1\u200b", "L1"},
			{"日志-17", "日志-17"}, {"𠮷1", "𠮷1"},
			{"L 1", "!id.form U+0020"}, {"L\t1", "!id.form U+0009"}, {"L\n1", "!id.form U+000A"}, {"L\u00a01", "!id.form U+0020"}, {"L\u30001",
				"!id.form U+0020"},
			{"L\u20281", "!id.form U+2028"}, {"E\u200b1", "!id.form U+200B"}, {"E\u202e1", "!id.form U+202E"}, {"E\u2066", "!id.form U+2066"},
			{"E\u00ad1", "!id.form U+00AD"},
			{"E\ufe0f1", "!id.form U+FE0F"}, {"E\u034f1", "!id.form U+034F"}, {"´A", "!id.form U+0301"}, {"E\x001", "!text.control U+0000"},
			{"E1\x1b", "!text.control U+001B"}, {"E\u0085", "!text.control U+0085"},
			{"E\xff", "!text.undecodable 0xFF"}, {"\xe6\x97", "!text.undecodable 0xE6"}, {"E\ufffd1", "E\ufffd1"},
			{"1.23E+17", "!id.digits_lost"}, {"1.23457e+17", "!id.digits_lost"}, {" 1E+17 ", "!id.digits_lost"}, {"1.5e5", "!id.digits_lost"},
			{"1,23E+17", "!id.digits_lost"}, {"-1.2E+17", "!id.digits_lost"},
			{"123456789012345678.0", "!id.digits_lost"}, {"1234567890123456.00", "!id.digits_lost"}, {"１.２３Ｅ＋１７", "!id.digits_lost"},
			{"2E10", "2E10"}, {"NOTE+17", "NOTE+17"}, {"V1.2", "V1.2"}, {"1.0", "1.0"}, {"123456789012345.0", "!id.debris"}, {"12.0", "!id.debris"}, {"12.00", "12.00"}, {"A.0", "A.0"},
			{"'00012", "!id.debris"}, {"00012’", "!id.debris"}, {`"A1`, "!id.debris"}, {"A1,", "!id.debris"}, {"A1、", "!id.debris"}, {"A'1", "A'1"}, {"#12", "#12"},
			{"123456789012345678", "123456789012345678"}, {"12.3E+17", "12.3E+17"},
			{"1234567890123456.7", "1234567890123456.7"}, {"1E", "1E"}, {"E+1", "E+1"},
			{long, long}, {long + "x", "!id.form 129"}, {strings.Repeat("编", 43), "!id.form 129"}, {"=cmd|'/c'!A1", "=cmd|'/c'!A1"}, {"../../x",
				"../../x"},
		}.check(t, column(t, typ, policy.Format{}))
	}
}

func TestEmployeeIsLookedUp(t *testing.T) {
	c := column(t, policy.TypeEmployee, policy.Format{})
	c.Resolve = func(text string) (value, rule, detail string) {
		switch text {
		case "zhang san":
			return "0007", "", ""
		case "李四":
			return "", "employee.ambiguous", "李四"
		}
		return "", "", ""
	}
	cases{{" ｚhang\u00a0san ", "0007"}, {"李四", "!employee.ambiguous 李四"}, {"nobody", "!employee.unknown"}, {"无", "(blank)"},
		{"zhang\u200bsan", "!id.form U+200B"}}.check(t, c)
}

func TestText(t *testing.T) {
	cases{
		{" 含 空格\u3000", "含 空格"}, {"ＡＢ１２²½", "ＡＢ１２²½"}, {"两\n行\t表", "两\n行\t表"}, {"=1+1", "=1+1"}, {"<b>", "<b>"}, {"e\u0301", "e\u0301"}, {"😀\ufe0f",
			"😀\ufe0f"},
		{"a\u202eb", "!text.control U+202E"}, {"a\x07", "!text.control U+0007"}, {"a\u0090", "!text.control U+0090"}, {"\xff",
			"!text.undecodable 0xFF"}, {"\ufeffa\u200e", "a"},
	}.check(t, column(t, policy.TypeText, policy.Format{}))
}

func TestNewReaderRefuses(t *testing.T) {
	good := column(t, policy.TypeHours, policy.Format{})
	for _, c := range []struct {
		change func(*cell.Column)
		say    string
	}{
		{func(c *cell.Column) { c.Type = "colour" }, `"colour"`},
		{func(c *cell.Column) { c.Format.Order = "ymd" }, `"ymd"`},
		{func(c *cell.Column) { c.Format.Serial = "1901" }, `"1901"`},
		{func(c *cell.Column) { c.Format.Decimal = ";" }, `";"`},
		{func(c *cell.Column) { c.Format.Unit = policy.UnitPercent }, `"percent"`},
		{func(c *cell.Column) { c.Type, c.Format.Unit = policy.TypeNumber, policy.UnitHours }, `"hours"`},
		{func(c *cell.Column) { c.Workday = 0 }, "0 hours"},
		{func(c *cell.Column) { c.Type, c.Zone = policy.TypeDate, nil }, "zone"},
		{func(c *cell.Column) { c.Type, c.Format.Zone = policy.TypeDatetime, "Mars/Olympus" }, "Mars"},
		{func(c *cell.Column) { c.Type, c.Words = policy.TypeBool, map[string]string{"ja": "1"} }, `"ja"`},
		{func(c *cell.Column) { c.Type, c.Words = policy.TypeEnum, map[string]string{"x": ""} }, `"x"`},
	} {
		bad := good
		c.change(&bad)
		if _, err := cell.NewReader(bad); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%+v: %v, want an error that names %s", bad, err, c.say)
		}
	}
}

func TestRulesAreNamedOnce(t *testing.T) {
	sorted := slices.Clone(cell.Rules)
	slices.Sort(sorted)
	if n := len(slices.Compact(sorted)); n != len(cell.Rules) {
		t.Errorf("%d rules, %d of them different", len(cell.Rules), n)
	}
}

// What SQL reads by itself means the same here.
func TestPlainFormsMeanWhatTheySay(t *testing.T) {
	day := reader(t, column(t, policy.TypeDate, policy.Format{}))
	id := reader(t, column(t, policy.TypeID, policy.Format{}))
	numbers := map[policy.Type]struct{ whole, part int }{
		policy.TypeInteger: {18, 0}, policy.TypeNumber: {14, 4}, policy.TypeHours: {5, 4}, policy.TypeMoney: {16, 2},
	}
	rapid.Check(t, func(t *rapid.T) {
		d := time.Date(1990, 1, 1+rapid.IntRange(0, 40541).Draw(t, "day"), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		if v := day.Read(d); v != (cell.Value{Text: d}) {
			t.Fatalf("%s is read as %+v", d, v)
		}
		s := rapid.StringMatching(`[!#-&(-*/-:<-_a-~]([!-*,\-/-~]{0,60}[!#-&(-*\-/-:<-_a-~])?`).Draw(t, "id") // neither a point nor a plus sign, no quotes or commas at the ends
		if v := id.Read(s); v != (cell.Value{Text: s}) {
			t.Fatalf("%q is read as %+v", s, v)
		}
		for typ, size := range numbers {
			whole := rapid.StringMatching(fmt.Sprintf(`[0-9]{1,%d}`, size.whole)).Draw(t, "whole")
			part := rapid.StringMatching(fmt.Sprintf(`[0-9]{0,%d}`, size.part)).Draw(t, "part")
			s := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign") + whole
			if part != "" {
				s += "." + part
			}
			want := obvious(s)
			r, err := cell.NewReader(cell.Column{Type: typ, Workday: fixed.Int(8), Edition: newest})
			if err != nil {
				t.Fatal(err)
			}
			if v := r.Read(s); v != (cell.Value{Text: want}) {
				t.Fatalf("%s %s is read as %+v, want %s", typ, s, v, want)
			}
		}
	})
}

// obvious takes the zeros to spare off a plain number.
func obvious(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, part, _ := strings.Cut(s, ".")
	whole, part = strings.TrimLeft(whole, "0"), strings.TrimRight(part, "0")
	if whole == "" {
		whole = "0"
	}
	if part != "" {
		whole += "." + part
	}
	if whole == "0" {
		return whole
	}
	return sign + whole
}

func BenchmarkRead(b *testing.B) {
	for _, x := range []struct {
		typ  policy.Type
		text string
	}{
		{policy.TypeDate, "2026-07-01"}, {policy.TypeDate, "2026年7月1日"}, {policy.TypeDatetime, "2026-07-01 18:30:00"}, {policy.TypeHours, "7.5"},
		{policy.TypeHours, "1h30m"},
		{policy.TypeMoney, "￥1,234.50"}, {policy.TypeID, "L2026-000123"}, {policy.TypeText, "写周报"},
	} {
		r := reader(b, column(b, x.typ, policy.Format{}))
		b.Run(string(x.typ)+" "+x.text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if v := r.Read(x.text); v.Rule != "" {
					b.Fatal(v)
				}
			}
		})
	}
}
