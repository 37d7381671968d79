package llamaparse_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/loadtest/vendors"
	"github.com/insurance-navigator/navigator/ports"
)

// unasked are the operations of the description that neither we nor the fake have.
var unasked = map[string]string{
	"POST /api/v1/beta/files/query": "deprecated by the vendor: the list has the same filters",
}

func TestRequestsAndAnswersFitTheVendorsDescription(t *testing.T) {
	t.Parallel()
	doc := vendors.Describe(t, "llamacloud-openapi.json")
	j := vendors.NewJudge(t, doc, "")
	b := newBench(t, func(_ *llamaparsetest.Options, c *llamaparse.Config) {
		c.HTTPClient, c.MaxFailedShare = &http.Client{Transport: j}, 0.5
	})
	b.judge = j
	d := newDoor(t)
	everyCall(t, b, d)
	everyRead(t, b)
	everyHook(t, b, d)
	for _, f := range j.Faults() {
		t.Error(f)
	}
	seen := j.Seen()
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			name := vendors.Operation(method, path)
			if _, no := unasked[name]; (seen[name] > 0) == no {
				t.Errorf("%s was asked %d times, and is in the list of what is not: %v", name, seen[name], no)
			}
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
