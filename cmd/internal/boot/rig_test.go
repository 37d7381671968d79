package boot_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/ports"
)

// rig is the store and the queue over one test's own database, with stages
// whose runs wait for the test to let them on.
type rig struct {
	t        *testing.T
	pool     *pgxpool.Pool
	library  *postgres.Library
	store    *postgres.Store
	settings riverqueue.Settings
	logs     *logBuffer
	runs     chan rigRun
}

// rigRun is one run of a stage's Make; what it is sent, it returns.
type rigRun struct {
	stage core.Stage
	doc   core.Document
	let   chan error
}

func newRig(t *testing.T, changes ...func(*riverqueue.Settings)) *rig {
	t.Helper()
	t.Parallel()
	r := &rig{t: t, settings: riverqueue.DefaultSettings(), logs: &logBuffer{}, runs: make(chan rigRun, 100)}
	for queue := range r.settings.Workers {
		r.settings.Workers[queue] = 1 // who holds a job is never the one to get it again
	}
	for _, change := range changes {
		change(&r.settings)
	}
	own := dbtest.New(t, db.Schemas{})
	open := func(role string) (*pgxpool.Pool, *riverqueue.Queue) {
		pool, err := postgres.Open(t.Context(), postgres.Options{URL: own.URL(role), Role: role, Name: "test", MaxConns: 8})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		queue, err := riverqueue.NewQueue(pool, r.settings, r.log())
		if err != nil {
			t.Fatal(err)
		}
		return pool, queue
	}
	app, appQueue := open("inav_app")
	work, workQueue := open("inav_worker")
	r.pool, r.library, r.store = work, postgres.NewLibrary(app, appQueue), postgres.NewStore(work, workQueue, postgres.DefaultWaits())
	return r
}

func (r *rig) log() *slog.Logger { return slog.New(slog.NewJSONHandler(r.logs, nil)) }

// rigStage waits to be let on, then makes what is right for a document of one
// page.
type rigStage struct {
	r    *rig
	name core.Stage
}

func (s rigStage) Name() core.Stage { return s.name }

