package sample

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
)

// The columns of the workbook of the organisation, which knows more than the plain files do.
var (
	staffColumns = append(slices.Clip(employeeColumns), "bonus_base")
	staffHeader  = append(slices.Clip(employeeHeader), "奖金基数")
	stayColumns  = append(slices.Clip(membershipColumns), "share", "working_time")
	stayHeader   = append(slices.Clip(membershipHeader), "任职比例", "工时比例")
)

// staffRows are the people as texts, in the order of staffHeader.
func (c *clerk) staffRows() [][]string {
	rows := c.employeeRows()
	for i, p := range c.byNumber() {
		roll := c.dice(streamBonus, p.no, 0)
		base := [...]int{specialist: 8_000, supervisor: 14_000, head: 24_000}[p.posts[len(p.posts)-1].role]
		rows[i] = append(rows[i], strconv.Itoa(base+500*roll.below(11)))
	}
	return rows
}

// partTime is the share of full time that the part-timer works, and mainShare how much of his work the sharer keeps for his first
// group, in percent.
const (
	partTime  = 60
	mainShare = 60
)

// stayRows are the memberships as texts, in the order of stayHeader: those of membershipRows, one of a person who shares himself
// between two groups from the latest quarter on, and one of a part-timer.
func (c *clerk) stayRows() [][]string {
	var rows [][]string
	for _, row := range c.membershipRows() {
		row = append(row, "", "")
		switch row[0] {
		case employeeNo(c.people[c.partTimer].no):
			row[7] = strconv.Itoa(partTime)
		case employeeNo(c.people[c.sharer].no):
			before, here, there := slices.Clone(row), slices.Clone(row), slices.Clone(row)
			before[3] = (c.quarter - 1).String()
			here[2], here[6] = c.quarter.String(), strconv.Itoa(mainShare)
			there[1], there[2], there[6] = c.departments[c.second].id, c.quarter.String(), strconv.Itoa(100-mainShare)
			there[5] = employeeNo(c.people[c.leaders(c.second)[0]].no)
			rows = append(rows, before, here, there)
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

// settled tells whether person i is a specialist who was there before the first month, stays, and never moved.
func (c *clerk) settled(i int) bool {
	p := &c.people[i]
	return len(p.posts) == 1 && p.posts[0].role == specialist && p.left == 0 && p.hired < c.calendar.first
}

// cast finds who works for two groups of the matrix department, the second of these, and who of general management works part-time.
func (c *clerk) cast() error {
	who := func(in func(department) bool) int {
		for i := range c.people {
			if in(c.departments[c.people[i].posts[0].department]) && c.settled(i) {
				return i
			}
		}
		return -1
	}
	c.sharer = who(func(d department) bool { return d.parent >= 0 })
	c.partTimer = who(func(d department) bool { return d.kind == support })
	if c.sharer < 0 || c.partTimer < 0 {
		return errors.New("no specialist stays who could share himself or work part-time; choose another seed or more people")
	}
	for _, d := range c.groups() {
		if d != c.people[c.sharer].posts[0].department && c.people[c.leaders(d)[0]].posts[0].department == d {
			c.second = d
		}
	}
	return nil
}

// groups lists the groups of the matrix department.
func (c *clerk) groups() (groups []int) {
	for i, d := range c.departments {
		if d.parent >= 0 {
			groups = append(groups, i)
		}
	}
	return groups
}

// change is what a department became.
type change struct {
	department   int
	on           day
	name, nameEN string
	parent       int // index, -1 where it stays
}

// changes are the last group with another name, and the one without a leader below the department before the matrix. Both come
// before the latest quarter, so that it is told as the company is now.
func (c *clerk) changes() []change {
	groups := c.groups()
	last, moved := groups[len(groups)-1], groups[len(groups)-2]
	return []change{
		{last, weekday(c.quarter - 121), "数据分析组", "Data Analysis", -1},
		{moved, weekday(c.quarter - 56), "", "", c.departments[moved].parent - 1},
	}
}

// changeTable is what departments became; the workbook tells what they were.
func (c *clerk) changeTable() *table {
	t := newKind("department_changes", `department_id 部门编号 effective_on 生效日期 name 变更后名称 name_en 变更后英文名称 parent_id 新上级部门编号`)
	for _, x := range c.changes() {
		parent := cell{}
		if x.parent >= 0 {
			parent = c.where(x.parent)
		}
		t.row(c.where(x.department), t.date(x.on), word(x.name), word(x.nameEN), parent)
	}
	t.append("", "check.1", "没有写明变更了什么", "It does not say what changed", c.departments[c.office].id, weekday(c.quarter-30).String(), "", "", "")
	return t
}

// off is a run of workdays without a log.
type off struct {
	who         int
	first, last day
}

// leaveTable is the leaves of people, on days on which they wrote no log: about two in five of these in the latest quarter, fewer
// before, since not every day without a log is one of leave.
func (c *clerk) leaveTable(logs []*table) *table {
	t := newKind("leaves", `employee_no 工号 first_day 请假开始日期 last_day 请假结束日期 kind 假别`)
	t.format.day = slashDate
	days := c.daysOff(logs)
	slices.SortStableFunc(days, func(a, b off) int { return cmp.Compare(a.first, b.first) })
	for _, d := range days {
		roll := c.dice(streamDayOff, d.who, int(d.first))
		often := 60
		if d.first >= c.quarter {
			often = 400
		}
		if roll.chance(often) {
			kind := pick(roll, []string{"年假", "年假", "年假", "年假", "病假", "病假", "事假", "事假", "调休", "其他假"})
			t.row(c.who(d.who), t.date(d.first), t.date(d.last), word(kind))
		}
	}
	return t
}

// daysOff lists the runs of workdays on which people were employed and wrote no log.
func (c *clerk) daysOff(logs []*table) (days []off) {
	logged := map[int]map[day]bool{}
	for _, t := range logs {
		for _, l := range t.lines {
			r := l.record.(workLog)
			if logged[r.no] == nil {
				logged[r.no] = map[day]bool{}
			}
			logged[r.no][r.on] = true
		}
	}
	for i := range c.people {
		p, open := &c.people[i], false
		for _, d := range c.calendar.work[c.calendar.index(max(c.calendar.first, p.hired)):] {
			absent := !logged[p.no][d] && (p.left == 0 || d <= p.left)
			if absent && open {
				days[len(days)-1].last = d
			} else if absent {
				days = append(days, off{i, d, d})
			}
			open = absent
		}
	}
	return days
}
