package notices

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/fixed"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// The datasets and parameters of the default policy that say what is to be made up and reported. A policy without them has no such notices.
const (
	approvalsDataset   = "approvals"
	incidentsDataset   = "incidents"
	assignWithinHours  = "assign_within_hours"
	makeUpWithinDays   = "make_up_within_days"
	reportWithinHours  = "report_within_hours"
	actedAt, madeUpAt  = "acted_at", "made_up_at"
	foundAt, reported  = "found_at", "reported_at"
	closedOn, isDrill  = "closed_on", "drill"
	emergencyColumn    = "emergency"
	departmentOfRecord = "department_id"
)

// records tells of resolutions, emergencies and incidents. They are named by their keys: their free text may hold anything, and so is never told.
func (l *look) records(ctx context.Context) error {
	for _, read := range []func(context.Context) error{l.resolutions, l.emergencies, l.incidents} {
		if err := read(ctx); err != nil {
			return err
		}
	}
	return nil
}

// record is a row that waits for something.
type record struct {
	id, owner, department string
	at                    time.Time // when it began
	assignee              string
	due                   time.Time // a day; zero: none
}

// open reads the rows of a dataset for which a condition holds, by key. at is the column of the moment from which it waits.
func (l *look) open(ctx context.Context, d *policy.Dataset, at, assignee, due, department, where string) (list []record, err error) {
	text := func(id string) string {
		if d.Column(id) == nil {
			return "''"
		}
		return "coalesce(CAST(" + warehouse.Ident(id) + " AS VARCHAR), '')"
	}
	var keys []string
	for _, id := range d.Key {
		keys = append(keys, text(id))
	}
	moment := "CAST(" + warehouse.Ident(at) + " AS TIMESTAMP)"
	if d.Column(at).Type == policy.TypeDate { // known to the day: it waits from its end
		moment += " + INTERVAL 1 DAY"
	}
	day := "CAST(NULL AS DATE)"
	if due != "" {
		day = "CAST(" + warehouse.Ident(due) + " AS DATE)"
	}
	s := warehouse.SQL("open "+d.ID, fmt.Sprintf("SELECT concat_ws('/', %s), %s, %s, %s, %s, %s\nFROM %s\nWHERE _until = %d AND %s IS NOT NULL AND (%s)\nORDER BY 1, _seq, _row",
		strings.Join(keys, ", "), text(d.Owner), text(department), moment, text(assignee), day, d.Table(), policy.Current, warehouse.Ident(at), where))
	err = l.tx.Each(ctx, s, nil, func(scan func(...any) error) error {
		var x record
		var due *time.Time
		if err := scan(&x.id, &x.owner, &x.department, &x.at, &x.assignee, &due); err != nil {
			return err
		}
		if due != nil {
			x.due = *due
		}
		x.at = l.wall(x.at)
		list = append(list, x)
		return nil
	})
	return list, err
}

// wall gives the moment at which the company's clock showed what a record says.
func (l *look) wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, l.q.Zone)
}

// parameter gives a figure of the regulation in whole minutes of a unit, and false without it.
func (l *look) parameter(id string, unit time.Duration) (time.Duration, bool) {
	p := l.q.Version.Policy.Parameter(id)
	if p == nil {
		return 0, false
	}
	minutes := int64(min(p.Value, fixed.Int(10000))) * int64(unit/time.Minute) / int64(fixed.Int(1))
	return time.Duration(minutes) * time.Minute, true
}

// tell tells several people of a record, each once.
func (l *look) tell(k Kind, d *policy.Dataset, x record, since time.Time, title, body policy.Text, to ...string) {
	slices.Sort(to)
	for _, no := range slices.Compact(to) {
		if no != "" {
			l.add(k, "", no, since, pageOf("records", d.ID, x.id), title, []policy.Text{body}, d.ID, x.id, no)
		}
	}
}

// head gives the nearest head over a record: of its department, or of its owner's.
func (l *look) head(x record) string {
	department := x.department
	if department == "" {
		department = l.staff.DepartmentOn(x.owner, l.day)
	}
	if heads := l.staff.Chain(department, l.day, ""); len(heads) > 0 {
		return heads[0]
	}
	return ""
}

