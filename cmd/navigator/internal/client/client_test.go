package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
)

// pauses records the waits that a client asked for, and does not wait.
type pauses struct {
	mu   sync.Mutex
	list []time.Duration
}

func (p *pauses) pause(ctx context.Context, d time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, d)
	return ctx.Err()
}

// chain is Tokens that hands out one token after the other.
type chain struct {
	tokens []client.Secret
}

func (c *chain) Token(_ context.Context, refused client.Secret) (client.Secret, error) {
	if refused != "" && len(c.tokens) > 1 {
		c.tokens = c.tokens[1:]
	}
	return c.tokens[0], nil
}

func serve(t *testing.T, handler http.HandlerFunc, o client.Options) *client.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	if status >= 400 {
		w.Header().Set("Content-Type", "application/problem+json")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]any{"type": "urn:insurance-navigator:problem:" + code, "title": "Title.", "status": status,
		"detail": "Detail.", "code": code, "advice": "Advice.", "instance": "urn:uuid:0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f",
		"errors": []map[string]string{{"field": "body.query", "message": "expected length >= 1"}}})
}

func TestProblemIsRead(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 422, "invalid_request") }, client.Options{})
	_, err := c.Search(t.Context(), client.Question{})
	var p *client.Problem
	if !errors.As(err, &p) {
		t.Fatalf("got %v, want a problem", err)
	}
	want := &client.Problem{Status: 422, Title: "Title.", Detail: "Detail.", Code: "invalid_request", Advice: "Advice.",
		Errors:   []client.Field{{Field: "body.query", Message: "expected length >= 1"}},
		Instance: "urn:uuid:0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f"}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	if p.RequestID() != "0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f" || p.Message() != "Detail." {
		t.Errorf("request id %q, message %q", p.RequestID(), p.Message())
	}
}

func TestForeignRefusalIsNotShown(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<html>inner-host-name</html>")
	}, client.Options{})
	_, err := c.Status(t.Context(), "x")
	if !client.HasStatus(err, http.StatusBadGateway) || strings.Contains(err.Error(), "inner-host") {
		t.Errorf("got %v", err)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer other.Close()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}, client.Options{})
	if _, err := c.Login(t.Context(), "a@b.example", "password"); !client.HasStatus(err, http.StatusTemporaryRedirect) || reached {
		t.Errorf("got %v, reached %v", err, reached)
	}
}

func TestReadsAreRepeatedAsLongAsAskedTo(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			calls, waits := 0, &pauses{}
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if calls++; calls < 4 {
					w.Header().Set("Retry-After", "3")
					refuse(w, status, "rate_limited")
					return
				}
				answer(w, 200, map[string]any{"status": "parsed"})
			}, client.Options{Pause: waits.pause})
			doc, err := c.Status(t.Context(), "x")
			if err != nil || doc.Status != "parsed" {
				t.Fatalf("got %v, %v", doc, err)
			}
			if diff := cmp.Diff([]time.Duration{3 * time.Second, 3 * time.Second, 3 * time.Second}, waits.list); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTriesEnd(t *testing.T) {
	t.Parallel()
	calls, waits := 0, &pauses{}
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		refuse(w, 503, "database_unavailable")
	}, client.Options{Pause: waits.pause})
	_, err := c.Status(t.Context(), "x")
	if !client.HasCode(err, "database_unavailable") || calls != 5 {
		t.Errorf("%d calls, %v", calls, err)
	}
	ms := time.Millisecond
	if diff := cmp.Diff([]time.Duration{250 * ms, 500 * ms, 1000 * ms, 2000 * ms}, waits.list); diff != "" {
		t.Error(diff)
	}
}

func TestLongRetryAfterIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	waits := &pauses{}
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		refuse(w, 429, "rate_limited")
	}, client.Options{Pause: waits.pause})
	if _, err := c.Status(t.Context(), "x"); err == nil || len(waits.list) != 0 {
		t.Errorf("waited %v, %v", waits.list, err)
	}
}

func TestWritesAreNotRepeated(t *testing.T) {
	t.Parallel()
	calls := 0
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		refuse(w, 503, "database_unavailable")
	}, client.Options{Pause: (&pauses{}).pause})
	_, deleted := c.Delete(t.Context(), "x")
	_, refreshed := c.Refresh(t.Context(), "r")
	if deleted == nil || refreshed == nil || calls != 2 {
		t.Errorf("%d calls, %v, %v", calls, deleted, refreshed)
	}
}

func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	var seen []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		if r.Header.Get("Authorization") != "Bearer new" {
			refuse(w, 401, "token_expired")
			return
		}
		answer(w, 202, map[string]any{"document_id": "d", "status": "deleting"})
	}, client.Options{Tokens: &chain{[]client.Secret{"old", "new"}}})
	got, err := c.Delete(t.Context(), "d")
	if err != nil || got.Status != "deleting" {
		t.Fatalf("got %v, %v", got, err)
	}
	if diff := cmp.Diff([]string{"Bearer old", "Bearer new"}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestNothingAnswers(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	_ = listener.Close()
	c, err := client.New(address, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Status(t.Context(), "x")
	var gone *client.Unreachable
	if !errors.As(err, &gone) || gone.Message() != "nothing answers at "+address+": start it with make dev" {
		t.Errorf("got %v", err)
	}
}

func TestCallerStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}, client.Options{})
	if _, err := c.Status(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://API.example.com/": "https://api.example.com", "http://127.0.0.1:8000": "http://127.0.0.1:8000",
		"https://example.com/api/": "https://example.com/api",
		"":                         "", "example.com": "", "ftp://example.com": "", "https://user:pw@example.com": "", "https://example.com/?a=b": "",
	} {
		got, _, err := client.Address(address)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", address, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "pw") {
			t.Errorf("%q: the error repeats it", address)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	s := client.Session{AccessToken: "tok-access", RefreshToken: "tok-refresh", User: client.User{Email: "a@b.example"}}
	up := client.SignUp{Password: "tok-password"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if text := fmt.Sprintf(verb+verb+verb, s, &s, up); strings.Contains(text, "tok-") || strings.Contains(text, "746f6b") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
	text, err := json.Marshal(s)
	if err != nil || !bytes.Contains(text, []byte("tok-access")) {
		t.Errorf("JSON has to carry it: %s, %v", text, err)
	}
}
