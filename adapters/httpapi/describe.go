package httpapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// apiVersion is the version of what clients are promised, and so of the OpenAPI
// documents. The build's own is told by GET /health.
const apiVersion = "1.0.0"

// tagWords says what the operations of a tag are for, in the order in which
// they are shown.
var tagWords = []*huma.Tag{
	{Name: "Accounts", Description: "Making an account, signing in and out."},
	{Name: "API keys", Description: "What machines sign in with: their scopes, their expiry, their end."},
	{Name: "Documents", Description: "Uploading documents, following them on their way, reading and removing them."},
	{Name: "Search", Description: "Asking questions of one's own documents."},
	{Name: "Older clients", Description: "Addresses that older clients use; each leads to the code of a modern one."},
	{Name: "Operators", Description: "What whoever runs the service reads: states, times, sizes and codes, never what a document says."},
	{Name: "Health", Description: "What the deployment says of itself, for the platform and for whoever is on call."},
}

// wordsOf describes properties that mean the same in every schema and whose
// types say nothing themselves.
var wordsOf = map[string]string{
	"document_id": "The document's id",
	"chunk_id":    "The chunk's id",
	"filename":    "The document's name, for display",
	"status":      "Where it stands",
	"created_at":  "When it was made, UTC",
	"updated_at":  "When it last changed, UTC",
	"bytes_len":   "Size of the file in bytes",
	"mime":        "Type of the file, by its content",
	"user":        "The account",
	"email":       "E-mail address",
	"password":    "The account's password",
	"links":       "Addresses of what there is of the document",
	"message":     "What happened, for a person",
	"advice":      "What that person can do",
	"code":        "Stable name of the error",
	"version":     "The build that answers",
	"marks":       markDoc,
}

// complete says what holds for every operation alike, on the finished document:
// a route that is registered tomorrow has it without asking.
func (a *api) complete(doc *huma.OpenAPI) {
	doc.Info.Description = a.about()
	doc.Tags = tagWords
	doc.Components.Headers = headerWords()
	doc.Components.Examples = map[string]*huma.Example{}
	all := examples(a.Limits)
	for _, op := range operationsOf(doc) {
		a.describeErrors(doc, op)
		a.describeBody(op)
		all[op.OperationID].fill(op)
		describeHeaders(op)
	}
	for _, schema := range doc.Components.Schemas.Map() {
		for name, property := range schema.Properties {
			if property.Description == "" && property.Ref == "" {
				property.Description = wordsOf[name]
			}
			for inner, field := range property.Properties {
				if field.Description == "" {
					field.Description = wordsOf[inner]
				}
			}
		}
	}
}

// operationsOf is the document's operations in one order: by path, then as
// OpenAPI lists the methods.
func operationsOf(doc *huma.OpenAPI) (all []*huma.Operation) {
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Delete, item.Options, item.Head, item.Patch, item.Trace} {
			if op != nil {
				all = append(all, op)
			}
		}
	}
	return all
}

// about is the document's introduction, in Markdown.
func (a *api) about() string {
	l := a.Limits
	return strings.Join([]string{
		"Upload insurance documents, follow them on their way, and search in them.",
		"**Signing in.** `POST /auth/login` answers an access token; send it as `Authorization: Bearer <token>`. " +
			"It expires; `POST /auth/refresh` trades the refresh token, once, for new ones. Operations with an empty `security` need none.",
		accessWords(),
		"**Errors.** Every error is a problem document (RFC 9457, `application/problem+json`). `code` is stable and is what a program " +
			"should look at; `detail` says what happened, `advice` what to do, `errors` names the fields at fault. " +
			"A document of another account is answered as one that does not exist. " +
			"`Retry-After` says when to come back after 429 and 503.",
		"**Requests** are named by `X-Request-ID` in every answer; send a UUID of your own in that header and it is kept. " +
			fmt.Sprintf("A request's headers may have %d bytes together, a JSON body %d, and a body has %g seconds to arrive.",
				l.MaxHeaderBytes, l.MaxBodyBytes, l.BodyTime.Seconds()),
		"**Uploads.** " + l.words() + " `GET " + pathLimits + "` answers the same in numbers.",
		"**Rates.** " + l.rateWords(),
		fmt.Sprintf("**Lists** come in pages of %d, at most %d: `next_cursor` leads to the next one and is null at the end.", l.DefaultPage, l.MaxPage),
	}, "\n\n")
}

// describeBody adds to a JSON body's description what all of them are held to.
func (a *api) describeBody(op *huma.Operation) {
	if op.RequestBody == nil || op.RequestBody.Content[jsonType] == nil {
		return
	}
	op.RequestBody.Description = strings.TrimSpace(op.RequestBody.Description +
		fmt.Sprintf(" At most %d bytes of JSON, which have to arrive within %g seconds. Unknown properties are refused.",
			a.Limits.MaxBodyBytes, a.Limits.BodyTime.Seconds()))
}

// The headers of answers.
const (
	headerRequest   = "X-Request-ID"
	headerChallenge = "WWW-Authenticate"
	headerRetry     = "Retry-After"
)

func headerWords() map[string]*huma.Header {
	word := func(text string, schema *huma.Schema) *huma.Header {
		return &huma.Header{Description: text, Required: true, Schema: schema}
	}
	least := 1.0
	return map[string]*huma.Header{
		headerRequest:   word("The request's id: name it when you write to support", &huma.Schema{Type: huma.TypeString, Format: "uuid"}),
		headerChallenge: word("How to prove who asks (RFC 6750)", &huma.Schema{Type: huma.TypeString}),
		headerRetry:     word("Seconds to wait before asking again", &huma.Schema{Type: huma.TypeInteger, Minimum: &least}),
	}
}

// describeHeaders names the headers that an answer has for its status.
func describeHeaders(op *huma.Operation) {
	for status, response := range op.Responses {
		names := []string{headerRequest}
		switch status {
		case strconv.Itoa(http.StatusUnauthorized):
			names = append(names, headerChallenge)
		case strconv.Itoa(http.StatusTooManyRequests), strconv.Itoa(http.StatusServiceUnavailable):
			names = append(names, headerRetry)
		}
		if response.Headers == nil {
			response.Headers = map[string]*huma.Param{}
		}
		for _, name := range names {
			response.Headers[name] = &huma.Param{Ref: "#/components/headers/" + name}
		}
	}
}
