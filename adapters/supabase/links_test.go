package supabase_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/core"
)

// The address asks for a code and never for the tokens themselves; making it
// calls nobody.
func TestAuthorizeAlwaysSendsAChallenge(t *testing.T) {
	t.Parallel()
	fake, address := project(t, supabasetest.Options{})
	a, err := supabase.NewAccounts(supabase.AccountsConfig{URL: address + "/", AnonKey: supabasetest.DefaultPublishableKey, Sites: []string{"github"}})
	if err != nil {
		t.Fatal(err)
	}
	to := returning(strings.Repeat("v", 43))
	got, err := a.Authorize(t.Context(), "github", to)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"provider": {"github"}, "redirect_to": {ourReturn}, "code_challenge": {to.Challenge}, "code_challenge_method": {"s256"}}
	if diff := cmp.Diff(want, u.Query()); diff != "" || !strings.HasPrefix(got, address+"/auth/v1/authorize?") {
		t.Errorf("%s\n%s", got, diff)
	}
	if n := len(fake.Requests()); n != 0 {
		t.Errorf("%d calls were made", n)
	}
	none, err := supabase.NewAccounts(supabase.AccountsConfig{URL: address, AnonKey: supabasetest.DefaultPublishableKey})
	if err != nil {
		t.Fatal(err)
	}
	_, err = none.Authorize(t.Context(), "github", to)
	wantCode(t, "a project without other sites", err, core.CodeNotOffered, core.NotFound)
}

// A code is gone with the first answer: it is asked for once, lost or not.
func TestExchangeAsksOnce(t *testing.T) {
	t.Parallel()
	verifier := strings.Repeat("v", 43)
	for _, x := range []struct {
		status int
		body   string
		code   core.Code
		kind   core.Kind
	}{
		{http.StatusBadRequest, `{"code":"validation_failed","message":"x"}`, core.CodeBadSignInCode, core.Invalid},
		{http.StatusBadGateway, "<html>", core.CodeAccountsUnavailable, core.Transient},
		{http.StatusConflict, `{"code":"conflict","message":"x"}`, core.CodeAccountsUnavailable, core.Transient},
	} {
		url, asked := answering(t, x.status, x.body)
		_, err := accountsAt(t, url).Exchange(t.Context(), "code", verifier)
		wantCode(t, x.body, err, x.code, x.kind)
		if asked.Load() != 1 {
			t.Errorf("%s: asked %d times", x.body, asked.Load())
		}
	}
	url, asked := answering(t, http.StatusOK, `{}`)
	for _, bad := range []string{"", "short", strings.Repeat("v", 129), strings.Repeat("v", 42) + " "} {
		_, err := accountsAt(t, url).Exchange(t.Context(), "code", bad)
		wantCode(t, "a verifier that is none", err, core.CodeBadSignInCode, core.Invalid)
	}
	if asked.Load() != 0 {
		t.Error("a verifier that is none was sent")
	}
}
