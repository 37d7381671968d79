package httpapi

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The words that no refusal may repeat: what a person, or somebody about a
// person, may have put anywhere into a request.
var planted = []string{"Wilhelmina-Canary", "canary.mail", "988-65-4321", "hunter2canary"}

// S26, S27: whatever is refused, and wherever it was sent, the answer repeats
// nothing of it, and the log does not either.
func TestS26_NoRefusalRepeatsWhatWasSent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sent := strings.Join(planted, " ") + "@canary.mail"
	in := strings.NewReplacer(" ", "%20", "@", "%40").Replace(sent)
	bodies := []string{
		`{"email":"` + sent + `","password":"` + sent + `","name":"` + sent + `","query":7,"redirect_to":"` + sent + `","code_challenge":"` + sent + `"}`,
		`{"` + sent + `":"` + sent + `"}`, `["` + sent + `"]`, `"` + sent + `"`, sent, `{"filename":"` + sent + `","bytes_len":"` + sent + `","ids":["` + sent + `"]}`,
	}
	refused := 0
	for path, item := range b.document(pathOpenAPI).Paths {
		for method := range item {
			for _, token := range []string{"", adaToken, sent} {
				for _, body := range bodies {
					at := strings.ReplaceAll(path, "{id}", in) + "?q=" + in + "&status=" + in + "&cursor=" + in + "&provider=" + in + "&redirect_to=" + in + "&limit=" + in
					req, err := http.NewRequestWithContext(t.Context(), strings.ToUpper(method), b.url+at, strings.NewReader(body))
					if err != nil {
						t.Fatal(err)
					}
					req.Header.Set("Authorization", "Bearer "+token)
					for _, name := range []string{"X-Request-ID", "Idempotency-Key", "Last-Event-ID", "Range", "If-Match", "Referer", "User-Agent", "Cookie", "Origin"} {
						req.Header.Set(name, sent)
					}
					req.Header.Set("Content-Type", jsonType)
					got := b.send(req)
					if got.status < 400 {
						continue
					}
					refused++
					text := string(got.body)
					for name, values := range got.header {
						text += "\n" + name + ": " + strings.Join(values, ", ")
					}
					for _, word := range planted {
						if strings.Contains(text, word) {
							t.Errorf("%s %s answers %d with %q in it: %s", method, path, got.status, word, text)
						}
					}
				}
			}
		}
	}
	if refused < 300 {
		t.Errorf("%d refusals alone were looked at", refused)
	}
	for _, word := range planted {
		if strings.Contains(b.log.String(), word) {
			t.Errorf("the log holds %q", word)
		}
	}
}

// S34: what is for operators is at no public door, and neither is anything else
// that is not documented.
func TestS34_PublicDoorsHaveNothingForOperators(t *testing.T) {
	t.Parallel()
	api, hook := newBench(t), newBackDoor(t)
	probes := httptest.NewServer(NewProbes(Probes{Health: memHealth{}, Logger: slog.New(slog.NewJSONHandler(io.Discard, nil)), Version: "test"}))
	t.Cleanup(probes.Close)
	worker := &bench{t: t, url: probes.URL, server: probes, log: &lockedBuffer{}}
	for name, b := range map[string]*bench{"api": api, "webhook": hook.bench, "worker": worker} {
		for _, path := range []string{
			"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/profile", "/debug/pprof/goroutine", "/debug/pprof/cmdline", "/debug/pprof/trace",
			"/debug/vars", "/debug/requests", "/metrics", "/admin", "/admin/", "/river", "/riverui", "/grafana", "/actuator", "/actuator/env",
			"/.env", "/.git/config", "/server-status", "/phpinfo.php", "/swagger.json", "/graphql", "/console", "/config", "/env", "/internal",
			"/schemas/Problem.json", "/docs", "/../debug/pprof/", "/%2e%2e/debug/pprof/", "//debug/pprof/", "/debug/pprof/..%2fheap",
		} {
			for _, token := range []string{"", adaToken} {
				got := b.get(path, token)
				got.problem(t, http.StatusNotFound, "not_found")
				if len(got.body) > 2000 {
					t.Errorf("%s %s says %d bytes", name, path, len(got.body))
				}
			}
		}
	}
}

