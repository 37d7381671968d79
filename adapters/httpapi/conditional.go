package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/klauspost/compress/gzhttp"
)

// maxTagged bounds what is held back to be named by an ETag. What is larger is
// sent as it comes, without one.
const maxTagged = 2 << 20

// minPacked is the size from which an answer is compressed: below it, an answer
// fits one packet either way.
const minPacked = 1400

// untagged are the GETs without an ETag of this kind.
var untagged = map[string]bool{
	streamRoute:                     true, // has no end
	"GET /documents/{id}/file":      true, // has the file's own
	getRoute:                        true, // likewise
	"GET /documents/{id}/file/link": true, // another secret with each answer
	"GET " + pathAuthorize:          true, // likewise
	"GET " + pathArrive:             true, // likewise
	"GET " + pathExport:             true, // tells its own moment
	"GET /health":                   true, // likewise
	"GET /livez":                    true, // is asked for its status alone
	"GET /readyz":                   true, // likewise
}

// packing compresses answers of text for who takes gzip, and says Vary to all.
// Only what reads goes through it, and nothing that has a secret in it
// (untagged): a secret beside what others can choose could be guessed by the
// size of both together (BREACH). No page of another site can have our answers
// made with its reader's token either, for that is no cookie.
var packing = newPacking()

func newPacking() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(gzhttp.EnableZstd(false), gzhttp.MinSize(minPacked), gzhttp.SetContentType(false),
		gzhttp.ContentTypes([]string{jsonType, openAPIType, openAPIYAMLType, "text/html"}))
	if err != nil {
		panic(err) // these options are known to be right
	}
	return wrap
}

// answer has the route served, with what reading is made cheaper by.
func (d *door) answer(w http.ResponseWriter, r *http.Request, route string) {
	get := strings.HasPrefix(route, "GET ") && !untagged[route]
	switch {
	case get:
		packing(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tagged(w, r, d.mux) }))(w, r)
	case slices.Contains(readingRoutes, route):
		packing(d.mux)(w, r)
	default:
		d.mux.ServeHTTP(w, r)
	}
}

// tagged names the answer by its bytes, and answers 304 to who has them. The
// work is done all the same, audit included: what is saved is the way.
func tagged(w http.ResponseWriter, r *http.Request, next http.Handler) {
	held := newCapture(w, maxTagged)
	next.ServeHTTP(held, r)
	if !held.sent && held.status == http.StatusOK {
		held.tag(r.Header.Values("If-None-Match"))
	}
	_ = held.send() // a client that left is no error of ours
}

// tag gives what is held its ETag. It is a weak one: compressed or not, it names
// the same answer.
func (c *capture) tag(has []string) {
	sum := sha256.Sum256(c.body.Bytes())
	tag := `W/"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`
	c.header.Set("ETag", tag)
	if !names(has, tag) {
		return
	}
	c.status = http.StatusNotModified
	c.body.Reset()
	for _, name := range []string{"Content-Type", "Content-Length"} {
		c.header.Del(name)
	}
}

// names reports whether If-None-Match has the tag, by the weak comparison (RFC
// 9110, 13.1.2). Our tags have no comma in them.
func names(has []string, tag string) bool {
	for _, line := range has {
		for one := range strings.SplitSeq(line, ",") {
			one = strings.TrimSpace(one)
			if one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
				return true
			}
		}
	}
	return false
}

// describeTags tells of ETag and of 304 where they are. If-None-Match is not
// listed as a parameter: every HTTP client knows it, and generated ones would
// ask for it with each call.
func describeTags(doc *huma.OpenAPI) {
	for path, item := range doc.Paths {
		answer := item.Get
		if answer == nil || untagged["GET "+path] || answer.Responses["200"] == nil {
			continue
		}
		answer.Responses["304"] = &huma.Response{Description: "What If-None-Match names is the answer still"}
		for _, status := range []string{"200", "304"} {
			response := answer.Responses[status]
			if response.Headers == nil {
				response.Headers = map[string]*huma.Param{}
			}
			response.Headers["ETag"] = &huma.Param{Description: "Names this answer: send it as If-None-Match", Schema: &huma.Schema{Type: huma.TypeString}}
		}
	}
}
