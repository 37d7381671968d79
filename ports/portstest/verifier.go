package portstest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Tokens is a verifier under test, with the issuer it believes.
type Tokens struct {
	ports.Verifier
	// Issue makes an access token that is good now.
	Issue func(t *testing.T) string
	// Later moves the verifier's clock.
	Later func(d time.Duration)
	// Strangers are tokens and keys of the same issuer that speak for nobody:
	// API keys, refresh tokens.
	Strangers map[string]string

	// How the issuer changes its key, step by step; nil where it takes a
	// restart.
	StandBy, Rotate, Revoke func(t *testing.T)
	// KeysAge is how long after a step every verifier knows of it.
	KeysAge time.Duration
}

// Verifier checks a verifier against the contract of ports.Verifier.
func Verifier(t *testing.T, open func(t *testing.T) Tokens) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, Tokens){
		"a_good_token_names_its_principal": verifierGood,
		"nothing_else_is_taken":            verifierStrangers,
		"an_old_token_is_told_as_such":     verifierExpired,
		"a_change_of_key_refuses_nobody":   verifierRotation,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

func verifierGood(t *testing.T, v Tokens) {
	token := v.Issue(t)
	got, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if got.User.IsZero() || got.Session == "" || !strings.Contains(got.Email, "@") || got.ExpiresAt.IsZero() {
		t.Errorf("the principal is %+v", got)
	}
	sent, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil || !bytes.Equal(sent, got.Claims) {
		t.Errorf("the claims are not the token's own: %v", err)
	}
	var claims struct {
		Subject string `json:"sub"`
		Role    string `json:"role"`
	}
	if err := json.Unmarshal(got.Claims, &claims); err != nil || claims.Subject != got.User.String() || claims.Role != "authenticated" {
		t.Errorf("the database would be told of %+v, %v", claims, err)
	}
}

func verifierStrangers(t *testing.T, v Tokens) {
	good := v.Issue(t)
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	other := strings.Split(v.Issue(t), ".")
	all := map[string]string{
		"nothing": "", "a word": "token", "no signature": parts[0] + "." + parts[1] + ".", "alg none": none + "." + parts[1] + ".",
		"alg none, signed": none + "." + parts[1] + "." + parts[2], "another's signature": parts[0] + "." + parts[1] + "." + other[2],
		"padded": good + "=", "with a space": good + " ", "twice": good + good, "8 KiB more": good + strings.Repeat("A", 8<<10),
	}
	for name, token := range v.Strangers {
		all[name] = token
	}
	for name, token := range all {
		got, err := v.Verify(t.Context(), token)
		saysOnly(t, name, err, core.CodeUnauthenticated)
		if !got.User.IsZero() || got.Claims != nil {
			t.Errorf("%s names a principal", name)
		}
	}
}

func verifierExpired(t *testing.T, v Tokens) {
	token := v.Issue(t)
	got, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	v.Later(time.Until(got.ExpiresAt) + 24*time.Hour)
	_, err = v.Verify(t.Context(), token)
	saysOnly(t, "a day after", err, core.CodeTokenExpired)
}

// verifierRotation follows a change of key while others verify all the time:
// no good token is refused at any step, until its key is revoked.
func verifierRotation(t *testing.T, v Tokens) {
	if v.Rotate == nil {
		t.Skip("this issuer changes its key with a restart only: its former keys are configured beside the new one")
	}
	old := v.Issue(t)
	takes := func(step, token string) {
		t.Helper()
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if _, err := v.Verify(t.Context(), token); err != nil {
					t.Errorf("%s: %v", step, err)
				}
			})
		}
		group.Wait()
	}
	takes("before", old)
	v.StandBy(t)
	takes("a key stands by", old)
	v.Later(v.KeysAge)
	v.Rotate(t)
	fresh := v.Issue(t)
	takes("the first token of the new key, at once", fresh)
	takes("a token of the former key", old)
	v.Later(v.KeysAge)
	takes("the new key, later", fresh)
	takes("the former key, later", old)
	v.Revoke(t)
	v.Later(v.KeysAge)
	takes("the former key is revoked", fresh)
	_, err := v.Verify(t.Context(), old)
	saysOnly(t, "a token of the revoked key", err, core.CodeUnauthenticated)
}
