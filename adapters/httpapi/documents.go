package httpapi

import (
	"context"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// DocumentInput names a document. The id is read by hand: one that is not a
// UUID is answered as one that is unknown.
type DocumentInput struct {
	ID string `path:"id" doc:"The document's id (a UUID)" example:"0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f"`
}

func (in *DocumentInput) document() (core.ID, error) {
	id, err := core.ParseID(in.ID)
	if err != nil {
		return core.ID{}, core.Fail(core.CodeNotFound, nil)
	}
	return id, nil
}

type removeOutput struct{ Body Removal }

// Removal is a deletion that has begun.
type Removal struct {
	DocumentID string         `json:"document_id" format:"uuid"`
	Status     documentStatus `json:"status"`
}

func (a *api) remove(ctx context.Context, in *DocumentInput) (*removeOutput, error) {
	id, err := in.document()
	if err != nil {
		return nil, err
	}
	if err := a.removeAny(ctx, callerOf(ctx), id); err != nil {
		return nil, err
	}
	return &removeOutput{Body: Removal{DocumentID: id.String(), Status: documentStatus(core.Deleting)}}, nil
}

type documentOutput struct{ Body Document }

// show answers the full standing.
func (a *api) show(ctx context.Context, in *DocumentInput) (*documentOutput, error) {
	return a.standingAfter(ctx, in, func(ctx context.Context, who ports.Principal, id core.ID) (ports.Standing, error) {
		return a.standing(ctx, who, id, lookEvery)
	})
}

// retry opens the next attempt.
func (a *api) retry(ctx context.Context, in *DocumentInput) (*documentOutput, error) {
	return a.standingAfter(ctx, in, a.Library.Retry)
}

// cancel ends the present attempt.
func (a *api) cancel(ctx context.Context, in *DocumentInput) (*documentOutput, error) {
	return a.standingAfter(ctx, in, a.cancelAny)
}

// standingAfter does something with a document and answers where it stands.
func (a *api) standingAfter(ctx context.Context, in *DocumentInput,
	do func(context.Context, ports.Principal, core.ID) (ports.Standing, error),
) (*documentOutput, error) {
	id, err := in.document()
	if err != nil {
		return nil, err
	}
	standing, err := do(ctx, callerOf(ctx), id)
	if err != nil {
		return nil, err
	}
	body := documentOf(standing)
	body.WaitingFor = a.waiting(ctx, standing)
	return &documentOutput{Body: body}, nil
}
