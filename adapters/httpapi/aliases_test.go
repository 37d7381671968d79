package httpapi

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func TestRegisterIsSignUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, body := range []string{
		`{"email":"ada@example.org","password":"correct horse battery","name":"Ada"}`,
		`{"email":"ada@example.org","password":"correct horse battery","full_name":"Ada","terms":true}`,
	} {
		got := b.post("/register", "", body)
		var s Session
		got.json(t, &s)
		if got.status != http.StatusOK || s.AccessToken != adaToken || s.RefreshToken == "" || s.User.Email != ada.Email {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	want := ports.SignUp{Email: "ada@example.org", Password: adaPassword, Name: "Ada"}
	if diff := cmp.Diff([]ports.SignUp{want, want}, b.accounts.signUps); diff != "" {
		t.Error(diff)
	}
	b.post("/register", "", `{"email":"a@b.c","password":"short"}`).problem(t, 422, "weak_password")
	b.accounts.set("SignUp", core.Fail(core.CodeEmailTaken, nil))
	b.post("/register", "", want.Email+``).problem(t, 400, "invalid_request")
	b.post("/register", "", `{"email":"ada@example.org","password":"correct horse battery"}`).problem(t, 409, "email_taken")
	pending := newBench(t)
	pending.accounts.confirm = true
	if got := pending.post("/register", "", `{"email":"ada@example.org","password":"correct horse battery"}`); got.status != http.StatusAccepted {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestOldAliasesAnswer400AsBefore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, path := range []string{"/register", "/login"} {
		for _, body := range []string{
			``, `{`, `hunter2`, `[]`, `null`, `{}`, `{"email":"a@b.c"}`, `{"password":"hunter2 hunter2"}`, `{"email":7,"password":"hunter2 hunter2"}`,
			`{"email":"` + strings.Repeat("h", 255) + `","password":"hunter2 hunter2"}`,
		} {
			got := b.post(path, "", body)
			got.problem(t, http.StatusBadRequest, "invalid_request")
			if strings.Contains(string(got.body), "hunter2") {
				t.Errorf("%s echoes: %s", path, got.body)
			}
		}
		b.do(http.MethodPost, path, "", "text/plain", strings.NewReader("x")).problem(t, 415, "invalid_request")
	}
	if got := b.post("/login", "", `{"email":"ada@example.org","password":"correct horse battery","remember":true}`); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
	b.post("/login", "", `{"email":"ada@example.org","password":"x"}`).problem(t, 401, "bad_credentials")
	b.post("/auth/login", "", `{}`).problem(t, 422, "invalid_request")
}

func TestMeAndRoot(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var me, user map[string]any
	b.get("/me", adaToken).json(t, &me)
	b.get("/auth/user", adaToken).json(t, &user)
	if diff := cmp.Diff(user, me); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"name": "Ada", "full_name": "Ada"}, me["user_metadata"]); diff != "" {
		t.Error(diff)
	}
	b.get("/me", "").problem(t, 401, "unauthenticated")
	for _, path := range []string{"/", "/health"} {
		if got := b.do(http.MethodHead, path, "", "", nil); got.status != http.StatusOK || len(got.body) != 0 {
			t.Errorf("HEAD %s: %d %q", path, got.status, got.body)
		}
	}
	if got := b.get("/", ""); got.status != http.StatusOK || string(got.body) != `{"message":"Insurance Navigator API test"}`+"\n" {
		t.Errorf("%d %s", got.status, got.body)
	}
	b.get("/nothing", "").problem(t, 404, "not_found")
}

func TestAliasesAreDocumentedAsOld(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var doc struct {
		Paths map[string]map[string]struct {
			Deprecated bool `json:"deprecated"`
		} `json:"paths"`
	}
	b.get(pathOpenAPI, "").json(t, &doc)
	for path, want := range map[string]bool{
		pathSignUpAlias: true, pathLoginAlias: true, pathUserAlias: true, pathSearchAlias: true, "/": false, "/search": false, "/auth/login": false,
	} {
		for method, op := range doc.Paths[path] {
			if op.Deprecated != want {
				t.Errorf("%s %s: deprecated %v", method, path, op.Deprecated)
			}
		}
		if len(doc.Paths[path]) == 0 {
			t.Errorf("%s is not documented", path)
		}
	}
	if doc.Paths["/{$}"] != nil {
		t.Error("a pattern of the mux is documented")
	}
}

