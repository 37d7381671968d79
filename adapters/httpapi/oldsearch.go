package httpapi

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// oldSearch reads a search from a form. The door has read the body whole,
// within the bound of JSON bodies, so that the form never goes to disk.
func (a *api) oldSearch(r *http.Request) (SearchRequest, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" {
		return SearchRequest{}, &refusal{
			err: core.Fail(core.CodeInvalid, nil), status: http.StatusUnsupportedMediaType,
			detail: "The request body has to be multipart/form-data.",
		}
	}
	if err := r.ParseMultipartForm(a.Limits.MaxBodyBytes); err != nil { //nolint:gosec // bounded by the door
		return SearchRequest{}, badForm()
	}
	request := SearchRequest{Query: first(r.MultipartForm.Value["query"])}
	if !utf8.ValidString(request.Query) || utf8.RuneCountInString(request.Query) > a.Limits.MaxQuery {
		return request, invalid(http.StatusUnprocessableEntity, "query", fmt.Sprintf("at most %d characters of UTF-8", a.Limits.MaxQuery))
	}
	if text := first(r.MultipartForm.Value["limit"]); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > a.Limits.MaxResults {
			return request, invalid(http.StatusUnprocessableEntity, "limit", fmt.Sprintf("a number from 1 to %d", a.Limits.MaxResults))
		}
		request.Limit = n
	}
	return request, nil
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func oldResultOf(r SearchResult, s ports.Standing) OldResult {
	similarity := 0.0 // older clients know no search by words alone
	if r.Similarity != nil {
		similarity = *r.Similarity
	}
	return OldResult{
		DocumentID: r.DocumentID, Text: r.Text, Filename: r.Filename, Similarity: similarity,
		Metadata: OldMetadata{
			Filename: r.Filename, FileSize: s.Size, ContentType: s.ContentType, ChunkLength: utf8.RuneCountInString(r.Text),
			TotalChunks: s.Chunks, UploadedAt: s.CreatedAt.UTC(),
		},
	}
}

// describeSearchOld documents the form, which Huma must not read itself.
func (a *api) describeSearchOld(doc *huma.OpenAPI) {
	least, most := 1.0, float64(a.Limits.MaxResults)
	shortest := 1
	doc.Paths[pathSearchAlias].Post.RequestBody = &huma.RequestBody{
		Required: true,
		Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type: huma.TypeObject, Required: []string{"query"}, AdditionalProperties: true,
			Properties: map[string]*huma.Schema{
				"query": {Type: huma.TypeString, MinLength: &shortest, MaxLength: &a.Limits.MaxQuery, Description: "What to look for, in plain words"},
				"limit": {Type: huma.TypeInteger, Minimum: &least, Maximum: &most,
					Description: fmt.Sprintf("How many passages to answer; %d when not given", a.Limits.DefaultResults)},
			},
		}}},
	}
}
