package client

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

const (
	maxTries  = 5
	firstWait = 250 * time.Millisecond
	maxWait   = time.Minute // a service that asks for more is not waited for
)

// verdict says what is to be done about a failed try.
type verdict struct {
	again bool
	after time.Duration // what the service asked for; 0 leaves it to us
}

// tries runs try until it succeeds, may not be repeated, or was made often
// enough. The last error is returned.
func (c *Client) tries(ctx context.Context, try func() (verdict, error)) error {
	wait := firstWait
	for n := 1; ; n++ {
		v, err := try()
		if err == nil || !v.again || n == maxTries || v.after > maxWait {
			return err
		}
		d := max(v.after, wait)
		c.Again(d)
		if err := c.Pause(ctx, d); err != nil {
			return err
		}
		wait *= 2
	}
}

// busy reports whether the service asked to be left alone for a while.
func busy(err error) bool {
	return HasStatus(err, http.StatusTooManyRequests) || HasStatus(err, http.StatusServiceUnavailable)
}

// retryAfter reads Retry-After in both its forms; 0 where there is none.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 24*3600)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
