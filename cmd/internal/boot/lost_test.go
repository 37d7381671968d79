package boot_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// later makes every job at the parser an old one, whose result is due to be
// asked for.
func (w *world) later() {
	w.t.Helper()
	w.exec(`update upload_pipeline.upload_jobs set parse_deadline = parse_deadline - interval '10 minutes', next_poll_at = now()
		where status = 'parse_queued' and parse_deadline is not null`)
}

// queued uploads a document, and gives its id and its attempt's once the parser
// has it.
func (p person) queued() (id, attempt string) {
	p.w.t.Helper()
	id = p.taken("card.pdf", corpus.MemberCard().Bytes)
	p.w.until("the parser to have it", func() bool { _, s := p.status(id); return s.Status == core.ParseQueued })
	return id, p.w.text(`select job_id::text from upload_pipeline.upload_jobs where document_id = $1`, id)
}

// forgotten waits until the parser holds no file.
func (w *world) forgotten() {
	w.t.Helper()
	w.until("the parser to hold nothing", func() bool { return w.llama.Ledger().Held == 0 })
}

// A job that expired at the parser is replaced within its attempt, once, though
// the answer to that is lost; the document completes as if nothing had been.
func TestAJobThatExpiredAtTheParserIsReplaced(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*llamaparsetest.Faults){
		"expired":                     func(*llamaparsetest.Faults) {},
		"and the next answer is lost": func(f *llamaparsetest.Faults) { f.Only(llamaparsetest.OpParse); f.LoseAnswer(1) },
		"and no callback comes":       func(f *llamaparsetest.Faults) { f.DropWebhook(llamaparsetest.Always) },
		"and the callback is first":   func(f *llamaparsetest.Faults) { f.WebhookBeforeAnswer(1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.llama.Faults.Hold()
			w.start(boot.Dev)
			ada := w.person("ada")
			id, attempt := ada.queued()
			w.llama.Expire()
			fault(w.llama.Faults)
			w.llama.Faults.Release()
			w.later()
			w.until("the second job", func() bool { return w.llama.Ledger().Jobs[attempt] == 2 })
			if name == "and no callback comes" {
				w.until("the second job's deadline", func() bool {
					return w.count(`select count(*) from upload_pipeline.upload_jobs where parse_deadline is not null`) == 1
				})
				w.later()
			}
			if last := ada.completes(id); last.Attempt != 1 || last.LastError != nil {
				t.Errorf("ended as %+v", last)
			}
			if n := w.llama.Ledger().Jobs[attempt]; n != 2 {
				t.Errorf("%d jobs, want 2", n)
			}
			events := w.text(`select string_agg(status, ' ' order by event_id) from upload_pipeline.events where document_id = $1`, id)
			if way := strings.Trim(fmt.Sprint(core.Way()), "[]"); events != way {
				t.Errorf("the events are %s", events)
			}
			w.forgotten()
		})
	}
}

// A document that no job can read fails after three, with the last one's reason,
// and nothing of it stays at the parser.
func TestAfterThreeLostJobsTheReasonStands(t *testing.T) {
	t.Parallel()
	for code, fault := range map[core.Code]func(*llamaparsetest.Faults){
		core.CodeParseGone:    func(f *llamaparsetest.Faults) { f.GoneJob(llamaparsetest.Always) },
		core.CodeParseFailed:  func(f *llamaparsetest.Faults) { f.FailWith("SOMETHING_NEW") },
		core.CodeParseTimeout: func(f *llamaparsetest.Faults) { f.FailWith("TIMEOUT") },
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			fault(w.llama.Faults)
			w.start(boot.Dev)
			ada := w.person("ada")
			id, attempt := ada.queued()
			var last standing
			w.until("the attempt to end", func() bool {
				w.later()
				_, last = ada.status(id)
				return last.Status.Terminal()
			})
			if last.Status != core.FailedParse || last.Attempt != 1 || last.LastError == nil || last.LastError.Code != string(code) {
				t.Errorf("ended as %+v, %+v", last, last.LastError)
			}
			if n := w.llama.Ledger().Jobs[attempt]; n != 3 {
				t.Errorf("%d jobs, want 3", n)
			}
			w.forgotten()
		})
	}
}

// What the owner cancels is stopped at the parser, and its file deleted there.
func TestACancelledDocumentLeavesNothingAtTheParser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.llama.Faults.Hold()
	w.start(boot.Dev)
	ada := w.person("ada")
	id, _ := ada.queued()
	if status := w.call(http.MethodPost, w.api+"/documents/"+id+"/cancel", ada.token, nil, nil); status != http.StatusAccepted {
		t.Fatalf("cancel answered %d", status)
	}
	w.forgotten()
	if l := w.llama.Ledger(); l.Cancels != 1 {
		t.Errorf("ledger %+v", l)
	}
}
