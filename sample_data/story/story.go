// Package story plays the sample company through its files and reviews: the second quarter to its seal and the signed rewards, the third to the middle of
// its evaluation.
//
// In come the books of a company and a clock that the story sets; out comes the company as the demonstration and the tests find it. It decides only
// through desks, as people do, and takes files in by the one door.
package story

import (
	"context"
	"fmt"
	"maps"
	"plumbline/company"
	"slices"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/reviews"
)

// The people of the sample company who hold an office.
const (
	CEO     = "00070"
	HR      = "00051"
	Finance = "00044"
	StandIn = "00050" // for finance
)

// story plays the reviews of the sample company: the second quarter to its seal and the signed rewards, the third to the middle of its
// evaluation. It takes place on days of its own, so that terms and lateness are those of a company that keeps to its calendar.
type story struct {
	company *company.Company
	clock   *Clock
	zone    *time.Location
	at      time.Time // what the clock shows
	err     error     // the first; nothing happens after it
}

// Clock shows the time of the story while it goes on, and the real time before and after. It is for one goroutine.
type Clock struct {
	Real func() time.Time
	at   time.Time
}

// Now is the time that the clock shows.
func (c *Clock) Now() time.Time {
	if !c.at.IsZero() {
		return c.at
	}
	return c.Real()
}

// Play plays the reviews on the books of the sample company, which run by the clock; afterwards it shows the real time again.
func Play(ctx context.Context, c *company.Company, clock *Clock) error {
	s := &story{company: c, clock: clock}
	defer func() { clock.at = time.Time{} }()
	v, err := c.Current(ctx)
	if err != nil {
		return err
	}
	s.zone = company.Zone(v.Policy)
	s.secondQuarter(ctx)
	s.thirdQuarter(ctx)
	return s.err
}

// on sets the clock.
func (s *story) on(moment string) {
	at, err := time.ParseInLocation("2006-01-02 15:04", moment, s.zone)
	s.at, s.clock.at = at, at
	if err != nil && s.err == nil {
		s.err = err
	}
}

// act lets somebody decide about a period, unless something went wrong before.
func (s *story) act(ctx context.Context, of, actor string, decide func(d *reviews.Desk, p period.Period) error) {
	if s.err != nil {
		return
	}
	p, err := period.Parse(of)
	if err != nil {
		s.err = err
		return
	}
	d, err := s.company.Desk(ctx, p, actor)
	if err == nil {
		err = decide(d, p)
	}
	if err != nil {
		s.err = fmt.Errorf("%s, %s: %w", of, actor, err)
	}
}

func (s *story) secondQuarter(ctx context.Context) {
	const of = "2026Q2"
	s.on("2026-07-01 09:00")
	s.act(ctx, of, HR, func(d *reviews.Desk, p period.Period) error { return d.OpenQuarter(ctx, p) })
	s.on("2026-07-09 10:00")
	s.evaluate(ctx, of, func(string) bool { return true }, true)
	s.closeAll(ctx, of)
	s.on("2026-07-13 09:00")
	s.act(ctx, of, HR, func(d *reviews.Desk, p period.Period) error { return d.Publish(ctx, p, s.at) })
	s.on("2026-07-14 11:00")
	s.act(ctx, of, "00005", func(d *reviews.Desk, p period.Period) error {
		_, err := d.File(ctx, p, reviews.Objection{Department: "D003", Against: reviews.Judgement, Text: "两次紧急交付未被考虑，评分偏低"}, s.at)
		return err
	})
	s.on("2026-07-16 15:00")
	points := fixed.Int(92)
	s.act(ctx, of, "00047", func(d *reviews.Desk, p period.Period) error {
		return d.Mediate(ctx, of+"-A1", reviews.Verdict{Outcome: reviews.Granted, Reason: "核对交付记录，两次紧急交付属实", Remedy: reviews.Remedy{Points: &points}})
	})
	s.on("2026-07-21 09:00")
	s.act(ctx, of, HR, func(d *reviews.Desk, p period.Period) error {
		_, err := d.Seal(ctx, p, s.at)
		return err
	})
	s.act(ctx, of, HR, func(d *reviews.Desk, p period.Period) error {
		_, err := d.Draw(ctx, p)
		return err
	})
	s.on("2026-07-23 14:00")
	s.act(ctx, of, Finance, func(d *reviews.Desk, _ period.Period) error { // who gets something of a sheet does not sign it
		return d.NameDeputy(ctx, Finance, StandIn, s.at, s.at, "本部门的奖惩表须回避")
	})
	s.signAll(ctx, of)
}

