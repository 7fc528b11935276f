package web

import (
	"errors"
	"fmt"
	"slices"

	"plumbline/access"
	"plumbline/company"
	"plumbline/ingest"
	"plumbline/internal/period"
	"plumbline/internal/trail"
	"plumbline/reviews"
)

// officeTasks are what waits for human resources, auditors, and whoever has to sign reward lists.
func (q *request) officeTasks() (list []task, err error) {
	var finds []func() ([]task, error)
	if access.Everybody(q.viewer, access.Rounds) {
		finds = append(finds, q.quarterTasks, q.quarantineTasks, q.overdueTasks, q.arbitrationTasks)
	}
	if access.Anywhere(q.viewer, access.Sign) && q.viewer.Employee != "" {
		finds = append(finds, q.signTasks)
	}
	if q.viewer.Has(access.Auditor) {
		finds = append(finds, q.sealTasks)
	}
	for _, find := range finds {
		found, err := find()
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// begun is how many quarters back one that was never opened is still told of.
const begun = 2

// quarterTasks tell the next step of each of the last quarters that has one.
func (q *request) quarterTasks() (list []task, err error) {
	if q.seat.version.Policy.Reviews == nil {
		return nil, nil // there is no way to go
	}
	for i, of := range q.quarters(quartersBack) {
		months, err := q.monthsOf(of)
		if err != nil {
			return nil, err
		}
		progress, err := q.progressOf(of, months)
		if err != nil {
			return nil, err
		}
		err = q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
			if r.Opened == nil && i >= begun {
				return nil
			}
			if t := q.nextStep(r, months, progress); t.Text != "" {
				t.Text = q.periodText(of) + q.say("：", ": ") + t.Text
				list = append(list, t)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// progressOf gives how far the departments are in a quarter that is being evaluated; nil for any other, whose next step does not need it.
func (q *request) progressOf(of period.Period, months []*reviews.Round) (list []reviews.Progress, err error) {
	running := false
	err = q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
		running = r.Opened != nil && r.Published == nil
		return nil
	})
	if err != nil || !running {
		return nil, err
	}
	s, err := q.figures.of(q.ctx(), of)
	if err != nil {
		return nil, err
	}
	err = q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
		list = reviews.Progresses(r, months, s.Report, reviews.Tasks(r, months, s.Report))
		return nil
	})
	return list, err
}

// quarantineTasks tell of rows that wait for a correction.
func (q *request) quarantineTasks() ([]task, error) {
	files, err := ingest.Files(q.ctx(), q.company.Books, company.Always)
	if err != nil {
		return nil, err
	}
	var rows, of int64
	for _, f := range files {
		if f.Withdrawn == 0 && f.Waiting > 0 {
			rows, of = rows+f.Waiting, of+1
		}
	}
	if rows == 0 {
		return nil, nil
	}
	return []task{{Href: "/files", Text: fmt.Sprintf(q.say("隔离区有 %d 行待更正，出自 %d 个文件", "%d rows of %d files wait in quarantine"), rows, of)}}, nil
}

// overdueTasks tell of self-reviews that are late.
func (q *request) overdueTasks() (list []task, err error) {
	for _, m := range q.months(monthsBack + 1) {
		of, _ := reviews.QuarterOf(m)
		sealed := false
		if err := q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error { sealed = r.Sealed != nil; return nil }); err != nil {
			return nil, err
		}
		err := q.rounds.Read(q.ctx(), m, func(r *reviews.Round, _ int64) error {
			if sealed || r.Opened == nil || r.Due.After(q.now()) {
				return nil
			}
			if people, in, _ := q.handedIn(r); people > in {
				say, _ := q.due(r.Due)
				list = append(list, task{Href: "/quarters/" + of.String(), Text: fmt.Sprintf(q.say("%s自评还缺 %d 份", "%[1]s: %[2]d self-reviews are missing"), q.periodText(m), people-in), Say: say, Class: "late"})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// arbitrationTasks tell of appeals that human resources have to decide.
func (q *request) arbitrationTasks() (list []task, err error) {
	for _, of := range q.quarters(quartersBack) {
		err := q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
			for _, a := range openAppeals(r) {
				if a.Escalated == nil {
					continue
				}
				say, late := q.due(a.ArbitrateBy)
				t := task{Href: "/appeals", Text: fmt.Sprintf(q.say("仲裁申诉 %s（%s）", "Decide the appeal %s (%s)"), a.ID, q.personName(a.Employee)), Say: say}
				if late {
					t.Class = "late"
				}
				list = append(list, t)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// signTasks tell of the sheets of reward lists that the viewer may sign now.
func (q *request) signTasks() (list []task, err error) {
	for _, of := range q.quarters(quartersBack) {
		var numbers []int
		err := q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
			for _, l := range r.Lists {
				if unsigned(l) > 0 {
					numbers = append(numbers, l.Number)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, n := range numbers {
			d, err := q.desk(of)
			if err != nil {
				return nil, err
			}
			may, err := d.Signers(q.ctx(), of, n, q.now())
			if _, no := errors.AsType[*reviews.Refusal](err); no {
				continue // somebody who has left signs nothing
			}
			if err != nil {
				return nil, err
			}
			sheets := 0
			for _, who := range may {
				if slices.Contains(who, q.viewer.Employee) {
					sheets++
				}
			}
			if sheets > 0 {
				list = append(list, task{Href: "/rewards/" + of.String(), Text: fmt.Sprintf(q.say("%s第 %d 号奖惩名单有 %d 张表待您签字", "%s: %[3]d sheets of reward list %[2]d wait for your signature"), q.periodText(of), n, sheets)})
			}
		}
	}
	return list, nil
}

// sealTasks tell of seals that nobody has verified in this service.
func (q *request) sealTasks() (list []task, err error) {
	for _, of := range q.quarters(quartersBack) {
		id := ""
		err := q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
			if r.Sealed != nil {
				id = r.Sealed.ID()
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if id == "" {
			continue
		}
		done, _, err := q.trail.Read(q.ctx(), trail.Filter{Action: verifiedAction, Subject: id, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(done) == 0 {
			list = append(list, task{Href: "/quarters/" + of.String(), Text: fmt.Sprintf(q.say("%s的封账尚未核验", "The seal of %s was not verified yet"), q.periodText(of)), Say: id})
		}
	}
	return list, nil
}
