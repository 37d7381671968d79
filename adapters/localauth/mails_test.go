package localauth_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// signUpAs asks for an account whose address waits for its confirmation.
func (h *house) signUpAs(password string, to ports.Return) {
	h.t.Helper()
	s, err := h.SignUp(h.t.Context(), ports.SignUp{Email: email, Password: password, Name: "Ada", Return: to})
	if diff := cmp.Diff(ports.Session{Account: ports.Account{Email: email, Name: "Ada"}}, s); err != nil || diff != "" {
		h.t.Fatalf("sign-up: %v, (-want +got):\n%s", err, diff)
	}
}

func TestNobodyIsInBeforeTheMailIsFollowed(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t, localauth.Config{Confirm: true}), &postbox{}
	verifier := rand.Text() + rand.Text()
	h.signUpAs(password, returning(verifier))
	_, err := h.SignIn(t.Context(), email, password)
	wantCode(t, err, core.CodeEmailUnconfirmed)
	_, err = h.SignIn(t.Context(), email, "another long password")
	wantCode(t, err, core.CodeBadCredentials)
	if n := h.count(`select count(*) from local_auth.sessions`); n != 0 {
		t.Errorf("%d sessions", n)
	}
	mails := h.deliver(box, email)
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	place, code := secretOf(t, mails[0])
	if place+"?from=mail" != ourReturn || strings.Count(mails[0].Text, code) != 1 {
		t.Errorf("the link leads to %s", place)
	}
	wantCode(t, h.Confirm(t.Context(), code), core.CodeBadSignInCode) // it is its verifier's alone
	s, err := h.Exchange(t.Context(), code, verifier)
	if err != nil || !s.Account.EmailConfirmed {
		t.Fatalf("exchange: %+v, %v", s.Account, err)
	}
	if _, err := h.SignIn(t.Context(), email, password); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// No word and no work of the answer tells whether the address has an account;
// the owner's mail does.
func TestS22SignUpsOfATakenAddressAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t, localauth.Config{Confirm: true}), &postbox{}
	h.signUpAs(password, ports.Return{})
	place, token := secretOf(t, h.deliver(box, email)[0])
	if place != issuer+"/auth/confirm" {
		t.Errorf("the link leads to %s", place)
	}
	if err := h.Confirm(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	wantCode(t, h.Confirm(t.Context(), token), core.CodeBadSignInCode)
	h.signUpAs("a stranger's long password", ports.Return{})
	h.signUpAs("a stranger's long password", ports.Return{}) // within the hour
	mails := h.deliver(box, email)
	if len(mails) != 2 || linkForm.MatchString(mails[1].Text) {
		t.Errorf("%d mails, the last says %q", len(mails), mails[len(mails)-1].Text)
	}
	_, err := h.SignIn(t.Context(), email, "a stranger's long password")
	wantCode(t, err, core.CodeBadCredentials)
	if _, err := h.SignIn(t.Context(), email, password); err != nil {
		t.Errorf("the owner: %v", err)
	}
}

// Whoever signs up with another's address leaves nothing behind that works once
// the owner has signed up and followed the mail.
func TestASignUpBeforeTheOwnersIsUndone(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t, localauth.Config{Confirm: true}), &postbox{}
	h.signUpAs("a stranger's long password", ports.Return{})
	_, strangers := secretOf(t, h.deliver(box, email)[0])
	h.later(2 * time.Minute)
	h.signUpAs(password, ports.Return{})
	mails := h.deliver(box, email)
	if len(mails) != 2 {
		t.Fatalf("%d mails", len(mails))
	}
	_, own := secretOf(t, mails[1])
	wantCode(t, h.Confirm(t.Context(), strangers), core.CodeBadSignInCode)
	if err := h.Confirm(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	_, err := h.SignIn(t.Context(), email, "a stranger's long password")
	wantCode(t, err, core.CodeBadCredentials)
	if _, err := h.SignIn(t.Context(), email, password); err != nil {
		t.Error(err)
	}
}

func TestMailsArePaced(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t, localauth.Config{}), &postbox{}
	h.signUp()
	verifier := rand.Text() + rand.Text()
	recoverAt := func(want int, what string) {
		t.Helper()
		if err := h.Recover(t.Context(), email, returning(verifier)); err != nil {
			t.Fatal(err)
		}
		if got := len(h.deliver(box, email)); got != want {
			t.Errorf("%s: %d mails, want %d", what, got, want)
		}
	}
	recoverAt(1, "the first")
	recoverAt(1, "within the minute")
	h.later(time.Minute)
	recoverAt(2, "after it")
	h.exec(`insert into local_auth.mails (id, account_id, kind, redirect, challenge, sent_at)
		select gen_random_uuid(), id, 'taken', '', '', now() from local_auth.accounts, generate_series(1, 18)`)
	h.later(time.Minute)
	recoverAt(2, "the twenty-first of a day")
	_, code := secretOf(t, box.mails[1])
	h.later(time.Hour)
	_, err := h.Exchange(t.Context(), code, verifier)
	wantCode(t, err, core.CodeBadSignInCode) // it lived for an hour
}

// A mail server that is down loses nothing; one that refuses is not asked again.
func TestAMailWaitsForItsServer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	box := &postbox{fails: core.Fail(core.CodeMailUnavailable, errors.New("down"))}
	post := localauth.NewPostman(h.pool, box, issuer)
	h.signUp()
	verifier := rand.Text() + rand.Text()
	if err := h.Recover(t.Context(), email, returning(verifier)); err != nil {
		t.Fatal(err)
	}
	round := func(want int, code core.Code) {
		t.Helper()
		n, err := post.Round(t.Context())
		if n != want || (err == nil) != (code == "") || (err != nil && !core.HasCode(err, code)) {
			t.Errorf("%d sent, %v, want %d and %q", n, err, want, code)
		}
	}
	round(0, core.CodeMailUnavailable)
	round(0, "") // it is not due again at once
	h.later(time.Minute)
	round(0, core.CodeMailUnavailable)
	box.fails = nil
	h.later(2 * time.Minute)
	round(1, "")
	h.later(time.Hour)
	round(0, "")
	if len(box.mails) != 1 {
		t.Fatalf("%d mails", len(box.mails))
	}
	if n := h.count(`select tries from local_auth.mails`); n != 3 {
		t.Errorf("%d tries", n)
	}
	if n := h.count(`select count(*) from local_auth.mails m where m::text like '%' || $1 || '%'`, email); n != 0 {
		t.Error("a row of the mails holds the address")
	}
	box.fails = core.Fail(core.CodeMailRefused, nil)
	if err := h.Recover(t.Context(), email, returning(verifier)); err != nil {
		t.Fatal(err)
	}
	round(0, "")
	box.fails = nil
	h.later(2 * time.Hour)
	round(0, "")
}

// What is asked at once is sent once, by however many processes.
func TestAMailIsSentByOneOfMany(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t, localauth.Config{}), &postbox{}
	h.signUp()
	if err := h.Recover(t.Context(), email, returning(rand.Text()+rand.Text())); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for range 4 {
		go func() {
			_, err := localauth.NewPostman(h.pool, box, issuer).Round(t.Context())
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if len(box.mails) != 1 {
		t.Errorf("%d mails", len(box.mails))
	}
}
