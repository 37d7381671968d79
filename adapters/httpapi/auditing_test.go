package httpapi

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// memAudit remembers what was recorded and noted, with its origin.
type memAudit struct {
	faults
	mu      sync.Mutex
	entries []core.AuditEntry
	events  []core.SecurityEvent
	origins []core.Origin
}

func (m *memAudit) Record(ctx context.Context, e core.AuditEntry) error {
	if err := m.of("Record"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries, m.origins = append(m.entries, e), append(m.origins, core.OriginOf(ctx))
	return nil
}

func (m *memAudit) Note(ctx context.Context, e core.SecurityEvent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events, m.origins = append(m.events, e), append(m.origins, core.OriginOf(ctx))
}

// take gives what was recorded since the last time.
func (m *memAudit) take() (entries []core.AuditEntry, events []core.SecurityEvent, origins []core.Origin) {
	m.mu.Lock()
	defer m.mu.Unlock()
	entries, events, origins = m.entries, m.events, m.origins
	m.entries, m.events, m.origins = nil, nil, nil
	return entries, events, origins
}

var (
	_ ports.AuditLog = (*memAudit)(nil)
	_ ports.Security = (*memAudit)(nil)
)

// read is a way to a document's content: what it is recorded as.
type read struct {
	action core.AuditAction
	ask    func(*bench) reply
}

// readsOf is every route that answers content of a document, with how to ask it.
func readsOf(b *bench) (reads map[string]read, id core.ID) {
	file, id := b.stored(part{"file", "p.pdf", "application/pdf", "%PDF-1.7\nwords"})
	b.library.passages = []ports.Passage{{Document: id, Chunk: core.NewID(), Text: "one"}, {Document: id, Chunk: core.NewID(), Text: "two"}}
	key := url.QueryEscape(Key(ada.ID, id) + "|p.pdf")
	return map[string]read{
		"GET /documents/{id}/file":      {core.AuditReadFile, func(b *bench) reply { return b.get(file, adaToken) }},
		"GET /documents/{id}/file/link": {core.AuditReadLink, func(b *bench) reply { return b.get(file+"/link", adaToken) }},
		"GET /documents/{id}/chunks":    {core.AuditReadText, func(b *bench) reply { return b.get("/documents/"+id.String()+"/chunks", adaToken) }},
		"POST /search":                  {core.AuditSearch, func(b *bench) reply { return b.post("/search", adaToken, `{"query":"words"}`) }},
		"POST " + pathSearchAlias:       {core.AuditSearch, func(b *bench) reply { return b.searchForm(adaToken, part{"query", "", "", "words"}) }},
		getRoute:                        {core.AuditDownload, func(b *bench) reply { return b.get(PathGet+"?token="+key, "") }},
	}, id
}

func TestS41_EveryReadOfADocumentIsRecordedBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	reads, id := readsOf(b)
	b.audit.take()
	for route, r := range reads {
		if got := r.ask(b); got.status != http.StatusOK {
			t.Fatalf("%s answered %d %s", route, got.status, got.body)
		}
		entries, _, origins := b.audit.take()
		want := core.AuditEntry{Actor: core.ActorUser, User: ada.ID, Action: r.action, Documents: []core.ID{id}, Outcome: core.AuditDone}
		if r.action == core.AuditDownload {
			want.Actor = core.ActorNobody
		}
		if diff := cmp.Diff([]core.AuditEntry{want}, entries); diff != "" {
			t.Errorf("%s recorded:\n%s", route, diff)
		}
		if len(origins) == 1 && (origins[0].Service != "api" || origins[0].Network != "127.0.0.1" || origins[0].Request.IsZero()) {
			t.Errorf("%s came from %+v", route, origins[0])
		}
	}
}

// What cannot be recorded is not told, not a byte of it.
func TestS41_WithoutItsRecordNoReadIsAnswered(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	reads, _ := readsOf(b)
	b.audit.set("Record", core.Fail(core.CodeDatabaseUnavailable, nil))
	for route, r := range reads {
		got := r.ask(b)
		got.problem(t, http.StatusServiceUnavailable, "database_unavailable")
		if strings.Contains(string(got.body), "words") || strings.Contains(string(got.body), "one") && strings.Contains(string(got.body), "two") {
			t.Errorf("%s told the text all the same", route)
		}
	}
}

// A route that answers content and is not among readsOf would pass unseen: the
// others are named with what they tell.
func TestS41_EveryRouteIsAReadOrTellsNoContent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	reads, _ := readsOf(b)
	silent := map[string]bool{
		"GET /documents": true, "GET /documents/{id}": true, "GET /documents/{id}/status": true, "POST /documents/batch-status": true, // states and names of one's own
		"GET /documents/{id}/events": true, "GET /documents/{id}/deletion": true, // moves, and counts
		"POST /documents": true, "POST " + pathUpload: true, "DELETE /documents/{id}": true, // changes, which the store records
		"POST /documents/{id}/retry": true, "POST /documents/{id}/cancel": true,
	}
	for path, item := range b.document("/openapi.json").Paths {
		for method := range item {
			route := strings.ToUpper(method) + " " + path
			_, isRead := reads[route]
			if about := strings.HasPrefix(path, "/documents") || strings.Contains(path, "search"); about && !isRead && !silent[route] {
				t.Errorf("%s is neither recorded as a read nor known to tell no content", route)
			}
		}
	}
}

