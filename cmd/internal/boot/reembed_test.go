package boot_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// large is another model with other vectors, and another cut.
var large = boot.Target{Model: "text-embedding-3-large", Tokens: 256, Overlap: 32}

// newLibrary is a world with a short round of reembed.
func newLibrary(t testing.TB) *world {
	w := newWorld(t)
	w.config.ReembedEvery = 100 * time.Millisecond
	return w
}

// operator is the operator's hand on the world's corpus.
func (w *world) operator() *boot.Reembed {
	w.t.Helper()
	hand, err := boot.NewReembed(w.t.Context(), w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(hand.Close)
	return hand
}

// begins plans and starts a run.
func (w *world) begins(hand *boot.Reembed, to boot.Target) boot.Plan {
	w.t.Helper()
	plan, err := hand.Plan(w.t.Context(), to, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := hand.Start(w.t.Context(), plan); err != nil {
		w.t.Fatal(err)
	}
	return plan
}

func (w *world) progress(hand *boot.Reembed) (core.Corpus, postgres.Run) {
	w.t.Helper()
	state, run, err := hand.Status(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return state, run
}

// lives waits for the generation to be live with nothing being built.
func (w *world) lives(hand *boot.Reembed, generation int) postgres.Run {
	w.t.Helper()
	var run postgres.Run
	w.until("the swap", func() bool {
		var state core.Corpus
		state, run = w.progress(hand)
		return state.Live.Number == generation && state.Building == nil
	})
	return run
}

// hit is a passage with the generation that it is of.
type hit struct {
	ChunkID    string `json:"chunk_id"`
	DocumentID string `json:"document_id"`
	Text       string `json:"text"`
	PageFrom   int    `json:"page_from"`
	PageTo     int    `json:"page_to"`
}

// asks searches, and proves that the answer is there and that all passages are
// of one generation, which it returns.
func (p person) asks(id string, q corpus.Question) (generation int) {
	p.w.t.Helper()
	var answer struct {
		Results []hit `json:"results"`
	}
	if status := p.w.call(http.MethodPost, p.w.api+"/search", p.token, map[string]any{"query": q.Ask, "limit": 10}, &answer); status != http.StatusOK {
		p.w.t.Errorf("search answered %d", status)
		return 0
	}
	found, ids := false, make([]string, len(answer.Results))
	for i, r := range answer.Results {
		ids[i] = r.ChunkID
		found = found || i < 3 && r.DocumentID == id && r.PageFrom <= q.Page && q.Page <= r.PageTo
	}
	if !found {
		p.w.t.Errorf("%q: page %d is not in the first three of %d", q.Ask, q.Page, len(answer.Results))
	}
	if n := p.w.count(`select count(distinct generation) from upload_pipeline.document_chunks where chunk_id = any ($1::uuid[])`, ids); n != 1 {
		p.w.t.Errorf("%q: passages of %d generations", q.Ask, n)
		return 0
	}
	return p.w.count(`select generation from upload_pipeline.document_chunks where chunk_id = $1`, ids[0])
}

// Searching goes on while the model and the chunker change: every answer is
// found every time, and never beside passages of the other generation.
func TestReembedUnderSearches(t *testing.T) {
	t.Parallel()
	w := newLibrary(t)
	w.start(boot.Dev)
	ada := w.person("ada")
	paper := corpus.Summary()
	id := ada.taken(paper.Name, paper.Bytes)
	for seed := range uint64(6) {
		ada.completes(ada.taken("filler.pdf", corpus.Filler(3, seed).Bytes))
	}
	ada.completes(id)
	hand := w.operator()
	if seen := ada.asks(id, paper.Questions[0]); seen != 1 {
		t.Fatalf("before: generation %d", seen)
	}

	ended, seen := make(chan struct{}), [3]int{}
	var searching sync.WaitGroup
	searching.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-ended:
				return
			default:
				seen[ada.asks(id, paper.Questions[n%len(paper.Questions)])]++
			}
		}
	})
	w.begins(hand, large)
	late := corpus.Amendment()
	lateID := ada.taken(late.Name, late.Bytes) // comes while the run is under way
	ada.completes(lateID)
	w.lives(hand, 2)
	w.until("a search of the new generation", func() bool { return ada.asks(id, paper.Questions[0]) == 2 })
	close(ended)
	searching.Wait()
	if seen[1] == 0 || seen[0] > 0 {
		t.Errorf("searches by generation: %v", seen)
	}
	ada.asks(lateID, late.Questions[0])
	w.wholeIn(2)
	again := corpus.DenialLetter()
	after := ada.taken(again.Name, again.Bytes)
	ada.completes(after)
	w.wholeIn(2)
	if n := w.count(`select count(*) from upload_pipeline.document_chunks where document_id = $1 and generation <> 2`, after); n != 0 {
		t.Errorf("a document after the swap has %d chunks of another generation", n)
	}
}

