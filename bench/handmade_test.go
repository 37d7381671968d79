package bench

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"path"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/openai"
	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/adapters/tiktoken"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/chunker"
)

// step is one stage of a document in the hand-written line.
type step struct {
	Job   core.ID    `json:"job"`
	Stage core.Stage `json:"stage"`
	Turn  int        `json:"turn"`
}

// Kind is river.JobArgs.
func (step) Kind() string { return "bench_step" }

// discard is the job beside that line: the parser's copy goes.
type discard struct {
	Job  core.ID `json:"job"`
	File string  `json:"file"`
}

// Kind is river.JobArgs.
func (discard) Kind() string { return "bench_discard" }

// complete is where a document of the hand-written line comes to.
const complete = core.Stage(core.Complete)

// handmade is a line written by hand the plain way: the calls of the product's
// stages by the product's clients, and the same rows. A stage's work is kept in
// one transaction with a compare-and-set, an event, the next job and the end of
// this one. There are no budgets, breakers, audit, checks, costs or row policies,
// and every commit waits for the disk, as those of the empty stages do. It works
// in this process, where the fakes are, too.
type handmade struct {
	river.WorkerDefaults[step]
	pool, door *pgxpool.Pool // the line's; that of the callbacks' receiver
	client     *river.Client[pgx.Tx]
	settings   riverqueue.Settings
	user       core.ID // whose the documents are
	callbacks  string  // where the parser reports
	blobs      *supabase.Storage
	parser     *llamaparse.Parser
	embedder   *openai.Embedder
	cutter     *chunker.Chunker
	byRow      bool // chunks and vectors are written one at a time
	ended      chan core.ID
}

// newHandmade makes the tables, the clients of an outside of its own, and the
// receiver of callbacks.
func newHandmade(b *testing.B, m *material) (*handmade, *database) {
	b.Helper()
	d := newDatabase(b)
	run(b, d.super, "create schema bench")
	run(b, d.super, `create table bench.jobs (id uuid primary key, status text not null, turn int not null default 0, told boolean not null default false,
		vendor_job text not null default '', vendor_file text not null default '') with (fillfactor = 80)`)
	run(b, d.super, `create table bench.events (id bigint generated always as identity primary key, job uuid not null, status text not null,
		at timestamptz not null default clock_timestamp())`)
	run(b, d.super, "create index on bench.events (job, id)")
	run(b, d.super, "create table bench.pages (like upload_pipeline.document_pages including all)")
	run(b, d.super, "create table bench.chunks (like upload_pipeline.document_chunks including all)")
	h := &handmade{pool: d.super, door: openPool(b, d.SuperURL(), poolSize), settings: riverqueue.DefaultSettings(), user: core.NewID(),
		ended: make(chan core.ID, m.documents)}
	if err := h.equip(outside(b, m, plain)); err != nil {
		b.Fatal(err)
	}
	h.callbacks = serve(b, http.HandlerFunc(h.told)) + "/"
	workers := river.NewWorkers()
	river.AddWorker(workers, h)
	river.AddWorker(workers, river.WorkFunc(h.discard))
	h.client = lineClient(b, d.super, h.settings, workers)
	return h, d
}

// equip makes the clients as the product's worker does.
func (h *handmade) equip(llama, embedder, storage string) error {
	var errs [5]error
	h.blobs, errs[0] = supabase.NewStorage(supabase.Config{URL: storage, ServiceKey: supabasetest.DefaultSecretKey, Bucket: "bench"})
	h.parser, errs[1] = llamaparse.New(llamaparse.Config{BaseURL: llama, Key: "llx-bench", MaxFailedShare: 1})
	h.embedder, errs[2] = openai.New(openai.Config{BaseURL: embedder + "/v1", Key: "sk-bench"})
	counter, err := tiktoken.New()
	errs[3] = err
	h.cutter, errs[4] = chunker.New(counter, chunker.Default())
	return errors.Join(errs[:]...)
}

// upload stores every file, and makes each document's row and first job.
func (h *handmade) upload(b *testing.B, m *material) {
	b.Helper()
	if err := h.blobs.Prepare(b.Context()); err != nil {
		b.Fatal(err)
	}
	err := atOnce(8, m.documents, func(i int) error {
		ctx, file, first := b.Context(), m.file(i), step{Job: core.NewID(), Stage: core.Parse}
		if err := h.blobs.Put(ctx, first.Job.String(), bytes.NewReader(file), int64(len(file)), pdftext.TypePDF); err != nil {
			return err
		}
		return pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "insert into bench.jobs (id, status) values ($1, $2)", first.Job, first.Stage); err != nil {
				return err
			}
			return h.insert(ctx, tx, first)
		})
	})
	if err != nil {
		b.Fatal(err)
	}
}

