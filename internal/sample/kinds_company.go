package sample

import (
	"fmt"
	"strings"
)

// meeting is one that was held, with who writes its minutes.
type meeting struct {
	id, title, kind   string
	department, clerk int
	held              moment
	people            []int
}

// whole stands for the whole company where a department is named.
const whole = -1

// callMeetings holds the strategy meetings of the last half-year and the weekly meetings of the latest quarter.
func (c *clerk) callMeetings() {
	for _, m := range c.calendar.months {
		on := c.calendar.next(dayOf(m.period.Start()), 4)
		if on == 0 || dayOf(m.period.Start()) < c.half || m.period.Number()%3 != 1 {
			continue
		}
		var lead []int
		for _, d := range c.top() {
			lead = append(lead, c.leaders(d)[0])
		}
		c.call(fmt.Sprintf("%s季度战略会", m.quarter), "季度战略会", whole, on.at(14, 0), lead)
	}
	for _, monday := range c.calendar.weeks(c.quarter, c.calendar.last) {
		on := c.calendar.next(monday, 0)
		for n, d := range c.top() {
			if on != 0 {
				c.call(c.departments[d].name+"周会", "周会", d, on.at(9, 0)+moment(n%3*30), c.house(d, on))
			}
		}
	}
}

func (c *clerk) call(title, kind string, department int, held moment, people []int) {
	n := len(c.meetings)
	roll := c.dice(streamMeeting, n, 1)
	c.meetings = append(c.meetings, meeting{fmt.Sprintf("HY%06d", n+1), title, kind, department, pick(roll, people), held, people})
}

// meetingTable is the meetings with their minutes.
func (c *clerk) meetingTable() *table {
	t := newKind("meetings", `meeting_id 会议编号 title 会议名称 kind 会议类型 department_id 部门编号 employee_no 记录人工号 held_at 会议时间 ended_at 结束时间
		minutes_at 纪要完成时间 sent_at 纪要发送时间 filed_on 归档日期 participants 参会人员 invited 应到人数 attended 实到人数 complete 纪要要素齐全`)
	for n, m := range c.meetings {
		roll := c.dice(streamMeeting, n, 0)
		ended := m.held + moment(40+roll.below(80))
		written := c.later(ended, 30+roll.below(480))
		switch event := roll.below(100); {
		case event < 3:
			written = 0
		case event < 13:
			written = c.later(ended, 700+roll.below(1300))
		}
		sent, filed, complete := moment(0), day(0), cell{}
		if written != 0 {
			sent, filed = c.later(written, 5+roll.below(90)), c.calendar.next(written.day(), roll.below(3))
			complete = flag(!roll.chance(60))
		}
		department := cell{}
		if m.department != whole {
			department = c.where(m.department)
		}
		absent := min(roll.below(4), roll.below(3), len(m.people)-1)
		t.row(word(m.id), word(m.title), word(m.kind), department, c.who(m.clerk), t.time(m.held), t.time(ended), t.time(written), t.time(sent),
			t.date(filed), word(c.namesOf(m.people)), number(len(m.people)), number(len(m.people)-absent), complete)
	}
	return t
}

// namesOf lists the first people by name, and tells how many there are.
func (c *clerk) namesOf(people []int) string {
	var names []string
	for _, i := range people[:min(2, len(people))] {
		names = append(names, c.people[i].name)
	}
	text := strings.Join(names, "、")
	if len(people) > len(names) {
		text += fmt.Sprintf("等%d人", len(people))
	}
	return text
}

// resolutions are what meetings decide.
var resolutions = []string{"重点客户逐户回访", "优化采购审批表单", "压缩跨部门响应时间", "梳理逾期交付原因", "统一项目文件命名", "建立周报模板", "补齐验收资料",
	"完善数据权限清单", "制定新员工带教计划", "复盘流失商机", "调整交付排期", "开展应急演练", "更新报价口径", "清理历史账号", "推进季度满意度回访"}

