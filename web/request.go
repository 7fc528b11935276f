package web

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/internal/accounts"
	"plumbline/internal/period"
	"plumbline/metrics"
	"plumbline/policy"
	"plumbline/reviews"
)

// request is one request on its way: who asks, in which language, and of which company.
type request struct {
	*Server
	w      http.ResponseWriter
	r      *http.Request
	id     string // names the request in the log and on the page of a fault
	route  *route
	viewer access.Viewer
	name   string // of the viewer, for the head of the page
	seat   seat
	lang   policy.Lang
	theme  string // "", "light" or "dark"
	zone   *time.Location
	token  string             // of the session
	grant  *accounts.APIToken // by which a program came; nil: by a session
	etag   string             // of what the API answers
	leave  func()             // ends its turn among the long ones; nil: it has none
}

func (q *request) ctx() context.Context { return q.r.Context() }

// say picks the viewer's language.
func (q *request) say(zh, en string) string { return policy.Text{ZH: zh, EN: en}.In(q.lang) }

// may asks the table of access.
func (q *request) may(a access.Action, s access.Subject) bool {
	return access.May(q.viewer, a, s, q.seat)
}

// period reads the period of the path; what is none does not exist.
func (q *request) period() (period.Period, error) {
	p, err := period.Parse(q.r.PathValue("period"))
	if err != nil {
		return p, errNotFound
	}
	return p, nil
}

// kindOf reads the period of the path and insists on a kind.
func (q *request) kindOf(k period.Kind) (period.Period, error) {
	p, err := q.period()
	if err == nil && p.Kind() != k {
		err = errNotFound
	}
	return p, err
}

// desk is where the viewer decides about a period. Who has no employee number decides nothing.
func (q *request) desk(p period.Period) (*reviews.Desk, error) {
	if q.viewer.Employee == "" {
		return nil, errNotFound
	}
	d, err := q.company.Desk(q.ctx(), p, q.viewer.Employee)
	if err == nil {
		d.Known = known{q.Server, q.seat.org}
	}
	return d, err
}

// deskOf is where the viewer decides about the period of the path, which must be of a kind.
func (q *request) deskOf(k period.Kind) (period.Period, *reviews.Desk, error) {
	of, err := q.kindOf(k)
	if err != nil {
		return of, nil, err
	}
	d, err := q.desk(of)
	return of, d, err
}

// known is what the server has at hand for desks.
type known struct {
	server *Server
	org    *org
}

// Form gives somebody's form of a month, where nothing has moved since its figures were made and nothing had moved before the asked state but what they hold.
func (k known) Form(ctx context.Context, of period.Period, asOf int64, employee string) (*reviews.Form, bool, error) {
	s := k.server.figures.standing(of, asOf)
	if s == nil {
		return nil, false, nil
	}
	form, err := s.form(ctx, k.server.company.Books, employee)
	return form, err == nil, err
}

// Staff gives the organisation that access was asked of, where it is the one of that state, policy and day.
func (k known) Staff(v policy.Version, asOf int64, day time.Time) *metrics.Staff {
	if k.org.version.Hash != v.Hash || !k.org.today.Equal(day) || asOf < k.org.moved || k.server.company.Moved() != k.org.moved {
		return nil
	}
	return k.org.staff
}

// now is the time of the clock.
func (q *request) now() time.Time { return q.company.Now() }

// moment writes a time in the company's zone, "" for none.
func (q *request) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(q.zone).Format("2006-01-02 15:04")
}

// address is where a request comes from: the peer, or what a proxy in front says when the operator said that there is one.
func (q *request) address() netip.Addr {
	if q.behindProxy {
		list := strings.Split(q.r.Header.Get("X-Forwarded-For"), ",")
		if a, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err == nil {
			return a
		}
	}
	if a, err := netip.ParseAddrPort(q.r.RemoteAddr); err == nil {
		return a.Addr()
	}
	return netip.Addr{}
}

// see sends the browser on after something was done; done names a word of the page that tells it.
func (q *request) see(path, done string) error {
	if done != "" {
		path += "?" + url.Values{"done": {done}}.Encode()
	}
	http.Redirect(q.w, q.r, path, http.StatusSeeOther)
	return nil
}

// local makes sure that a return path stays on this server: one slash, no backslash, no control characters.
func local(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	if u, err := url.Parse(path); err != nil || u.Host != "" || u.Scheme != "" {
		return "/"
	}
	return path
}
