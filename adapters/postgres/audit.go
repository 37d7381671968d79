package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
)

// Audit answers the invariants' checker. It writes nothing, and takes no lock
// that anyone waits for. Its pool's sessions hold service_role.
type Audit struct{ pool Steady }

// NewAudit makes an Audit over a pool whose sessions hold service_role.
func NewAudit(pool *pgxpool.Pool) *Audit { return &Audit{NewSteady(pool)} }

// auditTime bounds one rule: it may read every chunk there is.
const auditTime = `set local statement_timeout = '10min'`

// look reads in a snapshot of its own: none is held for longer than a rule
// takes, so that the vacuum is not held up by all of them together.
func (a *Audit) look(ctx context.Context, read func(pgx.Tx) error) error {
	options := pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead}
	return trouble(a.pool.InTx(ctx, options, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, auditTime); err != nil {
			return err
		}
		return read(tx)
	}))
}

// Violations is audit.Database.
func (a *Audit) Violations(ctx context.Context, o audit.Options) (found []audit.Violation, err error) {
	for _, rule := range audit.Rules {
		sql, ok := auditSQL[rule.Name]
		if !ok || (rule.Name == audit.VectorUnreal && !o.Deep) {
			continue
		}
		former := len(found)
		err := a.look(ctx, func(tx pgx.Tx) error {
			found = found[:former]
			rows, err := tx.Query(ctx, sql, pgx.NamedArgs{"late": o.Late, "orphan": o.Orphan})
			if err != nil {
				return err
			}
			var document *core.ID
			var detail string
			_, err = pgx.ForEachRow(rows, []any{&document, &detail}, func() error {
				if document == nil {
					document = &core.ID{}
				}
				found = append(found, audit.Found(rule.Name, *document, detail))
				return nil
			})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Files is audit.Database.
func (a *Audit) Files(ctx context.Context) (files []audit.File, err error) {
	err = a.look(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, filesSQL)
		if err != nil {
			return err
		}
		files, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (f audit.File, err error) {
			var digest []byte
			err = row.Scan(&f.Key, &f.Claim, &f.Document, &f.Size, &digest)
			copy(f.SHA256[:], digest)
			return f, err
		})
		return err
	})
	return files, err
}

// Fates is audit.Database.
func (a *Audit) Fates(ctx context.Context, documents []core.ID) (map[core.ID]audit.Fate, error) {
	fates := map[core.ID]audit.Fate{}
	err := a.look(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, fatesSQL, documents)
		if err != nil {
			return err
		}
		var id core.ID
		var fate audit.Fate
		_, err = pgx.ForEachRow(rows, []any{&id, &fate.Born, &fate.Here, &fate.Deleted}, func() error {
			fates[id] = fate
			return nil
		})
		return err
	})
	return fates, err
}

// Attempts is audit.Database.
func (a *Audit) Attempts(ctx context.Context, ids []core.ID) (map[core.ID]audit.Attempt, error) {
	attempts := map[core.ID]audit.Attempt{}
	err := a.look(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, attemptsSQL, ids)
		if err != nil {
			return err
		}
		var id core.ID
		var one audit.Attempt
		_, err = pgx.ForEachRow(rows, []any{&id, &one.Document, &one.Status, &one.Job, &one.Deleted, &one.Busy, &one.Lost}, func() error {
			attempts[id] = one
			return nil
		})
		return err
	})
	return attempts, err
}

// Waitings is audit.Database.
func (a *Audit) Waitings(ctx context.Context) (waiting []audit.Waiting, err error) {
	err = a.look(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, waitingsSQL)
		if err != nil {
			return err
		}
		waiting, err = pgx.CollectRows(rows, pgx.RowToStructByPos[audit.Waiting])
		return err
	})
	return waiting, err
}

// Since is how long ago the oldest document here was made: what the outside
// lists of before is not ours to judge.
func (a *Audit) Since(ctx context.Context) (since time.Time, err error) {
	err = a.look(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select coalesce(min(at), now()) from upload_pipeline.events`).Scan(&since)
	})
	return since, err
}

var _ audit.Database = (*Audit)(nil)
