package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// The words of the document are the words of core.
func TestFM015OpenAPIEnumsAreTheLine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, path := range []string{pathOpenAPI, pathOpenAPI30} {
		schemas := b.document(path).Components.Schemas
		for name, want := range map[string][]string{
			"DocumentStatus.status": texts(core.Statuses()), "Accepted.status": texts(core.Statuses()),
			"Removal.status": texts(core.Statuses()), "DocumentStatus.stage": append(append([]string{"awaiting_file"}, texts(core.Stages())...), "done"),
			"Problem.code": texts(core.Codes()), "LastError.code": texts(core.Codes()),
		} {
			model, field, _ := strings.Cut(name, ".")
			shared := strings.TrimPrefix(schemas[model].Properties[field].Ref, schemaPrefix)
			if diff := cmp.Diff(want, schemas[shared].Enum); diff != "" {
				t.Errorf("%s %s: %s", path, name, diff)
			}
		}
		if s := schemas["SearchRequest"].Properties; s["query"].MaxLength != 2000 || s["limit"].Maximum != 50 {
			t.Errorf("%s: search bounds %+v", path, s)
		}
	}
}

// last_error may be null, and in both documents generators can see that.
func TestOpenAPISaysWhatMayBeNull(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got := b.document(pathOpenAPI).Components.Schemas["LastError"].Type; !cmp.Equal(got, any([]any{"object", "null"})) {
		t.Errorf("3.1: the type is %v", got)
	}
	older := b.document(pathOpenAPI30).Components.Schemas
	if got := older["LastError"]; got.Type != "object" || !got.Nullable {
		t.Errorf("3.0: the schema is %+v", got)
	}
	if got := older["Document"].Properties["last_error"].Ref; got != schemaPrefix+"LastError" {
		t.Errorf("3.0: the field leads to %q", got)
	}
}

func texts[T ~string](words []T) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}

func TestOpenAPIDocumentsEveryOperation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc := b.document(pathOpenAPI)
	if doc.OpenAPI != "3.1.0" || b.document(pathOpenAPI30).OpenAPI != "3.0.3" || doc.Servers[0].URL != "https://api.example.org" {
		t.Errorf("versions or servers: %s %v", doc.OpenAPI, doc.Servers)
	}
	for path, item := range doc.Paths {
		for method, op := range item {
			if op.Summary == "" || op.Description == "" || op.OperationID == "" || op.Security == nil {
				t.Errorf("%s %s is described poorly: %+v", method, path, op)
			}
			errorsDocumented := 0
			for status, response := range op.Responses {
				if status < "400" {
					continue
				}
				errorsDocumented++
				if !strings.Contains(string(response), problemType) {
					t.Errorf("%s %s %s is not a problem", method, path, status)
				}
			}
			if errorsDocumented == 0 {
				t.Errorf("%s %s has no errors", method, path)
			}
		}
	}
	upload := doc.Paths[pathUpload]["post"]
	if upload.RequestBody.Content["multipart/form-data"] == nil || !strings.Contains(upload.Description, "25 MiB") {
		t.Errorf("upload %+v", upload)
	}
	if signUp := doc.Paths["/auth/signup"]["post"]; signUp.Responses["201"] == nil || signUp.Responses["202"] == nil {
		t.Errorf("sign-up %+v", signUp)
	}
}

// The older document is what clients are generated from: a validator has to
// take it.
func TestOpenAPI30IsValid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc, err := openapi3.NewLoader().LoadFromData(b.get(pathOpenAPI30, "").body)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPublicRoutesAllExist(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) {
		d.DocsEnabled = true
		d.JWKS = func() []byte { return []byte(`{"keys":[]}`) }
		d.Confirm = func(context.Context, string) error { return nil }
	})
	for _, route := range PublicRoutes() {
		method, path, _ := strings.Cut(route, " ")
		got := b.do(method, path, "", jsonType, strings.NewReader("{}"))
		if got.status == 404 || got.status == 405 || got.status >= 500 {
			t.Errorf("%s: %d", route, got.status)
		}
	}
	if got := b.get(pathJWKS, ""); string(got.body) != `{"keys":[]}` || got.header.Get("Content-Type") != "application/jwk-set+json" {
		t.Errorf("JWKS %q", got.body)
	}
}

