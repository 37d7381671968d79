package boot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/oidc/oidctest"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// declaredOp is an operation of the served document with its row of the table
// of access: whom it is for follows from these, and not from what it answers.
type declaredOp struct {
	ID       string                `json:"operationId"`
	Security []map[string][]string `json:"security"`
	Scope    core.Scope            `json:"x-scope"`
	Roles    []core.Role           `json:"x-roles"`
	Params   []struct {
		Name, In string
		Required bool
		Example  any
		Schema   struct{ Example any }
	} `json:"parameters"`
	Body struct {
		Content map[string]struct{ Example json.RawMessage }
	} `json:"requestBody"`

	method, path string
}

// caller is one column of the matrix.
type caller struct {
	name   string
	token  string      // what is sent; empty: nothing
	refuse core.Code   // of a credential that proves nobody
	owner  bool        // of the documents and keys that are asked for
	roles  []core.Role // of a person
	key    bool
	scopes []core.Scope // of a key
	again  func() string
}

// What a cell may be: the code of who is not let through, or:
const (
	through = "let through"
	anybody = "open to anybody"
)

// expected reads the outcome off the declared table.
func expected(op declaredOp, c caller) string {
	switch {
	case len(op.Security) == 0:
		return anybody
	case c.refuse != "":
		return string(c.refuse)
	case c.key && op.Scope == "":
		return string(core.CodeKeyRefused)
	case c.key && !slices.Contains(c.scopes, op.Scope):
		return string(core.CodeScopeMissing)
	case len(op.Roles) > 0 && !slices.ContainsFunc(op.Roles, func(r core.Role) bool { return slices.Contains(c.roles, r) }):
		return string(core.CodeRoleRequired)
	case len(op.Roles) == 0 && strings.Contains(op.path, "{id}") && !c.owner:
		return string(core.CodeNotFound)
	}
	return through
}

// cellOf is what the answer says.
func cellOf(op declaredOp, status int, body []byte) string {
	var problem struct{ Code core.Code }
	_ = json.Unmarshal(body, &problem) // what is no problem has no code
	if len(op.Security) == 0 {
		if problem.Code == core.CodeRoleRequired || problem.Code == core.CodeScopeMissing || problem.Code == core.CodeKeyRefused || status >= 500 {
			return string(problem.Code)
		}
		return anybody
	}
	switch problem.Code {
	case core.CodeUnauthenticated, core.CodeTokenExpired, core.CodeKeyRefused, core.CodeScopeMissing, core.CodeRoleRequired, core.CodeNotFound, core.CodeDenied:
		return string(problem.Code)
	}
	if status >= 500 {
		return fmt.Sprint(status)
	}
	return through
}

// matrix is one world in which every operation is called by everybody.
type matrix struct {
	w       *world
	ada     person
	main    string            // ada's complete document
	parts   map[string]string // what else of ada's an operation is about, by its id
	uploads uint64
	secret  []string // what nobody but ada may be shown
}

