package boot_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// asked is how many requests reached the parser.
func (w *world) asked() (n int) {
	for _, count := range w.llama.Ledger().Requests {
		n += count
	}
	return n
}

// held reports whether /health says that calls to the service are held back.
func (w *world) held(service string) bool {
	var health struct {
		Details []struct {
			Name string `json:"name"`
			Held bool   `json:"held"`
		} `json:"details"`
	}
	w.call("GET", w.api+"/health", "", nil, &health)
	for _, d := range health.Details {
		if d.Name == service {
			return d.Held
		}
	}
	return false
}

// A parser that is away for long costs no document a try, is asked once a rest
// and not by each document, and works all of them off when it is back.
func TestL028_AnOutageBurnsNoTriesAndFewCallsReachTheParser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.BreakerFailures, w.config.BreakerRest = 3, 2*time.Second
	w.start(boot.Dev)
	ada := w.person("ada")
	w.llama.Faults.ServerErrors(llamaparsetest.Always)
	var ids []string
	for i := range 12 {
		ids = append(ids, ada.taken(fmt.Sprintf("card-%d.pdf", i), corpus.Filler(1, uint64(i)).Bytes))
	}
	w.until("the calls to be held back", func() bool { return w.held("llamaparse") })
	opened := w.asked()
	put := func() int {
		return w.count(`select coalesce(sum((metadata ->> 'snoozes')::int), 0) from river.river_job where kind = 'parse'`)
	}
	w.until("each document to have been put off thrice", func() bool { return put() >= 3*len(ids) })
	away := w.asked()
	if n := w.count(`select coalesce(max(attempt), 0) from river.river_job where kind = 'parse'`); n > 3 {
		t.Errorf("a document has used %d tries", n)
	}
	if away-opened > put()/2 {
		t.Errorf("%d runs were put off and %d calls reached the parser", put(), away-opened)
	}
	if n := w.count(`select count(*) from upload_pipeline.upload_jobs where status <> 'uploaded'`); n != 0 {
		t.Errorf("%d documents moved while the parser was away", n)
	}
	w.llama.Faults.Reset()
	for _, id := range ids {
		ada.completes(id)
	}
	w.until("the calls to be let through", func() bool { return !w.held("llamaparse") })
	for attempt, n := range w.llama.Ledger().Jobs {
		if n != 1 {
			t.Errorf("attempt %s has %d jobs", attempt, n)
		}
	}
}

// A parser away for longer than is set leaves what has a text layer to the
// standby, which says so everywhere; a scan waits for the parser.
func TestL026_AFallbackSaysSoAndTakesNoScan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.BreakerFailures, w.config.BreakerRest, w.config.FallbackAfter = 2, time.Second, time.Second
	w.start(boot.Dev)
	ada := w.person("ada")
	w.llama.Faults.Only(llamaparsetest.OpParse)
	w.llama.Faults.LoseAnswer(1) // a job that nobody hears of
	w.llama.Faults.Hold()
	text := ada.taken("policy.pdf", corpus.MemberCard().Bytes)
	w.until("the job to be begun", func() bool { return len(w.llama.Ledger().Jobs) == 1 })
	w.llama.Faults.Only()
	w.llama.Faults.ServerErrors(llamaparsetest.Always)
	scan := ada.taken("scan.pdf", corpus.Scan().Bytes)
	last := ada.completes(text)
	if !last.Standby || last.Parser != "pdftext/pdfium" || last.Attempt != 1 {
		t.Errorf("the document ended as %+v", last)
	}
	if code := w.text(`select code from upload_pipeline.events where document_id = $1 and status = 'parsed'`, text); code != string(core.CodeReadByStandby) {
		t.Errorf("the event's code is %q", code)
	}
	if _, s := ada.status(scan); s.Status != core.Uploaded || s.Standby || s.LastError != nil {
		t.Errorf("the scan stands as %+v", s)
	}
	w.llama.Faults.ServerErrors(0)
	w.until("the job that nobody heard of to be stopped", func() bool { return w.llama.Ledger().Cancels == 1 })
	w.llama.Faults.Release()
	if last := ada.end(scan); last.LastError == nil || last.LastError.Code != string(core.CodeParseEmpty) { // the parser's own word
		t.Errorf("the scan ended as %+v", last)
	}
	w.forgotten()
	if _, s := ada.status(text); s.Status != core.Complete || !s.Standby {
		t.Errorf("after the parser was back the document stands as %+v", s)
	}
}
