package boot

import (
	"context"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/insurance-navigator/navigator/adapters/jwtverify"
	"github.com/insurance-navigator/navigator/adapters/localauth"
)

// Proof is how the API judges access tokens, but for the question whether their
// session still lives, which is the database's to answer.
func (c Config) Proof() (jwtverify.Config, error) {
	if c.AuthProvider == "supabase" {
		proof, _, err := c.supabaseProof()
		return proof, err
	}
	keys, err := c.signingKeys()
	if err != nil {
		return jwtverify.Config{}, err
	}
	return c.localProof(keys)
}

func (c Config) localProof(keys *localauth.Keys) (jwtverify.Config, error) {
	static, err := jwtverify.ParseJWKS(keys.JWKS())
	return jwtverify.Config{Issuer: c.PublicURL, Keys: static}, err
}

func (c Config) supabaseProof() (jwtverify.Config, *jwtverify.Remote, error) {
	issuer := strings.TrimRight(c.SupabaseURL, "/") + "/auth/v1"
	keys, err := jwtverify.NewRemote(issuer+"/.well-known/jwks.json", nil, nil)
	if err != nil {
		return jwtverify.Config{}, nil, err
	}
	return jwtverify.Config{Issuer: issuer, Keys: keys, Secret: []byte(c.SupabaseSecret.Reveal())}, keys, nil
}

// SignToken makes a token as the issuer would. It is empty where the issuer
// alone can: where that is a project that signs with keys of its own.
func (c Config) SignToken(claims map[string]any) (string, error) {
	switch {
	case c.AuthProvider != "supabase":
		keys, err := c.signingKeys()
		if err != nil {
			return "", err
		}
		return keys.Sign(jwt.MapClaims(claims))
	case c.SupabaseSecret.Set():
		return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims)).SignedString([]byte(c.SupabaseSecret.Reveal()))
	}
	return "", nil
}

// AskAccounts makes one cheap call to whoever keeps the accounts; where that is
// this service's own database there is nobody to ask.
func (c Config) AskAccounts(ctx context.Context) error {
	if c.AuthProvider != "supabase" {
		return nil
	}
	accounts, err := c.supabaseAccounts(nil)
	if err != nil {
		return err
	}
	return accounts.Healthy(ctx)
}
