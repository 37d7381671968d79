package httpapi

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// declared is an operation's row of the table, as it is served.
type declared struct {
	Scope core.Scope  `json:"x-scope"`
	Roles []core.Role `json:"x-roles"`

	Security []map[string][]string     `json:"security"`
	Answers  map[string]map[string]any `json:"responses"`
}

// The served document tells the table, row by row, and the table has a row for
// every route that is not public: nothing is open by being forgotten.
func TestFM014_TheTableOfAccessIsServed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var doc struct {
		Paths map[string]map[string]declared `json:"paths"`
	}
	b.get(pathOpenAPI, "").json(t, &doc)
	served := map[string]bool{}
	for path, item := range doc.Paths {
		for method, op := range item {
			route := strings.ToUpper(method) + " " + path
			served[route] = true
			row, named := accesses[route]
			if named == publicSet()[route] {
				t.Errorf("%s: in the table %v, public %v", route, named, publicSet()[route])
			}
			_, byKey := find(op.Security, keySecurity)
			if op.Scope != row.scope || !slices.Equal(op.Roles, row.roles) || byKey != (row.scope != "") {
				t.Errorf("%s is served as %+v, the table says %+v", route, op, row)
			}
			if named && op.Answers["403"] == nil {
				t.Errorf("%s does not document its 403", route)
			}
			if named && row.scope != "" && !row.scope.Known() {
				t.Errorf("%s asks for %q, which is no scope", route, row.scope)
			}
		}
	}
	for route := range accesses {
		if !served[route] {
			t.Errorf("the table names %s, which is no route", route)
		}
	}
}

func find(security []map[string][]string, name string) (scopes []string, there bool) {
	for _, way := range security {
		if scopes, there = way[name]; there {
			return scopes, true
		}
	}
	return nil, false
}

// A route that the table does not name is let nobody in to.
func TestFM014_WhatIsNotNamedIsDenied(t *testing.T) {
	t.Parallel()
	d := &door{}
	for _, who := range []ports.Principal{{User: ada.ID}, {User: ada.ID, Key: core.NewID(), Scopes: core.Scopes()}} {
		if err := d.permit(t.Context(), &request{route: "GET /tomorrow", caller: who}); !core.HasCode(err, core.CodeDenied) {
			t.Errorf("%+v: %v", who, err)
		}
	}
}

func (b *bench) withKey(method, path, key string) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader("{}"))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", jsonType)
	req.Header.Set(headerAPIKey, key)
	return b.send(req)
}

func TestAKeyActsAsItsOwnerWithinItsScopes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	mine := core.NewID()
	b.library.put(ada.ID, ports.Standing{Document: mine, Status: core.Complete, LastGood: core.Complete})
	reads, searches := b.apiKeys.give(ada.ID, core.ScopeRead), b.apiKeys.give(ada.ID, core.ScopeSearch)
	bobs := b.apiKeys.give(bobID, core.Scopes()...)
	path := "/documents/" + mine.String()
	for name, got := range map[string]reply{
		"in its own header": b.withKey(http.MethodGet, path, reads), "as a bearer": b.get(path, reads),
	} {
		if got.status != http.StatusOK {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	b.get(path, searches).problem(t, http.StatusForbidden, "scope_missing")
	b.get(path, bobs).problem(t, http.StatusNotFound, "not_found")
	b.do(http.MethodDelete, path, reads, "", nil).problem(t, http.StatusForbidden, "scope_missing")
	if b.library.count(ada.ID) != 1 {
		t.Error("a key without the scope deleted")
	}
	if log := b.log.String(); strings.Contains(log, reads[8:]) || !strings.Contains(log, `"key_id"`) {
		t.Error("the log holds a key, or not which key it was")
	}
}

// No key reaches the account, other keys or what operators read.
func TestNoKeyMakesKeysOrChangesTheAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.oversight.roles[ada.ID] = core.Roles()
	key, tried := b.apiKeys.give(ada.ID, core.Scopes()...), 0
	for route, row := range accesses {
		if row.scope != "" {
			continue
		}
		method, path, _ := strings.Cut(route, " ")
		b.withKey(method, strings.ReplaceAll(path, "{id}", anyID), key).problem(t, http.StatusForbidden, "api_key_refused")
		tried++
	}
	if tried < 10 || b.apiKeys.count() != 1 || len(b.accounts.signedOut) != 0 || len(b.oversight.calls()) != 0 {
		t.Errorf("%d routes tried, %d keys, %v, %v", tried, b.apiKeys.count(), b.accounts.signedOut, b.oversight.calls())
	}
}

func TestS18_WrongKeysAre401(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.apiKeys.give(ada.ID, core.Scopes()...)
	for name, headers := range map[string]http.Header{
		"unknown":                 {headerAPIKey: {core.NewAPIKey()}},
		"one digit off":           {headerAPIKey: {key[:9] + "_" + key[10:]}},
		"empty":                   {headerAPIKey: {""}},
		"two":                     {headerAPIKey: {key, key}},
		"a token as a key":        {headerAPIKey: {adaToken}},
		"a key beside a token":    {headerAPIKey: {key}, "Authorization": {"Bearer " + adaToken}},
		"a key as Basic":          {"Authorization": {"Basic " + key}},
		"an unknown key, bearing": {"Authorization": {"Bearer " + core.NewAPIKey()}},
	} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+pathDocuments, nil)
		for h, values := range headers {
			req.Header[http.CanonicalHeaderKey(h)] = values
		}
		got := b.send(req)
		if p := got.problem(t, http.StatusUnauthorized, "unauthenticated"); strings.Contains(string(got.body), key[8:]) {
			t.Errorf("%s: %v", name, p)
		}
	}
	b.get(pathDocuments+"?api_key="+key, "").problem(t, http.StatusUnauthorized, "unauthenticated")
	b.apiKeys.set("Bearer", core.Fail(core.CodeDatabaseUnavailable, nil))
	b.get(pathDocuments, key).problem(t, http.StatusServiceUnavailable, "accounts_unavailable")
}

