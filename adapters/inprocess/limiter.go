package inprocess

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/insurance-navigator/navigator/ports"
)

// DefaultKeys is how many callers a Limiter remembers in production.
const DefaultKeys = 100_000

// Limiter holds callers to rates by the generic cell rate algorithm, with one
// moment a key: when all that was counted will have drained. It fills
// ports.Limiter. Each process counts for itself, so that n processes let up to
// n times as much through.
type Limiter struct {
	now func() time.Time // never goes back

	mu   sync.Mutex
	keys *simplelru.LRU[string, time.Duration] // drained at, since began

	began time.Time
}

// NewLimiter makes a Limiter that remembers at most that many keys, at least
// one: the key that was silent for longest is forgotten first, and begins anew.
func NewLimiter(keys int) *Limiter { return newLimiter(keys, time.Now) }

func newLimiter(keys int, now func() time.Time) *Limiter {
	table, _ := simplelru.NewLRU[string, time.Duration](max(keys, 1), nil) // fails for a size below one alone
	return &Limiter{now: now, keys: table, began: now()}
}

// Allow counts one request of key under the rate.
func (l *Limiter) Allow(_ context.Context, key string, rate ports.Rate) ports.Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	key = rate.Name + "|" + key
	now := l.now().Sub(l.began)
	drained, _ := l.keys.Get(key)
	next, decision := decide(now, drained, rate)
	if decision.Allowed {
		l.keys.Add(key, next)
	}
	return decision
}

// decide is the algorithm: each request adds a step of the window to the moment
// at which everything will have drained, and that moment may be at most a
// window ahead.
func decide(now, drained time.Duration, rate ports.Rate) (time.Duration, ports.Decision) {
	step := stepOf(rate)
	next := max(drained, now) + step
	free := now + time.Duration(rate.Requests)*step - next // room that is left behind this request
	if free < 0 {
		return drained, ports.Decision{Reset: drained - now, Retry: -free}
	}
	return next, ports.Decision{Allowed: true, Remaining: int(free / step), Reset: next - now}
}

// stepOf is the time in which one request drains, at least a nanosecond.
func stepOf(rate ports.Rate) time.Duration {
	return time.Duration(math.Ceil(float64(rate.Window) / float64(max(rate.Requests, 1))))
}

var _ ports.Limiter = (*Limiter)(nil)
