package supabase

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// maxToken is far above every refresh token's length; their form is nobody's
// business but the service's.
const maxToken = 512

// Refresh implements ports.Accounts. Those who trade one token at the same time
// wait for one trade and share its answer: the service makes trades of one
// session wait for each other, and then gives up on the last. A caller that
// leaves does not end the trade for the others.
func (a *Accounts) Refresh(ctx context.Context, refreshToken string) (ports.Session, error) {
	if refreshToken == "" || len(refreshToken) > maxToken {
		return ports.Session{}, core.Fail(core.CodeUnauthenticated, nil)
	}
	if ctx.Err() != nil {
		return ports.Session{}, fmt.Errorf("accounts: %w", context.Cause(ctx))
	}
	traded := a.trades.DoChan(refreshToken, func() (any, error) {
		return a.trade(context.WithoutCancel(ctx), refreshToken)
	})
	select {
	case <-ctx.Done():
		return ports.Session{}, fmt.Errorf("accounts: %w", context.Cause(ctx))
	case got := <-traded:
		session, _ := got.Val.(ports.Session)
		return session, got.Err
	}
}

// trade asks again where that is safe: once, at once, after a lost answer, for
// the service gives the holder of the last token the current one again; and
// after a pause where another trade of the session was in the way, which has
// changed nothing.
func (a *Accounts) trade(ctx context.Context, refreshToken string) (ports.Session, error) {
	lost := false
	for n := 0; ; n++ {
		session, err := a.token(ctx, "refresh_token", map[string]string{"refresh_token": refreshToken})
		var f *refusal
		switch {
		case errors.As(err, &f) && f.http == http.StatusConflict && n+1 < maxTries:
			if err := pause(ctx, n); err != nil {
				return ports.Session{}, fmt.Errorf("accounts: %w", err)
			}
		case errors.As(err, &f) && f.http != http.StatusConflict && f.again() && !lost:
			lost = true
		case core.HasCode(err, core.CodeInvalid): // the service's word for a malformed token
			return ports.Session{}, core.Fail(core.CodeUnauthenticated, err)
		default:
			return session, err
		}
	}
}
