package supabase_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

const (
	ann      = "ann@example.com"
	password = "a good long password"
)

type addressKey struct{}

func withAddress(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, netip.MustParseAddr(address))
}

// accounts opens a project and the adapter to it.
func accounts(t *testing.T, o supabasetest.Options) (*supabasetest.Server, *supabase.Accounts) {
	t.Helper()
	fake, url := project(t, o)
	a, err := supabase.NewAccounts(supabase.AccountsConfig{
		URL: url, AnonKey: supabasetest.DefaultPublishableKey, ServiceKey: supabasetest.DefaultSecretKey,
		ClientAddress: func(ctx context.Context) netip.Addr {
			address, _ := ctx.Value(addressKey{}).(netip.Addr)
			return address
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return fake, a
}

func signUp(ctx context.Context, a *supabase.Accounts, email string) (ports.Session, error) {
	return a.SignUp(ctx, ports.SignUp{Email: email, Password: password, Name: "Ann", ConsentVersion: "2", ConsentTimestamp: "2026-01-02T03:04:05Z"})
}

func principal(t *testing.T, s ports.Session) ports.Principal {
	t.Helper()
	return portstest.SpokenFor(t, s.AccessToken)
}

func TestSignUpSignsIn(t *testing.T) {
	t.Parallel()
	_, a := accounts(t, supabasetest.Options{})
	s, err := signUp(t.Context(), a, ann)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(s.ExpiresAt); left < 59*time.Minute || left > time.Hour {
		t.Errorf("the access token lives %s", left)
	}
	got, err := a.Account(t.Context(), principal(t, s), s.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Account, got); diff != "" {
		t.Errorf("account (-sign-up +read):\n%s", diff)
	}
	if got.Email != ann || got.Name != "Ann" || !got.EmailConfirmed || got.CreatedAt.IsZero() || got.LastSignInAt.IsZero() {
		t.Errorf("account: %+v", got)
	}
	_, err = signUp(t.Context(), a, ann)
	wantCode(t, "the same address again", err, core.CodeEmailTaken, core.Conflict)
}

// TestSignUpTellsNoAddressApart: what waits for confirmation and what is taken
// already answer alike, and neither gives an id to store.
func TestSignUpTellsNoAddressApart(t *testing.T) {
	t.Parallel()
	fake, a := accounts(t, supabasetest.Options{Auth: supabasetest.AuthOptions{ConfirmEmail: true}})
	fresh, err := signUp(t.Context(), a, ann)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ports.Session{Account: ports.Account{Email: ann, Name: "Ann"}}, fresh); diff != "" {
		t.Errorf("a new address (-want +got):\n%s", diff)
	}
	_, err = a.SignIn(t.Context(), ann, password)
	wantCode(t, "unconfirmed", err, core.CodeEmailUnconfirmed, core.Denied)
	mailed, err := signUp(t.Context(), a, ann)
	if err != nil {
		t.Fatalf("a second mail within a minute: %v", err)
	}
	if diff := cmp.Diff(fresh, mailed); diff != "" {
		t.Errorf("an address that was mailed a moment ago is told apart:\n%s", diff)
	}
	if !fake.Confirm(ann) {
		t.Fatal("nothing to confirm")
	}
	taken, err := signUp(t.Context(), a, ann)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fresh, taken); diff != "" {
		t.Errorf("a taken address is told apart:\n%s", diff)
	}
	if _, err := a.SignIn(t.Context(), ann, password); err != nil {
		t.Errorf("confirmed: %v", err)
	}
}

func TestRefusalsAreTheTables(t *testing.T) {
	t.Parallel()
	fake, a := accounts(t, supabasetest.Options{})
	if _, err := signUp(t.Context(), a, ann); err != nil {
		t.Fatal(err)
	}
	_, err := a.SignIn(t.Context(), ann, "wrong")
	wantCode(t, "wrong password", err, core.CodeBadCredentials, core.Denied)
	_, err = a.SignIn(t.Context(), "nobody@example.com", password)
	wantCode(t, "unknown address", err, core.CodeBadCredentials, core.Denied)
	for weak, want := range map[string]core.Code{"short": core.CodeWeakPassword, strings.Repeat("x", 73): core.CodeInvalid, "": core.CodeInvalid} {
		_, err := a.SignUp(t.Context(), ports.SignUp{Email: "bob@example.com", Password: weak})
		wantCode(t, "password of "+weak, err, want, core.Invalid)
	}
	_, err = a.SignUp(t.Context(), ports.SignUp{Email: "not an address", Password: password})
	wantCode(t, "bad address", err, core.CodeInvalid, core.Invalid)
	for _, token := range []string{"", "x", "aaaaaaaaaaaa", strings.Repeat("a", 513)} {
		_, err = a.Refresh(t.Context(), token)
		wantCode(t, "unknown refresh token", err, core.CodeUnauthenticated, core.Denied)
	}
	for _, token := range []string{"", "garbage", fake.LegacyKey("anon")} {
		_, err = a.Account(t.Context(), ports.Principal{}, token)
		wantCode(t, "bad access token", err, core.CodeUnauthenticated, core.Denied)
	}
	fake.Ban(ann, time.Now().Add(time.Hour))
	_, err = a.SignIn(t.Context(), ann, password)
	wantCode(t, "banned", err, core.CodeDenied, core.Denied)
}

func TestRefreshRotatesAndAReplayEndsTheSession(t *testing.T) {
	t.Parallel()
	now := time.Now()
	fake, a := accounts(t, supabasetest.Options{Now: func() time.Time { return now }, Auth: supabasetest.AuthOptions{RefreshTokens: 2}})
	first, err := signUp(t.Context(), a, ann)
	if err != nil {
		t.Fatal(err)
	}
	second, err := a.Refresh(t.Context(), first.RefreshToken)
	if err != nil || second.RefreshToken == first.RefreshToken {
		t.Fatalf("no rotation: %v", err)
	}
	again, err := a.Refresh(t.Context(), first.RefreshToken)
	if err != nil || again.RefreshToken != second.RefreshToken {
		t.Errorf("the parent of the active token gives the active one: %v", err)
	}
	third, err := a.Refresh(t.Context(), second.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(11 * time.Second)
	_, err = a.Refresh(t.Context(), first.RefreshToken)
	wantCode(t, "a replay", err, core.CodeTokenReused, core.Denied)
	_, err = a.Refresh(t.Context(), third.RefreshToken)
	wantCode(t, "the newest token afterwards", err, core.CodeUnauthenticated, core.Denied)
	_, err = a.Account(t.Context(), principal(t, third), third.AccessToken)
	wantCode(t, "the access token afterwards", err, core.CodeUnauthenticated, core.Denied)
	if n := fake.Sessions(); n != 0 {
		t.Errorf("%d sessions are alive", n)
	}
}

func TestRefreshAsksOnceMoreAfterALostAnswer(t *testing.T) {
	t.Parallel()
	for fault, want := range map[supabasetest.Failure]int{supabasetest.LostAnswer: 2, supabasetest.ServerError: 2, supabasetest.SlowDown: 1} {
		fake, a := accounts(t, supabasetest.Options{})
		s, err := signUp(t.Context(), a, ann)
		if err != nil {
			t.Fatal(err)
		}
		fake.Break(supabasetest.Fault{Op: supabasetest.OpToken, Do: fault, Times: 1})
		_, err = a.Refresh(t.Context(), s.RefreshToken)
		if got := fake.Count(supabasetest.OpToken); got != want || (want == 2) != (err == nil) {
			t.Errorf("fault %d: %d tries, %v", fault, got, err)
		}
		fake.Break(supabasetest.Fault{Op: supabasetest.OpToken, Do: supabasetest.BadGateway})
		before := fake.Count(supabasetest.OpToken)
		_, err = a.Refresh(t.Context(), s.RefreshToken)
		wantCode(t, "a lasting fault", err, core.CodeAccountsUnavailable, core.Transient)
		_, err = a.SignIn(t.Context(), ann, password)
		wantCode(t, "signing in", err, core.CodeAccountsUnavailable, core.Transient)
		if got := fake.Count(supabasetest.OpToken) - before; got != 3 {
			t.Errorf("%d tries: two of a refresh and one of a sign-in are right", got)
		}
	}
}

func TestSignOutEndsThisSessionOnly(t *testing.T) {
	t.Parallel()
	fake, a := accounts(t, supabasetest.Options{})
	phone, err := signUp(t.Context(), a, ann)
	if err != nil {
		t.Fatal(err)
	}
	laptop, err := a.SignIn(t.Context(), ann, password)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing to end
		if err := a.SignOut(t.Context(), principal(t, phone), phone.AccessToken); err != nil {
			t.Fatal(err)
		}
	}
	_, err = a.Refresh(t.Context(), phone.RefreshToken)
	wantCode(t, "the ended session", err, core.CodeUnauthenticated, core.Denied)
	if _, err := a.Account(t.Context(), principal(t, laptop), laptop.AccessToken); err != nil {
		t.Errorf("the other session: %v", err)
	}
	_, err = a.Account(t.Context(), principal(t, phone), phone.AccessToken)
	wantCode(t, "the ended session's access token", err, core.CodeUnauthenticated, core.Denied)
	_, err = a.Account(t.Context(), ports.Principal{User: core.NewID()}, laptop.AccessToken)
	wantCode(t, "another's principal", err, core.CodeUnauthenticated, core.Denied)
	if n := fake.Sessions(); n != 1 {
		t.Errorf("%d sessions are alive", n)
	}
}

// TestEachPersonHasTheirOwnRateLimit: forty people sign in from forty addresses
// through one of ours; one person does not get past the burst.
func TestEachPersonHasTheirOwnRateLimit(t *testing.T) {
	t.Parallel()
	now := time.Now()
	_, a := accounts(t, supabasetest.Options{Now: func() time.Time { return now }})
	for i := range 40 {
		address := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String()
		_, err := a.SignIn(withAddress(t.Context(), address), ann, password)
		wantCode(t, address, err, core.CodeBadCredentials, core.Denied)
	}
	var last error
	for range 31 {
		_, last = a.SignIn(withAddress(t.Context(), "2001:db8::1"), ann, password)
	}
	wantCode(t, "the 31st", last, core.CodeRateLimited, core.Busy)
}

func TestTheSecretKeyGoesOnlyWhereItMust(t *testing.T) {
	t.Parallel()
	fake, url := project(t, supabasetest.Options{})
	legacyAnon := fake.LegacyKey("anon")
	for _, x := range []struct{ anon, service, wantOwn, wantAddress string }{
		{supabasetest.DefaultPublishableKey, supabasetest.DefaultSecretKey, supabasetest.DefaultSecretKey, "192.0.2.7"},
		{supabasetest.DefaultPublishableKey, "", supabasetest.DefaultPublishableKey, ""},
		{legacyAnon, fake.LegacyKey("service_role"), legacyAnon, ""},
	} {
		a, err := supabase.NewAccounts(supabase.AccountsConfig{URL: url, AnonKey: x.anon, ServiceKey: x.service,
			ClientAddress: func(context.Context) netip.Addr { return netip.MustParseAddr("::ffff:192.0.2.7") }})
		if err != nil {
			t.Fatal(err)
		}
		before := len(fake.Requests())
		s, err := signUp(t.Context(), a, core.NewID().String()+"@example.com")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Account(t.Context(), principal(t, s), s.AccessToken); err != nil {
			t.Fatal(err)
		}
		own, asUser := fake.Requests()[before], fake.Requests()[before+1]
		got := []string{own.Header.Get("Apikey"), own.Header.Get("Sb-Forwarded-For"), own.Header.Get("X-Supabase-Api-Version"),
			asUser.Header.Get("Apikey"), asUser.Header.Get("Sb-Forwarded-For"), asUser.Header.Get("Authorization")}
		want := []string{x.wantOwn, x.wantAddress, "2024-01-01", x.anon, "", "Bearer " + s.AccessToken}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
	}
}

func TestAccountsRefuseTheWrongKeys(t *testing.T) {
	t.Parallel()
	_, err := supabase.NewAccounts(supabase.AccountsConfig{URL: "x", AnonKey: supabasetest.DefaultSecretKey, ServiceKey: supabasetest.DefaultPublishableKey})
	for _, variable := range []string{"SUPABASE_URL", "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY"} {
		if err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("%s is not named: %v", variable, err)
		}
	}
	_, url := project(t, supabasetest.Options{})
	a, err := supabase.NewAccounts(supabase.AccountsConfig{URL: url, AnonKey: "sb_publishable_of_another"})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, "a key of another project", a.Healthy(t.Context()), core.CodeAccountsUnavailable, core.Paused)
}

func TestAccountsHealthy(t *testing.T) {
	t.Parallel()
	fake, a := accounts(t, supabasetest.Options{})
	if err := a.Healthy(t.Context()); err != nil {
		t.Error(err)
	}
	for _, fault := range []supabasetest.Failure{supabasetest.ServerError, supabasetest.NotJSON, supabasetest.Reset, supabasetest.DatabaseTimeout} {
		fake.Break(supabasetest.Fault{Do: fault})
		wantCode(t, "Healthy", a.Healthy(t.Context()), core.CodeAccountsUnavailable, core.Transient)
		fake.Mend()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Healthy(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
