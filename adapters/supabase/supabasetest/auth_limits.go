package supabasetest

import (
	"net"
	"net/http"
	"strings"
	"time"
)

// Requests a second that refill an address's burst.
const (
	tokenRate = 150.0 / 300 // every grant together
	otherRate = 30.0 / 300  // sign-up, recovery, mails, links and changes, each
)

// limited counts requests by the address they come from, or by the one that a
// holder of the secret key says they are for.
func (s *Server) limited(route string, perSecond float64, run func(*call)) func(*call) {
	return func(c *call) {
		address, _, _ := net.SplitHostPort(c.r.RemoteAddr)
		if told := c.r.Header.Get("Sb-Forwarded-For"); told != "" && strings.HasPrefix(c.r.Header.Get("Apikey"), "sb_secret_") {
			address = told
		}
		if !s.auth.allow(route+" "+address, perSecond, s.opts.Now()) {
			c.refuse(http.StatusTooManyRequests, "over_request_rate_limit", "Request rate limit reached")
			return
		}
		run(c)
	}
}

// allowance is one address's token bucket.
type allowance struct {
	left float64
	at   time.Time
}

// allow takes one request from an address's burst, refilled at perSecond.
func (a *auth) allow(key string, perSecond float64, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok := a.limits[key]
	if !ok {
		l = &allowance{left: float64(a.opts.Burst), at: now}
		a.limits[key] = l
	}
	l.left = min(float64(a.opts.Burst), l.left+now.Sub(l.at).Seconds()*perSecond)
	l.at = now
	if l.left < 1 {
		return false
	}
	l.left--
	return true
}
