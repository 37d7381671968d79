package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/insurance-navigator/navigator/core"
)

// Run is one run of a job.
type Run struct {
	Kind    string // the stage, or the round of upkeep
	Queue   string
	Outcome string // River's: completed, retry, snoozed, cancelled, interrupted, lost, discarded, panic
	Run     int    // 1 is the first
	Took    time.Duration
	Waited  time.Duration // from when it could be taken until it was
	Trace   string        // for the exemplar; empty for none
}

type queue struct {
	runs, waits, tries *prometheus.HistogramVec
	inserted           *prometheus.CounterVec
	fetches            *prometheus.HistogramVec
	fetched            *prometheus.CounterVec
	slots, busy        *prometheus.GaugeVec
	hung               *prometheus.CounterVec
	progress, rounds   *prometheus.GaugeVec
}

// completed is the outcome of a run that ended its job well.
const completed = "completed"

var runOutcomes = []string{completed, "retry", "snoozed", "cancelled", "interrupted", "lost", "discarded", "panic"}

func newQueue(m *Metrics) queue {
	return queue{
		runs:     m.histogram("river_job_duration_seconds", "Time of one run of a job.", workEdges, "queue", "kind", "outcome"),
		waits:    m.histogram("river_job_queue_wait_seconds", "Time from when a job could be taken until it was.", workEdges, "queue", "kind"),
		tries:    m.histogram("river_job_attempts", "Runs that a job needed until it ended.", tryEdges, "kind"),
		inserted: m.counter("river_jobs_inserted_total", "Jobs inserted, whether or not their transaction was kept.", "queue", "kind"),
		fetches:  m.histogram("river_fetch_duration_seconds", "Time of one look for jobs.", queryEdges, "queue"),
		fetched:  m.counter("river_fetched_jobs_total", "Jobs that looks found.", "queue"),
		slots:    m.gauge("river_worker_slots", "Jobs that this process may work at once.", "queue"),
		busy:     m.gauge("river_workers_busy", "Jobs that this process works now.", "queue"),
		hung:     m.counter("river_jobs_hung_total", "Jobs that did not end when their time was over.", "kind"),
		progress: m.gauge("docpipe_last_progress_timestamp_seconds", "When this worker last ended a job, or else began to work."),
		rounds:   m.gauge("docpipe_upkeep_last_success_timestamp_seconds", "When a round of upkeep last ended well in this worker.", "round"),
	}
}

// zeroQueues makes the queues' counters.
func (m *Metrics) zeroQueues() {
	for _, name := range m.sets.Queues {
		m.queue.fetched.WithLabelValues(name)
	}
	for _, kind := range m.kinds() {
		m.queue.hung.WithLabelValues(kind)
	}
}

// kinds is every kind of job: the stages, and the rounds of upkeep.
func (m *Metrics) kinds() []string {
	list := []string{}
	for _, stage := range append(core.Stages(), core.Forget, core.Purge, core.Reembed, core.Arrive) {
		list = append(list, string(stage))
	}
	return append(list, m.sets.Rounds...)
}

// Works says that this process works the queues, with so many jobs of each at
// once.
func (m *Metrics) Works(slots map[string]int) {
	if m == nil {
		return
	}
	for name, n := range slots {
		name = known(name, m.sets.Queues)
		m.queue.slots.WithLabelValues(name).Set(float64(n))
		m.queue.busy.WithLabelValues(name).Set(0)
	}
	m.queue.progress.WithLabelValues().SetToCurrentTime()
}

// Began counts a job that a worker has in hand until Worked tells its end.
func (m *Metrics) Began(queue string) {
	if m == nil {
		return
	}
	m.queue.busy.WithLabelValues(known(queue, m.sets.Queues)).Inc()
}

// Worked counts a run of a job. One that ended the job tells how many it took.
func (m *Metrics) Worked(r Run) {
	if m == nil {
		return
	}
	kind, queue := known(r.Kind, m.kinds()), known(r.Queue, m.sets.Queues)
	m.queue.busy.WithLabelValues(queue).Dec()
	m.queue.progress.WithLabelValues().SetToCurrentTime()
	observe(m.queue.runs.WithLabelValues(queue, kind, known(r.Outcome, runOutcomes)), seconds(r.Took), r.Trace)
	m.queue.waits.WithLabelValues(queue, kind).Observe(seconds(r.Waited))
	if r.Outcome == completed || r.Outcome == "cancelled" || r.Outcome == "discarded" {
		m.queue.tries.WithLabelValues(kind).Observe(float64(r.Run))
	}
	if r.Outcome == completed && slices.Contains(m.sets.Rounds, r.Kind) {
		m.queue.rounds.WithLabelValues(r.Kind).SetToCurrentTime()
	}
}

// Inserted counts a job.
func (m *Metrics) Inserted(queue, kind string) {
	if m == nil {
		return
	}
	m.queue.inserted.WithLabelValues(known(queue, m.sets.Queues), known(kind, m.kinds())).Inc()
}

// Looked times one look for jobs.
func (m *Metrics) Looked(queue string, took time.Duration) {
	if m == nil {
		return
	}
	m.queue.fetches.WithLabelValues(known(queue, m.sets.Queues)).Observe(seconds(took))
}

// Fetched counts what one look found.
func (m *Metrics) Fetched(queue string, jobs int) {
	if m == nil {
		return
	}
	m.queue.fetched.WithLabelValues(known(queue, m.sets.Queues)).Add(float64(jobs))
}

// Hung counts a job that did not end when its time was over.
func (m *Metrics) Hung(kind string) {
	if m == nil {
		return
	}
	m.queue.hung.WithLabelValues(known(kind, m.kinds())).Inc()
}
