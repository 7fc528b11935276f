package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	refusal "plumbline/ingest/sheet"
	"plumbline/policy"
)

// problem is an error as the API tells it, by RFC 9457. What is not there and what is none of the caller's business have the same.
type problem struct {
	Type    string         `json:"type" doc:"The kind of problem, for programs: stable." example:"urn:plumbline:problem:not_found"`
	Title   string         `json:"title" doc:"The kind of problem, for people." example:"Nothing is here"`
	Status  int            `json:"status" doc:"The HTTP status." example:"404"`
	Detail  string         `json:"detail" doc:"What is wrong, in the language of Accept-Language." example:"The address is wrong, or it is not yours to see."`
	Rule    string         `json:"rule,omitempty" doc:"The rule that was broken: stable." example:"file.no_rows"`
	Say     string         `json:"say" doc:"The same as detail."`
	Cure    string         `json:"cure,omitempty" doc:"What to do."`
	Request string         `json:"request" doc:"Names the request in the log of the service." example:"K7QH2M4ZP5TA"`
	Errors  []problemField `json:"errors,omitempty" nullable:"false" doc:"Of a request that is not as it should be: each place where it is not."`
}

// problemField is one place of a request that is wrong.
type problemField struct {
	Location string `json:"location" doc:"Where: query.limit, body.records[3]." example:"query.limit"`
	Say      string `json:"say" doc:"What is wrong there." example:"expected number <= 1000"`
}

// problemKinds names the kinds of problem by status.
var problemKinds = map[int]string{http.StatusBadRequest: "invalid_request", http.StatusUnauthorized: "unauthorized", http.StatusForbidden: "scope_missing", http.StatusNotFound: "not_found",
	http.StatusRequestTimeout: "timeout", http.StatusConflict: "conflict", http.StatusRequestEntityTooLarge: "too_large", http.StatusUnsupportedMediaType: "media_type", http.StatusUnprocessableEntity: "refused",
	http.StatusServiceUnavailable: "busy", http.StatusInternalServerError: "internal", http.StatusInsufficientStorage: "no_space"}

// invalid is the rule of requests that are not as the description has them.
const invalid = "request.invalid"

// problem answers with an error.
func (q *request) problem(err error) {
	p := q.problemOf(err)
	if p.Status == http.StatusUnauthorized {
		challenge := `Bearer realm="plumbline"`
		if errors.Is(err, errToken) {
			challenge += `, error="invalid_token"`
		}
		q.w.Header().Set("WWW-Authenticate", challenge)
	}
	h := q.w.Header()
	for _, name := range []string{"ETag", "Content-Disposition", "Link"} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", q.say("zh-CN", "en"))
	q.w.WriteHeader(p.Status)
	_ = json.NewEncoder(q.w).Encode(p) // the caller may have gone
}

// problemOf turns an error into words: what only the API knows here, everything else as pages tell it.
func (q *request) problemOf(err error) problem {
	var no scopeMissing
	var file *refusal.RefusedError
	var places fieldFaults
	_, elsewhere := errors.AsType[errElsewhere](err)
	switch {
	case errors.Is(err, errToken):
		return q.told(http.StatusUnauthorized, fault{Title: q.say("令牌无效", "The token opens nothing"), Say: q.say("令牌不存在、已过期或已作废。", "The token is unknown, expired or revoked."),
			Cure: q.say("请在“我的账号 → 令牌”中新建一个。", "Make another one under My account, Tokens.")})
	case errors.Is(err, errSignIn), elsewhere:
		return q.told(http.StatusUnauthorized, fault{Title: q.say("需要令牌", "A token is needed"), Say: q.say("请求没有令牌，也没有登录。", "The request has neither a token nor a session."),
			Cure: q.say("请加上 Authorization: Bearer pl_…；令牌在“我的账号 → 令牌”中新建。", "Send Authorization: Bearer pl_…; tokens are made under My account, Tokens.")})
	case errors.As(err, &no):
		return q.told(http.StatusForbidden, fault{Title: q.say("令牌没有这项权限", "The token does not reach this far"), Say: fmt.Sprintf(q.say("令牌缺少权限范围 %s。", "The token lacks the scope %s."), string(no)), Rule: "scope." + string(no),
			Cure: q.say("请新建一个带有该范围的令牌。", "Make a token with that scope.")})
	case errors.Is(err, errNotFound):
		return q.told(http.StatusNotFound, fault{Title: q.say("没有这个内容", "Nothing is here"), Say: q.say("地址有误，或者您无权查看。", "The address is wrong, or it is not yours to see."),
			Cure: q.say("请核对路径与参数；接口说明在 ", "Check path and parameters; they are described in ") + apiBase + "/openapi.json"})
	case errors.As(err, &places):
		p := q.told(http.StatusUnprocessableEntity, fault{Title: q.say("记录有误", "The records are not as they should be"), Say: q.say("有的记录不能成为一行，见 errors；整批未入账。", "Some records cannot become a row, see errors; nothing was recorded."),
			Cure: q.say("请改正后整批重发。", "Correct them and send the batch again."), Rule: "batch.record"})
		p.Errors = places
		return p
	case errors.As(err, &file):
		return q.told(http.StatusUnprocessableEntity, fault{Title: q.say("记录未能读入", "The records could not be read"), Say: file.Say.In(q.lang), Cure: file.Cure.In(q.lang), Rule: file.Rule})
	}
	f := q.faultOf(err)
	if f.Status == http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		q.log.Error("request failed", "id", q.id, "route", q.route.pattern, "error", err.Error())
	}
	if f.After > 0 {
		q.w.Header().Set("Retry-After", strconv.Itoa(int(f.After.Seconds())))
	}
	return q.told(f.Status, f)
}