// The operators' own door: profiles, what else is given, and no command line; by
// name it answers where it is meant to be reached by one.
func TestS34_TheOperatorsDoor(t *testing.T) {
	t.Parallel()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") })
	for _, c := range []struct {
		names              bool
		method, host, path string
		status             int
		says               string
	}{
		{false, "GET", "127.0.0.1:6060", "/debug/pprof/", 200, "goroutine"},
		{false, "GET", "[::1]:6060", "/debug/pprof/goroutine?debug=1", 200, "goroutine profile"},
		{false, "GET", "localhost", "/metrics", 200, "up 1"},
		{false, "GET", "127.0.0.1", "/debug/pprof/cmdline", 404, "not shown"},
		{false, "GET", "127.0.0.1", "/", 404, ""},
		{false, "POST", "127.0.0.1", "/metrics", 405, ""},
		{false, "GET", "rebound.evil.example:6060", "/debug/pprof/", 421, "by address"},
		{false, "GET", "localhost.evil.example", "/metrics", 421, ""},
		{false, "GET", "", "/metrics", 421, ""},
		{true, "GET", "api.internal:6060", "/metrics", 200, "up 1"},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), c.method, "http://x"+c.path, nil)
		r.Host = c.host
		NewAdmin(map[string]http.Handler{"/metrics": metrics}, c.names).ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %s of %q: %d %.80s", c.method, c.path, c.host, w.Code, w.Body)
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", c.path, w.Header())
		}
	}
}

// S38: what two readers of HTTP could understand in two ways is refused, or read
// in one way, and never makes a second request of the first one's body.
func TestS38_AmbiguousRequestsAreNotSmuggled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	length := fmt.Sprint(len(smuggled))
	for name, raw := range map[string]string{
		"both lengths":         "POST /search HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"two lengths":          "POST /search HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: " + length + "\r\n\r\n" + smuggled,
		"a list of lengths":    "POST /search HTTP/1.1\r\nHost: x\r\nContent-Length: 0, " + length + "\r\n\r\n" + smuggled,
		"a signed length":      "POST /search HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n" + smuggled,
		"a length below zero":  "POST /search HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n" + smuggled,
		"an endless length":    "POST /search HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n" + smuggled,
		"an unknown coding":    "POST /search HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n" + smuggled,
		"two codings":          "POST /search HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"a folded coding":      "POST /search HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"a space in a name":    "POST /search HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"no host":              "GET /livez HTTP/1.1\r\n\r\n" + smuggled,
		"two hosts":            "GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + smuggled,
		"a host of two parts":  "GET /livez HTTP/1.1\r\nHost: x/y z\r\n\r\n" + smuggled,
		"a NUL in a header":    "GET /livez HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n" + smuggled,
		"a bare return":        "GET /livez HTTP/1.1\r\nHost: x\r\nX: a\rb: c\r\n\r\n" + smuggled,
		"a chunk without size": "POST /search HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n;\r\n" + smuggled,
		"a chunk too large":    "POST /search HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n" + smuggled,
		"another protocol":     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + smuggled,
		"another version":      "GET /livez HTTP/3.7\r\nHost: x\r\n\r\n" + smuggled,
		"no request":           "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + smuggled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() //nolint:errcheck // read to its end
			_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
			_, _ = io.WriteString(conn, raw)
			_ = conn.(*net.TCPConn).CloseWrite()
			answers, reader := 0, bufio.NewReader(conn)
			for {
				res, err := http.ReadResponse(reader, nil)
				if err != nil {
					break
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if answers++; answers == 1 && (res.StatusCode < 400 || res.StatusCode >= 500 && res.StatusCode != 501 && res.StatusCode != 505) {
					t.Errorf("answered %d", res.StatusCode)
				}
			}
			if answers != 1 {
				t.Errorf("%d answers, want one and the connection closed", answers)
			}
		})
	}
	if got := b.get("/livez", ""); got.status != http.StatusOK {
		t.Errorf("afterwards: %d", got.status)
	}
}