// decisionTable is what the meetings decided; it is the file of JSON lines.
func (c *clerk) decisionTable() *table {
	t := newKind("decisions", `decision_id 决议编号 meeting_id 会议编号 content 决议内容 employee_no 跟进人工号 department_id 责任部门编号 decided_at 决议时间
		assigned_at 分配时间 assignee_no 责任人工号 due_on 完成期限 done_on 完成日期 status 决议状态`).asJSON(jsonLines, "ndjson")
	for n, m := range c.meetings {
		roll := c.dice(streamDecision, n, 0)
		count := roll.below(5) / 4
		if m.kind == "季度战略会" {
			count = 6
		}
		for range count {
			c.decide(t, roll, m)
		}
	}
	return t
}

// decide adds a resolution: assigned within a day or later, done in time, late or not yet.
func (c *clerk) decide(t *table, roll *dice, m meeting) {
	decided := m.held + moment(15+roll.below(25))
	assigned, due := c.later(decided, 10+roll.below(420)), c.calendar.before(m.held.day()+day(7+roll.below(38)))
	switch event := roll.below(100); {
	case event < 4:
		assigned = 0
	case event < 14:
		assigned = c.later(decided, 600+roll.below(1500))
	}
	done, status := day(0), "执行中"
	if assigned != 0 && roll.chance(880) {
		done = c.calendar.next(max(due-day(roll.below(10)), assigned.day()), 0)
		if roll.chance(200) {
			done = c.calendar.next(due+1, roll.below(8))
		}
	}
	if done != 0 {
		status = "已完成"
	} else if roll.chance(60) {
		status = "已取消"
	}
	assignee := cell{}
	if assigned != 0 {
		assignee = c.who(pick(roll, m.people))
	}
	department := c.people[m.clerk].postOn(m.held.day()).department
	t.row(id("JY", len(t.lines)+1), word(m.id), word(pick(roll, resolutions)), c.who(m.clerk), c.where(department), t.time(decided), t.time(assigned),
		assignee, t.date(due), t.date(done), word(status))
}

// request is what people ask approval for, with its usual amount in yuan.
type request struct {
	title, kind string
	amount      int
}

var requests = []request{{"采购测试设备", "采购", 24000}, {"采购服务器", "采购", 86000}, {"采购办公用品", "采购", 1800}, {"差旅费报销", "费用", 3200},
	{"客户接待费用", "费用", 2600}, {"外包开发合同", "合同", 120000}, {"场地租赁合同", "合同", 54000}, {"季度奖金发放", "奖惩", 38000}, {"软件许可续费", "采购", 45000}}

// approvalTable is the approvals of the last half-year with their signatures.
func (c *clerk) approvalTable() *table {
	t := newKind("approvals", `approval_id 审批编号 employee_no 发起人工号 department_id 部门编号 title 标题 kind 审批类型 amount 申请金额 submitted_at 发起时间
		head_no 部门负责人工号 head_at 部门负责人审批时间 finance_no 财务工号 finance_at 财务审批时间 ceo_no CEO工号 ceo_at CEO审批时间 completed_at 完成时间
		status 审批状态 emergency 紧急 acted_at 应急处置时间 made_up_at 补办时间`).inBook("审批")
	for n, on := range c.calendar.work[c.calendar.index(c.half):] {
		roll := c.dice(streamApproval, n, 0)
		if staff := c.house(pick(roll, c.top()), on); len(staff) > 0 && !roll.chance(200) {
			c.apply(t, roll, pick(roll, staff), on)
		}
	}
	return t
}

// signature is a step of an approval: who signed when; no time, no signature.
type signature struct {
	no int
	at moment
}

func (t *table) signature(s signature) (who, when cell) {
	if s.at == 0 {
		return cell{}, cell{}
	}
	return word(employeeNo(s.no)), t.time(s.at)
}

