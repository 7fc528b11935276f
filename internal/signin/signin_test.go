package signin_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"plumbline/internal/outbound"
	"plumbline/internal/signin"
	"plumbline/policy"
)

var start = time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)

func now() time.Time { return start }

const back = "https://kpi.example/sign-in/back"

// secretFile writes a secret that only its owner may read.
func secretFile(t *testing.T, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// failed wants a failure of a kind whose error and text hold none of the words.
func failed(t *testing.T, what string, err error, kind signin.Kind, hidden ...string) {
	t.Helper()
	var f *signin.Failure
	if !errors.As(err, &f) || f.Kind != kind {
		t.Errorf("%s: %v, want %s", what, err, kind)
		return
	}
	if f.Text().ZH == "" || f.Text().EN == "" {
		t.Errorf("%s: no text for people", what)
	}
	for _, h := range hidden {
		if strings.Contains(err.Error(), h) {
			t.Errorf("%s: the error holds %q: %v", what, h, err)
		}
	}
}

// idp is an identity provider on loopback.
type idp struct {
	*httptest.Server
	key     *rsa.PrivateKey
	methods []string // of authentication at the token endpoint

	mu     sync.Mutex
	codes  map[string]url.Values // what the page was asked with
	claims func(map[string]any)  // changes the claims of tokens
	sign   func(input string) []byte
	down   bool
	answer func(w http.ResponseWriter) bool // instead of tokens
	hits   map[string]int
}

const (
	clientID     = "plumbline"
	clientSecret = "hush:&% 准绳"
)

func newIDP(t *testing.T) *idp {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{key: key, codes: map[string]url.Values{}, hits: map[string]int{}, claims: func(map[string]any) {}}
	p.sign = func(input string) []byte {
		sum := sha256.Sum256([]byte(input))
		sig, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
		if err != nil {
			t.Error(err)
		}
		return sig
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.hits[r.URL.Path]++
		if p.down {
			http.Error(w, strings.Repeat("out of order\n", 100), http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *idp) discovery(w http.ResponseWriter, _ *http.Request) {
	_ = json.NewEncoder(w).Encode(map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"RS256"}, "token_endpoint_auth_methods_supported": p.methods})
}

func (p *idp) keys(w http.ResponseWriter, _ *http.Request) {
	b64 := base64.RawURLEncoding.EncodeToString
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]any{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "n": b64(p.key.N.Bytes()), "e": b64(big.NewInt(int64(p.key.E)).Bytes())}}})
}

// visit is the person who lets Plumbline know who it is; the query is what the browser comes back with.
func (p *idp) visit(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, p.URL+"/authorize?") {
		t.Fatalf("sent to %s: %v", address, err)
	}
	q := u.Query()
	if q.Get("response_type") != "code" || q.Get("client_id") != clientID || q.Get("redirect_uri") != back || q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" || !strings.Contains(q.Get("scope"), "openid") {
		t.Fatalf("asked with %v", q)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code := fmt.Sprintf("code-%d", len(p.codes))
	p.codes[code] = q
	return url.Values{"code": {code}, "state": {q.Get("state")}}
}

func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	if p.answer != nil && p.answer(w) {
		return
	}
	refuse := func(why string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": why, "error_description": "you sent " + r.FormValue("client_secret")})
	}
	id, secret, basic := r.BasicAuth()
	if basic {
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	} else {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	inParams := len(p.methods) == 1 && p.methods[0] == "client_secret_post"
	if id != clientID || secret != clientSecret || basic == inParams {
		refuse("invalid_client")
		return
	}
	code := r.FormValue("code")
	asked, known := p.codes[code]
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !known || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || r.FormValue("redirect_uri") != asked.Get("redirect_uri") {
		refuse("invalid_grant")
		return
	}
	p.codes[code] = url.Values{"code_challenge": {"used"}}
	claims := map[string]any{"iss": p.URL, "sub": "u-1", "aud": clientID, "exp": start.Add(time.Minute).Unix(), "iat": start.Unix(), "nonce": asked.Get("nonce"), "name": "李静", "email": "li@example.com", "email_verified": true}
	p.claims(claims)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "at", "token_type": "Bearer", "id_token": p.jwt(claims)})
}

