package boot

import (
	"context"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
)

// The loops of a process, by the names that /livez says.
const (
	loopHeart   = "heartbeat"
	loopProbe   = "probe"
	loopClock   = "clock"
	loopRescue  = "rescue"
	loopBudget  = "budget"
	loopCensus  = "census"
	loopMails   = "mails"
	loopReplica = "replica"
	loopLine    = "line" // River's, one a queue: it looks for jobs
)

// lineOf is the loop of a queue.
func lineOf(queue string) string { return loopLine + " " + queue }

// The probes' pace, and the age from which a service is asked anew.
const (
	probeEvery = 10 * time.Second
	probeAfter = 60 * time.Second
	probeTime  = 8 * time.Second
)

// budgetEvery is the pace of looking how the budget stands.
const budgetEvery = 10 * time.Second

// rescueRound is the most jobs that one round of rescue gives back.
const rescueRound = 200

// loops starts what goes round in this process; wait returns once all ended.
func (h *House) loops(ctx context.Context) (wait func()) {
	bound := h.config.LivenessAfter
	var group sync.WaitGroup
	run := func(name string, every, bound time.Duration, work func(context.Context)) {
		group.Go(func() { h.pulse.loop(ctx, name, every, bound, work) })
	}
	run(loopHeart, h.config.Heartbeat, bound, h.heartbeat)
	run(loopProbe, probeEvery, bound+probeTime, h.probe)
	run(loopClock, skewEvery, bound+skewEvery, h.clock)
	run(loopSecurity, securityEvery, bound+securityEvery, func(ctx context.Context) { h.flushSecurity(ctx, false) })
	if h.postman != nil {
		run(loopMails, mailEvery, bound+mailRound, h.sendMails)
	}
	if h.replica != nil {
		run(loopReplica, replicaEvery, bound, h.lookAtReplica)
	}
	if h.does(Worker) {
		run(loopRefusal, h.config.RefusalEvery, bound+h.config.RefusalEvery+probeTime, h.askAgain)
		run(loopCensus, censusEvery, bound+censusEvery, h.census)
		run(loopSeal, sealEvery, bound+sealEvery, h.seal)
		run(loopRescue, h.config.RescueEvery, bound, h.rescue)
		run(loopBudget, budgetEvery, bound+budgetEvery, func(ctx context.Context) { h.purse.watch(ctx, h.log) })
	}
	return group.Wait
}

// lineBound is how long River may fetch nothing: every worker may be
// busy for as long as the longest stage takes.
func (h *House) lineBound() time.Duration {
	bound := h.config.LivenessAfter
	for _, longest := range h.config.Queues().Longest() {
		bound = max(bound, h.config.LivenessAfter+longest)
	}
	return bound
}

// heartbeat records that the process lives and what it knows of the outside.
// One whose row is gone registers again: its jobs would be taken for lost.
func (h *House) heartbeat(ctx context.Context) {
	err := h.instances.Beat(ctx, h.self.ID, h.seen.all())
	if ctx.Err() == nil || err == nil {
		h.seen.asked(err)
	}
	if core.HasCode(err, core.CodeNotFound) {
		if err := h.instances.Register(ctx, h.self); err != nil {
			h.log.Error("register again", "cause", err.Error())
		}
		return
	}
	if err != nil && ctx.Err() == nil {
		h.log.Warn("heartbeat", "error_class", codeOf(err))
	}
}

// clock compares the clocks.
func (h *House) clock(ctx context.Context) {
	if skew, err := h.instances.Skew(ctx, time.Now); err == nil {
		h.noteSkew(skew)
	}
}

// rescue gives back the jobs whose run is lost, and holds the paused queues.
func (h *House) rescue(ctx context.Context) {
	settings := h.config.Queues()
	own, err := h.missed(ctx)
	var rescued []postgres.Rescued
	if err == nil {
		rescued, err = h.store.Rescue(ctx, h.config.DeadAfter, settings.Longest(), own, rescueRound)
	}
	for _, r := range rescued {
		h.log.Warn("rescued", "kind", r.Kind, "document_id", r.Document.String(), "job_id", r.Job, "run", r.Run,
			"process_dead", r.Dead, "missed", r.Missed, "after_ms", r.After.Milliseconds())
	}
	if err == nil {
		err = h.operations.Hold(ctx)
	}
	idle := riverqueue.Queues() // that River cannot look at, which is no fault of the process
	if err == nil {
		idle, err = h.pausedQueues(ctx)
	}
	if err != nil && ctx.Err() == nil {
		h.log.Warn("rescue", "error_class", codeOf(err))
	}
	for _, queue := range idle {
		h.pulse.beat(lineOf(queue))
	}
}

// missed are the jobs that this process has by their rows and not in hand.
func (h *House) missed(ctx context.Context) (postgres.Missed, error) {
	running, err := h.store.Running(ctx, h.self.ID)
	if err != nil {
		return postgres.Missed{}, err
	}
	return postgres.Missed{Process: h.self.ID, Jobs: h.works.Missed(running)}, nil
}

// pausedQueues lists the queues that rest; all of them where that cannot be told.
func (h *House) pausedQueues(ctx context.Context) (queues []string, err error) {
	pauses, err := h.instances.Pauses(ctx)
	if err != nil {
		return riverqueue.Queues(), err
	}
	for _, p := range pauses {
		if queue, ok := p.Queue(); ok {
			queues = append(queues, queue)
		}
	}
	return queues, nil
}

// probe asks the services that no real call was made to of late.
func (h *House) probe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	for name, service := range map[string]interface{ Healthy(context.Context) error }{
		nameParser: h.parts.parser, nameEmbedder: h.parts.embedder, nameStorage: h.parts.blobs, nameScanner: h.parts.scanner, nameMail: h.mailer,
	} {
		if service == nil || !h.seen.stale(name, time.Now().Add(-probeAfter)) {
			continue
		}
		if err := service.Healthy(ctx); ctx.Err() == nil || err == nil {
			h.seen.note(name, err)
		}
	}
}
