package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/charts"
	"plumbline/company"
	"plumbline/internal/accounts"
	"plumbline/internal/period"
	"plumbline/internal/schedule"
	"plumbline/internal/signin"
	"plumbline/internal/trail"
	"plumbline/policy"
	"plumbline/reviews"
)

// Options say how the service is run.
type Options struct {
	Company  *company.Company
	Accounts *accounts.Store
	Trail    *trail.Trail
	Log      *slog.Logger // nil: nothing is logged
	// Secure says that browsers come by HTTPS: cookies are for it alone.
	Secure bool
	// BehindProxy says that a proxy in front names the browser's address.
	BehindProxy bool
	// Public is the address under which browsers reach the service, such as https://kpi.example.com; other ways to sign in need it.
	Public   string
	Doors    []signin.Provider
	Schedule *schedule.Schedule // nil: no jobs
	Backups  string             // where backups are, "" for nowhere
	Channels []string           // through which people are told; none: nothing is told
	Demo     []DemoAccount
	Browser  string // path of the Chromium that prints packs as PDF; "": there are no PDFs
}

// DemoAccount is an account of a demonstration, as the sign-in page offers it.
type DemoAccount struct {
	Login, Password, Employee string
	Roles                     []accounts.Role
	What                      policy.Text
}

// Server answers browsers.
type Server struct {
	company     *company.Company
	accounts    *accounts.Store
	trail       *trail.Trail
	log         *slog.Logger
	secure      bool
	behindProxy bool
	public      string
	doors       []signin.Provider
	attempts    *signin.Attempts
	schedule    *schedule.Schedule
	backups     string
	channels    []string
	demo        []DemoAccount
	figures     *figures
	orgs        *orgs
	rounds      *reviews.Current
	assets      *assets
	routes      []route
	heavy       gate
	span        *span
	measures    *measures
	packs       *packs
	uploads     *uploads
	api         *api
}

// New makes a server over an open company.
func New(opt Options) (*Server, error) {
	pages() // a faulty one must not wait for its first reader
	library, err := charts.Library()
	if err != nil && !errors.Is(err, charts.ErrNoLibrary) {
		return nil, err
	}
	files, err := newAssets(library)
	if err != nil {
		return nil, err
	}
	sent, err := newUploads(dataDir(opt.Company))
	if err != nil {
		return nil, err
	}
	s := &Server{uploads: sent, company: opt.Company, accounts: opt.Accounts, trail: opt.Trail, log: opt.Log, secure: opt.Secure, behindProxy: opt.BehindProxy, public: strings.TrimSuffix(opt.Public, "/"), doors: opt.Doors, attempts: signin.NewAttempts(opt.Company.Now), schedule: opt.Schedule, backups: opt.Backups, channels: opt.Channels, demo: opt.Demo,
		figures: newFigures(opt.Company), orgs: &orgs{company: opt.Company}, rounds: reviews.NewCurrent(opt.Company.Books), assets: files, span: &span{}, packs: newPacks(opt.Company, opt.Browser), heavy: newGate(heavyAtOnce, heavyWaiting)}
	if s.log == nil {
		s.log = discard()
	}
	s.routes = s.table()
	s.measures = newMeasures(s)
	return s, nil
}

// Handler answers all requests.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for i := range s.routes {
		mux.Handle(s.routes[i].pattern, s.serve(&s.routes[i]))
	}
	s.mountAPI(mux)
	missing := &route{pattern: "missing", action: access.Open, about: nobody, handle: func(*request) error { return errNotFound }}
	mux.Handle("/", s.serve(missing))
	return s.protect(mux)
}

// Warm makes what the first visitors ask for: the figures of the latest month and quarter, and the organisation. What fails here fails again, and is told,
// when it is asked for.
func (s *Server) Warm(ctx context.Context) {
	o, err := s.orgs.now(ctx)
	if err != nil {
		return
	}
	last, err := s.company.LastDay(ctx, o.version.Policy, o.today)
	if err != nil {
		return
	}
	m := period.MonthOf(last)
	quarter, _ := reviews.QuarterOf(m)
	for _, p := range []period.Period{quarter, m} {
		_, _ = s.figures.of(ctx, p)
		o.of(p)
	}
	for p, n := quarterOf(o.today), 0; n < recently; p, n = p.Before(), n+1 {
		o.of(p)
	}
}

// Limits of what one request may bring.
const (
	mostForm   = 1 << 20   // bytes of a form
	mostUpload = 512 << 20 // bytes of files taken in at once
	ordinary   = 30 * time.Second
	lengthy    = 10 * time.Minute
)

// protect is what stands before every route: headers that browsers obey, and no request from other sites.
func (s *Server) protect(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "This request came from another site and was not carried out. (请求来自其他网站，未予办理。)", http.StatusForbidden)
	}))
	guarded := cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if changes(r.Method) && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" && r.Header.Get("Authorization") == "" {
			// A browser names at least one of them; without either nobody can tell where the request comes from.
			http.Error(w, "This request does not say from which page it comes. (请求没有说明来自哪个页面。)", http.StatusForbidden)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// answer notes what was answered.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// serve answers the requests of one route.
func (s *Server) serve(rt *route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		limit := ordinary
		if rt.long || rt.api != nil && rt.api.patient {
			limit = lengthy
		}
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		body := int64(mostForm)
		if rt.upload {
			body = mostUpload
		}
		r.Body = http.MaxBytesReader(w, r.Body, body)
		a := &answer{ResponseWriter: w}
		q := &request{Server: s, w: a, r: r.WithContext(ctx), id: rand.Text()[:12], route: rt, lang: langOf(r), theme: themeOf(r), zone: time.UTC}
		if rt.api != nil {
			q.lang = spoken(r)
		}
		w.Header().Set("X-Request-Id", q.id)
		defer func() {
			if v := recover(); v != nil {
				s.log.Error("handler panicked", "id", q.id, "route", rt.pattern, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
				if a.status == 0 {
					q.fail(errors.New("panic"))
				}
			}
			s.measures.answered(rt, a.status, time.Since(began))
			s.log.Info("request", "id", q.id, "route", rt.pattern, "status", a.status, "bytes", a.bytes, "ms", time.Since(began).Milliseconds())
		}()
		if err := q.run(); err != nil {
			q.fail(err)
		}
	})
}

