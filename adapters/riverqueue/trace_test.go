package riverqueue

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// benchSpans is a middleware whose spans are kept.
func benchSpans() (*traced, *tracetest.SpanRecorder, *sdktrace.TracerProvider) {
	kept := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(kept))
	return &traced{tracer: tracerOf(provider)}, kept, provider
}

// inserted is the metadata that a job is inserted with.
func inserted(ctx context.Context, t *testing.T, m *traced, metadata string) []byte {
	t.Helper()
	params := []*rivertype.JobInsertParams{{Metadata: []byte(metadata)}}
	_, err := m.InsertMany(ctx, params, func(context.Context) ([]*rivertype.JobInsertResult, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	return params[0].Metadata
}

// A run is a child of the span that inserted its job, keeps what else the
// metadata holds, and says what came of it; one of an old job is linked.
func TestARunGoesOnFromItsInsert(t *testing.T) {
	t.Parallel()
	m, kept, provider := benchSpans()
	ctx, root := provider.Tracer("test").Start(t.Context(), "upload")
	metadata := inserted(ctx, t, m, `{"rank":7}`)
	var fields map[string]any
	if err := json.Unmarshal(metadata, &fields); err != nil || fields["rank"] != 7.0 || len(fields) != 2 {
		t.Fatalf("metadata %s, %v", metadata, err)
	}
	row := func(age time.Duration) *rivertype.JobRow {
		return &rivertype.JobRow{Kind: "parse", Queue: "parse", Attempt: 1, MaxAttempts: 3, Metadata: metadata,
			CreatedAt: time.Now().Add(-age), EncodedArgs: []byte(`{"document":"d-1","attempt":1}`)}
	}
	for _, age := range []time.Duration{0, 2 * linkedAfter} {
		if err := m.Work(t.Context(), row(age), func(context.Context) error { return errors.New("a secret text") }); err == nil {
			t.Error("the run's error is lost")
		}
	}
	root.End()
	spans := kept.Ended()
	if len(spans) != 3 {
		t.Fatalf("%d spans", len(spans))
	}
	young, old := spans[0], spans[1]
	if young.Parent().SpanID() != root.SpanContext().SpanID() || young.SpanContext().TraceID() != root.SpanContext().TraceID() {
		t.Errorf("a run is below %s", young.Parent().SpanID())
	}
	if old.SpanContext().TraceID() == root.SpanContext().TraceID() || len(old.Links()) != 1 || old.Links()[0].SpanContext.TraceID() != root.SpanContext().TraceID() {
		t.Errorf("the run of an old job is of trace %s with links %v", old.SpanContext().TraceID(), old.Links())
	}
	if young.Name() != "job parse" || young.Status().Description != "retry" {
		t.Errorf("%s ended with %q", young.Name(), young.Status().Description)
	}
}

// A job that names its document's trace keeps it, whoever inserts it; without a
// span nothing is added, and metadata that is none is left alone.
func TestAJobKeepsTheTraceItNames(t *testing.T) {
	t.Parallel()
	m, _, provider := benchSpans()
	ctx, root := provider.Tracer("test").Start(t.Context(), "reconcile")
	defer root.End()
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	named := string(withTrace(nil, parent))
	for metadata, want := range map[string]string{named: parent, "": traceparent(ctx), "nonsense": ""} {
		if got := namedTrace(inserted(ctx, t, m, metadata)); got != want {
			t.Errorf("%q: %q, want %q", metadata, got, want)
		}
	}
	if got := inserted(t.Context(), t, m, `{"rank":7}`); string(got) != `{"rank":7}` {
		t.Errorf("without a span: %s", got)
	}
}