func (p *idp) jwt(claims map[string]any) string {
	part := func(v any) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	input := part(map[string]string{"alg": "RS256", "kid": "k1"}) + "." + part(claims)
	return input + "." + base64.RawURLEncoding.EncodeToString(p.sign(input))
}

func newOIDC(t *testing.T, p *idp) *signin.OIDC {
	t.Helper()
	u, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	o, err := signin.NewOIDC(signin.OIDCConfig{ID: "corp", Name: policy.Text{ZH: "公司账号", EN: "Company account"}, Issuer: p.URL, ClientID: clientID, SecretFile: secretFile(t, clientSecret)},
		outbound.Client(outbound.Options{Allow: []string{u.Host}}), now)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// round signs in through a provider; change edits what comes back.
func round(t *testing.T, p *idp, o *signin.OIDC, change func(q url.Values, nonce *string)) (signin.Identity, error) {
	t.Helper()
	nonce := "nonce-of-this-attempt"
	address, err := o.Begin(t.Context(), "state-1", nonce, back)
	if err != nil {
		return signin.Identity{}, err
	}
	q := p.visit(t, address)
	if change != nil {
		change(q, &nonce)
	}
	return o.Finish(t.Context(), q, nonce, back)
}

func TestOIDC(t *testing.T) {
	for _, methods := range [][]string{nil, {"client_secret_basic", "client_secret_post"}, {"client_secret_post"}} {
		p := newIDP(t)
		p.methods = methods
		o := newOIDC(t, p)
		if p.hits["/.well-known/openid-configuration"] != 0 {
			t.Error("discovered before it was needed")
		}
		for range 2 {
			id, err := round(t, p, o, nil)
			if want := (signin.Identity{Issuer: p.URL, Subject: "u-1", Name: "李静", Email: "li@example.com"}); err != nil || id != want {
				t.Errorf("methods %v: got %+v, %v", methods, id, err)
			}
		}
		if p.hits["/.well-known/openid-configuration"] != 1 || p.hits["/token"] != 2 {
			t.Errorf("methods %v: asked %v", methods, p.hits)
		}
	}
}

func TestOIDCTokensThatAreNotOurs(t *testing.T) {
	for name, claims := range map[string]func(map[string]any){
		"another nonce":        func(c map[string]any) { c["nonce"] = "x" },
		"no nonce":             func(c map[string]any) { delete(c, "nonce") },
		"another audience":     func(c map[string]any) { c["aud"] = "other" },
		"another party":        func(c map[string]any) { c["aud"], c["azp"] = []string{clientID, "other"}, "other" },
		"nobody's party":       func(c map[string]any) { c["aud"] = []string{clientID, "other"} },
		"another issuer":       func(c map[string]any) { c["iss"] = "https://evil.example" },
		"expired":              func(c map[string]any) { c["exp"] = start.Add(-time.Second).Unix() },
		"not yet":              func(c map[string]any) { c["nbf"] = start.Add(time.Hour).Unix() },
		"nobody":               func(c map[string]any) { c["sub"] = "" },
		"another access token": func(c map[string]any) { c["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" },
	} {
		p := newIDP(t)
		p.claims = claims
		_, err := round(t, p, newOIDC(t, p), nil)
		failed(t, name, err, signin.Untrusted)
	}
	p := newIDP(t)
	p.sign = func(string) []byte { return make([]byte, 256) }
	_, err := round(t, p, newOIDC(t, p), nil)
	failed(t, "a false signature", err, signin.Untrusted)
	p = newIDP(t)
	for verified, want := range map[any]string{true: "li@example.com", "true": "li@example.com", false: "", "false": "", nil: "", 1: ""} {
		p.claims = func(c map[string]any) { c["email_verified"] = verified }
		if id, err := round(t, p, newOIDC(t, p), nil); err != nil || id.Email != want {
			t.Errorf("email_verified %v: %+v, %v", verified, id, err)
		}
	}
}

func TestOIDCAnswersThatAreNotOurs(t *testing.T) {
	p := newIDP(t)
	o := newOIDC(t, p)
	for name, try := range map[string]struct {
		change func(q url.Values, nonce *string)
		kind   signin.Kind
	}{
		"refused":        {func(q url.Values, _ *string) { q.Set("error", "access_denied\n") }, signin.Refused},
		"mixed up":       {func(q url.Values, _ *string) { q.Set("iss", "https://evil.example") }, signin.Untrusted},
		"no code":        {func(q url.Values, _ *string) { q.Del("code") }, signin.Untrusted},
		"foreign code":   {func(q url.Values, _ *string) { q.Set("code", "stolen-code") }, signin.Expired},
		"other attempt":  {func(_ url.Values, n *string) { *n = "another nonce" }, signin.Expired}, // PKCE: another verifier
		"without nonce":  {func(_ url.Values, n *string) { *n = "" }, signin.Untrusted},
		"its own issuer": {func(q url.Values, _ *string) { q.Set("iss", p.URL) }, ""},
	} {
		id, err := round(t, p, o, try.change)
		if try.kind == "" {
			if err != nil || id.Subject != "u-1" {
				t.Errorf("%s: %+v, %v", name, id, err)
			}
			continue
		}
		failed(t, name, err, try.kind, "stolen-code", "hush", "\n")
	}
	address, err := o.Begin(t.Context(), "s", "n", back)
	if err != nil {
		t.Fatal(err)
	}
	q := p.visit(t, address)
	if _, err := o.Finish(t.Context(), q, "n", back); err != nil {
		t.Fatal(err)
	}
	_, err = o.Finish(t.Context(), q, "n", back)
	failed(t, "a code, twice", err, signin.Expired)
	if _, err := newOIDC(t, p).Finish(t.Context(), p.visit(t, address), "n", back); err == nil {
		t.Error("a verifier can be derived from the nonce alone")
	}
}

func TestOIDCIsTriedAgain(t *testing.T) {
	p := newIDP(t)
	o := newOIDC(t, p)
	p.down = true
	_, err := o.Begin(t.Context(), "s", "n", back)
	failed(t, "down", err, signin.Unreachable, "\n", "hush")
	if len(err.Error()) > 500 {
		t.Errorf("a page as an error: %v", err)
	}
	p.down = false
	if _, err := round(t, p, o, nil); err != nil {
		t.Errorf("up again: %v", err)
	}
	for name, try := range map[string]struct {
		status int
		text   string
		kind   signin.Kind
	}{
		"broken":      {500, clientSecret, signin.Unreachable},
		"client":      {401, `{"error":"invalid_client","error_description":"` + clientSecret + `"}`, signin.Settings},
		"no id token": {200, `{"access_token":"at","token_type":"Bearer"}`, signin.Settings},
		"no token":    {200, `<html>`, signin.Unreachable},
	} {
		p.answer = func(w http.ResponseWriter) bool {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(try.status)
			_, _ = io.WriteString(w, try.text)
			return true
		}
		_, err := round(t, p, o, nil)
		failed(t, name, err, try.kind, "hush")
	}
}

func TestOIDCSettings(t *testing.T) {
	p := newIDP(t)
	path := secretFile(t, clientSecret)
	good := signin.OIDCConfig{ID: "corp", Issuer: p.URL, ClientID: clientID, SecretFile: path}
	for name, change := range map[string]func(*signin.OIDCConfig){
		"id":        func(c *signin.OIDCConfig) { c.ID = "../x" },
		"issuer":    func(c *signin.OIDCConfig) { c.Issuer = "file:///etc/passwd" },
		"no client": func(c *signin.OIDCConfig) { c.ClientID = "" },
		"no file":   func(c *signin.OIDCConfig) { c.SecretFile = path + "x" },
		"empty":     func(c *signin.OIDCConfig) { c.SecretFile = secretFile(t, " ") },
	} {
		c := good
		change(&c)
		if _, err := signin.NewOIDC(c, http.DefaultClient, now); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := signin.NewOIDC(good, http.DefaultClient, now); err == nil || !strings.Contains(err.Error(), "chmod 600") || strings.Contains(err.Error(), "hush") {
		t.Errorf("a secret that others may read: %v", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := signin.NewOIDC(good, outbound.Client(outbound.Options{}), now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.Begin(t.Context(), "s", "n", back)
	failed(t, "a provider within that is not allowed", err, signin.Settings)
	if p.hits["/.well-known/openid-configuration"] != 0 {
		t.Error("it was asked")
	}
	var c signin.OIDCConfig
	if err := yaml.UnmarshalWithOptions([]byte("id: corp\nname: {zh: 公司账号, en: Company account}\nissuer: https://id.example\nclient_id: x\nsecret_file: /run/secret\nscopes: [email]\n"), &c, yaml.Strict()); err != nil || c.Name.ZH != "公司账号" || c.SecretFile != "/run/secret" {
		t.Errorf("YAML: %+v, %v", c, err)
	}
}

// wecom is WeCom on loopback.
type wecom struct {
	*httptest.Server
	mu     sync.Mutex
	tokens int    // given out
	valid  string // token that is taken
	codes  map[string]string
	answer atomic.Pointer[string] // instead of everything
}

const corpSecret = "corp+secret/==hush"

func newWeCom(t *testing.T) (*wecom, *signin.WeCom, *atomic.Int64) {
	t.Helper()
	f := &wecom{codes: map[string]string{"c1": `"userid":"LiJing"`, "c2": `"userid":"WangWu"`, "c3": `"openid":"o-1"`, "c4": `"userid":"LiJing"`}}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	u, err := url.Parse(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	clock := new(atomic.Int64)
	clock.Store(start.Unix())
	w, err := signin.NewWeCom(signin.WeComConfig{ID: "wecom", Name: policy.Text{ZH: "企业微信", EN: "WeCom"}, Corp: "ww1", Agent: "1000002", SecretFile: secretFile(t, corpSecret), APIURL: f.URL + "/"},
		outbound.Client(outbound.Options{Allow: []string{u.Host}}), func() time.Time { return time.Unix(clock.Load(), 0) })
	if err != nil {
		t.Fatal(err)
	}
	return f, w, clock
}

func (f *wecom) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if text := f.answer.Load(); text != nil {
		_, _ = io.WriteString(w, *text)
		return
	}
	q := r.URL.Query()
	switch r.URL.Path {
	case "/cgi-bin/gettoken":
		if q.Get("corpid") != "ww1" || q.Get("corpsecret") != corpSecret {
			_, _ = fmt.Fprintf(w, `{"errcode":40001,"errmsg":"invalid credential %s"}`, q.Get("corpsecret"))
			return
		}
		f.tokens++
		f.valid = fmt.Sprintf("token-%d", f.tokens)
		_, _ = fmt.Fprintf(w, `{"errcode":0,"errmsg":"ok","access_token":"%s","expires_in":7200}`, f.valid)
	case "/cgi-bin/auth/getuserinfo":
		who, known := f.codes[q.Get("code")]
		switch {
		case q.Get("access_token") != f.valid:
			_, _ = fmt.Fprintf(w, `{"errcode":40014,"errmsg":"invalid access_token %s"}`, q.Get("access_token"))
		case !known:
			_, _ = fmt.Fprintf(w, `{"errcode":40029,"errmsg":"invalid code %s, more info at https://open.work.weixin.qq.com/"}`, q.Get("code"))
		default:
			delete(f.codes, q.Get("code"))
			_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok",`+who+`}`)
		}
	default:
		http.NotFound(w, r)
	}
}

func TestWeCom(t *testing.T) {
	f, w, clock := newWeCom(t)
	address, err := w.Begin(t.Context(), "state1", "unused", back)
	u, parseErr := url.Parse(address)
	if err != nil || parseErr != nil || !strings.HasPrefix(address, "https://login.work.weixin.qq.com/wwlogin/sso/login?") {
		t.Fatalf("sent to %s: %v", address, err)
	}
	if q := u.Query(); q.Get("appid") != "ww1" || q.Get("agentid") != "1000002" || q.Get("redirect_uri") != back || q.Get("state") != "state1" || q.Get("login_type") != "CorpApp" {
		t.Errorf("asked with %v", q)
	}
	finish := func(code string) (signin.Identity, error) {
		return w.Finish(t.Context(), url.Values{"code": {code}, "state": {"state1"}}, "", back)
	}
	if id, err := finish("c1"); err != nil || id != (signin.Identity{Issuer: "wecom:ww1", Subject: "LiJing"}) {
		t.Errorf("got %+v, %v", id, err)
	}
	if id, err := finish("c2"); err != nil || id.Subject != "WangWu" || f.tokens != 1 {
		t.Errorf("got %+v, %v with %d tokens", id, err, f.tokens)
	}
	_, err = finish("c1")
	failed(t, "a code, twice", err, signin.Expired, "c1", "token-", "hush")
	var e *signin.WeComError
	if !errors.As(err, &e) || e.Code != 40029 || e.Call != "auth/getuserinfo" {
		t.Errorf("got %v", err)
	}
	_, err = finish("c3")
	failed(t, "no member", err, signin.Refused)
	_, err = finish("")
	failed(t, "no code", err, signin.Refused)
	f.mu.Lock()
	f.valid = "another process's"
	f.mu.Unlock()
	if id, err := finish("c4"); err != nil || id.Subject != "LiJing" || f.tokens != 2 {
		t.Errorf("a token that was replaced: %+v, %v with %d tokens", id, err, f.tokens)
	}
	clock.Add(7200 - 30)
	_, err = finish("c9")
	failed(t, "unknown", err, signin.Expired)
	if f.tokens != 3 {
		t.Errorf("%d tokens: the old one was used to the end", f.tokens)
	}
}

func TestWeComErrors(t *testing.T) {
	for name, try := range map[string]struct {
		answer string
		kind   signin.Kind
	}{
		"secret":       {`{"errcode":40001,"errmsg":"invalid credential ` + corpSecret + `"}`, signin.Settings},
		"address":      {`{"errcode":60020,"errmsg":"not allow to access from your ip"}`, signin.Settings},
		"busy":         {`{"errcode":-1,"errmsg":"system busy"}`, signin.Unreachable},
		"no token":     {`{"errcode":0,"errmsg":"ok"}`, signin.Unreachable},
		"no errcode":   {`{"access_token":"t","userid":"admin"}`, signin.Unreachable},
		"a page":       {`<html>sign in to the hotel`, signin.Unreachable},
		"without end":  {`{"errcode":0,"errmsg":"` + strings.Repeat("x", 1<<20) + `"}`, signin.Unreachable},
		"line by line": {"{\"errcode\":5,\"errmsg\":\"a\\nb\"}", signin.Settings},
	} {
		f, w, _ := newWeCom(t)
		f.answer.Store(&try.answer)
		_, err := w.Finish(t.Context(), url.Values{"code": {"c1"}}, "", back)
		failed(t, name, err, try.kind, "hush", "\n")
	}
	f, w, _ := newWeCom(t)
	f.Close()
	_, err := w.Finish(t.Context(), url.Values{"code": {"c1"}}, "", back)
	failed(t, "gone", err, signin.Unreachable, "hush", url.QueryEscape(corpSecret), "gettoken?")
	if _, err := signin.NewWeCom(signin.WeComConfig{ID: "wecom", Corp: "ww1", Agent: "1"}, http.DefaultClient, now); err == nil {
		t.Error("accepted without a secret")
	}
	if _, err := signin.NewWeCom(signin.WeComConfig{ID: "wecom", Corp: "ww1", Agent: "1", SecretFile: secretFile(t, "x"), APIURL: "qyapi"}, http.DefaultClient, now); err == nil {
		t.Error("accepted with an address that is none")
	}
}

func TestProvidersAreProviders(t *testing.T) {
	p := newIDP(t)
	_, w, _ := newWeCom(t)
	for id, one := range map[string]signin.Provider{"corp": newOIDC(t, p), "wecom": w} {
		if one.ID() != id || one.Name().ZH == "" || one.Name().EN == "" {
			t.Errorf("%s: %s %v", id, one.ID(), one.Name())
		}
	}
}

func TestAttempts(t *testing.T) {
	at := start
	a := signin.NewAttempts(func() time.Time { return at })
	const browser, other = "cookie-of-one-browser", "cookie-of-another-one"
	if _, _, err := a.Begin("corp", "", "/"); err == nil {
		t.Error("begun for a browser that cannot be known again")
	}
	state, nonce, err := a.Begin("corp", browser, "/reviews?period=2026Q3")
	if err != nil || len(state) != 64 || strings.Trim(state, "0123456789abcdef") != "" || nonce == state {
		t.Fatalf("%q %q %v", state, nonce, err)
	}
	_, err = a.Take(state, other)
	failed(t, "another browser", err, signin.Expired)
	_, err = a.Take("x", browser)
	failed(t, "another state", err, signin.Expired)
	var won atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			got, err := a.Take(state, browser)
			if err != nil {
				return
			}
			won.Add(1)
			if want := (signin.Attempt{Provider: "corp", Nonce: nonce, Return: "/reviews?period=2026Q3"}); got != want {
				t.Errorf("got %+v", got)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 50 got it", won.Load())
	}
	state, _, err = a.Begin("corp", browser, "//evil.example")
	if err != nil {
		t.Fatal(err)
	}
	at = at.Add(10 * time.Minute)
	_, err = a.Take(state, browser)
	failed(t, "after ten minutes", err, signin.Expired)
	var states []string
	for range 10_005 {
		state, _, err := a.Begin("corp", browser, "//evil.example")
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, state)
	}
	_, err = a.Take(states[4], browser)
	failed(t, "dropped", err, signin.Expired)
	for _, state := range states[5:] {
		if got, err := a.Take(state, browser); err != nil || got.Return != "/" {
			t.Fatalf("kept: %+v, %v", got, err)
		}
	}
}

func TestLocalPath(t *testing.T) {
	for _, good := range []string{"/", "/reviews", "/reviews/2026Q3?by=department&x=%2F%2Fa", "/部门/销售?q=张三", "/a#b", "/a//b"} {
		if got := signin.LocalPath(good); got != good {
			t.Errorf("%q became %q", good, got)
		}
	}
	for _, bad := range []string{"", "reviews", "//evil.example", `/\evil.example`, `\\evil`, "https://evil.example/", "javascript:alert(1)", "/\t/evil.example", "/\n", "/%2f%2fevil.example", "/..//evil.example", "/%2e%2e//evil", "/.//evil", "/a\x00", " /a", "/a b", "/%5cevil", "/" + strings.Repeat("a", 3000), "/%zz", "/\u2028"} {
		if got := signin.LocalPath(bad); got != "/" {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/", "//evil", "/a?b=c", `/\x`, "/%2f/evil", "/./a"} {
		f.Add(s)
	}
	base, err := url.Parse("https://kpi.example/sign-in/back")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := signin.LocalPath(s)
		u, err := base.Parse(strings.ReplaceAll(got, `\`, "/"))
		if err != nil || u.Scheme != "https" || u.Host != "kpi.example" || strings.ContainsAny(got, "\r\n\t\\") || strings.HasPrefix(u.Path, "//") {
			t.Errorf("%q becomes %q, which leads to %v", s, got, u)
		}
	})
}
