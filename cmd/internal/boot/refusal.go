package boot

import (
	"context"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// loopRefusal asks the services that would not have us.
const loopRefusal = "refusal"

// moneyFactor is by how much rarer it is tried whether there is money again: no
// cheap call tells, so the queue's next job is the trial.
const moneyFactor = 10

// refused lets the queues rest, in every process, that can do nothing without a
// service which refuses our key or wants money. It is told of each such job; the
// first one makes the pause and the line in the log.
func (h *House) refused(ctx context.Context, service core.Service, code core.Code) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
	defer cancel()
	for _, queue := range h.config.Queues().QueuesFor(service) {
		paused, err := h.operations.Pause(ctx, core.PauseQueue(queue), core.Audit{Operator: core.ServiceOperator, Reason: string(code)})
		switch {
		case err != nil:
			h.log.Error("a service refuses us and its queue cannot be paused", "peer", service, "queue", queue, "reason", code, "error_class", codeOf(err))
		case paused:
			h.log.Error("a service refuses us: its queue rests until it takes us again", "peer", service, "queue", queue, "reason", code)
		}
	}
}

// askAgain lets the queues go on whose service takes us again. Pauses of persons
// are theirs to end.
func (h *House) askAgain(ctx context.Context) {
	pauses, err := h.operations.Pauses(ctx)
	if err != nil {
		if ctx.Err() == nil {
			h.log.Warn("the pauses cannot be read", "error_class", codeOf(err))
		}
		return
	}
	for _, p := range pauses {
		if p.Operator == core.ServiceOperator && time.Since(p.Since) >= h.config.trialAfter(core.Code(p.Reason)) {
			h.tryAgain(ctx, p)
		}
	}
}

func (h *House) tryAgain(ctx context.Context, p core.Pause) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	service := core.Rule(core.Fail(core.Code(p.Reason), nil)).Accused
	asked, known := map[core.Service]interface{ Healthy(context.Context) error }{
		core.ServiceParser: h.parts.parser, core.ServiceEmbedder: h.parts.embedder, core.ServiceStorage: h.parts.blobs,
	}[service]
	if known {
		err := asked.Healthy(ctx)
		if err != nil {
			h.seen.note(serviceNames[service], err)
			return
		}
	}
	resumed, err := h.operations.Resume(ctx, p.What, core.Audit{Operator: core.ServiceOperator, Reason: p.Reason})
	switch {
	case err != nil && ctx.Err() == nil:
		h.log.Warn("a queue that rests cannot go on", "what", p.What, "error_class", codeOf(err))
	case resumed:
		h.log.Info("a queue that rested goes on", "peer", service, "what", p.What, "reason", p.Reason)
	}
}

// trialAfter is the age of a pause from which it is tried whether it is over.
func (c Config) trialAfter(code core.Code) time.Duration {
	if strings.HasSuffix(string(code), "_credits") {
		return moneyFactor * c.RefusalEvery
	}
	return c.RefusalEvery
}

// resting lists the stages whose queue rests.
func (h *House) resting(ctx context.Context) (stages []core.Stage, err error) {
	pauses, err := h.instances.Pauses(ctx)
	settings := h.config.Queues()
	for _, p := range pauses {
		if queue, ok := p.Queue(); ok {
			stages = append(stages, settings.StagesOf(queue)...)
		}
	}
	return stages, err
}
