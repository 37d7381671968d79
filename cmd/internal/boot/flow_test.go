package boot_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// Twenty uploads by five users at once: each reaches each status once, and
// every user finds only their own.
func TestTwentyUploadsByFiveUsersAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	var all sync.WaitGroup
	for u := range 5 {
		user := w.person(fmt.Sprintf("user-%d", u))
		ids := make([]string, 4)
		all.Go(func() {
			for n := range ids {
				ids[n] = user.taken("filler.pdf", corpus.Filler(2, uint64(u*100+n)).Bytes)
			}
			for _, id := range ids {
				user.completes(id)
			}
			mine := map[string]bool{ids[0]: true, ids[1]: true, ids[2]: true, ids[3]: true}
			for _, p := range user.search("deductible and copayment", 50) {
				if !mine[p.DocumentID] {
					t.Errorf("user %d found a passage of document %s, which is another's", u, p.DocumentID)
				}
			}
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	w.oneOfEach(20)
	if got := w.llama.Ledger(); len(got.Uploads) != 20 {
		t.Errorf("%d uploads at the parser for 20 documents", len(got.Uploads))
	}
}

// oneOfEach proves that each of n documents reached each status once.
func (w *world) oneOfEach(n int) {
	w.t.Helper()
	got := map[core.Status]int{}
	rows, err := w.db.SuperConn().Query(w.t.Context(), `select status, count(*) from upload_pipeline.events group by 1`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s core.Status
		var count int
		if err := rows.Scan(&s, &count); err != nil {
			w.t.Fatal(err)
		}
		got[s] = count
	}
	want := map[core.Status]int{}
	for _, s := range core.Way() {
		want[s] = n
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("events by status:\n%s", diff)
	}
}

// The webhook early, late, doubled, never: the document completes, once.
func TestWebhookWeather(t *testing.T) {
	t.Parallel()
	weather := map[string]func(*llamaparsetest.Faults){
		"early: before the parser has answered us": func(f *llamaparsetest.Faults) { f.WebhookBeforeAnswer(llamaparsetest.Always) },
		"doubled":                         func(f *llamaparsetest.Faults) { f.DuplicateWebhook(3) },
		"C15 never":                       func(f *llamaparsetest.Faults) { f.DropWebhook(llamaparsetest.Always) },
		"ahead of the result":             func(f *llamaparsetest.Faults) { f.PendingAfterEvent(1) },
		"as a string":                     func(f *llamaparsetest.Faults) { f.StringBody(llamaparsetest.Always) },
		"unsigned, with the header token": func(f *llamaparsetest.Faults) { f.NoSignature(llamaparsetest.Always) },
	}
	for name, set := range weather {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config.ParsePolls = append(w.config.ParsePolls[:0:0], w.config.ReconcileEvery)
			set(w.llama.Faults)
			w.start(boot.Dev)
			ada := w.person("ada")
			id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
			ada.completes(id)
			if diff := cmp.Diff(core.Way(), w.events(id)); diff != "" {
				t.Errorf("the events:\n%s", diff)
			}
			if n := w.count(`select count(*) from upload_pipeline.document_chunks where document_id = $1`, id); n == 0 {
				t.Error("complete without a chunk")
			}
		})
	}
}

// Late: the callback comes after the reconciler found the result.
func TestS07_ALateWebhookChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.ParsePolls = append(w.config.ParsePolls[:0:0], w.config.ReconcileEvery)
	held := w.relay.target.Load() // none: callbacks meet a bad gateway until the worker has polled
	w.start(boot.Dev)
	hook := w.relay.target.Swap(held)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	ada.completes(id)
	w.relay.target.Store(hook)
	before := w.events(id)
	attempt, secret := w.secretOf(id)
	for range 2 {
		if status := w.callback(attempt, secret, "", `{"event_id":"late","event_type":"parse.success","data":{"job_id":"x"}}`); status != http.StatusOK {
			t.Errorf("a late callback answered %d", status)
		}
	}
	w.idle()
	if diff := cmp.Diff(before, w.events(id)); diff != "" {
		t.Errorf("a late callback moved the document:\n%s", diff)
	}
	if n := w.count(`select deliveries from upload_pipeline.webhook_log where event_id = 'late'`); n != 2 {
		t.Errorf("the late callback was logged with %d deliveries", n)
	}
}
