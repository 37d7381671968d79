package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// meet delivers a callback that comes upon a lock. The other holds it when it
// calls what it is given, which returns once the delivery waits.
func (h *house) meet(c ports.Callback, other func(delivered func())) ports.Outcome {
	h.t.Helper()
	var got ports.Received
	var err error
	done := make(chan struct{})
	other(func() {
		go func() {
			defer close(done)
			got, err = h.store.Receive(h.t.Context(), c)
		}()
		h.locked()
	})
	<-done
	if err != nil {
		h.t.Fatal(err)
	}
	return got.Outcome
}

// locked waits until one session waits for another's row.
func (h *house) locked() {
	h.t.Helper()
	h.waits(`wait_event <> 'advisory'`)
}

func (h *house) waits(what string) {
	h.t.Helper()
	until(h.t, "a session to wait for a lock", func() bool {
		return h.count(`select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and `+what) == 1
	})
}

// unsettled is another that runs a statement past all policies and keeps what it
// did, or takes it back, once the delivery waits for it.
func (h *house) unsettled(keeps bool, sql string, args ...any) func(delivered func()) {
	return func(delivered func()) {
		h.t.Helper()
		tx, err := h.super().Begin(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		defer tx.Rollback(context.WithoutCancel(h.t.Context())) //nolint:errcheck // it has ended
		if _, err = tx.Exec(h.t.Context(), `set local session_replication_role = replica`); err == nil {
			_, err = tx.Exec(h.t.Context(), sql, args...)
		}
		if err != nil {
			h.t.Fatal(err)
		}
		delivered()
		if keeps {
			err = tx.Commit(h.t.Context())
		} else {
			err = tx.Rollback(h.t.Context())
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// slowQueue stops where a transaction ends its job, until the lock is free.
type slowQueue struct{ *memoryQueue }

func (q slowQueue) End(batch *pgx.Batch, ticket any) error {
	batch.Queue(advisory)
	return q.memoryQueue.End(batch, ticket)
}

const advisory = `select pg_advisory_xact_lock(7)`

// answering is the step that keeps the parser's answer, with that turn.
func (h *house) answering(job core.Job) func(delivered func()) {
	return func(delivered func()) {
		h.t.Helper()
		leg, _ := core.LegOf(job.Stage)
		doc, err := h.store.Begin(h.t.Context(), job, leg)
		if err != nil {
			h.t.Fatal(err)
		}
		hold, err := h.super().Begin(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		defer hold.Rollback(context.WithoutCancel(h.t.Context())) //nolint:errcheck // it has ended
		if _, err := hold.Exec(h.t.Context(), advisory); err != nil {
			h.t.Fatal(err)
		}
		step := core.Step{Document: doc, Leg: leg, Made: core.Queued{ProviderJob: "pjb-2"}}
		kept := make(chan error, 1)
		go func() {
			kept <- postgres.NewStore(h.work, slowQueue{h.queue}, postgres.DefaultWaits()).Keep(h.t.Context(), step, nil)
		}()
		h.waits(`wait_event = 'advisory'`)
		delivered()
		if err := errors.Join(hold.Rollback(h.t.Context()), <-kept); err != nil {
			h.t.Fatal(err)
		}
	}
}

const logRow = `insert into upload_pipeline.webhook_log (webhook_id, dedupe, job_id, body_sha256, body_bytes, outcome) values ($1, $2, $3, '', 1, 'accepted')`

// What a callback found may change before it is kept: whoever comes first, the
// fetch is started once, by the callback or by the step that it overtook.
func TestACallbackThatIsOvertakenLooksAgain(t *testing.T) {
	h := open(t)
	submitted, lost, gone := h.upload(user(t), "submitted", 2), h.waiting("lost"), h.waiting("gone")
	twice, once := h.waiting("twice"), h.waiting("once")
	again, resubmitted := h.lose("resubmitted")
	h.queue.take()
	fetch := func(doc core.ID) []core.Job {
		return []core.Job{{Stage: core.Receive, Document: doc, Attempt: 1, Turn: core.AnyTurn, Hint: true}}
	}
	for _, c := range []struct {
		what    string
		attempt core.ID
		other   func(func())
		outcome ports.Outcome
		jobs    []core.Job
		logged  string
	}{
		{"the parser's answer is kept", submitted.Job, h.answering(core.Job{Stage: core.Parse, Document: submitted.Document, Attempt: 1}),
			ports.Accepted, fetch(submitted.Document), "accepted 1"},
		{"its second answer is kept", resubmitted, h.answering(again), ports.Accepted, fetch(again.Document), "accepted 1"},
		{"the parser's job is given up", lost.Job, h.unsettled(true, `update upload_pipeline.upload_jobs set parse_deadline = null where job_id = $1`, lost.Job),
			ports.Accepted, nil, "accepted 1"},
		{"the attempt is erased", gone.Job, h.unsettled(true, `delete from upload_pipeline.upload_jobs where job_id = $1`, gone.Job),
			ports.Unknown, nil, "unknown 1"},
		{"another delivery is kept", twice.Job, h.unsettled(true, logRow, core.NewID(), twice.Job.String()+":evt-1", twice.Job),
			ports.Duplicate, nil, "accepted 2"},
		{"another delivery comes to nothing", once.Job, h.unsettled(false, logRow, core.NewID(), once.Job.String()+":evt-1", once.Job),
			ports.Accepted, fetch(once.Document), "accepted 1"},
	} {
		if got := h.meet(callback(c.attempt, "evt-1", "body"), c.other); got != c.outcome {
			t.Errorf("%s: the callback is %s", c.what, got)
		}
		if diff := cmp.Diff(c.jobs, h.queue.take()); diff != "" {
			t.Errorf("%s: the jobs:\n%s", c.what, diff)
		}
		rows := h.list(`select outcome || ' ' || deliveries from upload_pipeline.webhook_log where job_id = $1`, c.attempt)
		if diff := cmp.Diff([]string{c.logged}, rows); diff != "" {
			t.Errorf("%s: the log:\n%s", c.what, diff)
		}
		noted := h.count(`select count(*) from upload_pipeline.upload_jobs where job_id = $1 and webhook_at is not null`, c.attempt)
		if want := c.outcome == ports.Accepted; (noted == 1) != want {
			t.Errorf("%s: the attempt knows of %d callbacks", c.what, noted)
		}
	}
}

// A callback that comes before the parser's answer is kept starts nothing: the
// step that keeps the answer waits for its note, and starts the fetch.
func TestAnAnswerThatComesUponItsCallbackStartsTheFetch(t *testing.T) {
	h := open(t)
	doc := h.upload(user(t), "a", 2)
	job := core.Job{Stage: core.Parse, Document: doc.Document, Attempt: 1}
	leg, _ := core.LegOf(core.Parse)
	begun, err := h.store.Begin(t.Context(), job, leg)
	if err != nil {
		t.Fatal(err)
	}
	h.queue.take()
	kept := make(chan error, 1)
	h.unsettled(true, `update upload_pipeline.upload_jobs set webhook_at = now() where job_id = $1`, doc.Job)(func() {
		go func() {
			kept <- h.store.Keep(t.Context(), core.Step{Document: begun, Leg: leg, Made: core.Queued{ProviderJob: "pjb-1"}}, nil)
		}()
		h.locked()
	})
	if err := <-kept; err != nil {
		t.Fatal(err)
	}
	want := []core.Job{{Stage: core.Receive, Document: doc.Document, Attempt: 1, Turn: 1, Hint: true}}
	if diff := cmp.Diff(want, h.queue.take()); diff != "" {
		t.Errorf("the jobs:\n%s", diff)
	}
}
