package boot_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
	"github.com/insurance-navigator/navigator/ports"
)

// told is what a report has to say of one state.
type told struct {
	where   core.Whereabouts
	code    core.Code
	healthy bool
	next    string // a part of it
	may     string // a part of the hints; "" for any
}

func (w *world) holds(name string, r boot.Report, want told) {
	w.t.Helper()
	if r.Where != want.where || r.Code != want.code || r.Healthy != want.healthy || !strings.Contains(r.Next, want.next) ||
		!strings.Contains(strings.Join(r.MayDo, "\n"), want.may) {
		w.t.Errorf("%s: where %s, code %q, healthy %t, next %q, may %q; want %+v", name, r.Where, r.Code, r.Healthy, r.Next, r.MayDo, want)
	}
	text, err := json.Marshal(r)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, word := range []string{"canary", "example.com", "original.pdf", w.config.SupabaseURL} {
		if strings.Contains(string(text), word) {
			w.t.Errorf("%s: the report holds %q", name, word)
		}
	}
}

// Without a worker: what waits, what lost its job, what lost its process.
func TestOnCallIsToldWhereADocumentWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.API)
	ada, hand := w.person("canary"), w.onCall()
	id := ada.taken("canary.pdf", corpus.MemberCard().Bytes)
	report := w.explains(hand, id)
	w.holds("queued", report, told{core.InQueue, "", true, "Stage parse waits for a free worker of queue parse", "queue list"})
	if !report.Object.Present || report.Object.Size != int64(len(corpus.MemberCard().Bytes)) || report.Object.Size != report.Object.Expected ||
		report.Provider.State != ports.JobUnknown || len(report.Moves) != 1 || report.PagesOfFile == 0 || report.Receipt != nil {
		t.Errorf("of the queued document: %+v", report)
	}
	w.exec(`update river.river_job set state = 'running', attempt = 1, attempted_at = now() - interval '1 minute', attempted_by = array[$1]`, core.NewID().String())
	w.holds("its process is dead", w.explains(hand, id), told{core.Adrift, "", true, "The process that ran stage parse is dead", "worker"})
	w.exec(`update river.river_job set attempted_by = array[(select instance_id::text from upload_pipeline.instances)]`)
	w.holds("running", w.explains(hand, id), told{core.AtWork, "", true, "Stage parse runs for the 1st time", ""})
	w.exec(`delete from river.river_job`)
	w.holds("orphaned", w.explains(hand, id), told{core.Orphaned, "", false, "No job carries it on", "upkeep"})
	w.supa.Lose(w.config.Bucket(), w.text(`select storage_key from upload_pipeline.documents where document_id = $1`, id))
	w.holds("its file is gone", w.explains(hand, id), told{core.Orphaned, "", false, "No job", "the stored file is not there"})
	if status := w.call(http.MethodDelete, w.api+"/documents/"+id, ada.token, nil, nil); status != http.StatusAccepted {
		t.Fatalf("the delete answered %d", status)
	}
	w.holds("deleting", w.explains(hand, id), told{core.BeingDeleted, "", true, "the purge removes", ""})

	up := ada.announced("canary.pdf", 100)
	w.holds("awaiting its file", w.explains(hand, up.DocumentID), told{core.AwaitsFile, "", true, "its file is awaited until", ""})
	if _, err := hand.Explain(t.Context(), core.NewID()); !core.HasCode(err, core.CodeNotFound) {
		t.Errorf("an unknown id: %v", err)
	}
}

// With a worker: what the outside says, and how it ends.
func TestOnCallIsToldWhatTheOutsideSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		strike func(w *world)
		want   told
		run    bool // it ends; else it is asked about when it stands so
	}{
		"busy": {func(w *world) { w.llama.Faults.Busy429(-1, "600") }, told{core.Snoozing, core.CodeParserBusy, true, "Stage parse is tried again at", ""}, false},
		"no key": {func(w *world) { w.llama.Faults.Status401(llamaparsetest.Always) },
			told{core.HeldBack, core.CodeParserKey, false, "The service has paused queue parse, which carries stage parse, for parser_key", "mend what parser_key says"}, false},
		"parsing": {func(w *world) { w.llama.Faults.Hold() }, told{core.AtProvider, "", true, "The parser has it and calls back", ""}, false},
		"embeds":  {func(w *world) { w.openai.Inject(openaitest.Fault{Kind: openaitest.Hang}) }, told{core.AtWork, "", true, "Stage embed runs", ""}, false},
		"failed": {func(w *world) { w.llama.Faults.FailWith("PDF_IS_PROTECTED") },
			told{core.Failed, core.CodeFileEncrypted, false, "ended with file_encrypted", "navigator failed retry --code file_encrypted --dry-run"}, true},
		"complete": {func(*world) {}, told{core.AtEnd, "", true, "ended as complete", ""}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.strike(w)
			w.start(boot.Dev)
			ada, hand := w.person("canary"), w.onCall()
			id := ada.taken("canary.pdf", corpus.MemberCard().Bytes)
			var last boot.Report
			w.until("the report to say "+string(c.want.where), func() bool {
				last = w.explains(hand, id)
				return last.Where == c.want.where && strings.Contains(last.Next, c.want.next) && (c.want.code == "" || last.Code == c.want.code) && (!c.run || last.Status.Terminal())
			})
			w.holds(name, last, c.want)
			if c.want.where == core.AtProvider && (last.Provider.State == ports.JobUnknown || last.Provider.Files != 1 || last.NextPoll == nil || last.Deadline == nil) {
				t.Errorf("of the parser: %+v", last)
			}
			if last.Status == core.Complete {
				if n := last.Chunks; n.Stored == 0 || n.Stored != n.Embedded || n.Stored != n.Expected || last.Pages.Parsed == 0 || !last.Receipt.Balanced() ||
					len(last.Inbox) != 1 || len(last.Moves) != len(core.Way()) || last.Job == nil || last.Job.Stage != string(core.Finish) {
					t.Errorf("of the complete document: %+v", last)
				}
			}
		})
	}
}
