package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/bench/place"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// What the crowded benchmarks are crowded with; CROWD_DOCUMENTS and CROWD_CHUNKS
// make them smaller to try them.
const (
	crowdDocuments = 100_000
	crowdChunks    = 1_000_000
	crowdOwned     = 5000 // chunks of the owner who searches
)

// A rate is measured over crowdCounted documents, once crowdWarm are complete, in
// a database of its own. As many as crowdShort are queued at the least: the
// parser's stage runs ahead, and must not run out of documents meanwhile.
const (
	crowdWarm    = 100
	crowdCounted = 300
	crowdShort   = 3000
)

func crowd(b *testing.B, variable string, usual int) int {
	b.Helper()
	text, ok := os.LookupEnv(variable)
	if !ok {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("%s: a number from 1", variable)
	}
	return n
}

// BenchmarkCrowdedQueue works letters of as many owners off a short queue, off one
// of 100,000, and off a short one again.
func BenchmarkCrowdedQueue(b *testing.B) {
	for b.Loop() {
		n := crowd(b, "CROWD_DOCUMENTS", crowdDocuments)
		before := newCrowded(b).rate(crowdShort)
		full := newCrowded(b).rate(n)
		after := newCrowded(b).rate(crowdShort)
		sheet.describe(b, "letters of one page, an owner each; a rate over %d documents once %d were complete, each in a new database", crowdCounted, crowdWarm)
		addCrowded(b, fmt.Sprintf("documents, of %d queued", n), full, before, after)
	}
}

// BenchmarkCrowdedTable works letters off into an empty table of chunks, into one
// of 1,000,000, and into an empty one again. In the full one an owner of 5,000
// of the chunks searches.
func BenchmarkCrowdedTable(b *testing.B) {
	for b.Loop() {
		n := crowd(b, "CROWD_CHUNKS", crowdChunks)
		c, owner := newCrowded(b), core.NewID()
		if err := place.SeedChunks(b.Context(), c.db.SuperURL(), []core.ID{owner}, crowdOwned, max(0, n-crowdOwned)); err != nil {
			b.Fatal(err)
		}
		run(b, c.db.super, "checkpoint")
		sheet.describe(b, "%d chunks of %d owners, %d of them the searching one's; letters of one page, an owner each", c.chunks(),
			scalar[int](b, c.db.super, "select count(distinct user_id) from upload_pipeline.documents"), crowdOwned)
		c.search(owner)
		before := newCrowded(b).rate(crowdShort) // the tables take long to fill: the rates are taken close together
		full := c.rate(crowdShort)
		after := newCrowded(b).rate(crowdShort)
		addCrowded(b, fmt.Sprintf("documents, into %d chunks", n), full, before, after)
	}
}

// addCrowded adds a rate beside the mean of those before and after it.
func addCrowded(b *testing.B, measure string, full, before, after float64) {
	b.Helper()
	sheet.add(b, figure{Measure: measure, Value: full, Unit: "documents/s", Rival: fmt.Sprintf("where it is empty, of %d queued", crowdShort), Beside: (before + after) / 2,
		Note: fmt.Sprintf("%.1f before, %.1f after; the target is 0.80", before, after)}, "documents/s")
}

// crowded is a world whose documents are placed in the database, queued, and not
// uploaded: all are one file.
type crowded struct {
	*world
	file  []byte
	queue *riverqueue.Queue
}

func newCrowded(b *testing.B) *crowded {
	b.Helper()
	material := profile{documents: 1, pages: 1}.material()
	c := &crowded{file: material.file(0)}
	c.world = newWorld(b, material, c.stored)
	var err error
	if c.queue, err = riverqueue.NewQueue(c.db.super, riverqueue.DefaultSettings(), slog.New(slog.DiscardHandler)); err != nil {
		b.Fatal(err)
	}
	return c
}

// stored answers for the files that were never uploaded.
func (c *crowded) stored(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/placed/") {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", pdftext.TypePDF)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(c.file))
	})
}

func (c *crowded) chunks() int {
	c.b.Helper()
	return scalar[int](c.b, c.db.super, "select count(*) from upload_pipeline.document_chunks")
}

// place queues n more documents, of as many owners.
func (c *crowded) place(n int) {
	c.b.Helper()
	const batch = 1000
	digest := sha256.Sum256(c.file)
	for n > 0 {
		jobs := make([]core.Job, min(n, batch))
		documents, ranks := make([]core.ID, len(jobs)), make([]int64, len(jobs))
		for i := range jobs {
			documents[i], ranks[i] = core.NewID(), core.RankNow(time.Now())
			jobs[i] = core.Job{Stage: core.Parse, Document: documents[i], Attempt: 1, Rank: ranks[i]}
		}
		err := pgx.BeginFunc(c.b.Context(), c.db.super, func(tx pgx.Tx) error {
			_, err := tx.Exec(c.b.Context(), `with added as (
				insert into upload_pipeline.documents (document_id, user_id, filename, mime, bytes_len, file_sha256, storage_key, page_count)
				select d, gen_random_uuid(), 'policy.pdf', 'application/pdf', $2, $3, 'placed/' || d, 1 from unnest($1::uuid[]) d
				returning document_id, user_id)
			insert into upload_pipeline.upload_jobs (job_id, document_id, user_id, attempt, status, rank)
				select gen_random_uuid(), a.document_id, a.user_id, 1, 'uploaded', r.rank
				from added a join unnest($1::uuid[], $4::bigint[]) r (id, rank) on r.id = a.document_id`,
				documents, len(c.file), digest[:], ranks)
			if err != nil {
				return err
			}
			return c.queue.Insert(c.b.Context(), tx, jobs...)
		})
		if err != nil {
			c.b.Fatal(err)
		}
		n -= len(jobs)
	}
}

