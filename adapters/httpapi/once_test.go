package httpapi

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// changes reports whether an operation of the document is to take a key.
func changes(method, path string) bool {
	return !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, method) &&
		!slices.Contains([]string{"POST /search", "POST /search-documents", "POST /documents/batch-status"}, method+" "+path)
}

func TestI13_EveryMutatingOperationDocumentsTheKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	doc, err := openapi3.NewLoader().LoadFromData(b.get(pathOpenAPI30, "").body)
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			header := op.Parameters.GetByInAndName("header", headerKey)
			if (header != nil) != changes(method, path) {
				t.Errorf("%s %s: header parameter %v", method, path, header)
			}
			if header == nil {
				continue
			}
			if header.Required || !strings.Contains(header.Description, "24 hours") || !strings.Contains(header.Description, "5 minutes") {
				t.Errorf("%s %s: %+v", method, path, header)
			}
			for status, word := range map[int]string{400: "", 409: "idempotency_in_use", 422: "idempotency_mismatch"} {
				answer := op.Responses.Status(status)
				if answer == nil || answer.Value.Content.Get(problemType) == nil || !strings.Contains(*answer.Value.Description, word) ||
					answer.Value.Headers[headerReplayed] == nil {
					t.Errorf("%s %s has no %d for its key", method, path, status)
				}
			}
		}
	}
}

// sample is a good request of an operation; each call of its body may differ
// as a client's repetitions do.
type sample struct {
	path, token string
	body        func() (kind string, body []byte)
	effects     func(b *bench) int
}

func jsonBody(text string) func() (string, []byte) {
	return func() (string, []byte) { return jsonType, []byte(text) }
}

func noBody() (string, []byte) { return "", nil }

// samples is a good request of every mutating operation, with what it changes.
func samples(t *testing.T, b *bench) map[string]sample {
	ids := map[core.Status]core.ID{core.Complete: core.NewID(), core.FailedParse: core.NewID(), core.Chunking: core.NewID()}
	for status, id := range ids {
		b.library.put(ada.ID, ports.Standing{Document: id, Status: status, LastGood: status, Attempt: 1})
	}
	documents := func(b *bench) int { return b.library.count(ada.ID) }
	sessions := func(b *bench) int { return b.accounts.sessions() }
	mails := func(b *bench) int { return b.accounts.counted(func(m *memAccounts) int { return len(m.mails) }) }
	passwords := func(b *bench) int { return b.accounts.counted(func(m *memAccounts) int { return len(m.passwords) }) }
	keys := func(b *bench) int { return b.apiKeys.count() }
	form := func(content string) func() (string, []byte) {
		return func() (string, []byte) {
			return multipartBody(t, pdf(content), part{field: "policy_id", content: "HH-1"})
		}
	}
	attempt := func(b *bench) int {
		s, _ := b.library.Standing(t.Context(), ports.Principal{User: ada.ID}, ids[core.FailedParse])
		return s.Attempt
	}
	cancelled := func(b *bench) int {
		s, _ := b.library.Standing(t.Context(), ports.Principal{User: ada.ID}, ids[core.Chunking])
		return map[bool]int{true: 1}[s.Status == core.Cancelled]
	}
	return map[string]sample{
		"POST " + pathUpload:          {pathUpload, adaToken, form("old route"), documents},
		"POST " + pathDocuments:       {pathDocuments, adaToken, form("new route"), documents},
		"POST /documents/{id}/retry":  {"/documents/" + ids[core.FailedParse].String() + "/retry", adaToken, noBody, attempt},
		"POST /documents/{id}/cancel": {"/documents/" + ids[core.Chunking].String() + "/cancel", adaToken, noBody, cancelled},
		"DELETE /documents/{id}":      {"/documents/" + ids[core.Complete].String(), adaToken, noBody, documents},
		"POST /auth/signup": {"/auth/signup", "", jsonBody(`{"email":"ada@example.org","password":"` + adaPassword +
			`","consent_version":"1","consent_timestamp":"2026-01-01T00:00:00Z"}`), sessions},
		"POST /auth/login":     {"/auth/login", "", jsonBody(`{"email":"ada@example.org","password":"` + adaPassword + `"}`), sessions},
		"POST /login":          {"/login", "", jsonBody(`{"email":"ada@example.org","password":"` + adaPassword + `"}`), sessions},
		"POST /register":       {"/register", "", jsonBody(`{"email":"ada@example.org","password":"` + adaPassword + `"}`), sessions},
		"POST /auth/refresh":   {"/auth/refresh", "", jsonBody(`{"refresh_token":"refresh-1"}`), sessions},
		"POST " + pathExchange: {pathExchange, "", jsonBody(`{"code":"code-1","code_verifier":"` + exampleVerifier + `"}`), sessions},
		"POST " + pathRecover: {pathRecover, "", jsonBody(`{"email":"ada@example.org","redirect_to":"` + webReturn +
			`","code_challenge":"` + exampleChallenge + `"}`), mails},
		"POST " + pathResend:           {pathResend, "", jsonBody(`{"email":"ada@example.org"}`), mails},
		"PUT " + pathPassword:          {pathPassword, adaToken, jsonBody(`{"current_password":"` + adaPassword + `","password":"seven quiet herons"}`), passwords},
		"POST " + pathKeys:             {pathKeys, adaToken, jsonBody(`{"name":"n","scopes":["search"],"expires_in_days":1}`), keys},
		"DELETE " + pathKeys + "/{id}": {pathKeys + "/" + b.keyOf(ada.ID), adaToken, noBody, keys},
		"POST /auth/logout":            {"/auth/logout", adaToken, noBody, sessions},

		"DELETE " + pathSession:  {strings.Replace(pathSession, "{id}", exampleSession, 1), adaToken, noBody, sessions},
		"DELETE " + pathSessions: {pathSessions, adaToken, noBody, sessions},
		"DELETE " + pathUser:     {pathUser, adaToken, jsonBody(`{"current_password":"` + adaPassword + `"}`), sessions},

		"POST " + pathAnnounce: {pathAnnounce, adaToken, jsonBody(claim()), (*bench).announcements},
		"POST " + pathFinished: {strings.Replace(pathFinished, "{id}", b.sent(), 1), adaToken, noBody, (*bench).notices},
	}
}

