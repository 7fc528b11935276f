package web

import (
	"bytes"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"time"

	"plumbline/access"
	"plumbline/charts"
	"plumbline/company"
	"plumbline/ingest"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reports/explain"
	"plumbline/reviews"
)

// personPage is a person's month, quarter or year.
type personPage struct {
	frame
	Who      whose
	Of       period.Period
	Subject  string
	Position string
	None     string // nothing to show, and why
	Stays    []stayBlock
	Total    *totalBlock // of a quarter or year
	Self     *task
	Pictures template.HTML
	Round    *roundBlock // of a quarter
	Links    []task
}

// stayBlock is the time in one department.
type stayBlock struct {
	Department, Days, Superiors string
	Score                       string
	Table                       table
}

// totalBlock is the score of the whole period.
type totalBlock struct {
	Points, Band, Rank, Before, Status, Penalties string
}

// roundBlock is what was decided about the quarter.
type roundBlock struct {
	State       string
	Comments    []commentBlock
	Appeals     []appealBlock
	MayAppeal   bool
	AppealUntil string
	Departments []menuItem // to appeal about
	KPIs        []menuItem
}

type commentBlock struct {
	Department, Superior, Points, Comment string
	Items                                 table
}

type appealBlock struct {
	ID, Text, State, Reason  string
	MayEscalate, MayWithdraw bool
}

// personPage shows the figures of a person. Whoever leads him sees the departments that he leads, in the days that the period has there.
func (q *request) personPage(own bool) error {
	s, who, err := q.shown(own)
	if err != nil {
		return err
	}
	of := s.Period
	x, _ := q.seat.staff.Person(who.No)
	p := &personPage{frame: q.frame(x.Name.In(q.lang)), Who: who, Of: of, Subject: x.Name.In(q.lang), Position: x.Position}
	if own {
		p.Title = q.say("我的绩效", "My figures")
	}
	base := "/me/%s"
	if !own {
		base = "/people/" + who.No + "/%s"
	}
	p.Switch = q.periods(of, base, q.choices(of))
	p.Foot = q.basis(s)
	lines := q.linesOf(s, who)
	for _, l := range lines {
		p.Stays = append(p.Stays, q.stay(l, who))
	}
	if len(lines) == 0 {
		p.None = fmt.Sprintf(q.say("%s在 %s 不属于任何部门，没有考核数据。", "%s belonged to no department in %s; there is nothing to show."), p.Subject, q.periodText(of))
	}
	if whole := len(lines) == len(s.lines[who.No]); whole && len(lines) > 0 {
		p.Total = q.total(s, who.No)
		p.Links = append(p.Links, task{Href: who.Base + "/derivation", Text: q.say("得分是怎样算出来的（逐步，可用纸笔核对）", "How the score comes about, step by step, to be checked with pencil and paper")})
		p.Pictures, err = q.picturesOf(s, "person "+who.No, who.Base, func() []charts.Chart { return personCharts(s, who.No) })
		if err != nil {
			return err
		}
	}
	if of.Kind() == period.Month {
		if len(lines) > 0 {
			if err := q.selfTask(p, who); err != nil {
				return err
			}
		}
		work, err := q.workCalendar(s, who)
		if err != nil {
			return err
		}
		calendar, err := q.pictures(who.Base, work)
		if err != nil {
			return err
		}
		p.Pictures = calendar + p.Pictures
	}
	if p.Pictures != "" {
		p.Library = q.assets.path("echarts.js")
	}
	if of.Kind() == period.Quarter {
		if err := q.roundOf(p, s, lines); err != nil {
			return err
		}
	}
	if own {
		p.Links = append(p.Links, task{Href: "/me/history", Text: q.say("我的历史", "My history")})
	}
	return q.render("person", p)
}

// choices are the periods that a switch offers: the last quarters and months, and those of the year of the one that is shown.
func (q *request) choices(now period.Period) (list []period.Period) {
	switch now.Kind() {
	case period.Month:
		list = append(q.quarters(quartersBack), q.months(15)...)
	default:
		list = append(q.quarters(8), q.months(6)...)
	}
	if !slices.Contains(list, now) {
		list = append(list, now)
	}
	return list
}

// linesOf gives the lines of a person that the viewer may see: his own, or those of departments in which the viewer stands above him.
func (q *request) linesOf(s *sheet, who whose) (list []*metrics.PersonLine) {
	for _, i := range s.lines[who.No] {
		l := &s.People[i]
		if who.Own || q.may(access.Person, access.Subject{Employee: who.No, Department: l.Department, Period: s.Period}) {
			list = append(list, l)
		}
	}
	return list
}

