package web

import (
	"fmt"
	"slices"
	"time"

	"plumbline/access"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/reviews"
)

func (s *Server) startRoutes() []route {
	return []route{
		{pattern: "GET /{$}", action: access.Home, about: nobody, handle: (*request).start},
		{pattern: "GET /search", action: access.Home, about: nobody, handle: (*request).search},
	}
}

// task is something that waits for the viewer.
type task struct {
	Href, Text, Say, Class string
}

type startPage struct {
	frame
	Tasks   []task
	Tiles   tiles
	Boards  []task
	Nothing string
}

// looking back this many months and quarters, tasks are still told.
const (
	monthsBack   = 3
	quartersBack = 4
)

// start tells the viewer what waits for him, and where his figures are.
func (q *request) start() error {
	p := &startPage{frame: q.frame(q.say("首页", "Start"))}
	for _, find := range []func() ([]task, error){q.selfTasks, q.ownQuarters, q.managerTasks, q.officeTasks} {
		found, err := find()
		if err != nil {
			return err
		}
		p.Tasks = append(p.Tasks, found...)
	}
	if len(p.Tasks) == 0 {
		p.Nothing = q.say("现在没有要办的事。", "Nothing waits for you now.")
	}
	if err := q.boards(p); err != nil {
		return err
	}
	return q.render("start", p)
}

// today is the date in the company's zone.
func (q *request) today() time.Time { return q.seat.today }

// months lists the last months that have begun, the latest first.
func (q *request) months(n int) []period.Period {
	list := period.MonthOf(q.today()).LastMonths(n)
	slices.Reverse(list)
	return list
}

// quarters lists the last quarters that have begun, the latest first.
func (q *request) quarters(n int) (list []period.Period) {
	p, _ := reviews.QuarterOf(period.MonthOf(q.today()))
	for range n {
		list = append(list, p)
		p = p.Before()
	}
	return list
}

// due writes a deadline in words.
func (q *request) due(t time.Time) (string, bool) {
	if t.IsZero() {
		return "", false
	}
	left := t.Sub(q.now())
	days := int(day(t.In(q.zone)).Sub(q.today()).Hours() / 24)
	switch {
	case left < 0:
		return fmt.Sprintf(q.say("已于 %s 截止", "was due %s"), q.moment(t)), true
	case days == 0:
		return fmt.Sprintf(q.say("今天 %s 截止", "due today, %s"), t.In(q.zone).Format("15:04")), false
	}
	return fmt.Sprintf(q.say("%d 天后截止（%s）", "due in %d days (%s)"), days, q.moment(t)), false
}

