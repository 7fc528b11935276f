package reports

import (
	"fmt"
	"time"

	"plumbline/internal/fixed"
	"plumbline/policy"
)

// guideCells are the cells of the first sheet that formulas read, absolute and with the sheet's name.
type guideCells struct {
	below, above, gap string
	shares            map[string][2]string // of KPIs and superior, by scorecard
	bands             []string             // where each band begins, best first
}

const guideColumns = 4

var evaluationGuideWidths = []float64{34, 16, 16, 84}

// steps say how the sheet is filled in.
func (e *evaluationBook) steps() []policy.Text {
	r := e.Report.Policy.Reviews.Evaluation
	return []policy.Text{
		{ZH: fmt.Sprintf("在「评分」页为每个考核项目打分：%s 至 %s 分，最多两位小数。只填淡黄底的格，其余的格已锁定，请勿改动。", r.Lowest, r.Highest),
			EN: fmt.Sprintf("On the sheet “Evaluation”, give every item points from %s to %s, with two decimals at most. Fill in pale yellow cells only; all others are locked and stay as they are.", r.Lowest, r.Highest)},
		{ZH: fmt.Sprintf("低于 %s 分或高于 %s 分的项目须在同一行写明理由；加权合计与指标得分相差达到 %s 分的，须在总评语写明理由。缺少理由的格会变成橙色。", r.Below, r.Above, r.Gap),
			EN: fmt.Sprintf("Points below %s or above %s need a reason in the same row; a weighted sum %s or more away from the KPI points needs one in the overall comment. Cells that lack a reason turn orange.", r.Below, r.Above, r.Gap)},
		{ZH: "评语和总评语在结果公布后由本人看到；备注本人看不到，只留给评估人与人力资源。", EN: "Comments are shown to the person once results are published; notes never are, they stay with the evaluator and human resources."},
		{ZH: "「总览」页随填随算：还缺什么、与指标得分的差距、预计的得分与等级。预计只按本表的评分计算，调动人员的其他部门、多位上级的平均、校准与强制分布不在其中。",
			EN: "The sheet “Overview” computes as you type: what is still open, the gap to the KPI points, the score and band to expect. It counts the points of this sheet only, not other departments of people who moved, the mean of several superiors, calibration or forced distribution."},
		{ZH: "填好后存为 .xlsx，运行 plumbline review import 文件名 --as 工号 保存为草稿；加 --submit 即提交。有任何一处不符，整份都不导入，并逐格说明。一分未打也未写评语的人会跳过。",
			EN: "Save the workbook as .xlsx and run plumbline review import FILE --as NUMBER to keep it as a draft, with --submit to hand it in. If anything is wrong, nothing is imported and every cell is named. People left blank are skipped."},
	}
}

// writeGuide writes the first sheet: what to do, and the rules that the formulas read.
func (e *evaluationBook) writeGuide() error {
	p := e.Report.Policy
	steps, cards := e.steps(), e.cards()
	rows := 4 + len(steps) + 2 + 6 + 2 + 1 + len(cards) + 2 + 1 + len(p.Bands)
	s, err := e.open(e.guide, frame{tab: tabOverview, columns: guideColumns, rows: rows, widths: evaluationGuideWidths})
	if err != nil {
		return err
	}
	if err := e.protect(e.guide); err != nil {
		return err
	}
	s.line(titleLook, p.Company.Name.In(e.lang)+"  "+e.periodName()+"  "+e.subject().In(e.lang))
	s.line(sayLook, e.owner())
	s.skip(1)
	s.section(e.t("怎样填写", "How to fill it in"))
	for i, step := range steps {
		s.line(sayLook, itoa(i+1)+". "+step.In(e.lang))
	}
	e.guideRules(s)
	e.guideCards(s, cards)
	e.guideBands(s)
	return s.close()
}

