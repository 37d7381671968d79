package localauth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/crypto/argon2"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func TestSignUpMakesAnAccountAndASession(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{AutoConfirm: true})
	s, err := h.SignUp(t.Context(), ports.SignUp{Email: "  Ada@Navigator.Example ", Password: password, Name: " Ada "})
	if err != nil {
		t.Fatal(err)
	}
	want := ports.Account{ID: s.Account.ID, Email: email, Name: "Ada", EmailConfirmed: true}
	times := cmpopts.IgnoreFields(ports.Account{}, "CreatedAt", "UpdatedAt", "LastSignInAt")
	if diff := cmp.Diff(want, s.Account, times); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
	if s.Account.ID.IsZero() || s.AccessToken == "" || s.RefreshToken == "" || s.Account.CreatedAt.IsZero() || s.Account.LastSignInAt.IsZero() {
		t.Errorf("incomplete session for account %v", s.Account.ID)
	}
	read, err := h.Account(t.Context(), principal(t, s), s.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Account, read); diff != "" {
		t.Errorf("account read back (-signed up +read):\n%s", diff)
	}
}

func TestSignUpTwiceIsEmailTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	h.signUp()
	for _, spelling := range []string{email, strings.ToUpper(email), "\t" + email + "\n"} {
		_, err := h.SignUp(t.Context(), ports.SignUp{Email: spelling, Password: password})
		wantCode(t, err, core.CodeEmailTaken)
	}
	if n := h.count(`select count(*) from local_auth.sessions`); n != 1 {
		t.Errorf("%d sessions, want the first one only", n)
	}
}

func TestSignUpOfOneAddressAtOnceMakesOneAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	var made, taken int
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			_, err := h.SignUp(t.Context(), ports.SignUp{Email: email, Password: password})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if core.HasCode(err, core.CodeEmailTaken) {
				taken++
			}
		})
	}
	group.Wait()
	if made != 1 || taken != 5 {
		t.Errorf("%d made and %d taken, want 1 and 5", made, taken)
	}
}

func TestC6_ConsentIsStoredAsSent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	odd := [][2]string{
		{"v0.0-draft (Änderung)", "yesterday, about noon"},
		{" 2.1 ", "2026-11-22T25:61:00+99:00"},
		{"", ""},
		{"'; drop table accounts; --", "1e400"},
	}
	for i, consent := range odd {
		s, err := h.SignUp(t.Context(), ports.SignUp{
			Email: fmt.Sprintf("person%d@navigator.example", i), Password: password,
			ConsentVersion: consent[0], ConsentTimestamp: consent[1],
		})
		if err != nil {
			t.Fatalf("%q: %v", consent, err)
		}
		var got [2]string
		err = h.super.QueryRow(t.Context(), `select consent_version, consent_timestamp from local_auth.accounts where id = $1`,
			s.Account.ID.String()).Scan(&got[0], &got[1])
		if err != nil {
			t.Fatal(err)
		}
		if got != consent {
			t.Errorf("stored %q, sent %q", got, consent)
		}
	}
}

func TestC6_NothingIsConfirmedUnlessConfigured(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	if h.signUp().Account.EmailConfirmed {
		t.Error("the address is confirmed though nobody confirmed it")
	}
}

func TestFM018_SubjectIsTheSameAtEveryLogin(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	first := h.signUp()
	sessions := map[string]bool{principal(t, first).Session: true}
	for _, spelling := range []string{email, " ADA@navigator.example"} {
		again, err := h.SignIn(t.Context(), spelling, password)
		if err != nil {
			t.Fatal(err)
		}
		_, c := claims(t, again.AccessToken)
		if c["sub"] != first.Account.ID.String() || again.Account.ID != first.Account.ID {
			t.Errorf("subject %v, want %v", c["sub"], first.Account.ID)
		}
		sessions[c["session_id"].(string)] = true
	}
	if len(sessions) != 3 {
		t.Errorf("%d sessions, want one a login", len(sessions))
	}
}

func TestS22_WrongPasswordAndUnknownAddressAreAlike(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	h.signUp()
	var seen []string
	for _, try := range [][2]string{
		{email, password + "!"}, {"nobody@navigator.example", password}, {"not an address", password},
		{email, ""}, {email, strings.Repeat("x", 73)}, {email, "\xff\xfe"}, {"", ""}, {email, "a\x00b"},
	} {
		_, err := h.SignIn(t.Context(), try[0], try[1])
		wantCode(t, err, core.CodeBadCredentials)
		e := core.AsError(err)
		seen = append(seen, fmt.Sprintf("%s %s %v %v", e, e.Kind, e.After, e.Err))
	}
	for _, s := range seen {
		if s != seen[0] {
			t.Errorf("answers differ: %q and %q", seen[0], s)
		}
	}
}

