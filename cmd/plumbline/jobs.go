package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"plumbline/company"
	"plumbline/internal/period"
	"plumbline/internal/schedule"
	"plumbline/internal/trail"
	"plumbline/metrics"
	"plumbline/notices"
	"plumbline/policy"
	"plumbline/reports"
	"plumbline/reviews"
)

// jobs are what the service does by itself, as service.yaml says.
type jobs struct {
	app      *app
	company  *company.Company
	trail    *trail.Trail
	settings settings
	senders  []notices.Sender
	contacts contacts
}

// contacts remembers how people are reached, as known when notices were last sent.
type contacts struct {
	mu   sync.Mutex
	list map[string]notices.Contact
}

func (c *contacts) address(no string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list[no].Email
}

func (c *contacts) set(list map[string]notices.Contact) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = list
}

// list gives the jobs that are configured.
func (j *jobs) list() (list []schedule.Job) {
	s := j.settings
	if s.Reviews.As != "" {
		at := clockOr(s.Reviews.At, "09:00")
		list = append(list, schedule.Job{Name: "open-month", ZH: "开放上月的月度自评", EN: "open the self-reviews of the month before", Rule: schedule.Monthly(1, at), Do: j.openMonth},
			schedule.Job{Name: "open-quarter", ZH: "开放上季度的上级评估", EN: "open the evaluations of the quarter before", Rule: schedule.Monthly(1, at).In(time.January, time.April, time.July, time.October), Do: j.openQuarter})
	}
	if len(j.senders) > 0 {
		list = append(list, schedule.Job{Name: "notices", ZH: "提醒、催办与公布的通知", EN: "reminders, overdue lists and publications", Rule: schedule.Every(5), Do: j.tell})
	}
	if s.Reports.Dir != "" {
		list = append(list, schedule.Job{Name: "weekly-report", ZH: "上一周的周报", EN: "the report of the week before", Rule: schedule.Weekly(time.Monday, clockOr(s.Reports.Weekly, "08:00")), Do: j.weekly},
			schedule.Job{Name: "monthly-report", ZH: "上个月的月报", EN: "the report of the month before", Rule: schedule.Monthly(2, clockOr(s.Reports.Monthly, "08:00")), Do: j.monthly})
	}
	if s.Backup.Dir != "" {
		list = append(list, schedule.Job{Name: "backup", ZH: "备份", EN: "backup", Rule: schedule.Daily(clockOr(s.Backup.At, "02:00")), Do: j.backUp})
	}
	return list
}

// channels names the ways to people.
func (j *jobs) channels() (list []string) {
	for _, s := range j.senders {
		list = append(list, s.Channel())
	}
	return list
}

// before is the month before that of a moment in the company's zone.
func (j *jobs) before(at time.Time) (period.Period, error) {
	v, err := j.company.Current(context.Background())
	if err != nil {
		return period.Period{}, err
	}
	return period.MonthOf(at.In(company.Zone(v.Policy))).Before(), nil
}

// opened tells what became of opening a round; one that is open already is well.
func opened(p period.Period, err error) (string, error) {
	if refusal, ok := errors.AsType[*reviews.Refusal](err); ok && refusal.Rule == "round.open" {
		return fmt.Sprintf("%s 已经开放 (is open already)", p), nil
	}
	return fmt.Sprintf("%s 已开放 (opened)", p), err
}

func (j *jobs) openMonth(ctx context.Context, at time.Time) (string, error) {
	p, err := j.before(at)
	if err != nil {
		return "", err
	}
	d, err := j.company.Desk(ctx, p, j.settings.Reviews.As)
	if err != nil {
		return "", err
	}
	return opened(p, d.OpenMonth(ctx, p))
}

func (j *jobs) openQuarter(ctx context.Context, at time.Time) (string, error) {
	m, err := j.before(at)
	if err != nil {
		return "", err
	}
	p, _ := reviews.QuarterOf(m)
	d, err := j.company.Desk(ctx, p, j.settings.Reviews.As)
	if err != nil {
		return "", err
	}
	return opened(p, d.OpenQuarter(ctx, p))
}

// tell works out what people are to be told, puts it into the outbox, takes back what no longer holds, and sends what is due.
func (j *jobs) tell(ctx context.Context, at time.Time) (string, error) {
	b := j.company.Books
	v, err := j.company.Current(ctx)
	if err != nil {
		return "", err
	}
	people, err := notices.Contacts(ctx, b, v.Policy)
	if err != nil {
		return "", err
	}
	j.contacts.set(people)
	q := notices.Question{Version: v, Zone: company.Zone(v.Policy), Ahead: j.settings.Notices.Ahead}
	if from, err := time.ParseInLocation(time.DateOnly, j.settings.Notices.From, q.Zone); err == nil {
		q.From = from
	}
	due, err := notices.Due(ctx, b, q, j.company.Now())
	if err != nil {
		return "", err
	}
	var channels []notices.Channel
	for _, s := range j.senders {
		channels = append(channels, notices.Channel{Name: s.Channel(), Group: s.Channel() == notices.WeCom.Name})
	}
	added, err := notices.Queue(ctx, b, due, channels)
	if err != nil {
		return "", err
	}
	lapsed, err := notices.Lapse(ctx, b, due)
	if err != nil {
		return "", err
	}
	r, err := notices.Send(ctx, b, j.senders, j.company.Now())
	return fmt.Sprintf("新 %d，已发 %d，待重试 %d，存疑 %d，失败 %d，作废 %d (new, sent, retrying, in doubt, failed, lapsed)", added, r.Sent, r.Retrying, r.Doubt, r.Failed, lapsed), err
}

func (j *jobs) weekly(ctx context.Context, at time.Time) (string, error) {
	v, err := j.company.Current(ctx)
	if err != nil {
		return "", err
	}
	day := at.In(company.Zone(v.Policy)).AddDate(0, 0, -7)
	w := period.WeekOf(day)
	return j.report(ctx, period.MonthOf(w.LastDay()), &w)
}

func (j *jobs) monthly(ctx context.Context, at time.Time) (string, error) {
	p, err := j.before(at)
	if err != nil {
		return "", err
	}
	return j.report(ctx, p, nil)
}

// report writes the company's report of a month or a week in Chinese.
func (j *jobs) report(ctx context.Context, p period.Period, week *period.Week) (string, error) {
	q, _, err := j.company.Question(ctx, p, 0)
	if err != nil {
		return "", err
	}
	r, err := metrics.New(ctx, j.company.Books, q)
	if err != nil {
		return "", err
	}
	names, err := j.company.Names(ctx, q)
	if err != nil {
		return "", err
	}
	d, err := j.company.Periodic(ctx, r, q, week, "", names)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(j.settings.Reports.Dir, 0o700); err != nil {
		return "", err
	}
	path, _, err := reports.WritePeriodic(ctx, reports.Folder{Dir: j.settings.Reports.Dir}, d, policy.ZH)
	return filepath.Base(path), err
}
