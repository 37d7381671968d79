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

// pauseWait is when a client is told to come back to a paused intake: the end
// of a pause is not known.
const pauseWait = time.Minute

var _ ports.Intake = (*Library)(nil)

// Open asks whether uploads are taken now; the row is read each time, so that
// a pause holds at once in every process.
func (l *Library) Open(ctx context.Context) error {
	var paused bool
	err := l.pool.QueryRow(ctx, `select exists (select what from upload_pipeline.pauses where what = $1)`, core.PauseIntake).Scan(&paused)
	if err == nil && paused {
		e := core.Fail(core.CodeIntakePaused, nil)
		e.After = pauseWait
		return e
	}
	return trouble(err)
}

// Pauses lists what rests and since when, without the reasons; either role may.
func (i *Instances) Pauses(ctx context.Context) ([]core.Pause, error) {
	rows, err := i.pool.Query(ctx, `select what, paused_at from upload_pipeline.pauses order by what`)
	if err != nil {
		return nil, trouble(err)
	}
	pauses, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p core.Pause, err error) {
		return p, row.Scan(&p.What, &p.Since)
	})
	return pauses, trouble(err)
}

// QueueControl is the queue's own switch, within a transaction.
type QueueControl interface {
	Pause(ctx context.Context, tx pgx.Tx, queue string) error
	Resume(ctx context.Context, tx pgx.Tx, queue string) error
}

// Operations is the operators' side of the store. Its pool's sessions hold
// service_role.
type Operations struct {
	pool    Steady
	queue   Queue
	control QueueControl

	snapshots oldestSnapshots
}

// NewOperations makes Operations.
func NewOperations(pool *pgxpool.Pool, queue Queue, control QueueControl) *Operations {
	return &Operations{pool: NewSteady(pool), queue: queue, control: control}
}

func (o *Operations) inTx(ctx context.Context, work func(pgx.Tx) error) error {
	return trouble(o.pool.InTx(ctx, pgx.TxOptions{}, work))
}

// pausesLock orders pauses, resumes and holds, so that River's note follows ours.
const pausesLock = 0x70617573 // "paus"

func (o *Operations) inOrder(ctx context.Context, work func(pgx.Tx) error) error {
	return o.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, pausesLock); err != nil {
			return err
		}
		return work(tx)
	})
}

// Pause lets something rest, and logs who did it, in one transaction; changed
// is false where it rests already. A person's pause takes the place of the
// service's own.
func (o *Operations) Pause(ctx context.Context, what string, by core.Audit) (changed bool, err error) {
	err = o.inOrder(ctx, func(tx pgx.Tx) error {
		changed = false
		if by.Operator != core.ServiceOperator {
			if _, err := tx.Exec(ctx, `delete from upload_pipeline.pauses where what = $1 and operator = $2`, what, core.ServiceOperator); err != nil {
				return err
			}
		}
		tag, err := tx.Exec(ctx, `insert into upload_pipeline.pauses (what, operator, reason) values ($1, $2, $3) on conflict do nothing`,
			what, by.Operator, by.Reason)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		changed = true
		if queue, ok := (core.Pause{What: what}).Queue(); ok {
			if err := o.control.Pause(ctx, tx, queue); err != nil {
				return err
			}
		}
		return record(ctx, tx, by, core.AuditPause, what, nil, 0)
	})
	return changed, err
}

