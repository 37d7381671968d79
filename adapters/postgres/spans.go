package postgres

import (
	"context"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceparent is the context's span for a document's later jobs to go on from;
// "" for none.
func traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// tracerOf is the tracer of whatever the context is traced by.
func tracerOf(ctx context.Context) trace.Tracer {
	return trace.SpanFromContext(ctx).TracerProvider().Tracer("navigator/postgres")
}

// under goes on in the document's trace, where the context belongs to another
// one: each of the two is linked to the other. done ends the span.
func under(ctx context.Context, parent, name string) (inner context.Context, done func()) {
	document := propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": parent})
	if parent == "" || !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, func() {}
	}
	trace.SpanFromContext(ctx).AddLink(trace.LinkFromContext(document))
	inner, span := tracerOf(ctx).Start(document, name, trace.WithLinks(trace.LinkFromContext(ctx)), trace.WithSpanKind(trace.SpanKindConsumer))
	return inner, func() { span.End() }
}

// underOnce is under for work that may be done again: all of it is one span, from
// the first time that within is told the document's trace.
func underOnce(ctx context.Context, name string) (within func(parent string) context.Context, done func()) {
	var inner context.Context
	end := func() {}
	return func(parent string) context.Context {
		if inner == nil {
			inner, end = under(ctx, parent, name)
		}
		return inner
	}, func() { end() }
}

// spans makes a span of each round trip that belongs to one. It holds the first
// word and the table, and never SQL nor its arguments.
type spans struct{}

// table finds the first table or function of ours or of River's.
var table = regexp.MustCompile(`\b(upload_pipeline|local_auth|river)"?\."?(\w+)`)

// spanName is "update upload_jobs".
func spanName(sql string) string {
	verb := "query"
	for line := range strings.Lines(sql) {
		if words := strings.Fields(line); len(words) > 0 && !strings.HasPrefix(words[0], "--") {
			verb = strings.ToLower(words[0])
			break
		}
	}
	if strings.Trim(verb, "abcdefghijklmnopqrstuvwxyz") != "" {
		verb = "query"
	}
	if found := table.FindStringSubmatch(sql); found != nil {
		return verb + " " + found[2]
	}
	return verb
}

type spanKey struct{}

func (spans) begin(ctx context.Context, name func() string) context.Context {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx
	}
	inner, span := tracerOf(ctx).Start(ctx, "db "+name(), trace.WithSpanKind(trace.SpanKindClient))
	return context.WithValue(inner, spanKey{}, span)
}

func (spans) end(ctx context.Context, err error) {
	span, ok := ctx.Value(spanKey{}).(trace.Span)
	if !ok {
		return
	}
	if err != nil {
		span.SetStatus(codes.Error, state(err)) // the SQLSTATE: a message may hold values
	}
	span.End()
}

// TraceQueryStart is pgx.QueryTracer.
func (s spans) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return s.begin(ctx, func() string { return spanName(data.SQL) })
}

// TraceQueryEnd is pgx.QueryTracer.
func (s spans) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	s.end(ctx, data.Err)
}

// TraceBatchStart is pgx.BatchTracer.
func (s spans) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return s.begin(ctx, func() string { return "batch" })
}

// TraceBatchQuery is pgx.BatchTracer: a batch is one span.
func (spans) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd is pgx.BatchTracer.
func (s spans) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	s.end(ctx, data.Err)
}

var (
	_ pgx.QueryTracer = spans{}
	_ pgx.BatchTracer = spans{}
)
