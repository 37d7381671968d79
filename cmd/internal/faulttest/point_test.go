package faulttest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/pgproxy"
)

// point is one side of one commit or call on a document's way.
type point struct {
	service string
	phase   pgproxy.Phase
	what    string // of a commit: the tables; of a call: service, method and path
	nth     int    // of its kind, from 1
}

func (p point) String() string {
	return fmt.Sprintf("%s %s %s #%d", p.service, p.phase, p.what, p.nth)
}

// watch counts the points that are reached, and fires at one.
type watch struct {
	mu     sync.Mutex
	on     bool
	counts map[point]int
	list   []point

	target *point
	every  int                  // loses the answer of one in so many that were done; 0: of none
	dice   *rand.Rand           // a count in place of them would hit the same step of each repetition
	fire   func(service string) // kills the service, and returns when it is dead
	fired  time.Time
}

func newWatch() *watch { return &watch{counts: map[point]int{}} }

// begin counts from here on.
func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on = true
}

// end counts no more, and gives what was reached.
func (w *watch) end() []point {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on = false
	return slices.Clone(w.list)
}

// reached notes that a service is at a point. False says that it was killed
// there.
func (w *watch) reached(service string, phase pgproxy.Phase, what string) bool {
	w.mu.Lock()
	if !w.on {
		w.mu.Unlock()
		return true
	}
	at := point{service: service, phase: phase, what: what}
	w.counts[at]++
	at.nth = w.counts[at]
	w.list = append(w.list, at)
	if phase == pgproxy.After {
		if w.every > 0 && w.dice.IntN(w.every) == 0 {
			w.mu.Unlock()
			return false
		}
	}
	hit := w.target != nil && *w.target == at && w.fired.IsZero()
	if hit {
		w.fired = time.Now()
	}
	w.mu.Unlock()
	if hit {
		w.fire(service)
	}
	return !hit
}

// lose loses the answer of one in so many commits and calls from here on.
func (w *watch) lose(every int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on, w.every, w.dice = every > 0, every, rand.New(rand.NewPCG(*seedFlag, 2)) //nolint:gosec // draws faults
}

// firedAt is when the target was hit; zero when it never was.
func (w *watch) firedAt() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fired
}