// signAll signs every sheet of the last list: heads, finance, CEO. Where finance would sign for itself, its deputy does.
func (s *story) signAll(ctx context.Context, of string) {
	s.act(ctx, of, CEO, func(d *reviews.Desk, p period.Period) error {
		r, err := reviews.Read(ctx, s.company.Books, p, company.Always)
		if err != nil {
			return err
		}
		heads := map[string]string{"D001": "00025", "D002": "00046", "D003": "00047", "D004": "00050", "D005": "00033", "D009": "00022"}
		for _, sheet := range r.List(0).Sheets {
			for _, step := range sheet.Needs {
				signer := map[reviews.Step]string{reviews.HeadStep: heads[sheet.Department], reviews.FinanceStep: Finance, reviews.CEOStep: CEO}[step]
				if step == reviews.FinanceStep && sheet.Department == "D009" {
					signer = StandIn
				}
				s.act(ctx, of, signer, func(d *reviews.Desk, p period.Period) error { return d.Sign(ctx, p, 0, sheet.Department) })
			}
		}
		return s.err
	})
}

func (s *story) thirdQuarter(ctx context.Context) {
	const of, month = "2026Q3", "2026-09"
	s.on("2026-10-01 09:00")
	s.act(ctx, month, HR, func(d *reviews.Desk, p period.Period) error { return d.OpenMonth(ctx, p) })
	s.act(ctx, of, HR, func(d *reviews.Desk, p period.Period) error { return d.OpenQuarter(ctx, p) })
	s.on("2026-10-04 10:00")
	for i, no := range []string{"00012", "00016", "00029", "00054", "00035"} {
		s.selfReview(ctx, month, no, i != 2, i == 3) // 00029 keeps a draft
	}
	s.on("2026-10-05 16:00")
	s.act(ctx, month, "00006", func(d *reviews.Desk, p period.Period) error {
		return d.ReopenSelf(ctx, p, "00054", "下月计划请写明交付日期")
	})
	s.on("2026-10-06 09:30")
	s.selfReview(ctx, month, "00021", true, false) // after the due time
	s.on("2026-10-08 10:00")
	s.act(ctx, of, "00047", func(d *reviews.Desk, _ period.Period) error {
		return d.NameDeputy(ctx, "00047", "00006", s.at, s.at.AddDate(0, 0, 12), "休假")
	})
	s.on("2026-10-09 10:00")
	s.evaluate(ctx, of, func(superior string) bool {
		return slices.Contains([]string{"00046", "00055", "00037", "00006", "00058", "00050"}, superior)
	}, true)
	s.evaluate(ctx, of, func(superior string) bool { return superior == "00052" }, false) // still a draft
	s.act(ctx, of, CEO, func(d *reviews.Desk, p period.Period) error {
		x, err := s.company.Judged(ctx, p)
		if err != nil {
			return err
		}
		return s.save(ctx, d, p, x.Tasks, func(t reviews.Task) bool { return t.Superior == "" && t.Department == "D002" }, true)
	})
	s.on("2026-10-12 11:00")
	s.act(ctx, of, "00046", func(d *reviews.Desk, p period.Period) error {
		return d.Calibrate(ctx, p, metrics.Member{Employee: "00059", Department: "D002"}, 0, fixed.Int(75), "与同组口径一致")
	})
	s.act(ctx, of, "00046", func(d *reviews.Desk, p period.Period) error { return d.CloseCalibration(ctx, p, "D002") })
}

