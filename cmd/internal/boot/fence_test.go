package boot_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
)

const rescued = `update river.river_job set state = 'retryable', scheduled_at = now() + interval '1 hour'`

const dueAgain = `update river.river_job set state = 'available', scheduled_at = now()`

// JobCompleteTx is no fence, case one: a rescuer took the job for lost while
// its worker was at work. What the zombie made is not committed, at any stage.
func TestC20_AZombieWorkerCommitsNothingAfterARescue(t *testing.T) {
	for _, stage := range core.Stages() {
		t.Run(string(stage), func(t *testing.T) {
			r := newRig(t)
			who := rigUser(t)
			id := r.upload(who)
			stop := r.work()
			zombie := r.walk(stage)
			before := r.events(id)
			r.exec(zombie, rescued)
			zombie.let <- nil
			stop()
			if diff := cmp.Diff(before, r.events(id)); diff != "" {
				t.Errorf("the zombie moved the document:\n%s", diff)
			}
			if diff := cmp.Diff([]rigJob{{"retryable", 1}}, r.jobs(id, stage)); diff != "" {
				t.Errorf("the zombie's job:\n%s", diff)
			}
			leg, _ := core.LegOf(stage)
			if leg.Next != "" && len(r.jobs(id, leg.Next)) != 0 {
				t.Error("the zombie enqueued the next stage")
			}
			r.exec(zombie, dueAgain)
			r.work()
			r.completes(who, id)
		})
	}
}

// Each case below is written out, alike as they begin: what is done to the row
// between the steps is the test.

// Case two: rescued, and at work again in another process as its second run.
// The first run commits nothing and leaves the row to the second.
func TestC20_AttemptOneDoesNotCompleteAttemptTwo(t *testing.T) {
	for _, stage := range core.Stages() {
		t.Run(string(stage), func(t *testing.T) {
			r := newRig(t)
			who := rigUser(t)
			id := r.upload(who)
			stopFirst := r.work()
			first := r.walk(stage)
			before := r.events(id)
			r.exec(first, dueAgain)
			r.work()
			second := r.next()
			first.let <- nil
			stopFirst()
			if diff := cmp.Diff(before, r.events(id)); diff != "" {
				t.Errorf("the first run moved the document:\n%s", diff)
			}
			if diff := cmp.Diff([]rigJob{{"running", 2}}, r.jobs(id, stage)); diff != "" {
				t.Errorf("the second run's row:\n%s", diff)
			}
			second.let <- nil
			r.completes(who, id)
			if diff := cmp.Diff([]rigJob{{"completed", 2}}, r.jobs(id, stage)); diff != "" {
				t.Errorf("the second run's row in the end:\n%s", diff)
			}
		})
	}
}

// The other way round: the second run is done first, and the first finds the
// document moved on.
func TestC20_AnOvertakenRunChangesNothing(t *testing.T) {
	r := newRig(t)
	who := rigUser(t)
	id := r.upload(who)
	r.work()
	first := r.walk(core.Chunk)
	r.exec(first, dueAgain)
	r.work()
	r.next().let <- nil
	embed := r.next()
	if embed.stage != core.Embed {
		t.Fatalf("%s runs after the second run, want embed", embed.stage)
	}
	before := r.events(id)
	first.let <- nil
	r.until("the overtaken run's verdict", func() bool { return strings.Contains(r.logs.String(), `"verdict":"stale"`) })
	if diff := cmp.Diff(before, r.events(id)); diff != "" {
		t.Errorf("the overtaken run moved the document:\n%s", diff)
	}
	embed.let <- nil
	r.completes(who, id)
}

// Case three: the row is gone. Nothing is kept without a claim.
func TestC20_AJobWithoutARowCommitsNothing(t *testing.T) {
	r := newRig(t)
	who := rigUser(t)
	id := r.upload(who)
	stop := r.work()
	run := r.walk(core.Validate)
	before := r.events(id)
	r.exec(run, `delete from river.river_job`)
	run.let <- nil
	stop()
	if diff := cmp.Diff(before, r.events(id)); diff != "" || len(r.jobs(id, core.Chunk)) != 0 {
		t.Errorf("%d next jobs, events:\n%s", len(r.jobs(id, core.Chunk)), diff)
	}
	if got := r.standing(who, id); got.Status != core.Parsed || got.Trouble != nil {
		t.Errorf("the document stands at %s, trouble %v", got.Status, got.Trouble)
	}
}

// A document deleted while a stage is at work stays deleted.
func TestL021_ALateStepDoesNotBringADeletedDocumentBack(t *testing.T) {
	for _, stage := range core.Stages() {
		t.Run(string(stage), func(t *testing.T) {
			r := newRig(t)
			who := rigUser(t)
			id := r.upload(who)
			stop := r.work()
			late := r.walk(stage)
			if err := r.library.Remove(t.Context(), who, id); err != nil {
				t.Fatal(err)
			}
			late.let <- nil
			r.until("the purge", func() bool { return slices.Equal(r.jobs(id, core.Purge), []rigJob{{"completed", 1}}) })
			stop()
			if _, err := r.library.Standing(t.Context(), who, id); !core.HasCode(err, core.CodeNotFound) {
				t.Errorf("the deleted document answers %v", err)
			}
			if events := r.events(id); events[len(events)-1] != core.Deleting {
				t.Errorf("after the deletion: %v", events)
			}
			if diff := cmp.Diff([]rigJob{{"completed", 1}}, r.jobs(id, stage)); diff != "" {
				t.Errorf("the late step's job:\n%s", diff)
			}
		})
	}
}
