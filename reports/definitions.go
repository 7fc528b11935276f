package reports

import (
	"strings"

	"plumbline/policy"
)

// writeDefinitions writes what every KPI means, the bands and the scorecards with their curves. Other sheets look up here.
func (b *book) writeDefinitions() error {
	d := &b.plan.define
	s, err := b.open(b.plan.definitions, frame{tab: tabEvidence, columns: colSlope, rows: d.rows,
		widths: []float64{30, 58, 14, 18, 15, 18, 15}, titles: [2]int{1, 1}})
	if err != nil {
		return err
	}
	s.line(titleLook, b.t("指标口径、等级与考核表", "Definitions: KPIs, bands and scorecards"))
	s.line(noteLook, b.t("本页来自现行考核制度。各部门表中的公式引用本页；改动本页数字可试算，但不改变制度。",
		"This page shows the policy in force. Formulas on the department sheets look up here; changing a figure here is a trial and does not change the policy."))
	s.section(b.t("指标", "KPIs"))
	s.header([]string{b.t("指标", "KPI"), b.t("计算公式", "Formula in words"), b.t("单位", "Unit"), b.t("方向", "Direction"),
		b.t("最少样本 n", "Minimum n"), b.t("数据", "Data"), b.t("折算", "Factor")},
		colLabel, colWords, colUnit, colDirection, colDataset)
	for _, k := range d.kpis {
		s.defineKPI(k)
	}
	s.skip(1)
	s.section(b.t("等级（由低到高）", "Rating bands, lowest first"))
	s.header([]string{b.t("等级", "Band"), b.t("分数范围", "Scores"), b.t("起始分", "From")}, colLabel, colWords)
	bands := b.Report.Policy.Bands
	for i := len(bands) - 1; i >= 0; i-- {
		s.defineBand(bands, i)
	}
	for _, card := range b.Report.Policy.Scorecards {
		s.defineCard(card)
		s.defineRules(card)
	}
	return s.close()
}

// section writes a section heading.
func (s *sheet) section(text string) {
	s.put(1, sectionLook, text)
	s.end(22)
}

func (s *sheet) defineKPI(k *policy.KPI) {
	b := s.book
	s.put(colLabel, wrapLook, k.Name.In(b.lang))
	s.put(colWords, wrapLook, k.Formula.In(b.lang))
	s.put(colUnit, midLook, b.unit(k.Unit))
	s.put(colDirection, midLook, b.direction(k))
	s.put(colMinimum, number(fmtInt), k.Minimum)
	s.put(colDataset, wrapLook, text(b.dataOf(k)))
	factor, _ := k.Factor().Float64()
	s.put(colSlope, number(fmtInt), factor)
	s.blank(1, colSlope, textLook)
	s.end(rowHeight(max(wrappedLines(k.Name.In(b.lang), 30), wrappedLines(k.Formula.In(b.lang), 58))))
}

func (b *book) direction(k *policy.KPI) string {
	if k.HigherIsBetter {
		return b.t("越高越好", "higher is better")
	}
	return b.t("越低越好", "lower is better")
}

func (s *sheet) defineBand(bands []policy.Band, i int) {
	b := s.book
	words := bands[i].From.String() + b.t(" 分及以上", " and above")
	if i > 0 {
		words = bands[i].From.String() + b.t(" 分起，不满 ", " up to, not including, ") + bands[i-1].From.String() + b.t(" 分", "")
	}
	fill := bandFill(i, len(bands))
	s.put(colLabel, textLook.filled(fill), b.bandLabel(&bands[i]))
	s.put(colWords, textLook, words)
	s.put(colFromScore, number(fmtTwo), bands[i].From.Float())
	s.end(0)
}

// defineCard writes a scorecard: one row for every knot of every curve.
func (s *sheet) defineCard(card *policy.Scorecard) {
	b := s.book
	s.row = b.plan.define.cards[card.ID].head
	s.section(b.t("考核表：", "Scorecard: ") + card.Name.In(b.lang))
	s.line(noteLook, b.cardWords(card))
	s.header([]string{b.t("指标", "KPI"), b.t("适用", "Applies to"), b.t("权重 %", "Weight %"), b.t("目标", "Target"),
		b.t("达成率 %", "Attainment %"), b.t("得分", "Points"), b.t("每 1% 加分", "Points per 1%")}, colLabel, colWords)
	for _, item := range card.Items {
		for i := range max(len(item.Curve), 1) {
			s.defineKnot(card, &item, i)
		}
	}
}

func (s *sheet) defineKnot(card *policy.Scorecard, item *policy.Item, i int) {
	b := s.book
	if i == 0 {
		s.put(colLabel, wrapLook, b.kpiTitle(item.KPI))
		s.put(colWords, wrapLook, b.appliesTo(card))
		s.put(colWeight, number(fmtOne), item.Weight.Float())
		s.put(colTarget, number(valueFormat(item.KPI.Unit)), item.Target.Float())
	}
	if i < len(item.Curve) {
		s.put(colKnot, number(fmtOne), item.Curve[i].Attainment.Float())
		s.put(colKnotScore, number(fmtTwo), item.Curve[i].Points.Float())
	}
	if i+1 < len(item.Curve) {
		x, y := letters(colKnot), letters(colKnotScore)
		here, next := itoa(s.row), itoa(s.row+1)
		rise := item.Curve[i+1].Points.Float() - item.Curve[i].Points.Float()
		run := item.Curve[i+1].Attainment.Float() - item.Curve[i].Attainment.Float()
		slope := 0.0
		if run != 0 {
			slope = rise / run
		}
		s.formula(colSlope, number("0.0000"), "IF("+x+next+"="+x+here+",0,("+y+next+"-"+y+here+")/("+x+next+"-"+x+here+"))", slope)
	}
	s.blank(1, colSlope, textLook)
	s.end(rowHeight(wrappedLines(b.kpiTitle(item.KPI), 30)))
}

func (b *book) appliesTo(card *policy.Scorecard) string {
	if len(card.DepartmentKinds) == 0 {
		return b.t("其余各类部门", "every other kind of department")
	}
	var kinds []string
	for _, kind := range card.DepartmentKinds {
		name := kind
		for i := range b.Report.Departments {
			d := &b.Report.Departments[i].Department
			if d.Kind == kind && d.KindName.In(b.lang) != "" {
				name = d.KindName.In(b.lang)
				break
			}
		}
		kinds = append(kinds, name)
	}
	return strings.Join(kinds, b.t("、", ", "))
}

// dataOf names what a KPI is made of: its dataset, or the two KPIs of a ratio.
func (b *book) dataOf(k *policy.KPI) string {
	switch {
	case k.IsRatio():
		return k.Of.Name.In(b.lang) + " ÷ " + k.To.Name.In(b.lang)
	case k.Dataset != nil:
		return k.Dataset.Name.In(b.lang)
	}
	return ""
}
