package legacy

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// document is an old row as it stands; what is null there is zero here.
type document struct {
	id, user    core.ID
	name        string
	digest      string // what the client claimed, lower case
	raw, parsed string // where its files lie, in one of the spellings
	created     time.Time
}

type attempt struct {
	id     core.ID
	status string
}

type chunk struct {
	ordinal   int
	text      string
	digest    string // of the text that was embedded
	chunker   string
	model     string
	plausible bool // the vector looks computed
	vector    []byte
}

// gather reads what the whole run needs to know.
func (a *adoption) gather(ctx context.Context) ([]document, error) {
	if err := a.gatherDone(ctx); err != nil {
		return nil, err
	}
	if err := a.gatherOwners(ctx); err != nil {
		return nil, err
	}
	equal, err := rowsOf(ctx, a, "shared.sql", func(row pgx.CollectableRow) (v []byte, err error) { return v, row.Scan(&v) })
	if err != nil {
		return nil, err
	}
	a.shared = make(map[[32]byte]bool, len(equal))
	for _, vector := range equal {
		a.shared[[32]byte(vector)] = true
	}
	return rowsOf(ctx, a, "documents.sql", func(row pgx.CollectableRow) (d document, err error) {
		return d, row.Scan(&d.id, &d.user, &d.name, &d.digest, &d.raw, &d.parsed, &d.created)
	})
}

// gatherDone reads what earlier runs adopted.
func (a *adoption) gatherDone(ctx context.Context) error {
	ids, err := a.idsWhere(ctx, `upload_pipeline_legacy.adopted`, `select document_id from upload_pipeline_legacy.adopted where outcome <> 'left'`)
	for _, id := range ids {
		a.done[id] = true
	}
	return err
}

// gatherOwners reads who has an account, where Supabase's list of them lies in
// the same database.
func (a *adoption) gatherOwners(ctx context.Context) error {
	ids, err := a.idsWhere(ctx, `auth.users`, `select id from auth.users`)
	if err != nil || ids == nil {
		return err
	}
	a.owners = make(map[core.ID]bool, len(ids))
	for _, id := range ids {
		a.owners[id] = true
	}
	return nil
}

// idsWhere reads ids from a table; nil where there is no such table.
func (a *adoption) idsWhere(ctx context.Context, table, query string) ([]core.ID, error) {
	var there bool
	if err := a.pool.QueryRow(ctx, `select to_regclass($1) is not null`, table).Scan(&there); err != nil || !there {
		return nil, err
	}
	rows, err := a.pool.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[core.ID])
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	return ids, nil
}

func (a *adoption) attempts(ctx context.Context, id core.ID) ([]attempt, error) {
	return rowsOf(ctx, a, "attempts.sql", func(row pgx.CollectableRow) (t attempt, err error) {
		return t, row.Scan(&t.id, &t.status)
	}, id)
}

func (a *adoption) chunks(ctx context.Context, id core.ID) ([]chunk, error) {
	return rowsOf(ctx, a, "chunks.sql", func(row pgx.CollectableRow) (c chunk, err error) {
		return c, row.Scan(&c.ordinal, &c.text, &c.digest, &c.chunker, &c.model, &c.plausible, &c.vector)
	}, id)
}

// rowsOf runs a file's query over the old tables.
func rowsOf[T any](ctx context.Context, a *adoption, name string, scan pgx.RowToFunc[T], args ...any) ([]T, error) {
	rows, err := a.pool.Query(ctx, a.sql(name), args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}
