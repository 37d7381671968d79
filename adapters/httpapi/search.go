package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

type searchInput struct{ Body SearchRequest }

// SearchRequest is a question to one's own documents. Its bounds come from
// Limits when the operation is registered.
type SearchRequest struct {
	Query string `json:"query" minLength:"1" doc:"What to look for, in plain words" example:"what is my deductible?"`
	Limit int    `json:"limit,omitempty" minimum:"1" doc:"How many passages to answer" example:"5"`
}

type searchOutput struct{ Body SearchResults }

// SearchResults is the passages found, the nearest first.
type SearchResults struct {
	Results []SearchResult `json:"results" nullable:"false"`
}

// SearchResult is one passage and where it stands.
type SearchResult struct {
	DocumentID string   `json:"document_id" format:"uuid"`
	ChunkID    string   `json:"chunk_id" format:"uuid"`
	Filename   string   `json:"filename"`
	Text       string   `json:"text" doc:"Markdown, as it was read from the document"`
	Headings   []string `json:"headings" nullable:"false" doc:"The section path, outermost first"`
	PageFrom   int      `json:"page_from" doc:"From 1"`
	PageTo     int      `json:"page_to" doc:"Inclusive"`
	Similarity float64  `json:"similarity" minimum:"-1" maximum:"1" doc:"Cosine"`
}

func (a *api) search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	query := strings.TrimSpace(in.Body.Query)
	if query == "" || strings.ContainsRune(query, 0) {
		return nil, invalid(http.StatusUnprocessableEntity, "body.query", "text that is not blank, without NUL")
	}
	limit := in.Body.Limit
	if limit == 0 {
		limit = a.Limits.DefaultResults
	}
	found, err := a.find(ctx, query, limit)
	if errors.Is(err, core.ErrMoved) { // between the embedding and the search; the next one knows the new model
		found, err = a.find(ctx, query, limit)
	}
	if err != nil {
		return nil, err
	}
	out := &searchOutput{Body: SearchResults{Results: make([]SearchResult, 0, len(found))}}
	for _, p := range found {
		out.Body.Results = append(out.Body.Results, resultOf(p))
	}
	return out, nil
}

// find searches with the question's vector under the model of the moment.
func (a *api) find(ctx context.Context, query string, limit int) ([]ports.Passage, error) {
	answer, err := a.embed(ctx, query)
	if err != nil {
		return nil, err
	}
	return a.Library.Search(ctx, callerOf(ctx), ports.Query{Vector: answer.Vectors[0], Model: answer.Model, Limit: limit})
}

// embed turns the question into its vector. Whatever keeps the embedder from
// that is a 503: the question can be asked again.
func (a *api) embed(ctx context.Context, query string) (ports.Embedding, error) {
	answer, err := a.Embedder.Embed(ctx, []string{query})
	if err == nil && len(answer.Vectors) == 1 {
		return answer, nil
	}
	e := core.Fail(core.CodeBadVectors, nil)
	if err != nil && !errors.As(err, &e) {
		e = core.Fail(core.CodeEmbedderUnavailable, err)
	}
	return ports.Embedding{}, &refusal{err: e, status: http.StatusServiceUnavailable}
}

func resultOf(p ports.Passage) SearchResult {
	return SearchResult{
		DocumentID: p.Document.String(), ChunkID: p.Chunk.String(), Filename: p.Name, Text: p.Text,
		Headings: append([]string{}, p.Headings...), PageFrom: p.PageFrom, PageTo: p.PageTo, Similarity: p.Similarity,
	}
}
