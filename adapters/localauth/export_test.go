package localauth

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Plain is a pool on which nothing is repeated.
type Plain struct{ *pgxpool.Pool }

// InTx is Database.
func (p Plain) InTx(ctx context.Context, options pgx.TxOptions, work func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, p.Pool, options, work)
}
