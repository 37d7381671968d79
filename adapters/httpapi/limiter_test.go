package httpapi

import (
	"context"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// openLimiter lets everything through.
type openLimiter struct{}

func (openLimiter) Allow(_ context.Context, _ string, rate ports.Rate) ports.Decision {
	return ports.Decision{Allowed: true, Remaining: rate.Requests}
}

// memLimiter counts and never forgets; it notes whom it was asked about.
type memLimiter struct {
	mu     sync.Mutex
	counts map[string]int
	asked  []string
	rates  map[string]ports.Rate
}

func (l *memLimiter) Allow(_ context.Context, key string, rate ports.Rate) ports.Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	key = rate.Name + " " + key
	l.asked = append(l.asked, key)
	if l.counts == nil {
		l.counts, l.rates = map[string]int{}, map[string]ports.Rate{}
	}
	l.rates[rate.Name] = rate
	if l.counts[key] >= rate.Requests {
		return ports.Decision{Reset: rate.Window, Retry: 1500 * time.Millisecond}
	}
	l.counts[key]++
	return ports.Decision{Allowed: true, Remaining: rate.Requests - l.counts[key], Reset: 500 * time.Millisecond}
}

func (l *memLimiter) keys() map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	keys := map[string]bool{}
	for _, key := range l.asked {
		keys[key] = true
	}
	return keys
}

// MayAdd counts the documents that are there.
func (l *memLibrary) MayAdd(_ context.Context, who ports.Principal, perDay int) error {
	if err := l.of("MayAdd"); err != nil {
		return err
	}
	if l.count(who.User) >= perDay {
		return core.Wait(core.CodeQuotaExceeded, 90*time.Minute, nil)
	}
	return nil
}
