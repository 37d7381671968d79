package boot

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/ports"
)

// Addresses is where a running house listens; empty where it does not.
type Addresses struct {
	API     string
	Webhook string
}

// Run opens the house and serves until ctx ends, then drains: readiness down,
// intake, queue, pools last. Ready, if set, is called once all is served. It
// returns nil after an orderly stop.
func Run(ctx context.Context, config Config, service Service, log *slog.Logger, ready func(Addresses)) error {
	if err := config.Check(service); err != nil {
		return err
	}
	if err := os.MkdirAll(config.SpoolDir, 0o700); err != nil {
		return errors.New("SPOOL_DIR cannot be made: " + errors.Unwrap(err).Error())
	}
	gates, err := openGates(ctx, config, service)
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	for _, g := range gates.all() {
		go g.serve(failed)
	}
	house, err := openHouse(ctx, config, service, log)
	if err != nil {
		gates.shutNow()
		return err
	}
	defer house.close()
	return house.serve(ctx, gates, failed, ready)
}

// serve starts everything, waits for the end, and drains.
func (h *House) serve(ctx context.Context, gates doors, failed chan error, ready func(Addresses)) error {
	line, err := h.start(ctx, gates)
	if err != nil {
		gates.shutNow()
		return err
	}
	beat, stopBeat := context.WithCancel(context.WithoutCancel(ctx))
	beating := make(chan struct{})
	go func() { defer close(beating); h.heartbeat(beat) }()
	if ready != nil {
		ready(gates.addresses())
	}
	h.log.Info("ready", "service", h.service, "api", gates.addresses().API, "webhook", gates.addresses().Webhook)
	var cause error
	select {
	case <-ctx.Done():
	case cause = <-failed:
	}
	err = errors.Join(cause, h.drain(context.WithoutCancel(ctx), gates, line))
	stopBeat()
	<-beating
	h.log.Info("stopped", "service", h.service)
	return err
}

// start opens the doors and the line.
func (h *House) start(ctx context.Context, gates doors) (*riverqueue.Line, error) {
	if gates.api != nil {
		handler, err := h.api(ctx, gates.api.ready, gates.api.stopping)
		if err != nil {
			return nil, err
		}
		gates.api.open(handler)
	}
	if gates.webhook != nil {
		handler, err := h.webhook(gates.webhook.ready)
		if err != nil {
			return nil, err
		}
		gates.webhook.open(handler)
	}
	if !h.does(Worker) {
		return nil, nil
	}
	line, err := h.line(ctx)
	if err != nil {
		return nil, err
	}
	return line, line.Start(context.WithoutCancel(ctx)) // Stop ends it, after the doors are shut
}

// drainExtra is what shutting may take beyond the soft stop of the jobs.
const drainExtra = 5 * time.Second

func (h *House) drain(ctx context.Context, gates doors, line *riverqueue.Line) error {
	ctx, cancel := context.WithTimeout(ctx, h.config.SoftStop+drainExtra)
	defer cancel()
	h.log.Info("draining", "service", h.service)
	err := gates.shut(ctx)
	if line != nil {
		err = errors.Join(err, line.Stop(ctx))
	}
	return err
}

// The heartbeat's pace, and the age from which a service is asked anew.
const (
	beatEvery  = 10 * time.Second
	probeAfter = 60 * time.Second
	probeTime  = 8 * time.Second
)

// heartbeat records that the process lives and what it knows of the outside.
func (h *House) heartbeat(ctx context.Context) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for {
		h.probe(ctx)
		if h.does(Worker) {
			h.purse.watch(ctx, h.log)
		}
		if err := h.instances.Beat(ctx, h.id, h.seen.all()); err != nil && ctx.Err() == nil {
			h.log.Warn("heartbeat", "code", codeOf(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// probe asks the services that no real call was made to of late.
func (h *House) probe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	for name, service := range map[string]interface{ Healthy(context.Context) error }{
		nameParser: h.parts.parser, nameEmbedder: h.parts.embedder, nameStorage: h.parts.blobs,
	} {
		if service == nil || !h.seen.stale(name, time.Now().Add(-probeAfter)) {
			continue
		}
		if err := service.Healthy(ctx); ctx.Err() == nil || err == nil {
			h.seen.note(name, err)
		}
	}
}

var _ ports.Parser = notedParser{}
