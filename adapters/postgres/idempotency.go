package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Idempotency remembers answers by their requests' keys; it fills
// ports.Idempotency. Its pool's sessions hold inav_app.
type Idempotency struct{ pool Steady }

// NewIdempotency makes an Idempotency over a pool whose sessions hold inav_app.
func NewIdempotency(pool *pgxpool.Pool) *Idempotency { return &Idempotency{pool: NewSteady(pool)} }

// claimSQL takes the key in one statement, so that of any number of claims one
// wins: a new key, an expired or released one, or a run of the same request
// whose lease is over. A claim that was granted, and whose answer was lost, is
// granted the same run again. The run's number never falls back, even when an
// expired row begins anew: a run of long ago stays fenced off.
const claimSQL = `
	insert into upload_pipeline.idempotency_keys as k (key_hash, fingerprint, resource, leased_until, expires_at, claim)
	values ($1, $2, $3, now() + $4::interval, now() + $4::interval + $5::interval, $6)
	on conflict (key_hash) do update set
		fingerprint = excluded.fingerprint,
		resource = case when k.expires_at > now() and k.fingerprint = excluded.fingerprint then k.resource else excluded.resource end,
		run = case when k.claim = excluded.claim then k.run else k.run + 1 end, claim = excluded.claim,
		claimed_at = now(), leased_until = excluded.leased_until, answer = null, expires_at = excluded.expires_at
	where k.expires_at <= now()
		or (k.answer is null and (k.leased_until is null or k.claim = excluded.claim))
		or (k.answer is null and k.leased_until <= now() and k.fingerprint = excluded.fingerprint)
	returning k.run, k.resource`

// heldSQL reads what keeps a claim from being granted.
const heldSQL = `select fingerprint = $2, answer, run, resource,
		extract(epoch from now() - claimed_at)::float8, coalesce(extract(epoch from leased_until - now()), 0)::float8
	from upload_pipeline.idempotency_keys where key_hash = $1`

// claimTries bounds how often a claim is repeated: it was not answered, or the
// row in its way was gone when it was looked at.
const claimTries = 5

// Claim implements ports.Idempotency. It has a name of its own: whatever became
// of one whose answer was lost, it may be made again.
func (i *Idempotency) Claim(ctx context.Context, use ports.KeyUse) (hold ports.KeyHold, err error) {
	claim := core.NewID()
	err = repeatIf(ctx, claimTries, undecided, func() error {
		hold, err = i.claim(ctx, use, claim)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = inUse(time.Second)
	}
	return hold, trouble(err)
}

// undecided reports whether a claim may be granted when it is made again.
func undecided(err error) bool {
	return errors.Is(err, pgx.ErrNoRows) || core.HasCode(trouble(err), core.CodeDatabaseUnavailable)
}

func (i *Idempotency) claim(ctx context.Context, use ports.KeyUse, claim core.ID) (hold ports.KeyHold, err error) {
	err = i.pool.QueryRow(ctx, claimSQL, use.Key[:], use.Fingerprint[:], core.NewID(), use.Lease, use.Life, claim).
		Scan(&hold.Run, &hold.Resource)
	if errors.Is(err, pgx.ErrNoRows) {
		return i.held(ctx, use)
	}
	return hold, err
}

// held is the answer that stands under the key, or why there is none;
// pgx.ErrNoRows says that the row is gone, and the key free again.
func (i *Idempotency) held(ctx context.Context, use ports.KeyUse) (hold ports.KeyHold, err error) {
	var same bool
	var ran, rest float64
	err = i.pool.QueryRow(ctx, heldSQL, use.Key[:], use.Fingerprint[:]).
		Scan(&same, &hold.Answer, &hold.Run, &hold.Resource, &ran, &rest)
	switch {
	case err != nil:
		return ports.KeyHold{}, err
	case !same:
		return ports.KeyHold{}, core.Fail(core.CodeIdempotencyMismatch, nil)
	case hold.Answer == nil:
		// As long again as it has run: few questions, whether it lives or died.
		return ports.KeyHold{}, inUse(time.Duration(max(min(ran, rest), 1) * float64(time.Second)))
	}
	return hold, nil
}

func inUse(after time.Duration) error {
	e := core.Fail(core.CodeIdempotencyInUse, nil)
	e.After = after
	return e
}

// Keep implements ports.Idempotency.
func (i *Idempotency) Keep(ctx context.Context, key [32]byte, run int, answer []byte, life time.Duration) error {
	tag, err := i.pool.Exec(ctx, `update upload_pipeline.idempotency_keys
		set answer = $3, leased_until = null, expires_at = now() + $4::interval
		where key_hash = $1 and run = $2 and leased_until is not null`, key[:], run, answer, life)
	if err == nil && tag.RowsAffected() == 0 {
		err = core.ErrStale
	}
	return trouble(err)
}

// Release implements ports.Idempotency.
func (i *Idempotency) Release(ctx context.Context, key [32]byte, run int, inDoubt bool) error {
	sql := `delete from upload_pipeline.idempotency_keys where key_hash = $1 and run = $2 and leased_until is not null`
	if inDoubt {
		sql = `update upload_pipeline.idempotency_keys set leased_until = null where key_hash = $1 and run = $2 and leased_until is not null`
	}
	_, err := i.pool.Exec(ctx, sql, key[:], run)
	return trouble(err)
}

var _ ports.Idempotency = (*Idempotency)(nil)
