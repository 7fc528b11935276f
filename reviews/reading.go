package reviews

import (
	"context"
	"slices"
	"time"

	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
)

// MayReadSelf makes sure that the actor may read the self-review of somebody: his own, that of a person under him in the month (also as
// a deputy today), or any for human resources.
func (d *Desk) MayReadSelf(ctx context.Context, of period.Period, employee string, now time.Time) error {
	return d.ask(ctx, of, now, func(s *scene) error {
		if s.mark.Actor == employee || s.holds(policy.HR) {
			return nil
		}
		if err := s.known(employee); err != nil {
			return err
		}
		var above []string
		for _, x := range s.places() {
			if x.Employee != employee {
				continue
			}
			for _, u := range s.superiors(x) {
				if u.No != "" && u.No == s.mark.Actor || s.deputises(u.No) {
					return nil
				}
				if u.No != "" && !slices.Contains(above, u.No) {
					above = append(above, u.No)
				}
			}
		}
		return s.unreadable(employee, above)
	})
}

// MayReadEvaluations makes sure that the actor may read evaluations in the making, with their notes: those that he may write, or any for
// human resources, but for his own.
func (d *Desk) MayReadEvaluations(ctx context.Context, of period.Period, keys []metrics.Evaluated, now time.Time) error {
	return d.ask(ctx, of, now, func(s *scene) error {
		for _, key := range keys {
			if key.Employee != s.mark.Actor && s.holds(policy.HR) {
				continue
			}
			if err := s.evaluates(key); err != nil {
				return err
			}
		}
		return nil
	})
}

// unreadable says who may read what a person wrote.
func (s *scene) unreadable(employee string, above []string) error {
	return refuse("self.secret", policy.Text{ZH: s.mark.Actor + " 不能查看 " + employee + " 的自评", EN: s.mark.Actor + " may not read the self-review of " + employee},
		policy.Text{ZH: "只有本人、当月的上级（" + orNobody(names(above)) + "）与人力资源可以查看", EN: "the person, the superiors of that month (" + orNobody(names(above)) + ") and human resources may"})
}
