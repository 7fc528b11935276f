package cell_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"plumbline/ingest/cell"
	"plumbline/policy"
)

func TestDates(t *testing.T) {
	const day = "2026-07-01"
	list := cases{}
	for _, s := range []string{
		day, "2026/07/01", "2026/7/1", "2026.7.1", "2026.07.01", "2026-7-1", "2026-07/01", "2026 - 07 - 01", "2026年7月1日", "2026年07月01日",
		"2026 年 7 月 1 日", "2026年7月1号", "2026年7月1",
		"20260701", "26年7月1日", "２０２６年７月１日", "２０２６－０７－０１", " 2026-07-01 ", "\u00a02026-07-01\u3000", "\n2026-07-01\n", "\u200e2026/7/1\u200f",
		"1-Jul-26", "01-JUL-2026", "1/Jul/26", "1 July 2026", "July 1, 2026", "Jul 1 2026", "Jul. 1, 2026", "July 1st, 2026", "1st July 2026",
		"2026-Jul-01", "01JUL2026", "1. July 2026",
		"1/7月/26", "1/七月/26",
		"Wed, 1 Jul 2026", "Wednesday, July 1, 2026", "星期三 2026-07-01", "2026-07-01 星期三", "2026年7月1日 星期三", "2026年7月1日(周三)", "2026-07-01 Wed",
		"2026/7/1（周三）",
		"2026-07-01 08:30", "2026-07-01 8:30:59", "2026-07-01T23:59:59", "2026/7/1 0:00", "2026年7月1日 08:30", "2026年7月1日08:30", "20260701 08:30",
		"20260701T083000", "2026-07-01 08:30:00.000",
		"2026-07-01 08:30:00.1234567891", "2026-07-01 08:30:00,5", "1/Jul/26 9:41 AM", "Jul 1, 2026, 9:41:00 PM", "2026-07-01 上午9:41",
		"2026/7/1 下午 6:30", "2026-07-01下午3:00", "2026-07-01 18时30分",
		"2026年7月1日18时", "2026年7月1日 18点30分05秒", "2026-07-01 星期三 18:30", "2026-07-01\n18:30", "2026-07-01 12:00 a.m.",
		"2026-07-01T08:00:00+08:00", "2026-07-01T08:00+08:00", "2026-07-01 00:30:00 +0800", "2026-07-01T00:00:00+08", "2026-06-30T16:00:00Z",
		"2026-06-30T16:00:00.000Z", "2026-06-30 16:00 UTC",
		"2026-06-30T23:30:00-05:00", "2026-06-30 23:30:00-05", "Tue, 30 Jun 2026 16:00:00 GMT", "2026-07-01 08:00 UTC+8",
		"2026-06-30T16:00:00 +0000", "20260630T160000Z",
		"2026-06-30 24:00", "2026-06-30T24:00:00", "20260630 24:00",
	} {
		list = append(list, [2]string{s, day})
	}
	list = append(list, cases{
		{"5-Mar-24", "2024-03-05"}, {"12/Mar/24 9:41 AM", "2024-03-12"}, {"Mar 5, 2024", "2024-03-05"}, {"5 March 2024", "2024-03-05"}, {"5-Sept-99",
			"1999-09-05"}, {"29 Feb 2024", "2024-02-29"},
		{"1 May 68", "2068-05-01"}, {"12/12月/24 9:41 上午", "2024-12-12"}, {"12/十一月/24", "2024-11-12"}, {"1990-01-01", "1990-01-01"}, {"2100-12-31",
			"2100-12-31"},
		{"2026-06-30T23:59:59-12:00", "2026-07-01"}, {"2026-12-31T16:00:00Z", "2027-01-01"}, {"2024-02-28 24:00", "2024-02-29"},

		{"03/04/2024", "!date.ambiguous"}, {"13/04/2024", "!date.ambiguous"}, {"04/13/2024", "!date.ambiguous"}, {"3-4-26", "!date.ambiguous"},
		{"24/3/5", "!date.ambiguous"}, {"24-03-05", "!date.ambiguous"},
		{"03/04/2026 08:00", "!date.ambiguous"}, {"3.4.2026", "!date.ambiguous"}, {"Wed 03/04/2026", "!date.ambiguous"},
		{"32/13/2024", "!date.impossible"}, {"31/02/2024", "!date.impossible"}, {"30/30/30", "!date.impossible"},
		{"3月5日", "!date.no_year"}, {"07-01", "!date.no_year"}, {"7.1", "!date.no_year"}, {"7/1", "!date.no_year"}, {"5 Mar", "!date.no_year"},
		{"Mar 5", "!date.no_year"}, {"7/1 18:30", "!date.no_year"},
		{"7月1日 18:30", "!date.no_year"}, {"Mar 5 18:30", "!date.no_year"}, {"周三 7月1日", "!date.no_year"}, {"7月1日18时", "!date.no_year"},
		{"2024-02-30", "!date.impossible"}, {"0000-00-00", "!date.impossible"}, {"0000-00-00 00:00:00", "!date.impossible"}, {"20260231",
			"!date.impossible"}, {"2025/2/29", "!date.impossible"},
		{"2026年13月1日", "!date.impossible"}, {"1900-01-00", "!date.impossible"}, {"1900-02-29", "!date.impossible"}, {"31-Apr-24",
			"!date.impossible"}, {"2026-13-01", "!date.impossible"},
		{"infinity", "!date.impossible"}, {"-Infinity", "!date.impossible"}, {"Mon 2026-07-01", "!date.impossible Wednesday"}, {"2026-07-01 周四",
			"!date.impossible Wednesday"},
		{"1989-12-31", "!date.range"}, {"2101-01-01", "!date.range"}, {"9999-12-31", "!date.range"}, {"19891231", "!date.range"}, {"5-Mar-69",
			"!date.range"}, {"2100-12-31 24:00", "!date.range"},
		{"2100-12-31T23:00:00Z", "!date.range"}, {"0001-01-01", "!date.range"},
		{"昨天", "!date.form"}, {"46204", "!date.form"}, {"46204.5", "!date.form"}, {"1719800000", "!date.form"}, {"1719800000000", "!date.form"},
		{"2026 07 01", "!date.form"}, {"2026\\07\\01", "!date.form"},
		{"2026-07", "!date.form"}, {"2026年7月", "!date.form"}, {"Mar 2024", "!date.form"}, {"2026", "!date.form"}, {"2026-07-01 25:30", "!date.form"},
		{"2026-07-01 23:59:60", "!date.form"},
		{"2026-07-01 08:60", "!date.form"}, {"2026-07-01 24:00:01", "!date.form"}, {"2026-07-01 24:00:00.1", "!date.form"}, {"2026-07-01 24:01",
			"!date.form"}, {"2026-07-01 13:00 AM", "!date.form"},
		{"2026-07-01 0:30 PM", "!date.form"}, {"2026-07-01 8", "!date.form"}, {"2026-07-01 8:5", "!date.form"}, {"2026-07-01T", "!date.form"},
		{"2026-07-01 08:30 CST", "!date.form"},
		{"2026-07-01 09:00-12:00", "!date.form"}, {"2026-07-01 09:00-1200", "!date.form"}, {"2026-07-01 09:00~12:00", "!date.form"},
		{"2026-07-01T08:00:00+15:00", "!date.form"},
		{"2026-07-01T08:00:00+0", "!date.form"}, {"2026-07-01T08:00:00+08:60", "!date.form"}, {"2026-07-01-08", "!date.form"},
		{"2026-07-01 - 2026-07-05", "!date.form"}, {"1/2-2026", "!date.form"},
		{"2026-007-01", "!date.form"}, {"026-07-01", "!date.form"}, {"2026-07-01x", "!date.form"}, {"2026-07-01 Wed Thu", "!date.form"},
		{"5 Mar 224", "!date.form"}, {"2月30日", "!date.impossible"}, {"31 Apr", "!date.impossible"}, {"0.5", "!date.form"}, {"13.45", "!date.form"},
		{"12.31", "!date.no_year"}, {"31.12", "!date.no_year"}, {"1,2,2026", "!date.form"},
		{"-2026-07-01", "!date.form"}, {"1 Foo 2026", "!date.form"}, {"2026-07-①", "!date.form U+2460"}, {"2026-07-0²", "!date.form U+00B2"},
		{"٢٠٢٦-٠٧-٠١", "!date.form"},
		{"2026-07-01\x00", "!text.control U+0000"}, {"2026-\u202e07-01", "!text.control U+202E"}, {"TRUE", "!date.form"}, {"(Wed)", "!date.form"},
		{"日", "!date.form"}, {",", "!date.form"},
	}...)
	list.check(t, column(t, policy.TypeDate, policy.Format{}))
}

