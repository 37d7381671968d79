package boot_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// An unreachable parser means waiting, then a failure with its name: never text
// from elsewhere.
func TestL026_L031_P014_AnUnreachableParserIsNeverStoodInFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.Parse.Attempts = 2
	w.llama.Faults.ServerErrors(-1, http.StatusInternalServerError)
	w.start(boot.Dev)
	ada := w.person("ada")
	last := ada.end(ada.taken("card.pdf", corpus.MemberCard().Bytes))
	if last.Status != core.FailedParse || last.LastError == nil || last.LastError.Code != string(core.CodeParserUnavailable) {
		t.Errorf("ended in %s with %+v", last.Status, last.LastError)
	}
	if n := w.count(`select count(*) from upload_pipeline.document_pages`) + w.count(`select count(*) from upload_pipeline.document_chunks`); n != 0 {
		t.Errorf("%d pages and chunks came from nowhere", n)
	}
}

// The status route tells what the worker wrote, at every step up to complete.
func TestC8_RouteAndRowAgreeAtEveryStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.llama.Faults.Hold()
	w.start(boot.Dev)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	seen := map[core.Status]bool{}
	w.until("parse_queued on the route", func() bool { _, s := ada.status(id); seen[s.Status] = true; return s.Status == core.ParseQueued })
	if row := w.text(`select status from upload_pipeline.upload_jobs where document_id = $1`, id); row != string(core.ParseQueued) {
		t.Errorf("the route says parse_queued and the row %s", row)
	}
	w.llama.Faults.Release()
	last := ada.completes(id)
	for _, status := range core.Way()[:len(core.Way())-1] {
		if _, ok := last.Timings[string(status)]; !ok {
			t.Errorf("the route's timings lack %s", status)
		}
	}
	if row := w.text(`select status from upload_pipeline.upload_jobs where document_id = $1`, id); row != string(core.Complete) {
		t.Errorf("the route says complete and the row %s", row)
	}
}

// A provider whose calls fail shows in health, with the call's age: a key that
// is set proves nothing.
func TestC23_AProviderThatFailsDegradesHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openai.Inject(openaitest.Fault{Kind: openaitest.KeyRevoked, Times: -1})
	w.start(boot.Dev)
	ada := w.person("ada")
	ada.taken("card.pdf", corpus.MemberCard().Bytes)
	type report struct {
		Status   string            `json:"status"`
		Services map[string]string `json:"services"`
		Details  []struct {
			Name string    `json:"name"`
			OK   bool      `json:"ok"`
			Code string    `json:"code"`
			At   time.Time `json:"at"`
		} `json:"details"`
	}
	var last report
	w.until("health to tell of the refused key", func() bool {
		last = report{}
		w.call(http.MethodGet, w.api+"/health", "", nil, &last)
		return last.Services["openai"] == "unhealthy"
	})
	if last.Status != "degraded" || last.Services["database"] != "healthy" || last.Services["worker"] != "healthy" {
		t.Errorf("health says %+v", last)
	}
	for _, d := range last.Details {
		if d.Name == "openai" && (d.Code != string(core.CodeEmbedderKey) || d.At.IsZero()) {
			t.Errorf("the embedder's detail is %+v", d)
		}
	}
}

// Each dependency failed alone has its own message.
func TestFM037_EachFailureHasItsOwnMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada := w.person("ada")
	codes := map[string]string{}
	w.supa.Break(supabasetest.Fault{Op: supabasetest.OpUpload, Do: supabasetest.ServerError})
	_, answer := ada.upload("card.pdf", corpus.MemberCard().Bytes)
	codes["storage"] = answer.Code
	w.supa.Mend()
	w.openai.Inject(openaitest.Fault{Kind: openaitest.ServerError, Times: -1})
	var problem accepted
	w.call(http.MethodPost, w.api+"/search", ada.token, map[string]any{"query": "deductible", "require_vectors": true}, &problem)
	codes["embedder"] = problem.Code
	var byWords struct{ Mode string }
	if status := w.call(http.MethodPost, w.api+"/search", ada.token, map[string]any{"query": "deductible"}, &byWords); status != http.StatusOK || byWords.Mode != "text" {
		t.Errorf("a search without the embedder answered %d in mode %q", status, byWords.Mode)
	}
	w.openai.Heal()
	w.llama.Faults.FailWith("PDF_IS_PROTECTED")
	codes["parser"] = ada.end(ada.taken("card.pdf", corpus.MemberCard().Bytes)).LastError.Code
	want := map[string]string{"storage": "storage_unavailable", "embedder": "embedder_unavailable", "parser": "file_encrypted"}
	for name, code := range want {
		if codes[name] != code {
			t.Errorf("%s failed as %q, want %q", name, codes[name], code)
		}
	}
}

