package postgres_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/db/plans"
	"github.com/insurance-navigator/navigator/ports"
)

func TestMain(m *testing.M) { os.Exit(plans.Main(m, "postgres")) }

// house is one test's own database with the store's two sides over it.
type house struct {
	t       *testing.T
	db      *dbtest.DB
	app     *pgxpool.Pool
	work    *pgxpool.Pool
	queue   *memoryQueue
	library *postgres.Library
	store   *postgres.Store
}

func open(t *testing.T) *house {
	t.Helper()
	t.Parallel()
	return openWhole(t)
}

// openWhole is open for a test that is parallel already.
func openWhole(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, db: dbtest.New(t, db.Schemas{}), queue: &memoryQueue{}}
	h.app, h.work = h.pool("inav_app"), h.pool("inav_worker")
	h.library = postgres.NewLibrary(h.app, h.queue)
	h.store = postgres.NewStore(h.work, h.queue, postgres.DefaultWaits())
	h.store.SetPrompt(time.Minute) // many callbacks at once share a small pool on a busy machine
	return h
}

func (h *house) pool(role string) *pgxpool.Pool {
	h.t.Helper()
	pool, err := postgres.Open(h.t.Context(), postgres.Options{URL: h.db.URL(role), Role: role, Name: "test", MaxConns: 8})
	if err != nil {
		h.t.Fatal(err)
	}
	if pool, err = plans.Watched(h.t.Context(), pool); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(pool.Close)
	return pool
}

// memoryQueue remembers what was inserted in transactions; it stands for River
// where only the store is tested. Stale makes Complete answer as a lost claim.
type memoryQueue struct {
	mu    sync.Mutex
	jobs  []core.Job
	ranks []int64 // of every job that ever was, in order
	stale bool
}

func (q *memoryQueue) Insert(_ context.Context, _ pgx.Tx, jobs ...core.Job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, job := range jobs {
		q.ranks = append(q.ranks, job.Rank)
		job.Rank = 0 // so that jobs can be compared
		q.jobs = append(q.jobs, job)
	}
	return nil
}

func (q *memoryQueue) Complete(context.Context, pgx.Tx, any) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stale {
		return core.ErrStale
	}
	return nil
}

// Add remembers the jobs once the batch has come as far.
func (q *memoryQueue) Add(ctx context.Context, batch *pgx.Batch, jobs ...core.Job) error {
	if len(jobs) > 0 {
		batch.Queue("select").QueryRow(func(pgx.Row) error { return q.Insert(ctx, nil, jobs...) })
	}
	return nil
}

// AddWithin is Add.
func (q *memoryQueue) AddWithin(ctx context.Context, _ pgx.Tx, batch *pgx.Batch, jobs ...core.Job) error {
	return q.Add(ctx, batch, jobs...)
}

// AddWhere remembers them if the condition holds by then.
func (q *memoryQueue) AddWhere(ctx context.Context, batch *pgx.Batch, condition string, args []any, jobs ...core.Job) error {
	batch.Queue("select "+condition, args...).QueryRow(func(row pgx.Row) error {
		var holds bool
		if err := row.Scan(&holds); err != nil || !holds {
			return err
		}
		return q.Insert(ctx, nil, jobs...)
	})
	return nil
}

func (q *memoryQueue) End(batch *pgx.Batch, _ any) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	rows := 1
	if q.stale {
		rows = 0
	}
	batch.Queue("select upload_pipeline.stands($1)", rows)
	return nil
}

func (q *memoryQueue) take() []core.Job {
	q.mu.Lock()
	defer q.mu.Unlock()
	jobs := q.jobs
	q.jobs = nil
	return jobs
}

func user(t *testing.T) ports.Principal {
	t.Helper()
	id := core.NewID()
	claims, err := json.Marshal(map[string]string{"sub": id.String(), "role": "authenticated"})
	if err != nil {
		t.Fatal(err)
	}
	return ports.Principal{User: id, Claims: claims}
}

// upload adds a document of the given pages.
func (h *house) upload(who ports.Principal, content string, pages int) ports.Standing {
	h.t.Helper()
	id := core.NewID()
	standing, err := h.library.Add(h.t.Context(), who, ports.NewDocument{ID: id, Job: core.NewID(), Key: who.User.String() + "/" + id.String() + "/original.pdf",
		Name: "policy.pdf", ContentType: "application/pdf", Size: int64(len(content)), SHA256: sha256.Sum256([]byte(content)), Pages: pages})
	if err != nil {
		h.t.Fatal(err)
	}
	return standing
}

