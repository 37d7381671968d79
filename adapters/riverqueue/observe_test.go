package riverqueue_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/riverqueue/river"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
)

// tally keeps what an observer is told.
type tally struct {
	mu       sync.Mutex
	runs     map[string][]string // by kind: outcome and run
	verdicts map[core.Stage][]string
	inserted map[string]int
	told     map[string]int
	negative bool
}

func newTally() *tally {
	return &tally{runs: map[string][]string{}, verdicts: map[core.Stage][]string{}, inserted: map[string]int{}, told: map[string]int{}}
}

func (c *tally) Worked(r riverqueue.Run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs[r.Kind] = append(c.runs[r.Kind], fmt.Sprintf("%s %s %d", r.Queue, r.Outcome, r.Run))
	c.negative = c.negative || r.Took < 0 || r.Waited < -time.Second
}

func (c *tally) Inserted(_, kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inserted[kind]++
}

func (c *tally) Staged(stage core.Stage, verdict string, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.verdicts[stage] = append(c.verdicts[stage], verdict)
}

func (c *tally) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told[what]++
}

func (c *tally) Began(queue string) { c.note("began " + queue) }

func (c *tally) Looked(queue string, _ time.Duration) { c.note("looked " + queue) }

func (c *tally) Fetched(queue string, jobs int) {
	for range jobs {
		c.note("fetched " + queue)
	}
}

func (c *tally) Hung(kind string) { c.note("hung " + kind) }

func (c *tally) Lagged(time.Duration) { c.note("lagged") }

// Each run of a job is told once, with what River made of it.
func TestEachRunIsTold(t *testing.T) {
	h := open(t)
	counts := newTally()
	h.settings.Observer = counts
	setting := h.settings.Stages[core.Chunk]
	setting.Attempts = 1
	h.settings.Stages[core.Chunk] = setting
	kept := h.add(core.Validate, nil)
	failed := h.add(core.Chunk, always(core.Fail(core.CodeDatabaseUnavailable, errCanary)))
	waited := h.add(core.Embed, always(core.Wait(core.CodeEmbedderBusy, time.Hour, errCanary)))
	panicked := h.add(core.Finish, func(_ context.Context, run int) error {
		if run == 1 {
			panic(errCanary)
		}
		return nil
	})
	h.start()
	h.ends(kept)
	h.ends(failed)
	h.snoozed(waited, 1)
	h.until("the job that panicked runs again", func() bool { h.hurry(panicked); return h.row(panicked).State == "completed" })
	h.until("the last run, and a periodic job, are told", func() bool {
		counts.mu.Lock()
		defer counts.mu.Unlock()
		return len(counts.runs["finish"]) == 2 && counts.inserted["reconcile"] > 0
	})
	counts.mu.Lock()
	defer counts.mu.Unlock()
	for kind, want := range map[string][]string{
		"validate": {"line completed 1"}, "chunk": {"line cancelled 1"}, "embed": {"embed snoozed 1"}, "finish": {"line retry 1", "line completed 2"},
	} {
		if got := counts.runs[kind]; !cmp.Equal(got, want) {
			t.Errorf("runs of %s: %q, want %q", kind, got, want)
		}
	}
	for stage, want := range map[core.Stage][]string{core.Validate: {"kept"}, core.Chunk: {"failed"}, core.Embed: {"waits"}, core.Finish: {"retries", "kept"}} {
		if got := counts.verdicts[stage]; !slices.Equal(got, want) {
			t.Errorf("verdicts on %s: %q, want %q", stage, got, want)
		}
	}
	if counts.negative {
		t.Error("a run took less than no time, or was waited for so")
	}
}

// Every queue's looks are told though there is nothing to do, what they find is
// busy before it has ended, and only a callback's own job has a lag.
func TestLooksAndCallbacksAreTold(t *testing.T) {
	h := open(t)
	counts := newTally()
	var looks sync.Map
	h.settings.Observer, h.settings.Progress = counts, func(queue string) { looks.Store(queue, true) }
	own := core.Job{Stage: core.Receive, Document: core.NewID(), Attempt: 1, Turn: core.AnyTurn, Hint: true}
	kept := core.Job{Stage: core.Receive, Document: core.NewID(), Attempt: 1, Turn: 2, Hint: true}
	for _, job := range []core.Job{own, kept} {
		h.insert(job, nil)
	}
	var repeated sync.Map // by run
	tried := h.add(core.Embed, func(ctx context.Context, run int) error {
		repeated.Store(run, core.RepeatedFor(ctx))
		if run == 1 {
			return core.Wait(core.CodeEmbedderBusy, time.Hour, errCanary)
		}
		return nil
	})
	h.start()
	h.snoozed(tried, 1)
	h.until("the job that was put off runs again", func() bool { h.hurry(tried); return h.row(tried).State == "completed" })
	for run, want := range []core.Service{"", core.ServiceEmbedder} {
		if got, _ := repeated.Load(run + 1); got != want {
			t.Errorf("run %d is made again for %q, want %q", run+1, got, want)
		}
	}
	h.until("each queue is looked at, and both jobs end", func() bool {
		counts.mu.Lock()
		defer counts.mu.Unlock()
		for _, queue := range riverqueue.Queues() {
			if _, ok := looks.Load(queue); !ok || counts.told["looked "+queue] == 0 {
				return false
			}
		}
		return len(counts.runs["receive"]) == 2
	})
	counts.mu.Lock()
	defer counts.mu.Unlock()
	if counts.told["fetched receive"] != 2 || counts.told["began receive"] != 2 || counts.told["lagged"] != 1 {
		t.Errorf("told was %v", counts.told)
	}
}

// A job that does not end is counted, and its place stays taken.
func TestAJobThatHangsIsTold(t *testing.T) {
	t.Parallel()
	counts := newTally()
	for _, handler := range []river.JobStuckHandler{riverqueue.Hung(counts), riverqueue.Hung(nil)} {
		if result := handler(t.Context(), river.JobStuckHandlerParams{Kind: "parse"}); result.AddWorkerSlot {
			t.Error("its place is given away")
		}
	}
	if counts.told["hung parse"] != 1 {
		t.Errorf("told was %v", counts.told)
	}
}
