package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Statement is one round trip to the database, for metrics: what was asked in
// one of the words of Statements, and never the SQL itself.
type Statement struct {
	Operation string
	Err       error // nil for none; Cancelled tells whether the asker gave up
	Took      time.Duration
}

// Cancelled reports whether whoever asked gave up. A statement that ran out of
// the time that the database gives it failed.
func (s Statement) Cancelled() bool {
	return errors.Is(s.Err, context.Canceled) || errors.Is(s.Err, context.DeadlineExceeded)
}

// The operations that are no first word of SQL.
const (
	operationQueue = "queue" // River's own
	operationCall  = "call"  // a function of ours
	operationBatch = "batch"
	operationCopy  = "copy"
	operationOther = "other"
)

var verbs = []string{"select", "insert", "update", "delete", "with", "begin", "commit", "rollback"}

// Statements lists the operations.
func Statements() []string {
	return append([]string{operationQueue, operationCall, operationBatch, operationCopy, operationOther}, verbs...)
}

// riversOwn begins each of River's statements.
const riversOwn = "-- name:"

// operationOf is the operation of a statement.
func operationOf(sql string) string {
	if strings.HasPrefix(sql, riversOwn) {
		return operationQueue
	}
	sql = strings.TrimLeft(sql, " \t\r\n")
	for _, verb := range verbs {
		if len(sql) < len(verb) || !strings.EqualFold(sql[:len(verb)], verb) {
			continue
		}
		if verb == "select" && strings.HasPrefix(strings.TrimLeft(sql[len(verb):], " \n\t"), "upload_pipeline.") {
			return operationCall
		}
		return verb
	}
	return operationOther
}

// tracer times what a pool's connections are asked.
type tracer struct{ tell func(Statement) }

type traceKey struct{}

// trip is one round trip under way.
type trip struct {
	operation string
	began     time.Time
}

func (t tracer) begin(ctx context.Context, operation string) context.Context {
	return context.WithValue(ctx, traceKey{}, trip{operation, time.Now()})
}

func (t tracer) end(ctx context.Context, err error) {
	if begun, ok := ctx.Value(traceKey{}).(trip); ok {
		t.tell(Statement{Operation: begun.operation, Err: err, Took: time.Since(begun.began)})
	}
}

// TraceQueryStart is pgx.QueryTracer.
func (t tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return t.begin(ctx, operationOf(data.SQL))
}

// TraceQueryEnd is pgx.QueryTracer.
func (t tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	t.end(ctx, data.Err)
}

// TraceBatchStart is pgx.BatchTracer.
func (t tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return t.begin(ctx, operationBatch)
}

// TraceBatchQuery is pgx.BatchTracer: the batch is timed as one.
func (tracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd is pgx.BatchTracer.
func (t tracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	t.end(ctx, data.Err)
}

// TraceCopyFromStart is pgx.CopyFromTracer.
func (t tracer) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	return t.begin(ctx, operationCopy)
}

// TraceCopyFromEnd is pgx.CopyFromTracer.
func (t tracer) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromEndData) {
	t.end(ctx, data.Err)
}

var (
	_ pgx.QueryTracer    = tracer{}
	_ pgx.BatchTracer    = tracer{}
	_ pgx.CopyFromTracer = tracer{}
)
