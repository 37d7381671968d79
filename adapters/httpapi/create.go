package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/ports"
)

// createInput is an upload by the modern route: the body is read by hand.
type createInput struct {
	raw rawInput

	OnDuplicate string `query:"on_duplicate" enum:"refuse,return" doc:"What is answered when the content is there already: refuse is 409, return is 200 with the document; refuse when not given" example:"return"`
}

// Resolve takes the request out of Huma's context.
func (in *createInput) Resolve(ctx huma.Context) []error { return in.raw.Resolve(ctx) }

type createOutput struct {
	Status   int
	Location string `header:"Location" doc:"The document's address"`
	Body     Document
}

// create is the upload with an answer that leads on.
func (a *api) create(ctx context.Context, in *createInput) (*createOutput, error) {
	standing, err := a.take(ctx, &in.raw)
	status := http.StatusAccepted
	if there, ok := duplicated(err); ok && in.OnDuplicate == "return" {
		standing, err = a.Library.Standing(ctx, callerOf(ctx), there.Document)
		status = http.StatusOK
	}
	if err != nil {
		return nil, err
	}
	body := documentOf(standing)
	return &createOutput{Status: status, Location: body.Links.Self, Body: body}, nil
}

// duplicated is the document that an upload was refused for.
func duplicated(err error) (ports.Standing, bool) {
	var r *refusal
	if errors.As(err, &r) && r.duplicate != nil {
		return r.duplicate.standing, true
	}
	return ports.Standing{}, false
}
