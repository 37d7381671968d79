package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

const (
	pathAdmin = "/admin"
	pathWatch = pathAdmin + "/documents"
)

type (
	watchInput struct {
		PageInput

		Status []string `query:"status,explode" maxItems:"15" doc:"Only these statuses; may be repeated" example:"[\"failed_parse\"]"`
	}
	watchOutput  struct{ Body WatchedPage }
	storyOutput  struct{ Body DocumentStory }
	queuesOutput struct{ Body QueueReport }
	failedInput  struct {
		PageLimit

		Code  string `query:"code" maxLength:"64" doc:"Only failures of this code" example:"parse_failed"`
		Stage string `query:"stage" maxLength:"64" doc:"Only failures of this stage" example:"receive"`
	}
	failedOutput struct{ Body FailureReport }
	actsInput    struct{ PageLimit }
	actsOutput   struct{ Body ActReport }
)

// PageLimit is how many of a list are wanted, where it has one page. Its bounds
// come from Limits when the operation is registered.
type PageLimit struct {
	Limit int `query:"limit" minimum:"1" doc:"How many to answer" example:"20"`
}

// registerAdmin adds what operators read: all of it GET, each one written down.
func (a *api) registerAdmin(h huma.API) {
	tags := []string{"Operators"}
	const never = " No name, text, file or vector is ever part of it. The reading is written down."
	route(h, huma.Operation{
		OperationID: "watch-documents", Method: http.MethodGet, Path: pathWatch, Tags: tags,
		Summary:     "Documents of all accounts by where they stand",
		Description: "The newest first, in pages." + never,
		Errors:      []int{422, 503},
	}, a.watch)
	route(h, huma.Operation{
		OperationID: "explain-document", Method: http.MethodGet, Path: pathWatch + "/{id}", Tags: tags,
		Summary:     "One document's story",
		Description: "What the database knows of it: its moves, its job, the parser's callbacks, its counts." + never,
		Errors:      []int{404, 503},
	}, a.story)
	route(h, huma.Operation{
		OperationID: "list-queues", Method: http.MethodGet, Path: pathAdmin + "/queues", Tags: tags,
		Summary: "What each queue has to do", Description: "Jobs by state, and what rests." + never,
		Errors: []int{503},
	}, a.queues)
	route(h, huma.Operation{
		OperationID: "list-failures", Method: http.MethodGet, Path: pathAdmin + "/failures", Tags: tags,
		Summary: "What failed, and why", Description: "Counted by code and stage, and the longest ago first." + never,
		Errors: []int{422, 503},
	}, a.failures)
	route(h, huma.Operation{
		OperationID: "list-operations", Method: http.MethodGet, Path: pathAdmin + "/operations", Tags: tags,
		Summary:     "What operators did",
		Description: "Pauses, retries, roles granted and revoked, and what was read here; the newest first. For the role admin." + never,
		Errors:      []int{422, 503},
	}, a.acts)
}

// boundAdmin puts the limits of pages into the parameters.
func (a *api) boundAdmin(doc *huma.OpenAPI) {
	for _, path := range []string{pathWatch, pathAdmin + "/failures", pathAdmin + "/operations"} {
		for _, p := range doc.Paths[path].Get.Parameters {
			a.boundParameter(p)
		}
	}
}

// size is how many items the page has.
func (in PageLimit) size(l Limits) int { return PageInput{Limit: in.Limit}.size(l) }

func (a *api) watch(ctx context.Context, in *watchInput) (*watchOutput, error) {
	listing, err := (&listInput{PageInput: in.PageInput, Status: in.Status}).listing(in.size(a.Limits) + 1)
	if err != nil {
		return nil, err
	}
	found, err := a.Oversight.Watch(ctx, callerOf(ctx), ports.Watching{Statuses: listing.Statuses, Behind: listing.Behind, Limit: listing.Limit})
	if err != nil {
		return nil, err
	}
	found, next := page(found, listing.Limit-1, func(last, _ ports.Watched) string {
		return placeCursor(ports.Place{CreatedAt: last.CreatedAt, Document: last.Document})
	})
	body := WatchedPage{Documents: make([]WatchedDocument, 0, len(found)), NextCursor: next}
	for _, w := range found {
		body.Documents = append(body.Documents, watchedOf(w))
	}
	return &watchOutput{Body: body}, nil
}

func (a *api) story(ctx context.Context, in *DocumentInput) (*storyOutput, error) {
	id, err := in.document()
	if err != nil {
		return nil, err
	}
	c, err := a.Oversight.Story(ctx, callerOf(ctx), id)
	if err != nil {
		return nil, err
	}
	return &storyOutput{Body: storyOf(c)}, nil
}

func (a *api) queues(ctx context.Context, _ *noInput) (*queuesOutput, error) {
	loads, err := a.Oversight.Loads(ctx, callerOf(ctx))
	if err != nil {
		return nil, err
	}
	body := QueueReport{Queues: make([]QueueState, 0, len(loads))}
	for _, l := range loads {
		body.Queues = append(body.Queues, queueOf(l))
	}
	return &queuesOutput{Body: body}, nil
}

func (a *api) failures(ctx context.Context, in *failedInput) (*failedOutput, error) {
	list, counts, err := a.Oversight.Failures(ctx, callerOf(ctx), ports.Failures{
		Code: core.Code(in.Code), Stage: core.Stage(in.Stage), Limit: in.size(a.Limits),
	})
	if err != nil {
		return nil, err
	}
	return &failedOutput{Body: failureReport(list, counts)}, nil
}

func (a *api) acts(ctx context.Context, in *actsInput) (*actsOutput, error) {
	acts, err := a.Oversight.Acts(ctx, callerOf(ctx), in.size(a.Limits))
	if err != nil {
		return nil, err
	}
	body := ActReport{Operations: make([]OperatorAct, 0, len(acts))}
	for _, act := range acts {
		body.Operations = append(body.Operations, actOf(act))
	}
	return &actsOutput{Body: body}, nil
}
