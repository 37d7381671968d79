package boot_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

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
		`docpipe_document_overhead_seconds_count{outcome="complete"} 1`, `webhook_callback_latency_seconds_count 1`,
		`webhook_callbacks_reconciled_total 0`, `dependency_up{dependency="parser"} 1`, `dependency_up{dependency="embedder"} 1`,
		`dependency_up{dependency="storage"} 1`, `dependency_up{dependency="database"} 1`, `river_worker_slots{queue="line"} 16`, `river_leader 1`,
		`auth_attempts_total{method="token",outcome="refused"} 0`, `external_api_retries_total{operation="submit",peer="parser"} 0`,
		`external_api_throttle_wait_seconds_count{peer="parser"} 2`, `db_client_operation_duration_seconds_count{operation="select",outcome="error"} 0`,
		`pgxpool_destroyed_conns_total{pool="app",reason="idle"} 0`,
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
	for _, begun := range []string{
		`docpipe_estimated_cost_usd_total{provider="parser"} `, `docpipe_estimated_cost_usd_total{provider="embedder"} `,
		`docpipe_upkeep_last_success_timestamp_seconds{round="reconcile"} `, `docpipe_last_progress_timestamp_seconds `,
		`dependency_last_success_timestamp_seconds{dependency="database"} `,
		`river_fetched_jobs_total{queue="line"} `, `river_fetch_duration_seconds_count{queue="reembed"} `,
		`db_client_operation_duration_seconds_count{operation="queue",outcome="ok"} `, `auth_attempts_total{method="token",outcome="accepted"} `,
	} {
		if found := familyOf(said, begun); !strings.Contains(found, "\n"+begun) && !strings.HasPrefix(found, begun) || strings.Contains(found, begun+"0\n") {
			t.Errorf("not counted: %s; of that family:\n%s", begun, found)
		}
	}
	if !strings.Contains(said, "\n"+`docpipe_heartbeat_age_seconds{service="dev"} `) { // which may be 0
		t.Error("no heartbeat's age is told")
	}
	w.llama.Faults.Release()
	ada.completes(waits)
	w.well()
	w.closed()
}

// well holds what a scraper is told to the conventions, after all that load.
func (w *world) well() {
	w.t.Helper()
	problems, err := promlint.New(strings.NewReader(w.families())).Lint()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range problems {
		w.t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// mostSeries is the bound of docs/metrics.md: of one process that is API, worker
// and webhook in one, with everything that it has met.
const mostSeries = 3000

// closed asks what nobody expects, twice in the same ways with other words: the
// second time no series is new.
func (w *world) closed() {
	w.t.Helper()
	w.noise("first")
	before := w.doorSeries()
	for i := range 5 {
		w.noise(fmt.Sprintf("again-%d", i))
	}
	w.until("the last request is counted", func() bool { return len(w.doorSeries()) >= len(before) })
	if diff := cmp.Diff(before, w.doorSeries()); diff != "" {
		w.t.Errorf("words of strangers make series:\n%s", diff)
	}
	all := 0
	for line := range strings.Lines(w.families()) {
		if !strings.HasPrefix(line, "#") {
			all++
		}
	}
	w.t.Logf("%d series", all)
	if all > mostSeries {
		w.t.Errorf("%d series, at most %d are promised", all, mostSeries)
	}
}

// noise is requests that nobody expects, with a word of their own in each part.
func (w *world) noise(word string) {
	for _, base := range []string{w.api, w.hook} {
		for _, path := range []string{"/" + word, "/documents/" + word, "/documents/" + core.NewID().String() + "/status", "/webhook/llamaparse/" + word} {
			for _, method := range []string{http.MethodGet, http.MethodPost, strings.ToUpper(strings.ReplaceAll(word, "-", ""))} {
				w.call(method, base+path+"?q="+word, word, map[string]string{"email": word + "@example.com", "password": word}, nil)
			}
		}
	}
}

// doorSeries is the doors' own series, without their values.
func (w *world) doorSeries() (series []string) {
	for line := range strings.Lines(w.families()) {
		for _, family := range []string{"http_server_", "auth_attempts_", "webhook_received_", "security_events_"} {
			if strings.HasPrefix(line, family) {
				series = append(series, line[:strings.LastIndexByte(line, ' ')])
			}
		}
	}
	slices.Sort(series)
	return series
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
