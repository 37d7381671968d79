package riverqueue

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/insurance-navigator/navigator/core"
)

// Add is Insert as statements of a batch, which go with all others of it or not
// at all. Jobs that may be there already (Arrive) are refused: they need Insert.
func (q *Queue) Add(ctx context.Context, batch *pgx.Batch, jobs ...core.Job) error {
	return q.AddWhere(ctx, batch, "true", nil, jobs...)
}

// AddWithin is Add for a batch that goes to the server within tx, and asks nothing
// of another connection meanwhile.
func (q *Queue) AddWithin(ctx context.Context, tx pgx.Tx, batch *pgx.Batch, jobs ...core.Job) error {
	return q.add(ctx, &later{server: tx, batch: batch, condition: "true"}, jobs)
}

// AddWhere is Add where the condition, with its arguments from $1 on, holds when
// the batch has come as far. Workers are woken in any case.
func (q *Queue) AddWhere(ctx context.Context, batch *pgx.Batch, condition string, args []any, jobs ...core.Job) error {
	return q.add(ctx, &later{server: q.pool, batch: batch, condition: condition, args: args}, jobs)
}

func (q *Queue) add(ctx context.Context, to *later, jobs []core.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	if slices.ContainsFunc(jobs, func(j core.Job) bool { return j.Stage == core.Arrive }) {
		return core.Fail(core.CodeInternal, fmt.Errorf("stage %q is inserted by itself", core.Arrive))
	}
	params, err := q.params(jobs)
	if err != nil {
		return err
	}
	_, err = q.client.InsertManyFastTx(ctx, to, params)
	return err
}

// End is Complete as a statement of a batch: one row by its key, while River's
// own call is planned anew each time and costs ten times as much. A job that is
// another run's by now ends the batch with SQLSTATE IN409.
func (q *Queue) End(batch *pgx.Batch, ticket any) error {
	held, ok := ticket.(claim)
	if !ok {
		return core.Fail(core.CodeInternal, fmt.Errorf("a ticket of type %T is not the queue's", ticket))
	}
	id, run := held.row()
	batch.Queue(`with ended as (
			update `+schema+`.river_job set state = 'completed', finalized_at = $3 where id = $1 and attempt = $2 and state = 'running' returning id)
		select upload_pipeline.stands((select count(*) from ended))`, id, run, time.Now().UTC())
	return nil
}

// later is the transaction that River writes to where its statements go into a
// batch: what it copies in is inserted, and what it executes is added. What River
// asks the server about itself, once, is asked at once. A method that is not
// here would panic; a test holds what River calls.
type later struct {
	pgx.Tx
	server interface {
		QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	}
	batch     *pgx.Batch
	condition string // for what is copied in, with its arguments
	args      []any
}

// QueryRow is pgx.Tx.
func (l *later) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return l.server.QueryRow(ctx, sql, args...)
}

// Conn is pgx.Tx: there is none yet.
func (l *later) Conn() *pgx.Conn { return nil }

// Exec is pgx.Tx.
func (l *later) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	l.batch.Queue(sql, args...)
	return pgconn.CommandTag{}, nil
}

// CopyFrom is pgx.Tx: one insert a row.
func (l *later) CopyFrom(_ context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (n int64, err error) {
	for ; rows.Next(); n++ {
		values, err := rows.Values()
		if err != nil {
			return n, err
		}
		sql, args, err := l.insertion(table, columns, values)
		if err != nil {
			return n, err
		}
		l.batch.Queue(sql, args...)
	}
	return n, rows.Err()
}

// insertion is the statement of one row. JSON goes as text, which every way of
// sending arguments takes for what it is.
func (l *later) insertion(table pgx.Identifier, columns []string, values []any) (sql string, args []any, err error) {
	var names, places []string
	args = slices.Clone(l.args)
	for i, column := range columns {
		place := fmt.Sprintf("$%d", len(args)+1)
		value := values[i]
		switch column {
		case "args", "metadata":
			text, ok := value.([]byte)
			if !ok {
				return "", nil, core.Fail(core.CodeInternal, fmt.Errorf("column %s holds a %T", column, value))
			}
			value, place = string(text), place+"::jsonb"
		case "state":
			value, place = fmt.Sprint(value), place+"::"+schema+".river_job_state"
		case "unique_key", "unique_states":
			if !empty(value) {
				return "", nil, core.Fail(core.CodeInternal, fmt.Errorf("a unique job is not inserted in a batch"))
			}
			continue
		}
		names, places, args = append(names, column), append(places, place), append(args, value)
	}
	return "insert into " + table.Sanitize() + " (" + strings.Join(names, ", ") + ") select " + strings.Join(places, ", ") + " where " + l.condition, args, nil
}

func empty(value any) bool {
	switch v := value.(type) {
	case []byte:
		return len(v) == 0
	case pgtype.Bits:
		return !v.Valid
	}
	return value == nil
}
