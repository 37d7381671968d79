package postgres

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// AuditLog writes the audit log; either role may. What is read of it, and its
// sealing, needs a pool whose sessions hold service_role.
type AuditLog struct{ pool *pgxpool.Pool }

// NewAuditLog makes an AuditLog.
func NewAuditLog(pool *pgxpool.Pool) *AuditLog { return &AuditLog{pool} }

var _ ports.AuditLog = (*AuditLog)(nil)

// Record is ports.AuditLog.
func (a *AuditLog) Record(ctx context.Context, e core.AuditEntry) error {
	return trouble(enter(ctx, a.pool, e))
}

// RecordIfKept is Record by the schema's owner, whose database may be of an
// earlier version, without an audit log.
func RecordIfKept(ctx context.Context, pool *pgxpool.Pool, e core.AuditEntry) error {
	var kept bool
	err := pool.QueryRow(ctx, `select to_regclass('upload_pipeline.audit_inbox') is not null`).Scan(&kept)
	if err == nil && kept {
		err = enter(ctx, pool, e)
	}
	return trouble(err)
}

// executor is a pool or a transaction.
type executor interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// into is an executor that adds to a batch: what goes wrong, the batch tells.
type into struct{ *pgx.Batch }

// Exec is executor.
func (b into) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	b.Queue(sql, args...)
	return pgconn.CommandTag{}, nil
}

// enter writes an entry, with the context's origin, into the inbox of the log.
// Whoever changes something calls it in the transaction of the change.
func enter(ctx context.Context, to executor, e core.AuditEntry) error {
	from := core.OriginOf(ctx)
	documents := e.Documents
	if documents == nil {
		documents = []core.ID{}
	}
	_, err := to.Exec(ctx, `insert into upload_pipeline.audit_inbox
		(service, actor, user_id, operator, action, what, documents, network, request_id, outcome, times)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		from.Service, string(e.Actor), idOrNull(e.User), e.Operator, string(e.Action), e.What, documents[:min(len(documents), core.MaxAuditDocuments)],
		from.Network, idOrNull(from.Request), string(e.Outcome), max(e.Times, 1))
	return err
}

// enterAs notes what the owner did to a document, in the transaction that did it.
func enterAs(ctx context.Context, to executor, who ports.Principal, action core.AuditAction, what string, id core.ID) error {
	return enter(ctx, to, core.AuditEntry{Actor: core.ActorUser, User: who.User, Action: action, What: what,
		Documents: []core.ID{id}, Outcome: core.AuditDone})
}

// Sealed is what a round of sealing did, and the chain's end after it.
type Sealed struct {
	Rows    int
	Head    core.AuditHead    // without its beginning
	Foreign []core.AuditEntry // somebody asked for what is another's
}

// sealTime bounds one round.
const sealTime = `set local statement_timeout = '60s'`

// Seal chains up to most rows that wait. Of several that seal at one time one
// works, and the others seal nothing. In the same transaction it looks which of
// the documents that were asked for in vain are another's, and notes that.
func (a *AuditLog) Seal(ctx context.Context, most int) (s Sealed, err error) {
	err = pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sealTime); err != nil {
			return err
		}
		var hash []byte
		err := tx.QueryRow(ctx, `select sealed, last, last_hash from upload_pipeline.seal_audit($1)`, most).Scan(&s.Rows, &s.Head.Seq, &hash)
		if err != nil || s.Rows == 0 {
			return err
		}
		copy(s.Head.Hash[:], hash)
		s.Foreign, err = foreign(ctx, tx, s.Head.Seq-int64(s.Rows))
		for _, e := range s.Foreign {
			if err == nil {
				err = enter(ctx, tx, e)
			}
		}
		return err
	})
	return s, trouble(err)
}

// foreign finds, among the rows after seq of documents that were asked for in
// vain, those that are another's.
func foreign(ctx context.Context, tx pgx.Tx, seq int64) (found []core.AuditEntry, err error) {
	rows, err := tx.Query(ctx, `select l.actor, l.user_id, l.seq, array_agg(d.document_id)
		from upload_pipeline.audit_log l join upload_pipeline.documents d on d.document_id = any (l.documents) and d.user_id is distinct from l.user_id
		where l.seq > $1 and l.action = $2 group by l.seq order by l.seq`, seq, string(core.SecurityUnknownID))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e core.AuditEntry, err error) {
		var user *core.ID
		var of int64
		err = row.Scan(&e.Actor, &user, &of, &e.Documents)
		if user != nil {
			e.User = *user
		}
		e.Action, e.Outcome, e.Times = core.AuditAction(core.SecurityForeignID), core.AuditRefused, max(len(e.Documents), 1)
		e.What = "entry:" + strconv.FormatInt(of, 10)
		return e, err
	})
}
