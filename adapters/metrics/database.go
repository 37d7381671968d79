package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The outcomes of a statement.
const (
	QueryOK        = "ok"
	QueryFailed    = "error"
	QueryCancelled = "cancelled" // whoever asked gave up
)

var queryOutcomes = []string{QueryOK, QueryFailed, QueryCancelled}

// The ways of a read that may go to a replica.
var replicaReads = []string{"replica", "behind", "ahead", "unready", "failed"}

// What becomes of a question to a cache, and of word of a change.
var cacheResults = []string{"hit", "miss", "error", "moved", "unmoved"}

type database struct {
	cache *prometheus.CounterVec
	took  *prometheus.HistogramVec
	reads *prometheus.CounterVec
	ready *prometheus.GaugeVec
	lag   *prometheus.GaugeVec
}

func newDatabase(m *Metrics) database {
	d := database{took: m.histogram("db_client_operation_duration_seconds",
		"Time of one round trip to the database, by what was asked: a word of SQL, call for a function of ours, queue for River's own.", queryEdges, "operation", "outcome"),
		cache: m.counter("cache_requests_total", "Questions to a cache: answered by it (hit), by the database (miss), by that for the cache was away (error). And changes: it was told (moved), or could not be (unmoved).", "cache", "result"),
		reads: m.counter("docpipe_replica_reads_total", "Reads that may go to the replica: read there (replica), or at the primary, for the replica was behind, ahead, unready, or failed.", "result"),
		ready: m.gauge("docpipe_replica_ready", "1 while the replica is read from. Absent without one."),
		lag:   m.gauge("docpipe_replica_lag_seconds", "Time that the replica is behind; 0 where it has everything. Absent without one."),
	}
	for _, outcome := range queryOutcomes {
		d.took.WithLabelValues("select", outcome)
	}
	return d
}

// Cached counts a question for a status to the cache, or word of a move to it, by
// what became of it.
func (m *Metrics) Cached(result string) {
	if m == nil {
		return
	}
	m.database.cache.WithLabelValues("status", known(result, cacheResults)).Inc()
}

// ReplicaRead counts a read that may go to the replica, by what became of it.
func (m *Metrics) ReplicaRead(result string) {
	if m == nil {
		return
	}
	m.database.reads.WithLabelValues(known(result, replicaReads)).Inc()
}

// Replica tells how the replica stands.
func (m *Metrics) Replica(ready bool, lag time.Duration) {
	if m == nil {
		return
	}
	m.database.ready.WithLabelValues().Set(number(ready))
	m.database.lag.WithLabelValues().Set(seconds(lag))
}

// Queried times one statement: an operation of Sets.Statements, and QueryOK,
// QueryFailed or QueryCancelled.
func (m *Metrics) Queried(operation, outcome string, took time.Duration) {
	if m == nil {
		return
	}
	m.database.took.WithLabelValues(known(operation, m.sets.Statements), known(outcome, queryOutcomes)).Observe(seconds(took))
}
