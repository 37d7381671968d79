package metrics

import (
	"runtime"
	"slices"
	"strings"
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
	queryEdges  = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}
)

// Family is one family, as a scraper is told of it.
type Family struct {
	Name   string
	Type   string // counter, gauge or histogram
	Help   string
	Labels []string
}

// Families lists every family that a process may have, by name, but those of
// the Go runtime and of the operating system.
func Families() []Family {
	families := New(prometheus.NewRegistry(), "").families
	slices.SortFunc(families, func(a, b Family) int { return strings.Compare(a.Name, b.Name) })
	return families
}

// Sets are the values of labels that others know: whatever is not among them is
// told as "other".
type Sets struct {
	Queues     []string
	Rounds     []string // of upkeep
	Statements []string // what the database is asked to do
}

// Metrics is every family of one process. Its methods may be called at once. A
// nil Metrics counts nothing.
type Metrics struct {
	web      web
	work     work
	queue    queue
	outside  outside
	door     callbacks
	safety   safety
	database database
	logs     logs
	states   *standing

	sets     Sets
	made     []prometheus.Collector
	families []Family
}

// New registers the families. It panics on a family registered twice, which is
// a fault of the program.
func New(registry prometheus.Registerer, build string) *Metrics {
	m := &Metrics{states: newStanding(), families: standingFamilies()}
	m.web, m.work, m.queue, m.outside, m.door = newWeb(m), newWork(m), newQueue(m), newOutside(m), newCallbacks(m)
	m.safety, m.database, m.logs = newSafety(m), newDatabase(m), newLogs(m)
	info := m.gauge("docpipe_build_info", "1, with the build's names.", "revision", "goversion")
	info.WithLabelValues(build, runtime.Version()).Set(1)
	registry.MustRegister(m.made...)
	registry.MustRegister(m.states, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Expect closes the labels whose values others know. It comes before anything
// is counted.
func (m *Metrics) Expect(sets Sets) {
	if m == nil {
		return
	}
	m.sets = sets
	m.zeroQueues()
}

func (m *Metrics) add(kind, name, help string, labels []string, made prometheus.Collector) {
	m.made = append(m.made, made)
	m.families = append(m.families, Family{Name: name, Type: kind, Help: help, Labels: labels})
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.add("counter", name, help, labels, v)
	return v
}

func (m *Metrics) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	m.add("gauge", name, help, labels, v)
	return v
}

func (m *Metrics) histogram(name, help string, edges []float64, labels ...string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: edges}, labels)
	m.add("histogram", name, help, labels, v)
	return v
}

// other is told in place of what is not of a closed set.
const other = "other"

// known keeps a label's values closed.
func known[T ~string](value T, set []T) string {
	if slices.Contains(set, value) {
		return string(value)
	}
	return other
}

// seconds never answers less than nothing: two clocks may differ.
func seconds(d time.Duration) float64 { return max(d.Seconds(), 0) }
