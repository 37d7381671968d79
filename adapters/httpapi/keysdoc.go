package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// readingRoutes use a method that changes things, and change nothing.
var readingRoutes = []string{"POST /search", "POST " + pathSearchAlias, "POST /documents/batch-status"}

// describeKeys gives every operation that changes something the idempotency
// key, and returns their routes: an operation that is added has it without
// asking for it.
func describeKeys(doc *huma.OpenAPI, limits Limits) map[string]bool {
	routes := map[string]bool{}
	header := keyHeader(limits)
	for path, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil || slices.Contains(readingRoutes, op.Method+" "+path) {
				continue
			}
			routes[op.Method+" "+path] = true
			op.Parameters = append(op.Parameters, header)
			describeKeyAnswers(op)
		}
	}
	return routes
}

func keyHeader(limits Limits) *huma.Param {
	return &huma.Param{
		Name: headerKey, In: "header",
		Description: fmt.Sprintf("A UUID of the client's own for this request, bare or in double quotes. The request sent again under it, unchanged, "+
			"has no second effect: for %g hours it is answered as it was, with %s. Another request under the same key is 422; "+
			"one whose first run is still under way is 409 with Retry-After, for at most %g minutes. Answers of 401, 408, 429 and 5xx are not kept, "+
			"nor the refusal of a request that did not arrive whole: the key is free again. Nor is a body of more than %d bytes.",
			limits.KeyLife.Hours(), headerReplayed, limits.KeyLease.Minutes(), limits.MaxKeptAnswer),
		// No format: quotes are allowed around the UUID.
		Schema:  &huma.Schema{Type: huma.TypeString, Pattern: uuidForm, Description: "A UUID"},
		Example: "5f0c9d3e-8a41-4f0e-9c0b-3d2f6a7b8c9d",
	}
}

const uuidForm = `^("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$`

// takesKey reports whether the operation has the header.
func takesKey(op *huma.Operation) bool {
	return slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == headerKey })
}

// describeKeyAnswers adds the statuses and headers that a key alone leads to;
// their codes are added where every operation's are (refusals.go).
func describeKeyAnswers(op *huma.Operation) {
	for _, status := range []int{http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity} {
		if name := strconv.Itoa(status); op.Responses[name] == nil {
			op.Responses[name] = &huma.Response{}
		}
	}
	replayed := &huma.Param{Description: "true where the answer is an earlier one, sent again", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"true"}}}
	for name, response := range op.Responses {
		status, err := strconv.Atoi(name)
		if err != nil || !keeps(status) {
			continue
		}
		if response.Headers == nil {
			response.Headers = map[string]*huma.Param{}
		}
		response.Headers[headerReplayed] = replayed
	}
	conflict := op.Responses[strconv.Itoa(http.StatusConflict)]
	conflict.Headers["Retry-After"] = &huma.Param{Description: "Seconds to wait, with idempotency_in_use", Schema: &huma.Schema{Type: huma.TypeInteger}}
}
