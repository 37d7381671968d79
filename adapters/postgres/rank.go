package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// place is where a document stands among all that wait.
type place struct {
	rank int64
	lane core.Lane
}

// queueRank has a batch give the owner's next document of so many pages its
// place. Documents of one owner get theirs one after the other: the owner's row
// is held until the transaction has ended.
func queueRank(batch *pgx.Batch, owner core.ID, pages int, to *place) {
	cost := core.RankStep * time.Duration(1+pages/core.RankPages)
	batch.Queue(`select rank, lane from upload_pipeline.take_rank($1, $2, $3, $4, $5)`,
		owner, cost.Milliseconds(), core.RankNow(time.Now()), core.RankHeadStart.Milliseconds(), core.InteractiveFirst).
		QueryRow(func(row pgx.Row) error { return row.Scan(&to.rank, &to.lane) })
}

// Reorder gives up to limit jobs that were put off, and are due again, the place
// of their document back: the queue would work them behind all others.
func (s *Store) Reorder(ctx context.Context, limit int) (int, error) {
	tag, err := s.pool.Exec(ctx, `update river.river_job set scheduled_at = to_timestamp((metadata ->> 'rank')::bigint / 1000.0)
		where id in (select id from river.river_job where state = 'available' and scheduled_at > created_at and scheduled_at <= now()
			and metadata ? 'rank' limit $1 for update skip locked)`, limit)
	return int(tag.RowsAffected()), trouble(err)
}
