package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// bench is one front door on a real server, over parts of its own.
type bench struct {
	t         *testing.T
	url       string
	server    *httptest.Server
	library   *memLibrary
	journal   *memJournal
	uploads   *memUploads
	blobs     *memBlobs
	accounts  *memAccounts
	embedder  *memEmbedder
	keys      *memKeys
	apiKeys   *memAPIKeys
	oversight *memOversight
	audit     *memAudit
	spool     string
	log       *lockedBuffer
	seen      chan Observation
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newBench(t testing.TB, change ...func(*APIDeps)) *bench {
	t.Helper()
	b := &bench{
		library: newLibrary(), journal: newJournal(), uploads: newUploads(), blobs: newBlobs(), accounts: &memAccounts{}, embedder: &memEmbedder{}, keys: newKeys(),
		apiKeys: newAPIKeys(), oversight: newOversight(), audit: &memAudit{},
		spool: t.TempDir(), log: &lockedBuffer{}, seen: make(chan Observation, 4096),
	}
	b.t, _ = t.(*testing.T) // a fuzz target calls nothing that needs it
	deps := APIDeps{
		Library: b.library, Journal: b.journal, Uploads: b.uploads, Tickets: memTickets{}, Blobs: b.blobs, Accounts: b.accounts, Verifier: memVerifier{}, Embedder: b.embedder,
		Inspector: memInspector{}, Health: memHealth{}, Keys: b.keys, APIKeys: b.apiKeys, Oversight: b.oversight, Limiter: openLimiter{}, Tries: &memTries{wrong: map[string]int{}},
		Audit: b.audit, Security: b.audit, Logger: slog.New(slog.NewJSONHandler(b.log, nil)),
		Version: "test", SpoolDir: b.spool, PublicURL: "https://api.example.org", Redirects: []string{webReturn},
		Observe: func(o Observation) { b.seen <- o },
	}
	for _, c := range change {
		c(&deps)
	}
	handler, err := NewAPI(deps)
	if err != nil {
		t.Fatal(err)
	}
	b.server = httptest.NewServer(handler)
	t.Cleanup(b.server.Close)
	b.url = b.server.URL
	return b
}

// answer is one response, read whole.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) json(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal(r.body, into); err != nil {
		t.Fatalf("status %d, body %q: %v", r.status, r.body, err)
	}
}

// problem checks the form of an error answer and gives it back.
func (r reply) problem(t *testing.T, status int, code string) map[string]any {
	t.Helper()
	if r.status != status {
		t.Fatalf("status %d, want %d; body %s", r.status, status, r.body)
	}
	if got := r.header.Get("Content-Type"); got != problemType {
		t.Fatalf("content type %q", got)
	}
	var p map[string]any
	r.json(t, &p)
	if p["code"] != code {
		t.Fatalf("code %v, want %s; body %s", p["code"], code, r.body)
	}
	for _, name := range []string{"type", "title", "detail", "message", "advice", "instance"} {
		if text, _ := p[name].(string); text == "" {
			t.Errorf("problem without %s: %s", name, r.body)
		}
	}
	if p["instance"] != "urn:uuid:"+r.header.Get("X-Request-ID") || p["detail"] != p["message"] || p["status"] != float64(status) {
		t.Errorf("problem does not agree with itself: %s", r.body)
	}
	return p
}

func (b *bench) do(method, path, token, contentType string, body io.Reader) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return b.send(req)
}

func (b *bench) send(req *http.Request) reply {
	b.t.Helper()
	res, err := b.server.Client().Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, raw}
}

func (b *bench) post(path, token, body string) reply {
	b.t.Helper()
	return b.do(http.MethodPost, path, token, jsonType, strings.NewReader(body))
}

func (b *bench) get(path, token string) reply {
	b.t.Helper()
	return b.do(http.MethodGet, path, token, "", nil)
}

// part is one part of a multipart body.
type part struct{ field, file, kind, content string }

func multipartBody(t testing.TB, parts ...part) (string, []byte) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		disposition := `form-data; name="` + p.field + `"`
		if p.file != "" {
			disposition += `; filename="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.file) + `"`
		}
		h.Set("Content-Disposition", disposition)
		if p.kind != "" {
			h.Set("Content-Type", p.kind)
		}
		out, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(out, p.content)
	}
	_ = w.Close()
	return w.FormDataContentType(), body.Bytes()
}

func (b *bench) upload(token string, parts ...part) reply {
	b.t.Helper()
	kind, body := multipartBody(b.t, parts...)
	return b.do(http.MethodPost, pathUpload, token, kind, bytes.NewReader(body))
}

func pdf(content string) part {
	return part{"file", "policy.pdf", "application/pdf", "%PDF-1.7\n" + content}
}

// spoolEmpty holds that no upload left anything on disk.
func (b *bench) spoolEmpty() {
	b.t.Helper()
	entries, err := os.ReadDir(b.spool)
	if err != nil || len(entries) != 0 {
		b.t.Errorf("spool directory holds %v (%v)", entries, err)
	}
}

// observed waits until a request to the route is finished.
func (b *bench) observed(route string) Observation {
	b.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case o := <-b.seen:
			if o.Route == route {
				return o
			}
		case <-deadline:
			b.t.Fatalf("no finished request to %s", route)
		}
	}
}
