package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// closeRound is how many documents one transaction begins to delete.
const closeRound = 50

// Close implements ports.Library: first nothing is added any more, then every
// document goes the way that one goes. It may run again, and goes on then.
func (l *Library) Close(ctx context.Context, who ports.Principal) error {
	if err := l.shut(ctx, who); err != nil {
		return err
	}
	for {
		left, err := l.removeSome(ctx, who)
		if err != nil || left == 0 {
			return err
		}
	}
}

// shut records that the account is closed, unless anything of it is held. What
// is being added as it begins is waited for.
func (l *Library) shut(ctx context.Context, who ports.Principal) error {
	return l.asApp(ctx, who, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('account:' || $1::text, 0))`, who.User.String()); err != nil {
			return err
		}
		var held bool
		err := tx.QueryRow(ctx, `select exists (select from upload_pipeline.holds where user_id = $1 and lifted_at is null)`, who.User).Scan(&held)
		if err == nil && held {
			err = core.Fail(core.CodeLegalHold, nil)
		}
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `insert into upload_pipeline.closed_accounts (account_id) values ($1) on conflict do nothing`, who.User)
		if err != nil || tag.RowsAffected() == 0 { // it goes on with what was begun
			return err
		}
		return resign(ctx, tx, who.User, core.AuditEntry{Actor: core.ActorUser, Action: core.AuditAccountDelete, Outcome: core.AuditDone})
	})
}

// resign ends the account's API keys and roles, and notes by whom it is deleted.
func resign(ctx context.Context, tx pgx.Tx, user core.ID, by core.AuditEntry) error {
	batch := &pgx.Batch{}
	batch.Queue(`delete from upload_pipeline.api_keys where user_id = $1`, user)
	batch.Queue(`delete from upload_pipeline.role_grants where user_id = $1`, user)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	by.User = user
	return enter(ctx, tx, by)
}

// removeSome begins the deletion of some of the owner's documents, and of every
// announced upload that came to none.
func (l *Library) removeSome(ctx context.Context, who ports.Principal) (begun int, err error) {
	err = l.asApp(ctx, who, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select document_id, attempt from upload_pipeline.documents
			where user_id = $1 and removed_at is null order by document_id limit $2 for no key update`, who.User, closeRound)
		if err != nil {
			return err
		}
		due, err := dueOf(rows)
		if err != nil {
			return err
		}
		begun = len(due)
		for _, d := range due {
			if err := startPurge(ctx, tx, l.queue, d.document, d.attempt); err != nil {
				return err
			}
			if err := enterAs(ctx, tx, who, core.AuditDelete, "account", d.document); err != nil {
				return err
			}
		}
		return withdrawAll(ctx, tx, who)
	})
	return begun, err
}

// dueOf reads documents whose deletion is to begin.
func dueOf(rows pgx.Rows) ([]waiting, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (w waiting, err error) {
		return w, row.Scan(&w.document, &w.attempt)
	})
}

// withdrawAll removes the owner's announced uploads that came to no document,
// and notes each.
func withdrawAll(ctx context.Context, tx pgx.Tx, who ports.Principal) error {
	rows, err := tx.Query(ctx, `update upload_pipeline.upload_intents set state = 'removed', last_error = null, existing_id = null
		where user_id = $1 and state not in ('arrived', 'removed') returning document_id`, who.User)
	if err != nil {
		return err
	}
	withdrawn, err := pgx.CollectRows(rows, pgx.RowTo[core.ID])
	if err != nil {
		return err
	}
	for _, id := range withdrawn {
		if err := enterAs(ctx, tx, who, core.AuditWithdraw, "account", id); err != nil {
			return err
		}
	}
	return nil
}

// CloseAgain replays the ends of accounts into a database that was restored from
// before them: nobody signs in to one any more, nothing is added to it, and what
// is in it is deleted, but for what the restored database holds. It may run
// again. It tells how many were open.
func (s *Store) CloseAgain(ctx context.Context, accounts []core.ID) (again int, err error) {
	for _, account := range accounts {
		open, err := s.closeAgain(ctx, account)
		if err != nil {
			return again, err
		}
		if open {
			again++
		}
	}
	return again, nil
}

func (s *Store) closeAgain(ctx context.Context, account core.ID) (open bool, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('account:' || $1::text, 0))`, account.String()); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `insert into upload_pipeline.closed_accounts (account_id) values ($1) on conflict do nothing`, account)
		if err != nil {
			return err
		}
		open = tag.RowsAffected() > 0
		if _, err := tx.Exec(ctx, `delete from local_auth.accounts where id = $1`, account); err != nil {
			return err
		}
		if err := emptyAgain(ctx, tx, s.queue, account); err != nil || !open {
			return err
		}
		return resign(ctx, tx, account, core.Operated(ctx, core.AuditAccountDelete, "restore"))
	})
	return open, err
}

// emptyAgain begins the deletion of what an account had that was closed before
// all of it was begun.
func emptyAgain(ctx context.Context, tx pgx.Tx, queue Queue, account core.ID) error {
	rows, err := tx.Query(ctx, `select document_id, attempt from upload_pipeline.documents d
		where user_id = $1 and removed_at is null and not upload_pipeline.held(d.document_id, d.user_id) for no key update`, account)
	if err != nil {
		return err
	}
	left, err := dueOf(rows)
	if err != nil {
		return err
	}
	for _, d := range left {
		if err := startPurge(ctx, tx, queue, d.document, d.attempt); err != nil {
			return err
		}
		if err := enter(ctx, tx, core.Operated(ctx, core.AuditDelete, "account", d.document)); err != nil {
			return err
		}
	}
	return nil
}
