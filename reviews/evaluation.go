package reviews

import (
	"context"
	"errors"
	"math/big"
	"slices"
	"strings"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// Task is an evaluation that is to be written, with all that is known of it.
type Task struct {
	metrics.Evaluated
	Person    metrics.Person
	Days      int // on which the superior stood above
	Card      *policy.Scorecard
	Items     []metrics.ItemScore // of the stay
	KPIPoints *fixed.Num
	Self      []ItemPoints // the person's own points: of the last month of the quarter with a self-review that is in
	Done      *Evaluation  // what was written; nil: nothing
	Exempt    *Exemption
}

// Tasks lists the evaluations of a quarter, by department and person. The report judges the quarter.
func Tasks(round *Round, months []*Round, r *metrics.Report) []Task {
	var list []Task
	for i := range r.People {
		l := &r.People[i]
		if l.Score.Scorecard == nil {
			continue
		}
		m := metrics.Member{Employee: l.Person.No, Department: l.Department}
		days := map[string]int{}
		var order []string
		for _, s := range l.Superiors {
			if days[s.No] == 0 {
				order = append(order, s.No)
			}
			days[s.No] += int(s.To.Sub(s.From).Hours()/24) + 1
		}
		for _, no := range order {
			key := metrics.Evaluated{Member: m, Superior: no}
			list = append(list, Task{Evaluated: key, Person: l.Person, Days: days[no], Card: l.Score.Scorecard, Items: l.Score.Items, KPIPoints: l.Score.KPIPoints,
				Self: selfPoints(months, l.Person.No), Done: round.Evaluations[key], Exempt: round.Exempt[m]})
		}
	}
	return list
}

// selfPoints gives the points of the last self-review that is in.
func selfPoints(months []*Round, employee string) []ItemPoints {
	for _, m := range slices.Backward(months) {
		if s := m.SelfReviews[employee]; s != nil && s.State == Submitted {
			return s.Text.Points
		}
	}
	return nil
}

// SelfTotal weighs the person's own points as the scorecard does; nil where an item has none.
func (t Task) SelfTotal() *fixed.Num {
	var sum fixed.Num
	for _, i := range t.Card.Items {
		at := slices.IndexFunc(t.Self, func(x ItemPoints) bool { return x.KPI == i.KPI.ID })
		if at < 0 {
			return nil
		}
		sum += t.Self[at].Points.Times(i.Weight)
	}
	sum /= 100
	return &sum
}

// Given is what the superior gave; nil until it is in.
func (t Task) Given() *fixed.Num {
	if t.Done == nil || t.Done.State != Submitted {
		return nil
	}
	return &t.Done.Points
}

// Gap is Given less the KPI points; nil where one of them is missing.
func (t Task) Gap() *fixed.Num {
	given := t.Given()
	if given == nil || t.KPIPoints == nil {
		return nil
	}
	gap := *given - *t.KPIPoints
	return &gap
}

// Waits reports whether the evaluation is still to be written.
func (t Task) Waits() bool { return t.Exempt == nil && t.Given() == nil }

// EvaluationDraft is an evaluation as it is handed in.
type EvaluationDraft struct {
	metrics.Evaluated
	Version int // of the evaluation that the writer saw, 0 for none
	Text    EvaluationText
	Submit  bool
}

// SaveEvaluations keeps evaluations, all of them or none. Those that are submitted at once must be complete.
func (d *Desk) SaveEvaluations(ctx context.Context, of period.Period, drafts []EvaluationDraft, now time.Time) error {
	if err := quarterly(of); err != nil {
		return err
	}
	if err := d.ruled(); err != nil {
		return err
	}
	if len(drafts) == 0 {
		return refuse("evaluation.none", say("没有一份评估", "there is no evaluation"), say("用 plumbline review form 取出待评的人", "plumbline review form gives the people to evaluate"))
	}
	stays, err := d.stays(ctx, of, now)
	if err != nil {
		return err
	}
	ev := &evaluationsSaved{on: on{of.String()}}
	for _, x := range drafts {
		w := written{x.Employee, x.Department, x.Superior, x.Version, x.Text, nil}
		if x.Submit {
			if w.Submit, err = d.complete(x, stays[x.Member]); err != nil {
				return err
			}
		}
		ev.Evaluations = append(ev.Evaluations, w)
	}
	return d.do(ctx, "evaluation.saved", ev, func(s *scene) error {
		for _, x := range drafts {
			if err := s.evaluates(x.Evaluated); err != nil {
				return err
			}
			if err := d.items(s.card(x.Department), x.Text.Items); err != nil {
				return err
			}
		}
		return nil
	})
}

// stays gives the time of each person in each department, with the KPI part of its score.
func (d *Desk) stays(ctx context.Context, of period.Period, now time.Time) (map[metrics.Member]*metrics.PersonLine, error) {
	r, err := metrics.Judge(ctx, d.Books, d.question(of, AsKnownNow, now))
	if err != nil {
		return nil, err
	}
	stays := map[metrics.Member]*metrics.PersonLine{}
	for i := range r.People {
		l := &r.People[i]
		stays[metrics.Member{Employee: l.Person.No, Department: l.Department}] = l
	}
	return stays, nil
}

// SubmitEvaluation hands a saved evaluation in.
func (d *Desk) SubmitEvaluation(ctx context.Context, of period.Period, key metrics.Evaluated, version int, now time.Time) error {
	if err := d.ruled(); err != nil {
		return err
	}
	stays, err := d.stays(ctx, of, now)
	if err != nil {
		return err
	}
	r, err := Read(ctx, d.Books, of, AsKnownNow)
	if err != nil {
		return err
	}
	ev := &evaluationSubmitted{evaluationOf: evaluationOf{on{of.String()}, key.Employee, key.Department, key.Superior, version}}
	if x := r.Evaluations[key]; x != nil && x.State == Draft {
		in, err := d.complete(EvaluationDraft{Evaluated: key, Text: x.Text}, stays[key.Member])
		if err != nil {
			return err
		}
		ev.handedIn = *in
	}
	return d.do(ctx, "evaluation.submitted", ev, func(s *scene) error { return s.evaluates(key) })
}

// complete makes sure that an evaluation may be submitted, and works out its points: those of all items by their weights.
func (d *Desk) complete(x EvaluationDraft, stay *metrics.PersonLine) (*handedIn, error) {
	if stay == nil || stay.Score.Scorecard == nil {
		return nil, refuse("scorecard.none", say("没有考核表考核 %s 在部门“%s”的工作", "no scorecard judges %s in the department “%s”", x.Employee, x.Department), say("请核对工号与部门编号", "check number and department"))
	}
	card, kpi := stay.Score.Scorecard, stay.Score.KPIPoints
	if open := missingItems(card, x.Text.Items); len(open) > 0 {
		return nil, refuse("evaluation.items", say("对 %s 的评估缺少项目：%s", "the evaluation of %s lacks items: %s", x.Employee, names(open)), say("为每个考核项目打分后再提交", "give each item points, then submit"))
	}
	rules := d.Version.Policy.Reviews.Evaluation
	sum := new(big.Rat)
	for _, i := range x.Text.Items {
		if (i.Points < rules.Below || i.Points > rules.Above) && strings.TrimSpace(i.Comment) == "" {
			return nil, refuse("evaluation.extreme", say("对 %s 的评估：%s 给了 %s 分，须写明理由（低于 %s 或高于 %s）", "the evaluation of %s: %s points for %[2]s need a reason (below %[4]s or above %[5]s)", x.Employee, i.KPI, i.Points, rules.Below, rules.Above),
				say("在该项目的 comment 写明", "write it into the item's comment"))
		}
		at := slices.IndexFunc(card.Items, func(c policy.Item) bool { return c.KPI.ID == i.KPI })
		if at < 0 {
			return nil, d.items(card, x.Text.Items)
		}
		sum.Add(sum, new(big.Rat).Mul(i.Points.Rat(), card.Items[at].Weight.Rat()))
	}
	points, _ := fixed.Round(sum.Quo(sum, big.NewRat(100, 1)), 2)
	if kpi != nil && max(points-*kpi, *kpi-points) >= rules.Gap && strings.TrimSpace(x.Text.Comment) == "" {
		return nil, refuse("evaluation.gap", say("对 %s 的评估合计 %s 分，与指标得分 %s 相差达到 %s 分，须写明理由", "the evaluation of %s comes to %s points, %[4]s or more away from the %[3]s of the KPIs, and needs a reason", x.Employee, points, *kpi, rules.Gap),
			say("在总评语 comment 写明", "write it into the comment of the evaluation"))
	}
	return &handedIn{points, kpi}, nil
}

// evaluates makes sure that the actor may evaluate somebody for a superior: he is the superior, his deputy, or the CEO; where nobody stood
// above, or the superior has left, also the one who stands above now.
func (s *scene) evaluates(key metrics.Evaluated) error {
	if err := s.notSelf(key.Employee); err != nil {
		return err
	}
	x, err := s.placed(key.Member)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(s.superiors(x), func(u metrics.Superior) bool { return u.No == key.Superior }) {
		return refuse("superior.unknown", say("%s 在 %s 不是 %s 的上级", "%s was not the superior of %[3]s in %[2]s", orNobody(key.Superior), s.Period.String(), key.Employee),
			say("用 plumbline review list 查看应由谁评估", "plumbline review list shows who evaluates whom"))
	}
	actor := s.mark.Actor
	switch {
	case actor == key.Superior, s.deputises(key.Superior), s.holds(policy.CEO):
		return nil
	case (key.Superior == "" || !s.staff.Employed(key.Superior, s.day)) && actor == s.staff.Above(key.Member, s.day):
		return nil
	}
	return refuse("evaluation.actor", say("%s 不能替 %s 评估 %s", "%s may not evaluate %[3]s for %[2]s", actor, orNobody(key.Superior), key.Employee),
		say("由上级本人、其代理人或总经理评估；上级已离职或当时没有上级的，也可由现任上级评估", "the superior, his deputy or the CEO evaluates; when he has left or there was none, also the present superior"))
}

func orNobody(no string) string {
	if no == "" {
		return "–"
	}
	return no
}

// deputises reports whether the actor acts for a superior today.
func (s *scene) deputises(superior string) bool {
	return superior != "" && slices.Contains(s.deputiesOf(superior), s.mark.Actor)
}

// deputiesOf lists who acts for somebody today and is employed.
func (s *scene) deputiesOf(superior string) (list []string) {
	for _, x := range s.Deputies {
		if x.Superior == superior && x.Revoked == nil && !s.day.Before(x.From) && !s.day.After(x.To) && s.staff.Employed(x.Deputy, s.day) {
			list = append(list, x.Deputy)
		}
	}
	return list
}

// ReturnEvaluation gives a submitted evaluation back to its writer.
func (d *Desk) ReturnEvaluation(ctx context.Context, of period.Period, key metrics.Evaluated, version int, reason string) error {
	ev := &evaluationReturned{evaluationOf{on{of.String()}, key.Employee, key.Department, key.Superior, version}, reason}
	return d.do(ctx, "evaluation.returned", ev, func(s *scene) error {
		if err := s.notSelf(key.Employee); err != nil {
			return err
		}
		return s.official(policy.HR)
	})
}

// Unexempt takes an exemption back.
func (d *Desk) Unexempt(ctx context.Context, of period.Period, m metrics.Member, reason string) error {
	ev := &unexempted{memberOf{on{of.String()}, m.Employee, m.Department, reason}}
	return d.do(ctx, "evaluation.unexempted", ev, func(s *scene) error {
		if err := s.notSelf(m.Employee); err != nil {
			return err
		}
		return s.official(policy.HR)
	})
}

// Calibrate sets the superiors' part of a person in a department, by a head of the department or human resources.
func (d *Desk) Calibrate(ctx context.Context, of period.Period, m metrics.Member, version int, points fixed.Num, reason string) error {
	ev := &calibrated{memberOf{on{of.String()}, m.Employee, m.Department, reason}, points, version}
	return d.do(ctx, "evaluation.calibrated", ev, func(s *scene) error {
		if err := s.notSelf(m.Employee); err != nil {
			return err
		}
		if err := s.calibrates(m.Department); err != nil {
			return err
		}
		if err := d.ranged(m.Employee, points); err != nil {
			return err
		}
		x, err := s.placed(m)
		if err != nil {
			return err
		}
		if open := s.unwritten(x); len(open) > 0 {
			return refuse("calibration.early", say("对 %s 的评估还没有全部提交（%s）", "the evaluations of %s are not all in (%s)", m.Employee, names(open)), say("先由上级评估", "let the superiors evaluate first"))
		}
		return nil
	})
}

// calibrates makes sure that the actor may set points in a department: a head of it or of one above, or human resources.
func (s *scene) calibrates(department string) error {
	if s.leads(department) {
		return nil
	}
	return s.official(policy.HR)
}

// unwritten lists the superiors whose evaluation of a person is not in.
func (s *scene) unwritten(x metrics.Placed) (list []string) {
	for _, u := range s.superiors(x) {
		if e := s.Evaluations[metrics.Evaluated{Member: x.Member, Superior: u.No}]; (e == nil || e.State != Submitted) && !slices.Contains(list, orNobody(u.No)) {
			list = append(list, orNobody(u.No))
		}
	}
	return list
}

// Exempt says that nobody evaluates a person in a department this time.
func (d *Desk) Exempt(ctx context.Context, of period.Period, m metrics.Member, reason string) error {
	return d.do(ctx, "evaluation.exempted", &exempted{memberOf{on{of.String()}, m.Employee, m.Department, reason}}, func(s *scene) error {
		if err := s.notSelf(m.Employee); err != nil {
			return err
		}
		if _, err := s.placed(m); err != nil {
			return err
		}
		return s.official(policy.HR)
	})
}

// open lists the people of a department whose evaluation is not in, and how many it has.
func (s *scene) open(department string) (open []string, people int) {
	for _, x := range s.places() {
		if x.Department != department {
			continue
		}
		people++
		if s.Exempt[x.Member] == nil && len(s.unwritten(x)) > 0 && s.card(department) != nil {
			open = append(open, x.Employee)
		}
	}
	return open, people
}

// CloseCalibration ends the calibration of a department: its evaluations stand.
func (d *Desk) CloseCalibration(ctx context.Context, of period.Period, department string) error {
	return d.do(ctx, "calibration.closed", &calibrationClosed{departmentOf{on: on{of.String()}, Department: department}}, func(s *scene) error {
		if err := s.calibrates(department); err != nil {
			return err
		}
		open, people := s.open(department)
		switch {
		case people == 0:
			return refuse("department.empty", say("部门“%s”在 %s 没有人", "nobody was in the department “%s” in %s", department, s.Period.String()), say("请核对部门编号；空部门无须校准", "check the department; an empty one needs no calibration"))
		case len(open) > 0:
			return refuse("calibration.incomplete", say("部门 %s 还有 %d 人没有评完：%s", "%[2]d people of %[1]s are not evaluated: %[3]s", department, len(open), names(open)),
				say("评完，或由人力资源写明理由免评", "have them evaluated, or exempted by human resources with a reason"))
		}
		return nil
	})
}

// ReopenCalibration lets a department's evaluations change again.
func (d *Desk) ReopenCalibration(ctx context.Context, of period.Period, department, reason string) error {
	return d.do(ctx, "calibration.reopened", &calibrationReopened{departmentOf{on{of.String()}, department, reason}}, func(s *scene) error { return s.official(policy.HR) })
}

// Publish shows everybody his results and begins the term for appeals. Every department with people has to be calibrated, and nobody may
// have come into one since who is not evaluated.
func (d *Desk) Publish(ctx context.Context, of period.Period, now time.Time) error {
	if err := quarterly(of); err != nil {
		return err
	}
	if err := d.ruled(); err != nil {
		return err
	}
	ev := &published{on{of.String()}, d.workdaysAfter(now, d.Version.Policy.Reviews.Appeals.FileWithin)}
	return d.do(ctx, "quarter.published", ev, func(s *scene) error {
		if err := s.official(policy.HR); err != nil {
			return err
		}
		return s.publishable()
	})
}

// publishable makes sure that every department is closed and everybody in it evaluated.
func (s *scene) publishable() error {
	var open, since []string
	for _, dep := range s.staff.Departments() {
		switch missing, people := s.open(dep.ID); {
		case people > 0 && s.Closed[dep.ID] == nil:
			open = append(open, dep.ID)
		case len(missing) > 0:
			since = append(since, dep.ID+" "+strings.Join(missing, " "))
		}
	}
	switch {
	case len(open) > 0:
		return refuse("publish.open", say("还有部门没有结束校准：%s", "departments whose calibration is not closed: %s", names(open)), say("用 plumbline review close 逐个结束", "close them with plumbline review close"))
	case len(since) > 0:
		return refuse("publish.incomplete", say("校准结束之后，部门里又有了没有评估的人：%s", "since the calibration was closed, departments have people who are not evaluated: %s", names(since)),
			say("用 plumbline review reopen 重开，评完或免评后再结束", "open it again with plumbline review reopen, have them evaluated or exempted, and close it"))
	}
	return nil
}

// MayCalibrate says why the actor may not set points in a department now; nil where he may.
func (d *Desk) MayCalibrate(ctx context.Context, of period.Period, department string, now time.Time) error {
	return d.ask(ctx, of, now, func(s *scene) error { return s.calibrates(department) })
}

// MayEvaluate says of each evaluation why the actor may not write it now; it has no entry for those that he may write.
func (d *Desk) MayEvaluate(ctx context.Context, of period.Period, keys []metrics.Evaluated, now time.Time) (map[metrics.Evaluated]*Refusal, error) {
	refused := map[metrics.Evaluated]*Refusal{}
	return refused, d.ask(ctx, of, now, func(s *scene) error {
		for _, key := range keys {
			if refusal, ok := errors.AsType[*Refusal](s.evaluates(key)); ok {
				refused[key] = refusal
			}
		}
		return nil
	})
}
