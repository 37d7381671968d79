package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// throttle holds the requests at a door to the table of rates. A nil throttle
// lets everything through.
type throttle struct {
	limiter ports.Limiter
	rules   map[string]Rule
	ruleOf  func(route string) string
	trust   Trust
}

func newThrottle(limiter ports.Limiter, rules []Rule, ruleOf func(string) string, trust Trust) *throttle {
	t := &throttle{limiter: limiter, rules: make(map[string]Rule, len(rules)), ruleOf: ruleOf, trust: trust}
	for _, r := range rules {
		t.rules[r.Name] = r
	}
	return t
}

// trusted is whose word about a client's address the door believes.
func (t *throttle) trusted() Trust {
	if t == nil {
		return Trust{}
	}
	return t.trust
}

// admit counts a request under its route's rule: CodeRateLimited beyond it.
func (t *throttle) admit(w http.ResponseWriter, r *http.Request, req *request) error {
	if t == nil {
		return nil
	}
	rule := t.rules[t.ruleOf(req.route)]
	return t.count(w, r, rule, countedAs(req, rule))
}

// stranger counts a request whose caller is not proven, and gives back why,
// until there were too many from the address: tokens are not guessed at speed.
func (t *throttle) stranger(w http.ResponseWriter, r *http.Request, req *request, why error) error {
	if t == nil {
		return why
	}
	if err := t.count(w, r, t.rules[rulePublic], clientKey(req.client)); err != nil {
		return err
	}
	return why
}

// account counts a request that names an account, as signing in does, under that
// account: from the caller's address, so that nobody is kept out by another's
// guesses, and from everywhere, so that guesses spread over many addresses are
// few as well. Which account is kept as a digest alone.
func (t *throttle) account(w http.ResponseWriter, r *http.Request, req *request) error {
	if t == nil || !namesAccount[req.route] {
		return nil
	}
	var named struct {
		Email string `json:"email"`
	}
	if json.Unmarshal(req.body, &named) != nil || named.Email == "" {
		return nil // which is refused behind us
	}
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(named.Email))))
	who := hex.EncodeToString(sum[:16])
	if err := t.count(w, r, t.rules[ruleAccount], who+" "+clientKey(req.client)); err != nil {
		return err
	}
	return t.count(w, r, t.rules[ruleAccountAll], who)
}

// count also tells the caller where they stand (IETF draft
// httpapi-ratelimit-headers-10).
func (t *throttle) count(w http.ResponseWriter, r *http.Request, rule Rule, key string) error {
	d := t.limiter.Allow(r.Context(), key, rule.rate())
	w.Header().Add(headerPolicy, fmt.Sprintf("%q;q=%d;w=%d", rule.Name, rule.Requests, rule.seconds()))
	w.Header().Add(headerRate, fmt.Sprintf("%q;r=%d;t=%d", rule.Name, d.Remaining, wholeSeconds(d.Reset)))
	if d.Allowed {
		return nil
	}
	return &refusal{
		err: core.Wait(core.CodeRateLimited, max(d.Retry, time.Nanosecond), nil),
		detail: fmt.Sprintf("Too many requests of this kind: %d in %d seconds are allowed per %s.",
			rule.Requests, rule.seconds(), rule.Scope.words()),
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
