package openai

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// patience is how long a request waits here for the service's rates. Beyond it
// the caller is told when to come back: the queue then gives its worker to
// another job meanwhile.
const patience = 2 * time.Second

// pace holds requests back that the service would refuse for its rates. It
// knows what the headers of earlier answers said, and nothing before the first:
// a service without those headers is never held back. Other processes under the
// same key are seen in the headers, too.
type pace struct {
	mu      sync.Mutex
	rates   [3]rate
	flying  [3]float64 // of requests without an answer yet
	started int        // requests so far
	newest  int        // the latest started of those whose answer was read
}

// ticket is a request's place in the pace.
type ticket struct {
	number int
	cost   [3]float64
}

// rateNames are the ends of the headers' names, in the order of pace.rates.
var rateNames = [3]string{"Requests", "Tokens", "Project-Tokens"}

// rate is one limit, refilled evenly.
type rate struct {
	limit float64 // 0: not known
	left  float64
	back  float64 // a second
	at    time.Time
}

// estimate is a request's tokens, a little too many rather than too few:
// English has 4.7 bytes a token.
func estimate(texts []string) float64 {
	size := 0
	for _, text := range texts {
		size += len(text)
	}
	return float64(size/4 + len(texts))
}

// take waits until the rates have room for a request of so many tokens and
// takes that room; learn gives account of it. CodeEmbedderBusy says that the
// wait would be long, and how long.
func (p *pace) take(ctx context.Context, tokens float64) (ticket, error) {
	for {
		t, wait := p.try(tokens)
		if wait == 0 {
			return t, nil
		}
		if wait > patience {
			return t, core.Wait(core.CodeEmbedderBusy, min(wait, maxWait), errPaced)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return t, fmt.Errorf("embed: %w", ctx.Err())
		}
	}
}

// try takes room of every rate, or of none and tells how long until there is.
func (p *pace) try(tokens float64) (t ticket, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	t.cost = costs(tokens)
	for i := range p.rates {
		wait = max(wait, p.rates[i].until(t.cost[i], now))
	}
	if wait > 0 {
		return t, wait
	}
	p.started++
	t.number = p.started
	for i := range p.rates {
		p.rates[i].left -= t.cost[i]
		p.flying[i] += t.cost[i]
	}
	return t, 0
}

func costs(tokens float64) [3]float64 { return [3]float64{1, tokens, tokens} }

// until refills the rate and is how long the need has to wait. More than the
// whole limit is let go once the limit is there: it is the service's to refuse.
func (r *rate) until(need float64, now time.Time) time.Duration {
	if r.limit == 0 {
		return 0
	}
	r.left = min(r.limit, r.left+now.Sub(r.at).Seconds()*r.back)
	r.at = now
	missing := min(need, r.limit) - r.left
	if missing < 1e-6 { // what is lost in rounding is no request
		return 0
	}
	return max(time.Duration(missing/r.back*float64(time.Second)), time.Millisecond)
}

// learn ends a request and reads its answer's headers; nil where there was no
// answer. What else is under way may not be counted by the service yet, so that
// it is taken off again; and the answer to an older request than one that was
// read before tells of an earlier time, so that it raises nothing.
func (p *pace) learn(header http.Header, t ticket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	late := t.number < p.newest
	p.newest = max(p.newest, t.number)
	for i, name := range rateNames {
		p.flying[i] -= t.cost[i]
		r, ok := readRate(header, name)
		if !ok {
			continue
		}
		r.at, r.left = now, r.left-p.flying[i]
		if late && p.rates[i].limit > 0 {
			p.rates[i].until(0, now)
			r.left = min(r.left, p.rates[i].left)
		}
		p.rates[i] = r
	}
}

// readRate reads one limit's three headers. A reset of a second or more tells
// the refill exactly, whatever the limit's window is; else it is a minute.
func readRate(header http.Header, name string) (rate, bool) {
	limit, known := amount(header, "X-Ratelimit-Limit-"+name)
	left, told := amount(header, "X-Ratelimit-Remaining-"+name)
	if !known || !told || limit == 0 {
		return rate{}, false
	}
	r := rate{limit: limit, left: min(left, limit), back: limit / time.Minute.Seconds()}
	if reset, ok := resetOf(header, name); ok && reset >= time.Second && left < limit {
		r.back = (limit - left) / min(reset, 24*time.Hour).Seconds()
	}
	return r, true
}

func amount(header http.Header, name string) (float64, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(header.Get(name)), 10, 64)
	return float64(n), err == nil && n >= 0
}
