package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// The words of failures, as the port has them.
type (
	// Failures is the port's word.
	Failures = ports.Failures
	// Failure is the port's word.
	Failure = ports.Failure
	// FailureCount is the port's word.
	FailureCount = ports.FailureCount
)

const failedSQL = ` from upload_pipeline.upload_jobs j join upload_pipeline.documents d on d.document_id = j.document_id and d.attempt = j.attempt
	where j.status in ('failed_parse', 'failed_chunking', 'failed_embedding')
	and ($1 = '' or j.last_error ->> 'code' = $1) and ($2 = '' or j.last_error ->> 'stage' = $2)
	and ($3::timestamptz is null or j.finished_at >= $3)`

// Failed lists what failed, the longest ago first: so it is retried, too.
func (o *Operations) Failed(ctx context.Context, f Failures) ([]Failure, error) {
	list, err := failedOf(ctx, o.pool, f)
	return list, trouble(err)
}

// FailedCounts groups what failed, the most frequent first.
func (o *Operations) FailedCounts(ctx context.Context, f Failures) ([]FailureCount, error) {
	list, err := failedCounts(ctx, o.pool, f)
	return list, trouble(err)
}

func failedOf(ctx context.Context, q asker, f Failures) ([]Failure, error) {
	rows, err := q.Query(ctx, `select j.document_id, j.user_id, j.attempt, j.status, coalesce(j.last_error ->> 'code', ''),
		coalesce(j.last_error ->> 'stage', ''), j.finished_at`+failedSQL+` order by j.finished_at, j.document_id limit $4`,
		string(f.Code), string(f.Stage), bound(f.Since), f.Limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Failure])
}

func failedCounts(ctx context.Context, q asker, f Failures) ([]FailureCount, error) {
	rows, err := q.Query(ctx, `select coalesce(j.last_error ->> 'code', ''), coalesce(j.last_error ->> 'stage', ''),
		count(*), min(j.finished_at), max(j.finished_at)`+failedSQL+` group by 1, 2 order by 3 desc, 1, 2`,
		string(f.Code), string(f.Stage), bound(f.Since))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[FailureCount])
}

// Retry opens the next attempt of a document that failed, as its owner's retry
// does, and logs who did it, in one transaction. CodeConflict says that the
// document is no longer at that attempt's failed end: it was retried meanwhile,
// or is being deleted.
func (o *Operations) Retry(ctx context.Context, f Failure, by core.Audit) error {
	start, err := retryStart(f.Status, f.Code)
	if err != nil {
		return err
	}
	return o.inTx(ctx, func(tx pgx.Tx) error {
		if err := openAttempt(ctx, tx, o.queue, f.Document, f.Attempt, start); err != nil {
			return err
		}
		return record(ctx, tx, by, core.AuditBulkRetry, string(f.Code), &f.Document, f.Attempt+1)
	})
}
