package explain

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// whole derives the total, the band and the rank of a person.
func (p *page) whole(d *metrics.Derivation) {
	s := d.Score
	if s.BeforePenalties != nil {
		p.section(p.t("总分、等级与名次", "Total, band and rank"))
		p.mean(d)
	}
	taken := p.penalties(d)
	if s.Total == nil {
		return
	}
	p.total(s, taken)
	p.band(d)
	p.rank(d)
}

// mean shows how several stays become one figure.
func (p *page) mean(d *metrics.Derivation) {
	var above, below []string
	shared := false
	for _, l := range d.Lines {
		if s := l.Line.Score; s.BeforePenalties != nil {
			above = append(above, s.BeforePenalties.Text(2)+" × "+figure(l.Line.Weight))
			below = append(below, figure(l.Line.Weight))
			shared = shared || l.Line.Weight != fixed.Int(int64(l.Line.Days))
		}
	}
	if len(above) < len(d.Lines) {
		p.row(p.t("平均", "Mean"), p.t("没有得分的时段不计入", "times without a score are left out"))
	}
	if len(above) < 2 {
		return
	}
	if shared {
		p.weights(d)
	}
	p.sum(p.t("平均", "Mean"), fmt.Sprintf("(%s) ÷ (%s) = %s", strings.Join(above, " + "), strings.Join(below, " + "), d.Score.BeforePenalties.Text(2))+
		p.by(shared))
}

func (p *page) by(shared bool) string {
	if shared {
		return p.t("，各段按天数 × 比例平均", ", each stay weighed by days × share")
	}
	return p.t("，各段按天数平均", ", each stay weighed by its days")
}

// weights shows days × share of each stay.
func (p *page) weights(d *metrics.Derivation) {
	for _, l := range d.Lines {
		var terms []string
		for _, s := range l.Stays {
			days := int64(s.Last.Sub(s.First).Hours()/24) + 1
			terms = append(terms, fmt.Sprintf("%d × %s", days, percent(s.Share*100)))
		}
		p.sum(p.t("天数", "Days"), strings.Join(terms, " + ")+" = "+figure(l.Line.Weight)+p.t("，", ", ")+l.Department.Name.In(p.lang))
	}
}

// charge is what one penalty comes to in all stays of a person together.
type charge struct {
	kpi    *policy.KPI
	points []fixed.Num
	most   fixed.Num
}

// sum is what the penalties of the stays come to before the most of one is looked at.
func (c charge) sum() fixed.Num { return sumOf(c.points) }

// penalties shows what is taken off, and gives it by KPI.
func (p *page) penalties(d *metrics.Derivation) (taken []fixed.Num) {
	for _, c := range p.charges(d) {
		if len(c.points) > 1 {
			p.sum("", fmt.Sprintf("%s = %s", terms(c.points), c.sum().Text(2))+p.f("，“%s”各段合计", ", %s in all stays", c.kpi.Name.In(p.lang)))
		}
		if c.sum() > c.most {
			p.row("", p.f("“%s”最多扣 %s 分，故扣 %s 分", "%[1]s costs %[2]s points at most, so %[3]s are taken off", c.kpi.Name.In(p.lang), figure(c.most), c.most.Text(2)))
		}
		if off := min(c.sum(), c.most); off > 0 {
			taken = append(taken, off)
		}
	}
	return taken
}

// charges writes the penalties stay by stay, and gives those of the same KPI joined.
func (p *page) charges(d *metrics.Derivation) []charge {
	var all []charge
	for _, l := range d.Lines {
		for _, s := range l.Line.Score.Penalties {
			p.penalty(l, s)
			i := slices.IndexFunc(all, func(c charge) bool { return c.kpi == s.Penalty.KPI })
			if i < 0 {
				i, all = len(all), append(all, charge{kpi: s.Penalty.KPI})
			}
			all[i].points = append(all[i].points, s.Points)
			all[i].most = max(all[i].most, s.Penalty.Most)
		}
	}
	return all
}

