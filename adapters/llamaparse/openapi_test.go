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
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/ports"
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

	operations []string // of the description
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
	j := &judge{router: router, seen: map[string]int{}}
	for _, path := range doc.Paths.Map() {
		for _, operation := range path.Operations() {
			j.operations = append(j.operations, operation.OperationID)
		}
	}
	return j
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

// unasked are the operations of the description that neither we nor the fake have.
var unasked = map[string]string{
	"query_files_api_v1_beta_files_query_post": "deprecated by the vendor: the list has the same filters",
}

func TestRequestsAndAnswersFitTheVendorsDescription(t *testing.T) {
	t.Parallel()
	j := newJudge(t)
	b := newBench(t, func(_ *llamaparsetest.Options, c *llamaparse.Config) {
		c.HTTPClient, c.MaxFailedShare = &http.Client{Transport: j}, 0.5
	})
	b.judge = j
	d := newDoor(t)
	everyCall(t, b, d)
	everyRead(t, b)
	everyHook(t, b, d)
	for _, f := range j.faults {
		t.Error(f)
	}
	for _, id := range j.operations {
		if _, no := unasked[id]; (j.seen[id] > 0) == no {
			t.Errorf("%s was asked %d times, and is in the list of what is not: %v", id, j.seen[id], no)
		}
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
	jobs, err := b.jobs(t, ports.JobFilter{IDs: []string{doc.ProviderJob}, State: ports.JobCompleted, From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour)})
	if err != nil || len(jobs) != 1 {
		t.Error(jobs, err)
	}
	files, err := b.files(t, ports.FileFilter{IDs: []string{doc.ProviderFile}, Attempt: doc.Job})
	if err != nil || len(files) != 1 {
		t.Error(files, err)
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
func everyRead(t *testing.T, b *bench) {
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
		"/api/v2/parse/" + doc.ProviderJob + "?expand=text&expand=markdown_full&expand=text_full&expand=items&expand=metadata&expand=job_metadata" +
			"&expand=markdown_content_metadata&expand=text_content_metadata",
	} {
		if got := b.ask(t, http.MethodGet, path, "", ""); got.status != http.StatusOK {
			t.Errorf("%s: %+v", path, got)
		}
	}
	kind, body := form(t, "policy.pdf", threePage, map[string]string{"configuration": `{"tier":"fast","version":"latest"}`})
	if got := b.ask(t, http.MethodPost, "/api/v2/parse/upload", kind, body); got.status != http.StatusOK {
		t.Errorf("%+v", got)
	}
}

// everyHook takes a saved callback through its life.
func everyHook(t *testing.T, b *bench, d *door) {
	t.Helper()
	const path, kind = "/api/v1/beta/webhook-configs", "application/json"
	id, _ := b.ask(t, http.MethodPost, path, kind, `{"webhook_url":"`+d.url+`","webhook_events":["parse.error"]}`).fields(t)["id"].(string)
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodGet, path, "", 200}, {http.MethodGet, path + "/" + id, "", 200}, {http.MethodPut, path + "/" + id, `{"webhook_output_format":"json"}`, 200},
		{http.MethodDelete, path + "/" + id, "", 204},
	} {
		if got := b.ask(t, c.method, c.path, kind, c.body); got.status != c.status {
			t.Errorf("%s %s: %+v", c.method, c.path, got)
		}
	}
}