// Unique words go in by every door; none comes out in a log, a job, an event,
// the webhook's log or an error.
func TestPlog_C16_NothingPersonalLeaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada := w.person("canary-person")
	name := "canary-filename-7391.pdf"
	paper := corpus.MemberCard()
	id := ada.taken(name, paper.Bytes)
	ada.completes(id)
	ada.search("canary-query-5520 deductible", 3)
	w.llama.Faults.FailWith("PDF_IS_BROKEN")
	ada.end(ada.taken("canary-filename-7392.pdf", corpus.DenialLetter().Bytes))
	attempt, secret := w.secretOf(id)
	w.callback(attempt, "wrong", "", `{"event_id":"canary-forged-1"}`)
	w.callback(attempt, secret, "", `{"event_id":"e1","event_type":"parse.success","md":"canary-body-3318"}`)
	words := []string{"canary-filename", "canary-query", "canary-person", "quiet-heron", "canary-body", "canary-forged", ada.token, secret, "sk-test", "llx-test",
		supabasetest.DefaultSecretKey, w.config.WebhookKey.Reveal()}
	words = append(words, sentences(t, w, id)...)
	w.idle()
	for place, text := range w.traces() {
		for _, word := range words {
			if strings.Contains(text, word) {
				t.Errorf("%s holds %q", place, word)
			}
		}
	}
}

// sentences is the longest chunk lines of a document, as canaries of its text.
func sentences(t *testing.T, w *world, id string) []string {
	t.Helper()
	text := w.text(`select string_agg(text, E'\n') from upload_pipeline.document_chunks where document_id = $1`, id)
	lines := strings.Split(text, "\n")
	slices.SortFunc(lines, func(a, b string) int { return len(b) - len(a) })
	if len(lines) < 3 || len(lines[2]) < 12 {
		t.Fatalf("the document has no lines to look for")
	}
	return lines[:3]
}

// traces is every place that operators and River UI can read.
func (w *world) traces() map[string]string {
	places := map[string]string{"the log": w.logs.String()}
	for _, table := range []string{"river.river_job", "upload_pipeline.events", "upload_pipeline.webhook_log", "upload_pipeline.instances"} {
		places[table] = w.text(`select coalesce(string_agg(t::text, E'\n'), '') from ` + table + ` t`)
	}
	return places
}

// A deleted document leaves nothing, and nothing brings it back.
func TestADeletedDocumentLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada, bob := w.person("ada"), w.person("bob")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	ada.completes(id)
	attempt, secret := w.secretOf(id)
	if status := w.call(http.MethodDelete, w.api+"/documents/"+id, bob.token, nil, nil); status != http.StatusNotFound {
		t.Errorf("another user's delete answered %d", status)
	}
	if status := w.call(http.MethodDelete, w.api+"/documents/"+id, ada.token, nil, nil); status != http.StatusAccepted {
		t.Fatalf("the delete answered %d", status)
	}
	w.until("the document to be gone", func() bool { status, _ := ada.status(id); return status == http.StatusNotFound })
	if status := w.callback(attempt, secret, "", `{"event_id":"after","event_type":"parse.success"}`); status != http.StatusOK {
		t.Errorf("an authentic callback of a deleted document answered %d", status)
	}
	w.idle()
	for _, table := range []string{"documents", "upload_jobs", "document_pages", "document_chunks", "storage_intents"} {
		if n := w.count(`select count(*) from upload_pipeline.` + table); n != 0 {
			t.Errorf("%s holds %d rows", table, n)
		}
	}
	w.receipted(ada, bob, id)
	if n := len(w.supa.Objects(w.config.Bucket())); n != 0 {
		t.Errorf("the storage holds %d objects", n)
	}
	if held := w.llama.Ledger().Held; held != 0 {
		t.Errorf("the parser holds %d files", held)
	}
	if found := ada.search("deductible", 5); len(found) != 0 {
		t.Errorf("the search finds %d passages", len(found))
	}
	ada.completes(ada.taken("card.pdf", corpus.MemberCard().Bytes)) // the same content may come again
}

// receipted reads the receipt of a finished deletion: everything was counted,
// the storage and the parser too, and nobody else can read it.
func (w *world) receipted(owner, stranger person, id string) {
	w.t.Helper()
	var r httpapi.DeletionReceipt
	if status := w.call(http.MethodGet, w.api+"/documents/"+id+"/deletion", owner.token, nil, &r); status != http.StatusOK || r.Status != "deleted" {
		w.t.Fatalf("the receipt answered %d %+v", status, r)
	}
	if len(r.Residual) < 10 {
		w.t.Errorf("only %d places were counted", len(r.Residual))
	}
	for place, n := range r.Residual {
		if n == nil || *n != 0 {
			w.t.Errorf("left in %s: %v", place, n)
		}
	}
	if status := w.call(http.MethodGet, w.api+"/documents/"+id+"/deletion", stranger.token, nil, nil); status != http.StatusNotFound {
		w.t.Errorf("a stranger's look at the receipt answered %d", status)
	}
}