// selfReview fills a person's form in: all lines accepted but one that is disputed, and own points near those of the KPIs.
func (s *story) selfReview(ctx context.Context, month, no string, submit, dispute bool) {
	s.act(ctx, month, no, func(d *reviews.Desk, p period.Period) error {
		q, _, err := s.company.Question(ctx, p, 0)
		if err != nil {
			return err
		}
		forms, err := reviews.Forms(ctx, s.company.Books, q, no)
		if err != nil {
			return err
		}
		f := forms[no]
		draft := reviews.SelfDraft{AsOf: f.AsOf, Rest: reviews.Accepted, Text: reviews.SelfText{Achievements: "本月任务按计划完成", Problems: "跨部门等待时间较长", Plan: "下月完成在办事项的验收"}}
		for _, i := range f.Items {
			draft.Text.Points = append(draft.Text.Points, reviews.ItemPoints{KPI: i.KPI.ID, Points: fixed.Int(92)})
		}
		if dispute {
			draft.Text.Answers = []reviews.Answer{{Line: f.Lines[0].Key, Reply: reviews.Disputed, Comment: "有一项交付当日已完成，登记晚了一天"}}
		}
		if err := d.SaveSelf(ctx, p, draft, s.at); err != nil || !submit {
			return err
		}
		return d.SubmitSelf(ctx, p, 1, s.at)
	})
}

// evaluate lets the chosen superiors evaluate their people; the CEO those without one.
func (s *story) evaluate(ctx context.Context, of string, chosen func(superior string) bool, submit bool) {
	s.act(ctx, of, CEO, func(_ *reviews.Desk, p period.Period) error {
		x, err := s.company.Judged(ctx, p)
		if err != nil {
			return err
		}
		superiors := map[string]bool{}
		for _, t := range x.Tasks {
			if chosen(t.Superior) {
				superiors[t.Superior] = true
			}
		}
		for _, no := range slices.Sorted(maps.Keys(superiors)) {
			actor := no
			if no == "" {
				actor = CEO
			}
			s.act(ctx, of, actor, func(d *reviews.Desk, p period.Period) error {
				return s.save(ctx, d, p, x.Tasks, func(t reviews.Task) bool { return t.Superior == no }, submit)
			})
		}
		return s.err
	})
}

// remarks are what superiors of the sample write, by how the points lie to those of the KPIs.
var remarks = []string{"按期完成，协作良好", "质量稳定，主动性可再加强", "能独立解决问题", "计划性有待提高"}

// save writes the chosen evaluations of one actor: points near those of the KPIs, the same on every run.
func (s *story) save(ctx context.Context, d *reviews.Desk, p period.Period, tasks []reviews.Task, chosen func(t reviews.Task) bool, submit bool) error {
	var drafts []reviews.EvaluationDraft
	for i, t := range tasks {
		if !chosen(t) {
			continue
		}
		drafts = append(drafts, evaluation(t, i, submit))
	}
	return d.SaveEvaluations(ctx, p, drafts, s.at)
}

// evaluation gives points a few away from those of the KPIs, within what needs no reason where that is possible.
func evaluation(t reviews.Task, i int, submit bool) reviews.EvaluationDraft {
	points := fixed.Int(85)
	if t.KPIPoints != nil {
		points = fixed.Int(int64((*t.KPIPoints + fixed.Int(int64(i*7%11-5))) / fixed.Int(1)))
	}
	points = max(fixed.Int(60), min(fixed.Int(110), points))
	remark := remarks[i%len(remarks)]
	e := reviews.EvaluationDraft{Evaluated: t.Evaluated, Submit: submit, Text: reviews.EvaluationText{Comment: remark}}
	for _, item := range t.Card.Items {
		e.Text.Items = append(e.Text.Items, reviews.ItemPoints{KPI: item.KPI.ID, Points: points})
	}
	return e
}

// closeAll closes the calibration of every department with people.
func (s *story) closeAll(ctx context.Context, of string) {
	s.act(ctx, of, HR, func(d *reviews.Desk, p period.Period) error {
		x, err := s.company.Judged(ctx, p)
		if err != nil {
			return err
		}
		for _, dep := range reviews.Progresses(x.Round, x.Months, x.Report, x.Tasks) {
			if err := d.CloseCalibration(ctx, p, dep.Department.ID); err != nil {
				return err
			}
		}
		return nil
	})
}
