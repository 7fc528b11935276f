package web

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/audit"
	"plumbline/internal/period"
	"plumbline/internal/trail"
	"plumbline/policy"
	"plumbline/reports"
)

func (s *Server) auditRoutes() []route {
	return []route{
		{pattern: "GET /audits", action: access.Audits, about: nobody, handle: (*request).auditLatest},
		{pattern: "GET /audits/{period}", action: access.Audits, about: ofPeriod, handle: (*request).audit},
		{pattern: "POST /audits/{period}", action: access.Audits, about: ofPeriod, handle: (*request).drawSample, long: true, trail: true},
	}
}

// drawnAction is what the log of reads calls a drawn sample; its subject is the quarter. Whoever tries seeds until he likes the sample is seen there.
const drawnAction = "audit.drawn"

// auditPage asks for a seed, lists the draws so far, and shows a sample.
type auditPage struct {
	frame
	None            string
	Seed, Per, AsOf string
	Most            int64
	Draws           table
	Sample          *sampleBlock
}

type sampleBlock struct {
	Lead, Without string
	Strata        table
	Objects       table
	Again         []field // draws the same sample again
}

func (q *request) auditLatest() error { return q.latestOf("/audits/") }

func (q *request) audit() error { return q.auditPage(nil, nil) }

func (q *request) auditPage(sample *audit.Sample, f *fault) error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	v := q.seat.version.Policy
	p := &auditPage{frame: q.frame(fmt.Sprintf(q.say("%s审计抽查", "Audit sample of %s"), q.periodText(of))), Most: policy.AuditMost}
	p.Fault = f
	p.Switch = q.periods(of, "/audits/%s", q.quarters(8))
	p.Seed, p.Per, p.AsOf = q.r.PostFormValue("seed"), q.r.PostFormValue("per"), q.r.PostFormValue("as_of")
	if len(v.Audit.Processes) == 0 {
		p.None = q.say("制度没有列出要抽查的流程；请人力资源在 company.yaml 中补上 audit。", "The policy lists no processes to audit; human resources add a section audit to company.yaml.")
	}
	if p.Draws, err = q.draws(of); err != nil {
		return err
	}
	if sample != nil {
		p.Sample = q.sampleBlock(sample)
	}
	if f != nil {
		return q.renderStatus(f.Status, "audit", p)
	}
	return q.render("audit", p)
}

// draws lists which samples were drawn for a quarter.
func (q *request) draws(of period.Period) (table, error) {
	t := table{Caption: q.say("本季度抽过的样", "Samples drawn for this quarter"), Empty: q.say("还没有抽过。", "None was drawn yet."), Head: []head{words(q.say("时间", "At")), words(q.say("抽样人", "By")), words(q.say("种子、账序与件数", "Seed, ledger sequence and number"))}}
	list, _, err := q.trail.Read(q.ctx(), trail.Filter{Action: drawnAction, Subject: of.String()})
	for _, e := range list {
		t.add(text(q.moment(e.At)), text(q.actorName(e.Actor, e.Employee)), text(e.Detail))
	}
	return t, err
}

// actorName names who did something: the login, with the name where it belongs to an employee.
func (q *request) actorName(login, employee string) string {
	if employee == "" {
		return login
	}
	if x, ok := q.seat.staff.Person(employee); ok {
		return x.Name.In(q.lang) + " (" + login + ")"
	}
	return login
}

// drawSample draws a sample and shows it, or answers with its workbook.
func (q *request) drawSample() error {
	of, err := q.kindOf(period.Quarter)
	if err != nil {
		return err
	}
	seed, per, asOf, f := q.sampling()
	if f != nil {
		return q.auditPage(nil, f)
	}
	question, _, err := q.company.Question(q.ctx(), of, asOf)
	if err != nil {
		return err
	}
	if len(question.Version.Policy.Audit.Processes) == 0 {
		return q.auditPage(nil, nil)
	}
	sample, err := audit.Draw(q.ctx(), q.company.Books, question, seed, per)
	if err != nil {
		return err
	}
	drawn, _ := sample.Objects()
	if err := q.write(drawnAction, of.String(), fmt.Sprintf("%s · %d · %d", seed, sample.Basis.LedgerSeq, drawn)); err != nil {
		return err
	}
	if q.r.PostFormValue("do") != "download" {
		return q.auditPage(sample, nil)
	}
	return q.written("", func(to reports.Folder) (string, error) {
		return reports.WriteAuditSample(q.ctx(), to.Dir, sample, q.lang)
	})
}

