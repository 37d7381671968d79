package httpapi

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// tried makes one try of an account's password, unless there were too many. A
// try whose end cannot be noted counts as wrong, which is the safe side: what it
// was for is done all the same.
func (a *api) tried(ctx context.Context, account string, act func() error) error {
	t := ports.Try{Account: account, Client: clientKey(requestOf(ctx).client)}
	if err := a.Tries.Begin(ctx, t); err != nil {
		if core.HasCode(err, core.CodeRateLimited) {
			return &refusal{err: core.AsError(err), detail: "Too many tries of a password, for this account or from here."}
		}
		return err
	}
	err := act()
	if core.HasCode(err, core.CodeBadCredentials) {
		return err
	}
	_ = a.Tries.Settle(ctx, t, endOfTry(err))
	return err
}

// endOfTry tells a password that was right from one that nobody looked at.
func endOfTry(err error) ports.TryEnd {
	if err == nil {
		return ports.TryRight
	}
	for _, code := range []core.Code{core.CodeEmailUnconfirmed, core.CodeWeakPassword, core.CodeSamePassword} {
		if core.HasCode(err, code) {
			return ports.TryRight
		}
	}
	return ports.TryUndecided
}