// apply adds the request of person i: mostly with all three signatures in order, now and then without one or in another order,
// and in an emergency after the fact.
func (c *clerk) apply(t *table, roll *dice, i int, on day) {
	r := pick(roll, requests)
	amount := r.amount * (60 + roll.below(90)) / 100
	submitted := officeTime(roll, on)
	acted, madeUp := moment(0), moment(0)
	if roll.chance(90) {
		acted = submitted - moment((8+roll.below(90))*60) // at any hour
	}
	steps := c.sign(roll, i, on, submitted)
	status, completed := "已通过", steps[2].at
	switch event := roll.below(100); {
	case event < 5:
		status, completed, steps[1], steps[2] = "已拒绝", steps[0].at, signature{}, signature{}
	case event < 8:
		status, completed, steps = "已撤销", c.later(submitted, 30+roll.below(300)), [3]signature{}
	case event < 12:
		steps[1] = signature{} // finance is passed over
	case event < 15:
		steps[0].at, steps[1].at = steps[1].at, steps[0].at // finance signs first
	case event < 18:
		steps[2], completed = signature{}, steps[1].at // the CEO is passed over
	}
	if completed == 0 {
		status = "审批中"
	} else if acted != 0 && status == "已通过" {
		madeUp = completed
	}
	department := c.people[i].postOn(on).department
	cells := []cell{word(fmt.Sprintf("%s%04d", submitted.day().in(compactDate), len(t.lines)+1)), c.who(i), c.where(department), word(r.title), word(r.kind),
		yuan(amount), t.time(submitted)}
	for _, s := range steps {
		who, when := t.signature(s)
		cells = append(cells, who, when)
	}
	t.row(append(cells, t.time(completed), word(status), flag(acted != 0), t.time(acted), t.time(madeUp))...)
}

// sign draws the three signatures. Who asks does not sign for himself: a head's request is signed by the CEO alone.
func (c *clerk) sign(roll *dice, i int, on day, submitted moment) [3]signature {
	lead := c.leaders(c.people[i].postOn(on).department)
	first := c.people[lead[0]].no
	if lead[0] == i {
		first = c.ceoNo()
	}
	finance := c.finance
	if c.people[i].no == finance {
		finance = c.people[c.leaders(c.office)[0]].no
	}
	steps := [3]signature{{no: first}, {no: finance}, {no: c.ceoNo()}}
	at := submitted
	for k := range steps {
		if at = c.later(at, 15+roll.below(480)); at == 0 {
			break
		}
		steps[k].at = at
	}
	return steps
}

// other draws one of several people who is not the one named.
func (c *clerk) other(roll *dice, people []int, not int) int {
	at := roll.below(len(people))
	if people[at] == not {
		at = (at + 1) % len(people)
	}
	return people[at]
}

// processes are what audits look at.
var processes = []string{"采购审批", "会议纪要", "项目启动", "结项验收", "周报提交", "文件归档", "合同管理", "数据权限"}

// findingTable is the sample of each quarter's audit.
func (c *clerk) findingTable() *table {
	t := newKind("findings", `finding_id 抽查编号 audited_on 抽查日期 process 流程 item 抽查对象 employee_no 流程负责人工号 department_id 被审计部门编号
		auditor_no 审计人工号 compliant 是否合规 severity 问题程度 finding 问题描述 due_on 整改期限 fixed_on 整改完成日期`)
	for n, end := range c.quarterEnds() {
		for k := range 2 * len(processes) {
			c.audit(t, c.dice(streamFinding, n, k), processes[k%len(processes)], c.calendar.before(end-day(k%9)))
		}
	}
	return t
}

// audit adds what was found in one process of one department.
func (c *clerk) audit(t *table, roll *dice, process string, on day) {
	d := pick(roll, c.top())
	owner := c.leaders(d)[0]
	auditor := c.other(roll, c.staffOn(c.office, on), owner)
	severity, finding, due, fixed := "", "", day(0), day(0)
	compliant := !roll.chance(160)
	if !compliant {
		severity = pick(roll, []string{"轻微", "轻微", "轻微", "较重", "较重", "严重"})
		finding = pick(roll, []string{"缺少签字", "超过规定期限", "资料不完整", "命名不规范", "未按模板填写"})
		due = on + 30
		if !roll.chance(200) {
			fixed = c.done(on + day(5+roll.below(35)))
		}
	}
	t.row(id("NS", len(t.lines)+1), t.date(on), word(process), word(fmt.Sprintf("%s-%d-%02d", process, on.time().Year(), 1+roll.below(60))), c.who(owner), c.where(d),
		c.who(auditor), flag(compliant), word(severity), word(finding), t.date(due), t.date(fixed))
}

