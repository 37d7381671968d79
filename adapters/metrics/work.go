package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/insurance-navigator/navigator/core"
)

// Run is one run of a job.
type Run struct {
	Kind    string // the stage, or the round of upkeep
	Queue   string
	Outcome string // River's: completed, retry, snoozed, cancelled, interrupted, discarded, panic
	Run     int    // 1 is the first
	Took    time.Duration
	Waited  time.Duration // from when it could be taken until it was
	Trace   string        // for the exemplar; empty for none
}

type work struct {
	runs, waits, tries *prometheus.HistogramVec
	inserted           *prometheus.CounterVec
	stages, whole      *prometheus.HistogramVec
	taken, finished    *prometheus.CounterVec
	sizes              *prometheus.HistogramVec
	pages, chunks      *prometheus.CounterVec
	tokens, spent      *prometheus.CounterVec
}

// The outcomes of a document.
const (
	Created   = "created"
	Duplicate = "duplicate"
	Rejected  = "rejected"
)

// The ends of a document in labels: those of core without the stage.
const (
	endComplete  = "complete"
	endFailed    = "failed"
	endCancelled = "cancelled"
)

func newWork(m *Metrics) work {
	w := work{
		runs:     m.histogram("river_job_duration_seconds", "Time of one run of a job.", workEdges, "queue", "kind", "outcome"),
		waits:    m.histogram("river_job_queue_wait_seconds", "Time from when a job could be taken until it was.", workEdges, "queue", "kind"),
		tries:    m.histogram("river_job_attempts", "Runs that a job needed until it ended.", tryEdges, "kind"),
		inserted: m.counter("river_jobs_inserted_total", "Jobs inserted, whether or not their transaction was kept.", "queue", "kind"),
		stages:   m.histogram("docpipe_stage_duration_seconds", "Time of one run of a stage.", workEdges, "stage", "outcome"),
		whole:    m.histogram("docpipe_document_completion_seconds", "Time from when an attempt was opened until it ended.", workEdges, "outcome"),
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
	}
	w.finished.WithLabelValues(endComplete, "")
	w.finished.WithLabelValues(endCancelled, "")
	w.finished.WithLabelValues(endFailed, string(core.CodeInternal))
	w.chunks.WithLabelValues()
	w.tokens.WithLabelValues()
	w.sizes.WithLabelValues()
}

// Worked counts a run of a job. One that ended the job tells how many it took.
func (m *Metrics) Worked(r Run) {
	observe(m.work.runs.WithLabelValues(r.Queue, r.Kind, r.Outcome), seconds(r.Took), r.Trace)
	m.work.waits.WithLabelValues(r.Queue, r.Kind).Observe(seconds(r.Waited))
	if r.Outcome == "completed" || r.Outcome == "cancelled" || r.Outcome == "discarded" {
		m.work.tries.WithLabelValues(r.Kind).Observe(float64(r.Run))
	}
}

// Inserted counts a job.
func (m *Metrics) Inserted(queue, kind string) { m.work.inserted.WithLabelValues(queue, kind).Inc() }

// Staged counts a run of a stage by the verdict on it.
func (m *Metrics) Staged(stage core.Stage, verdict string, took time.Duration) {
	m.work.stages.WithLabelValues(string(stage), verdict).Observe(seconds(took))
}

// Taken counts an upload: Created, Duplicate or Rejected; size in bytes.
func (m *Metrics) Taken(outcome string, size int64) {
	m.work.taken.WithLabelValues(outcome).Inc()
	if outcome == Created {
		m.work.sizes.WithLabelValues().Observe(float64(size))
	}
}

// Ended counts an attempt's end; took is 0 where it is not known.
func (m *Metrics) Ended(status core.Status, reason core.Code, took time.Duration) {
	outcome := endFailed
	switch status {
	case core.Complete:
		outcome = endComplete
	case core.Cancelled:
		outcome = endCancelled
	}
	m.work.finished.WithLabelValues(outcome, string(reason)).Inc()
	if took > 0 {
		m.work.whole.WithLabelValues(outcome).Observe(seconds(took))
	}
}

// Parsed counts a parse that was kept.
func (m *Metrics) Parsed(parser string, pages int) {
	m.work.pages.WithLabelValues(known(parser, []string{"llamaparse", "pdftext"})).Add(float64(pages))
}

// Cut counts chunks that were kept.
func (m *Metrics) Cut(chunks int) { m.work.chunks.WithLabelValues().Add(float64(chunks)) }

// Embedded counts tokens that were billed.
func (m *Metrics) Embedded(tokens int) { m.work.tokens.WithLabelValues().Add(float64(tokens)) }

// Spent counts money, in US dollars.
func (m *Metrics) Spent(provider core.Service, usd float64) {
	m.work.spent.WithLabelValues(string(provider)).Add(usd)
}
