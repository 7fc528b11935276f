package reviews

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

// Desk is where somebody decides: every method is one command of the actor, recorded in the ledger or refused with a *Refusal.
type Desk struct {
	Books   *books.Books
	Version policy.Version // the policy in force for the period
	Actor   string         // employee number
	Zone    *time.Location // of the company
	Known   Known          // what is at hand already; nil: everything is read when it is needed
}

// Known is what somebody who serves many desks has at hand. Each of its methods gives nothing where it cannot vouch that reading would give the same.
type Known interface {
	// Form is somebody's form of a month as known at a ledger sequence, nil where he has none.
	Form(ctx context.Context, of period.Period, asOf int64, employee string) (form *Form, known bool, err error)
	// Staff is the organisation as known at a ledger sequence, by a version of the policy, with the departments of a day.
	Staff(v policy.Version, asOf int64, day time.Time) *metrics.Staff
}

// scene is what a guard sees: the round, the organisation of the day, and who acts when.
type scene struct {
	*Round
	desk  *Desk
	staff *metrics.Staff
	mark  Mark
	day   time.Time // in the company's zone
	all   []metrics.Placed
	where map[metrics.Member]int // in all
	posts map[policy.Office][]string
	tx    *warehouse.Tx // reads what a guard has to look up in the facts
}

// ask makes sure, before anything is written, of what check asks; recording asks it again.
func (d *Desk) ask(ctx context.Context, of period.Period, now time.Time, check func(s *scene) error) error {
	if err := d.ruled(); err != nil {
		return err
	}
	return d.Books.View(ctx, func(tx *warehouse.Tx) error {
		r, err := Load(ctx, tx, of, AsKnownNow)
		if err != nil {
			return err
		}
		s, err := d.scene(ctx, tx, r, Mark{AsKnownNow + 1, now, d.Actor})
		if err != nil {
			return err
		}
		return check(s)
	})
}

// do records an event after check, in the same transaction, has found nothing against it.
func (d *Desk) do(ctx context.Context, kind string, ev event, check func(s *scene) error) error {
	if err := d.ruled(); err != nil {
		return err
	}
	of, subject := ev.about()
	if err := fits(kind, of); err != nil {
		return err
	}
	guarded := guard(func(ctx context.Context, tx *warehouse.Tx, r *Round, m Mark) error {
		s, err := d.scene(ctx, tx, r, m)
		if err == nil && of.Kind() == period.Month && (r.quarterSealed || subject == "") {
			err = quarterStands(ctx, tx, of, m)
		}
		if err != nil {
			return err
		}
		return check(s)
	})
	var prepared any = guarded
	if strings.HasPrefix(kind, "self.") {
		prepared = &quick{guard: guarded}
	}
	_, err := d.Books.Record(ctx, kind, d.Actor, ev, prepared)
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal // without the words of the machinery around it
	}
	return err
}

// fits refuses an event about a period that it cannot be about: self-reviews are of months, a deputy is of no period, all else is of quarters.
func fits(kind string, of period.Period) error {
	switch {
	case strings.HasPrefix(kind, "deputy."):
		return nil
	case kind == "month.opened" || strings.HasPrefix(kind, "self."):
		return monthly(of)
	}
	return quarterly(of)
}

// quarterStands refuses to change a month of a sealed quarter.
func quarterStands(ctx context.Context, tx *warehouse.Tx, month period.Period, m Mark) error {
	r, err := fold(ctx, tx, monthsQuarter(month), nobody, m.Seq-1)
	if err == nil && r.Sealed != nil {
		err = r.running()
	}
	return err
}

// ruled refuses to work without rules.
func (d *Desk) ruled() error {
	p := d.Version.Policy
	if p.Reviews == nil || p.Offices == nil {
		return refuse("policy.reviews", say("现行制度没有 offices 与 reviews 两节，无从办理", "the policy in force has no sections offices and reviews"),
			say("在 company.yaml 中补上（plumbline init 写出的默认制度里有样子），再用 plumbline policy adopt 启用", "add them to company.yaml (the default that plumbline init writes shows them), then run plumbline policy adopt"))
	}
	return nil
}

func (d *Desk) scene(ctx context.Context, tx *warehouse.Tx, r *Round, m Mark) (*scene, error) {
	s := &scene{Round: r, desk: d, mark: m, day: d.dayOf(m.At), tx: tx}
	var err error
	if d.Known != nil {
		s.staff = d.Known.Staff(d.Version, m.Seq-1, s.day)
	}
	if s.staff != nil {
		// at hand
	} else if s.staff, err = metrics.ReadStaff(ctx, tx, d.Version.Policy, m.Seq-1, s.day); err != nil {
		return nil, err
	}
	if !s.staff.Employed(m.Actor, s.day) {
		return nil, refuse("actor.unknown", say("“%s”不是在职员工的工号", "“%s” is not the number of somebody employed", m.Actor),
			say("用 --as 工号 写明由谁办理（或环境变量 PLUMBLINE_ACTOR）", "say who acts with --as NUMBER (or PLUMBLINE_ACTOR)"))
	}
	return s, nil
}

