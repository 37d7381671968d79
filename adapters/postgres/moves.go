package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// freshIntent is how old the intent of a move may be for the move to be begun,
// taken up again or ended. It is well below the least age from which intents are
// swept (boot holds SWEEP_AGE to 15 minutes): what a sweep has listed no move
// can come to own any more.
const freshIntent = ` > ` + freshSince

const freshSince = `clock_timestamp() - interval '7 minutes'`

var (
	errUnswept    = errors.New("what an earlier move left is not swept yet")
	errNotMovable = errors.New("only a complete document's file is moved")
)

// BeginMove writes down that a document's file is about to lie in a tier, and
// tells from where to where; a move that was cut off is taken up again. A copy
// that comes does so within limit. core.ErrStale says that the file lies there
// already; CodeLegalHold that a hold keeps it where it is; CodeConflict that the
// document is not complete, or that what an earlier move left is not swept yet.
func (s *Store) BeginMove(ctx context.Context, id core.ID, to core.Tier, limit time.Duration) (m core.FileMove, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		if m, err = movable(ctx, tx, id, to); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `insert into upload_pipeline.storage_intents as i (storage_key, user_id, created_at, moving_until)
			values ($1, $2, clock_timestamp(), clock_timestamp() + $3::interval)
			on conflict (storage_key) do update set created_at = excluded.created_at, moving_until = excluded.moving_until
				where i.created_at`+freshIntent, m.To, m.User, limit)
		if err == nil && tag.RowsAffected() == 0 {
			return core.Fail(core.CodeConflict, errUnswept)
		}
		return err
	})
	return m, err
}

// movable locks the document, and reads what is moved of it.
func movable(ctx context.Context, tx pgx.Tx, id core.ID, to core.Tier) (m core.FileMove, err error) {
	var digest []byte
	var status core.Status
	var held bool
	err = tx.QueryRow(ctx, `select d.document_id, d.user_id, d.storage_key, d.mime, d.bytes_len, d.file_sha256, j.status,
			upload_pipeline.held(d.document_id, d.user_id)
		from upload_pipeline.documents d join upload_pipeline.upload_jobs j on j.document_id = d.document_id and j.attempt = d.attempt
		where d.document_id = $1 for no key update of d`, id).
		Scan(&m.Document, &m.User, &m.From, &m.ContentType, &m.Size, &digest, &status, &held)
	copy(m.SHA256[:], digest)
	m.To = core.InTier(m.From, to)
	switch {
	case err != nil:
		return m, err
	case status != core.Complete:
		return m, core.Fail(core.CodeConflict, errNotMovable)
	case m.From == m.To:
		return m, core.ErrStale
	case held:
		return m, core.Fail(core.CodeLegalHold, nil)
	}
	return m, nil
}

