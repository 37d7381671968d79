package riverqueue_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
)

// visit is one run of a job that waits to be let on; what it is sent, it returns.
type visit struct {
	run int
	let chan error
}

// gated makes an act whose runs wait for the test.
func gated() (chan visit, func(context.Context, int) error) {
	visits := make(chan visit, 4)
	return visits, func(ctx context.Context, run int) error {
		v := visit{run: run, let: make(chan error)}
		visits <- v
		select {
		case err := <-v.let:
			return err
		case <-ctx.Done(): // the test has failed
			return ctx.Err()
		}
	}
}

// one lets each process work one job of a queue at a time: the process that
// holds a job cannot be the one that gets it again.
func (h *house) one() {
	for queue := range h.settings.Workers {
		h.settings.Workers[queue] = 1
	}
}

// A rescuer that took the job for lost gives it to another process; the first
// run commits nothing, and its end does not end the second's row.
func TestC20_TheFirstRunDoesNotCompleteTheSecond(t *testing.T) {
	h := open(t)
	h.one()
	visits, act := gated()
	id := h.add(core.Chunk, act)
	stopFirst := h.start()
	first := <-visits
	h.exec(id, `state = 'available', scheduled_at = now()`) // rescued, and due again
	h.start()
	second := <-visits
	first.let <- nil
	stopFirst() // all it had to say is written
	if got := h.row(id); got.State != "running" || got.Attempt != 2 || got.Finished || h.count(h.kept, id) != 0 {
		t.Errorf("after the first run's end the job is %+v, kept %d times", got, h.count(h.kept, id))
	}
	second.let <- nil
	if got := h.ends(id); got.State != "completed" || got.Attempt != 2 || h.count(h.kept, id) != 1 {
		t.Errorf("after the second run's end the job is %+v, kept %d times", got, h.count(h.kept, id))
	}
}

// And when the second run fails, its job is still there to be tried again.
func TestC20_AFailureOfTheSecondRunIsNotLost(t *testing.T) {
	h := open(t)
	h.one()
	visits, act := gated()
	id := h.add(core.Chunk, act)
	stopFirst := h.start()
	first := <-visits
	h.exec(id, `state = 'available', scheduled_at = now()`)
	h.start()
	second := <-visits
	first.let <- nil
	stopFirst()
	second.let <- core.Fail(core.CodeDatabaseUnavailable, nil)
	h.until("the second run to be put off", func() bool { return len(h.row(id).Errors) == 1 })
	h.hurry(id)
	(<-visits).let <- nil
	if got := h.ends(id); got.State != "completed" || got.Attempt != 3 || h.count(h.kept, id) != 1 || !cmp.Equal(got.Errors, []string{"database_unavailable"}) {
		t.Errorf("the job is %+v, kept %d times", got, h.count(h.kept, id))
	}
}

// A zombie whose job was rescued and waits for its next run commits nothing.
func TestC20_AZombieCommitsNothingAfterARescue(t *testing.T) {
	h := open(t)
	visits, act := gated()
	id := h.add(core.Chunk, act)
	stop := h.start()
	zombie := <-visits
	h.exec(id, `state = 'retryable', scheduled_at = now() + interval '1 hour'`)
	zombie.let <- nil
	stop()
	if got := h.row(id); got.State != "retryable" || got.Attempt != 1 || got.Finished || h.count(h.kept, id) != 0 {
		t.Errorf("the job is %+v, kept %d times", got, h.count(h.kept, id))
	}
	h.start()
	h.hurry(id)
	(<-visits).let <- nil
	if got := h.ends(id); got.State != "completed" || h.count(h.kept, id) != 1 {
		t.Errorf("the job is %+v, kept %d times", got, h.count(h.kept, id))
	}
}

// A job whose row is gone keeps nothing.
func TestC20_AJobWithoutARowKeepsNothing(t *testing.T) {
	h := open(t)
	visits, act := gated()
	id := h.add(core.Chunk, act)
	stop := h.start()
	orphan := <-visits
	if _, err := h.pool.Exec(t.Context(), `delete from river.river_job where args ->> 'document' = $1`, id.String()); err != nil {
		t.Fatal(err)
	}
	orphan.let <- nil
	stop()
	if h.count(h.kept, id) != 0 || h.failures(id) != nil {
		t.Errorf("kept %d times, trouble %v", h.count(h.kept, id), h.failures(id))
	}
}

// Two processes on one queue run each job once.
func TestC18_TwoProcessesRunEachJobOnce(t *testing.T) {
	h := open(t)
	var ids []core.ID
	for i := range 200 {
		ids = append(ids, h.add(core.Stages()[i%len(core.Stages())], nil))
	}
	h.start()
	h.start()
	for _, id := range ids {
		if got := h.ends(id); got.State != "completed" || h.count(h.runs, id) != 1 || h.count(h.kept, id) != 1 {
			t.Errorf("the job is %+v after %d runs", got, h.count(h.runs, id))
		}
	}
}

var _ riverqueue.Store = (*house)(nil)

// A run that was given up and fails afterwards is another run's no more: its
// verdict neither falls upon that one's row nor fails the document.
func TestC20_TheFailureOfAGivenUpRunCountsForNothing(t *testing.T) {
	for name, end := range map[string]error{
		"for good": core.Fail(core.CodeFileBroken, nil), "for now": core.Fail(core.CodeParserUnavailable, nil), "busy": core.Wait(core.CodeParserBusy, time.Minute, nil),
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			h.one()
			visits, act := gated()
			id := h.add(core.Chunk, act)
			stopFirst := h.start()
			first := <-visits
			h.exec(id, `state = 'available', scheduled_at = now()`)
			h.start()
			second := <-visits
			first.let <- end
			stopFirst() // all it had to say is written
			if got := h.row(id); got.State != "running" || got.Attempt != 2 || len(h.fails[id]) != 0 {
				t.Errorf("after the first run's end the job is %+v, failed %v", got, h.fails[id])
			}
			second.let <- nil
			if got := h.ends(id); got.State != "completed" || h.count(h.kept, id) != 1 {
				t.Errorf("in the end the job is %+v", got)
			}
		})
	}
}
