package localauth

import (
	"context"

	"github.com/insurance-navigator/navigator/ports"
)

// Prove implements ports.Closing.
func (a *Accounts) Prove(ctx context.Context, p ports.Principal, _, present string) error {
	if present == "" {
		return a.proved(ctx, p, signInFresh, byPassword, byMail, bySite)
	}
	stored, err := passwordHash(ctx, a.pool, p.User)
	if err != nil {
		return fault(ctx, err)
	}
	return fault(ctx, a.proves(ctx, present, stored))
}

// Delete implements ports.Closing. Sessions, their tokens and mails go with the
// account.
func (a *Accounts) Delete(ctx context.Context, p ports.Principal) error {
	_, err := a.pool.Exec(ctx, `delete from local_auth.accounts where id = $1`, [16]byte(p.User))
	return fault(ctx, err)
}
