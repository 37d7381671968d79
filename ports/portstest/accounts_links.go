package portstest

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// newVerifier is a verifier of RFC 7636: 52 random letters and digits.
func newVerifier() string { return rand.Text() + rand.Text() }

// offers reports whether there are other sites; where there are none, a way to
// one is refused whatever is asked.
func offers(t *testing.T, p People) bool {
	t.Helper()
	if p.Site != "" {
		return true
	}
	_, err := p.Authorize(t.Context(), "google", ports.Return{})
	saysOnly(t, "Authorize", err, core.CodeNotOffered)
	return false
}

func accountsMails(t *testing.T, p People) {
	joins(t, p)
	for _, email := range []string{annEmail, annEmail, "nobody@example.com", "nobody@example.com"} { // the second within the minute
		if err := p.Recover(t.Context(), email, p.Return(newVerifier())); err != nil {
			t.Errorf("recover for %s: %v", email, err)
		}
		if err := p.Resend(t.Context(), email); err != nil {
			t.Errorf("resend for %s: %v", email, err)
		}
	}
	saysOnly(t, "recover for no address", p.Recover(t.Context(), "ann", p.Return(newVerifier())), core.CodeInvalid)
	saysOnly(t, "resend for no address", p.Resend(t.Context(), "ann"), core.CodeInvalid)
	saysOnly(t, "recover without a challenge", p.Recover(t.Context(), annEmail, ports.Return{}), core.CodeInvalid)
}

func accountsRecovery(t *testing.T, p People) {
	before := joins(t, p)
	verifier := newVerifier()
	if err := p.Recover(t.Context(), annEmail, p.Return(verifier)); err != nil {
		t.Fatal(err)
	}
	code := p.Follow(t, annEmail)
	_, err := p.Exchange(t.Context(), code, newVerifier())
	saysOnly(t, "another's verifier", err, core.CodeBadSignInCode)
	s, err := p.Exchange(t.Context(), code, verifier)
	if err != nil || s.Account.ID != before.Account.ID {
		t.Fatalf("exchange: %+v, %v", s.Account, err)
	}
	who := p.Principal(t, s.AccessToken)
	if err := p.ChangePassword(t.Context(), who, s.AccessToken, "", newPassword); err != nil {
		t.Errorf("a mail was followed a moment ago: %v", err)
	}
	_, err = p.Refresh(t.Context(), before.RefreshToken)
	saysOnly(t, "the session from before", err, core.CodeUnauthenticated)
	_, err = p.Exchange(t.Context(), code, verifier)
	saysOnly(t, "the mail's code again", err, core.CodeBadSignInCode)
	if _, err := p.SignIn(t.Context(), annEmail, newPassword); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

func accountsSites(t *testing.T, p People) {
	if !offers(t, p) {
		return
	}
	verifier := newVerifier()
	to := p.Return(verifier)
	for what, ask := range map[string]func() (string, error){
		"another site": func() (string, error) { return p.Authorize(t.Context(), "elsewhere", to) },
		"no challenge": func() (string, error) { return p.Authorize(t.Context(), p.Site, ports.Return{Redirect: to.Redirect}) },
		"a plain verifier": func() (string, error) {
			return p.Authorize(t.Context(), p.Site, ports.Return{Redirect: to.Redirect, Challenge: verifier})
		},
		"nowhere to go": func() (string, error) { return p.Authorize(t.Context(), p.Site, ports.Return{Challenge: to.Challenge}) },
	} {
		_, err := ask()
		saysOnly(t, what, err, core.CodeInvalid)
	}
	address, err := p.Authorize(t.Context(), p.Site, to)
	if err != nil || strings.Contains(address, verifier) {
		t.Fatalf("authorize: %q, %v", address, err)
	}
	code := p.Visit(t, address)
	for what, pair := range map[string][2]string{"another's verifier": {code, newVerifier()}, "a short verifier": {code, "short"}, "no code": {"", verifier}, "an unknown code": {"x", verifier}} {
		_, err := p.Exchange(t.Context(), pair[0], pair[1])
		saysOnly(t, what, err, core.CodeBadSignInCode)
	}
	s, err := p.Exchange(t.Context(), code, verifier)
	if err != nil || s.Account.ID.IsZero() || s.AccessToken == "" {
		t.Fatalf("exchange: %+v, %v", s.Account, err)
	}
	_, err = p.Exchange(t.Context(), code, verifier)
	saysOnly(t, "the code again", err, core.CodeBadSignInCode)
	trades(t, p, s.RefreshToken)
	if err := p.ChangePassword(t.Context(), p.Principal(t, s.AccessToken), s.AccessToken, "", newPassword); !core.HasCode(err, core.CodeBadCredentials) {
		t.Errorf("another site's word is no proof for a new password: %v", err)
	}
}
