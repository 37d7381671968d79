package httpapi

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// untraced are the probes' paths: they come every few seconds and tell nothing.
var untraced = map[string]bool{"/livez": true, "/readyz": true, "/health": true}

// tracerOf is the tracer of a door; without a provider it makes nothing.
func tracerOf(provider trace.TracerProvider) trace.Tracer {
	if provider == nil {
		provider = noop.NewTracerProvider()
	}
	return provider.Tracer("navigator/httpapi")
}

// begin is the request's span: a part of the caller's trace where it names one.
// Of the caller's other headers for traces none is taken.
func (d *door) begin(r *http.Request) context.Context {
	if d.tracer == nil || untraced[r.URL.Path] {
		return r.Context()
	}
	came := propagation.TraceContext{}.Extract(r.Context(), propagation.MapCarrier{"traceparent": r.Header.Get("traceparent")})
	ctx, _ := d.tracer.Start(came, methodWord(r.Method), trace.WithSpanKind(trace.SpanKindServer))
	return ctx
}

// end says what became of the request: words of closed sets and ids alone.
func (d *door) end(ctx context.Context, req *request, status int) {
	if d.tracer == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	span.SetName(req.route)
	span.SetAttributes(attribute.String("route", req.route), attribute.Int("status", status), attribute.String("request_id", req.id.String()))
	if req.code != "" {
		span.SetAttributes(attribute.String("error_class", string(req.code)))
	}
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, string(req.code))
	}
	span.End()
}

// traceID is the context's trace where it is kept; "" otherwise.
func traceID(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		return span.TraceID().String()
	}
	return ""
}
