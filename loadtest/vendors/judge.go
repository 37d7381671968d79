// Package vendors reads the vendors' own descriptions of their APIs, and holds
// against them what is asked and answered in a test. The descriptions lie beside
// the checkout and not in it.
package vendors

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

func init() {
	openapi3filter.RegisterBodyDecoder("application/pdf", openapi3filter.FileBodyDecoder) // a part of an upload's form
}

// Describe reads a vendor's description, by its file's name, for the test of an
// adapter. Where it is not at hand the test is skipped, and says so.
func Describe(t *testing.T, name string) *openapi3.T {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", name) // from an adapter's folder
	raw, err := os.ReadFile(path)                                   //nolint:gosec // a name of the source
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the vendor's description is not at %s: nothing to hold the requests against", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = nil // any host will do
	return doc
}

// Judge is a client's transport that holds every request to a vendor, and every
// answer, against the vendor's description.
type Judge struct {
	router routers.Router
	prefix string
	except []string

	mu     sync.Mutex
	faults map[string]bool
	seen   map[string]int
}

// NewJudge makes a Judge of the paths below prefix; others are let by, and those
// that continue it with one of except, which the description leaves out.
func NewJudge(t *testing.T, doc *openapi3.T, prefix string, except ...string) *Judge {
	t.Helper()
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation(),
		openapi3.DisableSchemaDefaultsValidation(), openapi3.IsOpenAPI31OrLater())
	if err != nil {
		t.Fatal(err)
	}
	return &Judge{router: router, prefix: prefix, except: except, faults: map[string]bool{}, seen: map[string]int{}}
}

// Faults is what did not fit the description, each once.
func (j *Judge) Faults() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Sorted(maps.Keys(j.faults))
}

// Seen counts the requests of each operation, named by Operation.
func (j *Judge) Seen() map[string]int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return maps.Clone(j.seen)
}

// Operation names an operation by its method and its path in the description.
func Operation(method, path string) string { return method + " " + path }

// RoundTrip implements http.RoundTripper.
func (j *Judge) RoundTrip(req *http.Request) (*http.Response, error) {
	path, ours := strings.CutPrefix(req.URL.Path, j.prefix)
	if !ours || slices.ContainsFunc(j.except, func(part string) bool { return strings.HasPrefix(path, part) }) {
		return http.DefaultTransport.RoundTrip(req)
	}
	var sent []byte
	if req.Body != nil {
		var err error
		if sent, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	input := j.request(req, path, sent)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || input == nil {
		return resp, err
	}
	got, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(got))
	answer := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: resp.StatusCode, Header: resp.Header}
	answer.SetBodyBytes(got)
	j.fault("answer to "+req.Method+" "+path, openapi3filter.ValidateResponse(context.Background(), answer))
	return resp, err
}

func (j *Judge) fault(what string, err error) {
	if err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.faults[what+": "+err.Error()] = true
	}
}

func (j *Judge) request(req *http.Request, path string, sent []byte) *openapi3filter.RequestValidationInput {
	copied := req.Clone(context.Background())
	copied.URL = &url.URL{Scheme: "http", Host: "x", Path: path, RawQuery: req.URL.RawQuery}
	copied.Body = io.NopCloser(bytes.NewReader(sent))
	route, params, err := j.router.FindRoute(copied)
	if err != nil {
		j.fault(req.Method+" "+path, err)
		return nil
	}
	j.mu.Lock()
	j.seen[Operation(route.Method, route.Path)]++
	j.mu.Unlock()
	input := &openapi3filter.RequestValidationInput{
		Request: copied, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	j.fault(req.Method+" "+path, openapi3filter.ValidateRequest(context.Background(), input))
	return input
}
