package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"plumbline/access"
	"plumbline/internal/accounts"
	"plumbline/internal/period"
)

func (s *Server) accountRoutes() []route {
	return []route{
		{pattern: "GET /accounts", action: access.Accounts, about: nobody, handle: (*request).accountList},
		{pattern: "POST /accounts", action: access.Accounts, about: nobody, handle: (*request).accountNew},
		{pattern: "POST /accounts-of-all", action: access.Accounts, about: nobody, handle: (*request).accountsOfAll},
		{pattern: "GET /accounts/{login}", action: access.Accounts, about: nobody, handle: (*request).accountOf},
		{pattern: "POST /accounts/{login}/{step}", action: access.Accounts, about: nobody, handle: (*request).accountStep},
	}
}

type accountsPage struct {
	frame
	Asked   string
	Table   table
	Roles   []menuItem // Href is the role's id
	Without int        // employees without an account
	Admin   bool       // may grant roles and set passwords
	New     accounts.New
}

// granted are the roles that an account may be given.
var granted = []access.Role{access.Executive, access.HR, access.Auditor, access.Finance, access.Admin}

func (q *request) accountList() error { return q.accountsPage(accounts.New{}, nil) }

func (q *request) accountsPage(typed accounts.New, f *fault) error {
	p := &accountsPage{frame: q.frame(q.say("账号", "Accounts")), Asked: q.r.URL.Query().Get("q"), New: typed, Admin: q.viewer.Has(access.Admin)}
	p.Fault = f
	p.Table = table{Caption: q.say("账号", "Accounts"), Head: []head{words(q.say("账号", "Login")), words(q.say("姓名", "Name")), words(q.say("工号", "Number")), words(q.say("授予的角色", "Granted roles")), words(q.say("第二步验证", "Second step")), words(q.say("状态", "State"))},
		Empty: q.say("没有找到账号。", "No account was found.")}
	have := map[string]bool{}
	for _, a := range q.accounts.List() {
		have[a.Employee] = true
		if p.Asked != "" && !matches(p.Asked, a.Login, a.Name, a.Employee) || len(p.Table.Rows) >= mostAccounts {
			continue
		}
		state := ""
		if a.Disabled {
			state = q.say("已停用", "disabled")
		} else if a.MustChange {
			state = q.say("须改密码", "must change the password")
		}
		p.Table.add(link(a.Login, "/accounts/"+url.PathEscape(a.Login)), text(a.Name), text(a.Employee), text(q.roleList(a.Roles)), text(q.yes(a.SecondFactor)), text(state))
	}
	for _, x := range q.employed() {
		if !have[x.No] {
			p.Without++
		}
	}
	for _, r := range granted {
		p.Roles = append(p.Roles, menuItem{Href: string(r), Text: r.Name().In(q.lang)})
	}
	if f != nil {
		return q.renderStatus(f.Status, "accounts", p)
	}
	return q.render("accounts", p)
}

// mostAccounts is how many a page lists; the search finds the others.
const mostAccounts = 200

func (q *request) yes(b bool) string {
	if b {
		return q.say("是", "yes")
	}
	return q.say("否", "no")
}

func (q *request) roleList(list []accounts.Role) string {
	var names []string
	for _, r := range list {
		names = append(names, access.Role(r).Name().In(q.lang))
	}
	return strings.Join(names, q.say("、", ", "))
}

// who is employed today.
type employed struct{ No, Name string }

func (q *request) employed() (list []employed) {
	today := period.MonthOf(q.today())
	for _, x := range q.seat.staff.People() {
		if q.seat.staff.Employed(x.No, q.today()) && !today.IsZero() {
			list = append(list, employed{x.No, x.Name.In(q.lang)})
		}
	}
	return list
}

// accountNew makes an account. Who makes it tells its person the password, which must be changed at the first sign-in.
func (q *request) accountNew() error {
	if err := q.r.ParseForm(); err != nil {
		return err
	}
	f := q.r.PostForm
	n := accounts.New{Login: f.Get("login"), Name: f.Get("name"), Employee: f.Get("employee"), Password: f.Get("password")}
	for _, r := range f["role"] {
		n.Roles = append(n.Roles, accounts.Role(r))
	}
	if !q.viewer.Has(access.Admin) && (len(n.Roles) > 0 || n.Password != "" || n.Employee == "") {
		return q.accountsPage(accounts.New{}, q.adminsOnly())
	}
	if _, known := q.seat.staff.Person(n.Employee); n.Employee != "" && !known {
		return q.accountsPage(n, &fault{Status: http.StatusUnprocessableEntity, Title: q.say("未能保存", "This was not saved"), Say: fmt.Sprintf(q.say("没有工号 %s。", "There is no employee %s."), n.Employee), Cure: q.say("请核对工号；员工由人力资源导入。", "Check the number; employees come in with the files of human resources.")})
	}
	a, err := q.accounts.Create(q.ctx(), q.viewer.Login, n)
	if err != nil {
		f, err := q.inputFault(err)
		if err != nil {
			return err
		}
		n.Password = ""
		return q.accountsPage(n, f)
	}
	return q.see("/accounts/"+url.PathEscape(a.Login), "saved")
}

// adminsOnly says that human resources keep the accounts of employees, without roles and passwords: what lets somebody act as another is for administrators.
func (q *request) adminsOnly() *fault {
	return &fault{Status: http.StatusConflict, Title: q.say("未能办理", "This was not done"), Say: q.say("人力资源只管理没有授予角色的员工账号，不设密码。", "Human resources keep the accounts of employees without granted roles, and set no passwords."),
		Cure: q.say("角色、密码与外部身份请管理员办理。", "Roles, passwords and identities elsewhere are for an administrator.")}
}

