package bench

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"
)

// The sample: so many documents of so many pages.
const (
	hopDocuments = 60
	hopPages     = 10
)

// BenchmarkHop sends documents of ten pages through an idle system, one at a
// time. The times are those of the database's own events.
func BenchmarkHop(b *testing.B) {
	for b.Loop() {
		benchmarkHop(b)
	}
}

func benchmarkHop(b *testing.B) {
	b.Helper()
	material := profile{documents: hopDocuments, pages: hopPages}.material()
	w := newWorld(b, material, plain)
	w.open()
	w.work()
	for i := range material.documents {
		file := material.file(i)
		if err := upload(b.Context(), w.uploads(), w.token, bytes.NewReader(file), int64(len(file))); err != nil {
			b.Fatal(err)
		}
		w.completed(i + 1)
	}
	sheet.describe(b, "%d documents of %d pages, one at a time through an idle system", hopDocuments, hopPages)
	empty := emptyHops(b)
	note := fmt.Sprintf("n=%d; the six stages with the callback and both outside calls, which are answered at once", hopDocuments)
	addHops(b, "six hops, uploaded to complete", w.between("uploaded"), empty, note+"; the target is p50 150, p95 400 ms", "hops")
	addHops(b, "after submission, parse_queued to complete", w.between("parse_queued"), nil, fmt.Sprintf("n=%d; the callback's way and five stages", hopDocuments), "callback")
}

func addHops(b *testing.B, measure string, ours, empty sample, note, metric string) {
	b.Helper()
	for _, p := range []int{50, 95} {
		f := figure{Measure: fmt.Sprintf("%s, p%d", measure, p), Value: ours.percentile(p), Unit: "ms", Note: note}
		if len(empty) > 0 {
			f.Rival, f.Beside = "ms of six empty River stages", empty.percentile(p)
		}
		sheet.add(b, f, fmt.Sprintf("%s-p%d-ms", metric, p))
	}
}

// completed waits until so many documents are complete.
func (w *world) completed(n int) {
	w.b.Helper()
	until(w.b, "the document to complete", 250*time.Millisecond, func(ctx context.Context) bool {
		var ended, complete int
		err := w.db.super.QueryRow(ctx, `select count(*) filter (where finished_at is not null), count(*) filter (where status = 'complete')
			from upload_pipeline.upload_jobs`).Scan(&ended, &complete)
		if err != nil || ended != complete {
			w.b.Fatalf("%d documents ended and %d of them complete: %v", ended, complete, err)
		}
		return complete == n
	})
}

// between is each document's time from a status to its completion.
func (w *world) between(status string) (times sample) {
	w.b.Helper()
	rows, err := w.db.super.Query(w.b.Context(), `select extract(epoch from e.at - s.at)::float8 from upload_pipeline.events s
		join upload_pipeline.events e using (document_id) where s.status = $1 and e.status = 'complete'`, status)
	if err != nil {
		w.b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var seconds float64
		if err := rows.Scan(&seconds); err != nil {
			w.b.Fatal(err)
		}
		times = append(times, time.Duration(seconds*float64(time.Second)))
	}
	if err := rows.Err(); err != nil {
		w.b.Fatal(err)
	}
	return times
}

// emptyHops is the rival's time of six empty stages, one chain at a time.
func emptyHops(b *testing.B) (times sample) {
	b.Helper()
	r := newRival(b, 1)
	r.start(b)
	for range hopDocuments {
		began := time.Now()
		r.add(b, 1)
		r.wait(b)
		times = append(times, time.Since(began))
	}
	return times
}
