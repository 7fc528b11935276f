package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/boombuler/barcode/qr"

	"plumbline/access"
	"plumbline/internal/accounts"
	"plumbline/policy"
)

// accepts reports whether a browser takes an encoding.
func accepts(r *http.Request, encoding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == encoding && strings.TrimSpace(weight) != "q=0" {
			return true
		}
	}
	return false
}

// doneWords tell what was just done; a page is sent on with their names only.
var doneWords = map[string][2]string{
	"saved":      {"已保存。", "Saved."},
	"submitted":  {"已提交。", "Submitted."},
	"reopened":   {"已退回，本人可以修改后重新提交。", "Given back; it may be changed and submitted again."},
	"appealed":   {"申诉已提交。", "The appeal is filed."},
	"set-up":     {"管理员账号已建立，请登录。", "The administrator's account is made; please sign in."},
	"password":   {"密码已设置，其他地方的登录已结束。", "The password is set; sessions elsewhere have ended."},
	"signed-out": {"已退出登录。", "You are signed out."},
	"ended":      {"该处登录已结束。", "That session has ended."},
	"ran":        {"已运行。", "It has run."},
	"second":     {"第二步验证已启用。", "The second step is on."},
	"second-off": {"第二步验证已停用。", "The second step is off."},

	"returned":             {"已退回，评估人可以修改后重新提交。", "Given back; its writer may change it and submit it again."},
	"calibrated":           {"校准已保存。", "The points are set."},
	"calibration-closed":   {"本部门的校准已结束，评估不再变动。", "The calibration of the department is closed; its evaluations stand."},
	"calibration-reopened": {"本部门的校准已重开。", "The calibration of the department is open again."},
	"decided":              {"申诉的处理已记录。", "The decision about the appeal is recorded."},
	"deputy-named":         {"代理人已指定。", "The deputy is named."},
	"deputy-revoked":       {"代理已撤销；此前所办仍有效。", "The deputyship has ended; what was done until now stands."},
	"month-opened":         {"自评已开放。", "The self-reviews are open."},
	"quarter-opened":       {"评估已开放。", "The evaluations are open."},
	"exempted":             {"已免评。", "The person is exempt."},
	"unexempted":           {"免评已取消。", "The exemption is taken back."},
	"published":            {"结果已公布，申诉期开始。", "The results are published; the term for appeals has begun."},
	"sealed":               {"已封账。请把封账号和账本末尾抄在别处。", "The quarter is sealed. Note the seal and the ledger's head down elsewhere."},
	"approved":             {"调整已批准，计入补差。", "The adjustments are approved and count for compensation."},
	"drawn":                {"名单已生成，待签字。", "The list is drawn up and waits for signatures."},
	"signed":               {"已签字。", "Signed."},
	"refused":              {"名单已退回人力资源。", "The list went back to human resources."},
	"ahead":                {"该表可以先行发放，请按期补签。", "The sheet may be paid; its signatures are to be made up in time."},
	"withdrawn":            {"已撤回，账册已按其余文件重算。", "Withdrawn; the books now stand by the other files."},
	"dismissed":            {"已移出隔离区，理由已记入账本。", "Taken out of the quarantine; the reason is in the ledger."},
	"dropped":              {"已放弃，上传的文件已删除，没有导入任何内容。", "Given up: the uploaded files are deleted and nothing was taken in."},
	"taken-in":             {"导入完成，回执如下。", "Taken in; these are the receipts."},
	"mapping-saved":        {"映射已保存，以后同样表头的文件自动采用。", "The mapping is saved; files with these headers are read by it from now on."},
	"policy-adopted":       {"制度已启用。", "The policy is adopted."},
	"token-revoked":        {"令牌已作废。", "The token is revoked."},
}

// doneText gives the words of something done, "" for none that is known.
func doneText(name string, lang policy.Lang) string {
	w := doneWords[name]
	return policy.Text{ZH: w[0], EN: w[1]}.In(lang)
}

type accountPage struct {
	frame
	Account  accounts.Account
	Roles    []string
	Sessions []sessionLine
	Token    string
}

type sessionLine struct {
	ID, Agent, Address, Since, Seen string
	Here                            bool
}

