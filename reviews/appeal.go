package reviews

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// Objection is what an appeal is about.
type Objection struct {
	Department  string
	Against     Against
	KPI, Record string
	Text        string
}

// File takes an appeal of the actor in and gives its id.
func (d *Desk) File(ctx context.Context, of period.Period, x Objection, now time.Time) (string, error) {
	if err := d.ruled(); err != nil {
		return "", err
	}
	r, err := Read(ctx, d.Books, of, AsKnownNow)
	if err != nil {
		return "", err
	}
	ev := &appealFiled{appealOf: appealOf{on{of.String()}, r.nextAppeal()}, Employee: d.Actor, Department: x.Department, Against: x.Against, KPI: x.KPI, Record: x.Record,
		Text: x.Text, MediateBy: d.workdaysAfter(now, d.Version.Policy.Reviews.Appeals.MediateWithin)}
	err = d.do(ctx, "appeal.filed", ev, func(s *scene) error {
		if !slices.Contains([]Against{Fact, Rule, Judgement}, x.Against) {
			return refuse("appeal.against", say("不认识“%s”", "“%s” is unknown", x.Against), say("写 fact（事实）、rule（规则）或 judgement（评分）", "write fact, rule or judgement"))
		}
		if x.KPI != "" && d.Version.Policy.KPI(x.KPI) == nil {
			return refuse("appeal.kpi", say("没有指标“%s”", "there is no KPI “%s”", x.KPI), say("请核对指标编号", "check its id"))
		}
		_, err := s.placed(metrics.Member{Employee: d.Actor, Department: x.Department})
		return err
	})
	return ev.Appeal, err
}

// roundOf reads the quarter that an appeal's id begins with.
func roundOf(appeal string) (period.Period, error) {
	if i := slices.Index([]byte(appeal), '-'); i > 0 {
		if p, err := period.Parse(appeal[:i]); err == nil && p.Kind() == period.Quarter {
			return p, nil
		}
	}
	return period.Period{}, refuse("appeal.unknown", say("“%s”不是申诉编号", "“%s” is no id of an appeal", appeal), say("写作 2026Q3-A1；用 plumbline appeal list 查看", "write it like 2026Q3-A1; plumbline appeal list shows them"))
}

// Verdict is how an instance decides an appeal.
type Verdict struct {
	Outcome Outcome
	Reason  string
	Remedy  Remedy
}

// Mediate decides an appeal in the department: by a head of it or one above who neither filed it nor gave the judgement.
func (d *Desk) Mediate(ctx context.Context, appeal string, v Verdict) error {
	return d.decide(ctx, "appeal.mediated", appeal, v, (*scene).mediates)
}

// mediates makes sure that the actor may mediate an appeal.
func (s *scene) mediates(a *Appeal) error {
	if !s.leads(a.Department) && !s.holds(policy.CEO) {
		return s.unauthorised(policy.Text{ZH: "部门或上级部门负责人", EN: "a head of the department or of one above"})
	}
	return nil
}

// Arbitrate decides an appeal for human resources.
func (d *Desk) Arbitrate(ctx context.Context, appeal string, v Verdict) error {
	return d.decide(ctx, "appeal.arbitrated", appeal, v, (*scene).arbitrates)
}

// arbitrates makes sure that the actor may arbitrate an appeal.
func (s *scene) arbitrates(a *Appeal) error {
	if a.Mediated != nil && a.Mediated.Actor == s.mark.Actor {
		return refuse("appeal.neutral", say("%s 已调解过此申诉，不能再仲裁", "%s mediated this appeal and cannot arbitrate it", s.mark.Actor), say("请另一位有权的人仲裁", "let somebody else arbitrate"))
	}
	return s.official(policy.HR)
}

// Instance is who decides an appeal.
type Instance string

// The instances.
const (
	Mediation   Instance = "mediation"   // in the department
	Arbitration Instance = "arbitration" // by human resources
)

// With gives the instance that an appeal waits for; "" while the person has to say whether he goes on, and once it ended.
func (a *Appeal) With() Instance {
	switch {
	case a.Ended() != nil:
		return ""
	case a.Escalated != nil:
		return Arbitration
	case a.Mediated == nil:
		return Mediation
	}
	return ""
}

