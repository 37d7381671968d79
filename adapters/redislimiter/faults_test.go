package redislimiter

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/redislimiter/redistest"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// limits is how many requests of a key are let through of that many.
func limits(t *testing.T, l *Limiter, key string, rate ports.Rate, tries int) (allowed int) {
	t.Helper()
	for range tries {
		if l.Allow(t.Context(), key, rate).Allowed {
			allowed++
		}
	}
	return allowed
}

// slackOfOne is the room that the process's own counts leave, while Redis
// answers, for what it let through a moment earlier: one request of a rate whose
// steps are long.
const slackOfOne = 1

// watched tells what the limiter tells: results of calls, and turns.
type watched struct {
	results chan error
	turns   chan bool
}

func watch(c *Config) watched {
	w := watched{make(chan error, 10_000), make(chan bool, 100)}
	c.Noted, c.Turned = func(err error) { w.results <- err }, func(away bool) { w.turns <- away }
	return w
}

// turned waits until Redis counts as away, or as back.
func (w watched) turned(t *testing.T, want bool) {
	t.Helper()
	select {
	case got := <-w.turns:
		if got != want {
			t.Fatalf("away is %v, want %v", got, want)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("it was never told that away is %v", want)
	}
}

// back asks until Redis is asked again and answers.
func (w watched) back(t *testing.T, l *Limiter) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		l.Allow(t.Context(), "anybody", hourly(1))
		select {
		case away := <-w.turns:
			if !away {
				return
			}
		case <-time.After(10 * time.Millisecond): // the circuit's rest goes by the clock
		}
	}
	t.Fatal("Redis was never asked again")
}

// S24: whatever becomes of Redis in the middle of a rate, no more is let through
// than the rate, and nobody waits for it but the few who find out.
func TestS24_LimitsHoldWhateverBecomesOfRedis(t *testing.T) {
	t.Parallel()
	type fault struct{ befall, revive func(*redistest.Server) }
	for name, what := range map[string]fault{
		"killed": {(*redistest.Server).Stop, (*redistest.Server).Start},
		"frozen": {(*redistest.Server).Freeze, (*redistest.Server).Thaw},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.New(t)
			config := patient(server, &counted{})
			config.Wait, config.Rest = time.Second, 50*time.Millisecond
			told := watch(&config)
			l := opened(t, config)
			rate := hourly(30)
			if n := limits(t, l, "ada", rate, 10); n != 10 {
				t.Fatalf("%d of the first 10", n)
			}
			what.befall(server)
			if n := limits(t, l, "ada", rate, 100); n != 20 {
				t.Errorf("%d more were let through without Redis, want the 20 that were left", n)
			}
			told.turned(t, true)
			if err := lastOf(told.results); !core.HasCode(err, core.CodeRatesUnshared) {
				t.Errorf("the last call is told as %v", err)
			}
			what.revive(server)
			told.back(t, l)
			if n := limits(t, l, "ada", rate, 50); n > slackOfOne {
				t.Errorf("with Redis back %d more were let through", n)
			}
		})
	}
}

// lastOf is the newest result that was told.
func lastOf(results <-chan error) (last error) {
	for {
		select {
		case last = <-results:
		default:
			return last
		}
	}
}

// While Redis is known to be away it is asked by one request a rest, and by no
// other.
func TestS24_RequestsDoNotWaitOneByOne(t *testing.T) {
	t.Parallel()
	server := redistest.New(t)
	config := patient(server, &noLocal{})
	config.Wait, config.Rest = 20*time.Millisecond, time.Hour
	told := watch(&config)
	l := opened(t, config)
	server.Freeze()
	limits(t, l, "ada", hourly(1), 1000)
	server.Thaw()
	told.turned(t, true)
	if asked := len(told.results); asked != DefaultFailures {
		t.Errorf("%d of 1000 asked, want %d", asked, DefaultFailures)
	}
}

// Redis that forgets all does not let a caller begin anew.
func TestS24_AFlushGivesNothing(t *testing.T) {
	t.Parallel()
	server := redistest.New(t)
	l := opened(t, patient(server, &counted{}))
	rate := hourly(10)
	limits(t, l, "ada", rate, 10)
	if err := direct(t, server).FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if n := limits(t, l, "ada", rate, 50); n > slackOfOne {
		t.Errorf("%d more after a flush", n)
	}
	server.Stop()
	server.Start()
	if n := limits(t, l, "ada", rate, 50); n > slackOfOne {
		t.Errorf("%d more after a restart", n)
	}
}

// What another hand wrote under a key is overwritten: it neither opens the door
// for ever nor closes it.
func TestS24_AWrongValueHeals(t *testing.T) {
	t.Parallel()
	server := redistest.New(t)
	l := opened(t, patient(server, &noLocal{}))
	client := direct(t, server)
	rate := hourly(3)
	key := func(n int) string { return l.name(rate.Name, strconv.Itoa(n)) }
	values := []string{"", "abc", "nan", "-inf", "-1", "0x10", "1e3", "\x00\xff"}
	for n, value := range values {
		if err := client.Set(t.Context(), key(n), value, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	n := len(values)
	if err := errors.Join(client.LPush(t.Context(), key(n), "a").Err(), client.HSet(t.Context(), key(n+1), "a", "b").Err()); err != nil {
		t.Fatal(err)
	}
	for i := range n + 2 {
		if got := limits(t, l, strconv.Itoa(i), rate, 10); got != 3 {
			t.Errorf("value %d: %d of 10, want 3", i, got)
		}
		if left, err := client.TTL(t.Context(), key(i)).Result(); err != nil || left <= 0 {
			t.Errorf("value %d stays for %s (%v)", i, left, err)
		}
	}
	// One far ahead closes the door for a window, and not longer.
	short := ports.Rate{Name: "short", Requests: 2, Window: 200 * time.Millisecond}
	for _, value := range []string{"inf", "1e300", "9007199254740991"} {
		if err := client.Set(t.Context(), l.name("short", value), value, 0).Err(); err != nil {
			t.Fatal(err)
		}
		first := l.Allow(t.Context(), value, short)
		if first.Allowed || first.Retry > short.Window || first.Reset > short.Window {
			t.Errorf("%s: %+v", value, first)
		}
		<-time.After(first.Retry) // a rate goes by the clock
		if !l.Allow(t.Context(), value, short).Allowed {
			t.Errorf("%s: still closed", value)
		}
	}
}
