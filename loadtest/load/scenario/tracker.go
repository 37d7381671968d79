package scenario

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// A document is asked for again half a second later, and the longer it is open
// the later: after a twentieth of its age, at most after two seconds. Times from
// upload to completion are too long by at most as much. Who asked for each of
// 5,000 open documents twice a second took an eighth of two cores from them.
const (
	pollEvery  = 500 * time.Millisecond
	pollMost   = 2 * time.Second
	pollOfAges = 20
)

// pause is between two looks at a document that is open for so long.
func pause(age time.Duration) time.Duration { return min(max(age/pollOfAges, pollEvery), pollMost) }

// tracker follows the documents that were accepted in a phase to their end.
type tracker struct {
	mu       sync.Mutex
	open     map[*person][]follow // the oldest first
	accepted int
	failures int
	ended    []time.Time // of completions, in the order in which they were seen
	complete *result.Recorder
	phase    time.Time // its beginning
}

// follow is one open document.
type follow struct {
	id   string
	due  time.Time // of its upload
	next time.Time // when it is asked for
}

func newTracker() *tracker {
	return &tracker{open: map[*person][]follow{}, complete: result.NewRecorder(), phase: time.Now()}
}

func (t *tracker) accept(p *person, id string, due time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.accepted++
	t.open[p] = append(t.open[p], follow{id: id, due: due})
}

// takeOver goes on with the documents that another left open; nil left none.
func (t *tracker) takeOver(from *tracker) {
	if from != nil {
		t.open = from.open
	}
}

// left is how many documents are open.
func (t *tracker) left() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, all := range t.open {
		n += len(all)
	}
	return n
}

// count is how many documents have ended.
func (t *tracker) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.ended) + t.failures
}

// watch looks at every person's open documents in turn until ctx ends.
func (t *tracker) watch(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		var looks sync.WaitGroup
		for p, ids := range t.due(time.Now()) {
			looks.Go(func() {
				// Who is refused now, or not answered, is asked again when they are due.
				if all, err := p.standings(ctx, ids); err == nil {
					t.see(p, all, time.Now())
				}
			})
		}
		looks.Wait()
	}
}

// due are the documents to be asked for now, by person, of the mostAsked oldest
// of each: the younger ones come to their end later. One that is due takes those
// with it that are half way, so that they come to be asked for in one request.
func (t *tracker) due(now time.Time) map[*person][]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[*person][]string{}
	for p, open := range t.open {
		open = open[:min(len(open), mostAsked)]
		if !slices.ContainsFunc(open, func(f follow) bool { return !f.next.After(now) }) {
			continue
		}
		for i := range open {
			every := pause(now.Sub(open[i].due))
			if open[i].next.Sub(now) <= every/2 {
				all[p], open[i].next = append(all[p], open[i].id), now.Add(every)
			}
		}
	}
	return all
}

// see takes away what has ended.
func (t *tracker) see(p *person, all []standing, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ends := map[string]string{}
	for _, s := range all {
		if s.Status == "complete" || s.Status == "cancelled" || strings.HasPrefix(s.Status, "failed") {
			ends[s.ID] = s.Status
		}
	}
	t.open[p] = slices.DeleteFunc(t.open[p], func(f follow) bool {
		status, ended := ends[f.id]
		switch {
		case !ended:
			return false
		case status == "complete":
			t.complete.Note(result.Done, status, now.Sub(f.due))
			t.ended = append(t.ended, now)
		default:
			t.complete.Note(result.Failed, status, now.Sub(f.due))
			t.failures++
		}
		return true
	})
	if len(t.open[p]) == 0 {
		delete(t.open, p)
	}
}

// between counts completions seen in a span, and gives the last one's time.
func (t *tracker) between(from, to time.Time) (n int, last time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, at := range t.ended {
		if !at.Before(from) && !at.After(to) {
			n, last = n+1, at
		}
	}
	return n, last
}
