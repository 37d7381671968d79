package riverqueue

import (
	"context"
	"encoding/json"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// metaTrace is the name, in a job's metadata, of the span that its run belongs
// to: a traceparent of W3C Trace Context.
const metaTrace = "traceparent"

// linkedAfter is the age from which a run is a trace of its own, linked to the
// document's: nobody looks at a trace that lasts for days.
const linkedAfter = time.Hour

// traced makes a document's jobs parts of one trace: whoever inserts a job
// leaves word of its span, and the run is a child of that.
type traced struct {
	river.MiddlewareDefaults
	tracer trace.Tracer
}

// InsertMany is rivertype.JobInsertMiddleware. A job that names its trace
// already, as its document's row does, keeps that.
func (t *traced) InsertMany(ctx context.Context, many []*rivertype.JobInsertParams, insert func(context.Context) ([]*rivertype.JobInsertResult, error)) ([]*rivertype.JobInsertResult, error) {
	if parent := traceparent(ctx); parent != "" {
		for _, params := range many {
			params.Metadata = withTrace(params.Metadata, parent)
		}
	}
	return insert(ctx)
}

// traceparent is the context's span for others to go on from; "" for none.
func traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[metaTrace]
}

// withTrace adds the trace to metadata that has none.
func withTrace(metadata []byte, parent string) []byte {
	fields := map[string]json.RawMessage{}
	if len(metadata) > 0 && json.Unmarshal(metadata, &fields) != nil {
		return metadata // not ours
	}
	if _, named := fields[metaTrace]; named {
		return metadata
	}
	fields[metaTrace], _ = json.Marshal(parent) // a string: it cannot fail
	whole, err := json.Marshal(fields)
	if err != nil {
		return metadata
	}
	return whole
}

// Work is rivertype.WorkerMiddleware.
func (t *traced) Work(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) (err error) {
	ctx, options := origin(ctx, job)
	ctx, span := t.tracer.Start(ctx, "job "+job.Kind, options...)
	defer span.End() // also after a panic
	err = work(ctx)
	word := outcome(job, err)
	span.SetAttributes(attribute.String("outcome", word))
	if word == "retry" || word == "discarded" {
		span.SetStatus(codes.Error, word) // the error's text stays in the process
	}
	return err
}

// origin is what a run's span begins from, and what it says: ids alone.
func origin(ctx context.Context, job *rivertype.JobRow) (context.Context, []trace.SpanStartOption) {
	said := []attribute.KeyValue{attribute.Int64("job_id", job.ID), attribute.String("queue", job.Queue), attribute.Int("run", job.Attempt)}
	var step struct {
		Document string `json:"document"`
	}
	if json.Unmarshal(job.EncodedArgs, &step) == nil && step.Document != "" {
		said = append(said, attribute.String("document_id", step.Document))
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(said...)}
	came := propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{metaTrace: namedTrace(job.Metadata)})
	if time.Since(job.CreatedAt) > linkedAfter {
		return ctx, append(options, trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(came)))
	}
	return came, options
}

// namedTrace is the trace that a job's metadata names; "" where it names none.
func namedTrace(metadata []byte) string {
	var meta struct {
		Parent string `json:"traceparent"`
	}
	if json.Unmarshal(metadata, &meta) != nil {
		return "" // the run is a trace of its own
	}
	return meta.Parent
}

// tracerOf is the tracer of the queue; without a provider it makes nothing.
func tracerOf(provider trace.TracerProvider) trace.Tracer {
	if provider == nil {
		provider = noop.NewTracerProvider()
	}
	return provider.Tracer("navigator/riverqueue")
}

// traceID is the context's trace where it is kept; "" otherwise.
func traceID(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		return span.TraceID().String()
	}
	return ""
}

var (
	_ rivertype.JobInsertMiddleware = (*traced)(nil)
	_ rivertype.WorkerMiddleware    = (*traced)(nil)
)
