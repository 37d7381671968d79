package riverqueue

import (
	"context"
	"log/slog"
)

// quiet is the log for River itself: its warnings and errors alone. Its info
// and debug lines tell of every fetch.
func quiet(log *slog.Logger) *slog.Logger {
	return slog.New(atLeast{log.Handler(), slog.LevelWarn}).With("stream", "river")
}

// atLeast passes only what is as grave as level.
type atLeast struct {
	slog.Handler
	level slog.Level
}

// Enabled is slog.Handler.
func (a atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= a.level && a.Handler.Enabled(ctx, level)
}

// WithAttrs is slog.Handler.
func (a atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{a.Handler.WithAttrs(attrs), a.level}
}

// WithGroup is slog.Handler.
func (a atLeast) WithGroup(name string) slog.Handler {
	return atLeast{a.Handler.WithGroup(name), a.level}
}
