package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// kept are the addresses whose answers are the same for everybody. Nothing else
// may be kept by anybody, whatever it answers.
var kept = []string{pathOpenAPI, pathOpenAPI30, pathYAML, pathYAML30, pathJWKS, pathDocs}

// caches holds an answer to what caches and browsers may do with it.
func (r reply) caches(t *testing.T, what string, kept bool) {
	t.Helper()
	want := "no-store"
	if kept {
		want = fmt.Sprintf("public, max-age=%d", KeptSeconds)
	}
	if got := r.header.Values("Cache-Control"); len(got) != 1 || got[0] != want {
		t.Errorf("%s answers %d with Cache-Control %q and not %q", what, r.status, got, want)
	}
	if r.header.Get("X-Content-Type-Options") != "nosniff" || r.header.Get("Strict-Transport-Security") != StrictTransport {
		t.Errorf("%s answers %d to be guessed at, or over http: %v", what, r.status, r.header)
	}
	if !slices.Contains(r.header.Values("Vary"), "Origin") {
		t.Errorf("%s answers %d with Vary %q: what one page may read would be given to another", what, r.status, r.header.Values("Vary"))
	}
	if !kept && r.header.Get("Expires")+r.header.Get("Age") != "" {
		t.Errorf("%s: %v", what, r.header)
	}
}

// S30: whatever route answers, well or badly, to whom, to a page or to none, no
// cache keeps a person's data; the few public answers are kept for some minutes.
func TestS30_NothingOfAPersonIsKept(t *testing.T) {
	t.Parallel()
	b := newBench(t, withOrigins, func(d *APIDeps) {
		d.DocsEnabled = true
		d.JWKS = func() []byte { return []byte(`{"keys":[]}`) }
	})
	_, id := b.stored(part{"file", "a.pdf", "application/pdf", "%PDF-1.7\n0123456789"})
	well := map[string]int{}
	for _, path := range kept {
		b.from(webPage, http.MethodGet, path, "").caches(t, path, true)
		b.from(webPage, http.MethodPost, path, "").caches(t, "POST "+path, false)
	}
	filled := strings.NewReplacer("{id}", id.String(), "{n}", "1")
	stream := b.listen(eventsPath(b.journal.upload(ada.ID)), adaToken, "Origin", webPage) // it does not end
	reply{status: stream.status, header: stream.header}.caches(t, streamRoute, false)
	paths := b.document(pathOpenAPI).Paths
	for _, methods := range [][]string{{"get"}, {"post", "put", "patch", "delete"}} { // what is looked at first is there still
		for path, item := range paths {
			for _, method := range methods {
				if _, ok := item[method]; !ok || path == pathEvents {
					continue
				}
				for _, token := range []string{"", adaToken} {
					for _, origin := range []string{"", webPage} {
						got := b.from(origin, strings.ToUpper(method), filled.Replace(path), token)
						got.caches(t, method+" "+path, false)
						if got.status < 300 {
							well[method]++
						}
					}
				}
			}
		}
	}
	if well["get"] < 40 || stream.status != http.StatusOK {
		t.Errorf("too little was answered well: %v, %d", well, stream.status)
	}
}

// What may be kept is named by its bytes: who has them still is answered 304,
// without them; other bytes are answered whole.
func TestWhatIsKeptIsAskedForByItsTag(t *testing.T) {
	t.Parallel()
	b := newBench(t, withOrigins, func(d *APIDeps) { d.DocsEnabled = true })
	for _, path := range []string{pathOpenAPI, pathYAML30, pathDocs} {
		first := b.from("", http.MethodGet, path, "")
		tag := first.header.Get("ETag")
		again := b.from("", http.MethodGet, path, "", "If-None-Match", tag)
		again.caches(t, path, true)
		if tag == "" || again.status != http.StatusNotModified || len(again.body) > 0 || again.header.Get("ETag") != tag {
			t.Errorf("%s: %d, %d bytes, %v", path, again.status, len(again.body), again.header)
		}
		if other := b.from("", http.MethodGet, path, "", "If-None-Match", `"other"`); other.status != http.StatusOK || string(other.body) != string(first.body) {
			t.Errorf("%s: %d for another tag", path, other.status)
		}
		if head := b.from("", http.MethodHead, path, ""); head.status != http.StatusOK || head.header.Get("ETag") != tag || len(head.body) > 0 {
			t.Errorf("HEAD %s: %d %v", path, head.status, head.header)
		}
	}
}
