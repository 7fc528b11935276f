package sample

import (
	"fmt"
	"time"
)

// venture is a project from its first to its last day. completed is 0 while it runs.
type venture struct {
	name              string
	department        int
	starts, completed day
}

// foundVentures gives every engineering department with people its projects.
func (c *clerk) foundVentures() {
	days := int(c.calendar.last - c.calendar.first)
	for d := range c.departments {
		n := projects
		if c.departments[d].parent >= 0 {
			n = 2
		}
		if c.departments[d].kind != engineering || len(c.staffOn(d, c.calendar.last)) < 2 {
			continue
		}
		for i := range n {
			roll := c.dice(streamVenture, d, i)
			place, theme := projectOf(d, i)
			v := venture{name: place + theme, department: d, starts: c.calendar.work[c.calendar.index(c.calendar.first+day(days*i/n+roll.below(days/n)))]}
			v.completed = c.calendar.next(v.starts+day(roll.between(60, 240)), 0)
			c.ventures = append(c.ventures, v)
		}
	}
}

// leader draws who answers for the venture.
func (c *clerk) leader(roll *dice, v venture) int { return pick(roll, c.leaders(v.department)) }

// milestoneTable is the nodes of every project: 启动会, 中期评审 each quarter, 结项验收.
func (c *clerk) milestoneTable() *table {
	t := newKind("milestones", `milestone_id 节点编号 project 项目名称 kind 节点类型 task 节点任务 employee_no 负责人工号 department_id 部门编号 due_on 截止日期
		held_on 召开日期 starts_on 项目开始日期 completed_on 项目完成日期 result 节点结论`).inBook("项目节点")
	for n, v := range c.ventures {
		roll := c.dice(streamMilestone, n, 0)
		owner := c.leader(roll, v)
		held := c.calendar.before(v.starts - day(roll.below(7)))
		switch event := roll.below(100); {
		case event < 12:
			held = c.calendar.next(v.starts+1, roll.below(5))
		case event < 18:
			held = c.calendar.before(v.starts - day(8+roll.below(6))) // so early that the plan was another one
		}
		c.node(t, v, owner, "项目启动会", "明确目标、分工与计划", v.starts, held, "")
		c.reviews(t, roll, v, owner)
		if v.completed == 0 {
			continue
		}
		due := v.completed + 10
		held = c.done(c.calendar.before(v.completed + day(3+roll.below(8))))
		if roll.chance(250) {
			held = c.calendar.next(due+1, roll.below(11))
		}
		c.node(t, v, owner, "结项验收", "验收成果并归档", due, held, verdict(roll, held))
	}
	return t
}

// reviews adds the midterm reviews at the end of each quarter in which the venture runs.
func (c *clerk) reviews(t *table, roll *dice, v venture, owner int) {
	for _, m := range c.calendar.months {
		due := c.calendar.before(dayOf(m.period.LastDay()))
		if m.period.Number()%3 != 0 || due < v.starts+30 || v.completed != 0 && due > v.completed {
			continue
		}
		held := c.calendar.before(due - day(roll.below(12)))
		switch event := roll.below(100); {
		case event < 5:
			held = 0
		case event < 22:
			held = c.calendar.next(due+1, roll.below(6))
		}
		c.node(t, v, owner, "中期评审", "检查进度、质量与风险", due, held, verdict(roll, held))
	}
}

// verdict draws the result of a review that was held.
func verdict(roll *dice, held day) string {
	event := roll.below(100)
	switch {
	case held == 0:
		return ""
	case event < 76:
		return "通过"
	case event < 94:
		return "有条件通过"
	}
	return "未通过"
}

func (c *clerk) node(t *table, v venture, owner int, kind, task string, due, held day, result string) {
	t.row(id("JD", len(t.lines)+1), word(v.name), word(kind), word(task), c.who(owner), c.where(v.department), t.date(due), t.date(held),
		t.date(v.starts), t.date(v.completed), word(result))
}

// collaborationTable is the weeks of the projects that several departments share, in the latest quarter.
func (c *clerk) collaborationTable() *table {
	t := newKind("collaborations", `collaboration_id 协作编号 project 协作项目 employee_no 接口人工号 department_id 部门编号 partner_id 协作部门编号
		week_from 周起始日期 synchronised_on 同步日期 requested_at 提出时间 responded_at 响应时间 completed_at 办结时间`)
	t.format.bom, t.format.crlf = true, true
	for n, v := range c.ventures {
		if n%2 != 0 || v.completed != 0 && v.completed < c.quarter {
			continue
		}
		roll := c.dice(streamCollaboration, n, 0)
		contact := c.leader(roll, v)
		partner := c.partner(roll, v.department)
		for week, monday := range c.calendar.weeks(max(c.quarter, v.starts), c.calendar.last-4) {
			synchronised := c.calendar.before(monday + 4)
			if roll.chance(120) {
				synchronised = 0
			}
			asked := officeTime(roll, c.calendar.next(monday, 0))
			answered, finished := c.later(asked, 20+roll.below(700)), moment(0)
			if answered != 0 && !roll.chance(80) {
				finished = c.later(answered, 60+roll.below(2000-60*week)) // shorter by the week
			}
			t.row(id("XZ", len(t.lines)+1), word(v.name), c.who(contact), c.where(v.department), c.where(partner), t.date(monday), t.date(synchronised),
				t.time(asked), t.time(answered), t.time(finished))
		}
	}
	return t
}

