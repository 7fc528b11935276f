package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/internal/period"
	"plumbline/reviews"
)

// deputiesPage lists who acts for whom, and names and revokes deputies.
type deputiesPage struct {
	frame
	Lines     []deputyLine
	Acting    table // for whom the viewer acts
	Anybody   bool  // the viewer may name deputies of others
	Name      string
	People    []choice // to choose from; any employee number may be typed
	Form      deputyForm
	Forbidden bool // who has no employee number decides nothing
}

// deputyLine is a deputyship, with what may be done about it.
type deputyLine struct {
	Superior, SuperiorNo, Deputy, DeputyNo, From, To, Reason, State string
	MayRevoke                                                       bool
}

// deputyForm is what was typed last.
type deputyForm struct{ Superior, Deputy, From, To, Reason string }

func (q *request) deputies() error { return q.deputiesPage(deputyForm{}, nil) }

func (q *request) deputiesPage(typed deputyForm, f *fault) error {
	p := &deputiesPage{frame: q.frame(q.say("代理", "Deputies")), Anybody: access.Everybody(q.viewer, access.Deputise), Name: q.personName(q.viewer.Employee), Form: typed, Forbidden: q.viewer.Employee == ""}
	p.Path, p.Fault = "/deputies", f
	p.Acting = table{Caption: q.say("您替他人办理", "You act for others"), Head: []head{words(q.say("替谁", "For")), words(q.say("起", "From")), words(q.say("止", "To")), words(q.say("状态", "State")), words(q.say("缘由", "Reason"))}}
	err := q.rounds.Read(q.ctx(), period.MonthOf(q.today()), func(r *reviews.Round, _ int64) error {
		for _, d := range slices.Backward(r.Deputies) {
			l, running := q.deputyLine(d)
			if d.Deputy == q.viewer.Employee {
				p.Acting.add(text(l.Superior), text(l.From), text(l.To), text(l.State), text(l.Reason))
			}
			if q.mayDeputise(d.Superior) {
				l.MayRevoke = running && !p.Forbidden
				p.Lines = append(p.Lines, l)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.People = q.deputable()
	status := http.StatusOK
	if f != nil {
		status = f.Status
	}
	return q.renderStatus(status, "deputies", p)
}

// mayDeputise reports whether the viewer may name deputies of a superior: himself, or anybody for human resources.
func (q *request) mayDeputise(superior string) bool {
	return superior != "" && q.may(access.Deputise, access.Subject{Employee: superior})
}

// deputyLine tells a deputyship, and whether it runs or will.
func (q *request) deputyLine(d reviews.Deputy) (deputyLine, bool) {
	l := deputyLine{Superior: q.personName(d.Superior), SuperiorNo: d.Superior, Deputy: q.personName(d.Deputy), DeputyNo: d.Deputy, From: d.From.Format(time.DateOnly), To: d.To.Format(time.DateOnly), Reason: d.Text}
	switch {
	case d.Revoked != nil:
		l.State = fmt.Sprintf(q.say("已于 %s 撤销：%s", "revoked %s: %s"), q.moment(d.Revoked.At), d.Revoked.Text)
	case q.today().After(d.To):
		l.State = q.say("已到期", "over")
	case q.today().Before(d.From):
		l.State = q.say("尚未开始", "not begun")
		return l, true
	default:
		l.State = q.say("进行中", "running")
		return l, true
	}
	return l, false
}

// deputable offers people to choose from: those whom the viewer may see.
func (q *request) deputable() (list []choice) {
	now := period.MonthOf(q.today())
	for _, x := range q.seat.staff.People() {
		if x.No != q.viewer.Employee && q.seat.staff.Employed(x.No, q.today()) && q.may(access.Person, access.Subject{Employee: x.No, Period: now}) {
			list = append(list, choice{Value: x.No, Text: x.Name.In(q.lang)})
		}
	}
	return list
}

// nameDeputy lets somebody act for a superior for a while.
func (q *request) nameDeputy() error {
	f := q.r.PostFormValue
	typed := deputyForm{strings.TrimSpace(f("superior")), strings.TrimSpace(f("deputy")), f("from"), f("to"), strings.TrimSpace(f("reason"))}
	if typed.Superior == "" {
		typed.Superior = q.viewer.Employee
	}
	if !q.mayDeputise(typed.Superior) {
		return errNotFound
	}
	from, err := time.Parse(time.DateOnly, typed.From)
	to, err2 := time.Parse(time.DateOnly, typed.To)
	switch {
	case err != nil || err2 != nil:
		err = refused("日期没有写对。", "These are no dates.", "请写成 2026-10-01 的样子。", "Write dates like 2026-10-01.")
	case to.Before(q.today()):
		err = refused("代理的末日已经过去。", "The last day of it is over.", "请写今天或以后的日子。", "Write today or a later day.")
	default:
		var d *reviews.Desk
		if d, err = q.desk(period.MonthOf(from)); err == nil {
			err = d.NameDeputy(q.ctx(), typed.Superior, typed.Deputy, from, to, typed.Reason)
		}
	}
	if err != nil {
		return q.deputyAgain(typed, err)
	}
	return q.see("/deputies", "deputy-named")
}

// deputyAgain shows the form once more with what was typed, where it was refused.
func (q *request) deputyAgain(typed deputyForm, err error) error {
	f := q.faultOf(err)
	if f.Status == http.StatusInternalServerError || f.Status == http.StatusNotFound {
		return err
	}
	return q.deputiesPage(typed, &f)
}

// revokeDeputy ends the deputyships of a deputy for a superior.
func (q *request) revokeDeputy() error {
	superior, deputy := q.r.PostFormValue("superior"), q.r.PostFormValue("deputy")
	if !q.mayDeputise(superior) {
		return errNotFound
	}
	d, err := q.desk(period.MonthOf(q.today()))
	if err != nil {
		return err
	}
	if err := d.RevokeDeputy(q.ctx(), superior, deputy, q.r.PostFormValue("reason")); err != nil {
		return q.deputyAgain(deputyForm{}, err)
	}
	return q.see("/deputies", "deputy-revoked")
}
