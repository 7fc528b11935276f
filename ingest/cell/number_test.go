package cell_test

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plumbline/internal/fixed"
	"plumbline/policy"
)

func TestNumbers(t *testing.T) {
	cases{
		{"12.5", "12.5"}, {"-12.5", "-12.5"}, {"+12.5", "12.5"}, {"0", "0"}, {"-0", "0"}, {"-0.0000", "0"}, {"007", "7"}, {"8.00000000", "8"},
		{"100.100", "100.1"}, {".5", "0.5"}, {"-.5", "-0.5"}, {"0.0001", "0.0001"},
		{" 8 ", "8"}, {"１２．５", "12.5"}, {"－１２．５", "-12.5"}, {"−12.5", "-12.5"}, {"–12.5", "-12.5"}, {"𝟏𝟐", "12"},
		{"1,234.50", "1234.5"}, {"1,234", "1234"}, {"1，234", "1234"}, {"12,345,678.9", "12345678.9"}, {"1'234.5", "1234.5"}, {"1’234’567",
			"1234567"}, {"1 234.5", "1234.5"}, {"1\u00a0234", "1234"}, {"1\u202f234", "1234"},
		{"1\u2009234\u2009567", "1234567"}, {"(1,234)", "-1234"}, {"（1,234.5）", "-1234.5"}, {"( 8 )", "-8"}, {"99999999999999.9999",
			"99999999999999.9999"}, {"-99999999999999.9999", "-99999999999999.9999"},
		{strings.Repeat("0", 5000) + "1." + strings.Repeat("0", 5000), "1"},

		{"1,5", "!number.form"}, {"1,23", "!number.form"}, {"12,34,567", "!number.form"}, {"1234,567", "!number.form"}, {"1,234,56", "!number.form"},
		{"0,123", "!number.form"}, {"1,234'567", "!number.form"}, {"1.234,50", "!number.form"},
		{"1.234.567", "!number.form"}, {",234", "!number.form"}, {"1,,234", "!number.form ,,234"}, {"1  234", "!number.form 234"}, {"1\n234",
			"!number.form 234"}, {"8.", "!number.form ."}, {".", "!number.form"}, {"1 2", "!number.form"}, {"1.5 234", "!number.form"},
		{"1234-", "!number.form -"}, {"- 8", "!number.form"}, {"--8", "!number.form"}, {"+-8", "!number.form"}, {"-(8)", "!number.form"}, {"(-8)",
			"!number.form"}, {"(8", "!number.form"}, {"8)", "!number.form )"}, {"()", "!number.form"}, {"(8)元", "!number.form"},
		{"1.23456789E8", "123456789"}, {"-1.0E7", "-10000000"}, {"1.2345678912E9", "1234567891.2"}, {"9.9E13", "99000000000000"}, {"1.0E14", "!number.range"}, {"0.0E7", "0"},
		{"1.234567891234E7", "!number.scale"}, {"1.23E+08", "!number.form E+08"}, {"1.5E6", "!number.form E6"}, {"1.5E08", "!number.form E08"}, {"12.5E8", "!number.form E8"},
		{"1E8", "!number.form E8"}, {"1.5e8", "!number.form e8"}, {"1.5E18", "!number.form E18"}, {"1.5E8 x", "!number.form E8 x"}, {"1.0E-4", "!number.form E-4"},
		{"1e5", "!number.form e5"}, {"1.5E+3", "!number.form E+3"}, {"inf", "!number.form"}, {"NaN", "!number.form"}, {"Infinity", "!number.form"},
		{"0x8", "!number.form x8"}, {"1_0", "!number.form _0"}, {"8h", "!number.form h"}, {"8个", "!number.form 个"},
		{"12.5%", "!number.form %"}, {"1.2万", "!number.form 万"}, {"3亿", "!number.form 亿"}, {"5千", "!number.form 千"}, {"￥5", "!number.form ¥"}, {"$5",
			"!number.form $"}, {"5元", "!number.form 元"}, {"八", "!number.form"}, {"½", "!number.form U+00BD"},
		{"10²", "!number.form U+00B2"}, {"⑧", "!number.form U+2467"}, {"٣", "!number.form"}, {"8\u200b8", "!text.control U+200B"},
		{"8 " + strings.Repeat("x", 30), "!number.form " + strings.Repeat("x", 20) + "…"}, {"#DIV/0!", "!number.form"},
		{"1.23456", "!number.scale"}, {"0.00000001", "!number.scale"}, {"123456789012345.12345", "!number.scale"}, {"100000000000000",
			"!number.range"}, {strings.Repeat("9", 5000), "!number.range"},
	}.check(t, column(t, policy.TypeNumber, policy.Format{}))
	cases{
		{"1.234,50", "1234.5"}, {"1,5", "1.5"}, {"-0,25", "-0.25"}, {",5", "0.5"}, {"1 234,5", "1234.5"}, {"1'234,5", "1234.5"}, {"1.234", "1234"},
		{"1.234.567", "1234567"}, {"12", "12"}, {"(1.234,5)", "-1234.5"},
		{"1.5", "!number.form"}, {"0.5", "!number.form"}, {"1,234.50", "!number.form"}, {"1,234,567", "!number.form"}, {"1234.567", "!number.form"},
		{"8,", "!number.form ,"}, {"1,23456", "!number.scale"},
	}.check(t, column(t, policy.TypeNumber, policy.Format{Decimal: ","}))
	cases{{"1,234.5", "1234.5"}, {"1,5", "!number.form"}}.check(t, column(t, policy.TypeNumber, policy.Format{Decimal: "."}))
}

