package reports

import (
	"strings"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// Columns of the lines of rewards.
const (
	rwList = iota + 1
	rwSheet
	rwDepartment
	rwNo
	rwName
	rwScore
	rwBand
	rwCapped
	rwCoefficient
	rwBase
	rwWeight
	rwBonus
	rwExtra
	rwCut
	rwBefore
	rwAmount
	rwCertificate
	rwNote
)

// rewardSheet is what the two sheets of rewards are made of: rules, lists with their sums, signatures and candidates on the one, the lines on the
// other.
type rewardSheet struct {
	*book
	rules, lists, signed, candidates, lines list
	coefficients                            int // row of the best band's coefficient
	daysRow, budgetRow, capRow              int
	totals                                  int // row of the first list
}

// Rows of the sheets of rewards.
const (
	rwFirst   = 4 // of the first line
	ruleFirst = 5 // of the first rule: after title, note, heading and heads
)

func (b *book) rewardSheet() *rewardSheet {
	r := &rewardSheet{book: b}
	r.fillRules(ruleFirst)
	r.totals = ruleFirst + len(r.rules.rows) + 3 // a blank row, heading, heads
	r.fillSigned()
	r.fillCandidates()
	r.fillLines()
	r.fillLists()
	return r
}

// writeRewards writes the rules, the lists with the budget, the signatures and the candidates for promotion.
func (b *book) writeRewards() error {
	r := b.rewardSheet()
	parts := []struct {
		zh, en string
		list   *list
	}{{"规则", "Rules", &r.rules}, {"名单与预算", "Lists and budget", &r.lists}, {"签字", "Signatures", &r.signed}, {"晋升人选与只差一季的人", "Candidates for promotion and near-misses", &r.candidates}}
	widths, rows := make([]float64, len(r.lists.columns)), 2
	for _, p := range parts {
		p.list.fit(widths)
		rows += p.list.height() + 2
	}
	s, err := b.open(b.plan.rewards, frame{tab: tabDepartment, columns: len(widths), rows: rows, widths: widths, titles: [2]int{1, 1}})
	if err != nil {
		return err
	}
	s.line(titleLook, b.t("奖惩  ", "Rewards  ")+b.periodName())
	s.line(noteLook, r.words())
	for _, p := range parts {
		s.section(b.t(p.zh, p.en))
		s.list(p.list)
		s.skip(1)
	}
	return s.close()
}

// writeRewardLines writes every line of every list.
func (b *book) writeRewardLines() error {
	r := b.rewardSheet()
	return b.listSheet(b.plan.rewardLines, tabDepartment, b.t("奖惩名单  ", "Reward lines  ")+b.periodName(), r.words(), &r.lines)
}

// rule is a figure of the rules as the lines' formulas read it.
func (r *rewardSheet) rule(row int) string {
	return quoted(r.plan.rewards) + "!" + fixedAddress(3, row)
}

func (r *rewardSheet) words() string {
	if len(r.Review.Round.Lists) == 0 {
		if r.Review.Round.Sealed == nil {
			return r.t("本季尚未封账，还没有奖惩名单；封账之后用 plumbline reward draw 生成。规则与晋升人选如下。", "The quarter is not sealed and has no reward list yet; plumbline reward draw makes it after the seal. Rules and candidates stand below.")
		}
		return r.t("本季已封账，还没有生成奖惩名单（plumbline reward draw）。规则与晋升人选如下。", "The quarter is sealed, but no reward list has been drawn up yet (plumbline reward draw). Rules and candidates stand below.")
	}
	return r.t("奖金 = 季度基数 × 系数 × 计权天数 ÷ 本季天数，四舍五入到分；应发 = 奖金 + 超额奖 - 预算削减 - 已发。系数按等级取自规则表，查实事件者以规则所限为上限。改动规则表可试算，不改变已签的名单。",
		"Bonus = quarterly base × coefficient × weighted days ÷ days of the quarter, rounded to cents; amount = bonus + extra - cut by the budget - given before. Coefficients come from the table of rules by band, with the cap of a confirmed incident. Changing the rules here is a trial and does not change a signed list.")
}

// fillRules writes the coefficients by band and every other rule with the figure that formulas read.
func (r *rewardSheet) fillRules(first int) {
	b, p := r.book, r.Report.Policy
	r.rules = list{columns: []listColumn{{head: b.t("规则", "Rule"), look: wrapLook, least: 12, most: 44}, {head: b.t("等级", "Band"), look: wrapLook, most: 30}, {head: b.t("数值", "Figure"), look: number("#,##0.00##"), least: 13}}}
	r.coefficients = first
	for i := range p.Bands {
		r.rules.rows = append(r.rules.rows, cells(b.t("等级系数", "Coefficient"), b.bandLabel(&p.Bands[i]), orNothing(p.Bands[i].Bonus)))
	}
	add := func(label, band string, figure any) int {
		r.rules.rows = append(r.rules.rows, cells(label, band, figure))
		return first + len(r.rules.rows) - 1
	}
	r.daysRow = add(b.t("本季天数", "Days of the quarter"), "", float64(metrics.Days(r.Report.Period)))
	w := p.Rewards
	if w.Budget != nil {
		r.budgetRow = add(b.t("本季预算（元）", "Budget (yuan)"), "", w.Budget.Float())
	}
	if w.Incident != nil {
		r.capRow = add(b.t("查实事件：系数至多", "Incident: at most"), b.bandLabel(w.Incident.Band), orNothing(w.Incident.Band.Bonus))
	}
	for _, e := range w.Extras {
		add(b.t("超额奖：", "Extra: ")+e.KPI.Name.In(b.lang)+b.t(" 达成率满 %", ", attained % from"), "", e.Above.Float())
		add(b.t("　　　　占基数 %", "   share of the base %"), "", e.Share.Float())
	}
	if w.Certificate != nil {
		add(b.t("荣誉证书：等级不低于", "Certificate: band at least"), b.bandLabel(w.Certificate.Band), nil)
	}
	if w.Promotion != nil && w.Promotion.Band != nil {
		add(b.t("晋升：连续封账季度数", "Promotion: sealed quarters in a row"), b.bandLabel(w.Promotion.Band), float64(w.Promotion.Quarters))
	}
	add(b.t("总经理加签的金额（元）", "CEO signs from (yuan)"), "", w.DirectorLimit.Float())
}

// fillLists sums every list up over its lines, and shows what the budget takes off.
func (r *rewardSheet) fillLists() {
	b := r.book
	r.lists = list{none: b.t("还没有名单", "no list yet"), columns: []listColumn{{head: b.t("名单", "List"), look: wrapLook}, {head: b.t("生成", "Drawn up"), look: wrapLook, most: 30}, {head: b.t("经手", "By"), look: wrapLook, most: 30},
		{head: b.t("人数", "People"), look: number(fmtInt)}, {head: b.t("削减前合计", "Before the budget"), look: number(fmtTwo), most: 22}, {head: b.t("预算削减", "Cut"), look: number(fmtTwo), most: 22},
		{head: b.t("应发合计", "Amount"), look: number(fmtTwo), most: 22}, {head: b.t("状态", "State"), look: wrapLook, most: 30}}}
	for i, l := range r.Review.Round.Lists {
		gross := fixed.Num(0)
		for _, x := range r.linesOf(i) {
			gross += x.Bonus + x.Extra
		}
		sum := func(col int) string {
			return "SUMIFS(" + r.column(col) + "," + r.column(rwList) + "," + itoa(l.Number) + ")"
		}
		r.lists.rows = append(r.lists.rows, cells(b.listName(l), b.moment(l.Drawn.At), b.nameOfPerson(l.Drawn.Actor),
			listCell{value: l.Lines, formula: "COUNTIFS(" + r.column(rwList) + "," + itoa(l.Number) + ")"},
			listCell{value: gross.Float(), formula: sum(rwBonus) + "+" + sum(rwExtra)}, listCell{value: l.Cut.Float(), formula: sum(rwCut)}, listCell{value: l.Total.Float(), formula: sum(rwAmount)}, b.listState(l)))
	}
}

// column is a column of the lines.
func (r *rewardSheet) column(col int) string {
	return quoted(r.plan.rewardLines) + "!" + fixedRange(col, rwFirst, rwFirst+max(len(r.lines.rows), 1)-1)
}

func (r *rewardSheet) linesOf(list int) []reviews.RewardLine {
	if list < len(r.Review.Lines) {
		return r.Review.Lines[list]
	}
	return nil
}

func (b *book) listState(l *reviews.RewardList) string {
	if l.Refused != nil {
		return b.t("已退回", "refused")
	}
	signed, payable := true, true
	for i := range l.Sheets {
		signed, payable = signed && l.Sheets[i].Next() == "", payable && l.Sheets[i].Payable()
	}
	switch {
	case signed:
		return b.t("已签完，可发放", "signed by all, may be paid")
	case payable:
		return b.t("应急先发，待补签", "paid ahead, signatures to be made up")
	}
	return b.t("签字中", "being signed")
}

// fillSigned lists the steps of every sheet of every list.
func (r *rewardSheet) fillSigned() {
	b := r.book
	r.signed = list{none: b.t("还没有名单", "no list yet"), columns: []listColumn{{head: b.t("名单与部门", "List and sheet"), look: wrapLook, most: 44}, {head: b.t("签字环节", "Step"), look: wrapLook, most: 30},
		{head: b.t("签字人", "Signed by"), look: wrapLook, most: 30}, {head: b.t("时间", "At"), look: wrapLook, least: 12, most: 30}}}
	for _, x := range b.signatures() {
		r.signed.rows = append(r.signed.rows, cells(x.what, x.state, x.who, x.when))
	}
}

// fillCandidates lists who has earned a promotion, and who lacks little.
func (r *rewardSheet) fillCandidates() {
	b := r.book
	r.candidates = list{none: b.t("没有人选", "nobody"), columns: []listColumn{{head: b.t("姓名", "Name"), look: wrapLook, most: 30}, {head: b.t("部门", "Department"), look: wrapLook, most: 30},
		{head: b.t("等级（近者在前）", "Bands, latest first"), look: wrapLook, most: 30}, {head: b.t("连续季度", "In a row"), look: number(fmtInt)}, {head: b.t("还差", "Lacks"), look: number(fmtInt)}, {head: b.t("结论", "Result"), look: wrapLook}}}
	rule := r.Report.Policy.Rewards.Promotion
	if rule == nil || len(r.Review.Sealed) == 0 {
		r.candidates.none = b.t("还没有封账的季度", "no quarter is sealed yet")
		return
	}
	for _, c := range r.Review.Candidates {
		result := b.t("只差时日", "lacks quarters")
		if c.Earned {
			result = b.t("达到", "earned")
		}
		r.candidates.rows = append(r.candidates.rows, cells(b.nameOfPerson(c.Employee), b.departmentName(c.Department), b.bandWords(c.Bands), c.Run, max(int(rule.Quarters)-c.Run, 0), result))
	}
}

// fillLines writes every line of every list; amounts are formulas over the cells beside them and the rules above.
func (r *rewardSheet) fillLines() {
	b := r.book
	money := number(fmtTwo)
	r.lines = list{table: "tbl_rewards", none: b.t("还没有名单", "no list yet"), columns: []listColumn{{head: b.t("名单号", "List no."), look: number("0")}, {head: b.t("签字部门", "Signed in"), look: wrapLook, most: 30},
		{head: b.t("部门", "Department"), look: wrapLook, most: 30}, {head: b.t("工号", "Employee no."), look: textLook}, {head: b.t("姓名", "Name"), look: wrapLook, most: 30}, {head: b.t("总分", "Total"), look: money},
		{head: b.t("等级", "Band"), look: textLook, least: 10}, {head: b.t("查实事件", "Incident"), look: textLook}, {head: b.t("系数", "Coefficient"), look: number("0.00##")}, {head: b.t("季度基数", "Base"), look: money},
		{head: b.t("计权天数", "Weighted days"), look: number("#,##0.##")}, {head: b.t("奖金", "Bonus"), look: money}, {head: b.t("超额奖", "Extra"), look: money}, {head: b.t("预算削减", "Cut"), look: money},
		{head: b.t("已发", "Given before"), look: money}, {head: b.t("应发（元）", "Amount (yuan)"), look: money.strong()}, {head: b.t("证书编号", "Certificate"), look: textLook, most: 30}, {head: b.t("说明", "Note"), look: wrapLook, most: 44}}}
	for i, l := range r.Review.Round.Lists {
		for _, x := range r.linesOf(i) {
			r.lines.rows = append(r.lines.rows, r.line(i, l, x))
		}
	}
}

func (r *rewardSheet) line(i int, l *reviews.RewardList, x reviews.RewardLine) []listCell {
	b := r.book
	row := cells(l.Number, b.sheetName(x.Sheet), b.departmentName(x.Department), x.Employee, x.Name.In(b.lang), orNothing(x.Total), b.bandOf(x.Band), nil, orNothing(x.Coefficient),
		orNothing(x.Base), x.Weight.Float(), nil, x.Extra.Float(), x.Cut.Float(), x.Before.Float(), nil, x.Certificate, r.note(x))
	if p := b.plan.byDepartment[x.Department]; p != nil {
		if at := p.rowOf(x.Employee); at > 0 {
			row[rwName-1].link = spot(p.sheet, colName, at)
		}
	}
	if x.Capped {
		row[rwCapped-1].value = b.t("有", "yes")
	}
	row[rwBonus-1].value, row[rwAmount-1].value = x.Bonus.Float(), x.Amount.Float()
	if x.Unpaid == metrics.Paid {
		r.paid(row, i, l, x)
	}
	c := func(col int) string { return letters(col) + "{r}" }
	row[rwAmount-1].formula = "ROUND(" + c(rwBonus) + "+" + c(rwExtra) + "-" + c(rwCut) + "-" + c(rwBefore) + ",2)"
	return row
}

// paid gives a line its formulas: the coefficient from the rules, the bonus from it, and what the budget cuts.
func (r *rewardSheet) paid(row []listCell, i int, l *reviews.RewardList, x reviews.RewardLine) {
	c := func(col int) string { return letters(col) + "{r}" }
	there := quoted(r.plan.rewards) + "!"
	bands := there + fixedRange(2, r.coefficients, r.coefficients+r.bands()-1)
	figures := there + fixedRange(3, r.coefficients, r.coefficients+r.bands()-1)
	coefficient := "INDEX(" + figures + ",MATCH(" + c(rwBand) + "," + bands + ",0))"
	if r.capRow > 0 {
		coefficient = "IF(" + c(rwCapped) + `="",` + coefficient + ",MIN(" + coefficient + "," + r.rule(r.capRow) + "))"
	}
	if x.Band != "" && r.bandCounts(x) {
		row[rwCoefficient-1].formula = coefficient
	}
	row[rwBonus-1].formula = "ROUND(ROUND(" + c(rwBase) + "*" + c(rwCoefficient) + "*" + c(rwWeight) + "/" + r.rule(r.daysRow) + ",8),2)"
	if l.Compensation || r.budgetRow == 0 || !r.cutAgrees(i, x) {
		return
	}
	gross, total := c(rwBonus)+"+"+c(rwExtra), quoted(r.plan.rewards)+"!"+fixedAddress(5, r.totals+i)
	row[rwCut-1].formula = "IF(" + total + "<=" + r.rule(r.budgetRow) + ",0,ROUND(" + gross + "-ROUNDDOWN((" + gross + ")*" + r.rule(r.budgetRow) + "/" + total + "+0.000000001,2),2))"
}

// bandCounts reports whether the rules here give the line's coefficient; a list of another version of the policy keeps its figures.
func (r *rewardSheet) bandCounts(x reviews.RewardLine) bool {
	for i := range r.Report.Policy.Bands {
		if band := &r.Report.Policy.Bands[i]; band.ID == x.Band && band.Bonus != nil && x.Coefficient != nil {
			most := *band.Bonus
			if w := r.Report.Policy.Rewards; x.Capped && w.Incident != nil && w.Incident.Band.Bonus != nil {
				most = min(most, *w.Incident.Band.Bonus)
			}
			return most == *x.Coefficient
		}
	}
	return false
}

// cutAgrees reports whether the budget here explains what was cut.
func (r *rewardSheet) cutAgrees(i int, x reviews.RewardLine) bool {
	gross := fixed.Num(0)
	for _, y := range r.linesOf(i) {
		gross += y.Bonus + y.Extra
	}
	return x.Cut == 0 == (gross <= *r.Report.Policy.Rewards.Budget) || x.Bonus+x.Extra == 0
}

// note says what is special about a line.
func (r *rewardSheet) note(x reviews.RewardLine) string {
	b := r.book
	var notes []string
	if x.Capped {
		notes = append(notes, b.t("有查实事件，系数受限，无超额奖与证书", "a confirmed incident bounds the coefficient; no extra, no certificate"))
	}
	if x.ExtraFor != "" {
		var names []string
		for id := range strings.FieldsSeq(x.ExtraFor) {
			name := id
			if k := r.Report.Policy.KPI(id); k != nil {
				name = k.Name.In(b.lang)
			}
			names = append(names, name)
		}
		notes = append(notes, b.t("超额：", "exceeded: ")+strings.Join(names, b.t("、", ", ")))
	}
	why := map[metrics.Unpaid]policy.Text{metrics.NoTotal: {ZH: "没有得分", EN: "no score"}, metrics.NoBand: {ZH: "低于最低等级", EN: "below the lowest band"},
		metrics.NoBonus: {ZH: "制度没有奖金系数", EN: "the policy has no coefficients"}, metrics.NoBase: {ZH: "没有奖金基数", EN: "no bonus base"}}[x.Unpaid]
	if why.ZH != "" {
		notes = append(notes, why.In(b.lang))
	}
	return strings.Join(notes, b.t("；", "; "))
}
