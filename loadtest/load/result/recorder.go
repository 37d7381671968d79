package result

import (
	"maps"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Kind is what became of one piece of work.
type Kind int

// The kinds. Refused is an answer that says when to come back.
const (
	Done Kind = iota
	Refused
	Failed
)

// The histogram's bounds: what takes longer counts as the longest.
const (
	shortest = time.Microsecond
	longest  = time.Hour
	digits   = 3
)

// Recorder collects what became of a load; many may use it at once.
type Recorder struct {
	mu    sync.Mutex
	times *hdrhistogram.Histogram // in microseconds
	kinds [Failed + 1]int
	codes map[string]int
}

// NewRecorder makes one that has seen nothing.
func NewRecorder() *Recorder {
	return &Recorder{times: hdrhistogram.New(shortest.Microseconds(), longest.Microseconds(), digits), codes: map[string]int{}}
}

// Note takes one piece: its time counts where it was done, its code in any case.
func (r *Recorder) Note(kind Kind, code string, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kinds[kind]++
	r.codes[code]++
	if kind == Done {
		_ = r.times.RecordValue(min(max(took, shortest), longest).Microseconds()) // it is within the bounds
	}
}

// Count is how many pieces were of a kind so far.
func (r *Recorder) Count(kind Kind) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kinds[kind]
}

// Load fills in what became of a load.
func (r *Recorder) Load(l Load) Load {
	r.mu.Lock()
	defer r.mu.Unlock()
	l.Done, l.Refused, l.Failed, l.Codes = r.kinds[Done], r.kinds[Refused], r.kinds[Failed], maps.Clone(r.codes)
	if r.times.TotalCount() == 0 {
		return l
	}
	at := func(q float64) float64 { return float64(r.times.ValueAtQuantile(q)) / 1000 }
	l.Times = Times{P50: at(50), P95: at(95), P99: at(99), Max: at(100), Mean: r.times.Mean() / 1000}
	for _, q := range Quantiles {
		l.Times.All = append(l.Times.All, at(q))
	}
	return l
}

// Figures are the load's, under its name: .begun, .late, .done, .refused,
// .failed, .failed_share and, where anything was done, .p50_ms to .max_ms.
func (l Load) Figures(into map[string]float64) {
	at := func(name string, v float64) { into[l.Name+"."+name] = v }
	at("begun", float64(l.Begun))
	at("late", float64(l.Late))
	at("done", float64(l.Done))
	at("refused", float64(l.Refused))
	at("failed", float64(l.Failed))
	at("failed_share", float64(l.Failed)/float64(max(l.Begun, 1)))
	if l.Done > 0 {
		at("p50_ms", l.Times.P50)
		at("p95_ms", l.Times.P95)
		at("p99_ms", l.Times.P99)
		at("max_ms", l.Times.Max)
	}
}