// account shows the viewer his account: password, second step, where he is signed in, language and appearance.
func (q *request) account() error {
	here, a, err := q.accounts.Session(q.token)
	if err != nil {
		return errSignIn
	}
	p := &accountPage{frame: q.frame(q.say("我的账号", "My account")), Account: a}
	for _, r := range access.Roles {
		if q.viewer.Has(r) {
			p.Roles = append(p.Roles, r.Name().In(q.lang))
		}
	}
	for _, s := range q.accounts.Sessions(a.Login) {
		p.Sessions = append(p.Sessions, sessionLine{s.ID, s.Agent, s.Address.String(), q.moment(s.Created), q.moment(s.Seen), s.ID == here.ID})
	}
	return q.render("account", p)
}

func (q *request) endSession() error {
	id := q.r.PathValue("id")
	if err := q.accounts.EndSession(q.ctx(), q.viewer.Login, q.viewer.Login, id); err != nil {
		return errNotFound
	}
	return q.see("/account", "ended")
}

type passwordPage struct {
	frame
	Least int
}

func (q *request) password() error { return q.passwordPage(nil) }

func (q *request) passwordPage(f *fault) error {
	p := &passwordPage{frame: q.frame(q.say("修改密码", "Change the password")), Least: accounts.MinPassword}
	p.Fault = f
	if f != nil {
		return q.renderStatus(f.Status, "password", p)
	}
	return q.render("password", p)
}

func (q *request) passwordNow() error {
	fresh, err := q.accounts.ChangePassword(q.ctx(), q.token, q.r.PostFormValue("old"), q.r.PostFormValue("password"))
	if err != nil {
		f, err := q.inputFault(err)
		if err != nil {
			return err
		}
		return q.passwordPage(f)
	}
	q.keep(q.named(sessionCookie), fresh, 0)
	return q.see("/", "password")
}

type secondPage struct {
	frame
	On        bool
	Enrolment accounts.Enrolment
	Recovery  []string // told once
}

// matrix is a QR code to draw: so many modules wide and high, the quiet zone included, and the path of the dark ones.
type matrix struct {
	Modules int
	Dark    string
}

// quiet is the width of the light zone around a QR code, in modules, as ISO/IEC 18004 asks.
const quiet = 4

// QR is the link of the enrolment as a picture for the camera of a telephone; nil where it is too long for one.
func (p *secondPage) QR() *matrix {
	code, err := qr.Encode(p.Enrolment.URI, qr.M, qr.Auto)
	if err != nil {
		return nil
	}
	side := code.Bounds().Dx()
	var path strings.Builder
	for y := range side {
		for x := range side {
			if dark, _, _, _ := code.At(x, y).RGBA(); dark == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	return &matrix{side + 2*quiet, path.String()}
}

// second begins the enrolment of a second step. The secret is made by the form's post, since looking at a page changes nothing.
func (q *request) second() error {
	_, a, err := q.accounts.Session(q.token)
	if err != nil {
		return errSignIn
	}
	return q.render("second", &secondPage{frame: q.frame(q.say("第二步验证", "Second step")), On: a.SecondFactor})
}

// secondNow makes a secret where no code came with it, and else turns the second step on.
func (q *request) secondNow() error {
	p := &secondPage{frame: q.frame(q.say("第二步验证", "Second step"))}
	code := q.r.PostFormValue("code")
	if code == "" {
		e, err := q.accounts.EnrolTOTP(q.ctx(), q.token, "Plumbline")
		if err != nil {
			return err
		}
		p.Enrolment = e
		return q.render("second", p)
	}
	fresh, recovery, err := q.accounts.ConfirmTOTP(q.ctx(), q.token, code)
	if err != nil {
		f, err := q.inputFault(err)
		if err != nil {
			return err
		}
		p.Fault = f
		p.Enrolment = accounts.Enrolment{Secret: q.r.PostFormValue("secret"), URI: q.r.PostFormValue("uri")}
		return q.renderStatus(f.Status, "second", p)
	}
	q.keep(q.named(sessionCookie), fresh, 0)
	p.On, p.Recovery = true, recovery
	return q.render("second", p)
}

func (q *request) secondOff() error {
	fresh, err := q.accounts.DisableTOTP(q.ctx(), q.token, q.r.PostFormValue("code"))
	if err != nil {
		f, err := q.inputFault(err)
		if err != nil {
			return err
		}
		p := &secondPage{frame: q.frame(q.say("第二步验证", "Second step")), On: true}
		p.Fault = f
		return q.renderStatus(f.Status, "second", p)
	}
	q.keep(q.named(sessionCookie), fresh, 0)
	return q.see("/account", "second-off")
}
