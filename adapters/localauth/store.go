package localauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Database is a pool. It may run a statement and a transaction more than once:
// where a conflict with others undid it.
type Database interface {
	querier
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	InTx(ctx context.Context, options pgx.TxOptions, work func(pgx.Tx) error) error
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// fault keeps an error of ours, wraps the context's, and takes everything else
// for the database being away. It answers nil for nil.
func fault(ctx context.Context, err error) error {
	var ours *core.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ours):
		return ours
	case ctx.Err() != nil:
		return fmt.Errorf("accounts: %w", ctx.Err())
	}
	return core.Fail(core.CodeAccountsUnavailable, err)
}

// insertAccount leaves the question whether the address is taken to the
// unique index, which two at once cannot both pass.
func insertAccount(ctx context.Context, tx pgx.Tx, s ports.SignUp, hash string, confirmed bool) (core.ID, error) {
	id := core.NewID()
	tag, err := tx.Exec(ctx, `
		insert into local_auth.accounts
			(id, email, name, password_hash, consent_version, consent_timestamp, email_confirmed_at)
		values ($1, $2, $3, $4, $5, $6, case when $7 then now() end)
		on conflict (email) do nothing`,
		[16]byte(id), s.Email, s.Name, hash, s.ConsentVersion, s.ConsentTimestamp, confirmed)
	if err != nil {
		return core.ID{}, err
	}
	if tag.RowsAffected() == 0 {
		return core.ID{}, core.Fail(core.CodeEmailTaken, nil)
	}
	return id, nil
}

// credentials returns pgx.ErrNoRows for an address without account.
func credentials(ctx context.Context, q querier, email string) (id core.ID, hash string, err error) {
	err = q.QueryRow(ctx, `select id, password_hash from local_auth.accounts where email = $1`, email).
		Scan((*[16]byte)(&id), &hash)
	return id, hash, err
}

// replaceHash changes nothing where the password was changed meanwhile.
func replaceHash(ctx context.Context, q querier, id core.ID, from, to string) error {
	_, err := q.Exec(ctx, `
		update local_auth.accounts set password_hash = $3 where id = $1 and password_hash = $2`,
		[16]byte(id), from, to)
	return err
}

const accountColumns = `id, email, name, email_confirmed_at is not null, created_at, updated_at, last_sign_in_at, consent_version, consent_timestamp`

func scanAccount(row pgx.Row) (ports.Account, error) {
	var a ports.Account
	var signedIn *time.Time
	err := row.Scan((*[16]byte)(&a.ID), &a.Email, &a.Name, &a.EmailConfirmed, &a.CreatedAt, &a.UpdatedAt, &signedIn,
		&a.ConsentVersion, &a.ConsentTimestamp)
	if signedIn != nil {
		a.LastSignInAt = *signedIn
	}
	return a, err
}

// readAccount returns pgx.ErrNoRows where there is none.
func readAccount(ctx context.Context, q querier, id core.ID) (ports.Account, error) {
	return scanAccount(q.QueryRow(ctx, `select `+accountColumns+` from local_auth.accounts where id = $1`, [16]byte(id)))
}

// noteSignIn stamps the account. One deleted since its password was proved is
// gone: bad credentials.
func noteSignIn(ctx context.Context, tx pgx.Tx, id core.ID) (ports.Account, error) {
	account, err := scanAccount(tx.QueryRow(ctx, `
		update local_auth.accounts set last_sign_in_at = now() where id = $1
		returning `+accountColumns, [16]byte(id)))
	if errors.Is(err, pgx.ErrNoRows) {
		return ports.Account{}, core.Fail(core.CodeBadCredentials, err)
	}
	return account, err
}

func sessionExists(ctx context.Context, q querier, id, account core.ID) (exists bool, err error) {
	err = q.QueryRow(ctx, `select exists (select from local_auth.sessions where id = $1 and account_id = $2)`,
		[16]byte(id), [16]byte(account)).Scan(&exists)
	return exists, err
}