// penalty shows one penalty of one stay.
func (p *page) penalty(l metrics.LineReceipts, s metrics.PenaltyScore) {
	k, label := s.Penalty.KPI, p.t("扣分", "Penalty")
	n, ok := s.Value.Exact()
	if !ok || n.Sign() <= 0 {
		p.row(label, p.f("%s（%s）：没有，不扣分", "%s (%s): none, nothing is taken off", k.Name.In(p.lang), l.Department.Name.In(p.lang)))
		return
	}
	p.row(label, p.f("%s（%s）%s 件，每件扣 %s 分", "%s (%s): %s, at %s points each", k.Name.In(p.lang), l.Department.Name.In(p.lang), figure(s.Value.Ratio.Num), figure(s.Penalty.Each)))
	p.sum("", fmt.Sprintf("%s × %s = %s", figure(s.Value.Ratio.Num), figure(s.Penalty.Each), fixed.Text(n.Mul(n, s.Penalty.Each.Rat()), 2))+p.t(" 分", " points"))
	if n.Cmp(s.Penalty.Most.Rat()) > 0 {
		p.row("", p.f("最多扣 %s 分，故扣 %s 分", "%[1]s points at most, so %[2]s are taken off", figure(s.Penalty.Most), s.Points.Text(2)))
	}
}

func terms(list []fixed.Num) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = n.Text(2)
	}
	return strings.Join(texts, " + ")
}

// total takes the penalties off.
func (p *page) total(s *metrics.PersonScore, taken []fixed.Num) {
	label := p.t("总分", "Total")
	if len(taken) == 0 {
		p.sum(label, s.Total.Text(2))
		return
	}
	difference := s.BeforePenalties.Text(2)
	for _, off := range taken {
		difference += " − " + off.Text(2)
	}
	p.sum(label, difference+" = "+signedTotal(*s.BeforePenalties-s.PenaltyPoints))
	if s.PenaltyPoints > *s.BeforePenalties {
		p.row("", p.t("总分不低于 0，故计 0.00 分", "a total is never below 0, so it is 0.00"))
	}
}

func signedTotal(n fixed.Num) string {
	if n < 0 {
		return "−" + (-n).Text(2)
	}
	return n.Text(2)
}

// band tells the band earned, what bounds it and what the distribution makes of it.
func (p *page) band(d *metrics.Derivation) {
	s, bands := d.Score, d.Report.Policy.Bands
	label := p.t("等级", "Band")
	if s.Earned == nil {
		p.row(label, p.f("%s 分低于最低等级，没有等级", "%s points are below the lowest band: none", s.Total.Text(2)))
		return
	}
	i := slices.IndexFunc(bands, func(b policy.Band) bool { return b.ID == s.Earned.ID })
	text := p.f("%s 分达到 %s 的 %s 分", "%s points reach the %[3]s of %[2]s", s.Total.Text(2), s.Earned.ID, figure(s.Earned.From))
	if i > 0 {
		text += p.f("，未到 %s 的 %s 分", ", but not the %[2]s of %[1]s", bands[i-1].ID, figure(bands[i-1].From))
	}
	p.row(label, text+p.f("：%s（%s）", ": %s (%s)", s.Earned.ID, s.Earned.Name.In(p.lang)))
	p.limits(d)
	p.distribution(d)
	if s.Band != nil && s.Band.ID != s.Earned.ID {
		p.row(p.t("最终等级", "Final band"), p.f("%s（%s）", "%s (%s)", s.Band.ID, s.Band.Name.In(p.lang)))
	}
}

// limits names what bounds the band.
func (p *page) limits(d *metrics.Derivation) {
	label := p.t("等级限制", "Limit")
	for _, l := range d.Lines {
		for _, s := range l.Line.Score.Penalties {
			if s.Limits {
				p.row(label, p.f("有“%s”，等级不高于 %s", "with %s the band is %s at best", s.Penalty.KPI.Name.In(p.lang), s.Penalty.BandLimit.ID))
			}
		}
		for _, s := range l.Line.Score.BandLimits {
			p.limit(label, s)
		}
	}
}

