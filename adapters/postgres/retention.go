package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// expiry is how rows of a kind are found whose time is over: by $1, their age.
// What has to go first stands in after: it is waited for on removal, and not
// when counting what a whole round removes.
type expiry struct{ table, key, due, after string }

// expiries is every kind but documents, which are deleted the way their owner
// does it. The condition is looked at again on removal: a row that was used
// anew meanwhile stays.
var expiries = map[core.Kept]expiry{
	core.KeptEvents: {"upload_pipeline.events", "event_id", `exists (select from upload_pipeline.deletions x
		where x.document_id = t.document_id and x.done_at < now() - $1::interval)`, ""},
	core.KeptDeletions: {"upload_pipeline.deletions", "document_id", `done_at < now() - $1::interval`,
		` and not exists (select from upload_pipeline.events e where e.document_id = t.document_id)`},
	core.KeptHolds:     {"upload_pipeline.holds", "hold_id", `lifted_at < now() - $1::interval`, ""},
	core.KeptCallbacks: {"upload_pipeline.webhook_log", "webhook_id", `received_at < now() - $1::interval`, ""},
	// Each key has its own end, written with it.
	core.KeptKeys: {"upload_pipeline.idempotency_keys", "key_hash", `expires_at <= now() and $1::interval is not null`, ""},
	core.KeptSessions: {"local_auth.sessions", "id", `not exists (select from local_auth.refresh_tokens r
		where r.session_id = t.id and r.expires_at > now() - $1::interval)`, ""},
	core.KeptMails:  {"local_auth.mails", "id", `created_at < now() - $1::interval`, ""},
	core.KeptUnused: {"local_auth.accounts", "id", `email_confirmed_at is null and last_sign_in_at is null and updated_at < now() - $1::interval`, ""},
	core.KeptEnded:  {"upload_pipeline.ended_sessions", "id", `ended_at < now() - $1::interval`, ""},
	core.KeptTries:  {"upload_pipeline.sign_in_tries", "key", `greatest(began_at, held_until, trusted_at) < now() - $1::interval`, ""},
	core.KeptUploads: {"upload_pipeline.upload_intents", "document_id", `updated_at < now() - $1::interval and address_until < now()
		and state <> 'awaiting' and (removed_at > address_until
			or (state = 'arrived' and exists (select from upload_pipeline.documents d where d.document_id = t.document_id)))`, ""},
	core.KeptInstances: {"upload_pipeline.instances", "instance_id", `seen_at < now() - $1::interval`, ""},
	core.KeptJobs:      {"river.river_job", "id", `state in ('completed', 'cancelled') and finalized_at < now() - $1::interval`, ""},
	core.KeptDiscarded: {"river.river_job", "id", `state = 'discarded' and finalized_at < now() - $1::interval`, ""},
}

// dueDocuments are those that the clock may delete: held ones stay.
const dueDocuments = `upload_pipeline.documents d where d.created_at < now() - $1::interval and d.removed_at is null
	and not upload_pipeline.held(d.document_id, d.user_id)`

func expiryOf(kind core.Kept) (expiry, error) {
	e, ok := expiries[kind]
	if !ok {
		return e, core.Fail(core.CodeInternal, fmt.Errorf("no way to expire %s", kind))
	}
	return e, nil
}

// Due counts what of a kind is older than age, as Expire would remove it now.
func (s *Store) Due(ctx context.Context, kind core.Kept, age time.Duration) (n int, err error) {
	sql := `select count(*) from ` + dueDocuments
	if kind != core.KeptDocuments {
		e, err := expiryOf(kind)
		if err != nil {
			return 0, err
		}
		sql = `select count(*) from ` + e.table + ` t where ` + e.due
	}
	err = s.pool.QueryRow(ctx, sql, age).Scan(&n)
	return n, trouble(err)
}

// Expire removes up to limit of a kind that are older than age, in one
// transaction. Of a document it begins the deletion.
func (s *Store) Expire(ctx context.Context, kind core.Kept, age time.Duration, limit int) (removed int, err error) {
	if kind == core.KeptDocuments {
		return s.expireDocuments(ctx, age, limit)
	}
	e, err := expiryOf(kind)
	if err != nil {
		return 0, err
	}
	due := e.due + e.after
	tag, err := s.pool.Exec(ctx, `delete from `+e.table+` t where `+due+` and t.`+e.key+` = any (array(
		select `+e.key+` from `+e.table+` t where `+due+` limit $2))`, age, limit)
	return int(tag.RowsAffected()), trouble(err)
}

// Retained writes into the operators' log what a round of Expire has removed of
// each kind, and for whom.
func (s *Store) Retained(ctx context.Context, by core.Audit, removed map[core.Kept]int) error {
	counts, err := json.Marshal(removed)
	if err != nil {
		return core.Fail(core.CodeInternal, err)
	}
	_, err = s.pool.Exec(ctx, `insert into upload_pipeline.operations_log (operator, reason, action, what, counts)
		values ($1, $2, 'retain', 'retention', $3)`, by.Operator, by.Reason, string(counts))
	return trouble(err)
}

func (s *Store) expireDocuments(ctx context.Context, age time.Duration, limit int) (removed int, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select d.document_id, d.attempt from `+dueDocuments+`
			order by d.created_at limit $2 for no key update of d skip locked`, age, limit)
		if err != nil {
			return err
		}
		due, err := dueOf(rows)
		if err != nil {
			return err
		}
		removed = len(due)
		for _, w := range due {
			if err := startPurge(ctx, tx, s.queue, w.document, w.attempt); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `update upload_pipeline.deletions set reason = 'retention' where document_id = $1`, w.document); err != nil {
				return err
			}
			if err := enter(ctx, tx, core.Operated(ctx, core.AuditDelete, string(core.KeptDocuments), w.document)); err != nil {
				return err
			}
		}
		return nil
	})
	return removed, err
}
