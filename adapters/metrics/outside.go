package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/insurance-navigator/navigator/core"
)

// Call is one call of a service outside.
type Call struct {
	Peer      core.Service
	Operation string
	Code      core.Code // of the failure; empty for none
	Took      time.Duration
	Trace     string // for the exemplar; empty for none
}

type outside struct {
	took    *prometheus.HistogramVec
	errors  *prometheus.CounterVec
	circuit *prometheus.GaugeVec
	up      *prometheus.GaugeVec
	left    *prometheus.GaugeVec
}

// The classes that an outside's failures fall into.
const (
	classKey    = "auth"
	classQuota  = "quota"
	classBusy   = "rate_limited"
	classAway   = "unavailable"
	classAnswer = "refused"
)

var peers = []core.Service{core.ServiceParser, core.ServiceEmbedder, core.ServiceStorage, core.ServiceAccounts}

func newOutside(m *Metrics) outside {
	o := outside{
		took:    m.histogram("http_client_request_duration_seconds", "Time of a call of a service outside.", callEdges, "peer", "operation", "code"),
		errors:  m.counter("external_api_errors_total", "Calls that failed, by class.", "peer", "class"),
		circuit: m.gauge("external_api_circuit_open", "1 while calls are held back, for the service was away.", "peer"),
		up:      m.gauge("dependency_up", "1 while the last real call of a service succeeded.", "dependency"),
		left:    m.gauge("external_api_rate_limit_remaining", "What is left of the service's own limit.", "peer", "resource"),
	}
	for _, peer := range peers {
		o.circuit.WithLabelValues(string(peer))
		for _, class := range []string{classKey, classQuota, classBusy, classAway, classAnswer} {
			o.errors.WithLabelValues(string(peer), class)
		}
	}
	return o
}

// Called counts a call.
func (m *Metrics) Called(c Call) {
	code := "ok"
	if c.Code != "" {
		code = string(c.Code)
	}
	if c.Code != "" && c.Code != core.CodeParseNotReady { // which is an answer
		m.outside.errors.WithLabelValues(string(c.Peer), class(c.Code)).Inc()
	}
	observe(m.outside.took.WithLabelValues(string(c.Peer), c.Operation, code), seconds(c.Took), c.Trace)
}

// class is the class of a failure, read off the one table of verdicts.
func class(code core.Code) string {
	switch code {
	case core.CodeParserKey, core.CodeEmbedderKey, core.CodeStorageDenied:
		return classKey
	case core.CodeParserCredits, core.CodeEmbedderCredits:
		return classQuota
	case core.CodeParserBusy, core.CodeEmbedderBusy, core.CodeRateLimited:
		return classBusy
	}
	switch core.Rule(core.Fail(code, nil)).Verdict {
	case core.VerdictRetry, core.VerdictSnooze, core.VerdictPause:
		return classAway
	}
	return classAnswer
}

// Circuit tells how a breaker stands.
func (m *Metrics) Circuit(peer core.Service, open bool) {
	m.outside.circuit.WithLabelValues(string(peer)).Set(number(open))
}

// Up tells what the last real call of a dependency showed.
func (m *Metrics) Up(dependency string, ok bool) {
	m.outside.up.WithLabelValues(dependency).Set(number(ok))
}

// Left tells what a service says is left of its limit of requests or tokens.
func (m *Metrics) Left(peer core.Service, resource string, left float64) {
	m.outside.left.WithLabelValues(string(peer), resource).Set(left)
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
