package reports

import (
	"strings"

	"plumbline/internal/fixed"
	"plumbline/metrics"
)

// derivation tells in words how a score comes about, for the note beside it.
func (b *book) derivation(p *stayPlan, line *metrics.PersonLine) string {
	s := &line.Score
	if s.Scorecard == nil {
		return ""
	}
	var lines []string
	for i := range s.Items {
		lines = append(lines, b.itemWords(&s.Items[i]))
	}
	if s.Total == nil {
		return strings.Join(append(lines, b.t("没有一项数据足够，无得分", "no item has enough data: no score")), "\n")
	}
	points := b.t("指标得分 ", "KPI points ") + s.KPIPoints.Text(2)
	if s.Uncapped != nil {
		points += b.t("（封顶前 ", " (before the cap ") + s.Uncapped.Text(2) + b.t("）", ")")
	}
	lines = append(lines, points)
	if s.Superior != nil {
		lines = append(lines, b.t("上级评分 ", "superior ")+s.Superior.Text(2)+b.t("；合成 ", "; mixed ")+
			s.KPIPoints.Text(2)+" × "+s.Scorecard.KPIShare.String()+"% + "+s.Superior.Text(2)+" × "+s.Scorecard.SuperiorShare.String()+"% = "+s.BeforePenalties.Text(2))
	} else if s.Scorecard.SuperiorShare > 0 {
		lines = append(lines, b.t("上级评分未到，总分暂按指标得分", "no superior's points yet: the KPI points stand alone"))
	}
	for i := range s.Penalties {
		if x := &s.Penalties[i]; x.Points != 0 {
			lines = append(lines, b.t("扣分：", "penalty: ")+x.Penalty.KPI.Name.In(b.lang)+" -"+x.Points.Text(2))
		}
	}
	total := b.t("总分 ", "total ") + s.Total.Text(2)
	if s.Band != nil {
		total += b.t("，等级 ", ", band ") + b.bandLabel(s.Band)
	}
	if s.BandLimited != nil {
		total += b.t("（上限 ", " (at most ") + b.bandLabel(s.BandLimited) + b.t("）", ")")
	}
	return strings.Join(append(lines, total), "\n")
}

// itemWords says what one item comes to: value, attainment, points and weight.
func (b *book) itemWords(x *metrics.ItemScore) string {
	words := x.Item.KPI.Name.In(b.lang) + b.t("：", ": ")
	exact, ok := x.Value.Exact()
	switch {
	case !ok:
		words += b.valueWords(x.Value)
	case x.Value.Status != metrics.OK:
		words += b.amount(exact, x.Item.KPI.Unit) + b.t("，", ", ") + b.valueWords(x.Value)
	default:
		words += b.amount(exact, x.Item.KPI.Unit)
		if reached, has := x.Value.Attainment(); has {
			words += b.t("，达成 ", ", attained ") + fixed.Text(reached, 1) + "%"
		}
	}
	if x.Points == nil || x.Weight == nil {
		return words + b.t("，不计分", ", left out")
	}
	return words + b.t("，得 ", ", ") + fixed.Text(x.Points, 2) + b.t(" 分 × 权重 ", " points × weight ") + fixed.Text(x.Weight, 1) + "%"
}