func (s rigStage) Make(ctx context.Context, doc core.Document) (core.Made, error) {
	run := rigRun{s.name, doc, make(chan error, 1)}
	s.r.runs <- run
	select {
	case err := <-run.let:
		return rigMade(s.name, doc), err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func rigMade(stage core.Stage, doc core.Document) core.Made {
	vector := make([]float32, core.Dimensions)
	vector[0] = 1
	switch stage {
	case core.Parse:
		return core.Queued{ProviderJob: "pjb-" + doc.Job.String(), Ready: true}
	case core.Receive:
		return core.Text{Parser: "test", Pages: []core.Page{{Number: 1, Text: "deductible"}}}
	case core.Validate:
		return core.Checked{Receipt: core.Receipt{Expected: 1, Parsed: 1, Blank: []int{}, Failed: []int{}, Cut: []int{}}}
	case core.Chunk:
		return core.Pieces{Chunker: "test@1", Pieces: []core.Piece{{Text: "deductible", PageFrom: 1, PageTo: 1, Tokens: 3}}}
	case core.Embed:
		return core.Vectors{Model: "m", Tokens: 3, Items: []core.Vector{{Chunk: core.ChunkID(doc.ID, "test@1", 0), Value: vector}}}
	}
	return nil
}

// work starts one worker process; stop ends it and waits for its last word.
func (r *rig) work() (stop func()) {
	r.t.Helper()
	var stages []pipeline.Stage
	for _, name := range core.Stages() {
		stages = append(stages, rigStage{r, name})
	}
	nothing := func(context.Context) error { return nil }
	upkeep := riverqueue.Upkeep{Archive: nothing, Reconcile: nothing, Tend: nothing, Reembed: func(context.Context, core.ID) error { return nil }, Sweep: nothing, Forget: func(context.Context, core.ID) error { return nil },
		Purge: func(ctx context.Context, id core.ID, ticket any) error { return r.store.Erase(ctx, id, nil, ticket) }}
	line, err := riverqueue.NewLine(r.pool, r.store, stages, upkeep, r.settings, r.log())
	if err != nil {
		r.t.Fatal(err)
	}
	if err := line.Start(context.Background()); err != nil {
		r.t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := line.Stop(ctx); err != nil {
			r.t.Errorf("the worker did not stop: %v", err)
		}
	})
	r.t.Cleanup(stop)
	return stop
}

func rigUser(t *testing.T) ports.Principal {
	t.Helper()
	id := core.NewID()
	claims, err := json.Marshal(map[string]string{"sub": id.String(), "role": "authenticated"})
	if err != nil {
		t.Fatal(err)
	}
	return ports.Principal{User: id, Claims: claims}
}

func (r *rig) upload(who ports.Principal) core.ID {
	r.t.Helper()
	id := core.NewID()
	_, err := r.library.Add(r.t.Context(), who, ports.NewDocument{ID: id, Job: core.NewID(), Key: id.String() + "/original.pdf", Name: "policy.pdf",
		ContentType: "application/pdf", Size: 1, SHA256: sha256.Sum256(id[:]), Pages: 1})
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

// next is the next run of any stage.
func (r *rig) next() rigRun {
	r.t.Helper()
	select {
	case run := <-r.runs:
		return run
	case <-time.After(patience):
		r.t.Fatalf("no run within %s; the log:\n%s", patience, r.logs)
		return rigRun{}
	}
}

// walk lets the document's stages on, up to the named one, whose run it gives.
func (r *rig) walk(until core.Stage) rigRun {
	r.t.Helper()
	for {
		run := r.next()
		if run.stage == until {
			return run
		}
		run.let <- nil
	}
}

func (r *rig) standing(who ports.Principal, id core.ID) ports.Standing {
	r.t.Helper()
	standing, err := r.library.Standing(r.t.Context(), who, id)
	if err != nil {
		r.t.Fatal(err)
	}
	return standing
}

// until asks again until ok.
func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	(&world{t: r.t}).until(what, ok)
}

// letAll lets every run on until the document is complete.
func (r *rig) letAll(who ports.Principal, id core.ID) {
	r.t.Helper()
	r.until("the document to be complete", func() bool {
		select {
		case run := <-r.runs:
			run.let <- nil
		default:
		}
		return r.standing(who, id).Status == core.Complete
	})
}

// completes is letAll, and nothing was done twice on the way.
func (r *rig) completes(who ports.Principal, id core.ID) {
	r.t.Helper()
	r.letAll(who, id)
	if diff := cmp.Diff(core.Way(), r.events(id)); diff != "" {
		r.t.Errorf("the events are not the ten statuses, once each:\n%s", diff)
	}
	for _, stage := range core.Stages() {
		if n := len(r.jobs(id, stage)); n != 1 {
			r.t.Errorf("%d jobs of %s: something was done twice", n, stage)
		}
	}
}

func (r *rig) events(id core.ID) []core.Status {
	r.t.Helper()
	rows, err := r.pool.Query(r.t.Context(), `select status from upload_pipeline.events where document_id = $1 order by event_id`, id)
	if err != nil {
		r.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[core.Status])
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// rigJob is what River knows of one job.
type rigJob struct {
	State   string
	Attempt int
}

func (r *rig) jobs(id core.ID, stage core.Stage) []rigJob {
	r.t.Helper()
	rows, err := r.pool.Query(r.t.Context(), `select state::text, attempt from river.river_job
		where args ->> 'document' = $1 and kind = $2 order by id`, id.String(), string(stage))
	if err != nil {
		r.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[rigJob])
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// exec changes the document's job of one stage past River.
func (r *rig) exec(run rigRun, sql string) {
	r.t.Helper()
	tag, err := r.pool.Exec(r.t.Context(), sql+` where args ->> 'document' = $1 and kind = $2`, run.doc.ID.String(), string(run.stage))
	if err != nil || tag.RowsAffected() != 1 {
		r.t.Fatalf("%s: %v, %s", sql, err, tag)
	}
}
