package faulttest

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// storm lets the plan's mishaps befall calls and callbacks.
type storm struct {
	plan plan

	mu     sync.Mutex
	over   bool
	counts map[string]int
	met    map[mishap]int
}

// begin lets the plan's mishaps befall from here on.
func (s *storm) begin(p plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan, s.over, s.counts, s.met = p, false, map[string]int{}, map[mishap]int{}
}

// blows reports whether it has begun and not ended.
func (s *storm) blows() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.over
}

// next draws for the next of a kind.
func (s *storm) next(kind string, draw func(n int) mishap) mishap {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return none
	}
	s.counts[kind]++
	m := draw(s.counts[kind])
	if m != none {
		s.met[m]++
	}
	return m
}

// end lets nothing befall any more, and tells what did, and of how many calls.
func (s *storm) end() (met map[mishap]int, calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, n := range s.counts {
		calls += n
	}
	return maps.Clone(s.met), calls
}

// silence is how long a service that does not answer holds a call: longer than
// any stage may take.
const silence = 10 * time.Second

// call serves one call as the plan has it.
func (s *storm) call(fake string, h http.Handler, rw http.ResponseWriter, r *http.Request) {
	switch s.next(fake, func(n int) mishap { return s.plan.call(fake, n) }) {
	case busy:
		rw.Header().Set("Retry-After", "1")
		refuse(rw, http.StatusTooManyRequests)
	case broken:
		refuse(rw, http.StatusServiceUnavailable)
	case silent:
		select {
		case <-r.Context().Done():
		case <-time.After(silence):
		}
		panic(http.ErrAbortHandler)
	case answerLost:
		h.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case garbage:
		h.ServeHTTP(httptest.NewRecorder(), r)
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write([]byte(`{"id": [}`))
	default:
		h.ServeHTTP(rw, r)
	}
}

func refuse(rw http.ResponseWriter, status int) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_, _ = rw.Write([]byte(`{"message": "try again later"}`))
}

// callback carries one callback as the plan has it: to the webhook, or not, or
// twice, or late. What is lost was taken by the network.
func (s *storm) callback(forward func() int) int {
	switch s.next("callback", s.plan.callback) {
	case lost:
		return http.StatusOK
	case doubled:
		forward()
	case delayed:
		time.Sleep(3 * time.Second) // the delay itself is the fault
	}
	return forward()
}
