package portstest

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Limiter checks a limiter against the contract of ports.Limiter. Its rates
// carry names of their own, so that a shared store may lie behind it.
func Limiter(t *testing.T, limiter ports.Limiter) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, ports.Limiter){
		"a_burst_is_let_through_to_its_last_request": limiterBurst,
		"keys_and_rates_are_counted_apart":           limiterApart,
		"what_is_refused_costs_nothing":              limiterRefused,
		"many_at_once_get_exactly_the_rate":          limiterRace,
		"the_rate_comes_back":                        limiterRefill,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, limiter)
		})
	}
}

// hourly is a rate that does not refill within a test.
func hourly(requests int) ports.Rate {
	return ports.Rate{Name: core.NewID().String(), Requests: requests, Window: 1000 * time.Hour}
}

func limiterBurst(t *testing.T, l ports.Limiter) {
	rate := hourly(5)
	for n := range 5 {
		got := l.Allow(t.Context(), "a", rate)
		if !got.Allowed || got.Remaining != 4-n || got.Retry != 0 {
			t.Errorf("request %d: %+v", n+1, got)
		}
		if least := rate.Window / 5 * time.Duration(n); got.Reset <= least || got.Reset > least+rate.Window/5+time.Second {
			t.Errorf("request %d: the whole rate is back in %s", n+1, got.Reset)
		}
	}
	got := l.Allow(t.Context(), "a", rate)
	if got.Allowed || got.Remaining != 0 || got.Retry <= 0 || got.Retry > rate.Window/5+time.Second || got.Reset <= rate.Window-time.Minute {
		t.Errorf("the sixth: %+v", got)
	}
}

func limiterApart(t *testing.T, l ports.Limiter) {
	one, other := hourly(1), hourly(1)
	for _, ask := range []struct {
		key  string
		rate ports.Rate
		want bool
	}{{"a", one, true}, {"a", one, false}, {"b", one, true}, {"a", other, true}, {"b", one, false}, {"a|b", one, true}} {
		if got := l.Allow(t.Context(), ask.key, ask.rate); got.Allowed != ask.want {
			t.Errorf("%s: %+v, want %v", ask.key, got, ask.want)
		}
	}
}

func limiterRefused(t *testing.T, l ports.Limiter) {
	rate := hourly(2)
	l.Allow(t.Context(), "a", rate)
	l.Allow(t.Context(), "a", rate)
	first := l.Allow(t.Context(), "a", rate)
	for range 50 {
		l.Allow(t.Context(), "a", rate)
	}
	if last := l.Allow(t.Context(), "a", rate); last.Retry > first.Retry || last.Reset > first.Reset {
		t.Errorf("refusals made the wait longer: %+v, then %+v", first, last)
	}
}

func limiterRace(t *testing.T, l ports.Limiter) {
	rate := hourly(40)
	var allowed atomic.Int64
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 10 {
				if l.Allow(t.Context(), "a", rate).Allowed {
					allowed.Add(1)
				}
			}
		})
	}
	group.Wait()
	if allowed.Load() != 40 {
		t.Errorf("%d of 160 were let through, want 40", allowed.Load())
	}
}

func limiterRefill(t *testing.T, l ports.Limiter) {
	rate := ports.Rate{Name: core.NewID().String(), Requests: 2, Window: 100 * time.Millisecond}
	refused := false
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		got := l.Allow(t.Context(), "key "+strconv.Itoa(2), rate)
		if refused && got.Allowed {
			return
		}
		if !got.Allowed {
			refused = true
			<-time.After(got.Retry)
		}
	}
	t.Errorf("refused %v, and never let through again", refused)
}
