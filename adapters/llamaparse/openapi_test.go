package llamaparse_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
)

// description is the vendor's own, kept beside the checkout and not in it.
var description = filepath.Join("..", "..", "..", "shared", "data", "llamacloud-openapi.json")

func init() {
	openapi3filter.RegisterBodyDecoder("application/pdf", openapi3filter.FileBodyDecoder) // a part of the upload's form
}

// judge holds every request and every answer against the description.
type judge struct {
	router routers.Router
	mu     sync.Mutex
	faults []string
	seen   map[string]int
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
	doc.Servers = nil // any host will do
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation(), openapi3.DisableSchemaDefaultsValidation(), openapi3.IsOpenAPI31OrLater())
	if err != nil {
		t.Fatal(err)
	}
	return &judge{router: router, seen: map[string]int{}}
}

func (j *judge) fault(what string, err error) {
	if err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.faults = append(j.faults, what+": "+err.Error())
	}
}

// RoundTrip implements http.RoundTripper.
func (j *judge) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent []byte
	if req.Body != nil {
		sent, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	input := j.request(req, sent)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || input == nil {
		return resp, err
	}
	got, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(got))
	answer := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: resp.StatusCode, Header: resp.Header}
	answer.SetBodyBytes(got)
	j.fault("answer to "+req.Method+" "+req.URL.Path, openapi3filter.ValidateResponse(context.Background(), answer))
	return resp, err
}

func (j *judge) request(req *http.Request, sent []byte) *openapi3filter.RequestValidationInput {
	route, params, err := j.router.FindRoute(req)
	if err != nil {
		j.fault(req.Method+" "+req.URL.Path, err)
		return nil
	}
	j.mu.Lock()
	j.seen[route.Operation.OperationID]++
	j.mu.Unlock()
	copied := req.Clone(context.Background())
	copied.Body = io.NopCloser(bytes.NewReader(sent))
	input := &openapi3filter.RequestValidationInput{
		Request: copied, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	j.fault(req.Method+" "+req.URL.Path, openapi3filter.ValidateRequest(context.Background(), input))
	return input
}

func TestRequestsAndAnswersFitTheVendorsDescription(t *testing.T) {
	t.Parallel()
	j := newJudge(t)
	b := newBench(t, func(_ *llamaparsetest.Options, c *llamaparse.Config) {
		c.HTTPClient, c.MaxFailedShare = &http.Client{Transport: j}, 0.5
	})
	d := newDoor(t)
	everyCall(t, b, d)
	everyRead(t, j, b)
	for _, f := range j.faults {
		t.Error(f)
	}
	if len(j.seen) < 11 {
		t.Errorf("only these operations were held against it: %v", j.seen)
	}
}

// everyCall makes every call of the adapter, with good and bad ends.
func everyCall(t *testing.T, b *bench, d *door) {
	t.Helper()
	b.fake.Faults.PageFailures(2)
	s := d.submission(threePage)
	doc := b.submitted(t, s)
	if _, err := b.fetched(t, doc); err != nil {
		t.Error(err)
	}
	if _, ok, err := b.Find(t.Context(), s.Document); err != nil || !ok {
		t.Error(ok, err)
	}
	b.fake.Faults.FailWith("PDF_IS_BROKEN")
	if _, err := b.fetched(t, b.submitted(t, submission("broken"))); err == nil {
		t.Error("no error")
	}
	b.fake.Faults.Hold()
	held := b.submitted(t, submission("held"))
	if err := errors.Join(b.Forget(t.Context(), held), b.Forget(t.Context(), doc), b.Healthy(t.Context())); err != nil {
		t.Error(err)
	}
}

// everyRead asks the fake what the adapter does not ask.
func everyRead(t *testing.T, j *judge, b *bench) {
	t.Helper()
	b.fake.Faults.Reset()
	doc := b.submitted(t, submission(threePage))
	if _, err := b.fetched(t, doc); err != nil {
		t.Error(err)
	}
	for _, path := range []string{
		"/api/v1/beta/files/" + doc.ProviderFile,
		"/api/v1/beta/files/" + doc.ProviderFile + "/content",
		"/api/v2/parse/versions",
		"/api/v1/parsing/supported_file_extensions",
		"/api/v2/parse/" + doc.ProviderJob + "?expand=text&expand=markdown_full&expand=text_full&expand=metadata&expand=job_metadata",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+testKey)
		resp, err := j.RoundTrip(req)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %v %v", path, resp, err)
		}
	}
}
