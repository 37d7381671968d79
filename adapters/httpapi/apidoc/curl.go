package apidoc

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// curl is the line to type for an operation, with the examples in it. The
// address and the token are variables of the shell.
func (r *renderer) curl(op *huma.Operation) string {
	parts := []string{"curl -s"}
	if op.Method != http.MethodGet && (op.Method != http.MethodPost || op.RequestBody == nil) {
		parts[0] += " -X " + op.Method
	}
	parts[0] += ` "$api` + r.address(op) + `"`
	if len(op.Security) > 0 {
		parts = append(parts, `-H "Authorization: Bearer $token"`)
	}
	if op.RequestBody != nil {
		parts = append(parts, r.payload(op.RequestBody)...)
	}
	if r.binary(op) {
		parts = append(parts, "-OJ")
	}
	return strings.Join(parts, " \\\n  ")
}

// address is the path with the examples of its parameters.
func (r *renderer) address(op *huma.Operation) string {
	path, query := op.Path, []string{}
	for _, p := range op.Parameters {
		example := exampleOf(p)
		switch {
		case example == nil:
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", plain(example))
		case p.In == "query" && p.Required:
			query = append(query, p.Name+"="+plain(example))
		}
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	return path
}

func (r *renderer) payload(body *huma.RequestBody) (parts []string) {
	if form := body.Content["multipart/form-data"]; form != nil {
		schema := r.resolve(form.Schema)
		for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
			value := "@policy.pdf"
			if schema.Properties[name].Format != "binary" {
				value = fieldOf(form.Example, name)
			}
			parts = append(parts, "-F "+quoted(name+"="+value))
		}
		return parts
	}
	for _, media := range slices.Sorted(maps.Keys(body.Content)) {
		return []string{"-H " + quoted("Content-Type: "+media), "-d " + quoted(plain(body.Content[media].Example))}
	}
	return nil
}

// fieldOf is one field of an example, as text.
func fieldOf(example any, name string) string {
	var fields map[string]string
	raw, err := json.Marshal(example)
	if err != nil || json.Unmarshal(raw, &fields) != nil {
		return ""
	}
	return fields[name]
}

// binary reports whether the operation answers a file.
func (r *renderer) binary(op *huma.Operation) bool {
	answer := op.Responses["200"]
	if answer == nil {
		return false
	}
	for _, media := range answer.Content {
		if media.Schema != nil && media.Schema.Format == "binary" {
			return true
		}
	}
	return false
}

// quoted is a word of the shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