// dayOf gives the day of a moment in the company's zone, as midnight UTC.
func (d *Desk) dayOf(t time.Time) time.Time {
	y, m, day := t.In(d.Zone).Date()
	return time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
}

// endOf gives the last moment of a day in the company's zone.
func (d *Desk) endOf(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, d.Zone).UTC()
}

// workdaysAfter gives the end of the n-th workday after a moment.
func (d *Desk) workdaysAfter(t time.Time, n int64) time.Time {
	day := d.dayOf(t)
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if d.Version.Policy.Calendar.IsWorkday(day) {
			n--
		}
	}
	return d.endOf(day)
}

// holders lists who holds an office today.
func (s *scene) holders(o policy.Office) []string {
	list, known := s.posts[o]
	if !known {
		list = s.staff.Holders(s.desk.Version.Policy.Offices[o], s.day)
		if s.posts == nil {
			s.posts = map[policy.Office][]string{}
		}
		s.posts[o] = list
	}
	return list
}

func (s *scene) holds(o policy.Office) bool { return slices.Contains(s.holders(o), s.mark.Actor) }

// official makes sure that the actor holds one of the offices. The CEO may do what any of them may.
func (s *scene) official(offices ...policy.Office) error {
	for _, o := range append(offices, policy.CEO) {
		if s.holds(o) {
			return nil
		}
	}
	whose, holders := offices[0].Name(), s.holders(offices[0])
	if len(holders) == 0 {
		return s.unauthorised(policy.Text{ZH: whose.ZH + "（目前无人担任）", EN: whose.EN + " (nobody holds that office now)"})
	}
	return s.unauthorised(policy.Text{ZH: whose.ZH + "（" + names(holders) + "）", EN: whose.EN + " (" + names(holders) + ")"})
}

// unauthorised says whose business it is.
func (s *scene) unauthorised(whose policy.Text) error {
	return refuse("actor.office", policy.Text{ZH: s.mark.Actor + " 无权办理，这是" + whose.ZH + "的职责", EN: s.mark.Actor + " may not do this; it is for: " + whose.EN},
		say("请有权的人办理；任职见制度 company.yaml 的 offices", "let them do it; offices are named in company.yaml"))
}

// notSelf makes sure that nobody decides about himself.
func (s *scene) notSelf(employee string) error {
	if employee != s.mark.Actor {
		return nil
	}
	return refuse("actor.self", say("%s 不能为自己办理", "%s may not decide about himself", employee), say("请上一级、人力资源或总经理办理", "let the next superior, human resources or the CEO do it"))
}

// known makes sure that there is such an employee.
func (s *scene) known(employee string) error {
	if _, ok := s.staff.Person(employee); ok {
		return nil
	}
	return refuse("employee.unknown", say("没有工号“%s”", "there is no employee “%s”", employee), say("请核对工号", "check the number"))
}

// places lists who was where in the round's period; they are read once.
func (s *scene) places() []metrics.Placed {
	if s.where == nil {
		s.all, s.where = s.staff.Placed(s.Period), map[metrics.Member]int{}
		for i, x := range slices.Backward(s.all) {
			s.where[x.Member] = i
		}
	}
	return s.all
}

// placed gives a person's time in a department in the round's period.
func (s *scene) placed(m metrics.Member) (metrics.Placed, error) {
	all := s.places()
	if i, ok := s.where[m]; ok {
		return all[i], nil
	}
	return metrics.Placed{}, refuse("member.unknown", say("%s 在 %s 不在部门“%s”", "%s was not in the department “%[3]s” in %[2]s", m.Employee, s.Period.String(), m.Department),
		say("请核对工号与部门编号", "check both numbers"))
}

// superiors gives who stood above a person in the round's period.
func (s *scene) superiors(x metrics.Placed) []metrics.Superior {
	return s.staff.Superiors(x.Member, s.Period)
}

// leads reports whether the actor heads the department or one above it.
func (s *scene) leads(department string) bool {
	return slices.Contains(s.staff.Chain(department, s.day, ""), s.mark.Actor)
}

// card gives the scorecard that judges a department, nil for none.
func (s *scene) card(department string) *policy.Scorecard {
	return cardOf(s.desk.Version.Policy, s.staff, department)
}

func cardOf(p *policy.Policy, staff *metrics.Staff, department string) *policy.Scorecard {
	d, ok := staff.Department(department)
	if !ok {
		return nil
	}
	return p.ScorecardFor(d.Kind)
}

// ranged makes sure that points may be given.
func (d *Desk) ranged(what string, points fixed.Num) error {
	e := d.Version.Policy.Reviews.Evaluation
	if points >= e.Lowest && points <= e.Highest && points%(fixed.Int(1)/100) == 0 {
		return nil
	}
	return refuse("points.range", say("%s 的 %s 分不在 %s 与 %s 之间，或多于两位小数", "%s: %s points do not lie between %s and %s, or have more than two decimals", what, points, e.Lowest, e.Highest),
		say("请写制度允许的分数", "give points that the regulation allows"))
}

