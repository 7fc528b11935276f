package reports

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// Columns of the sheet on which people are evaluated: a block of rows for everybody, a row for every item.
const (
	evNo = iota + 1
	evWhat
	evWeight
	evValue
	evTarget
	evReached
	evKPI
	evSelf
	evPoints
	evComment
	evHint
)

const (
	evaluationHead  = 3     // rows above the first person
	sumLabelIndent  = 2     // of the rows below the items
	textMost        = 5_000 // characters of a comment or a note
	checksPerRule   = 100   // people whose cells share a check of what is typed
	recordCellUnits = 30_000
)

// Looks of the sheet.
var (
	evPersonLook = look{align: "left", bold: true, wrap: true, fill: groupFill, line: rule}
	evFactsLook  = look{align: "left", fill: groupFill, line: rule}
	evNoLook     = look{align: "right", format: "0", ink: faintInk, line: hairline}
	evSumLook    = look{align: "left", indent: sumLabelIndent, fill: sumFill, line: hairline}
	evSumNumber  = number(fmtTwo).filled(sumFill)
	evPointsLook = look{align: "right", format: fmtTwo, fill: inputFill, line: hairline, open: true}
	evTextLook   = look{align: "left", wrap: true, indent: 1, format: fmtText, fill: inputFill, line: hairline, open: true}
	evHintLook   = look{align: "left", ink: badInk, wrap: true, line: hairline}
)

// evaluationWriter writes rows and remembers for the record what they say.
type evaluationWriter struct {
	*sheet
	book *evaluationBook
	line recordLine
	last int // number of the line
}

// writeSheet writes the sheet that is filled in.
func (e *evaluationBook) writeSheet(ctx context.Context) error {
	widths := e.sheetWidths()
	last := evaluationHead
	if n := len(e.people); n > 0 {
		last = e.people[n-1].note()
	}
	s, err := e.open(e.sheetName, frame{tab: tabDepartment, columns: evHint, rows: last, widths: widths, freezeCol: evWhat + 1, freezeRow: evaluationHead + 1,
		titles: [2]int{evaluationHead, evaluationHead}})
	if err != nil {
		return err
	}
	if err := e.sheetRules(last); err != nil {
		return err
	}
	s.put(1, titleLook.unwrapped(), e.periodName()+"  "+e.subject().In(e.lang))
	s.end(24)
	s.put(1, noteLook.unwrapped(), e.t("只填淡黄底的格；橙色的格还缺理由。", "Fill in pale yellow cells only; orange ones still need a reason."))
	s.end(0)
	s.header([]string{e.t("行号", "Line"), e.t("被评估人与考核项目", "Person and items"), e.t("权重 %", "Weight %"), e.t("实际", "Actual"), e.t("目标", "Target"),
		e.t("达成率 %", "Attained %"), e.t("指标得分", "KPI points"), e.t("自评得分", "Self-review"), e.t("上级评分", "Superior's points"),
		e.t("评语与理由", "Comments and reasons"), e.t("提示", "To do")}, evWhat, evComment, evHint)
	w := &evaluationWriter{sheet: s, book: e}
	for i := range e.people {
		if i%rowsPerCheck == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		w.person(&e.people[i])
	}
	if len(e.people) == 0 {
		s.put(evWhat, noteLook, e.t("没有待评的人", "nobody is to be evaluated"))
		s.end(0)
	}
	return s.close()
}

func (l look) unwrapped() look { l.wrap = false; return l }

func (e *evaluationBook) sheetWidths() []float64 {
	widest := textWidth(e.t("备注（本人看不到）", "Note (never shown to the person)"))
	for i := range e.people {
		p := &e.people[i]
		widest = max(widest, textWidth(p.Employee+" "+e.names[p.Employee])*9/8)
		for k := range p.Items {
			widest = max(widest, textWidth(e.kpiTitle(p.Items[k].Item.KPI))+2)
		}
	}
	return []float64{7, fit(widest+2, 24, 44), 9, 13, 13, 15, 11, 11, 11, 56, 28}
}

