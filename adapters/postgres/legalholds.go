package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

var errNothingToHold = errors.New("the document is being deleted, or never was")

// SetHold lays a legal hold on a document, or with a zero Document on all of
// the owner's, and records who did it and why. From its return on no deletion
// begins; one that began before goes on, and for such a document it is
// CodeConflict. CodeNotFound says there is no such document; CodeConflict also
// that such a hold stands.
func (s *Store) SetHold(ctx context.Context, h core.Hold) (set core.Hold, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		if err := settleHold(ctx, tx, &h); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `insert into upload_pipeline.holds (document_id, user_id, reason, operator)
			values ($1, $2, $3, $4) returning `+holdColumns, idOrNull(h.Document), h.User, h.Reason, h.Operator)
		if err != nil {
			return err
		}
		if set, err = pgx.CollectExactlyOneRow(rows, scanHold); err != nil {
			return err
		}
		return auditHold(ctx, tx, core.AuditHold, set, h)
	})
	return set, err
}

// settleHold waits for deletions that are about to begin, and finds the
// document's owner.
func settleHold(ctx context.Context, tx pgx.Tx, h *core.Hold) error {
	if h.Document.IsZero() {
		_, err := tx.Exec(ctx, `select from upload_pipeline.documents where user_id = $1 order by document_id for no key update`, h.User)
		return err
	}
	var removed bool
	err := tx.QueryRow(ctx, `select user_id, removed_at is not null from upload_pipeline.documents
		where document_id = $1 for no key update`, h.Document).Scan(&h.User, &removed)
	if err == nil && removed {
		return core.Fail(core.CodeConflict, errNothingToHold)
	}
	return err
}

// LiftHold ends the hold of a document, or with a zero Document the owner's own.
// CodeNotFound says there is none.
func (s *Store) LiftHold(ctx context.Context, h core.Hold) (lifted core.Hold, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `update upload_pipeline.holds set lifted_at = clock_timestamp(), lifted_by = $3
			where lifted_at is null and (document_id = $1 or ($1 is null and document_id is null and user_id = $2))
			returning `+holdColumns, idOrNull(h.Document), h.User, h.Operator)
		if err != nil {
			return err
		}
		if lifted, err = pgx.CollectExactlyOneRow(rows, scanHold); err != nil {
			return err
		}
		return auditHold(ctx, tx, core.AuditLift, lifted, h)
	})
	return lifted, err
}

// auditHold notes what was done to a hold, by whom and for what reason.
func auditHold(ctx context.Context, tx pgx.Tx, action core.AuditAction, done, asked core.Hold) error {
	by := core.Audit{Operator: asked.Operator, Reason: asked.Reason}
	if done.Document.IsZero() {
		return record(ctx, tx, by, action, "owner:"+done.User.String(), nil, 0)
	}
	return record(ctx, tx, by, action, "document", &done.Document, 0)
}

// Holds lists the holds that stand, or with all those that were lifted too, the
// latest first.
func (s *Store) Holds(ctx context.Context, all bool) ([]core.Hold, error) {
	rows, err := s.pool.Query(ctx, `select `+holdColumns+` from upload_pipeline.holds where lifted_at is null or $1 order by set_at desc`, all)
	if err != nil {
		return nil, trouble(err)
	}
	list, err := pgx.CollectRows(rows, scanHold)
	return list, trouble(err)
}

const holdColumns = `hold_id, document_id, user_id, reason, operator, set_at, lifted_at, coalesce(lifted_by, '')`

func scanHold(row pgx.CollectableRow) (h core.Hold, err error) {
	var document *core.ID
	err = row.Scan(&h.ID, &document, &h.User, &h.Reason, &h.Operator, &h.SetAt, &h.LiftedAt, &h.LiftedBy)
	if document != nil {
		h.Document = *document
	}
	return h, err
}

func idOrNull(id core.ID) *core.ID {
	if id.IsZero() {
		return nil
	}
	return &id
}
