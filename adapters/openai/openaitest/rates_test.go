package openaitest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The buckets empty, say for how long, and fill again with the clock.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]Options{"requests": {RPM: 2}, "tokens": {TPM: 4}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1_700_000_000, 0)
			options.Now = func() time.Time { return now }
			s, base := start(t, options)
			const body = `{"model":"text-embedding-3-small","input":"hello world"}`
			for i := range 2 {
				if status, header, _ := ask(t, base, body); status != http.StatusOK || header.Get("Retry-After") != "" {
					t.Fatalf("request %d: %d", i, status)
				}
			}
			status, header, answer := ask(t, base, body)
			checkRefusal(t, status, answer, http.StatusTooManyRequests, "rate_limit_exceeded", "Rate limit reached")
			title := strings.ToUpper(name[:1]) + name[1:]
			got := fmt.Sprint(header.Get("Retry-After"), " ", header.Get("X-Ratelimit-Remaining-"+title), " ", header.Get("X-Ratelimit-Reset-"+title))
			if got != "30 0 1m0s" {
				t.Errorf("wait, remaining, reset: %s", got)
			}
			now = now.Add(30 * time.Second)
			if status, _, answer := ask(t, base, body); status != http.StatusOK {
				t.Errorf("after the wait: %d %s", status, answer)
			}
			if l := s.Ledger(); l.Refused != 1 || l.Inputs != 3 {
				t.Errorf("ledger %+v", l)
			}
		})
	}
}

// The project's own limit has headers of its own, and none where there is none.
func TestProjectLimit(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	_, base := start(t, Options{ProjectTPM: 3, Now: func() time.Time { return now }})
	_, plain := start(t, Options{})
	const body = `{"model":"text-embedding-3-small","input":"hello world"}`
	shown := func(base string) (int, string) {
		status, h, _ := ask(t, base, body)
		return status, h.Get("X-Ratelimit-Limit-Project-Tokens") + " " + h.Get("X-Ratelimit-Remaining-Project-Tokens") + " " + h.Get("X-Ratelimit-Reset-Project-Tokens")
	}
	for i, want := range []string{"200 3 1 40s", "429 3 1 40s"} {
		if status, headers := shown(base); fmt.Sprint(status, " ", headers) != want {
			t.Errorf("request %d: %d %s, want %s", i, status, headers, want)
		}
	}
	if status, headers := shown(plain); status != http.StatusOK || headers != "  " {
		t.Errorf("without a limit: %d %q", status, headers)
	}
}

func TestWithoutRatesThereIsNoHeaderOfThem(t *testing.T) {
	t.Parallel()
	_, base := start(t, Options{RPM: 1, Dialect: Dialect{NoRates: true}})
	for i, want := range []int{http.StatusOK, http.StatusTooManyRequests} {
		status, header, _ := ask(t, base, `{"model":"text-embedding-3-small","input":"a"}`)
		if status != want || header.Get("X-Ratelimit-Limit-Requests") != "" || header.Get("Retry-After") != "" {
			t.Errorf("request %d: %d %v", i, status, header)
		}
	}
}

func TestFaultsAreTakenInOrderAndHealed(t *testing.T) {
	t.Parallel()
	s, base := start(t, Options{})
	s.Inject(Fault{Kind: ServerError, Skip: 1, Times: 2}, Fault{Kind: RateLimitRequests}, Fault{Kind: KeyRevoked, Times: -1})
	const body = `{"model":"text-embedding-3-small","input":"a"}`
	for i, want := range []int{200, 500, 500, 429, 401, 401} {
		if status, _, _ := ask(t, base, body); status != want {
			t.Errorf("request %d: %d, want %d", i, status, want)
		}
	}
	s.Heal()
	if status, _, _ := ask(t, base, body); status != http.StatusOK {
		t.Errorf("healed: %d", status)
	}
}
