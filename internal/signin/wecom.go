package signin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"plumbline/internal/outbound"
	"plumbline/policy"
)

// WeComConfig is an application that a corporation has made in WeCom for itself.
type WeComConfig struct {
	ID         string      `yaml:"id"`
	Name       policy.Text `yaml:"name"`
	Corp       string      `yaml:"corp"`        // 企业ID, such as ww1234567890abcdef
	Agent      string      `yaml:"agent"`       // AgentId of the application
	SecretFile string      `yaml:"secret_file"` // 0600; the Secret of the application
	LoginURL   string      `yaml:"login_url"`   // "": https://login.work.weixin.qq.com
	APIURL     string      `yaml:"api_url"`     // "": https://qyapi.weixin.qq.com
}

// WeCom signs people in who scan a code with WeCom. It is not OpenID Connect: what the browser brings back is a code that WeCom is asked about.
type WeCom struct {
	config WeComConfig
	secret string
	client *http.Client
	now    func() time.Time

	turn  chan struct{} // holds one value while the access token is looked at
	token string        // guarded by turn
	until time.Time
}

// WeComError is an answer of WeCom with an errcode, which comes with HTTP 200.
type WeComError struct {
	Call    string // such as "auth/getuserinfo"
	Code    int
	Message string
}

func (e *WeComError) Error() string {
	return fmt.Sprintf("WeCom %s: errcode %d %s", e.Call, e.Code, shown(e.Message))
}

// Codes of WeCom that mean something to us.
const (
	wecomBadCode      = 40029 // the code was used, or is too old
	wecomBadToken     = 40014
	wecomExpiredToken = 42001
	wecomBusy         = -1
)

// tokenMargin is how much earlier than WeCom says an access token counts as expired.
const tokenMargin = time.Minute

// NewWeCom checks the settings and reads the secret. Nothing is asked of WeCom yet.
func NewWeCom(c WeComConfig, client *http.Client, now func() time.Time) (*WeCom, error) {
	if err := checkID(c.ID); err != nil {
		return nil, err
	}
	if c.Corp == "" || c.Agent == "" || c.SecretFile == "" {
		return nil, fmt.Errorf("sign-in %s: corp, agent and secret_file must be there", c.ID)
	}
	if c.LoginURL == "" {
		c.LoginURL = "https://login.work.weixin.qq.com"
	}
	if c.APIURL == "" {
		c.APIURL = "https://qyapi.weixin.qq.com"
	}
	for _, base := range []*string{&c.LoginURL, &c.APIURL} {
		u, err := url.Parse(*base)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" {
			return nil, fmt.Errorf("sign-in %s: %s is no address such as https://qyapi.weixin.qq.com", c.ID, shown(*base))
		}
		*base = strings.TrimSuffix(*base, "/")
	}
	secret, err := readSecret(c.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("sign-in %s: %w", c.ID, err)
	}
	return &WeCom{config: c, secret: secret, client: client, now: now, turn: make(chan struct{}, 1)}, nil
}

// ID names the provider.
func (w *WeCom) ID() string { return w.config.ID }

// Name is for the button.
func (w *WeCom) Name() policy.Text { return w.config.Name }

// Begin gives the address of the page with the code to scan. WeCom knows no nonce; the state is what ties the answer to the attempt.
func (w *WeCom) Begin(_ context.Context, state, _, redirect string) (string, error) {
	q := url.Values{"login_type": {"CorpApp"}, "appid": {w.config.Corp}, "agentid": {w.config.Agent}, "redirect_uri": {redirect}, "state": {state}}
	return w.config.LoginURL + "/wwlogin/sso/login?" + q.Encode(), nil
}

// Finish asks WeCom whose code it is.
func (w *WeCom) Finish(ctx context.Context, query url.Values, _, _ string) (Identity, error) {
	code := query.Get("code")
	if code == "" || len(code) > 512 {
		return Identity{}, fail(Refused, "WeCom sent no code")
	}
	token, err := w.accessToken(ctx, "")
	if err != nil {
		return Identity{}, w.failure(err)
	}
	answer, err := w.whose(ctx, token, code)
	if e, ok := errors.AsType[*WeComError](err); ok && (e.Code == wecomBadToken || e.Code == wecomExpiredToken) { // another process may have asked for one
		if token, err = w.accessToken(ctx, token); err == nil {
			answer, err = w.whose(ctx, token, code)
		}
	}
	if err != nil {
		return Identity{}, w.failure(err)
	}
	if answer.User == "" {
		return Identity{}, fail(Refused, "who scanned the code is no member of the corporation")
	}
	return Identity{Issuer: "wecom:" + w.config.Corp, Subject: answer.User}, nil
}