func TestS21_RefusalsThatAreAttacksAreNoted(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) {
		d.Limiter = &memLimiter{}
		d.Limits.Rates = []Rule{{Name: rulePassword, Requests: 1, Window: 60e9}}
	})
	unknown := core.NewID()
	login := `{"email":"ada@example.com","password":"wrong wrong wrong"}`
	for name, c := range map[string]struct {
		ask  func() reply
		want []core.SecurityEvent
	}{
		"no token":         {func() reply { return b.get("/documents", "") }, nil},
		"an expired token": {func() reply { return b.get("/documents", expiredToken) }, nil},
		"a bad token":      {func() reply { return b.get("/documents", "forged") }, []core.SecurityEvent{{Kind: core.SecurityTokenRefused, What: "unauthenticated"}}},
		"a wrong password": {func() reply {
			b.accounts.set("SignIn", core.Fail(core.CodeBadCredentials, nil))
			return b.post("/auth/login", "", login)
		}, []core.SecurityEvent{{Kind: core.SecurityLoginFailed, What: "bad_credentials"}}},
		"a refresh token again": {func() reply {
			return b.post("/auth/refresh", "", `{"refresh_token":"refresh-0"}`)
		}, []core.SecurityEvent{{Kind: core.SecurityTokenReused, What: "token_reused"}}},
		"an unknown document": {func() reply { return b.get("/documents/"+unknown.String()+"/file", adaToken) },
			[]core.SecurityEvent{{Kind: core.SecurityUnknownID, User: ada.ID, Documents: []core.ID{unknown}, What: "not_found"}}},
		"no document's id":  {func() reply { return b.get("/documents/x/file", adaToken) }, nil},
		"an unknown path":   {func() reply { return b.get("/wp-admin", adaToken) }, nil},
		"a forged download": {func() reply { return b.get(PathGet+"?token=x", "") }, []core.SecurityEvent{{Kind: core.SecurityTokenRefused, What: "download_link_invalid"}}},
		"beyond a rate": {func() reply {
			body := `{"current_password":"a","new_password":"bbbbbbbbbbbbbbbb"}`
			b.do(http.MethodPut, pathPassword, adaToken, jsonType, strings.NewReader(body))
			b.audit.take()
			return b.do(http.MethodPut, pathPassword, adaToken, jsonType, strings.NewReader(body))
		}, []core.SecurityEvent{{Kind: core.SecurityLimited, User: ada.ID, What: "rate_limited"}}},
	} {
		b.audit.take()
		r := c.ask()
		if r.status < http.StatusBadRequest {
			t.Fatalf("%s answered %d", name, r.status)
		}
		b.settled(r.status)
		if _, events, _ := b.audit.take(); !cmp.Equal(c.want, events) {
			t.Errorf("%s:\n%s", name, cmp.Diff(c.want, events))
		}
	}
}

// settled waits until the request that was answered with the status has been
// finished, which is after its answer.
func (b *bench) settled(status int) {
	b.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case o := <-b.seen:
			if o.Status == status {
				return
			}
		case <-deadline:
			b.t.Fatalf("no request was finished with %d", status)
		}
	}
}

func TestS04_AForgedCallbackIsNoted(t *testing.T) {
	t.Parallel()
	watch := &memAudit{}
	b := newBackDoor(t, func(d *WebhookDeps) { d.Security = watch })
	b.do(http.MethodPost, "/webhook/llamaparse/"+core.NewID().String(), "", jsonType, strings.NewReader(`{}`)).problem(t, http.StatusUnauthorized, "bad_signature")
	b.settled(http.StatusUnauthorized)
	_, events, origins := watch.take()
	if want := []core.SecurityEvent{{Kind: core.SecurityForgedWebhook, What: "bad_signature"}}; !cmp.Equal(want, events) || origins[0].Service != "webhook" {
		t.Errorf("noted %+v from %+v", events, origins)
	}
}

// What is done to an account is recorded before it is answered.
func TestS41_WhatIsDoneToAnAccountIsRecorded(t *testing.T) {
	t.Parallel()
	for route, want := range map[string]core.AuditAction{
		"POST /auth/signup": core.AuditSignUp, "POST /auth/login": core.AuditSignIn, "POST " + pathExchange: core.AuditSignIn,
		"POST /auth/logout": core.AuditSignOut, "PUT " + pathPassword: core.AuditPassword,
		"DELETE " + pathSession: core.AuditSessionRevoked, "DELETE " + pathSessions: core.AuditSessionRevoked,
	} {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			s := samples(t, b)[route]
			method, _, _ := strings.Cut(route, " ")
			b.audit.take()
			kind, body := s.body()
			if got := b.do(method, s.path, s.token, kind, bytes.NewReader(body)); got.status >= http.StatusBadRequest {
				t.Fatalf("answered %d %s", got.status, got.body)
			}
			entries, _, _ := b.audit.take()
			if len(entries) != 1 || entries[0].Action != want || entries[0].User != ada.ID || entries[0].Outcome != core.AuditDone {
				t.Errorf("recorded %+v", entries)
			}
			b.audit.set("Record", core.Fail(core.CodeDatabaseUnavailable, nil))
			if got := b.do(method, s.path, s.token, kind, bytes.NewReader(body)); got.status < http.StatusBadRequest {
				t.Errorf("without its record it answered %d", got.status)
			}
		})
	}
}