// told writes a fault as a problem.
func (q *request) told(status int, f fault) problem {
	kind := problemKinds[status]
	switch {
	case f.Rule == invalid:
		kind = "invalid_request"
	case kind == "":
		kind = "other"
	}
	say := strings.TrimSpace(f.Say + strings.Join(f.Details, "\n"))
	return problem{Type: "urn:plumbline:problem:" + kind, Title: f.Title, Status: status, Detail: say, Say: say, Cure: f.Cure, Rule: f.Rule, Request: q.id}
}

// plainProblem turns what the reading of a request found into a problem of ours.
func plainProblem(c huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	q := c.(*call).request
	f := fault{Title: q.say("请求有误", "The request is not as it should be"), Say: q.say("有的参数或内容不合要求，见 errors。", "Some parameters or the body are not as they should be, see errors."),
		Cure: q.say("请对照接口说明改正后重发：", "Correct it by the description and send it again: ") + apiBase + "/openapi.json", Rule: invalid}
	switch m.Status {
	case http.StatusRequestEntityTooLarge:
		f = fault{Title: q.say("内容过大", "This is too large"), Say: fmt.Sprintf(q.say("一批最多 %d MB。", "A batch has at most %d MB."), mostBatch>>20), Cure: q.say("请分成几批，每批用自己的 Idempotency-Key。", "Split it into batches, each with an Idempotency-Key of its own."), Rule: "batch.too_large"}
	case http.StatusInternalServerError:
		f = fault{Title: q.say("请求未读完", "The request could not be read"), Say: q.say("请求的内容没有收全。", "The body did not arrive as a whole."), Cure: q.say("请重发。", "Send it again.")}
	}
	p := q.told(m.Status, f)
	for _, e := range m.Errors {
		p.Errors = append(p.Errors, problemField{e.Location, checked(e.Message).In(q.lang)})
	}
	q.w.Header().Set("Cache-Control", "no-store")
	q.w.Header().Set("Content-Language", q.say("zh-CN", "en"))
	return p, nil
}

// checks are the words for what the reading of a request finds: those that our parameters and bodies can come to.
var checks = []struct {
	pattern *regexp.Regexp
	zh      string
}{
	{said(validation.MsgUnexpectedProperty), "没有这个字段"},
	{said("unknown query parameter"), "没有这个参数"},
	{regexp.MustCompile(`^required \w+ parameter is missing$`), "缺少这个参数"},
	{said(validation.MsgExpectedNumber), "应为数字"}, {said(validation.MsgExpectedInteger), "应为整数"}, {regexp.MustCompile(`^invalid (?:integer|value).*$`), "应为整数"},
	{said(validation.MsgExpectedString), "应为文本"}, {said(validation.MsgExpectedArray), "应为列表"}, {said(validation.MsgExpectedObject), "应为对象"},
	{said(validation.MsgExpectedOneOf), "应为其中之一：$1"}, {said(validation.MsgExpectedMinimumNumber), "至少为 $1"}, {said(validation.MsgExpectedMaximumNumber), "至多为 $1"},
	{said(validation.MsgExpectedMinLength), "至少 $1 个字符"}, {said(validation.MsgExpectedMaxLength), "至多 $1 个字符"}, {said(validation.MsgExpectedBePattern), "应为 $1"}, {said(validation.MsgExpectedMatchPattern), "应符合 $1"},
	{said(validation.MsgExpectedMinItems), "至少 $1 项"}, {said(validation.MsgExpectedMaxItems), "至多 $1 项"}, {said(validation.MsgExpectedRequiredProperty), "缺少字段 $1"},
	{said("request body is required"), "缺少内容"}, {regexp.MustCompile(`^unknown content type.*$`), "应为 application/json"},
}

// said matches the words of a message, with what they are filled with.
func said(message string) *regexp.Regexp {
	pattern := regexp.QuoteMeta(message)
	for _, verb := range []string{"%v", "%d", "%s"} {
		pattern = strings.ReplaceAll(pattern, verb, "(.*)")
	}
	return regexp.MustCompile("^" + pattern + "$")
}

// checked gives the words of a finding in both languages.
func checked(message string) policy.Text {
	for _, c := range checks {
		if m := c.pattern.FindStringSubmatchIndex(message); m != nil {
			return policy.Text{ZH: string(c.pattern.ExpandString(nil, c.zh, message, m)), EN: message}
		}
	}
	return policy.Text{ZH: "不是合格的 JSON 或参数：" + message, EN: message}
}
