package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
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
	limits      limits
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
		figures: newFigures(opt.Company), orgs: &orgs{company: opt.Company}, rounds: reviews.NewCurrent(opt.Company.Books), assets: files, span: &span{}, packs: newPacks(opt.Company, opt.Browser), heavy: newGate(heavyAtOnce, heavyWaiting), limits: usual}
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
	var both sync.WaitGroup
	for _, p := range []period.Period{quarter, m} {
		both.Go(func() { _, _ = s.figures.of(ctx, p) })
	}
	for _, p := range []period.Period{quarter, m} {
		o.of(p)
	}
	for p, n := quarterOf(o.today), 0; n < recently; p, n = p.Before(), n+1 {
		o.of(p)
	}
	both.Wait()
}

// Limits of what one request may bring.
const (
	mostForm   = 1 << 20   // bytes of a form
	mostPapers = 32 << 20  // bytes of a policy, or a workbook that was filled in: both are held in memory
	mostUpload = 512 << 20 // bytes of files taken in at once
	ordinary   = 30 * time.Second
	lengthy    = 10 * time.Minute
)

// limits bound what a request brings, and how long its sender and its reader may take, so that nobody holds a connection by a trickle of bytes.
type limits struct {
	form, papers, upload                 int64         // bytes
	formWithin, uploadWithin, readWithin time.Duration // for a form to arrive, for files to arrive, and for an answer to be taken once it is there
}

var usual = limits{form: mostForm, papers: mostPapers, upload: mostUpload, formWithin: ordinary, uploadWithin: lengthy, readWithin: lengthy}

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
	begins func() // called before the first byte
	status int
	bytes  int64
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
		a.begins()
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
		a.begins()
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
		if rt.long || rt.upload || rt.api != nil && rt.api.patient {
			limit = lengthy
		}
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		s.bound(w, r, rt, limit)
		a := &answer{ResponseWriter: w}
		q := &request{Server: s, w: a, r: r.WithContext(ctx), id: rand.Text()[:12], route: rt, lang: langOf(r), theme: themeOf(r), zone: time.UTC}
		a.begins = q.yield
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

// bound sets what a request may bring and in which time it has to be there, and by when its answer has to be taken. Nothing of net/http ends a request whose
// body trickles in, or whose answer nobody takes: the end of its context reaches neither.
func (s *Server) bound(w http.ResponseWriter, r *http.Request, rt *route, work time.Duration) {
	most, within := s.limits.form, s.limits.formWithin
	switch {
	case rt.papers:
		most, within = s.limits.papers, s.limits.uploadWithin
	case rt.upload:
		most, within = s.limits.upload, s.limits.uploadWithin
	}
	// The wall's clock: deadlines of the connection, not times that anything is decided by. Where there is no connection there is nothing to bound.
	c, now := http.NewResponseController(w), time.Now()
	_ = c.SetWriteDeadline(now.Add(within + work + s.limits.readWithin))
	if r.Body != http.NoBody && c.SetReadDeadline(now.Add(within)) == nil {
		r.Body = &awaited{r.Body, c}
	}
	if r.ContentLength > most && rt.api == nil { // the reader of the API's bodies has a limit of its own, and words for it
		r.Body = tooLarge{r.Body, most}
		w.Header().Set("Connection", "close") // its rest is not waited for
	}
	r.Body = http.MaxBytesReader(w, r.Body, most)
}

// awaited is a body that has to be there by a deadline. The deadline goes with the body's end: later it would look as if the browser had gone.
type awaited struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *awaited) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// tooLarge is a body that announced itself as larger than it may be: nothing of it is read.
type tooLarge struct {
	io.Closer
	most int64
}

func (b tooLarge) Read([]byte) (int, error) { return 0, &http.MaxBytesError{Limit: b.most} }

// run finds who asks, asks the table of access, writes the read down where it is one that must be, and lets the handler answer.
func (q *request) run() error {
	if err := q.identify(); err != nil {
		return err
	}
	if q.route.action != access.Open && q.viewer.Login == "" {
		return errSignIn
	}
	if err := q.readForm(); err != nil {
		return err
	}
	if q.route.action == access.Open || q.route.action == access.SignedIn {
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
	defer q.yield()
	if q.route.long && !q.route.upload { // files come first: nobody holds the others up by sending slowly
		if err := q.takeTurn(); err != nil {
			return err
		}
	}
	return q.route.handle(q)
}

// readForm reads the form that a request brings, whole: half a form must not be taken for one with empty fields. Files, and what programs send, are read by
// whoever handles them.
func (q *request) readForm() error {
	if !changes(q.r.Method) || q.route.upload || q.route.api != nil {
		return nil
	}
	err := q.r.ParseForm() // whose errors the other one keeps to itself
	if err == nil {
		err = q.r.ParseMultipartForm(q.limits.form)
	}
	return formFault(err)
}

// formFault words why a form could not be read. What happened to the connection or the disk is told as everywhere.
func formFault(err error) error {
	var size *http.MaxBytesError
	var disk *os.PathError
	switch {
	case err == nil, errors.Is(err, http.ErrNotMultipart):
		return nil
	case errors.As(err, &size), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &disk):
		return err
	}
	return &wrong{http.StatusBadRequest, policy.Text{ZH: "表单不完整，或者无法读懂，没有办理。", EN: "The form is not whole or cannot be read; nothing was done."},
		policy.Text{ZH: "请返回上一页，重新提交。", EN: "Go back one page and send it again."}}
}

// takeTurn waits for the request's turn among the long ones.
func (q *request) takeTurn() error {
	leave, err := q.heavy.enter(q.ctx())
	if err == nil {
		q.leave = sync.OnceFunc(leave)
	}
	return err
}

// yield lets the next one in, at the latest when the answer begins: answers are made before they are sent, and how fast one is taken is no business of those who
// wait.
func (q *request) yield() {
	if q.leave != nil {
		q.leave()
	}
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
