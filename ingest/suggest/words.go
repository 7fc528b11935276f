package suggest

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"plumbline/policy"
)

// mark is what a header says about its values: "时长(分钟)", "Closed At (UTC)".
type mark struct {
	word string          // as it stands there
	unit policy.CellUnit // of hours, money or percent
	zone string
}

// marks are the words behind a header, or in brackets there.
var marks = func() map[string]mark {
	all := map[string]mark{}
	for _, m := range []struct {
		mark
		words []string
	}{
		{mark{unit: policy.UnitHours}, []string{"h", "hr", "hrs", "hour", "hours", "小时", "时", "小时数"}},
		{mark{unit: policy.UnitMinutes}, []string{"min", "mins", "minute", "minutes", "分钟", "分", "分钟数"}},
		{mark{unit: policy.UnitSeconds}, []string{"s", "sec", "secs", "second", "seconds", "秒", "秒数"}},
		{mark{unit: policy.UnitWorkdays}, []string{"d", "day", "days", "person days", "man days", "天", "日", "人天", "人日", "工作日", "天数"}},
		{mark{unit: policy.UnitOne}, []string{"元", "人民币", "人民币元", "rmb", "cny", "yuan"}},
		{mark{unit: policy.UnitThousand}, []string{"千元", "k", "thousand"}},
		{mark{unit: policy.UnitMyriad}, []string{"万元", "万", "wan"}},
		{mark{zone: "UTC"}, []string{"utc", "gmt"}},
		{mark{}, []string{"decimal", "小数", "十进制", "必填", "required", "选填", "optional"}}, // these say nothing that matters
	} {
		for _, w := range m.words {
			all[policy.HeaderKey(w)] = m.mark
		}
	}
	return all
}()

var (
	bracketed = regexp.MustCompile(`^(.*?)\s*[(\[【]([^()\[\]【】]*)[)\]】]\s*$`)
	suffixed  = regexp.MustCompile(`^(.*?)[\s_.\-/]+([a-z]{3,}|\p{Han}+)\s*$`)
	hanSuffix = regexp.MustCompile(`^(.*\p{Han})(分钟数?|小时数|秒数|人天|万元|千元)$`)
)

// headerMark gives a header's key without its mark, and the mark.
func headerMark(header string) (base string, m mark) {
	s := strings.ToLower(norm.NFKC.String(plain(header)))
	whole := policy.HeaderKey(s)
	if strings.HasSuffix(s, "%") || strings.HasSuffix(s, "(%)") || strings.HasSuffix(s, "[%]") {
		return whole, mark{word: "%", unit: policy.UnitPercent}
	}
	for _, form := range []*regexp.Regexp{bracketed, suffixed, hanSuffix} {
		part := form.FindStringSubmatch(s)
		if part == nil || policy.HeaderKey(part[1]) == "" {
			continue
		}
		if m, known := marks[policy.HeaderKey(part[2])]; known {
			m.word = part[2]
			return policy.HeaderKey(part[1]), m
		}
	}
	return whole, mark{}
}

// concept is a thing that tools have many words for. A column of a dataset that is called by one of its names may be headed by
// any of its words.
type concept struct{ names, words map[string]bool }

