package scenario

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// watcher takes a place's figures again and again.
type watcher struct {
	door  *Door
	every time.Duration
	begun time.Time

	mu     sync.Mutex
	series map[string]*result.Series
}

// watched are the ends of the names of figures that are worth a curve.
var watched = []string{".rss_mib", ".peak_mib", ".goroutines", ".descriptors", ".connections", "queue.unfinished", "documents.open", "documents.complete"}

func newWatcher(door *Door, every time.Duration) *watcher {
	if every == 0 {
		every = time.Second
	}
	return &watcher{door: door, every: every, begun: time.Now(), series: map[string]*result.Series{}}
}

// watch looks until ctx ends. A look that fails leaves a gap: the place may be
// restarting a part.
func (w *watcher) watch(ctx context.Context) {
	if w.door == nil {
		return
	}
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		if figures, err := w.door.figures(ctx); err == nil {
			w.take(figures, time.Since(w.begun))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (w *watcher) take(figures map[string]float64, at time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, value := range figures {
		for _, end := range watched {
			if !strings.HasSuffix(name, end) {
				continue
			}
			s := w.series[name]
			if s == nil {
				s = &result.Series{Name: name}
				w.series[name] = s
			}
			s.Points = append(s.Points, [2]float64{at.Seconds(), value})
		}
	}
}

// services are those of a place.
var services = []string{"api", "webhook", "worker"}

// figures adds what follows from the curves: each one's .slope_per_minute,
// .swing and .most once warm, each service's .highest_mib, and what it grew by
// since it was idle; and how many services are alive in the last look.
func (w *watcher) figures(into, idle map[string]float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, s := range w.series {
		if slope, ok := s.Slope(); ok {
			least, most := s.Range()
			into[name+".slope_per_minute"], into[name+".swing"], into[name+".most"] = slope, most-least, most
		}
	}
	alive := 0.0
	for _, service := range services {
		if _, ok := into[service+".rss_mib"]; ok {
			alive++
		}
		highest := into[service+".peak_mib"]
		if s := w.series[service+".peak_mib"]; s != nil { // of one that was killed meanwhile, too
			for _, p := range s.Points {
				highest = max(highest, p[1])
			}
		}
		into[service+".highest_mib"] = highest
		into[service+".growth_mib"] = w.growth(service, highest, idle)
	}
	into["services.alive"] = alive
}

// growth is the most memory beyond what the idle service held. A peak from
// before that, at its start, is not the load's.
func (w *watcher) growth(service string, highest float64, idle map[string]float64) float64 {
	if highest > idle[service+".peak_mib"] {
		return highest - idle[service+".rss_mib"]
	}
	grown := 0.0
	if s := w.series[service+".rss_mib"]; s != nil {
		for _, p := range s.Points {
			grown = max(grown, p[1]-idle[service+".rss_mib"])
		}
	}
	return grown
}

// drawn are the curves that a result keeps.
var drawn = []string{".rss_mib", ".goroutines", "queue.unfinished", "documents.open", "documents.complete"}

// kept are the curves for the result, in the order of their names.
func (w *watcher) kept() (all []result.Series) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, end := range drawn {
		for _, name := range sorted(w.series) {
			if strings.HasSuffix(name, end) {
				all = append(all, w.series[name].Thin())
			}
		}
	}
	return all
}
