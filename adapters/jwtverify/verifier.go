// Package jwtverify proves access tokens offline: signature by a public key of
// the issuer, then every claim the service relies on. One verifier serves each
// issuer we take tokens from, because all of them speak the same claims.
//
// The token's header is never trusted for more than a lookup: the algorithm is
// bound to the key, and parameters that carry or fetch keys are refused.
package jwtverify

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// The bounds of a token, the same for every issuer.
const (
	Audience  = "authenticated"  // must be among the token's aud
	Role      = "authenticated"  // must be the token's role
	Leeway    = 30 * time.Second // clock skew forgiven on exp, nbf and iat
	MaxLength = 8 << 10          // bytes of a whole token
	minSecret = 32               // bytes of an HS256 secret
)

// Config says whose tokens are taken.
type Config struct {
	// Issuer is the exact iss, without a normalised trailing slash. Required.
	Issuer string
	// Keys finds the issuer's public keys. Nil only where Secret is set.
	Keys Keys
	// Secret admits HS256 tokens signed with it; at least 32 bytes. Empty
	// refuses HS256, whatever the key.
	Secret []byte
	// Alive says whether a session still exists, so that a sign-out ends its
	// access tokens at once. Nil trusts a token until it expires.
	Alive func(ctx context.Context, p ports.Principal) (bool, error)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Verifier is a ports.Verifier.
type Verifier struct {
	keys       Keys
	secret     []byte
	alive      func(context.Context, ports.Principal) (bool, error)
	algorithms []string // allowed, all of the parser's
	parser     *jwt.Parser
}

var _ ports.Verifier = (*Verifier)(nil)

// New checks the configuration. Its errors are for the operator and print no
// secret.
func New(c Config) (*Verifier, error) {
	switch {
	case c.Issuer == "":
		return nil, errors.New("jwtverify: an issuer is required")
	case c.Keys == nil && len(c.Secret) == 0:
		return nil, errors.New("jwtverify: neither public keys nor an HS256 secret are configured")
	case len(c.Secret) > 0 && len(c.Secret) < minSecret:
		return nil, errors.New("jwtverify: the HS256 secret is shorter than 32 bytes")
	}
	allowed := algorithms(c)
	return &Verifier{keys: c.Keys, secret: c.Secret, alive: c.Alive, algorithms: allowed, parser: newParser(c, allowed)}, nil
}

// algorithms are those of the configured keys; none of them is "none".
func algorithms(c Config) []string {
	var allowed []string
	if c.Keys != nil {
		allowed = append(allowed, algES256, algRS256)
	}
	if len(c.Secret) > 0 {
		allowed = append(allowed, algHS256)
	}
	return allowed
}

// newParser names every option: the library's defaults take tokens without
// exp, of any issuer, for any audience.
func newParser(c Config, algorithms []string) *jwt.Parser {
	now := c.Now
	if now == nil {
		now = time.Now
	}
	return jwt.NewParser(
		jwt.WithValidMethods(algorithms),
		jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithIssuer(c.Issuer),
		jwt.WithAudience(Audience),
		jwt.WithLeeway(Leeway),
		jwt.WithTimeFunc(now),
	)
}

// Verify answers who the token speaks for. A refused token is
// CodeUnauthenticated, or CodeTokenExpired where its age is the only fault.
// CodeAccountsUnavailable says that it could not be judged, because the
// issuer's keys or the sessions cannot be reached: nobody is let in, and nobody
// is told to sign in again.
func (v *Verifier) Verify(ctx context.Context, token string) (ports.Principal, error) {
	payload, err := wellFormed(token)
	if err != nil {
		return ports.Principal{}, refuse(err)
	}
	parsed, err := v.parser.Parse(token, v.keyOf(ctx))
	late := onlyExpired(err)
	if err != nil && !late {
		return ports.Principal{}, refuse(v.disallowed(parsed, err))
	}
	p, err := principal(parsed.Claims.(jwt.MapClaims), payload) // Parse always decodes into MapClaims
	if err != nil {
		return ports.Principal{}, refuse(err)
	}
	if err := v.checkSession(ctx, p); err != nil {
		return ports.Principal{}, refuse(err)
	}
	if late {
		return ports.Principal{}, core.Fail(core.CodeTokenExpired, ReasonExpired)
	}
	return p, nil
}

// disallowed tells an algorithm that is not allowed from a signature that is
// wrong; the library calls both the same.
func (v *Verifier) disallowed(t *jwt.Token, err error) error {
	if t != nil && t.Method != nil && !slices.Contains(v.algorithms, t.Method.Alg()) {
		return ReasonAlgorithm
	}
	return err
}

// checkSession fails closed: a session that cannot be looked up is not alive.
func (v *Verifier) checkSession(ctx context.Context, p ports.Principal) error {
	if v.alive == nil {
		return nil
	}
	if p.Session == "" {
		return ReasonSession
	}
	alive, err := v.alive(ctx, p)
	if err != nil {
		return errors.Join(errUndecided, err)
	}
	if !alive {
		return ReasonSession
	}
	return nil
}

// keyOf finds the key for a token by its kid and binds the algorithm to it: a
// public key never serves as an HMAC secret, nor the other way round.
func (v *Verifier) keyOf(ctx context.Context) jwt.Keyfunc {
	return func(t *jwt.Token) (any, error) {
		kid, err := checkHeader(t.Header)
		if err != nil {
			return nil, err
		}
		if t.Method.Alg() == algHS256 {
			return v.secret, nil
		}
		if kid == "" {
			return nil, ReasonKey
		}
		key, err := v.keys.Key(ctx, kid)
		if err != nil {
			return nil, err
		}
		if key.Algorithm != t.Method.Alg() {
			return nil, ReasonAlgorithm
		}
		return key.Public, nil
	}
}