// event is something that goes wrong, or a drill.
type event struct {
	kind, title string
	drill       bool
}

var events = []event{{"系统故障", "业务系统中断", false}, {"系统故障", "数据库恢复演练", true}, {"数据泄露", "客户资料误发外部邮箱", false},
	{"系统故障", "机房网络中断", false}, {"数据泄露", "数据泄露应急演练", true}, {"违规", "未经审批对外报价", false}, {"系统故障", "文件服务器磁盘告警", false},
	{"数据泄露", "离职人员账号未及时停用", false}}

// incidentTable is the incidents and drills, about one a month; it is the JSON file.
func (c *clerk) incidentTable() *table {
	t := newKind("incidents", `incident_id 事件编号 kind 事件类型 title 事件概述 employee_no 处理人工号 person_no 涉及人工号 department_id 发生部门编号 found_at 发现时间
		reported_at 报告时间 severity 事件级别 confirmed 是否查实 confirmed_on 查实日期 closed_on 关闭日期 drill 是否演练`).asJSON(jsonArray, "json")
	for n, m := range c.calendar.months {
		roll := c.dice(streamIncident, n, 0)
		e := events[(n+roll.below(2))%len(events)]
		on := c.calendar.next(dayOf(m.period.Start()), roll.below(17))
		d := pick(roll, c.top())
		found := officeTime(roll, on)
		reported := c.past(found + moment(5+roll.below(50)))
		if roll.chance(150) {
			reported = c.past(found + moment(20*60+roll.below(30*60)))
		}
		person, confirmed, concluded := cell{}, cell{}, day(0)
		if e.kind != "系统故障" && !e.drill {
			concluded = c.calendar.next(on+1, 2+roll.below(9))
			person = c.who(c.other(roll, c.house(d, on), c.leaders(d)[0]))
			if concluded != 0 {
				confirmed = flag(roll.chance(700))
			}
		}
		closed := c.calendar.next(max(on, concluded)+1, roll.below(10))
		t.row(id("SG", n+1), word(e.kind), word(e.title), c.who(c.leaders(d)[0]), person, c.where(d), t.time(found), t.time(reported),
			word(pick(roll, []string{"一般", "一般", "一般", "较大", "重大"})), confirmed, t.date(concluded), t.date(closed), flag(e.drill))
	}
	return t
}

// questions are those of the monthly questionnaire.
var questions = []string{"流程是否清晰", "审批是否及时", "跨部门配合是否顺畅"}

// surveyTable is the answers of the last half-year. Nothing in it leads to a person: the order is drawn, not that of the people.
func (c *clerk) surveyTable() *table {
	t := newKind("surveys", `month_on 问卷月份 answer_no 序号 department_id 部门编号 question 题目 pain_point 流程痛点 score 评分 comment 意见`)
	pains := []string{"审批", "审批", "跨部门协作", "跨部门协作", "系统工具", "文档表单", "工作负荷", "没有", "没有", "其他痛点"}
	comments := []string{"", "", "", "", "", "希望减少重复填报", "建议合并会议", "系统偶尔卡顿", "签字等待时间较长", "模板可以再简化"}
	for n, m := range c.calendar.months {
		first := dayOf(m.period.Start())
		if first < c.half {
			continue
		}
		roll := c.dice(streamSurvey, n, 0)
		for k := range len(c.people) * 2 / 5 {
			on := c.people[roll.below(len(c.people))].postOn(first)
			if on == nil {
				continue
			}
			t.row(t.date(first), number(k+1), c.where(on.department), word(pick(roll, questions)), word(pick(roll, pains)),
				number(5-min(roll.below(5), roll.below(4))), word(pick(roll, comments)))
		}
	}
	return t
}