// Switch makes the copied file the document's own, in one transaction: from
// then on the former one is what is swept. A file that has come back counts as
// read. With by it is logged who moved it. core.ErrStale says that the document
// was deleted or held meanwhile, that another run was faster, or that this one
// took too long: nothing is changed then.
func (s *Store) Switch(ctx context.Context, m core.FileMove, by *core.Audit) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		cold := core.TierOf(m.To) == core.Cold
		if err := one(ctx, tx, `update upload_pipeline.documents set storage_key = $3,
				cold_since = case when $4 then clock_timestamp() end, file_read_at = case when $4 then file_read_at else clock_timestamp() end
			where document_id = $1 and storage_key = $2 and removed_at is null and not upload_pipeline.held(document_id, user_id)`,
			m.Document, m.From, m.To, cold); err != nil {
			return err
		}
		if err := one(ctx, tx, `delete from upload_pipeline.storage_intents where storage_key = $1 and created_at`+freshIntent, m.To); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into upload_pipeline.storage_intents (storage_key, user_id, created_at) values ($1, $2, clock_timestamp())
			on conflict (storage_key) do update set created_at = excluded.created_at, moving_until = null`, m.From, m.User)
		if err != nil || by == nil {
			return err
		}
		action := core.AuditUnarchive
		if cold {
			action = core.AuditArchive
		}
		return record(ctx, tx, *by, action, "document", &m.Document, 0)
	})
}

// one holds a statement to a single row; core.ErrStale says there was none.
func one(ctx context.Context, tx pgx.Tx, sql string, args ...any) error {
	tag, err := tx.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() == 0 {
		return core.ErrStale
	}
	return err
}

// GiveUp ends a move that is not to be: nobody can take it up again, no
// deletion waits for it, and the next sweep removes what was copied. A move that
// another run has ended is left as it is.
func (s *Store) GiveUp(ctx context.Context, m core.FileMove) error {
	_, err := s.pool.Exec(ctx, `update upload_pipeline.storage_intents i set moving_until = null, created_at = least(created_at, `+freshSince+`)
		where storage_key = $1 and moving_until is not null
		and not exists (select from upload_pipeline.documents d where d.storage_key = i.storage_key)`, m.To)
	return trouble(err)
}

// Moving reports whether a copy of the document's file may still be under way.
func (s *Store) Moving(ctx context.Context, doc core.Document) (now bool, err error) {
	err = s.pool.QueryRow(ctx, `select exists (select from upload_pipeline.storage_intents
		where storage_key = any ($1) and moving_until > clock_timestamp())`, bothPlaces(doc.Key)).Scan(&now)
	return now, trouble(err)
}

func bothPlaces(key string) []string { return []string{key, core.OtherPlace(key)} }

// resting are the complete documents whose file may be moved: no hold keeps it
// and nothing of an earlier move waits to be swept.
const resting = ` from upload_pipeline.documents d join upload_pipeline.upload_jobs j on j.document_id = d.document_id and j.attempt = d.attempt
	where j.status = 'complete' and d.removed_at is null and not upload_pipeline.held(d.document_id, d.user_id)
	and not exists (select from upload_pipeline.storage_intents i where i.storage_key = upload_pipeline.other_place(d.storage_key)
		and not i.created_at` + freshIntent + `) and `

// moves says which of them are to go where. A file goes cold that was not read
// for $1, and comes back when it was read there; with 0 all come back.
var moves = map[core.Tier]string{
	core.Cold: resting + `$1::interval > interval '0' and d.cold_since is null and greatest(d.created_at, d.file_read_at, j.status_since) < now() - $1::interval`,
	core.Hot:  resting + `d.cold_since is not null and ($1::interval <= interval '0' or d.file_read_at > d.cold_since)`,
}

// Movable lists up to limit documents whose file is to go to a tier; age is how
// long a file stays hot after it was read last; with 0 none goes cold, and all
// come back.
func (s *Store) Movable(ctx context.Context, to core.Tier, age time.Duration, limit int) ([]core.ID, error) {
	rows, err := s.pool.Query(ctx, `select d.document_id`+moves[to]+` order by coalesce(d.file_read_at, d.created_at) limit $2`, age, limit)
	if err != nil {
		return nil, trouble(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[core.ID])
	return ids, trouble(err)
}

// MovableCount counts all that Movable would list.
func (s *Store) MovableCount(ctx context.Context, to core.Tier, age time.Duration) (n int, err error) {
	err = s.pool.QueryRow(ctx, `select count(*)`+moves[to], age).Scan(&n)
	return n, trouble(err)
}

// ColdFiles counts the documents whose file lies in the archive.
func (s *Store) ColdFiles(ctx context.Context) (n int, err error) {
	err = s.pool.QueryRow(ctx, `select count(*) from upload_pipeline.documents where cold_since is not null and removed_at is null`).Scan(&n)
	return n, trouble(err)
}

// Twins finds those of the keys whose object a document has in the other place,
// and the key that it has there.
func (s *Store) Twins(ctx context.Context, keys []string) (map[string]string, error) {
	rows, err := s.pool.Query(ctx, `select k.key, d.storage_key from unnest($1::text[]) k (key)
		join upload_pipeline.documents d on d.storage_key = upload_pipeline.other_place(k.key) and d.removed_at is null`, keys)
	if err != nil {
		return nil, trouble(err)
	}
	twins := map[string]string{}
	var key, owned string
	_, err = pgx.ForEachRow(rows, []any{&key, &owned}, func() error {
		twins[key] = owned
		return nil
	})
	return twins, trouble(err)
}

// Discard gives to the sweep what lies in the other place than the document's
// own file, unless a move is about to need it; from then on none takes it up.
func (s *Store) Discard(ctx context.Context, key string) error {
	_, err := s.pool.Exec(ctx, `insert into upload_pipeline.storage_intents (storage_key, user_id, created_at)
		select $1, d.user_id, `+freshSince+` from upload_pipeline.documents d where d.storage_key = upload_pipeline.other_place($1)
		on conflict do nothing`, key)
	return trouble(err)
}
