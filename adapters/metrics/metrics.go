package metrics

import (
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// The edges of histograms, in seconds; sizes in bytes.
var (
	answerEdges = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}
	callEdges   = []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}
	workEdges   = []float64{.01, .05, .1, .5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600}
	sizeEdges   = []float64{64 << 10, 256 << 10, 1 << 20, 4 << 20, 10 << 20, 25 << 20, 50 << 20}
	tryEdges    = []float64{1, 2, 3, 5, 8, 13, 25}
)

// Metrics is every family of one process. Its methods may be called at once.
type Metrics struct {
	web     web
	work    work
	outside outside
	door    callbacks
	safety  safety
	logs    logs
	states  *standing
	made    []prometheus.Collector
}

// New registers the families. It panics on a family registered twice, which is
// a fault of the program.
func New(registry prometheus.Registerer, build string) *Metrics {
	m := &Metrics{states: newStanding()}
	m.web, m.work, m.outside, m.door, m.safety = newWeb(m), newWork(m), newOutside(m), newCallbacks(m), newSafety(m)
	m.logs = newLogs(m)
	info := m.gauge("docpipe_build_info", "1, with the build's names.", "revision", "goversion")
	info.WithLabelValues(build, runtime.Version()).Set(1)
	registry.MustRegister(m.made...)
	registry.MustRegister(m.states, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.made = append(m.made, v)
	return v
}

func (m *Metrics) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	m.made = append(m.made, v)
	return v
}

func (m *Metrics) histogram(name, help string, edges []float64, labels ...string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: edges}, labels)
	m.made = append(m.made, v)
	return v
}

// known keeps a label's values closed: what is not of the set is "other".
func known(value string, set []string) string {
	if slices.Contains(set, value) {
		return value
	}
	return "other"
}

// seconds never answers less than nothing: two clocks may differ.
func seconds(d time.Duration) float64 { return max(d.Seconds(), 0) }
