// Package oidc takes the word of an OpenID Connect issuer on who somebody is:
// by the code flow with PKCE, a client secret and a nonce. The issuer's addresses and
// keys are read from the issuer itself; only ES256 and RS256 prove anything.
package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const (
	callTime = 10 * time.Second // for one call of the issuer
	maxBody  = 1 << 20          // bytes of one of its answers
)

// Config says whose word is taken.
type Config struct {
	Issuer       string // the exact iss; its discovery document lies below it
	ClientID     string // that the issuer knows us by
	ClientSecret string
	// Transport is for tests; nil is http.DefaultTransport.
	Transport http.RoundTripper
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Site is a ports.Site.
type Site struct {
	config Config
	client *http.Client

	mu       sync.Mutex
	provider *oidc.Provider // nil until the issuer has answered once
}

var _ ports.Site = (*Site)(nil)

// New calls nobody: an issuer that is away is no reason not to start.
func New(c Config) (*Site, error) {
	u, err := url.Parse(c.Issuer)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || c.ClientID == "" || c.ClientSecret == "" {
		return nil, errors.New("oidc: an issuer's http(s) address, a client id and a client secret are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Transport == nil {
		c.Transport = http.DefaultTransport
	}
	return &Site{config: c, client: &http.Client{
		Transport: bounded{c.Transport}, Timeout: callTime,
		// Discovery and keys lie where the issuer says, and nowhere further.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// bounded cuts answers that are longer than any of an issuer's can be.
type bounded struct{ next http.RoundTripper }

// RoundTrip is http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(r)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, maxBody), response.Body}
	}
	return response, err
}

// discover asks the issuer for its addresses, until it has answered once. Those
// who come at the same time wait for one answer.
func (s *Site) discover(ctx context.Context) (*oidc.Provider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.provider != nil {
		return s.provider, nil
	}
	provider, err := oidc.NewProvider(ctx, s.config.Issuer)
	if err != nil {
		return nil, away(ctx, err)
	}
	s.provider = provider
	return provider, nil
}

// away is for an issuer that does not answer as it should; the cause is kept
// and never printed.
func away(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("oidc: %w", ctx.Err())
	}
	return core.Fail(core.CodeAccountsUnavailable, err)
}

func (s *Site) flow(provider *oidc.Provider, v ports.Visit) *oauth2.Config {
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = styleOf(provider)
	return &oauth2.Config{
		ClientID: s.config.ClientID, ClientSecret: s.config.ClientSecret, Endpoint: endpoint,
		RedirectURL: v.Callback, Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// styleOf is how the issuer wants the client's secret: in a header unless it
// says that it takes it in the body alone. The library's own guess asks twice,
// and a code is gone with the first answer.
func styleOf(provider *oidc.Provider) oauth2.AuthStyle {
	var says struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if provider.Claims(&says) == nil && slices.Contains(says.Methods, "client_secret_post") && !slices.Contains(says.Methods, "client_secret_basic") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

// Begin implements ports.Site.
func (s *Site) Begin(ctx context.Context, v ports.Visit) (string, error) {
	provider, err := s.discover(oidc.ClientContext(ctx, s.client))
	if err != nil {
		return "", err
	}
	return s.flow(provider, v).AuthCodeURL(v.State, oidc.Nonce(v.Nonce), oauth2.S256ChallengeOption(v.Verifier)), nil
}

// Finish implements ports.Site.
func (s *Site) Finish(ctx context.Context, code string, v ports.Visit) (ports.Identity, error) {
	ctx = oidc.ClientContext(ctx, s.client)
	provider, err := s.discover(ctx)
	if err != nil {
		return ports.Identity{}, err
	}
	answer, err := s.flow(provider, v).Exchange(ctx, code, oauth2.VerifierOption(v.Verifier))
	if err != nil {
		return ports.Identity{}, refusedCode(ctx, err)
	}
	raw, _ := answer.Extra("id_token").(string)
	token, err := provider.VerifierContext(ctx, &oidc.Config{
		ClientID: s.config.ClientID, SupportedSigningAlgs: []string{oidc.ES256, oidc.RS256}, Now: s.config.Now,
	}).Verify(ctx, raw)
	if err != nil {
		return ports.Identity{}, untrue(ctx, err)
	}
	return s.identity(token, v.Nonce)
}

// refusedCode tells a code that the issuer does not take from an issuer that
// does not answer, or does not know us.
func refusedCode(ctx context.Context, err error) error {
	var refusal *oauth2.RetrieveError
	if errors.As(err, &refusal) && refusal.ErrorCode == "invalid_grant" {
		return core.Fail(core.CodeBadSignInCode, err)
	}
	return away(ctx, err)
}

// untrue tells a word that does not hold from keys that could not be fetched.
func untrue(ctx context.Context, err error) error {
	var network *url.Error
	if ctx.Err() != nil || errors.As(err, &network) {
		return away(ctx, err)
	}
	return core.Fail(core.CodeBadSignInCode, err)
}

// identity reads the proven token. Its signature, issuer, audience and time
// have been held; the nonce and the party it was made for are held here.
func (s *Site) identity(token *oidc.IDToken, nonce string) (ports.Identity, error) {
	var claims struct {
		Email    string          `json:"email"`
		Verified json.RawMessage `json:"email_verified"`
		Name     string          `json:"name"`
		Party    string          `json:"azp"`
	}
	switch err := token.Claims(&claims); {
	case err != nil:
		return ports.Identity{}, core.Fail(core.CodeBadSignInCode, err)
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1:
		return ports.Identity{}, core.Fail(core.CodeBadSignInCode, errors.New("another visit's nonce"))
	case token.Subject == "" || len(token.Subject) > 255:
		return ports.Identity{}, core.Fail(core.CodeBadSignInCode, errors.New("no subject"))
	case claims.Party != "" && claims.Party != s.config.ClientID, claims.Party == "" && len(token.Audience) > 1:
		return ports.Identity{}, core.Fail(core.CodeBadSignInCode, errors.New("made for another party"))
	}
	verified := string(claims.Verified) == "true" || string(claims.Verified) == `"true"` // some issuers write it as text
	return ports.Identity{Issuer: token.Issuer, Subject: token.Subject, Email: claims.Email, EmailVerified: verified, Name: claims.Name}, nil
}
