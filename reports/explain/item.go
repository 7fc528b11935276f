package explain

import (
	"fmt"
	"math/big"
	"strings"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// item derives the weighted points of one item of a scorecard.
func (p *page) item(n int, l metrics.LineReceipts, i int, w weighing) {
	s := &l.Line.Score
	item := s.Items[i]
	k := item.Item.KPI
	p.gap()
	p.line(p.f("%d. %s（权重 %s）", "%d. %s (weight %s)", n, k.Name.In(p.lang), percent(item.Item.Weight)))
	r := l.Of(k)
	p.counts(r)
	p.sum(p.t("实际", "Actual"), p.calculated(item.Value))
	p.target(item.Value)
	if item.Points == nil || item.Filled != "" {
		p.filled(s, item, r)
		if item.Points == nil {
			return
		}
	} else {
		p.reach(item.Value)
		p.curve(item, w)
	}
	p.weight(s, item, w)
}

// filled says why the value earns no points of its own, and what is done instead.
func (p *page) filled(s *metrics.Score, item metrics.ItemScore, r *metrics.Receipt) {
	v := item.Value
	why := p.t("没有数据", "there are no data")
	switch v.Status {
	case metrics.Insufficient:
		why = p.few(v, r)
	case metrics.OK:
		why = p.t("达成率无从算起", "there is no attainment")
	case metrics.Withheld:
		why = p.noValue(v)
	}
	switch item.Filled {
	case policy.Neutral:
		why += p.f("；考核表规定此时计 %s 分", "; the scorecard then gives %s points", figure(s.Scorecard.NeutralPoints))
	case policy.Zero:
		why += p.t("；考核表规定此时计 0 分", "; the scorecard then gives 0 points")
	case policy.Redistribute:
		why += p.f("，不计分；%s 的权重由其余各项按比例分担", ", so it earns no points; the other items carry its weight of %s in proportion", percent(item.Item.Weight))
	default:
		why += p.t("，不计分", ", so it earns no points")
	}
	p.row(p.t("计分", "Points"), why)
}

// few tells how many there are and how many it takes; of somebody in two departments each record counts in part.
func (p *page) few(v metrics.Value, r *metrics.Receipt) string {
	n := figure(v.N)
	if share := r.Rows.Uniform; share != 0 && share != fixed.Int(1) {
		n = p.f("%s（%d 条按 %s 折算）", "%s (%d at %s each)", n, len(r.Rows.Facts), percent(share*100))
	}
	return p.f("样本只有 %s，不足 %d，数据不足", "there are only %s, and fewer than %d are too few", n, v.KPI.Minimum)
}

// curve reads the curve in words: between which two knots the attainment lies, and the step between them with its numbers.
func (p *page) curve(item metrics.ItemScore, w weighing) {
	curve, label := item.Item.Curve, p.t("得分", "Points")
	p.row(p.t("曲线", "Curve"), p.knots(curve))
	a, ok := item.Value.Attainment()
	first, last := curve[0], curve[len(curve)-1]
	switch {
	case !ok:
		p.row(label, p.f("实际值不高于 0，已好到尽头，得曲线最高的 %s 分", "the value is not above 0, which is as good as can be: the %s points of the last knot", figure(last.Points)))
	case a.Cmp(first.Attainment.Rat()) <= 0:
		p.row(label, p.f("达成率不高于第一个点 %s，得 %s 分", "attainment is not above the first knot, %s: %s points", percent(first.Attainment), figure(first.Points)))
	case a.Cmp(last.Attainment.Rat()) > 0:
		p.row(label, p.f("达成率高于最后一个点 %s，得 %s 分", "attainment is above the last knot, %s: %s points", percent(last.Attainment), figure(last.Points)))
	default:
		p.step(item, a, w)
	}
}

// step shows the straight line between two knots.
func (p *page) step(item metrics.ItemScore, a *big.Rat, w weighing) {
	curve := item.Item.Curve
	i := 1
	for a.Cmp(curve[i].Attainment.Rat()) > 0 {
		i++
	}
	from, to := curve[i-1], curve[i]
	p.row(p.t("得分", "Points"), p.f("达成率在 %s（%s 分）与 %s（%s 分）之间，按直线：", "attainment lies between %s (%s points) and %s (%s points), on the straight line:",
		percent(from.Attainment), figure(from.Points), percent(to.Attainment), figure(to.Points)))
	p.sum("", fmt.Sprintf("%s + (%s − %s) ÷ (%s − %s) × (%s − %s) = %s", figure(from.Points), attained(item.Value), percent(from.Attainment),
		percent(to.Attainment), percent(from.Attainment), figure(to.Points), figure(from.Points), w.text(w.points(item)))+p.t(" 分", " points"))
}

func (p *page) knots(curve []policy.Point) string {
	var parts []string
	for _, k := range curve {
		parts = append(parts, p.f("%s 得 %s 分", "%s earns %s", percent(k.Attainment), figure(k.Points)))
	}
	return p.f("达成率 %s；其间按直线，其外取两端", "attainment of %s; straight between, flat outside", strings.Join(parts, p.t("，", ", ")))
}

// weight shows the weighted points, and how the weight has changed where other items are left out.
func (p *page) weight(s *metrics.Score, item metrics.ItemScore, w weighing) {
	factor := percent(item.Item.Weight)
	if carried := carried(s); len(carried) < len(s.Items) {
		factor = figure(item.Item.Weight) + " ÷ (" + strings.Join(carried, " + ") + ")"
		p.sum(p.t("权重", "Weight"), factor+" = "+fixed.Text(item.Weight, 2)+"%"+p.t("，占有数据各项的部分", ", its part of the items with data"))
	}
	p.sum(p.t("加权", "Weighted"), w.text(w.points(item))+" × "+factor+" = "+w.text(w.weighted(item)))
}

// carried are the weights of the items that earn points.
func carried(s *metrics.Score) (weights []string) {
	for _, item := range s.Items {
		if item.Points != nil {
			weights = append(weights, figure(item.Item.Weight))
		}
	}
	return weights
}
