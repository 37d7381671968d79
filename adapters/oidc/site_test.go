package oidc_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/oidc"
	"github.com/insurance-navigator/navigator/adapters/oidc/oidctest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

var ada = oidctest.Person{Subject: "248289761001", Email: "ada@example.org", EmailVerified: true, Name: "Ada"}

var visit = ports.Visit{
	Callback: "https://api.example.org/auth/callback", State: "state-1", Nonce: "nonce-1", Verifier: strings.Repeat("v", 43),
}

func newSite(t *testing.T) (*oidctest.Server, *oidc.Site) {
	t.Helper()
	server, err := oidctest.New(ada)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server, newClient(t, server, oidctest.ClientSecret)
}

func newClient(t *testing.T, server *oidctest.Server, secret string) *oidc.Site {
	t.Helper()
	site, err := oidc.New(oidc.Config{Issuer: server.URL, ClientID: oidctest.ClientID, ClientSecret: secret, Transport: server.Client().Transport})
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// browse is the browser: it goes to the issuer and reads where it is led back.
func browse(t *testing.T, site *oidc.Site, v ports.Visit) url.Values {
	t.Helper()
	address, err := site.Begin(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(address, v.Verifier) || strings.Contains(address, oidctest.ClientSecret) {
		t.Fatalf("the browser is shown a secret: %s", address)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // nothing is in it
	back, err := response.Location()
	if err != nil || back.Query().Get("state") != v.State {
		t.Fatalf("led back to %v: %v", back, err)
	}
	return back.Query()
}

func TestTheIssuersWordIsTaken(t *testing.T) {
	t.Parallel()
	server, site := newSite(t)
	for _, verified := range []any{true, "true", false, nil} {
		person := ada
		person.EmailVerified = verified
		server.Set(person, oidctest.Faults{})
		got, err := site.Finish(t.Context(), browse(t, site, visit).Get("code"), visit)
		want := ports.Identity{Issuer: server.URL, Subject: ada.Subject, Email: ada.Email, EmailVerified: verified == true || verified == "true", Name: "Ada"}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v: %v\n%s", verified, err, diff)
		}
	}
}

// Each fault is one that an issuer, or who stands between, may plant.
func TestS18_AWordThatDoesNotHoldIsRefused(t *testing.T) {
	t.Parallel()
	server, site := newSite(t)
	set := func(name string, value any) oidctest.Faults {
		return oidctest.Faults{Claims: func(c jwt.MapClaims) {
			if value == nil {
				delete(c, name)
				return
			}
			c[name] = value
		}}
	}
	planted := map[string]oidctest.Faults{
		"alg none": {Unsigned: true}, "HS256 by the client's secret": {Shared: true}, "another key": {Forged: true}, "no id_token": {NoToken: true},
		"nonce of another visit": set("nonce", "nonce-2"), "no nonce": set("nonce", nil), "another audience": set("aud", "elsewhere"), "no audience": set("aud", nil),
		"another issuer": set("iss", "https://evil.example"), "issuer with a slash": set("iss", server.URL+"/"), "no issuer": set("iss", nil),
		"expired": set("exp", time.Now().Add(-time.Minute).Unix()), "no expiry": set("exp", nil), "not yet": set("nbf", time.Now().Add(time.Hour).Unix()),
		"no subject": set("sub", nil), "a long subject": set("sub", strings.Repeat("s", 256)), "another party": set("azp", "elsewhere"),
		"two audiences, no party": set("aud", []string{oidctest.ClientID, "elsewhere"}), "email as a number": set("email", 7),
	}
	for name, faults := range planted {
		server.Set(ada, faults)
		got, err := site.Finish(t.Context(), browse(t, site, visit).Get("code"), visit)
		if !core.HasCode(err, core.CodeBadSignInCode) || err.Error() != "bad_sign_in_code" || got != (ports.Identity{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	t.Logf("%d planted faults refused", len(planted))
	server.Set(ada, oidctest.Faults{})
	if _, err := site.Finish(t.Context(), browse(t, site, visit).Get("code"), visit); err != nil {
		t.Errorf("without a fault: %v", err)
	}
}

func TestACodeIsGoodOnceAndForItsVerifier(t *testing.T) {
	t.Parallel()
	_, site := newSite(t)
	code := browse(t, site, visit).Get("code")
	if _, err := site.Finish(t.Context(), code, visit); err != nil {
		t.Fatal(err)
	}
	other := visit
	other.Verifier = strings.Repeat("w", 43)
	for name, try := range map[string]func() error{
		"again": func() error { _, err := site.Finish(t.Context(), code, visit); return err },
		"another's verifier": func() error {
			_, err := site.Finish(t.Context(), browse(t, site, visit).Get("code"), other)
			return err
		},
		"made up": func() error { _, err := site.Finish(t.Context(), "x", visit); return err },
	} {
		if err := try(); !core.HasCode(err, core.CodeBadSignInCode) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An issuer that is away, or does not know us, says nothing about the person.
func TestAnIssuerThatIsAwayIsNoRefusal(t *testing.T) {
	t.Parallel()
	server, site := newSite(t)
	server.Set(ada, oidctest.Faults{Away: true})
	if _, err := site.Begin(t.Context(), visit); !core.HasCode(err, core.CodeAccountsUnavailable) {
		t.Errorf("away at the beginning: %v", err)
	}
	server.Set(ada, oidctest.Faults{})
	code := browse(t, site, visit).Get("code") // it came back, and is asked anew
	server.Set(ada, oidctest.Faults{Away: true})
	if _, err := site.Finish(t.Context(), code, visit); !core.HasCode(err, core.CodeAccountsUnavailable) {
		t.Errorf("away at the end: %v", err)
	}
	server.Set(ada, oidctest.Faults{})
	stranger := newClient(t, server, "a wrong secret")
	if _, err := stranger.Finish(t.Context(), browse(t, stranger, visit).Get("code"), visit); !core.HasCode(err, core.CodeAccountsUnavailable) {
		t.Errorf("a client that it does not know: %v", err)
	}
	for _, c := range []oidc.Config{{}, {Issuer: "ftp://x", ClientID: "a", ClientSecret: "b"}, {Issuer: server.URL}, {Issuer: server.URL, ClientID: "a"}} {
		if _, err := oidc.New(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}
