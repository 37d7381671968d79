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

var _ ports.Oversight = (*Oversight)(nil)

// Oversight is the operators' reading over the API. Its pool's sessions hold
// inav_app and become inav_operator, which sees every row and neither names nor
// text: the database holds that, and not the queries.
type Oversight struct {
	pool   Steady
	queues []string
	dead   time.Duration
}

// NewOversight makes Oversight over a pool whose sessions hold inav_app; dead is
// the age from which a heartbeat is.
func NewOversight(pool *pgxpool.Pool, queues []string, dead time.Duration) *Oversight {
	return &Oversight{pool: NewSteady(pool), queues: queues, dead: dead}
}

// Roles is what the caller was granted.
func (o *Oversight) Roles(ctx context.Context, who ports.Principal) (roles []core.Role, err error) {
	err = o.pool.InTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, setClaims, string(who.Claims)); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select role from upload_pipeline.role_grants where user_id = $1 order by role`, who.User)
		if err != nil {
			return err
		}
		roles, err = pgx.CollectRows(rows, pgx.RowTo[core.Role])
		return err
	})
	return roles, trouble(err)
}

// asOperator reads as inav_operator in one snapshot, for who has one of the
// roles, and writes down who reads what. What is not there is written down, too.
func (o *Oversight) asOperator(ctx context.Context, who ports.Principal, roles []core.Role, what string, document *core.ID, read func(pgx.Tx) error) error {
	var absent error
	err := o.pool.InTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		absent = nil
		batch := &pgx.Batch{}
		batch.Queue(setClaims, string(who.Claims))
		batch.Queue(`set local role inav_operator`)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		var may bool
		if err := tx.QueryRow(ctx, `select upload_pipeline.acts_as(variadic $1::text[])`, wordsOf(roles)).Scan(&may); err != nil {
			return err
		}
		if !may {
			return core.Fail(core.CodeRoleRequired, nil)
		}
		if err := recordReading(ctx, tx, who.User, what, document); err != nil {
			return err
		}
		err := read(tx)
		if errors.Is(err, pgx.ErrNoRows) {
			absent, err = err, nil
		}
		return err
	})
	return trouble(errors.Join(err, absent))
}

// recordReading writes a reading into both logs; what and document as they were
// asked for.
func recordReading(ctx context.Context, tx pgx.Tx, reader core.ID, what string, document *core.ID) error {
	if err := logOperation(ctx, tx, core.Audit{Operator: reader.String()}, core.AuditOperatorReads, what, document, 0); err != nil {
		return err
	}
	e := core.AuditEntry{Actor: core.ActorUser, User: reader, Action: core.AuditOperatorReads, What: what, Outcome: core.AuditDone}
	if document != nil {
		e.Documents = []core.ID{*document}
	}
	return enter(ctx, tx, e)
}

// Watch lists documents of all owners, the newest first.
func (o *Oversight) Watch(ctx context.Context, who ports.Principal, w ports.Watching) (list []ports.Watched, err error) {
	at, behind := behindOf(w.Behind)
	err = o.asOperator(ctx, who, core.Roles(), "documents", nil, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select d.document_id, d.user_id, j.status, j.status_since, j.attempt, d.bytes_len, d.mime, d.page_count,
				coalesce(j.last_error ->> 'code', ''), d.created_at, j.updated_at
			from upload_pipeline.documents d join upload_pipeline.upload_jobs j on j.document_id = d.document_id and j.attempt = d.attempt
			where (cardinality($1::text[]) = 0 or j.status = any ($1)) 
				and ($2::timestamptz is null or (d.created_at <= $2 and (d.created_at < $2 or d.document_id > $3)))
			order by d.created_at desc, d.document_id limit $4`, wordsOf(w.Statuses), at, behind, w.Limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ports.Watched])
		return err
	})
	return list, err
}

// seenColumns is documentColumns without what an operator does not see.
const seenColumns = `d.document_id, d.user_id, '', '', d.mime, d.bytes_len, ''::bytea, d.page_count,
	j.job_id, j.attempt, j.turn, j.runs, j.status, j.generation, 0::bigint, '', '', '', j.parse_deadline, j.created_at, false, 0::bigint`

// Story is the case of a document, without its name and its addresses.
func (o *Oversight) Story(ctx context.Context, who ports.Principal, id core.ID) (c Case, err error) {
	err = o.asOperator(ctx, who, core.Roles(), "document", &id, func(tx pgx.Tx) (err error) {
		if c, err = scanCase(tx.QueryRow(ctx, `select `+seenColumns+caseSQL, id)); err != nil {
			return err
		}
		return around(ctx, tx, &c, o.dead)
	})
	return c, err
}

// Loads is how much each queue has to do.
func (o *Oversight) Loads(ctx context.Context, who ports.Principal) (loads []QueueLoad, err error) {
	err = o.asOperator(ctx, who, core.Roles(), "queues", nil, func(tx pgx.Tx) (err error) {
		loads, err = loadsOf(ctx, tx, o.queues, o.dead)
		return err
	})
	return loads, err
}

// Failures lists and counts what failed.
func (o *Oversight) Failures(ctx context.Context, who ports.Principal, f Failures) (list []Failure, counts []FailureCount, err error) {
	err = o.asOperator(ctx, who, core.Roles(), "failures", nil, func(tx pgx.Tx) (err error) {
		if list, err = failedOf(ctx, tx, f); err != nil {
			return err
		}
		counts, err = failedCounts(ctx, tx, f)
		return err
	})
	return list, counts, err
}

// Acts lists what operators did; the row policy shows it to an admin alone.
func (o *Oversight) Acts(ctx context.Context, who ports.Principal, limit int) (acts []ports.Act, err error) {
	err = o.asOperator(ctx, who, []core.Role{core.RoleAdmin}, "acts", nil, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select at, operator, action, what, reason, document_id from upload_pipeline.operations_log
			order by entry desc limit $1`, limit)
		if err != nil {
			return err
		}
		acts, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (a ports.Act, err error) {
			var document *core.ID
			err = row.Scan(&a.At, &a.Operator, &a.Action, &a.What, &a.Reason, &document)
			if document != nil {
				a.Document = *document
			}
			return a, err
		})
		return err
	})
	return acts, err
}
