package metrics

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/insurance-navigator/navigator/core"
)

type work struct {
	stages, whole, ours *prometheus.HistogramVec
	taken, finished     *prometheus.CounterVec
	sizes               *prometheus.HistogramVec
	pages, chunks       *prometheus.CounterVec
	tokens, spent       *prometheus.CounterVec
}

// The outcomes of a document.
const (
	Created   = "created"
	Duplicate = "duplicate"
	Rejected  = "rejected"
)

// verdicts is what becomes of a run of a stage.
var verdicts = []string{"kept", "stale", "waits", "paused", "retries", "failed", "stopped"}

// paid is the services that cost money.
var paid = []core.Service{core.ServiceParser, core.ServiceEmbedder}

// The ends of a document in labels: those of core without the stage.
const (
	endComplete  = "complete"
	endFailed    = "failed"
	endCancelled = "cancelled"
)

func newWork(m *Metrics) work {
	w := work{
		stages:   m.histogram("docpipe_stage_duration_seconds", "Time of one run of a stage.", workEdges, "stage", "outcome"),
		whole:    m.histogram("docpipe_document_completion_seconds", "Time from when an attempt was opened until it ended.", workEdges, "outcome"),
		ours:     m.histogram("docpipe_document_overhead_seconds", "The same without the time that the parser and the embedder took: what is ours to answer for.", workEdges, "outcome"),
		taken:    m.counter("docpipe_documents_accepted_total", "Uploads, by what became of them at the door.", "outcome"),
		finished: m.counter("docpipe_documents_finished_total", "Attempts that ended, with the code of the reason.", "outcome", "reason"),
		sizes:    m.histogram("docpipe_upload_size_bytes", "Size of the files taken.", sizeEdges),
		pages:    m.counter("docpipe_pages_parsed_total", "Pages of kept parses.", "parser"),
		chunks:   m.counter("docpipe_chunks_stored_total", "Chunks kept."),
		tokens:   m.counter("docpipe_embedding_tokens_total", "Tokens that the embedder billed."),
		spent:    m.counter("docpipe_estimated_cost_usd_total", "Cost by the price table.", "provider"),
	}
	w.zero()
	return w
}

// zero makes what alerts divide by, so that a ratio is there before the first
// failure.
func (w work) zero() {
	for _, outcome := range []string{Created, Duplicate, Rejected} {
		w.taken.WithLabelValues(outcome)
	}
	for _, stage := range core.Stages() {
		w.stages.WithLabelValues(string(stage), "kept")
		w.stages.WithLabelValues(string(stage), "failed")
	}
	w.whole.WithLabelValues(endComplete)
	w.ours.WithLabelValues(endComplete)
	for _, provider := range paid {
		w.spent.WithLabelValues(string(provider))
	}
	w.finished.WithLabelValues(endComplete, "")
	w.finished.WithLabelValues(endCancelled, "")
	for _, code := range core.Codes() { // a series that begins at 1 is no increase to whoever counts
		w.finished.WithLabelValues(endFailed, string(code))
	}
	w.chunks.WithLabelValues()
	w.tokens.WithLabelValues()
	w.sizes.WithLabelValues()
}

// Staged counts a run of a stage by the verdict on it.
func (m *Metrics) Staged(stage core.Stage, verdict string, took time.Duration) {
	if m == nil {
		return
	}
	m.work.stages.WithLabelValues(known(string(stage), m.kinds()), known(verdict, verdicts)).Observe(seconds(took))
}

// Taken counts an upload: Created, Duplicate or Rejected; size in bytes.
func (m *Metrics) Taken(outcome string, size int64) {
	if m == nil {
		return
	}
	m.work.taken.WithLabelValues(known(outcome, []string{Created, Duplicate, Rejected})).Inc()
	if outcome == Created {
		m.work.sizes.WithLabelValues().Observe(float64(size))
	}
}

// Ended counts an attempt's end; took is 0 where it is not known.
func (m *Metrics) Ended(status core.Status, reason core.Code, took time.Duration) {
	if m == nil {
		return
	}
	outcome := endOf(status)
	m.work.finished.WithLabelValues(outcome, codeWord(reason)).Inc()
	if took > 0 {
		m.work.whole.WithLabelValues(outcome).Observe(seconds(took))
	}
}

// Overhead times an attempt that ended without what its providers took.
func (m *Metrics) Overhead(status core.Status, took time.Duration) {
	if m == nil {
		return
	}
	m.work.ours.WithLabelValues(endOf(status)).Observe(seconds(took))
}

func endOf(status core.Status) string {
	switch status {
	case core.Complete:
		return endComplete
	case core.Cancelled:
		return endCancelled
	}
	return endFailed
}

// codeWord is a code of the table as a label; none is "".
func codeWord(code core.Code) string {
	if code == "" {
		return ""
	}
	return known(code, core.Codes())
}

// Parsed counts a parse that was kept.
func (m *Metrics) Parsed(parser string, pages int) {
	if m == nil {
		return
	}
	kind, _, _ := strings.Cut(parser, "/") // its version follows
	m.work.pages.WithLabelValues(known(kind, []string{"llamaparse", "pdftext"})).Add(float64(pages))
}

// Cut counts chunks that were kept.
func (m *Metrics) Cut(chunks int) {
	if m == nil {
		return
	}
	m.work.chunks.WithLabelValues().Add(float64(chunks))
}

// Embedded counts tokens that were billed.
func (m *Metrics) Embedded(tokens int) {
	if m == nil {
		return
	}
	m.work.tokens.WithLabelValues().Add(float64(tokens))
}

// Spent counts money, in US dollars.
func (m *Metrics) Spent(provider core.Service, usd float64) {
	if m == nil {
		return
	}
	m.work.spent.WithLabelValues(known(provider, paid)).Add(max(usd, 0))
}
