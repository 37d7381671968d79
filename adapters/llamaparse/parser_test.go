package llamaparse_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/core"
)

func TestDocumentGoesThereAndBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := b.submitted(t, submission(threePage))
	text, err := b.fetched(t, doc)
	if err != nil {
		t.Fatal(err)
	}
	want := core.Text{
		Pages:  []core.Page{{Number: 1, Text: "# Policy\n\nDeductible 500"}, {Number: 2, Text: "page two"}, {Number: 3, Text: "page three"}},
		Parser: "llamaparse/cost_effective@2026-08-19", Credits: 9,
	}
	if diff := cmp.Diff(want, text); diff != "" {
		t.Error(diff)
	}
	if err := b.Forget(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
	l := b.fake.Ledger()
	if l.Held != 0 || l.Deletes != 1 || l.Jobs[doc.Job.String()] != 1 || l.Uploads[doc.Job.String()] != 1 {
		t.Errorf("ledger %+v", l)
	}
	if err := b.Forget(t.Context(), doc); err != nil {
		t.Errorf("forgetting twice: %v", err)
	}
}

func TestFastTierReadsText(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(_ *llamaparsetest.Options, c *llamaparse.Config) { c.Tier = llamaparse.TierFast })
	text, err := b.fetched(t, b.submitted(t, submission(threePage)))
	if err != nil {
		t.Fatal(err)
	}
	if len(text.Pages) != 3 || text.Pages[1].Text != "page two" || text.Parser != "llamaparse/fast@2026-06-15" {
		t.Errorf("got %+v", text)
	}
}

func TestL030_RequestIsTheContractsToTheLetter(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(_ *llamaparsetest.Options, c *llamaparse.Config) { c.MaxFailedShare = 0.05 })
	s := submission(threePage)
	s.Callback, s.Secret, s.Token = b.url+"/nowhere/"+s.Document.Job.String(), "the-secret", "the-token"
	doc := b.submitted(t, s)
	raw, err := b.fake.Request(doc.ProviderJob)
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"file_id": doc.ProviderFile, "tier": "cost_effective", "version": "2026-08-19",
		"disable_cache": true, "client_name": "insurance-navigator",
		"user_metadata": map[string]any{"document_id": doc.ID.String(), "job_id": doc.Job.String()},
		"processing_control": map[string]any{
			"timeouts":               map[string]any{"base_in_seconds": 1800.0, "extra_time_per_page_in_seconds": 30.0},
			"job_failure_conditions": map[string]any{"allowed_page_failure_ratio": 0.05},
		},
		"output_options": map[string]any{
			"images_to_save": []any{},
			"markdown":       map[string]any{"tables": map[string]any{"output_tables_as_markdown": true}},
		},
		"webhook_configurations": []any{map[string]any{
			"webhook_url": s.Callback, "webhook_signing_secret": "the-secret", "webhook_output_format": "json",
			"webhook_events":  []any{"parse.success", "parse.partial_success", "parse.error", "parse.cancelled"},
			"webhook_headers": map[string]any{"X-Callback-Token": "the-token"},
		}},
	}
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestNoCallbackAsksForNone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := b.submitted(t, submission("text"))
	raw, err := b.fake.Request(doc.ProviderJob)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "webhook") {
		t.Errorf("request names a webhook: %s", raw)
	}
}

func TestL030_MisspeltOptionIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, body := range []string{
		`{"file_id":"dfl-1","tier":"fast","version":"latest","parsingInstructions":"x"}`,
		`{"file_id":"dfl-1","tier":"fast","version":"latest","output_options":{"markdwn":{}}}`,
		`{"file_id":"dfl-1","tier":"fast","version":"latest","webhook_configurations":[{"url":"https://a.example"}]}`,
		`{"file_id":"dfl-1","version":"latest"}`,
		`{"file_id":"dfl-1","tier":"fast","version":"2020-01-01"}`,
		`{"tier":"fast","version":"latest"}`,
	} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/api/v2/parse", strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+testKey)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d, want 422", body, resp.StatusCode)
		}
	}
}

func TestUploadIsExactAndNamesNothingPrivate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := submission(threePage)
	b.submitted(t, s)
	upload, body := b.sent.requests[0], string(b.sent.bodies[0])
	if upload.ContentLength != int64(len(body)) {
		t.Errorf("Content-Length %d for %d bytes", upload.ContentLength, len(body))
	}
	if upload.Header.Get("Authorization") != "Bearer "+testKey || upload.Header.Get("User-Agent") != "insurance-navigator" {
		t.Errorf("headers %v", upload.Header)
	}
	for _, want := range []string{`filename="document.pdf"`, threePage, s.Document.Job.String(), "purpose"} {
		if !strings.Contains(body, want) {
			t.Errorf("upload lacks %q", want)
		}
	}
	for i, sent := range b.sent.bodies {
		if strings.Contains(string(sent), "canary-private-name") || strings.Contains(b.sent.requests[i].URL.String(), "canary") {
			t.Errorf("request %d tells the owner's file name", i)
		}
	}
}

func TestEveryTypeWeSendIsOneTheServiceReads(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, kind := range []string{
		"application/pdf", "text/plain; charset=utf-8", "text/html", "text/markdown", "image/png", "image/jpeg", "image/tiff",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	} {
		s := submission("text")
		s.Document.ContentType = kind
		if _, err := b.fetched(t, b.submitted(t, s)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestLargeFileStreamsWhole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	long := strings.Repeat("0123456789abcdef", 200_000) // 3.2 MB: past what the fake keeps in memory
	text, err := b.fetched(t, b.submitted(t, submission(long)))
	if err != nil {
		t.Fatal(err)
	}
	if text.Pages[0].Text != long {
		t.Error("the text changed on its way")
	}
}

func TestWrongFileIsNeverSentWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		body io.Reader
		code core.Code
		kind core.Kind
	}{
		{"short", strings.NewReader("abc"), core.CodeFileChanged, core.Permanent},
		{"long", strings.NewReader("abcdefghijklm"), core.CodeFileChanged, core.Permanent},
		{"broken", io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(io.ErrUnexpectedEOF)), core.CodeStorageUnavailable, core.Transient},
		{"denied", iotest.ErrReader(core.Fail(core.CodeStorageDenied, nil)), core.CodeStorageDenied, core.Paused},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			s := submission("0123456789")
			s.Body = c.body
			_, err := b.Submit(t.Context(), s)
			wantError(t, err, c.code, c.kind)
			if l := b.fake.Ledger(); l.Held != 0 || len(l.Jobs) != 0 {
				t.Errorf("something was kept: %+v", l)
			}
		})
	}
}

func TestUnknownTypeIsRefusedBeforeAnyCall(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := submission("x")
	s.Document.ContentType = "application/x-msdownload"
	_, err := b.Submit(t.Context(), s)
	wantError(t, err, core.CodeFileUnsupported, core.Permanent)
	if len(b.sent.requests) != 0 {
		t.Error("a call was made")
	}
}
