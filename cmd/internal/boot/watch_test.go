package boot_test

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/golang/snappy"
	"github.com/grafana/loki/pkg/push"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	v1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/loadtest/corpus"
)

// observers is a collector of traces and a Loki in one.
type observers struct {
	t     *testing.T
	mu    sync.Mutex
	spans []*v1.Span
	lines []string
}

// ServeHTTP takes what is sent.
func (o *observers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // who sent it gave up
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch r.URL.Path {
	case "/v1/traces":
		var sent collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &sent); err != nil {
			o.t.Error(err)
		}
		for _, resource := range sent.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				o.spans = append(o.spans, scope.Spans...)
			}
		}
	case "/loki/api/v1/push":
		raw, err := snappy.Decode(nil, body)
		var sent push.PushRequest
		if err != nil || sent.Unmarshal(raw) != nil {
			o.t.Errorf("a push that is none: %v", err)
		}
		for _, stream := range sent.Streams {
			for _, entry := range stream.Entries {
				o.lines = append(o.lines, entry.Line)
			}
		}
	default:
		o.t.Errorf("asked for %s", r.URL.Path)
	}
}

// everything is all that was sent, in one text; it has spans and lines.
func (o *observers) everything() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.spans) == 0 || len(o.lines) == 0 {
		o.t.Errorf("%d spans and %d lines were sent", len(o.spans), len(o.lines))
	}
	all := slices.Clone(o.lines)
	for _, span := range o.spans {
		all = append(all, span.String())
	}
	return strings.Join(all, "\n")
}

// said is a span's attribute; "" where it has none.
func said(span *v1.Span, key string) string {
	for _, a := range span.Attributes {
		if a.Key == key {
			return a.Value.GetStringValue()
		}
	}
	return ""
}

// named lists the spans of a name.
func (o *observers) named(name string) (spans []*v1.Span) {
	for _, span := range o.spans {
		if span.Name == name {
			spans = append(spans, span)
		}
	}
	return spans
}

// A document's way is one trace from its upload to its end, through each job,
// each call outside and the callback; its lines name that trace, stdout and Loki
// hold the same lines, and no span holds SQL, a name or an address.
func TestADocumentIsOneTrace(t *testing.T) {
	t.Parallel()
	w, seen := newWorld(t), &observers{t: t}
	w.config.AdminPort = 0
	w.config.TraceEndpoint = w.serve(seen)
	w.config.LokiURL = w.config.TraceEndpoint
	w.start(boot.Dev)
	ada := w.person("ada")
	id := ada.taken("a private name.pdf", corpus.MemberCard().Bytes)
	ada.completes(id)
	exemplars := w.openMetrics()
	w.halt() // which sends what waits
	seen.mu.Lock()
	defer seen.mu.Unlock()
	uploads := seen.named("POST /upload-document-backend")
	if len(uploads) != 1 {
		t.Fatalf("%d spans of the upload of %d", len(uploads), len(seen.spans))
	}
	trace := hex.EncodeToString(uploads[0].TraceId)
	w.oneTrace(seen, id, trace)
	w.linkedCallback(seen, trace)
	if !strings.Contains(exemplars, `trace_id="`+trace+`"`) {
		t.Error("no exemplar names the trace")
	}
	for _, span := range seen.spans {
		text := strings.ToLower(span.String())
		for _, word := range []string{"private", "ada@", "select ", "insert into", "http://", ada.token} {
			if strings.Contains(strings.ReplaceAll(text, "db select ", ""), strings.ToLower(word)) {
				t.Errorf("a span holds %q: %s", word, text)
			}
		}
	}
	w.sameLines(seen, id, trace)
}

// oneTrace proves that each step of the document is of the trace.
func (w *world) oneTrace(seen *observers, id, trace string) {
	w.t.Helper()
	for _, name := range []string{"job parse", "job receive", "job validate", "job chunk", "job embed", "job finish",
		"call storage put", "call parser submit", "call parser fetch", "call embedder embed", "callback", "db insert documents"} {
		spans := seen.named(name)
		if len(spans) == 0 && !strings.HasPrefix(name, "db ") {
			w.t.Errorf("no span %q", name)
		}
		for _, span := range spans {
			if got := hex.EncodeToString(span.TraceId); got != trace {
				w.t.Errorf("%q is of trace %s, not %s", name, got, trace)
			}
			if strings.HasPrefix(name, "job ") && said(span, "document_id") != id {
				w.t.Errorf("%q is of document %q", name, said(span, "document_id"))
			}
		}
	}
	if !slices.ContainsFunc(seen.spans, func(s *v1.Span) bool {
		return strings.HasPrefix(s.Name, "db ") && hex.EncodeToString(s.TraceId) == trace
	}) {
		w.t.Error("no round trip to the database is in the trace")
	}
}

// linkedCallback proves that the webhook's own request and the document's trace
// lead to each other.
func (w *world) linkedCallback(seen *observers, trace string) {
	w.t.Helper()
	hooks := seen.named("POST /webhook/llamaparse/{attempt}")
	if len(hooks) == 0 {
		w.t.Fatal("no span of the callback's request")
	}
	if len(hooks[0].Links) != 1 || hex.EncodeToString(hooks[0].Links[0].TraceId) != trace {
		w.t.Errorf("the callback's request is linked to %v", hooks[0].Links)
	}
	for _, span := range seen.named("callback") {
		if len(span.Links) != 1 || string(span.Links[0].TraceId) != string(hooks[0].TraceId) {
			w.t.Errorf("the document's trace is linked to %v", span.Links)
		}
	}
}

// sameLines proves that Loki got the durable log's lines, and that those of the
// document's jobs name its trace.
func (w *world) sameLines(seen *observers, id, trace string) {
	w.t.Helper()
	jobs := 0
	for _, text := range seen.lines {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			w.t.Fatal(err)
		}
		if line["event"] == "job" && line["document_id"] == id {
			jobs++
			if line["trace_id"] != trace || line["service"] != "dev" || line["duration_ms"] == nil {
				w.t.Errorf("a job's line: %s", text)
			}
		}
	}
	if durable := strings.Count(w.logs.String(), `"document_id":"`+id+`"`); jobs < 6 || durable < jobs {
		w.t.Errorf("%d lines of the document in Loki, %d in the durable log", jobs, durable)
	}
	for _, event := range []string{"request", "job", "start", "ready"} {
		mark := `"event":"` + event + `"`
		if there, here := strings.Count(strings.Join(seen.lines, "\n"), mark), strings.Count(w.logs.String(), mark); there != here {
			w.t.Errorf("event %s: %d lines in Loki, %d in the durable log", event, there, here)
		}
	}
}

// openMetrics is what a scraper is told that takes exemplars.
func (w *world) openMetrics() string {
	w.t.Helper()
	request, err := http.NewRequest(http.MethodGet, w.admin+"/metrics", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, series := range []string{`log_messages_total{level="info"}`, `log_sink_queue_length{sink="loki"}`, `log_records_dropped_total{reason="queue_full",sink="loki"} 0`} {
		if !strings.Contains(string(text), series) {
			w.t.Errorf("not told: %s", series)
		}
	}
	return string(text)
}
