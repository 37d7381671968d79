package supabase

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// mailFresh is for how long a session that a mail's link opened may set a
// password without the present one.
const mailFresh = 15 * time.Minute

// ChangePassword implements ports.Accounts. The service asks for no proof but
// the access token; here the present password is proved by signing in with it.
// That makes a session, which the change ends with the others, and which is
// ended here where the change fails.
func (a *Accounts) ChangePassword(ctx context.Context, p ports.Principal, accessToken, present, next string) error {
	if present == "" {
		if !byMail(p.Claims, a.now()) {
			return core.Fail(core.CodeBadCredentials, nil)
		}
		return a.setPassword(ctx, accessToken, next)
	}
	proof, err := a.SignIn(ctx, p.Email, present)
	switch {
	case core.HasCode(err, core.CodeInvalid):
		return core.Fail(core.CodeBadCredentials, err)
	case err != nil:
		return err
	case proof.Account.ID == p.User:
		err = a.setPassword(ctx, accessToken, next)
	default:
		err = core.Fail(core.CodeUnauthenticated, nil)
	}
	if err != nil {
		_ = a.SignOut(context.WithoutCancel(ctx), p, proof.AccessToken) // nobody has its tokens: it is left to time out
	}
	return err
}

func (a *Accounts) setPassword(ctx context.Context, accessToken, next string) error {
	var out userBody
	r := request{method: http.MethodPut, path: authPath + "user", in: map[string]string{"password": next}}
	return a.asUser(ctx, "user", 1, r, accessToken, &out)
}

// byMail reports whether a link in a mail opened the session a moment ago. The
// claims are proved; amr tells how and when the person was.
func byMail(claims []byte, now time.Time) bool {
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
		recovered := m.Method == "recovery" || m.Method == "otp" || m.Method == "magiclink"
		if age := now.Sub(time.Unix(m.At, 0)); recovered && age < mailFresh && age > -mailFresh {
			return true
		}
	}
	return false
}