// sheetRules locks the sheet, checks what is typed and marks what lacks a reason.
func (e *evaluationBook) sheetRules(last int) error {
	if err := e.protect(e.sheetName); err != nil || len(e.people) == 0 {
		return err
	}
	orange, err := e.rule(look{fill: "FCE4D6"})
	if err != nil {
		return err
	}
	first := itoa(evaluationHead + 1)
	err = e.file.SetConditionalFormat(e.sheetName, letters(evPoints)+first+":"+address(evHint, last), []excelize.ConditionalFormatOptions{
		{Type: "formula", Criteria: "LEN($" + letters(evHint) + first + ")>0", Format: orange}})
	for from := 0; from < len(e.people) && err == nil; from += checksPerRule {
		err = e.inputChecks(e.people[from:min(from+checksPerRule, len(e.people))])
	}
	return err
}

// inputChecks lets nothing but points and texts be typed, and says what goes where.
func (e *evaluationBook) inputChecks(people []evaluatee) error {
	var points, reasons, comments, notes []string
	for i := range people {
		p := &people[i]
		points = append(points, address(evPoints, p.items())+":"+address(evPoints, p.sum()-1))
		reasons = append(reasons, address(evComment, p.items())+":"+address(evComment, p.sum()-1))
		comments = append(comments, address(evComment, p.comment()))
		notes = append(notes, address(evComment, p.note()))
	}
	r := e.Report.Policy.Reviews.Evaluation
	check := excelize.NewDataValidation(true)
	check.SetSqref(strings.Join(points, " "))
	if err := check.SetRange(r.Lowest.Float(), r.Highest.Float(), excelize.DataValidationTypeDecimal, excelize.DataValidationOperatorBetween); err != nil {
		return err
	}
	title := e.t("上级评分", "Superior's points")
	between := fmt.Sprintf(e.t("请填写 %s 至 %s 之间的数字，最多两位小数；未评分请留空。", "Enter a number from %s to %s with two decimals at most, or leave the cell blank."), r.Lowest, r.Highest)
	check.SetError(excelize.DataValidationErrorStyleStop, title, between)
	check.SetInput(title, between)
	if err := e.file.AddDataValidation(e.sheetName, check); err != nil {
		return err
	}
	for _, x := range []struct {
		cells        []string
		title, input string
	}{{reasons, e.t("评语与理由", "Comment or reason"), e.t("极端分须写明理由；公布后本人可见。", "Extreme points need a reason. Shown to the person once published.")},
		{comments, e.t("总评语", "Overall comment"), e.t("公布后本人可见；与指标得分相差大时须写明理由。", "Shown to the person once published; a large gap to the KPI points needs a reason.")},
		{notes, e.t("备注", "Note"), e.t("本人看不到，只留给评估人与人力资源。", "Never shown to the person; for the evaluator and human resources.")}} {
		check := excelize.NewDataValidation(true)
		check.SetSqref(strings.Join(x.cells, " "))
		if err := check.SetRange(0, textMost, excelize.DataValidationTypeTextLength, excelize.DataValidationOperatorBetween); err != nil {
			return err
		}
		check.SetError(excelize.DataValidationErrorStyleStop, x.title, fmt.Sprintf(e.t("最多 %d 个字。", "%d characters at most."), textMost))
		check.SetInput(x.title, x.input)
		if err := e.file.AddDataValidation(e.sheetName, check); err != nil {
			return err
		}
	}
	return nil
}

// begin starts a line about somebody.
func (w *evaluationWriter) begin(p *evaluatee, kind, kpi string) {
	w.last++
	w.line = recordLine{No: w.last, Row: w.row, Kind: kind, Evaluated: p.Evaluated, Version: p.version(), KPI: kpi}
	w.static(evNo, evNoLook, w.last)
}

// version is the one of the evaluation that the sheet is made from.
func (p *evaluatee) version() int {
	if p.Done == nil {
		return 0
	}
	return p.Done.Version
}

// static writes a locked cell.
func (w *evaluationWriter) static(col int, l look, value any) {
	w.put(col, l, value)
	w.line.Cells[col-1] = "v" + cellText(value)
}

// computed writes a locked formula.
func (w *evaluationWriter) computed(col int, l look, formula string, value any) {
	w.formula(col, l, formula, value)
	w.line.Cells[col-1] = "f" + formula
}

// input writes a cell that is filled in. What it says now is told from what it said then by a hash.
func (w *evaluationWriter) input(col int, l look, value any) {
	if s, ok := value.(string); ok {
		if why := unheldText(s); why.ZH != "" {
			w.keep(fmt.Errorf("the text about %s %s (%s)", w.line.Employee, why.EN, why.ZH))
		}
		value = text(s)
	}
	w.put(col, l, value)
	w.line.Cells[col-1] = inputCell
}

