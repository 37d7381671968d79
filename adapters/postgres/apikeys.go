package postgres

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

var _ ports.APIKeys = (*Library)(nil)

const keyColumns = `key_id, name, hint, scopes, created_at, expires_at, last_used_at`

func scanKey(row pgx.CollectableRow) (k ports.APIKey, err error) {
	var used *time.Time
	err = row.Scan(&k.ID, &k.Name, &k.Hint, &k.Scopes, &k.CreatedAt, &k.ExpiresAt, &used)
	k.LastUsedAt = orZero(used)
	return k, err
}

// Keep adds a key under the lock of its owner, so that two at once cannot both
// be the last one. Keys that expired a month ago make room in the list.
func (l *Library) Keep(ctx context.Context, who ports.Principal, key ports.NewAPIKey) (kept ports.APIKey, err error) {
	err = l.asApp(ctx, who, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(`select pg_advisory_xact_lock(hashtextextended('api_keys:' || $1::text, 0))`, who.User.String())
		batch.Queue(`delete from upload_pipeline.api_keys where user_id = $1 and expires_at < now() - interval '30 days'`, who.User)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		var there int
		err := tx.QueryRow(ctx, `select count(*) from upload_pipeline.api_keys where user_id = $1 and expires_at > now()`, who.User).Scan(&there)
		if err == nil && there >= key.Most {
			err = core.Fail(core.CodeTooManyKeys, nil)
		}
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `insert into upload_pipeline.api_keys (key_id, user_id, name, hint, key_sha256, scopes, expires_at)
			values ($1, $2, $3, $4, $5, $6, now() + $7::interval) returning `+keyColumns,
			core.NewID(), who.User, key.Name, key.Hint, key.Digest[:], key.Scopes, key.Life)
		if err != nil {
			return err
		}
		if kept, err = pgx.CollectExactlyOneRow(rows, scanKey); err != nil {
			return err
		}
		return enterKey(ctx, tx, who, core.AuditKeyMade, kept.ID)
	})
	return kept, err
}

// Keys lists the caller's keys.
func (l *Library) Keys(ctx context.Context, who ports.Principal) (keys []ports.APIKey, err error) {
	err = l.asApp(ctx, who, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+keyColumns+` from upload_pipeline.api_keys where user_id = $1 order by created_at desc, key_id`, who.User)
		if err != nil {
			return err
		}
		keys, err = pgx.CollectRows(rows, scanKey)
		return err
	})
	return keys, err
}

// Revoke removes the key's row: the next request with it finds nothing.
func (l *Library) Revoke(ctx context.Context, who ports.Principal, id core.ID) error {
	return l.asApp(ctx, who, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from upload_pipeline.api_keys where user_id = $1 and key_id = $2`, who.User, id)
		if err == nil && tag.RowsAffected() == 0 {
			err = core.Fail(core.CodeNotFound, errors.New("no such key of this owner"))
		}
		if err != nil {
			return err
		}
		return enterKey(ctx, tx, who, core.AuditKeyRevoked, id)
	})
}

// enterKey notes what was done to a key.
func enterKey(ctx context.Context, tx pgx.Tx, who ports.Principal, action core.AuditAction, key core.ID) error {
	return enter(ctx, tx, core.AuditEntry{Actor: core.ActorUser, User: who.User, Action: action, What: "key:" + key.String(), Outcome: core.AuditDone})
}

// Bearer finds the key by its digest. The digest is also said to the row
// policies, which show this transaction no other key, whatever it asks for.
func (l *Library) Bearer(ctx context.Context, digest [32]byte) (who ports.Principal, err error) {
	var expired bool
	err = l.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select set_config('navigator.key_sha256', $1, true)`, hex.EncodeToString(digest[:])); err != nil {
			return err
		}
		var stale bool
		err := tx.QueryRow(ctx, `select key_id, user_id, scopes, expires_at, expires_at <= now(),
				last_used_at is null or last_used_at < now() - interval '1 minute'
			from upload_pipeline.api_keys where key_sha256 = $1`, digest[:]).
			Scan(&who.Key, &who.User, &who.Scopes, &who.ExpiresAt, &expired, &stale)
		if err != nil || expired || !stale {
			return err
		}
		return noteUse(ctx, tx, digest)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ports.Principal{}, core.Fail(core.CodeUnauthenticated, errors.New("no such key"))
	case err != nil:
		return ports.Principal{}, trouble(err)
	case expired:
		return ports.Principal{}, core.Fail(core.CodeUnauthenticated, errors.New("the key has expired"))
	}
	who.Claims, err = json.Marshal(map[string]string{"sub": who.User.String(), "role": "authenticated", "key_id": who.Key.String()})
	return who, err
}

// noteUse writes when the key was used, unless a request beside this one just
// does: of all within a minute one writes, and none waits for it.
func noteUse(ctx context.Context, tx pgx.Tx, digest [32]byte) error {
	_, err := tx.Exec(ctx, `update upload_pipeline.api_keys set last_used_at = now()
		where key_id = (select key_id from upload_pipeline.api_keys where key_sha256 = $1
			and (last_used_at is null or last_used_at < now() - interval '1 minute') for update skip locked)`, digest[:])
	return err
}