func TestIntegers(t *testing.T) {
	cases{
		{"12", "12"}, {"12.0", "12"}, {"1,234", "1234"}, {"9223372036854775807", "9223372036854775807"}, {"-9223372036854775808",
			"-9223372036854775808"}, {"0009223372036854775807.00", "9223372036854775807"},
		{"9223372036854775808", "!number.range"}, {"-9223372036854775809", "!number.range"}, {"12.7", "!number.scale"}, {"1e3", "!number.form e3"},
		{"1.2万", "!number.form 万"},
	}.check(t, column(t, policy.TypeInteger, policy.Format{}))
	cases{{"1.2万", "12000"}, {"1.23456万", "!number.scale"}, {"3亿", "300000000"}, {"9223372036854775807千", "!number.range"}}.check(t,
		column(t, policy.TypeInteger, policy.Format{Myriads: true}))
}

func TestMyriads(t *testing.T) {
	cases{
		{"1.2万", "12000"}, {"-1.2 万", "-12000"}, {"(3亿)", "-300000000"}, {"5千", "5000"}, {"1.2萬", "12000"}, {"2百万", "2000000"}, {"2千万", "20000000"},
		{"0.5万亿", "500000000000"}, {"0.00012345万", "1.2345"}, {"0.000123456万", "!number.scale"},
		{"0万", "0"}, {"12", "12"}, {"1.2万万", "!number.form 万"}, {"3亿2千万", "!number.form 2千万"}, {"万", "!number.form"}, {"1.2万人", "!number.form 人"},
		{"1.2k", "!number.form k"}, {"999999999999亿", "!number.range"},
	}.check(t, column(t, policy.TypeNumber, policy.Format{Myriads: true}))
}