// wholeIn proves that each complete document is whole in the generation, under
// its model alone.
func (w *world) wholeIn(generation int) {
	w.t.Helper()
	if n := w.count(`select count(*) from upload_pipeline.lacking($1)`, generation); n != 0 {
		w.t.Errorf("%d documents lack generation %d", n, generation)
	}
	if n := w.count(`select count(*) from upload_pipeline.document_chunks c join upload_pipeline.generations g using (generation)
		where generation = $1 and c.embed_model <> g.model`, generation); n != 0 {
		w.t.Errorf("%d vectors of another model", n)
	}
}

// What is spent is what was quoted, to the token; then the way back.
func TestReembedCostsItsQuoteAndRollsBack(t *testing.T) {
	t.Parallel()
	w := newLibrary(t)
	w.start(boot.Dev)
	ada, bob := w.person("ada"), w.person("bob")
	paper, twin := corpus.Summary(), corpus.PolicyLastYear()
	id := ada.taken(paper.Name, paper.Bytes)
	ada.completes(id)
	ada.completes(ada.taken(twin.Name, twin.Bytes))
	ada.completes(ada.taken("policy.pdf", corpus.Policy().Bytes)) // shares passages with last year's
	bob.completes(bob.taken("policy.pdf", corpus.Policy().Bytes))
	hand := w.operator()

	// Paused from the start, nothing is done and nothing is paid.
	plan, err := hand.Plan(t.Context(), large, nil)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Quote.Documents != 4 || plan.Quote.Paid == 0 || plan.Quote.Paid+plan.Quote.Reused != plan.Quote.Tokens || plan.Price != 0.13 {
		t.Errorf("the plan is %+v", plan)
	}
	for range 2 { // twice is once
		if err := hand.Start(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
	}
	other := plan
	other.To.Tokens, other.To.Chunker = 128, "other@1"
	if err := hand.Start(t.Context(), other); err == nil {
		t.Error("another run was started beside the first")
	}
	for _, step := range []func() error{
		func() error { return hand.Pause(t.Context()) }, func() error { return hand.Pause(t.Context()) },
		func() error { return hand.Resume(t.Context()) }} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	w.lives(hand, 2)
	spent := w.count(`select spent_tokens from upload_pipeline.generations where generation = 2`)
	t.Logf("quoted %d tokens to pay and %d reused of %d: $%.6f; spent %d", plan.Quote.Paid, plan.Quote.Reused, plan.Quote.Tokens, plan.Quote.USD(plan.Price), spent)
	if int64(spent) != plan.Quote.Paid {
		t.Errorf("spent %d tokens, quoted %d", spent, plan.Quote.Paid)
	}
	if seen := ada.asks(id, paper.Questions[0]); seen != 2 {
		t.Errorf("after the swap: generation %d", seen)
	}
	if err := hand.Pause(t.Context()); err == nil {
		t.Error("paused without a run")
	}

	// A document of the new generation alone goes back with the others.
	late := corpus.Amendment()
	lateID := ada.taken(late.Name, late.Bytes)
	ada.completes(lateID)
	for range 2 {
		if err := hand.RollBack(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.lives(hand, 1)
	w.wholeIn(1)
	if seen := ada.asks(lateID, late.Questions[0]); seen != 1 {
		t.Errorf("after the rollback: generation %d", seen)
	}

	// Once it is no longer kept, nothing of it is left.
	w.halt()
	w.config.ReembedKeep = time.Millisecond
	w.start(boot.Dev)
	w.until("the former generation to be removed", func() bool {
		return w.count(`select count(*) from upload_pipeline.document_chunks where generation = 2`) == 0
	})
	ada.asks(id, paper.Questions[1])
	if err := hand.RollBack(t.Context()); err == nil {
		t.Error("rolled back to a generation that was removed")
	}
}

// The worker dies in the middle of a run, a document is deleted in the middle:
// the next worker goes on, and nothing is left of the document.
func TestReembedSurvivesAKillAndADelete(t *testing.T) {
	t.Parallel()
	w := newLibrary(t)
	w.start(boot.Dev)
	ada := w.person("ada")
	paper := corpus.Summary()
	id := ada.taken(paper.Name, paper.Bytes)
	ids := []string{id}
	for seed := range uint64(5) {
		ids = append(ids, ada.taken("filler.pdf", corpus.Filler(3, seed).Bytes))
	}
	for _, one := range ids {
		ada.completes(one)
	}
	w.halt()
	w.start(boot.API)
	api := w.api
	hand := w.operator()
	w.begins(hand, large)
	w.openai.Inject(openaitest.Fault{Kind: openaitest.Hang, Skip: 2, Times: -1})
	kill := w.spawn(boot.Worker)
	w.api = api
	w.until("a document to hang", func() bool {
		return w.count(`select (count(*) filter (where whole) = 2 and count(*) filter (where not whole) = 1)::int
			from (select bool_and(embedding is not null) whole from upload_pipeline.document_chunks
				where generation = 2 group by document_id) d`) == 1
	})
	var hanging string
	if err := w.db.SuperConn().QueryRow(t.Context(), `select document_id::text from upload_pipeline.document_chunks
		where generation = 2 and embedding is null limit 1`).Scan(&hanging); err != nil {
		t.Fatal(err)
	}
	gone := ids[1]
	if hanging != id {
		gone = hanging
	}
	if status := w.call(http.MethodDelete, w.api+"/documents/"+gone, ada.token, nil, nil); status >= 300 {
		t.Fatalf("the deletion answered %d", status)
	}
	kill()
	w.openai.Heal()
	done := w.count(`select count(*) from upload_pipeline.document_chunks where generation = 2 and embedding is not null`)
	if state, run := w.progress(hand); state.Live.Number != 1 || run.Lacking == 0 || done == 0 {
		t.Fatalf("not in the middle: %+v, %d vectors", run, done)
	}
	ada.asks(id, paper.Questions[0])

	w.exec(`update river.river_job set state = 'available' where state = 'running'`) // as RESCUE_AFTER would
	w.start(boot.Worker)
	w.lives(hand, 2)
	w.wholeIn(2)
	if seen := ada.asks(id, paper.Questions[0]); seen != 2 {
		t.Errorf("after it: generation %d", seen)
	}
	w.until("the deleted document to be purged", func() bool {
		return w.count(`select count(*) from upload_pipeline.documents where document_id = $1`, gone) == 0
	})
	if n := w.count(`select count(*) from upload_pipeline.document_chunks where document_id = $1`, gone); n != 0 {
		t.Errorf("%d chunks of the deleted document", n)
	}
}

// A document that is half embedded at the swap, and one that failed before it
// and is retried after, come out in the live generation.
func TestReembedMeetsDocumentsUnderWay(t *testing.T) {
	t.Parallel()
	w := newLibrary(t)
	w.start(boot.Dev)
	ada := w.person("ada")
	filler := corpus.Filler(2, 1)
	ada.completes(ada.taken("filler.pdf", filler.Bytes))
	w.idle()
	w.openai.Inject(openaitest.Fault{Kind: openaitest.BadRequest})
	late := corpus.Amendment()
	failed := ada.taken(late.Name, late.Bytes)
	if end := ada.end(failed); end.Status != core.FailedEmbedding {
		t.Fatalf("the first ended in %s", end.Status)
	}
	w.openai.Inject(openaitest.Fault{Kind: openaitest.RateLimitRequests, Times: -1, RetryAfter: 5 * time.Second})
	paper := corpus.Summary()
	held := ada.taken(paper.Name, paper.Bytes)
	w.until("the embedder to refuse", func() bool {
		return w.count(`select count(*) from river.river_job where kind = 'embed' and state = 'scheduled'`) == 1
	})
	w.exec(`update river.river_job set scheduled_at = now() + interval '1 hour' where kind = 'embed' and state = 'scheduled'`)
	w.openai.Heal()
	hand := w.operator()
	w.begins(hand, large)
	w.lives(hand, 2)
	w.exec(`update river.river_job set scheduled_at = now(), state = 'available' where kind = 'embed' and state = 'scheduled'`)
	ada.completes(held)
	if status := w.call(http.MethodPost, w.api+"/documents/"+failed+"/retry", ada.token, nil, nil); status >= 300 {
		t.Fatalf("the retry answered %d", status)
	}
	ada.completes(failed)
	w.wholeIn(2)
	if seen := ada.asks(held, paper.Questions[0]); seen != 2 {
		t.Errorf("the held one is found in generation %d", seen)
	}
	ada.asks(failed, late.Questions[0])
	_, standing := ada.status(held)
	if n := w.count(`select count(*) from upload_pipeline.document_chunks where document_id = $1 and generation = 2`, held); n != standing.Chunks.Total {
		t.Errorf("%d chunks, the status says %d", n, standing.Chunks.Total)
	}
	for _, word := range []string{"deductible", "sk-test"} {
		if strings.Contains(w.logs.String(), word) {
			t.Errorf("the log holds %q", word)
		}
	}
}

// Either may change alone: another cut under the same model, or the same pieces
// under another one.
func TestReembedOfTheCutOrTheModelAlone(t *testing.T) {
	t.Parallel()
	now := boot.Defaults()
	for name, to := range map[string]boot.Target{
		"the cut":   {Model: now.OpenAIModel, Tokens: 128, Overlap: 16},
		"the model": {Model: large.Model, Tokens: now.ChunkTokens, Overlap: now.ChunkOverlap},
	} {
		t.Run(name, func(t *testing.T) {
			w := newLibrary(t)
			w.start(boot.Dev)
			ada := w.person("ada")
			paper := corpus.Summary()
			id := ada.taken(paper.Name, paper.Bytes)
			ada.completes(id)
			hand := w.operator()
			w.begins(hand, to)
			w.lives(hand, 2)
			if seen := ada.asks(id, paper.Questions[0]); seen != 2 {
				t.Errorf("generation %d is searched", seen)
			}
			const chunks = `select count(*) from upload_pipeline.document_chunks where document_id = $1 and generation = $2`
			before, after := w.count(chunks, id, 1), w.count(chunks, id, 2)
			same := w.count(`select count(*) from upload_pipeline.document_chunks a join upload_pipeline.document_chunks b using (document_id, ordinal, text)
				where document_id = $1 and a.generation = 1 and b.generation = 2`, id)
			others := w.count(`select count(*) from upload_pipeline.document_chunks where document_id = $1 and generation = 2 and embed_model <> $2`, id, to.Model)
			switch {
			case others != 0:
				t.Errorf("%d vectors are not of %s", others, to.Model)
			case name == "the cut" && after <= before:
				t.Errorf("%d pieces became %d", before, after)
			case name == "the model" && (after != before || same != before):
				t.Errorf("%d pieces became %d, %d of them the same", before, after, same)
			}
		})
	}
}
