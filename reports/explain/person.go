package explain

import (
	"fmt"
	"io"
	"strings"
	"time"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// WritePerson writes the derivation of one person's score. The files are those of the records that counted.
func WritePerson(w io.Writer, d *metrics.Derivation, files []File, lang policy.Lang) error {
	p := &page{lang: lang, zone: d.Report.Made.Location()}
	r := d.Report
	p.title(p.f("%s（%s）%s考核得分的由来", "%s (%s): how the score of %s comes about", d.Person.Name.In(lang), d.Person.No, p.nameOf(r.Period)))
	if d.Score == nil {
		p.gap()
		p.prose(p.absent(d))
		return p.writeTo(w)
	}
	p.summary(d)
	p.stays(d)
	for i, l := range d.Lines {
		p.judged(d, i, l)
	}
	p.whole(d)
	p.section(p.t("依据", "What it rests on"))
	p.basis(metrics.Basis{PolicyVersion: r.PolicyVersion, PolicyHash: r.PolicyHash, LedgerSeq: r.LedgerSeq, LedgerHash: r.LedgerHash, Day: r.Day, Seal: r.Seal})
	if len(files) > 0 {
		p.gap()
		p.files(files)
	}
	p.rowsOf(d)
	return p.writeTo(w)
}

// absent says why there is nothing to derive.
func (p *page) absent(d *metrics.Derivation) string {
	of := p.nameOf(d.Report.Period)
	switch person := d.Person; {
	case person.HiredOn.After(d.Report.Period.LastDay()):
		return p.f("%s尚未入职（%s 入职），因此没有得分。", "There is no score: in %s the person was not employed yet (hired on %s).", of, date(person.HiredOn))
	case !person.LeftOn.IsZero() && person.LeftOn.Before(d.Report.Period.Start()):
		return p.f("%s已经离职（%s 离职），因此没有得分。", "There is no score: in %s the person had left (on %s).", of, date(person.LeftOn))
	}
	return p.f("%s不属于任何部门，因此没有得分。任职见任职名单（memberships）。", "There is no score: in %s the person belonged to no department. The list of memberships says who belongs where.", of)
}

// summary tells the result first.
func (p *page) summary(d *metrics.Derivation) {
	s := d.Score
	p.gap()
	if s.Total == nil {
		p.prose(p.f("%s没有得分：%s。", "There is no score in %s: %s.", p.nameOf(d.Report.Period), p.nothing(d)))
		return
	}
	text := p.f("得分 %s", "Score %s", s.Total.Text(2))
	if s.Band != nil {
		text += p.f("，等级 %s（%s）", ", band %s (%s)", s.Band.ID, s.Band.Name.In(p.lang))
	}
	if s.Rank > 0 {
		text += p.f("，在 %[2]d 人中列第 %[1]d 名", ", rank %d of %d", s.Rank, s.RankOf)
	}
	p.prose(text + p.t("。", "."))
	if s.Status == metrics.Provisional {
		p.prose(p.t("这是暂定分：上级评分尚未录入，目前只含指标部分。", "The score is provisional: the superior's evaluation is not in yet, and only the KPI part counts so far."))
	}
	if s.Before != nil {
		by := p.t("按同一版制度计", "by the same policy")
		if v := d.Report.PolicyBefore; v != d.Report.PolicyVersion {
			by = p.f("按当时的第 %d 版制度计", "by version %d of the policy, in force then", v)
		}
		p.sum(p.t("较上期", "Change"), p.f("%s − %s = %s 分（%s%s，为 %s 分）", "%s − %s = %s points (%s %s: %s)", s.Total.Text(2), s.Before.Text(2), signedPoints(*s.Total-*s.Before),
			p.nameOf(d.Report.Period.Before()), by, s.Before.Text(2)))
	}
}

func signedPoints(n fixed.Num) string {
	if n < 0 {
		return "−" + (-n).Text(2)
	}
	return "+" + n.Text(2)
}

// nothing says why there is no score.
func (p *page) nothing(d *metrics.Derivation) string {
	if d.Report.Day.Before(d.Report.Period.Start()) {
		return p.t("这段时间还没有开始", "it has not begun")
	}
	for _, l := range d.Lines {
		if l.Line.Score.Scorecard != nil {
			return p.t("考核表的各项都没有足够的数据", "no item of the scorecard has enough data")
		}
	}
	return p.t("所在部门没有适用的考核表", "no scorecard applies to the department")
}

// stays lists the departments with days, shares and superiors.
func (p *page) stays(d *metrics.Derivation) {
	p.section(p.t("任职", "Departments"))
	rows := [][]string{{p.t("部门", "Department"), p.t("起止", "From, to"), p.t("天数", "Days"), p.t("比例", "Share"), p.t("上级", "Superior")}}
	for _, l := range d.Lines {
		for _, s := range l.Stays {
			share := percent(s.Share * 100)
			if s.Working != fixed.Int(1) {
				share += p.f("（工时 %s）", " (working time %s)", percent(s.Working*100))
			}
			days := int(s.Last.Sub(s.First).Hours()/24) + 1
			rows = append(rows, []string{p.department(l.Department), p.span(s.First, s.Last), fmt.Sprint(days), share, p.superiors(d, l, s)})
		}
	}
	p.table(rows, 2)
	for _, u := range d.Unplaced {
		p.row("", p.f("另有 %d 条记录落在没有任职部门的日子，不计入“%s”", "%d further records lie on days without a department and do not count for %s", u.Count, u.KPI.Name.In(p.lang)))
	}
}

func (p *page) department(d metrics.Department) string {
	return p.f("%s（%s）", "%s (%s)", d.Name.In(p.lang), d.ID)
}

// superiors names who stood above the person during a stay.
func (p *page) superiors(d *metrics.Derivation, l metrics.LineReceipts, of metrics.Stay) string {
	var list []metrics.Superior
	for _, s := range l.Line.Superiors {
		if !s.From.After(of.Last) && !s.To.Before(of.First) {
			list = append(list, s)
		}
	}
	var names []string
	for i, s := range list {
		name := p.t("无", "nobody")
		if s.No != "" {
			name = p.f("%s（%s）", "%s (%s)", d.Names[s.No].In(p.lang), s.No)
		}
		if i+1 < len(list) {
			name += p.t("，至 ", " until ") + date(s.To)
		}
		names = append(names, name)
	}
	return strings.Join(names, p.t("；", "; "))
}

// judged derives the score of one line.
func (p *page) judged(d *metrics.Derivation, i int, l metrics.LineReceipts) {
	s := &l.Line.Score
	head := p.t("指标部分", "KPI part")
	if len(d.Lines) > 1 {
		head = p.f("%s，%s，%s", "%s: %s, %s", head, l.Department.Name.In(p.lang), p.span(l.Line.From, l.Line.To))
	}
	p.section(head)
	card := s.Scorecard
	if card == nil {
		p.row("", p.f("“%s”类部门没有适用的考核表，这段时间不计分。", "No scorecard applies to departments of the kind %s; this time does not count.", l.Department.KindName.In(p.lang)))
		return
	}
	p.row(p.t("考核表", "Scorecard"), p.f("%s，%s", "%s, %s", card.Name.In(p.lang), p.why(card, l.Department)))
	p.row(p.t("构成", "Shares"), p.f("指标部分 %s，上级评分 %s", "KPI part %s, the superior's evaluation %s", percent(card.KPIShare), percent(card.SuperiorShare)))
	w := weighingOf(s)
	for n := range s.Items {
		p.item(n+1, l, n, w)
	}
	p.part(s, w)
}

// why says why a scorecard applies.
func (p *page) why(card *policy.Scorecard, d metrics.Department) string {
	if len(card.DepartmentKinds) == 0 {
		return p.f("用于没有专门考核表的部门（%s属“%s”类）", "for departments without one of their own (%s is of the kind %s)", d.Name.In(p.lang), d.KindName.In(p.lang))
	}
	return p.f("用于“%s”类部门", "for departments of the kind %s", d.KindName.In(p.lang))
}

// part adds up the items: sum, cap, the superior's share.
func (p *page) part(s *metrics.Score, w weighing) {
	p.gap()
	if s.KPIPoints == nil {
		p.row(p.t("合计", "Sum"), p.t("没有一项有足够的数据，这段时间没有得分", "no item has enough data: no score for this time"))
		return
	}
	sum := *s.KPIPoints
	if s.Uncapped != nil {
		sum = *s.Uncapped
	}
	var terms []string
	for _, item := range s.Items {
		if item.Points != nil {
			terms = append(terms, w.text(w.weighted(item)))
		}
	}
	p.sum(p.t("合计", "Sum"), strings.Join(terms, " + ")+" = "+sum.Text(2))
	if s.Uncapped != nil {
		p.row(p.t("封顶", "Cap"), p.f("指标部分最多 %s 分，故计 %s 分", "the KPI part holds %s points at most, so it counts %s", figure(*s.Scorecard.Cap), s.KPIPoints.Text(2)))
	}
	p.evaluation(s)
	label := p.t("合成", "Together")
	switch {
	case s.Evaluation != nil && s.Evaluation.Exempt:
		p.row(p.t("上级评分", "Superior"), p.f("免评：%s；以指标部分 %s 分为得分", "exempt: %s; the score is the KPI part, %s points", s.Evaluation.Why, s.KPIPoints.Text(2)))
	case s.Superior == nil:
		p.row(p.t("上级评分", "Superior"), p.f("尚未录入（占 %s），暂以指标部分 %s 分为得分", "not in yet (counts %s); until then the score is the KPI part, %s points", percent(s.Scorecard.SuperiorShare), s.KPIPoints.Text(2)))
	default:
		p.sum(label, fmt.Sprintf("%s × %s + %s × %s = %s", s.KPIPoints.Text(2), percent(s.Scorecard.KPIShare), s.Superior.Text(2), percent(s.Scorecard.SuperiorShare),
			s.BeforePenalties.Text(2)))
	}
}

// evaluation derives the superiors' part: the points of each by the weights of the items, their mean by days, and what took its place.
func (p *page) evaluation(s *metrics.Score) {
	e := s.Evaluation
	if e == nil || e.Exempt {
		return
	}
	var above, below []string
	for _, u := range e.Superiors {
		who := p.t("上级评分", "Superior")
		name := u.No
		if name == "" {
			name = p.t("（无上级，由总经理评）", "(nobody above: the CEO)")
		}
		if u.Given == nil {
			p.row(who, p.f("%s 在任 %d 天：尚未提交", "%s, above for %d days: not in yet", name, u.Days))
			continue
		}
		var terms []string
		for _, i := range u.Given.Items {
			for _, item := range s.Scorecard.Items {
				if item.KPI.ID == i.KPI {
					terms = append(terms, figure(i.Points)+" × "+percent(item.Weight))
				}
			}
		}
		p.sum(who, p.f("%s 在任 %d 天：%s = %s", "%s, above for %d days: %s = %s", name, u.Days, strings.Join(terms, " + "), u.Given.Points.Text(2)))
		above, below = append(above, fmt.Sprintf("%s × %d", u.Given.Points.Text(2), u.Days)), append(below, fmt.Sprint(u.Days))
	}
	if len(above) > 1 && e.Mean != nil {
		p.sum(p.t("按天数", "By days"), fmt.Sprintf("(%s) ÷ (%s) = %s", strings.Join(above, " + "), strings.Join(below, " + "), e.Mean.Text(2)))
	}
	if c := e.Calibrated; c != nil {
		how := p.t("校准", "calibrated")
		if c.Appeal != "" {
			how = p.f("经申诉 %s 更正", "appeal %s granted", c.Appeal)
		}
		p.row("", p.f("%s：改为 %s（%s，%s：%s），原评分保留在上", "%s: %s counts instead (%s, %s: %s); what was given stands above", how, c.Points.Text(2), c.By, date(p.local(c.On)), c.Reason))
	}
}

// local is a moment in the zone of the page.
func (p *page) local(t time.Time) time.Time {
	if p.zone == nil {
		return t
	}
	return t.In(p.zone)
}

// rowsOf names the commands that show the rows.
func (p *page) rowsOf(d *metrics.Derivation) {
	var list []string
	for _, l := range d.Lines {
		for _, r := range l.Receipts {
			list = append(list, evidence(r.Value.KPI, r.Value, l.Line.Department, d.Person.No)...)
		}
	}
	if len(list) == 0 {
		return
	}
	p.gap()
	p.row(p.t("逐行核对", "Row by row"), p.t("以下命令列出每一条记录及其文件与行；隔离中的行不计入，见 plumbline rejects", "these commands list every record with its file and row; rows in quarantine do not count, see plumbline rejects"))
	p.commands(list)
}
