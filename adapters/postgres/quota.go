package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// MayAdd looks whether the owner's quota has room.
func (l *Library) MayAdd(ctx context.Context, who ports.Principal, perDay int) error {
	return l.asOwner(ctx, who, func(tx pgx.Tx) error { return roomFor(ctx, tx, who, perDay) })
}

// holdQuota lets one transaction of the owner at a time count and add, whatever
// process it runs in: what the one before added is committed when the next
// counts. The lock ends with the transaction.
func holdQuota(ctx context.Context, tx pgx.Tx, who ports.Principal, perDay int) error {
	if perDay <= 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('upload_quota:' || $1::text, 0))`, who.User.String())
	if err != nil {
		return err
	}
	return roomFor(ctx, tx, who, perDay)
}

// roomFor reads the perDay-th newest of the last day's uploads: where there is
// one, nothing more is taken until it is a day old.
func roomFor(ctx context.Context, tx pgx.Tx, who ports.Principal, perDay int) error {
	rows, err := tx.Query(ctx, `select extract(epoch from at + interval '24 hours' - statement_timestamp())::float8 from upload_pipeline.events
		where user_id = $1 and attempt = 1 and was is null and at > statement_timestamp() - interval '24 hours'
		order by at desc offset $2 limit 1`, who.User, max(perDay, 1)-1)
	if err != nil {
		return err
	}
	waits, err := pgx.CollectRows(rows, pgx.RowTo[float64])
	if err != nil || len(waits) == 0 {
		return err
	}
	return core.Wait(core.CodeQuotaExceeded, time.Duration(max(waits[0], 1)*float64(time.Second)), nil)
}
