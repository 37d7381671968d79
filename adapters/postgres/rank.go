package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// takeRank gives the owner's next document of so many pages its place among
// all that wait. Documents of one owner get theirs one after the other: the
// owner's row is held until the transaction has ended.
func takeRank(ctx context.Context, tx pgx.Tx, owner core.ID, pages int) (rank int64, lane core.Lane, err error) {
	cost := core.RankStep * time.Duration(1+pages/core.RankPages)
	err = tx.QueryRow(ctx, `select rank, lane from upload_pipeline.take_rank($1, $2, $3, $4, $5)`,
		owner, cost.Milliseconds(), core.RankNow(time.Now()), core.RankHeadStart.Milliseconds(), core.InteractiveFirst).Scan(&rank, &lane)
	return rank, lane, err
}

// Reorder gives up to limit jobs that were put off, and are due again, the place
// of their document back: the queue would work them behind all others.
func (s *Store) Reorder(ctx context.Context, limit int) (int, error) {
	tag, err := s.pool.Exec(ctx, `update river.river_job set scheduled_at = to_timestamp((metadata ->> 'rank')::bigint / 1000.0)
		where id in (select id from river.river_job where state = 'available' and scheduled_at > created_at and scheduled_at <= now()
			and metadata ? 'rank' limit $1 for update skip locked)`, limit)
	return int(tag.RowsAffected()), trouble(err)
}