func TestRatesCountEachKeyByItself(t *testing.T) {
	t.Parallel()
	limiter := &memLimiter{}
	b := newBench(t, withRate(limiter, ruleReads, 1, time.Minute))
	first, second := b.apiKeys.give(ada.ID, core.ScopeRead), b.apiKeys.give(ada.ID, core.ScopeRead)
	for _, credential := range []string{first, second, adaToken} {
		if got := b.get(pathDocuments, credential); got.status != http.StatusOK {
			t.Errorf("%d: another's requests were counted", got.status)
		}
		b.get(pathDocuments, credential).problem(t, http.StatusTooManyRequests, "rate_limited")
	}
}

func TestKeysAreShownOnceListedAndRevoked(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(d *APIDeps) { d.Limits.MaxAPIKeys = 1 })
	got := b.post(pathKeys, adaToken, `{"name":" nightly ","scopes":["documents:read","search"],"expires_in_days":365}`)
	var made MadeAPIKey
	got.json(t, &made)
	if got.status != http.StatusCreated || made.Name != "nightly" || !strings.HasPrefix(made.Secret, made.Hint) || made.LastUsedAt != nil {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := b.get(pathDocuments, made.Secret); got.status != http.StatusOK {
		t.Errorf("the new key is refused: %d", got.status)
	}
	list := b.get(pathKeys, adaToken)
	if list.status != http.StatusOK || !strings.Contains(string(list.body), made.ID) || strings.Contains(string(list.body), made.Secret) {
		t.Errorf("%s", list.body)
	}
	if got := b.get(pathKeys, bobToken); strings.Contains(string(got.body), made.ID) {
		t.Errorf("bob's list: %s", got.body)
	}
	b.post(pathKeys, adaToken, `{"name":"x","scopes":["search"],"expires_in_days":1}`).problem(t, http.StatusConflict, "too_many_api_keys")
	for _, id := range []string{anyID, "x"} {
		b.do(http.MethodDelete, pathKeys+"/"+id, adaToken, "", nil).problem(t, http.StatusNotFound, "not_found")
	}
	b.do(http.MethodDelete, pathKeys+"/"+made.ID, bobToken, "", nil).problem(t, http.StatusNotFound, "not_found")
	if got := b.do(http.MethodDelete, pathKeys+"/"+made.ID, adaToken, "", nil); got.status != http.StatusNoContent {
		t.Errorf("revoking: %d", got.status)
	}
	b.get(pathDocuments, made.Secret).problem(t, http.StatusUnauthorized, "unauthenticated")
	for _, bad := range []string{
		`{"name":"x","scopes":[],"expires_in_days":1}`, `{"name":"x","scopes":["admin"],"expires_in_days":1}`, `{"name":"x","scopes":["search"]}`,
		`{"name":"x","scopes":["search","search"],"expires_in_days":1}`, `{"name":"x","scopes":["search"],"expires_in_days":366}`,
		`{"name":"x","scopes":["search"],"expires_in_days":0}`, `{"name":" ","scopes":["search"],"expires_in_days":1}`,
		`{"name":"a\u0000b","scopes":["search"],"expires_in_days":1}`, `{"name":"x","scopes":["search"],"expires_in_days":1,"user_id":"` + anyID + `"}`,
		`{"name":"x","scopes":[[]],"expires_in_days":1}`, `{"name":"x","scopes":[{},"search"],"expires_in_days":1}`, `{"name":"x","scopes":[null],"expires_in_days":1}`,
	} {
		b.post(pathKeys, adaToken, bad).problem(t, http.StatusUnprocessableEntity, "invalid_request")
	}
}

// Roles open what operators read, and are asked for at every request.
func TestOperatorsRoutesNeedARole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for route, row := range accesses {
		if len(row.roles) == 0 {
			continue
		}
		path := strings.ReplaceAll(strings.TrimPrefix(route, "GET "), "{id}", anyID)
		b.oversight.roles = map[core.ID][]core.Role{ada.ID: {core.RoleOnCall}}
		b.get(path, bobToken).problem(t, http.StatusForbidden, "role_required")
		want := http.StatusForbidden
		if slices.Contains(row.roles, core.RoleOnCall) {
			want = http.StatusOK
		}
		if got := b.get(path, adaToken); got.status != want {
			t.Errorf("%s: on-call is answered %d, want %d: %s", route, got.status, want, got.body)
		}
		b.oversight.roles = map[core.ID][]core.Role{ada.ID: {core.RoleAdmin}}
		if got := b.get(path, adaToken); got.status != http.StatusOK {
			t.Errorf("%s: an admin is answered %d: %s", route, got.status, got.body)
		}
		b.oversight.roles = nil
		b.get(path, adaToken).problem(t, http.StatusForbidden, "role_required")
	}
	b.oversight.set("Roles", core.Fail(core.CodeDatabaseUnavailable, nil))
	b.get(pathWatch, adaToken).problem(t, http.StatusServiceUnavailable, "database_unavailable")
}
