package signin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"plumbline/policy"
)

// OIDCConfig is an identity provider that speaks OpenID Connect.
type OIDCConfig struct {
	ID         string      `yaml:"id"`
	Name       policy.Text `yaml:"name"`
	Issuer     string      `yaml:"issuer"`      // https; its discovery document is read at the first sign-in
	ClientID   string      `yaml:"client_id"`   // as registered there
	SecretFile string      `yaml:"secret_file"` // 0600; "" for a client without secret
	Scopes     []string    `yaml:"scopes"`      // beside openid; none: profile and email
}

// OIDC signs people in by OpenID Connect: the authorization code flow with PKCE and a nonce.
type OIDC struct {
	config OIDCConfig
	secret string
	key    []byte // of which verifiers are derived
	client *http.Client
	now    func() time.Time

	turn  chan struct{} // holds one value while the discovery document is read
	found *discovered   // guarded by turn
}

// discovered is what the discovery document says.
type discovered struct {
	provider *oidc.Provider
	endpoint oauth2.Endpoint
}

// NewOIDC checks the settings and reads the secret. Nothing is asked of the provider yet.
func NewOIDC(c OIDCConfig, client *http.Client, now func() time.Time) (*OIDC, error) {
	if err := checkID(c.ID); err != nil {
		return nil, err
	}
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || c.ClientID == "" {
		return nil, fmt.Errorf("sign-in %s: issuer must be an address such as https://id.example.com, and client_id must be there", c.ID)
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"profile", "email"}
	}
	o := &OIDC{config: c, key: make([]byte, 32), client: client, now: now, turn: make(chan struct{}, 1)}
	_, _ = rand.Read(o.key) // never fails: it stops the program instead
	if c.SecretFile != "" {
		if o.secret, err = readSecret(c.SecretFile); err != nil {
			return nil, fmt.Errorf("sign-in %s: %w", c.ID, err)
		}
	}
	return o, nil
}

// ID names the provider.
func (o *OIDC) ID() string { return o.config.ID }

// Name is for the button.
func (o *OIDC) Name() policy.Text { return o.config.Name }

// verifier derives the secret of PKCE from the nonce of an attempt. The nonce is no secret; the key never leaves the process.
func (o *OIDC) verifier(nonce string) string {
	mac := hmac.New(sha256.New, o.key)
	mac.Write([]byte(nonce))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// discover reads the discovery document, once it is needed, and again the next time when that fails.
func (o *OIDC) discover(ctx context.Context) (*discovered, error) {
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
	case <-ctx.Done():
		return nil, &Failure{Unreachable, ctx.Err()}
	}
	if o.found != nil {
		return o.found, nil
	}
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, o.client), o.config.Issuer)
	if _, other := errors.AsType[*oidc.IssuerMismatchError](err); other {
		return nil, fail(Settings, "the discovery document of %s is that of another issuer", o.config.Issuer)
	}
	if err != nil {
		return nil, unreached(err, "read the discovery document of "+o.config.Issuer)
	}
	var says struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := p.Claims(&says); err != nil {
		return nil, fail(Settings, "the discovery document of %s: %s", o.config.Issuer, shown(err.Error()))
	}
	e := p.Endpoint()
	e.AuthStyle = oauth2.AuthStyleInHeader // what the standard takes for granted
	if o.secret == "" || len(says.Methods) > 0 && !slices.Contains(says.Methods, "client_secret_basic") {
		e.AuthStyle = oauth2.AuthStyleInParams
	}
	if err := o.safe(e.AuthURL); err != nil {
		return nil, err
	}
	o.found = &discovered{provider: p, endpoint: e}
	return o.found, nil
}

// safe wants the page for the browser to be no less safe than the issuer.
func (o *OIDC) safe(page string) error {
	u, err := url.Parse(page)
	issuer, _ := url.Parse(o.config.Issuer) // was parsed before
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != issuer.Scheme {
		return fail(Settings, "the discovery document of %s names %s for browsers", o.config.Issuer, shown(page))
	}
	return nil
}

