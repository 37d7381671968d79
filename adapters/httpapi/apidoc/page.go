// Package apidoc renders an OpenAPI document as one page for people: plain HTML
// with its style inside, no script, nothing fetched from anywhere.
package apidoc

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // the template and the style
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/renderer/html"
)

var (
	//go:embed page.html
	layout string
	//go:embed page.css
	style string

	// Closed tags, so that a test can hold the page to being well-formed.
	toHTML = goldmark.New(goldmark.WithRendererOptions(html.WithXHTML()))

	pageTemplate = template.Must(template.New("page").Parse(layout))
)

// Policy is the Content-Security-Policy of the page: its own style, by hash, and
// nothing else at all.
func Policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// page is what the template shows.
type page struct {
	Style                  template.CSS
	Title, Version, Server string
	About                  template.HTML
	Groups                 []group
	Common                 []refusal // what every operation may answer
	Problem                string    // one of them, as JSON
	Schemas                []shape
}

type group struct {
	Name, Slug string
	About      template.HTML
	Operations []operation
}

type operation struct {
	ID, Method, Path, Summary string
	About                     template.HTML
	Locked                    bool
	Parameters                []row
	Body                      *body
	Curl                      string
	Answers                   []answer
	Refusals                  []refusal
}

type body struct {
	About   template.HTML
	Media   string
	Rows    []row
	Example string
}

type answer struct {
	Status  int
	Media   string
	About   template.HTML
	Schema  string // the name of a shape; empty for none
	Example string
	Headers []row
}

// refusal is one code at one status.
type refusal struct {
	Status                int
	Code, Message, Advice string
}

// shape is a named schema as a table.
type shape struct {
	Name  string
	Rows  []row
	Words []string // of a closed set of words
}

// row is one field, parameter or header.
type row struct {
	Name, Type, Where string
	Schema            string // the named schema that the value is of, or a list of it
	Required          bool
	About             template.HTML
	Example           string
}

// Render makes the page of a document.
func Render(doc *huma.OpenAPI) ([]byte, error) {
	r := &renderer{doc: doc, schemas: doc.Components.Schemas.Map()}
	view := page{
		Style: template.CSS(style), //nolint:gosec // our own file
		Title: doc.Info.Title, Version: doc.Info.Version, About: r.markdown(doc.Info.Description),
		Groups: r.groups(), Schemas: r.shapes(),
	}
	if len(doc.Servers) > 0 {
		view.Server = doc.Servers[0].URL
	}
	view.Common = common(view.Groups)
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Examples)) {
		if strings.HasPrefix(name, "problem-404") {
			view.Problem = r.json(doc.Components.Examples[name].Value)
		}
	}
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, view)
	return out.Bytes(), errorOf(r.err, err)
}

func errorOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("apidoc: %w", err)
		}
	}
	return nil
}

// renderer keeps the first fault, so that the view reads as a value.
type renderer struct {
	doc     *huma.OpenAPI
	schemas map[string]*huma.Schema
	err     error
}

// markdown renders a description; HTML in it is shown as text.
func (r *renderer) markdown(text string) template.HTML {
	var out bytes.Buffer
	if err := toHTML.Convert([]byte(text), &out); err != nil && r.err == nil {
		r.err = err
	}
	return template.HTML(out.String()) //nolint:gosec // goldmark lets no raw HTML through
}

func (r *renderer) json(value any) string {
	if value == nil {
		return ""
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil && r.err == nil {
		r.err = err
	}
	return strings.TrimSpace(out.String())
}

// groups is the operations by tag, in the order of the document's tags; one
// whose tag the document does not know comes at the end.
func (r *renderer) groups() (groups []group) {
	at := map[string]int{}
	add := func(name, about string) {
		at[name] = len(groups)
		groups = append(groups, group{Name: name, Slug: "tag-" + strings.ReplaceAll(strings.ToLower(name), " ", "-"), About: r.markdown(about)})
	}
	for _, tag := range r.doc.Tags {
		add(tag.Name, tag.Description)
	}
	for _, path := range slices.Sorted(maps.Keys(r.doc.Paths)) {
		for _, op := range methods(r.doc.Paths[path]) {
			tag := "Other"
			if len(op.Tags) > 0 {
				tag = op.Tags[0]
			}
			if _, known := at[tag]; !known {
				add(tag, "")
			}
			g := &groups[at[tag]]
			g.Operations = append(g.Operations, r.operation(op))
		}
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.Operations) == 0 })
}

