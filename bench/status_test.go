package bench

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/redislimiter"
	"github.com/insurance-navigator/navigator/adapters/redislimiter/redistest"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const (
	statusFor     = 4 * time.Second
	statusReaders = 8
)

// BenchmarkStatus asks again and again where documents under way stand: of the
// database, and by what Redis keeps, with a move of one of them every 10 ms.
func BenchmarkStatus(b *testing.B) {
	for b.Loop() {
		benchmarkStatus(b)
	}
}

func benchmarkStatus(b *testing.B) {
	b.Helper()
	material := profile{documents: 20, pages: 2}.material()
	w := newWorld(b, material, plain)
	w.open()
	w.uploadAll(material) // no worker: they stay under way
	who, pool := w.owner(), openPool(b, w.db.URL("inav_app"), poolSize)
	queue, err := riverqueue.NewQueue(pool, riverqueue.DefaultSettings(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	library := postgres.NewLibrary(pool, queue)
	kept, err := redislimiter.NewStatuses(redislimiter.Config{URL: redistest.New(b).URL(), Secret: []byte("bench")}, time.Second)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = kept.Close() })
	list, err := library.List(b.Context(), who, ports.Listing{Limit: material.documents})
	if err != nil || len(list) != material.documents {
		b.Fatalf("%d documents: %v", len(list), err)
	}
	sheet.describe(b, "%d documents under way, %d readers, a move each 10 ms", len(list), statusReaders)
	database := polled(b, w, pool, list, kept, func(id core.ID) error {
		_, err := library.Standing(b.Context(), who, id)
		return err
	})
	cached := polled(b, w, pool, list, kept, func(id core.ID) error {
		_, err := kept.Standing(b.Context(), who, id, func() (ports.Standing, error) { return library.Standing(b.Context(), who, id) })
		return err
	})
	const rival = "of the database alone"
	sheet.add(b, figure{Measure: "statuses by what Redis keeps", Value: cached.rate, Unit: "/s", Rival: rival, Beside: database.rate}, "status/s")
	sheet.add(b, figure{Measure: "the database's CPU for a status", Value: cached.cpu, Unit: "µs", Rival: rival, Beside: database.cpu,
		Note: "of the connections that statuses are read on"}, "status-db-cpu-µs")
}

// polls is what came of asking.
type polls struct{ rate, cpu float64 }

// polled asks as fast as it goes, while documents move.
func polled(b *testing.B, w *world, pool *pgxpool.Pool, list []ports.Standing, kept *redislimiter.Statuses, ask func(core.ID) error) polls {
	b.Helper()
	over, moved := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(moved)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-over:
				return
			case <-tick.C:
			}
			id := list[n%len(list)].Document
			_, err := w.db.super.Exec(b.Context(), `update upload_pipeline.upload_jobs set embed_tokens = embed_tokens + 1 where document_id = $1`, id)
			if err != nil {
				b.Error(err)
				return
			}
			kept.Moved(b.Context(), id)
		}
	}()
	cpuBefore, began, asked := private.cluster.CPUSeconds(), time.Now(), atomic.Int64{}
	var readers sync.WaitGroup
	for reader := range statusReaders {
		readers.Go(func() {
			for n := reader; time.Since(began) < statusFor; n++ {
				if err := ask(list[n%len(list)].Document); err != nil {
					b.Error(err)
					return
				}
				asked.Add(1)
			}
		})
	}
	readers.Wait()
	took, cpu := time.Since(began).Seconds(), private.cluster.CPUSeconds()-cpuBefore
	close(over)
	<-moved
	return polls{rate: float64(asked.Load()) / took, cpu: cpu / float64(asked.Load()) * 1e6}
}