// keyed sends a request under a key.
func (b *bench) keyed(key, method, path, token string, body func() (string, []byte)) reply {
	b.t.Helper()
	kind, raw := body()
	var reader io.Reader
	if raw != nil {
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, reader)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set(headerKey, key)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return b.send(req)
}

func (b *bench) keyedUpload(key, token string, p part) reply {
	b.t.Helper()
	return b.keyed(key, http.MethodPost, pathDocuments, token, func() (string, []byte) { return multipartBody(b.t, p) })
}

// isReplay holds that the second answer is the first one, sent again.
func isReplay(t *testing.T, first, second reply) {
	t.Helper()
	if second.status != first.status || !bytes.Equal(second.body, first.body) {
		t.Errorf("answered %d %q, then %d %q", first.status, first.body, second.status, second.body)
	}
	for _, name := range []string{"Content-Type", "Location", "Retry-After", "Cache-Control", "X-Content-Type-Options", "Content-Security-Policy"} {
		if second.header.Get(name) != first.header.Get(name) {
			t.Errorf("%s: %q, then %q", name, first.header.Get(name), second.header.Get(name))
		}
	}
	if first.header.Get(headerReplayed) != "" || second.header.Get(headerReplayed) != "true" || second.header.Get("X-Request-ID") == first.header.Get("X-Request-ID") {
		t.Errorf("not told apart: %v, then %v", first.header, second.header)
	}
}

// A new operation fails here until it has a sample: whether its answers are
// replayed has to be seen, not believed.
func TestI13_EveryMutatingOperationIsReplayed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	all := samples(t, b)
	for path, item := range b.document(pathOpenAPI).Paths {
		for method := range item {
			method = strings.ToUpper(method)
			if !changes(method, path) {
				continue
			}
			s, ok := all[method+" "+path]
			if !ok {
				t.Errorf("%s %s has no sample", method, path)
				continue
			}
			key, before := core.NewID().String(), s.effects(b)
			first := b.keyed(key, method, s.path, s.token, s.body)
			after := s.effects(b)
			if first.status >= 300 || after == before {
				t.Errorf("%s %s: %d %s with %d effects", method, path, first.status, first.body, after-before)
			}
			isReplay(t, first, b.keyed(strings.ToUpper(key), method, s.path, s.token, s.body))
			isReplay(t, first, b.keyed(`"`+key+`"`, method, s.path, s.token, s.body))
			if again := s.effects(b); again != after {
				t.Errorf("%s %s had its effect again: %d, then %d", method, path, after, again)
			}
			b.keyed(key, method, s.path+"?x=1", s.token, s.body).problem(t, 422, "idempotency_mismatch")
		}
	}
	b.spoolEmpty()
}

