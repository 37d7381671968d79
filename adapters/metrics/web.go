package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
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
	inFlight *prometheus.GaugeVec
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
		inFlight: m.gauge("http_server_requests_in_flight", "Requests in hand, the streams among them."),
	}
	for _, reason := range refusals {
		w.refused.WithLabelValues(reason)
	}
	w.panicked.WithLabelValues()
	w.inFlight.WithLabelValues()
	for _, status := range []int{http.StatusNotFound, http.StatusInternalServerError} { // so that a share of errors is there before the first
		w.took.WithLabelValues(http.MethodGet, unmatched, strconv.Itoa(status))
	}
	return w
}

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
	http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect}

// unmatched is the route of a request that no route takes.
const unmatched = "unmatched"

// InFlight counts the requests that the handler has in hand.
func (m *Metrics) InFlight(next http.Handler) http.Handler {
	if m == nil {
		return next
	}
	return promhttp.InstrumentHandlerInFlight(m.web.inFlight.WithLabelValues(), next)
}

// Answered counts a request.
func (m *Metrics) Answered(r Request) {
	if m == nil {
		return
	}
	observe(m.web.took.WithLabelValues(known(r.Method, methods), r.Route, strconv.Itoa(r.Status)), seconds(r.Took), r.Trace)
	if reason, ok := refusals[r.Status]; ok {
		m.web.refused.WithLabelValues(reason).Inc()
	}
	if r.Panicked {
		m.web.panicked.WithLabelValues().Inc()
	}
}
