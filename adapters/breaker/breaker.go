// Package breaker stands before the outside services: after a number of outages
// in a row it lets no call through for a while, and then one, to see. A call
// that is not let through costs the service nothing and its job no try.
package breaker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/insurance-navigator/navigator/core"
)

// Settings is how one service is judged.
type Settings struct {
	Failures int           // outages in a row after which no call is let through
	Rest     time.Duration // until one is let through, to see
}

// State is what a breaker knows of its service.
type State struct {
	Service core.Service
	Open    bool      // calls are not let through, or one at a time
	Since   time.Time // of the first outage in a row; zero where the last answer was one
	Opened  uint64    // how often it has opened in this process
	Refused uint64    // calls that were not let through
}

// Breaker is one service's. It is safe for concurrent use.
type Breaker struct {
	service core.Service
	code    core.Code
	rest    time.Duration
	circuit *gobreaker.CircuitBreaker[struct{}]

	mu      sync.Mutex
	since   time.Time // of the first outage in a row
	opened  time.Time // last
	opens   uint64
	refused uint64
}

// unavailable is what a call that is not let through is answered with.
var unavailable = map[core.Service]core.Code{
	core.ServiceParser:   core.CodeParserUnavailable,
	core.ServiceEmbedder: core.CodeEmbedderUnavailable,
	core.ServiceStorage:  core.CodeStorageUnavailable,
	core.ServiceAccounts: core.CodeAccountsUnavailable,
	core.ServiceScanner:  core.CodeScanUnavailable,
}

// New makes the breaker of a service, closed. changed, unless nil, is told when
// it opens and when it closes.
func New(service core.Service, s Settings, changed func(core.Service, bool)) *Breaker {
	b := &Breaker{service: service, code: unavailable[service], rest: s.Rest}
	b.circuit = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name: string(service), MaxRequests: 1, Timeout: s.Rest,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return int64(c.ConsecutiveFailures) >= int64(s.Failures) },
		IsSuccessful: func(err error) bool { return !outage(err) },
		IsExcluded:   unheard,
		OnStateChange: func(_ string, from, to gobreaker.State) {
			b.turned(to)
			if changed != nil && (to == gobreaker.StateClosed || from == gobreaker.StateClosed) {
				changed(service, to == gobreaker.StateOpen)
			}
		},
	})
	return b
}

func (b *Breaker) turned(to gobreaker.State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if to == gobreaker.StateOpen {
		b.opened, b.opens = time.Now(), b.opens+1
	}
}

// outage tells what speaks against a service: it was away, answered what is no
// answer, or did not within the caller's time. A refusal, and the wish that we
// come later, are answers.
func outage(err error) bool {
	if _, out := core.Outage(err); out {
		return true
	}
	var e *core.Error
	return !errors.As(err, &e) && errors.Is(err, context.DeadlineExceeded)
}

// unheard tells that nothing was heard of the service: the caller left, or the
// call was held back on its way.
func unheard(err error) bool {
	return errors.Is(err, core.ErrUnasked) || errors.Is(err, context.Canceled) && !outage(err)
}

// Do makes the call, unless the service is known to be away: then the answer is
// the service's unavailable code, Busy, with the time to come back, and
// core.ErrUnasked in its chain. An outage that opens the breaker, or is found by
// the one call let through, is Busy too: it says nothing against the document.
func (b *Breaker) Do(call func() error) error {
	var err error
	_, refused := b.circuit.Execute(func() (struct{}, error) {
		err = call()
		b.note(err)
		return struct{}{}, err
	})
	if errors.Is(refused, gobreaker.ErrOpenState) || errors.Is(refused, gobreaker.ErrTooManyRequests) {
		return b.refuse(refused)
	}
	if e := (*core.Error)(nil); errors.As(err, &e) && e.Kind == core.Transient && outage(err) && b.circuit.State() == gobreaker.StateOpen {
		waits := *e
		waits.Kind, waits.After = core.Busy, max(e.After, b.left())
		return &waits
	}
	return err
}

func (b *Breaker) refuse(cause error) error {
	b.mu.Lock()
	b.refused++
	b.mu.Unlock()
	return core.Wait(b.code, b.left(), fmt.Errorf("%w: %w", core.ErrUnasked, cause))
}

// least is the shortest time a refused caller is asked to wait.
const least = time.Second

// left is the time until the next call is let through.
func (b *Breaker) left() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(time.Until(b.opened.Add(b.rest)), min(least, b.rest))
}

// note keeps since when the service is away.
func (b *Breaker) note(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case unheard(err):
	case !outage(err):
		b.since = time.Time{}
	case b.since.IsZero():
		b.since = time.Now()
	}
}

// Away is how long nothing but outages was heard from the service; 0 while it
// answers.
func (b *Breaker) Away() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.since.IsZero() {
		return 0
	}
	return time.Since(b.since)
}

// State is what is known now.
func (b *Breaker) State() State {
	open := b.circuit.State() != gobreaker.StateClosed
	b.mu.Lock()
	defer b.mu.Unlock()
	return State{Service: b.service, Open: open, Since: b.since, Opened: b.opens, Refused: b.refused}
}

// ask is Do for a call with an answer.
func ask[T any](b *Breaker, call func() (T, error)) (answer T, err error) {
	err = b.Do(func() (err error) {
		answer, err = call()
		return err
	})
	return answer, err
}
