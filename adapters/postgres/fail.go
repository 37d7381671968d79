package postgres

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// Fail ends the attempt in its leg's failed status with a reason its owner can
// read. It is fenced like Keep: a document that moved on is not failed, and
// core.ErrStale says so. Where the parser may hold copies, they are forgotten.
func (s *Store) Fail(ctx context.Context, job core.Job, leg core.Leg, why core.Trouble) error {
	reason, err := json.Marshal(why)
	if err != nil {
		return trouble(err)
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update upload_pipeline.upload_jobs set last_error = $6, status = $7, next_poll_at = null
			where document_id = $1 and attempt = $2 and ($3 < 0 or turn = $3) and status in ($4, $5)`,
			job.Document, job.Attempt, job.Turn, string(leg.From), string(leg.Meanwhile()), string(reason), string(leg.Fails))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return core.ErrStale
		}
		if leg.Stage == core.Parse || leg.Stage == core.Receive { // its text will never be kept
			return s.queue.Insert(ctx, tx, forgetting(job.Document, job.Attempt))
		}
		return nil
	})
}

// forgetting is the job that removes the parser's copies of an attempt that
// needs them no longer.
func forgetting(document core.ID, attempt int) core.Job {
	return core.Job{Stage: core.Forget, Document: document, Attempt: attempt, Turn: core.AnyTurn}
}
