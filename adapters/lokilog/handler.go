package lokilog

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// StreamKey is the attribute that names a record's stream, a label of Loki.
const StreamKey = "stream"

// The streams: the service's own lines, those that security looks at, River's.
const (
	StreamApp   = "app"
	StreamAudit = "audit"
	StreamRiver = "river"
)

// Handler is a slog.Handler that puts each record's line into a sink. It never
// waits and never fails.
type Handler struct {
	sink   *Sink
	stream string
	page   *page
	format slog.Handler // writes to page
}

// page is where a record is formatted, one at a time.
type page struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// NewHandler formats records as format does, which is given the writer of one
// record's line.
func NewHandler(sink *Sink, format func(io.Writer) slog.Handler) *Handler {
	p := &page{}
	return &Handler{sink: sink, stream: StreamApp, page: p, format: format(&p.buf)}
}

// Enabled is slog.Handler.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.format.Enabled(ctx, level)
}

// Handle is slog.Handler.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	text, err := h.write(ctx, r)
	if err != nil {
		return err
	}
	stream := h.stream
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == StreamKey {
			stream = streamOf(a.Value.String())
			return false
		}
		return true
	})
	h.sink.put(line{at: r.Time, level: Level(r.Level), stream: stream, text: text})
	return nil
}

func (h *Handler) write(ctx context.Context, r slog.Record) (string, error) {
	h.page.mu.Lock()
	defer h.page.mu.Unlock()
	h.page.buf.Reset()
	err := h.format.Handle(ctx, r)
	return strings.TrimSuffix(h.page.buf.String(), "\n"), err
}

// WithAttrs is slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	stream := h.stream
	for _, a := range attrs {
		if a.Key == StreamKey {
			stream = streamOf(a.Value.String())
		}
	}
	return &Handler{sink: h.sink, stream: stream, page: h.page, format: h.format.WithAttrs(attrs)}
}

// WithGroup is slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{sink: h.sink, stream: h.stream, page: h.page, format: h.format.WithGroup(name)}
}

// streamOf keeps the label's values closed.
func streamOf(name string) string {
	if name == StreamAudit || name == StreamRiver {
		return name
	}
	return StreamApp
}

// Level is the label of a level: debug, info, warn or error.
func Level(level slog.Level) string {
	switch {
	case level < slog.LevelInfo:
		return "debug"
	case level < slog.LevelWarn:
		return "info"
	case level < slog.LevelError:
		return "warn"
	}
	return "error"
}
