package portstest

import (
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// alive holds whether a principal's tokens are still taken.
func alive(t *testing.T, p People, who ports.Principal, what string, want bool) {
	t.Helper()
	if got, err := p.Alive(who); err != nil || got != want {
		t.Errorf("%s: alive %t, %v, want %t", what, got, err, want)
	}
}

// signsIn opens another session of ann's.
func signsIn(t *testing.T, p People) (ports.Session, ports.Principal) {
	t.Helper()
	s, err := p.SignIn(t.Context(), annEmail, annPassword)
	if err != nil {
		t.Fatal(err)
	}
	return s, p.Principal(t, s.AccessToken)
}

func accountsSessions(t *testing.T, p People) {
	phone := joins(t, p)
	here := p.Principal(t, phone.AccessToken)
	laptop, there := signsIn(t, p)
	if p.Unlisted {
		_, err := p.Sessions(t.Context(), here, phone.AccessToken)
		saysOnly(t, "the list", err, core.CodeNotOffered)
		saysOnly(t, "ending one", p.EndSession(t.Context(), here, phone.AccessToken, core.NewID()), core.CodeNotOffered)
		return
	}
	list, err := p.Sessions(t.Context(), here, phone.AccessToken)
	if err != nil || len(list) != 2 || list[0].ID.String() != there.Session || list[1].ID.String() != here.Session || list[0].CreatedAt.IsZero() {
		t.Fatalf("the sessions, the latest first: %+v, %v", list, err)
	}
	stranger := here
	stranger.User = core.NewID()
	saysOnly(t, "a stranger's try", p.EndSession(t.Context(), stranger, phone.AccessToken, list[0].ID), core.CodeNotFound)
	if err := p.EndSession(t.Context(), here, phone.AccessToken, list[0].ID); err != nil {
		t.Fatal(err)
	}
	alive(t, p, there, "the ended one", false)
	alive(t, p, here, "the other", true)
	_, err = p.Refresh(t.Context(), laptop.RefreshToken)
	saysOnly(t, "the ended one's token", err, core.CodeUnauthenticated)
	saysOnly(t, "ending it again", p.EndSession(t.Context(), here, phone.AccessToken, list[0].ID), core.CodeNotFound)
}

func accountsOthers(t *testing.T, p People) {
	phone := joins(t, p)
	laptop, there := signsIn(t, p)
	here := p.Principal(t, phone.AccessToken)
	if err := p.EndOthers(t.Context(), here, phone.AccessToken); err != nil {
		t.Fatal(err)
	}
	alive(t, p, there, "another session", false)
	alive(t, p, here, "the session it was asked from", true)
	_, err := p.Refresh(t.Context(), laptop.RefreshToken)
	saysOnly(t, "the other's token", err, core.CodeUnauthenticated)
	next := trades(t, p, phone.RefreshToken)
	if err := p.SignOut(t.Context(), here, next.AccessToken); err != nil {
		t.Fatal(err)
	}
	alive(t, p, here, "the session that was signed out", false)
}

func accountsDeleted(t *testing.T, p People) {
	s := joins(t, p)
	who := p.Principal(t, s.AccessToken)
	prove := func(present string) error { return p.Prove(t.Context(), who, s.AccessToken, present) }
	if err := prove(""); err != nil {
		t.Errorf("signed in a moment ago: %v", err)
	}
	p.Later(time.Hour)
	saysOnly(t, "an hour ago", prove(""), core.CodeBadCredentials)
	saysOnly(t, "a wrong password", prove(newPassword), core.CodeBadCredentials)
	if err := prove(annPassword); err != nil {
		t.Errorf("the present password: %v", err)
	}
	for range 2 { // the second finds nothing
		if err := p.Delete(t.Context(), who); err != nil {
			t.Fatal(err)
		}
	}
	alive(t, p, who, "a session of the account", false)
	_, err := p.SignIn(t.Context(), annEmail, annPassword)
	saysOnly(t, "signing in", err, core.CodeBadCredentials)
	_, err = p.Refresh(t.Context(), s.RefreshToken)
	saysOnly(t, "the account's token", err, core.CodeUnauthenticated)
	if again := joins(t, p); again.Account.ID == s.Account.ID {
		t.Error("the address's next account is the one that was deleted")
	}
}
