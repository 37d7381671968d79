package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
)

// hop is one empty stage: the args of the rival's only kind of the line.
type hop struct {
	Job  string `json:"job"`
	Turn int    `json:"turn"`
}

// Kind is river.JobArgs.
func (hop) Kind() string { return "bench_hop" }

// forget is the job beside the line: it does nothing at all.
type forget struct{}

// Kind is river.JobArgs.
func (forget) Kind() string { return "bench_forget" }

// way is the stages of one document: the product's own, the batches of
// embedding as often as the product needed them.
func way(embeds int) []core.Stage {
	stages := []core.Stage{core.Parse, core.Receive, core.Validate, core.Chunk}
	for range embeds {
		stages = append(stages, core.Embed)
	}
	return append(stages, core.Finish)
}

// rival runs chains of empty stages, written by hand: one transaction a stage,
// a compare-and-set, an event, the next job, the end of this one.
type rival struct {
	river.WorkerDefaults[hop]
	pool     *pgxpool.Pool
	client   *river.Client[pgx.Tx]
	settings riverqueue.Settings
	ways     map[string][]core.Stage // by job; read only once the work began
	ended    chan string
}

type forgetter struct{ river.WorkerDefaults[forget] }

// Work is river.Worker.
func (forgetter) Work(context.Context, *river.Job[forget]) error { return nil }

// newRival makes the tables and the client.
func newRival(b *testing.B, room int) *rival {
	b.Helper()
	d := newDatabase(b)
	run(b, d.super, "create schema bench")
	run(b, d.super, "create table bench.jobs (id text primary key, status text not null, turn int not null) with (fillfactor = 80)")
	run(b, d.super, `create table bench.events (id bigint generated always as identity primary key, job text not null, status text not null,
		at timestamptz not null default clock_timestamp())`)
	run(b, d.super, "create index on bench.events (job, id)")
	r := &rival{pool: d.super, settings: riverqueue.DefaultSettings(), ways: map[string][]core.Stage{}, ended: make(chan string, room)}
	workers := river.NewWorkers()
	river.AddWorker(workers, r)
	river.AddWorker(workers, forgetter{})
	r.client = lineClient(b, d.super, r.settings, workers)
	return r
}

// lineClient has the product's own queues, worker counts and pace.
func lineClient(b *testing.B, pool *pgxpool.Pool, settings riverqueue.Settings, workers *river.Workers) *river.Client[pgx.Tx] {
	b.Helper()
	queues := map[string]river.QueueConfig{}
	for name, count := range settings.Workers {
		queues[name] = river.QueueConfig{MaxWorkers: count}
	}
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Schema: db.RiverSchema, Queues: queues, Workers: workers,
		FetchCooldown: settings.FetchCooldown, FetchPollInterval: settings.FetchPollInterval,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		b.Fatal(err)
	}
	return client
}

// add makes a job and its first stage, in one transaction.
func (r *rival) add(b *testing.B, embeds int) {
	b.Helper()
	id := core.NewID().String()
	r.ways[id] = way(embeds)
	err := pgx.BeginFunc(b.Context(), r.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(b.Context(), "insert into bench.jobs values ($1, 'parse', 0)", id); err != nil {
			return err
		}
		return r.insert(b.Context(), tx, hop{Job: id})
	})
	if err != nil {
		b.Fatal(err)
	}
}

func (r *rival) insert(ctx context.Context, tx pgx.Tx, next hop) error {
	stage := r.ways[next.Job][next.Turn]
	_, err := r.client.InsertTx(ctx, tx, next, &river.InsertOpts{Queue: r.settings.Stages[stage].Queue})
	return err
}

// Work is river.Worker: one empty stage.
func (r *rival) Work(ctx context.Context, job *river.Job[hop]) error {
	stages := r.ways[job.Args.Job]
	last := job.Args.Turn == len(stages)-1
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if err := r.move(ctx, tx, job.Args, stages, last); err != nil {
			return err
		}
		_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	})
	if err == nil && last {
		r.ended <- job.Args.Job
	}
	return err
}

func (r *rival) move(ctx context.Context, tx pgx.Tx, at hop, stages []core.Stage, last bool) error {
	status := "complete"
	if !last {
		status = string(stages[at.Turn+1])
	}
	tag, err := tx.Exec(ctx, "update bench.jobs set status = $4, turn = turn + 1 where id = $1 and turn = $2 and status = $3",
		at.Job, at.Turn, string(stages[at.Turn]), status)
	if err != nil {
		return err
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("turn %d of %s is gone", at.Turn, at.Job)
	}
	if _, err := tx.Exec(ctx, "insert into bench.events (job, status) values ($1, $2)", at.Job, status); err != nil {
		return err
	}
	if stages[at.Turn] == core.Receive {
		if _, err := r.client.InsertTx(ctx, tx, forget{}, &river.InsertOpts{Queue: riverqueue.QueueUpkeep}); err != nil {
			return err
		}
	}
	if last {
		return nil
	}
	return r.insert(ctx, tx, hop{Job: at.Job, Turn: at.Turn + 1})
}

// start begins to work until the benchmark ends.
func (r *rival) start(b *testing.B) {
	b.Helper()
	startLine(b, r.client)
}

// wait returns once one more chain has ended.
func (r *rival) wait(b *testing.B) {
	b.Helper()
	waitFor(b, r.ended, 1)
}

func startLine(b *testing.B, client *river.Client[pgx.Tx]) {
	b.Helper()
	if err := client.Start(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = client.Stop(context.Background()) })
}

// waitFor returns once so many more have ended.
func waitFor[T any](b *testing.B, ended <-chan T, n int) {
	b.Helper()
	for range n {
		select {
		case <-ended:
		case <-time.After(10 * time.Minute):
			b.Fatal("a document did not come through the stages")
		}
	}
}

// burndown is what a backlog through a rival's stages took: time, and seconds of
// CPU of this process, which works them, and of the database.
type burndown struct {
	took         time.Duration
	work, server float64
}

// emptyLine takes a backlog of documents through empty stages.
func emptyLine(b *testing.B, documents, embeds int) burndown {
	b.Helper()
	r := newRival(b, documents)
	for i := range documents { // the batches are spread as evenly as they go
		r.add(b, embeds*(i+1)/documents-embeds*i/documents)
	}
	began, own, server := time.Now(), ownCPU(), private.cluster.CPUSeconds()
	r.start(b)
	waitFor(b, r.ended, documents)
	return burndown{took: time.Since(began), work: ownCPU() - own, server: private.cluster.CPUSeconds() - server}
}
