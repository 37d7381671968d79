package metrics

import (
	"slices"
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
	Repeated  bool   // the service was at fault the last time
}

type outside struct {
	took, throttled      *prometheus.HistogramVec
	errors, retries      *prometheus.CounterVec
	circuit, up, success *prometheus.GaugeVec
	limit, left, reset   *prometheus.GaugeVec
}

// The classes that an outside's failures fall into.
const (
	classKey    = "auth"
	classQuota  = "quota"
	classBusy   = "rate_limited"
	classAway   = "unavailable"
	classAnswer = "refused"
)

// operations is what is asked of each service.
var operations = map[core.Service][]string{
	core.ServiceParser:   {"submit", "find", "fetch", "forget"},
	core.ServiceEmbedder: {"embed"},
	core.ServiceStorage:  {"put", "open", "stat", "sign_get", "sign_put", "delete"},
	core.ServiceAccounts: {"sign_up", "sign_in", "refresh", "sign_out", "account", "exchange"},
	core.ServiceScanner:  {"scan"},
}

var peers = []core.Service{core.ServiceParser, core.ServiceEmbedder, core.ServiceStorage, core.ServiceAccounts, core.ServiceScanner}

// Dependencies that are no peer of a call.
const (
	DependencyRedis = "redis"
	DependencyMail  = "mail"
)

var dependencies = []string{string(core.ServiceDatabase), DependencyRedis, string(core.ServiceStorage), string(core.ServiceAccounts),
	string(core.ServiceParser), string(core.ServiceEmbedder), string(core.ServiceScanner), DependencyMail}

// limited is what a service limits.
var limited = []string{"requests", "tokens", "project_tokens"}

func newOutside(m *Metrics) outside {
	o := outside{
		took:      m.histogram("http_client_request_duration_seconds", "Time of a call of a service outside; code is ok, or the failure's.", callEdges, "peer", "operation", "code"),
		throttled: m.histogram("external_api_throttle_wait_seconds", "Time that a paid call waited for its turn under the limits of our key.", callEdges, "peer"),
		errors:    m.counter("external_api_errors_total", "Calls that failed, by class.", "peer", "class"),
		retries:   m.counter("external_api_retries_total", "Calls made again by a job that the service had failed before.", "peer", "operation"),
		circuit:   m.gauge("external_api_circuit_open", "1 while calls are held back, for the service was away.", "peer"),
		up:        m.gauge("dependency_up", "1 while the last real call of what this process depends on succeeded; absent before the first, and for what is not configured.", "dependency"),
		success:   m.gauge("dependency_last_success_timestamp_seconds", "When a real call of it last succeeded.", "dependency"),
		limit:     m.gauge("external_api_rate_limit_limit", "The service's own limit of a minute, as it last said.", "peer", "resource"),
		left:      m.gauge("external_api_rate_limit_remaining", "What is left of it.", "peer", "resource"),
		reset:     m.gauge("external_api_rate_limit_reset_timestamp_seconds", "When it is whole again.", "peer", "resource"),
	}
	o.zero()
	return o
}

// zero makes what alerts divide by or watch for the first of.
func (o outside) zero() {
	for _, peer := range peers {
		o.circuit.WithLabelValues(string(peer))
		for _, class := range []string{classKey, classQuota, classBusy, classAway, classAnswer} {
			o.errors.WithLabelValues(string(peer), class)
		}
		for _, operation := range operations[peer] {
			o.retries.WithLabelValues(string(peer), operation)
		}
	}
	for _, peer := range paid {
		o.throttled.WithLabelValues(string(peer))
	}
}

// Called counts a call.
func (m *Metrics) Called(c Call) {
	if m == nil {
		return
	}
	peer, operation, code := known(c.Peer, peers), known(c.Operation, operations[c.Peer]), "ok"
	if c.Code != "" {
		code = codeWord(c.Code)
	}
	if c.Code != "" && c.Code != core.CodeParseNotReady { // which is an answer
		m.outside.errors.WithLabelValues(peer, class(c.Code)).Inc()
	}
	if c.Repeated {
		m.outside.retries.WithLabelValues(peer, operation).Inc()
	}
	observe(m.outside.took.WithLabelValues(peer, operation, code), seconds(c.Took), c.Trace)
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

// Throttled times the wait of a call for its turn.
func (m *Metrics) Throttled(peer core.Service, wait time.Duration) {
	if m == nil {
		return
	}
	m.outside.throttled.WithLabelValues(known(peer, peers)).Observe(seconds(wait))
}

// Circuit tells how a breaker stands.
func (m *Metrics) Circuit(peer core.Service, open bool) {
	if m == nil {
		return
	}
	m.outside.circuit.WithLabelValues(known(peer, peers)).Set(number(open))
}

// Up tells what the last real call of a dependency showed: a core.Service,
// DependencyRedis or DependencyMail; of others nothing is told.
func (m *Metrics) Up(dependency string, ok bool) {
	if m == nil {
		return
	}
	if !slices.Contains(dependencies, dependency) {
		return
	}
	m.outside.up.WithLabelValues(dependency).Set(number(ok))
	if ok {
		m.outside.success.WithLabelValues(dependency).SetToCurrentTime()
	}
}

// Left tells what a service says of its limit of requests or tokens: how much
// it is, what is left, and when it is whole again; a zero time is not told.
func (m *Metrics) Left(peer core.Service, resource string, limit, left float64, reset time.Time) {
	if m == nil {
		return
	}
	labels := []string{known(peer, peers), known(resource, limited)}
	m.outside.limit.WithLabelValues(labels...).Set(limit)
	m.outside.left.WithLabelValues(labels...).Set(left)
	if !reset.IsZero() {
		m.outside.reset.WithLabelValues(labels...).Set(float64(reset.UnixMilli()) / 1000)
	}
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
