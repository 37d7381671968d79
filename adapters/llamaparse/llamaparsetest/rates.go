package llamaparsetest

import (
	"net/http"
	"time"
)

// Rate is how many requests of one kind are taken within a window.
type Rate struct {
	Requests int
	Window   time.Duration
}

// The service's own rates: 50 a second each, counted over a window.
var (
	uploadRate = Rate{Requests: 250, Window: 5 * time.Second}
	parseRate  = Rate{Requests: 500, Window: 10 * time.Second}
)

// limited reports whether a request of the operation is one too many. Refused
// ones are not counted.
func (s *Server) limited(op string) bool {
	rate, ok := s.opts.Rates[op]
	if !ok {
		return false
	}
	now := s.opts.Clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	recent := s.taken[op]
	for len(recent) > 0 && !recent[0].After(now.Add(-rate.Window)) {
		recent = recent[1:]
	}
	if len(recent) >= rate.Requests {
		s.taken[op] = recent
		return true
	}
	s.taken[op] = append(recent, now)
	return false
}

// tooMany is the refusal of a rate. The service sends no Retry-After.
func tooMany() answer {
	return refuse(http.StatusTooManyRequests, "Rate limit exceeded. Please try again later.")
}