// run finds who asks, asks the table of access, writes the read down where it is one that must be, and lets the handler answer.
func (q *request) run() error {
	if err := q.identify(); err != nil {
		return err
	}
	if q.route.action == access.Open {
		return q.route.handle(q)
	}
	if q.viewer.Login == "" {
		return errSignIn
	}
	if q.route.action == access.SignedIn {
		return q.route.handle(q)
	}
	subject, err := q.route.about(q)
	if err != nil {
		return err
	}
	if !q.may(q.route.action, subject) {
		return errNotFound
	}
	if q.route.trail {
		if err := q.note(subject); err != nil {
			return err
		}
	}
	if q.route.long {
		leave, err := q.heavy.enter(q.ctx())
		if err != nil {
			return err
		}
		defer leave()
	}
	return q.route.handle(q)
}

// note writes into the log of reads who looks at what; a read that cannot be written down does not happen.
func (q *request) note(subject access.Subject) error { return q.noteAs(q.route.action, subject) }

// noteAs is note for what is another action than the route's.
func (q *request) noteAs(action access.Action, subject access.Subject) error {
	about := subject.Employee
	if about == "" {
		about = subject.Department
	}
	detail := ""
	if !subject.Period.IsZero() {
		detail = subject.Period.String()
	}
	return q.noteAbout(action, about, detail)
}

func (q *request) noteAbout(action access.Action, about, detail string) error {
	return q.trail.Write(q.ctx(), trail.Entry{At: q.now(), Actor: q.viewer.Login, Employee: q.viewer.Employee, Action: string(action), Subject: about, Detail: detail, Address: q.address().String(), Request: q.id})
}

// place gives the organisation as the viewer stands in it, and his roles.
func (q *request) place(a accounts.Account) error {
	o, err := q.orgs.now(q.ctx())
	if err != nil {
		return err
	}
	q.zone = company.Zone(o.version.Policy)
	q.viewer = access.Viewer{Login: a.Login, Employee: a.Employee}
	q.seat = seat{o, []string{a.Employee}}
	if a.Employee != "" {
		q.viewer.Roles = append(q.viewer.Roles, access.Employee)
		if err := q.deputise(o.today); err != nil {
			return err
		}
		if q.leadsRecently(o.today) {
			q.viewer.Roles = append(q.viewer.Roles, access.Manager)
		}
		if p, ok := o.staff.Person(a.Employee); ok {
			q.name = p.Name.In(q.lang)
		}
	}
	for _, r := range a.Roles {
		q.viewer.Roles = append(q.viewer.Roles, access.Role(r))
	}
	if q.name == "" {
		q.name = a.Name
	}
	if q.name == "" {
		q.name = a.Login
	}
	return nil
}

// recently is how many quarters back a former head is still a manager here: he may have to evaluate, mediate or sign for them.
const recently = 4

// leadsRecently reports whether the viewer leads somebody now, or did in the last quarters.
func (q *request) leadsRecently(today time.Time) bool {
	for p, n := quarterOf(today), 0; n < recently; p, n = p.Before(), n+1 {
		if q.seat.leadsAny(p) {
			return true
		}
	}
	return false
}

// quarterOf is the quarter of a day.
func quarterOf(today time.Time) period.Period {
	p, _ := reviews.QuarterOf(period.MonthOf(today))
	return p
}

// deputise adds those whose deputy the viewer is today.
func (q *request) deputise(today time.Time) error {
	of := period.MonthOf(today)
	return q.rounds.Read(q.ctx(), of, func(r *reviews.Round, _ int64) error {
		for _, d := range r.Deputies {
			if d.Deputy == q.viewer.Employee && d.Revoked == nil && !today.Before(day(d.From)) && !today.After(day(d.To)) {
				q.seat.heads = append(q.seat.heads, d.Superior)
			}
		}
		return nil
	})
}

// day is the date of a moment, as midnight UTC.
func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func langOf(r *http.Request) policy.Lang {
	if c, err := r.Cookie(langCookie); err == nil {
		if c.Value == string(policy.EN) {
			return policy.EN
		}
		return policy.ZH
	}
	for want := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		want = strings.ToLower(strings.TrimSpace(want))
		if strings.HasPrefix(want, "zh") {
			return policy.ZH
		}
	}
	return policy.ZH
}

func themeOf(r *http.Request) string {
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

func gzipped(text []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

// What long work may go on at once, and how much may wait for it; more is told to come back.
const (
	heavyAtOnce  = 1
	heavyWaiting = 32
)

// gate lets a few in at a time and a few more wait.
type gate struct{ at, waiting chan struct{} }

func newGate(at, waiting int) gate {
	return gate{make(chan struct{}, at), make(chan struct{}, at+waiting)}
}

// enter waits for its turn. Where too many wait it fails at once.
func (g gate) enter(ctx context.Context) (leave func(), err error) {
	select {
	case g.waiting <- struct{}{}:
	default:
		return nil, busy{30 * time.Second}
	}
	select {
	case g.at <- struct{}{}:
		return func() { <-g.at; <-g.waiting }, nil
	case <-ctx.Done():
		<-g.waiting
		return nil, ctx.Err()
	}
}
