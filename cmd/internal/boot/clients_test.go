package boot_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	navigatorapi "github.com/insurance-navigator/navigator/clients/go"
	"github.com/insurance-navigator/navigator/clients/typescript"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// apiUser is a person who uses the generated Go client.
type apiUser struct {
	t      testing.TB
	client *navigatorapi.ClientWithResponses
}

func (w *world) apiUser(name string) apiUser {
	w.t.Helper()
	anybody, err := navigatorapi.NewClientWithResponses(w.api)
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := anybody.SignUpWithResponse(w.t.Context(), navigatorapi.SignUpRequest{
		Email: name + "@example.com", Password: "quiet-heron-lantern-" + name, ConsentVersion: "1", ConsentTimestamp: "2026-01-01T00:00:00Z",
	})
	session := granted(w.t, answer, err).JSON201
	if session == nil {
		w.t.Fatalf("the sign-up answered %d %s", answer.StatusCode(), answer.Bytes())
	}
	client, err := navigatorapi.NewClientWithResponses(w.api, navigatorapi.WithToken(session.AccessToken))
	if err != nil {
		w.t.Fatal(err)
	}
	return apiUser{w.t, client}
}

// granted is an answer that says yes; any other fails the test.
func granted[A navigatorapi.Answer](t testing.TB, answer A, err error) A {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if p := navigatorapi.ProblemOf(answer); p != nil {
		t.Fatalf("answered %d %s", answer.StatusCode(), answer.Bytes())
	}
	return answer
}

// refused is the problem of an answer that says no, which has to have this
// status and code.
func refused(t testing.TB, answer navigatorapi.Answer, err error, status int, code navigatorapi.Code) *navigatorapi.Problem {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	p := navigatorapi.ProblemOf(answer)
	if p == nil || answer.StatusCode() != status || p.Status != int64(status) || p.Code != code || p.Advice == "" {
		t.Fatalf("answered %d %s, want %d %s", answer.StatusCode(), answer.Bytes(), status, code)
	}
	return p
}

func (u apiUser) upload(paper corpus.Document) (*navigatorapi.CreateDocumentResponse, error) {
	u.t.Helper()
	contentType, body, err := navigatorapi.File(paper.Name, bytes.NewReader(paper.Bytes), "HH-1")
	if err != nil {
		u.t.Fatal(err)
	}
	return u.client.CreateDocumentWithBodyWithResponse(u.t.Context(), nil, contentType, body)
}

// completed uploads and waits.
func (u apiUser) completed(paper corpus.Document) string {
	u.t.Helper()
	answer, err := u.upload(paper)
	taken := granted(u.t, answer, err)
	if taken.JSON202 == nil || taken.Headers202 == nil || *taken.Headers202.Location != taken.JSON202.Links.Self {
		u.t.Fatalf("the upload answered %d %s", taken.StatusCode(), taken.Bytes())
	}
	id := taken.JSON202.DocumentID.String()
	last, err := navigatorapi.Wait(u.t.Context(), u.client, id, 25*time.Millisecond)
	if err != nil || last.Status != navigatorapi.StatusComplete || last.Progress != 100 || last.LastError != nil {
		u.t.Fatalf("waited for %+v, %v", last, err)
	}
	return id
}

func TestTheGoClientFromSignUpToDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(boot.Dev)
	ada := w.apiUser("ada")
	summary, card := corpus.Summary(), corpus.MemberCard()
	first, second := ada.completed(summary), ada.completed(card)

	answer, err := ada.client.SearchWithResponse(t.Context(), navigatorapi.SearchRequest{Query: "what is my deductible?", Limit: new(int64(3))})
	found := granted(t, answer, err).JSON200.Results
	if len(found) == 0 || found[0].DocumentID.String() != first || found[0].Filename != summary.Name {
		t.Errorf("the search found %+v", found)
	}
	if diff := cmp.Diff([]string{second, first}, ada.pages()); diff != "" {
		t.Errorf("the pages: %s", diff)
	}
	file, err := ada.client.GetDocumentFileWithResponse(t.Context(), first)
	if !bytes.Equal(granted(t, file, err).Bytes(), summary.Bytes) {
		t.Error("the file that came is not the file that went")
	}
	part, err := ada.client.GetDocumentFileWithResponse(t.Context(), first, navigatorapi.WithHeader("Range", "bytes=5-9"))
	if got := granted(t, part, err); got.StatusCode() != http.StatusPartialContent || !bytes.Equal(got.Bytes(), summary.Bytes[5:10]) {
		t.Errorf("a range answered %d %q", got.StatusCode(), got.Bytes())
	}
	ada.meetsRefusals(summary, first)
	gone, err := ada.client.DeleteDocumentWithResponse(t.Context(), first)
	if removal := granted(t, gone, err).JSON202; removal.Status != navigatorapi.StatusDeleting || removal.DocumentID.String() != first {
		t.Errorf("the deletion answered %+v", removal)
	}
}

// pages goes through the list of complete documents one by one.
func (u apiUser) pages() (ids []string) {
	u.t.Helper()
	asked := &navigatorapi.ListDocumentsParams{Limit: new(int64(1)), Status: &[]navigatorapi.Status{navigatorapi.StatusComplete}}
	for {
		answer, err := u.client.ListDocumentsWithResponse(u.t.Context(), asked)
		page := granted(u.t, answer, err).JSON200
		for _, d := range page.Documents {
			ids = append(ids, d.DocumentID.String())
		}
		if page.NextCursor == nil {
			return ids
		}
		asked.Cursor = page.NextCursor
	}
}

// meetsRefusals asks for what is refused, and reads why.
func (u apiUser) meetsRefusals(there corpus.Document, id string) {
	u.t.Helper()
	unknown, err := u.client.GetDocumentWithResponse(u.t.Context(), core.NewID().String())
	_ = refused(u.t, unknown, err, http.StatusNotFound, navigatorapi.CodeNotFound)
	again, err := u.upload(there)
	p := refused(u.t, again, err, http.StatusConflict, navigatorapi.CodeDuplicateDocument)
	if p.DocumentID == nil || p.DocumentID.String() != id || *p.Filename != there.Name || *p.OldDocumentID != *p.DocumentID {
		u.t.Errorf("the duplicate is told as %+v", p)
	}
	blank, err := u.client.SearchWithResponse(u.t.Context(), navigatorapi.SearchRequest{Query: " "})
	p = refused(u.t, blank, err, http.StatusUnprocessableEntity, navigatorapi.CodeInvalidRequest)
	if p.Errors == nil || len(*p.Errors) != 1 || (*p.Errors)[0].Field != "body.query" {
		u.t.Errorf("the fields at fault are %+v", p.Errors)
	}
	stranger, err := navigatorapi.NewClientWithResponses(u.client.ClientInterface.(*navigatorapi.Client).Server)
	if err != nil {
		u.t.Fatal(err)
	}
	answer, err := stranger.GetDocumentWithResponse(u.t.Context(), id)
	_ = refused(u.t, answer, err, http.StatusUnauthorized, navigatorapi.CodeUnauthenticated)
}

// typescriptStory is what the TypeScript example prints.
type typescriptStory struct {
	WaitedBy string    `json:"waited_by"`
	Document resource  `json:"document"`
	Results  []passage `json:"results"`
	Listed   []string  `json:"listed"`
	Again    struct {
		Status     int    `json:"status"`
		Code       string `json:"code"`
		DocumentID string `json:"document_id"`
	} `json:"again"`
}