// failure says what an error means for the person.
func (w *WeCom) failure(err error) error {
	e, ok := errors.AsType[*WeComError](err)
	switch {
	case !ok:
		return unreached(err, "ask WeCom")
	case e.Code == wecomBusy:
		return &Failure{Unreachable, err}
	case e.Code == wecomBadCode:
		return &Failure{Expired, err}
	}
	return &Failure{Settings, err}
}

// wecomAnswer is what all answers are read into.
type wecomAnswer struct {
	Code    int    `json:"errcode"`
	Message string `json:"errmsg"`
	Token   string `json:"access_token"`
	Seconds int64  `json:"expires_in"`
	User    string `json:"userid"`
}

func (w *WeCom) whose(ctx context.Context, token, code string) (wecomAnswer, error) {
	return w.ask(ctx, "auth/getuserinfo", url.Values{"access_token": {token}, "code": {code}})
}

// accessToken gives the token with which WeCom is asked, for as long as it lives, unless it is the one that was refused.
func (w *WeCom) accessToken(ctx context.Context, refused string) (string, error) {
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	now := w.now()
	if w.token != "" && w.token != refused && now.Before(w.until) {
		return w.token, nil
	}
	answer, err := w.ask(ctx, "gettoken", url.Values{"corpid": {w.config.Corp}, "corpsecret": {w.secret}})
	if err != nil {
		return "", err
	}
	if answer.Token == "" {
		return "", errors.New("WeCom gettoken: the answer holds no token")
	}
	life := time.Duration(min(max(answer.Seconds, 0), 24*3600)) * time.Second
	w.token, w.until = answer.Token, now.Add(life-tokenMargin)
	return w.token, nil
}

// ask calls WeCom. An errcode is a *WeComError.
func (w *WeCom) ask(ctx context.Context, call string, q url.Values) (wecomAnswer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.config.APIURL+"/cgi-bin/"+call+"?"+q.Encode(), nil)
	if err != nil {
		return wecomAnswer{}, fmt.Errorf("WeCom %s: the address cannot be made", call)
	}
	response, err := w.client.Do(r)
	if err != nil {
		return wecomAnswer{}, fmt.Errorf("WeCom %s: %w", call, outbound.Redact(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return wecomAnswer{}, fmt.Errorf("WeCom %s: %s", call, response.Status)
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(http.MaxBytesReader(nil, response.Body, 64<<10)); err != nil {
		return wecomAnswer{}, fmt.Errorf("WeCom %s: read the answer: %w", call, err)
	}
	answer, err := parseWeCom(body.Bytes())
	if err != nil {
		return wecomAnswer{}, fmt.Errorf("WeCom %s: %w", call, err)
	}
	if answer.Code != 0 {
		return wecomAnswer{}, &WeComError{Call: call, Code: answer.Code, Message: w.hush(answer.Message, q)}
	}
	return answer, nil
}

// hush takes out of a message what was sent, should it be echoed.
func (w *WeCom) hush(message string, q url.Values) string {
	for _, secret := range []string{w.secret, q.Get("access_token"), q.Get("code")} {
		if secret != "" {
			message = strings.ReplaceAll(message, secret, "…")
		}
	}
	return message
}

// parseWeCom reads an answer. One without an errcode is none: it may come from anybody between.
func parseWeCom(body []byte) (wecomAnswer, error) {
	var there struct {
		Code *int `json:"errcode"`
	}
	var a wecomAnswer
	if json.Unmarshal(body, &there) != nil || there.Code == nil || json.Unmarshal(body, &a) != nil {
		return wecomAnswer{}, errors.New("the answer is not one of WeCom")
	}
	if len(a.User) > 512 || len(a.Token) > 4<<10 {
		return wecomAnswer{}, errors.New("the answer is longer than one of WeCom")
	}
	return a, nil
}
