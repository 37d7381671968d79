package metrics_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"github.com/insurance-navigator/navigator/adapters/metrics"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// used is the families after one of everything.
func used(t *testing.T) (*prometheus.Registry, *metrics.Metrics) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	m := metrics.New(registry, "abc")
	m.Expect(metrics.Sets{Queues: []string{"parse"}, Rounds: []string{"sweep"}, Statements: []string{"select"}})
	m.Works(map[string]int{"parse": 8})
	m.Began("parse")
	m.Worked(metrics.Run{Kind: "sweep", Queue: "parse", Outcome: "completed"})
	m.Looked("parse", time.Millisecond)
	m.Fetched("parse", 2)
	m.Hung("parse")
	m.Queried("select", metrics.QueryOK, time.Millisecond)
	m.Proved("password", "refused")
	m.ReplicaRead("behind")
	m.Cached("hit")
	m.Replica(true, time.Second)
	m.Logged("warn")
	m.LogSink("loki", "queue_full")
	m.LogDropped("loki", "queue_full")
	m.LogWaiting("loki", 1)
	m.Throttled(core.ServiceParser, time.Second)
	m.CalledBack(time.Second)
	m.Lagged(-time.Second)
	m.Reconciled()
	m.Overhead(core.Complete, time.Second)
	m.Redis(func() metrics.RedisPool { return metrics.RedisPool{InUse: 1, Idle: 2, Timeouts: 3} })
	m.InFlight(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	m.Answered(metrics.Request{Method: "GET", Route: "GET /documents/{id}", Status: 500, Took: time.Second, Panicked: true})
	m.Worked(metrics.Run{Kind: "parse", Queue: "parse", Outcome: "completed", Run: 2, Took: time.Second, Waited: -time.Second})
	m.Inserted("parse", "parse")
	m.Staged(core.Parse, "kept", time.Second)
	m.Taken(metrics.Created, 1<<20)
	m.Ended(core.Complete, "", time.Minute)
	m.Ended(core.FailedParse, core.CodeParseTimeout, 0)
	m.Ended(core.Cancelled, "", 0)
	m.Parsed("llamaparse", 3)
	m.Cut(4)
	m.Embedded(5)
	m.Spent(core.ServiceParser, .01)
	m.Called(metrics.Call{Peer: core.ServiceParser, Operation: "submit", Took: time.Second})
	m.Circuit(core.ServiceParser, true)
	m.Up("database", true)
	m.Left(core.ServiceEmbedder, "tokens", 1000, 100, time.Now())
	m.Received(metrics.Forged)
	m.Watch("webhook_forged")
	m.Pool("app", func() metrics.Pool { return metrics.Pool{Max: 8, Acquired: 2, AcquireTime: time.Second} })
	ratio := .5
	m.Stands(ports.Census{
		Documents: []ports.DocumentStanding{{Status: core.ParseQueued, Count: 3, Oldest: time.Minute, Stuck: 1}, {Status: core.Complete, Count: 9}},
		Jobs:      []ports.JobStanding{{Queue: "parse", Kind: "parse", State: "available", Count: 2, Oldest: time.Second}, {Queue: "parse", Kind: "parse", State: "running", Count: 1}},
		Callbacks: 3, Paused: map[string]bool{"parse": true}, Processes: map[string]int{"api": 2}, Heartbeats: map[string]time.Duration{"api": time.Second}, Leads: true, Snapshots: map[string]time.Duration{"session": time.Second}, Skew: -time.Second, Budget: &ratio,
	}, time.Millisecond, nil)
	return registry, m
}

func TestFamiliesAreWellFormed(t *testing.T) {
	t.Parallel()
	registry, _ := used(t)
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	bad, err := promlint.New(strings.NewReader("# TYPE x_total gauge\nx_total 1\n")).Lint()
	if err != nil || len(bad) == 0 {
		t.Errorf("the lint finds nothing in a bad family: %v, %v", bad, err)
	}
}

