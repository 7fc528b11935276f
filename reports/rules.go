package reports

import (
	"plumbline/policy"
)

// cardWords says how a scorecard adds up, and every rule that it has besides.
func (b *book) cardWords(card *policy.Scorecard) string {
	words := b.t("总分 = 指标得分 × ", "Total = KPI points × ") + card.KPIShare.String() + "%" +
		b.t(" + 上级评分 × ", " + superior's points × ") + card.SuperiorShare.String() + "%"
	if len(card.Penalties) > 0 {
		words += b.t(" - 扣分，最低 0 分", " - penalties, never below 0")
	}
	words += b.t("；上级未评分时，总分暂按指标得分计。", "; until the superior has given points, the KPI points stand alone. ")
	words += b.missingWords(card)
	if card.Cap != nil {
		words += b.t("指标得分至多 ", "KPI points count up to ") + card.Cap.String() + b.t(" 分。", ". ")
	}
	for i := range card.Penalties {
		words += b.penaltyWords(&card.Penalties[i])
	}
	for i := range card.BandLimits {
		words += b.limitWords(&card.BandLimits[i])
	}
	if card.Distribution != nil && b.bands() > 0 {
		words += b.shareWords(card.Distribution)
	}
	return words
}

func (b *book) missingWords(card *policy.Scorecard) string {
	switch card.Missing {
	case policy.Zero:
		return b.t("样本不足或无数据的指标不得分。", "An item without enough data earns nothing. ")
	case policy.Neutral:
		return b.t("样本不足或无数据的指标按 "+card.NeutralPoints.String()+" 分计。", "An item without enough data earns "+card.NeutralPoints.String()+" points. ")
	}
	return b.t("样本不足或无数据的指标不计分，其权重按比例分给其余指标。",
		"An item without enough data is left out and the others carry its weight in proportion. ")
}

func (b *book) penaltyWords(p *policy.Penalty) string {
	words := b.t(p.KPI.Name.ZH+"每件扣 "+p.Each.String()+" 分，最多扣 "+p.Most.String()+" 分",
		p.KPI.Name.EN+": "+p.Each.String()+" points off for each, "+p.Most.String()+" at most")
	if p.BandLimit != nil {
		words += b.t("，等级至多 ", ", and the band is at most ") + b.bandLabel(p.BandLimit)
	}
	return words + b.t("。", ". ")
}

func (b *book) limitWords(l *policy.BandLimit) string {
	return l.KPI.Name.In(b.lang) + b.limitFigure(l) + b.t("，等级至多 ", ": the band is at most ") + b.bandLabel(l.Band) + b.t("。", ". ")
}

// limitFigure says what misses a limit: 低于 60 %.
func (b *book) limitFigure(l *policy.BandLimit) string {
	misses := b.t("低于 ", " below ")
	if !l.KPI.HigherIsBetter {
		misses = b.t("高于 ", " above ")
	}
	unit := b.unit(l.KPI.Unit)
	if unit != "" {
		unit = " " + unit
	}
	return misses + l.Figure.String() + unit
}

// defineRules writes the figures of a scorecard's rules that formulas look up.
func (s *sheet) defineRules(card *policy.Scorecard) {
	b, at := s.book, s.book.plan.define.cards[card.ID]
	if at.neutral > 0 {
		s.defineFigure(b.t("数据不足", "Without enough data"), b.t("样本不足或无数据的指标所计的分", "What an item without enough data earns"), card.NeutralPoints.Float())
	}
	if at.cap > 0 {
		s.defineFigure(b.t("封顶", "Cap"), b.t("指标得分至多", "The most that the KPI points count"), card.Cap.Float())
	}
	if at.penalties > 0 {
		s.header([]string{b.t("扣分", "Penalty"), b.t("规则", "Rule"), b.t("每件扣分", "Points each"), b.t("最多扣分", "At most"), b.t("等级上限", "Band limit")},
			colLabel, colWords, colLeft)
	}
	for i := range card.Penalties {
		p := &card.Penalties[i]
		s.put(colFigure, number(fmtTwo), p.Each.Float())
		s.put(colMost, number(fmtTwo), p.Most.Float())
		s.defineRule(p.KPI, b.penaltyWords(p), p.BandLimit)
	}
	if at.limits > 0 {
		s.header([]string{b.t("等级限制", "Band limit"), b.t("规则", "Rule"), b.t("界限", "Figure"), "", b.t("等级上限", "Band at most")}, colLabel, colWords, colLeft)
	}
	for i := range card.BandLimits {
		l := &card.BandLimits[i]
		s.put(colFigure, number("#,##0.0###"), l.Figure.Float())
		s.defineRule(l.KPI, b.limitWords(l), l.Band)
	}
	if at.shares > 0 {
		s.defineShares(card.Distribution)
	}
}

func (s *sheet) defineFigure(label, words string, points float64) {
	s.put(colLabel, wrapLook, label)
	s.put(colWords, wrapLook, words)
	s.put(colKnotScore, number(fmtTwo), points)
	s.blank(1, colSlope, textLook)
	s.end(0)
}

func (s *sheet) defineRule(k *policy.KPI, words string, left *policy.Band) {
	b := s.book
	s.put(colLabel, wrapLook, b.kpiTitle(k))
	s.put(colWords, wrapLook, words)
	s.put(colLeft, midLook, text(b.bandLabel(left)))
	s.blank(1, colSlope, textLook)
	s.end(rowHeight(max(wrappedLines(b.kpiTitle(k), s.frame.widths[colLabel-1]), wrappedLines(words, s.frame.widths[colWords-1]))))
}

// defineShares writes the shares of a forced distribution, best band first.
func (s *sheet) defineShares(d *policy.Distribution) {
	b := s.book
	s.header([]string{b.t("强制分布", "Distribution"), b.t("规则", "Rule"), b.t("比例 %", "Share %"), b.t("满几人", "From people")}, colLabel, colWords)
	for i := range b.Report.Policy.Bands {
		words := ""
		if i == 0 {
			words = b.shareWords(d)
			s.put(colMost, number(fmtInt), d.From)
		}
		s.put(colLabel, textLook.filled(bandFill(i, b.bands())), b.bandLabel(&b.Report.Policy.Bands[i]))
		s.put(colWords, wrapLook, text(words))
		s.put(colFigure, number("0.##"), d.Shares[i].Float())
		s.blank(1, colSlope, textLook)
		s.end(rowHeight(wrappedLines(words, s.frame.widths[colWords-1])))
	}
}
