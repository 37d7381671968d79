package postgres_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func callback(attempt core.ID, event string, body string) ports.Callback {
	return ports.Callback{Attempt: attempt, EventID: event, EventType: "parse.success", ProviderJob: "pjb-1",
		BodySHA256: sha256.Sum256([]byte(body)), BodyBytes: len(body), Relevant: true}
}

// waiting makes a document whose parse was submitted.
func (h *house) waiting(content string) ports.Standing {
	h.t.Helper()
	doc := h.upload(user(h.t), content, 2)
	h.walk(doc, core.Parse)
	h.queue.take()
	return doc
}

func (h *house) receive(c ports.Callback) ports.Outcome {
	h.t.Helper()
	got, err := h.store.Receive(h.t.Context(), c)
	if err != nil {
		h.t.Fatal(err)
	}
	return got.Outcome
}

// logged lists what the log holds: outcome, deliveries and whose it is.
func (h *house) logged() []string {
	h.t.Helper()
	return h.list(`select outcome || ' ' || deliveries || ' ' || (document_id is not null) from upload_pipeline.webhook_log order by received_at, webhook_id`)
}

func TestFM028_ACallbackStartsOneJobThatKnowsItIsAHint(t *testing.T) {
	h := open(t)
	doc := h.waiting("a")
	if got := h.receive(callback(doc.Job, "evt-1", "body")); got != ports.Accepted {
		t.Errorf("the outcome is %s", got)
	}
	want := []core.Job{{Stage: core.Receive, Document: doc.Document, Attempt: 1, Turn: core.AnyTurn, Hint: true}}
	if diff := cmp.Diff(want, h.queue.take()); diff != "" {
		t.Errorf("the jobs:\n%s", diff)
	}
	if n := h.count(`select count(*) from upload_pipeline.upload_jobs where webhook_at is not null and status = 'parse_queued'`); n != 1 {
		t.Error("the callback's time is not kept, or the status moved by a hint")
	}
	state, err := h.store.InboxState(t.Context())
	if err != nil || state.Callbacks != 1 || state.Last.IsZero() {
		t.Errorf("the inbox's state is %+v (%v)", state, err)
	}
}

