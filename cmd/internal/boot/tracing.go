package boot

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// traceFlush bounds the sending of the last spans.
const traceFlush = 5 * time.Second

// tracing is where a process' spans go.
type tracing struct {
	trace.TracerProvider
	close func(context.Context) error
}

// openTracing opens what OTEL_EXPORTER_OTLP_ENDPOINT asks for; without it no
// span is made at all. It asks nobody: the collector may be away at a start.
func openTracing(ctx context.Context, c Config, service Service, log *slog.Logger) (tracing, error) {
	if c.TraceEndpoint == "" {
		return tracing{noop.NewTracerProvider(), func(context.Context) error { return nil }}, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(tracePath(c.TraceEndpoint)), otlptracehttp.WithHeaders(traceHeaders(c.TraceHeaders)))
	if err != nil {
		return tracing{}, errors.New("OTEL_EXPORTER_OTLP_ENDPOINT: no exporter can be made for it")
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(&notedExporter{SpanExporter: exporter, log: log}),
		sdktrace.WithSampler(c.sampler()),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", string(service)),
			attribute.String("service.version", Build()), attribute.String("deployment.environment.name", c.Environment))))
	return tracing{provider, provider.Shutdown}, nil
}

// errCollector says that a collector refuses an export, and not which.
var errCollector = errors.New("the collector refuses an export")

// PingTraces sends the collector of OTEL_EXPORTER_OTLP_ENDPOINT an export of no
// spans: it says whether it would take some.
func (c Config) PingTraces(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, tracePath(c.TraceEndpoint), http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	for name, value := range traceHeaders(c.TraceHeaders) {
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		return errCollector
	}
	return nil
}

// tracePath is where OTLP's spans are taken, below the base address.
func tracePath(base string) string { return strings.TrimSuffix(base, "/") + "/v1/traces" }

// traceHeaders reads name=value pairs with commas between.
func traceHeaders(text Secret) map[string]string {
	headers := map[string]string{}
	for pair := range strings.SplitSeq(text.Reveal(), ",") {
		if name, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
			headers[name] = value
		}
	}
	return headers
}

// sampler keeps a share of the documents' traces, each whole. A caller from
// outside may name its trace and not choose whether ours is kept.
func (c Config) sampler() sdktrace.Sampler {
	share := sdktrace.TraceIDRatioBased(c.TraceShare)
	return sdktrace.ParentBased(share, sdktrace.WithRemoteParentSampled(share), sdktrace.WithRemoteParentNotSampled(share))
}

// notedExporter tells the log when spans are lost, and when they are taken
// again: once each, for batches come every few seconds.
type notedExporter struct {
	sdktrace.SpanExporter
	log    *slog.Logger
	failed atomic.Bool
}

// ExportSpans is sdktrace.SpanExporter. A batch that fails is lost, which is
// nobody's error.
func (n *notedExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := n.SpanExporter.ExportSpans(ctx, spans)
	switch was := n.failed.Swap(err != nil); {
	case err != nil && !was:
		n.log.Warn("the trace collector takes no spans", "spans", len(spans))
	case err == nil && was:
		n.log.Info("the trace collector takes spans again")
	}
	return nil
}

// shut sends what waits, within traceFlush.
func (t tracing) shut(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, traceFlush)
	defer cancel()
	return t.close(ctx)
}