// accountsOfAll makes an account for every employee who has none, by employee number and without a password.
func (q *request) accountsOfAll() error {
	have := map[string]bool{}
	for _, a := range q.accounts.List() {
		have[a.Employee] = true
	}
	var list []accounts.New
	for _, x := range q.employed() {
		if !have[x.No] {
			list = append(list, accounts.New{Login: x.No, Name: x.Name, Employee: x.No})
		}
	}
	if err := q.accounts.CreateAll(q.ctx(), q.viewer.Login, list); err != nil {
		f, err := q.inputFault(err)
		if err != nil {
			return err
		}
		return q.accountsPage(accounts.New{}, f)
	}
	return q.see("/accounts", "saved")
}

type accountOfPage struct {
	frame
	Account  accounts.Account
	Own      bool // nobody changes his own rights
	Admin    bool
	May      bool // disable it and end its sessions
	Roles    []roleLine
	Sessions []sessionLine
	Tokens   table
	Reset    string // told once
}

type roleLine struct {
	ID, Name string
	Has      bool
}

func (q *request) accountOf() error { return q.accountOfPage("", nil) }

func (q *request) accountOfPage(reset string, f *fault) error {
	a, err := q.accounts.Get(q.r.PathValue("login"))
	if err != nil {
		return errNotFound
	}
	p := &accountOfPage{frame: q.frame(a.Login), Account: a, Own: a.Login == q.viewer.Login, Reset: reset}
	p.Admin = q.viewer.Has(access.Admin) && !p.Own
	p.May = !p.Own && (p.Admin || len(a.Roles) == 0)
	p.Fault = f
	for _, r := range granted {
		p.Roles = append(p.Roles, roleLine{string(r), r.Name().In(q.lang), a.Has(accounts.Role(r))})
	}
	for _, x := range q.accounts.Sessions(a.Login) {
		p.Sessions = append(p.Sessions, sessionLine{x.ID, x.Agent, x.Address.String(), q.moment(x.Created), q.moment(x.Seen), false})
	}
	p.Tokens = table{Caption: q.say("接口令牌", "API tokens"), Head: []head{words(q.say("名称", "Name")), words(q.say("权限范围", "Scopes")), words(q.say("有效至", "Expires")), words(q.say("最近使用", "Last used"))}, Empty: q.say("没有令牌。", "There are no tokens.")}
	for _, x := range q.accounts.Tokens(a.Login) {
		p.Tokens.add(text(x.Name), text(strings.Join(x.Scopes, ", ")), text(q.moment(x.Expires)), text(q.moment(x.Used)))
	}
	if f != nil {
		return q.renderStatus(f.Status, "accountof", p)
	}
	return q.render("accountof", p)
}

// accountStep changes somebody's account. Nobody changes what he himself may do.
func (q *request) accountStep() error {
	login, by := q.r.PathValue("login"), q.viewer.Login
	step, role := q.r.PathValue("step"), accounts.Role(q.r.PostFormValue("role"))
	a, err := q.accounts.Get(login)
	if err != nil {
		return errNotFound
	}
	if plain := step == "disable" || step == "enable" || step == "end"; !q.viewer.Has(access.Admin) && (!plain || len(a.Roles) > 0) {
		return q.accountOfPage("", q.adminsOnly())
	}
	if login == by && step != "end" {
		f := fault{Status: http.StatusConflict, Title: q.say("未能办理", "This was not done"), Say: q.say("不能更改自己的权限与账号状态。", "Nobody changes his own roles or the state of his own account."), Cure: q.say("请另一位管理员办理。", "Let another administrator do it.")}
		return q.accountOfPage("", &f)
	}
	switch step {
	case "grant":
		err = q.accounts.Grant(q.ctx(), by, login, role)
	case "revoke":
		err = q.accounts.Revoke(q.ctx(), by, login, role)
	case "disable":
		err = q.accounts.Disable(q.ctx(), by, login)
	case "enable":
		err = q.accounts.Enable(q.ctx(), by, login)
	case "end":
		err = q.accounts.EndSessions(q.ctx(), by, login)
	case "second":
		err = q.accounts.ResetTOTP(q.ctx(), by, login)
	case "link":
		err = q.accounts.Link(q.ctx(), by, login, accounts.Identity{Issuer: q.r.PostFormValue("issuer"), Subject: q.r.PostFormValue("subject")})
	case "unlink":
		err = q.accounts.Unlink(q.ctx(), by, login, accounts.Identity{Issuer: q.r.PostFormValue("issuer"), Subject: q.r.PostFormValue("subject")})
	case "reset":
		token, until, err := q.accounts.ResetToken(q.ctx(), by, login)
		if err != nil {
			return err
		}
		return q.accountOfPage(fmt.Sprintf(q.say("把这个地址交给本人，%s 前有效，只能用一次：/reset?token=%s", "Give this address to the person; it works once, until %s: /reset?token=%s"), q.moment(until), token), nil)
	case "erase":
		err = q.accounts.Erase(q.ctx(), by, login)
	default:
		return errNotFound
	}
	if err != nil && !errors.Is(err, accounts.ErrNotEnrolled) {
		f, err := q.inputFault(err)
		if err != nil {
			return err
		}
		return q.accountOfPage("", f)
	}
	if step == "erase" {
		return q.see("/accounts", "saved")
	}
	return q.see("/accounts/"+url.PathEscape(login), "saved")
}
