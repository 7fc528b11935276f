package web

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/internal/schedule"
	"plumbline/internal/warehouse"
	"plumbline/policy"
)

func (s *Server) operationRoutes() []route {
	return []route{
		{pattern: "GET /operation", action: access.Operation, about: nobody, handle: (*request).operation},
		{pattern: "POST /operation/jobs/{job}", action: access.Operate, about: nobody, handle: (*request).runJob, long: true},
		{pattern: "GET /healthz", action: access.Open, about: nobody, handle: (*request).healthy},
		{pattern: "GET /readyz", action: access.Open, about: nobody, handle: (*request).ready},
	}
}

type operationPage struct {
	frame
	State   []task
	Jobs    []jobLine
	None    string
	History table
	Backups table
}

type jobLine struct {
	ID, Name, When, Next, Last, Told string
	Failed, Running                  bool
}

// operation shows the administrator how the service stands: nothing of people or pay.
func (q *request) operation() error {
	p := &operationPage{frame: q.frame(q.say("运行", "Operation"))}
	head := q.company.Books.Ledger().Head()
	p.State = []task{
		{Href: "/operation", Text: fmt.Sprintf(q.say("账本：序号 %d", "Ledger: sequence %d"), head.Seq), Say: head.Hash[:min(16, len(head.Hash))]},
		{Href: "/operation", Text: fmt.Sprintf(q.say("审计日志：%d 批", "Audit log: %d batches"), q.trail.Head().Seq), Say: fmt.Sprintf(q.say("已登录 %d 个账号中有会话的可在“账号”查看", "%d accounts; their sessions stand under accounts"), len(q.accounts.List()))},
	}
	if len(q.channels) == 0 {
		p.State = append(p.State, task{Href: "/operation", Text: q.say("通知：未配置", "Notices: not configured"), Say: q.say("在数据目录的 service.yaml 写上 notices 即启用", "write notices into service.yaml of the data directory")})
	} else {
		p.State = append(p.State, task{Href: "/operation", Text: q.say("通知渠道：", "Notices by: ") + strings.Join(q.channels, ", ")})
	}
	q.jobLines(p)
	if err := q.backupLines(p); err != nil {
		return err
	}
	return q.render("operation", p)
}

func (q *request) jobLines(p *operationPage) {
	p.History = table{Caption: q.say("最近的运行", "Last runs"), Head: []head{words(q.say("任务", "Job")), words(q.say("开始", "Started")), numbers(q.say("用时", "Took")), words(q.say("结果", "Outcome"))}, Empty: q.say("还没有运行过。", "Nothing has run yet.")}
	p.None = q.say("没有配置任务；在数据目录的 service.yaml 里写上 reviews、notices、reports、backup，重启后生效。", "No jobs are configured; write reviews, notices, reports and backup into service.yaml of the data directory and start again.")
	if q.schedule == nil {
		return
	}
	for _, s := range q.schedule.Jobs() {
		l := jobLine{ID: s.Name, Name: policy.Text{ZH: s.ZH, EN: s.EN}.In(q.lang), When: policy.Text{ZH: s.Rule.ZH(), EN: s.Rule.EN()}.In(q.lang), Next: q.moment(s.Next), Running: s.Running}
		if s.Last != nil {
			l.Last, l.Told, l.Failed = q.moment(s.Last.Ended), s.Last.Told, s.Last.Error != ""
			if l.Failed {
				l.Told = s.Last.Error
			}
		}
		p.Jobs = append(p.Jobs, l)
		p.None = ""
	}
	for _, r := range q.schedule.History() {
		outcome := r.Told
		if r.Error != "" {
			outcome = r.Error
		}
		p.History.add(text(r.Job), text(q.moment(r.Started)), text(r.Took().Round(time.Millisecond).String()), text(outcome))
	}
}

// backupLines lists the backups that are there.
func (q *request) backupLines(p *operationPage) error {
	p.Backups = table{Caption: q.say("备份", "Backups"), Head: []head{words(q.say("文件", "File")), words(q.say("时间", "Made")), numbers(q.say("大小（MB）", "Size (MB)"))}, Empty: q.say("没有备份；在 service.yaml 写上 backup，或运行 plumbline backup。", "There are no backups; write backup into service.yaml, or run plumbline backup.")}
	if q.backups == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(q.backups, "plumbline-*.tar"))
	if err != nil {
		return err
	}
	for i := len(files) - 1; i >= 0; i-- {
		info, err := os.Stat(files[i])
		if err != nil {
			return err
		}
		p.Backups.add(text(filepath.Base(files[i])), text(q.moment(info.ModTime())), text(fmt.Sprintf("%.1f", float64(info.Size())/(1<<20))))
	}
	return nil
}

// runJob runs a job at once.
func (q *request) runJob() error {
	if q.schedule == nil {
		return errNotFound
	}
	run, err := q.schedule.RunNow(q.ctx(), q.r.PathValue("job"))
	switch {
	case errors.Is(err, schedule.ErrBusy):
		return busy{30 * time.Second}
	case errors.Is(err, schedule.ErrUnknown):
		return errNotFound
	case err != nil:
		return err
	case run.Error != "":
		return refused("任务没有完成："+run.Error, "the job did not finish: "+run.Error, "请按原因处理后再试；日志里有详情。", "Mend the cause and try again; the log has more.")
	}
	return q.see("/operation", "ran")
}

// healthy answers as long as the program answers at all.
func (q *request) healthy() error { return q.plainly(http.StatusOK, "ok\n") }

// ready answers when the books can be read.
func (q *request) ready() error {
	err := q.company.Books.View(q.ctx(), func(tx *warehouse.Tx) error {
		_, err := q.company.Books.Applied(q.ctx(), tx)
		return err
	})
	if err != nil {
		q.log.Error("not ready", "id", q.id, "error", err.Error())
		return q.plainly(http.StatusServiceUnavailable, "the books cannot be read\n")
	}
	return q.plainly(http.StatusOK, "ready\n")
}

func (q *request) plainly(status int, s string) error {
	q.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	q.w.WriteHeader(status)
	_, err := q.w.Write([]byte(s))
	return err
}
