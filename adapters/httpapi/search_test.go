package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// passages fills the library with n of them.
func (b *bench) shelve(n int) {
	for i := range n {
		b.library.passages = append(b.library.passages, ports.Passage{
			Document: core.NewID(), Chunk: core.NewID(), Name: "a.pdf", ContentType: "application/pdf", CreatedAt: exampleTime(),
			Text: "# Übersicht\n\nFirst of all. The <b>deductible</b> is $5.", PageFrom: i, PageTo: i, Similarity: new(0.5), Score: 0.9,
		})
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shelve(60)
	for body, want := range map[string]int{
		`{"query":"deductible"}`: 5, `{"query":"x","limit":1}`: 1, `{"query":"x","limit":50}`: 50,
		`{"query":"` + strings.Repeat("ä", 2000) + `"}`: 5,
	} {
		var out struct {
			Mode     string
			Degraded *Degraded
			Results  []map[string]any
			Query    *string
		}
		got := b.post("/search", adaToken, body)
		got.json(t, &out)
		if got.status != 200 || len(out.Results) != want || out.Query != nil || out.Mode != "hybrid" || out.Degraded != nil {
			t.Errorf("%d results, want %d: %s", len(out.Results), want, got.body)
		}
		for _, key := range []string{"document_id", "chunk_id", "filename", "mime", "created_at", "text", "headings", "page_from", "page_to", "similarity", "score", "quote"} {
			if out.Results[0][key] == nil {
				t.Errorf("a result without %s", key)
			}
		}
	}
	b.library.passages = nil
	if got := b.post("/search", adaToken, `{"query":"x"}`); string(got.body) != `{"mode":"hybrid","results":[]}`+"\n" {
		t.Errorf("no results: %s", got.body)
	}
}

func TestSearchRefusals(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := `"` + strings.Repeat(anyID+`","`, 100) + anyID + `"`
	for _, body := range []string{
		`{}`, `{"query":""}`, `{"query":"   "}`, `{"query":"a\u0000b"}`, `{"query":"x","limit":0}`, `{"query":"x","limit":51}`,
		`{"query":"x","limit":-1}`, `{"query":"x","limit":"5"}`, `{"query":7}`, `{"query":"x","user_id":"` + anyID + `"}`,
		`{"query":"` + strings.Repeat("x", 2001) + `"}`, `[]`,
		`{"query":"x","document_ids":["y"]}`, `{"query":"x","document_ids":[]}`, `{"query":"x","document_ids":[` + ids + `]}`,
		`{"query":"x","types":[]}`, `{"query":"x","types":["pdf"]}`, `{"query":"x","types":["text/html; charset=utf-8"]}`,
		`{"query":"x","types":["a/` + strings.Repeat("b", 126) + `"]}`, `{"query":"x","types":["a/b"` + strings.Repeat(`,"a/b"`, 10) + `]}`,
		`{"query":"x","created_after":"yesterday"}`, `{"query":"x","created_before":"2026-13-01T00:00:00Z"}`,
		`{"query":"x","created_after":"2026-02-01T00:00:00Z","created_before":"2026-02-01T00:00:00Z"}`,
		`{"query":"x","require_vectors":"yes"}`,
	} {
		b.post("/search", adaToken, body).problem(t, http.StatusUnprocessableEntity, "invalid_request")
	}
	if len(b.library.queries) != 0 {
		t.Errorf("%d of them searched", len(b.library.queries))
	}
}

func TestSearchFiltersReachTheLibrary(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := core.NewID()
	b.post("/search", adaToken, `{"query":" what is it ","limit":3,"document_ids":["`+id.String()+`","`+id.String()+`"],"types":["application/pdf"],
		"created_after":"2026-01-01T00:00:00Z","created_before":"2026-02-01T02:00:00+02:00"}`)
	want := ports.Query{Text: "what is it", Limit: 3, Filter: ports.Filter{
		Documents: []core.ID{id}, Types: []string{"application/pdf"},
		From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Before: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
	}}
	if len(b.library.queries) != 1 || b.library.queries[0].Vector == nil {
		t.Fatalf("%+v", b.library.queries)
	}
	got := b.library.queries[0]
	got.Vector = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSearchQuotesThePassage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shelve(1)
	var out SearchResults
	b.post("/search", adaToken, `{"query":"what is my deductible?"}`).json(t, &out)
	r := out.Results[0]
	if r.Quote.Text != "The <b>deductible</b> is $5." || string([]rune(r.Text)[r.Quote.Start:r.Quote.End]) != r.Quote.Text {
		t.Errorf("%+v", r.Quote)
	}
}

func TestSearchByWordsWhileTheEmbedderIsInTrouble(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shelve(1)
	b.library.passages[0].Similarity = nil
	for _, c := range []struct {
		err   error
		code  string
		after string
	}{
		{core.Fail(core.CodeEmbedderUnavailable, nil), "embedder_unavailable", "5"},
		{core.Wait(core.CodeEmbedderBusy, 1500*time.Millisecond, nil), "embedder_busy", "2"},
		{core.Fail(core.CodeEmbedderKey, nil), "embedder_key", "60"},
		{core.Fail(core.CodeEmbedderCredits, nil), "embedder_credits", "60"},
		{core.Fail(core.CodeBadVectors, nil), "bad_vectors", "5"},
		{http.ErrHandlerTimeout, "embedder_unavailable", "5"},
	} {
		b.embedder.set("Embed", c.err)
		var out SearchResults
		got := b.post("/search", adaToken, `{"query":"x"}`)
		got.json(t, &out)
		if got.status != 200 || out.Mode != "text" || out.Degraded == nil || string(out.Degraded.Code) != c.code || out.Degraded.Message == "" {
			t.Errorf("%s: %d %s", c.code, got.status, got.body)
		}
		if len(out.Results) != 1 || !strings.Contains(string(got.body), `"similarity":null`) {
			t.Errorf("%s: %s", c.code, got.body)
		}
		strict := b.post("/search", adaToken, `{"query":"x","require_vectors":true}`)
		strict.problem(t, http.StatusServiceUnavailable, c.code)
		if strict.header.Get("Retry-After") != c.after {
			t.Errorf("%s: Retry-After %q", c.code, strict.header.Get("Retry-After"))
		}
	}
	for _, q := range b.library.queries {
		if q.Vector != nil || q.Text != "x" {
			t.Errorf("searched for %+v", q)
		}
	}
}

// What is wrong with the question is no outage.
func TestSearchDoesNotHideARefusedQuestion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, code := range []core.Code{core.CodeEmbedderRefused, core.CodeInputTooLong} {
		b.embedder.set("Embed", core.Fail(code, nil))
		b.post("/search", adaToken, `{"query":"x"}`).problem(t, http.StatusServiceUnavailable, string(code))
	}
}
