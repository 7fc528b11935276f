package reviews

import (
	"context"
	"slices"
	"time"

	"plumbline/internal/period"
	"plumbline/policy"
)

// signs makes sure that the actor may take a step of a sheet.
func (s *scene) signs(e sheetOf, step Step, people []string) error {
	if step == "" { // when all have signed, the state says so
		return nil
	}
	may, whose, again := s.signers(e, step, people)
	deputy := say("请他人签字；无人可签的，由当事人或人力资源用 plumbline review deputy 指定代理人", "let somebody else sign; where nobody is left, the person concerned or human resources name a deputy with plumbline review deputy")
	switch {
	case slices.Contains(may, s.mark.Actor):
		return nil
	case slices.Contains(people, s.mark.Actor):
		return s.notSelf(s.mark.Actor)
	case again:
		return refuse("rewards.twice", say("%s 已签过此表的另一环节，一人不能签两次", "%s has taken another step of this sheet, and nobody takes two", s.mark.Actor), deputy)
	case len(may) == 0:
		return refuse("rewards.nobody", policy.Text{ZH: step.Name().ZH + "这一步没有人可以签字", EN: "nobody is left to sign as: " + step.Name().EN}, deputy)
	}
	return s.unauthorised(policy.Text{ZH: whose.ZH + "（" + names(may) + "）", EN: whose.EN + " (" + names(may) + ")"})
}

// signers lists who may take a step of a sheet: he or who acts for him holds its post, gets nothing of the sheet, and has taken no other step of it. Where
// that leaves nobody, the CEO signs instead, and then human resources. again reports whether the actor is out for having signed before.
func (s *scene) signers(e sheetOf, step Step, people []string) (may []string, whose policy.Text, again bool) {
	own := func(no string) bool { return slices.Contains(people, no) }
	signed := func(no string) bool { return s.hasSigned(e, no) }
	whose = step.Name()
	may = slices.DeleteFunc(s.withDeputies(s.posted(e.Department, step)), own)
	again = slices.Contains(may, s.mark.Actor) && signed(s.mark.Actor)
	may = slices.DeleteFunc(may, signed)
	for _, instead := range []policy.Office{policy.CEO, policy.HR} {
		if len(may) == 0 {
			may, whose = slices.DeleteFunc(s.withDeputies(s.holders(instead)), own), instead.Name()
			again = again || slices.Contains(may, s.mark.Actor) && signed(s.mark.Actor)
			may = slices.DeleteFunc(may, signed)
		}
	}
	return may, whose, again
}

// Signers says of each sheet of a reward list, by its department, which employees may take the step that is due. Sheets that wait for nobody are left out; one
// that nobody may sign has an empty list. Number 0 means the last list.
func (d *Desk) Signers(ctx context.Context, of period.Period, number int, now time.Time) (map[string][]string, error) {
	e, _, err := d.sheetEvent(ctx, of, number, "")
	if err != nil {
		return nil, err
	}
	waiting := map[string][]string{}
	return waiting, d.ask(ctx, of, now, func(s *scene) error {
		l := s.List(e.Number)
		if l.Refused != nil {
			return nil
		}
		lines, err := l.ReadLines(d.Books)
		if err != nil {
			return err
		}
		people := map[string][]string{}
		for _, x := range lines {
			people[x.Sheet] = append(people[x.Sheet], x.Employee)
		}
		for i := range l.Sheets {
			if x := &l.Sheets[i]; x.Next() != "" {
				of := e
				of.Department = x.Department
				waiting[x.Department], _, _ = s.signers(of, x.Next(), people[x.Department])
			}
		}
		return nil
	})
}

// posted lists who holds the post of a step.
func (s *scene) posted(department string, step Step) []string {
	switch step {
	case HeadStep:
		heads := s.staff.Chain(department, s.day, "")
		return heads[:min(len(heads), 1)]
	case FinanceStep:
		return s.holders(policy.Finance)
	}
	return s.holders(policy.CEO)
}

// withDeputies gives people with those who act for them today.
func (s *scene) withDeputies(posts []string) []string {
	list := slices.Clone(posts)
	for _, no := range posts {
		for _, x := range s.deputiesOf(no) {
			if !slices.Contains(list, x) {
				list = append(list, x)
			}
		}
	}
	return list
}

// hasSigned reports whether somebody has taken a step of a sheet.
func (s *scene) hasSigned(e sheetOf, no string) bool {
	if l := s.List(e.Number); l != nil {
		if x := l.Sheet(e.Department); x != nil {
			return slices.ContainsFunc(x.Signed(), func(x Signature) bool { return x.Actor == no })
		}
	}
	return false
}

// PayAhead lets a sheet be paid before it is signed; the signatures are made up (C10). A head may do so below the limit of the policy.
func (d *Desk) PayAhead(ctx context.Context, of period.Period, number int, department, reason string, now time.Time) error {
	e, people, err := d.sheetEvent(ctx, of, number, department)
	if err != nil {
		return err
	}
	by := d.endOf(d.dayOf(now).AddDate(0, 0, int(d.Version.Policy.Rewards.MakeUpWithin)))
	return d.do(ctx, "rewards.emergency", &rewardsEmergency{e, reason, by}, func(s *scene) error {
		if slices.Contains(people, s.mark.Actor) {
			return s.notSelf(s.mark.Actor)
		}
		if !s.leads(department) || s.holds(policy.CEO) {
			return s.official(policy.CEO)
		}
		limit := d.Version.Policy.Rewards.EmergencyLimit
		if x := s.List(e.Number).Sheet(department); x != nil && max(x.Total, -x.Total) >= limit {
			return refuse("rewards.emergency", say("该表合计 %s 元，达到部门负责人应急发放的限额 %s 元", "the sheet comes to %s yuan; a head may pay ahead less than %s yuan", x.Total, limit), say("请总经理决定", "let the CEO decide"))
		}
		return nil
	})
}
