package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"plumbline/access"
	"plumbline/internal/fixed"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/reviews"
)

// calibratee is the department of the path: in the quarter, or today for who has come to lead it since.
func calibratee(q *request) (access.Subject, error) {
	s, err := department(q)
	if err == nil && s.Period.Kind() != period.Quarter {
		err = errNotFound
	}
	if err != nil {
		return s, err
	}
	return q.nowOrThen(access.Calibrate, s), nil
}

// calibrationPage is the table at which a department's judgements are made comparable.
type calibrationPage struct {
	frame
	Of          period.Period
	Department  string
	Base        string
	State       string
	Due         string
	Late        bool
	People      []calibrated
	Bands       table
	Compared    table
	Open        string // who is not evaluated
	Provisional string
	Rule        string // of a forced distribution
	MayClose    bool
	MayOpen     bool
	Self        bool // the viewer is of the department and left out
	Back        task
}

// calibrated is a person as the table has him.
type calibrated struct {
	No, Name, Href           string
	Gave                     []string // what each superior gave
	Mean, KPI, Superior      string
	Gap, Total, Band         string
	Provisional              bool   // the total is of the KPIs alone
	Set                      string // points in the place of what superiors gave, by whom and why
	May                      bool   // his points may be set now
	Version                  int
	Points, Reason, GapClass string // Points, Reason: as typed
	Exempt                   string
	total                    *fixed.Num
}

// typedPoints is what was typed for a person and not accepted.
type typedPoints struct{ employee, points, reason string }

func (q *request) calibration() error { return q.calibrationPage(nil, nil) }

// calibrationPage shows the table to those who may set points in the department today.
func (q *request) calibrationPage(typed *typedPoints, f *fault) error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	id := q.r.PathValue("department")
	if err := q.calibrates(of, id); err != nil {
		return err
	}
	x, err := q.company.Judged(q.ctx(), of)
	if err != nil {
		return err
	}
	p := &calibrationPage{frame: q.frame(fmt.Sprintf(q.say("校准：%s", "Calibration: %s"), q.departmentName(id))), Of: of, Department: id, Base: "/calibrations/" + of.String() + "/" + id,
		Back: task{Href: "/evaluations/" + of.String(), Text: q.say("全部评估", "All evaluations")}}
	p.Path, p.Fault = p.Base, f
	p.Switch = q.periods(of, "/calibrations/%s/"+id, q.quarters(8))
	p.Foot = q.basis(&sheet{Report: x.Report})
	tasks := slices.DeleteFunc(x.Tasks, func(t reviews.Task) bool { return t.Department != id })
	err = q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error { // as it stands now: a sealed report knows nothing of its seal
		q.calibrationState(p, r, tasks)
		q.calibratedPeople(p, r, x.Report, typed)
		return nil
	})
	if err != nil {
		return err
	}
	p.Bands = q.bandTable(x.Report, p, id)
	p.Compared = q.comparedTable(slices.DeleteFunc(tasks, func(t reviews.Task) bool { return t.Employee == q.viewer.Employee }))
	status := http.StatusOK
	if f != nil {
		status = f.Status
	}
	return q.renderStatus(status, "calibration", p)
}

// calibrates makes sure that the department's judgements are the viewer's business: human resources see them, and who may set points there today.
func (q *request) calibrates(of period.Period, department string) error {
	if access.Everybody(q.viewer, access.Calibrate) {
		return nil
	}
	d, err := q.desk(of)
	if err != nil {
		return err
	}
	if err := d.MayCalibrate(q.ctx(), of, department, q.now()); err != nil {
		if _, ok := errors.AsType[*reviews.Refusal](err); ok {
			return errNotFound
		}
		return err
	}
	return nil
}

