package metrics

import "github.com/prometheus/client_golang/prometheus"

type safety struct{ events *prometheus.CounterVec }

func newSafety(m *Metrics) safety {
	return safety{m.counter("security_events_total", "Events that security asks about.", "event")}
}

// Watch makes the events' series, so that the first one of a kind is an increase.
func (m *Metrics) Watch(events ...string) {
	for _, event := range events {
		m.safety.events.WithLabelValues(event)
	}
}

// Security counts an event that Watch knows; another is "other".
func (m *Metrics) Security(event string) { m.safety.events.WithLabelValues(event).Inc() }