// partner draws another department.
func (c *clerk) partner(roll *dice, d int) int {
	top := c.top()
	at := roll.below(len(top))
	if top[at] == d {
		at = (at + 1) % len(top)
	}
	return top[at]
}

// documentTable is what was filed in the last half-year; most names follow the regulation's form.
func (c *clerk) documentTable() *table {
	t := newKind("documents", `document_id 文件编号 document_name 文件名称 project 项目名称 version 版本号 employee_no 归档人工号 department_id 归档部门编号
		created_on 形成日期 filed_on 归档日期`)
	t.format.comma, t.format.day = '\t', slashDate
	for n, v := range c.ventures {
		for k, m := range c.calendar.months {
			roll := c.dice(streamDocument, n, k)
			made := c.calendar.next(dayOf(m.period.Start()), roll.below(18))
			staff := c.staffOn(v.department, made)
			if dayOf(m.period.Start()) < c.half || made < v.starts || v.completed != 0 && made > v.completed || len(staff) == 0 {
				continue
			}
			c.file(t, roll, v, made, pick(roll, staff))
		}
	}
	return t
}

// file adds a document under its name, or under one that the regulation does not know.
func (c *clerk) file(t *table, roll *dice, v venture, made day, by int) {
	version := fmt.Sprintf("%d.%d", 1+roll.below(2), roll.below(3))
	on := made.time()
	name := fmt.Sprintf("%s项目-%d年%d月-%s版", v.name, on.Year(), on.Month(), version)
	if roll.chance(130) {
		name = pick(roll, []string{v.name + "最终版(2)", v.name + "-" + on.Format("200601"), "新建文档" + on.Format("0102"), v.name + "项目-" + version + "版"})
	}
	filed := made
	if roll.chance(600) {
		filed = c.calendar.next(made, 1+roll.below(4))
	}
	if left := c.people[by].left; filed == 0 || left != 0 && filed > left {
		filed = made
	}
	t.row(id("WD", len(t.lines)+1), word(name), word(v.name), word(version), c.who(by), c.where(v.department), t.date(made), t.date(filed))
}

// satisfactionTable is what customers answered in the last half-year.
func (c *clerk) satisfactionTable() *table {
	t := newKind("satisfaction", `response_id 问卷编号 customer 客户名称 employee_no 服务人工号 answered_on 评价日期 score 满意度评分 timeliness_score 及时性评分
		accuracy_score 准确性评分 response_score 响应评分 project 项目名称 comment 意见`)
	t.format.comma = ';'
	remarks := []string{"", "", "", "", "响应及时", "沟通顺畅", "交付稍晚", "希望文档更完整", "上线后有小问题，已解决", "专业、耐心"}
	for i := range c.people {
		p := &c.people[i]
		roll := c.dice(streamSatisfaction, i, 0)
		for _, on := range c.answerDays(roll) {
			q := p.postOn(on)
			if q == nil || c.departments[q.department].kind == support {
				continue
			}
			place, theme := project(roll, q.department)
			mark := func() cell { return number(5 - min(roll.below(5), roll.below(5), roll.below(4))) }
			timely, exact, quick := mark(), mark(), mark()
			if roll.chance(80) {
				quick = cell{}
			}
			t.row(id("MY", len(t.lines)+1), word(pick(roll, clientNames)+pick(roll, trades)), word(employeeNo(p.no)), t.date(on), mark(), timely, exact, quick,
				word(place+theme), word(pick(roll, remarks)))
		}
	}
	return t
}

// answerDays draws two or three workdays of the last half-year.
func (c *clerk) answerDays(roll *dice) []day {
	work := c.calendar.work[c.calendar.index(c.half):]
	days := make([]day, 2+roll.below(2))
	for k := range days {
		days[k] = work[(k*len(work)+roll.below(len(work)))/3]
	}
	return days
}

// quarterEnds are the last days of the quarters that the company lived through.
func (c *clerk) quarterEnds() []day {
	var ends []day
	for _, m := range c.calendar.months {
		if last := m.period.LastDay(); last.Month()%3 == time.March%3 {
			ends = append(ends, dayOf(last))
		}
	}
	return ends
}
