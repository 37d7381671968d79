package boot

import (
	"io"
	"log/slog"
)

// NewLog is JSON on w, one event a line: the durable log.
func NewLog(w io.Writer, c Config) *slog.Logger {
	level := map[string]slog.Level{"debug": slog.LevelDebug, "warn": slog.LevelWarn, "error": slog.LevelError}[c.LogLevel]
	handler := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})
	return slog.New(handler).With("environment", c.Environment)
}
