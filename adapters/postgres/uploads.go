package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

var _ ports.Uploads = (*Library)(nil)

const uploadSQL = `select document_id, job_id, user_id, storage_key, filename, mime, bytes_len, state, last_error, existing_id,
	created_at, expires_at, updated_at from upload_pipeline.upload_intents `

// scanUpload reads the columns of uploadSQL.
func scanUpload(row pgx.Row) (up core.Upload, err error) {
	var reason []byte
	var existing *core.ID
	err = row.Scan(&up.Document, &up.Job, &up.User, &up.Key, &up.Name, &up.ContentType, &up.Size, &up.State, &reason, &existing,
		&up.CreatedAt, &up.ExpiresAt, &up.UpdatedAt)
	if err != nil {
		return core.Upload{}, err
	}
	if existing != nil {
		up.Existing = *existing
	}
	if reason != nil {
		up.Trouble = new(core.Trouble)
		err = json.Unmarshal(reason, up.Trouble)
	}
	return up, err
}

// Announce writes an upload down unless its owner awaits as many already. The
// lock orders one owner's announcements, so that none slips past the count.
func (l *Library) Announce(ctx context.Context, who ports.Principal, n ports.NewUpload, most int) (up core.Upload, err error) {
	err = l.asApp(ctx, who, func(tx pgx.Tx) error {
		if err := holdQuota(ctx, tx, who, n.PerDay); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('upload_intents ' || $1::text, 0))`, who.User)
		if err != nil {
			return err
		}
		var open int
		var first *time.Time
		err = tx.QueryRow(ctx, `select count(*), min(expires_at) from upload_pipeline.upload_intents
			where user_id = $1 and state = 'awaiting'`, who.User).Scan(&open, &first)
		if err != nil {
			return err
		}
		if open >= most {
			return core.Wait(core.CodeRateLimited, max(time.Until(*first), time.Second), nil)
		}
		up, err = scanUpload(tx.QueryRow(ctx, `insert into upload_pipeline.upload_intents
				(document_id, job_id, user_id, filename, mime, bytes_len, storage_key, expires_at, address_until)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning document_id, job_id, user_id, storage_key, filename, mime, bytes_len,
				state, last_error, existing_id, created_at, expires_at, updated_at`,
			n.Document, n.Job, who.User, n.Name, n.ContentType, n.Size, n.Key, n.ExpiresAt, n.AddressUntil))
		if err != nil {
			return err
		}
		return enterAs(ctx, tx, who, core.AuditAnnounce, "", n.Document)
	})
	return up, err
}

// Announced reads one of the owner's announced uploads.
func (l *Library) Announced(ctx context.Context, who ports.Principal, id core.ID) (up core.Upload, err error) {
	err = l.asApp(ctx, who, func(tx pgx.Tx) error {
		up, err = scanUpload(tx.QueryRow(ctx, uploadSQL+`where document_id = $1 and user_id = $2 and state <> 'removed'`, id, who.User))
		return err
	})
	return up, err
}

// Look claims a look at the upload's object for the caller.
func (l *Library) Look(ctx context.Context, who ports.Principal, id core.ID, every time.Duration) (mine bool, err error) {
	err = l.asApp(ctx, who, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update upload_pipeline.upload_intents set looked_at = clock_timestamp()
			where document_id = $1 and user_id = $2 and state = 'awaiting'
			and (looked_at is null or looked_at <= clock_timestamp() - $3::interval)`, id, who.User, every)
		mine = tag.RowsAffected() == 1
		return err
	})
	return mine, err
}

// Notice enqueues the arrival of the upload's file, once.
func (l *Library) Notice(ctx context.Context, who ports.Principal, id core.ID) error {
	return l.asApp(ctx, who, func(tx pgx.Tx) error { return notice(ctx, tx, l.queue, id) })
}

// notice enqueues the arrival of an upload that is awaited.
func notice(ctx context.Context, tx pgx.Tx, queue Queue, id core.ID) error {
	var open bool
	err := tx.QueryRow(ctx, `select true from upload_pipeline.upload_intents where document_id = $1 and state = 'awaiting'`, id).Scan(&open)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return queue.Insert(ctx, tx, core.Job{Stage: core.Arrive, Document: id, Attempt: 1, Turn: core.AnyTurn})
}

// Withdraw ends an awaited upload as cancelled, or any upload that came to no
// document as removed.
func (l *Library) Withdraw(ctx context.Context, who ports.Principal, id core.ID, state core.UploadState) error {
	return l.asApp(ctx, who, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update upload_pipeline.upload_intents set state = $3, last_error = null, existing_id = null
			where document_id = $1 and user_id = $2 and (state = 'awaiting' or ($3 = 'removed' and state not in ('arrived', 'removed')))`,
			id, who.User, string(state))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 1 {
			return enterAs(ctx, tx, who, core.AuditWithdraw, string(state), id)
		}
		var there bool
		err = tx.QueryRow(ctx, `select true from upload_pipeline.upload_intents
			where document_id = $1 and user_id = $2 and state <> 'removed'`, id, who.User).Scan(&there)
		if err != nil {
			return err
		}
		return core.Fail(core.CodeConflict, errors.New("the upload has ended"))
	})
}
