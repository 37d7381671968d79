package httpapi

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// openAPI is as much of the served document as the tests look at.
type openAPI struct {
	OpenAPI string `json:"openapi"`
	Servers []struct {
		URL string `json:"url"`
	} `json:"servers"`
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"`
	Enum       []string          `json:"enum"`
	MaxLength  int               `json:"maxLength"`
	Maximum    float64           `json:"maximum"`
	Nullable   bool              `json:"nullable"`
	Properties map[string]schema `json:"properties"`
}

type operation struct {
	OperationID string                     `json:"operationId"`
	Summary     string                     `json:"summary"`
	Description string                     `json:"description"`
	Security    *[]map[string][]string     `json:"security"`
	Responses   map[string]json.RawMessage `json:"responses"`
	RequestBody struct {
		Content map[string]json.RawMessage `json:"content"`
	} `json:"requestBody"`
}

func (b *bench) document(path string) openAPI {
	b.t.Helper()
	var doc openAPI
	got := b.get(path, "")
	got.json(b.t, &doc)
	return doc
}

const anyID = "0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f"

// Every route of the document is closed without a token, unless it is listed.
func TestFM014EveryRouteNeedsATokenUnlessListed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	public := publicSet()
	closed := 0
	for path, item := range b.document(pathOpenAPI).Paths {
		for method, op := range item {
			method = strings.ToUpper(method)
			open := public[method+" "+path]
			got := b.do(method, strings.ReplaceAll(path, "{id}", anyID), "", jsonType, strings.NewReader("{}"))
			if open {
				if op.Security == nil || len(*op.Security) != 0 {
					t.Errorf("%s %s is open and documented as closed", method, path)
				}
				if got.status == http.StatusUnauthorized && path != "/auth/refresh" {
					t.Errorf("%s %s is listed as public and answers 401", method, path)
				}
				continue
			}
			closed++
			got.problem(t, http.StatusUnauthorized, "unauthenticated")
			if op.Security == nil || len(*op.Security) == 0 || (*op.Security)[0][securityName] == nil || op.Responses["401"] == nil {
				t.Errorf("%s %s is closed and not documented so", method, path)
			}
		}
	}
	if closed < 6 {
		t.Errorf("only %d closed routes were walked", closed)
	}
}

// A token that nobody could look at is no wrong token: the client keeps it.
func TestFM022bATokenThatCannotBeJudgedIs503(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got := b.get("/auth/user", unjudgedToken)
	got.problem(t, http.StatusServiceUnavailable, "accounts_unavailable")
	if got.header.Get("WWW-Authenticate") != "" {
		t.Error("the client is asked to sign in anew")
	}
}

// No way of sending a wrong token is anything but a 401.
func TestFM022b_WrongTokensAre401(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, header := range []string{
		"", "Bearer", "Bearer ", "Bearer  " + adaToken, "bearer", "Basic " + adaToken, adaToken, "Token " + adaToken,
		"Bearer " + adaToken + ",x", "Bearer " + adaToken + " x", "Bearer a.b.c", "Bearer null", "Bearer undefined",
		"Bearer " + strings.Repeat("x", 20_000), "Bearer \x80\xff", "Bearer " + oddToken, "Bearer {}", "Bearer ..",
		"Bearer " + adaToken + "=", "Bearer\t" + adaToken, "Negotiate x",
	} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/auth/user", nil)
		req.Header.Set("Authorization", header)
		got := b.send(req)
		got.problem(t, http.StatusUnauthorized, "unauthenticated")
		if !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%q without a challenge", header)
		}
	}
	got := b.get("/auth/user", expiredToken)
	got.problem(t, http.StatusUnauthorized, "token_expired")
	if !strings.Contains(got.header.Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("challenge %q", got.header.Get("WWW-Authenticate"))
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/auth/user", nil)
	req.Header["Authorization"] = []string{"Bearer " + adaToken, "Bearer " + bobToken}
	b.send(req).problem(t, http.StatusUnauthorized, "unauthenticated")
	b.get("/auth/user?access_token="+adaToken, "").problem(t, http.StatusUnauthorized, "unauthenticated")
	req, _ = http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/auth/user", nil)
	req.Header.Set("Authorization", "bEARER "+adaToken)
	if got := b.send(req); got.status != http.StatusOK {
		t.Errorf("the scheme's case matters: %d", got.status)
	}
}

