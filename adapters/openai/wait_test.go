package openai

import (
	"net/http"
	"testing"
	"time"
)

func TestWaitReadsTheHeaderThatFitsTheLimit(t *testing.T) {
	t.Parallel()
	resets := map[string]string{"X-Ratelimit-Reset-Requests": "1m30s", "X-Ratelimit-Reset-Tokens": "2s", "X-Ratelimit-Reset-Project-Tokens": "6s"}
	for name, test := range map[string]struct {
		header map[string]string
		kind   string
		want   time.Duration
	}{
		"requests":             {resets, "requests", 90 * time.Second},
		"tokens":               {resets, "tokens", 6 * time.Second},
		"requests, not tokens": {map[string]string{"X-Ratelimit-Reset-Requests": "3s", "X-Ratelimit-Reset-Tokens": "1m"}, "requests", 3 * time.Second},
		"unknown kind":         {resets, "rate_limit_error", 90 * time.Second},
		"only the other":       {map[string]string{"X-Ratelimit-Reset-Requests": "5s"}, "tokens", defaultWait},
		"unreadable reset":     {map[string]string{"X-Ratelimit-Reset-Tokens": "soon"}, "tokens", defaultWait},
		"negative reset":       {map[string]string{"X-Ratelimit-Reset-Tokens": "-5s"}, "tokens", defaultWait},
		"tiny reset":           {map[string]string{"X-Ratelimit-Reset-Tokens": "20us"}, "tokens", minWait},
		"milliseconds":         {map[string]string{"Retry-After-Ms": "2500", "Retry-After": "60"}, "", 2500 * time.Millisecond},
		"fraction":             {map[string]string{"Retry-After": "1.5"}, "", 1500 * time.Millisecond},
		"zero":                 {map[string]string{"Retry-After": "0"}, "", minWait},
		"negative":             {map[string]string{"Retry-After": "-3"}, "", defaultWait},
		"not a number":         {map[string]string{"Retry-After": "NaN"}, "", defaultWait},
		"endless":              {map[string]string{"Retry-After": "1e300"}, "", maxWait},
		"date gone by":         {map[string]string{"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, "", minWait},
		"date far off":         {map[string]string{"Retry-After": "Mon, 21 Oct 2999 07:28:00 GMT"}, "", maxWait},
		"unreadable, resets":   {map[string]string{"Retry-After": "soon", "X-Ratelimit-Reset-Tokens": "4s"}, "tokens", 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			for key, value := range test.header {
				header.Set(key, value)
			}
			if got := wait(header, test.kind); got != test.want {
				t.Fatalf("wait %s, want %s", got, test.want)
			}
		})
	}
}