// sampling reads what is to be drawn: seed, number and ledger sequence, 0 for what the policy says and for now.
func (q *request) sampling() (seed string, per, asOf int64, f *fault) {
	wrong := func(zh, en, cureZH, cureEN string) *fault {
		f := q.faultOf(refused(zh, en, cureZH, cureEN))
		return &f
	}
	whole := func(name string, most int64) (int64, error) {
		t := strings.TrimSpace(q.r.PostFormValue(name))
		if t == "" {
			return 0, nil
		}
		n, err := strconv.ParseInt(t, 10, 64)
		if err == nil && (n < 1 || n > most) {
			err = errors.New("out of range")
		}
		return n, err
	}
	if seed = strings.TrimSpace(q.r.PostFormValue("seed")); seed == "" {
		return "", 0, 0, wrong("没有写种子。", "There is no seed.", "写一个事先商定或公证过的数字或文字；同样的种子抽出同样的对象。", "Give a number or a text agreed before witnesses; the same seed draws the same objects.")
	}
	per, err := whole("per", policy.AuditMost)
	if err != nil {
		return "", 0, 0, wrong(fmt.Sprintf("件数须为 1 到 %d 的整数。", policy.AuditMost), fmt.Sprintf("The number must be a whole one from 1 to %d.", policy.AuditMost), "不填则按制度。", "Leave it blank to follow the policy.")
	}
	asOf, err = whole("as_of", q.company.Books.Seq())
	if err != nil {
		return "", 0, 0, wrong("没有这个账序。", "There is no such ledger sequence.", "不填则以现在的账为准。", "Leave it blank for the books as they are now.")
	}
	return seed, per, asOf, nil
}

func (q *request) sampleBlock(s *audit.Sample) *sampleBlock {
	drawn, without := s.Objects()
	b := &sampleBlock{Lead: fmt.Sprintf(q.say("种子“%s”：%d 层，共抽查 %d 件，账序 %d。", "Seed “%s”: %d strata, %d objects, ledger sequence %d."), s.Seed, len(s.Strata), drawn, s.Basis.LedgerSeq)}
	if without > 0 {
		b.Without = fmt.Sprintf(q.say("其中 %d 件没有合适的审计人，请另行指定。", "For %d of them nobody qualifies as auditor; appoint somebody."), without)
	}
	b.Again = []field{{Name: "seed", Value: s.Seed}, {Name: "per", Value: q.r.PostFormValue("per")}, {Name: "as_of", Value: fmt.Sprint(s.Basis.LedgerSeq)}, {Name: "do", Value: "download"}}
	b.Strata = table{Caption: q.say("各层", "Strata"), Empty: q.say("本季度没有可抽查的记录。", "There are no records to audit in this quarter."), Head: []head{words(q.say("流程", "Process")), words(q.say("部门", "Department")), numbers(q.say("总体", "Records")), numbers(q.say("抽查", "Drawn"))}}
	b.Objects = table{Caption: q.say("抽中的对象", "Objects"), Empty: b.Strata.Empty, Head: []head{words(q.say("编号", "Finding")), words(q.say("流程", "Process")), words(q.say("部门", "Department")), words(q.say("对象", "Object")), words(q.say("日期", "Day")), words(q.say("责任人", "Owner")), words(q.say("提议的审计人", "Proposed auditor"))}}
	for _, x := range s.Strata {
		process, where := x.Process.Name.In(q.lang), x.Name.In(q.lang)
		if x.Department == "" {
			where = q.say("（不属于任何部门）", "(of no department)")
		}
		b.Strata.add(text(process), text(where), text(fmt.Sprint(x.Population)), text(fmt.Sprint(len(x.Drawn))))
		for _, o := range x.Drawn {
			auditor := cell{Text: o.Auditor.Name.In(q.lang)}
			if o.Auditor.No == "" {
				auditor = cell{Text: q.say("待指定", "to be appointed"), Class: "bad"}
			}
			b.Objects.add(text(o.ID), text(process), text(where), text(o.Item), text(o.Day.Format(time.DateOnly)), text(q.personName(o.Owner.No)), auditor)
		}
	}
	return b
}
