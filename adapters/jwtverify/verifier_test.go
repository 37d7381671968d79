package jwtverify_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/adapters/jwtverify"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func TestS18_GoodTokensPass(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	v := newVerifier(t, jwtverify.Config{Keys: s.static(t), Secret: []byte(secret)})
	at := now.Unix()
	for name, token := range map[string]string{
		"ES256":             s.token(goodClaims),
		"RS256":             s.rs(rsHeader.json(), goodClaims.json()),
		"HS256":             hs([]byte(secret), hsHeader.json(), goodClaims.json()),
		"HS256 with kid":    hs([]byte(secret), hsHeader.with(object{"kid": "legacy"}).json(), goodClaims.json()),
		"aud array":         s.token(goodClaims.with(object{"aud": []string{"other", "authenticated"}})),
		"29 s past":         s.token(goodClaims.with(object{"exp": at - 29})),
		"iat 29 s ahead":    s.token(goodClaims.with(object{"iat": at + 29, "nbf": at + 29})),
		"fractional exp":    s.token(goodClaims.with(object{"exp": float64(at) + 0.5})),
		"without anonymous": s.token(goodClaims.with(object{"is_anonymous": nil, "email": nil, "session_id": nil})),
		"unknown header":    s.es(esHeader.with(object{"x-trace": "1"}).json(), goodClaims.json()),
	} {
		p, err := v.Verify(t.Context(), token)
		if err != nil || p.User.String() != subject {
			t.Errorf("%s: %v (%s)", name, err, jwtverify.ReasonOf(err))
		}
	}
}

func TestPrincipalIsWhatTheTokenSays(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	v := newVerifier(t, jwtverify.Config{Keys: s.static(t)})
	p, err := v.Verify(t.Context(), s.token(goodClaims))
	if err != nil {
		t.Fatal(err)
	}
	user, err := core.ParseID(subject)
	if err != nil {
		t.Fatal(err)
	}
	want := ports.Principal{
		User: user, Session: session, Email: "ada@navigator.example",
		ExpiresAt: now.Add(840 * time.Second), Claims: []byte(goodClaims.json()),
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("principal (-want +got):\n%s", diff)
	}
}

func TestL001_ExpiredTokenSaysSo(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	v := newVerifier(t, jwtverify.Config{Keys: s.static(t)})
	for _, exp := range []int64{now.Unix() - 30, now.Unix() - 31, 1, -1, -1 << 40} {
		_, err := v.Verify(t.Context(), s.token(goodClaims.with(object{"exp": exp})))
		if !core.HasCode(err, core.CodeTokenExpired) || jwtverify.ReasonOf(err) != jwtverify.ReasonExpired {
			t.Errorf("exp %d: %v", exp, err)
		}
	}
}

func TestFM033_FM036_TokenOfAnotherIssuerIsRefusedByReason(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	v := newVerifier(t, jwtverify.Config{Keys: s.static(t), Issuer: "https://other.example/auth/v1"})
	wantRefused(t, v, s.token(goodClaims), jwtverify.ReasonIssuer)
}

func TestFM034_WrongIssuerAudienceAlgorithmAndKind(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	v := newVerifier(t, jwtverify.Config{Keys: s.static(t)})
	wantRefused(t, v, s.token(goodClaims.with(object{"iss": "https://other.example"})), jwtverify.ReasonIssuer)
	wantRefused(t, v, s.token(goodClaims.with(object{"aud": "other"})), jwtverify.ReasonAudience)
	wantRefused(t, v, hs([]byte(secret), hsHeader.json(), goodClaims.json()), jwtverify.ReasonAlgorithm)
	wantRefused(t, v, "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA", jwtverify.ReasonMalformed)
}

func TestS18_SecretAloneTakesNoPublicKeyTokens(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	v := newVerifier(t, jwtverify.Config{Secret: []byte(secret)})
	if _, err := v.Verify(t.Context(), hs([]byte(secret), hsHeader.json(), goodClaims.json())); err != nil {
		t.Error(err)
	}
	wantRefused(t, v, s.token(goodClaims), jwtverify.ReasonAlgorithm)
	wantRefused(t, v, s.rs(rsHeader.json(), goodClaims.json()), jwtverify.ReasonAlgorithm)
}

