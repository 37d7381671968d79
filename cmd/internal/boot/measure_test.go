package boot_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// What the families count is what the database holds, and none of it names a
// person, a file or a document.
func TestTheFamiliesCountWhatTheDatabaseHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.AdminPort = 0
	w.start(boot.Dev)
	ada, paper := w.person("ada"), corpus.MemberCard()
	id := ada.taken("a private name.pdf", paper.Bytes)
	ada.completes(id)
	if status, _ := ada.upload("again.pdf", paper.Bytes); status != http.StatusConflict {
		t.Errorf("the same content again answered %d", status)
	}
	w.llama.Faults.Hold()
	waits := ada.taken("waits.pdf", corpus.Summary().Bytes)
	w.until("the second document waits for the parser", func() bool {
		_, at := ada.status(waits)
		return at.Status == core.ParseQueued
	})
	w.until("the census saw it", func() bool { return strings.Contains(w.families(), `docpipe_documents{status="parse_queued"} 1`+"\n") })
	said := w.families()
	for _, series := range []string{
		`docpipe_documents_accepted_total{outcome="created"} 2`, `docpipe_documents_accepted_total{outcome="duplicate"} 1`,
		`docpipe_documents_finished_total{outcome="complete",reason=""} 1`, `docpipe_documents{status="complete"} 1`,
		`docpipe_document_completion_seconds_count{outcome="complete"} 1`, `docpipe_stage_duration_seconds_count{outcome="kept",stage="embed"} 1`,
		`webhook_received_total{outcome="accepted"} 1`, `webhook_callbacks_pending 1`, `docpipe_collector_success{collector="database"} 1`,
		`http_client_request_duration_seconds_count{code="ok",operation="submit",peer="parser"} 2`, `river_queue_paused{queue="embed"} 0`,
	} {
		if !strings.Contains(said, series+"\n") {
			t.Errorf("not told: %s; of that family:\n%s", series, familyOf(said, series))
		}
	}
	for _, word := range []string{id, waits, "private", "ada@example.com", ada.token} {
		if strings.Contains(said, word) {
			t.Errorf("the families name %q", word)
		}
	}
	w.llama.Faults.Release()
	ada.completes(waits)
}

// families is what a scraper is told.
func (w *world) families() string {
	w.t.Helper()
	answer, err := http.Get(w.admin + "/metrics")
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		w.t.Fatalf("/metrics answered %d, %v", answer.StatusCode, err)
	}
	return string(text)
}

// familyOf is the lines of the series' family.
func familyOf(said, series string) string {
	name, _, _ := strings.Cut(series, "{")
	var lines []string
	for line := range strings.Lines(said) {
		if strings.HasPrefix(line, name) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
