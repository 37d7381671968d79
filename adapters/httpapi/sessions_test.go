package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// endableVerifier signs everybody in as ada, until her session is ended.
type endableVerifier struct{ ended, away atomic.Bool }

// Verify signs in whoever comes.
func (v *endableVerifier) Verify(context.Context, string) (ports.Principal, error) {
	switch {
	case v.ended.Load():
		return ports.Principal{}, core.Fail(core.CodeUnauthenticated, nil)
	case v.away.Load():
		return ports.Principal{}, core.Fail(core.CodeAccountsUnavailable, nil)
	}
	return ports.Principal{User: ada.ID}, nil
}

// A stream whose session was ended elsewhere ends with its next heartbeat; one
// whose session cannot be looked up goes on.
func TestS19EventsEndWithTheirSession(t *testing.T) {
	t.Parallel()
	v := &endableVerifier{}
	b := newBench(t, quick(func(d *APIDeps) { d.Verifier, d.Limits.StreamHeartbeat = v, 5*time.Millisecond }))
	id := b.journal.upload(ada.ID)
	l := b.listen(eventsPath(id), adaToken)
	l.is(eventStatus, 1)
	v.away.Store(true)
	for range 3 {
		if e := <-l.came; e.event != eventHeartbeat {
			t.Fatalf("%+v while the sessions are away", e)
		}
	}
	v.ended.Store(true)
	l.ends(endSignOut)
}

// S19: the stream of an API key goes on with it, and ends with the heartbeat
// after it was revoked; the same while the keys cannot be looked up.
func TestS19_EventsEndWithTheirKey(t *testing.T) {
	t.Parallel()
	b := newBench(t, quick(func(d *APIDeps) { d.Limits.StreamHeartbeat = 5 * time.Millisecond }))
	id, key := b.journal.upload(ada.ID), b.apiKeys.give(ada.ID, core.ScopeRead)
	l := b.listen(eventsPath(id), key)
	l.is(eventStatus, 1)
	beats := func(when string) {
		for range 3 {
			if e := <-l.came; e.event != eventHeartbeat {
				t.Fatalf("%+v %s", e, when)
			}
		}
	}
	beats("while the key holds")
	b.apiKeys.set("Bearer", core.Fail(core.CodeDatabaseUnavailable, nil))
	beats("while the keys are away")
	b.apiKeys.set("Bearer", nil)
	list, err := b.apiKeys.Keys(t.Context(), ports.Principal{User: ada.ID})
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := b.apiKeys.Revoke(t.Context(), ports.Principal{User: ada.ID}, list[0].ID); err != nil {
		t.Fatal(err)
	}
	l.ends(endSignOut)
}

// The bound that docs/accounts.md tells.
func TestS19_AnEndedSessionsStreamEndsWithinAMinute(t *testing.T) {
	t.Parallel()
	if beat := DefaultLimits().StreamHeartbeat; beat <= 0 || beat > 12*time.Second {
		t.Errorf("a heartbeat each %s", beat)
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var list SessionList
	b.get(pathSessions, adaToken).json(t, &list)
	want := SessionList{Sessions: []SessionEntry{{ID: exampleSession, CreatedAt: ada.CreatedAt.UTC(), Client: "a browser"}}}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for path, want := range map[string]int{
		strings.Replace(pathSession, "{id}", exampleSession, 1): http.StatusNoContent, strings.Replace(pathSession, "{id}", anyID, 1): http.StatusNotFound,
		strings.Replace(pathSession, "{id}", "x", 1): http.StatusUnprocessableEntity, pathSessions: http.StatusNoContent,
	} {
		if got := b.do(http.MethodDelete, path, adaToken, "", nil); got.status != want {
			t.Errorf("%s: %d %s, want %d", path, got.status, got.body, want)
		}
	}
	b.accounts.set("Sessions", core.Fail(core.CodeNotOffered, nil))
	b.get(pathSessions, adaToken).problem(t, http.StatusNotFound, "not_offered")
	var export Export
	b.get(pathExport, adaToken).json(t, &export)
	if export.User.Email != ada.Email || export.Sessions == nil || len(export.Sessions) != 0 {
		t.Errorf("the export without sessions: %+v", export)
	}
}

// An account is deleted after its documents, and not before its person is
// proved; what hinders that is told, and nothing is done.
func TestAnAccountIsDeletedInOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	remove := func(body string) reply {
		return b.do(http.MethodDelete, pathUser, adaToken, jsonType, strings.NewReader(body))
	}
	proof := `{"current_password":"` + adaPassword + `"}`
	for _, body := range []string{`{}`, ``, `{"current_password":"wrong"}`} {
		remove(body).problem(t, http.StatusUnauthorized, "bad_credentials")
	}
	b.library.set("Close", core.Fail(core.CodeLegalHold, nil))
	remove(proof).problem(t, http.StatusConflict, "legal_hold")
	if len(b.library.closed) != 0 || b.accounts.sessions() != 0 {
		t.Error("something was deleted all the same")
	}
	b.library.set("Close", nil)
	b.accounts.set("Delete", core.Fail(core.CodeAccountsUnavailable, nil))
	remove(proof).problem(t, http.StatusServiceUnavailable, "accounts_unavailable")
	b.accounts.set("Delete", nil)
	if got := remove(proof); got.status != http.StatusNoContent || len(b.library.closed) != 2 || b.accounts.sessions() != 1 {
		t.Errorf("%d %s, closed %d times", got.status, got.body, len(b.library.closed))
	}
}