// Resume ends a pause, and logs it likewise. The service ends its own alone.
func (o *Operations) Resume(ctx context.Context, what string, by core.Audit) (changed bool, err error) {
	own := by.Operator == core.ServiceOperator
	err = o.inOrder(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from upload_pipeline.pauses where what = $1 and (not $2 or operator = $3)`, what, own, core.ServiceOperator)
		if err != nil {
			return err
		}
		changed = tag.RowsAffected() > 0
		if own && !changed {
			return nil
		}
		if queue, ok := (core.Pause{What: what}).Queue(); ok { // even so: River's note may be older than ours
			if err := o.control.Resume(ctx, tx, queue); err != nil {
				return err
			}
		}
		if !changed {
			return nil
		}
		return record(ctx, tx, by, core.AuditResume, what, nil, 0)
	})
	return changed, err
}

// record writes what was done into the operators' log, which has the reason, and
// into the audit log, which has its place in the chain.
func record(ctx context.Context, tx pgx.Tx, by core.Audit, action core.AuditAction, what string, document *core.ID, attempt int) error {
	return recordOf(ctx, tx, by, action, what, core.ID{}, document, attempt)
}

// recordOf is record of what was done to an account; zero where it was to none.
func recordOf(ctx context.Context, tx pgx.Tx, by core.Audit, action core.AuditAction, what string, account core.ID, document *core.ID, attempt int) error {
	if err := logOperation(ctx, tx, by, action, what, document, attempt); err != nil {
		return err
	}
	e := core.AuditEntry{Actor: core.ActorOperator, Operator: by.Operator, User: account, Action: action, What: what, Outcome: core.AuditDone}
	if by.Operator == core.ServiceOperator {
		e.Actor, e.Operator = core.ActorService, ""
	}
	if document != nil {
		e.Documents = []core.ID{*document}
	}
	return enter(ctx, tx, e)
}

func logOperation(ctx context.Context, tx pgx.Tx, by core.Audit, action core.AuditAction, what string, document *core.ID, attempt int) error {
	_, err := tx.Exec(ctx, `insert into upload_pipeline.operations_log (operator, reason, action, what, document_id, attempt)
		values ($1, $2, $3, $4, $5, nullif($6, 0))`, by.Operator, by.Reason, string(action), what, document, attempt)
	return err
}

// Hold pauses at River what our own table says rests and River forgot: its note
// of a queue goes when nobody has worked it for a day.
func (o *Operations) Hold(ctx context.Context) error {
	rows, err := o.pool.Query(ctx, `select substr(p.what, 7) from upload_pipeline.pauses p where p.what like 'queue:%'
		and not exists (select from river.river_queue q where q.name = substr(p.what, 7) and q.paused_at is not null)`)
	if err != nil {
		return trouble(err)
	}
	forgotten, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(forgotten) == 0 {
		return trouble(err)
	}
	return o.inOrder(ctx, func(tx pgx.Tx) error {
		var errs []error
		for _, queue := range forgotten {
			var still bool // a resume that came between wins
			err := tx.QueryRow(ctx, `select exists (select from upload_pipeline.pauses where what = $1)`, core.PauseQueue(queue)).Scan(&still)
			if err == nil && still {
				err = o.control.Pause(ctx, tx, queue)
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
}

// Pauses lists what rests, by whom and why.
func (o *Operations) Pauses(ctx context.Context) ([]core.Pause, error) {
	pauses, err := pausesOf(ctx, o.pool)
	return pauses, trouble(err)
}

func pausesOf(ctx context.Context, q asker) ([]core.Pause, error) {
	rows, err := q.Query(ctx, `select what, paused_at, operator, reason from upload_pipeline.pauses order by what`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p core.Pause, err error) {
		return p, row.Scan(&p.What, &p.Since, &p.Operator, &p.Reason)
	})
}

// asker is a pool or a transaction.
type asker interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// QueueLoad is how much a queue has to do.
type QueueLoad = ports.QueueLoad

// Queues reads the load of each of the named queues; dead is the age from
// which a heartbeat is.
func (o *Operations) Queues(ctx context.Context, names []string, dead time.Duration) ([]QueueLoad, error) {
	loads, err := loadsOf(ctx, o.pool, names, dead)
	return loads, trouble(err)
}

func loadsOf(ctx context.Context, q asker, names []string, dead time.Duration) ([]QueueLoad, error) {
	rows, err := q.Query(ctx, `select n.name,
			count(*) filter (where r.state = 'available' and r.scheduled_at <= now()),
			count(*) filter (where r.state in ('retryable', 'scheduled', 'pending') or r.state = 'available' and r.scheduled_at > now()),
			count(*) filter (where r.state = 'running'),
			count(*) filter (where r.state = 'running' and `+lastRunner+` ~ '`+uuidForm+`' and not `+processLives+`),
			coalesce(extract(epoch from now() - min(`+dueSince+`) filter (where r.state = 'available' and r.scheduled_at <= now())), 0)::float8
		from unnest($2::text[]) with ordinality as n (name, place)
		left join river.river_job r on r.queue = n.name and r.state in `+liveStates+`
		group by n.name, n.place order by n.place`, dead, names)
	if err != nil {
		return nil, err
	}
	loads, err := pgx.CollectRows(rows, scanLoad)
	if err != nil {
		return nil, err
	}
	pauses, err := pausesOf(ctx, q)
	for i := range loads {
		for _, p := range pauses {
			if p.What == core.PauseQueue(loads[i].Queue) {
				loads[i].Paused = &p
			}
		}
	}
	return loads, err
}

func scanLoad(row pgx.CollectableRow) (l QueueLoad, err error) {
	var oldest float64
	err = row.Scan(&l.Queue, &l.Waiting, &l.Snoozing, &l.Running, &l.Lost, &oldest)
	l.Oldest = time.Duration(oldest * float64(time.Second))
	return l, err
}
