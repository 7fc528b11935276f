package sample

import (
	"fmt"
	"strings"
)

// ceoName is who leads the company. Nobody else bears the family name.
var ceoName = pair{"顾长明", "Changming Gu"}

// ceoNo is the CEO's employee number.
func (c *company) ceoNo() int { return len(c.people) + 10 }

// managementTable is who belongs to no department: the CEO.
func (c *clerk) managementTable() *table {
	t := &table{dataset: "employees", file: "company/employees-management.csv", columns: employeeColumns, format: format{day: isoDate, header: employeeHeader}}
	no := employeeNo(c.ceoNo())
	hired := weekday(c.calendar.first - 3600)
	t.row(word(no), word(ceoName.zh), word(ceoName.en), word("u"+no+"@example.com"), t.date(hired), cell{}, word("总经理"))
	return t
}

// accountTable tells the login names of people in other systems; it is the English file.
func (c *clerk) accountTable() *table {
	t := &table{dataset: "accounts", file: "company/accounts.csv", columns: []string{"login", "system", "employee_no"},
		format: format{day: isoDate, header: []string{"Login", "System", "Employee no."}}}
	taken := map[string]int{}
	for _, p := range c.byNumber() {
		given, family, _ := strings.Cut(strings.ToLower(p.nameEN), " ")
		login, system := given+"."+family, "GitLab"
		switch c.departments[p.posts[0].department].kind {
		case sales:
			login, system = family+given, "CRM"
		case support:
			login, system = "ding"+employeeNo(p.no), "DingTalk"
		}
		if taken[login]++; taken[login] > 1 {
			login += fmt.Sprint(taken[login])
		}
		t.row(word(login), word(system), word(employeeNo(p.no)))
	}
	return t
}

// attendanceTable is the last month of those who clock in: general management and the matrix department.
func (c *clerk) attendanceTable() *table {
	t := newKind("attendance", `employee_no 工号 work_date 日期 attended_days 出勤天数 worked_hours 工作时长(小时) leave_hours 请假时长
		trip_hours 出差时长 late_times 迟到次数 early_times 早退次数 missed_times 缺卡次数 absent_days 旷工天数`).inBook("考勤")
	month := c.calendar.months[len(c.calendar.months)-1]
	t.titles = append(t.titles, fmt.Sprintf("每日统计表 统计日期：%s 至 %s", dayOf(month.period.Start()), c.calendar.last))
	for i := range c.people {
		p := &c.people[i]
		roll := c.dice(streamAttendance, i, 0)
		for _, d := range c.calendar.work[month.lo:month.hi] {
			q := p.postOn(d)
			if q == nil || c.departments[q.department].kind != support && !c.departments[q.department].matrix {
				continue
			}
			c.attend(t, roll, p, d)
		}
	}
	return t
}

// attend adds a day: at work, on leave or on a trip.
func (c *clerk) attend(t *table, roll *dice, p *person, d day) {
	attended, worked, leave, trip, late, missed := 10, 80+roll.between(-5, 15), 0, 0, 0, 0
	switch event := roll.below(100); {
	case event < 3:
		attended, worked, leave = 0, 0, 80
	case event < 5:
		attended, worked, leave = 5, 40, 40
	case event < 8:
		trip = 80
	case event < 14:
		late = 1
	case event < 16:
		missed = 1
	}
	early := 0
	if late == 0 && leave == 0 && roll.chance(15) {
		early = 1
	}
	t.row(word(employeeNo(p.no)), t.date(d), tenths(attended), tenths(worked), tenths(leave), tenths(trip), number(late), number(early), number(missed), number(0))
}

// course is something that people must have learnt by a day.
type course struct {
	name, kind, version string
	months              int // how long before the last month it is due
	matrix              bool
}

var courses = []course{
	{"个人信息保护与数据安全", "数据保护", "", 7, false},
	{"作业服务跟踪制度宣贯", "制度培训", "1.0", 3, false},
	{"企业创新服务专员制度宣贯", "制度培训", "1.0", 2, true},
}

