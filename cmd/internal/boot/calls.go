package boot

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/insurance-navigator/navigator/core"
)

// slowCall is the time from which a call of an outside service is told as a
// warning; faster ones are debug lines. A call's failure is told by the job or
// the request that made it.
const slowCall = 10 * time.Second

// callSpan is the span of a call. Its address and its body are not in it.
func callSpan(ctx context.Context, peer core.Service, operation string) (context.Context, trace.Span) {
	return trace.SpanFromContext(ctx).TracerProvider().Tracer("navigator/boot").Start(ctx, "call "+string(peer)+" "+operation,
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("peer", string(peer)), attribute.String("operation", operation)))
}

func endCall(span trace.Span, err error) {
	if err != nil {
		span.SetAttributes(attribute.String("error_class", codeOf(err)))
		span.SetStatus(codes.Error, codeOf(err))
	}
	span.End()
}

// tell writes a call's line.
func (o *outcomes) tell(ctx context.Context, peer core.Service, operation string, took time.Duration, err error) {
	level := slog.LevelDebug
	if took >= slowCall {
		level = slog.LevelWarn
	}
	attrs := []any{"peer", peer, "operation", operation, "duration_ms", took.Milliseconds()}
	if err != nil {
		attrs = append(attrs, "error_class", codeOf(err))
	}
	o.log.Log(ctx, level, "call", attrs...)
}

// traceID is the context's trace where it is kept; "" otherwise.
func traceID(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		return span.TraceID().String()
	}
	return ""
}
