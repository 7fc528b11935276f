package reports

import (
	"fmt"
	"strings"
	"time"

	"plumbline/reviews"
)

// Columns of the cover.
const (
	coverLabel = iota + 1
	coverValue
	coverWho
	coverWhen
	coverColumns = coverWhen
)

// step is a stage of the quarter: what, by whom, when.
type step struct{ what, state, who, when string }

// writeCover writes the first sheet: what the workbook is, how far the quarter has come, who signed, what the sheets show and how to check.
func (b *book) writeCover() error {
	facts, steps, signed, sheets, checks := b.coverFacts(), b.quarterSteps(), b.signatures(), b.contents(), b.howToCheck()
	rows := 2 + len(facts) + 3 + len(steps) + 3 + max(len(signed), 1) + 3 + len(sheets) + 2 + len(checks)
	names := 26
	for _, c := range sheets {
		names = max(names, textWidth(c[0]))
	}
	for _, x := range signed {
		names = max(names, textWidth(x.what))
	}
	s, err := b.open(b.plan.cover, frame{tab: tabOverview, columns: coverColumns, rows: rows, widths: []float64{fit(names, 30, 70), 46, 34, 22}})
	if err != nil {
		return err
	}
	s.line(look{size: 20, bold: true, align: "left", wrap: true}, b.Report.Policy.Company.Name.In(b.lang))
	s.line(titleLook, b.periodName()+"  "+Subject.In(b.lang)+b.t("　", "  ")+b.t("第 ", "version ")+"1."+itoa(b.version)+b.t(" 版", ""))
	for _, f := range facts {
		s.fact(f[0], f[1])
	}
	s.skip(1)
	if len(steps) > 0 {
		s.section(b.t("本季进度", "State of the quarter"))
		s.header([]string{b.t("环节", "Step"), b.t("状态", "State"), b.t("经手", "By"), b.t("时间", "At")}, 1, 2, 3, 4)
		s.steps(steps)
	}
	s.section(b.t("目录", "Contents"))
	for _, c := range sheets {
		s.put(coverLabel, linked(wrapLook), c[0])
		s.link(coverLabel, quoted(c[0])+"!A1")
		s.wide(coverValue, c[1])
	}
	s.skip(1)
	s.section(b.t("如何核对一个数字", "How to check a number"))
	for i, check := range checks {
		s.line(sayLook, itoa(i+1)+". "+check)
	}
	if len(steps) > 0 {
		s.skip(1)
		s.section(b.t("奖惩名单签字", "Signatures of the reward list"))
		s.header([]string{b.t("名单与部门", "List and sheet"), b.t("签字环节", "Step"), b.t("签字人", "Signed by"), b.t("时间", "At")}, 1, 2, 3, 4)
		if len(signed) == 0 {
			signed = []step{{what: b.t("尚无名单", "no list yet"), state: b.t("封账之后生成名单，逐级签字", "the list is drawn up and signed after the seal")}}
		}
		s.steps(signed)
	}
	return s.close()
}

// fact writes a label and what it says across the other columns.
func (s *sheet) fact(label, value string) {
	s.put(coverLabel, wrapLook.strong(), label)
	s.wide(coverValue, value)
}

// wide writes a text from a column to the last one, and ends the row.
func (s *sheet) wide(col int, words string) {
	last := s.frame.columns
	s.put(col, wrapLook, text(words))
	s.blank(1, last, textLook)
	if last > col {
		s.keep(s.stream.MergeCell(address(col, s.row), address(last, s.row)))
	}
	s.end(rowHeight(wrappedLines(words, s.visibleWidth(col, last))))
}

func (s *sheet) steps(list []step) {
	for _, x := range list {
		cells := []string{x.what, x.state, x.who, x.when}
		lines := 1
		for i, c := range cells {
			s.put(i+1, wrapLook, text(c))
			lines = max(lines, wrappedLines(c, s.frame.widths[i]))
		}
		s.end(rowHeight(lines))
	}
	s.skip(1)
}

// zone is the company's zone, in which times are told.
func (b *book) zone() *time.Location {
	if z, err := time.LoadLocation(b.Report.Policy.Company.Timezone); err == nil {
		return z
	}
	return time.UTC
}

// moment tells a time in the company's zone; "" for none.
func (b *book) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(b.zone()).Format("2006-01-02 15:04")
}

