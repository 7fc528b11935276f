package reviews

import (
	"context"
	"slices"
	"strings"
	"time"

	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// SelfDraft is what a person hands in for a self-review: the text, and upon what it was written.
type SelfDraft struct {
	Version int   // of the self-review that the writer saw, 0 for none
	AsOf    int64 // ledger sequence of the form that the writer saw
	Text    SelfText
	Rest    Reply // the reply to lines without an answer; "" leaves them open
}

// SaveSelf keeps a self-review of the actor as a draft.
func (d *Desk) SaveSelf(ctx context.Context, of period.Period, draft SelfDraft, now time.Time) error {
	form, err := d.formOf(ctx, of, draft.AsOf, now)
	if err != nil {
		return err
	}
	if err := d.answered(form, &draft); err != nil {
		return err
	}
	ev := &selfSaved{selfOf{on{of.String()}, d.Actor, draft.Version}, draft.Text}
	return d.do(ctx, "self.saved", ev, func(*scene) error { return nil })
}

// formOf gives the actor's own form as it was at a ledger sequence.
func (d *Desk) formOf(ctx context.Context, of period.Period, asOf int64, now time.Time) (*Form, error) {
	if err := d.ruled(); err != nil {
		return nil, err
	}
	form, err := d.readForm(ctx, of, asOf, now)
	if err == nil && form == nil {
		err = refuse("member.none", say("%s 在 %s 不属于任何部门，没有自评", "%s belonged to no department in %s and has no self-review", d.Actor, of.String()), say("请核对工号与月份", "check number and month"))
	}
	return form, err
}

// readForm gives the actor's form, one at hand where there is one; nil where he has none.
func (d *Desk) readForm(ctx context.Context, of period.Period, asOf int64, now time.Time) (*Form, error) {
	if d.Known != nil {
		if form, known, err := d.Known.Form(ctx, of, asOf, d.Actor); known || err != nil {
			return form, err
		}
	}
	forms, err := Forms(ctx, d.Books, d.question(of, asOf, now), d.Actor)
	return forms[d.Actor], err
}

// answered checks the answers against the form, and notes what each line said.
func (d *Desk) answered(form *Form, draft *SelfDraft) error {
	var answers []Answer
	for _, l := range form.Lines {
		i := slices.IndexFunc(draft.Text.Answers, func(a Answer) bool { return a.Line == l.Key })
		a := Answer{Line: l.Key, Reply: draft.Rest}
		if i >= 0 && draft.Text.Answers[i].Reply != "" {
			a = draft.Text.Answers[i]
		}
		if a.Seen = l.Text.ZH; a.Reply == "" {
			continue
		}
		if err := a.sound(); err != nil {
			return err
		}
		answers = append(answers, a)
	}
	for _, a := range draft.Text.Answers {
		if form.line(a.Line) == nil {
			return refuse("self.line", say("自评表中没有“%s”一行", "the form has no line “%s”", a.Line), say("请重新取出自评表", "fetch the form again"))
		}
	}
	var card policy.Scorecard
	for _, i := range form.Items {
		card.Items = append(card.Items, policy.Item{KPI: i.KPI})
	}
	draft.Text.Answers = answers
	return d.items(&card, draft.Text.Points)
}

// sound refuses an unknown reply and an objection without words.
func (a Answer) sound() error {
	switch {
	case a.Reply != Accepted && a.Reply != Commented && a.Reply != Disputed:
		return refuse("self.reply", say("“%s”：不认识答复“%s”", "“%s”: the reply “%s” is unknown", a.Line, a.Reply), say("写 accepted（认可）、commented（说明）或 disputed（有异议）", "write accepted, commented or disputed"))
	case a.Reply != Accepted && strings.TrimSpace(a.Comment) == "":
		return refuse("self.comment", say("“%s”：说明或异议没有写内容", "“%s”: a comment or dispute without words", a.Line), say("请在 comment 写明", "write it into comment"))
	}
	return nil
}

// SubmitSelf hands the actor's self-review in. Every line has to be answered, every item to have points.
func (d *Desk) SubmitSelf(ctx context.Context, of period.Period, version int, now time.Time) error {
	form, err := d.formOf(ctx, of, AsKnownNow, now)
	if err != nil {
		return err
	}
	ev := &selfSubmitted{selfOf{on{of.String()}, d.Actor, version}}
	return d.do(ctx, "self.submitted", ev, func(s *scene) error {
		x := s.SelfReviews[d.Actor]
		if x == nil || x.State != Draft {
			return nil // the state says why not
		}
		var open []string
		for _, l := range form.Lines {
			if !slices.ContainsFunc(x.Text.Answers, func(a Answer) bool { return a.Line == l.Key }) {
				open = append(open, l.Key)
			}
		}
		if len(open) > 0 {
			return refuse("self.open", say("还有 %d 行没有答复：%s", "%d lines are not answered: %s", len(open), names(open)), say("逐行认可、说明或提出异议；其余都认可的写 rest: accepted", "accept, comment or dispute each; write rest: accepted to accept all others"))
		}
		for _, i := range form.Items {
			if !slices.ContainsFunc(x.Text.Points, func(p ItemPoints) bool { return p.KPI == i.KPI.ID }) {
				return refuse("self.points", say("考核项目 %s 没有自评分", "the item %s has no points", i.KPI.ID), say("为每个考核项目打分", "give each item points"))
			}
		}
		return nil
	})
}

// AsKnownNow is the ledger sequence of everything known.
const AsKnownNow = int64(1)<<62 - 1

// ReopenSelf gives a submitted self-review back to its writer.
func (d *Desk) ReopenSelf(ctx context.Context, of period.Period, employee, reason string) error {
	ev := &selfReopened{selfOf{on{of.String()}, employee, 0}, reason}
	return d.do(ctx, "self.reopened", ev, func(s *scene) error {
		if err := s.notSelf(employee); err != nil {
			return err
		}
		for _, x := range s.places() {
			if x.Employee == employee && (s.leads(x.Department) || slices.ContainsFunc(s.superiors(x), func(u metrics.Superior) bool { return u.No == s.mark.Actor })) {
				return nil
			}
		}
		return s.official(policy.HR)
	})
}
