package boot_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// onCall is the operator's hand on the world.
func (w *world) onCall() *boot.Operator {
	w.t.Helper()
	hand, err := boot.NewOperator(w.t.Context(), w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(hand.Close)
	return hand
}

var grace = core.Audit{Operator: "grace", Reason: "OPS-4711"}

func (w *world) explains(hand *boot.Operator, id string) boot.Report {
	w.t.Helper()
	parsed, err := core.ParseID(id)
	if err != nil {
		w.t.Fatal(err)
	}
	report, err := hand.Explain(w.t.Context(), parsed)
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

// The pause holds in every replica with the next request; what was taken goes
// on, with its callbacks; the reason stays with the operators.
func TestAPausedIntakeRefusesOnAllReplicasAndTheLineGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.llama.Faults.Hold()
	w.start(boot.API)
	first := w.api
	w.start(boot.API)
	w.start(boot.Webhook)
	w.start(boot.Worker)
	replicas := []string{first, w.api}
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	w.until("the parser to have it", func() bool { _, s := ada.status(id); return s.Status == core.ParseQueued })
	hand := w.onCall()
	if changed, err := hand.PauseIntake(t.Context(), true, grace); err != nil || !changed {
		t.Fatalf("%t, %v", changed, err)
	}
	for _, replica := range replicas {
		w.api = replica
		if status, answer := ada.upload("letter.pdf", corpus.DenialLetter().Bytes); status != http.StatusServiceUnavailable || answer.Code != "intake_paused" {
			t.Errorf("an upload answers %d %+v", status, answer)
		}
		var problem accepted
		claim := map[string]any{"filename": "a.pdf", "bytes_len": 10, "mime": "application/pdf"}
		if status := w.call(http.MethodPost, replica+"/api/upload-pipeline/upload", ada.token, claim, &problem); status != http.StatusServiceUnavailable || problem.Code != "intake_paused" {
			t.Errorf("an announcement answers %d %+v", status, problem)
		}
		var health map[string]any
		w.call(http.MethodGet, replica+"/health", "", nil, &health)
		text, _ := json.Marshal(health)
		if health["status"] != "degraded" || !strings.Contains(string(text), "intake_paused") || strings.Contains(string(text), grace.Reason) || strings.Contains(string(text), grace.Operator) {
			t.Errorf("health says %s", text)
		}
	}
	w.llama.Faults.Release()
	ada.completes(id)
	if n := w.count(`select count(*) from upload_pipeline.webhook_log where outcome = 'accepted'`); n != 1 {
		t.Errorf("%d callbacks were accepted", n)
	}
	if found := ada.search("deductible", 3); len(found) == 0 {
		t.Error("the search finds nothing")
	}
	if changed, err := hand.PauseIntake(t.Context(), false, grace); err != nil || !changed {
		t.Fatalf("%t, %v", changed, err)
	}
	ada.completes(ada.taken("letter.pdf", corpus.DenialLetter().Bytes))
	if strings.Contains(w.logs.String(), grace.Reason) {
		t.Error("the reason is in the log")
	}
}

// A paused queue rests in all workers, in those started later too, even where
// River has forgotten it; it says so to on-call, and goes on when it may.
func TestAPausedQueueRestsInEveryWorker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.RescueEvery = 100 * time.Millisecond
	w.start(boot.API)
	w.start(boot.Webhook)
	hand := w.onCall()
	queue, stages, err := hand.QueueOf("embed")
	if err != nil || queue != riverqueue.QueueEmbed || !slices.Equal(stages, []core.Stage{core.Embed}) {
		t.Fatalf("%s, %v, %v", queue, stages, err)
	}
	if _, _, err := hand.QueueOf("nonsense"); err == nil || !strings.Contains(err.Error(), "stages are") {
		t.Errorf("an unknown stage: %v", err)
	}
	if changed, err := hand.PauseQueue(t.Context(), queue, true, grace); err != nil || !changed {
		t.Fatalf("%t, %v", changed, err)
	}
	w.exec(`delete from river.river_queue`) // as after a day without a worker
	w.start(boot.Worker)
	w.start(boot.Worker)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	w.until("the document to wait for the queue", func() bool { _, s := ada.status(id); return s.Status == core.EmbeddingQueued })
	report := w.explains(hand, id)
	if report.Where != core.HeldBack || report.Healthy || !strings.Contains(report.Next, "paused queue embed") || !report.Job.Paused {
		t.Errorf("on-call is told %+v", report)
	}
	loads, err := hand.Queues(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range loads {
		if rests := l.Queue == queue; (l.Paused != nil) != rests || rests && (l.Waiting != 1 || l.Paused.Operator != "grace" || l.Paused.Reason != "OPS-4711") {
			t.Errorf("got %+v", l)
		}
	}
	if n := w.openai.Ledger().Requests - w.openai.Ledger().ModelRequests; n != 0 {
		t.Errorf("the embedder was asked %d times", n)
	}
	if _, err := hand.PauseQueue(t.Context(), queue, false, grace); err != nil {
		t.Fatal(err)
	}
	ada.completes(id)
	if n := w.count(`select count(*) from upload_pipeline.operations_log where what = 'queue:embed' and operator = 'grace'`); n != 2 {
		t.Errorf("%d entries in the log", n)
	}
}

// Bulk retry takes what failed with one code, and nothing twice.
func TestWhatFailedForOneReasonIsRetriedTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.Embed.Attempts = 1
	w.start(boot.Dev)
	ada := w.person("ada")
	w.openai.Inject(openaitest.Fault{Kind: openaitest.ServerError, Times: -1})
	failed := []string{ada.taken("card.pdf", corpus.MemberCard().Bytes), ada.taken("letter.pdf", corpus.DenialLetter().Bytes)}
	for _, id := range failed {
		ada.end(id)
	}
	w.llama.Faults.FailWith("PDF_IS_PROTECTED")
	other := ada.taken("summary.pdf", corpus.Summary().Bytes)
	ada.end(other)
	w.llama.Faults.Reset()
	w.openai.Heal()
	hand := w.onCall()
	list, counts, err := hand.Failed(t.Context(), postgres.Failures{Limit: 10})
	if err != nil || len(list) != 3 || len(counts) != 2 || counts[0].Code != core.CodeEmbedderUnavailable || counts[0].Count != 2 || counts[0].Stage != core.Embed {
		t.Fatalf("%+v\n%+v\n%v", list, counts, err)
	}
	query := postgres.Failures{Code: core.CodeEmbedderUnavailable, Limit: 10}
	if list, _, err = hand.Failed(t.Context(), query); err != nil || len(list) != 2 {
		t.Fatalf("%+v %v", list, err)
	}
	var told int
	for _, want := range []boot.Retried{{Opened: 2}, {Moved: 2}} {
		done, err := hand.Retry(t.Context(), list, grace, 50, func(postgres.Failure) { told++ })
		if diff := cmp.Diff(want, done); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	}
	for _, id := range failed {
		if last := ada.completes(id); last.Attempt != 2 {
			t.Errorf("%s ended in attempt %d", id, last.Attempt)
		}
	}
	if _, s := ada.status(other); s.Status != core.FailedParse || s.Attempt != 1 {
		t.Errorf("what failed otherwise is %+v", s)
	}
	if n := w.count(`select count(*) from upload_pipeline.operations_log where action = 'retry' and what = 'embedder_unavailable' and attempt = 2`); n != 2 || told != 2 {
		t.Errorf("%d entries in the log, %d told", n, told)
	}
}