func methods(item *huma.PathItem) (all []*huma.Operation) {
	for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete, item.Head, item.Options, item.Trace} {
		if op != nil {
			all = append(all, op)
		}
	}
	return all
}

func (r *renderer) operation(op *huma.Operation) operation {
	o := operation{
		ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, About: r.markdown(op.Description),
		Locked: len(op.Security) > 0, Curl: r.curl(op),
	}
	for _, p := range op.Parameters {
		o.Parameters = append(o.Parameters, r.parameter(p, p.Name))
	}
	if op.RequestBody != nil {
		o.Body = r.body(op.RequestBody)
	}
	for _, text := range slices.Sorted(maps.Keys(op.Responses)) {
		status, _ := strconv.Atoi(text)
		if status >= 400 {
			o.Refusals = append(o.Refusals, r.refusals(status, op.Responses[text])...)
			continue
		}
		o.Answers = append(o.Answers, r.answers(status, op.Responses[text])...)
	}
	return o
}

func (r *renderer) parameter(p *huma.Param, name string) row {
	if p.Ref != "" {
		p = r.doc.Components.Headers[p.Ref[strings.LastIndex(p.Ref, "/")+1:]]
	}
	one := row{Name: name, Where: p.In, Required: p.Required}
	about := p.Description
	if p.Schema != nil {
		one.Type, about = r.kind(p.Schema), cmp.Or(about, p.Schema.Description)
	}
	one.About = r.markdown(about)
	if example := exampleOf(p); example != nil {
		one.Example = plain(example)
	}
	return one
}

func exampleOf(p *huma.Param) any {
	switch {
	case p.Example != nil:
		return p.Example
	case p.Schema != nil && len(p.Schema.Examples) > 0:
		return p.Schema.Examples[0]
	}
	return nil
}

func (r *renderer) body(in *huma.RequestBody) *body {
	media := slices.Min(append(slices.Collect(maps.Keys(in.Content)), last))
	content := in.Content[media]
	if content == nil {
		return nil
	}
	out := &body{About: r.markdown(in.Description), Media: media, Rows: r.rows(content.Schema)}
	if media == "application/json" {
		out.Example = r.json(content.Example)
	}
	return out
}

// last sorts behind every media type.
const last = "~"

func (r *renderer) answers(status int, response *huma.Response) (all []answer) {
	base := answer{Status: status, About: r.markdown(response.Description)}
	for _, name := range slices.Sorted(maps.Keys(response.Headers)) {
		if name != "X-Request-ID" { // told once, in the introduction
			base.Headers = append(base.Headers, r.parameter(response.Headers[name], name))
		}
	}
	for _, media := range slices.Sorted(maps.Keys(response.Content)) {
		content, one := response.Content[media], base
		one.Media = media
		if content.Schema != nil && content.Schema.Ref != "" {
			one.Schema = nameOf(content.Schema)
		}
		one.Example = r.json(content.Example)
		if text, plain := content.Example.(string); plain {
			one.Example = text
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return []answer{base}
	}
	return all
}

// refusals reads the codes of an error answer off its examples.
func (r *renderer) refusals(status int, response *huma.Response) (all []refusal) {
	for _, media := range response.Content {
		for _, code := range slices.Sorted(maps.Keys(media.Examples)) {
			example := media.Examples[code]
			if example.Ref != "" {
				example = r.doc.Components.Examples[example.Ref[strings.LastIndex(example.Ref, "/")+1:]]
			}
			var problem struct {
				Title  string `json:"title"`
				Advice string `json:"advice"`
			}
			if err := json.Unmarshal([]byte(r.json(example.Value)), &problem); err != nil && r.err == nil {
				r.err = err
			}
			all = append(all, refusal{status, code, problem.Title, problem.Advice})
		}
	}
	return all
}

// common takes out of the operations what all of them may answer: it is said
// once.
func common(groups []group) (shared []refusal) {
	total, seen := 0, map[refusal]int{}
	for _, g := range groups {
		for _, o := range g.Operations {
			total++
			for _, one := range o.Refusals {
				seen[one]++
			}
		}
	}
	for i := range groups {
		for j := range groups[i].Operations {
			o := &groups[i].Operations[j]
			o.Refusals = slices.DeleteFunc(o.Refusals, func(one refusal) bool { return seen[one] == total })
		}
	}
	for one, n := range seen {
		if n == total {
			shared = append(shared, one)
		}
	}
	slices.SortFunc(shared, func(a, b refusal) int { return a.Status - b.Status })
	return shared
}