func TestS18_KidIsAskedForOnlyWhenTheHeaderIsPlain(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	keys := &countingKeys{Keys: s.static(t)}
	v := newVerifier(t, jwtverify.Config{Keys: keys})
	for _, h := range []object{{"jku": "https://evil.example"}, {"crit": []string{"x"}}, {"kid": strings.Repeat("k", 300)}, {"typ": "x"}, {"alg": "none"}} {
		if _, err := v.Verify(t.Context(), s.es(esHeader.with(h).json(), goodClaims.json())); err == nil {
			t.Fatalf("%v passed", h)
		}
	}
	if len(keys.asked) != 0 {
		t.Errorf("keys asked for %q", keys.asked)
	}
}

func TestS19_EndedSessionIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	gone := map[string]bool{}
	v := newVerifier(t, jwtverify.Config{Keys: s.static(t), Alive: func(_ context.Context, p ports.Principal) (bool, error) { return !gone[p.Session], nil }})
	good, late := s.token(goodClaims), s.token(goodClaims.with(object{"exp": now.Unix() - 60}))
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, v, s.token(goodClaims.with(object{"session_id": nil})), jwtverify.ReasonSession)
	gone[session] = true
	wantRefused(t, v, good, jwtverify.ReasonSession)
	wantRefused(t, v, late, jwtverify.ReasonSession)
}

func TestWhatCannotBeJudgedIsNotUnauthenticated(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	down := errors.New("database away")
	v := newVerifier(t, jwtverify.Config{Keys: s.static(t), Alive: func(context.Context, ports.Principal) (bool, error) { return true, down }})
	_, err := v.Verify(t.Context(), s.token(goodClaims))
	if !core.HasCode(err, core.CodeAccountsUnavailable) || jwtverify.ReasonOf(err) != jwtverify.ReasonUnavailable || !errors.Is(err, down) {
		t.Errorf("error %v", err)
	}
	v = newVerifier(t, jwtverify.Config{Keys: s.static(t), Alive: func(ctx context.Context, _ ports.Principal) (bool, error) { return false, ctx.Err() }})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = v.Verify(ctx, s.token(goodClaims)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	for name, c := range map[string]jwtverify.Config{
		"nothing": {}, "no issuer": {Keys: s.static(t)}, "no keys": {Issuer: issuer}, "weak secret": {Issuer: issuer, Secret: []byte("canary")},
	} {
		_, err := jwtverify.New(c)
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Any change of any byte of a good token is refused.
func TestS18_NoByteOfATokenMayChange(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	v := newVerifier(t, jwtverify.Config{Keys: s.static(t)})
	good := s.token(goodClaims)
	rapid.Check(t, func(r *rapid.T) {
		at := rapid.IntRange(0, len(good)-1).Draw(r, "at")
		by := rapid.Byte().Filter(func(b byte) bool { return b != good[at] }).Draw(r, "by")
		if _, err := v.Verify(context.Background(), good[:at]+string([]byte{by})+good[at+1:]); err == nil {
			r.Fatalf("byte %d changed to %q and taken", at, by)
		}
	})
}

// FuzzVerify: no input panics, and none passes but the tokens that were issued.
func FuzzVerify(f *testing.F) {
	s := newSigner(f)
	v := newVerifier(f, jwtverify.Config{Keys: s.static(f), Secret: []byte(secret)})
	issued := map[string]bool{
		s.token(goodClaims): true, s.rs(rsHeader.json(), goodClaims.json()): true, hs([]byte(secret), hsHeader.json(), goodClaims.json()): true,
	}
	for token := range issued {
		f.Add(token)
	}
	for _, seed := range []string{"", "..", "a.b.c", "e30.e30.", encode([]byte(esHeader.json())) + "." + encode([]byte(`{"exp":1e308}`)) + ".AA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		p, err := v.Verify(context.Background(), token)
		switch {
		case err == nil && (!issued[token] || p.User.IsZero()):
			t.Fatalf("taken: %q", token)
		case err != nil && !core.HasCode(err, core.CodeUnauthenticated) && !core.HasCode(err, core.CodeTokenExpired):
			t.Fatalf("error %v", err)
		}
	})
}
