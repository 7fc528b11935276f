package reports

import (
	"encoding/json"

	"plumbline/ingest"
	"plumbline/policy"
	"plumbline/reviews"
)

// Words of appeals.
var (
	againstWords = map[reviews.Against]policy.Text{reviews.Fact: {ZH: "事实", EN: "a fact"}, reviews.Rule: {ZH: "规则", EN: "a rule"}, reviews.Judgement: {ZH: "评分", EN: "the evaluation"}}
	outcomeWords = map[reviews.Outcome]policy.Text{reviews.Granted: {ZH: "支持", EN: "granted"}, reviews.Settled: {ZH: "和解", EN: "settled"}, reviews.Failed: {ZH: "调解未成", EN: "mediation failed"},
		reviews.Dismissed: {ZH: "驳回", EN: "dismissed"}, reviews.Withdrawn: {ZH: "撤回", EN: "withdrawn"}}
)

// writeAppeals lists the appeals against the quarter's results with both instances and how they ended.
func (b *book) writeAppeals() error {
	round := b.Review.Round
	l := &list{table: "tbl_appeals", none: b.t("没有申诉", "no appeal"), columns: []listColumn{{head: b.t("编号", "Id"), look: textLook, least: 12}, {head: b.t("申诉人", "By"), look: wrapLook, most: 26},
		{head: b.t("部门", "Department"), look: wrapLook, most: 26}, {head: b.t("对象", "Against"), look: textLook}, {head: b.t("指标", "KPI"), look: wrapLook, most: 22}, {head: b.t("记录", "Record"), look: wrapLook, most: 18},
		{head: b.t("内容", "Text"), look: wrapLook, least: 20, most: 46}, {head: b.t("提出", "Filed"), look: textLook, least: 17}, {head: b.t("办理期限", "Term"), look: textLook, least: 17},
		{head: b.t("部门调解", "Mediation"), look: wrapLook, least: 14, most: 40}, {head: b.t("HR 仲裁", "Arbitration"), look: wrapLook, least: 14, most: 40}, {head: b.t("结论", "Outcome"), look: textLook},
		{head: b.t("办结", "Ended"), look: textLook, least: 17}, {head: b.t("按期", "In time"), look: textLook}, {head: b.t("改为", "Points from now on"), look: number(fmtTwo)}}}
	for _, a := range round.Appeals {
		l.rows = append(l.rows, b.appealRow(a))
	}
	note := b.t("先由部门调解，调解不成可提请 HR 仲裁。", "Appeals are first mediated in the department; what fails there may go to HR for arbitration. ")
	switch {
	case round.Published == nil:
		note += b.t("本季结果尚未公布，申诉期还没有开始。", "The results are not published yet, so that no term has begun.")
		l.none = b.t("尚未公布", "not published yet")
	default:
		note += b.t("申诉期至 ", "Appeals until ") + b.moment(round.AppealUntil) + b.t("。", ".")
	}
	return b.listSheet(b.plan.appeals, tabDepartment, b.t("申诉  ", "Appeals  ")+b.periodName(), note, l)
}

func (b *book) appealRow(a *reviews.Appeal) []listCell {
	kpi := a.KPI
	if k := b.Report.Policy.KPI(a.KPI); k != nil {
		kpi = k.Name.In(b.lang)
	}
	ended, inTime, outcome := "", "", b.t("办理中", "open")
	if end := a.Ended(); end != nil {
		ended, inTime, outcome = b.moment(end.At), b.t("是", "yes"), outcomeWords[a.Outcome()].In(b.lang)
		if term := a.Term(); !term.IsZero() && end.At.After(term) {
			inTime = b.t("否", "no")
		}
	}
	row := cells(a.ID, b.nameOfPerson(a.Employee), b.departmentName(a.Department), againstWords[a.Against].In(b.lang), kpi, a.Record, a.Text, b.moment(a.Filed.At), b.moment(a.Term()),
		b.decisionWords(a.Mediated), b.decisionWords(a.Arbitrated), outcome, ended, inTime, b.remedy(a))
	if p := b.plan.byDepartment[a.Department]; p != nil {
		if at := p.rowOf(a.Employee); at > 0 {
			row[1].link = spot(p.sheet, colName, at)
		}
	}
	return row
}

// decisionWords says how an instance decided, who and why.
func (b *book) decisionWords(d *reviews.Decision) string {
	if d == nil {
		return ""
	}
	return outcomeWords[d.Outcome].In(b.lang) + b.t("，", ", ") + b.nameOfPerson(d.Actor) + " " + b.moment(d.At) + b.t("：", ": ") + d.Text
}