// resolutions tells of those that nobody was named for in time (C15), and of those that are not done in time. The policy says in the section
// pack what resolutions are; those of all meetings count.
func (l *look) resolutions(ctx context.Context) error {
	if l.q.Version.Policy.Pack == nil || l.q.Version.Policy.Pack.Resolutions == nil {
		return nil
	}
	r := l.q.Version.Policy.Pack.Resolutions
	where := fmt.Sprintf("(%[1]s IS NULL OR CAST(%[1]s AS DATE) > DATE '%[2]s')", warehouse.Ident(r.Done), l.day.Format(time.DateOnly))
	if r.Cancelled != nil {
		where += " AND NOT coalesce(" + r.Cancelled.SQL + ", FALSE)"
	}
	list, err := l.open(ctx, r.Dataset, r.Decided, r.Assignee, r.Due, r.Department, where)
	if err != nil {
		return err
	}
	within, ruled := l.parameter(assignWithinHours, time.Hour)
	for _, x := range list {
		id := plain(x.id)
		if ruled && x.assignee == "" {
			by := x.at.Add(within)
			l.tell(ResolutionUnassigned, r.Dataset, x, by, say("决议 %s 还没有责任人", "Nobody is named for the resolution %s", id),
				say("应于 %s 前分配责任人。", "Somebody was to be named by %s.", l.clock(by)), x.owner, l.head(x))
		}
		if !x.due.IsZero() && x.due.Before(l.day) {
			to := []string{x.assignee, x.owner}
			if x.assignee == "" {
				to = []string{x.owner, l.head(x)}
			}
			l.tell(ResolutionOverdue, r.Dataset, x, l.startOf(x.due.AddDate(0, 0, 1)), say("决议 %s 已逾期", "The resolution %s is overdue", id),
				say("完成期限为 %s，尚未登记完成。", "It was due on %s and is not recorded as done.", x.due.Format(time.DateOnly)), to...)
		}
	}
	return nil
}

// emergencies tells of what was acted upon at once and is not approved yet (C10), whatever became of the request meanwhile, as the KPI counts it.
func (l *look) emergencies(ctx context.Context) error {
	d := l.q.Version.Policy.Dataset(approvalsDataset)
	within, ruled := l.parameter(makeUpWithinDays, 24*time.Hour)
	if d == nil || !ruled || d.Column(actedAt) == nil || d.Column(madeUpAt) == nil {
		return nil
	}
	where := warehouse.Ident(madeUpAt) + " IS NULL"
	if d.Column(emergencyColumn) != nil {
		where += " AND coalesce(" + warehouse.Ident(emergencyColumn) + ", FALSE)"
	}
	list, err := l.open(ctx, d, actedAt, "", "", departmentOfRecord, where)
	if err != nil {
		return err
	}
	for _, x := range list {
		last := l.dayOf(x.at).AddDate(0, 0, int(within/(24*time.Hour)))
		over, id := l.startOf(last.AddDate(0, 0, 1)), plain(x.id)
		if l.now.Before(over) {
			l.tell(EmergencyMakeUp, d, x, x.at, say("应急处置 %s 待补办审批", "The approval of the emergency %s is to be made up", id),
				say("最迟 %s 补办。", "Please make it up by %s.", last.Format(time.DateOnly)), x.owner, l.head(x))
			continue
		}
		l.tell(EmergencyOverdue, d, x, over, say("应急处置 %s 补办已逾期", "The approval of the emergency %s was not made up in time", id),
			say("应于 %s 前补办，尚未登记补办。", "It was to be made up by %s and is not recorded yet.", last.Format(time.DateOnly)), append(l.holders(policy.HR), x.owner, l.head(x))...)
	}
	return nil
}

// incidents tells of those that are found and not reported (C22); drills apart.
func (l *look) incidents(ctx context.Context) error {
	d := l.q.Version.Policy.Dataset(incidentsDataset)
	within, ruled := l.parameter(reportWithinHours, time.Hour)
	if d == nil || !ruled || d.Column(foundAt) == nil || d.Column(reported) == nil {
		return nil
	}
	where := warehouse.Ident(reported) + " IS NULL"
	if d.Column(isDrill) != nil {
		where += " AND NOT coalesce(" + warehouse.Ident(isDrill) + ", FALSE)"
	}
	if d.Column(closedOn) != nil {
		where += " AND " + warehouse.Ident(closedOn) + " IS NULL"
	}
	list, err := l.open(ctx, d, foundAt, "", "", departmentOfRecord, where)
	if err != nil {
		return err
	}
	for _, x := range list {
		by, id := x.at.Add(within), plain(x.id)
		k, since, title := IncidentToReport, x.at, say("事件 %s 待报告", "The incident %s is to be reported", id)
		if l.now.After(by) {
			k, since, title = IncidentOverdue, by, say("事件 %s 报告已逾期", "The incident %s was not reported in time", id)
		}
		l.tell(k, d, x, since, title, say("须于 %s 前报告。", "It is to be reported by %s.", l.clock(by)), append(l.holders(policy.HR), x.owner)...)
	}
	return nil
}
