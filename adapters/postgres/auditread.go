package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/core"
)

// AuditFilter narrows what is read of the log. What is zero holds nothing back.
type AuditFilter struct {
	From, Before   time.Time
	User, Document core.ID
}

const auditRowSQL = `select seq, at, service, actor, user_id, operator, action, what, documents, network, request_id, outcome, times, hash
	from upload_pipeline.audit_log
	where ($1::timestamptz is null or at >= $1) and ($2::timestamptz is null or at < $2)
	and ($3::uuid is null or user_id = $3) and ($4::uuid is null or documents @> array[$4::uuid])
	order by seq`

// Rows reads the sealed rows that pass the filter in the chain's order, and
// hands each to see. It reads one snapshot, the chain's head of which it hands
// over first.
func (a *AuditLog) Rows(ctx context.Context, f AuditFilter, head func(core.AuditHead, time.Duration) error, see func(core.AuditRow) error) error {
	options := pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead}
	return trouble(pgx.BeginTxFunc(ctx, a.pool, options, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, auditTime); err != nil {
			return err
		}
		if err := tellHead(ctx, tx, head); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, auditRowSQL, timeOrNull(f.From), timeOrNull(f.Before), idOrNull(f.User), idOrNull(f.Document))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scanAuditRow(rows)
			if err == nil {
				err = see(row)
			}
			if err != nil {
				return err
			}
		}
		return rows.Err()
	}))
}

// tellHead reads the chain's ends, and for how long the oldest row has waited
// to be sealed.
func tellHead(ctx context.Context, tx pgx.Tx, tell func(core.AuditHead, time.Duration) error) error {
	var h core.AuditHead
	var hash, first []byte
	var waits float64
	err := tx.QueryRow(ctx, `select seq, hash, first_seq, first_hash,
		coalesce((select extract(epoch from now() - min(at)) from upload_pipeline.audit_inbox), 0)::float8
		from upload_pipeline.audit_head`).Scan(&h.Seq, &hash, &h.FirstSeq, &first, &waits)
	if err != nil {
		return err
	}
	copy(h.Hash[:], hash)
	copy(h.FirstHash[:], first)
	return tell(h, time.Duration(waits*float64(time.Second)))
}

func scanAuditRow(row pgx.CollectableRow) (r core.AuditRow, err error) {
	var user, request *core.ID
	var hash []byte
	err = row.Scan(&r.Seq, &r.At, &r.From.Service, &r.Actor, &user, &r.Operator, &r.Action, &r.What, &r.Documents,
		&r.From.Network, &request, &r.Outcome, &r.Times, &hash)
	if user != nil {
		r.User = *user
	}
	if request != nil {
		r.From.Request = *request
	}
	copy(r.Hash[:], hash)
	return r, err
}