// Forged callbacks change nothing and are told so; malformed and large ones too.
func TestC13_C14_TheBackDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.llama.Faults.Hold()
	w.start(boot.Dev)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	w.until("the parser to have it", func() bool { _, s := ada.status(id); return s.Status == core.ParseQueued })
	attempt, secret := w.secretOf(id)
	good := `{"event_id":"x","event_type":"parse.success","data":{"job_id":"pjb-1"}}`
	for name, c := range map[string]struct {
		attempt, secret, body string
		want                  int
	}{
		"unsigned":          {attempt, "", good, 401},
		"wrong secret":      {attempt, "nonsense", good, 401},
		"another attempt":   {"/" + core.NewID().String(), secret, good, 401},
		"no attempt":        {"", secret, good, 401},
		"not a UUID":        {"/xyz", secret, good, 401},
		"malformed":         {attempt, secret, `{"event_id":`, 400},
		"too large":         {attempt, secret, `{"md":"` + strings.Repeat("x", 1<<20) + `"}`, 413},
		"a pending event":   {attempt, secret, `{"event_id":"p","event_type":"parse.pending","data":{}}`, 200},
		"string encoded":    {attempt, secret, quoted(`{"event_id":"s","event_type":"parse.pending","data":{}}`), 200},
		"an unknown shape":  {attempt, secret, `{"hello":"world"}`, 200},
		"a list at the top": {attempt, secret, `[]`, 400},
	} {
		if status := w.callback(c.attempt, c.secret, "", c.body); status != c.want {
			t.Errorf("%s: answered %d, want %d", name, status, c.want)
		}
	}
	if _, s := ada.status(id); s.Status != core.ParseQueued {
		t.Errorf("the document moved to %s", s.Status)
	}
	w.llama.Faults.Release()
	ada.completes(id)
}

func quoted(body string) string {
	text, _ := json.Marshal(body)
	return string(text)
}

// A document whose job was taken out of the queue gets one again.
func TestALostJobIsRevived(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.ReviveAfter = time.Millisecond
	w.config.ParsePolls = []time.Duration{time.Second} // no webhook runs here
	w.start(boot.API)
	ada := w.person("ada")
	id := ada.taken("card.pdf", corpus.MemberCard().Bytes)
	w.exec(`delete from river.river_job`)
	w.start(boot.Worker)
	ada.completes(id)
	if diff := cmp.Diff(core.Way(), w.events(id)); diff != "" {
		t.Errorf("the events:\n%s", diff)
	}
}

// PARSER=pdftext needs no parser outside at all.
func TestPdftextRunsWithoutLlamaParse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.Parser, w.config.LlamaKey, w.config.WebhookKey, w.config.WebhookURL = "pdftext", "", "", ""
	w.start(boot.Dev)
	ada := w.person("ada")
	paper := corpus.Summary()
	id := ada.taken(paper.Name, paper.Bytes)
	ada.completes(id)
	if found := ada.search(paper.Questions[0].Ask, 2); len(found) == 0 || found[0].DocumentID != id {
		t.Errorf("the search found %+v", found)
	}
	if requests := w.llama.Ledger().Requests; len(requests) != 0 {
		t.Errorf("the outside parser was asked: %v", requests)
	}
}

// The answering passage comes first or second for most questions, though the
// fake's vectors know words alone, and many answers are one row of a long table.
// docs/chunking.md compares ways to cut by this. Last year's policy stays out: the same words with other terms are told
// apart by filters, not by vectors.
func TestQuestionsFindTheirPage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		most  int // pages of a paper
		share float64
	}{"the small set": {10, 1}, "with a long policy": {100, 0.95}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.start(boot.Dev)
			ada := w.person("ada")
			papers := map[string]corpus.Document{}
			for _, paper := range corpus.All() {
				if paper.Readable() && paper.Type == corpus.TypePDF && paper.Pages <= c.most && paper.Name != corpus.PolicyLastYear().Name {
					papers[ada.taken(paper.Name, paper.Bytes)] = paper
				}
			}
			for id := range papers {
				ada.completes(id)
			}
			asked, found := ada.ask(papers)
			t.Logf("%d papers, %d questions, %d answered by the first or second passage", len(papers), asked, found)
			if asked < 40 || float64(found) < c.share*float64(asked) {
				t.Errorf("%d of %d questions are answered by the first two passages, want %.0f %%", found, asked, 100*c.share)
			}
		})
	}
}

// ask counts the questions, and those whose page is among the first two
// passages.
func (p person) ask(papers map[string]corpus.Document) (asked, found int) {
	for id, paper := range papers {
		for _, q := range paper.Questions {
			asked++
			text := strings.TrimSuffix(q.Ask, " (policy 2025)") // which tells the years apart where both stand
			if rankOf(p.search(text, 2), id, q.Page) > 0 {
				found++
			} else {
				p.w.t.Logf("not among the first two: %s p. %d: %q", paper.Name, q.Page, text)
			}
		}
	}
	return asked, found
}

// rankOf is the place, from 1, of the first passage of that page; 0 for none.
func rankOf(found []passage, id string, page int) int {
	for i, p := range found {
		if p.DocumentID == id && p.PageFrom <= page && page <= p.PageTo {
			return i + 1
		}
	}
	return 0
}
