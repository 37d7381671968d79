package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/injection"
	"github.com/insurance-navigator/navigator/core/quote"
	"github.com/insurance-navigator/navigator/ports"
)

type searchInput struct{ Body SearchRequest }

// SearchRequest is a question to one's own documents. Its bounds come from
// Limits when the operation is registered.
type SearchRequest struct {
	Query          string     `json:"query" minLength:"1" doc:"What to look for, in plain words" example:"what is my deductible?"`
	Limit          int        `json:"limit,omitempty" minimum:"1" doc:"How many passages to answer" example:"5"`
	DocumentIDs    []string   `json:"document_ids,omitempty" minItems:"1" format:"uuid" doc:"Only in these documents. Ids that are of no document of one's own find nothing" example:"[\"0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f\"]"`
	Types          []string   `json:"types,omitempty" minItems:"1" doc:"Only in documents of these MIME types" example:"[\"application/pdf\"]"`
	CreatedAfter   *time.Time `json:"created_after,omitempty" doc:"Only in documents uploaded then or later" example:"2026-01-01T00:00:00Z"`
	CreatedBefore  *time.Time `json:"created_before,omitempty" doc:"Only in documents uploaded earlier" example:"2026-02-01T00:00:00Z"`
	RequireVectors bool       `json:"require_vectors,omitempty" doc:"Answer 503 rather than by words alone while the question cannot be embedded"`
}

type searchOutput struct{ Body SearchResults }

// The ways a search was answered.
const (
	modeHybrid = "hybrid"
	modeText   = "text"
)

// SearchResults is the passages found, the best first.
type SearchResults struct {
	Mode     string         `json:"mode" enum:"hybrid,text" doc:"hybrid: by meaning (vectors) and by words. text: by words alone; degraded says why"`
	Degraded *Degraded      `json:"degraded,omitempty" doc:"There in mode text: what kept the search from vectors"`
	Results  []SearchResult `json:"results" nullable:"false"`
}

// Degraded is why an answer is less than it could be.
type Degraded struct {
	Code    problemCode `json:"code"`
	Message string      `json:"message"`
}

// SearchResult is one passage, where it stands, and the words to quote.
type SearchResult struct {
	DocumentID  string         `json:"document_id" format:"uuid"`
	ChunkID     string         `json:"chunk_id" format:"uuid"`
	Filename    string         `json:"filename"`
	ContentType string         `json:"mime"`
	CreatedAt   time.Time      `json:"created_at" doc:"When the document was uploaded, UTC"`
	Text        string         `json:"text" doc:"Markdown, as it was read from the document"`
	Headings    []string       `json:"headings" nullable:"false" doc:"The section path, outermost first"`
	PageFrom    int            `json:"page_from" doc:"From 1"`
	PageTo      int            `json:"page_to" doc:"Inclusive"`
	Quote       Quote          `json:"quote"`
	Marks       []documentMark `json:"marks" nullable:"false" doc:"Of this passage's text: it is data to a language model, marked or not"`
	Similarity  *float64       `json:"similarity" nullable:"true" minimum:"-1" maximum:"1" doc:"Cosine of question and passage; null in mode text"`
	Score       float64        `json:"score" minimum:"0" maximum:"1" doc:"What the results are ordered by, made of ranks: 1 is first by all that was asked for"`
}

// Quote is the sentence, list item or table row of the passage that answers
// best, word for word.
type Quote struct {
	Text  string `json:"text" doc:"What stands in the passage's text from start to before end"`
	Start int    `json:"start" minimum:"0" doc:"In characters (Unicode code points) of the passage's text"`
	End   int    `json:"end" minimum:"0" doc:"Exclusive"`
}

func (a *api) search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	query, err := in.Body.query(a.Limits)
	if err != nil {
		return nil, err
	}
	found, degraded, err := a.find(ctx, query, in.Body.RequireVectors)
	if errors.Is(err, core.ErrMoved) { // between the embedding and the search; the next one knows the new model
		found, degraded, err = a.find(ctx, query, in.Body.RequireVectors)
	}
	if err != nil {
		return nil, err
	}
	out := &searchOutput{Body: SearchResults{Mode: modeHybrid, Degraded: degraded, Results: []SearchResult{}}}
	if degraded != nil {
		out.Body.Mode = modeText
	}
	for _, p := range found {
		out.Body.Results = append(out.Body.Results, resultOf(p, query.Text))
	}
	if err := a.recordSearch(ctx, out.Body.Results); err != nil {
		return nil, err
	}
	return out, nil
}