// made is a right value for each stage of a document of two pages.
func made(stage core.Stage, doc core.Document) core.Made {
	switch stage {
	case core.Parse:
		return core.Queued{ProviderJob: "pjb-" + doc.Job.String(), ProviderFile: "dfl-1"}
	case core.Receive:
		return core.Text{Parser: "test", Pages: []core.Page{{Number: 1, Text: "deductible"}, {Number: 2, Text: "copay"}}, Credits: 6}
	case core.Validate:
		return core.Checked{Receipt: core.Receipt{Expected: 2, Parsed: 2, Blank: []int{}, Failed: []int{}, Cut: []int{}}}
	case core.Chunk:
		return core.Pieces{Chunker: "test@1", Pieces: []core.Piece{
			{Ordinal: 0, Text: "deductible", PageFrom: 1, PageTo: 1, Tokens: 3},
			{Ordinal: 1, Text: "copay", Headings: []string{"Costs"}, PageFrom: 2, PageTo: 2, Tokens: 2}}}
	case core.Embed:
		return core.Vectors{Model: "m", Tokens: 5, Items: []core.Vector{
			{Chunk: core.ChunkID(doc.ID, "test@1", 0), Value: unit(1)}, {Chunk: core.ChunkID(doc.ID, "test@1", 1), Value: unit(2)}}}
	}
	return nil
}

func unit(axis int) []float32 {
	v := make([]float32, core.Dimensions)
	v[axis] = 1
	return v
}

// step takes the document through one stage.
func (h *house) step(job core.Job, value func(core.Document) core.Made) (core.Step, error) {
	leg, ok := core.LegOf(job.Stage)
	if !ok {
		return core.Step{}, fmt.Errorf("no leg for %s", job.Stage)
	}
	doc, err := h.store.Begin(h.t.Context(), job, leg)
	if err != nil {
		return core.Step{}, err
	}
	step := core.Step{Document: doc, Leg: leg, Made: value(doc)}
	return step, h.store.Keep(h.t.Context(), step, nil)
}

// walk takes a fresh document through the stages up to and with last.
func (h *house) walk(standing ports.Standing, last core.Stage) {
	h.t.Helper()
	for turn, stage := range core.Stages() {
		job := core.Job{Stage: stage, Document: standing.Document, Attempt: standing.Attempt, Turn: turn}
		if _, err := h.step(job, func(doc core.Document) core.Made { return made(stage, doc) }); err != nil {
			h.t.Fatalf("stage %s: %v: %v", stage, err, errors.Unwrap(err))
		}
		if stage == last {
			return
		}
	}
}

func (h *house) status(who ports.Principal, id core.ID) core.Status {
	h.t.Helper()
	standing, err := h.library.Standing(h.t.Context(), who, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return standing.Status
}

// count runs a query for one number as the superuser.
func (h *house) count(sql string, args ...any) int {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	conn := h.db.SuperConn()
	defer conn.Close(ctx) //nolint:errcheck // nothing is pending
	var n int
	if err := conn.QueryRow(ctx, sql, args...).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// exec changes the database as the superuser, past all policies.
func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	conn := h.db.SuperConn()
	defer conn.Close(h.t.Context()) //nolint:errcheck // nothing is pending
	if _, err := conn.Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
}

// events lists the statuses of a document in the order they were reached.
func (h *house) events(id core.ID) []core.Status {
	h.t.Helper()
	rows, err := h.work.Query(h.t.Context(), `select status from upload_pipeline.events where document_id = $1 order by event_id`, id)
	if err != nil {
		h.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[core.Status])
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func contains(jobs []core.Job, want core.Job) bool { return slices.Contains(jobs, want) }

type principal = ports.Principal

func newDocument(who ports.Principal, content string) ports.NewDocument {
	id := core.NewID()
	return ports.NewDocument{ID: id, Job: core.NewID(), Key: who.User.String() + "/" + id.String() + "/original.pdf", Name: "policy.pdf",
		ContentType: "application/pdf", Size: int64(len(content)), SHA256: sha256.Sum256([]byte(content)), Pages: 2}
}