// finish fills what is blank with a look and ends the line.
func (w *evaluationWriter) finish(l look, lines int) {
	for col := 1; col <= evHint; col++ {
		if w.cells[col-1] == nil {
			w.static(col, l, nil)
		}
	}
	w.book.record = append(w.book.record, w.line)
	w.end(rowHeight(lines))
}

// cellText is the value of a cell as it is read back.
func cellText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case int:
		return itoa(v)
	}
	return fmt.Sprint(value)
}

// person writes the block of somebody.
func (w *evaluationWriter) person(p *evaluatee) {
	e := w.book
	w.begin(p, lineHead, "")
	name := joined(p.Employee, e.names[p.Employee])
	w.static(evWhat, evPersonLook, name)
	facts := []string{e.department(p.Department), p.Person.Position, e.t("上级：", "superior: ") + e.person(p.Superior),
		fmt.Sprintf(e.t("任上级 %d 天", "for %d days"), p.Days), p.Card.Name.In(e.lang)}
	if p.Person.Position == "" {
		facts = append(facts[:1], facts[2:]...)
	}
	w.static(evWeight, evFactsLook, strings.Join(facts, " · "))
	w.finish(evFactsLook, wrappedLines(name, w.frame.widths[evWhat-1]/1.12-1.5))
	for i := range p.Items {
		w.item(p, &p.Items[i])
	}
	given, sum := p.sums()
	w.sumRow(p, given, sum)
	w.gapRow(p, sum)
	if p.punished() {
		w.begin(p, linePlain, "")
		w.static(evWhat, evSumLook, e.t("扣分", "Penalties"))
		w.static(evPoints, evSumNumber, p.penalties().Float())
		w.finish(look{fill: sumFill, line: hairline}, 1)
	}
	w.scoreRow(p, sum)
	w.commentRow(p, given, sum)
	w.noteRow(p)
}

// sums gives whether all items have points, and what they come to by their weights.
func (p *evaluatee) sums() (given bool, sum fixed.Num) {
	total := new(big.Rat)
	for i := range p.Items {
		x, ok := p.given[p.Items[i].Item.KPI.ID]
		if !ok {
			return false, 0
		}
		total.Add(total, new(big.Rat).Mul(x.Points.Rat(), p.Items[i].Item.Weight.Rat()))
	}
	sum, _ = fixed.Round(total.Quo(total, big.NewRat(100, 1)), 2)
	return true, sum
}

// blankUnless is a number where there is one.
func blankUnless(ok bool, n fixed.Num) any {
	if !ok {
		return ""
	}
	return n.Float()
}

func (w *evaluationWriter) item(p *evaluatee, i *metrics.ItemScore) {
	e, k := w.book, i.Item.KPI
	w.begin(p, lineItem, k.ID)
	w.static(evWhat, look{align: "left", indent: sumLabelIndent, wrap: true, line: hairline}, e.kpiTitle(k))
	w.static(evWeight, number(fmtOne), i.Item.Weight.Float())
	value, reached := e.figure(i)
	w.static(evValue, number(valueFormat(k.Unit)), value)
	w.static(evTarget, number(valueFormat(k.Unit)), targetOfItem(i).Float())
	w.static(evReached, number(fmtOne), reached)
	if i.Points != nil {
		points, _ := i.Points.Float64()
		w.static(evKPI, number(fmtTwo), points)
	}
	for _, x := range p.Self {
		if x.KPI == k.ID {
			w.static(evSelf, number(fmtTwo), x.Points.Float())
		}
	}
	given, ok := p.given[k.ID]
	var points any
	if ok {
		points = given.Points.Float()
	}
	w.input(evPoints, evPointsLook, points)
	w.input(evComment, evTextLook, given.Comment)
	w.line.Before = inputHash(points, given.Comment)
	point, comment := address(evPoints, w.row), address(evComment, w.row)
	r, hint := e.Report.Policy.Reviews.Evaluation, ""
	if ok && (given.Points < r.Below || given.Points > r.Above) && strings.TrimSpace(given.Comment) == "" {
		hint = e.extremeWords()
	}
	w.computed(evHint, evHintLook, fmt.Sprintf(`IF(ISNUMBER(%[1]s),IF(AND(OR(%[1]s<%[2]s,%[1]s>%[3]s),LEN(TRIM(%[4]s))=0),%[5]s,""),IF(LEN(%[1]s)>0,%[6]s,""))`,
		point, e.rules.below, e.rules.above, comment, literal(e.extremeWords()), literal(e.t("分数应为数字", "points are a number"))), hint)
	w.finish(textLook, max(wrappedLines(e.kpiTitle(k), w.frame.widths[evWhat-1]-3), wrappedLines(given.Comment, w.frame.widths[evComment-1]-1.5)))
}

