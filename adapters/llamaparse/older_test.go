package llamaparse_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
)

const v1 = "/api/v1/parsing"

func v1Over(job map[string]any) bool { return job["status"] != "PENDING" }

// The older interface has shapes of its own, and ids without a prefix.
func TestTheOlderInterfaceHasItsDocumentedShapes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	kind, body := form(t, "policy.pdf", threePage, map[string]string{"tier": "agentic", "version": "latest", "language": "en"})
	started := b.ask(t, http.MethodPost, v1+"/upload", kind, body).fields(t)
	id, _ := started["id"].(string)
	want := map[string]any{"id": id, "status": "PENDING", "error_code": nil, "error_message": nil}
	if len(id) != 36 || (started["status"] != "SUCCESS" && !cmp.Equal(started, want)) {
		t.Fatalf("started %v", started)
	}
	want["status"] = "SUCCESS"
	if diff := cmp.Diff(want, b.ended(t, v1+"/job/"+id, v1Over)); diff != "" {
		t.Errorf("the job:\n%s", diff)
	}
	for _, name := range []string{"markdown", "text"} {
		got := b.ask(t, http.MethodGet, v1+"/job/"+id+"/result/"+name, "", "").fields(t)
		if text, _ := got[name].(string); !strings.Contains(text, "page three") || got["job_metadata"] == nil || len(got) != 2 {
			t.Errorf("%s: %v", name, got)
		}
	}
	var result struct {
		Pages []map[string]any `json:"pages"`
		Data  map[string]any   `json:"job_metadata"`
	}
	b.ask(t, http.MethodGet, v1+"/job/"+id+"/result/json", "", "").is(t, &result)
	if len(result.Pages) != 3 || result.Data["job_pages"] != 3.0 || result.Data["credits_used"] != 30.0 {
		t.Fatalf("the result is %+v", result)
	}
	for _, field := range []string{"page", "text", "md", "images", "charts", "items", "status", "links", "width", "height",
		"triggeredAutoMode", "structuredData", "noStructuredContent", "noTextContent"} {
		if _, ok := result.Pages[0][field]; !ok {
			t.Errorf("a page lacks %s", field)
		}
	}
	if l := b.fake.Ledger(); l.Held != 0 {
		t.Errorf("its file is listed: %+v", l)
	}
}

func TestTheOlderInterfaceTellsItsEndsInItsOwnWords(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]map[string]any{
		"PDF_IS_BROKEN": {"status": "ERROR", "error_code": "PDF_IS_BROKEN", "error_message": "PDF_IS_BROKEN: the document could not be parsed"},
		"CANCELLED":     {"status": "CANCELLED", "error_code": nil, "error_message": nil},
		"":              {"status": "PARTIAL_SUCCESS", "error_code": nil, "error_message": nil},
	} {
		b := newBench(t)
		b.fake.Faults.FailWith(fault)
		b.fake.Faults.PageFailures(2)
		kind, body := form(t, "policy.pdf", threePage, nil)
		id, _ := b.ask(t, http.MethodPost, v1+"/upload", kind, body).fields(t)["id"].(string)
		job := b.ended(t, v1+"/job/"+id, v1Over)
		want["id"] = id
		if diff := cmp.Diff(want, job); diff != "" {
			t.Errorf("%q:\n%s", fault, diff)
		}
		if fault == "" {
			continue
		}
		got := b.ask(t, http.MethodGet, v1+"/job/"+id+"/result/markdown", "", "")
		if got.status != http.StatusNotFound || !strings.Contains(got.raw, "Result not found. Check job status to see if it has completed.") {
			t.Errorf("%q: its result answers %+v", fault, got)
		}
	}
}

// The older callback is the document itself: our door can prove nothing of it.
func TestTheOlderCallbackPushesTheDocument(t *testing.T) {
	t.Parallel()
	b, d := newBench(t), newDoor(t)
	kind, body := form(t, "policy.pdf", threePage, map[string]string{"webhook_url": d.url})
	b.ask(t, http.MethodPost, v1+"/upload", kind, body)
	b.deliveries(t, 1)
	got := d.all()[0]
	if got.hint.Shape != "push" || got.hint.ProviderJob != "" || got.header.Get("LC-Signature") != "" || !strings.Contains(got.raw, `"json":[{`) {
		t.Errorf("pushed %v %s", got.hint, got.raw)
	}
	b.fake.Faults.FailWith("PDF_IS_BROKEN")
	id, _ := b.ask(t, http.MethodPost, v1+"/upload", kind, body).fields(t)["id"].(string)
	b.ended(t, v1+"/job/"+id, v1Over)
	if n := len(d.all()); n != 1 {
		t.Errorf("%d pushes: a failure has no words in this form", n)
	}
}

func TestTheOlderFormRefusesWhatItRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t, strict)
	for _, c := range []struct {
		name, content string
		fields        map[string]string
		status        int
		words         string
	}{
		{"", "", nil, 400, "file field is required for multipart requests."},
		{"a.pdf", "", nil, 400, "File is empty"},
		{"a.pdf", "x", map[string]string{"webhook_configurations": "[{"}, 400, "Invalid JSON in webhook_configurations: "},
		{"a.pdf", "x", map[string]string{"webhook_configurations": `[{"webhook_url":"http://127.0.0.1/x"}]`}, 400, "non-public URL"},
		{"a.pdf", "x", map[string]string{"webhook_url": "https://93.184.216.34/x"}, 400, "non-public URL"},
		{"a.pdf", "x", map[string]string{"webhook_url": "https://a.example.com/" + strings.Repeat("x", 200)}, 400, "non-public URL"},
	} {
		kind, body := form(t, c.name, c.content, c.fields)
		if got := b.ask(t, http.MethodPost, v1+"/upload", kind, body); got.status != c.status || !strings.Contains(got.raw, c.words) {
			t.Errorf("%v: %+v", c, got)
		}
	}
	if got := b.ask(t, http.MethodPost, v1+"/upload", "application/json", "{}"); got.status != 400 {
		t.Errorf("no form: %+v", got)
	}
	if got := b.ask(t, http.MethodGet, v1+"/job/none", "", ""); got.status != 404 || !strings.Contains(got.raw, "Parse job not found") {
		t.Errorf("no job: %+v", got)
	}
}

// A file and its options in one form: there is no file to list or to delete.
func TestParseByOneForm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for config, status := range map[string]int{
		`{"tier":"cost_effective","version":"latest","user_metadata":{"job_id":"x"}}`: 200,
		`{"tier":"cost_effective","version":"latest","file_id":"dfl-1"}`:              422,
		`{"tier":"cost_effective"}`: 422,
		``:                          422,
	} {
		kind, body := form(t, "policy.pdf", threePage, map[string]string{"configuration": config})
		got := b.ask(t, http.MethodPost, "/api/v2/parse/upload", kind, body)
		if got.status != status {
			t.Errorf("%s: %+v", config, got)
		}
		if status == 200 && !strings.HasPrefix(got.fields(t)["id"].(string), "pjb-") {
			t.Errorf("the job is %s", got.raw)
		}
	}
	if l := b.fake.Ledger(); l.Held != 0 || l.Jobs["x"] != 1 {
		t.Errorf("ledger %+v", l)
	}
	if got := b.ask(t, http.MethodPost, "/api/v2/parse/upload", "application/json", "{}"); got.status != 400 {
		t.Errorf("no form: %+v", got)
	}
	kind, body := form(t, "", "", nil)
	if got := b.ask(t, http.MethodPost, "/api/v2/parse/upload", kind, body); got.status != 400 {
		t.Errorf("no file: %+v", got)
	}
}

// What the service does not have is refused in its own words.
func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{http.MethodGet, "/api/v1/jobs", 404, `{"detail":"Not Found"}`},
		{http.MethodGet, "/api/v1/files", 404, `{"detail":"Not Found"}`},
		{http.MethodDelete, "/api/v2/parse/x", 405, `{"detail":"Method Not Allowed"}`},
		{http.MethodPut, "/api/v1/beta/files", 405, `{"detail":"Method Not Allowed"}`},
		{http.MethodGet, v1 + "/upload", 405, `{"detail":"Method Not Allowed"}`},
	} {
		if got := b.ask(t, c.method, c.path, "", ""); got.status != c.status || got.raw != c.body {
			t.Errorf("%s %s: %+v", c.method, c.path, got)
		}
	}
}

// Addresses of files and texts are read without the key, and not with it.
func TestPresignedAddressesRefuseAKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := b.submitted(t, submission(threePage))
	if _, err := b.fetched(t, doc); err != nil {
		t.Fatal(err)
	}
	var file struct {
		URL string `json:"url"`
	}
	b.ask(t, http.MethodGet, "/api/v1/beta/files/"+doc.ProviderFile+"/content", "", "").is(t, &file)
	var text struct {
		Links map[string]struct {
			URL  string `json:"presigned_url"`
			Size int    `json:"size_bytes"`
		} `json:"result_content_metadata"`
	}
	b.ask(t, http.MethodGet, "/api/v2/parse/"+doc.ProviderJob+"?expand=markdown_content_metadata&expand=text_content_metadata", "", "").is(t, &text)
	if len(text.Links) != 2 || text.Links["md"].Size == 0 {
		t.Fatalf("links %+v", text.Links)
	}
	for _, address := range []string{file.URL, text.Links["md"].URL, text.Links["fullText"].URL} {
		for key, status := range map[string]int{"": 200, "Bearer " + testKey: 400} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			if key != "" {
				req.Header.Set("Authorization", key)
			}
			if got := b.send(t, req); got.status != status || (status == 200 && !strings.Contains(got.raw, "page three")) {
				t.Errorf("%s with %q: %d", address, key, got.status)
			}
		}
	}
	if n := b.fake.Ledger().Requests[llamaparsetest.OpDownload]; n != 6 {
		t.Errorf("%d downloads: the adapter follows no link", n)
	}
}
