package supabase

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// mailFresh is for how long a session that a mail's link opened may set a
// password without the present one.
const mailFresh = 15 * time.Minute

// signInFresh is for how long a sign-in is proof of the person.
const signInFresh = 5 * time.Minute

// ChangePassword implements ports.Accounts. The service asks for no proof but
// the access token; here the present password is proved by signing in with it.
// That makes a session, which the change ends with the others, and which is
// ended here where the change fails.
func (a *Accounts) ChangePassword(ctx context.Context, p ports.Principal, accessToken, present, next string) error {
	if present == "" {
		if !provedBy(p.Claims, a.now(), mailFresh, mailMethods) {
			return core.Fail(core.CodeBadCredentials, nil)
		}
		return a.setPassword(ctx, p, accessToken, next)
	}
	return a.withProof(ctx, p, present, true, func() error { return a.setPassword(ctx, p, accessToken, next) })
}

// Prove implements ports.Closing.
func (a *Accounts) Prove(ctx context.Context, p ports.Principal, _, present string) error {
	if present != "" {
		return a.withProof(ctx, p, present, false, func() error { return nil })
	}
	if !provedBy(p.Claims, a.now(), signInFresh, nil) {
		return core.Fail(core.CodeBadCredentials, nil)
	}
	return nil
}

// withProof signs in with the password and acts where that is the principal's.
// The session that it made is ended, unless the act did so.
func (a *Accounts) withProof(ctx context.Context, p ports.Principal, present string, ends bool, act func() error) error {
	proof, err := a.SignIn(ctx, p.Email, present)
	switch {
	case core.HasCode(err, core.CodeInvalid):
		return core.Fail(core.CodeBadCredentials, err)
	case err != nil:
		return err
	case proof.Account.ID == p.User:
		err = act()
	default:
		err = core.Fail(core.CodeUnauthenticated, nil)
	}
	if err != nil || !ends {
		_ = a.endAtService(context.WithoutCancel(ctx), "local", proof.AccessToken) // nobody has its tokens: it is left to time out
	}
	return err
}

// setPassword ends the other sessions, too: the service by itself, and here.
func (a *Accounts) setPassword(ctx context.Context, p ports.Principal, accessToken, next string) error {
	var out userBody
	r := request{method: http.MethodPut, path: authPath + "user", in: map[string]string{"password": next}}
	if err := a.asUser(ctx, "user", 1, r, accessToken, &out); err != nil {
		return err
	}
	return a.ended.EndOthers(ctx, p.User, p.Session)
}

// mailMethods are the service's words for a link in a mail.
var mailMethods = []string{"recovery", "otp", "magiclink"}

// provedBy reports whether the session's person was proved a moment ago, in one
// of the ways or, where none is named, in any. The claims are proved; amr tells
// how and when the person was.
func provedBy(claims []byte, now time.Time, fresh time.Duration, ways []string) bool {
	var token struct {
		Methods []struct {
			Method string `json:"method"`
			At     int64  `json:"timestamp"`
		} `json:"amr"`
	}
	if json.Unmarshal(claims, &token) != nil {
		return false
	}
	for _, m := range token.Methods {
		fits := len(ways) == 0 || slices.Contains(ways, m.Method)
		if age := now.Sub(time.Unix(m.At, 0)); fits && age < fresh && age > -fresh {
			return true
		}
	}
	return false
}
