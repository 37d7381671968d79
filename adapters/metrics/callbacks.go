package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/insurance-navigator/navigator/ports"
)

// What becomes of a callback beside ports.Outcome.
const (
	Forged    = "bad_signature"
	Malformed = "malformed"
	Erred     = "error"
)

var outcomes = []string{string(ports.Accepted), string(ports.Duplicate), string(ports.Ignored), string(ports.Unknown), Forged, Malformed, Erred}

type callbacks struct {
	received, reconciled *prometheus.CounterVec
	latency, lag         *prometheus.HistogramVec
}

func newCallbacks(m *Metrics) callbacks {
	c := callbacks{
		received:   m.counter("webhook_received_total", "Callbacks, by what became of them.", "outcome"),
		reconciled: m.counter("webhook_callbacks_reconciled_total", "Results that were found by asking: their callback had not come."),
		latency:    m.histogram("webhook_callback_latency_seconds", "Time from a document's submission to the first callback that ends its wait: the parser's own.", workEdges),
		lag:        m.histogram("webhook_lag_seconds", "Time from when a callback was stored until the job that it started began.", workEdges),
	}
	c.reconciled.WithLabelValues()
	c.latency.WithLabelValues()
	c.lag.WithLabelValues()
	for _, outcome := range outcomes {
		c.received.WithLabelValues(outcome)
	}
	return c
}

// Received counts a callback: a ports.Outcome, Forged, Malformed or Erred.
func (m *Metrics) Received(outcome string) {
	if m == nil {
		return
	}
	m.door.received.WithLabelValues(known(outcome, outcomes)).Inc()
}

// CalledBack times the first callback of a submission.
func (m *Metrics) CalledBack(after time.Duration) {
	if m == nil {
		return
	}
	m.door.latency.WithLabelValues().Observe(seconds(after))
}

// Lagged times the start of the job that a callback started.
func (m *Metrics) Lagged(lag time.Duration) {
	if m == nil {
		return
	}
	m.door.lag.WithLabelValues().Observe(seconds(lag))
}

// Reconciled counts a result whose callback had not come.
func (m *Metrics) Reconciled() {
	if m == nil {
		return
	}
	m.door.reconciled.WithLabelValues().Inc()
}
