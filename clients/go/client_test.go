package navigatorapi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	navigatorapi "github.com/insurance-navigator/navigator/clients/go"
)

const (
	documentID = "0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f"
	complete   = `{"document_id":"` + documentID + `","filename":"policy.pdf","status":"complete","next_step":"none","last_error":null}`
	notFound   = `{"type":"urn:insurance-navigator:problem:not_found","title":"Not found","status":404,"detail":"There is none.","code":"not_found","advice":"Look at the id.","message":"There is none."}`
)

// played answers each route with what is set for it.
type played struct {
	answers map[string][]reply // by method and path; the last repeats
	seen    []*http.Request
}

type reply struct {
	status int
	body   string
	header http.Header
}

func (p *played) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.seen = append(p.seen, r)
	key := r.Method + " " + r.URL.Path
	left := p.answers[key]
	if len(left) == 0 {
		left = []reply{{http.StatusNotFound, notFound, nil}}
	}
	if len(left) > 1 {
		p.answers[key] = left[1:]
	}
	for name, values := range left[0].header {
		w.Header()[name] = values
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", map[bool]string{true: "application/json", false: "application/problem+json"}[left[0].status < 400])
	}
	w.WriteHeader(left[0].status)
	_, _ = io.WriteString(w, left[0].body)
}

// playedService is a service that takes one document and completes it.
func playedService() *httptest.Server {
	waiting := strings.NewReplacer("complete", "parse_queued", "none", "waits_for_parser").Replace(complete)
	return httptest.NewServer(&played{answers: map[string][]reply{
		"POST /auth/login":             {{200, `{"access_token":"t","user":{"id":"` + documentID + `"}}`, nil}},
		"POST /documents":              {{202, waiting, nil}},
		"GET /documents/" + documentID: {{200, complete, nil}},
		"POST /search":                 {{200, `{"results":[{"document_id":"` + documentID + `","chunk_id":"` + documentID + `","text":"The deductible is $500."}]}`, nil}},
	}})
}

// serve plays answers for the document's route to a client with a token.
func serve(t *testing.T, answers ...reply) (*navigatorapi.ClientWithResponses, *played) {
	t.Helper()
	service := &played{answers: map[string][]reply{"GET /documents/" + documentID: answers}}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	client, err := navigatorapi.NewClientWithResponses(server.URL, navigatorapi.WithToken("secret"))
	if err != nil {
		t.Fatal(err)
	}
	return client, service
}

func TestWaitAsksUntilNothingHappensAnyMore(t *testing.T) {
	t.Parallel()
	working := strings.Replace(complete, "none", "continues_by_itself", 1)
	client, service := serve(t, reply{200, working, nil}, reply{503, "", http.Header{"Content-Type": {"text/html"}}}, reply{200, complete, nil})
	document, err := navigatorapi.Wait(t.Context(), client, documentID, time.Millisecond)
	if err != nil || document.Status != navigatorapi.StatusComplete || document.LastError != nil {
		t.Fatalf("%+v, %v", document, err)
	}
	if len(service.seen) != 3 {
		t.Errorf("asked %d times, want 3", len(service.seen))
	}
	for _, r := range service.seen {
		if got := r.Header.Get("Authorization"); got != "Bearer secret" {
			t.Errorf("the token went as %q", got)
		}
	}
}

func TestWaitEndsWithWhatEndsIt(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, reply{404, notFound, nil})
	var problem *navigatorapi.Problem
	if _, err := navigatorapi.Wait(t.Context(), client, documentID, time.Hour); !errors.As(err, &problem) || problem.Code != navigatorapi.CodeNotFound {
		t.Errorf("an unknown document: %v", err)
	}
	client, _ = serve(t, reply{200, "fine", http.Header{"Content-Type": {"text/plain"}}})
	if _, err := navigatorapi.Wait(t.Context(), client, documentID, time.Hour); err == nil {
		t.Error("an answer without a document was waited on")
	}
	client, _ = serve(t, reply{503, notFound, http.Header{"Retry-After": {"3600"}}})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := navigatorapi.Wait(ctx, client, documentID, time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an end of the context: %v", err)
	}
}

func TestProblemOfReadsEveryRefusal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reply
		code navigatorapi.Code
		text string
	}{
		"a problem":       {reply{404, notFound, nil}, navigatorapi.CodeNotFound, "There is none. Look at the id."},
		"a proxy's page":  {reply{502, "<html>", http.Header{"Content-Type": {"text/html"}}}, "", "the answer has status 502"},
		"a torn document": {reply{404, `{"type`, http.Header{"Content-Type": {"application/problem+json"}}}, "", "the answer has status 404"},
	} {
		client, _ := serve(t, c.reply)
		answer, err := client.GetDocumentWithResponse(t.Context(), documentID)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p := navigatorapi.ProblemOf(answer)
		if p == nil || p.Code != c.code || p.Error() != c.text || p.Status != int64(c.status) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestFileIsAFormWithOneFile(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("%PDF-1.7\r\n--\r\n"), 1000)
	contentType, body, err := navigatorapi.File("card \"ä\".pdf", bytes.NewReader(content), "HH-1")
	if err != nil {
		t.Fatal(err)
	}
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	form, err := multipart.NewReader(body, parameters["boundary"]).ReadForm(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	if got := form.Value["policy_id"]; len(got) != 1 || got[0] != "HH-1" {
		t.Errorf("policy_id %q", got)
	}
	files := form.File["file"]
	if len(files) != 1 || files[0].Filename != "card \"ä\".pdf" {
		t.Fatalf("files %+v", files)
	}
	file, err := files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got, err := io.ReadAll(file); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes of %d, %v", len(got), len(content), err)
	}
}