// MayDecide says of each appeal of a round why the actor may not decide it for an instance, whoever's turn it is; it has no entry for those that he may.
func (d *Desk) MayDecide(ctx context.Context, of period.Period, by Instance, now time.Time) (map[string]*Refusal, error) {
	may := (*scene).mediates
	if by == Arbitration {
		may = (*scene).arbitrates
	}
	refused := map[string]*Refusal{}
	return refused, d.ask(ctx, of, now, func(s *scene) error {
		for _, a := range s.Appeals {
			err := cmp.Or(s.notSelf(a.Employee), may(s, a), s.neutral(a))
			if refusal, ok := errors.AsType[*Refusal](err); ok {
				refused[a.ID] = refusal
			}
		}
		return nil
	})
}

func (d *Desk) decide(ctx context.Context, kind, appeal string, v Verdict, may func(s *scene, a *Appeal) error) error {
	of, err := roundOf(appeal)
	if err != nil {
		return err
	}
	kindOf, err := d.corrected(v.Remedy.Seq)
	if err != nil {
		return err
	}
	ev := &appealDecided{appealOf{on{of.String()}, appeal}, v.Outcome, v.Reason, v.Remedy, kind == "appeal.arbitrated"}
	return d.do(ctx, kind, ev, func(s *scene) error {
		a, err := ev.open(s.Round)
		if err != nil {
			return err
		}
		if err := s.notSelf(a.Employee); err != nil {
			return err
		}
		if err := may(s, a); err != nil {
			return err
		}
		if v.Remedy.Points != nil {
			if err := d.ranged(a.Employee, *v.Remedy.Points); err != nil {
				return err
			}
		}
		if err := s.neutral(a); err != nil {
			return err
		}
		return s.related(ctx, a, v.Remedy.Seq, kindOf)
	})
}

// neutral keeps whoever gave a judgement, or changed it, from deciding about it (C31).
func (s *scene) neutral(a *Appeal) error {
	if a.Against != Judgement {
		return nil
	}
	gave := false
	for key, x := range s.Evaluations {
		gave = gave || key.Employee == a.Employee && key.Department == a.Department && (key.Superior == s.mark.Actor || x.In != nil && x.In.Actor == s.mark.Actor)
	}
	if c := s.Calibrated[metrics.Member{Employee: a.Employee, Department: a.Department}]; c != nil && c.Actor == s.mark.Actor {
		gave = true
	}
	if !gave {
		return nil
	}
	return refuse("appeal.neutral", say("%s 给出了被申诉的评分，不能处理对它的申诉", "%s gave the judgement that the appeal is against and cannot decide it", s.mark.Actor), say("请上一级负责人、总经理或人力资源处理", "let the next head, the CEO or human resources decide"))
}

// Escalate brings the actor's appeal to the arbitration of human resources.
func (d *Desk) Escalate(ctx context.Context, appeal, text string, now time.Time) error {
	of, err := roundOf(appeal)
	if err != nil {
		return err
	}
	if err := d.ruled(); err != nil {
		return err
	}
	ev := &appealEscalated{appealOf{on{of.String()}, appeal}, text, d.workdaysAfter(now, d.Version.Policy.Reviews.Appeals.ArbitrateWithin)}
	return d.do(ctx, "appeal.escalated", ev, func(s *scene) error { return s.own(appeal, text) })
}

// Withdraw ends the actor's appeal.
func (d *Desk) Withdraw(ctx context.Context, appeal, reason string) error {
	of, err := roundOf(appeal)
	if err != nil {
		return err
	}
	ev := &appealWithdrawn{appealOf{on{of.String()}, appeal}, reason}
	return d.do(ctx, "appeal.withdrawn", ev, func(s *scene) error { return s.own(appeal, reason) })
}

// own makes sure that an appeal is the actor's, and that he says why he goes on or ends it.
func (s *scene) own(appeal, reason string) error {
	if a := s.appeal(appeal); a != nil && a.Employee != s.mark.Actor {
		return s.unauthorised(policy.Text{ZH: "申诉人本人（" + a.Employee + "）", EN: fmt.Sprintf("the person who filed it (%s)", a.Employee)})
	}
	return reasoned(reason)
}