func (p *page) limit(label string, s metrics.BandLimitScore) {
	k := s.Limit.KPI
	if !s.Limits {
		return
	}
	bound := p.t("低于", "below")
	if !k.HigherIsBetter {
		bound = p.t("高于", "above")
	}
	p.row(label, p.f("%s，%s", "%s, %s", k.Name.In(p.lang), p.counted(s.Value)))
	p.sum("", p.calculated(s.Value)+p.f("，%s %s，等级不高于 %s", ", %s %s: the band is %s at best", bound, p.given(s.Limit.Figure, k.Unit), s.Limit.Band.ID))
}

// rank tells the place among those with the same scorecard.
func (p *page) rank(d *metrics.Derivation) {
	s := d.Score
	if s.Rank == 0 {
		return
	}
	card := d.Lines[len(d.Lines)-1].Line.Score.Scorecard
	if i := s.Lines[len(s.Lines)-1]; d.Report.People[i].Score.Scorecard != nil {
		card = d.Report.People[i].Score.Scorecard
	}
	text := p.f("适用“%s”且有得分的 %d 人中第 %d 名", "%[3]d of the %[2]d people with a score under the %[1]s", card.Name.In(p.lang), s.RankOf, s.Rank)
	if s.Tied {
		text += p.f("，与另外 %d 人并列", ", together with %d more", p.ties(d, card)-1)
	}
	p.row(p.t("名次", "Rank"), text)
}

// ties counts the people of the scorecard with the same total.
func (p *page) ties(d *metrics.Derivation, card *policy.Scorecard) (n int) {
	for _, s := range d.Report.Scores {
		last := d.Report.People[s.Lines[len(s.Lines)-1]]
		if last.Score.Scorecard == card && s.Total != nil && *s.Total == *d.Score.Total {
			n++
		}
	}
	return n
}

// distribution tells the quotas, and what they do to the band.
func (p *page) distribution(d *metrics.Derivation) {
	s := d.Score
	if s.Distribution == nil {
		return
	}
	of, label := s.Distribution, p.t("强制分布", "Distribution")
	if !of.Forced {
		p.row(label, p.f("不足 %d 人（现 %d 人），不强制分布", "fewer than %d people (%d): bands are not distributed", of.Rule.From, of.People))
		return
	}
	p.quotas(d, label)
	if s.Forced {
		p.row("", p.f("第 %d 名，按名额为 %s", "rank %d, which the quotas leave %s", s.Rank, s.Band.ID))
	} else {
		p.row("", p.f("第 %d 名，分布没有改变等级", "rank %d; the distribution does not change the band", s.Rank))
	}
	if s.Tied {
		p.row("", p.t("同分不拆开：至少一半人放得下的最好等级归全体同分者", "equal totals are never split: all get the best band that at least half of them fit into"))
	}
}

// quotas shows how many may stand in each band or a better one.
func (p *page) quotas(d *metrics.Derivation, label string) {
	of, bands := d.Score.Distribution, d.Report.Policy.Bands
	var shares []string
	for i, share := range of.Rule.Shares[:len(of.Rule.Shares)-1] {
		shares = append(shares, percent(share))
		of100 := strings.Join(shares, " + ")
		if len(shares) > 1 {
			of100 = "(" + of100 + ")"
		}
		exact := new(big.Rat).Mul(big.NewRat(int64(of.People), 1), sumOf(of.Rule.Shares[:i+1]).Rat())
		p.sum(label, p.f("%s 及以上至多 %d 人：", "%s or better, at most %d: ", bands[i].ID, of.AtMost[i])+
			fmt.Sprintf("%d × %s = %s", of.People, of100, strings.TrimSuffix(fixed.Text(exact.Quo(exact, big.NewRat(100, 1)), 2), ".00"))+p.t("，舍去小数", ", rounded down"))
		label = ""
	}
}

func sumOf(list []fixed.Num) (sum fixed.Num) {
	for _, n := range list {
		sum += n
	}
	return sum
}