func (b *bench) searchForm(token string, parts ...part) reply {
	b.t.Helper()
	kind, body := multipartBody(b.t, parts...)
	return b.do(http.MethodPost, pathSearchAlias, token, kind, bytes.NewReader(body))
}

func TestSearchByForm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, gone := core.NewID(), core.NewID()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	b.library.put(ada.ID, ports.Standing{Document: id, Name: "a.pdf", Size: 77, ContentType: "application/pdf", Chunks: 12, CreatedAt: at, Status: core.Complete})
	for range 8 {
		b.library.passages = append(b.library.passages, ports.Passage{Document: id, Chunk: core.NewID(), Name: "a.pdf", Text: "über", Similarity: new(0.5)})
	}
	b.library.passages[1].Document = gone // deleted between the two looks
	var body map[string]any
	got := b.searchForm(adaToken, part{"query", "", "", "what is my deductible?"}, part{"limit", "", "", "3"}, part{"user_id", "", "", "x"})
	got.json(t, &body)
	one := map[string]any{
		"document_id": id.String(), "text": "über", "filename": "a.pdf", "similarity_score": 0.5,
		"metadata": map[string]any{"filename": "a.pdf", "file_size": 77.0, "content_type": "application/pdf", "chunk_length": 4.0,
			"total_chunks": 12.0, "uploaded_at": "2026-03-01T09:00:00Z"},
	}
	want := map[string]any{"success": true, "query": "what is my deductible?", "total_results": 2.0, "results": []any{one, one}}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
	b.searchForm(adaToken, part{"query", "", "", "x"}).json(t, &body)
	if body["total_results"] != 4.0 {
		t.Errorf("without a limit: %v", body)
	}
	b.library.passages = nil
	if got := b.searchForm(adaToken, part{"query", "", "", "x"}); !strings.Contains(string(got.body), `"total_results":0,"results":[]`) {
		t.Errorf("%s", got.body)
	}
}

func TestSearchByFormRefusals(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, parts := range map[string][]part{
		"no query": nil, "blank": {{"query", "", "", "  "}}, "NUL": {{"query", "", "", "a\x00b"}},
		"no UTF-8": {{"query", "", "", "\xff"}}, "too long": {{"query", "", "", strings.Repeat("ä", 2001)}},
		"limit 0": {{"query", "", "", "x"}, {"limit", "", "", "0"}}, "limit 51": {{"query", "", "", "x"}, {"limit", "", "", "51"}},
		"limit word": {{"query", "", "", "x"}, {"limit", "", "", "hunter2"}}, "query as a file": {{"query", "a.txt", "", "x"}},
	} {
		got := b.searchForm(adaToken, parts...)
		got.problem(t, http.StatusUnprocessableEntity, "invalid_request")
		if strings.Contains(string(got.body), "hunter2") {
			t.Errorf("%s echoes: %s", name, got.body)
		}
	}
	b.searchForm("", part{"query", "", "", "x"}).problem(t, 401, "unauthenticated")
	b.searchForm(adaToken, part{"query", "", "", strings.Repeat("x", 70_000)}).problem(t, 413, "invalid_request")
	b.post(pathSearchAlias, adaToken, `{"query":"x"}`).problem(t, 415, "invalid_request")
	b.do(http.MethodPost, pathSearchAlias, adaToken, "multipart/form-data; boundary=x", strings.NewReader("--x\r\nbroken")).problem(t, 400, "invalid_request")
	b.library.set("Standings", core.Fail(core.CodeDatabaseUnavailable, nil))
	b.library.passages = []ports.Passage{{Document: core.NewID()}}
	b.searchForm(adaToken, part{"query", "", "", "x"}).problem(t, 503, "database_unavailable")
}
