package riverqueue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
)

// whole is all of a job's row that does not tell one job from another.
type whole struct {
	Args, Metadata, Kind, Queue, State string
	Attempt, Max, Priority             int
	Scheduled                          time.Time
	By, Tags, Errors                   []string
	Attempted, Finalized, Unique       bool
}

func (h *house) rows(after int64) (rows []whole, last int64) {
	h.t.Helper()
	found, err := h.pool.Query(h.t.Context(), `select args::text, metadata::text, kind, queue, state::text, attempt, max_attempts, priority, scheduled_at,
			attempted_by, tags, errors::text[], attempted_at is not null, finalized_at is not null, unique_key is not null or unique_states is not null, id
		from river.river_job where id > $1 order by id`, after)
	if err != nil {
		h.t.Fatal(err)
	}
	var r whole
	_, err = pgx.ForEachRow(found, []any{&r.Args, &r.Metadata, &r.Kind, &r.Queue, &r.State, &r.Attempt, &r.Max, &r.Priority, &r.Scheduled,
		&r.By, &r.Tags, &r.Errors, &r.Attempted, &r.Finalized, &r.Unique, &last}, func() error {
		rows = append(rows, r)
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return rows, last
}

// batched sends what queue adds as one transaction.
func (h *house) batched(queue func(*pgx.Batch) error) error {
	batch := &pgx.Batch{}
	if err := queue(batch); err != nil {
		return err
	}
	return h.pool.SendBatch(h.t.Context(), batch).Close()
}

func TestABatchInsertsWhatATransactionDoes(t *testing.T) {
	h := open(t)
	id := core.NewID()
	jobs := []core.Job{
		{Stage: core.Parse, Document: id, Attempt: 1, Rank: 1700000000000, Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
		{Stage: core.Receive, Document: id, Attempt: 2, Turn: core.AnyTurn, Hint: true, Rank: 1700000000001},
		{Stage: core.Forget, Document: id, Attempt: 1},
	}
	err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error { return h.queue.Insert(t.Context(), tx, jobs...) })
	if err != nil {
		t.Fatal(err)
	}
	want, last := h.rows(0)
	if err := h.batched(func(b *pgx.Batch) error { return h.queue.Add(t.Context(), b, jobs...) }); err != nil {
		t.Fatal(err)
	}
	got, _ := h.rows(last)
	if len(want) != len(jobs) || len(got) != len(jobs) {
		t.Fatalf("%d and %d rows of %d jobs", len(want), len(got), len(jobs))
	}
	want[2].Scheduled, got[2].Scheduled = time.Time{}, time.Time{} // it has no rank: the present
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A job that depends on what the batch finds is added where it holds then.
func TestABatchAddsWhereItsConditionHolds(t *testing.T) {
	h := open(t)
	job := core.Job{Stage: core.Receive, Document: core.NewID(), Attempt: 1, Hint: true}
	for _, state := range []string{"absent", "there"} {
		_, last := h.rows(0)
		err := h.batched(func(b *pgx.Batch) error {
			b.Queue("select set_config('test.state', 'there', true)")
			return h.queue.AddWhere(t.Context(), b, "current_setting('test.state') = $1 and $2::int = 7", []any{state, 7}, job)
		})
		if err != nil {
			t.Fatal(err)
		}
		added, _ := h.rows(last)
		if want := state == "there"; (len(added) == 1) != want {
			t.Errorf("%s: %d rows were added", state, len(added))
		}
	}
}

func TestABatchWakesTheQueue(t *testing.T) {
	h := open(t)
	listener, err := h.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Release()
	if _, err := listener.Exec(t.Context(), `listen "river.river_insert"`); err != nil {
		t.Fatal(err)
	}
	job := core.Job{Stage: core.Chunk, Document: core.NewID(), Attempt: 1}
	if err := h.batched(func(b *pgx.Batch) error { return h.queue.Add(t.Context(), b, job) }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	heard, err := listener.Conn().WaitForNotification(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if heard.Payload != `{"queue": "`+riverqueue.QueueLine+`"}` {
		t.Errorf("heard %q", heard.Payload)
	}
}

func TestABatchRefusesAJobThatMayBeThere(t *testing.T) {
	h := open(t)
	job := core.Job{Stage: core.Arrive, Document: core.NewID(), Attempt: 1, Turn: core.AnyTurn}
	if err := h.batched(func(b *pgx.Batch) error { return h.queue.Add(t.Context(), b, job) }); err == nil {
		t.Error("it was added")
	}
}

// A batch that ends a job of another run goes back whole, and one that ends its
// own leaves what River itself would.
func TestABatchEndsItsOwnJobAlone(t *testing.T) {
	h := open(t)
	id := h.add(core.Chunk, nil)
	h.exec(id, "state = 'running', attempt = 2, attempted_at = now()")
	before, job := h.rows(0)
	end := func(run int) error {
		return h.batched(func(b *pgx.Batch) error {
			if err := h.queue.Add(t.Context(), b, core.Job{Stage: core.Finish, Document: core.NewID(), Attempt: 1}); err != nil {
				return err
			}
			return h.queue.End(b, riverqueue.TicketOf(job, run))
		})
	}
	for _, run := range []int{1, 3} {
		var answer *pgconn.PgError
		if err := end(run); !errors.As(err, &answer) || answer.Code != "IN409" {
			t.Errorf("run %d ended it: %v", run, err)
		}
		if after, _ := h.rows(0); !cmp.Equal(before, after) {
			t.Errorf("run %d left %s", run, cmp.Diff(before, after))
		}
	}
	if err := end(2); err != nil {
		t.Fatal(err)
	}
	after, _ := h.rows(0)
	want := before[0]
	want.State, want.Finalized = "completed", true
	if len(after) != 2 || !cmp.Equal(after[0], want) {
		t.Errorf("%d jobs, the first differs by %s", len(after), cmp.Diff(want, after[0]))
	}
	var answer *pgconn.PgError
	if err := end(2); !errors.As(err, &answer) || answer.Code != "IN409" {
		t.Errorf("it was ended twice: %v", err)
	}
}