// stay shows the time in one department: its items, then the other figures.
func (q *request) stay(l *metrics.PersonLine, who whose) stayBlock {
	d, _ := q.seat.staff.Department(l.Department)
	b := stayBlock{Department: d.Name.In(q.lang), Days: fmt.Sprintf(q.say("%s 至 %s，%d 天", "%s to %s, %d days"), l.From.Format(time.DateOnly), l.To.Format(time.DateOnly), l.Days), Superiors: q.superiors(l.Superiors)}
	b.Table = table{Caption: fmt.Sprintf(q.say("%s：考核项目", "%s: items of the scorecard"), b.Department), Head: []head{words(q.say("项目", "Item")), numbers(q.say("数值", "Value")), numbers(q.say("目标", "Target")), numbers(q.say("达成率", "Attainment")), numbers(q.say("得分", "Points")), numbers(q.say("权重 %", "Weight %"))},
		Empty: q.say("没有适用的评分表。", "No scorecard applies.")}
	for _, i := range l.Score.Items {
		v := q.valueCell(i.Value, who.Base+"/evidence/"+i.Item.KPI.ID+"?department="+l.Department)
		v.Class = verdict(i.Value)
		weight := i.Item.Weight.Text(1)
		if i.Weight != nil {
			weight = fixed.Text(i.Weight, 1)
		}
		b.Table.add(text(charts.Name(i.Item.KPI.Name).In(q.lang)), v, text(q.targetText(i.Value)), text(q.attainmentText(i.Value)), text(exactPoints(i.Points)), text(weight))
	}
	if l.Score.Total != nil {
		b.Score = fmt.Sprintf(q.say("指标部分 %s 分，合计 %s 分", "KPI part %s points, total %s points"), points(l.Score.KPIPoints), points(l.Score.Total))
	}
	return b
}

// superiors names who stood above somebody, with the days where they changed.
func (q *request) superiors(list []metrics.Superior) string {
	out := ""
	for i, s := range list {
		if i > 0 {
			out += q.say("，", ", ")
		}
		name := q.say("无", "nobody")
		if x, ok := q.seat.staff.Person(s.No); ok {
			name = x.Name.In(q.lang)
		}
		out += name
		if len(list) > 1 {
			out += fmt.Sprintf(" (%s–%s)", s.From.Format("01-02"), s.To.Format("01-02"))
		}
	}
	return out
}

// total shows the score of the whole period.
func (q *request) total(s *sheet, no string) *totalBlock {
	x := s.score(no)
	if x == nil {
		return nil
	}
	t := &totalBlock{Points: points(x.Total), Band: q.band(x.Band), Before: points(x.Before), Status: q.statusText(x.Status)}
	if x.Rank > 0 {
		t.Rank = fmt.Sprintf("%d / %d", x.Rank, x.RankOf)
	}
	if x.PenaltyPoints != 0 {
		t.Penalties = x.PenaltyPoints.Text(2)
	}
	return t
}

// personCharts are the pictures of a person: the items of the scorecard, what the score is made of, and what changed it.
func personCharts(s *sheet, no string) (list []charts.Chart) {
	x := s.score(no)
	if x == nil {
		return nil
	}
	who := x.Person.Name
	for n, i := range x.Lines {
		if l := &s.People[i]; len(l.Score.Items) > 0 {
			c := charts.Radar(s.Report, who, l.Score)
			c.ID = fmt.Sprintf("radar-%d", n+1)
			list = append(list, c)
		}
	}
	if parts := s.PartsOf(*x); len(parts) > 0 {
		c := charts.Waterfall(s.Report, who, parts)
		c.ID = "waterfall"
		list = append(list, c)
		if len(x.PartsBefore) > 0 {
			c := charts.WaterfallChange(s.Report, who, x.PartsBefore, parts)
			c.ID = "change"
			list = append(list, c)
		}
	}
	return list
}

// personDrawing answers with one of the pictures of a person, all of whose lines the viewer may see.
func (q *request) personDrawing(own bool) error {
	s, who, err := q.shownWhole(own)
	if err != nil {
		return err
	}
	if q.r.PathValue("chart") == workChart {
		work, err := q.workCalendar(s, who)
		if err != nil {
			return err
		}
		return q.drawing(work)
	}
	return q.drawing(s.set("person "+who.No, func() []charts.Chart { return personCharts(s, who.No) }))
}

