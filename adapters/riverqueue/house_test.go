package riverqueue_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/db/plans"
)

func TestMain(m *testing.M) { os.Exit(plans.Main(m, "riverqueue")) }

// house is one test's own database with the queue over it. Its store keeps
// steps in memory and ends their jobs in the real queue.
type house struct {
	t        *testing.T
	pool     *pgxpool.Pool
	queue    *riverqueue.Queue
	settings riverqueue.Settings
	upkeep   riverqueue.Upkeep
	logs     *buffer

	mu     sync.Mutex
	acts   map[core.ID]func(ctx context.Context, run int) error // what Make does; nil: it works
	begins map[core.ID]error
	runs   map[core.ID]int
	kept   map[core.ID]int
	fails  map[core.ID][]core.Trouble
	unwell map[core.ID]int // so many calls of Fail find the database away
}

type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *buffer) log() *slog.Logger { return slog.New(slog.NewJSONHandler(b, nil)) }

func open(t *testing.T) *house {
	t.Helper()
	t.Parallel()
	h := &house{t: t, settings: riverqueue.DefaultSettings(), logs: &buffer{},
		acts: map[core.ID]func(context.Context, int) error{}, begins: map[core.ID]error{}, runs: map[core.ID]int{},
		kept: map[core.ID]int{}, fails: map[core.ID][]core.Trouble{}, unwell: map[core.ID]int{}}
	h.settings.SoftStop = 10 * time.Second
	h.settings.ReconcileEvery, h.settings.SweepEvery = time.Hour, time.Hour
	h.settings.AwaitEvery, h.settings.TendEvery = time.Hour, time.Hour
	nothing := func(context.Context) error { return nil }
	h.upkeep = riverqueue.Upkeep{Archive: nothing, Reconcile: nothing, Tend: nothing, Sweep: nothing, Retain: nothing, Scrub: nothing,
		Forget: func(context.Context, core.ID) error { return nil }, Reembed: func(context.Context, core.ID) error { return nil },
		Purge:  func(context.Context, core.ID, any) error { return nil },
		Arrive: func(context.Context, core.ID, any) error { return nil }, Await: nothing}
	h.connect(dbtest.New(t, db.Schemas{}))
	return h
}

func (h *house) connect(own *dbtest.DB) {
	h.t.Helper()
	config, err := pgxpool.ParseConfig(own.URL("inav_worker"))
	if err != nil {
		h.t.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["search_path"] = ""
	config.MaxConns = 8
	plans.Watch(config)
	if h.pool, err = pgxpool.NewWithConfig(h.t.Context(), config); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(h.pool.Close)
	if h.queue, err = riverqueue.NewQueue(h.pool, h.settings, h.logs.log()); err != nil {
		h.t.Fatal(err)
	}
}

// Begin is pipeline.Store.
func (h *house) Begin(_ context.Context, job core.Job, _ core.Leg) (core.Document, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.runs[job.Document]++
	return core.Document{ID: job.Document, Attempt: job.Attempt, Turn: job.Turn}, h.begins[job.Document]
}

// Keep is pipeline.Store.
func (h *house) Keep(ctx context.Context, step core.Step, ticket any) error {
	h.mu.Lock() // who sees the job completed sees it counted
	defer h.mu.Unlock()
	err := pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error { return h.queue.Complete(ctx, tx, ticket) })
	if err == nil {
		h.kept[step.Document.ID]++
	}
	return err
}

// Unasked is pipeline.Store.
func (h *house) Unasked(context.Context, core.Document) error { return nil }

var errAway = core.Fail(core.CodeDatabaseUnavailable, errors.New("away"))

// Fail is riverqueue.Store.
func (h *house) Fail(ctx context.Context, job core.Job, _ core.Leg, why core.Trouble) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.unwell[job.Document] > 0 || ctx.Err() != nil {
		h.unwell[job.Document]--
		return errAway
	}
	h.fails[job.Document] = append(h.fails[job.Document], why)
	return nil
}

// stage does what the document's act says.
type stage struct {
	h    *house
	name core.Stage
}

func (s stage) Name() core.Stage { return s.name }

func (s stage) Make(ctx context.Context, doc core.Document) (core.Made, error) {
	s.h.mu.Lock()
	act, run := s.h.acts[doc.ID], s.h.runs[doc.ID]
	s.h.mu.Unlock()
	if act == nil {
		return nil, nil
	}
	return nil, act(ctx, run)
}

