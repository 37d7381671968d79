package metrics

import "github.com/prometheus/client_golang/prometheus"

type safety struct {
	events, auth *prometheus.CounterVec
	watched      []string
}

// The ways of proving who one is, and what becomes of it.
var (
	authMethods  = []string{"password", "refresh", "site", "token", "api_key"}
	authOutcomes = []string{"accepted", "refused", "unavailable"}
)

func newSafety(m *Metrics) safety {
	s := safety{
		events: m.counter("security_events_total", "Events that security asks about.", "event"),
		auth:   m.counter("auth_attempts_total", "Proofs of who somebody is: sign-ins, and the token or key of every request that needs one.", "method", "outcome"),
	}
	for _, method := range authMethods {
		for _, outcome := range authOutcomes {
			s.auth.WithLabelValues(method, outcome)
		}
	}
	return s
}

// Proved counts a proof of who somebody is.
func (m *Metrics) Proved(method, outcome string) {
	if m == nil {
		return
	}
	m.safety.auth.WithLabelValues(known(method, authMethods), known(outcome, authOutcomes)).Inc()
}

// Watch makes the events' series, so that the first one of a kind is an increase.
func (m *Metrics) Watch(events ...string) {
	if m == nil {
		return
	}
	m.safety.watched = append(m.safety.watched, events...)
	for _, event := range events {
		m.safety.events.WithLabelValues(event)
	}
}

// Security counts an event that Watch knows; another is "other".
func (m *Metrics) Security(event string) {
	if m == nil {
		return
	}
	m.safety.events.WithLabelValues(known(event, m.safety.watched)).Inc()
}
