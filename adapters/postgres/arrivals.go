package postgres

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Upload reads an announced upload; core.ErrStale says there is none.
func (s *Store) Upload(ctx context.Context, id core.ID) (core.Upload, error) {
	up, err := scanUpload(s.pool.QueryRow(ctx, uploadSQL+`where document_id = $1`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return core.Upload{}, core.ErrStale
	}
	return up, trouble(err)
}

// Awaited lists uploads whose file is awaited, the one that was looked at
// longest ago first, and notes the look.
func (s *Store) Awaited(ctx context.Context, limit int) ([]core.Upload, error) {
	rows, err := s.pool.Query(ctx, `with due as (
			select document_id from upload_pipeline.upload_intents where state = 'awaiting'
			order by looked_at nulls first, document_id limit $1 for update skip locked)
		update upload_pipeline.upload_intents i set looked_at = clock_timestamp() from due where i.document_id = due.document_id
		returning i.document_id, job_id, user_id, storage_key, filename, mime, bytes_len, state, last_error, existing_id,
			created_at, expires_at, updated_at`, limit)
	if err != nil {
		return nil, trouble(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (core.Upload, error) { return scanUpload(row) })
	return found, trouble(err)
}

// Notice enqueues the arrival of an upload's file, once.
func (s *Store) Notice(ctx context.Context, id core.ID) error {
	return s.inTx(ctx, func(tx pgx.Tx) error { return notice(ctx, tx, s.queue, id) })
}

// Refuse ends an awaited upload as failed or expired; of any other it changes
// nothing.
func (s *Store) Refuse(ctx context.Context, id core.ID, state core.UploadState, why core.Trouble) error {
	reason, err := json.Marshal(why)
	if err != nil {
		return trouble(err)
	}
	_, err = s.pool.Exec(ctx, `update upload_pipeline.upload_intents set state = $2, last_error = $3
		where document_id = $1 and state = 'awaiting'`, id, string(state), string(reason))
	return trouble(err)
}

// admitTries bounds how often another upload of the same content may come
// between the look and the writing.
const admitTries = 3

// Admit makes the document of a file that arrived, or finds that its owner has
// the content.
func (s *Store) Admit(ctx context.Context, up core.Upload, file core.Arrived, ticket any) (state core.UploadState, err error) {
	for range admitTries {
		err = s.inTx(ctx, func(tx pgx.Tx) error {
			state, err = s.admit(ctx, tx, up, file, ticket)
			return err
		})
		if !core.HasCode(err, core.CodeDuplicate) && !core.HasCode(err, core.CodeConflict) {
			return state, err
		}
	}
	return "", core.Fail(core.CodeDatabaseUnavailable, err) // so busy a content can wait for the next run
}

func (s *Store) admit(ctx context.Context, tx pgx.Tx, up core.Upload, file core.Arrived, ticket any) (core.UploadState, error) {
	var open bool
	err := tx.QueryRow(ctx, `select true from upload_pipeline.upload_intents
		where document_id = $1 and state = 'awaiting' for update`, up.Document).Scan(&open)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", core.ErrStale
	}
	if err != nil {
		return "", err
	}
	existing, found, err := s.takeUpAgain(ctx, tx, up.User, file.SHA256)
	if err != nil {
		return "", err
	}
	if found {
		return core.UploadDuplicate, settle(ctx, tx, up.Document, core.UploadDuplicate, &existing)
	}
	err = addDocument(ctx, tx, s.queue, up.User, ports.NewDocument{ID: up.Document, Job: up.Job, Key: up.Key, Name: up.Name,
		ContentType: file.ContentType, Size: up.Size, SHA256: file.SHA256, Pages: file.Pages, Marks: file.Marks}, &pgx.Batch{}, func(*pgx.Batch) error { return nil })
	if err != nil {
		return "", err
	}
	if err := settle(ctx, tx, up.Document, core.UploadArrived, nil); err != nil {
		return "", err
	}
	return core.UploadArrived, s.queue.Complete(ctx, tx, ticket)
}

func settle(ctx context.Context, tx pgx.Tx, id core.ID, state core.UploadState, existing *core.ID) error {
	_, err := tx.Exec(ctx, `update upload_pipeline.upload_intents set state = $2, existing_id = $3 where document_id = $1`,
		id, string(state), existing)
	return err
}

// takeUpAgain finds the owner's live document of that content, and opens its
// next attempt where the last one failed or was cancelled.
func (s *Store) takeUpAgain(ctx context.Context, tx pgx.Tx, user core.ID, sha256 [32]byte) (id core.ID, found bool, err error) {
	var status core.Status
	var code core.Code
	var attempt int
	err = tx.QueryRow(ctx, `select d.document_id, j.status, coalesce(j.last_error ->> 'code', ''), j.attempt from upload_pipeline.documents d
		join upload_pipeline.upload_jobs j on j.document_id = d.document_id and j.attempt = d.attempt
		where d.user_id = $1 and d.file_sha256 = $2 and d.removed_at is null`, user, sha256[:]).Scan(&id, &status, &code, &attempt)
	if errors.Is(err, pgx.ErrNoRows) {
		return id, false, nil
	}
	if err != nil {
		return id, false, err
	}
	if start, no := retryStart(status, code); no == nil {
		err = openAttempt(ctx, tx, s.queue, id, attempt, start)
	}
	return id, err == nil, err
}
