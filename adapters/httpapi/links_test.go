package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const webReturn = "https://app.example.org/auth/callback"

func authorizing(provider, redirect, challenge string) string {
	return pathAuthorize + "?" + url.Values{"provider": {provider}, "redirect_to": {redirect}, "code_challenge": {challenge}}.Encode()
}

func TestSignInThroughAnotherSite(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var where SignInAddress
	b.get(authorizing("google", webReturn, exampleChallenge), "").json(t, &where)
	if want := "https://accounts.example.org/" + exampleChallenge + "?to=" + webReturn; where.URL != want {
		t.Errorf("led to %q", where.URL)
	}
	b.get(authorizing("myspace", webReturn, exampleChallenge), "").problem(t, http.StatusBadRequest, "invalid_request")
	var s Session
	b.post(pathExchange, "", `{"code":"code-1","code_verifier":"`+exampleVerifier+`"}`).json(t, &s)
	if s.AccessToken != adaToken || s.RefreshToken == "" {
		t.Errorf("session %+v", s)
	}
	b.post(pathExchange, "", `{"code":"used","code_verifier":"`+exampleVerifier+`"}`).problem(t, http.StatusBadRequest, "bad_sign_in_code")
	for _, verifier := range []string{"", "short", strings.Repeat("v", 129), strings.Repeat("v", 42) + "!"} {
		b.post(pathExchange, "", `{"code":"code-1","code_verifier":"`+verifier+`"}`).problem(t, 422, "invalid_request")
	}
}

// A code is never led to an address that is not ours, letter by letter, and
// never without a challenge.
func TestPsec_CodesAreLedNowhereElse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, redirect := range []string{
		"", webReturn + "/", webReturn + "?x=1", webReturn + "#x", "https://app.example.org", "https://app.example.org.evil.example/auth/callback",
		"https://evil.example/auth/callback", "http://app.example.org/auth/callback", "HTTPS://app.example.org/auth/callback", "//app.example.org/auth/callback",
		"javascript:alert(1)", webReturn + "\n", "https://app.example.org@evil.example/auth/callback",
	} {
		b.get(authorizing("google", redirect, exampleChallenge), "").problem(t, 422, "invalid_request")
		body := `{"email":"ada@example.org","redirect_to":` + inQuotes(redirect) + `,"code_challenge":"` + exampleChallenge + `"}`
		b.post(pathRecover, "", body).problem(t, 422, "invalid_request")
		b.post("/auth/signup", "", strings.Replace(goodSignUp, "{", `{"redirect_to":`+inQuotes(redirect)+`,"code_challenge":"`+exampleChallenge+`",`, 1)).problem(t, 422, "invalid_request")
	}
	for _, challenge := range []string{"", "x", strings.Repeat("=", 43), strings.Repeat("c", 44)} {
		b.get(authorizing("google", webReturn, challenge), "").problem(t, 422, "invalid_request")
	}
	b.post("/auth/signup", "", strings.Replace(goodSignUp, "{", `{"redirect_to":"`+webReturn+`",`, 1)).problem(t, 422, "invalid_request")
	if len(b.accounts.signUps)+len(b.accounts.mails) != 0 {
		t.Errorf("the accounts were asked: %v %v", b.accounts.signUps, b.accounts.mails)
	}
	got := b.post("/auth/signup", "", strings.Replace(goodSignUp, "{", `{"redirect_to":"`+webReturn+`","code_challenge":"`+exampleChallenge+`",`, 1))
	want := ports.Return{Redirect: webReturn, Challenge: exampleChallenge}
	if got.status != http.StatusCreated || b.accounts.signUps[0].Return != want {
		t.Errorf("%d %+v", got.status, b.accounts.signUps)
	}
}

func inQuotes(text string) string {
	return `"` + strings.ReplaceAll(text, "\n", `\n`) + `"`
}

func TestMailsAreAskedForAndNothingIsTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	recovered := b.post(pathRecover, "", `{"email":"ada@example.org","redirect_to":"`+webReturn+`","code_challenge":"`+exampleChallenge+`"}`)
	resent := b.post(pathResend, "", `{"email":"nobody@example.org"}`)
	if recovered.status != http.StatusAccepted || resent.status != http.StatusAccepted || string(recovered.body) != string(resent.body) {
		t.Errorf("%d %s, %d %s", recovered.status, recovered.body, resent.status, resent.body)
	}
	want := []string{"recover ada@example.org " + webReturn + " " + exampleChallenge, "resend nobody@example.org  "}
	if diff := cmp.Diff(want, b.accounts.mails); diff != "" {
		t.Error(diff)
	}
	for code, status := range map[core.Code]int{core.CodeInvalid: 422, core.CodeNotOffered: 404, core.CodeRateLimited: 429, core.CodeAccountsUnavailable: 503} {
		b.accounts.set("Mails", core.Fail(code, nil))
		b.post(pathResend, "", `{"email":"nobody@example.org"}`).problem(t, status, string(code))
	}
}

