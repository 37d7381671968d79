package boot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// rests lists what rests and who let it, as "what by whom: reason".
func (w *world) rests(hand *boot.Operator) string {
	w.t.Helper()
	pauses, err := hand.Pauses(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var list []string
	for _, p := range pauses {
		list = append(list, fmt.Sprintf("%s by %s: %s", p.What, p.Operator, p.Reason))
	}
	return strings.Join(list, ", ")
}

// waitsFor is the code of what a document waits for, if anything.
func (p person) waitsFor(id string) string {
	p.w.t.Helper()
	var answer struct {
		WaitingFor *struct {
			Code string `json:"code"`
		} `json:"waiting_for"`
	}
	p.w.call("GET", p.w.api+"/documents/"+id+"/status", p.token, nil, &answer)
	if answer.WaitingFor == nil {
		return ""
	}
	return answer.WaitingFor.Code
}

// A refused key rests the parser's queue in every process: few calls reach it,
// no document fails, each says that it waits; when the key is taken again the
// queue goes on by itself.
func TestL027_ARefusedKeyRestsTheQueueUntilItIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.RefusalEvery, w.config.WorkersParse = 2*time.Second, 2
	w.llama.Faults.Status401(llamaparsetest.Always)
	w.start(boot.API)
	w.start(boot.Webhook)
	ada := w.person("ada")
	var ids []string
	for i := range 12 {
		ids = append(ids, ada.taken(fmt.Sprintf("page-%d.pdf", i), corpus.Filler(1, uint64(i)).Bytes))
	}
	w.start(boot.Worker)
	w.start(boot.Worker)
	hand := w.onCall()
	w.until("the queue to rest", func() bool { return w.rests(hand) == "queue:parse by service: parser_key" })
	tried := func() int {
		return w.count(`select count(*) from river.river_job where kind = 'parse' and metadata ? 'snoozes'`)
	}
	w.until("the workers to have put off what they had", func() bool {
		return w.count(`select count(*) from river.river_job where kind = 'parse' and state = 'running'`) == 0
	})
	if n := tried(); n == 0 || n == len(ids) {
		t.Errorf("%d of %d jobs ran into the refusal", n, len(ids))
	}
	if code := ada.waitsFor(ids[0]); code != string(core.CodeQueuePaused) {
		t.Errorf("a document that waits for the queue waits for %q", code)
	}
	if n := strings.Count(w.logs.String(), "a service refuses us"); n != 1 {
		t.Errorf("the log says so %d times", n)
	}
	w.llama.Faults.Reset()
	w.until("the queue to go on by itself", func() bool { return w.rests(hand) == "" })
	w.exec(`update river.river_job set scheduled_at = now(), state = 'available' where kind = 'parse' and state in ('scheduled', 'available')`)
	for _, id := range ids {
		if last := ada.completes(id); last.Attempt != 1 || last.LastError != nil || ada.waitsFor(id) != "" {
			t.Errorf("the document ended as %+v", last)
		}
	}
	if n := w.count(`select count(*) from river.river_job where kind = 'parse' and attempt > 1`); n != 0 {
		t.Errorf("%d jobs used a second try", n)
	}
	audited := w.text(`select string_agg(distinct action || ' ' || operator || ' ' || reason, ', ' order by action || ' ' || operator || ' ' || reason) from upload_pipeline.operations_log`)
	if audited != "pause service parser_key, resume service parser_key" {
		t.Errorf("the log of operations says %s", audited)
	}
}

// A person's pause takes the place of the service's, and only a person ends it.
func TestAPersonsPauseIsNotEndedByTheService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.RefusalEvery = time.Second
	w.llama.Faults.Status402(llamaparsetest.Always)
	w.start(boot.Dev)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	hand := w.onCall()
	w.until("the queue to rest", func() bool { return w.rests(hand) == "queue:parse by service: parser_credits" })
	if changed, err := hand.PauseQueue(t.Context(), "parse", true, grace); err != nil || !changed {
		t.Fatalf("paused by a person: %t, %v", changed, err)
	}
	w.llama.Faults.Reset()
	w.exec(`update upload_pipeline.pauses set paused_at = now() - interval '1 hour'`)
	w.exec(`insert into upload_pipeline.pauses (what, operator, reason, paused_at) values ('queue:embed', 'service', 'embedder_key', now() - interval '1 hour')`)
	w.until("the service to have ended its own pause", func() bool { return w.rests(hand) == "queue:parse by grace: OPS-4711" })
	if changed, err := hand.PauseQueue(t.Context(), "parse", false, grace); err != nil || !changed {
		t.Fatalf("resumed by a person: %t, %v", changed, err)
	}
	w.exec(`update river.river_job set scheduled_at = now(), state = 'available' where kind = 'parse' and state in ('scheduled', 'available')`)
	ada.completes(id)
}
