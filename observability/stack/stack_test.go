package stack_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/insurance-navigator/navigator/adapters/metrics"
	"github.com/insurance-navigator/navigator/observability/alertmanager"
	rules "github.com/insurance-navigator/navigator/observability/prometheus"
	"github.com/insurance-navigator/navigator/observability/stack"
)

// The whole stack comes up with the true rules, scrapes one process as three
// jobs, and the Watchdog arrives at the receiver behind the Alertmanager.
func TestTheStackRuns(t *testing.T) {
	t.Parallel()
	if advice, ok := stack.Installed(); !ok {
		t.Skip("the stack is NOT run: " + advice)
	}
	registry := prometheus.NewRegistry()
	m := metrics.New(registry, "test")
	m.Answered(metrics.Request{Method: "POST", Route: "POST /webhook/llamaparse/{attempt}", Status: 200})
	m.Answered(metrics.Request{Method: "GET", Route: "GET /documents", Status: 200})
	target := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	t.Cleanup(target.Close)
	heard := make(chan string, 64)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case heard <- r.URL.Path:
		default: // nobody waits any more
		}
	}))
	t.Cleanup(receiver.Close)
	tree, err := alertmanager.Local(receiver.URL)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "stack")
	s, err := stack.Start(t.Context(), stack.Options{Dir: dir, Scrape: time.Second, Resend: time.Second, Settings: rules.Example(), Tree: tree,
		Targets: stack.OneProcess(strings.TrimPrefix(target.URL, "http://")), Probes: []string{target.URL}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	if got := <-heard; got != "/deadman" {
		t.Errorf("the first alert went to %s, want /deadman", got)
	}
	for query, want := range map[string]string{
		`count by (job) (http_server_request_duration_seconds_count)`: `{"job":"api"} {"job":"webhook"}`,
		`count by (job) (external_api_circuit_open)`:                  `{"job":"worker"}`,
		`count by (env) (up == 1)`:                                    `{"env":"production"}`,
	} {
		ask(t, s.Prometheus, query, want)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "prometheus.log")); err != nil || strings.Contains(string(text), "level=error") {
		t.Errorf("%v: %s", err, text)
	}
}

// ask asks until the answer has these labels: a scrape may still be to come.
func ask(t *testing.T, prometheus, query, want string) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	got := ""
	for range 600 { // two minutes, on a machine that does other things as well
		if got = labels(t, prometheus, query); got == want {
			return
		}
		<-tick.C
	}
	t.Errorf("%s gives %s, want %s", query, got, want)
}

func labels(t *testing.T, prometheus, query string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, prometheus+"/api/v1/query?query="+url.QueryEscape(query), nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // read below
	var answer struct {
		Data struct {
			Result []struct{ Metric json.RawMessage }
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, r := range answer.Data.Result {
		all = append(all, string(r.Metric))
	}
	return strings.Join(all, " ")
}
