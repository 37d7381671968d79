package httpapi

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

type chunksInput struct {
	DocumentInput
	PageInput
}

type chunksOutput struct{ Body ChunkPage }

// ChunkPage is a part of a document's chunks, in their order.
type ChunkPage struct {
	Chunks     []DocumentChunk `json:"chunks" nullable:"false"`
	NextCursor *string         `json:"next_cursor" nullable:"true" doc:"Leads to the next page; null at the end"`
}

// DocumentChunk is one piece of a document's text, as it is searched.
type DocumentChunk struct {
	Ordinal  int      `json:"ordinal" minimum:"0" doc:"Its place in the document, from 0"`
	ChunkID  string   `json:"chunk_id" format:"uuid"`
	Text     string   `json:"text" doc:"Markdown, as it was read from the document"`
	Headings []string `json:"headings" nullable:"false" doc:"The section path, outermost first"`
	PageFrom int      `json:"page_from" doc:"From 1"`
	PageTo   int      `json:"page_to" doc:"Inclusive"`
	Tokens   int      `json:"tokens" doc:"As the embedding model counts them"`
	Embedded bool     `json:"embedded" doc:"Whether it has its vector"`
}

func (a *api) chunks(ctx context.Context, in *chunksInput) (*chunksOutput, error) {
	id, err := in.document()
	if err != nil {
		return nil, err
	}
	from, err := ordinalOf(in.Cursor)
	if err != nil {
		return nil, err
	}
	limit := in.size(a.Limits)
	found, err := a.Library.Chunks(ctx, callerOf(ctx), id, from, limit+1)
	if err != nil {
		return nil, err
	}
	if err := a.record(ctx, core.AuditReadText, id); err != nil {
		return nil, err
	}
	found, next := page(found, limit, func(_, next ports.Chunk) string { return ordinalCursor(next.Ordinal) })
	out := &chunksOutput{Body: ChunkPage{Chunks: make([]DocumentChunk, 0, len(found)), NextCursor: next}}
	for _, c := range found {
		out.Body.Chunks = append(out.Body.Chunks, DocumentChunk{
			Ordinal: c.Ordinal, ChunkID: c.ID.String(), Text: c.Text, Headings: append([]string{}, c.Headings...),
			PageFrom: c.PageFrom, PageTo: c.PageTo, Tokens: c.Tokens, Embedded: c.Embedded,
		})
	}
	return out, nil
}
