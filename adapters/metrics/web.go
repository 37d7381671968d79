package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Request is one that was answered.
type Request struct {
	Method   string
	Route    string // the template, or "unmatched"
	Status   int
	Took     time.Duration
	Panicked bool
	Trace    string // for the exemplar; empty for none
}

type web struct {
	took     *prometheus.HistogramVec
	refused  *prometheus.CounterVec
	panicked *prometheus.CounterVec
}

// refusals is the reasons that a request may be refused for, by its status.
var refusals = map[int]string{
	http.StatusUnauthorized: "auth", http.StatusForbidden: "auth",
	http.StatusRequestEntityTooLarge: "body_too_large", http.StatusTooManyRequests: "rate_limited",
	http.StatusBadRequest: "validation", http.StatusUnprocessableEntity: "validation", http.StatusUnsupportedMediaType: "validation",
	http.StatusServiceUnavailable: "unavailable", http.StatusConflict: "conflict",
}

func newWeb(m *Metrics) web {
	w := web{
		took:     m.histogram("http_server_request_duration_seconds", "Time from a request's first byte to its answer's last.", answerEdges, "method", "route", "code"),
		refused:  m.counter("http_server_requests_rejected_total", "Requests that were refused, by reason.", "reason"),
		panicked: m.counter("http_server_panics_total", "Requests that ended in a panic."),
	}
	for _, reason := range refusals {
		w.refused.WithLabelValues(reason)
	}
	w.panicked.WithLabelValues()
	return w
}

// Answered counts a request.
func (m *Metrics) Answered(r Request) {
	observe(m.web.took.WithLabelValues(r.Method, r.Route, strconv.Itoa(r.Status)), seconds(r.Took), r.Trace)
	if reason, ok := refusals[r.Status]; ok {
		m.web.refused.WithLabelValues(reason).Inc()
	}
	if r.Panicked {
		m.web.panicked.WithLabelValues().Inc()
	}
}
