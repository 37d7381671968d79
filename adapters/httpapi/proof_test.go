package httpapi

import (
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

// Each proof of who somebody is is told with its end; a request that shows
// nothing, or that nobody looked at, proves nothing.
func TestProofsAreTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	me, signIn := "GET "+pathUser, "POST /auth/login"
	for _, c := range []struct {
		what  string
		do    func()
		route string
		want  Proof
	}{
		{"a token", func() { b.get(pathUser, adaToken) }, me, Proof{"token", "accepted"}},
		{"an expired token", func() { b.get(pathUser, expiredToken) }, me, Proof{"token", "refused"}},
		{"a token that nobody could judge", func() { b.get(pathUser, unjudgedToken) }, me, Proof{"token", "unavailable"}},
		{"a verifier that fails", func() { b.get(pathUser, oddToken) }, me, Proof{"token", "refused"}},
		{"an unknown key", func() { b.get(pathUser, core.NewAPIKey()) }, me, Proof{"api_key", "refused"}},
		{"nothing", func() { b.get(pathUser, "") }, me, Proof{}},
		{"a public route", func() { b.get("/health", "") }, "GET /health", Proof{}},
		{"a password", func() { b.post("/auth/login", "", `{"email":"`+ada.Email+`","password":"`+adaPassword+`"}`) }, signIn, Proof{"password", "accepted"}},
		{"a wrong password", func() { b.post("/auth/login", "", `{"email":"`+ada.Email+`","password":"another-one-entirely"}`) }, signIn, Proof{"password", "refused"}},
		{"no password", func() { b.post("/auth/login", "", `{}`) }, signIn, Proof{}},
		{"a used code", func() { b.post(pathExchange, "", `{"code":"used","code_verifier":"`+exampleVerifier+`"}`) }, "POST " + pathExchange, Proof{"site", "refused"}},
		{"a refresh token", func() { b.post("/auth/refresh", "", `{"refresh_token":"refresh-1"}`) }, "POST /auth/refresh", Proof{"refresh", "accepted"}},
	} {
		c.do()
		if got := b.observed(c.route).Proof; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
	}
}