func TestUnknownAddressesAndMethodsAreProblems(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, path := range []string{"/nothing", "/documents/", "//health", "/health/", "/a/../health", "/documents/x/y/z", "/docs", "/schemas/Problem.json", "/.well-known/jwks.json", "/%00"} {
		b.get(path, adaToken).problem(t, http.StatusNotFound, "not_found")
	}
	for path, allow := range map[string]string{"/search": "POST", "/health": "GET, HEAD", "/documents/x": "DELETE, GET, HEAD"} {
		for _, method := range []string{http.MethodPut, http.MethodTrace, http.MethodOptions, "BREW"} {
			got := b.do(method, path, "", "", nil)
			got.problem(t, http.StatusMethodNotAllowed, "invalid_request")
			if got.header.Get("Allow") != allow {
				t.Errorf("%s %s: Allow %q, want %q", method, path, got.header.Get("Allow"), allow)
			}
		}
	}
	if got := b.do(http.MethodHead, "/health", "", "", nil); got.status != 200 || len(got.body) != 0 {
		t.Errorf("HEAD /health: %d %q", got.status, got.body)
	}
	if got := b.do(http.MethodHead, "/documents/"+anyID+"/status", "", "", nil); got.status != 401 {
		t.Errorf("HEAD of a closed route: %d", got.status)
	}
}

func TestF5_S39_HostIsNeverReflected(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.DocsEnabled = true })
	for _, path := range []string{"/health", "/nothing", pathOpenAPI, pathOpenAPI30, pathDocs, pathLimits, "/livez"} {
		for _, name := range []string{"Host", "X-Forwarded-Host", "Forwarded"} {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+path, nil)
			req.Header.Set(name, "evil.example")
			if name == "Host" {
				req.Host = "evil.example"
			}
			got := b.send(req)
			for header, values := range got.header {
				if strings.Contains(strings.Join(values, " "), "evil") {
					t.Errorf("%s: %s reflects the host", path, header)
				}
			}
			if strings.Contains(string(got.body), "evil") || strings.Contains(string(got.body), "$schema\":\"http") {
				t.Errorf("%s reflects the host: %s", path, got.body)
			}
		}
	}
	page := b.get(pathDocs, "")
	if page.status != 200 || !strings.Contains(string(page.body), "/search") || strings.Contains(string(page.body), "<script") {
		t.Errorf("documentation page: %d", page.status)
	}
}

func TestS30_HeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, path := range []string{"/health", "/nothing", "/auth/user", pathOpenAPI} {
		got := b.get(path, adaToken)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
			"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
			"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
			"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, got.header.Get(name))
			}
		}
		if want := path != pathOpenAPI; (got.header.Get("Cache-Control") == "no-store") != want {
			t.Errorf("%s: Cache-Control %q", path, got.header.Get("Cache-Control"))
		}
		if got.header.Get("Server") != "" || got.header.Get("Link") != "" {
			t.Errorf("%s: %v", path, got.header)
		}
	}
	plain := newBench(t, func(d *APIDeps) { d.PublicURL = "http://127.0.0.1:8000" })
	if plain.get("/health", "").header.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS without https")
	}
}

func TestRequestIDsAreUUIDs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for given, kept := range map[string]bool{anyID: true, "x": false, "": false, "a\tb": false, strings.Repeat("1", 36): false} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/livez", nil)
		req.Header.Set("X-Request-ID", given)
		got := b.send(req).header.Get("X-Request-ID")
		if _, err := core.ParseID(got); err != nil || (got == given) != kept {
			t.Errorf("given %q, answered %q", given, got)
		}
	}
}

func TestRequestBounds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	long := `{"query":"` + strings.Repeat("x", 64<<10) + `"}`
	b.post("/search", adaToken, long).problem(t, http.StatusRequestEntityTooLarge, "invalid_request")
	chunked := b.do(http.MethodPost, "/search", adaToken, jsonType, io.MultiReader(strings.NewReader(long)))
	chunked.problem(t, http.StatusRequestEntityTooLarge, "invalid_request")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/livez", nil)
	req.Header.Set("X-Long", strings.Repeat("h", 65<<10))
	b.send(req).problem(t, http.StatusRequestHeaderFieldsTooLarge, "invalid_request")
}

// S26, S27: what the outside said reaches neither the answer nor the log, and a
// panic is answered, counted and logged without its value.
func TestS26FaultsDoNotLeak(t *testing.T) {
	t.Parallel()
	canary := "SQLSTATE 42P01 relation secrets at db.internal:5432 password=hunter2"
	b := newBench(t)
	raw := errors.New(canary)
	for _, call := range []string{"Standing", "Find", "Intend", "Search"} {
		b.library.set(call, raw)
	}
	b.embedder.set("Embed", nil)
	b.accounts.set("SignIn", raw)
	b.accounts.set("Account", core.Fail(core.CodeAccountsUnavailable, raw))
	answers := map[string]reply{
		"status": b.get("/documents/"+anyID+"/status", adaToken),
		"search": b.post("/search", adaToken, `{"query":"x"}`),
		"upload": b.upload(adaToken, pdf("x")),
		"login":  b.post("/auth/login", "", `{"email":"a@b.c","password":"`+canary+`"}`),
		"user":   b.get("/auth/user", adaToken),
		"panic":  b.upload(adaToken, part{"file", "hunter2.pdf", "", "panic! " + canary}),
	}
	for name, got := range answers {
		want, code := http.StatusInternalServerError, "internal"
		if name == "user" {
			want, code = http.StatusServiceUnavailable, "accounts_unavailable"
		}
		p := got.problem(t, want, code)
		if p["errors"] != nil {
			t.Errorf("%s: details of a fault: %s", name, got.body)
		}
		if strings.Contains(string(got.body), "hunter2") || strings.Contains(string(got.body), "goroutine") {
			t.Errorf("%s leaks: %s", name, got.body)
		}
	}
	o := b.observed("POST " + pathUpload)
	for !o.Panicked {
		o = b.observed("POST " + pathUpload)
	}
	if logged := b.log.String(); strings.Contains(logged, "hunter2") || !strings.Contains(logged, `"msg":"panic"`) {
		t.Errorf("log: %s", logged)
	}
	b.spoolEmpty()
}

