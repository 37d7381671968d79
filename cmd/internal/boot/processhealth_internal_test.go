package boot

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// idleWorker is a worker's knowledge of itself, with nothing to do.
func idleWorker() *House {
	h := &House{config: Defaults(), service: Worker, pulse: newPulse(), meters: newMeters()}
	h.seen = newOutcomes(h.meters.Metrics, slog.New(slog.DiscardHandler))
	for _, queue := range riverqueue.Queues() {
		h.pulse.watch(lineOf(queue), h.lineBound())
	}
	h.seen.asked(nil)
	return h
}

// says is what the operators' port answers.
func (h *House) says(t *testing.T, draining bool) (int, processHealth) {
	t.Helper()
	w := httptest.NewRecorder()
	h.serveHealth(func() bool { return draining }).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/health", nil))
	var report processHealth
	if err := json.Unmarshal(w.Body.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	return w.Code, report
}

// A worker that looks for jobs and finds none is healthy; one whose looks at one
// queue ended is not, though its process lives and every other queue goes on.
func TestLivenessIsProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := idleWorker()
		dead := riverqueue.QueueEmbed
		for range 10 {
			time.Sleep(h.lineBound() / 4) // synctest: its clock jumps there at once, and nobody waits
			for _, queue := range riverqueue.Queues() {
				h.pulse.beat(lineOf(queue))
			}
		}
		if status, report := h.says(t, false); status != http.StatusOK || report.Status != statusHealthy || report.Worker.LastProgress != nil || h.pulse.check() != nil {
			t.Errorf("idle: %d %+v, %v", status, report, h.pulse.check())
		}
		for range 5 {
			time.Sleep(h.lineBound() / 4) // synctest: its clock jumps there at once, and nobody waits
			for _, queue := range riverqueue.Queues() {
				if queue != dead {
					h.pulse.beat(lineOf(queue))
				}
			}
		}
		status, report := h.says(t, false)
		var frozen []string
		for _, loop := range report.Loops {
			if loop.Frozen {
				frozen = append(frozen, loop.Name)
			}
		}
		if status != http.StatusServiceUnavailable || report.Status != statusUnhealthy || !slices.Equal(frozen, []string{"line embed"}) {
			t.Errorf("with a dead producer: %d %s, frozen are %v", status, report.Status, frozen)
		}
		if err := h.pulse.check(); err == nil || !strings.Contains(err.Error(), "line embed") {
			t.Errorf("/livez says %v", err)
		}
		if status, report := h.says(t, true); status != http.StatusOK || report.Status != statusDraining {
			t.Errorf("draining: %d %s", status, report.Status)
		}
	})
}

// What is away outside degrades the process and is no reason to start it anew;
// each result has its age.
func TestTheProcessTellsItsLastRealCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := idleWorker()
		h.seen.note(nameParser, core.Fail(core.CodeParserUnavailable, nil))
		h.seen.note(nameEmbedder, nil)
		h.progress.Store(time.Now().UnixNano())
		h.looked.Store(&look{time.Now(), ports.Census{Paused: map[string]bool{"embed": true}, Jobs: []ports.JobStanding{
			{Queue: "embed", Kind: "embed", State: "available", Count: 3, Oldest: time.Minute}, {Queue: "embed", Kind: "reembed", State: "available", Count: 1},
			{Queue: "line", Kind: "chunk", State: "running", Count: 2}}}})
		time.Sleep(30 * time.Second) // synctest: its clock jumps there at once, and nobody waits
		status, report := h.says(t, false)
		if status != http.StatusOK || report.Status != statusDegraded {
			t.Errorf("%d %s, want 200 %s", status, report.Status, statusDegraded)
		}
		want := []callHealth{{Name: nameParser, Code: "parser_unavailable", AgeSeconds: 30}, {Name: nameEmbedder, OK: true, AgeSeconds: 30}}
		if !slices.Equal(report.Services, want) {
			t.Errorf("the services are %+v, want %+v", report.Services, want)
		}
		if report.Database == nil || !report.Database.OK || report.Database.AgeSeconds != 30 {
			t.Errorf("the database is %+v", report.Database)
		}
		if w := report.Worker; w.LastProgress == nil || *w.AgeSeconds != 30 || len(w.Queues) != len(riverqueue.Queues()) {
			t.Fatalf("the worker is %+v", w)
		}
		embed := report.Worker.Queues[slices.IndexFunc(report.Worker.Queues, func(q queueHealth) bool { return q.Name == "embed" })]
		if !embed.Paused || embed.Jobs["available"] != 4 || embed.OldestSeconds != 60 || embed.Slots != 8 {
			t.Errorf("the queue is %+v", embed)
		}
		h.seen.note(nameParser, nil)
		h.seen.asked(core.Fail(core.CodeDatabaseUnavailable, nil))
		if status, report = h.says(t, false); status != http.StatusOK || report.Status != statusDegraded || report.Database.Code != "database_unavailable" {
			t.Errorf("without the database: %d %s %+v", status, report.Status, report.Database)
		}
	})
}