// items makes sure that points are given for KPIs of the scorecard, each once.
func (d *Desk) items(card *policy.Scorecard, list []ItemPoints) error {
	seen := map[string]bool{}
	for _, x := range list {
		if card == nil || !slices.ContainsFunc(card.Items, func(i policy.Item) bool { return i.KPI.ID == x.KPI }) || seen[x.KPI] {
			return refuse("points.item", say("“%s”不是考核表中的项目，或写了两次", "“%s” is no item of the scorecard, or is there twice", x.KPI), say("只写考核表中的项目，各一次", "write each item of the scorecard once"))
		}
		seen[x.KPI] = true
		if err := d.ranged(x.KPI, x.Points); err != nil {
			return err
		}
	}
	return nil
}

// missingItems lists the items of a scorecard without points.
func missingItems(card *policy.Scorecard, list []ItemPoints) (ids []string) {
	for _, i := range card.Items {
		if !slices.ContainsFunc(list, func(x ItemPoints) bool { return x.KPI == i.KPI.ID }) {
			ids = append(ids, i.KPI.ID)
		}
	}
	return ids
}

// OpenMonth opens the self-reviews of a month.
func (d *Desk) OpenMonth(ctx context.Context, of period.Period) error {
	if err := monthly(of); err != nil {
		return err
	}
	if err := d.ruled(); err != nil {
		return err
	}
	return d.do(ctx, "month.opened", &opened{on: on{of.String()}, Due: d.MonthDue(of)}, func(s *scene) error { return s.opens() })
}

// MonthDue is when the self-reviews of a month are due once they are opened, also where that has passed; zero where the policy has no self-reviews.
func (d *Desk) MonthDue(of period.Period) time.Time {
	if d.ruled() != nil {
		return time.Time{}
	}
	return d.endOf(of.End().AddDate(0, 0, int(d.Version.Policy.Reviews.SelfReview.DueDay)-1))
}

// OpenQuarter opens the evaluations of a quarter.
func (d *Desk) OpenQuarter(ctx context.Context, of period.Period) error {
	if err := quarterly(of); err != nil {
		return err
	}
	if err := d.ruled(); err != nil {
		return err
	}
	due := d.endOf(of.LastDay().AddDate(0, 0, int(d.Version.Policy.Reviews.Evaluation.DueDays)))
	return d.do(ctx, "quarter.opened", &opened{on: on{of.String()}, Due: due}, func(s *scene) error { return s.opens() })
}

// monthly refuses a period that is no month.
func monthly(of period.Period) error {
	if of.Kind() == period.Month {
		return nil
	}
	return refuse("period.kind", say("%s 不是一个月", "%s is no month", of.String()), say("写 2026-07 的样子", "write it like 2026-07"))
}

// quarterly refuses a period that is no quarter.
func quarterly(of period.Period) error {
	if of.Kind() == period.Quarter {
		return nil
	}
	return refuse("period.kind", say("%s 不是一个季度", "%s is no quarter", of.String()), say("写 2026Q3 的样子", "write it like 2026Q3"))
}

// opens makes sure that a round may begin: by human resources, and not before the period is over.
func (s *scene) opens() error {
	if err := s.official(policy.HR); err != nil {
		return err
	}
	if s.day.Before(s.Period.LastDay()) {
		return refuse("round.early", say("%s 还没有结束", "%s is not over", s.Period.String()), say("最后一天起可以开放", "it may be opened from its last day on"))
	}
	return nil
}

// NameDeputy lets somebody act for a superior for a while, both days included.
func (d *Desk) NameDeputy(ctx context.Context, superior, deputy string, from, to time.Time, reason string) error {
	return d.do(ctx, "deputy.named", &deputyNamed{superior, deputy, date(from), date(to), reason}, func(s *scene) error {
		if err := errors.Join(s.known(superior), s.known(deputy)); err != nil {
			return err
		}
		if superior == deputy || !s.staff.Employed(deputy, s.day) {
			return refuse("deputy.person", say("%s 不能代理 %s", "%s cannot act for %s", deputy, superior), say("代理人须是另一位在职员工", "a deputy is somebody else who is employed"))
		}
		if s.mark.Actor == superior {
			return nil
		}
		return s.official(policy.HR)
	})
}

// RevokeDeputy ends all deputyships of a deputy for a superior that run today or later. What he did until then stands.
func (d *Desk) RevokeDeputy(ctx context.Context, superior, deputy, reason string) error {
	return d.do(ctx, "deputy.revoked", &deputyRevoked{superior, deputy, reason}, func(s *scene) error {
		if !slices.ContainsFunc(s.Deputies, func(x Deputy) bool {
			return x.Superior == superior && x.Deputy == deputy && x.Revoked == nil && !s.day.After(x.To)
		}) {
			return refuse("deputy.none", say("%s 现在不代理 %s，以后也没有安排", "%s does not act for %s, now or later", deputy, superior), say("请核对两个工号", "check both numbers"))
		}
		if s.mark.Actor == superior {
			return nil
		}
		return s.official(policy.HR)
	})
}

// names writes some of a list of people for a message.
func names(list []string) string {
	const most = 8
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return strings.Join(list[:most], ", ") + " …"
}
