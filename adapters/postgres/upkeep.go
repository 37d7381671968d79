package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// Reconcile asks, by a job each, for the result of up to limit documents whose
// time to be polled has come, and sets their next time. A lost callback costs
// the wait and nothing else. A document whose last poll has not run yet is left
// to it: a queue that is slow or paused is never filled with more of them.
func (s *Store) Reconcile(ctx context.Context, limit int) (polled int, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select j.document_id, j.attempt, j.polls, j.rank, coalesce(j.traceparent, '') from upload_pipeline.upload_jobs j
			where j.status = 'parse_queued' and j.next_poll_at <= now() and not exists (`+liveJob+` and r.kind = 'receive')
			order by j.next_poll_at limit $1 for update skip locked`, limit)
		if err != nil {
			return err
		}
		due, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (w waiting, err error) {
			return w, row.Scan(&w.document, &w.attempt, &w.polls, &w.rank, &w.trace)
		})
		if err != nil || len(due) == 0 {
			return err
		}
		polled = len(due)
		return s.poll(ctx, tx, due)
	})
	return polled, err
}

// liveStates are the states of a queue's job that will still run.
const liveStates = `('available', 'pending', 'running', 'retryable', 'scheduled')`

// dueSince is when the job r became due, or was last worked. scheduled_at alone
// holds its place in the queue, which may lie before the job was made.
const dueSince = `greatest(r.scheduled_at, r.created_at, r.attempted_at)`

// liveJob finds the jobs r that will still run for the attempt j.
const liveJob = `select from river.river_job r where r.state in ` + liveStates + `
	and r.args ->> 'document' = j.document_id::text and r.args ->> 'attempt' = j.attempt::text`

// orphaned is what of j and its document d Revive looks for.
const orphaned = `j.status not in ('complete', 'failed_parse', 'failed_chunking', 'failed_embedding', 'cancelled')
	and (j.status <> 'parse_queued' or j.parse_deadline is null)
	and not exists (` + liveJob + ` and (r.kind not in ('forget', 'receive', 'reembed', 'arrive') or (r.kind = 'receive' and j.status = 'parse_queued')))`

// Revive gives a job again to up to limit documents that stand in a status
// which a job of their own should carry on, and have had none for longer than
// age: an operator cancelled it, or it was discarded with its last run. The
// fence makes a job too many harmless. Of the documents that wait for the parser
// these are the ones to be handed over once more.
func (s *Store) Revive(ctx context.Context, age time.Duration, limit int) (revived int, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select j.document_id, j.attempt, j.turn, j.rank, j.status, coalesce(j.traceparent, '')
			from upload_pipeline.upload_jobs j join upload_pipeline.documents d on d.document_id = j.document_id and d.attempt = j.attempt
			where j.status_since < now() - $1::interval and `+orphaned+`
			order by j.status_since limit $2 for update of j skip locked`, age, limit)
		if err != nil {
			return err
		}
		jobs, err := pgx.CollectRows(rows, scanLost)
		if err != nil {
			return err
		}
		revived = len(jobs)
		return s.queue.Insert(ctx, tx, jobs...)
	})
	return revived, err
}

// Doubt says of each document that was not handed to the parser yet that it may
// have been, as after a restore to before: the parser is asked for its job first.
func (s *Store) Doubt(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `update upload_pipeline.upload_jobs set runs = 1 where status = 'uploaded' and runs = 0`)
	return trouble(err)
}

// scanLost is the job that a document without one should have.
func scanLost(row pgx.CollectableRow) (job core.Job, err error) {
	var status core.Status
	if err := row.Scan(&job.Document, &job.Attempt, &job.Turn, &job.Rank, &status, &job.Trace); err != nil {
		return job, err
	}
	job.Stage = core.Purge
	if leg, ok := core.LegFrom(status); ok {
		job.Stage = leg.Stage
	}
	return job, nil
}

type waiting struct {
	document core.ID
	attempt  int
	polls    int
	rank     int64
	trace    string
}

