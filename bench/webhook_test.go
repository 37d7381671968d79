package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/bench/place"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/load/arrivals"
)

// The load of the webhook: so many callbacks a second for so long, to the
// product and to its rival in turns.
const (
	webhookRate  = 500
	webhookFor   = 10 * time.Second
	webhookTurns = 2
)

// webhookTime is what the parser gives a receiver for one request.
const webhookTime = 30 * time.Second

// BenchmarkWebhook delivers callbacks of the parser, each the first of its
// document, and the same ones to a bare handler that inserts a row. Both get
// them when they are due, whatever became of those before, and times count from
// then on.
func BenchmarkWebhook(b *testing.B) {
	for b.Loop() {
		benchmarkWebhook(b)
	}
}

func benchmarkWebhook(b *testing.B) {
	b.Helper()
	w := newWorld(b, nobody{}, plain)
	webhook, ready := w.service("webhook", "inav_worker")
	run(b, w.db.super, "create schema bench")
	run(b, w.db.super, "create table bench.callbacks (id uuid primary key, body jsonb not null, at timestamptz not null default now())")
	run(b, w.db.super, "grant usage on schema bench to inav_worker")
	run(b, w.db.super, "grant insert on bench.callbacks to inav_worker")
	rival := bare(b, "insert", "BENCH_DATABASE="+w.db.URL("inav_worker"))
	const turn = int(webhookRate * webhookFor / time.Second)
	letters := w.letters(webhookTurns * turn)
	ours, theirs := newReceiver(b, webhook, ready.Webhook), newReceiver(b, rival.process, rival.address)
	w.db.forgetStatements(b)
	profiled := cpuProfile(b, "webhook", ready.Admin, int(webhookFor/time.Second))
	for first := 0; first < len(letters); first += turn {
		for _, r := range []*receiver{ours, theirs} {
			// What came before is not written out in this turn, by the server or
			// by the system, which does so half a minute later.
			run(b, w.db.super, "checkpoint")
			syscall.Sync()
			r.deliver(b, letters[first:first+turn])
		}
	}
	profiled()
	w.db.statements(b, len(letters))
	sheet.describe(b, "%d turns of %s at %d callbacks a second each, open model: times count from when one was due", webhookTurns, webhookFor, webhookRate)
	addCallbacks(b, ours, theirs, len(letters))
	if failed := ours.failed + theirs.failed; failed > 0 {
		b.Fatalf("%d callbacks of %d failed: %v", failed, 2*len(letters), errors.Join(ours.trouble, theirs.trouble))
	}
	w.kept(len(letters))
}

// addCallbacks adds what became of the callbacks that each of the two was sent.
func addCallbacks(b *testing.B, ours, theirs *receiver, sent int) {
	b.Helper()
	const name = "ms of a bare handler that inserts a row"
	sheet.add(b, figure{Measure: "callback, p50", Value: ours.times.percentile(50), Unit: "ms", Rival: name, Beside: theirs.times.percentile(50),
		Note: fmt.Sprintf("n=%d", sent)}, "webhook-p50-ms")
	sheet.add(b, figure{Measure: "callback, p99", Value: ours.times.percentile(99), Unit: "ms", Rival: name, Beside: theirs.times.percentile(99),
		Note: fmt.Sprintf("begun over %s late: %d, beside %d; the target is 50 ms and a ratio of 3", arrivals.LateAfter, ours.late, theirs.late)}, "webhook-p99-ms")
	each := 1000 / float64(sent) // from seconds in all to ms of one
	sheet.add(b, figure{Measure: "the server's CPU", Value: each * ours.own, Unit: "ms a callback", Rival: "of the bare handler", Beside: each * theirs.own,
		Note: fmt.Sprintf("there are %.1f ms of CPU a callback, for server, database and sender", 1000*float64(runtime.NumCPU())/webhookRate)}, "webhook-cpu-ms")
	sheet.add(b, figure{Measure: "the database's CPU", Value: each * ours.server, Unit: "ms a callback", Rival: "for the bare handler", Beside: each * theirs.server}, "webhook-database-cpu-ms")
	sheet.add(b, figure{Measure: "callbacks that failed", Value: float64(ours.failed + theirs.failed), Unit: "callbacks",
		Note: fmt.Sprintf("of %d to each; none may", sent)}, "webhook-failed")
}

// letter is one callback, ready to be sent.
type letter struct {
	path, signature string
	body            []byte
}

