package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/insurance-navigator/navigator/ports"
)

// What becomes of a callback beside ports.Outcome.
const (
	Forged    = "bad_signature"
	Malformed = "malformed"
	Erred     = "error"
)

type callbacks struct{ received *prometheus.CounterVec }

func newCallbacks(m *Metrics) callbacks {
	c := callbacks{m.counter("webhook_received_total", "Callbacks, by what became of them.", "outcome")}
	for _, outcome := range []string{string(ports.Accepted), string(ports.Duplicate), string(ports.Ignored), string(ports.Unknown), Forged, Malformed, Erred} {
		c.received.WithLabelValues(outcome)
	}
	return c
}

// Received counts a callback: a ports.Outcome, Forged, Malformed or Erred.
func (m *Metrics) Received(outcome string) { m.door.received.WithLabelValues(outcome).Inc() }