func (q *request) calibrationState(p *calibrationPage, r *reviews.Round, tasks []reviews.Task) {
	var open []string
	for _, t := range tasks {
		name := t.Person.Name.In(q.lang)
		if t.Employee == q.viewer.Employee {
			name = q.say("您本人", "yourself")
		}
		if t.Waits() && !slices.Contains(open, name) {
			open = append(open, name)
		}
	}
	stands := q.standing(r, p.Department)
	switch {
	case stands != "":
		p.State = stands
	case len(open) > 0:
		p.State = fmt.Sprintf(q.say("还有 %d 人没有评完，评完后才能结束校准。", "%d people are not evaluated; the calibration can be closed after that."), len(open))
		p.Open = strings.Join(open, q.say("、", ", "))
	default:
		p.State = q.say("评估已全部提交，可以校准并结束。", "All evaluations are in; set points where needed and close.")
	}
	p.MayClose = stands == "" && len(open) == 0
	p.MayOpen = r.Closed[p.Department] != nil && r.Published == nil && r.Sealed == nil && access.Everybody(q.viewer, access.Calibrate)
	if stands == "" {
		p.Due, p.Late = q.due(r.Due)
	}
}

// calibratedPeople lists everybody of the department but the viewer, the best total first.
func (q *request) calibratedPeople(p *calibrationPage, r *reviews.Round, report *metrics.Report, typed *typedPoints) {
	for i := range report.People {
		l := &report.People[i]
		if l.Department != p.Department || l.Score.Scorecard == nil {
			continue
		}
		if l.Person.No == q.viewer.Employee {
			p.Self = true
			continue
		}
		c := q.calibratedOf(r, l)
		c.May = q.standing(r, p.Department) == "" && c.Exempt == "" && (l.Score.Evaluation == nil || l.Score.Evaluation.Mean != nil)
		if typed != nil && typed.employee == c.No {
			c.Points, c.Reason = typed.points, typed.reason
		}
		p.People = append(p.People, c)
	}
	slices.SortStableFunc(p.People, func(a, b calibrated) int {
		switch {
		case a.total == nil || b.total == nil:
			return cmp.Compare(given(b.total), given(a.total))
		}
		return cmp.Compare(*b.total, *a.total)
	})
}

// given is 1 for points that are there.
func given(n *fixed.Num) int {
	if n == nil {
		return 0
	}
	return 1
}

func (q *request) calibratedOf(r *reviews.Round, l *metrics.PersonLine) calibrated {
	c := calibrated{No: l.Person.No, Name: l.Person.Name.In(q.lang), Href: "/people/" + l.Person.No + "/" + r.Period.String(), KPI: points(l.Score.KPIPoints), Superior: points(l.Score.Superior),
		Mean: "–", Gap: "–", Total: points(l.Score.Total), Band: q.band(l.Score.Band), total: l.Score.Total}
	m := metrics.Member{Employee: l.Person.No, Department: l.Department}
	c.Provisional = l.Score.Total != nil && l.Score.Status == metrics.Provisional
	if e := l.Score.Evaluation; e != nil {
		for _, s := range e.Superiors {
			said := q.say("未评", "not in")
			if s.Given != nil {
				said = s.Given.Points.Text(2)
			}
			c.Gave = append(c.Gave, q.superiorName(s.No)+" "+said)
		}
		c.Mean, c.Exempt = points(e.Mean), e.Why
	}
	if l.Score.Superior != nil && l.Score.KPIPoints != nil {
		gap := *l.Score.Superior - *l.Score.KPIPoints
		c.Gap = plusMinus(&gap)
	}
	if x := r.Calibrated[m]; x != nil {
		c.Version = x.Version
		c.Set = fmt.Sprintf(q.say("%s 于 %s 校准为 %s：%s", "%s set %[3]s on %[2]s: %[4]s"), q.personName(x.Actor), q.moment(x.At), x.Points.Text(2), x.Text)
	}
	return c
}