func TestMoney(t *testing.T) {
	cases{
		{"1234.5", "1234.5"}, {"￥1,234.50", "1234.5"}, {"¥ 1,234.50", "1234.5"}, {"-￥8", "-8"}, {"￥-8", "-8"}, {"(￥1,234)", "-1234"}, {"￥(1,234)",
			"-1234"}, {"RMB 1,234", "1234"}, {"cny1234", "1234"}, {"CN¥5", "5"}, {"人民币1,234元", "1234"},
		{"1234元", "1234"}, {"1234 圆", "1234"}, {"1,234.50 RMB", "1234.5"}, {"5 人民币", "5"}, {"5￥", "5"}, {"0.01", "0.01"}, {"9999999999999999.99",
			"9999999999999999.99"}, {"100.100", "100.1"}, {"１２３４．５元", "1234.5"},
		{"$5", "!number.currency $"}, {"＄5", "!number.currency $"}, {"-$1,234,567", "!number.currency $"}, {"($5)", "!number.currency $"}, {"€5",
			"!number.currency €"}, {"5€", "!number.currency €"}, {"5 $", "!number.currency $"}, {"£5", "!number.currency £"},
		{"USD 5", "!number.currency USD"}, {"5 usd", "!number.currency usd"}, {"US$5", "!number.currency US$"}, {"HK$ 5", "!number.currency HK$"},
		{"5美元", "!number.currency 美元"}, {"₩5", "!number.currency ₩"}, {"港币5", "!number.currency 港币"},
		{"1.2万", "!number.form 万"}, {"1.2万元", "!number.form 万"}, {"￥", "!number.form"}, {"元", "!number.form"}, {"￥￥5", "!number.form"}, {"5元整",
			"!number.form 元整"}, {"5%", "!number.form %"}, {"EUR", "!number.form"}, {"ABC5", "!number.form"},
		{"0.001", "!number.scale"}, {"12345678901234567.8", "!number.range"},
	}.check(t, column(t, policy.TypeMoney, policy.Format{}))
	cases{
		{"1.2万元", "12000"}, {"￥1.2万", "12000"}, {"1.2 亿元", "120000000"}, {"5千元", "5000"}, {"0.0000012万", "!number.scale"}, {"5万美元",
			"!number.currency 美元"}, {"$1.2万", "!number.currency $"}, {"1,234.5", "1234.5"},
	}.check(t, column(t, policy.TypeMoney, policy.Format{Myriads: true}))
	cases{
		{"1.2", "12000"}, {"1,234", "12340000"}, {"(1.2)", "-12000"}, {"12000元", "12000"}, {"￥12000元", "12000"}, {"￥1.2", "!number.form ¥"},
		{"0.000001", "0.01"}, {"0.0000001", "!number.scale"}, {"1.2万", "!number.form 万"}, {"1e3", "!number.form e3"},
	}.check(t, column(t, policy.TypeMoney, policy.Format{Unit: policy.UnitMyriad}))
	cases{{"1.2", "12000"}, {"1.2万元", "12000"}, {"￥1.2万", "12000"}}.check(t,
		column(t, policy.TypeMoney, policy.Format{Unit: policy.UnitMyriad, Myriads: true}))
	cases{{"1.2", "1200"}, {"1.2元", "1.2"}, {"0.00001", "0.01"}}.check(t, column(t, policy.TypeMoney, policy.Format{Unit: policy.UnitThousand}))
	cases{{"￥1.2", "1.2"}, {"1.2", "1.2"}}.check(t, column(t, policy.TypeMoney, policy.Format{Unit: policy.UnitOne}))
}

func TestPercent(t *testing.T) {
	always := cases{
		{"12.5%", "12.5"}, {"12.5 %", "12.5"}, {"１２．５％", "12.5"}, {"-3%", "-3"}, {"(3%)", "-3"}, {"1,234.5%", "1234.5"}, {"0%", "0"}, {"12.34567%",
			"!number.scale"}, {"8‰", "!number.form ‰"}, {"8%%", "!number.form %%"}, {"%", "!number.form"},
		{"￥8", "!number.form ¥"}, {"8个百分点", "!number.form 个百分点"}, {"100000000000000%", "!number.range"},
	}
	always.check(t, column(t, policy.TypePercent, policy.Format{}))
	always.check(t, column(t, policy.TypePercent, policy.Format{Unit: policy.UnitPercent}))
	always.check(t, column(t, policy.TypePercent, policy.Format{Unit: policy.UnitFraction}))
	cases{{"12.5", "!number.unit"}, {"0.125", "!number.unit"}, {"0", "!number.unit"}, {"abc", "!number.form"}}.check(t,
		column(t, policy.TypePercent, policy.Format{}))
	cases{{"12.5", "12.5"}, {"0.125", "0.125"}}.check(t, column(t, policy.TypePercent, policy.Format{Unit: policy.UnitPercent}))
	cases{{"12.5", "1250"}, {"0.125", "12.5"}, {"1", "100"}, {"0.123456", "12.3456"}, {"0.1234567", "!number.scale"}, {"-0.05", "-5"}}.check(t,
		column(t, policy.TypePercent, policy.Format{Unit: policy.UnitFraction}))
	cases{{"12,5%", "12.5"}, {"0,125", "12.5"}}.check(t, column(t, policy.TypePercent, policy.Format{Unit: policy.UnitFraction, Decimal: ","}))
	cases{{"1万%", "!number.form %"}}.check(t, column(t, policy.TypePercent, policy.Format{Myriads: true}))
}