func (b *book) coverFacts() [][2]string {
	r := b.Report
	facts := [][2]string{
		{b.t("期间", "Period"), b.periodName() + b.t("（", " (") + dates(r.Period, b.t(" 至 ", " to ")) + b.t("）", ")")},
		{b.t("统计截至", "Report day"), r.Day.Format("2006-01-02")},
		{b.t("生成时间", "Made"), b.moment(r.Made) + b.t("（", " (") + r.Policy.Company.Timezone + b.t("）", ")")},
		{b.t("状态", "State"), b.stateWords()},
	}
	if x := b.sealOf(); x != nil {
		facts = append(facts, [2]string{b.t("封账号", "Seal"), x.ID()}, [2]string{b.t("封账哈希", "Hash of the seal"), x.Hash},
			[2]string{b.t("封账时的账本末尾", "Ledger head of the seal"), fmt.Sprintf("%d  %s", x.AsOf, x.Head)})
	} else {
		facts = append(facts, [2]string{b.t("账本末尾", "Ledger head"), fmt.Sprintf("%d  %s", r.LedgerSeq, r.LedgerHash)})
	}
	facts = append(facts, [2]string{b.t("制度版本", "Policy version"), fmt.Sprintf("%d  %s", r.PolicyVersion, r.PolicyHash)})
	for _, w := range r.Warnings {
		facts = append(facts, [2]string{b.t("请注意", "Please note"), w.In(b.lang)})
	}
	return facts
}

// sealOf is the seal that the period stands under; nil without one.
func (b *book) sealOf() *reviews.Seal {
	if b.Review != nil && b.Review.Round != nil {
		return b.Review.Round.Sealed
	}
	return nil
}

// stateWords says how far the period has come.
func (b *book) stateWords() string {
	if b.Review == nil || b.Review.Round == nil {
		if b.Report.Seal != "" {
			return b.t("已封账", "sealed")
		}
		return b.t("随时可算，不经评估与封账", "computed at any time, not evaluated or sealed")
	}
	x := b.Review.Round
	switch {
	case x.Sealed != nil:
		return b.t("已封账；其后的变动列为调整，不改本表数字", "sealed; what came later stands as adjustments and changes no figure here")
	case x.Published != nil:
		return b.t("已公布，申诉期至 ", "published; appeals until ") + b.moment(x.AppealUntil)
	case x.Opened != nil:
		return b.t("评估中，截止 ", "being evaluated, due ") + b.moment(x.Due)
	}
	return b.t("评估尚未开放", "evaluations are not open yet")
}

// quarterSteps lists the stages of the quarter; none for a period without evaluation.
func (b *book) quarterSteps() []step {
	if b.Review == nil || b.Review.Round == nil {
		return nil
	}
	x := b.Review.Round
	done, open := b.t("已完成", "done"), b.t("尚未", "not yet")
	of := func(zh, en string, m *reviews.Mark, more string) step {
		t := step{what: b.t(zh, en), state: open}
		if m != nil {
			t.state, t.who, t.when = done, b.nameOfPerson(m.Actor), b.moment(m.At)
		}
		if more != "" && m != nil {
			t.state += b.t("，", ", ") + more
		}
		return t
	}
	due, until := "", ""
	if !x.Due.IsZero() {
		due = b.t("截止 ", "due ") + b.moment(x.Due)
	}
	if !x.AppealUntil.IsZero() {
		until = b.t("申诉期至 ", "appeals until ") + b.moment(x.AppealUntil)
	}
	steps := []step{of("开放评估", "Evaluations opened", x.Opened, due), of("公布结果", "Results published", x.Published, until)}
	if n := len(x.Appeals); n > 0 {
		ended := 0
		for _, a := range x.Appeals {
			if a.Ended() != nil {
				ended++
			}
		}
		steps = append(steps, step{what: b.t("申诉", "Appeals"), state: fmt.Sprintf(b.t("%d 件，办结 %d 件", "%d, of which %d ended"), n, ended)})
	}
	var sealed *reviews.Mark
	if x.Sealed != nil {
		sealed = &x.Sealed.Mark
	}
	return append(steps, of("封账", "Sealed", sealed, ""))
}

// signatures lists every signature of every list, and what still lacks one.
func (b *book) signatures() (list []step) {
	if b.Review == nil || b.Review.Round == nil {
		return nil
	}
	for _, l := range b.Review.Round.Lists {
		for i := range l.Sheets {
			list = append(list, b.sheetSteps(l, &l.Sheets[i])...)
		}
	}
	return list
}