// selfTasks are the viewer's open self-reviews.
func (q *request) selfTasks() (list []task, err error) {
	no := q.viewer.Employee
	if no == "" {
		return nil, nil
	}
	for _, m := range q.months(monthsBack) {
		if len(q.seat.stays(no, m)) == 0 {
			continue
		}
		err = q.rounds.Read(q.ctx(), m, func(r *reviews.Round, _ int64) error {
			s := r.SelfReviews[no]
			if r.Opened == nil || s != nil && s.State == reviews.Submitted {
				return nil
			}
			t := task{Href: "/me/" + m.String() + "/self-review", Text: fmt.Sprintf(q.say("写 %s的自评", "Write the self-review of %s"), q.periodText(m))}
			if s != nil {
				t.Text = fmt.Sprintf(q.say("继续写 %s的自评（草稿）", "Go on with the self-review of %s (draft)"), q.periodText(m))
			}
			say, late := q.due(r.Due)
			if t.Say = say; late {
				t.Class = "late"
			}
			list = append(list, t)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// ownQuarters tells of results that were published and may still be appealed.
func (q *request) ownQuarters() (list []task, err error) {
	no := q.viewer.Employee
	if no == "" {
		return nil, nil
	}
	for _, p := range q.quarters(quartersBack) {
		if len(q.seat.stays(no, p)) == 0 {
			continue
		}
		err = q.rounds.Read(q.ctx(), p, func(r *reviews.Round, _ int64) error {
			if r.Published == nil || r.Sealed != nil {
				return nil
			}
			t := task{Href: "/me/" + p.String(), Text: fmt.Sprintf(q.say("%s的考核结果已公布", "The results of %s are published"), q.periodText(p))}
			if r.AppealUntil.After(q.now()) {
				t.Say = fmt.Sprintf(q.say("如有异议，可在 %s 前申诉", "you may appeal until %s"), q.moment(r.AppealUntil))
			}
			list = append(list, t)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// boards offers the boards of the viewer, with the main figures of the first.
func (q *request) boards(p *startPage) error {
	latest, err := q.latest(period.Quarter)
	if err != nil {
		return err
	}
	if access.Everybody(q.viewer, access.Company) {
		s, err := q.figures.of(q.ctx(), latest)
		if err != nil {
			return err
		}
		p.Tiles = q.lineTiles(s, s.Company, func(k string) string { return "/company/" + latest.String() })
		p.Boards = append(p.Boards, task{Href: "/company/" + latest.String(), Text: fmt.Sprintf(q.say("公司看板 %s", "Company board, %s"), q.periodText(latest))})
	}
	if q.viewer.Employee == "" {
		return nil
	}
	if len(p.Tiles) == 0 {
		s, err := q.figures.of(q.ctx(), latest)
		if err != nil {
			return err
		}
		if lines := s.lines[q.viewer.Employee]; len(lines) > 0 {
			for _, item := range s.People[lines[len(lines)-1]].Score.Items { // where he is now
				p.Tiles = append(p.Tiles, q.tileOf(item.Value, "/me/"+latest.String()))
			}
		}
	}
	for _, d := range q.ledDepartments(latest) {
		p.Boards = append(p.Boards, task{Href: "/departments/" + d.ID + "/" + latest.String(), Text: fmt.Sprintf(q.say("%s看板", "Board of %s"), d.Name.In(q.lang)), Say: q.periodText(latest)})
	}
	if len(q.seat.stays(q.viewer.Employee, latest)) > 0 {
		p.Boards = append(p.Boards, task{Href: "/me/" + latest.String(), Text: fmt.Sprintf(q.say("我的 %s", "My %s"), q.periodText(latest))})
	}
	return nil
}

// ledDepartments lists the departments that the viewer leads in a period, depth first.
func (q *request) ledDepartments(of period.Period) (list []metrics.Department) {
	for _, d := range q.seat.staff.Departments() {
		if q.seat.LeadsDepartment(q.viewer.Employee, d.ID, of) {
			list = append(list, d)
		}
	}
	return list
}

// lineTiles shows the KPIs with targets of a line.
func (q *request) lineTiles(s *sheet, line metrics.Line, href func(kpi string) string) (list tiles) {
	for i, k := range s.KPIs {
		if i < len(line.Values) && line.Values[i].Target != nil && s.Policy.Judges(k) {
			list = append(list, q.tileOf(line.Values[i], href(k.ID)))
		}
	}
	return list
}

// latest gives the last period of a kind with records: the one that somebody wants to see who names none.
func (q *request) latest(k period.Kind) (period.Period, error) {
	last, err := q.lastDay()
	if err != nil {
		return period.Period{}, err
	}
	m := period.MonthOf(last)
	if k == period.Month {
		return m, nil
	}
	p, _ := reviews.QuarterOf(m)
	return p, nil
}

type searchPage struct {
	frame
	Asked   string
	Found   []task
	Nothing string
}

// most found is shown.
const mostFound = 50

// search finds people, departments and KPIs that the viewer may see.
func (q *request) search() error {
	asked := q.r.URL.Query().Get("q")
	p := &searchPage{frame: q.frame(q.say("搜索", "Search")), Asked: asked}
	latest, err := q.latest(period.Quarter)
	if err != nil {
		return err
	}
	if asked != "" {
		p.Found = q.find(asked, latest)
	}
	if p.Nothing = ""; len(p.Found) == 0 {
		p.Nothing = q.say("没有找到。可以写姓名、工号、部门或指标的一部分。", "Nothing was found. Write a part of a name, an employee number, a department or a KPI.")
	}
	return q.render("search", p)
}

func (q *request) find(asked string, of period.Period) (list []task) {
	for _, d := range q.seat.staff.Departments() {
		if matches(asked, d.ID, d.Name.ZH, d.Name.EN) && q.may(access.Department, access.Subject{Department: d.ID, Period: of}) {
			list = append(list, task{Href: "/departments/" + d.ID + "/" + of.String(), Text: d.Name.In(q.lang), Say: q.say("部门 ", "department ") + d.ID})
		}
	}
	for _, x := range q.seat.staff.People() {
		if len(list) >= mostFound {
			break
		}
		if matches(asked, x.No, x.Name.ZH, x.Name.EN) && q.may(access.Person, access.Subject{Employee: x.No, Period: of}) {
			href := "/people/" + x.No + "/" + of.String()
			if x.No == q.viewer.Employee {
				href = "/me/" + of.String()
			}
			list = append(list, task{Href: href, Text: x.Name.In(q.lang), Say: x.No})
		}
	}
	for _, k := range q.seat.version.Policy.KPIs {
		if len(list) < mostFound && k.Listed && matches(asked, k.ID, k.Name.ZH, k.Name.EN) {
			list = append(list, task{Href: "/policy#kpi-" + k.ID, Text: k.Name.In(q.lang), Say: q.say("指标 ", "KPI ") + k.ID})
		}
	}
	return list
}
