package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/reviews"
)

// officeRoutes are those of human resources, finance, auditors and executives about whole quarters.
func (s *Server) officeRoutes() (all []route) {
	for _, room := range [][]route{s.quarterRoutes(), s.exportRoutes(), s.rewardRoutes(), s.packRoutes(), s.auditRoutes(), s.surveyRoutes(), s.trailRoutes()} {
		all = append(all, room...)
	}
	return all
}

func (s *Server) quarterRoutes() []route {
	return []route{
		{pattern: "GET /quarters", action: access.RoundsRead, about: nobody, handle: (*request).quarterLatest},
		{pattern: "GET /quarters/{period}", action: access.RoundsRead, about: ofPeriod, handle: (*request).quarter},
		{pattern: "POST /quarters/{period}/{step}", action: access.Rounds, about: ofPeriod, handle: (*request).quarterStep},
		{pattern: "POST /quarters/{period}/seal", action: access.Rounds, about: ofPeriod, handle: (*request).sealNow, long: true},
		{pattern: "POST /quarters/{period}/verify", action: access.RoundsRead, about: ofPeriod, handle: (*request).verifyNow, long: true},
		{pattern: "GET /quarters/{period}/adjustments", action: access.RoundsRead, about: ofPeriod, handle: (*request).adjustments, long: true, trail: true},
		{pattern: "POST /quarters/{period}/approve", action: access.Rounds, about: ofPeriod, handle: (*request).approveNow, long: true},
		{pattern: "GET /quarters/{period}/rewards", action: access.Rounds, about: ofPeriod, handle: (*request).rewardPreview, long: true, trail: true},
		{pattern: "POST /quarters/{period}/rewards", action: access.Rounds, about: ofPeriod, handle: (*request).drawNow, long: true},
	}
}

// quarterPage is a quarter's way from the first self-review to the last signature.
type quarterPage struct {
	frame
	Next        task
	Tiles       tiles
	Months      table
	Departments table
	Waiting     table
	Exempt      table
	Appeals     table
	Seal        []noted
	SealSay     string
	Approved    table
	Lists       table
	Todo        []task // pages on which something is done
	Acts        []act  // in the order of the way
	Links       []task
	Unexempt    []act
	Verify      *act
	Exports     []act
}

