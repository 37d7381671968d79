package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/insurance-navigator/navigator/adapters/jwtverify"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
)

const (
	keysName   = "signing keys"
	tokensName = "tokens"
)

// accounts asks whoever keeps the accounts, looks at the keys that tokens are
// proved by, and has the API's own verifier judge a token of each kind.
func (l look) accounts(ctx context.Context) []Check {
	const name = "accounts"
	ours := l.config.AuthProvider != "supabase"
	if ours && !given(l.environ, "AUTH_SIGNING_KEY") && l.service != boot.Dev || !ours && !given(l.environ, "SUPABASE_ANON_KEY") {
		return []Check{skipped(name, "no key is set")}
	}
	ctx, cancel := context.WithTimeout(ctx, roundTime)
	defer cancel()
	asked := good(name, "in this database")
	if !ours {
		asked = good(name, "they answer, and take our key")
		if err := l.config.AskAccounts(ctx); err != nil {
			asked = bad(name, "they do not answer, or not to our key: "+string(core.AsError(err).Code),
				"Check SUPABASE_URL and SUPABASE_ANON_KEY: both are of one project, which is not paused.")
		}
	}
	proof, err := l.config.Proof()
	if err != nil {
		return []Check{asked, bad(keysName, err.Error(), settingsAdvice)}
	}
	keys := published(ctx, proof)
	if keys.State == Bad {
		return []Check{asked, keys, skipped(tokensName, "there are no keys to prove them by")}
	}
	return []Check{asked, keys, l.tokens(ctx, proof)}
}

// published looks for keys at the issuer.
func published(ctx context.Context, proof jwtverify.Config) Check {
	remote, ok := proof.Keys.(*jwtverify.Remote)
	if !ok {
		return good(keysName, "those of the settings, of the issuer "+proof.Issuer)
	}
	err := remote.Warm(ctx)
	switch n := remote.Count(); {
	case err != nil && len(proof.Secret) == 0:
		return bad(keysName, proof.Issuer+" publishes none that can be had: every token will be refused", "Check SUPABASE_URL, and that the project is not paused.")
	case err == nil && n == 0 && len(proof.Secret) == 0:
		return bad(keysName, proof.Issuer+" publishes none: every token will be refused",
			"Let the project sign with keys of its own (JWT signing keys), or set SUPABASE_JWT_SECRET where it still signs with a shared secret.")
	case n == 0:
		return good(keysName, "the shared secret alone, of the issuer "+proof.Issuer)
	default:
		return good(keysName, fmt.Sprintf("%d published by %s", n, proof.Issuer))
	}
}

// kind is a token that is right, or wrong in one thing.
type kind struct {
	name  string
	wrong map[string]any
	want  core.Code // empty: it is taken
}

func kinds(now time.Time) []kind {
	return []kind{
		{"a good one", nil, ""},
		{"an expired one", map[string]any{"exp": now.Add(-time.Hour).Unix()}, core.CodeTokenExpired},
		{"another issuer's", map[string]any{"iss": "https://another.invalid/auth/v1"}, core.CodeUnauthenticated},
		{"one for somebody else", map[string]any{"aud": "another"}, core.CodeUnauthenticated},
		{"one of nobody signed in", map[string]any{"role": "anon"}, core.CodeUnauthenticated},
	}
}

// tokens has one of each kind judged. What the issuer alone can sign cannot be
// made here, and it is said.
func (l look) tokens(ctx context.Context, proof jwtverify.Config) Check {
	verifier, err := jwtverify.New(proof)
	if err != nil {
		return bad(tokensName, err.Error(), settingsAdvice)
	}
	now := time.Now()
	right := map[string]any{"iss": proof.Issuer, "sub": core.NewID().String(), "aud": jwtverify.Audience, "role": jwtverify.Role,
		"session_id": core.NewID().String(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "is_anonymous": false}
	var judged, misjudged []string
	judge := func(name, token string, want core.Code) {
		_, err := verifier.Verify(ctx, token)
		if judged = append(judged, name); want == "" && err != nil || want != "" && !core.HasCode(err, want) {
			misjudged = append(misjudged, name)
		}
	}
	for _, k := range kinds(now) {
		claims := maps.Clone(right)
		maps.Copy(claims, k.wrong)
		token, err := l.config.SignToken(claims)
		if err != nil {
			return bad(tokensName, err.Error(), settingsAdvice)
		}
		if token != "" {
			judge(k.name, token, k.want)
		}
	}
	stranger, unsigned, err := forged(right)
	if err != nil {
		return bad(tokensName, err.Error(), "Try again: this machine could not make a key.")
	}
	judge("a stranger's", stranger, core.CodeUnauthenticated)
	judge("one without a signature", unsigned, core.CodeUnauthenticated)
	if given := setting(l.environ, "NAVIGATOR_TOKEN"); given != "" {
		judge("that of NAVIGATOR_TOKEN", given, "")
	}
	return verdict(judged, misjudged)
}

// forged are tokens that nobody's key has signed.
func forged(claims map[string]any) (stranger, unsigned string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", errors.New("no key could be made")
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims(claims))
	token.Header["kid"] = core.NewID().String()
	if stranger, err = token.SignedString(key); err != nil {
		return "", "", err
	}
	unsigned, err = jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims(claims)).SignedString(jwt.UnsafeAllowNoneSignatureType)
	return stranger, unsigned, err
}

func verdict(judged, misjudged []string) Check {
	if len(misjudged) > 0 {
		return bad(tokensName, "judged wrongly: "+strings.Join(misjudged, ", "),
			"Let API and issuer agree: PUBLIC_URL or SUPABASE_URL as the issuer writes it, and its present keys; a token of NAVIGATOR_TOKEN may have expired.")
	}
	return good(tokensName, "judged rightly: "+strings.Join(judged, ", "))
}