func (e *evaluationBook) extremeWords() string {
	return e.t("极端分，请写理由", "extreme: give a reason")
}
func (e *evaluationBook) gapWords() string {
	return e.t("与指标相差大，请写理由", "far from the KPIs: give a reason")
}

// figure is a KPI's value and attainment as cells show them.
func (e *evaluationBook) figure(i *metrics.ItemScore) (value, reached any) {
	x, ok := i.Value.Float()
	switch {
	case i.Value.Status == metrics.Withheld:
		return e.withheldWords(), nil
	case !ok || math.IsNaN(x) || math.IsInf(x, 0):
		return e.noDataWords(), nil
	}
	return x, e.reached(i, x)
}

func (w *evaluationWriter) sumRow(p *evaluatee, given bool, sum fixed.Num) {
	e := w.book
	w.begin(p, linePlain, "")
	w.static(evWhat, evSumLook.strong(), e.t("加权合计", "Weighted sum"))
	w.static(evWeight, number(fmtOne).filled(sumFill), 100.0)
	if p.KPIPoints != nil {
		w.static(evKPI, evSumNumber.strong(), p.KPIPoints.Float())
	}
	if self, ok := p.selfSum(); ok {
		w.static(evSelf, evSumNumber.strong(), self.Float())
	}
	points := address(evPoints, p.items()) + ":" + address(evPoints, p.sum()-1)
	weights := address(evWeight, p.items()) + ":" + address(evWeight, p.sum()-1)
	w.computed(evPoints, evSumNumber.strong(), fmt.Sprintf(`IF(COUNT(%[1]s)=%[3]d,ROUND(ROUND(SUMPRODUCT(%[1]s,%[2]s)/100,10),2),"")`, points, weights, len(p.Items)), blankUnless(given, sum))
	w.finish(look{fill: sumFill, line: hairline}, 1)
}

// selfSum weighs a person's own points as the scorecard does.
func (p *evaluatee) selfSum() (fixed.Num, bool) {
	mine := evaluatee{Task: p.Task, given: map[string]reviews.ItemPoints{}}
	for _, x := range p.Self {
		mine.given[x.KPI] = x
	}
	given, sum := mine.sums()
	return sum, given
}

func (w *evaluationWriter) gapRow(p *evaluatee, sum fixed.Num) {
	e := w.book
	w.begin(p, linePlain, "")
	w.static(evWhat, evSumLook, e.t("与指标得分之差（分）", "Gap to the KPI points"))
	given, _ := p.sums()
	value := any("")
	if given && p.KPIPoints != nil {
		value = (sum - *p.KPIPoints).Float()
	}
	w.computed(evPoints, look{align: "right", format: "+0.00;-0.00;0.00", fill: sumFill, line: hairline}, fmt.Sprintf(`IF(AND(ISNUMBER(%[1]s),ISNUMBER(%[2]s)),ROUND(%[1]s-%[2]s,2),"")`,
		address(evPoints, p.sum()), address(evKPI, p.sum())), value)
	w.finish(look{fill: sumFill, line: hairline}, 1)
}

// preview is the score and band that the points lead to, on this sheet alone.
func (e *evaluationBook) preview(p *evaluatee, sum fixed.Num) (score fixed.Num, band *policy.Band) {
	mixed := new(big.Rat).Mul(p.KPIPoints.Rat(), p.Card.KPIShare.Rat())
	mixed.Add(mixed, new(big.Rat).Mul(sum.Rat(), p.Card.SuperiorShare.Rat()))
	score, _ = fixed.Round(mixed.Quo(mixed, big.NewRat(100, 1)), 2)
	score = max(score-p.penalties(), 0)
	bands := e.Report.Policy.Bands
	for i := e.bestBand(p); i < len(bands); i++ {
		if score >= bands[i].From {
			return score, &bands[i]
		}
	}
	return score, nil
}

// bestBand is the place of the best band that limits in force leave.
func (e *evaluationBook) bestBand(p *evaluatee) int {
	if limit := p.line.Score.BandLimited; limit != nil {
		for i := range e.Report.Policy.Bands {
			if e.Report.Policy.Bands[i].ID == limit.ID {
				return i
			}
		}
	}
	return 0
}