// S26: nothing a client sent comes back, whatever is wrong with it.
func TestS26ValuesAreNotEchoed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for body, status := range map[string]int{
		`{"email":"hunter2@x","password":42}`:        422,
		`{"email":["hunter2"],"password":"hunter2"}`: 422,
		`{"password":"hunter2"`:                      400,
		`hunter2`:                                    400,
		`"hunter2"`:                                  422,
		`["hunter2"]`:                                422,
		`{"email":"a@b.c","password":"hunter2 hunter2","role":"hunter2"}`:       422,
		`{"email":"a@b.c","password":"hunter2 hunter2","hunter2 hunter2":true}`: 422,
		``: 400, `null`: 422,
	} {
		for _, path := range []string{"/auth/login", "/auth/signup"} {
			got := b.post(path, "", body)
			got.problem(t, status, "invalid_request")
			if strings.Contains(string(got.body), "hunter2") {
				t.Errorf("%s echoes: %s", body, got.body)
			}
		}
	}
	p := b.post("/auth/login", "", `{"email":"a@b.c"}`).problem(t, 422, "invalid_request")
	if text, _ := json.Marshal(p["errors"]); !strings.Contains(string(text), "required property password") {
		t.Errorf("errors %s", text)
	}
	b.do(http.MethodPost, "/auth/login", "", "text/plain", strings.NewReader("x")).problem(t, 415, "invalid_request")
	b.do(http.MethodPost, "/auth/login", "", "a;b+c", strings.NewReader("x")).problem(t, 415, "invalid_request")
}

func TestOneEventARequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.get("/documents/"+anyID+"/status?token=secret-canary", adaToken)
	b.observed("GET /documents/{id}/status")
	b.server.Close()
	var events []map[string]any
	for line := range strings.Lines(b.log.String()) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	if len(events) != 1 {
		t.Fatalf("%d events: %v", len(events), events)
	}
	e := events[0]
	if e["route"] != "GET /documents/{id}/status" || e["status"] != 404.0 || e["user_id"] != ada.ID.String() || e["error_class"] != "not_found" || e["level"] != "INFO" {
		t.Errorf("event %v", e)
	}
	for _, secret := range []string{anyID, "canary", adaToken, ada.Email} {
		if strings.Contains(b.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestHealthAndReadiness(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) {
		d.Health = memHealth{[]ports.Dependency{
			{Name: "database", OK: true, Since: time.Now()},
			{Name: "openai", Code: string(core.CodeEmbedderBusy)}, {Name: "worker", Code: "dial tcp 10.0.0.7"},
		}}
		d.Ready = func() error { return errors.New("waiting for db.internal") }
	})
	var h HealthReport
	got := b.get("/health", "")
	got.json(t, &h)
	if got.status != 200 || h.Status != "degraded" || h.Version != "test" || h.Services["database"] != "healthy" || h.Services["openai"] != "unhealthy" ||
		h.Details[1].Code != "embedder_busy" || h.Details[2].Code != "internal" || h.Timestamp.Location() != time.UTC {
		t.Errorf("health %+v", h)
	}
	not := b.get("/readyz", "")
	not.problem(t, http.StatusServiceUnavailable, "not_ready")
	if not.header.Get("Retry-After") == "" || strings.Contains(string(not.body), "db.internal") {
		t.Errorf("readyz %v %s", not.header, not.body)
	}
	b.get("/livez", "").json(t, &struct{}{})
	well := newBench(t)
	well.get("/health", "").json(t, &h)
	if got := well.get("/readyz", ""); got.status != 200 || h.Status != "healthy" {
		t.Errorf("%d, %s", got.status, h.Status)
	}
}

func TestNewAPINamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := NewAPI(APIDeps{})
	for _, name := range []string{"Library", "Blobs", "Accounts", "Verifier", "Embedder", "Inspector", "Health", "Keys", "Limiter", "Audit", "Security", "Logger", "SpoolDir"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
	if _, err := NewWebhook(WebhookDeps{Logger: slog.Default()}); err == nil || !strings.Contains(err.Error(), "Inbox") {
		t.Errorf("webhook: %v", err)
	}
}
