package localauth

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// ChangePassword implements ports.Accounts. The hashing is done before the
// transaction; a password changed meanwhile is CodeBadCredentials. A session that
// a recovery mail opened in the last minutes needs no present password.
func (a *Accounts) ChangePassword(ctx context.Context, p ports.Principal, _, present, next string) error {
	account, err := a.Account(ctx, p, "")
	if err != nil {
		return err
	}
	stored, err := passwordHash(ctx, a.pool, p.User)
	if err != nil {
		return fault(ctx, err)
	}
	if err := a.mayChange(ctx, p, present, stored); err != nil {
		return fault(ctx, err)
	}
	fresh, err := a.newPassword(ctx, account, present, next)
	if err != nil {
		return fault(ctx, err)
	}
	session, err := core.ParseID(p.Session)
	if err != nil {
		return core.Fail(core.CodeUnauthenticated, err)
	}
	return fault(ctx, a.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		if err := changeHash(ctx, tx, p.User, stored, fresh); err != nil {
			return err
		}
		return deleteOtherSessions(ctx, tx, session, p.User)
	}))
}

// mayChange proves the person by the present password, or by a mail.
func (a *Accounts) mayChange(ctx context.Context, p ports.Principal, present, stored string) error {
	if present != "" {
		return a.proves(ctx, present, stored)
	}
	return a.proved(ctx, p, mailFresh, byMail)
}

// proves answers CodeBadCredentials for a password that is not the stored one.
func (a *Accounts) proves(ctx context.Context, password, stored string) error {
	password, err := normalPassword(password)
	if err != nil {
		return core.Fail(core.CodeBadCredentials, err)
	}
	ok, _, err := a.hasher.verify(ctx, password, stored)
	if err == nil && !ok {
		return core.Fail(core.CodeBadCredentials, nil)
	}
	return err
}

// newPassword checks what is to be the password, and hashes it.
func (a *Accounts) newPassword(ctx context.Context, account ports.Account, present, next string) (string, error) {
	present, _ = normalPassword(present) // it was proved
	next, err := normalPassword(next)
	switch {
	case err != nil:
		return "", core.Fail(core.CodeInvalid, err)
	case next == present:
		return "", core.Fail(core.CodeSamePassword, nil)
	case weak(next, account.Email, account.Name, a.config.MinPassword):
		return "", core.Fail(core.CodeWeakPassword, nil)
	}
	return a.hasher.hash(ctx, next)
}

// passwordHash is CodeUnauthenticated for an account that is gone: the token
// outlived it.
func passwordHash(ctx context.Context, q querier, id core.ID) (hash string, err error) {
	err = q.QueryRow(ctx, `select password_hash from local_auth.accounts where id = $1`, [16]byte(id)).Scan(&hash)
	if errors.Is(err, pgx.ErrNoRows) {
		err = core.Fail(core.CodeUnauthenticated, err)
	}
	return hash, err
}

func changeHash(ctx context.Context, tx pgx.Tx, id core.ID, from, to string) error {
	tag, err := tx.Exec(ctx, `
		update local_auth.accounts set password_hash = $3, updated_at = now() where id = $1 and password_hash = $2`,
		[16]byte(id), from, to)
	if err == nil && tag.RowsAffected() == 0 {
		err = core.Fail(core.CodeBadCredentials, nil)
	}
	return err
}
