package boot

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"

	"github.com/insurance-navigator/navigator/adapters/lokilog"
	"github.com/insurance-navigator/navigator/core"
)

var logLevels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

// NewLog is JSON on w, one event a line: the durable log. No secret and no
// personal data that redact knows gets into it.
func NewLog(w io.Writer, c Config) *slog.Logger {
	level := new(slog.LevelVar)
	level.Set(logLevels[c.LogLevel])
	return slog.New(&journal{level: level, next: jsonLines(w)}).With("environment", c.Environment)
}

// jsonLines is the one form of a line. The journal before it holds the level.
func jsonLines(w io.Writer) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: redact})
}

// journal gives each record what every line has: its event, and the ids of the
// request and of the trace it belongs to.
type journal struct {
	level *slog.LevelVar // switched at run time
	next  slog.Handler
}

// journalOf is the log's journal, or one around a log that was made elsewhere.
func journalOf(log *slog.Logger) *journal {
	if j, ok := log.Handler().(*journal); ok {
		return j
	}
	level := new(slog.LevelVar)
	level.Set(slog.LevelDebug) // what it is made of has a level of its own
	return &journal{level: level, next: log.Handler()}
}

// also hands every record to one more handler.
func (j *journal) also(more slog.Handler) *journal {
	return &journal{level: j.level, next: fan{j.next, more}}
}

// Enabled is slog.Handler.
func (j *journal) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= j.level.Level() && j.next.Enabled(ctx, level)
}

// Handle is slog.Handler.
func (j *journal) Handle(ctx context.Context, r slog.Record) error {
	whole := r.Clone()
	event := eventOf(r.Message)
	whole.AddAttrs(slog.String("event", event.name))
	if event.stream != "" {
		whole.AddAttrs(slog.String(lokilog.StreamKey, event.stream))
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		whole.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	if id := core.OriginOf(ctx).Request; !id.IsZero() && !holds(r, "request_id") {
		whole.AddAttrs(slog.String("request_id", id.String()))
	}
	return j.next.Handle(ctx, whole)
}

// WithAttrs is slog.Handler.
func (j *journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &journal{level: j.level, next: j.next.WithAttrs(attrs)}
}

// WithGroup is slog.Handler.
func (j *journal) WithGroup(name string) slog.Handler {
	return &journal{level: j.level, next: j.next.WithGroup(name)}
}

func holds(r slog.Record, key string) (found bool) {
	r.Attrs(func(a slog.Attr) bool {
		found = found || a.Key == key
		return !found
	})
	return found
}

// fan hands a record to all its handlers. One that fails keeps none from it.
type fan []slog.Handler

// Enabled is slog.Handler.
func (f fan) Enabled(ctx context.Context, level slog.Level) bool {
	for _, h := range f {
		if h.Enabled(ctx, level) {
			return true
		}
	}
	return false
}

// Handle is slog.Handler.
func (f fan) Handle(ctx context.Context, r slog.Record) error {
	var errs []error
	for _, h := range f {
		if h.Enabled(ctx, r.Level) {
			errs = append(errs, h.Handle(ctx, r))
		}
	}
	return errors.Join(errs...)
}

// WithAttrs is slog.Handler.
func (f fan) WithAttrs(attrs []slog.Attr) slog.Handler {
	return f.each(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

// WithGroup is slog.Handler.
func (f fan) WithGroup(name string) slog.Handler {
	return f.each(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (f fan) each(change func(slog.Handler) slog.Handler) fan {
	made := make(fan, len(f))
	for i, h := range f {
		made[i] = change(h)
	}
	return made
}
