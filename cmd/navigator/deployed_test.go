package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// half is a deployment that says what it is told of itself, and takes nobody in.
func half(t *testing.T, version string, away ...string) string {
	t.Helper()
	return at(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var details []any
		for _, name := range away {
			details = append(details, map[string]any{"name": name, "ok": false, "code": "away", "at": time.Now()})
		}
		answer := map[string]any{"status": "degraded", "version": version, "details": details}
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/health", r.URL.Path == "/readyz":
		case strings.HasPrefix(r.URL.Path, "/auth/"):
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusForbidden)
			answer = map[string]any{"code": "denied", "detail": "No.", "status": http.StatusForbidden}
		default:
			w.WriteHeader(http.StatusNotFound)
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
}

// The smoke test of a deployment tells another release from the one that was
// meant, and an outage of others from a fault of ours.
func TestFM016_FM028c_SmokeOfADeployment(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		url, release, told string
		code               int
	}{
		"the old release serves on": {half(t, "0123456789ab"), "ba9876543210", "release 0123456789ab serves, and not ba9876543210", exitFailed},
		"a fault of ours":           {half(t, "ba9876543210"), "ba9876543210", "error: No.", exitFailed},
		"while the parser is away":  {half(t, "ba9876543210", "llamaparse"), "ba9876543210", "to be blamed yet: llamaparse\n", exitOutside},
		"while our worker is away":  {half(t, "ba9876543210", "worker", "database"), "", "error: No.", exitFailed},
		"nobody is there":           {"http://127.0.0.1:1", "", "nothing answers at", exitAway},
	} {
		got := newPlace(t).run(t, "smoke", "--deployed", "--yes", "--pages", "1", "--url", c.url, "--release", c.release)
		if got.code != c.code || !strings.Contains(got.err, c.told) {
			t.Errorf("%s: it ends with %d:\n%s%s", name, got.code, got.out, got.err)
		}
	}
	if got := newPlace(t).run(t, "smoke", "--deployed", "--yes"); got.code != exitUsage {
		t.Errorf("without an address it ends with %d", got.code)
	}
	if got := newPlace(t).run(t, "smoke", "--deployed", "--url", half(t, "x")); got.code != exitFailed || !strings.Contains(got.err, "nothing was started or sent") {
		t.Errorf("without a yes: %+v", got)
	}
}
