package boot

import (
	"context"
	"log/slog"
)

// watch is what tells of a process: its log, its numbers, its traces. It is
// there before anything else is opened, and ends last.
type watch struct {
	log    *slog.Logger
	meters meters
	traces tracing
	endLog func()
}

func openWatch(ctx context.Context, c Config, service Service, to journaled, meters meters) (*watch, error) {
	w := &watch{meters: meters}
	if to.sink != nil {
		to.sink.measured(w.meters)
	}
	var err error
	if w.log, w.endLog, err = c.wireLog(to.Logger, service, w.meters); err != nil {
		return nil, err
	}
	if w.traces, err = openTracing(ctx, c, service, w.log); err != nil {
		w.endLog()
		return nil, err
	}
	return w, nil
}

// close sends what waits, each within a bound of its own.
func (w *watch) close() {
	if err := w.traces.shut(context.Background()); err != nil {
		w.log.Warn("the trace collector takes no spans", "error_class", codeOf(err))
	}
	w.endLog()
}
