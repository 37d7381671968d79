package boot_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/clamd/clamdtest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// With a scanner nothing reaches the parser that it did not look at: while it is
// away documents wait, whole and unfailed; what is found fails for that reason,
// its file is removed and given to nobody, and it cannot be retried.
func TestS17_NothingUnscannedReachesTheParser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	clam := clamdtest.New(t)
	clam.Leave()
	w.config.Clamd, w.config.BreakerFailures, w.config.BreakerRest = clam.Address, 2, time.Second
	w.start(boot.Dev)
	ada := w.person("ada")
	card := corpus.MemberCard().Bytes
	clean, bad := ada.taken("card.pdf", card), ada.taken("bad.pdf", append(card[:len(card):len(card)], "\n% "+clamdtest.Marker...))
	w.until("both documents to wait for the scanner", func() bool {
		return w.count(`select count(*) from river.river_job where kind = 'parse' and metadata ->> 'navigator:code' = 'scanner_unavailable'`) == 2
	})
	if jobs := w.llama.Ledger().Jobs; len(jobs) != 0 {
		t.Errorf("the parser was given %d files that nobody looked at", len(jobs))
	}
	w.until("the scans to be held back", func() bool { return w.held("scanner") })
	for _, id := range []string{clean, bad} {
		if code := ada.waitsFor(id); code != string(core.CodeScanUnavailable) {
			t.Errorf("a document that waits for the scanner waits for %q", code)
		}
	}
	clam.Return()
	ada.completes(clean)
	w.infected(ada, bad)
	if jobs := w.llama.Ledger().Jobs; len(jobs) != 1 || clam.Scans() != 2 {
		t.Errorf("the parser was given %d files after %d looks", len(jobs), clam.Scans())
	}
	if code := ada.waitsFor(clean); code != "" {
		t.Errorf("a document that is complete waits for %q", code)
	}
	w.halt() // which writes what is counted
	if n := w.count(`select count(*) from (select action, what, documents from upload_pipeline.audit_log union all select action, what, documents from upload_pipeline.audit_inbox) a
		where action = $1 and what = $2 and documents = array[$3::uuid]`, core.SecurityMalware, clamdtest.Signature, bad); n != 1 {
		t.Errorf("the audit log tells of the malware %d times", n)
	}
}

// infected waits for the document's end, and looks at what is left of it.
func (w *world) infected(ada person, id string) {
	w.t.Helper()
	var stands struct {
		Status    core.Status `json:"status"`
		NextStep  string      `json:"next_step"`
		Marks     []core.Mark `json:"marks"`
		LastError struct {
			Code core.Code `json:"code"`
		} `json:"last_error"`
	}
	w.until("the malware to be found", func() bool {
		w.call(http.MethodGet, w.api+"/documents/"+id, ada.token, nil, &stands)
		return stands.Status == core.FailedParse
	})
	if stands.LastError.Code != core.CodeFileInfected || stands.NextStep != "none" || len(stands.Marks) != 1 || stands.Marks[0] != core.MarkTrailingData {
		w.t.Errorf("it stands as %+v", stands)
	}
	w.until("its file to be removed", func() bool { return w.objects() == 1 })
	for call, want := range map[string]int{"GET /file": 410, "GET /file/link": 410, "POST /retry": 422} {
		method, path, _ := strings.Cut(call, " ")
		if status := w.call(method, w.api+"/documents/"+id+path, ada.token, nil, nil); status != want {
			w.t.Errorf("%s: %d, want %d", call, status, want)
		}
	}
	if !strings.Contains(w.logs.String(), `"kind":"upload_malware","document_id":"`+id) {
		w.t.Error("the log does not tell of the malware")
	}
}