// workChart is the id of the calendar of a person's work log.
const workChart = "work"

// workCalendar draws the days of a month with the hours of a person's work log: the rows that a self-review is prefilled from. Whoever leads him sees
// it where he leads him all month, since a day of another department is none of his business.
func (q *request) workCalendar(s *sheet, who whose) ([]charts.Chart, error) {
	rules := s.Policy.Reviews
	if rules == nil || rules.SelfReview.Hours == nil || len(q.linesOf(s, who)) != len(s.lines[who.No]) {
		return nil, nil
	}
	if kept, ok := s.drawn.Load("work " + who.No); ok {
		return kept.([]charts.Chart), nil
	}
	hours := rules.SelfReview.Hours
	at := slices.IndexFunc(s.KPIs, func(k *policy.KPI) bool {
		return k.Dataset == hours.Dataset && k.Owner != "" && !k.Anonymous && !k.IsRatio()
	})
	if at < 0 {
		return nil, nil
	}
	rows, err := metrics.Evidence(q.ctx(), q.company.Books, s.Policy, metrics.EvidenceQuestion{KPI: s.KPIs[at], Period: s.Period, Employee: who.No, AsOf: s.LedgerSeq, ReportDay: s.Day, Asked: q.company.Today(s.Policy)})
	if err != nil {
		return nil, err
	}
	column := slices.IndexFunc(hours.Dataset.Columns, func(c *policy.Column) bool { return c.ID == hours.Sum })
	c := charts.Calendar(s.Report, metrics.Line{Calendar: workDays(rows, column)}, who.name(q))
	c.ID = workChart
	s.drawn.Store("work "+who.No, []charts.Chart{c})
	return []charts.Chart{c}, nil
}

// workDays adds the rows up by day.
func workDays(rows []metrics.EvidenceRow, hours int) (days []metrics.Day) {
	by, seen := map[time.Time]*metrics.Day{}, map[[2]int64]bool{}
	for _, r := range rows {
		if r.Counted == metrics.Missing || seen[[2]int64{r.Seq, r.Row}] { // with two departments a record is listed for each
			continue
		}
		seen[[2]int64{r.Seq, r.Row}] = true
		d := by[r.Day]
		if d == nil {
			d = &metrics.Day{Date: r.Day}
			by[r.Day] = d
		}
		d.Count++
		if hours >= 0 && hours < len(r.Cells) {
			if n, err := fixed.Parse(r.Cells[hours]); err == nil {
				d.Hours += n
			}
		}
	}
	for _, day := range slices.SortedFunc(maps.Keys(by), time.Time.Compare) {
		days = append(days, *by[day])
	}
	return days
}

// selfTask tells how far the self-review of the month is.
func (q *request) selfTask(p *personPage, who whose) error {
	return q.rounds.Read(q.ctx(), p.Of, func(r *reviews.Round, _ int64) error {
		t := &task{Href: who.Base + "/self-review"}
		s := r.SelfReviews[who.No]
		switch {
		case r.Opened == nil:
			return nil
		case s == nil && who.Own:
			t.Text = q.say("写本月自评", "Write the self-review")
		case s == nil:
			t.Text = q.say("自评：还没有写", "Self-review: not begun")
		case s.State == reviews.Submitted:
			t.Text = fmt.Sprintf(q.say("自评已于 %s 提交", "self-review submitted %s"), q.moment(s.In.At))
		case who.Own:
			t.Text = q.say("继续写本月自评（草稿）", "Go on with the self-review (draft)")
		default:
			t.Text = q.say("自评：草稿，尚未提交", "Self-review: a draft, not submitted")
		}
		if s == nil || s.State != reviews.Submitted {
			say, late := q.due(r.Due)
			if t.Say = say; late {
				t.Class = "late"
			}
		}
		p.Self = t
		return nil
	})
}

// roundOf tells what was decided about the quarter: evaluations once they are published, and appeals.
func (q *request) roundOf(p *personPage, s *sheet, lines []*metrics.PersonLine) error {
	return q.rounds.Read(q.ctx(), p.Of, func(r *reviews.Round, _ int64) error {
		b := &roundBlock{}
		switch {
		case r.Opened == nil:
			b.State = q.say("本季度的上级评估还没有开放。", "The evaluations of this quarter are not open yet.")
		case r.Published == nil:
			b.State = q.say("上级评估进行中，公布后在这里显示。", "Evaluations are under way; they are shown here once published.")
		case r.Sealed != nil:
			b.State = fmt.Sprintf(q.say("已封账（%s）。", "Sealed (%s)."), r.Sealed.ID())
		default:
			b.State = fmt.Sprintf(q.say("结果于 %s 公布。", "Results published %s."), q.moment(r.Published.At))
		}
		if r.Published != nil {
			q.comments(b, s, r, lines)
			q.appealsOf(b, p, r, lines)
		}
		p.Round = b
		return nil
	})
}

