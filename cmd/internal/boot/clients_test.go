package boot_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
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
	refused(u.t, unknown, err, http.StatusNotFound, navigatorapi.CodeNotFound)
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
	refused(u.t, answer, err, http.StatusUnauthorized, navigatorapi.CodeUnauthenticated)
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
	w := newWorld(t)
	w.start(boot.Dev)
	ada := w.person("ada")
	other := corpus.MemberCard()
	ada.completes(ada.taken(other.Name, other.Bytes))
	paper := corpus.Summary()
	story := w.plays(program, "ada", paper)
	id := story.Document.DocumentID
	if story.Document.Status != core.Complete || story.Document.Filename != paper.Name || story.WaitedBy != w.waysToWait() {
		t.Errorf("waited by %s for %+v", story.WaitedBy, story.Document)
	}
	if len(story.Results) == 0 || story.Results[0].DocumentID != id || len(story.Listed) != 2 || story.Listed[0] != id {
		t.Errorf("document %s: the search found %+v, the list has %v", id, story.Results, story.Listed)
	}
	if story.Again.Status != http.StatusConflict || story.Again.Code != string(core.CodeDuplicate) || story.Again.DocumentID != id {
		t.Errorf("the same content again is told as %+v", story.Again)
	}
}

// plays runs the example as a person against the world.
func (w *world) plays(program typescript.Workspace, name string, paper corpus.Document) (story typescriptStory) {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), paper.Name)
	if err := os.WriteFile(file, paper.Bytes, 0o600); err != nil {
		w.t.Fatal(err)
	}
	command := program.Example(w.t.Context(), file, "what is my deductible?")
	command.Env = append(os.Environ(), "NAVIGATOR_URL="+w.api, "NAVIGATOR_EMAIL="+name+"@example.com",
		"NAVIGATOR_PASSWORD=quiet-heron-lantern-"+name)
	var said bytes.Buffer
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		w.t.Fatalf("the example: %v\n%s", err, said.Bytes())
	}
	if err := json.Unmarshal(out, &story); err != nil {
		w.t.Fatalf("the example printed %s: %v", out, err)
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