// quarterLatest leads to the earliest of the last quarters that is opened and not sealed, or else to the last one with records.
func (q *request) quarterLatest() error {
	to, err := q.latest(period.Quarter)
	if err != nil {
		return err
	}
	for _, of := range q.quarters(quartersBack) {
		err := q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
			if r.Opened != nil && r.Sealed == nil {
				to = of
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return q.see("/quarters/"+to.String(), "")
}

func (q *request) quarter() error { return q.quarterPage(nil) }

// quarterAgain shows the quarter with why something was refused.
func (q *request) quarterAgain(err error) error {
	f := q.faultOf(err)
	if f.Status >= 500 || f.Status == 404 {
		return err
	}
	return q.quarterPage(&f)
}

func (q *request) quarterPage(f *fault) error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return err
	}
	months, err := q.monthsOf(of)
	if err != nil {
		return err
	}
	p := &quarterPage{frame: q.frame(fmt.Sprintf(q.say("%s考核进度", "Progress of %s"), q.periodText(of)))}
	p.Fault = f
	p.Foot = q.basis(s)
	p.Switch = q.periods(of, "/quarters/%s", q.quarters(8))
	p.Downloads = []download{{"/quarters/" + of.String() + "?format=csv", q.say("下载各部门进度（CSV）", "Download the departments (CSV)")}}
	err = q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
		tasks := reviews.Tasks(r, months, s.Report)
		progress := reviews.Progresses(r, months, s.Report, tasks)
		p.Months = q.monthTable(months)
		p.Departments = q.progressTable(progress, r.Opened != nil)
		p.Waiting = q.waitingTable(tasks)
		q.quarterTiles(p, r, progress, tasks)
		p.Next = q.nextStep(r, months, progress)
		q.quarterDecided(p, r)
		if q.may(access.Rounds, access.Subject{Period: of}) {
			q.quarterActs(p, r, months)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if q.wantsCSV() {
		return q.download(&p.Departments, fmt.Sprintf(q.say("%s-进度", "%s-progress"), of))
	}
	q.quarterExports(p, of)
	if f != nil {
		return q.renderStatus(f.Status, "quarter", p)
	}
	return q.render("quarter", p)
}

// monthsOf copies of a quarter's months what its progress needs, so that no two rounds are held at once.
func (q *request) monthsOf(of period.Period) (list []*reviews.Round, err error) {
	for _, m := range of.Months() {
		err := q.rounds.Read(q.ctx(), m, func(r *reviews.Round, _ int64) error {
			x := &reviews.Round{Period: m, Opened: r.Opened, Due: r.Due, SelfReviews: map[string]*reviews.SelfReview{}}
			for no, s := range r.SelfReviews {
				own := *s
				x.SelfReviews[no] = &own
			}
			list = append(list, x)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// handedIn counts a month's self-reviews: how many people were there, how many are in, and how many came late.
func (q *request) handedIn(r *reviews.Round) (people, in, late int) {
	seen := map[string]bool{}
	for _, x := range q.seat.placedIn(r.Period) {
		if seen[x.Employee] {
			continue
		}
		seen[x.Employee] = true
		people++
		if s := r.SelfReviews[x.Employee]; s != nil && s.State == reviews.Submitted {
			in++
			if s.Late {
				late++
			}
		}
	}
	return people, in, late
}

func (q *request) monthTable(months []*reviews.Round) table {
	t := table{Caption: q.say("每月自评", "Self-reviews by month"), Head: []head{words(q.say("月份", "Month")), words(q.say("开放", "Opened")), words(q.say("截止", "Due")),
		numbers(q.say("应交", "People")), numbers(q.say("已交", "In")), numbers(q.say("其中迟交", "Late")), numbers(q.say("还缺", "Missing"))}}
	for _, r := range months {
		if r.Opened == nil {
			t.add(text(q.periodText(r.Period)), text(q.say("尚未开放", "not open yet")), text("–"), text("–"), text("–"), text("–"), text("–"))
			continue
		}
		people, in, late := q.handedIn(r)
		missing := cell{Text: fmt.Sprint(people - in)}
		if people > in && r.Due.Before(q.now()) {
			missing.Class = "bad"
		}
		t.add(text(q.periodText(r.Period)), text(q.moment(r.Opened.At)), text(q.moment(r.Due)), text(fmt.Sprint(people)), text(fmt.Sprint(in)), text(fmt.Sprint(late)), missing)
	}
	return t
}

func (q *request) progressTable(list []reviews.Progress, opened bool) table {
	t := table{Caption: q.say("各部门", "Departments"), Empty: q.say("这个季度没有要评估的人；请核对成员与评分表。", "Nobody is to be evaluated in this quarter; check the memberships and the scorecards."),
		Head: []head{words(q.say("部门", "Department")), words(q.say("状态", "State")), numbers(q.say("人数", "People")), numbers(q.say("应自评", "Self-reviews due")), numbers(q.say("已自评", "In")), numbers(q.say("迟交", "Late")),
			numbers(q.say("应评", "Evaluations due")), numbers(q.say("已评", "In")), numbers(q.say("免评", "Exempt")), numbers(q.say("校准改动", "Calibrated")), words(q.say("待评的上级", "Waiting for"))}}
	for _, p := range list {
		n := func(i int) cell { return text(fmt.Sprint(i)) }
		t.add(text(p.Department.Name.In(q.lang)), text(q.departmentState(p, opened)), n(p.People), n(p.SelfDue), n(p.SelfIn), n(p.SelfLate), n(p.Due), n(p.In), n(p.Exempt), n(p.Calibrated), text(q.people(p.Waiting, 3)))
	}
	return t
}

// departmentState says how far a department is.
func (q *request) departmentState(p reviews.Progress, opened bool) string {
	switch {
	case !opened:
		return q.say("未开放", "not open")
	case p.State == reviews.Draft:
		return q.say("评估中", "evaluating")
	}
	return p.State.Name().In(q.lang)
}

// people names some of a list of employees, and says how many there are beyond them. "–" is a post that nobody holds.
func (q *request) people(list []string, most int) string {
	var names []string
	more := ""
	for i, no := range list {
		if i == most {
			more = fmt.Sprintf(q.say("等 %d 人", " and others, %d in all"), len(list))
			break
		}
		name := q.personName(no)
		if no == "" || no == "–" {
			name = q.say("无上级", "no superior")
		}
		names = append(names, name)
	}
	return strings.Join(names, q.say("、", ", ")) + more
}

// waitingTable lists the superiors whose evaluations are not in, those with the most first.
func (q *request) waitingTable(tasks []reviews.Task) table {
	open, draft := map[string]int{}, map[string]int{}
	var order []string
	for _, t := range tasks {
		if t.Exempt != nil || t.Done != nil && t.Done.State == reviews.Submitted {
			continue
		}
		if open[t.Superior] == 0 {
			order = append(order, t.Superior)
		}
		open[t.Superior]++
		if t.Done != nil {
			draft[t.Superior]++
		}
	}
	slices.SortStableFunc(order, func(a, b string) int {
		if d := open[b] - open[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	t := table{Caption: q.say("还没有交评估的上级", "Superiors with evaluations that are not in"), Head: []head{words(q.say("上级", "Superior")), words(q.say("工号", "Number")), numbers(q.say("未交", "Not in")), numbers(q.say("其中草稿", "Drafts"))},
		Empty: q.say("评估已全部提交。", "All evaluations are in.")}
	for _, no := range order {
		say := ""
		if no == "" {
			say = q.say("由现任上级或总经理代评", "for the present superior or the CEO")
		}
		t.add(cell{Text: q.people([]string{no}, 1), Say: say}, text(no), text(fmt.Sprint(open[no])), text(fmt.Sprint(draft[no])))
	}
	return t
}

func (q *request) quarterTiles(p *quarterPage, r *reviews.Round, progress []reviews.Progress, tasks []reviews.Task) {
	var selfDue, selfIn, due, in, closed int
	for _, x := range progress {
		selfDue, selfIn, due, in = selfDue+x.SelfDue, selfIn+x.SelfIn, due+x.Due, in+x.In
		if r.Closed[x.Department.ID] != nil {
			closed++
		}
	}
	of := func(n, all int) string { return fmt.Sprintf("%d / %d", n, all) }
	say, _ := q.due(r.Due)
	if in == due && due > 0 || r.Published != nil {
		say = ""
	}
	p.Tiles = tiles{{Name: q.say("自评", "Self-reviews"), Value: of(selfIn, selfDue), Say: q.say("三个月合计", "of the three months")}, {Name: q.say("上级评估", "Evaluations"), Value: of(in, due), Say: say},
		{Name: q.say("已结束校准的部门", "Departments calibrated"), Value: of(closed, len(progress))}, {Name: q.say("未结申诉", "Open appeals"), Value: fmt.Sprint(len(openAppeals(r))), Say: fmt.Sprintf(q.say("共 %d 件", "of %d"), len(r.Appeals))}}
	state := tile{Name: q.say("状态", "State"), Value: q.say("未开放", "not open")}
	switch {
	case r.Sealed != nil:
		state.Value, state.Say = q.say("已封账", "sealed"), r.Sealed.ID()
	case r.Published != nil:
		state.Value, state.Say = q.say("已公布", "published"), q.moment(r.Published.At)
	case r.Opened != nil:
		state.Value, state.Say = q.say("评估中", "evaluating"), fmt.Sprintf(q.say("%s 开放", "opened %s"), q.moment(r.Opened.At))
	}
	p.Tiles = append(tiles{state}, p.Tiles...)
}

func openAppeals(r *reviews.Round) (list []*reviews.Appeal) {
	for _, a := range r.Appeals {
		if a.Outcome() == "" {
			list = append(list, a)
		}
	}
	return list
}

// nextStep says in one sentence what has to be done next about a quarter. A quarter with nothing to do has no text.
func (q *request) nextStep(r *reviews.Round, months []*reviews.Round, progress []reviews.Progress) task {
	t := task{Href: "/quarters/" + r.Period.String()}
	switch {
	case r.Sealed != nil:
		q.nextReward(&t, r)
	case r.Published != nil:
		q.nextAppeal(&t, r)
	case r.Opened != nil:
		q.nextEvaluation(&t, r, progress)
	default:
		q.nextOpening(&t, r, months)
	}
	return t
}

func (q *request) nextOpening(t *task, r *reviews.Round, months []*reviews.Round) {
	for _, m := range months {
		if m.Opened == nil && !q.today().Before(m.Period.LastDay()) {
			t.Text = fmt.Sprintf(q.say("开放 %s的自评。", "Open the self-reviews of %s."), q.periodText(m.Period))
			return
		}
	}
	if q.today().Before(r.Period.LastDay()) {
		t.Say = fmt.Sprintf(q.say("本季度还没有结束；%s 起可以开放评估。", "The quarter is not over; its evaluations may be opened from %s on."), r.Period.LastDay().Format(time.DateOnly))
		return
	}
	t.Text = q.say("开放本季度的上级评估。", "Open the evaluations of the quarter.")
}

func (q *request) nextEvaluation(t *task, r *reviews.Round, progress []reviews.Progress) {
	missing, open := 0, []string{}
	var waiting []string
	for _, x := range progress {
		missing += x.Due - x.In
		waiting = append(waiting, x.Waiting...)
		if r.Closed[x.Department.ID] == nil {
			open = append(open, x.Department.Name.In(q.lang))
		}
	}
	slices.Sort(waiting)
	waiting = slices.Compact(waiting)
	switch {
	case len(waiting) > 0:
		t.Text = fmt.Sprintf(q.say("催交评估，还有 %d 份未交，涉及 %d 位上级。", "Remind superiors: %d evaluations of %d superiors are not in."), missing, len(waiting))
		late := false
		if t.Say, late = q.due(r.Due); late {
			t.Class = "late"
		}
	case len(open) > 0:
		t.Text = fmt.Sprintf(q.say("评估已齐，请结束 %d 个部门的校准（%s）。", "All evaluations are in; close the calibration of %d departments (%s)."), len(open), q.some(open))
	default:
		t.Text = q.say("各部门校准均已结束，可以公布结果。", "Every department is calibrated; publish the results.")
	}
}

// some writes the first few of a list.
func (q *request) some(list []string) string {
	const most = 4
	if len(list) > most {
		return strings.Join(list[:most], q.say("、", ", ")) + q.say(" 等", " and others")
	}
	return strings.Join(list, q.say("、", ", "))
}

func (q *request) nextAppeal(t *task, r *reviews.Round) {
	open := openAppeals(r)
	switch {
	case len(open) > 0:
		first := slices.MinFunc(open, func(a, b *reviews.Appeal) int { return a.Term().Compare(b.Term()) })
		t.Text = fmt.Sprintf(q.say("办结 %d 件申诉，最近的期限属于 %s。", "Decide %d appeals; %s is due first."), len(open), first.ID)
		late := false
		if t.Say, late = q.due(first.Term()); late {
			t.Class = "late"
		}
	case r.AppealUntil.After(q.now()):
		t.Say = fmt.Sprintf(q.say("申诉期至 %s，期满后封账。", "Appeals may be filed until %s; seal the quarter after that."), q.moment(r.AppealUntil))
	default:
		t.Text = q.say("申诉期已过，申诉均已办结，可以封账。", "The term for appeals is over and all are decided; seal the quarter.")
	}
}

func (q *request) nextReward(t *task, r *reviews.Round) {
	l := r.List(0)
	switch {
	case l == nil:
		t.Text = q.say("已封账，请生成奖惩名单。", "The quarter is sealed; draw the reward list up.")
	case l.Refused != nil:
		t.Text = fmt.Sprintf(q.say("第 %d 号名单被退回，请重新生成。", "Reward list %d was refused; draw it up again."), l.Number)
	case unsigned(l) > 0:
		t.Href, t.Text = "/rewards/"+r.Period.String(), fmt.Sprintf(q.say("第 %d 号名单还有 %d 张表待签。", "%[2]d sheets of reward list %[1]d wait for signatures."), l.Number, unsigned(l))
	case len(r.Approved) > 0 && r.Approved[len(r.Approved)-1].Seq > l.AsOf:
		t.Text = q.say("有已批准的调整，请生成补差名单。", "Adjustments were approved; draw up the list of compensations.")
	default:
		t.Say = q.say("已封账，名单均已签完。", "Sealed, and all reward lists are signed.")
	}
}

// unsigned counts the sheets of a list that wait for a signature.
func unsigned(l *reviews.RewardList) (n int) {
	if l.Refused != nil {
		return 0
	}
	for i := range l.Sheets {
		if l.Sheets[i].Next() != "" {
			n++
		}
	}
	return n
}

// quarterDecided shows exemptions, appeals, the seal and what followed it.
func (q *request) quarterDecided(p *quarterPage, r *reviews.Round) {
	p.Exempt = table{Caption: q.say("免评的人", "People who are exempt"), Head: []head{words(q.say("姓名", "Name")), words(q.say("工号", "Number")), words(q.say("部门", "Department")), words(q.say("理由", "Reason")), words(q.say("办理", "By"))}}
	for _, m := range exemptions(r) {
		x := r.Exempt[m]
		p.Exempt.add(text(q.personName(m.Employee)), text(m.Employee), text(q.departmentName(m.Department)), text(x.Text), text(q.personName(x.Actor)+" "+q.moment(x.At)))
	}
	p.Appeals = q.quarterAppeals(r)
	if x := r.Sealed; x != nil {
		p.SealSay = fmt.Sprintf(q.say("由 %s 于 %s 封账，封账号 %s。把封账号和账本末尾抄在别处，日后可以证明账没有被改过。", "Sealed by %s on %s, seal %s. Keep the seal and the ledger's head elsewhere; they prove later that nothing was changed."), q.personName(x.Actor), q.moment(x.At), x.ID())
		p.Seal = []noted{{q.say("封账哈希", "Hash"), x.Hash}, {q.say("账本末尾", "Ledger"), fmt.Sprintf("%d %s", x.AsOf, x.Head)}, {q.say("制度", "Policy"), x.Policy}, {q.say("记录", "Records"), x.Facts}, {q.say("组织", "Organisation"), x.Org}, {q.say("结果", "Results"), x.Results}}
		p.Todo = append(p.Todo, task{Href: "/quarters/" + r.Period.String() + "/adjustments", Text: q.say("封账之后会改变结果的事项", "What came after the seal and would change the results")})
		p.Verify = &act{Summary: q.say("核验封账", "Verify the seal"), Button: q.say("开始核验", "Verify"), Href: "/quarters/" + r.Period.String() + "/verify",
			Explain: q.say("由账本与原件重建全部数据，重算结果并与封账逐行核对，可能需要几分钟。", "Everything is made anew from ledger and originals, computed again and compared with the seal row by row. This may take some minutes.")}
	}
	p.Approved = table{Caption: q.say("已批准的调整", "Approved adjustments"), Head: []head{numbers(q.say("至账序", "Up to")), words(q.say("理由", "Reason")), words(q.say("批准", "By"))}}
	for _, a := range r.Approved {
		p.Approved.add(text(fmt.Sprint(a.Seq)), text(a.Text), text(q.personName(a.Actor)+" "+q.moment(a.At)))
	}
	p.Lists = q.listTable(r)
}

// exemptions lists who is exempt, by department and number.
func exemptions(r *reviews.Round) (list []metrics.Member) {
	for m := range r.Exempt {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b metrics.Member) int {
		return strings.Compare(a.Department+" "+a.Employee, b.Department+" "+b.Employee)
	})
	return list
}

func (q *request) quarterAppeals(r *reviews.Round) table {
	t := table{Caption: q.say("申诉", "Appeals"), Head: []head{words(q.say("编号", "Appeal")), words(q.say("申诉人", "Employee")), words(q.say("部门", "Department")), words(q.say("针对", "Against")), words(q.say("提出", "Filed")), words(q.say("办到哪一步", "State")), words(q.say("期限", "Term")), words(q.say("按期", "In time"))}}
	for _, a := range r.Appeals {
		state, term := outcomeNames[a.Outcome()].In(q.lang), cell{Text: q.moment(a.Term())}
		switch {
		case a.Outcome() != "":
		case a.Escalated != nil:
			state = q.say("人力资源仲裁中", "with human resources")
		case a.Mediated != nil:
			state = q.say("调解未成，可申请仲裁", "not settled; may be taken to human resources")
		default:
			state = q.say("部门调解中", "with the department")
		}
		if a.Outcome() == "" && a.Term().Before(q.now()) {
			term.Class = "bad"
		}
		kept := "–"
		if x := a.InTime(); x != nil {
			kept = map[bool]string{true: q.say("是", "yes"), false: q.say("否", "no")}[*x]
		}
		t.add(text(a.ID), text(q.personName(a.Employee)), text(q.departmentName(a.Department)), text(againstNames[a.Against].In(q.lang)), text(q.moment(a.Filed.At)), text(state), term, text(kept))
	}
	return t
}

func (q *request) listTable(r *reviews.Round) table {
	t := table{Caption: q.say("奖惩名单", "Reward lists"), Head: []head{words(q.say("名单", "List")), words(q.say("生成", "Drawn up")), numbers(q.say("人数", "People")), numbers(q.say("合计（元）", "Total (yuan)")), words(q.say("签字", "Signatures"))}}
	for _, l := range r.Lists {
		signed := fmt.Sprintf(q.say("%d / %d 张表签完", "%d / %d sheets signed"), len(l.Sheets)-unsigned(l), len(l.Sheets))
		if l.Refused != nil {
			signed = q.say("已退回：", "refused: ") + l.Refused.Text
		}
		t.add(link(q.listName(l), "/rewards/"+r.Period.String()), text(q.moment(l.Drawn.At)), text(fmt.Sprint(l.Lines)), text(yuan(l.Total)), text(signed))
	}
	return t
}

// listName names a reward list.
func (q *request) listName(l *reviews.RewardList) string {
	if l.Compensation {
		return fmt.Sprintf(q.say("第 %d 号（补差）", "List %d (compensations)"), l.Number)
	}
	return fmt.Sprintf(q.say("第 %d 号", "List %d"), l.Number)
}
