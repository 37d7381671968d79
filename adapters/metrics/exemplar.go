package metrics

import "github.com/prometheus/client_golang/prometheus"

// observe notes a value with the trace it came from, where there is one: a
// panel leads from a slow moment to what was slow.
func observe(o prometheus.Observer, value float64, trace string) {
	if e, ok := o.(prometheus.ExemplarObserver); ok && trace != "" {
		e.ObserveWithExemplar(value, prometheus.Labels{"trace_id": trace})
		return
	}
	o.Observe(value)
}