func TestChangingThePassword(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	change := func(body string) reply {
		return b.do(http.MethodPut, pathPassword, adaToken, jsonType, strings.NewReader(body))
	}
	change(`{"current_password":"wrong","password":"seven quiet herons"}`).problem(t, 401, "bad_credentials")
	change(`{"password":"seven quiet herons"}`).problem(t, 401, "bad_credentials")
	change(`{"current_password":"`+adaPassword+`","password":"short"}`).problem(t, 422, "weak_password")
	if got := change(`{"current_password":"` + adaPassword + `","password":"seven quiet herons"}`); got.status != http.StatusNoContent {
		t.Errorf("%d %s", got.status, got.body)
	}
	if !slices.Equal(b.accounts.passwords, []string{"seven quiet herons"}) {
		t.Errorf("set: %q", b.accounts.passwords)
	}
	b.accounts.set("ChangePassword", core.Fail(core.CodeSamePassword, nil))
	change(`{"current_password":"x","password":"seven quiet herons"}`).problem(t, 422, "same_password")
}

// Without addresses to lead back to there is neither another site nor recovery.
func TestNothingLeadsBackUnlessConfigured(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.Redirects = nil })
	b.get(authorizing("google", webReturn, exampleChallenge), "").problem(t, 404, "not_offered")
	b.post(pathRecover, "", `{"email":"ada@example.org","redirect_to":"`+webReturn+`","code_challenge":"`+exampleChallenge+`"}`).problem(t, 404, "not_offered")
}

// The accounts are told whom a call is for as the rates count it: by the
// trusted hop, and never by the client's own word.
func TestS23_AccountsAreToldTheTrustedAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		hops            int
		forwarded, want string
	}{
		{0, "203.0.113.9", "127.0.0.1"}, {1, "198.51.100.1, 203.0.113.9", "203.0.113.9"}, {2, "198.51.100.1, 203.0.113.9", "198.51.100.1"},
		{1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"}, {1, "nonsense", "127.0.0.1"}, {1, "", "127.0.0.1"},
	} {
		var told netip.Addr
		b := newBench(t, func(d *APIDeps) {
			d.Trust = Trust{Hops: c.hops}
			d.Accounts = listening{d.Accounts, func(ctx context.Context) { told = ClientAddress(ctx) }}
		})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/auth/login", strings.NewReader(`{"email":"ada@example.org","password":"`+adaPassword+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", jsonType)
		req.Header.Set("X-Forwarded-For", c.forwarded)
		req.Header.Set("Sb-Forwarded-For", "192.0.2.66")
		if got := b.send(req); got.status != http.StatusOK || told != netip.MustParseAddr(c.want) {
			t.Errorf("%d hops, %q: %d, told %s, want %s", c.hops, c.forwarded, got.status, told, c.want)
		}
	}
	if got := ClientAddress(t.Context()); got.IsValid() {
		t.Errorf("outside a request: %s", got)
	}
}

// listening hears the context of a sign-in.
type listening struct {
	ports.Accounts
	hear func(context.Context)
}

func (l listening) SignIn(ctx context.Context, email, password string) (ports.Session, error) {
	l.hear(ctx)
	return l.Accounts.SignIn(ctx, email, password)
}

// A browser that comes back from another site is led on, and nobody else is.
func TestComingBackFromAnotherSite(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	got := b.get(pathArrive+"?state=state-1&code=c", "")
	if got.status != http.StatusSeeOther || got.header.Get("Location") != webReturn+"?code=c&error=" || len(got.body) != 0 {
		t.Errorf("%d to %q: %s", got.status, got.header.Get("Location"), got.body)
	}
	if got := b.get(pathArrive+"?state=state-1&error=access_denied", ""); !strings.HasSuffix(got.header.Get("Location"), "error=access_denied") {
		t.Errorf("to %q", got.header.Get("Location"))
	}
	b.get(pathArrive+"?state=state-2&code=c", "").problem(t, http.StatusBadRequest, "bad_sign_in_code")
	b.get(pathArrive+"?code=c", "").problem(t, http.StatusUnprocessableEntity, "invalid_request")
	b.accounts.set("Arrive", core.Fail(core.CodeNotOffered, nil))
	b.get(pathArrive+"?state=state-1&code=c", "").problem(t, http.StatusNotFound, "not_offered")
}