// letters makes documents that wait for the parser, and the callback of each,
// as the parser signs it.
func (w *world) letters(n int) []letter {
	w.b.Helper()
	documents, attempts, all := make([]core.ID, n), make([]core.ID, n), make([]letter, n)
	for i := range all {
		documents[i], attempts[i] = core.NewID(), core.NewID()
		job := "pjb-" + attempts[i].String()
		body, _ := json.Marshal(map[string]any{"event_id": core.NewID().String(), "event_type": "parse.success",
			"data": map[string]string{"id": job, "job_id": job}, "timestamp": float64(time.Now().UnixMicro()) / 1e6}) // plain values: it cannot fail
		all[i] = letter{path: "/webhook/llamaparse/" + attempts[i].String(), body: body,
			signature: "sha256=" + llamaparse.Sign(llamaparse.Secret(w.master, attempts[i]), body)}
	}
	w.await(documents, attempts)
	return all
}

// await puts the documents where their files have been submitted to the parser.
func (w *world) await(documents, attempts []core.ID) {
	w.b.Helper()
	ctx := w.b.Context()
	err := pgx.BeginFunc(ctx, w.db.super, func(tx pgx.Tx) error {
		// The line's checks are not at stake, and what they read is not there.
		if _, err := tx.Exec(ctx, "set local session_replication_role = replica"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `with added as (insert into upload_pipeline.documents
				(document_id, user_id, filename, mime, bytes_len, file_sha256, storage_key, page_count, attempt)
				select d, $3, 'waiting.pdf', 'application/pdf', 1, sha256(uuid_send(d)), 'waiting/' || d, 10, 1 from unnest($1::uuid[]) d)
			insert into upload_pipeline.upload_jobs (job_id, document_id, user_id, attempt, status, parser, provider_job_id, parse_deadline)
				select a, d, $3, 1, 'parse_queued', 'llamaparse', 'pjb-' || a, now() + interval '20 minutes' from unnest($1::uuid[], $2::uuid[]) w (d, a)`,
			documents, attempts, core.NewID())
		return err
	})
	if err != nil {
		w.b.Fatal(err)
	}
	run(w.b, w.db.super, "vacuum analyze upload_pipeline.documents, upload_pipeline.upload_jobs")
}

// kept checks that each callback that was sent is stored once, has started its
// one job, and is stored once by the rival.
func (w *world) kept(sent int) {
	w.b.Helper()
	for what, sql := range map[string]string{
		"callbacks stored":        "select count(*) from upload_pipeline.webhook_log where outcome = 'accepted' and deliveries = 1",
		"jobs begun":              "select count(distinct args ->> 'document') from river.river_job where kind = 'receive'",
		"all jobs":                "select count(*) from river.river_job where kind = 'receive'",
		"attempts told":           "select count(*) from upload_pipeline.upload_jobs where webhook_at is not null",
		"rows of the rival's own": "select count(*) from bench.callbacks",
	} {
		if n := scalar[int](w.b, w.db.super, sql); n != sent {
			w.b.Fatalf("%s: %d of %d", what, n, sent)
		}
	}
}

// receiver is one server that callbacks are sent to, and what became of them.
type receiver struct {
	process      *place.Process
	address      string
	client       *http.Client
	times        sample
	own, server  float64 // seconds of CPU: the process's, the database's
	late, failed int
	trouble      error // of the last that failed
}

// newReceiver has as many connections as there may be callbacks under way.
func newReceiver(b *testing.B, process *place.Process, address string) *receiver {
	transport := &http.Transport{MaxIdleConnsPerHost: webhookRate}
	b.Cleanup(transport.CloseIdleConnections)
	return &receiver{process: process, address: address, client: &http.Client{Transport: transport, Timeout: webhookTime}}
}

// deliver sends each letter when it is due. What is not taken is counted.
func (r *receiver) deliver(b *testing.B, letters []letter) {
	b.Helper()
	times, errs := make(sample, len(letters)), make([]error, len(letters))
	plan := arrivals.Plan{Times: arrivals.Constant(webhookRate), Count: len(letters)}
	own, server := r.process.CPUSeconds(), private.cluster.CPUSeconds()
	begun := arrivals.Run(b.Context(), arrivals.Wall{}, plan, func(n int, due time.Time) {
		errs[n] = r.send(b, letters[n])
		times[n] = time.Since(due)
	})
	r.own, r.server = r.own+r.process.CPUSeconds()-own, r.server+private.cluster.CPUSeconds()-server
	if begun.Pieces != len(letters) {
		b.Fatalf("%s: only %d of %d callbacks begun", r.process.Name, begun.Pieces, len(letters))
	}
	for _, err := range errs {
		if err != nil {
			r.failed, r.trouble = r.failed+1, err
		}
	}
	r.times, r.late = append(r.times, times...), r.late+begun.Late
}

func (r *receiver) send(b *testing.B, l letter) error {
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, r.address+l.path, bytes.NewReader(l.body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(llamaparse.SignatureHeader, l.signature)
	return accepted(r.client, request)
}