// While every connection is held a callback is refused soon, so that its sender
// comes again, and nothing of it is kept; then it counts once.
func TestFM028_ACallbackDoesNotWaitForAHeldPool(t *testing.T) {
	h := open(t)
	doc := h.waiting("a")
	h.store.SetPrompt(time.Millisecond)
	var held []*pgxpool.Conn
	for range h.work.Config().MaxConns {
		conn, err := h.work.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
	}
	c := callback(doc.Job, "evt-1", "body")
	if _, err := h.store.Receive(t.Context(), c); !core.HasCode(err, core.CodeDatabaseUnavailable) {
		t.Errorf("a callback met %v", err)
	}
	if _, err := h.store.AttemptOf(t.Context(), "pjb-1"); !core.HasCode(err, core.CodeDatabaseUnavailable) {
		t.Errorf("a look for the attempt met %v", err)
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	if _, err := h.store.Receive(left, c); !errors.Is(err, context.Canceled) {
		t.Errorf("a sender that left met %v", err)
	}
	for _, conn := range held {
		conn.Release()
	}
	h.store.SetPrompt(time.Minute)
	if got := h.receive(c); got != ports.Accepted || h.count(`select sum(deliveries) from upload_pipeline.webhook_log`) != 1 {
		t.Errorf("when it came again it was %s: %v", got, h.logged())
	}
}

// Fifty deliveries of one callback at once: one job, and all are counted.
func TestADoubledCallbackStartsOneJob(t *testing.T) {
	h := open(t)
	doc := h.waiting("a")
	for name, c := range map[string]ports.Callback{"by event": callback(doc.Job, "evt-1", "body"), "by body": callback(doc.Job, "", "another")} {
		var group sync.WaitGroup
		outcomes := make([]ports.Received, 50)
		errs := make([]error, len(outcomes))
		for i := range outcomes {
			group.Go(func() { outcomes[i], errs[i] = h.store.Receive(t.Context(), c) })
		}
		group.Wait()
		counts := map[ports.Outcome]int{}
		for i, outcome := range outcomes {
			if errs[i] != nil {
				t.Fatalf("%s: %v", name, errs[i])
			}
			counts[outcome.Outcome]++
		}
		if diff := cmp.Diff(map[ports.Outcome]int{ports.Accepted: 1, ports.Duplicate: 49}, counts); diff != "" {
			t.Errorf("%s: the outcomes:\n%s", name, diff)
		}
		if jobs := h.queue.take(); len(jobs) != 1 {
			t.Errorf("%s: %d jobs", name, len(jobs))
		}
	}
	if diff := cmp.Diff([]string{"accepted 50 true", "accepted 50 true"}, h.logged()); diff != "" {
		t.Errorf("the log:\n%s", diff)
	}
}

// S07: a document's callbacks in each of their 24 orders, also after a success
// has ended the wait: one step follows from the relevant ones while the document
// waits, the standing is moved by none of them, and each delivery is counted.
func TestS07_EveryOrderOfCallbacksHasOneEffect(t *testing.T) {
	h := open(t)
	kinds := []struct {
		event, word string
		relevant    bool
	}{{"evt-pending", "parse.pending", false}, {"evt-running", "parse.running", false}, {"evt-success", "parse.success", true}, {"evt-success", "parse.success", true}}
	orders := 0
	var permute func(left, order []int)
	permute = func(left, order []int) {
		if len(left) == 0 {
			orders++
			doc := h.waiting(fmt.Sprint(order))
			for _, n := range order {
				c := callback(doc.Job, kinds[n].event, kinds[n].event)
				c.EventType, c.Relevant = kinds[n].word, kinds[n].relevant
				h.receive(c)
			}
			want := []core.Job{{Stage: core.Receive, Document: doc.Document, Attempt: 1, Turn: core.AnyTurn, Hint: true}}
			if diff := cmp.Diff(want, h.queue.take()); diff != "" {
				t.Errorf("order %v: the jobs:\n%s", order, diff)
			}
			if n := h.count(`select count(*) from upload_pipeline.upload_jobs where job_id = $1 and status = 'parse_queued'`, doc.Job); n != 1 {
				t.Errorf("order %v: a callback moved the document", order)
			}
			if n := h.count(`select sum(deliveries) from upload_pipeline.webhook_log where document_id = $1`, doc.Document); n != len(order) {
				t.Errorf("order %v: %d deliveries are counted", order, n)
			}
			return
		}
		for i := range left {
			rest := append(append([]int{}, left[:i]...), left[i+1:]...)
			permute(rest, append(append([]int{}, order...), left[i]))
		}
	}
	permute([]int{0, 1, 2, 3}, nil)
	if orders != 24 {
		t.Errorf("%d orders were tried", orders)
	}
}

func TestCallbacksThatDifferAreEachKept(t *testing.T) {
	h := open(t)
	a, b := h.waiting("a"), h.waiting("b")
	for i, c := range []ports.Callback{callback(a.Job, "evt-1", "x"), callback(b.Job, "evt-1", "x"), callback(a.Job, "evt-2", "x"),
		callback(a.Job, "", "x"), callback(a.Job, "", "y")} {
		if got := h.receive(c); got != ports.Accepted {
			t.Errorf("callback %d was %s", i, got)
		}
	}
	if n := len(h.logged()); n != 5 {
		t.Errorf("%d are logged, want 5", n)
	}
}

func TestS08_ACallbackOfAnUnknownAttemptIsKeptAndStartsNothing(t *testing.T) {
	h := open(t)
	stranger := core.NewID()
	if got := h.receive(callback(stranger, "evt-1", "x")); got != ports.Unknown {
		t.Errorf("the outcome is %s", got)
	}
	if got := h.receive(callback(stranger, "evt-1", "x")); got != ports.Duplicate {
		t.Errorf("its second delivery is %s", got)
	}
	if got := h.receive(callback(core.ID{}, "evt-2", "x")); got != ports.Unknown {
		t.Errorf("without an attempt: %s", got)
	}
	if diff := cmp.Diff([]string{"unknown 2 false", "unknown 1 false"}, h.logged()); diff != "" {
		t.Errorf("the log:\n%s", diff)
	}
	if jobs := h.queue.take(); len(jobs) > 0 {
		t.Errorf("jobs were started: %+v", jobs)
	}
}

func TestAnEventThatEndsNothingIsKeptAndIgnored(t *testing.T) {
	h := open(t)
	doc := h.waiting("a")
	c := callback(doc.Job, "evt-1", "x")
	c.Relevant = false
	if got := h.receive(c); got != ports.Ignored {
		t.Errorf("the outcome is %s", got)
	}
	if diff := cmp.Diff([]string{"ignored 1 true"}, h.logged()); diff != "" {
		t.Errorf("the log:\n%s", diff)
	}
	if n := h.count(`select count(*) from upload_pipeline.upload_jobs where webhook_at is not null`); n != 0 || len(h.queue.take()) > 0 {
		t.Error("an event that ends nothing left a mark on the attempt")
	}
}

// A queue that refuses takes the log's row back: the provider delivers again.
func TestC12_ACallbackIsLoggedWithItsJobOrNotAtAll(t *testing.T) {
	h := open(t)
	doc := h.waiting("a")
	broken := postgres.NewStore(h.work, refusingQueue{h.queue}, postgres.DefaultWaits())
	if _, err := broken.Receive(t.Context(), callback(doc.Job, "evt-1", "x")); err == nil {
		t.Fatal("a callback without its job was taken")
	}
	if n := len(h.logged()); n != 0 {
		t.Errorf("%d rows stayed", n)
	}
	if got := h.receive(callback(doc.Job, "evt-1", "x")); got != ports.Accepted {
		t.Errorf("delivered again it is %s", got)
	}
}

type refusingQueue struct{ *memoryQueue }

func (refusingQueue) Add(_ context.Context, batch *pgx.Batch, _ ...core.Job) error {
	batch.Queue("select 1 / 0") // no room in the queue
	return nil
}

// askingQueue asks the pool when it adds, as River does the first time.
type askingQueue struct {
	*memoryQueue
	pool *pgxpool.Pool
}

func (q askingQueue) Add(ctx context.Context, batch *pgx.Batch, jobs ...core.Job) error {
	if _, err := q.pool.Exec(ctx, "select"); err != nil {
		return err
	}
	return q.memoryQueue.Add(ctx, batch, jobs...)
}

// A callback holds no connection while its job is made: as many at once as there
// are connections would wait for one another.
func TestACallbackNeedsOneConnection(t *testing.T) {
	h := open(t)
	doc := h.waiting("a")
	config := h.work.Config()
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	store := postgres.NewStore(pool, askingQueue{h.queue, pool}, postgres.DefaultWaits())
	store.SetPrompt(time.Minute)
	if got, err := store.Receive(ctx, callback(doc.Job, "evt-1", "x")); err != nil || got.Outcome != ports.Accepted {
		t.Errorf("it is %s: %v", got.Outcome, err)
	}
}

// There is no place for a body; a field that is too long is refused whole.
func TestC16_NoBodyIsStored(t *testing.T) {
	h := open(t)
	doc := h.waiting("a")
	h.receive(callback(doc.Job, "evt-1", "canary body of a document"))
	columns := h.list(`select attname::text from pg_attribute where attrelid = 'upload_pipeline.webhook_log'::regclass and attnum > 0 and not attisdropped order by attnum`)
	want := []string{"webhook_id", "dedupe", "job_id", "document_id", "event_id", "event_type", "provider_job_id", "body_sha256", "body_bytes",
		"outcome", "deliveries", "received_at"}
	if diff := cmp.Diff(want, columns); diff != "" {
		t.Errorf("the log's columns are others: does one hold a body?\n%s", diff)
	}
	if rows := h.list(`select l::text from upload_pipeline.webhook_log l where l::text like '%canary%'`); len(rows) > 0 {
		t.Errorf("the log holds the body: %q", rows)
	}
	long := callback(doc.Job, fmt.Sprintf("%0300d", 1), "x")
	if _, err := h.store.Receive(t.Context(), long); err == nil {
		t.Error("an event id of 300 bytes was stored")
	}
}

func TestTheAttemptOfAProvidersJob(t *testing.T) {
	h := open(t)
	doc := h.waiting("a")
	got, err := h.store.AttemptOf(t.Context(), "pjb-"+doc.Job.String())
	if err != nil || got != doc.Job {
		t.Errorf("found %v (%v), want %v", got, err, doc.Job)
	}
	for _, unknown := range []string{"", "pjb-0", "' or true --"} {
		if _, err := h.store.AttemptOf(t.Context(), unknown); !core.HasCode(err, core.CodeNotFound) {
			t.Errorf("%q: %v, want not_found", unknown, err)
		}
	}
}

func TestC13_ACallbackOfAFormerAttemptDoesNotTouchTheNext(t *testing.T) {
	h := open(t)
	who := user(t)
	doc := h.upload(who, "a", 2)
	leg, _ := core.LegOf(core.Parse)
	job := core.Job{Stage: core.Parse, Document: doc.Document, Attempt: 1, Turn: 0}
	if _, err := h.store.Begin(t.Context(), job, leg); err != nil {
		t.Fatal(err)
	}
	if err := h.store.Fail(t.Context(), job, leg, core.Trouble{Code: core.CodeParseFailed}); err != nil {
		t.Fatal(err)
	}
	next, err := h.library.Retry(t.Context(), who, doc.Document)
	if err != nil {
		t.Fatal(err)
	}
	h.queue.take()
	h.receive(callback(doc.Job, "evt-1", "x"))
	for _, started := range h.queue.take() {
		if started.Attempt != 1 {
			t.Errorf("a callback of attempt 1 started %+v", started)
		}
	}
	now, err := h.library.Standing(t.Context(), who, doc.Document)
	if err != nil || now.Status != next.Status || now.Attempt != 2 {
		t.Errorf("attempt 2 stands at %+v (%v)", now, err)
	}
	receive, _ := core.LegOf(core.Receive)
	if _, err := h.store.Begin(t.Context(), core.Job{Stage: core.Receive, Document: doc.Document, Attempt: 1, Turn: core.AnyTurn}, receive); !errors.Is(err, core.ErrStale) {
		t.Errorf("the former attempt's step began: %v", err)
	}
}
