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

type database struct{ took *prometheus.HistogramVec }

func newDatabase(m *Metrics) database {
	d := database{m.histogram("db_client_operation_duration_seconds",
		"Time of one round trip to the database, by what was asked: a word of SQL, call for a function of ours, queue for River's own.", queryEdges, "operation", "outcome")}
	for _, outcome := range queryOutcomes {
		d.took.WithLabelValues("select", outcome)
	}
	return d
}

// Queried times one statement: an operation of Sets.Statements, and QueryOK,
// QueryFailed or QueryCancelled.
func (m *Metrics) Queried(operation, outcome string, took time.Duration) {
	if m == nil {
		return
	}
	m.database.took.WithLabelValues(known(operation, m.sets.Statements), known(outcome, queryOutcomes)).Observe(seconds(took))
}
