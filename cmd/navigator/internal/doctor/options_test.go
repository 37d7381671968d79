package doctor

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// Each option is told of: that it works, that it does not answer and what to do,
// or that it is off and what is lost by it.
func TestOptionsAreAskedWhereTheyAreSet(t *testing.T) {
	t.Parallel()
	for _, o := range []option{lokiOption, agentOption, proberOption} {
		works := behind(t, func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path != o.ready {
				rw.WriteHeader(http.StatusNotFound)
			}
		})
		away := behind(t, ours(http.StatusServiceUnavailable))
		for want, l := range map[State]look{
			Skipped: {},
			Good:    {environ: []string{o.setting + "=https://example.com/loki/api/v1/push"}, way: works},
			Warning: {environ: []string{o.setting + "=https://example.com"}, way: away},
			Bad:     {environ: []string{o.setting + "=nothing"}},
		} {
			got := l.asked(t.Context(), o)
			if got.State != want || (got.Advice != "") != (want == Warning || want == Bad) || want == Skipped && !strings.Contains(got.Detail, o.off) {
				t.Errorf("%s: %+v", want, got)
			}
		}
	}
}

// The collector is asked by an export of no spans, with the headers that spans
// would have.
func TestTracesAreAskedByAnExportOfNothing(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	collector := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || len(body) != 0 || r.Method+" "+r.URL.Path != "POST /v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" || r.Header.Get("X-Key") != "k" {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		rw.WriteHeader(status)
	}))
	t.Cleanup(collector.Close)
	config := boot.Defaults()
	ask := func(endpoint string) State {
		config.TraceEndpoint, config.TraceHeaders = endpoint, boot.Secret("X-Key=k")
		return look{config: config}.traces(t.Context()).State
	}
	if got := ask(""); got != Skipped {
		t.Errorf("off: %s", got)
	}
	if got := ask(collector.URL + "/"); got != Good {
		t.Errorf("it works: %s", got)
	}
	status = http.StatusUnauthorized
	if got := ask(collector.URL); got != Warning {
		t.Errorf("it refuses: %s", got)
	}
	collector.Close()
	if got := ask(collector.URL); got != Warning {
		t.Errorf("it is away: %s", got)
	}
}
