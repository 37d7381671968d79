package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/sethvargo/go-retry"
)

// The SQLSTATEs of work that others were in the way of. The database has undone
// all of it: done again, it may well succeed.
var conflicts = []string{
	"40001", // serialization failure
	"40P01", // deadlock
	"55P03", // a lock was not to be had in time
}

// After a conflict work is repeated up to conflictTries times.
const conflictTries = 3

// repeatWait bounds the wait before work is repeated; it doubles each time. The
// waits are drawn, so that those who met do not meet again.
const repeatWait = 20 * time.Millisecond

// repeat runs work again while conflicts undo it. Work is a whole transaction or
// a statement of its own, asks nothing outside, and sets whatever it tells
// anew with each run.
func repeat(ctx context.Context, work func() error) error {
	return repeatIf(ctx, conflictTries, func(err error) bool { return slices.Contains(conflicts, state(err)) }, work)
}

// repeatIf runs work again, up to tries times, while it ends with an error that
// is worth it.
func repeatIf(ctx context.Context, tries uint64, worth func(error) bool, work func() error) error {
	waits := retry.WithMaxRetries(tries, retry.WithFullJitter(retry.NewExponential(repeatWait)))
	err := retry.Do(ctx, waits, func(context.Context) error {
		err := work()
		if worth(err) {
			return retry.RetryableError(err)
		}
		return err
	})
	if err != nil && errors.Is(err, context.Cause(ctx)) {
		return ctx.Err() // the library tells the cause, and nobody here knows that
	}
	return err
}

// Steady is a pool on which conflicts with others are not seen: what they undid
// is repeated, a few times. What outlives that is an error as any other.
type Steady struct{ pool *pgxpool.Pool }

// NewSteady makes a Steady over a pool.
func NewSteady(pool *pgxpool.Pool) Steady { return Steady{pool} }

// InTx runs work in a transaction of the options' kind, which work's own error
// rolls back. Work may run more than once.
func (s Steady) InTx(ctx context.Context, options pgx.TxOptions, work func(pgx.Tx) error) error {
	return repeat(ctx, func() error { return pgx.BeginTxFunc(ctx, s.pool, options, work) })
}

// Exec runs one statement that answers no rows.
func (s Steady) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	err = repeat(ctx, func() error {
		tag, err = s.pool.Exec(ctx, sql, args...)
		return err
	})
	return tag, err
}

// QueryRow runs one statement that answers a row, once that is scanned.
func (s Steady) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return rowOf(func(dest []any) error {
		return repeat(ctx, func() error { return s.pool.QueryRow(ctx, sql, args...).Scan(dest...) })
	})
}

type rowOf func(dest []any) error

// Scan is pgx.Row.
func (r rowOf) Scan(dest ...any) error { return r(dest) }

// batch sends what queue makes, a batch anew with each run, as one transaction.
func (s Steady) batch(ctx context.Context, queue func() (*pgx.Batch, error)) error {
	return repeat(ctx, func() error {
		batch, err := queue()
		if err != nil {
			return err
		}
		return s.pool.SendBatch(ctx, batch).Close()
	})
}

// unhurried makes a transaction not wait until its end is on the disk. All of it
// stays or goes, but a crash of the database may take what was answered within
// its last second: whoever asks for this says why that does no harm.
const unhurried = `select set_config('synchronous_commit', 'off', true)`

// Query runs one statement that answers rows. Up to its first row it may run
// more than once; a conflict after that is the caller's.
func (s Steady) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	begun := &begunRows{}
	err := repeat(ctx, func() (err error) {
		if begun.Rows, err = s.pool.Query(ctx, sql, args...); err != nil {
			return err
		}
		begun.first = begun.Rows.Next()
		return begun.Err()
	})
	return begun, err
}

// begunRows are rows of which the first was fetched already, if there is one.
type begunRows struct {
	pgx.Rows
	first bool
}

// Next is pgx.Rows.
func (r *begunRows) Next() bool {
	if r.first {
		r.first = false
		return true
	}
	return r.Rows.Next()
}
