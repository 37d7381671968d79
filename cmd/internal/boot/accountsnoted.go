package boot

import (
	"context"

	"github.com/insurance-navigator/navigator/ports"
)

// notedAccounts makes known how the provider of accounts answers: of the calls
// that people make most.
type notedAccounts struct {
	ports.Accounts
	seen *outcomes
}

// SignUp is ports.Accounts.
func (a notedAccounts) SignUp(ctx context.Context, s ports.SignUp) (ports.Session, error) {
	ctx, done := a.seen.begin(ctx, nameAccounts, "sign_up")
	session, err := a.Accounts.SignUp(ctx, s)
	done(err)
	return session, err
}

// SignIn is ports.Accounts.
func (a notedAccounts) SignIn(ctx context.Context, email, password string) (ports.Session, error) {
	ctx, done := a.seen.begin(ctx, nameAccounts, "sign_in")
	session, err := a.Accounts.SignIn(ctx, email, password)
	done(err)
	return session, err
}

// Refresh is ports.Accounts.
func (a notedAccounts) Refresh(ctx context.Context, refreshToken string) (ports.Session, error) {
	ctx, done := a.seen.begin(ctx, nameAccounts, "refresh")
	session, err := a.Accounts.Refresh(ctx, refreshToken)
	done(err)
	return session, err
}

// SignOut is ports.Accounts.
func (a notedAccounts) SignOut(ctx context.Context, p ports.Principal, accessToken string) error {
	ctx, done := a.seen.begin(ctx, nameAccounts, "sign_out")
	err := a.Accounts.SignOut(ctx, p, accessToken)
	done(err)
	return err
}

// Account is ports.Accounts.
func (a notedAccounts) Account(ctx context.Context, p ports.Principal, accessToken string) (ports.Account, error) {
	ctx, done := a.seen.begin(ctx, nameAccounts, "account")
	account, err := a.Accounts.Account(ctx, p, accessToken)
	done(err)
	return account, err
}

// Exchange is ports.Accounts.
func (a notedAccounts) Exchange(ctx context.Context, code, verifier string) (ports.Session, error) {
	ctx, done := a.seen.begin(ctx, nameAccounts, "exchange")
	session, err := a.Accounts.Exchange(ctx, code, verifier)
	done(err)
	return session, err
}
