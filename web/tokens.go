package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"plumbline/access"
	"plumbline/internal/accounts"
)

func (s *Server) tokenRoutes() []route {
	return []route{
		{pattern: "GET /account/tokens", action: access.Tokens, about: nobody, handle: (*request).tokens},
		{pattern: "POST /account/tokens", action: access.Tokens, about: nobody, handle: (*request).tokenNow},
		{pattern: "POST /account/tokens/{id}", action: access.Tokens, about: nobody, handle: (*request).tokenRevoked},
	}
}

// tokenDays are the terms that a token may have; the accounts know the longest.
var tokenDays = []int{7, 30, 90, 180, 365}

const usualDays = 90

// tokensPage lists the viewer's tokens and makes new ones.
type tokensPage struct {
	frame
	Fresh  string // the token that was just made: shown this once
	Name   string
	Days   []choiceOf
	Scopes []choiceOf
	Tokens []tokenLine
	Base   string
}

type choiceOf struct {
	ID, Text string
	Chosen   bool
}

type tokenLine struct {
	ID, Name, Scopes, Expires, Used string
	Over                            bool
}

func (q *request) tokens() error {
	p := q.tokensPage()
	return q.render("tokens", p)
}

// tokensPage fills the page as the form was typed, or as it begins.
func (q *request) tokensPage() *tokensPage {
	p := &tokensPage{frame: q.frame(q.say("令牌", "Tokens")), Name: q.r.PostFormValue("name"), Base: apiBase}
	days := q.r.PostFormValue("days")
	for _, d := range tokenDays {
		id := strconv.Itoa(d)
		p.Days = append(p.Days, choiceOf{id, q.say(id+" 天", id+" days"), id == days || days == "" && d == usualDays})
	}
	for _, s := range scopeWords {
		if slices.ContainsFunc(s.action, func(a access.Action) bool { return access.Anywhere(q.viewer, a) }) {
			p.Scopes = append(p.Scopes, choiceOf{s.id, s.what.In(q.lang), slices.Contains(q.r.PostForm["scope"], s.id)})
		}
	}
	for _, t := range q.accounts.Tokens(q.viewer.Login) {
		l := tokenLine{ID: t.ID, Name: t.Name, Scopes: strings.Join(t.Scopes, " "), Expires: q.moment(t.Expires), Used: q.moment(t.Used), Over: !q.now().Before(t.Expires)}
		p.Tokens = append(p.Tokens, l)
	}
	return p
}

// tokenNow makes a token. What it may do is chosen from what the viewer may do at all; what it sees is bounded by his roles whenever it is used.
func (q *request) tokenNow() error {
	if err := q.r.ParseForm(); err != nil {
		return err
	}
	p := q.tokensPage()
	var scopes []string
	for _, s := range p.Scopes {
		if s.Chosen {
			scopes = append(scopes, s.ID)
		}
	}
	days, err := strconv.Atoi(q.r.PostFormValue("days"))
	if err != nil || !slices.Contains(tokenDays, days) {
		return errNotFound
	}
	if len(scopes) == 0 {
		p.Fault = &fault{Status: http.StatusUnprocessableEntity, Title: q.say("未能保存", "This was not saved"), Say: q.say("没有选择权限范围。", "No scope is chosen."), Cure: q.say("请至少勾选一项。", "Tick one at least.")}
		return q.renderStatus(p.Fault.Status, "tokens", p)
	}
	raw, _, err := q.accounts.CreateToken(q.ctx(), q.viewer.Login, q.viewer.Login, q.r.PostFormValue("name"), scopes, q.now().Add(time.Duration(days)*24*time.Hour))
	if err != nil {
		if p.Fault, err = q.inputFault(err); err != nil {
			return err
		}
		return q.renderStatus(p.Fault.Status, "tokens", p)
	}
	q.r.PostForm = nil
	q.r.Form = nil
	p = q.tokensPage()
	p.Fresh = raw
	return q.render("tokens", p)
}

func (q *request) tokenRevoked() error {
	err := q.accounts.RevokeToken(q.ctx(), q.viewer.Login, q.viewer.Login, q.r.PathValue("id"))
	if errors.Is(err, accounts.ErrNoToken) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	return q.see("/account/tokens", "token-revoked")
}