// targetTable is the targets of the last year: the revenue of the company by year, quarter and month, and rates by department.
func (c *clerk) targetTable() *table {
	t := newKind("targets", `kpi 指标 department_id 部门编号 period 目标期间 target_value 目标值 baseline 基线值 set_on 下达日期 employee_no 工号`)
	year := c.calendar.last.time().Year()
	set := weekday(day(dayOf(c.calendar.last.time().AddDate(0, 0, 1-c.calendar.last.time().YearDay()))) - 12) // in December before
	revenue := 800_000 * len(c.people)
	row := func(kpi string, d int, period string, target, baseline int, on day) {
		where := cell{}
		if d != whole {
			where = c.where(d)
		}
		t.row(word(kpi), where, word(period), number(target), number(baseline), t.date(on), cell{})
	}
	row("won_amount", whole, fmt.Sprint(year), revenue, revenue*9/10, set)
	for month, weight := range [12]int{7, 6, 8, 8, 8, 9, 8, 8, 9, 9, 10, 10} { // hundredths of the year
		row("won_amount", whole, fmt.Sprintf("%d-%02d", year, month+1), revenue*weight/100, revenue*9/10*weight/100, set)
	}
	for q, weight := range [4]int{21, 25, 25, 29} {
		period := fmt.Sprintf("%dQ%d", year, q+1)
		row("won_amount", whole, period, revenue*weight/100, revenue*9/10*weight/100, set)
		for _, d := range c.top() {
			switch c.departments[d].kind {
			case sales:
				row("conversion_rate", d, period, 30, 27, set)
			case engineering:
				row("on_time_rate", d, period, 85, 79, set)
			}
			row("log_punctuality", d, period, 95, 93, set)
		}
	}
	months := c.calendar.months
	quarter := months[len(months)-1].quarter
	row("conversion_rate", c.top()[0], quarter, 32, 27, c.calendar.next(c.quarter, 0)) // revised
	row("conversion_rate", c.top()[0], fmt.Sprint(year), 30, 27, set)
	c.revenueTargets(t, year, revenue, set)
	for _, d := range c.top() {
		if c.departments[d].kind != support {
			t.row(word("satisfaction_score"), c.where(d), word(quarter), tenths(45), tenths(43), t.date(set), cell{})
		}
	}
	own := c.staffOn(c.top()[0], c.calendar.last)
	t.row(word("conversion_rate"), cell{}, word(quarter), number(34), number(29), t.date(c.calendar.next(c.quarter, 0)), c.who(own[len(own)-1]))
	return t
}

// revenueTargets are the sales departments' shares of the yearly revenue; that of the first is revised in the latest quarter.
func (c *clerk) revenueTargets(t *table, year, revenue int, set day) {
	var sellers []int
	for _, d := range c.top() {
		if c.departments[d].kind == sales {
			sellers = append(sellers, d)
		}
	}
	each := revenue / len(sellers)
	row := func(d, target int, on day) {
		t.row(word("won_amount"), c.where(d), word(fmt.Sprint(year)), number(target), number(each*9/10), t.date(on), cell{})
	}
	for _, d := range sellers {
		row(d, each, set)
	}
	row(sellers[0], each*21/20, weekday(c.quarter+19))
}

// costTable is what each department cost in the last half-year, with a totals row.
func (c *clerk) costTable() *table {
	t := newKind("costs", `department_id 部门编号 month_on 月份 kind 费用类别 amount 实际金额 budget 预算金额`)
	t.format.day = chineseDate
	spent, planned := 0, 0
	for n, m := range c.calendar.months {
		first := dayOf(m.period.Start())
		if first < c.half {
			continue
		}
		for _, d := range c.top() {
			roll, heads := c.dice(streamCost, n, d), len(c.house(d, first))
			for _, cost := range []struct {
				kind string
				each int
			}{{"人力成本", 16000}, {"差旅费", 900}, {"采购费", 700}, {"办公费", 450}} {
				budget := cost.each * heads
				amount := budget * (88 + roll.below(22)) / 100
				spent, planned = spent+amount, planned+budget
				t.row(c.where(d), t.date(first), word(cost.kind), yuan(amount), yuan(budget))
			}
		}
	}
	total := &line{cells: []cell{word("合计"), {}, {}, yuan(spent), yuan(planned)}}
	total.fault("", "row.total", "合计行", "A totals row")
	t.add(total)
	return t
}