func (o *OIDC) oauth(d *discovered, redirect string) *oauth2.Config {
	return &oauth2.Config{ClientID: o.config.ClientID, ClientSecret: o.secret, Endpoint: d.endpoint, RedirectURL: redirect, Scopes: append([]string{oidc.ScopeOpenID}, o.config.Scopes...)}
}

// Begin gives the address of the provider's page.
func (o *OIDC) Begin(ctx context.Context, state, nonce, redirect string) (string, error) {
	d, err := o.discover(ctx)
	if err != nil {
		return "", err
	}
	return o.oauth(d, redirect).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(o.verifier(nonce))), nil
}

// Finish exchanges the code and checks the ID token: signature, issuer, audience, expiry, nonce.
func (o *OIDC) Finish(ctx context.Context, query url.Values, nonce, redirect string) (Identity, error) {
	if why := query.Get("error"); why != "" {
		return Identity{}, fail(Refused, "%s answered %s", o.config.Issuer, shown(why))
	}
	if iss := query.Get("iss"); iss != "" && iss != o.config.Issuer { // RFC 9207: another provider's answer
		return Identity{}, fail(Untrusted, "the answer comes from %s", shown(iss))
	}
	code := query.Get("code")
	if code == "" || nonce == "" {
		return Identity{}, fail(Untrusted, "%s sent no code", o.config.Issuer)
	}
	d, err := o.discover(ctx)
	if err != nil {
		return Identity{}, err
	}
	ctx = oidc.ClientContext(ctx, o.client)
	tokens, err := o.oauth(d, redirect).Exchange(ctx, code, oauth2.VerifierOption(o.verifier(nonce)))
	if err != nil {
		return Identity{}, o.exchangeFailed(err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return Identity{}, fail(Settings, "%s gave no ID token", o.config.Issuer)
	}
	t, err := d.provider.Verifier(&oidc.Config{ClientID: o.config.ClientID, Now: o.now}).Verify(ctx, raw)
	if err != nil {
		return Identity{}, fail(Untrusted, "the ID token of %s: %s", o.config.Issuer, shown(err.Error()))
	}
	return o.identity(t, tokens.AccessToken, nonce)
}

// exchangeFailed tells what became of a code, without what the provider may have echoed.
func (o *OIDC) exchangeFailed(err error) error {
	e, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case !ok:
		return unreached(err, "exchange the code at "+o.config.Issuer)
	case e.ErrorCode == "invalid_grant":
		return fail(Expired, "%s takes the code no more (invalid_grant)", o.config.Issuer)
	case e.Response != nil && e.Response.StatusCode >= http.StatusInternalServerError:
		return fail(Unreachable, "exchange the code at %s: %s", o.config.Issuer, e.Response.Status)
	}
	return fail(Settings, "%s refused to exchange the code: %s", o.config.Issuer, shown(e.ErrorCode))
}

// identity reads a token whose signature is good.
func (o *OIDC) identity(t *oidc.IDToken, access, nonce string) (Identity, error) {
	var says struct {
		Party    string `json:"azp"`
		Name     string `json:"name"`
		Email    string `json:"email"`
		Verified any    `json:"email_verified"` // some send a string
	}
	if err := t.Claims(&says); err != nil {
		return Identity{}, fail(Untrusted, "the ID token of %s: %s", o.config.Issuer, shown(err.Error()))
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(t.Nonce), []byte(nonce)) != 1:
		return Identity{}, fail(Untrusted, "the ID token of %s belongs to another attempt", o.config.Issuer)
	case t.Subject == "" || len(t.Subject) > 255:
		return Identity{}, fail(Untrusted, "the ID token of %s names nobody", o.config.Issuer)
	case says.Party != "" && says.Party != o.config.ClientID, len(t.Audience) > 1 && says.Party == "":
		return Identity{}, fail(Untrusted, "the ID token of %s was made for another client", o.config.Issuer)
	case t.AccessTokenHash != "" && t.VerifyAccessToken(access) != nil:
		return Identity{}, fail(Untrusted, "the ID token of %s belongs to another access token", o.config.Issuer)
	}
	id := Identity{Issuer: o.config.Issuer, Subject: t.Subject, Name: says.Name}
	if says.Verified == true || says.Verified == "true" {
		id.Email = says.Email
	}
	return id, nil
}
