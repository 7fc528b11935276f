package notices

import (
	"maps"
	"slices"
	"time"

	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// selfReviews reminds people of a month's self-review until its quarter is published, and tells human resources whose are overdue.
func (l *look) selfReviews(r *reviews.Round) {
	if r.Opened == nil {
		return
	}
	of, late := r.Period.String(), l.now.After(r.Due)
	var missing []policy.Text
	for _, no := range l.employees(l.judged(r)) {
		if s := r.SelfReviews[no]; s != nil && s.State == reviews.Submitted {
			continue
		}
		missing = append(missing, l.person(no))
		link := pageOf("me", of)
		if late {
			l.add(SelfReviewOverdue, of, no, r.Due, link, say("%[1]s自评已逾期", "Your self-review of %[2]s is overdue", r.Period.ZH(), r.Period.EN()),
				[]policy.Text{say("您的自评应于 %s 前提交，目前还没有提交，请尽快补交。", "It was due by %s and is not in yet. Please hand it in as soon as you can.", l.clock(r.Due))}, of, no)
			continue
		}
		l.add(SelfReviewSoon, of, no, later(r.Opened.At, l.reminder(r.Due)), link, say("%[1]s自评即将截止", "Your self-review of %[2]s is due soon", r.Period.ZH(), r.Period.EN()),
			[]policy.Text{say("请于 %s 前提交。", "Please hand it in by %s.", l.clock(r.Due))}, of, no)
	}
	if late && len(missing) > 0 {
		l.officials(SelfReviewsMissing, of, r.Due, pageOf("quarters", of), say("%[1]s：%[2]d 人未交自评", "%[3]s: missing self-reviews: %[2]d", r.Period.ZH(), len(missing), r.Period.EN()), missing, of)
	}
}

// officials tells every holder of human resources.
func (l *look) officials(k Kind, of string, since time.Time, link string, title policy.Text, body []policy.Text, parts ...string) {
	for _, no := range l.holders(policy.HR) {
		l.add(k, of, no, since, link, title, body, append(slices.Clone(parts), no)...)
	}
}

// turn is somebody who is to write evaluations, for himself or as a deputy.
type turn struct{ actor, superior string }

// evaluations reminds superiors of a quarter's evaluations until it is published, and tells human resources who is late.
func (l *look) evaluations(r *reviews.Round) {
	if r.Opened == nil || r.Published != nil || r.Sealed != nil {
		return
	}
	of, late := r.Period.String(), l.now.After(r.Due)
	waiting := l.unwritten(r)
	var missing []policy.Text
	for _, t := range slices.SortedFunc(maps.Keys(waiting), func(a, b turn) int {
		return slices.Compare([]string{a.actor, a.superior}, []string{b.actor, b.superior})
	}) {
		n, link, parts := len(waiting[t]), pageOf("evaluations", of), []string{of, t.actor}
		if t.superior != t.actor {
			parts = append(parts, t.superior)
		} else {
			who := l.person(t.actor)
			missing = append(missing, say("%[1]s：%[2]d 人", "%[3]s: people to evaluate: %[2]d", who.ZH, n, who.EN))
		}
		body := []policy.Text{say("还有 %d 人待您评估，截止 %s。", "People waiting for your evaluation: %d. Due by %s.", n, l.clock(r.Due))}
		if t.superior != t.actor {
			who := l.person(t.superior)
			body = append(body, say("您现在代理 %[1]s。", "You act for %[2]s now.", who.ZH, who.EN))
		}
		if late {
			l.add(EvaluationOverdue, of, t.actor, r.Due, link, say("%[1]s上级评估已逾期", "Your evaluations of %[2]s are overdue", r.Period.ZH(), r.Period.EN()), body, parts...)
			continue
		}
		l.add(EvaluationSoon, of, t.actor, later(r.Opened.At, l.reminder(r.Due)), link, say("%[1]s上级评估即将截止", "Your evaluations of %[2]s are due soon", r.Period.ZH(), r.Period.EN()), body, parts...)
	}
	if late && len(missing) > 0 {
		l.officials(EvaluationsMissing, of, r.Due, pageOf("quarters", of), say("%[1]s：%[2]d 位上级未完成评估", "%[3]s: superiors with evaluations to write: %[2]d", r.Period.ZH(), len(missing), r.Period.EN()), missing, of)
	}
}

// unwritten lists whose evaluations are not in, by those whose turn it is. Whoever may write one is told by the rules of reviews.Desk; here only
// those are listed of whom it is expected: the superior and his deputies, or where there is none now, who stands above today, or the CEO.
func (l *look) unwritten(r *reviews.Round) map[turn][]string {
	waiting := map[turn][]string{}
	for _, x := range l.judged(r) {
		if r.Exempt[x.Member] != nil || r.Closed[x.Department] != nil {
			continue
		}
		for _, s := range l.staff.Superiors(x.Member, r.Period) {
			if e := r.Evaluations[metrics.Evaluated{Member: x.Member, Superior: s.No}]; e != nil && e.State == reviews.Submitted {
				continue
			}
			for _, t := range l.turns(r, x.Member, s.No) {
				if !slices.Contains(waiting[t], x.Employee) {
					waiting[t] = append(waiting[t], x.Employee)
				}
			}
		}
	}
	return waiting
}

// turns says whose turn it is to evaluate somebody for a superior.
func (l *look) turns(r *reviews.Round, m metrics.Member, superior string) (list []turn) {
	if superior != "" && l.staff.Employed(superior, l.day) {
		list = []turn{{superior, superior}}
		for _, no := range l.deputies(r, superior) {
			if no != m.Employee {
				list = append(list, turn{no, superior})
			}
		}
		return list
	}
	if above := l.staff.Above(m, l.day); above != "" && above != m.Employee {
		return []turn{{above, above}}
	}
	for _, no := range l.holders(policy.CEO) {
		if no != m.Employee {
			list = append(list, turn{no, no})
		}
	}
	return list
}

// published tells everybody of a quarter that its results are there, and reminds those who filed no appeal of the term for it.
func (l *look) published(r *reviews.Round) {
	if r.Published == nil || r.Sealed != nil || l.now.After(r.AppealUntil) {
		return
	}
	of, until := r.Period.String(), l.clock(r.AppealUntil)
	for _, no := range l.employees(l.judged(r)) {
		l.add(QuarterPublished, of, no, r.Published.At, pageOf("me", of), say("%[1]s考核结果已公布", "The results of %[2]s are published", r.Period.ZH(), r.Period.EN()),
			[]policy.Text{say("请查看本人的结果；有异议的，可在 %s 前提出申诉。", "Please look at yours. If you object, you may appeal until %s.", until)}, of, no)
		soon, filed := l.reminder(r.AppealUntil), slices.ContainsFunc(r.Appeals, func(a *reviews.Appeal) bool { return a.Employee == no })
		if soon.After(r.Published.At) && !filed {
			l.add(AppealTermSoon, of, no, soon, pageOf("me", of), say("%[1]s申诉期即将截止", "The term for appeals about %[2]s ends soon", r.Period.ZH(), r.Period.EN()),
				[]policy.Text{say("申诉须在 %s 前提出；没有异议的无须办理。", "An appeal has to be filed until %s. If you do not object, there is nothing to do.", until)}, of, no)
		}
	}
}
