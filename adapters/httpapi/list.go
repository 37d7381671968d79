package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// PageInput is which part of a list is wanted. Its bounds come from Limits when
// the operation is registered.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" doc:"How many to answer" example:"20"`
	Cursor string `query:"cursor" maxLength:"64" doc:"The next_cursor of the page before; without it the list begins" example:"ZAAGSazXLEAAAZjxsnw6fVKfbisaDJ2Ofw"`
}

// size is how many items the page has.
func (in PageInput) size(l Limits) int {
	if in.Limit == 0 {
		return min(l.DefaultPage, l.MaxPage)
	}
	return in.Limit
}

type listInput struct {
	PageInput

	Status        []string  `query:"status,explode" maxItems:"15" doc:"Only these statuses; may be repeated. Without it every status but deleting" example:"[\"complete\"]"`
	CreatedAfter  time.Time `query:"created_after" doc:"Only documents uploaded then or later" example:"2026-01-01T00:00:00Z"`
	CreatedBefore time.Time `query:"created_before" doc:"Only documents uploaded earlier" example:"2026-02-01T00:00:00Z"`
}

type listOutput struct{ Body DocumentPage }

// DocumentPage is a part of one's documents, the newest first.
type DocumentPage struct {
	Documents  []Document `json:"documents" nullable:"false"`
	NextCursor *string    `json:"next_cursor" nullable:"true" doc:"Leads to the next page; null at the end"`
}

func (a *api) list(ctx context.Context, in *listInput) (*listOutput, error) {
	query, err := in.listing(in.size(a.Limits) + 1)
	if err != nil {
		return nil, err
	}
	found, err := a.Library.List(ctx, callerOf(ctx), query)
	if err != nil {
		return nil, err
	}
	found, next := page(found, query.Limit-1, func(last, _ ports.Standing) string {
		return placeCursor(ports.Place{CreatedAt: last.CreatedAt, Document: last.Document})
	})
	return &listOutput{Body: DocumentPage{Documents: documentsOf(found), NextCursor: next}}, nil
}

func (in *listInput) listing(limit int) (ports.Listing, error) {
	query := ports.Listing{From: in.CreatedAfter, Before: in.CreatedBefore, Limit: limit}
	for i, word := range in.Status {
		status := core.Status(word)
		if !status.Known() {
			return query, invalid(http.StatusUnprocessableEntity, fmt.Sprintf("query.status[%d]", i), "one of the statuses")
		}
		query.Statuses = append(query.Statuses, status)
	}
	behind, err := placeOf(in.Cursor)
	query.Behind = behind
	return query, err
}

func documentsOf(found []ports.Standing) []Document {
	documents := make([]Document, 0, len(found))
	for _, s := range found {
		documents = append(documents, documentOf(s))
	}
	return documents
}

type batchInput struct{ Body BatchRequest }

// BatchRequest names documents. How many is bounded by Limits when the
// operation is registered.
type BatchRequest struct {
	IDs []string `json:"ids" minItems:"1" nullable:"false" format:"uuid" doc:"The documents' ids" example:"[\"0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f\"]"`
}

type batchOutput struct{ Body BatchStatus }

// BatchStatus is where each of the documents stands.
type BatchStatus struct {
	Documents []Document `json:"documents" nullable:"false" doc:"In the order asked for, each once"`
	Missing   []string   `json:"missing" nullable:"false" doc:"The ids that are of no document of one's own"`
}

func (a *api) batchStatus(ctx context.Context, in *batchInput) (*batchOutput, error) {
	ids, err := idsOf(in.Body.IDs, "body.ids")
	if err != nil {
		return nil, err
	}
	found, err := a.Library.Standings(ctx, callerOf(ctx), ids)
	if err != nil {
		return nil, err
	}
	standings := make(map[core.ID]ports.Standing, len(found))
	for _, s := range found {
		standings[s.Document] = s
	}
	out := &batchOutput{Body: BatchStatus{Documents: []Document{}, Missing: []string{}}}
	for _, id := range ids {
		if s, ok := standings[id]; ok {
			out.Body.Documents = append(out.Body.Documents, documentOf(s))
		} else {
			out.Body.Missing = append(out.Body.Missing, id.String())
		}
	}
	return out, nil
}

// idsOf is the ids of a field, each once and in their order.
func idsOf(texts []string, field string) ([]core.ID, error) {
	ids := make([]core.ID, 0, len(texts))
	seen := make(map[core.ID]bool, len(texts))
	for i, text := range texts {
		id, err := core.ParseID(text)
		if err != nil {
			return nil, invalid(http.StatusUnprocessableEntity, fmt.Sprintf("%s[%d]", field, i), "a UUID")
		}
		if !seen[id] {
			ids, seen[id] = append(ids, id), true
		}
	}
	return ids, nil
}