var concepts = []concept{
	{keySet("工作日期", "Work date"), keySet("date", "day", "日期", "start date", "started", "started at", "start", "begin", "begin date", "spent date",
		"date spent", "log date",
		"花费日期", "开始日期", "日志日期", "工时日期", "发生日期", "登记工时日期")},
	{keySet("实际工时", "工时", "Hours", "Actual hours"), keySet("hours", "duration", "time spent", "timespent", "spent", "spent time", "spent hours",
		"worked", "worked hours", "logged",
		"logged hours", "effort", "consumed", "duration decimal", "工时", "时长", "耗时", "消耗", "消耗工时", "花费工时", "花费", "总计消耗", "登记工时", "用时", "持续时间",
		"工作时长")},
	{keySet("承诺日期", "Due on"), keySet("due", "due date", "due on", "deadline", "target date", "截止日期", "到期日", "到期日期", "截止时间", "计划完成日期", "计划完成",
		"要求完成日期",
		"交付期限", "期限")},
	{keySet("实际交付日期", "Delivered on"), keySet("resolved", "resolved at", "resolution date", "closed", "closed at", "closed date", "completed",
		"completed at", "completion date",
		"done", "finished", "finished at", "finished date", "delivered", "delivered at", "delivery date", "实际完成", "完成时间", "完成日期", "实际完成时间", "解决日期",
		"解决时间",
		"已解决", "关闭时间", "关闭日期", "交付时间")},
	{keySet("创建日期", "Created on"), keySet("created", "created at", "created on", "created date", "creation date", "create date", "date created",
		"opened", "opened date", "open date",
		"创建时间", "创建日期", "建立日期", "创建于", "提出日期", "由谁创建时间")},
	{keySet("结案日期", "Closed on"), keySet("close date", "closed", "closed at", "closed date", "closing date", "关闭日期", "关闭时间", "结束日期", "成交时间", "完成日期")},
	{keySet("交付编号", "Delivery ID"), keySet("id", "key", "issue key", "issue id", "task id", "ticket", "ticket id", "number", "no", "编号", "单号",
		"任务编号", "需求编号", "问题关键字",
		"事务关键字", "关键字")},
	{keySet("商机编号", "Opportunity ID"), keySet("id", "record id", "deal id", "编号", "单号", "记录 ID", "机会 ID", "业务机会 ID", "业务机会编号")},
	{keySet("日志编号", "Log ID"), keySet("id", "worklog id", "entry id", "time entry id", "timesheet id", "日志 ID", "工时编号")},
	{keySet("项目名称", "Project"), keySet("project", "project name", "workspace", "execution", "项目", "所属项目", "所属执行", "执行")},
	{keySet("工作内容"), keySet("description", "work description", "comment", "notes", "note", "描述", "说明", "花费描述", "工作描述", "日志内容", "工作说明", "备注")},
	{keySet("交付内容", "Item"), keySet("summary", "title", "subject", "task name", "issue summary", "概要", "标题", "主题", "任务名称", "任务标题")},
	{keySet("客户名称", "Customer"), keySet("customer", "customer name", "client", "client name", "account", "account name", "company", "company name",
		"客户", "公司名称", "关联公司")},
	{keySet("金额", "Amount"), keySet("amount", "deal amount", "total amount", "合同额", "总金额", "成交额", "成交金额")},
	{keySet("结果", "Outcome"), keySet("outcome", "status", "state", "result", "stage", "stage name", "deal stage", "状态", "阶段")},
	{keySet("到达阶段", "Stage reached"), keySet("stage", "stage name", "deal stage", "阶段", "销售阶段")},
	{keySet("出勤时长", "Hours worked"), keySet("working hours", "working time", "work duration", "工作时长", "出勤工时")},
	{keySet("提交时间", "Submitted at"), keySet("submitted", "submitted at", "submit time", "report time", "reporttime", "汇报时间", "发起时间")},
	{keySet("评价日期", "Answered on"), keySet("answered at", "submitted at", "response date", "提交时间", "填写时间", "答题时间")},
	{keySet("邮箱", "E-mail"), keySet("email", "e-mail", "mail", "email address", "工作邮箱")},
}

// persons are the words for whose record it is, by what is left when a word such as "username" is taken off them.
var persons = keySet("assignee", "assigned to", "owner", "deal owner", "opportunity owner", "owner id", "responsible", "user", "username",
	"user name", "userid", "user id", "login",
	"member", "email", "e-mail", "user email", "full name", "name", "employee", "employee name", "employee email", "person", "worker", "user.name",
	"user.account_number",
	"assignee username", "assignee email", "assignee name", "owner email", "owner name", "工号", "员工编号", "姓名", "员工", "员工姓名", "用户", "用户名", "用户 ID",
	"成员", "账号", "登录名",
	"邮箱", "电子邮箱", "负责人", "负责人姓名", "负责人邮箱", "经办人", "受理人", "指派给", "指派人", "指派人用户名", "处理人", "责任人", "跟进人", "填报人", "登记人", "汇报人", "提交人",
	"花费创建人", "花费人", "由谁完成", "完成者", "发起人", "发起人姓名", "发起人工号", "申请人", "申请人姓名", "销售", "销售负责人", "业务员", "交易负责人", "业务机会所有人", "所有人",
	"全名", "服务人", "流程负责人", "归档人", "接口人")

