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
	return l.asApp(ctx, who, func(tx pgx.Tx) error { return roomFor(ctx, tx, who, perDay) })
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
// one, nothing more is taken until it is a day old. An announced upload whose
// file is awaited has its place already, until it expires.
func roomFor(ctx context.Context, tx pgx.Tx, who ports.Principal, perDay int) error {
	var awaited int
	var first float64
	err := tx.QueryRow(ctx, `select count(*), coalesce(extract(epoch from min(expires_at) - statement_timestamp()), 0)::float8
		from upload_pipeline.upload_intents where user_id = $1 and state = 'awaiting'`, who.User).Scan(&awaited, &first)
	if err != nil {
		return err
	}
	if perDay = max(perDay, 1) - awaited; perDay <= 0 {
		return quotaFull(first)
	}
	rows, err := tx.Query(ctx, `select extract(epoch from at + interval '24 hours' - statement_timestamp())::float8 from upload_pipeline.events
		where user_id = $1 and attempt = 1 and was is null and at > statement_timestamp() - interval '24 hours'
		order by at desc offset $2 limit 1`, who.User, perDay-1)
	if err != nil {
		return err
	}
	waits, err := pgx.CollectRows(rows, pgx.RowTo[float64])
	if err != nil || len(waits) == 0 {
		return err
	}
	return quotaFull(waits[0])
}

func quotaFull(seconds float64) error {
	return core.Wait(core.CodeQuotaExceeded, time.Duration(max(seconds, 1)*float64(time.Second)), nil)
}
