package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
)

// lose takes a fresh document to where its first job at the parser is given up.
func (h *house) lose(content string) (again core.Job, attempt core.ID) {
	h.t.Helper()
	doc := h.waiting(content)
	job := core.Job{Stage: core.Receive, Document: doc.Document, Attempt: 1, Turn: 1}
	if _, err := h.step(job, func(core.Document) core.Made { return core.Lost{} }); err != nil {
		h.t.Fatal(err)
	}
	job.Turn = 2
	return job, doc.Job
}

// The status stays, no move is written, and one job hands the document over.
func TestALostJobLeavesOneStepThatHandsTheDocumentOver(t *testing.T) {
	h := open(t)
	again, _ := h.lose("a")
	jobs := h.queue.take()
	if diff := cmp.Diff(again, jobs[len(jobs)-1]); diff != "" {
		t.Errorf("the next job:\n%s", diff)
	}
	if diff := cmp.Diff([]core.Status{core.Uploaded, core.ParseQueued}, h.events(again.Document)); diff != "" {
		t.Errorf("the events:\n%s", diff)
	}
	anyTurn, old := again, again
	anyTurn.Turn, old.Turn = core.AnyTurn, 1
	leg, _ := core.LegOf(core.Receive)
	for _, c := range []struct {
		job  core.Job
		want error
	}{{anyTurn, core.ErrEarly}, {old, core.ErrStale}, {again, nil}} {
		doc, err := h.store.Begin(t.Context(), c.job, leg)
		if !errors.Is(err, c.want) {
			t.Errorf("turn %d began with %v, want %v", c.job.Turn, err, c.want)
		}
		if err == nil && (!doc.ParseDeadline.IsZero() || doc.ProviderJob == "") {
			t.Errorf("the document is %+v: no deadline, and the job that was lost", doc)
		}
	}
	if n, err := h.store.Reconcile(t.Context(), 10); err != nil || n != 0 {
		t.Errorf("%d polled, %v: there is no job to ask for", n, err)
	}
}

// Of two runs that both handed it over, one is kept.
func TestTheSecondHandoverIsKeptOnceAndIsWaitedFor(t *testing.T) {
	h := open(t)
	again, _ := h.lose("a")
	h.queue.take()
	handed := core.Queued{ProviderJob: "pjb-2", ProviderFile: "dfl-2"}
	step, err := h.step(again, func(core.Document) core.Made { return handed })
	if err != nil {
		t.Fatal(err)
	}
	if err := h.store.Keep(t.Context(), step, nil); !errors.Is(err, core.ErrStale) {
		t.Errorf("kept twice: %v", err)
	}
	if jobs := h.queue.take(); len(jobs) != 0 {
		t.Errorf("%+v, and nobody announced the result", jobs)
	}
	h.run(`update upload_pipeline.upload_jobs set next_poll_at = now() - interval '1 second'`)
	if n, err := h.store.Reconcile(t.Context(), 10); err != nil || n != 1 {
		t.Errorf("%d polled, %v", n, err)
	}
	poll := h.queue.take()[0]
	text, err := h.step(poll, func(d core.Document) core.Made { return made(core.Receive, d) })
	if err != nil || text.Document.ProviderJob != "pjb-2" || text.Document.ParseDeadline.IsZero() {
		t.Fatalf("received %+v, %v", text.Document, err)
	}
}

// A callback of the new job that comes before its answer was kept is noted, and
// the step that keeps the answer starts the fetch.
func TestC11_ACallbackBeforeTheSecondAnswerIsNotLost(t *testing.T) {
	h := open(t)
	again, attempt := h.lose("a")
	h.queue.take()
	h.receive(callback(attempt, "evt-new", "body"))
	if jobs := h.queue.take(); len(jobs) != 0 {
		t.Errorf("%+v: there is no job to fetch yet", jobs)
	}
	if _, err := h.step(again, func(core.Document) core.Made { return core.Queued{ProviderJob: "pjb-2"} }); err != nil {
		t.Fatal(err)
	}
	want := core.Job{Stage: core.Receive, Document: again.Document, Attempt: 1, Turn: 3, Hint: true}
	if diff := cmp.Diff([]core.Job{want}, h.queue.take()); diff != "" {
		t.Errorf("the fetch:\n%s", diff)
	}
}

func TestUnknownAttemptsAreThoseOfNoLiveDocument(t *testing.T) {
	h := open(t)
	who := user(t)
	live, removed, never := h.upload(who, "a", 1), h.upload(who, "b", 1), core.NewID()
	if err := h.library.Remove(t.Context(), who, removed.Document); err != nil {
		t.Fatal(err)
	}
	got, err := h.store.Unknown(t.Context(), []core.ID{live.Job, removed.Job, never})
	if diff := cmp.Diff([]core.ID{removed.Job, never}, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if got, err := h.store.Unknown(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("of none: %v %v", got, err)
	}
}

// The step that hands over may be lost with its queue: it is given again, while
// documents whose job is under way are left to the polls.
func TestAHandoverWithoutAJobIsRevived(t *testing.T) {
	h := open(t)
	h.waiting("b")
	again, _ := h.lose("a")
	h.queue.take()
	h.run(`update upload_pipeline.upload_jobs set status_since = now() - interval '1 hour'`)
	n, err := h.store.Revive(t.Context(), 5*time.Minute, 10)
	if err != nil || n != 1 {
		t.Fatalf("%d revived, %v", n, err)
	}
	if diff := cmp.Diff([]core.Job{again}, h.queue.take()); diff != "" {
		t.Errorf("revived:\n%s", diff)
	}
}
