package openai

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How long to wait after a 429: as the service says, within these.
const (
	defaultWait = 10 * time.Second
	minWait     = 100 * time.Millisecond
	maxWait     = 15 * time.Minute
)

// wait reads how long a 429 asks to wait: Retry-After, else the reset of the
// limit that was hit, else the default. kind is the error's type, which names
// that limit ("requests" or "tokens").
func wait(header http.Header, kind string) time.Duration {
	d, ok := retryAfter(header)
	if !ok {
		d, ok = reset(header, kind)
	}
	if !ok {
		return defaultWait
	}
	return min(max(d, minWait), maxWait)
}

// retryAfter knows seconds, with or without a fraction, a date, and the
// milliseconds that some gateways send beside it.
func retryAfter(header http.Header) (time.Duration, bool) {
	if ms, ok := positive(header.Get("Retry-After-Ms"), time.Millisecond); ok {
		return ms, true
	}
	value := header.Get("Retry-After")
	if d, ok := positive(value, time.Second); ok {
		return d, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return max(0, time.Until(at)), true
}

func positive(value string, unit time.Duration) (time.Duration, bool) {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || !(n >= 0) {
		return 0, false
	}
	return time.Duration(min(n*float64(unit), float64(maxWait))), true
}

// reset is the longest wait of the limits that can have been hit.
func reset(header http.Header, kind string) (time.Duration, bool) {
	names := rateNames[:]
	switch kind {
	case "requests":
		names = names[:1]
	case "tokens":
		names = names[1:]
	}
	var longest time.Duration
	found := false
	for _, name := range names {
		if d, ok := resetOf(header, name); ok {
			longest, found = max(longest, d), true
		}
	}
	return longest, found
}

// resetOf is when a limit is whole again.
func resetOf(header http.Header, name string) (time.Duration, bool) {
	d, err := time.ParseDuration(strings.TrimSpace(header.Get("X-Ratelimit-Reset-" + name)))
	return d, err == nil && d >= 0
}
