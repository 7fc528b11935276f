package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"plumbline/access"
	"plumbline/internal/accounts"
	"plumbline/internal/signin"
	"plumbline/policy"
)

// The cookies. Over HTTPS those with secrets carry the prefix that binds them to this host.
const (
	sessionCookie = "plumbline"
	pendingCookie = "plumbline-pending"
	attemptCookie = "plumbline-attempt"
	langCookie    = "plumbline-lang"
	themeCookie   = "plumbline-theme"
)

func (s *Server) doorRoutes() []route {
	return []route{
		{pattern: "GET /sign-in", action: access.Open, about: nobody, handle: (*request).signIn},
		{pattern: "POST /sign-in", action: access.Open, about: nobody, handle: (*request).signInNow},
		{pattern: "GET /sign-in/code", action: access.Open, about: nobody, handle: (*request).code},
		{pattern: "POST /sign-in/code", action: access.Open, about: nobody, handle: (*request).codeNow},
		{pattern: "GET /sign-in/with/{provider}", action: access.Open, about: nobody, handle: (*request).elsewhere},
		{pattern: "GET /sign-in/back/{provider}", action: access.Open, about: nobody, handle: (*request).back},
		{pattern: "GET /set-up", action: access.Open, about: nobody, handle: (*request).setUp},
		{pattern: "POST /set-up", action: access.Open, about: nobody, handle: (*request).setUpNow},
		{pattern: "GET /reset", action: access.Open, about: nobody, handle: (*request).reset},
		{pattern: "POST /reset", action: access.Open, about: nobody, handle: (*request).resetNow},
		{pattern: "POST /sign-out", action: access.SignedIn, about: nobody, handle: (*request).signOut},
		{pattern: "POST /language", action: access.Open, about: nobody, handle: (*request).language},
		{pattern: "POST /appearance", action: access.Open, about: nobody, handle: (*request).appearance},
		{pattern: "GET /assets/{name}", action: access.Open, about: nobody, handle: (*request).asset},
		{pattern: "GET /account", action: access.SignedIn, about: nobody, handle: (*request).account},
		{pattern: "GET /account/password", action: access.SignedIn, about: nobody, handle: (*request).password},
		{pattern: "POST /account/password", action: access.SignedIn, about: nobody, handle: (*request).passwordNow},
		{pattern: "GET /account/second", action: access.SignedIn, about: nobody, handle: (*request).second},
		{pattern: "POST /account/second", action: access.SignedIn, about: nobody, handle: (*request).secondNow},
		{pattern: "POST /account/second/off", action: access.SignedIn, about: nobody, handle: (*request).secondOff},
		{pattern: "POST /account/sessions/{id}", action: access.SignedIn, about: nobody, handle: (*request).endSession},
	}
}

// named gives a cookie its name: with the prefix of this host where browsers come by HTTPS.
func (s *Server) named(cookie string) string {
	if s.secure {
		return "__Host-" + cookie
	}
	return cookie
}

// keep gives the browser a cookie; age 0 lasts as long as the browser.
func (q *request) keep(name, value string, age time.Duration) {
	http.SetCookie(q.w, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: q.secure, SameSite: http.SameSiteLaxMode, MaxAge: int(age.Seconds())})
}

// drop takes a cookie from the browser.
func (q *request) drop(name string) {
	http.SetCookie(q.w, &http.Cookie{Name: name, Path: "/", HttpOnly: true, Secure: q.secure, SameSite: http.SameSiteLaxMode, MaxAge: -1})
}

