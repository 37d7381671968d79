package portstest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// People is an implementation of ports.Accounts under test, one that confirms
// addresses by itself, with what a test has to do around it.
type People struct {
	ports.Accounts

	// Principal is who an access token speaks for; it need not be proved.
	Principal func(t *testing.T, accessToken string) ports.Principal
	// Later makes everything older by d, as if that much time had gone by.
	Later func(d time.Duration)

	Follow func(t *testing.T, email string) (code string) // follows the link in the last mail
	Return func(verifier string) ports.Return             // an allowed one

	// The rest is empty where the implementation has no other sites, which is
	// then what the suite holds it to.
	Site  string                                           // one that people are signed in through
	Visit func(t *testing.T, address string) (code string) // leads a browser there and back

	// Unlisted says that the implementation knows sessions by none but their own.
	Unlisted bool
	// Alive reports whether a principal's access tokens are still taken.
	Alive func(p ports.Principal) (bool, error)
}

// The account that every check begins with.
const (
	annEmail    = "ann@example.com"
	annPassword = "seven quiet herons at dusk"
	newPassword = "nine loud geese before noon"
)

// Accounts checks an implementation against the contract of ports.Accounts.
// open gives one without any account.
func Accounts(t *testing.T, open func(t *testing.T) People) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, People){
		"a_new_account_is_signed_in":                        accountsSignUp,
		"what_cannot_be_an_account_is_refused":              accountsInput,
		"a_wrong_password_and_an_unknown_address_are_alike": accountsAlike,
		"a_refresh_token_is_traded_once":                    accountsRotation,
		"many_trades_at_once_make_one_token":                accountsTogether,
		"a_replay_ends_every_token_of_the_session":          accountsReplay,
		"what_is_no_refresh_token_is_refused":               accountsForeignTokens,
		"signing_out_ends_one_session":                      accountsSignOut,
		"an_account_is_its_own_principals":                  accountsOwn,
		"a_new_password_needs_the_present_one":              accountsPassword,
		"mails_tell_nothing":                                accountsMails,
		"a_mail_opens_the_way_to_a_new_password":            accountsRecovery,
		"another_site_signs_people_in":                      accountsSites,
		"sessions_are_listed_and_ended":                     accountsSessions,
		"every_other_session_is_ended":                      accountsOthers,
		"an_account_is_deleted_by_its_person":               accountsDeleted,
		"an_ended_context_is_told_as_such":                  accountsContext,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

func ann() ports.SignUp {
	return ports.SignUp{Email: annEmail, Password: annPassword, Name: "Ann", ConsentVersion: "2", ConsentTimestamp: "2026-01-02T03:04:05Z"}
}

// joins signs ann up.
func joins(t *testing.T, p People) ports.Session {
	t.Helper()
	s, err := p.SignUp(t.Context(), ann())
	if err != nil || s.AccessToken == "" || s.RefreshToken == "" {
		t.Fatalf("sign-up: %v", err)
	}
	return s
}

// saysOnly holds that an error is the code and that its text is nothing else.
func saysOnly(t *testing.T, what string, err error, codes ...core.Code) {
	t.Helper()
	for _, code := range codes {
		if core.HasCode(err, code) && err.Error() == string(code) {
			return
		}
	}
	t.Errorf("%s: %v, want %v", what, err, codes)
}

func accountsSignUp(t *testing.T, p People) {
	s := joins(t, p)
	if a := s.Account; a.ID.IsZero() || a.Email != annEmail || a.Name != "Ann" || a.CreatedAt.IsZero() ||
		a.ConsentVersion != ann().ConsentVersion || a.ConsentTimestamp != ann().ConsentTimestamp {
		t.Errorf("the account is %+v", a)
	}
	if left := time.Until(s.ExpiresAt); left <= time.Minute || left > 24*time.Hour {
		t.Errorf("the access token lives %s", left)
	}
	who := p.Principal(t, s.AccessToken)
	if who.User != s.Account.ID || who.Session == "" {
		t.Errorf("the token speaks for %+v", who)
	}
	got, err := p.Account(t.Context(), who, s.AccessToken)
	if err != nil || got.ID != s.Account.ID || got.Email != annEmail || got.Name != "Ann" {
		t.Errorf("read back: %+v, %v", got, err)
	}
	again, err := p.SignIn(t.Context(), strings.ToUpper(annEmail[:1])+annEmail[1:], annPassword)
	if err != nil || again.Account.ID != s.Account.ID || p.Principal(t, again.AccessToken).Session == who.Session {
		t.Errorf("a sign-in is a session of the same account: %+v, %v", again.Account, err)
	}
	_, err = p.SignUp(t.Context(), ann())
	saysOnly(t, "the same address again", err, core.CodeEmailTaken)
	if err := p.Healthy(t.Context()); err != nil {
		t.Errorf("healthy: %v", err)
	}
}

func accountsInput(t *testing.T, p People) {
	for what, change := range map[string]func(*ports.SignUp){
		"no address":   func(s *ports.SignUp) { s.Email = "ann" },
		"an empty one": func(s *ports.SignUp) { s.Email = "" },
		"73 bytes":     func(s *ports.SignUp) { s.Password = strings.Repeat("x ", 36) + "y" },
	} {
		in := ann()
		change(&in)
		_, err := p.SignUp(t.Context(), in)
		saysOnly(t, what, err, core.CodeInvalid)
	}
	in := ann()
	in.Password = "short"
	_, err := p.SignUp(t.Context(), in)
	saysOnly(t, "five letters", err, core.CodeWeakPassword)
	if s, err := p.SignUp(t.Context(), ann()); err != nil || s.AccessToken == "" {
		t.Errorf("the refusals left something behind: %v", err)
	}
}

func accountsAlike(t *testing.T, p People) {
	joins(t, p)
	_, wrong := p.SignIn(t.Context(), annEmail, newPassword)
	saysOnly(t, "a wrong password", wrong, core.CodeBadCredentials)
	_, unknown := p.SignIn(t.Context(), "bob@example.com", annPassword)
	saysOnly(t, "an unknown address", unknown, core.CodeBadCredentials)
}

func accountsOwn(t *testing.T, p People) {
	s := joins(t, p)
	other := p.Principal(t, s.AccessToken)
	other.User = core.NewID()
	_, err := p.Account(t.Context(), other, s.AccessToken)
	saysOnly(t, "another's principal", err, core.CodeUnauthenticated)
}

func accountsSignOut(t *testing.T, p People) {
	phone := joins(t, p)
	laptop, err := p.SignIn(t.Context(), annEmail, annPassword)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing to end
		if err := p.SignOut(t.Context(), p.Principal(t, phone.AccessToken), phone.AccessToken); err != nil {
			t.Fatal(err)
		}
	}
	_, err = p.Refresh(t.Context(), phone.RefreshToken)
	saysOnly(t, "the session that was ended", err, core.CodeUnauthenticated)
	if _, err := p.Refresh(t.Context(), laptop.RefreshToken); err != nil {
		t.Errorf("the other session: %v", err)
	}
}

