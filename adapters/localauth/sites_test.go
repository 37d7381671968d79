package localauth_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// elsewhere is another site: it notes the visits and says what it is told to.
type elsewhere struct {
	mu     sync.Mutex
	visits []ports.Visit
	word   ports.Identity
	err    error
}

func (e *elsewhere) Begin(_ context.Context, v ports.Visit) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.visits = append(e.visits, v)
	return "https://elsewhere.example/authorize?state=" + v.State, nil
}

func (e *elsewhere) Finish(_ context.Context, code string, v ports.Visit) (ports.Identity, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if last := e.visits[len(e.visits)-1]; v != last || code != "their-code" {
		return ports.Identity{}, core.Fail(core.CodeBadSignInCode, nil)
	}
	return e.word, e.err
}

const (
	back      = "https://app.example/auth/callback?from=site"
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // and its challenge, from RFC 7636
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

var elsewheresAda = ports.Identity{Issuer: "https://elsewhere.example", Subject: "ada-1", Email: strings.ToUpper(email), EmailVerified: true, Name: "Ada"}

func newVisited(t *testing.T, c localauth.Config) (*house, *elsewhere) {
	t.Helper()
	site := &elsewhere{word: elsewheresAda}
	c.Sites, c.Callback = map[string]ports.Site{"oidc": site}, "https://api.example/auth/callback"
	return newHouse(t, c), site
}

// begin is the state of a new visit.
func (h *house) begin() string {
	h.t.Helper()
	address, err := h.Authorize(h.t.Context(), "oidc", ports.Return{Redirect: back, Challenge: challenge})
	if err != nil {
		h.t.Fatal(err)
	}
	_, state, _ := strings.Cut(address, "state=")
	return state
}

// comesBack leads the browser on, and reads the address's query.
func (h *house) comesBack(state string) url.Values {
	h.t.Helper()
	address, err := h.Arrive(h.t.Context(), state, "their-code", "")
	if err != nil {
		h.t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, "https://app.example/auth/callback?") || u.Query().Get("from") != "site" {
		h.t.Fatalf("led to %q", address)
	}
	return u.Query()
}

func TestAVisitEndsInASession(t *testing.T) {
	t.Parallel()
	h, site := newVisited(t, localauth.Config{})
	state := h.begin()
	code := h.comesBack(state).Get("code")
	_, err := h.Exchange(t.Context(), code, strings.Repeat("x", 43))
	wantCode(t, err, core.CodeBadSignInCode) // another's verifier leaves the code to whose it is
	session, err := h.Exchange(t.Context(), code, verifier)
	if err != nil || session.Account.Email != email || !session.Account.EmailConfirmed {
		t.Fatalf("%+v, %v", session.Account, err)
	}
	_, c := claims(t, session.AccessToken)
	amr, _ := c["amr"].([]any)
	if first, _ := amr[0].(map[string]any); first["method"] != "oauth" {
		t.Errorf("amr %v", amr)
	}
	_, c = claims(t, h.refresh(session.RefreshToken).AccessToken)
	if amr, _ := c["amr"].([]any); amr[0].(map[string]any)["method"] != "oauth" {
		t.Errorf("amr after a refresh %v", amr)
	}
	_, err = h.Exchange(t.Context(), code, verifier)
	wantCode(t, err, core.CodeBadSignInCode)
	_, err = h.Arrive(t.Context(), state, "their-code", "")
	wantCode(t, err, core.CodeBadSignInCode)
	_, err = h.SignIn(t.Context(), email, "")
	wantCode(t, err, core.CodeBadCredentials) // there is no password that fits
	visit := site.visits[0]
	if visit.Nonce == visit.State || visit.Nonce == visit.Verifier || len(visit.Verifier) != 43 || visit.Callback != "https://api.example/auth/callback" {
		t.Errorf("%+v", visit)
	}
	h.begin()
	if n := h.count(`select count(*) from local_auth.site_flows f where f::text like '%' || $1 || '%' or f::text like '%' || $2 || '%'`,
		site.visits[1].State, site.visits[1].Nonce); n != 0 {
		t.Error("the table of visits holds a secret")
	}
}

// State and code are good once, for whom they were made, and for minutes.
func TestS18_AVisitIsBoundToItsStateAndEnds(t *testing.T) {
	t.Parallel()
	h, site := newVisited(t, localauth.Config{})
	for name, state := range map[string]string{"empty": "", "made up": strings.Repeat("A", 43), "of another form": "x"} {
		if _, err := h.Arrive(t.Context(), state, "their-code", ""); !core.HasCode(err, core.CodeBadSignInCode) {
			t.Errorf("%s: %v", name, err)
		}
	}
	first := h.begin()
	h.begin() // the site knows this visit as the last one: the nonce of the first does not fit
	if q := h.comesBack(first); q.Get("error_code") != "bad_sign_in_code" || q.Get("code") != "" {
		t.Errorf("another visit's word: %v", q)
	}
	state := h.begin()
	h.exec(`update local_auth.site_flows set expires_at = now() - interval '1 second'`)
	_, err := h.Arrive(t.Context(), state, "their-code", "")
	wantCode(t, err, core.CodeBadSignInCode)
	code := h.comesBack(h.begin()).Get("code")
	h.exec(`update local_auth.site_codes set expires_at = now() - interval '1 second'`)
	_, err = h.Exchange(t.Context(), code, verifier)
	wantCode(t, err, core.CodeBadSignInCode)
	h.begin()
	if n := h.count(`select (select count(*) from local_auth.site_codes) + (select count(*) from local_auth.site_flows where expires_at < now())`); n != 0 {
		t.Errorf("%d visits and codes stay for ever", n)
	}
	address, err := h.Arrive(t.Context(), h.begin(), "", "access_denied")
	if err != nil || !strings.Contains(address, "error=access_denied") {
		t.Errorf("the site refused: %q, %v", address, err)
	}
	site.err = core.Fail(core.CodeAccountsUnavailable, nil)
	if q := h.comesBack(h.begin()); q.Get("error") != "temporarily_unavailable" || q.Get("error_code") != "accounts_unavailable" {
		t.Errorf("the site is away: %v", q)
	}
}

// Accounts are linked by an address that both sides have proved, and then by
// the site's subject alone.
func TestAccountsAreLinkedByProvenAddressesAlone(t *testing.T) {
	t.Parallel()
	h, site := newVisited(t, localauth.Config{})
	ada := h.signUp() // her address is not confirmed
	if q := h.comesBack(h.begin()); q.Get("error_code") != "email_unconfirmed" {
		t.Errorf("an account that somebody made with the address: %v", q)
	}
	h.exec(`update local_auth.accounts set email_confirmed_at = now()`)
	site.word.EmailVerified = false
	if q := h.comesBack(h.begin()); q.Get("error_code") != "email_unconfirmed" {
		t.Errorf("an address that the site did not prove: %v", q)
	}
	site.word.EmailVerified, site.word.Email = true, "no address"
	if q := h.comesBack(h.begin()); q.Get("error_code") != "email_unconfirmed" {
		t.Errorf("no address: %v", q)
	}
	if n := h.count(`select count(*) from local_auth.identities`); n != 0 {
		t.Fatalf("%d identities were linked", n)
	}
	site.word = elsewheresAda
	linked, err := h.Exchange(t.Context(), h.comesBack(h.begin()).Get("code"), verifier)
	if err != nil || linked.Account.ID != ada.Account.ID {
		t.Errorf("%+v, %v", linked.Account, err)
	}
	if _, err := h.SignIn(t.Context(), email, password); err != nil {
		t.Errorf("the password still fits: %v", err)
	}
	site.word.Email, site.word.EmailVerified = "elsewhere@navigator.example", false
	again, err := h.Exchange(t.Context(), h.comesBack(h.begin()).Get("code"), verifier)
	if err != nil || again.Account.ID != ada.Account.ID {
		t.Errorf("known by the subject: %+v, %v", again.Account, err)
	}
	site.word.Subject = "somebody-else"
	if q := h.comesBack(h.begin()); q.Get("error_code") != "email_unconfirmed" {
		t.Errorf("another subject: %v", q)
	}
}

func TestWhatDoesNotBeginAVisit(t *testing.T) {
	t.Parallel()
	h, _ := newVisited(t, localauth.Config{})
	for name, try := range map[string]struct {
		site string
		to   ports.Return
	}{
		"another site": {"elsewhere", ports.Return{Redirect: back, Challenge: challenge}}, "no challenge": {"oidc", ports.Return{Redirect: back}},
		"a short challenge": {"oidc", ports.Return{Redirect: back, Challenge: "x"}}, "nowhere to go": {"oidc", ports.Return{Challenge: challenge}},
	} {
		if _, err := h.Authorize(t.Context(), try.site, try.to); !core.HasCode(err, core.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	plain := newHouse(t, localauth.Config{})
	_, err := plain.Arrive(t.Context(), "x", "y", "")
	wantCode(t, err, core.CodeNotOffered)
}
