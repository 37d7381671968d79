package openaitest

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// The limits of the smallest paid tier, shown in the headers of a server that
// does not limit.
const (
	tier1Requests = 3_000
	tier1Tokens   = 1_000_000
)

// bucket is one limit a minute: full at the start, and refilled evenly. It is
// used under the server's lock.
type bucket struct {
	limit   float64
	enforce bool
	left    float64
	at      time.Time
}

func newBucket(perMinute, shown int, now time.Time) bucket {
	if perMinute == 0 {
		return bucket{limit: float64(shown), left: float64(shown), at: now}
	}
	return bucket{limit: float64(perMinute), left: float64(perMinute), at: now, enforce: true}
}

// spend takes n and reports whether there was enough; wait says when there
// will be. Where there is not, nothing is taken.
func (b *bucket) spend(n float64, now time.Time) (wait time.Duration, ok bool) {
	b.left = min(b.limit, b.left+now.Sub(b.at).Minutes()*b.limit)
	b.at = now
	if n > b.left && b.enforce {
		return b.refill(n - b.left), false
	}
	b.left = max(0, b.left-n)
	return 0, true
}

// refill is how long n take to come back.
func (b *bucket) refill(n float64) time.Duration {
	return time.Duration(n / b.limit * float64(time.Minute))
}

// spend charges a request against every limit and writes their state into the
// headers. A request that is refused for its tokens has counted as a request.
func (s *Server) spend(h http.Header, tokens int) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	wait, over := s.charge(float64(tokens), now)
	if s.options.NoRates {
		return over
	}
	s.requests.show(h, "Requests")
	s.tokens.show(h, "Tokens")
	if s.options.ProjectTPM > 0 {
		s.project.show(h, "Project-Tokens")
	}
	if over != nil {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	return over
}

func (s *Server) charge(tokens float64, now time.Time) (time.Duration, *refusal) {
	if wait, ok := s.requests.spend(1, now); !ok {
		return wait, limitReached("requests", "requests per min (RPM)", int(s.requests.limit))
	}
	if wait, ok := s.tokens.spend(tokens, now); !ok {
		return wait, limitReached("tokens", "tokens per min (TPM)", int(s.tokens.limit))
	}
	if wait, ok := s.project.spend(tokens, now); !ok {
		return wait, limitReached("tokens", "project tokens per min (TPM)", int(s.project.limit))
	}
	return 0, nil
}

func (b *bucket) show(h http.Header, name string) {
	h.Set("X-Ratelimit-Limit-"+name, strconv.Itoa(int(b.limit)))
	h.Set("X-Ratelimit-Remaining-"+name, strconv.Itoa(int(b.left)))
	h.Set("X-Ratelimit-Reset-"+name, b.refill(b.limit-b.left).Round(time.Millisecond).String())
}
