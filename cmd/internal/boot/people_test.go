package boot_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/jwtverify"
	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// moved is a clock that is set by the test alone.
type moved struct{ by time.Duration }

func (m *moved) now() time.Time        { return time.Now().Add(m.by) }
func (m *moved) later(d time.Duration) { m.by += d }

// newcomer signs somebody new up and answers the session.
func newcomer(t *testing.T, a ports.Accounts) ports.Session {
	t.Helper()
	s, err := a.SignUp(t.Context(), ports.SignUp{Email: core.NewID().String() + "@example.com", Password: "quiet-heron-lantern"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// One verifier proves the tokens of both kinds of accounts.
func TestOneVerifierServesBothAccounts(t *testing.T) {
	t.Parallel()
	t.Run("supabase", func(t *testing.T) {
		t.Parallel()
		portstest.Verifier(t, func(t *testing.T) portstest.Tokens { return supabaseTokens(t, supabasetest.AuthOptions{}) })
	})
	t.Run("supabase with a shared secret", func(t *testing.T) {
		t.Parallel()
		portstest.Verifier(t, func(t *testing.T) portstest.Tokens {
			v := supabaseTokens(t, supabasetest.AuthOptions{SharedSecret: true})
			v.StandBy, v.Rotate, v.Revoke = nil, nil, nil
			return v
		})
	})
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		portstest.Verifier(t, localTokens)
	})
}

func supabaseTokens(t *testing.T, o supabasetest.AuthOptions) portstest.Tokens {
	t.Helper()
	const secret = "a shared secret of the project, of 32 bytes"
	clock := &moved{}
	fake, err := supabasetest.New(supabasetest.Options{Auth: o, JWTSecret: secret})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	accounts, err := supabase.NewAccounts(supabase.AccountsConfig{URL: server.URL, AnonKey: supabasetest.DefaultPublishableKey})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := jwtverify.NewRemote(server.URL+"/auth/v1/.well-known/jwks.json", nil, clock.now)
	if err != nil {
		t.Fatal(err)
	}
	config := jwtverify.Config{Issuer: server.URL + "/auth/v1", Keys: keys, Now: clock.now}
	if o.SharedSecret {
		config.Secret = []byte(secret)
	}
	step := func(do func() error) func(*testing.T) {
		return func(t *testing.T) {
			t.Helper()
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return portstest.Tokens{
		Verifier: verifierOf(t, config), Later: clock.later, KeysAge: 10 * time.Minute,
		Issue: func(t *testing.T) string { return newcomer(t, accounts).AccessToken },
		Strangers: map[string]string{
			"the secret key": supabasetest.DefaultSecretKey, "the publishable key": supabasetest.DefaultPublishableKey,
			"the older anon key": fake.LegacyKey("anon"), "the older service key": fake.LegacyKey("service_role"), "a refresh token": newcomer(t, accounts).RefreshToken,
		},
		StandBy: step(fake.StandBy), Rotate: step(fake.Rotate), Revoke: step(func() error { fake.Revoke(); return nil }),
	}
}

func localTokens(t *testing.T) portstest.Tokens {
	t.Helper()
	clock := &moved{}
	pool, err := pgxpool.New(t.Context(), dbtest.New(t, db.Schemas{}).URL("inav_app"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	keys, err := localauth.ParseKeys(pem)
	if err != nil {
		t.Fatal(err)
	}
	const issuer = "https://navigator.example"
	accounts, err := localauth.New(postgres.NewSteady(pool), keys, localauth.Config{Issuer: issuer})
	if err != nil {
		t.Fatal(err)
	}
	static, err := jwtverify.ParseJWKS(keys.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	return portstest.Tokens{
		Verifier: verifierOf(t, jwtverify.Config{Issuer: issuer, Keys: static, Alive: accounts.SessionAlive, Now: clock.now}), Later: clock.later,
		Issue:     func(t *testing.T) string { return newcomer(t, accounts).AccessToken },
		Strangers: map[string]string{"a refresh token": newcomer(t, accounts).RefreshToken},
	}
}

func verifierOf(t *testing.T, c jwtverify.Config) *jwtverify.Verifier {
	t.Helper()
	v, err := jwtverify.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Everything that people do with accounts of a Supabase project, through the
// API: another site, a forgotten password, and whom the project is told of.
func TestSupabaseAccountsThroughTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const back = "https://app.example.org/auth/callback"
	w.config.AuthProvider, w.config.SupabaseAnon = "supabase", supabasetest.DefaultPublishableKey
	w.config.AuthSites, w.config.AuthRedirects = []string{"github"}, []string{back}
	w.start(boot.Dev)
	verifier := strings.Repeat("v", 43)
	challenge := portstest.Returning(back, verifier).Challenge

	var where struct{ URL string }
	query := url.Values{"provider": {"github"}, "redirect_to": {back}, "code_challenge": {challenge}}
	if status := w.call(http.MethodGet, w.api+"/auth/authorize?"+query.Encode(), "", nil, &where); status != http.StatusOK {
		t.Fatalf("authorize answered %d", status)
	}
	octocat := w.exchanges(w.comes(where.URL, back), verifier)
	if status := w.call(http.MethodGet, w.api+"/documents", octocat, nil, nil); status != http.StatusOK {
		t.Errorf("the other site's person is answered %d", status)
	}

	ada := w.person("ada")
	mail := map[string]string{"email": "ada@example.com", "redirect_to": back, "code_challenge": challenge}
	for _, email := range []string{"ada@example.com", "ada@example.com", "nobody@example.com"} {
		mail["email"] = email
		if status := w.call(http.MethodPost, w.api+"/auth/recover", "", mail, nil); status != http.StatusAccepted {
			t.Errorf("recover for %s answered %d", email, status)
		}
	}
	link, ok := w.supa.Link("ada@example.com")
	if !ok {
		t.Fatal("no mail was sent")
	}
	recovered := w.exchanges(w.comes(w.config.SupabaseURL+link, back), verifier)
	change := map[string]string{"password": "nine loud geese before noon"}
	if status := w.call(http.MethodPut, w.api+"/auth/password", ada.token, change, nil); status != http.StatusUnauthorized {
		t.Errorf("a session of a password changes it without: %d", status)
	}
	if status := w.call(http.MethodPut, w.api+"/auth/password", recovered, change, nil); status != http.StatusNoContent {
		t.Errorf("a recovered session: %d", status)
	}
	for _, r := range w.supa.Requests() {
		if r.Op == supabasetest.OpToken && r.Header.Get("Sb-Forwarded-For") != "127.0.0.1" {
			t.Errorf("the project was told of %q", r.Header.Get("Sb-Forwarded-For"))
		}
	}
	if strings.Contains(w.logs.String(), verifier) || strings.Contains(w.logs.String(), challenge) {
		t.Error("the log tells verifiers or challenges")
	}
}

// exchanges trades a code for an access token.
func (w *world) exchanges(code, verifier string) string {
	w.t.Helper()
	var session struct {
		AccessToken string `json:"access_token"`
	}
	if status := w.call(http.MethodPost, w.api+"/auth/exchange", "", map[string]string{"code": code, "code_verifier": verifier}, &session); status != http.StatusOK {
		w.t.Fatalf("exchange answered %d", status)
	}
	return session.AccessToken
}

// comes is the code that a browser brings back to our own page.
func (w *world) comes(address, back string) string {
	w.t.Helper()
	code, err := supabasetest.CodeAt(w.t.Context(), address, back)
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

// A project that signs with its shared secret is served once that is configured,
// and its tokens are refused without.
func TestSharedSecretIsTakenOnlyWhereConfigured(t *testing.T) {
	t.Parallel()
	const secret = "a shared secret of the project, of 32 bytes"
	for _, configured := range []boot.Secret{"", secret} {
		w := newWorld(t)
		var err error
		w.damages() // the storage goes with the server that is put in its place
		if w.supa, err = supabasetest.New(supabasetest.Options{JWTSecret: secret, Auth: supabasetest.AuthOptions{SharedSecret: true}}); err != nil {
			t.Fatal(err)
		}
		w.config.SupabaseURL, w.config.SupabaseSecret = w.serve(w.supa), configured
		w.config.AuthProvider, w.config.SupabaseAnon = "supabase", supabasetest.DefaultPublishableKey
		w.start(boot.API)
		want := map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}[configured.Set()]
		if status := w.call(http.MethodGet, w.api+"/documents", w.person("ada").token, nil, nil); status != want {
			t.Errorf("configured %v: %d, want %d", configured.Set(), status, want)
		}
		if status := w.call(http.MethodGet, w.api+"/documents", w.supa.LegacyKey("service_role"), nil, nil); status != http.StatusUnauthorized {
			t.Errorf("the older service key is answered %d", status)
		}
	}
}

// The key of local accounts changes without anyone being signed out: the former
// one is believed beside the new one, and no longer than it is configured.
func TestLocalKeyChangesWithoutSigningAnyoneOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.API)
	before := w.person("ada").token
	w.halt()
	next, err := localauth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	w.config.FormerKey, w.config.SigningKey = w.config.SigningKey, boot.Secret(next)
	w.start(boot.API)
	for name, token := range map[string]string{"from before": before, "of the new key": w.signIn("ada")} {
		if status := w.call(http.MethodGet, w.api+"/auth/user", token, nil, nil); status != http.StatusOK {
			t.Errorf("a token %s is answered %d", name, status)
		}
	}
	w.halt()
	w.config.FormerKey = ""
	w.start(boot.API)
	if status := w.call(http.MethodGet, w.api+"/auth/user", before, nil, nil); status != http.StatusUnauthorized {
		t.Errorf("a token of a key that is gone is answered %d", status)
	}
}

// Local accounts know no other sites, and say so; passwords they change.
func TestLocalAccountsSayWhatTheyDoNotOffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.API)
	ada := w.person("ada")
	query := url.Values{"provider": {"google"}, "redirect_to": {"http://localhost:3000/auth/callback"}, "code_challenge": {strings.Repeat("c", 43)}}
	var problem accepted
	if status := w.call(http.MethodGet, w.api+"/auth/authorize?"+query.Encode(), "", nil, &problem); status != http.StatusNotFound || problem.Code != string(core.CodeNotOffered) {
		t.Errorf("authorize: %d %s", status, problem.Code)
	}
	change := map[string]string{"current_password": "quiet-heron-lantern-ada", "password": "nine loud geese before noon"}
	if status := w.call(http.MethodPut, w.api+"/auth/password", ada.token, change, nil); status != http.StatusNoContent {
		t.Errorf("changing the password: %d", status)
	}
}
