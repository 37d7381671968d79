package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const webPage = "https://app.example.org"

func withOrigins(d *APIDeps) { d.Origins = []string{webPage, "http://localhost:3000"} }

func (b *bench) from(origin, method, path, token string, header ...string) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.send(req)
}

// S25: an origin is allowed by its exact text and by nothing like it.
func TestC_7_S25_LookAlikeOriginsAreNotAllowed(t *testing.T) {
	t.Parallel()
	b := newBench(t, withOrigins)
	for _, origin := range []string{
		"", "null", "*", webPage + ".evil.example", webPage + ":443", webPage + "/", "http://app.example.org", "https://evil.example",
		"https://xapp.example.org", "https://app.example.org.", "https://sub.app.example.org", "https://appXexample.org",
		"https://app.example.org@evil.example", "HTTPS://APP.EXAMPLE.ORG", "http://localhost:30000", "http://localhost", "file://",
	} {
		for _, got := range []reply{
			b.from(origin, http.MethodGet, "/auth/user", adaToken),
			b.from(origin, http.MethodOptions, "/auth/user", "", "Access-Control-Request-Method", "GET"),
		} {
			for name := range got.header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%q is told %s: %s", origin, name, got.header.Get(name))
				}
			}
		}
		if got := b.from(origin, http.MethodGet, "/health", ""); !strings.Contains(strings.Join(got.header.Values("Vary"), ","), "Origin") {
			t.Errorf("%q: Vary %q", origin, got.header.Values("Vary"))
		}
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/health", nil)
	req.Header["Origin"] = []string{webPage, "https://evil.example"}
	if got := b.send(req).header.Values("Access-Control-Allow-Origin"); got != nil {
		t.Errorf("two origins are told %q", got)
	}
}

// P-sec: without a list no page may call at all.
func TestPsec_NoOriginsNoHeaders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, got := range []reply{b.from(webPage, http.MethodGet, "/health", ""), b.from(webPage, http.MethodOptions, "/search", "", "Access-Control-Request-Method", "POST")} {
		if got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%d %v", got.status, got.header)
		}
	}
}

// Every answer can be read by the webPage: good ones, and every kind of error.
func TestOriginsReadErrorsToo(t *testing.T) {
	t.Parallel()
	limiter := &memLimiter{}
	b := newBench(t, withOrigins, withRate(limiter, ruleSearch, 1, time.Minute))
	b.from(webPage, http.MethodPost, "/search", adaToken)
	answers := map[int]reply{
		200: b.from(webPage, http.MethodGet, "/health", ""),
		401: b.from(webPage, http.MethodGet, "/auth/user", ""),
		404: b.from(webPage, http.MethodGet, "/documents/"+anyID, adaToken),
		405: b.from(webPage, http.MethodDelete, "/search", adaToken),
		429: b.from(webPage, http.MethodPost, "/search", adaToken),
		431: b.from(webPage, http.MethodGet, "/health", "", "X-Long", strings.Repeat("x", 65<<10)),
	}
	for status, got := range answers {
		if got.status != status || got.header.Get("Access-Control-Allow-Origin") != webPage || got.header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("%d: %d %v", status, got.status, got.header)
		}
		exposed := got.header.Get("Access-Control-Expose-Headers")
		for _, name := range []string{"X-Request-Id", "Location", "Retry-After", "Ratelimit", "Ratelimit-Policy", "Idempotent-Replayed"} {
			if !strings.Contains(strings.ToLower(exposed), strings.ToLower(name)) {
				t.Errorf("%d: %s is not exposed in %q", status, name, exposed)
			}
		}
	}
}

// A preflight is answered without a token, for the methods that the address
// takes and the headers that are read.
func TestPreflightKnowsTheRoute(t *testing.T) {
	t.Parallel()
	b := newBench(t, withOrigins)
	ask := func(path, method, headers string) reply {
		return b.from(webPage, http.MethodOptions, path, "", "Access-Control-Request-Method", method, "Access-Control-Request-Headers", headers)
	}
	for _, c := range []struct {
		path, method, headers string
		allowed               bool
	}{
		{"/search", "POST", "authorization,content-type", true},
		{"/search", "POST", "idempotency-key,x-request-id", true},
		{"/search", "POST", "x-evil", false},
		{"/search", "GET", "", false},
		{"/search", "DELETE", "authorization", false},
		{"/documents/" + anyID, "DELETE", "authorization", true},
		{"/documents/" + anyID, "GET", "authorization", true},
		{"/documents/" + anyID, "PUT", "authorization", false},
		{"/documents/" + anyID + "/file", "GET", "authorization,range", true},
		{pathUpload, "POST", "authorization", true},
		{"/", "GET", "", true},
	} {
		got := ask(c.path, c.method, c.headers)
		h := got.header
		if got.status != http.StatusNoContent || (h.Get("Access-Control-Allow-Origin") == webPage) != c.allowed {
			t.Errorf("%+v: %d %v", c, got.status, h)
		}
		if c.allowed && (h.Get("Access-Control-Allow-Methods") != c.method || h.Get("Access-Control-Max-Age") != "7200" ||
			h.Get("Access-Control-Allow-Credentials") != "true" || !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin")) {
			t.Errorf("%+v: %v", c, h)
		}
	}
	ask("/nothing", "GET", "").problem(t, http.StatusNotFound, "not_found")
	b.from(webPage, http.MethodOptions, "/search", "").problem(t, http.StatusMethodNotAllowed, "invalid_request")
	b.observed("preflight")
}