// rate places n documents and works until enough are complete: documents a
// second. What is left over stays queued.
func (c *crowded) rate(n int) float64 {
	c.b.Helper()
	c.place(n)
	run(c.b, c.db.super, "vacuum analyze upload_pipeline.upload_jobs, upload_pipeline.documents, river.river_job")
	begun := scalar[time.Time](c.b, c.db.super, "select clock_timestamp()")
	webhook, _ := c.service("webhook", "inav_worker")
	worker, _ := c.service("worker", "inav_worker")
	complete := `select count(*) from upload_pipeline.events where status = $1 and at > $2`
	until(c.b, "enough documents to complete", 200*time.Millisecond, func(context.Context) bool {
		if failed := scalar[int](c.b, c.db.super, complete, core.FailedParse, begun); failed > 0 {
			c.b.Fatalf("%d documents failed\n%s", failed, worker.Log())
		}
		return scalar[int](c.b, c.db.super, complete, core.Complete, begun) >= crowdWarm+crowdCounted
	})
	for _, p := range []*place.Process{worker, webhook} {
		if err := p.Stop(); err != nil {
			c.b.Fatal(err)
		}
	}
	seconds := scalar[float64](c.b, c.db.super, `select extract(epoch from max(at) - min(at))::float8
		from (select at from upload_pipeline.events where status = 'complete' and at > $1 order by at offset $2 limit $3 + 1) e`, begun, crowdWarm-1, crowdCounted)
	return crowdCounted / seconds
}

// search asks as the owner, and compares what the vectors find with all of the
// owner's chunks compared in full.
func (c *crowded) search(owner core.ID) {
	c.b.Helper()
	who := principal(owner)
	library := postgres.NewLibrary(openPool(c.b, c.db.URL("inav_app"), poolSize), c.queue)
	var hybrid, vectors sample
	found, wanted := 0, 0
	for i, vector := range c.nearby(owner, searchWarm+searchQueries) {
		for _, text := range []string{"", searchQuestions[i%len(searchQuestions)]} {
			began := time.Now()
			got, err := library.Search(c.b.Context(), who, ports.Query{Limit: searchLimit, Vector: vector, Text: text})
			took := time.Since(began)
			if err != nil || len(got) != searchLimit {
				c.b.Fatalf("%d passages found: %v", len(got), err)
			}
			switch {
			case i < searchWarm:
			case text != "":
				hybrid = append(hybrid, took)
			default:
				vectors = append(vectors, took)
				for _, id := range c.truth(owner, vector) {
					wanted++
					if slices.ContainsFunc(got, func(p ports.Passage) bool { return p.Chunk == id }) {
						found++
					}
				}
			}
		}
	}
	for _, way := range []struct {
		name, slug string
		times      sample
	}{{"by vectors alone", "vectors", vectors}, {"hybrid", "hybrid", hybrid}} {
		for _, p := range []int{50, 95} {
			sheet.add(c.b, figure{Measure: fmt.Sprintf("search %s without embedding, p%d", way.name, p), Value: way.times.percentile(p), Unit: "ms",
				Note: fmt.Sprintf("n=%d, one at a time; the target is 95 %% within 50 ms", len(way.times))}, fmt.Sprintf("search-%s-p%d-ms", way.slug, p))
		}
	}
	sheet.add(c.b, figure{Measure: "recall of the vectors", Value: float64(found) / float64(wanted), Unit: "",
		Note: fmt.Sprintf("of %d that comparing all in full finds", wanted)}, "recall")
}

// nearby is vectors near to the owner's, and equal to none.
func (c *crowded) nearby(owner core.ID, n int) [][]float32 {
	c.b.Helper()
	return c.queriesOf(n, "where user_id = '"+owner.String()+"'")
}

// truth is the nearest chunks by all the owner's vectors in full.
func (c *crowded) truth(owner core.ID, vector []float32) []core.ID {
	c.b.Helper()
	rows, err := c.db.super.Query(c.b.Context(), `select chunk_id from upload_pipeline.document_chunks where user_id = $1
		order by embedding operator(extensions.<=>) $2, chunk_id limit $3`, owner, pgvector.NewVector(vector), searchLimit)
	if err != nil {
		c.b.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[core.ID])
	if err != nil {
		c.b.Fatal(err)
	}
	return ids
}