// bandTable counts the people of the table by band, and tells the rule where the scorecard forces a distribution.
func (q *request) bandTable(r *metrics.Report, p *calibrationPage, department string) table {
	t := table{Caption: q.say("等级分布（按部门内得分，不含您本人）", "Bands by the scores in the department, without yourself"), Head: []head{words(q.say("等级", "Band")), numbers(q.say("人数", "People"))}}
	count, provisional := map[string]int{}, 0
	for i := range r.People {
		l := &r.People[i]
		if l.Department != department || l.Score.Scorecard == nil || l.Person.No == q.viewer.Employee {
			continue
		}
		count[q.band(l.Score.Band)]++
		if l.Score.Total != nil && l.Score.Status == metrics.Provisional {
			provisional++
		}
		if d := l.Score.Scorecard.Distribution; d != nil && p.Rule == "" {
			var shares []string
			for k, share := range d.Shares {
				shares = append(shares, fmt.Sprintf("%s %s %%", r.Policy.Bands[k].ID, share))
			}
			p.Rule = fmt.Sprintf(q.say("同一评分表满 %d 人时强制分布：%s。", "From %d people under one scorecard bands are distributed: %s."), d.From, strings.Join(shares, q.say("，", ", ")))
		}
	}
	for k := range r.Policy.Bands {
		name := q.band(&r.Policy.Bands[k])
		t.add(text(name), text(fmt.Sprint(count[name])))
	}
	if provisional > 0 {
		p.Provisional = fmt.Sprintf(q.say("其中 %d 人的等级是暂计：评估还没有提交，只按指标部分。", "The bands of %d people are provisional: evaluations are not in, they rest on the KPI part alone."), provisional)
	}
	if n := count[q.band(nil)]; n > 0 {
		t.add(text(q.say("无得分", "no score")), text(fmt.Sprint(n)))
	}
	return t
}

// comparedTable compares the superiors of the department.
func (q *request) comparedTable(tasks []reviews.Task) table {
	t := table{Caption: q.say("部门内各上级的评分与指标得分", "Superiors in the department against the KPI points"),
		Head: []head{words(q.say("评估人", "Superior")), numbers(q.say("已评人数", "People")), numbers(q.say("平均评分", "Mean given")), numbers(q.say("平均指标得分", "Mean of KPIs")), numbers(q.say("差", "Gap")), numbers(q.say("与部门内各上级之差相比", "Against all of the department"))}}
	for _, l := range reviews.Leniencies(tasks) {
		t.add(text(q.superiorName(l.Superior)), text(fmt.Sprint(l.People)), text(l.Given.Text(2)), text(l.KPI.Text(2)), text(plusMinus(&l.Gap)), text(plusMinus(&l.Against)))
	}
	return t
}

// calibrateNow sets points, or closes or opens the calibration of the department.
func (q *request) calibrateNow() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	id := q.r.PathValue("department")
	if err := q.calibrates(of, id); err != nil {
		return err
	}
	d, err := q.desk(of)
	if err != nil {
		return err
	}
	var typed *typedPoints
	done, f := "", q.r.PostFormValue
	switch f("do") {
	case "set":
		typed, done = &typedPoints{f("employee"), strings.TrimSpace(f("points")), f("reason")}, "calibrated"
		err = q.setPoints(d, of, id, typed)
	case "close":
		done, err = "calibration-closed", d.CloseCalibration(q.ctx(), of, id)
	case "reopen":
		done, err = "calibration-reopened", d.ReopenCalibration(q.ctx(), of, id, f("reason"))
	default:
		return errNotFound
	}
	if err == nil {
		return q.see("/calibrations/"+of.String()+"/"+id, done)
	}
	told := q.faultOf(err)
	if told.Status == http.StatusInternalServerError || told.Status == http.StatusNotFound {
		return err
	}
	return q.calibrationPage(typed, &told)
}

// setPoints sets the superiors' part of a person of the department.
func (q *request) setPoints(d *reviews.Desk, of period.Period, department string, typed *typedPoints) error {
	if _, ok := q.seat.staff.Person(typed.employee); !ok || typed.employee == q.viewer.Employee {
		return errNotFound
	}
	n, err := fixed.Parse(typed.points)
	if err != nil {
		return refused(fmt.Sprintf("“%s”不是分数。", typed.points), fmt.Sprintf("“%s” is no number.", typed.points), "请写数字，如 85 或 85.5。", "Write a number such as 85 or 85.5.")
	}
	version, _ := strconv.Atoi(q.r.PostFormValue("version"))
	return d.Calibrate(q.ctx(), of, metrics.Member{Employee: typed.employee, Department: department}, version, n, typed.reason)
}
