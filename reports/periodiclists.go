package reports

import (
	"fmt"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// listOf is a further sheet with what it says in a line.
type listOf struct{ sheet, says string }

// lists tells what there is on the further sheets.
func (b *periodicBook) lists() (all []listOf) {
	a := b.Activity
	add := func(sheet, zh, en string, args ...any) {
		if sheet != "" {
			all = append(all, listOf{sheet, fmt.Sprintf(b.t(zh, en), args...)})
		}
	}
	hours := fixed.Num(0)
	for _, h := range a.Hours {
		hours += h.Hours
	}
	add(b.hours, "%[2]d 个项目，共 %[1]s 小时", "%[1]s hours over %[2]d projects", fixed.Grouped(hours.Text(1)), len(a.Hours))
	add(b.late, "%d 件本期到期而未按期完成的交付", "%d deliveries due in the period and not made in time", len(a.Late))
	add(b.milestones, "%d 个将到期的项目节点", "%d milestones fall due next", len(a.Milestones))
	add(b.resolutions, "%d 项会议决议尚未完成", "%d resolutions of meetings are not done", len(a.Resolutions))
	add(b.trainings, "%d 人次培训在本期到期或完成", "%d trainings due or done in the period", len(a.Trainings))
	return all
}

func (b *periodicBook) writeHours() error {
	if b.hours == "" {
		return nil
	}
	l := &list{table: "tbl_hours", none: b.t("本期没有工时记录", "no hours were logged"), columns: []listColumn{{head: b.t("项目", "Project"), look: wrapLook, least: 24, most: 60}, {head: b.t("工时（小时）", "Hours"), look: number(fmtOne), least: 13},
		{head: b.t("占比 %", "Share %"), look: number(fmtOne), least: 10}, {head: b.t("日志条数", "Logs"), look: number(fmtInt), least: 10}, {head: b.t("人数", "People"), look: number(fmtInt), least: 10}}}
	total := 0.0
	for _, h := range b.Activity.Hours {
		total += h.Hours.Float()
	}
	for _, h := range b.Activity.Hours {
		name := h.Name
		if name == "" {
			name = b.t("未写项目", "no project given")
		}
		share := listCell{value: "", formula: "IF(SUM(" + fixedRange(2, 4, 3+len(b.Activity.Hours)) + `)=0,"",B{r}/SUM(` + fixedRange(2, 4, 3+len(b.Activity.Hours)) + ")*100)"}
		if total > 0 {
			share.value = h.Hours.Float() / total * 100
		}
		l.rows = append(l.rows, cells(name, h.Hours.Float(), share, h.Logs, h.People))
	}
	return b.listSheet(b.hours, tabDepartment, b.t("按项目的工时", "Hours by project"), b.t("兼任人员的工时按份额计入各部门。", "Hours of people in several departments are split by their shares."), l)
}

// recordColumn is a column of a list of records: its head, and the dataset's column that it shows.
type recordColumn struct {
	zh, en, column string
	look           look
	most           float64
}

// recordSheet lists records with their owners and departments.
func (b *periodicBook) recordSheet(sheet, table, title, note, none string, records []metrics.Record, columns []recordColumn) error {
	if sheet == "" {
		return nil
	}
	l := &list{table: table, none: none, columns: []listColumn{{head: b.t("部门", "Department"), look: wrapLook, least: 14, most: 30}, {head: b.t("负责人", "Owner"), look: wrapLook, least: 14, most: 30}}}
	for _, c := range columns {
		l.columns = append(l.columns, listColumn{head: b.t(c.zh, c.en), look: c.look, least: 12, most: c.most})
	}
	for i := range records {
		r := &records[i]
		row := cells(b.departmentName(r.Department), b.nameOfPerson(r.Employee))
		for _, c := range columns {
			row = append(row, cells(b.cellText(r, c.column))...)
		}
		l.rows = append(l.rows, row)
	}
	return b.listSheet(sheet, tabDepartment, title, note, l)
}

// cellText is a cell of a record in the reader's words.
func (b *periodicBook) cellText(r *metrics.Record, column string) string {
	words := r.Cell(column)
	if c := r.Dataset.Column(column); c != nil {
		for i := range c.Values {
			if c.Values[i].Value == words {
				return c.Values[i].Name.In(b.lang)
			}
		}
		if c.Type == policy.TypeEmployee && words != "" {
			return b.nameOfPerson(words)
		}
	}
	return words
}

func (b *periodicBook) writeLate() error {
	return b.recordSheet(b.late, "tbl_late", b.t("逾期交付", "Late deliveries"), b.t("本期到期，而到期未交付或晚于承诺日期交付的。", "Due in the period, and not delivered or delivered after the due day."),
		b.t("没有逾期的交付", "none was late"), b.Activity.Late, []recordColumn{{"交付编号", "Delivery", "delivery_id", textLook, 18}, {"项目", "Project", "project", wrapLook, 30}, {"交付内容", "Item", "item", wrapLook, 46},
			{"客户", "Customer", "customer", wrapLook, 30}, {"承诺日期", "Due on", "due_on", textLook, 13}, {"实际交付", "Delivered on", "delivered_on", textLook, 13}})
}

func (b *periodicBook) writeMilestones() error {
	return b.recordSheet(b.milestones, "tbl_milestones", b.t("近期节点", "Milestones due next"), b.t("本期之后一段时间内到期、尚未召开的项目节点。", "Due soon after the period and not held yet."),
		b.t("没有将到期的节点", "none falls due"), b.Activity.Milestones, []recordColumn{{"项目", "Project", "project", wrapLook, 40}, {"节点", "Milestone", "kind", textLook, 20}, {"任务", "Task", "task", wrapLook, 46}, {"截止日期", "Due on", "due_on", textLook, 13}})
}

func (b *periodicBook) writeResolutions() error {
	return b.recordSheet(b.resolutions, "tbl_resolutions", b.t("未结决议", "Open resolutions"), b.t("到本期末尚未完成的会议决议；负责人一栏为跟进人。", "Resolutions of meetings that were not done by the end of the period; the owner is who follows up."),
		b.t("没有未结的决议", "none is open"), b.Activity.Resolutions, []recordColumn{{"决议", "Resolution", "content", wrapLook, 60}, {"责任人", "Assignee", "assignee_no", wrapLook, 26}, {"决议时间", "Decided at", "decided_at", textLook, 20},
			{"完成期限", "Due on", "due_on", textLook, 13}, {"状态", "Status", "status", textLook, 14}})
}

func (b *periodicBook) writeTrainings() error {
	return b.recordSheet(b.trainings, "tbl_trainings", b.t("培训", "Trainings"), b.t("本期到期或完成的培训。", "Trainings due or done in the period."), b.t("没有培训", "none"), b.Activity.Trainings,
		[]recordColumn{{"课程", "Course", "course", wrapLook, 44}, {"类型", "Kind", "kind", textLook, 20}, {"应完成日期", "Due on", "due_on", textLook, 13}, {"完成日期", "Done on", "done_on", textLook, 13}, {"学时", "Hours", "hours", textLook, 10}})
}
