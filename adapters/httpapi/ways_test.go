package httpapi

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
)

// theSame finds the modern operation in an alias' description.
var theSame = regexp.MustCompile(`^The same as ([A-Z]+) (/[^;,]+)[;,]`)

// L-017, L-018: there is one way of uploading a form, under two addresses, and
// one of announcing a file. Another one, or an alias of nothing, shows here.
func TestL017_L018_TheWaysInAreFewAndListed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	paths := b.document(pathOpenAPI).Paths
	var adding, forms []string
	aliases := 0
	for path, item := range paths {
		for method, op := range item {
			name := strings.ToUpper(method) + " " + path
			if accesses[name].scope == core.ScopeWrite && !strings.Contains(path, "{id}") {
				adding = append(adding, name)
			}
			if op.RequestBody.Content["multipart/form-data"] != nil {
				forms = append(forms, name)
			}
			if m := theSame.FindStringSubmatch(op.Description); m != nil {
				aliases++
				if _, there := paths[m[2]][strings.ToLower(m[1])]; !there {
					t.Errorf("%s is an alias of %s %s, which is not there", name, m[1], m[2])
				}
			}
		}
	}
	slices.Sort(adding)
	slices.Sort(forms)
	if diff := cmp.Diff([]string{"POST " + pathAnnounce, "POST " + pathDocuments, "POST " + pathUpload}, adding); diff != "" {
		t.Errorf("the routes that add documents (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"POST " + pathDocuments, "POST " + pathSearchAlias, "POST " + pathUpload}, forms); diff != "" {
		t.Errorf("the routes that take a form (-want +got):\n%s", diff)
	}
	if aliases != 4 {
		t.Errorf("%d aliases were read, want 4", aliases)
	}
}

// The two addresses of a form's upload are one piece of code: a file that came
// by the one is known to the other.
func TestL017_L018_BothAddressesAreOneUpload(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	kind, body := multipartBody(t, part{"file", "a.pdf", "application/pdf", "%PDF-1.7\none file"})
	ids := map[string]bool{}
	for i, path := range []string{pathUpload, pathDocuments, pathUpload} {
		got := b.do(http.MethodPost, path, adaToken, kind, bytes.NewReader(body))
		var answer struct {
			DocumentID string `json:"document_id"`
		}
		got.json(t, &answer)
		if again := i > 0; again != (got.status == http.StatusConflict) || answer.DocumentID == "" {
			t.Errorf("POST %s: %d %s; want the first taken, and each other one led to it", path, got.status, got.body)
		}
		ids[answer.DocumentID] = true
	}
	if len(ids) != 1 || len(b.blobs.keys()) != 1 {
		t.Errorf("one file sent to both addresses made %d documents and %d objects", len(ids), len(b.blobs.keys()))
	}
}