// The matrix is generated from the served document: an operation that is
// registered tomorrow is in it, and fails where it lets in whom its row does not
// name. S01, S02 and API1, API5 of OWASP's list. FM-017: the owner's token comes
// from the login route, and every operation takes it.
func TestS01_FM017_EveryOperationForEveryCaller(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	ops, callers, cells := m.operations(), m.callers(), 0
	counted := map[string]int{}
	for _, op := range ops {
		for _, c := range callers {
			want := expected(op, c)
			status, body := m.call(op, c, want)
			if got := cellOf(op, status, body); got != want {
				t.Errorf("%s %s by %s: %s (%d), the table says %s: %.200s", op.method, op.path, c.name, got, status, want, body)
			}
			if !c.owner {
				m.nothingOfAdas(op, c, body)
			}
			counted[want]++
			cells++
		}
	}
	if _, now := m.ada.status(m.main); now.Status != core.Complete {
		t.Errorf("ada's document is %s afterwards", now.Status)
	}
	if n := m.w.count(`select count(*) from upload_pipeline.operations_log where action = 'read'`); n == 0 {
		t.Error("no reading of operators was written down")
	}
	t.Logf("%d operations x %d callers = %d cells: %v", len(ops), len(callers), cells, counted)
	t.Run("another site", func(t *testing.T) { m.anotherSite(t) })
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	w := newWorld(t)
	issuer, err := oidctest.New(oidctest.Person{Subject: "ada-1", Email: "ada@example.com", EmailVerified: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(issuer.Close)
	w.config.OIDCIssuer, w.config.OIDCClient, w.config.OIDCSecret = issuer.URL, oidctest.ClientID, oidctest.ClientSecret
	w.config.AuthRedirects = []string{"https://app.example.org/auth/callback"}
	w.start(boot.Dev)
	m := &matrix{w: w, ada: w.person("ada")}
	m.main = m.ada.taken("zanzibar-of-ada.pdf", corpus.MemberCard().Bytes)
	m.ada.completes(m.main)
	w.halt()
	w.start(boot.API) // nothing moves from here on but by a call
	m.secret = []string{"zanzibar-of-ada", "Jordan Avery", "NWM-4471", "ada@example.com"}
	announced := m.announce()
	gone := m.upload()
	if status := w.call(http.MethodDelete, w.api+"/documents/"+gone, m.ada.token, nil, nil); status != http.StatusAccepted {
		t.Fatalf("deleting answered %d", status)
	}
	m.parts = map[string]string{"complete-upload": announced, "get-document-deletion": gone, "revoke-key": m.key(core.ScopeSearch).ID, "end-session": m.session()}
	return m
}

func (m *matrix) upload() string {
	m.uploads++
	return m.ada.taken("zanzibar-of-ada.pdf", corpus.Filler(1, m.uploads).Bytes)
}

func (m *matrix) announce() string {
	var answer accepted
	body := map[string]any{"filename": "zanzibar-of-ada.pdf", "bytes_len": 1000, "mime": "application/pdf"}
	if status := m.w.call(http.MethodPost, m.w.api+"/api/upload-pipeline/upload", m.ada.token, body, &answer); status != http.StatusOK {
		m.w.t.Fatalf("announcing answered %d", status)
	}
	return answer.DocumentID
}

// session is the id of a new session of ada's.
func (m *matrix) session() string {
	m.w.t.Helper()
	var answer struct {
		Sessions []struct {
			ID      string
			Current bool
		}
	}
	m.w.call(http.MethodGet, m.w.api+"/auth/sessions", m.w.signIn("ada"), nil, &answer)
	for _, s := range answer.Sessions {
		if s.Current {
			return s.ID
		}
	}
	m.w.t.Fatal("ada's session is not listed")
	return ""
}

// madeKey is the answer to a new API key.
type madeKey struct {
	ID  string `json:"key_id"`
	Key string `json:"key"`
}

func (m *matrix) key(scopes ...core.Scope) (made madeKey) {
	m.w.t.Helper()
	body := map[string]any{"name": "zanzibar-of-ada", "scopes": scopes, "expires_in_days": 1}
	if status := m.w.call(http.MethodPost, m.w.api+"/auth/keys", m.ada.token, body, &made); status != http.StatusCreated {
		m.w.t.Fatalf("making a key answered %d", status)
	}
	return made
}

// callers is everybody: with and without a credential, with and without rights.
func (m *matrix) callers() []caller {
	w := m.w
	hand := w.onCall()
	operator := func(role core.Role) string {
		p := w.person(string(role))
		var me struct{ ID string }
		w.call(http.MethodGet, w.api+"/auth/user", p.token, nil, &me)
		id, err := core.ParseID(me.ID)
		if err == nil {
			_, err = hand.TurnRole(w.t.Context(), id, role, true, core.Audit{Operator: "grace"})
		}
		if err != nil {
			w.t.Fatal(err)
		}
		return p.token
	}
	nobody := core.CodeUnauthenticated
	list := []caller{
		{name: "the owner", token: w.signIn("ada"), owner: true, again: func() string { return w.signIn("ada") }},
		{name: "another user", token: w.person("bob").token, again: func() string { return w.signIn("bob") }},
		{name: "nobody", refuse: nobody},
		{name: "an expired token of the owner", token: m.expired(), refuse: core.CodeTokenExpired},
		{name: "the anon key", token: supabasetest.DefaultPublishableKey, refuse: nobody},
		{name: "an anon token", token: m.shared("anon"), refuse: nobody},
		{name: "the service key", token: supabasetest.DefaultSecretKey, refuse: nobody},
		{name: "a service token", token: m.shared("service_role"), refuse: nobody},
		{name: "an admin", token: operator(core.RoleAdmin), roles: []core.Role{core.RoleAdmin}, again: func() string { return w.signIn("admin") }},
		{name: "on-call", token: operator(core.RoleOnCall), roles: []core.Role{core.RoleOnCall}, again: func() string { return w.signIn("oncall") }},
		{name: "a key of no one", token: core.NewAPIKey(), refuse: nobody},
		{name: "the owner's key of every scope", token: m.key(core.Scopes()...).Key, owner: true, key: true, scopes: core.Scopes()},
	}
	for _, missing := range core.Scopes() {
		rest := slices.DeleteFunc(core.Scopes(), func(s core.Scope) bool { return s == missing })
		list = append(list, caller{name: "the owner's key without " + string(missing), token: m.key(rest...).Key, owner: true, key: true, scopes: rest})
	}
	return list
}

// expired is a right token of ada's, an hour too old.
func (m *matrix) expired() string {
	m.w.t.Helper()
	pool, err := pgxpool.New(m.w.t.Context(), m.w.db.URL("inav_app"))
	if err != nil {
		m.w.t.Fatal(err)
	}
	defer pool.Close()
	keys, err := localauth.ParseKeys(pem)
	if err != nil {
		m.w.t.Fatal(err)
	}
	past, err := localauth.New(postgres.NewSteady(pool), keys, localauth.Config{Issuer: m.w.config.PublicURL, Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	if err != nil {
		m.w.t.Fatal(err)
	}
	session, err := past.SignIn(m.w.t.Context(), "ada@example.com", "quiet-heron-lantern-ada")
	if err != nil {
		m.w.t.Fatal(err)
	}
	return session.AccessToken
}

// shared is a token of a project's shared secret, as its old keys are.
func (m *matrix) shared(role string) string {
	claims := jwt.MapClaims{"iss": "supabase", "role": role, "exp": time.Now().Add(time.Hour).Unix()}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(strings.Repeat("s", 40)))
	if err != nil {
		m.w.t.Fatal(err)
	}
	return token
}

// operations is the served document's, those that delete and sign out last.
func (m *matrix) operations() (ops []declaredOp) {
	m.w.t.Helper()
	var doc struct {
		Paths map[string]map[string]declaredOp `json:"paths"`
	}
	m.w.call(http.MethodGet, m.w.api+"/openapi.json", "", nil, &doc)
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			op := doc.Paths[path][method]
			op.method, op.path = strings.ToUpper(method), path
			ops = append(ops, op)
		}
	}
	if len(ops) < 35 {
		m.w.t.Fatalf("only %d operations are served", len(ops))
	}
	return ops
}

// call sends the operation's own example, about ada's things.
func (m *matrix) call(op declaredOp, c caller, want string) (int, []byte) {
	m.w.t.Helper()
	token := c.token
	switch {
	case want != through:
	case op.ID == "log-out": // the others need their sessions yet
		token = c.again()
	case op.ID == "end-other-sessions":
		m.uploads++
		token = m.w.person(fmt.Sprint("spare", m.uploads)).token
	}
	ctx, cancel := context.WithTimeout(m.w.t.Context(), patience)
	defer cancel()
	kind, body := m.body(op)
	request, err := http.NewRequestWithContext(ctx, op.method, m.w.api+m.target(op, want), body)
	if err != nil {
		m.w.t.Fatal(err)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := noRedirects.Do(request)
	if err != nil {
		m.w.t.Fatalf("%s %s by %s: %v", op.method, op.path, c.name, err)
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		m.w.t.Fatalf("%s %s by %s: %v", op.method, op.path, c.name, err)
	}
	return response.StatusCode, text
}

// target is the operation's address, with ada's ids and its examples.
func (m *matrix) target(op declaredOp, want string) string {
	id, named := m.parts[op.ID]
	switch {
	case op.ID == "delete-document" && want == through: // each may delete one
		id = m.upload()
	case op.ID == "revoke-key" && want == through:
		id = m.key(core.ScopeSearch).ID
	case op.ID == "end-session" && want == through:
		id = m.session()
	case !named:
		id = m.main
	}
	query := url.Values{}
	for _, p := range op.Params {
		example := p.Example
		if example == nil {
			example = p.Schema.Example
		}
		if p.In == "query" && p.Required {
			query.Set(p.Name, fmt.Sprint(example))
		}
	}
	return strings.ReplaceAll(op.path, "{id}", id) + "?" + query.Encode()
}

// exampleID is the document that the served examples tell of.
const exampleID = "0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f"

func (m *matrix) body(op declaredOp) (string, io.Reader) {
	m.w.t.Helper()
	if media, ok := op.Body.Content["application/json"]; ok {
		return "application/json", strings.NewReader(strings.ReplaceAll(string(media.Example), exampleID, m.main))
	}
	if _, ok := op.Body.Content["multipart/form-data"]; !ok {
		return "", nil
	}
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	m.uploads++
	part, err := writer.CreateFormFile("file", "filler.pdf")
	if err != nil {
		m.w.t.Fatal(err)
	}
	_, _ = part.Write(corpus.Filler(1, m.uploads).Bytes)
	_ = writer.Close()
	return writer.FormDataContentType(), &form
}

// nothingOfAdas holds that an answer to anybody else shows nothing of hers. An
// operator sees the document's id, and no more.
func (m *matrix) nothingOfAdas(op declaredOp, c caller, body []byte) {
	m.w.t.Helper()
	secrets := m.secret
	if len(op.Roles) == 0 {
		secrets = append(slices.Clone(secrets), m.main)
	}
	if op.ID == "get-batch-status" { // repeats the ids that it was asked for
		secrets = m.secret
	}
	for _, secret := range secrets {
		if bytes.Contains(body, []byte(secret)) && !strings.HasPrefix(op.path, "/auth/") && op.path != "/register" && op.path != "/login" {
			m.w.t.Errorf("%s %s shows %s %q: %.300s", op.method, op.path, c.name, secret, body)
		}
	}
}

// anotherSite is ada on her way to another site and back, as a browser goes.
func (m *matrix) anotherSite(t *testing.T) {
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // of RFC 7636
	query := url.Values{"provider": {"oidc"}, "redirect_to": {"https://app.example.org/auth/callback"}, "code_challenge": {challenge}}
	var where struct{ URL string }
	if status := m.w.call(http.MethodGet, m.w.api+"/auth/authorize?"+query.Encode(), "", nil, &where); status != http.StatusOK {
		t.Fatalf("authorize answered %d", status)
	}
	led := m.follow(t, where.URL) // the issuer leads to PUBLIC_URL, which is not where this test's API is
	address := m.w.api + strings.TrimPrefix(led, m.w.config.PublicURL)
	back, err := url.Parse(m.follow(t, address))
	if err != nil || back.Host != "app.example.org" || back.Query().Get("code") == "" {
		t.Fatalf("led back to %v: %v", back, err)
	}
	token := m.w.exchanges(back.Query().Get("code"), verifier)
	if status, _ := (person{m.w, token}).status(m.main); status != http.StatusOK {
		t.Errorf("ada by another site is answered %d", status)
	}
	if again := m.follow(t, address); again != "" {
		t.Errorf("a state is good twice: %q", again)
	}
	query.Set("redirect_to", "https://evil.example/auth/callback")
	if status := m.w.call(http.MethodGet, m.w.api+"/auth/authorize?"+query.Encode(), "", nil, nil); status != http.StatusUnprocessableEntity {
		t.Errorf("an address that is not ours answered %d", status)
	}
	for _, secret := range []string{verifier, challenge, back.Query().Get("code"), oidctest.ClientSecret} {
		if strings.Contains(m.w.logs.String(), secret) {
			t.Error("the log tells a secret of the visit")
		}
	}
}

// follow is where a browser is led to from the address; "" for nowhere.
func (m *matrix) follow(t *testing.T, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := noRedirects.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // nothing is in it
	return response.Header.Get("Location")
}
