package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/insurance-navigator/navigator/core"
)

// loaded is the served 3.0.3 document, validated with its examples.
func loaded(t *testing.T) *openapi3.T {
	t.Helper()
	_, older, err := Documents(Limits{})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(older)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// A new route has to be described before it is served: each fault names the
// operation and what to write where.
func TestEveryOperationIsDescribed(t *testing.T) {
	t.Parallel()
	doc := loaded(t)
	for _, fault := range undescribed(doc) {
		t.Error(fault)
	}
	if err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation()); err != nil {
		t.Errorf("the document or one of its examples does not hold: %v", err)
	}
}

// undescribed lists what is missing in the document.
func undescribed(doc *openapi3.T) (faults []string) {
	if doc.Info.Contact == nil || doc.Info.License == nil || len(doc.Servers) == 0 || len(doc.Info.Description) < 500 {
		faults = append(faults, "the document: contact, license, servers or its introduction is missing (api.go, describe.go)")
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for _, fault := range operationFaults(doc, op) {
				faults = append(faults, fmt.Sprintf("%s %s (%s): %s", method, path, op.OperationID, fault))
			}
		}
	}
	slices.Sort(faults)
	return faults
}

func operationFaults(doc *openapi3.T, op *openapi3.Operation) (faults []string) {
	need := func(holds bool, what string) {
		if !holds {
			faults = append(faults, what)
		}
	}
	need(op.OperationID != "" && op.Summary != "" && op.Description != "", "its Operation needs OperationID, Summary and Description")
	need(op.Security != nil, "it says nothing of security: register it with route()")
	need(len(op.Tags) == 1, "it needs one tag")
	for _, tag := range op.Tags {
		known := doc.Tags.Get(tag)
		need(known != nil && known.Description != "", "its tag "+tag+" is not described in tagWords (describe.go)")
	}
	for _, p := range op.Parameters {
		p := p.Value
		need(p.Description != "", "parameter "+p.Name+" needs a doc tag")
		need(p.Example != nil || p.Schema.Value.Example != nil, "parameter "+p.Name+" needs an example tag")
	}
	if op.RequestBody != nil {
		for kind, media := range op.RequestBody.Value.Content {
			need(media.Example != nil, "its "+kind+" body has no example: add the operation to examples (examples.go)")
		}
	}
	for status, response := range op.Responses.Map() {
		faults = append(faults, responseFaults(status, response.Value)...)
	}
	return faults
}

func responseFaults(status string, response *openapi3.Response) (faults []string) {
	if response.Headers[headerRequest] == nil || *response.Description == "" {
		faults = append(faults, "answer "+status+" lacks its headers or its description: complete (describe.go) did not see it")
	}
	if status >= "400" {
		return append(faults, problemFaults(status, response)...)
	}
	for kind, media := range response.Content {
		if media.Example == nil && media.Schema.Value.Format != "binary" {
			faults = append(faults, fmt.Sprintf("answer %s of %s has no example: add the operation to examples (examples.go)", status, kind))
		}
	}
	return faults
}

func problemFaults(status string, response *openapi3.Response) (faults []string) {
	media := response.Content[problemType]
	codes, _ := response.Extensions[codesExtension].([]any)
	if media == nil || len(codes) == 0 || len(media.Examples) != len(codes) {
		return []string{"answer " + status + " is no problem with its codes and an example of each (refusals.go)"}
	}
	for _, code := range codes {
		body, _ := media.Examples[code.(string)].Value.Value.(map[string]any)
		if body["code"] != code || fmt.Sprint(body["status"]) != status || body["advice"] != core.Code(code.(string)).Advice() {
			faults = append(faults, fmt.Sprintf("answer %s: the example of %v is another problem: %v", status, code, body))
		}
	}
	return faults
}

// Each kind of fault is seen, and its message names the operation.
func TestUndescribedOperationsAreFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*openapi3.T, *openapi3.Operation)
		want  string
	}{
		"summary":     {func(_ *openapi3.T, op *openapi3.Operation) { op.Summary = "" }, "Summary"},
		"description": {func(_ *openapi3.T, op *openapi3.Operation) { op.Description = "" }, "Description"},
		"security":    {func(_ *openapi3.T, op *openapi3.Operation) { op.Security = nil }, "security"},
		"tag":         {func(doc *openapi3.T, _ *openapi3.Operation) { doc.Tags = nil }, "tagWords"},
		"request": {func(_ *openapi3.T, op *openapi3.Operation) {
			op.RequestBody.Value.Content.Get(jsonType).Example = nil
		}, "body has no example"},
		"answer": {func(_ *openapi3.T, op *openapi3.Operation) {
			op.Responses.Value("200").Value.Content.Get(jsonType).Example = nil
		}, "answer 200"},
		"problem": {func(_ *openapi3.T, op *openapi3.Operation) {
			op.Responses.Value("503").Value.Content[problemType].Examples = nil
		}, "answer 503"},
		"header": {func(_ *openapi3.T, op *openapi3.Operation) { op.Responses.Value("200").Value.Headers = nil }, "answer 200"},
	} {
		doc := loaded(t)
		c.spoil(doc, doc.Paths.Value("/search").Post)
		faults := undescribed(doc)
		if !slices.ContainsFunc(faults, func(f string) bool {
			return strings.HasPrefix(f, "POST /search (search)") && strings.Contains(f, c.want)
		}) {
			t.Errorf("%s: not found in %q", name, faults)
		}
	}
	doc := loaded(t)
	doc.Paths.Value("/search").Post.RequestBody.Value.Content.Get(jsonType).Example = map[string]any{"query": ""}
	if doc.Validate(t.Context(), openapi3.EnableExamplesValidation()) == nil {
		t.Error("an example that its schema refuses is not found")
	}
}

// An example or a table of codes without an operation is a leftover.
func TestNoLeftoversAreKeptForOperations(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, item := range loaded(t).Paths.Map() {
		for _, op := range item.Operations() {
			known[op.OperationID] = true
		}
	}
	for id := range examples(DefaultLimits()) {
		if !known[id] {
			t.Errorf("examples.go has an example of %s, which is no operation", id)
		}
	}
	for id := range ownRefusals() {
		if !known[id] {
			t.Errorf("refusals.go has codes of %s, which is no operation", id)
		}
	}
}

// The documents follow from the limits, and twice the same is the same bytes.
func TestDocumentsTellTheLimitsAndNothingOfTheMachine(t *testing.T) {
	t.Parallel()
	a, older, err := Documents(DefaultLimits())
	b, _, _ := Documents(DefaultLimits())
	if err != nil || !bytes.Equal(a, b) || !json.Valid(older) {
		t.Errorf("documents differ or are broken: %v", err)
	}
	few, _, err := Documents(Limits{MaxFileBytes: 3 << 20, MaxPage: 7, MaxBodyBytes: 4321})
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"3 MiB", "at most 7", "4321 bytes of JSON"} {
		if !strings.Contains(string(few), word) {
			t.Errorf("the limit %q is not told", word)
		}
	}
	bench := newBench(t)
	for _, path := range []string{pathYAML, pathYAML30} {
		got := bench.get(path, "")
		doc, err := openapi3.NewLoader().LoadFromData(got.body)
		if err != nil || doc.Paths.Value("/search") == nil || got.header.Get("Content-Type") != openAPIYAMLType {
			t.Errorf("%s: %v", path, err)
		}
	}
}