// comments shows what superiors gave and said; their notes are for themselves.
func (q *request) comments(b *roundBlock, s *sheet, r *reviews.Round, lines []*metrics.PersonLine) {
	for _, l := range lines {
		d, _ := q.seat.staff.Department(l.Department)
		for _, u := range l.Superiors {
			e := r.Evaluations[metrics.Evaluated{Member: metrics.Member{Employee: l.Person.No, Department: l.Department}, Superior: u.No}]
			if e == nil || e.State != reviews.Submitted {
				continue
			}
			c := commentBlock{Department: d.Name.In(q.lang), Superior: q.superiors([]metrics.Superior{u}), Points: e.Points.Text(2), Comment: e.Text.Comment}
			c.Items = table{Caption: q.say("各项评分", "Points by item"), Head: []head{words(q.say("项目", "Item")), numbers(q.say("评分", "Points")), words(q.say("说明", "Comment"))}}
			for _, i := range e.Text.Items {
				c.Items.add(text(q.kpiName(s.Policy, i.KPI)), text(i.Points.Text(2)), text(i.Comment))
			}
			b.Comments = append(b.Comments, c)
		}
	}
}

func (q *request) kpiName(p *policy.Policy, id string) string {
	if k := p.KPI(id); k != nil {
		return charts.Name(k.Name).In(q.lang)
	}
	return id
}

// derivation shows how the score comes about, in words that can be checked with pencil and paper.
func (q *request) derivation(own bool) error {
	s, who, err := q.shownWhole(own)
	if err != nil {
		return err
	}
	if len(s.lines[who.No]) == 0 {
		return errNotFound
	}
	list, err := metrics.Derive(q.ctx(), q.company.Books, s.question, who.No)
	if err != nil {
		return err
	}
	files, err := q.company.ReceiptFiles(q.ctx(), q.lang, company.ReceiptsOf(list[0])...)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := explain.WritePerson(&b, list[0], files, q.lang); err != nil {
		return err
	}
	p := &documentPage{frame: q.frame(q.say("得分的由来", "How the score comes about")), Text: b.String(), Back: task{Href: who.Base, Text: q.say("返回", "Back")}}
	p.Foot = q.basis(s)
	return q.render("document", p)
}

type documentPage struct {
	frame
	Text string
	Back task
}

// evidencePage lists the rows behind a figure.
type evidencePage struct {
	frame
	Lead  string
	Table table
	More  string
	Back  task
}

// mostRows is how many rows of evidence a page shows; the download has all.
const mostRows = 500

// personRows lists the rows behind a figure of a person. Whoever leads him sees those of the days on which he did.
func (q *request) personRows(own bool) error {
	s, who, err := q.shown(own)
	if err != nil {
		return err
	}
	of := s.Period
	k := s.Policy.KPI(q.r.PathValue("kpi"))
	department := q.r.URL.Query().Get("department")
	if k == nil || k.IsRatio() || k.Anonymous || k.Dataset == nil {
		return errNotFound
	}
	if !own && !q.may(access.Evidence, access.Subject{Employee: who.No, Department: department, Period: of}) {
		return errNotFound
	}
	rows, err := metrics.Evidence(q.ctx(), q.company.Books, s.Policy, metrics.EvidenceQuestion{KPI: k, Period: of, Department: department, Employee: who.No, AsOf: s.LedgerSeq, ReportDay: s.Day, Asked: q.company.Today(s.Policy)})
	if err != nil {
		return err
	}
	if !own && !access.Everybody(q.viewer, access.Evidence) {
		rows = slices.DeleteFunc(rows, func(r metrics.EvidenceRow) bool {
			return !q.seat.sees(metrics.Member{Employee: who.No, Department: r.Department}, of, r.Day)
		})
	}
	return q.evidence(s, k, rows, task{Href: who.Base, Text: q.say("返回", "Back")})
}

