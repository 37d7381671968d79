package boot_test

import (
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// crowd uploads n documents of one owner.
func (r *rig) crowd(who ports.Principal, n int) map[core.ID]bool {
	r.t.Helper()
	ids := map[core.ID]bool{}
	for range n {
		ids[r.upload(who)] = true
	}
	return ids
}

// letOn lets n runs of one stage on, and gives the documents in their order.
// Runs of other stages are let on between.
func (r *rig) letOn(stage core.Stage, n int) (order []core.ID) {
	r.t.Helper()
	for len(order) < n {
		run := r.next()
		if run.stage == stage {
			order = append(order, run.doc.ID)
		}
		run.let <- nil
	}
	return order
}

// One user's five hundred documents and another's one, uploaded last: the one is
// finished while nearly all of the five hundred wait. Counted in documents.
func TestS33_OneDocumentIsNotStarvedByFiveHundred(t *testing.T) {
	r := newRig(t)
	ada, bob := rigUser(t), rigUser(t)
	adas := r.crowd(ada, 500)
	bobs := r.upload(bob)
	r.work()
	order := r.letOn(core.Finish, core.InteractiveFirst+2)
	at := -1
	for i, id := range order {
		if id == bobs {
			at = i
		}
	}
	if at < 0 {
		t.Fatalf("bob's one document is not among the first %d that end", len(order))
	}
	if waiting := len(adas) - at; waiting < 490 {
		t.Errorf("%d of ada's 500 wait when bob's ends", waiting)
	}
}

// Two users with many share evenly at every stage, by the order of the ends.
func TestTwoBulkUsersShareTheLineEvenly(t *testing.T) {
	r := newRig(t)
	ada, bob := rigUser(t), rigUser(t)
	adas, bobs := r.crowd(ada, 100), r.crowd(bob, 100)
	r.work()
	var mine, his int
	for _, id := range r.letOn(core.Finish, 60) {
		switch {
		case adas[id]:
			mine++
		case bobs[id]:
			his++
		}
	}
	if mine < 24 || his < 24 {
		t.Errorf("of the first 60 that ended %d are ada's and %d bob's", mine, his)
	}
}

// A job that was put off comes back to its document's place, and not behind all
// that came meanwhile.
func TestAJobThatWasPutOffKeepsItsPlace(t *testing.T) {
	r := newRig(t, func(s *riverqueue.Settings) { s.FetchPollInterval = 20 * time.Millisecond })
	ada, bob := rigUser(t), rigUser(t)
	bobs := r.upload(bob)
	stop := r.work()
	run := r.next()
	run.let <- core.Wait(core.CodeParserBusy, time.Hour, nil)
	r.until("the job to be put off", func() bool { jobs := r.jobs(bobs, core.Parse); return jobs[0].State == "scheduled" })
	stop()
	r.crowd(ada, 30)
	r.exec(run, `update river.river_job set state = 'available', scheduled_at = now()`) // the hour is over
	if n, err := r.store.Reorder(t.Context(), 100); err != nil || n != 1 {
		t.Fatalf("%d jobs were given their place back: %v", n, err)
	}
	r.work()
	if next := r.next(); next.doc.ID != bobs {
		t.Error("a document of ada's comes before bob's older one")
	} else {
		next.let <- nil
	}
}
