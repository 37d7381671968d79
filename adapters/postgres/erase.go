package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// erasedTables hold rows of a document, in the order in which they can be
// removed.
var erasedTables = []string{"reembed_faults", "document_chunks", "document_pages", "upload_jobs", "documents"}

// Erase removes every row of a document that is being deleted, counts what is
// left, writes the receipt with what was counted outside, and ends the purge's
// own job, in one transaction. Of any other document it removes nothing and
// returns core.ErrStale. The events stay: they hold ids alone.
func (s *Store) Erase(ctx context.Context, id core.ID, outside core.Residual, ticket any) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		var key string
		err := tx.QueryRow(ctx, `select d.storage_key from upload_pipeline.upload_jobs j join upload_pipeline.documents d using (document_id)
			where d.document_id = $1 and j.attempt = d.attempt and j.status = 'deleting' for update of d`, id).Scan(&key)
		if errors.Is(err, pgx.ErrNoRows) {
			return core.ErrStale
		}
		if err != nil {
			return err
		}
		if err := eraseRows(ctx, tx, id, key); err != nil {
			return err
		}
		left, err := residual(ctx, tx, id, key)
		if err != nil {
			return err
		}
		maps.Copy(left, outside)
		if err := receipt(ctx, tx, id, left); err != nil {
			return err
		}
		return s.queue.Complete(ctx, tx, ticket)
	})
}

func eraseRows(ctx context.Context, tx pgx.Tx, id core.ID, key string) error {
	batch := &pgx.Batch{}
	for _, table := range erasedTables {
		batch.Queue(`delete from upload_pipeline.`+table+` where document_id = $1`, id)
	}
	// The address the file came by may live on: what is sent there is swept.
	batch.Queue(`update upload_pipeline.upload_intents set state = 'removed' where document_id = $1`, id)
	batch.Queue(`delete from upload_pipeline.storage_intents where storage_key = any ($1)`, bothPlaces(key))
	return tx.SendBatch(ctx, batch).Close()
}

// residual counts what the database still has of a document.
func residual(ctx context.Context, tx pgx.Tx, id core.ID, key string) (core.Residual, error) {
	left, batch := core.Residual{}, &pgx.Batch{}
	count := func(place core.Place, sql string, arg any) {
		batch.Queue(`select count(*) from upload_pipeline.`+sql, arg).QueryRow(func(row pgx.Row) error {
			var n int
			err := row.Scan(&n)
			left.Count(place, n)
			return err
		})
	}
	for _, table := range erasedTables {
		count(core.Place(table), table+` where document_id = $1`, id)
	}
	count(core.PlaceUpload, `upload_intents where document_id = $1 and filename <> '-'`, id)
	count(core.PlaceIntent, `storage_intents where storage_key = any ($1)`, bothPlaces(key))
	count(core.PlaceSearch, `document_chunks where document_id = $1 and embedding is not null`, id)
	return left, tx.SendBatch(ctx, batch).Close()
}

var errResidual = errors.New("rows of a deleted document are left")

// receipt ends the record of a deletion. It is refused while anything is left,
// so that a receipt always tells of zeros.
func receipt(ctx context.Context, tx pgx.Tx, id core.ID, left core.Residual) error {
	if left.Left() {
		return core.Fail(core.CodeInternal, errResidual)
	}
	counts, err := json.Marshal(left)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update upload_pipeline.deletions set done_at = clock_timestamp(), residual = $2 where document_id = $1`, id, string(counts))
	return err
}

const deletionSQL = `select document_id, user_id, reason, requested_at, done_at, residual from upload_pipeline.deletions `

func scanDeletion(row pgx.CollectableRow) (d core.Deletion, err error) {
	var done *time.Time
	var counts []byte
	if err := row.Scan(&d.Document, &d.User, &d.Reason, &d.RequestedAt, &done, &counts); err != nil {
		return d, err
	}
	if done != nil {
		d.DoneAt = *done
	}
	if counts == nil {
		return d, nil
	}
	return d, json.Unmarshal(counts, &d.Residual)
}

// Deletion reads the record of one of the owner's deletions.
func (l *Library) Deletion(ctx context.Context, who ports.Principal, id core.ID) (d core.Deletion, err error) {
	err = l.asApp(ctx, who, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, deletionSQL+`where document_id = $1 and user_id = $2`, id, who.User)
		if err != nil {
			return err
		}
		d, err = pgx.CollectExactlyOneRow(rows, scanDeletion)
		return err
	})
	return d, err
}

// Tombstones lists up to limit records of deletions by id, after one.
func (s *Store) Tombstones(ctx context.Context, after core.ID, limit int) ([]core.Deletion, error) {
	rows, err := s.pool.Query(ctx, deletionSQL+`where document_id > $1 order by document_id limit $2`, after, limit)
	if err != nil {
		return nil, trouble(err)
	}
	list, err := pgx.CollectRows(rows, scanDeletion)
	return list, trouble(err)
}

// Bury replays records of deletions into a database that was restored from
// before them: each document that is there again is deleted again, with a purge
// of its own; an announced upload is removed. It may run again. It tells how
// many documents were there, and which stay because the restored database holds
// them: lift the hold and bury them again, or know why not.
func (s *Store) Bury(ctx context.Context, records []core.Deletion) (again int, held []core.ID, err error) {
	for _, d := range records {
		there, err := s.bury(ctx, d)
		switch {
		case core.HasCode(err, core.CodeLegalHold):
			held = append(held, d.Document)
		case err != nil:
			return again, held, err
		case there:
			again++
		}
	}
	return again, held, nil
}

// bury replays one. The record of a document that is not there is kept as it
// was, or ends here; of one that is, the deletion is under way once more.
func (s *Store) bury(ctx context.Context, d core.Deletion) (there bool, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		attempt, err := holdDocument(ctx, tx, d.Document)
		there = err == nil
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if d.Residual == nil {
			d.Residual = core.Residual{}
		}
		counts, err := json.Marshal(d.Residual)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		batch.Queue(`insert into upload_pipeline.deletions (document_id, user_id, reason, requested_at, done_at, residual)
			values ($1, $2, $3, $4, case when not $5 then greatest($4, coalesce($6, clock_timestamp())) end, case when not $5 then $7::jsonb end)
			on conflict do nothing`, d.Document, d.User, string(d.Reason), d.RequestedAt, there, timeOrNull(d.DoneAt), string(counts))
		batch.Queue(`update upload_pipeline.upload_intents set state = 'removed', last_error = null, existing_id = null
			where document_id = $1 and state <> 'removed'`, d.Document)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil || !there {
			return err
		}
		return startPurge(ctx, tx, s.queue, d.Document, attempt)
	})
	return there, err
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// startPurge moves a document to deleting and starts its purge. One that is
// being deleted already is left to it.
func startPurge(ctx context.Context, tx pgx.Tx, queue Queue, id core.ID, attempt int) error {
	tag, err := tx.Exec(ctx, `update upload_pipeline.upload_jobs set status = 'deleting'
		where document_id = $1 and attempt = $2 and status <> 'deleting'`, id, attempt)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	return queue.Insert(ctx, tx, core.Job{Stage: core.Purge, Document: id, Attempt: attempt, Turn: core.AnyTurn})
}
