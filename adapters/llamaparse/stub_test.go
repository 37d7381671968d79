package llamaparse_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/core"
)

// stub is a parser whose service is one handler.
func stub(t *testing.T, h http.HandlerFunc) *llamaparse.Parser {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	p, err := llamaparse.New(llamaparse.Config{BaseURL: server.URL, Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestL027_OutageThatNamesItsEndCostsNoTry(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]core.Kind{503: core.Busy, 500: core.Transient} {
		p := stub(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "9")
			w.WriteHeader(status)
		})
		err := p.Healthy(t.Context())
		wantError(t, err, core.CodeParserUnavailable, want)
		if after := core.AsError(err).After; after != 9*time.Second {
			t.Errorf("%d: After %v", status, after)
		}
	}
}

func TestForgetDeletesNothingThatIsAnothers(t *testing.T) {
	t.Parallel()
	doc := submission("text").Document
	p := stub(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete && !strings.HasSuffix(r.URL.Path, "/dfl-mine") {
			t.Errorf("deleted %s", r.URL.Path)
		}
		if r.Method == http.MethodGet { // a service that ignores the filter
			fmt.Fprintf(w, `{"items":[{"id":"dfl-others","external_file_id":%q},{"id":"dfl-none"},{"id":"dfl-mine","external_file_id":%q}]}`, core.NewID(), doc.Job)
		}
	})
	if err := p.Forget(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
}

// hang is the address of a receiver that answers nobody until told.
func hang(t *testing.T, until <-chan struct{}) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-until:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}