// trainingTable is who took which course.
func (c *clerk) trainingTable() *table {
	t := newKind("trainings", `training_id 培训编号 employee_no 工号 course 课程名称 kind 培训类型 policy_version 制度版本 due_on 应完成日期
		done_on 完成日期 hours 学时 exam_score 考试成绩 passed 是否合格`).inBook("培训")
	for k, w := range courses {
		m := c.calendar.months[max(0, len(c.calendar.months)-1-w.months)]
		due := c.calendar.before(dayOf(m.period.LastDay()))
		for i := range c.people {
			q := c.people[i].postOn(due)
			if q == nil || w.matrix && !c.departments[q.department].matrix {
				continue
			}
			c.learn(t, c.dice(streamTraining, i, k), i, w, due)
		}
	}
	return t
}

// learn adds the course of one person: mostly in time, seldom late or not at all.
func (c *clerk) learn(t *table, roll *dice, i int, w course, due day) {
	done, score := c.calendar.before(due-day(roll.below(20))), 68+roll.below(17)+roll.below(16)
	switch event := roll.below(100); {
	case event < 4:
		done = 0
	case event < 11:
		done = c.calendar.next(due+1, roll.below(12))
	}
	p := &c.people[i]
	if done < p.hired || p.left != 0 && done > p.left {
		done = 0
	}
	exam, passed := cell{}, cell{}
	if done != 0 {
		exam, passed = number(score), flag(score >= 70)
	}
	t.row(id("PX", len(t.lines)+1), c.who(i), word(w.name), word(w.kind), word(w.version), t.date(due), t.date(done), number(2), exam, passed)
}

// submissionTable is the reports that leaders owe: weekly in the latest quarter, monthly in the last half-year, and for last year.
func (c *clerk) submissionTable() *table {
	t := newKind("submissions", `employee_no 工号 kind 报告类型 period 报告期 period_to 报告期末 due_at 截止时间 submitted_at 提交时间 on_template 使用统一模板`)
	for _, monday := range c.calendar.weeks(c.quarter, c.calendar.last-6) {
		due := c.calendar.before(monday + 4)
		year, week := monday.time().ISOWeek()
		r := report{weekly, fmt.Sprintf("%d-W%02d", year, week), monday + 6, due.at(17, 0), due.at(14, 0)}
		for i := range c.people {
			if c.people[i].posts[0].role != specialist {
				c.submit(t, i, r)
			}
		}
	}
	for _, m := range c.calendar.months {
		first, last := dayOf(m.period.Start()), dayOf(m.period.LastDay())
		if due := last + 5; first >= c.half && due <= c.calendar.last {
			c.submitTop(t, report{monthly, m.period.String(), last, due.at(18, 0), c.calendar.before(due).at(10, 0)})
		}
		if due := last + 15; m.period.Number() == 12 && due <= c.calendar.last {
			c.submitTop(t, report{yearly, fmt.Sprint(m.period.Year()), last, due.at(18, 0), c.calendar.before(due).at(9, 0)})
		}
	}
	return t
}

// reportKind is how often a report is owed.
type reportKind int

const (
	weekly reportKind = iota
	monthly
	yearly
)

var reportNames = [...]string{weekly: "周报", monthly: "月报", yearly: "年报"}

// report is one that is owed; usual is when people begin to hand it in.
type report struct {
	kind       reportKind
	period     string
	to         day
	due, usual moment
}

// submitTop adds a report of each top department's head.
func (c *clerk) submitTop(t *table, r report) {
	for _, d := range c.top() {
		c.submit(t, c.leaders(d)[0], r)
	}
}

// submit adds the report of person i: mostly in time, now and then late or never.
func (c *clerk) submit(t *table, i int, r report) {
	roll := c.dice(streamSubmission, i, 4*int(r.to)+int(r.kind))
	sent := min(r.usual+moment(roll.below(170)), r.due)
	switch event := roll.below(100); {
	case event < 2:
		sent = 0
	case event < 11:
		sent = r.due + moment(5+roll.below(360))
	}
	template := cell{}
	if sent = c.past(sent); sent != 0 {
		template = flag(!roll.chance(50))
	}
	t.row(c.who(i), word(reportNames[r.kind]), word(r.period), t.date(r.to), t.time(r.due), t.time(sent), template)
}
