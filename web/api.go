package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"golang.org/x/text/language"

	"plumbline/access"
	"plumbline/internal/accounts"
	"plumbline/policy"
)

// apiBase is where the API for programs begins; another version that breaks programs begins elsewhere.
const apiBase = "/api/v1"

// The scopes of tokens: one an area, reading apart from writing.
const (
	scopeKPI      = "kpi"
	scopeScores   = "scores"
	scopeEvidence = "evidence"
	scopeFiles    = "files"
	scopeRead     = "records:read"
	scopeWrite    = "records:write"
	scopeQuarters = "quarters"
	scopeReviews  = "reviews"
	scopeRewards  = "rewards"
	scopePacks    = "packs"
)

// api is the door for programs: its operations as routes, and the document that describes them.
type api struct {
	huma.API
	routes   []route
	pushes   gate
	document []byte // OpenAPI 3.1
}

// How many batches wait for the one that is being recorded; the books take one at a time.
const pushesWaiting = 16

// operation is what the API knows of a route besides what every route says.
type operation struct {
	name    string // operationId
	scope   string // that a token must have; "" for none
	asks    []access.Action
	patient bool // it may take as long as long work does
	title   policy.Text
	text    policy.Text
}

// apiRoutes makes the operations of the API.
func (s *Server) apiRoutes() []route {
	s.api = &api{pushes: newGate(1, pushesWaiting)}
	s.api.API = huma.NewAPI(s.api.config(), apiAdapter{humago.NewAdapter(http.NewServeMux(), ""), s.api})
	s.api.figures()
	s.api.rounds()
	s.api.records()
	s.api.push()
	s.api.about()
	s.api.describe()
	return s.api.routes
}

// mountAPI answers paths of the API that lead nowhere as the API does.
func (s *Server) mountAPI(mux *http.ServeMux) {
	missing := &route{pattern: "missing of the API", action: access.Open, about: nobody, handle: func(*request) error { return errNotFound }, api: &operation{}}
	mux.Handle("/api/", s.serve(missing))
}

// apiAdapter makes routes of operations, so that they go through the same gate as pages.
type apiAdapter struct {
	huma.Adapter
	api *api
}

// Handle takes an operation in. Its place in the table of access stands in the metadata.
func (a apiAdapter) Handle(op *huma.Operation, handle func(huma.Context)) {
	r, ok := op.Metadata["route"].(route)
	if !ok {
		panic(fmt.Sprintf("the operation %s %s has no place in the table of access", op.Method, op.Path))
	}
	r.pattern = op.Method + " " + op.Path
	r.handle = func(q *request) error {
		c := &call{carried: humago.NewContext(op, q.r, q.w), request: q}
		handle(c)
		return c.err
	}
	a.api.routes = append(a.api.routes, r)
}

// carried is the library's context under another name, since it has a method of its own one.
type carried = huma.Context

// call is one call of an operation, with the request that it came by.
type call struct {
	carried
	request *request
	err     error // what the operation failed with
}

// SetReadDeadline leaves the connection as the server set it: one that ends during the work would end the work too.
func (*call) SetReadDeadline(time.Time) error { return nil }

// BodyReader gives the body without its Close: a body that is closed half read would leave its rest to be taken for the next request.
func (c *call) BodyReader() io.Reader { return struct{ io.Reader }{c.request.r.Body} }

// add makes an operation of a function that answers a request. What it asks for is read, checked and described by In, what it answers by answers.
func add[In any](a *api, rt route, path string, answers map[string]*huma.Response, do func(q *request, in *In) error) {
	method, path, _ := strings.Cut(path, " ")
	o := huma.Operation{OperationID: rt.api.name, Method: method, Path: apiBase + path, Summary: rt.api.title.EN, Description: rt.api.describe(rt.action), Tags: []string{rt.api.tag()}, Responses: answers,
		Metadata: map[string]any{"route": rt}, MaxBodyBytes: mostBatch, RejectUnknownQueryParameters: true, Security: []map[string][]string{{"token": rt.api.scopes()}, {"session": {}}}}
	huma.Register(a.API, o, func(_ context.Context, in *In) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(c huma.Context) {
			x := c.(*call)
			x.request.etag = x.request.tag()
			x.err = do(x.request, in)
		}}, nil
	})
}

// identifyToken finds the account that a program acts for. The token's scopes bound what it may do, the roles of the account what it sees.
func (q *request) identifyToken() error {
	raw, ok := strings.CutPrefix(q.r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return errToken
	}
	token, account, err := q.accounts.Token(strings.TrimSpace(raw))
	switch {
	case errors.Is(err, accounts.ErrNoToken):
		return errToken
	case err != nil:
		return err
	}
	q.grant = &token
	if err := q.place(account); err != nil {
		return err
	}
	if s := q.route.api.scope; s != "" && !slices.Contains(token.Scopes, s) {
		return scopeMissing(s)
	}
	return nil
}

// errToken says that a token was shown and opens nothing.
var errToken = errors.New("the token is unknown, expired or revoked")

type scopeMissing string

func (s scopeMissing) Error() string { return "the token lacks the scope " + string(s) }

// spoken picks the language that a program asks for; Chinese where it asks for none.
func spoken(r *http.Request) policy.Lang {
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil || len(tags) == 0 {
		return policy.ZH
	}
	if _, i, sure := language.NewMatcher([]language.Tag{language.Chinese, language.English, language.TraditionalChinese}).Match(tags...); sure != language.No && i == 1 {
		return policy.EN
	}
	return policy.ZH
}