func TestDateOrders(t *testing.T) {
	cases{
		{"03/04/2024", "2024-04-03"}, {"13/04/2024", "2024-04-13"}, {"3-4-26", "2026-04-03"}, {"3.4.2024 18:30", "2024-04-03"}, {"24/03/05",
			"2005-03-24"}, {"13/4/99 9:41 AM", "1999-04-13"}, {"2024-03-04", "2024-03-04"},
		{"Mar 4, 2024", "2024-03-04"}, {"4/Mar/24", "2024-03-04"}, {"04/13/2024", "!date.impossible"}, {"24/3/5", "!date.ambiguous"}, {"29/2/2025",
			"!date.impossible"}, {"1/2-2026", "!date.form"}, {"1/2/1989", "!date.range"},
	}.check(t, column(t, policy.TypeDate, policy.Format{Order: policy.DMY}))
	cases{
		{"03/04/2024", "2024-03-04"}, {"6/21/2025 16:14", "2025-06-21"}, {"3-4-26", "2026-03-04"}, {"12/31/2024, 9:41:00 AM", "2024-12-31"},
		{"13/04/2024", "!date.impossible"}, {"24-03-05", "!date.impossible"},
	}.check(t, column(t, policy.TypeDate, policy.Format{Order: policy.MDY}))
}

