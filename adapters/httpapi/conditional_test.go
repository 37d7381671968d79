package httpapi

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// having asks with headers, and takes the answer as it came: the client does not
// unpack it.
func (b *bench) having(method, path string, headers map[string]string) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+adaToken)
	req.Header.Set("Accept-Encoding", "identity")
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	return b.send(req)
}

// readBench is a bench on which each GET of the document can be answered 200.
func readBench(t *testing.T, id core.ID) *bench {
	t.Helper()
	b := newBench(t, func(d *APIDeps) { d.DocsEnabled = true })
	b.oversight.roles = map[core.ID][]core.Role{ada.ID: {core.RoleAdmin}}
	b.library.deletions = map[core.ID]core.Deletion{id: {Document: id, User: ada.ID, RequestedAt: ada.CreatedAt}}
	b.stand(id, core.Chunking, "first")
	return b
}

// stand puts the document where everything that can be read of it says so.
func (b *bench) stand(id core.ID, status core.Status, text string) {
	b.library.put(ada.ID, ports.Standing{Document: id, Job: id, Name: "a.pdf", ContentType: "application/pdf", Status: status, LastGood: status, CreatedAt: ada.CreatedAt})
	b.library.lock.Lock()
	defer b.library.lock.Unlock()
	b.library.chunks = map[core.ID][]ports.Chunk{id: {{ID: id, Text: text}}}
}

// taggedPaths are the GETs with an ETag, for a document: those of the OpenAPI
// document, and the documents themselves.
func taggedPaths(b *bench, id core.ID) []string {
	b.t.Helper()
	paths := []string{pathOpenAPI, pathOpenAPI30, pathYAML, pathYAML30, pathDocs}
	for path, item := range b.document(pathOpenAPI).Paths {
		if _, get := item["get"]; get && !untagged["GET "+path] {
			paths = append(paths, strings.ReplaceAll(path, "{id}", id.String()))
		}
	}
	slices.Sort(paths)
	return paths
}

// Every GET names its answer, and who has that answer is told so with 304 and
// no body. HEAD answers as GET does.
func TestEveryGetIsConditional(t *testing.T) {
	t.Parallel()
	id := core.NewID()
	b := readBench(t, id)
	paths := taggedPaths(b, id)
	if len(paths) < 15 {
		t.Fatalf("only %q", paths)
	}
	for _, path := range paths {
		whole := b.having(http.MethodGet, path, nil)
		tag := whole.header.Get("ETag")
		if whole.status != http.StatusOK || !strings.HasPrefix(tag, `W/"`) {
			t.Errorf("%s: %d, ETag %q: %s", path, whole.status, tag, whole.body)
			continue
		}
		for _, has := range []string{tag, strings.TrimPrefix(tag, "W/"), `"other", ` + tag, "*"} {
			got := b.having(http.MethodGet, path, map[string]string{"If-None-Match": has})
			if got.status != http.StatusNotModified || len(got.body) != 0 || got.header.Get("ETag") != tag || got.header.Get("Content-Type") != "" ||
				got.header.Get("Cache-Control") != whole.header.Get("Cache-Control") {
				t.Errorf("%s with %s: %d, %q, %v", path, has, got.status, got.body, got.header)
			}
		}
		if got := b.having(http.MethodGet, path, map[string]string{"If-None-Match": `W/"other"`}); got.status != http.StatusOK || !bytes.Equal(got.body, whole.body) {
			t.Errorf("%s for who has another answer: %d", path, got.status)
		}
		if got := b.having(http.MethodHead, path, nil); got.status != http.StatusOK || got.header.Get("ETag") != tag || len(got.body) != 0 {
			t.Errorf("HEAD %s: %d, ETag %q", path, got.status, got.header.Get("ETag"))
		}
	}
}

