package riverqueue_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
)

// tally keeps what an observer is told.
type tally struct {
	mu       sync.Mutex
	runs     map[string][]string // by kind: outcome and run
	verdicts map[core.Stage][]string
	inserted map[string]int
	negative bool
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

func (c *tally) Began(string)                 {}
func (c *tally) Looked(string, time.Duration) {}
func (c *tally) Fetched(string, int)          {}
func (c *tally) Hung(string)                  {}
func (c *tally) Lagged(time.Duration)         {}

// Each run of a job is told once, with what River made of it.
func TestEachRunIsTold(t *testing.T) {
	h := open(t)
	counts := &tally{runs: map[string][]string{}, verdicts: map[core.Stage][]string{}, inserted: map[string]int{}}
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
