package boot

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Addresses is where a running house listens; empty where it does not.
type Addresses struct {
	API     string
	Webhook string
	Worker  string // its probes
	Admin   string // the operators' own port
}

// Run opens the house and serves until ctx ends, then drains: readiness down,
// intake, queue, pools last. Ready, if set, is called once all is served. It
// returns nil after an orderly stop.
func Run(ctx context.Context, config Config, service Service, log *slog.Logger, ready func(Addresses)) error {
	return run(ctx, config, service, journaled{Logger: log}, newMeters(), ready)
}

// journaled is a log, and what carries its lines where that is ours.
type journaled struct {
	*slog.Logger
	sink *logSink // nil where lines are written at once
}

func run(ctx context.Context, config Config, service Service, to journaled, meters meters, ready func(Addresses)) error {
	if err := config.Check(service); err != nil {
		return err
	}
	ctx = core.From(ctx, core.Origin{Service: string(service)}) // whoever started it
	if err := os.MkdirAll(config.SpoolDir, 0o700); err != nil {
		return errors.New("SPOOL_DIR cannot be made: " + errors.Unwrap(err).Error())
	}
	watch, err := openWatch(ctx, config, service, to, meters)
	if err != nil {
		return err
	}
	defer watch.close()
	log := watch.log
	gates, err := openGates(ctx, config, service, log)
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	for _, g := range gates.all() {
		go g.serve(failed)
	}
	house, err := openHouse(ctx, config, service, watch)
	if err != nil {
		gates.shutNow()
		return unlessAsked(ctx, log, err)
	}
	return house.serve(ctx, gates, failed, ready)
}

// unlessAsked tells a start that failed from one that was asked to stop, which
// is as orderly as any other stop; what it waited for is in the log.
func unlessAsked(ctx context.Context, log *slog.Logger, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		log.Info("stopped")
		return nil
	}
	return err
}

// serve starts everything, waits for the end, drains, and closes.
func (h *House) serve(ctx context.Context, gates doors, failed chan error, ready func(Addresses)) error {
	line, err := h.start(ctx, gates)
	if err != nil {
		gates.shutNow()
		h.close()
		return unlessAsked(ctx, h.log, err)
	}
	going, stopLoops := context.WithCancel(context.WithoutCancel(ctx))
	ended := h.loops(going)
	if ready != nil {
		ready(gates.addresses())
	}
	at := gates.addresses()
	h.log.Info("ready", "api", at.API, "webhook", at.Webhook, "worker", at.Worker, "admin", at.Admin)
	var end ending
	if line != nil {
		end = line
	}
	cause := untilEnd(ctx, failed, end)
	err = errors.Join(cause, h.drain(context.WithoutCancel(ctx), gates, line))
	stopLoops()
	if !endsIn(leaveTime, func() { ended(); h.lastSecurity(context.WithoutCancel(ctx)); h.close() }) {
		h.log.Error("what does not end is left behind", "after_ms", leaveTime.Milliseconds())
	}
	h.log.Info("stopped")
	return err
}

// endsIn reports whether the work ends within the time. If not, it goes on.
func endsIn(most time.Duration, work func()) bool {
	done := make(chan struct{})
	go func() { defer close(done); work() }()
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// ending is what comes to rest.
type ending interface{ Stopped() <-chan struct{} }

// untilEnd waits for the signal to stop, which is no error, for a door to fail,
// or for the line to end by itself: a worker without it would look well and do
// nothing.
func untilEnd(ctx context.Context, failed <-chan error, line ending) error {
	var stopped <-chan struct{}
	if line != nil {
		stopped = line.Stopped()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	case <-stopped:
		return errors.New("the line stopped by itself")
	}
}

// start opens the doors and the line.
func (h *House) start(ctx context.Context, gates doors) (*riverqueue.Line, error) {
	gates.measure(h.config, h.operatorsPages(gates))
	if gates.api != nil {
		handler, err := h.api(ctx, gates.api)
		if err != nil {
			return nil, err
		}
		gates.api.open(h.meters.InFlight(handler))
	}
	if gates.webhook != nil {
		handler, err := h.webhook(gates.webhook.ready)
		if err != nil {
			return nil, err
		}
		gates.webhook.open(h.meters.InFlight(handler))
	}
	if !h.does(Worker) {
		return nil, nil
	}
	return h.startLine(ctx, gates.worker)
}

// operatorsPages is what the operators' port serves beside the profiles.
func (h *House) operatorsPages(gates doors) map[string]http.Handler {
	return map[string]http.Handler{
		"/metrics": h.meters.handler(),
		"/health":  h.serveHealth(func() bool { return gates.admin.ready() != nil }),
	}
}

// startLine begins to work jobs. What an operator paused rests from the first
// moment on.
func (h *House) startLine(ctx context.Context, probes *gate) (*riverqueue.Line, error) {
	if err := h.operations.Hold(ctx); err != nil {
		return nil, err
	}
	line, err := h.line(ctx)
	if err != nil {
		return nil, err
	}
	h.works = line
	for queue := range h.config.Queues().Workers {
		h.pulse.watch(lineOf(queue), h.lineBound())
	}
	if err := line.Start(context.WithoutCancel(ctx)); err != nil { // Stop ends it
		return nil, err
	}
	if probes != nil {
		probes.open(httpapi.NewProbes(httpapi.Probes{Health: h.health(), Logger: h.log, Version: Build(), Ready: probes.ready, Live: h.pulse.check}))
	}
	return line, nil
}

// What shutting may take beyond the soft stop of the jobs, and then the loops and
// the pools: a job that ignores its stop may hold a connection for ever, and a pool
// waits for each.
const (
	drainExtra = 5 * time.Second
	leaveTime  = 5 * time.Second
)

// cutExtra is what requests may take to be answered once they are cut off.
const cutExtra = 2 * time.Second

// drain stops in order: readiness goes down and is seen by whoever sends
// traffic; the doors take nothing more and the streams end, while the line
// fetches no more jobs; requests and jobs under way end; the pools close last,
// after this, for a request would fail without them. What is under way when
// SOFT_STOP_TIMEOUT is over is cut off, and has drainExtra to say so; a client
// that does not even take its answer is left after cutExtra.
func (h *House) drain(ctx context.Context, gates doors, line *riverqueue.Line) error {
	ctx, cancel := context.WithTimeout(ctx, h.config.SoftStop+drainExtra)
	defer cancel()
	defer time.AfterFunc(h.config.SoftStop, gates.cut).Stop()
	h.log.Info("draining")
	h.pulse.rest()
	gates.unready()
	if notice := h.config.Notice(); notice > 0 { // no signal says when the platform has seen it
		select {
		case <-time.After(notice):
		case <-ctx.Done():
		}
	}
	shut := make(chan error, 1)
	go func() { shut <- h.shut(ctx, gates) }()
	var err error
	if line != nil {
		if err = line.Stop(ctx); err != nil {
			h.log.Error("jobs did not end at the stop", "cause", err.Error())
		}
	}
	return errors.Join(<-shut, err)
}

// shut shuts the doors. A client that does not read makes no stop disorderly.
func (h *House) shut(ctx context.Context, gates doors) error {
	ctx, cancel := context.WithTimeout(ctx, h.config.SoftStop-h.config.Notice()+cutExtra)
	defer cancel()
	err := gates.shut(ctx)
	if errors.Is(err, errBrokenOff) {
		h.log.Warn("answers that nobody took were broken off")
		return nil
	}
	return err
}

var _ ports.Parser = notedParser{}