// makers are the words for who entered a record, which is second best.
var makers = keySet("creator", "created by", "author", "author username", "author name", "reporter", "submitter", "创建人", "创建者", "由谁创建", "报告人",
	"记录人", "录入人")

// personWords are the words by which a person is named, the longer before the shorter.
var personWords = []string{"accountnumber", "emailaddress", "employeeno", "employeeid", "username", "loginname", "fullname", "account", "userid",
	"email", "login", "name", "id",
	"用户名", "登录名", "邮箱", "姓名", "工号", "编号", "账号", "全名"}

// anybody are the words for a person that name no role.
var anybody = map[string]bool{"": true, "user": true, "employee": true, "member": true, "person": true, "worker": true, "员工": true, "用户": true,
	"成员": true}

// role tells whom a header means: "Assignee Username" and "Assignee" are the same person.
func role(key string) string {
	for _, w := range personWords {
		if rest, ok := strings.CutSuffix(key, w); ok {
			key = rest
			break
		}
	}
	if anybody[key] {
		return ""
	}
	return key
}

// updates are the words for when a row of a log of events was written.
var updates = keySet("updated", "updated at", "last updated", "update time", "modified", "modified at", "last modified", "last modified date",
	"changed", "changed at", "change date",
	"timestamp", "event time", "更新时间", "更新日期", "更新于", "修改时间", "最后修改时间", "最后修改日期", "最后更新时间", "变更时间", "变更日期", "操作时间", "Updated At (UTC)", "已更新")

// foretold are words for what is only expected. A header that has one is not like a column that has none.
var foretold = []string{"计划", "预计", "预估", "预期", "剩余", "最初", "planned", "estimate", "expected", "remaining", "original"}

// tier is how well a header fits a column.
type tier int

const (
	noTier  tier = iota
	byValue      // by nothing but its values
	byPart       // one holds the other
	bySynonym
	byBase // but for the unit behind it
	byAlias
	byName // the id or a name
)

// wording is what a column of a dataset is called.
type wording struct {
	names, aliases map[string]bool
	synonyms       map[string]bool
	words          []string // all keys of names and aliases
	owner          bool
}

func wordingOf(d *policy.Dataset, c *policy.Column) *wording {
	w := &wording{names: keySet(c.ID, c.Name.ZH, c.Name.EN), aliases: keySet(c.Aliases...), synonyms: map[string]bool{}, owner: c.ID == d.Owner}
	for _, word := range append([]string{c.ID, c.Name.ZH, c.Name.EN}, c.Aliases...) {
		w.words = append(w.words, policy.HeaderKey(word))
	}
	for _, g := range concepts {
		for name := range g.names {
			if w.names[name] || w.aliases[name] {
				for s := range g.words {
					w.synonyms[s] = true
				}
			}
		}
	}
	return w
}

// tier tells how well a header fits.
func (w *wording) tier(c *column) tier {
	switch {
	case w.names[c.key]:
		return byName
	case w.aliases[c.key]:
		return byAlias
	case w.names[c.base] || w.aliases[c.base]:
		return byBase
	case w.synonyms[c.key] || w.synonyms[c.base], w.owner && persons[c.key]:
		return bySynonym
	case w.owner && makers[c.key], w.part(c.base):
		return byPart
	}
	return noTier
}

// part reports whether a word of the column is a good part of the header, or the other way round.
func (w *wording) part(key string) bool {
	for _, f := range foretold {
		if strings.Contains(key, f) {
			return false
		}
	}
	for _, word := range w.words {
		short, long := key, word
		if len(short) > len(long) {
			short, long = long, short
		}
		n := utf8.RuneCountInString(short)
		least := 2
		if len(short) == n {
			least = 4 // letters say less than Chinese characters
		}
		if n >= least && n*2 >= utf8.RuneCountInString(long) && strings.Contains(long, short) {
			return true
		}
	}
	return false
}