// owner says whose sheet it is, until when, and how many people it asks for.
func (e *evaluationBook) owner() string {
	whose := e.t("部门：", "Department: ") + e.department(e.Department)
	if e.Superior != nil {
		whose = e.t("评估人：", "Superior: ") + e.person(*e.Superior)
	}
	due := ""
	if !e.Round.Due.IsZero() {
		zone, err := time.LoadLocation(e.Report.Policy.Company.Timezone)
		if err != nil {
			zone = time.UTC
		}
		due = fmt.Sprintf(e.t("　截止：%s", "   Due: %s"), e.Round.Due.In(zone).Format("2006-01-02 15:04"))
	}
	return whose + due + fmt.Sprintf(e.t("　待评 %d 人；已提交 %d 人、免评 %d 人，未列入", "   To evaluate: %d; handed in: %d and exempt: %d are left out"), len(e.people), e.in, e.exempt)
}

// cards lists the scorecards that judge somebody here.
func (e *evaluationBook) cards() (list []*policy.Scorecard) {
	for _, c := range e.Report.Policy.Scorecards {
		for i := range e.people {
			if e.people[i].Card == c {
				list = append(list, c)
				break
			}
		}
	}
	return list
}

// cell is where a formula of another sheet finds a figure of this row.
func (e *evaluationBook) cell(s *sheet, col int) string {
	return quoted(e.guide) + "!" + fixedAddress(col, s.row)
}

func (e *evaluationBook) guideRules(s *sheet) {
	r := e.Report.Policy.Reviews.Evaluation
	s.skip(1)
	s.section(e.t("评分规则", "Rules"))
	s.header([]string{e.t("规则", "Rule"), e.t("分", "Points")}, 1)
	for _, x := range []struct {
		name policy.Text
		n    fixed.Num
		at   *string
	}{{policy.Text{ZH: "最低分", EN: "Lowest points"}, r.Lowest, nil}, {policy.Text{ZH: "最高分", EN: "Highest points"}, r.Highest, nil},
		{policy.Text{ZH: "低于此分须写理由", EN: "A reason is needed below"}, r.Below, &e.rules.below}, {policy.Text{ZH: "高于此分须写理由", EN: "A reason is needed above"}, r.Above, &e.rules.above},
		{policy.Text{ZH: "与指标得分相差达到此分须写理由", EN: "A reason is needed from this gap on"}, r.Gap, &e.rules.gap}} {
		s.put(1, textLook, x.name.In(e.lang))
		s.put(2, number(fmtTwo), x.n.Float())
		if x.at != nil {
			*x.at = e.cell(s, 2)
		}
		s.end(0)
	}
}

func (e *evaluationBook) guideCards(s *sheet, cards []*policy.Scorecard) {
	e.rules.shares = map[string][2]string{}
	s.skip(1)
	s.section(e.t("考核表：指标与上级各占多少", "Scorecards: shares of KPIs and superior"))
	s.header([]string{e.t("考核表", "Scorecard"), e.t("指标 %", "KPIs %"), e.t("上级 %", "Superior %")}, 1)
	for _, c := range cards {
		s.put(1, textLook, c.Name.In(e.lang))
		s.put(2, number(fmtOne), c.KPIShare.Float())
		s.put(3, number(fmtOne), c.SuperiorShare.Float())
		e.rules.shares[c.ID] = [2]string{e.cell(s, 2), e.cell(s, 3)}
		s.end(0)
	}
}

func (e *evaluationBook) guideBands(s *sheet) {
	s.skip(1)
	s.section(e.t("等级（由高到低）", "Rating bands, best first"))
	s.header([]string{e.t("等级", "Band"), e.t("从此分起", "From points")}, 1)
	for i := range e.Report.Policy.Bands {
		band := &e.Report.Policy.Bands[i]
		s.put(1, textLook, e.bandLabel(band))
		s.put(2, number(fmtTwo), band.From.Float())
		e.rules.bands = append(e.rules.bands, e.cell(s, 2))
		s.end(0)
	}
}
