package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// throttle holds the requests at a door to the table of rates. A nil throttle
// lets everything through.
type throttle struct {
	limiter ports.Limiter
	rules   map[string]Rule
	hops    int // trusted proxies before us
}

func newThrottle(limiter ports.Limiter, rules []Rule, hops int) *throttle {
	t := &throttle{limiter: limiter, rules: make(map[string]Rule, len(rules)), hops: hops}
	for _, r := range rules {
		t.rules[r.Name] = r
	}
	return t
}

// trusted is how many proxies before the door are believed.
func (t *throttle) trusted() int {
	if t == nil {
		return 0
	}
	return t.hops
}

// admit counts a request under its route's rule: CodeRateLimited beyond it.
func (t *throttle) admit(w http.ResponseWriter, r *http.Request, req *request) error {
	if t == nil {
		return nil
	}
	return t.count(w, r, req, t.rules[ruleOf(req.route)])
}

// stranger counts a request whose caller is not proven, and gives back why,
// until there were too many from the address: tokens are not guessed at speed.
func (t *throttle) stranger(w http.ResponseWriter, r *http.Request, req *request, why error) error {
	if t == nil {
		return why
	}
	if err := t.count(w, r, req, t.rules[rulePublic]); err != nil {
		return err
	}
	return why
}

// count also tells the caller where they stand (IETF draft
// httpapi-ratelimit-headers-10).
func (t *throttle) count(w http.ResponseWriter, r *http.Request, req *request, rule Rule) error {
	d := t.limiter.Allow(r.Context(), countedAs(req, rule), rule.rate())
	w.Header().Set(headerPolicy, fmt.Sprintf("%q;q=%d;w=%d", rule.Name, rule.Requests, rule.seconds()))
	w.Header().Set(headerRate, fmt.Sprintf("%q;r=%d;t=%d", rule.Name, d.Remaining, wholeSeconds(d.Reset)))
	if d.Allowed {
		return nil
	}
	return &refusal{
		err: core.Wait(core.CodeRateLimited, max(d.Retry, time.Nanosecond), nil),
		detail: fmt.Sprintf("Too many requests of this kind: %d in %d seconds are allowed per %s.",
			rule.Requests, rule.seconds(), rule.Scope),
	}
}

// countedAs is whose requests the rule counts together: an address's, an API
// key's by itself, or else a user's.
func countedAs(req *request, rule Rule) string {
	switch {
	case rule.Scope == PerAddress:
		return clientKey(req.client)
	case !req.caller.Key.IsZero():
		return "key:" + req.caller.Key.String()
	}
	return req.caller.User.String()
}

const (
	headerRate   = "RateLimit"
	headerPolicy = "RateLimit-Policy"
)

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
