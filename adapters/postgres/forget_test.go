package postgres_test

import (
	"slices"
	"testing"

	"github.com/insurance-navigator/navigator/core"
)

// An attempt that failed or was cancelled needs the parser's copies no longer:
// a job removes them, begun in the transaction that ended it.
func TestAnAttemptThatEndsBeforeItsTextForgetsTheCopies(t *testing.T) {
	h := open(t)
	who := user(t)
	forgets := func(id core.ID) bool {
		return slices.Contains(h.queue.take(), core.Job{Stage: core.Forget, Document: id, Attempt: 1, Turn: core.AnyTurn})
	}
	fail := func(id core.ID, stage core.Stage, turn int) {
		t.Helper()
		leg, _ := core.LegOf(stage)
		job := core.Job{Stage: stage, Document: id, Attempt: 1, Turn: turn}
		if err := h.store.Fail(t.Context(), job, leg, core.TroubleOf(stage, core.Fail(core.CodeParseFailed, nil))); err != nil {
			t.Fatal(err)
		}
	}
	submitting, waiting, cut, cancelled := h.upload(who, "a", 2), h.upload(who, "b", 2), h.upload(who, "c", 2), h.upload(who, "d", 2)
	h.walk(waiting, core.Parse)
	h.walk(cut, core.Receive)
	h.walk(cancelled, core.Parse)
	h.queue.take()
	fail(submitting.Document, core.Parse, 0)
	if !forgets(submitting.Document) {
		t.Error("failed while it was handed over: nothing forgets the copies")
	}
	fail(waiting.Document, core.Receive, 1)
	if !forgets(waiting.Document) {
		t.Error("failed while it waited: nothing forgets the copies")
	}
	fail(cut.Document, core.Validate, 2)
	if forgets(cut.Document) {
		t.Error("failed after its text was kept: forgotten twice")
	}
	if _, err := h.library.Cancel(t.Context(), who, cancelled.Document); err != nil {
		t.Fatal(err)
	}
	if !forgets(cancelled.Document) {
		t.Error("cancelled: nothing forgets the copies")
	}
}

// Submitting sees a run that may hand a file over, and nothing else.
func TestSubmittingIsARunThatMayHandOver(t *testing.T) {
	h := open(t)
	id := core.NewID()
	for state, want := range map[string]bool{"available": false, "running": true, "retryable": false} {
		for kind, asked := range map[string]bool{"parse": want, "receive": want, "embed": false} {
			conn := h.db.SuperConn()
			if _, err := conn.Exec(t.Context(), `insert into river.river_job (args, kind, max_attempts, state) values (jsonb_build_object('document', $1::text), $2, 6, $3::text::river.river_job_state)`, id, kind, state); err != nil {
				t.Fatal(err)
			}
			now, err := h.store.Submitting(t.Context(), id)
			if err != nil || now != asked {
				t.Errorf("a job of %s that is %s: %v (%v)", kind, state, now, err)
			}
			if _, err := conn.Exec(t.Context(), `delete from river.river_job`); err != nil {
				t.Fatal(err)
			}
		}
	}
}
