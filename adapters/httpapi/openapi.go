package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/yaml"
)

// describeUpload documents the upload's body. It has to happen after the
// operation is registered: Huma reads a body itself when it knows of one.
func (a *api) describeUpload(doc *huma.OpenAPI) {
	body := &huma.RequestBody{
		Required: true,
		Description: fmt.Sprintf("One file of at most %d bytes. Other fields are read over; all of them together may have %d bytes.",
			a.Limits.MaxFileBytes, a.Limits.MaxFormBytes),
		Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type:     huma.TypeObject,
			Required: []string{"file"},
			Properties: map[string]*huma.Schema{
				"file":      {Type: huma.TypeString, Format: "binary", Description: a.Limits.words()},
				"policy_id": {Type: huma.TypeString, MaxLength: &a.Limits.MaxPolicyBytes, Description: "One's own reference"},
			},
		}}},
	}
	doc.Paths[pathUpload].Post.RequestBody = body
	doc.Paths[pathDocuments].Post.RequestBody = body
}

// describeSignUp documents the two answers of a sign-up, which Go's types
// cannot tell apart.
func (a *api) describeSignUp(doc *huma.OpenAPI) {
	op := doc.Paths["/auth/signup"].Post
	for status, body := range map[string]any{"201": Session{}, "202": PendingAccount{}} {
		t := reflect.TypeOf(body)
		op.Responses[status] = &huma.Response{
			Description: map[string]string{"201": "Signed in", "202": "The address has to be confirmed first"}[status],
			Content:     map[string]*huma.MediaType{jsonType: {Schema: doc.Components.Schemas.Schema(t, true, t.Name())}},
		}
	}
	password := doc.Components.Schemas.Map()["SignUpRequest"].Properties["password"]
	password.Description = fmt.Sprintf("At least %d characters and at most %d bytes", a.Limits.MinPassword, a.Limits.MaxPassword)
}

// boundSearch puts the limits into the schema that validates and documents
// searches.
func (a *api) boundSearch(doc *huma.OpenAPI) {
	schema := doc.Components.Schemas.Map()["SearchRequest"]
	most := float64(a.Limits.MaxResults)
	schema.Properties["query"].MaxLength = &a.Limits.MaxQuery
	schema.Properties["limit"].Maximum = &most
	schema.Properties["limit"].Description = fmt.Sprintf("How many passages to answer; %d when not given", a.Limits.DefaultResults)
	schema.Properties["document_ids"].MaxItems = &a.Limits.MaxBatch
	schema.Properties["types"].MaxItems = &a.Limits.MaxTypes
	schema.Properties["types"].Items.MaxLength = &a.Limits.MaxTypeLength
	schema.Properties["types"].Items.Pattern = mimePattern
	schema.Properties["types"].Items.PrecomputeMessages()
	schema.PrecomputeMessages()
	for _, property := range schema.Properties {
		property.PrecomputeMessages()
	}
}

// mimePattern is type/subtype in lower case (RFC 6838).
const mimePattern = `^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*$`

// nameForGo tells generators of Go code how to tell documentId from
// document_id, which have one name by Go's rules.
func nameForGo(doc *huma.OpenAPI) {
	old := doc.Components.Schemas.Map()["Problem"].Properties["documentId"]
	old.Extensions = map[string]any{"x-go-name": "OldDocumentID"}
}

// describeLastError says that last_error may be null. Huma cannot say so of a
// field whose schema is shared, so the shared schema says it.
func describeLastError(doc *huma.OpenAPI) {
	doc.Components.Schemas.Map()["LastError"].Nullable = true
}

// schemaPrefix leads to the schemas that are kept once.
const schemaPrefix = "#/components/schemas/"

const jsonType = "application/json"

// The media types of the OpenAPI documents.
const (
	openAPIType     = "application/openapi+json"
	openAPIYAMLType = "application/openapi+yaml"
)

// current writes the document down as it is, in 3.1. Every map is written in
// the order of its keys, so the same operations are the same bytes.
func current(doc *huma.OpenAPI) ([]byte, error) { return json.Marshal(doc) }

// Documents is the OpenAPI documents 3.1 and 3.0.3 under these limits, indented,
// without anything of the machine or the deployment they are made on.
func Documents(l Limits) (newer, older []byte, err error) {
	replaceHumaErrors()
	a := &api{APIDeps: APIDeps{Limits: l.orDefaults()}, purse: &purse{}}
	h := humago.New(http.NewServeMux(), a.config())
	a.register(h)
	if newer, err = current(h.OpenAPI()); err != nil {
		return nil, nil, fmt.Errorf("httpapi: openapi 3.1: %w", err)
	}
	if older, err = downgrade(h.OpenAPI()); err != nil {
		return nil, nil, fmt.Errorf("httpapi: openapi 3.0: %w", err)
	}
	return indented(newer), indented(older), nil
}

func indented(document []byte) []byte {
	var out bytes.Buffer
	_ = json.Indent(&out, document, "", "  ") // it was encoded a moment ago
	out.WriteByte('\n')
	return out.Bytes()
}

// serveDocuments serves the OpenAPI documents and what is made of them. Each is
// made when it is first asked for, under a lock that Huma's own lacks: a process
// that nobody asks starts without that work.
func (a *api) serveDocuments(mux *http.ServeMux, doc *huma.OpenAPI) {
	for path, write := range map[string]func(*huma.OpenAPI) ([]byte, error){pathOpenAPI: current, pathOpenAPI30: downgrade} {
		document := sync.OnceValues(func() ([]byte, error) { return write(doc) })
		mux.HandleFunc("GET "+path, made(openAPIType, document))
		mux.HandleFunc("GET "+strings.TrimSuffix(path, ".json")+".yaml", made(openAPIYAMLType, func() ([]byte, error) {
			text, err := document()
			if err != nil {
				return nil, err
			}
			var out bytes.Buffer
			err = yaml.Convert(&out, bytes.NewReader(text))
			return out.Bytes(), err
		}))
	}
	if a.JWKS != nil {
		mux.HandleFunc("GET "+pathJWKS, func(w http.ResponseWriter, r *http.Request) {
			static("application/jwk-set+json", a.JWKS())(w, r)
		})
	}
	if a.DocsEnabled {
		serveDocs(mux, doc)
	}
}

// downgrade is the document in 3.0.3. Huma's own leaves in it what validators
// and generators refuse: a keyword of 3.1, and words beside a $ref.
func downgrade(doc *huma.OpenAPI) ([]byte, error) {
	raw, err := doc.Downgrade()
	if err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	dropKey(tree, "contentMediaType")
	bareRefs(tree)
	return json.Marshal(tree)
}

// bareRefs leaves nothing beside a $ref.
func bareRefs(tree any) {
	switch node := tree.(type) {
	case map[string]any:
		if ref, ok := node["$ref"].(string); ok {
			clear(node)
			node["$ref"] = ref
		}
		for _, child := range node {
			bareRefs(child)
		}
	case []any:
		for _, child := range node {
			bareRefs(child)
		}
	}
}

func dropKey(tree any, key string) {
	switch node := tree.(type) {
	case map[string]any:
		delete(node, key)
		for _, child := range node {
			dropKey(child, key)
		}
	case []any:
		for _, child := range node {
			dropKey(child, key)
		}
	}
}