func (s *Store) poll(ctx context.Context, tx pgx.Tx, due []waiting) error {
	batch := &pgx.Batch{}
	jobs := make([]core.Job, len(due))
	for i, w := range due {
		jobs[i] = core.Job{Stage: core.Receive, Document: w.document, Attempt: w.attempt, Turn: core.AnyTurn, Rank: w.rank, Trace: w.trace}
		batch.Queue(`update upload_pipeline.upload_jobs set polls = polls + 1, next_poll_at = now() + $3
			where document_id = $1 and attempt = $2`, w.document, w.attempt, s.waits.poll(w.polls+1))
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	return s.queue.Insert(ctx, tx, jobs...)
}

// Orphans lists storage keys that were to be written longer ago than age and
// belong to no document, up to limit, and as many of
// announced uploads that came to none: as long as the address of one lives, its
// object may come again. What a move has left is among the first.
func (s *Store) Orphans(ctx context.Context, age time.Duration, limit int) ([]string, error) {
	rows, err := s.pool.Query(ctx, `(select storage_key from upload_pipeline.storage_intents i
		where created_at < now() - $1::interval
		and not exists (select from upload_pipeline.documents d where d.storage_key = i.storage_key)
		and not exists (select from upload_pipeline.upload_intents u where u.storage_key = i.storage_key and (u.state = 'awaiting'
			or (u.state = 'arrived' and not exists (select from upload_pipeline.documents d where d.document_id = u.document_id))))
		order by created_at limit $2)
		union all
		(select storage_key from upload_pipeline.upload_intents
		where state not in ('awaiting', 'arrived') and (removed_at is null or removed_at <= address_until)
		order by removed_at nulls first limit $2)`, age, limit)
	if err != nil {
		return nil, trouble(err)
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return keys, trouble(err)
}

// Swept forgets the intents of keys that were removed from storage; of
// announced uploads it notes when. The deletion of one is done once nothing can
// be sent to its address any more.
func (s *Store) Swept(ctx context.Context, keys []string) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(`delete from upload_pipeline.storage_intents where storage_key = any ($1)`, keys)
		batch.Queue(`update upload_pipeline.upload_intents set removed_at = now() where storage_key = any ($1) and state <> 'arrived'`, keys)
		batch.Queue(`update upload_pipeline.deletions x set done_at = clock_timestamp(), residual = '{"upload_names": 0, "file": null}'
			from upload_pipeline.upload_intents u where u.document_id = x.document_id and u.storage_key = any ($1)
			and u.state = 'removed' and u.removed_at > u.address_until and x.done_at is null
			and not exists (select from upload_pipeline.documents d where d.document_id = x.document_id)`, keys)
		return tx.SendBatch(ctx, batch).Close()
	})
}

// Doomed reads a document that is being deleted, with the parser's copies of
// its newest attempt; core.ErrStale says there is none.
func (s *Store) Doomed(ctx context.Context, id core.ID) (core.Document, error) {
	doc, _, err := scanDocument(s.pool.QueryRow(ctx, `select `+documentColumns+`
		from upload_pipeline.upload_jobs j join upload_pipeline.documents d using (document_id)
		where d.document_id = $1 and j.attempt = d.attempt and j.status = 'deleting'`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return core.Document{}, core.ErrStale
	}
	return doc, trouble(err)
}

// Copies lists every attempt of the document, with the parser's ids where they
// are known: one that ended while the parser was asked has none, and the
// parser is asked by the attempt's own id.
func (s *Store) Copies(ctx context.Context, id core.ID) ([]core.Document, error) {
	rows, err := s.pool.Query(ctx, `select `+documentColumns+`
		from upload_pipeline.upload_jobs j join upload_pipeline.documents d using (document_id)
		where d.document_id = $1 order by j.attempt`, id)
	if err != nil {
		return nil, trouble(err)
	}
	docs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (core.Document, error) {
		doc, _, err := scanDocument(row)
		return doc, err
	})
	return docs, trouble(err)
}

// Condemned is where the file lies of a document that failed for malware in it;
// "" for any other, and for one that a legal hold keeps.
func (s *Store) Condemned(ctx context.Context, id core.ID) (key string, err error) {
	err = s.pool.QueryRow(ctx, `select d.storage_key from `+present+`
		where d.document_id = $1 and `+infected+` and not upload_pipeline.held(d.document_id, d.user_id)`, id).Scan(&key)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return key, trouble(err)
}

// Unknown lists those of the attempts that no live document has: there never
// was such a one, or its document is deleted.
func (s *Store) Unknown(ctx context.Context, attempts []core.ID) ([]core.ID, error) {
	rows, err := s.pool.Query(ctx, `select asked from unnest($1::uuid[]) asked where not exists (
		select from upload_pipeline.upload_jobs j join upload_pipeline.documents d using (document_id)
		where j.job_id = asked and d.removed_at is null)`, attempts)
	if err != nil {
		return nil, trouble(err)
	}
	unknown, err := pgx.CollectRows(rows, pgx.RowTo[core.ID])
	return unknown, trouble(err)
}

// Submitting reports whether a run is handing the document to the parser right
// now, whatever became of its attempt: what it hands over is not there yet. A
// run of receive may, where the job at the parser was lost.
func (s *Store) Submitting(ctx context.Context, id core.ID) (now bool, err error) {
	// The document's own jobs are looked through: those that run are few, but
	// their index holds every job that ran since it was last tidied.
	err = s.pool.QueryRow(ctx, `select exists (select from (select state, kind from river.river_job where args ->> 'document' = $1::uuid::text offset 0) r
		where r.state = 'running' and r.kind in ('parse', 'receive'))`, id).Scan(&now)
	return now, trouble(err)
}
