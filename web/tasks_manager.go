package web

import (
	"fmt"
	"slices"

	"plumbline/access"
	"plumbline/internal/period"
	"plumbline/reviews"
)

// managerTasks are what waits for somebody who leads others: evaluations, calibrations, appeals to mediate and reward lists to sign.
func (q *request) managerTasks() (list []task, err error) {
	if q.viewer.Employee == "" || !access.Anywhere(q.viewer, access.Cases) {
		return nil, nil
	}
	for _, of := range q.quarters(quartersBack) {
		for _, find := range []func(period.Period) ([]task, error){q.evaluationTasks, q.appealTasks, q.signatureTasks} {
			found, err := find(of)
			if err != nil {
				return nil, err
			}
			list = append(list, found...)
		}
	}
	return list, nil
}

// evaluationTasks are the evaluations that the viewer has to write, and the departments whose calibration he has to close.
func (q *request) evaluationTasks(of period.Period) (list []task, err error) {
	running := false
	err = q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
		running = r.Opened != nil && r.Published == nil && r.Sealed == nil
		return nil
	})
	if err != nil || !running {
		return nil, err
	}
	err = q.judge(of, func(x *judged) error {
		say, late := q.due(x.round.Due)
		waiting := 0
		for _, t := range x.tasks {
			if t.Waits() && x.round.Closed[t.Department] == nil && q.falls(of, t.Evaluated) {
				waiting++
			}
		}
		if waiting > 0 {
			list = append(list, task{Href: "/evaluations/" + of.String(), Text: fmt.Sprintf(q.say("%s还有 %d 人待您评估", "%s: %d people wait for your evaluation"), q.periodText(of), waiting), Say: say, Class: lateClass(late)})
		}
		list = append(list, q.calibrationTasks(x)...)
		return nil
	})
	return list, err
}

// calibrationTasks are the departments that the viewer heads and whose calibration is not closed. Those that wait for evaluations say so.
func (q *request) calibrationTasks(x *judged) (list []task) {
	for _, d := range reviews.Progresses(x.round, x.months, x.Report, x.tasks) {
		heads := q.seat.staff.Chain(d.Department.ID, q.today(), "")
		if len(heads) == 0 || heads[0] != q.viewer.Employee || x.round.Closed[d.Department.ID] != nil {
			continue
		}
		t := task{Href: "/calibrations/" + x.Period.String() + "/" + d.Department.ID, Text: fmt.Sprintf(q.say("校准并结束%s的评估", "Calibrate and close the evaluations of %s"), d.Department.Name.In(q.lang))}
		if left := d.Due - d.In; len(d.Waiting) > 0 {
			t.Say = fmt.Sprintf(q.say("还有 %d 份评估没有提交", "%d evaluations are not in"), left)
		}
		list = append(list, t)
	}
	return list
}

// signatureTasks are the sheets of reward lists whose head's step is the viewer's, or that of somebody for whom he acts.
func (q *request) signatureTasks(of period.Period) (list []task, err error) {
	err = q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
		l := r.List(0)
		if l == nil || l.Refused != nil {
			return nil
		}
		for i := range l.Sheets {
			s := &l.Sheets[i]
			heads := q.seat.staff.Chain(s.Department, q.today(), "")
			if s.Next() != reviews.HeadStep || len(heads) == 0 || !slices.Contains(q.seat.heads, heads[0]) {
				continue
			}
			list = append(list, task{Href: "/rewards/" + of.String(), Text: fmt.Sprintf(q.say("签 %s的奖惩名单：%s", "Sign the reward list of %s: %s"), q.periodText(of), q.departmentName(s.Department)), Say: fmt.Sprintf(q.say("%d 人", "%d people"), s.People)})
		}
		return nil
	})
	return list, err
}
