package bench

import (
	"context"
	"embed"
	"encoding/json"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/insurance-navigator/navigator/bench/npmdir"
	"github.com/insurance-navigator/navigator/db"
)

//go:embed peers/package.json peers/package-lock.json peers/run.js
var peers embed.FS

// burnJobs is how many empty jobs each queue works off.
const burnJobs = 20_000

// BenchmarkQueues has River and its peers work off the same number of empty
// jobs on the same server, one after the other: what the queue itself could do,
// were there nothing to do in a job. Only River's are completed in one
// transaction with their work in the product; here it completes in batches, as
// it does by itself.
func BenchmarkQueues(b *testing.B) {
	for b.Loop() {
		benchmarkQueues(b)
	}
}

func benchmarkQueues(b *testing.B) {
	b.Helper()
	sheet.describe(b, "%d empty jobs each, enqueued before; pool of %d connections; one process of workers", burnJobs, poolSize)
	ours := burnJobs / riverBurn(b).Seconds()
	sheet.add(b, figure{Measure: "River, empty jobs", Value: ours, Unit: "jobs/s", Note: "2,000 workers, cooldown 2 ms"}, "river-jobs/s")
	if tool := npmdir.Missing(); tool != "" {
		b.Logf("skipped: the peers need node and npm, and %s is not installed here", tool)
		return
	}
	dir, err := npmdir.Install(b.Context(), peers, "peers")
	if err != nil {
		b.Fatal(err)
	}
	for _, peer := range []struct{ name, slug, note string }{
		{"graphile-worker 0.17.3", "graphile-worker", "24 at once"},
		{"graphile-worker 0.17.3, batched", "graphile-worker-batched", "a local queue of 500, completions in batches; keeps no history"},
		{"pg-boss 10.4.2", "pg-boss", "8 loops of fetch and complete, one job each"},
		{"pg-boss 10.4.2, batched", "pg-boss-batched", "4 loops of 200 jobs"},
	} {
		jobs := burnJobs
		if peer.slug == "pg-boss" {
			jobs /= 10 // it works off some hundreds a second
		}
		sheet.add(b, figure{Measure: "River beside " + peer.name, Value: ours, Unit: "jobs/s", Rival: "by " + peer.name,
			Beside: float64(jobs) / peerBurn(b, dir, peer.slug, jobs), Note: peer.note}, peer.slug)
	}
}

// riverBurn is River's own time for empty jobs.
func riverBurn(b *testing.B) time.Duration {
	b.Helper()
	d := newDatabase(b)
	workers := river.NewWorkers()
	ended := make(chan struct{}, burnJobs)
	river.AddWorker(workers, river.WorkFunc(func(context.Context, *river.Job[forget]) error {
		ended <- struct{}{}
		return nil
	}))
	client, err := river.NewClient(riverpgxv5.New(d.super), &river.Config{Schema: db.RiverSchema, Workers: workers,
		Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2000}},
		FetchCooldown: 2 * time.Millisecond, FetchPollInterval: 20 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	params := make([]river.InsertManyParams, 5000)
	for i := range params {
		params[i] = river.InsertManyParams{Args: forget{}}
	}
	for range burnJobs / len(params) {
		if _, err := client.InsertManyFast(b.Context(), params); err != nil {
			b.Fatal(err)
		}
	}
	began := time.Now()
	if err := client.Start(context.Background()); err != nil {
		b.Fatal(err)
	}
	for range burnJobs {
		<-ended
	}
	if err := client.Stop(context.Background()); err != nil { // what was done is written by then
		b.Fatal(err)
	}
	took := time.Since(began)
	if left := scalar[int](b, d.super, "select count(*) from river.river_job where state <> 'completed'"); left != 0 {
		b.Fatalf("%d jobs are not completed", left)
	}
	return took
}

// peerBurn is a peer's time in seconds, in a database of its own.
func peerBurn(b *testing.B, dir, peer string, jobs int) float64 {
	b.Helper()
	d := newDatabase(b)
	text, err := npmdir.Run(b.Context(), dir, nil, "node", "run.js", peer, strconv.Itoa(jobs), d.SuperURL())
	if err != nil {
		b.Fatal(err)
	}
	var said struct{ Seconds float64 }
	if err := json.Unmarshal(text, &said); err != nil || said.Seconds <= 0 {
		b.Fatalf("%s said %q: %v", peer, text, err)
	}
	return said.Seconds
}
