package postgres_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// What the providers took stays with the attempt: their calls, and of the parse
// the time until its callback; nothing of what ours waited.
func TestAnAttemptKnowsWhatItsProvidersTook(t *testing.T) {
	h := open(t)
	doc := h.waiting("a")
	h.run(`update upload_pipeline.upload_jobs set parse_deadline = now() + $2::interval - interval '40 seconds', webhook_at = now() - interval '30 seconds'
		where document_id = $1`, doc.Document, postgres.DefaultWaits().Deadline)
	var last core.Document
	for turn, stage := range core.Stages()[1:] {
		job := core.Job{Stage: stage, Document: doc.Document, Attempt: doc.Attempt, Turn: turn + 1}
		leg, _ := core.LegOf(stage)
		found, err := h.store.Begin(t.Context(), job, leg)
		if err != nil {
			t.Fatal(err)
		}
		step := core.Step{Document: found, Leg: leg, Made: made(stage, found), Outside: 100 * time.Millisecond}
		if err := h.store.Keep(t.Context(), step, nil); err != nil {
			t.Fatal(err)
		}
		last = found
	}
	if !last.Announced {
		t.Error("the callback that came is not known")
	}
	// Ten seconds at the parser, and four kept runs before the last one.
	if want := 10*time.Second + 400*time.Millisecond; last.Outside < want || last.Outside > want+2*time.Second {
		t.Errorf("the providers took %v, want %v", last.Outside, want)
	}
}

// The first callback of a submission tells how long it was waited for, a second
// one does not; without one nothing is announced.
func TestTheFirstCallbackTellsItsTime(t *testing.T) {
	h := open(t)
	doc := h.waiting("a")
	job := core.Job{Stage: core.Receive, Document: doc.Document, Attempt: doc.Attempt, Turn: 1}
	leg, _ := core.LegOf(core.Receive)
	if found, err := h.store.Begin(t.Context(), job, leg); err != nil || found.Announced {
		t.Errorf("before any callback: announced %v, %v", found.Announced, err)
	}
	h.run(`update upload_pipeline.upload_jobs set parse_deadline = parse_deadline - interval '1 minute' where document_id = $1`, doc.Document)
	got, err := h.store.Receive(t.Context(), callback(doc.Job, "evt-1", "body"))
	if err != nil || !got.First || got.After < time.Minute || got.After > 2*time.Minute {
		t.Errorf("the first: %+v, %v", got, err)
	}
	got, err = h.store.Receive(t.Context(), callback(doc.Job, "evt-2", "another"))
	if err != nil || got.First || got.After != 0 || got.Outcome != ports.Accepted {
		t.Errorf("the second: %+v, %v", got, err)
	}
}

// Who beat last, and who leads, is told by the database.
func TestTheCensusKnowsHeartbeatsAndTheLeader(t *testing.T) {
	h := open(t)
	operations, _ := h.operations()
	instances := postgres.NewInstances(h.work)
	young, old := postgres.Instance{ID: core.NewID(), Service: "worker"}, postgres.Instance{ID: core.NewID(), Service: "api"}
	for _, one := range []postgres.Instance{young, old} {
		if err := instances.Register(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	h.run(`update upload_pipeline.instances set seen_at = now() - interval '10 minutes' where instance_id = $1`, old.ID)
	census, err := operations.Census(t.Context(), time.Minute)
	if err != nil || census.Leader != "" {
		t.Fatalf("nobody leads: %q, %v", census.Leader, err)
	}
	if age := census.Heartbeats["api"]; age < 10*time.Minute || age > 11*time.Minute || census.Heartbeats["worker"] > time.Minute {
		t.Errorf("the heartbeats are %v", census.Heartbeats)
	}
	if want := map[string]int{"worker": 1}; !maps.Equal(census.Processes, want) {
		t.Errorf("alive are %v, want %v", census.Processes, want)
	}
	h.exec(`insert into river.river_leader (leader_id, elected_at, expires_at) values ($1, now(), now() + interval '1 minute')`, young.ID.String())
	if census, err = operations.Census(t.Context(), time.Minute); err != nil || census.Leader != young.ID.String() {
		t.Errorf("%q leads, %v", census.Leader, err)
	}
	h.exec(`update river.river_leader set expires_at = now() - interval '1 second'`)
	if census, err = operations.Census(t.Context(), time.Minute); err != nil || census.Leader != "" {
		t.Errorf("one whose time is over leads: %q, %v", census.Leader, err)
	}
}

// Each round trip is told by one of the known words, with its end.
func TestEachStatementIsTold(t *testing.T) {
	h := open(t)
	var mu sync.Mutex
	told := map[string]int{}
	var cancelled, failed int
	pool, err := postgres.Open(t.Context(), postgres.Options{URL: h.db.URL("inav_worker"), Role: "inav_worker", Name: "test", MaxConns: 2,
		Traced: func(s postgres.Statement) {
			mu.Lock()
			defer mu.Unlock()
			told[s.Operation]++
			switch {
			case s.Took < 0:
				t.Errorf("%s took %v", s.Operation, s.Took)
			case s.Cancelled():
				cancelled++
			case s.Err != nil:
				failed++
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	mu.Lock()
	before := maps.Clone(told)
	cancelled, failed = 0, 0
	mu.Unlock()
	_ = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		_, _ = tx.Exec(t.Context(), "\n\tselect 1")
		_, _ = tx.Exec(t.Context(), `select upload_pipeline.is_move('uploaded', 'parse_queued')`)
		batch := &pgx.Batch{}
		batch.Queue(`select 1`)
		batch.Queue(`select 2`)
		_ = tx.SendBatch(t.Context(), batch).Close()
		_, _ = tx.Exec(t.Context(), "-- name: JobGetAvailable :many\nselect 1")
		_, _ = tx.Exec(t.Context(), `with one as (select 1) select * from one`)
		_, _ = tx.Exec(t.Context(), `explain select 1`)
		return errors.New("roll back")
	})
	_, _ = pool.Exec(t.Context(), `delete from upload_pipeline.pauses where what = 1`)
	gone, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _ = pool.Exec(gone, `select pg_sleep(60)`)
	mu.Lock()
	defer mu.Unlock()
	for operation, want := range map[string]int{"begin": 1, "call": 1, "batch": 1, "queue": 1, "with": 1, "other": 1, "rollback": 1, "delete": 1} {
		if got := told[operation] - before[operation]; got != want {
			t.Errorf("%s was told %d times, want %d", operation, got, want)
		}
	}
	for operation := range told {
		if !slices.Contains(postgres.Statements(), operation) {
			t.Errorf("%s is not among the known words", operation)
		}
	}
	if cancelled != 1 || failed != 1 {
		t.Errorf("%d were given up and %d failed, want one each", cancelled, failed)
	}
}