// always makes an act of one error.
func always(err error) func(context.Context, int) error {
	return func(context.Context, int) error { return err }
}

// begin runs a line over the house; the test ends it.
func (h *house) begin() *riverqueue.Line {
	h.t.Helper()
	var stages []pipeline.Stage
	for _, name := range core.Stages() {
		stages = append(stages, stage{h, name})
	}
	line, err := riverqueue.NewLine(h.pool, h, stages, h.upkeep, h.settings, h.logs.log())
	if err != nil {
		h.t.Fatal(err)
	}
	if err := line.Start(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	return line
}

// start runs a line over the house until its test ends; stop ends it before.
func (h *house) start() (stop func()) {
	h.t.Helper()
	line := h.begin()
	stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := line.Stop(ctx); err != nil {
			h.t.Errorf("the line did not stop: %v", err)
		}
		<-line.Stopped()
	})
	h.t.Cleanup(stop)
	return stop
}

// add enqueues one job of a stage for a new document and gives its id.
func (h *house) add(stage core.Stage, act func(context.Context, int) error) core.ID {
	h.t.Helper()
	return h.insert(core.Job{Stage: stage, Document: core.NewID(), Attempt: 1}, act)
}

func (h *house) insert(job core.Job, act func(context.Context, int) error) core.ID {
	h.t.Helper()
	h.mu.Lock()
	h.acts[job.Document] = act
	h.mu.Unlock()
	err := pgx.BeginFunc(h.t.Context(), h.pool, func(tx pgx.Tx) error { return h.queue.Insert(h.t.Context(), tx, job) })
	if err != nil {
		h.t.Fatal(err)
	}
	return job.Document
}

// row is what River knows of a document's one job.
type row struct {
	ID       int64
	State    string
	Attempt  int
	Snoozes  int
	Wait     time.Duration // from its last fetch to when it is due
	Errors   []string
	Finished bool
}

func (h *house) row(id core.ID) (r row) {
	h.t.Helper()
	err := h.pool.QueryRow(h.t.Context(), `select id, state, attempt, coalesce((metadata ->> 'snoozes')::int, 0),
			coalesce(scheduled_at - attempted_at, '0'), finalized_at is not null,
			coalesce((select array_agg(e ->> 'error' || (e ->> 'trace') order by n) from unnest(errors) with ordinality x (e, n)), '{}')
		from river.river_job where args ->> 'document' = $1`, id.String()).
		Scan(&r.ID, &r.State, &r.Attempt, &r.Snoozes, &r.Wait, &r.Finished, &r.Errors)
	if err != nil {
		h.t.Fatalf("the job of %s: %v", id, err)
	}
	return r
}

// exec changes a document's job past River; $1 is the document.
func (h *house) exec(id core.ID, set string) {
	h.t.Helper()
	tag, err := h.pool.Exec(h.t.Context(), `update river.river_job set `+set+` where args ->> 'document' = $1`, id.String())
	if err != nil || tag.RowsAffected() != 1 {
		h.t.Fatalf("set %s: %v, %s", set, err, tag)
	}
}

// hurry makes a job that waits due now.
func (h *house) hurry(id core.ID) {
	h.t.Helper()
	_, err := h.pool.Exec(h.t.Context(), `update river.river_job set state = 'available', scheduled_at = now()
		where args ->> 'document' = $1 and state in ('available', 'retryable', 'scheduled') and scheduled_at > now()`, id.String())
	if err != nil {
		h.t.Fatal(err)
	}
}

// patience bounds every wait; nothing is asserted about time.
const patience = 60 * time.Second

func (h *house) until(what string, ok func() bool) {
	h.t.Helper()
	deadline, tick := time.Now().Add(patience), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			h.t.Fatalf("waited %s for: %s; the log:\n%s", patience, what, h.logs)
		}
		<-tick.C
	}
}

// ends hurries a document's job to its end.
func (h *house) ends(id core.ID) row {
	h.t.Helper()
	h.until("the job of "+id.String()+" to end", func() bool { h.hurry(id); return h.row(id).Finished })
	return h.row(id)
}

// snoozed waits until a document's job was put off at least n times.
func (h *house) snoozed(id core.ID, n int) row {
	h.t.Helper()
	var last row
	h.until("the job of "+id.String()+" to be put off", func() bool { last = h.row(id); return last.Snoozes >= n && last.State != "running" })
	return last
}

func (h *house) count(of map[core.ID]int, id core.ID) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return of[id]
}

func (h *house) failures(id core.ID) []core.Trouble {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.fails[id]
}