func (h *handmade) insert(ctx context.Context, tx pgx.Tx, next step) error {
	_, err := h.client.InsertTx(ctx, tx, next, &river.InsertOpts{Queue: h.settings.Stages[next.Stage].Queue})
	return err
}

// told takes a callback. It may overtake the parser's own answer: whoever of the
// two has the row last begins the fetch.
func (h *handmade) told(w http.ResponseWriter, r *http.Request) {
	id, err := core.ParseID(path.Base(r.URL.Path))
	if err == nil {
		err = pgx.BeginFunc(r.Context(), h.door, func(tx pgx.Tx) error {
			at := step{Job: id}
			err := tx.QueryRow(r.Context(), "update bench.jobs set told = true where id = $1 returning status, turn", id).Scan(&at.Stage, &at.Turn)
			if err != nil || at.Stage != core.Receive {
				return err
			}
			return h.insert(r.Context(), tx, at)
		})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// Work is river.Worker: one stage, and the transaction that keeps it.
func (h *handmade) Work(ctx context.Context, job *river.Job[step]) error {
	made, err := h.make(ctx, job.Args)
	if err != nil {
		return err
	}
	next := step{Job: job.Args.Job, Stage: job.Args.Stage, Turn: job.Args.Turn + 1}
	if !made.again {
		stages := append(way(1), complete)
		next.Stage = stages[slices.Index(stages, next.Stage)+1]
	}
	err = pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		if made.keep != nil {
			if err := made.keep(ctx, tx); err != nil {
				return err
			}
		}
		if err := h.move(ctx, tx, job.Args, next, made.queued); err != nil {
			return err
		}
		return end(ctx, tx, job.JobRow)
	})
	if err == nil && next.Stage == complete {
		h.ended <- next.Job
	}
	return err
}

// end is JobCompleteTx by a statement that is planned once, as the product's is:
// River's own is planned anew each time.
func end(ctx context.Context, tx pgx.Tx, job *rivertype.JobRow) error {
	tag, err := tx.Exec(ctx, "update river.river_job set state = 'completed', finalized_at = now() where id = $1 and attempt = $2 and state = 'running'", job.ID, job.Attempt)
	if err == nil && tag.RowsAffected() != 1 {
		err = errors.New("the job is no longer this run's")
	}
	return err
}

// move takes a document on. Receive is begun by the callback, unless that came
// before; it begins the discard of the parser's copy, too.
func (h *handmade) move(ctx context.Context, tx pgx.Tx, at, next step, queued core.Queued) error {
	var told bool
	var file string
	err := tx.QueryRow(ctx, `update bench.jobs set status = $4, turn = $5, vendor_job = coalesce(nullif($6, ''), vendor_job),
			vendor_file = coalesce(nullif($7, ''), vendor_file)
		where id = $1 and turn = $2 and status = $3 returning told, vendor_file`,
		at.Job, at.Turn, at.Stage, next.Stage, next.Turn, queued.ProviderJob, queued.ProviderFile).Scan(&told, &file)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "insert into bench.events (job, status) values ($1, $2)", at.Job, next.Stage); err != nil {
		return err
	}
	if at.Stage == core.Receive {
		if _, err := h.client.InsertTx(ctx, tx, discard{at.Job, file}, &river.InsertOpts{Queue: riverqueue.QueueUpkeep}); err != nil {
			return err
		}
	}
	if next.Stage == complete || next.Stage == core.Receive && !told {
		return nil
	}
	return h.insert(ctx, tx, next)
}

// handmadeLine takes a backlog through the hand-written line, and proves that
// it made as many chunks with vectors as the product did.
func handmadeLine(b *testing.B, m *material, chunks int, byRow bool) burndown {
	b.Helper()
	h, d := newHandmade(b, m)
	h.byRow = byRow
	h.upload(b, m)
	d.forgetStatements(b)
	began, own, server := time.Now(), ownCPU(), private.cluster.CPUSeconds()
	startLine(b, h.client)
	waitFor(b, h.ended, m.documents)
	t := burndown{took: time.Since(began), work: ownCPU() - own, server: private.cluster.CPUSeconds() - server}
	d.statements(b, m.documents)
	if err := h.client.Stop(b.Context()); err != nil { // what follows has the machine for itself
		b.Fatal(err)
	}
	for sql, want := range map[string]int{
		"select count(*) from bench.jobs where status = 'complete'":     m.documents,
		"select count(*) from bench.pages where markdown <> ''":         m.documents * m.pages,
		"select count(*) from bench.chunks where embedding is not null": chunks,
		"select count(*) from bench.chunks":                             chunks,
	} {
		if n := scalar[int](b, d.super, sql); n != want {
			b.Fatalf("the hand-written line: %d, want %d: %s", n, want, sql)
		}
	}
	return t
}