// What is read of a document has another ETag once the document has changed.
func TestETagsChangeWithTheData(t *testing.T) {
	t.Parallel()
	id := core.NewID()
	b := readBench(t, id)
	self := "/documents/" + id.String()
	tags := func() map[string]string {
		all := map[string]string{}
		for _, path := range []string{pathDocuments, self, self + "/status", self + "/chunks", self + "/deletion"} {
			all[path] = b.having(http.MethodGet, path, nil).header.Get("ETag")
		}
		return all
	}
	before := tags()
	if again := tags(); !maps.Equal(before, again) {
		t.Errorf("nothing changed, but %v became %v", before, again)
	}
	b.stand(id, core.Complete, "second")
	b.library.deletions[id] = core.Deletion{Document: id, User: ada.ID, RequestedAt: ada.CreatedAt, DoneAt: time.Now()}
	for path, tag := range tags() {
		if tag == "" || tag == before[path] {
			t.Errorf("%s: the ETag is %q still", path, tag)
		}
	}
}

// An error has no ETag: it is not the answer that a client has.
func TestErrorsAreNeverNotModified(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got := b.having(http.MethodGet, "/documents/"+anyID, map[string]string{"If-None-Match": "*"})
	got.problem(t, http.StatusNotFound, "not_found")
	if got.header.Get("ETag") != "" {
		t.Error("an error has an ETag")
	}
}

// Large answers are compressed for who takes that, and are the same answers;
// small ones are not. Every answer that could be says Vary.
func TestAnswersAreCompressed(t *testing.T) {
	t.Parallel()
	id := core.NewID()
	b := readBench(t, id)
	b.stand(id, core.Complete, strings.Repeat("The policy covers water. ", 400))
	chunks := "/documents/" + id.String() + "/chunks"
	for path, large := range map[string]bool{chunks: true, pathOpenAPI: true, pathYAML: true, pathDocs: true, pathLimits: true, "/auth/user": false} {
		plain := b.having(http.MethodGet, path, nil)
		got := b.having(http.MethodGet, path, map[string]string{"Accept-Encoding": "gzip"})
		if (got.header.Get("Content-Encoding") == "gzip") != large || !slices.Contains(got.header.Values("Vary"), "Accept-Encoding") ||
			!slices.Contains(plain.header.Values("Vary"), "Accept-Encoding") || got.header.Get("ETag") != plain.header.Get("ETag") {
			t.Errorf("%s: %v", path, got.header)
		}
		if !large {
			continue
		}
		if whole := unpacked(t, got.body); !bytes.Equal(whole, plain.body) || len(got.body) > len(whole)/2 {
			t.Errorf("%s: %d bytes of %d are another answer", path, len(got.body), len(plain.body))
		}
		again := b.having(http.MethodGet, path, map[string]string{"Accept-Encoding": "gzip", "If-None-Match": got.header.Get("ETag")})
		if again.status != http.StatusNotModified || len(again.body) != 0 || again.header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %d %v", path, again.status, again.header)
		}
	}
}

func unpacked(t *testing.T, body []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// What has a secret in it, and what changes something, is never compressed,
// however large it is.
func TestSecretsAreNotCompressed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.accounts.bulk = strings.Repeat("x", 2*minPacked)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/auth/login", strings.NewReader(`{"email":"ada@example.org","password":"`+adaPassword+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", jsonType)
	req.Header.Set("Accept-Encoding", "gzip")
	if got := b.send(req); got.status != http.StatusOK || len(got.body) < minPacked || got.header.Get("Content-Encoding") != "" || got.header.Get("ETag") != "" {
		t.Errorf("%d, %d bytes, %v", got.status, len(got.body), got.header)
	}
	authorize := pathAuthorize + "?provider=google&redirect_to=" + webReturn + "&code_challenge=" + strings.Repeat("a", 43)
	got := b.having(http.MethodGet, authorize, map[string]string{"Accept-Encoding": "gzip"})
	if got.status != http.StatusOK || len(got.body) < minPacked || got.header.Get("Content-Encoding") != "" || got.header.Get("ETag") != "" {
		t.Errorf("authorize: %d, %d bytes, %v", got.status, len(got.body), got.header)
	}
}
