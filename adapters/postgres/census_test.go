package postgres_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// The census counts every document once, whoever owns it, and tells the ones
// that stand too long.
func TestTheCensusCountsEveryDocument(t *testing.T) {
	h := open(t)
	ada, bob := user(t), user(t)
	h.walk(h.upload(ada, "whole", 1), core.Finish)
	h.walk(h.upload(bob, "parsed", 1), core.Receive)
	h.upload(ada, "fresh", 1)
	late := h.upload(bob, "late", 1)
	h.run(`update upload_pipeline.upload_jobs set status_since = now() - interval '16 minutes' where document_id = $1`, late.Document)
	waits, overdue := h.waiting("waits"), h.waiting("overdue")
	h.run(`update upload_pipeline.upload_jobs set status_since = now() - interval '1 hour' where document_id = any ($1)`, []core.ID{waits.Document, overdue.Document})
	h.run(`update upload_pipeline.upload_jobs set parse_deadline = now() - interval '1 minute' where document_id = $1`, overdue.Document)
	h.enqueue(riverJob{kind: "chunk", state: "available"})
	h.enqueue(riverJob{kind: "chunk", state: "completed"})
	operations, _ := h.operations()
	for _, what := range []string{core.PauseIntake, core.PauseQueue("embed")} {
		if _, err := operations.Pause(t.Context(), what, core.Audit{Operator: "grace"}); err != nil {
			t.Fatal(err)
		}
	}

	census, err := operations.Census(t.Context(), 15*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	by := map[core.Status]ports.DocumentStanding{}
	for _, d := range census.Documents {
		by[d.Status] = d
	}
	if len(by) != len(core.Statuses()) {
		t.Errorf("%d statuses are told, want all %d: an absent one is no zero", len(by), len(core.Statuses()))
	}
	for status, want := range map[core.Status][2]int{core.Complete: {1, 0}, core.Parsed: {1, 0}, core.Uploaded: {2, 1}, core.ParseQueued: {2, 1}, core.FailedParse: {0, 0}} {
		if got := by[status]; got.Count != want[0] || got.Stuck != want[1] {
			t.Errorf("%s: %d, of them stuck %d, want %v", status, got.Count, got.Stuck, want)
		}
	}
	if oldest := by[core.Uploaded].Oldest; oldest < 15*time.Minute || oldest > time.Hour {
		t.Errorf("the oldest uploaded is %v old", oldest)
	}
	if census.Callbacks != 2 || census.OldestCallback < 59*time.Minute {
		t.Errorf("%d callbacks are waited for, the longest %v", census.Callbacks, census.OldestCallback)
	}
	if want := map[string]bool{"intake": true, "embed": true}; !maps.Equal(census.Paused, want) {
		t.Errorf("paused are %v, want %v", census.Paused, want)
	}
	if len(census.Jobs) != 1 || census.Jobs[0].Count != 1 {
		t.Errorf("the jobs are %+v", census.Jobs)
	}
}

// A snapshot that somebody holds is told with its age: at once where the server
// says since when, and else from the first look at it.
func TestTheCensusTellsOfHeldSnapshots(t *testing.T) {
	h := open(t)
	operations, _ := h.operations()
	age := func() map[string]time.Duration {
		t.Helper()
		census, err := operations.Census(t.Context(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return census.Snapshots
	}
	if got := age(); got[ports.HeldBySession] > 0 || len(got) != len(ports.SnapshotHolders()) {
		t.Errorf("nobody holds a snapshot: %v", got)
	}
	own := h.snapshot(h.work)
	if got := age()[ports.HeldBySession]; got <= 0 {
		t.Errorf("a session of the worker's holds one, for %v", got)
	}
	own()
	others := h.snapshot(h.app) // the server does not tell the worker since when
	if got := age()[ports.HeldBySession]; got != 0 {
		t.Errorf("one of the API's is seen for the first time, and held for %v", got)
	}
	first := age()[ports.HeldBySession]
	if second := age()[ports.HeldBySession]; first <= 0 || second <= first {
		t.Errorf("one of the API's was held for %v, and a look later for %v", first, second)
	}
	others()
	h.idle(h.app)
	if got := age()[ports.HeldBySession]; got > 0 {
		t.Errorf("nobody holds one any more: %v", got)
	}
}

// snapshot takes a snapshot, which release gives back.
func (h *house) snapshot(pool *pgxpool.Pool) (release func()) {
	h.t.Helper()
	tx, err := pool.BeginTx(h.t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := tx.Exec(h.t.Context(), `select count(*) from upload_pipeline.pauses`); err != nil {
		h.t.Fatal(err)
	}
	return func() { _ = tx.Rollback(h.t.Context()) }
}

// idle is a session that rests in a transaction, until the server ends it.
func (h *house) idle(pool *pgxpool.Pool) {
	h.t.Helper()
	conn, err := pool.Acquire(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.Release()
	for _, sql := range []string{`begin isolation level repeatable read`, `select count(*) from upload_pipeline.pauses`,
		`set local idle_in_transaction_session_timeout = '50ms'`} {
		if _, err := conn.Exec(h.t.Context(), sql); err != nil {
			h.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	if err := conn.Conn().PgConn().WaitForNotification(ctx); sqlState(err) != "25P03" {
		h.t.Errorf("a session that is idle in a transaction goes on: %v", err)
	}
}