// forbidden is what a label's value never looks like: an id, an address, a path
// of a document.
var forbidden = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}|@|/[0-9a-f]{8}`)

// The alerts ask for 1, 10, 30 and 60 s: each is an edge, and one lies above.
func TestTheAlertsBoundsAreEdges(t *testing.T) {
	t.Parallel()
	registry, _ := used(t)
	for _, family := range gather(t, registry) {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if forbidden.MatchString(label.GetValue()) {
					t.Errorf("%s{%s=%q} is not of a closed set", family.GetName(), label.GetName(), label.GetValue())
				}
			}
		}
		if family.GetType() != dto.MetricType_HISTOGRAM || !strings.HasSuffix(family.GetName(), "_seconds") {
			continue
		}
		var edges []float64
		for _, bucket := range family.GetMetric()[0].GetHistogram().GetBucket() {
			edges = append(edges, bucket.GetUpperBound())
		}
		for _, bound := range []float64{1, 10, 30, 60} {
			if !slices.Contains(edges, bound) {
				t.Errorf("%s has no edge at %v s: %v", family.GetName(), bound, edges)
			}
		}
		if slices.Max(edges) <= 60 {
			t.Errorf("%s cannot tell more than 60 s: %v", family.GetName(), edges)
		}
	}
}

func gather(t *testing.T, registry *prometheus.Registry) []*dto.MetricFamily {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// value reads one series; -1 where there is none.
func value(t *testing.T, registry *prometheus.Registry, name string, labels map[string]string) float64 {
	t.Helper()
	for _, family := range gather(t, registry) {
		for _, metric := range family.GetMetric() {
			if family.GetName() == name && labelsOf(metric) == fmt.Sprint(labels) {
				return max(metric.GetCounter().GetValue(), metric.GetGauge().GetValue(), float64(metric.GetHistogram().GetSampleCount()))
			}
		}
	}
	return -1
}

func labelsOf(metric *dto.Metric) string {
	labels := map[string]string{}
	for _, label := range metric.GetLabel() {
		labels[label.GetName()] = label.GetValue()
	}
	return fmt.Sprint(labels)
}

// A ratio is there before the first failure.
func TestWhatAlertsDivideByIsThereFromTheStart(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	metrics.New(registry, "abc")
	for name, labels := range map[string]map[string]string{
		"docpipe_documents_finished_total":    {"outcome": "complete", "reason": ""},
		"docpipe_documents_accepted_total":    {"outcome": "created"},
		"http_server_panics_total":            {},
		"http_server_requests_rejected_total": {"reason": "rate_limited"},
		"external_api_errors_total":           {"peer": "parser", "class": "quota"},
		"external_api_circuit_open":           {"peer": "embedder"},
		"webhook_received_total":              {"outcome": "bad_signature"},

		"http_server_request_duration_seconds": {"method": "GET", "route": "unmatched", "code": "500"},
		"auth_attempts_total":                  {"method": "password", "outcome": "refused"},
		"external_api_retries_total":           {"peer": "storage", "operation": "put"},
		"external_api_throttle_wait_seconds":   {"peer": "embedder"},
		"docpipe_estimated_cost_usd_total":     {"provider": "parser"},
		"docpipe_document_overhead_seconds":    {"outcome": "complete"},
		"docpipe_document_completion_seconds":  {"outcome": "complete"},
		"webhook_callbacks_reconciled_total":   {},
		"webhook_callback_latency_seconds":     {},
		"webhook_lag_seconds":                  {},
		"db_client_operation_duration_seconds": {"operation": "select", "outcome": "error"},
	} {
		if got := value(t, registry, name, labels); got != 0 {
			t.Errorf("%s%v is %v at the start, want 0", name, labels, got)
		}
	}
}

// What was seen long ago is not told as if it were now.
func TestALookThatFailsTellsNothingOld(t *testing.T) {
	t.Parallel()
	registry, m := used(t)
	stuck, success := "docpipe_documents_stuck", "docpipe_collector_success"
	status, collector := map[string]string{"status": "parse_queued"}, map[string]string{"collector": "database"}
	if got := value(t, registry, stuck, status); got != 1 {
		t.Errorf("%s is %v, want 1", stuck, got)
	}
	m.Stands(ports.Census{}, time.Second, errors.New("away"))
	if got := value(t, registry, stuck, status); got != -1 {
		t.Errorf("%s is %v after a look that failed", stuck, got)
	}
	if got := value(t, registry, success, collector); got != 0 {
		t.Errorf("%s is %v, want 0", success, got)
	}
}

func TestFailuresOfTheOutsideHaveTheirClass(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	m := metrics.New(registry, "abc")
	for code, class := range map[core.Code]string{
		core.CodeParserKey: "auth", core.CodeEmbedderCredits: "quota", core.CodeParserBusy: "rate_limited",
		core.CodeParserUnavailable: "unavailable", core.CodeParserRefused: "refused", core.CodeParseNotReady: "",
	} {
		before := value(t, registry, "external_api_errors_total", map[string]string{"peer": "parser", "class": class})
		m.Called(metrics.Call{Peer: core.ServiceParser, Operation: "fetch", Code: code})
		after := value(t, registry, "external_api_errors_total", map[string]string{"peer": "parser", "class": class})
		if class != "" && after != before+1 {
			t.Errorf("%s counts %v more as %s", code, after-before, class)
		}
		if got := value(t, registry, "http_client_request_duration_seconds", map[string]string{"peer": "parser", "operation": "fetch", "code": string(code)}); got != 1 {
			t.Errorf("%s was timed %v times", code, got)
		}
	}
	if got := value(t, registry, "external_api_errors_total", map[string]string{"peer": "parser", "class": "unavailable"}); got != 1 {
		t.Errorf("a result that is not there yet counts as a failure: %v", got)
	}
}

// A parser's version is no label: its kind is.
func TestPagesAreCountedByTheKindOfParser(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	m := metrics.New(registry, "abc")
	m.Parsed("llamaparse/agentic/2026-08-19", 3)
	m.Parsed("pdftext/pdfium", 2)
	for kind, pages := range map[string]float64{"llamaparse": 3, "pdftext": 2} {
		if got := value(t, registry, "docpipe_pages_parsed_total", map[string]string{"parser": kind}); got != pages {
			t.Errorf("%v pages of %s are counted, want %v", got, kind, pages)
		}
	}
}
