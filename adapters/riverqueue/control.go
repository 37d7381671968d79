package riverqueue

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Pause stops the fetching of a queue's jobs in every process when tx commits;
// those that run go on. A queue that nobody has worked yet is paused too.
func (q *Queue) Pause(ctx context.Context, tx pgx.Tx, queue string) error {
	if err := know(ctx, tx, queue); err != nil {
		return err
	}
	return q.client.QueuePauseTx(ctx, tx, queue, nil)
}

// Resume lets a queue's jobs be fetched again when tx commits.
func (q *Queue) Resume(ctx context.Context, tx pgx.Tx, queue string) error {
	if err := know(ctx, tx, queue); err != nil {
		return err
	}
	return q.client.QueueResumeTx(ctx, tx, queue, nil)
}

// know makes River's row of the queue, which else its first worker does.
func know(ctx context.Context, tx pgx.Tx, queue string) error {
	_, err := tx.Exec(ctx, `insert into river.river_queue (name, updated_at) values ($1, now()) on conflict (name) do nothing`, queue)
	return err
}