func TestOrder(t *testing.T) {
	for _, c := range []struct {
		text  string
		order policy.DateOrder
		needs bool
	}{
		{"13/04/2024", policy.DMY, true}, {"04/13/2024", policy.MDY, true}, {"03/04/2024", "", true}, {"04/04/2024", "", true},
		{" １３/04/2024 18:30 ", policy.DMY, true}, {"30.4.2024", policy.DMY, true},
		{"29/02/2024", policy.DMY, true}, {"31/04/2024", "", false}, {"13/04/1970", "", false}, {"13/04/70", "", false}, {"32/13/2024", "", false},
		{"13/04/24", "", true},         // or 2013-04-24
		{"13/04/45", policy.DMY, true}, // no month has 45 days
		{"04/13/24", policy.MDY, true}, // no year has 13 months
		{"03/04/24", "", true}, {"24/3/5", "", false}, {"2024-03-04", "", false}, {"5-Mar-24", "", false}, {"20240304", "", false}, {"3月5日",
			"", false}, {"13/04", "", false}, {"13/04/2024 25:00", "", false},
		{"", "", false}, {"x", "", false}, {"13/04/2024\x00", "", false}, {"13/04/202④", "", false}, {"infinity", "", false}, {"1:30", "", false},
		{"1.234.567", "", false},
	} {
		if order, needs := cell.Order(c.text); order != c.order || needs != c.needs {
			t.Errorf("%q: %q %v, want %q %v", c.text, order, needs, c.order, c.needs)
		}
	}
}

