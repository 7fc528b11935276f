package notices

import (
	"slices"
	"time"

	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// appeals tells the instances of the appeals that are with them, and the people who filed them when they may go on.
func (l *look) appeals(r *reviews.Round) {
	if r.Published == nil || r.Sealed != nil {
		return
	}
	for _, a := range r.Appeals {
		switch {
		case a.Ended() != nil:
		case a.Escalated != nil:
			l.instance(r, a, a.Escalated.At, say("仲裁", "arbitration"), "arbitration", l.arbitrators(r, a))
		case a.Mediated != nil:
			l.escalatable(r, a, a.Mediated.At, "failed", say("部门调解没有达成一致。", "The mediation in the department came to no agreement."))
		default:
			l.instance(r, a, a.Filed.At, say("部门调解", "mediation"), "mediation", l.mediators(r, a))
			if l.now.After(a.MediateBy) {
				l.escalatable(r, a, a.MediateBy, "late", say("部门调解的期限（%s）已过。", "The term for mediation (%s) is over.", l.clock(a.MediateBy)))
			}
		}
	}
}

// instance tells who is to decide an appeal: at once, before the term and past it; then human resources too.
func (l *look) instance(r *reviews.Round, a *reviews.Appeal, since time.Time, name policy.Text, step string, who []string) {
	of, term, link := r.Period.String(), a.Term(), pageOf("appeals", a.ID)
	until := []policy.Text{say("请于 %s 前办结。", "Please decide it by %s.", l.clock(term))}
	if l.now.After(term) {
		for _, no := range l.holders(policy.HR) {
			if no != a.Employee && !slices.Contains(who, no) {
				who = append(who, no)
			}
		}
		for _, no := range who {
			l.add(AppealOverdue, of, no, term, link, say("申诉 %[1]s 的%[2]s已逾期", "The appeal %[1]s is past its term for %[3]s", plain(a.ID), name.ZH, name.EN),
				[]policy.Text{say("应于 %s 前办结，目前还没有结论。", "It was to be decided by %s and is still open.", l.clock(term))}, a.ID, step, no)
		}
		return
	}
	for _, no := range who {
		l.add(AppealWaiting, of, no, since, link, say("申诉 %[1]s 待%[2]s", "The appeal %[1]s waits for %[3]s", plain(a.ID), name.ZH, name.EN), until, a.ID, step, no)
		if soon := l.reminder(term); soon.After(since) {
			l.add(AppealSoon, of, no, soon, link, say("申诉 %[1]s 的%[2]s即将到期", "The term of the appeal %[1]s for %[3]s ends soon", plain(a.ID), name.ZH, name.EN), until, a.ID, step, no)
		}
	}
}

// escalatable tells the person that the appeal may be brought to arbitration now.
func (l *look) escalatable(r *reviews.Round, a *reviews.Appeal, since time.Time, step string, why policy.Text) {
	l.add(AppealEscalatable, r.Period.String(), a.Employee, since, pageOf("appeals", a.ID), say("您的申诉 %s 可以提请仲裁", "You may bring your appeal %s to arbitration", plain(a.ID)),
		[]policy.Text{why, say("是否提请人力资源仲裁，由您决定。", "Whether to ask human resources for arbitration is up to you.")}, a.ID, step, a.Employee)
}

// mediators gives the nearest head who may mediate, or else the CEO, or else human resources, who have to find somebody.
func (l *look) mediators(r *reviews.Round, a *reviews.Appeal) []string {
	heads := l.neutral(r, a, l.staff.Chain(a.Department, l.day, a.Employee))
	for _, list := range [][]string{heads[:min(len(heads), 1)], l.neutral(r, a, l.holders(policy.CEO)), l.neutral(r, a, l.holders(policy.HR))} {
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// arbitrators gives those of human resources who may arbitrate, or else the CEO.
func (l *look) arbitrators(r *reviews.Round, a *reviews.Appeal) []string {
	for _, o := range []policy.Office{policy.HR, policy.CEO} {
		list := slices.DeleteFunc(l.neutral(r, a, l.holders(o)), func(no string) bool { return a.Mediated != nil && a.Mediated.Actor == no })
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// neutral leaves out who filed an appeal, and of one against a judgement who gave it (C31). reviews.Desk refuses them in any case.
func (l *look) neutral(r *reviews.Round, a *reviews.Appeal, who []string) []string {
	return slices.DeleteFunc(slices.Clone(who), func(no string) bool {
		if no == a.Employee {
			return true
		}
		if a.Against != reviews.Judgement {
			return false
		}
		m := metrics.Member{Employee: a.Employee, Department: a.Department}
		for k, x := range r.Evaluations {
			if k.Member == m && (k.Superior == no || x.In != nil && x.In.Actor == no) {
				return true
			}
		}
		c := r.Calibrated[m]
		return c != nil && c.Actor == no
	})
}