// evidence shows rows, or hands them over as a file.
func (q *request) evidence(s *sheet, k *policy.KPI, rows []metrics.EvidenceRow, back task) error {
	origins, err := ingest.ReadOrigins(q.ctx(), q.company.Books)
	if err != nil {
		return err
	}
	p := &evidencePage{frame: q.frame(fmt.Sprintf(q.say("%s：逐条记录", "%s: the rows behind it"), charts.Name(k.Name).In(q.lang))), Back: back}
	p.Foot = q.basis(s)
	p.Lead = k.Formula.In(q.lang)
	p.Table = table{Caption: fmt.Sprintf(q.say("%s，共 %d 行", "%s, %d rows"), q.periodText(s.Period), len(rows)), Empty: q.say("这段时间没有记录。", "There are no records in this time."),
		Head: []head{words(q.say("计入", "Counted")), words(q.say("原因", "Why")), words(q.say("归属日", "Day")), words(q.say("部门", "Department")), numbers(q.say("份额", "Share"))}}
	for _, c := range k.Dataset.Columns {
		p.Table.Head = append(p.Table.Head, words(c.Name.In(q.lang)))
	}
	p.Table.Head = append(p.Table.Head, words(q.say("出自文件", "From file")), numbers(q.say("行", "Row")))
	all := q.wantsCSV()
	for i, r := range rows {
		if !all && i == mostRows {
			p.More = fmt.Sprintf(q.say("只显示前 %d 行；下载的表格有全部 %d 行。", "The first %d rows are shown; the download has all %d."), mostRows, len(rows))
			break
		}
		p.Table.add(q.evidenceCells(k.Dataset, r, origins)...)
	}
	if all {
		return q.download(&p.Table, k.ID+"-"+s.Period.String())
	}
	u := *q.r.URL
	v := u.Query()
	v.Set("format", "csv")
	u.RawQuery = v.Encode()
	p.Downloads = []download{{u.RequestURI(), q.say("下载表格（CSV）", "Download (CSV)")}}
	return q.render("evidence", p)
}

func (q *request) evidenceCells(d *policy.Dataset, r metrics.EvidenceRow, origins *ingest.Origins) []cell {
	counted := map[metrics.Counted]string{metrics.InBoth: q.say("计入", "counted"), metrics.InDenominator: q.say("仅分母", "denominator only"), metrics.Missing: q.say("缺", "missing"), metrics.LeftOut: q.say("未计入", "left out")}[r.Counted]
	cells := []cell{text(counted), text(r.Reason.In(q.lang)), text(r.Day.Format(time.DateOnly)), text(r.Department), text(r.Share.String())}
	for _, c := range r.Cells {
		cells = append(cells, text(c))
	}
	for range len(d.Columns) - len(r.Cells) {
		cells = append(cells, text(""))
	}
	switch {
	case r.Counted == metrics.Missing:
		return append(cells, text(""), text(""))
	case d.Recorded != "":
		return append(cells, text(company.Decision(r.Seq).In(q.lang)), text(""))
	}
	f, n := origins.Of(d.ID, r.Seq, r.Row)
	return append(cells, text(company.FileName(f)), text(fmt.Sprint(n)))
}

type historyPage struct {
	frame
	Table table
}

// ownHistory lists the viewer's sealed quarters.
func (q *request) ownHistory() error {
	p := &historyPage{frame: q.frame(q.say("我的历史", "My history"))}
	p.Table = table{Caption: q.say("已封账的季度", "Sealed quarters"), Head: []head{words(q.say("季度", "Quarter")), words(q.say("部门", "Department")), numbers(q.say("总分", "Total")), words(q.say("等级", "Band")), words(q.say("封账号", "Seal"))},
		Empty: q.say("还没有封账的季度；封账之后，每季度的结果都会留在这里。", "No quarter is sealed yet; after its seal each quarter's result stays here.")}
	for _, of := range q.quarters(20) {
		var seal *reviews.Seal
		if err := q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error { seal = r.Sealed; return nil }); err != nil {
			return err
		}
		if seal == nil {
			continue
		}
		results, err := reviews.Kept(q.company.Books, seal.Results)
		if err != nil {
			return err
		}
		scores, err := reviews.SealedScores(results)
		if err != nil {
			return err
		}
		for _, s := range scores {
			if s.Employee == q.viewer.Employee {
				d, _ := q.seat.staff.Department(s.Department)
				p.Table.add(link(q.periodText(of), "/me/"+of.String()), text(d.Name.In(q.lang)), text(points(s.Total)), text(s.Band), text(seal.ID()))
			}
		}
	}
	return q.render("history", p)
}