// The sixth wrong password is not looked at, wherever it is asked for; the right
// one is not looked at either, then.
func TestS21PasswordsAreNotTriedForEver(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	login := func(password string) reply {
		return b.post("/auth/login", "", `{"email":"ada@example.org","password":"`+password+`"}`)
	}
	for range 4 {
		login("wrong").problem(t, http.StatusUnauthorized, "bad_credentials")
	}
	if got := login(adaPassword); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	for range 3 {
		login("wrong").problem(t, http.StatusUnauthorized, "bad_credentials")
	}
	change := func() reply {
		return b.do(http.MethodPut, pathPassword, adaToken, jsonType, strings.NewReader(`{"current_password":"wrong","password":"seven quiet herons"}`))
	}
	for range 2 {
		change().problem(t, http.StatusUnauthorized, "bad_credentials")
	}
	for _, got := range []reply{change(), login(adaPassword)} {
		got.problem(t, http.StatusTooManyRequests, "rate_limited")
		if got.header.Get("Retry-After") != "30" {
			t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
		}
	}
	b.accounts.set("SignIn", core.Fail(core.CodeAccountsUnavailable, nil))
	for range 8 { // what was not looked at is no try
		b.post("/auth/login", "", `{"email":"bob@example.org","password":"x"}`).problem(t, http.StatusServiceUnavailable, "accounts_unavailable")
	}
}

// The page asks, and acts on the answer alone; what it is sent it shows as text.
func TestTheConfirmationPage(t *testing.T) {
	t.Parallel()
	var seen []string
	fails := map[string]error{"old": core.Fail(core.CodeBadSignInCode, nil), "away": core.Fail(core.CodeAccountsUnavailable, errors.New("secret"))}
	b := newBench(t, func(d *APIDeps) {
		d.Confirm = func(_ context.Context, token string) error { seen = append(seen, token); return fails[token] }
	})
	got := b.get(PathConfirm+"?token="+url.QueryEscape(`"><script>`), "")
	if got.status != http.StatusOK || len(seen) != 0 || strings.Contains(string(got.body), "<script>") ||
		!strings.Contains(got.header.Get("Content-Security-Policy"), "form-action 'self'") || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", got.status, seen, got.body)
	}
	for token, want := range map[string]int{"good": http.StatusOK, "old": http.StatusBadRequest, "away": http.StatusServiceUnavailable} {
		got := b.do(http.MethodPost, PathConfirm, "", "application/x-www-form-urlencoded", strings.NewReader("token="+token))
		if got.status != want || strings.Contains(string(got.body), "secret") {
			t.Errorf("%s: %d %s", token, got.status, got.body)
		}
	}
	if text, _ := json.Marshal(seen); len(seen) != 3 {
		t.Errorf("confirmed with %s", text)
	}
}
