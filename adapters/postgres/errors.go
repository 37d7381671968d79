package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/insurance-navigator/navigator/core"
)

type pgconnError = pgconn.PgError

// The SQLSTATEs this package acts upon.
const (
	uniqueViolation = "23505"
	checkViolation  = "23514"
	outOfStep       = "55000" // the corpus moved to another generation or model
	legalHold       = "IN423" // our own: a hold covers what was to be deleted
	accountClosed   = "IN410" // our own: the account is being deleted
	anothers        = "IN409" // our own: the step, or its job, is another's by now
)

// trouble is the one table from the driver's errors to ours. The driver's own
// text stays in the chain for errors.Is and is never printed.
func trouble(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, core.ErrStale), errors.Is(err, core.ErrEarly):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, pgx.ErrNoRows):
		return core.Fail(core.CodeNotFound, err)
	}
	var ours *core.Error
	if errors.As(err, &ours) {
		return err
	}
	switch state(err) {
	case anothers:
		return core.ErrStale
	case outOfStep:
		return core.Fail(core.CodeDatabaseUnavailable, fmt.Errorf("%w: %w", core.ErrMoved, err))
	case legalHold:
		return core.Fail(core.CodeLegalHold, err)
	case accountClosed:
		return core.Fail(core.CodeAccountClosed, err)
	case uniqueViolation:
		return core.Fail(core.CodeConflict, err)
	case checkViolation:
		return core.Fail(core.CodeConflict, err)
	}
	return core.Fail(core.CodeDatabaseUnavailable, err)
}

// state is the error's SQLSTATE, or "".
func state(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// constraint is the name of the constraint the error broke, or "".
func constraint(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.ConstraintName
	}
	return ""
}