// A text that proves an order is read in it and in no other; one that needs an order is refused without.
func TestOrderAgreesWithReading(t *testing.T) {
	free, dmy, mdy := reader(t, column(t, policy.TypeDate, policy.Format{})), reader(t, column(t, policy.TypeDate, policy.Format{Order: policy.DMY})),
		reader(t, column(t, policy.TypeDate, policy.Format{Order: policy.MDY}))
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[0-3]?[0-9][/.-][0-3]?[0-9][/.-](20[0-9][0-9]|[0-9]{1,2})`).Draw(t, "s")
		order, needs := cell.Order(s)
		a, b := dmy.Read(s), mdy.Read(s)
		switch {
		case needs && free.Read(s).Rule != "date.ambiguous":
			t.Fatalf("%q is read without an order: %+v", s, free.Read(s))
		case order == policy.DMY && (a.Text == "" || b.Text != ""), order == policy.MDY && (b.Text == "" || a.Text != ""):
			t.Fatalf("%q proves %s, and is read as %+v and %+v", s, order, a, b)
		case !needs && (a.Text != "" || b.Text != ""):
			t.Fatalf("%q needs no order, and is read as %+v and %+v", s, a, b)
		}
	})
}

func TestSerials(t *testing.T) {
	cases{
		{"46204", "2026-07-01"}, {"46204.75", "2026-07-01"}, {"46203.9999999999", "2026-07-01"}, {"36526", "2000-01-01"}, {"73415", "2100-12-31"},
		{"73415.9999999999", "!date.range"}, {"36525", "!date.range"}, {"73416", "!date.range"},
		{"60", "!date.impossible"}, {"0", "!date.impossible"}, {"59", "!date.range"}, {"61", "!date.range"}, {"2026", "!date.range"}, {"20260701",
			"2026-07-01"}, {"2026-07-01", "2026-07-01"}, {"7.1", "!date.no_year"},
		{"-46204", "!date.form"}, {"46204.", "!date.form"}, {"4.6204E4", "!date.form"}, {"1719800000", "!date.form"}, {"４６２０４", "2026-07-01"},
		{"46,204", "!date.form"}, {"0.5", "!date.form"},
	}.check(t, column(t, policy.TypeDate, policy.Format{Serial: "1900"}))
	cases{{"44742", "2026-07-01"}, {"60", "!date.range"}, {"0", "!date.range"}, {"35064", "2000-01-01"}, {"71953", "2100-12-31"}}.check(t,
		column(t, policy.TypeDate, policy.Format{Serial: "1904"}))
	cases{
		{"46204", "2026-07-01 00:00:00"}, {"46204.770833333336", "2026-07-01 18:30:00"}, {"46204.7708333333", "2026-07-01 18:30:00"}, {"46204.7708",
			"2026-07-01 18:29:57.12"}, {"46204.00001157407", "2026-07-01 00:00:01"},
		{"46204.99999999999999999999", "2026-07-02 00:00:00"},
	}.check(t, column(t, policy.TypeDatetime, policy.Format{Serial: "1900"}))
	cases{{"46204.75", "2026-07-02 02:00:00"}, {"46204", "!date.form UTC"}}.check(t,
		column(t, policy.TypeDatetime, policy.Format{Serial: "1900", Zone: "UTC"}))
}

func TestDatetimes(t *testing.T) {
	cases{
		{"2026-07-01 18:30:00", "2026-07-01 18:30:00"}, {"2026-07-01 18:30", "2026-07-01 18:30:00"}, {"2026/7/1 8:05", "2026-07-01 08:05:00"},
		{"2026-07-01", "2026-07-01 00:00:00"}, {"20260701", "2026-07-01 00:00:00"},
		{"2026-07-01T18:30:00Z", "2026-07-02 02:30:00"}, {"2026-07-01T18:30:00-05:00", "2026-07-02 07:30:00"}, {"2026-07-01T18:30:00+05:30",
			"2026-07-01 21:00:00"}, {"2026-07-01 24:00", "2026-07-02 00:00:00"},
		{"2026-12-31 24:00:00", "2027-01-01 00:00:00"}, {"2026-07-01T24:00:00Z", "2026-07-02 08:00:00"}, {"12/Mar/24 9:41 AM",
			"2024-03-12 09:41:00"}, {"12/Mar/24 12:05 PM", "2024-03-12 12:05:00"},
		{"12/Mar/24 12:05 am", "2024-03-12 00:05:00"}, {"2026-07-01 下午2:05", "2026-07-01 14:05:00"}, {"2026-07-01 下午14:05", "2026-07-01 14:05:00"},
		{"2026-07-01 9:41:30PM", "2026-07-01 21:41:30"},
		{"2026年7月1日 18时30分05秒", "2026-07-01 18:30:05"}, {"20260701T183005", "2026-07-01 18:30:05"}, {"20260701T1830", "2026-07-01 18:30:00"},
		{"2026-07-01 周三 18:30", "2026-07-01 18:30:00"},
		{"2026-07-01 18:30:00.5", "2026-07-01 18:30:00.5"}, {"2026-07-01 18:30:00.123456", "2026-07-01 18:30:00.123456"},
		{"2026-07-01 18:30:00.1200000000", "2026-07-01 18:30:00.12"},
		{"2026-07-01 18:30:00.000000", "2026-07-01 18:30:00"}, {"2026-07-01T18:30:00.1234560Z", "2026-07-02 02:30:00.123456"},
		{"2026-07-01 18:30:00.1234567", "!date.form .1234567"},
		{"2026-07-01 25:30", "!date.form"}, {"2026-07-01 23:59:60", "!date.form"}, {"18:30", "!date.form"}, {"1719800000", "!date.form"},
		{"03/04/2024 18:30", "!date.ambiguous"}, {"7月1日 18:30", "!date.no_year"},
		{"2026-02-30 18:30", "!date.impossible"}, {"1989-12-31 18:30", "!date.range"}, {"1989-12-31 24:00", "1990-01-01 00:00:00"},
		{"2100-12-31 24:00", "!date.range"}, {"infinity", "!date.impossible"},
		{"1991-04-14 02:30", "!date.gap Asia/Shanghai"}, {"1991-09-15 01:30", "!date.overlap Asia/Shanghai"}, {"1991-09-15 01:30:00+08:00",
			"1991-09-15 01:30:00"},
	}.check(t, column(t, policy.TypeDatetime, policy.Format{}))
}

func TestZones(t *testing.T) {
	utc := policy.Format{Zone: "UTC"}
	cases{
		{"2026-07-01 18:30", "2026-07-02 02:30:00"}, {"2026-07-01 18:30:00+08:00", "2026-07-01 18:30:00"}, {"2026-07-01", "!date.form UTC"},
		{"2026-07-01 24:00", "2026-07-02 08:00:00"},
	}.check(t, column(t, policy.TypeDatetime, utc))
	cases{
		{"2026-07-01 18:30", "2026-07-02"}, {"2026-07-01 15:59:59", "2026-07-01"}, {"2026-07-01", "2026-07-01"}, {"2026-07-01 24:00", "2026-07-02"},
		{"2026-07-01T18:30:00+08:00", "2026-07-01"},
	}.check(t, column(t, policy.TypeDate, utc))
	cases{{"2026-07-01", "2026-07-01 00:00:00"}}.check(t, column(t, policy.TypeDatetime, policy.Format{Zone: "Asia/Shanghai"}))

	york := policy.Format{Zone: "America/New_York"}
	cases{
		{"2026-03-08 01:59:59", "2026-03-08 14:59:59"}, {"2026-03-08 02:00", "!date.gap America/New_York"}, {"2026-03-08 02:30",
			"!date.gap America/New_York"}, {"2026-03-08 03:00", "2026-03-08 15:00:00"},
		{"2026-11-01 00:59:59", "2026-11-01 12:59:59"}, {"2026-11-01 01:00", "!date.overlap America/New_York"}, {"2026-11-01 01:30",
			"!date.overlap America/New_York"}, {"2026-11-01 02:00", "2026-11-01 15:00:00"},
		{"2026-11-01 01:30:00-04:00", "2026-11-01 13:30:00"}, {"2026-11-01 01:30:00-05:00", "2026-11-01 14:30:00"}, {"2026-07-01 18:30",
			"2026-07-02 06:30:00"},
	}.check(t, column(t, policy.TypeDatetime, york))
	cases{{"2026-03-08 02:30", "!date.gap America/New_York"}, {"2026-11-01 01:30", "2026-11-01"}}.check(t, column(t, policy.TypeDate, york))

	home := column(t, policy.TypeDatetime, policy.Format{})
	home.Zone = zone(t, "America/New_York")
	cases{
		{"2026-03-08 02:30", "!date.gap America/New_York"}, {"2026-11-01 01:30", "!date.overlap America/New_York"}, {"2026-11-01T06:30:00Z",
			"2026-11-01 01:30:00"}, {"2026-07-01T02:00:00Z", "2026-06-30 22:00:00"},
	}.check(t, home)
	home.Type = policy.TypeDate
	cases{{"2026-03-08 02:30", "2026-03-08"}, {"2026-11-01 01:30", "2026-11-01"}, {"2026-07-01T02:00:00Z", "2026-06-30"}}.check(t, home)

	// A quarter to midnight or a quarter to one, according to which of the two hours is meant.
	far := column(t, policy.TypeDate, york)
	far.Zone = time.FixedZone("UTC-5:30", -11*1800)
	cases{{"2026-11-01 01:15", "!date.overlap America/New_York"}}.check(t, far)
	apia := column(t, policy.TypeDatetime, policy.Format{}) // left out 30 December 2011
	apia.Zone = zone(t, "Pacific/Apia")
	cases{{"2011-12-30 12:00", "!date.gap Pacific/Apia"}, {"2011-12-31 00:00", "2011-12-31 00:00:00"},
		{"2011-12-29 23:59:59", "2011-12-29 23:59:59"}}.check(t, apia)
}

// A moment written with its offset is the moment that Go's own parser reads.
func TestMomentsAgreeWithGo(t *testing.T) {
	shanghai := zone(t, "Asia/Shanghai")
	r := reader(t, column(t, policy.TypeDatetime, policy.Format{}))
	d := reader(t, column(t, policy.TypeDate, policy.Format{}))
	layouts := []string{time.RFC3339, time.RFC3339Nano, time.RFC1123Z, "2006-01-02 15:04:05 -0700", "2 Jan 2006 3:04:05 PM Z07:00",
		"Monday, January 2, 2006, 15:04:05 -0700", "20060102T150405Z0700",
		"2006年1月2日 15:04:05-07:00", "2006/1/2 15:04:05Z07"}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(700_000_000, 4_000_000_000).Draw(t, "s"), 0)
		at = at.In(time.FixedZone("", 3600*rapid.IntRange(-12, 14).Draw(t, "zone")))
		s := at.Format(rapid.SampledFrom(layouts).Draw(t, "layout"))
		want := at.In(shanghai)
		if v := r.Read(s); v != (cell.Value{Text: want.Format(time.DateTime)}) {
			t.Fatalf("%q is read as %+v, want %s", s, v, want)
		}
		if v := d.Read(s); v != (cell.Value{Text: want.Format(time.DateOnly)}) {
			t.Fatalf("%q is read as %+v, want the day of %s", s, v, want)
		}
	})
}