func TestSignInFindsOnePasswordInAllItsSpellings(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	composed, decomposed := "sieben stille Bl\u00e4tter", "sieben stille Bla\u0308tter"
	if _, err := h.SignUp(t.Context(), ports.SignUp{Email: email, Password: composed}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SignIn(t.Context(), email, decomposed); err != nil {
		t.Errorf("the other spelling of one password: %v", err)
	}
}

func TestPasswordIsKeptAsArgon2idOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	s := h.signUp()
	var hash, everything string
	err := h.super.QueryRow(t.Context(), `select password_hash, a::text from local_auth.accounts a`).Scan(&hash, &everything)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash begins %.32s", hash)
	}
	tokens := ""
	if err := h.super.QueryRow(t.Context(), `select string_agg(t::text, ' ') from local_auth.refresh_tokens t`).Scan(&tokens); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(everything, password) || strings.Contains(tokens, s.RefreshToken) {
		t.Error("a secret is stored as it is")
	}
}

func TestWeakerHashIsRenewedAtLogin(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	h.signUp()
	salt := []byte("0123456789abcdef")
	old := fmt.Sprintf("$argon2id$v=19$m=64,t=1,p=1$%s$%s", base64.RawStdEncoding.EncodeToString(salt),
		base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte(password), salt, 1, 64, 1, 32)))
	h.exec(`update local_auth.accounts set password_hash = $1`, old)

	_, err := h.SignIn(t.Context(), email, password+"!")
	wantCode(t, err, core.CodeBadCredentials)
	if n := h.count(`select count(*) from local_auth.accounts where password_hash = $1`, old); n != 1 {
		t.Error("a wrong password renewed the hash")
	}
	for range 2 { // with the old hash, then with the new one
		if _, err := h.SignIn(t.Context(), email, password); err != nil {
			t.Fatal(err)
		}
	}
	if n := h.count(`select count(*) from local_auth.accounts where password_hash like '$argon2id$v=19$m=19456,t=2,p=1$%'`); n != 1 {
		t.Error("the hash was not renewed")
	}
}

func TestUnreadableHashIsAFaultOfOurs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	h.signUp()
	for _, bad := range []string{
		"$argon2id$", "$argon2id$v=19$m=0,t=1,p=1$MDEyMzQ1Njc$MDEyMzQ1Njc4OWFiY2RlZg", "$argon2id$v=16$m=64,t=1,p=1$MDEyMzQ1Njc$MDEyMzQ1Njc4OWFiY2RlZg",
		"$argon2id$v=19$m=4294967295,t=1,p=1$MDEyMzQ1Njc4OWFi$MDEyMzQ1Njc4OWFiY2RlZg", "$argon2id$v=19$m=64,t=1,p=1$!!!$MDEyMzQ1Njc4OWFiY2RlZg",
	} {
		h.exec(`update local_auth.accounts set password_hash = $1`, bad)
		_, err := h.SignIn(t.Context(), email, password)
		wantCode(t, err, core.CodeAccountsUnavailable)
	}
}

func TestEndedContextIsToldAsSuch(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	h.signUp()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.SignIn(ctx, email, password)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("sign in: %v, want the context's error", err)
	}
	_, err = h.SignUp(ctx, ports.SignUp{Email: "b@navigator.example", Password: password})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("sign up: %v, want the context's error", err)
	}
}

func TestDatabaseAwayIsAccountsUnavailable(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	s := h.signUp()
	p := principal(t, s)
	if err := h.Healthy(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.pool.Close()
	wantCode(t, h.Healthy(t.Context()), core.CodeAccountsUnavailable)
	_, err := h.SignIn(t.Context(), email, password)
	wantCode(t, err, core.CodeAccountsUnavailable)
	_, err = h.Refresh(t.Context(), s.RefreshToken)
	wantCode(t, err, core.CodeAccountsUnavailable)
	_, err = h.SessionAlive(t.Context(), p)
	wantCode(t, err, core.CodeAccountsUnavailable)
	wantCode(t, h.SignOut(t.Context(), p, ""), core.CodeAccountsUnavailable)
}

func TestS19_DeletedAccountIsGoneAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	s := h.signUp()
	h.exec(`delete from local_auth.accounts`)
	_, err := h.Account(t.Context(), principal(t, s), s.AccessToken)
	wantCode(t, err, core.CodeUnauthenticated)
	_, err = h.Refresh(t.Context(), s.RefreshToken)
	wantCode(t, err, core.CodeUnauthenticated)
	if alive, err := h.SessionAlive(t.Context(), principal(t, s)); alive || err != nil {
		t.Errorf("alive %v, %v; want false", alive, err)
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localauth.Config{})
	for name, c := range map[string]localauth.Config{
		"no issuer":         {},
		"short passwords":   {Issuer: issuer, MinPassword: 7},
		"long passwords":    {Issuer: issuer, MinPassword: 73},
		"refresh too short": {Issuer: issuer, AccessTTL: time.Hour, RefreshTTL: time.Minute},
	} {
		if _, err := localauth.New(h.pool, h.keys, c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := localauth.New(nil, h.keys, localauth.Config{Issuer: issuer}); err == nil {
		t.Error("no pool: accepted")
	}
}
