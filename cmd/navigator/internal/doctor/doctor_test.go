package doctor_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/doctor"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/session"
)

// deployment answers what a check asks; a nil answer is a refusal with 503.
type deployment struct {
	health, limits, user any
	ready                int
	refusal              int // of limits and user where they are nil
	clock                time.Duration
}

func well() deployment {
	return deployment{ready: 200,
		health: map[string]any{"status": "healthy", "version": "v1", "details": []any{
			map[string]any{"name": "worker", "ok": true, "at": time.Now()}, map[string]any{"name": "database", "ok": true, "at": time.Now()}}},
		limits: map[string]any{"max_file_size_bytes": 25 << 20, "max_pages": 2000, "supported_mime_types": []string{"application/pdf"}},
		user:   map[string]any{"id": "u", "email": "ada@example.com"}}
}

func (d deployment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(d.clock).UTC().Format(http.TimeFormat))
	body, status := any(nil), http.StatusOK
	switch r.URL.Path {
	case "/health":
		body = d.health
	case "/readyz":
		if status = d.ready; status == 200 {
			body = map[string]string{"status": "ready"}
		}
	case "/auth/user":
		body = d.user
	default:
		body = d.limits
	}
	if body != nil {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body)
		return
	}
	if status == 200 {
		status = d.refusal
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"detail": "Detail.", "code": "x", "advice": "Advice."})
}

func (d deployment) client(t *testing.T, tokens client.Tokens) *client.Client {
	t.Helper()
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, client.Options{Tokens: tokens, Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// states is each check's state by its name; one that is not good has to say
// what to do.
func states(t *testing.T, checks []doctor.Check) map[string]doctor.State {
	t.Helper()
	got := map[string]doctor.State{}
	for _, c := range checks {
		got[c.Name] = c.State
		if (c.State == doctor.Bad || c.State == doctor.Warning) && c.Advice == "" || c.Detail == "" {
			t.Errorf("%+v has no advice", c)
		}
	}
	return got
}

func reach(t *testing.T, d deployment) map[string]doctor.State {
	t.Helper()
	return states(t, doctor.Reach(t.Context(), d.client(t, session.Fixed("t")), "v1"))
}

const good, bad, warned, skipped = doctor.Good, doctor.Bad, doctor.Warning, doctor.Skipped

func TestAllIsWell(t *testing.T) {
	t.Parallel()
	want := map[string]doctor.State{"health": good, "service database": good, "service worker": good, "readiness": good, "clock": good,
		"version": good, "limits": good, "session": good}
	if diff := cmp.Diff(want, reach(t, well())); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNotWell(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		ruin func(*deployment)
		want map[string]doctor.State
	}{
		"starting":   {func(d *deployment) { d.ready = 503 }, map[string]doctor.State{"readiness": bad, "session": good}},
		"much skew":  {func(d *deployment) { d.clock = 5 * time.Minute }, map[string]doctor.State{"clock": bad}},
		"some skew":  {func(d *deployment) { d.clock = -20 * time.Second }, map[string]doctor.State{"clock": warned}},
		"signed out": {func(d *deployment) { d.user, d.limits, d.refusal = nil, nil, 401 }, map[string]doctor.State{"session": bad, "limits": skipped}},
		"accounts":   {func(d *deployment) { d.user, d.refusal = nil, 503 }, map[string]doctor.State{"session": bad, "limits": good}},
		"no limits":  {func(d *deployment) { d.limits, d.refusal = nil, 500 }, map[string]doctor.State{"limits": bad}},
		"other":      {func(d *deployment) { d.health = map[string]any{"status": "healthy", "version": "v2"} }, map[string]doctor.State{"version": warned, "health": good}},
		"no version": {func(d *deployment) { d.health = map[string]any{"status": "healthy"} }, map[string]doctor.State{"version": warned}},
		"no health":  {func(d *deployment) { d.health, d.refusal = nil, 404 }, map[string]doctor.State{"health": bad, "session": skipped}},
		"half working": {func(d *deployment) {
			d.health = map[string]any{"status": "degraded", "version": "v1", "details": []any{map[string]any{"name": "openai", "code": "embedder_busy"}}}
		}, map[string]doctor.State{"health": warned, "service openai": bad}},
	}
	for name, c := range cases {
		d := well()
		c.ruin(&d)
		got := reach(t, d)
		for check, want := range c.want {
			if got[check] != want {
				t.Errorf("%s: %s is %q, not %q", name, check, got[check], want)
			}
		}
	}
}

type nobody struct{}

func (nobody) Token(context.Context, client.Secret) (client.Secret, error) {
	return "", session.ErrNone
}

func TestNobodyIsSignedIn(t *testing.T) {
	t.Parallel()
	checks := doctor.Reach(t.Context(), well().client(t, nobody{}), "v1")
	if got := states(t, checks); got["session"] != bad || got["limits"] != skipped || !doctor.Failed(checks) {
		t.Errorf("got %v", got)
	}
}

func TestTheWay(t *testing.T) {
	t.Parallel()
	open := httptest.NewServer(well())
	defer open.Close()
	secure := httptest.NewTLSServer(well())
	defer secure.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	_ = listener.Close()
	for address, want := range map[string]map[string]doctor.State{
		open.URL:                        {"name": good, "connection": good, "encryption": skipped},
		secure.URL:                      {"name": good, "connection": good, "encryption": bad}, // its certificate is nobody's
		"https://" + open.URL[7:]:       {"name": good, "connection": good, "encryption": bad},
		"http://" + closed:              {"name": good, "connection": bad, "encryption": skipped},
		"https://there-is-none.invalid": {"name": bad, "connection": skipped, "encryption": skipped},
	} {
		if diff := cmp.Diff(want, states(t, doctor.Network(t.Context(), address))); diff != "" {
			t.Errorf("%s: %s", address, diff)
		}
	}
	if advice := doctor.Network(t.Context(), secure.URL)[2].Detail; !strings.Contains(advice, "not trusted") {
		t.Errorf("got %s", advice)
	}
}