// remedy is the points that a granted appeal gave; nil for none.
func (b *book) remedy(a *reviews.Appeal) any {
	for _, d := range []*reviews.Decision{a.Arbitrated, a.Mediated} {
		if d != nil && d.Outcome == reviews.Granted && d.Remedy.Points != nil {
			return d.Remedy.Points.Float()
		}
	}
	return nil
}

// eventWords name the events that may change results.
var eventWords = map[string]policy.Text{
	ingest.Ingested: {ZH: "导入文件", EN: "file taken in"}, ingest.Released: {ZH: "隔离行放行", EN: "rows released from quarantine"},
	ingest.Withdrawn: {ZH: "撤回文件", EN: "file withdrawn"}, ingest.Dismissed: {ZH: "隔离行作废", EN: "rows dismissed"}, policy.Adopted: {ZH: "启用制度", EN: "policy adopted"},
}

// writeAdjustments lists what came after the seal and would change results: who, when, the effect on whom, and whether it was approved.
func (b *book) writeAdjustments() error {
	l := &list{table: "tbl_adjustments", none: b.t("没有会改变结果的事项", "nothing that would change results"), columns: []listColumn{{head: b.t("账序", "Sequence"), look: number("0")}, {head: b.t("时间", "At"), look: textLook, least: 17},
		{head: b.t("经手", "By"), look: wrapLook, most: 26}, {head: b.t("事项", "What"), look: wrapLook, most: 26}, {head: b.t("文件", "File"), look: wrapLook, most: 34}, {head: b.t("结果变动行", "Rows changed"), look: number(fmtInt)},
		{head: b.t("影响的人", "Who is concerned"), look: wrapLook, most: 26}, {head: b.t("封账得分", "Sealed score"), look: number(fmtTwo)}, {head: b.t("封账等级", "Sealed band"), look: textLook}, {head: b.t("变动后得分", "Score now"), look: number(fmtTwo)},
		{head: b.t("变动后等级", "Band now"), look: textLook}, {head: b.t("变动", "Change"), look: number(fmtMove)}, {head: b.t("批准人", "Approved by"), look: wrapLook, most: 26}, {head: b.t("批准时间", "Approved at"), look: textLook, least: 17},
		{head: b.t("理由", "Reason"), look: wrapLook, most: 40}}}
	for i := range b.Review.Changes {
		l.rows = append(l.rows, b.changeRows(&b.Review.Changes[i])...)
	}
	note := b.t("封账的结果不变；这里列出其后会改变结果的事项。批准后计入补差名单。", "The sealed results stand; listed is what came later and would change them. What is approved counts for compensation.")
	if b.Review.Round.Sealed == nil {
		note = b.t("本季尚未封账，还没有调整。", "The quarter is not sealed yet, so that there are no adjustments.")
		l.none = b.t("尚未封账", "not sealed yet")
	}
	return b.listSheet(b.plan.adjustments, tabDepartment, b.t("封账后的调整  ", "Adjustments after the seal  ")+b.periodName(), note, l)
}

// changeRows are the rows of one event: one for each person whose score it changes.
func (b *book) changeRows(c *reviews.Change) (rows [][]listCell) {
	var file struct{ Name string }
	_ = json.Unmarshal(c.Event.Data, &file) // some events have no file
	what := c.Event.Kind
	if t, ok := eventWords[what]; ok {
		what = t.In(b.lang)
	}
	by, at, why := b.t("待批准", "waits for approval"), "", ""
	if c.Approved != nil {
		by, at, why = b.nameOfPerson(c.Approved.Actor), b.moment(c.Approved.At), c.Approved.Text
	}
	head := func() []listCell {
		return cells(c.Event.Seq, b.moment(c.Event.Time), b.nameOfPerson(c.Event.Actor), what, file.Name, c.Rows)
	}
	tail := cells(by, at, why)
	if len(c.Scores) == 0 {
		return [][]listCell{append(append(head(), cells(b.t("不影响个人得分", "no person's score"), nil, nil, nil, nil, nil)...), tail...)}
	}
	for _, s := range c.Scores {
		cell := func(x *reviews.SealedScore) (any, string) {
			if x == nil {
				return nil, ""
			}
			return orNothing(x.Total), b.bandOf(x.Band)
		}
		before, bandBefore := cell(s.Before)
		after, bandAfter := cell(s.After)
		change := listCell{formula: `IF(AND(ISNUMBER(H{r}),ISNUMBER(J{r})),ROUND(J{r}-H{r},2),"")`, value: ""}
		if s.Before != nil && s.After != nil {
			change.value = difference(s.After.Total, s.Before.Total)
		}
		rows = append(rows, append(append(head(), cells(b.nameOfPerson(s.Employee), before, bandBefore, after, bandAfter, change)...), tail...))
	}
	return rows
}
