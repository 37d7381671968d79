package localauth

import (
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// role is the token's aud and its role; row policies know no other.
const role = "authenticated"

// session signs the access token of an opened session.
func (a *Accounts) session(o opened) (ports.Session, error) {
	now := a.config.Now().Truncate(time.Second)
	expires := now.Add(a.config.AccessTTL)
	access, err := a.keys.Sign(claims(a.config.Issuer, o, now, expires))
	if err != nil {
		return ports.Session{}, core.Fail(core.CodeInternal, err)
	}
	return ports.Session{AccessToken: access, RefreshToken: o.refresh, ExpiresAt: expires, Account: o.account}, nil
}

// claims are the hosted provider's, name by name, so that one verifier and one
// set of row policies serve both.
func claims(issuer string, o opened, now, expires time.Time) jwt.MapClaims {
	return jwt.MapClaims{
		"iss":           issuer,
		"sub":           o.account.ID.String(),
		"aud":           role,
		"exp":           expires.Unix(),
		"iat":           now.Unix(),
		"email":         o.account.Email,
		"phone":         "",
		"role":          role,
		"session_id":    o.id.String(),
		"aal":           "aal1",
		"amr":           []map[string]any{{"method": string(o.method), "timestamp": o.began.Unix()}},
		"app_metadata":  map[string]any{"provider": "email", "providers": []string{"email"}},
		"user_metadata": map[string]any{"name": o.account.Name},
		"is_anonymous":  false,
	}
}