func accountsPassword(t *testing.T, p People) {
	here := joins(t, p)
	there, err := p.SignIn(t.Context(), annEmail, annPassword)
	if err != nil {
		t.Fatal(err)
	}
	who := p.Principal(t, here.AccessToken)
	change := func(present, next string) error {
		return p.ChangePassword(t.Context(), who, here.AccessToken, present, next)
	}
	saysOnly(t, "a wrong present one", change(newPassword, newPassword), core.CodeBadCredentials)
	saysOnly(t, "no present one", change("", newPassword), core.CodeBadCredentials)
	saysOnly(t, "one too weak", change(annPassword, "short"), core.CodeWeakPassword)
	saysOnly(t, "the same", change(annPassword, annPassword), core.CodeSamePassword)
	if _, err := p.SignIn(t.Context(), annEmail, annPassword); err != nil {
		t.Fatalf("after the refusals: %v", err)
	}
	if err := change(annPassword, newPassword); err != nil {
		t.Fatal(err)
	}
	_, err = p.SignIn(t.Context(), annEmail, annPassword)
	saysOnly(t, "the old one", err, core.CodeBadCredentials)
	_, err = p.Refresh(t.Context(), there.RefreshToken)
	saysOnly(t, "the other session", err, core.CodeUnauthenticated)
	if _, err := p.Refresh(t.Context(), here.RefreshToken); err != nil {
		t.Errorf("the session that it was changed from: %v", err)
	}
	if _, err := p.SignIn(t.Context(), annEmail, newPassword); err != nil {
		t.Errorf("the new one: %v", err)
	}
}

func accountsContext(t *testing.T, p People) {
	s := joins(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	who := p.Principal(t, s.AccessToken)
	for what, run := range map[string]func() error{
		"SignUp": func() error {
			_, err := p.SignUp(ctx, ports.SignUp{Email: "bob@example.com", Password: annPassword})
			return err
		},
		"SignIn":         func() error { _, err := p.SignIn(ctx, annEmail, annPassword); return err },
		"Refresh":        func() error { _, err := p.Refresh(ctx, s.RefreshToken); return err },
		"SignOut":        func() error { return p.SignOut(ctx, who, s.AccessToken) },
		"Account":        func() error { _, err := p.Account(ctx, who, s.AccessToken); return err },
		"ChangePassword": func() error { return p.ChangePassword(ctx, who, s.AccessToken, annPassword, newPassword) },
		"EndOthers":      func() error { return p.EndOthers(ctx, who, s.AccessToken) },
		"Prove":          func() error { return p.Prove(ctx, who, s.AccessToken, annPassword) },
		"Delete":         func() error { return p.Delete(ctx, who) },
		"Healthy":        func() error { return p.Healthy(ctx) },
	} {
		if err := run(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want the context's end", what, err)
		}
	}
}