func (b *book) sheetSteps(l *reviews.RewardList, sheet *reviews.Sheet) (list []step) {
	what := b.listName(l) + b.t("　", ", ") + b.sheetName(sheet.Department)
	for _, x := range sheet.Signed() {
		state := x.Step.Name().In(b.lang)
		if x.MadeUp {
			state += b.t("（补签）", " (made up)")
		}
		if x.Late {
			state += b.t("（逾期）", " (late)")
		}
		list = append(list, step{what, state, b.nameOfPerson(x.Actor), b.moment(x.At)})
	}
	switch next := sheet.Next(); {
	case l.Refused != nil:
		return append(list, step{what: what, state: b.t("已退回：", "refused: ") + l.Refused.Text, who: b.nameOfPerson(l.Refused.Actor), when: b.moment(l.Refused.At)})
	case next != "":
		state := b.t("待签：", "waits for: ") + next.Name().In(b.lang)
		if sheet.Emergency != nil {
			state += b.t("；应急先发，补签期限 ", "; paid ahead, to be made up by ") + b.moment(sheet.Emergency.MakeUpBy)
		}
		list = append(list, step{what: what, state: state})
	}
	return list
}

// listName names a reward list.
func (b *book) listName(l *reviews.RewardList) string {
	if l.Compensation {
		return fmt.Sprintf(b.t("第 %d 号补差名单", "Compensation list %d"), l.Number)
	}
	return fmt.Sprintf(b.t("第 %d 号名单", "List %d"), l.Number)
}

// sheetName names the part of a list that one head signs first.
func (b *book) sheetName(department string) string {
	if department == "" {
		return b.t("各部门负责人", "heads of departments")
	}
	return b.departmentName(department)
}

// contents lists the sheets with what each shows.
func (b *book) contents() (list [][2]string) {
	p := b.plan
	add := func(sheet, zh, en string) {
		if sheet != "" {
			list = append(list, [2]string{sheet, b.t(zh, en)})
		}
	}
	add(p.overview, "要点、部门得分、图表，以及每个考核指标的实际、目标、较上期与同比", "Headlines, scores of departments, charts, and every KPI against target, last period and last year")
	add(p.bands, "各部门等级的人次与占比，由部门表统计", "Stays by band and department, counted from the department sheets")
	add(p.trends, "公司与各部门每个指标逐月走势", "Every KPI of company and departments month by month")
	for i := range p.stays {
		add(p.stays[i].sheet, fmt.Sprintf("%d 人次：每项指标的实际、目标、达成率、得分、权重，总分、等级、名次与变化，均为公式", len(p.stays[i].people)),
			fmt.Sprintf("%d stays: value, target, attainment, points and weight of every item; total, band, rank and change, all formulas", len(p.stays[i].people)))
	}
	if len(p.movers) > 0 {
		add(p.moved, "本期在几个部门任职的人员，全期得分的由来", "People with several departments, and how their whole-period scores come about")
	}
	if len(p.groups) > 0 {
		add(p.forced, "强制分布的名额与结果", "Quotas and results of the forced distribution")
	}
	add(p.rewards, "奖惩规则、名单合计与预算、签字、晋升人选", "Rules of rewards, lists and budget, signatures, candidates for promotion")
	add(p.rewardLines, "名单逐行：系数、基数、奖金、超额奖、削减与应发，均为公式", "Every line: coefficient, base, bonus, extra, cut and amount as formulas")
	add(p.appeals, "申诉及其处理", "Appeals and what became of them")
	add(p.adjustments, "封账之后会改变结果的事项、影响与批准", "What came after the seal and would change results, the effect and the approval")
	add(p.quality, "数字背后的数据可不可信：检查结果", "What the checks of the data say")
	add(p.definitions, "指标口径、等级、考核表与曲线，部门表的公式引用此页", "KPIs, bands, scorecards and curves; the formulas look up here")
	add(p.receipts, "公司与各部门每个数字的分子、分母、样本与区间", "Numerator, denominator, count and interval of every figure")
	for i := range p.evidence {
		e := &p.evidence[i]
		add(e.sheet, fmt.Sprintf("%s：%d 条记录", e.kpi.Name.ZH, len(e.rows)), fmt.Sprintf("%s: %d rows", e.kpi.Name.EN, len(e.rows)))
	}
	add(p.rejects, "没有进入指标的行、原因与处理办法", "Rows that entered no KPI, why, and what to do")
	add(p.sources, "读入的每份文件及其行数", "Every file that was read, with its counts")
	add(p.policy, "制度版本、账本与参数", "Policy, ledger and parameters")
	add(p.glossary, "术语、状态与指标的中英文对照", "Terms, states and KPIs in both languages")
	return list
}

// bandWords lists bands by id and name.
func (b *book) bandWords(ids []string) string {
	var words []string
	for _, id := range ids {
		words = append(words, b.bandOf(id))
	}
	return strings.Join(words, b.t("、", ", "))
}

// bandOf is the label of a band by its id.
func (b *book) bandOf(id string) string {
	for i := range b.Report.Policy.Bands {
		if band := &b.Report.Policy.Bands[i]; band.ID == id {
			return b.bandLabel(band)
		}
	}
	return id
}
