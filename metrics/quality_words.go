package metrics

import (
	"fmt"
	"strings"
	"time"

	"plumbline/internal/fixed"
	"plumbline/policy"
)

// Says puts a finding into words: what exactly was counted, how it compares with the limit, and what could not be judged.
func (f Finding) Says() policy.Text {
	c := f.Check
	t := policy.Text{ZH: c.Dataset.Name.ZH + "：", EN: c.Dataset.Name.EN + ": "}
	if f.Status == NoData {
		t = join(t, told("没有可以判断的记录", "nothing that could be judged"))
	} else {
		t = join(t, checkWords[c.Kind](f))
	}
	t = join(t, f.compared())
	if f.Unjudged != 0 {
		t = join(t, f.unjudged())
	}
	return join(t, policy.Text{ZH: "。", EN: "."})
}

func join(t policy.Text, parts ...policy.Text) policy.Text {
	for _, p := range parts {
		t = policy.Text{ZH: t.ZH + p.ZH, EN: t.EN + p.EN}
	}
	return t
}

// told makes a text in both languages; both formats take the same arguments.
func told(zh, en string, args ...any) policy.Text {
	return policy.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// percent is the value as people read it.
func (f Finding) percent() string {
	v, _ := f.Exact()
	return fixed.Text(v, 2) + "%"
}

// column names a column in both languages.
func (f Finding) column(id string) policy.Text { return f.Check.Dataset.Column(id).Name }

// checkWords say what a check counted, by kind.
var checkWords = map[policy.QualityKind]func(f Finding) policy.Text{
	policy.Coverage: func(f Finding) policy.Text {
		if f.Check.OfPeople {
			return f.share("应有记录的 %s 人中 %s 人有记录", "%s of %s people expected to have records have any")
		}
		unit := occasionUnits[f.Check.KPI.Expects()]
		return f.share("应有记录的 %s 个"+unit.ZH+"中 %s 个有记录", "%s of %s "+unit.EN+" expected have a record")
	},
	policy.Late: func(f Finding) policy.Text {
		until, from := f.column(f.Check.Until), f.column(f.Check.Day)
		return f.share("有“"+until.ZH+"”的 %s 条中 %s 条比“"+from.ZH+"”"+fmt.Sprintf("晚 %d 天以上", f.Check.Days+1),
			"%s of %s with “"+until.EN+"” have it more than "+daysEN(f.Check.Days)+" after “"+from.EN+"”")
	},
	policy.Delay: func(f Finding) policy.Text {
		until, from, v := f.column(f.Check.Until), f.column(f.Check.Day), f.days()
		if f.Check.Percentile == fixed.Int(50) {
			return policy.Text{ZH: fmt.Sprintf("%s 条从“%s”到“%s”相隔天数的中位数为 %s 天", f.N, from.ZH, until.ZH, v),
				EN: fmt.Sprintf("the median of the days from “%s” to “%s” is %s over %s records", from.EN, until.EN, v, f.N)}
		}
		return policy.Text{ZH: fmt.Sprintf("%s 条中至少 %s%% 从“%s”到“%s”相隔不超过 %s 天", f.N, f.Check.Percentile, from.ZH, until.ZH, v),
			EN: fmt.Sprintf("at least %s%% of %s records have at most %s days from “%s” to “%s”", f.Check.Percentile, f.N, v, from.EN, until.EN)}
	},
	policy.BackDated: func(f Finding) policy.Text {
		from := f.column(f.Check.Day)
		return f.share("可以判断的 %s 条中 %s 条在“"+from.ZH+"”"+fmt.Sprintf("之后 %d 天以上才首次入账", f.Check.Days+1),
			"%s of %s that can be judged first came into the books more than "+daysEN(f.Check.Days)+" after “"+from.EN+"”")
	},
	policy.AfterClose: func(f Finding) policy.Text {
		from := f.column(f.Check.Day)
		return f.share("可以判断的 %s 条中 %s 条在“"+from.ZH+"”"+fmt.Sprintf("当月结束 %d 天以上才入账或更改", f.Check.Days+1),
			"%s of %s that can be judged came or were changed more than "+daysEN(f.Check.Days)+" after the month of “"+from.EN+"”")
	},
	policy.DueMoved: func(f Finding) policy.Text {
		due := f.column(f.Check.Day)
		return f.share("“"+due.ZH+"”现在或曾经在本期的 %s 条中 %s 条到期之后被改晚",
			"%s of %s whose “"+due.EN+"” is or was in the period had it moved later after it had passed")
	},
	policy.ClosedAtOnce: func(f Finding) policy.Text {
		created, closed, zh, en := f.column(f.Check.Until), f.column(f.Check.Day), "", ""
		if f.Check.Where != nil {
			where := strings.ReplaceAll(f.Check.Where.Text, "%", "%%")
			zh, en = "且符合 "+where+" ", " where "+where
		}
		return f.share("“"+closed.ZH+"”在本期"+zh+"的 %s 条中 %s 条首次入账时“"+created.ZH+"”与“"+closed.ZH+"”为同一天",
			"%s of %s with “"+closed.EN+"” in the period"+en+" first came with “"+created.EN+"” on the same day")
	},
	policy.Multiples: func(f Finding) policy.Text {
		amount, of := f.column(f.Check.Amount), f.Check.Multiple.String()
		return f.share("有“"+amount.ZH+"”的 %s 条中 %s 条恰为 "+of+" 的整倍数", "%s of %s with “"+amount.EN+"” have a full multiple of "+of)
	},
	policy.Copied: func(f Finding) policy.Text {
		text := f.column(f.Check.Text)
		return f.share("有“"+text.ZH+"”的 %s 条中 %s 条的文字由本人"+fmt.Sprintf("在本期 %d 天以上重复填写", f.Check.Days),
			"%s of %s with “"+text.EN+"” have a text that the same person wrote on "+daysEN(f.Check.Days)+" of the period or more")
	},
	policy.Unvaried: func(f Finding) policy.Text {
		amount := f.column(f.Check.Amount)
		return f.share(fmt.Sprintf("本期有记录满 %d 天的", f.Check.Days)+" %s 人中 %s 人每天“"+amount.ZH+"”合计都一样",
			"%s of %s people with records on "+daysEN(f.Check.Days)+" of the period or more have the same sum of “"+amount.EN+"” on every day")
	},
}

// share words a share: zh takes how many were judged, then how many were found, en the other way round.
func (f Finding) share(zh, en string) policy.Text {
	return policy.Text{ZH: fmt.Sprintf(zh+"，占 %s", f.N, f.Ratio.Num, f.percent()), EN: fmt.Sprintf(en+", %s", f.Ratio.Num, f.N, f.percent())}
}

func daysEN(n int64) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// occasionUnits are what is expected of people, as units.
var occasionUnits = map[policy.Occasion]policy.Text{
	policy.Workday: {ZH: "人日", EN: "person-days"},
	policy.Week:    {ZH: "人周", EN: "person-weeks"},
	policy.Month:   {ZH: "人月", EN: "person-months"},
}

// days is a delay as people read it: whole, or with a half.
func (f Finding) days() string {
	v, _ := f.Exact()
	n, _ := fixed.Round(v, 1)
	return n.String()
}

// unjudged says of how many records a check can say nothing, and why.
func (f Finding) unjudged() policy.Text {
	c := f.Check
	var column policy.Text
	switch c.Kind {
	case policy.BackDated, policy.AfterClose:
		opened := f.opened.Format(time.DateOnly)
		return told("；另有 %s 条的期限早于建账日 %s，无从判断，未计", "; not counted: %s that were to come before the books were opened on %s", f.Unjudged, opened)
	case policy.Multiples:
		column = f.column(c.Amount)
	case policy.Copied:
		column = f.column(c.Text)
	default:
		column = f.column(c.Until)
	}
	return policy.Text{ZH: fmt.Sprintf("；另有 %s 条没有“%s”，未计", f.Unjudged, column.ZH), EN: fmt.Sprintf("; not counted: %s without “%s”", f.Unjudged, column.EN)}
}

// compared says how a value compares with the limit.
func (f Finding) compared() policy.Text {
	c := f.Check
	switch {
	case f.Status == NoData:
		return policy.Text{}
	case f.Status == Insufficient:
		return told("；不足 %d，不作提示", "; fewer than %d, so that no warning is given", c.Minimum)
	case c.Kind == policy.Coverage:
		return f.verdict("低于下限 %s%%", "below the least of %s%%", "不低于下限 %s%%", "not below the least of %s%%")
	case c.Kind == policy.Delay:
		return f.verdict("高于上限 %s 天", "above the most of %s", "未超过上限 %s 天", "not above the most of %s")
	case c.Kind == policy.Multiples:
		return f.besideCompany()
	}
	return f.verdict("高于上限 %s%%", "above the most of %s%%", "未超过上限 %s%%", "not above the most of %s%%")
}

func (f Finding) verdict(badZH, badEN, goodZH, goodEN string) policy.Text {
	if f.Warning {
		return told("，"+badZH, ", "+badEN, f.Check.Limit)
	}
	return told("，"+goodZH, ", "+goodEN, f.Check.Limit)
}

func (f Finding) besideCompany() policy.Text {
	if f.Company == nil {
		return policy.Text{}
	}
	company := fixed.Text(f.Company, 2)
	if f.Warning {
		return told("，比全公司的 %s%% 高出 %s 个百分点以上", ", more than %[2]s points above the company's %[1]s%%", company, f.Check.Limit)
	}
	return told("，比全公司的 %s%% 未高出 %s 个百分点", ", not more than %[2]s points above the company's %[1]s%%", company, f.Check.Limit)
}