func (q *request) cookie(name string) string {
	c, err := q.r.Cookie(q.named(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// identify finds who asks. A session that is not through with signing in may do nothing but that.
func (q *request) identify() error {
	if q.route.api != nil && q.r.Header.Get("Authorization") != "" {
		return q.identifyToken()
	}
	q.token = q.cookie(sessionCookie)
	if q.token == "" {
		return nil
	}
	session, account, err := q.accounts.Session(q.token)
	if errors.Is(err, accounts.ErrNoSession) {
		return nil
	}
	if err != nil {
		return err
	}
	if session.Step != accounts.Done && q.route.action != access.Open {
		if at := q.r.URL.Path; at != "/sign-out" && at != stepPages[session.Step] {
			return q.stepFirst(session.Step)
		}
		q.viewer, q.name = access.Viewer{Login: account.Login}, account.Login // no roles before it is through
		return nil
	}
	return q.place(account)
}

// stepPages are where the steps of a sign-in are taken.
var stepPages = map[accounts.Step]string{accounts.ChangePassword: "/account/password", accounts.Enrol: "/account/second", accounts.EnterCode: "/sign-in/code"}

// errElsewhere says that the answer is on another page.
type errElsewhere struct{ path string }

func (e errElsewhere) Error() string { return "see " + e.path }

func (q *request) stepFirst(step accounts.Step) error { return errElsewhere{stepPages[step]} }

// signInFirst leads to the sign-in, and from there back.
func (q *request) signInFirst() {
	path := "/sign-in"
	if q.r.Method == http.MethodGet && q.r.URL.Path != "/" {
		path += "?" + url.Values{"to": {q.r.URL.RequestURI()}}.Encode()
	}
	http.Redirect(q.w, q.r, path, http.StatusSeeOther)
}

type signInPage struct {
	frame
	To, Login string
	Demo      []DemoAccount
	Doors     []menuItem
	Fresh     bool // no account exists yet
}

func (q *request) signIn() error { return q.signInPage("", nil) }

func (q *request) signInPage(login string, f *fault) error {
	if q.viewer.Login != "" && f == nil {
		return q.see("/", "")
	}
	p := &signInPage{frame: q.frame(q.say("登录", "Sign in")), To: local(q.r.FormValue("to")), Login: login, Demo: q.demo, Fresh: len(q.accounts.List()) == 0}
	for _, d := range q.doors {
		p.Doors = append(p.Doors, menuItem{Href: "/sign-in/with/" + d.ID() + "?" + url.Values{"to": {p.To}}.Encode(), Text: d.Name().In(q.lang)})
	}
	p.Fault = f
	status := http.StatusOK
	if f != nil {
		status = f.Status
	}
	return q.renderStatus(status, "signin", p)
}

func (q *request) signInNow() error {
	login := q.r.PostFormValue("login")
	pending, err := q.accounts.SignIn(q.ctx(), login, q.r.PostFormValue("password"), q.address())
	if err != nil {
		f, err := q.signInFault(err)
		if err != nil {
			return err
		}
		return q.signInPage(login, f)
	}
	return q.admit(pending, local(q.r.PostFormValue("to")))
}

// admit goes on with a sign-in whose first factor was right.
func (q *request) admit(p accounts.Pending, to string) error {
	if p.Step == accounts.EnterCode {
		q.keep(q.named(pendingCookie), p.Token, 10*time.Minute)
		return q.see("/sign-in/code?"+url.Values{"to": {to}}.Encode(), "")
	}
	token, session, err := q.accounts.NewSession(q.ctx(), p.Token, q.address(), q.r.UserAgent())
	if err != nil {
		return err
	}
	q.drop(q.named(pendingCookie))
	q.keep(q.named(sessionCookie), token, 0)
	if path := stepPages[session.Step]; path != "" {
		to = path
	}
	http.Redirect(q.w, q.r, to, http.StatusSeeOther)
	return nil
}

// signInFault tells why somebody was not let in; what is not about that comes back as an error.
func (q *request) signInFault(err error) (*fault, error) {
	var slow *accounts.ThrottledError
	var much *accounts.BusyError
	switch {
	case errors.Is(err, accounts.ErrCredentials):
		return &fault{Status: http.StatusUnauthorized, Title: q.say("未能登录", "You are not signed in"), Say: q.say("账号或密码不对。", "The login or the password is wrong."),
			Cure: q.say("请核对后再试；忘记密码请联系管理员重置。", "Check them and try again; an administrator can reset a password.")}, nil
	case errors.Is(err, accounts.ErrCode):
		return &fault{Status: http.StatusUnauthorized, Title: q.say("未能登录", "You are not signed in"), Say: q.say("验证码不对、已用过或已过时。", "The code is wrong, was used before, or is too old."),
			Cure: q.say("请输入验证器当前显示的六位数字。", "Type the six digits that the authenticator shows now.")}, nil
	case errors.Is(err, accounts.ErrNotLinked):
		return &fault{Status: http.StatusUnauthorized, Title: q.say("未能登录", "You are not signed in"), Say: q.say("这个身份还没有关联账号。", "No account is linked to this identity."),
			Cure: q.say("请管理员先关联。", "Ask an administrator to link it.")}, nil
	case errors.As(err, &slow):
		return &fault{Status: http.StatusTooManyRequests, After: slow.RetryAfter, Title: q.say("尝试过多", "Too many tries"),
			Say: fmt.Sprintf(q.say("请在 %s后再试。", "Try again in %s."), q.duration(slow.RetryAfter))}, nil
	case errors.As(err, &much):
		return &fault{Status: http.StatusServiceUnavailable, After: much.RetryAfter, Title: q.say("请稍候", "One moment"), Say: q.say("登录的人很多，请稍后再试。", "Many people are signing in; try again in a moment.")}, nil
	}
	return nil, err
}

// duration writes how long to wait, rounded up.
func (q *request) duration(d time.Duration) string {
	if s := int(d.Seconds()) + 1; s < 90 {
		return fmt.Sprintf(q.say("%d 秒", "%d seconds"), s)
	}
	return fmt.Sprintf(q.say("%d 分钟", "%d minutes"), int(d.Minutes())+1)
}

// provider is the other way to sign in that the path names.
func (q *request) provider() (signin.Provider, error) {
	i := slices.IndexFunc(q.doors, func(p signin.Provider) bool { return p.ID() == q.r.PathValue("provider") })
	if i < 0 || q.public == "" {
		return nil, errNotFound
	}
	return q.doors[i], nil
}

// returnTo is where a provider sends the browser back to: below the address that the operator gave, never one that the request names.
func (q *request) returnTo(p signin.Provider) string { return q.public + "/sign-in/back/" + p.ID() }

// elsewhere sends the browser to a provider. Nothing changes by that but what is kept of the attempt for ten minutes.
func (q *request) elsewhere() error {
	p, err := q.provider()
	if err != nil {
		return err
	}
	browser := rand.Text()
	state, nonce, err := q.attempts.Begin(p.ID(), browser, local(q.r.FormValue("to")))
	if err != nil {
		return err
	}
	address, err := p.Begin(q.ctx(), state, nonce, q.returnTo(p))
	if err != nil {
		return q.elsewhereFailed(err)
	}
	q.keep(q.named(attemptCookie), browser, 10*time.Minute)
	http.Redirect(q.w, q.r, address, http.StatusSeeOther)
	return nil
}

// back takes the browser in that a provider sent back.
func (q *request) back() error {
	p, err := q.provider()
	if err != nil {
		return err
	}
	query := q.r.URL.Query()
	attempt, err := q.attempts.Take(query.Get("state"), q.cookie(attemptCookie))
	if err == nil && attempt.Provider != p.ID() {
		err = errNotFound
	}
	if err != nil {
		return q.elsewhereFailed(err)
	}
	q.drop(q.named(attemptCookie))
	who, err := p.Finish(q.ctx(), query, attempt.Nonce, q.returnTo(p))
	if err != nil {
		return q.elsewhereFailed(err)
	}
	pending, err := q.accounts.SignInWith(q.ctx(), accounts.Identity{Issuer: who.Issuer, Subject: who.Subject}, q.address())
	if err != nil {
		f, err := q.signInFault(err)
		if err != nil {
			return err
		}
		return q.signInPage("", f)
	}
	return q.admit(pending, local(attempt.Return))
}

// elsewhereFailed tells why a sign-in elsewhere came to nothing; what the operator should know is in the log.
func (q *request) elsewhereFailed(err error) error {
	failed, ok := errors.AsType[*signin.Failure](err)
	if !ok {
		return err
	}
	q.log.Warn("sign-in elsewhere failed", "id", q.id, "kind", string(failed.Kind), "error", failed.Error())
	return q.signInPage("", &fault{Status: http.StatusUnauthorized, Title: q.say("未能登录", "You are not signed in"), Say: failed.Text().In(q.lang)})
}

type codePage struct {
	frame
	To string
}

func (q *request) code() error { return q.codePage(nil) }

func (q *request) codePage(f *fault) error {
	if q.cookie(pendingCookie) == "" {
		return errSignIn
	}
	p := &codePage{frame: q.frame(q.say("第二步验证", "Second step")), To: local(q.r.FormValue("to"))}
	p.Fault = f
	status := http.StatusOK
	if f != nil {
		status = f.Status
	}
	return q.renderStatus(status, "code", p)
}

func (q *request) codeNow() error {
	p, err := q.accounts.Second(q.ctx(), q.cookie(pendingCookie), q.r.PostFormValue("code"), q.address())
	if errors.Is(err, accounts.ErrNoSession) {
		return errSignIn
	}
	if err != nil {
		f, err := q.signInFault(err)
		if err != nil {
			return err
		}
		return q.codePage(f)
	}
	return q.admit(p, local(q.r.PostFormValue("to")))
}

type setUpPage struct {
	frame
	Login, Token string
}

func (q *request) setUp() error {
	if len(q.accounts.List()) > 0 {
		return errNotFound
	}
	return q.render("setup", &setUpPage{frame: q.frame(q.say("首次设置", "First set-up"))})
}

func (q *request) setUpNow() error {
	if len(q.accounts.List()) > 0 {
		return errNotFound
	}
	p := &setUpPage{frame: q.frame(q.say("首次设置", "First set-up")), Login: q.r.PostFormValue("login"), Token: q.r.PostFormValue("token")}
	_, err := q.accounts.FirstAdmin(q.ctx(), p.Token, p.Login, q.r.PostFormValue("password"))
	if err != nil {
		f, err := q.inputFault(err)
		if err != nil {
			return err
		}
		p.Fault = f
		return q.renderStatus(f.Status, "setup", p)
	}
	return q.see("/sign-in", "set-up")
}

type resetPage struct {
	frame
	Token string
}

// reset shows the form for a new password. The token comes in the fragment-free query of a link that an administrator hands over.
func (q *request) reset() error {
	return q.render("reset", &resetPage{frame: q.frame(q.say("设置密码", "Set a password")), Token: q.r.FormValue("token")})
}

func (q *request) resetNow() error {
	p := &resetPage{frame: q.frame(q.say("设置密码", "Set a password")), Token: q.r.PostFormValue("token")}
	_, err := q.accounts.Reset(q.ctx(), p.Token, q.r.PostFormValue("password"))
	if err != nil {
		f, err := q.inputFault(err)
		if err != nil {
			return err
		}
		p.Fault = f
		return q.renderStatus(f.Status, "reset", p)
	}
	return q.see("/sign-in", "password")
}

// problemWords say what is wrong with something typed.
var problemWords = map[accounts.Problem]policy.Text{
	accounts.Missing: {ZH: "没有填写", EN: "is missing"}, accounts.TooShort: {ZH: "太短", EN: "is too short"}, accounts.TooLong: {ZH: "太长", EN: "is too long"},
	accounts.BadCharacter: {ZH: "含有不能用的字符", EN: "has characters that cannot be used"}, accounts.Taken: {ZH: "已被其他账号使用", EN: "belongs to another account"},
	accounts.TooCommon: {ZH: "太常见，容易被猜中", EN: "is too common and easily guessed"}, accounts.TooPersonal: {ZH: "与账号、姓名或工号太像", EN: "is too much like the login, name or number"},
	accounts.Unchanged: {ZH: "与原来的一样", EN: "is the old one"}, accounts.Unknown: {ZH: "不认识", EN: "is unknown"}, accounts.OutOfRange: {ZH: "超出范围", EN: "is out of range"},
}

// fieldWords name what is typed.
var fieldWords = map[string]policy.Text{
	"login": {ZH: "账号", EN: "the login"}, "name": {ZH: "姓名", EN: "the name"}, "employee": {ZH: "工号", EN: "the employee number"}, "role": {ZH: "角色", EN: "the role"}, "language": {ZH: "语言", EN: "the language"},
	"password": {ZH: "密码", EN: "the password"}, "identity": {ZH: "外部身份", EN: "the identity"}, "token": {ZH: "令牌", EN: "the token"}, "scope": {ZH: "权限范围", EN: "the scope"}, "expiry": {ZH: "有效期", EN: "the expiry"},
}

// inputFault tells what is wrong with something typed; what is not about that comes back as an error.
func (q *request) inputFault(err error) (*fault, error) {
	f := &fault{Status: http.StatusUnprocessableEntity, Title: q.say("未能保存", "This was not saved")}
	var input *accounts.InputError
	switch {
	case errors.As(err, &input):
		f.Say = fieldWords[input.Field].In(q.lang) + q.say("", " ") + problemWords[input.Problem].In(q.lang) + q.say("。", ".")
		if input.Field == "password" {
			f.Cure = fmt.Sprintf(q.say("密码至少 %d 个字符，不含账号，不用常见的词；几个互不相干的词连在一起就很好。", "A password has %d characters at least, is not made of the login and is no common word; some unrelated words in a row are good."), accounts.MinPassword)
		}
	case errors.Is(err, accounts.ErrSetUp):
		f.Say, f.Cure = q.say("设置令牌不对。", "The set-up token is wrong."), q.say("令牌在服务启动时显示，也在数据目录的 accounts/setup 文件中。", "It is printed when the service starts, and stands in accounts/setup of the data directory.")
	case errors.Is(err, accounts.ErrReset):
		f.Say, f.Cure = q.say("链接无效、已用过或已过期。", "The link is unknown, was used before, or is too old."), q.say("请管理员重新生成。", "Ask an administrator for another one.")
	case errors.Is(err, accounts.ErrCredentials):
		f.Say, f.Cure = q.say("原密码不对。", "The old password is wrong."), q.say("请核对后再试。", "Check it and try again.")
	case errors.Is(err, accounts.ErrCode):
		f.Say, f.Cure = q.say("验证码不对、已用过或已过时。", "The code is wrong, was used before, or is too old."), q.say("请输入验证器当前显示的六位数字。", "Type the six digits that the authenticator shows now.")
	case errors.Is(err, accounts.ErrLastAdmin):
		f.Say, f.Cure = q.say("这是最后一位管理员。", "This is the last administrator."), q.say("请先授权另一位。", "Make another one first.")
	default:
		g, err := q.signInFault(err)
		return g, err
	}
	return f, nil
}

func (q *request) signOut() error {
	session, _, err := q.accounts.Session(q.token)
	if err == nil {
		err = q.accounts.EndSession(q.ctx(), session.Login, session.Login, session.ID)
	}
	if err != nil && !errors.Is(err, accounts.ErrNoSession) {
		return err
	}
	q.drop(q.named(sessionCookie))
	return q.see("/sign-in", "signed-out")
}

func (q *request) language() error {
	lang := policy.ZH
	if q.r.PostFormValue("lang") == string(policy.EN) {
		lang = policy.EN
	}
	q.keep(langCookie, string(lang), 365*24*time.Hour)
	return q.see(local(q.r.PostFormValue("to")), "")
}

func (q *request) appearance() error {
	theme := q.r.PostFormValue("theme")
	if theme != "light" && theme != "dark" {
		q.drop(themeCookie)
	} else {
		q.keep(themeCookie, theme, 365*24*time.Hour)
	}
	return q.see(local(q.r.PostFormValue("to")), "")
}

// asset serves a file that pages load. Its name changes with its content.
func (q *request) asset() error {
	a, ok := q.assets.files[q.r.PathValue("name")]
	if !ok {
		return errNotFound
	}
	h := q.w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	text := a.plain
	if accepts(q.r, "gzip") {
		h.Set("Content-Encoding", "gzip")
		text = a.zipped
	}
	_, err := q.w.Write(text)
	return err
}
