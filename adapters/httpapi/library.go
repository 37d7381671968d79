package httpapi

import (
	"fmt"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// registerLibrary adds the operations on one's documents as resources.
func (a *api) registerLibrary(h huma.API) {
	tags := []string{"Documents"}
	a.registerLists(h, tags)
	route(h, huma.Operation{
		OperationID: "create-document", Method: http.MethodPost, Path: pathDocuments, Tags: tags, Middlewares: quoted(a.quoteFile),
		DefaultStatus: http.StatusAccepted,
		Summary:       "Upload a document and learn where it is",
		Description: "Stores the file and starts the pipeline. " + a.Limits.words() +
			" The same content again is 409 with the id of the document that is there, or 200 with that document where on_duplicate is return;" +
			" one that failed or was cancelled is taken up again.",
		Errors: []int{400, 408, 409, 413, 415, 422, 503},
	}, a.create)
	route(h, huma.Operation{
		OperationID: "get-document", Method: http.MethodGet, Path: "/documents/{id}", Tags: tags,
		Summary:     "One document",
		Description: "Where it stands and what there is of it. A document of another account is 404, as an unknown one.",
		Errors:      []int{404, 503},
	}, a.show)
	route(h, huma.Operation{
		OperationID: "get-document-file", Method: http.MethodGet, Path: "/documents/{id}/file", Tags: tags,
		Summary:     "The file as it was uploaded",
		Description: "Compared with what was uploaded before the first byte is sent. Takes Range, If-Range and If-None-Match.",
		Errors:      []int{404, 410, 412, 416, 500, 503},
	}, a.file)
	route(h, huma.Operation{
		OperationID: "get-document-link", Method: http.MethodGet, Path: "/documents/{id}/file/link", Tags: tags,
		Summary: "An address that reads the file without a token",
		Description: fmt.Sprintf("For a browser, which cannot send one with a link: valid for %.0f seconds, for this file alone.", a.Limits.LinkTTL.Seconds()) +
			" It leads to the storage, which compares nothing with what was uploaded: compare content_sha256.",
		Errors: []int{404, 410, 500, 503},
	}, a.link)
	route(h, huma.Operation{
		OperationID: "get-document-deletion", Method: http.MethodGet, Path: "/documents/{id}/deletion", Tags: tags,
		Summary: "The receipt of a deletion",
		Description: "From the deletion on: whether it is done, and what was counted in each place afterwards." +
			" A document that was not deleted is 404, as another account's.",
		Errors: []int{404, 503},
	}, a.deletion)
	route(h, huma.Operation{
		OperationID: "retry-document", Method: http.MethodPost, Path: "/documents/{id}/retry", Tags: tags,
		DefaultStatus: http.StatusAccepted,
		Summary:       "Take a document up again",
		Description:   "Opens the next attempt of a document that failed or was cancelled, where the last one can be continued. Any other is 409; one in which malware was found is 422.",
		Errors:        []int{404, 409, 422, 503},
	}, a.retry)
	route(h, huma.Operation{
		OperationID: "cancel-document", Method: http.MethodPost, Path: "/documents/{id}/cancel", Tags: tags,
		DefaultStatus: http.StatusAccepted,
		Summary:       "Stop the work on a document",
		Description:   "Ends the attempt that is under way; the document stays and can be retried. One whose attempt has ended is 409.",
		Errors:        []int{404, 409, 503},
	}, a.cancel)
}

func (a *api) registerLists(h huma.API, tags []string) {
	route(h, huma.Operation{
		OperationID: "list-documents", Method: http.MethodGet, Path: pathDocuments, Tags: tags,
		Summary:     "One's documents",
		Description: "The newest first, in pages. What is uploaded meanwhile moves no page.",
		Errors:      []int{422, 503},
	}, a.list)
	route(h, huma.Operation{
		OperationID: "list-document-chunks", Method: http.MethodGet, Path: "/documents/{id}/chunks", Tags: tags,
		Summary:     "A document's text in the pieces that are searched",
		Description: "In their order, in pages. There are none before the document is cut.",
		Errors:      []int{404, 422, 503},
	}, a.chunks)
	route(h, huma.Operation{
		OperationID: "get-batch-status", Method: http.MethodPost, Path: "/documents/batch-status", Tags: tags,
		MaxBodyBytes: a.Limits.MaxBodyBytes + 1,
		Summary:      "Where several documents stand",
		Description:  "Ids of other accounts' documents are missing, as unknown ones.",
		Errors:       []int{400, 408, 413, 415, 422, 503},
	}, a.batchStatus)
}

// describeLibrary puts the limits into the schemas that validate and document
// the lists, and says what Go's types cannot: the words of a filter, an answer
// of bytes, a second answer.
func (a *api) describeLibrary(doc *huma.OpenAPI) {
	for _, path := range []string{pathDocuments, "/documents/{id}/chunks", pathExport} {
		for _, p := range doc.Paths[path].Get.Parameters {
			a.boundParameter(p)
		}
	}
	ids := doc.Components.Schemas.Map()["BatchRequest"].Properties["ids"]
	ids.MaxItems = &a.Limits.MaxBatch
	ids.PrecomputeMessages()
	a.describeFile(doc.Paths["/documents/{id}/file"].Get)
	document := doc.Components.Schemas.Schema(reflect.TypeFor[Document](), true, "Document")
	doc.Paths[pathDocuments].Post.Responses["200"] = &huma.Response{
		Description: "on_duplicate=return: the document that is there already",
		Content:     map[string]*huma.MediaType{jsonType: {Schema: document}},
	}
}

// describeFile says what the answers of bytes are: of the types that uploads
// may have, with what net/http makes of Range and of conditions.
func (a *api) describeFile(op *huma.Operation) {
	bytes := func(text string) *huma.Response {
		r := &huma.Response{Description: text, Content: map[string]*huma.MediaType{}, Headers: map[string]*huma.Param{
			"ETag":                {Description: "The file's SHA-256 in quotes", Schema: &huma.Schema{Type: huma.TypeString}},
			"Content-Disposition": {Description: "The file's name (RFC 6266)", Schema: &huma.Schema{Type: huma.TypeString}},
		}}
		for _, kind := range a.Limits.Types {
			r.Content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
		return r
	}
	op.Parameters = append(op.Parameters,
		headerParameter("Range", "Which bytes to answer", "bytes=0-1023"),
		headerParameter("If-Range", "The ETag for which Range holds; of another file all is answered", exampleETag),
		headerParameter("If-None-Match", "ETags the client has: 304 when the file is one of them", exampleETag),
		headerParameter("If-Match", "ETags to answer: 412 when the file is none of them", exampleETag))
	op.Responses["200"], op.Responses["206"] = bytes("The whole file"), bytes("The range asked for")
	op.Responses["206"].Content["multipart/byteranges"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	op.Responses["304"] = &huma.Response{Description: "The file is the one that If-None-Match names"}
}

const exampleETag = `"5e4cd023c3dad4a895b3571ca573d3fc51bac6de48360d95283134385b954eaa"`

func headerParameter(name, text, sample string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Description: text, Example: sample, Schema: &huma.Schema{Type: huma.TypeString}}
}

func (a *api) boundParameter(p *huma.Param) {
	switch p.Name {
	case "limit":
		most := float64(a.Limits.MaxPage)
		p.Schema.Maximum = &most
		p.Schema.Description = fmt.Sprintf("How many to answer; %d when not given", a.Limits.DefaultPage)
		p.Description = p.Schema.Description
	case "status":
		p.Schema.Items = &huma.Schema{Ref: schemaPrefix + "Status"}
	}
	p.Schema.PrecomputeMessages()
}
