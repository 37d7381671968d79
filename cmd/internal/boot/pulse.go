package boot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// pulse knows when each loop of the process last went round. A process is
// alive as long as all of them do: that it answers proves nothing.
type pulse struct {
	mu    sync.Mutex
	loops map[string]*round
}

type round struct {
	last  time.Time
	bound time.Duration // after which the loop is frozen
}

func newPulse() *pulse { return &pulse{loops: map[string]*round{}} }

// watch begins to expect the loop to go round within bound.
func (p *pulse) watch(name string, bound time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loops[name] = &round{time.Now(), bound}
}

// rest stops expecting it: the process is stopping.
func (p *pulse) rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loops = map[string]*round{}
}

// beat is said by a loop each time it goes round.
func (p *pulse) beat(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if loop := p.loops[name]; loop != nil {
		loop.last = time.Now()
	}
}

// check names a frozen loop; it is what /livez asks.
func (p *pulse) check() error {
	var frozen []string
	for _, loop := range p.loopStates() {
		if loop.Frozen {
			still := time.Duration(loop.AgeSeconds * float64(time.Second))
			frozen = append(frozen, fmt.Sprintf("%s for %s", loop.Name, still.Round(time.Second)))
		}
	}
	if len(frozen) == 0 {
		return nil
	}
	return fmt.Errorf("no progress: %v", frozen)
}

// loopStates lists the loops by name.
func (p *pulse) loopStates() []loopHealth {
	p.mu.Lock()
	defer p.mu.Unlock()
	states := []loopHealth{}
	for name, loop := range p.loops {
		still := time.Since(loop.last)
		states = append(states, loopHealth{Name: name, AgeSeconds: still.Seconds(), BoundSeconds: loop.bound.Seconds(), Frozen: still > loop.bound})
	}
	slices.SortFunc(states, func(a, b loopHealth) int { return strings.Compare(a.Name, b.Name) })
	return states
}

// loop does work every so often until ctx ends. A round may take as long as
// half of what freezes the loop; its failure is the work's to tell, and is
// progress all the same: a database that is away is no reason to start anew.
func (p *pulse) loop(ctx context.Context, name string, every, bound time.Duration, work func(context.Context)) {
	p.watch(name, bound)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		within(ctx, bound/2, work)
		p.beat(name)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func within(ctx context.Context, most time.Duration, work func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	work(ctx)
}
