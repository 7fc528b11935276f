package reports

import (
	"fmt"
	"math/big"
	"strings"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// headlinesOf are the sentences that a reader in a hurry reads: only what the data supports.
func (o *overview) headlinesOf() []string {
	var list []string
	for _, i := range o.listed {
		if i < len(o.Report.Company.Values) {
			list = append(list, "• "+o.kpiHeadline(i))
		}
	}
	n := 0
	for _, g := range o.others {
		n += len(g.kpis)
	}
	if n > 0 {
		list = append(list, "• "+fmt.Sprintf(o.t("另有 %d 项不进考核、未设目标的指标，见下方「其他指标」。", "%d more KPIs that nobody is judged by and that have no target: see Other KPIs below."), n))
	}
	return append(list, "• "+o.peopleHeadline(), "• "+o.dataHeadline())
}

func (b *book) kpiHeadline(i int) string {
	v := b.Report.Company.Values[i]
	say := v.KPI.Name.In(b.lang)
	exact, ok := v.Exact()
	switch {
	case v.Status == metrics.Withheld:
		return say + fmt.Sprintf(b.t("：匿名答卷不足 %d 份或可被推算，不显示。", ": fewer than %d anonymous answers or such could be worked out, withheld."), policy.AnonymousFrom)
	case !ok:
		return say + b.t("：本期无数据。", ": no data in this period.")
	case v.Status == metrics.Insufficient:
		return say + b.t("：", ": ") + b.valueWords(v) + b.t("，不作判断。", "; no judgement.")
	}
	say += " " + b.amount(exact, v.KPI.Unit)
	say += b.againstTarget(v, exact)
	if i < len(b.Report.Company.Before) {
		say += b.sinceBefore(exact, b.Report.Company.Before[i])
	}
	return say + b.t("。", ".")
}

// amount is a value as a sentence has it.
func (b *book) amount(r *big.Rat, u policy.Unit) string {
	return strings.TrimSpace(fixed.Grouped(fixed.Text(r, decimals(u))) + " " + b.unit(u))
}

// againstTarget says more than "within the range of chance" only when the interval excludes the target.
func (b *book) againstTarget(v metrics.Value, exact *big.Rat) string {
	if v.Target == nil {
		return ""
	}
	target := v.Target.Float()
	if v.HasInterval && v.Low <= target && target <= v.High {
		return fmt.Sprintf(b.t("，与目标 %s 的差距在统计波动范围内", ", within the range of chance of its target %s"), b.amount(v.Target.Rat(), v.KPI.Unit))
	}
	gap := new(big.Rat).Sub(exact, v.Target.Rat())
	switch visibleSign(gap, v.KPI.Unit) {
	case 1:
		return b.t("，高于目标 ", ", above its target by ") + b.gap(gap, v.KPI.Unit)
	case -1:
		return b.t("，低于目标 ", ", below its target by ") + b.gap(gap.Neg(gap), v.KPI.Unit)
	}
	return b.t("，与目标持平", ", on target")
}

func (b *book) gap(r *big.Rat, u policy.Unit) string {
	if u == policy.Percent {
		return fixed.Text(r, 1) + b.t(" 个百分点", " percentage points")
	}
	return b.amount(r, u)
}

// visibleSign is the sign of a difference as far as the shown decimals tell it.
func visibleSign(r *big.Rat, u policy.Unit) int {
	if strings.Trim(fixed.Text(r, decimals(u)), "-0.") == "" {
		return 0
	}
	return r.Sign()
}

func (b *book) sinceBefore(exact *big.Rat, before metrics.Value) string {
	then, ok := before.Exact()
	if !ok || before.Status != metrics.OK {
		return ""
	}
	change := new(big.Rat).Sub(exact, then)
	switch visibleSign(change, before.KPI.Unit) {
	case 1:
		return b.t("，较上期上升 ", ", up on the period before by ") + b.gap(change, before.KPI.Unit)
	case -1:
		return b.t("，较上期下降 ", ", down on the period before by ") + b.gap(change.Neg(change), before.KPI.Unit)
	}
	return b.t("，与上期持平", ", as in the period before")
}

// peopleHeadline counts people, each once, by the band of the whole period.
func (b *book) peopleHeadline() string {
	counts, scored, waiting := map[string]int{}, 0, 0
	for i := range b.Report.Scores {
		s := &b.Report.Scores[i]
		if s.Band != nil {
			counts[s.Band.ID]++
		}
		if s.Total != nil {
			scored++
		}
		if s.Status == metrics.Provisional {
			waiting++
		}
	}
	say := fmt.Sprintf(b.t("考核 %d 人，%d 人有得分", "%d people, %d with a score"), len(b.Report.Scores), scored)
	for i := range b.Report.Policy.Bands {
		band := &b.Report.Policy.Bands[i]
		before := b.t("，", ", ")
		if i == 0 {
			before = b.t("：", ": ")
		}
		say += before + fmt.Sprintf(b.t("%s %d 人", "%s %d"), b.bandLabel(band), counts[band.ID])
	}
	if waiting > 0 {
		say += fmt.Sprintf(b.t("；%d 人待上级评分，等级为暂定", "; %d wait for the superior's points, their bands are provisional"), waiting)
	}
	return say + b.t("。", ".")
}

func (b *book) dataHeadline() string {
	in, accepted, quarantined := int64(0), int64(0), int64(0)
	for i := range b.Files {
		in, accepted, quarantined = in+b.Files[i].RowsIn, accepted+b.Files[i].Accepted, quarantined+b.Files[i].Quarantined
	}
	return fmt.Sprintf(b.t("数据：%d 份文件 %s 行，采纳 %s 行，隔离 %s 行（见「%s」）。", "Data: %d files with %s rows, %s accepted, %s in quarantine (sheet %s)."),
		len(b.Files), fixed.Grouped(itoa(int(in))), fixed.Grouped(itoa(int(accepted))), fixed.Grouped(itoa(int(quarantined))), b.plan.rejects)
}