func TestStatusTellsEverything(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, job := core.NewID(), core.NewID()
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.FixedZone("x", 3600))
	b.library.put(ada.ID, ports.Standing{
		Document: id, Job: job, Name: "a.pdf", ContentType: "application/pdf", Size: 77, Attempt: 2, Pages: 9,
		Status: core.FailedEmbedding, LastGood: core.EmbeddingInProgress, Chunks: 12, Embedded: 5, Marks: []core.Mark{core.MarkURI, core.MarkAddressesModel},
		Receipt: &core.Receipt{Expected: 9, Parsed: 8, Failed: []int{4}},
		Trouble: &core.Trouble{Code: core.CodeEmbedderRefused, Message: "m", Advice: "a", Page: 4, Stage: core.Embed},
		Timings: map[core.Status]time.Duration{core.Uploaded: 1500 * time.Millisecond}, CreatedAt: at, UpdatedAt: at,
	})
	got := b.get("/documents/"+id.String()+"/status", adaToken)
	var body map[string]any
	got.json(t, &body)
	want := map[string]any{
		"document_id": id.String(), "job_id": job.String(), "filename": "a.pdf", "status": "failed_embedding", "stage": "embed",
		"progress": 80.0, "next_step": "waits_for_retry", "attempt": 2.0, "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z",
		"bytes_len": 77.0, "mime": "application/pdf", "pages": 9.0, "failed_pages": []any{4.0}, "marks": []any{"uri_action", "addresses_model"},
		"chunks": map[string]any{"done": 5.0, "total": 12.0}, "timings": map[string]any{"uploaded": 1500.0},
		"last_error": map[string]any{"code": "embedder_refused", "message": "m", "advice": "a", "page": 4.0},
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
	fresh := core.NewID()
	b.library.put(ada.ID, ports.Standing{Document: fresh, Status: core.Complete, LastGood: core.Complete})
	body = nil
	b.get("/documents/"+fresh.String()+"/status", adaToken).json(t, &body)
	if e, there := body["last_error"]; !there || e != nil || body["progress"] != 100.0 || body["stage"] != "done" || body["failed_pages"] == nil {
		t.Errorf("complete: %v", body)
	}
}

