package client

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
)

// Unreachable is a call that got no answer.
type Unreachable struct {
	URL    string
	reason string
	advice string
	err    error
}

// Error says what happened, without the cause's own words.
func (u *Unreachable) Error() string { return u.reason + " " + u.URL }

// Message is Error with the advice behind it.
func (u *Unreachable) Message() string { return u.Error() + ": " + u.advice }

// Unwrap gives the cause.
func (u *Unreachable) Unwrap() error { return u.err }

// unreachable puts a failed call into words. The end of the caller's own
// context stays what it is.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return cause
	}
	u := &Unreachable{URL: c.base, reason: "the connection broke to", advice: "try again", err: err}
	var lookup *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		u.reason, u.advice = "nothing answers at", "check the address"
		if Loopback(c.host) {
			u.advice = "start it with make dev"
		}
	case errors.As(err, &lookup):
		u.reason, u.advice = "there is no host of that name:", "check the address"
	case errors.As(err, &certificate):
		u.reason, u.advice = "the certificate is not trusted of", "check the address and this machine's certificates"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), timedOut(err):
		u.reason, u.advice = "no answer in time from", "try again"
	}
	return u
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Advice is what can be done.
func (u *Unreachable) Advice() string { return strings.ToUpper(u.advice[:1]) + u.advice[1:] + "." }