func TestHours(t *testing.T) {
	cases{
		{"8", "8"}, {"7.1234", "7.1234"}, {"-2", "-2"}, {"(8)", "-8"}, {"1,000.5", "1000.5"}, {"+8", "8"}, {"８", "8"},
		{"8h", "8"}, {"8 h", "8"}, {"8H", "8"}, {"８ｈ", "8"}, {"8小时", "8"}, {"8 小时", "8"}, {"8个小时", "8"}, {"8时", "8"}, {"8 hrs", "8"}, {"8hr", "8"},
		{"1 hour", "1"}, {"7.5 hours", "7.5"}, {"-8h", "-8"}, {"−8h", "-8"}, {"1,000h", "1000"},
		{"30m", "0.5"}, {"30min", "0.5"}, {"90分钟", "1.5"}, {"45 mins", "0.75"}, {"30分", "0.5"}, {"36s", "0.01"}, {"5400 seconds", "1.5"}, {"90秒",
			"0.025"},
		{"1h30m", "1.5"}, {"1h 30m", "1.5"}, {"1小时30分", "1.5"}, {"1小时30分钟", "1.5"}, {"1 hour, 30 minutes", "1.5"}, {"1h 90m", "2.5"}, {"1.5h 30m",
			"2"}, {"-1h30m", "-1.5"}, {"1h30m36s", "1.51"}, {"1H30M", "1.5"}, {"2h 36s", "2.01"},
		{"1天", "8"}, {"1d", "8"}, {"1日", "8"}, {"0.5天", "4"}, {"1 day", "8"}, {"2 days 4 hours", "20"}, {"1天2小时30分", "10.5"}, {"1个工作日", "8"},
		{"1.5人天", "12"}, {"0.33天", "2.64"},
		{"1:30", "1.5"}, {"01:30", "1.5"}, {"1：30", "1.5"}, {"01:30:00", "1.5"}, {"36:00", "36"}, {"-1:30", "-1.5"}, {"0:00:36", "0.01"},
		{"02:00:00", "2"}, {"01:30:00.000", "1.5"}, {"0:00", "0"}, {"00:00:00", "0"}, {"1:30:36,0", "1.51"},
		{"P1DT2H", "26"}, {"PT1H30M", "1.5"}, {"PT8H", "8"}, {"pt5400s", "1.5"}, {"PT1.5H", "1.5"}, {"P1D", "24"}, {"-PT30M", "-0.5"}, {"PT0S", "0"},
		{"PT1H0M36S", "1.01"}, {"P1DT2H0M0S", "26"},

		{"20m", "0.3333 ~rounded"}, {"40m", "0.6667 ~rounded"}, {"-40m", "-0.6667 ~rounded"}, {"1:20", "1.3333 ~rounded"}, {"100s",
			"0.0278 ~rounded"}, {"PT100S", "0.0278 ~rounded"}, {"0:00:09", "0.0025"}, {"0.18s", "0.0001 ~rounded"}, {"0.1s", "0 ~rounded"},
		{"1h20m", "1.3333 ~rounded"}, {"1:00:00.5", "1.0001 ~rounded"}, {"0.54s", "0.0002 ~rounded"}, {"-0.54s", "-0.0002 ~rounded"}, {"1d 20m",
			"8.3333 ~rounded"},

		{"1w", "!number.form w"}, {"1周", "!number.form 周"}, {"1w 2d", "!number.form w 2d"}, {"2d 1w", "!number.form w"}, {"1mo", "!number.form mo"},
		{"半天", "!number.form"}, {"1小时半", "!number.form 小时半"}, {"1h30", "!number.form"}, {"1小时30", "!number.form"},
		{"30m1h", "!number.form h"}, {"1h 1h", "!number.form h"}, {"1h -30m", "!number.form"}, {"1h,30m", "!number.form ,"}, {"1h,",
			"!number.form ,"}, {"h", "!number.form"}, {"8.h", "!number.form .h"}, {"1,5h", "!number.form"}, {"(8h)", "!number.form h"},
		{"1:60", "!number.form"}, {"1:5", "!number.form"}, {"1:30:60", "!number.form"}, {"1:30:00:00", "!number.form"}, {":30", "!number.form"},
		{"1:", "!number.form"}, {"1.5:30", "!number.form"}, {"1:30.5", "!number.form"}, {"1:30 PM", "!number.form :30 PM"}, {"09:00-12:00",
			"!number.form :00-12:00"},
		{"P", "!number.form"}, {"PT", "!number.form"}, {"P1W", "!number.form w"}, {"P1M", "!number.form m"}, {"P1Y", "!number.form y"}, {"P1H",
			"!number.form h"}, {"PT1D", "!number.form d"}, {"PT1M1H", "!number.form h"}, {"PT1.5H30M", "!number.form h"}, {"PT1H30", "!number.form"},
		{"P1DT", "!number.form"}, {"PT1.H", "!number.form h"}, {"pm", "!number.form m"}, {"P-1D", "!number.form"}, {"1e1", "!number.form e1"}, {"8%",
			"!number.form %"}, {"￥8", "!number.form ¥"}, {"1.2万", "!number.form 万"}, {"2.5²h", "!number.form U+00B2"},
		{"7.12345", "!number.scale"}, {"7.12345h", "!number.scale"}, {"8.0000001", "!number.scale"}, {"8.000001", "!number.scale"}, {"0.33333333", "0.3333 ~rounded"}, {"0.333333333333333", "0.3333 ~rounded"},
		{"-0.6666666666666666", "-0.6667 ~rounded"}, {"0.01666667", "0.0167 ~rounded"}, {"1.0002777778", "1.0003 ~rounded"}, {"7.25000000", "7.25"}, {"0.333334", "!number.scale"}, {"0.33333", "!number.scale"}, {"7.123456", "!number.scale"}, {"0.33333天", "!number.scale"}, {"100000",
			"!number.range"}, {"99999.9999", "99999.9999"}, {"100000:00", "!number.range"}, {"6000000m", "!number.range"},
		{"5999999.999m", "!number.range"}, {strings.Repeat("9", 5000) + "m", "!number.range"}, {"0." + strings.Repeat("1", 5000) + "m",
			"!number.scale"}, {"99999:59:59", "99999.9997 ~rounded"}, {"12500d", "!number.range"},
	}.check(t, column(t, policy.TypeHours, policy.Format{}))
}