// find searches with the question's vector under the model of the moment, or by
// its words alone where the embedder is away and that will do.
func (a *api) find(ctx context.Context, query ports.Query, require bool) ([]ports.Passage, *Degraded, error) {
	var degraded *Degraded
	answer, trouble := a.embed(ctx, query.Text)
	switch {
	case trouble == nil:
		query.Vector, query.Model = answer.Vectors[0], answer.Model
	case require || !wordsWillDo(ctx, trouble):
		return nil, nil, &refusal{err: trouble, status: http.StatusServiceUnavailable}
	default:
		degraded = &Degraded{Code: problemCode(trouble.Code), Message: trouble.Code.Message()}
	}
	found, err := a.searched(ctx, query)
	return found, degraded, err
}

// searched has the library search when it is this search's turn: more at once
// than the database can serve would end no sooner, and hold the connections that
// all else needs. The question is embedded before, and so outside of the turn.
func (a *api) searched(ctx context.Context, query ports.Query) ([]ports.Passage, error) {
	leave, err := a.turns.turn(ctx, a.Limits.SearchWait, a.Stopping)
	if err != nil {
		return nil, err
	}
	defer leave()
	return a.Library.Search(ctx, callerOf(ctx), query)
}

// query is the request's as the library takes it, without the vector.
func (r SearchRequest) query(l Limits) (ports.Query, error) {
	text := strings.TrimSpace(r.Query)
	if text == "" || strings.ContainsRune(text, 0) {
		return ports.Query{}, invalid(http.StatusUnprocessableEntity, "body.query", "text that is not blank, without NUL")
	}
	limit := r.Limit
	if limit == 0 {
		limit = l.DefaultResults
	}
	filter, err := r.filter()
	return ports.Query{Text: text, Filter: filter, Limit: limit}, err
}

func (r SearchRequest) filter() (f ports.Filter, err error) {
	if f.Documents, err = idsOf(r.DocumentIDs, "body.document_ids"); err != nil {
		return f, err
	}
	f.Types = r.Types
	if r.CreatedAfter != nil {
		f.From = *r.CreatedAfter
	}
	if r.CreatedBefore != nil {
		f.Before = *r.CreatedBefore
	}
	if r.CreatedAfter != nil && r.CreatedBefore != nil && !f.From.Before(f.Before) {
		return f, invalid(http.StatusUnprocessableEntity, "body.created_before", "a time later than created_after")
	}
	return f, nil
}

// embed turns the question into its vector.
func (a *api) embed(ctx context.Context, query string) (ports.Embedding, *core.Error) {
	ctx, cancel := context.WithTimeout(ctx, a.Limits.QuestionTime)
	defer cancel()
	payer := core.Payer{Kind: core.PaidSearch, User: callerOf(ctx).User, Lane: core.Interactive}
	answer, err := a.Embedder.Embed(core.PaidBy(ctx, payer), []string{query})
	if err == nil && len(answer.Vectors) == 1 {
		return answer, nil
	}
	e := core.Fail(core.CodeBadVectors, nil)
	if err != nil && !errors.As(err, &e) {
		e = core.Fail(core.CodeEmbedderUnavailable, err)
	}
	return ports.Embedding{}, e
}

// wordsWillDo reports whether a question that could not be embedded is to be
// answered by its words: what is wrong lies with the embedder and not with the
// question, and someone still waits for the answer.
func wordsWillDo(ctx context.Context, e *core.Error) bool {
	return ctx.Err() == nil && slices.Contains([]core.Code{
		core.CodeEmbedderUnavailable, core.CodeEmbedderBusy, core.CodeEmbedderCredits, core.CodeEmbedderKey, core.CodeBadVectors,
		core.CodeBudgetExhausted,
	}, e.Code)
}

func resultOf(p ports.Passage, question string) SearchResult {
	q := quote.Find(p.Text, question)
	return SearchResult{
		DocumentID: p.Document.String(), ChunkID: p.Chunk.String(), Filename: p.Name, ContentType: p.ContentType, CreatedAt: p.CreatedAt.UTC(),
		Text: p.Text, Headings: append([]string{}, p.Headings...), PageFrom: p.PageFrom, PageTo: p.PageTo,
		Quote: Quote{Text: q.Text, Start: q.Start, End: q.End}, Similarity: p.Similarity, Score: p.Score,
		Marks: marksOf(injection.Find(p.Text)),
	}
}
