package ports

import (
	"context"
	"time"
)

// Rate is how often something may be done: Requests at once, and from then on
// as evenly as Requests in each Window (the generic cell rate algorithm). Its
// Name parts its counts from those of every other rate.
type Rate struct {
	Name     string
	Requests int
	Window   time.Duration
}

// Decision is a Limiter's answer about one request.
type Decision struct {
	Allowed   bool
	Remaining int           // requests that would be let through right now
	Reset     time.Duration // until the whole rate is there again
	Retry     time.Duration // until the next request is let through; 0 when this one was
}

// Limiter holds callers to rates.
type Limiter interface {
	// Allow counts one request of key under the rate, unless it is beyond it:
	// what is refused costs nothing. It always answers: an adapter whose store
	// is away counts in its own process meanwhile. A key may name a person or
	// an address, so that no adapter writes one where it can be read.
	Allow(ctx context.Context, key string, rate Rate) Decision
}
