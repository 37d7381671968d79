package supabase_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// description is the vendor's own, kept beside the checkout and not in it.
var description = filepath.Join("..", "..", "..", "shared", "data", "supabase-auth-openapi.json")

// judge holds every request to Auth and every answer against the description.
type judge struct {
	router routers.Router
	mu     sync.Mutex
	faults map[string]bool
	seen   map[string]bool
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	raw, err := os.ReadFile(description)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the vendor's description is not at %s: nothing to hold the requests against", description)
	}
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = nil             // any host will do
	doc.Paths.Delete("/settings") // asked by nobody, and written in words of its own
	asRecorded(doc)
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation(), openapi3.DisableSchemaDefaultsValidation(), openapi3.IsOpenAPI31OrLater())
	if err != nil {
		t.Fatal(err)
	}
	return &judge{router: router, faults: map[string]bool{}, seen: map[string]bool{}}
}

// asRecorded mends the description where the real service was seen to differ.
func asRecorded(doc *openapi3.T) {
	schemas := doc.Components.Schemas
	schemas["AccessTokenResponseSchema"].Value.Properties["weak_password"].Value.Nullable = true // null after a password
	word := openapi3.NewSchemaRef("", openapi3.NewSchema())
	schemas["ErrorSchema"].Value.Properties["code"] = word // a word under the version header
	doc.Components.Responses["RateLimitResponse"].Value.Content["application/json"].Schema.Value.Properties["code"] = word
	signUp := doc.Paths.Value("/signup").Post.Responses.Status(http.StatusOK).Value.Content["application/json"].Schema.Value
	signUp.OneOf, signUp.AnyOf = nil, signUp.OneOf // neither asks for any field, so that each fits the other
}

// RoundTrip implements http.RoundTripper.
func (j *judge) RoundTrip(req *http.Request) (*http.Response, error) {
	path, ours := strings.CutPrefix(req.URL.Path, "/auth/v1")
	var sent []byte
	if req.Body != nil {
		sent, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	var input *openapi3filter.RequestValidationInput
	if ours && !strings.HasPrefix(path, "/admin/") { // the description leaves the administrator's calls out
		input = j.request(req, path, sent)
	}
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

func (j *judge) fault(what string, err error) {
	if err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.faults[what+": "+err.Error()] = true
	}
}

func (j *judge) request(req *http.Request, path string, sent []byte) *openapi3filter.RequestValidationInput {
	copied := req.Clone(context.Background())
	copied.URL = &url.URL{Scheme: "http", Host: "x", Path: path, RawQuery: req.URL.RawQuery}
	copied.Body = io.NopCloser(bytes.NewReader(sent))
	route, params, err := j.router.FindRoute(copied)
	if err != nil {
		j.fault(req.Method+" "+path, err)
		return nil
	}
	j.mu.Lock()
	j.seen[req.Method+" "+path+" "+req.URL.Query().Get("grant_type")] = true
	j.mu.Unlock()
	input := &openapi3filter.RequestValidationInput{
		Request: copied, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	j.fault(req.Method+" "+path, openapi3filter.ValidateRequest(context.Background(), input))
	return input
}

// TestRequestsAndAnswersFitTheVendorsDescription runs the whole suite of the
// accounts past the judge. The address of an authorisation is left out: the
// description asks for scopes there, which the real service does without.
func TestRequestsAndAnswersFitTheVendorsDescription(t *testing.T) {
	t.Parallel()
	j := newJudge(t)
	for name, o := range map[string]supabasetest.AuthOptions{"rotation": {}, "counters": {RefreshTokens: 2}} {
		t.Run(name, func(t *testing.T) {
			portstest.Accounts(t, func(t *testing.T) portstest.People { return people(t, o, &http.Client{Transport: j}) })
		})
	}
	for fault := range j.faults {
		t.Error(fault)
	}
	if len(j.seen) < 10 {
		t.Errorf("only these were held against it: %v", j.seen)
	}
}
