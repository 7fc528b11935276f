package sample

import (
	"fmt"
	"time"
)

// plantKinds puts faults into the further kinds: one or two in each file.
func plantKinds(kinds []*table, g *generator) error {
	slips := kindSlips(g.calendar.last.time(), len(g.people))
	for _, t := range kinds {
		if err := t.slips(slips[t.dataset]); err != nil {
			return err
		}
		switch t.dataset {
		case "accounts":
			if err := plantConflict(t, 500, "employee_no", employeeNo(2)); err != nil {
				return err
			}
		case "surveys":
			if err := plantDuplicate(t, 700); err != nil {
				return err
			}
		}
	}
	return nil
}

// kindSlips are the faults in cells, by dataset.
func kindSlips(end time.Time, people int) map[string][]slip {
	year := end.Year()
	has := func(column int) func(*line) bool { return func(l *line) bool { return l.cells[column].text != "" } }
	return map[string][]slip{
		"attendance":   {{at: 400, column: "worked_hours", value: "30", rule: "check.1", zh: "一天出勤 30 小时", en: "30 hours worked in one day"}},
		"satisfaction": {{at: 300, column: "score", value: "9", rule: "check.1", zh: "五分制中评了 9 分", en: "A score of 9 where 5 is the highest"}},
		"milestones": {{at: 500, column: "kind", value: "中试", rule: "enum.unknown", zh: "节点类型“中试”不在可选值中",
			en: "The kind of milestone “pilot” is not among the values"}},
		"meetings": {{at: 400, column: "minutes_at", edit: func(t *table, l *line) {
			t.set(l, "minutes_at", l.cells[t.at("held_at")].text[:len(isoDate)]+" 08:10", textCell)
		}, rule: "check.2", zh: "纪要写于会议之前", en: "Minutes written before the meeting", only: has(7)}},
		"decisions": {{at: 600, column: "decided_at", value: impossible(end) + "T10:00:00+08:00", rule: "date.impossible", zh: "不存在的日期",
			en: "A date that does not exist"}},
		"submissions": {{at: 350, column: "submitted_at", edit: func(t *table, l *line) {
			t.set(l, "submitted_at", l.cells[t.at("due_at")].text[:len(isoDate)]+" 25:30", textCell)
		}, rule: "date.form", zh: "一天没有 25:30", en: "No day has a time of 25:30", only: has(5)}},
		"approvals": {
			{at: 300, column: "head_no", value: employeeNo(people + 902), rule: "employee.unknown", zh: "审批人工号在名册中不存在", en: "Signed by a number that nobody has",
				only: has(7)},
			{at: 500, column: "made_up_at", edit: func(t *table, l *line) {
				acted, _ := time.Parse(isoTime, l.cells[t.at("acted_at")].text)
				t.set(l, "made_up_at", acted.Add(-3*time.Hour).Format(isoTime), timeCell)
			}, rule: "check.6", zh: "补办早于应急处置", en: "Made up before the emergency was acted upon", only: has(17)},
		},
		"findings":  {{at: 450, column: "compliant", value: "基本合规", rule: "bool.form", zh: "是否合规写成“基本合规”", en: "Compliant reads “mostly”"}},
		"trainings": {{at: 650, column: "course", rule: "required", zh: "课程为空", en: "No course"}},
		"incidents": {{at: 500, column: "severity", value: "特急", rule: "enum.unknown", zh: "事件级别“特急”不在可选值中",
			en: "The severity “very urgent” is not among the values"}},
		"surveys": {{at: 250, column: "score", value: "四分", rule: "number.form", zh: "评分写成文字“四分”", en: "The score is written in words: four"}},
		"collaborations": {{at: 550, column: "partner_id", edit: func(t *table, l *line) {
			t.set(l, "partner_id", l.cells[t.at("department_id")].text, textCell)
		}, rule: "check.4", zh: "协作部门就是本部门", en: "The partner is the department itself"}},
		"documents": {{at: 500, column: "department_id", value: "D098", rule: "department.unknown", zh: "没有这个部门编号", en: "A department id that does not exist"}},
		"targets": {{at: 600, column: "period", value: fmt.Sprintf("%d三季度", year), rule: "check.1", zh: "目标期间写成“三季度”，不是年、季度或月",
			en: "The period reads “third quarter” in words"}},
		"leaves": {{at: 500, column: "last_day", edit: func(t *table, l *line) {
			first, _ := time.Parse(slashDate, l.cells[t.at("first_day")].text)
			t.set(l, "last_day", first.AddDate(0, 0, -2).Format(slashDate), textCell)
		}, rule: "check.1", zh: "请假结束早于开始", en: "The leave ends before it begins"}},
		"costs": {{at: 450, column: "amount", value: "1.5万", rule: "number.form", zh: "金额以万为单位，该列未声明", en: "An amount in 万 (ten thousands), which the column does not declare"}},
	}
}
