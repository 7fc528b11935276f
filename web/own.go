package web

import (
	"plumbline/access"
	"plumbline/internal/period"
	"plumbline/policy"
)

func (s *Server) ownRoutes() []route {
	return []route{
		{pattern: "GET /me", action: access.Person, about: self, handle: (*request).ownLatest},
		{pattern: "GET /me/{period}", action: access.Person, about: self, handle: (*request).ownPeriod, trail: true},
		{pattern: "GET /me/{period}/derivation", action: access.Person, about: self, handle: (*request).ownDerivation, trail: true},
		{pattern: "GET /me/{period}/evidence/{kpi}", action: access.Evidence, about: self, handle: (*request).ownEvidence, trail: true},
		{pattern: "GET /me/{period}/charts/{chart}", action: access.Person, about: self, handle: (*request).ownChart},
		{pattern: "GET /me/{period}/self-review", action: access.SelfWrite, about: self, handle: (*request).selfReview},
		{pattern: "POST /me/{period}/self-review", action: access.SelfWrite, about: self, handle: (*request).selfReviewNow},
		{pattern: "POST /me/{period}/appeals", action: access.Appeal, about: self, handle: (*request).appealNow},
		{pattern: "POST /me/{period}/appeals/{appeal}/{step}", action: access.Appeal, about: self, handle: (*request).appealStep},
		{pattern: "GET /me/history", action: access.Person, about: self, handle: (*request).ownHistory, trail: true},

		{pattern: "GET /people/{employee}/{period}", action: access.Person, about: person, handle: (*request).personPeriod, trail: true},
		{pattern: "GET /people/{employee}/{period}/derivation", action: access.Person, about: person, handle: (*request).personDerivation, trail: true},
		{pattern: "GET /people/{employee}/{period}/evidence/{kpi}", action: access.Evidence, about: person, handle: (*request).personEvidence, trail: true},
		{pattern: "GET /people/{employee}/{period}/charts/{chart}", action: access.Person, about: person, handle: (*request).personChart},
		{pattern: "GET /people/{employee}/{period}/self-review", action: access.SelfRead, about: person, handle: (*request).personSelfReview, trail: true},
		{pattern: "POST /people/{employee}/{period}/self-review/reopen", action: access.SelfReopen, about: person, handle: (*request).reopenSelf},
	}
}

// whose is a person whose pages are shown: the viewer, or somebody else.
type whose struct {
	No, Base string // Base is where the pages of the period are, without a slash at the end
	Own      bool
}

func (w whose) name(q *request) policy.Text {
	x, _ := q.seat.staff.Person(w.No)
	return x.Name
}

func (q *request) me(p period.Period) whose {
	return whose{q.viewer.Employee, "/me/" + p.String(), true}
}

func (q *request) them(p period.Period) whose {
	no := q.r.PathValue("employee")
	return whose{no, "/people/" + no + "/" + p.String(), false}
}

// ownLatest leads to the latest month with records.
func (q *request) ownLatest() error {
	m, err := q.latest(period.Month)
	if err != nil {
		return err
	}
	return q.see("/me/"+m.String(), "")
}

// asked reads the period and finds whose pages are meant.
func (q *request) asked(own bool) (period.Period, whose, error) {
	p, err := q.period()
	if own {
		return p, q.me(p), err
	}
	return p, q.them(p), err
}

// shown finds whose figures of which period are asked for.
func (q *request) shown(own bool) (*sheet, whose, error) {
	of, who, err := q.asked(own)
	if err != nil {
		return nil, who, err
	}
	s, err := q.figures.of(q.ctx(), of)
	return s, who, err
}

// shownWhole is shown for what tells of all that a person did: whoever may see only a part of his lines does not find it.
func (q *request) shownWhole(own bool) (*sheet, whose, error) {
	s, who, err := q.shown(own)
	if err == nil && len(q.linesOf(s, who)) != len(s.lines[who.No]) {
		err = errNotFound
	}
	return s, who, err
}

func (q *request) ownPeriod() error        { return q.personPage(true) }
func (q *request) personPeriod() error     { return q.personPage(false) }
func (q *request) ownDerivation() error    { return q.derivation(true) }
func (q *request) personDerivation() error { return q.derivation(false) }
func (q *request) ownEvidence() error      { return q.personRows(true) }
func (q *request) personEvidence() error   { return q.personRows(false) }
func (q *request) ownChart() error         { return q.personDrawing(true) }
func (q *request) personChart() error      { return q.personDrawing(false) }