func TestTheTypeScriptClientFromLoginToAnswer(t *testing.T) {
	t.Parallel()
	program := compiled(t)
	w := newWorld(t)
	w.start(boot.Dev)
	for name, c := range map[string]struct {
		api, waited string
	}{
		"as-it-is":          {w.api, w.waysToWait()},
		"with-events":       {w.withEvents("event: status\ndata: {}\n\n"), "events"},
		"with-events-lost":  {w.withEvents(""), "polling"},
		"with-a-broken-one": {w.withEvents("break"), "polling"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			user, other, paper := w.person(name), corpus.MemberCard(), corpus.Summary()
			user.completes(user.taken(other.Name, other.Bytes))
			story := plays(t, program, c.api, name, paper)
			if story.WaitedBy != c.waited {
				t.Errorf("waited by %s, want %s", story.WaitedBy, c.waited)
			}
			story.check(t, paper)
		})
	}
}

// compiled is the TypeScript client, checked and compiled.
func compiled(t *testing.T) typescript.Workspace {
	t.Helper()
	began := time.Now()
	program, err := typescript.Open(t.Context(), t.TempDir())
	if errors.Is(err, typescript.ErrNoNode) {
		t.Skipf("the TypeScript client is NOT tested: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	installed := time.Since(began)
	if err := program.Compile(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("packages %s, compiler %s", installed.Round(time.Millisecond), (time.Since(began) - installed).Round(time.Millisecond))
	return program
}

// check holds the story to what a person sees of a new document.
func (s typescriptStory) check(t *testing.T, paper corpus.Document) {
	t.Helper()
	id := s.Document.DocumentID
	if s.Document.Status != core.Complete || s.Document.Filename != paper.Name {
		t.Errorf("waited for %+v", s.Document)
	}
	if len(s.Results) == 0 || s.Results[0].DocumentID != id || len(s.Listed) != 2 || s.Listed[0] != id {
		t.Errorf("document %s: the search found %+v, the list has %v", id, s.Results, s.Listed)
	}
	if s.Again.Status != http.StatusConflict || s.Again.Code != string(core.CodeDuplicate) || s.Again.DocumentID != id {
		t.Errorf("the same content again is told as %+v", s.Again)
	}
}

// withEvents is the API with a stream of events before it that says one thing
// over and over, or ends at once, or breaks.
func (w *world) withEvents(event string) string {
	target, err := url.Parse(w.api)
	if err != nil {
		w.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }})
	mux.HandleFunc("GET /documents/{id}/events", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/event-stream")
		if event == "break" {
			rw.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(rw, "event: ")
			return
		}
		tick := time.NewTicker(25 * time.Millisecond)
		defer tick.Stop()
		for event != "" && r.Context().Err() == nil {
			_, _ = io.WriteString(rw, event)
			_ = http.NewResponseController(rw).Flush()
			<-tick.C
		}
	})
	return w.serve(mux)
}

// plays runs the example as a person against an address of the API.
func plays(t *testing.T, program typescript.Workspace, api, name string, paper corpus.Document) (story typescriptStory) {
	t.Helper()
	file := filepath.Join(t.TempDir(), paper.Name)
	if err := os.WriteFile(file, paper.Bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	command := program.Example(t.Context(), file, "what is my deductible?")
	command.Env = append(os.Environ(), "NAVIGATOR_URL="+api, "NAVIGATOR_EMAIL="+name+"@example.com",
		"NAVIGATOR_PASSWORD=quiet-heron-lantern-"+name)
	var said bytes.Buffer
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		t.Fatalf("the example: %v\n%s", err, said.Bytes())
	}
	if err := json.Unmarshal(out, &story); err != nil {
		t.Fatalf("the example printed %s: %v", out, err)
	}
	return story
}

// waysToWait is events where the API has a stream of them, and polling where
// not.
func (w *world) waysToWait() string {
	w.t.Helper()
	var document struct {
		Paths map[string]any `json:"paths"`
	}
	if status := w.call(http.MethodGet, w.api+"/openapi.json", "", nil, &document); status != http.StatusOK {
		w.t.Fatalf("the document answered %d", status)
	}
	if document.Paths["/documents/{id}/events"] != nil {
		return "events"
	}
	return "polling"
}
