package httpapi

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// signIn is one try, as a proxy forwards it.
func (b *bench) signIn(from, email, password string) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+"/auth/login",
		strings.NewReader(fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", jsonType)
	req.Header.Set("X-Forwarded-For", from)
	return b.send(req)
}

// S21: guesses at one account are few from one address, whatever the client
// says of itself and however the account is spelled; its owner signs in from
// elsewhere meanwhile; and from everywhere together they are few as well.
func TestS21_GuessesAtOneAccountAreFew(t *testing.T) {
	t.Parallel()
	limiter := &memLimiter{}
	b := newBench(t, withRate(limiter, ruleAuth, 1_000_000, time.Minute), func(d *APIDeps) { d.Trust = Trust{Hops: 1} })
	spelled := []string{"ada@example.org", "ADA@example.org", " ada@EXAMPLE.org "}
	for n := range 50 {
		got := b.signIn(fmt.Sprintf("203.0.113.%d, 198.51.100.7", n), spelled[n%3], "wrong")
		switch {
		case n < 10 && got.status == http.StatusTooManyRequests, n >= 10 && got.status != http.StatusTooManyRequests:
			t.Fatalf("try %d: %d", n+1, got.status)
		}
	}
	got := b.signIn("198.51.100.7", "ada@example.org", adaPassword)
	got.problem(t, http.StatusTooManyRequests, "rate_limited")
	if policies := got.header.Values(headerPolicy); len(policies) != 2 || policies[1] != `"account";q=10;w=600` || got.header.Get("Retry-After") == "" {
		t.Errorf("policies %q, Retry-After %q", policies, got.header.Get("Retry-After"))
	}
	if strings.Contains(string(got.body), "example.org") {
		t.Errorf("the answer repeats the account: %s", got.body)
	}
	if got := b.signIn("192.0.2.1", "ada@example.org", adaPassword); got.status != http.StatusOK {
		t.Errorf("the owner, from elsewhere: %d", got.status)
	}
	if got := b.signIn("198.51.100.7", "bob@example.org", "wrong"); got.status != http.StatusUnauthorized {
		t.Errorf("another account: %d", got.status)
	}
	refused := 0
	for n := range 150 {
		if b.signIn(fmt.Sprintf("10.1.%d.1", n), "ada@example.org", "wrong").status == http.StatusTooManyRequests {
			refused++
		}
	}
	if passed := 150 - refused; passed > 100-11 {
		t.Errorf("%d more guesses passed from as many addresses", passed)
	}
	for key := range limiter.keys() {
		if strings.Contains(key, "@") || strings.Contains(strings.ToLower(key), "example") {
			t.Errorf("a key names the account: %s", key)
		}
	}
}

// The webhook has a rate of its own, and its probes theirs.
func TestS06_CallbacksHaveTheirOwnRate(t *testing.T) {
	t.Parallel()
	limiter := &memLimiter{}
	b := newBackDoor(t, func(d *WebhookDeps) {
		d.Limiter, d.Limits.Rates = limiter, []Rule{{Name: ruleCallbacks, Requests: 2, Window: time.Minute}}
	})
	attempt := core.NewID()
	path := callbackPath + "/" + attempt.String()
	for range 2 {
		if got := b.deliver(path, callbackBody, sign(attempt, callbackBody)); got.status != http.StatusOK || !strings.HasPrefix(got.header.Get(headerRate), `"callbacks"`) {
			t.Fatalf("%d %v", got.status, got.header)
		}
	}
	got := b.deliver(path, callbackBody, sign(attempt, callbackBody))
	got.problem(t, http.StatusTooManyRequests, "rate_limited")
	if got.header.Get("Retry-After") == "" {
		t.Error("no word when to come back")
	}
	if received, _ := b.inbox.counts(); received != 2 {
		t.Errorf("%d were kept", received)
	}
	b.get("/livez", "")
	b.get("/webhook/test", "")
	if keys := limiter.keys(); len(keys) != 3 || !keys["callbacks 127.0.0.1"] || !keys["probes 127.0.0.1"] || !keys["public 127.0.0.1"] {
		t.Errorf("keys %v", keys)
	}
}

// S23: with the proxies' networks known, the list is believed from its right end
// as far as they wrote it, and not at all from a peer that is none of them.
func TestS23_OnlyOurProxiesAreBelieved(t *testing.T) {
	t.Parallel()
	trust := Trust{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("2001:db8:ffff::1/128")}}
	for name, c := range map[string]struct {
		peer   string
		header []string
		want   string
	}{
		"a stranger":                {"192.0.2.7:1", []string{"203.0.113.9"}, "192.0.2.7"},
		"a stranger names a proxy":  {"192.0.2.7:1", []string{"203.0.113.9, 10.0.0.1"}, "192.0.2.7"},
		"one proxy":                 {"10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		"what the client put there": {"10.0.0.1:1", []string{"1.1.1.1, 10.9.9.9, 203.0.113.9"}, "203.0.113.9"},
		"two proxies":               {"10.0.0.1:1", []string{"1.1.1.1, 203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		"two headers":               {"10.0.0.1:1", []string{"1.1.1.1", "203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		"from within":               {"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"garbage behind a proxy":    {"10.0.0.1:1", []string{"1.1.1.1, unknown, 10.0.0.2"}, "10.0.0.2"},
		"nothing":                   {"10.0.0.1:1", nil, "10.0.0.1"},
		"empty":                     {"10.0.0.1:1", []string{""}, "10.0.0.1"},
		"a port":                    {"10.0.0.1:1", []string{"203.0.113.9:443"}, "203.0.113.9"},
		"IPv4 within IPv6":          {"[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		"IPv6 by its network":       {"[fd00::1]:1", []string{"2001:db8:1:2:3::4"}, "2001:db8:1:2::/64"},
		"one address of a network":  {"10.0.0.1:1", []string{"2001:db8:5::1, 2001:db8:ffff::1"}, "2001:db8:5::/64"},
		"and not its neighbor":      {"10.0.0.1:1", []string{"2001:db8:5::1, 2001:db8:ffff::2"}, "2001:db8:ffff::/64"},
		"a socket":                  {"@", []string{"203.0.113.9"}, "unknown"},
		"a long list":               {"10.0.0.1:1", []string{strings.Repeat("10.0.0.1,", 5000) + "10.0.0.2"}, "10.0.0.1"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.header}}
		if got := clientKey(clientNetwork(r, trust)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
