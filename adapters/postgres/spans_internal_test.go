package postgres

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// A span is named by the statement's first word and its table, and holds no
// more of it.
func TestSpanNames(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"select 1": "select",
		"\n\tupdate upload_pipeline.upload_jobs set x = 'Ada'":                                   "update upload_jobs",
		"-- name: JobGetAvailable :many\nWITH locked AS (SELECT * FROM \"river\".\"river_job\")": "with river_job",
		"insert into upload_pipeline.documents (a) values ($1)":                                  "insert documents",
		"begin": "begin", "": "query", "'Ada' is no word": "query",
	} {
		if got := spanName(sql); got != want {
			t.Errorf("%q: %q, want %q", sql, got, want)
		}
	}
}

// A round trip within a span has one of its own, with the SQLSTATE and not the
// message of its failure; one without has none.
func TestARoundTripIsASpan(t *testing.T) {
	t.Parallel()
	kept := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(kept))
	ask := pgx.TraceQueryStartData{SQL: "select * from upload_pipeline.documents where filename = 'Ada.pdf'"}
	failed := pgx.TraceQueryEndData{Err: &pgconn.PgError{Code: "23505", Message: "Ada.pdf", Detail: "Ada.pdf"}}
	var s spans
	s.TraceQueryEnd(s.TraceQueryStart(t.Context(), nil, ask), nil, failed) // of nobody
	ctx, root := provider.Tracer("test").Start(t.Context(), "request")
	s.TraceQueryEnd(s.TraceQueryStart(ctx, nil, ask), nil, failed)
	s.TraceBatchEnd(s.TraceBatchStart(ctx, nil, pgx.TraceBatchStartData{}), nil, pgx.TraceBatchEndData{})
	root.End()
	ended := kept.Ended()
	if len(ended) != 3 {
		t.Fatalf("%d spans", len(ended))
	}
	if one := ended[0]; one.Name() != "db select documents" || one.Status().Description != "23505" || len(one.Attributes()) != 0 || len(one.Events()) != 0 {
		t.Errorf("%s ended with %q, %v, %v", one.Name(), one.Status().Description, one.Attributes(), one.Events())
	}
	if ended[1].Name() != "db batch" || ended[1].Parent().SpanID() != root.SpanContext().SpanID() {
		t.Errorf("%s", ended[1].Name())
	}
}

// A callback's request and its document's trace lead to each other.
func TestUnderTheDocument(t *testing.T) {
	t.Parallel()
	kept := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(kept))
	upload, root := provider.Tracer("test").Start(t.Context(), "upload")
	ctx, hook := provider.Tracer("test").Start(t.Context(), "webhook")
	within, done := underOnce(ctx, "callback")
	inner := within(traceparent(upload))
	if traceparent(inner) == traceparent(ctx) {
		t.Error("the jobs would go on from the callback's own trace")
	}
	if again := within(traceparent(upload)); again != inner {
		t.Error("a second try is a span of its own")
	}
	done()
	hook.End()
	root.End()
	spans := kept.Ended()
	if len(spans) != 3 {
		t.Fatalf("%d spans", len(spans))
	}
	if got := spans[0]; got.SpanContext().TraceID() != root.SpanContext().TraceID() || len(got.Links()) != 1 || len(spans[1].Links()) != 1 {
		t.Errorf("callback is of %s with links %v and %v", got.SpanContext().TraceID(), got.Links(), spans[1].Links())
	}
	if same, _ := under(ctx, "", "callback"); same != ctx {
		t.Error("a document without a trace got one")
	}
}