func (w *evaluationWriter) scoreRow(p *evaluatee, sum fixed.Num) {
	e := w.book
	w.begin(p, linePlain, "")
	label := fmt.Sprintf(e.t("预计得分与等级（指标 %s%% + 上级 %s%%）", "Score and band to expect (KPIs %s %%, superior %s %%)"), p.Card.KPIShare, p.Card.SuperiorShare)
	if limit := p.line.Score.BandLimited; limit != nil {
		label += fmt.Sprintf(e.t("，因限制条款等级最高 %s", ", at most %s because of a band limit"), e.bandLabel(limit))
	}
	w.static(evWhat, evSumLook.strong(), label)
	given, _ := p.sums()
	score, band := any(""), ""
	if given && p.KPIPoints != nil {
		n, b := e.preview(p, sum)
		score, band = n.Float(), e.bandLabel(b)
	}
	kpi, own := address(evKPI, p.sum()), address(evPoints, p.sum())
	shares, off := e.rules.shares[p.Card.ID], ""
	if p.punished() {
		off = "-" + address(evPoints, p.off())
	}
	w.computed(evPoints, evSumNumber.strong(), fmt.Sprintf(`IF(AND(ISNUMBER(%[1]s),ISNUMBER(%[2]s)),MAX(ROUND(ROUND(ROUND((%[1]s*%[3]s+%[2]s*%[4]s)/100,10),2)%[5]s,2),0),"")`,
		kpi, own, shares[0], shares[1], off), score)
	here := address(evPoints, w.row)
	formula, closing := `""`, ""
	if best := e.bestBand(p); best < len(e.rules.bands) {
		var b strings.Builder
		for i := best; i < len(e.rules.bands); i++ {
			fmt.Fprintf(&b, "IF(%s>=%s,%s,", here, e.rules.bands[i], literal(e.bandLabel(&e.Report.Policy.Bands[i])))
			closing += ")"
		}
		formula = "IF(ISNUMBER(" + here + ")," + b.String() + `""` + closing + `,"")`
	}
	w.computed(evComment, look{align: "left", indent: 1, bold: true, fill: sumFill, line: hairline}, formula, band)
	w.finish(look{fill: sumFill, line: hairline}, 1)
}

func (w *evaluationWriter) commentRow(p *evaluatee, given bool, sum fixed.Num) {
	e, comment := w.book, ""
	if p.Done != nil {
		comment = p.Done.Text.Comment
	}
	w.begin(p, lineComment, "")
	w.static(evWhat, evSumLook, e.t("总评语（公布后本人可见）", "Overall comment (shown once published)"))
	w.input(evComment, evTextLook, comment)
	w.line.Before = inputHash(nil, comment)
	gap, hint := address(evPoints, p.gap()), ""
	if given && p.KPIPoints != nil && strings.TrimSpace(comment) == "" && max(sum-*p.KPIPoints, *p.KPIPoints-sum) >= e.Report.Policy.Reviews.Evaluation.Gap {
		hint = e.gapWords()
	}
	w.computed(evHint, evHintLook, fmt.Sprintf(`IF(ISNUMBER(%[1]s),IF(AND(ABS(%[1]s)>=%[2]s,LEN(TRIM(%[3]s))=0),%[4]s,""),"")`,
		gap, e.rules.gap, address(evComment, w.row), literal(e.gapWords())), hint)
	w.finish(look{fill: sumFill, line: hairline}, wrappedLines(comment, w.frame.widths[evComment-1]-1.5))
}

func (w *evaluationWriter) noteRow(p *evaluatee) {
	e, note := w.book, ""
	w.begin(p, lineNote, "")
	w.line.Kept = p.withholds(e.Holder)
	if p.Done != nil && !w.line.Kept {
		note = p.Done.Text.Note
	}
	label := e.t("备注（本人看不到）", "Note (never shown to the person)")
	if w.line.Kept {
		label += e.t("：已有备注，留空即保留", ": there is one already, which blank keeps")
	}
	w.static(evWhat, evSumLook, label)
	w.input(evComment, evTextLook, note)
	w.line.Before = inputHash(nil, note)
	w.finish(look{fill: sumFill, line: hairline}, wrappedLines(note, w.frame.widths[evComment-1]-1.5))
}