// A document of another account, one that never was and an id that is none are
// one answer.
func TestS01ForeignIsUnknown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	mine := core.NewID()
	b.library.put(ada.ID, ports.Standing{Document: mine, Status: core.Complete})
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		var bodies []string
		for _, id := range []string{mine.String(), anyID, "not-an-id", "1", strings.ToUpper(mine.String()) + "x", "%27%3B--", "%00"} {
			path := "/documents/" + id
			if method == http.MethodGet {
				path += "/status"
			}
			got := b.do(method, path, bobToken, "", nil)
			p := got.problem(t, http.StatusNotFound, "not_found")
			delete(p, "instance")
			text, _ := json.Marshal(p)
			bodies = append(bodies, string(text))
		}
		if len(slices.Compact(bodies)) != 1 {
			t.Errorf("%s: answers differ: %v", method, bodies)
		}
	}
	got := b.do(http.MethodDelete, "/documents/"+mine.String(), adaToken, "", nil)
	if got.status != http.StatusAccepted || !strings.Contains(string(got.body), `"status":"deleting"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	b.get("/documents/"+mine.String()+"/status", adaToken).problem(t, http.StatusNotFound, "not_found")
}

// A corpus that goes to another model between the embedding and the search is
// asked again, once, with the vector of the new one.
func TestSearchFollowsTheCorpusToAnotherModel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.library.moves = 1
	if got := b.post("/search", adaToken, `{"query":"x"}`); got.status != http.StatusOK || len(b.library.queries) != 1 {
		t.Errorf("moved once: %d %s", got.status, got.body)
	}
	b.library.moves = 2
	b.post("/search", adaToken, `{"query":"x"}`).problem(t, http.StatusServiceUnavailable, "database_unavailable")
}

const goodSignUp = `{"email":"ada@example.org","password":"correct horse battery","consent_version":"v1","consent_timestamp":"2026-01-31T09:00:00Z","name":"Ada"}`

func TestAccounts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	signUp := b.post("/auth/signup", "", goodSignUp)
	if signUp.status != http.StatusCreated {
		t.Fatalf("%d %s", signUp.status, signUp.body)
	}
	want := ports.SignUp{Email: "ada@example.org", Password: adaPassword, Name: "Ada", ConsentVersion: "v1", ConsentTimestamp: "2026-01-31T09:00:00Z"}
	if diff := cmp.Diff([]ports.SignUp{want}, b.accounts.signUps); diff != "" {
		t.Error(diff)
	}
	login := b.post("/auth/login", "", `{"email":"ada@example.org","password":"correct horse battery"}`)
	refresh := b.post("/auth/refresh", "", `{"refresh_token":"refresh-1"}`)
	for _, got := range []reply{signUp, login, refresh} {
		var s Session
		got.json(t, &s)
		if s.AccessToken != adaToken || s.RefreshToken != "refresh-1" || s.TokenType != "bearer" || s.ExpiresIn < 800 || s.ExpiresIn > 900 ||
			s.ExpiresAt < time.Now().Unix() || s.User != (User{ada.ID.String(), ada.Email, "Ada", true}) {
			t.Errorf("%d session %+v", got.status, s)
		}
		if got.header.Get("Cache-Control") != "no-store" {
			t.Error("tokens may be cached")
		}
	}
	b.post("/auth/login", "", `{"email":"ada@example.org","password":"wrong"}`).problem(t, 401, "bad_credentials")
	b.post("/auth/refresh", "", `{"refresh_token":"refresh-0"}`).problem(t, 401, "token_reused")
	b.post("/auth/refresh", "", `{"refresh_token":"other"}`).problem(t, 401, "unauthenticated")
	var user map[string]any
	b.get("/auth/user", adaToken).json(t, &user)
	if last, there := user["last_sign_in_at"]; user["email"] != ada.Email || user["id"] != ada.ID.String() || user["email_confirmed"] != true || !there || last != nil {
		t.Errorf("user %v", user)
	}
	if got := b.do(http.MethodPost, "/auth/logout", adaToken, "", nil); got.status != http.StatusNoContent || len(got.body) != 0 || !slices.Equal(b.accounts.signedOut, []string{adaToken}) {
		t.Errorf("logout %d %q %v", got.status, got.body, b.accounts.signedOut)
	}
}

func TestSignUpRefusalsAndPendingAccounts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, field := range []string{"email", "password", "consent_version", "consent_timestamp"} {
		var body map[string]any
		_ = json.Unmarshal([]byte(goodSignUp), &body)
		delete(body, field)
		text, _ := json.Marshal(body)
		b.post("/auth/signup", "", string(text)).problem(t, 422, "invalid_request")
	}
	p := b.post("/auth/signup", "", strings.Replace(goodSignUp, adaPassword, "short", 1)).problem(t, 422, "weak_password")
	if p["errors"] == nil {
		t.Error("the limit is not told")
	}
	b.post("/auth/signup", "", strings.Replace(goodSignUp, `"Ada"`, `"A\u0000"`, 1)).problem(t, 422, "invalid_request")
	b.post("/auth/signup", "", strings.Replace(goodSignUp, `"name"`, `"role":"admin","name"`, 1)).problem(t, 422, "invalid_request")
	for code, status := range map[core.Code]int{
		core.CodeEmailTaken: 409, core.CodeWeakPassword: 422, core.CodeRateLimited: 429, core.CodeAccountsUnavailable: 503,
		core.CodeEmailUnconfirmed: 403, core.CodeDenied: 403,
	} {
		b.accounts.set("SignUp", core.Fail(code, nil))
		got := b.post("/auth/signup", "", goodSignUp)
		got.problem(t, status, string(code))
		if status == 429 && got.header.Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
	}
	pending := newBench(t)
	pending.accounts.confirm = true
	got := pending.post("/auth/signup", "", goodSignUp)
	if got.status != http.StatusAccepted || strings.Contains(string(got.body), "access_token") || !strings.Contains(string(got.body), `"email_confirmed":false`) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// Every code has a status, and the kinds of 4xx and 5xx are told apart.
func TestEveryCodeHasAStatus(t *testing.T) {
	t.Parallel()
	for _, code := range core.Codes() {
		e := core.Fail(code, nil)
		status := statusOf(e)
		ours := e.Kind == core.Transient || e.Kind == core.Busy || e.Kind == core.Paused || code == core.CodeStorageConflict
		if code == core.CodeRateLimited || code == core.CodeQuotaExceeded {
			ours = false
		}
		if ours != (status >= 500) || status < 400 {
			t.Errorf("%s (%s) is %d", code, e.Kind, status)
		}
	}
}