func TestI13_AnotherRequestUnderTheKeyIs422(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := core.NewID().String()
	first := b.keyedUpload(key, adaToken, pdf("one"))
	for name, p := range map[string]part{
		"content": pdf("two"),
		"name":    {"file", "other.pdf", "application/pdf", "%PDF-1.7\none"},
		"type":    {"file", "policy.pdf", "application/octet-stream", "%PDF-1.7\none"},
	} {
		t.Run(name, func(t *testing.T) { b.keyedUpload(key, adaToken, p).problem(t, 422, "idempotency_mismatch") })
	}
	b.keyed(key, http.MethodPost, pathDocuments, adaToken, func() (string, []byte) {
		return multipartBody(t, pdf("one"), part{field: "policy_id", content: "HH-2"})
	}).problem(t, 422, "idempotency_mismatch")
	b.keyed(key, http.MethodPost, pathUpload, adaToken, func() (string, []byte) { return multipartBody(t, pdf("one")) }).problem(t, 422, "idempotency_mismatch")
	b.keyed(key, http.MethodPost, "/auth/logout", adaToken, noBody).problem(t, 422, "idempotency_mismatch")
	isReplay(t, first, b.keyedUpload(key, adaToken, pdf("one")))
	if n := b.library.count(ada.ID); n != 1 {
		t.Errorf("%d documents", n)
	}
	login := func(password string) func() (string, []byte) {
		return jsonBody(fmt.Sprintf(`{"email":"ada@example.org","password":%q}`, password))
	}
	key = core.NewID().String()
	b.keyed(key, http.MethodPost, "/auth/login", "", login(adaPassword))
	b.keyed(key, http.MethodPost, "/auth/login", "", login(adaPassword+"x")).problem(t, 422, "idempotency_mismatch")
	b.keyed(key, http.MethodPost, "/auth/login", "", func() (string, []byte) {
		kind, body := login(adaPassword)()
		return kind, append(body, ' ')
	}).problem(t, 422, "idempotency_mismatch")
}

func TestI13_WhatIsNoKeyIs400(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := core.NewID().String()
	for _, bad := range []string{"", `""`, "x", good + "0", `"` + good, good + `"`, "{" + good + "}", "urn:uuid:" + good,
		strings.ReplaceAll(good, "-", ""), (core.ID{}).String(), good + ", " + good, strings.Repeat("a", 300)} {
		got := b.keyedUpload(bad, adaToken, pdf("one"))
		p := got.problem(t, http.StatusBadRequest, "invalid_request")
		field, _ := p["errors"].([]any)[0].(map[string]any)
		if field["field"] != "header.Idempotency-Key" || !strings.Contains(fmt.Sprint(field["message"]), "UUID") || (bad != "" && len(bad) > 2 && bytes.Contains(got.body, []byte(bad))) {
			t.Errorf("%q: %s", bad, got.body)
		}
	}
	if b.library.count(ada.ID) != 0 || b.keys.count() != 0 {
		t.Error("a refused request had an effect")
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/auth/logout", nil)
	req.Header[headerKey] = []string{good, good}
	req.Header.Set("Authorization", "Bearer "+adaToken)
	b.send(req).problem(t, http.StatusBadRequest, "invalid_request")
	// Who reads needs no key, and has none looked at.
	if got := b.keyed("x", http.MethodGet, "/documents", adaToken, noBody); got.status != 200 {
		t.Errorf("GET: %d", got.status)
	}
	if got := b.keyed("x", http.MethodPost, "/search", adaToken, jsonBody(`{"query":"q"}`)); got.status != 200 {
		t.Errorf("search: %d %s", got.status, got.body)
	}
}