func TestHoursInUnits(t *testing.T) {
	explicit := cases{{"8h", "8"}, {"30m", "0.5"}, {"1天", "8"}, {"01:30:00", "1.5"}, {"PT8H", "8"}}
	for unit, list := range map[policy.CellUnit]cases{
		policy.UnitHours: {{"8", "8"}, {"1:30", "1.5"}},
		policy.UnitMinutes: {{"90", "1.5"}, {"20", "0.3333 ~rounded"}, {"-30", "-0.5"}, {"1,200", "20"}, {"0", "0"}, {"1:30", "!number.form"},
			{"0.6", "0.01"}, {"6000000", "!number.range"}},
		policy.UnitSeconds:  {{"5400", "1.5"}, {"100", "0.0278 ~rounded"}, {"1,800", "0.5"}, {"1:30", "!number.form"}, {"abc", "!number.form"}},
		policy.UnitWorkdays: {{"0.5", "4"}, {"1", "8"}, {"(1)", "-8"}, {"0.33333", "!number.scale"}, {"12500", "!number.range"}, {"1:30", "1.5"}},
	} {
		c := column(t, policy.TypeHours, policy.Format{Unit: unit})
		list.check(t, c)
		explicit.check(t, c)
	}
	short := column(t, policy.TypeHours, policy.Format{})
	short.Workday = fixed.MustParse("7.5")
	cases{{"1天", "7.5"}, {"0.5d", "3.75"}, {"1d 1h", "8.5"}, {"P1D", "24"}}.check(t, short)
	cases{{"1,5h", "1.5"}, {"1,5", "1.5"}, {"1.5h", "!number.form"}, {"1.234,5h", "1234.5"}, {"0,5天", "4"}, {"1:30", "1.5"}}.check(t,
		column(t, policy.TypeHours, policy.Format{Decimal: ","}))
	cases{{"1.2万", "12000"}, {"1.2万小时", "!number.form 万小时"}}.check(t, column(t, policy.TypeHours, policy.Format{Myriads: true}))
}

// A duration is read as the exact fraction, rounded half away from zero to four decimals, and says so when it was.
func TestDurationsAreExact(t *testing.T) {
	r := reader(t, column(t, policy.TypeHours, policy.Format{}))
	rapid.Check(t, func(t *rapid.T) {
		h, m, s := rapid.Int64Range(0, 99998).Draw(t, "h"), rapid.Int64Range(0, 59).Draw(t, "m"), rapid.Int64Range(0, 59).Draw(t, "s")
		want := new(big.Rat).SetFrac64(h*3600+m*60+s, 3600)
		forms := []string{
			clock(h, m, s), big.NewInt(h).String() + "h" + big.NewInt(m).String() + "m" + big.NewInt(s).String() + "s",
			"PT" + big.NewInt(h*3600+m*60+s).String() + "S", big.NewInt(h*3600+m*60+s).String() + "秒",
		}
		text, _ := fixed.Round(want, 4)
		for _, f := range forms {
			v := r.Read(f)
			exact := text.Rat().Cmp(want) == 0
			if v.Text != text.String() || (v.Detail == "rounded") == exact {
				t.Fatalf("%q is read as %+v, want %s", f, v, text)
			}
		}
	})
}

func clock(h, m, s int64) string {
	two := func(n int64) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }
	return big.NewInt(h).String() + ":" + two(m) + ":" + two(s)
}
