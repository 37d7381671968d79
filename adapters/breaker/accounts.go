package breaker

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Accounts is a ports.Accounts behind a breaker. Authorize asks nobody, and
// Healthy goes through.
type Accounts struct {
	ports.Accounts
	Breaker *Breaker
}

// SignUp is ports.Accounts.
func (a Accounts) SignUp(ctx context.Context, s ports.SignUp) (ports.Session, error) {
	return ask(a.Breaker, func() (ports.Session, error) { return a.Accounts.SignUp(ctx, s) })
}

// SignIn is ports.Accounts.
func (a Accounts) SignIn(ctx context.Context, email, password string) (ports.Session, error) {
	return ask(a.Breaker, func() (ports.Session, error) { return a.Accounts.SignIn(ctx, email, password) })
}

// Refresh is ports.Accounts.
func (a Accounts) Refresh(ctx context.Context, refreshToken string) (ports.Session, error) {
	return ask(a.Breaker, func() (ports.Session, error) { return a.Accounts.Refresh(ctx, refreshToken) })
}

// SignOut is ports.Accounts.
func (a Accounts) SignOut(ctx context.Context, p ports.Principal, accessToken string) error {
	return a.Breaker.Do(func() error { return a.Accounts.SignOut(ctx, p, accessToken) })
}

// Account is ports.Accounts.
func (a Accounts) Account(ctx context.Context, p ports.Principal, accessToken string) (ports.Account, error) {
	return ask(a.Breaker, func() (ports.Account, error) { return a.Accounts.Account(ctx, p, accessToken) })
}

// ChangePassword is ports.Accounts.
func (a Accounts) ChangePassword(ctx context.Context, p ports.Principal, accessToken, present, next string) error {
	return a.Breaker.Do(func() error { return a.Accounts.ChangePassword(ctx, p, accessToken, present, next) })
}

// Sessions is ports.Accounts.
func (a Accounts) Sessions(ctx context.Context, p ports.Principal, accessToken string) ([]ports.SessionRow, error) {
	return ask(a.Breaker, func() ([]ports.SessionRow, error) { return a.Accounts.Sessions(ctx, p, accessToken) })
}

// EndSession is ports.Accounts.
func (a Accounts) EndSession(ctx context.Context, p ports.Principal, accessToken string, session core.ID) error {
	return a.Breaker.Do(func() error { return a.Accounts.EndSession(ctx, p, accessToken, session) })
}

// EndOthers is ports.Accounts.
func (a Accounts) EndOthers(ctx context.Context, p ports.Principal, accessToken string) error {
	return a.Breaker.Do(func() error { return a.Accounts.EndOthers(ctx, p, accessToken) })
}

// Prove is ports.Accounts.
func (a Accounts) Prove(ctx context.Context, p ports.Principal, accessToken, present string) error {
	return a.Breaker.Do(func() error { return a.Accounts.Prove(ctx, p, accessToken, present) })
}

// Delete is ports.Accounts.
func (a Accounts) Delete(ctx context.Context, p ports.Principal) error {
	return a.Breaker.Do(func() error { return a.Accounts.Delete(ctx, p) })
}

// Recover is ports.Accounts.
func (a Accounts) Recover(ctx context.Context, email string, to ports.Return) error {
	return a.Breaker.Do(func() error { return a.Accounts.Recover(ctx, email, to) })
}

// Resend is ports.Accounts.
func (a Accounts) Resend(ctx context.Context, email string) error {
	return a.Breaker.Do(func() error { return a.Accounts.Resend(ctx, email) })
}

// Arrive is ports.Accounts.
func (a Accounts) Arrive(ctx context.Context, state, code, fault string) (string, error) {
	return ask(a.Breaker, func() (string, error) { return a.Accounts.Arrive(ctx, state, code, fault) })
}

// Exchange is ports.Accounts.
func (a Accounts) Exchange(ctx context.Context, code, verifier string) (ports.Session, error) {
	return ask(a.Breaker, func() (ports.Session, error) { return a.Accounts.Exchange(ctx, code, verifier) })
}
