package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Tokens hands out access tokens.
type Tokens interface {
	// Token gives a token to send. refused names one that the service did not
	// take, "" at first; an error says there is no other.
	Token(ctx context.Context, refused Secret) (Secret, error)
}

// Options is what a Client may be given beside its address.
type Options struct {
	Tokens Tokens                                           // nil: calls without a token
	Pause  func(ctx context.Context, d time.Duration) error // waits; nil: by the clock
	Again  func(wait time.Duration)                         // told of every wait before another try; may be nil
	Quiet  time.Duration                                    // how long a stream may say nothing; 0: 45 s
}

// Client calls one deployment. It may be used by many at once.
type Client struct {
	base string // without a slash at its end
	host string
	http *http.Client
	Options
}

// Bounds of a call's parts.
const (
	dialTime     = 10 * time.Second
	answerTime   = 90 * time.Second // from the last byte sent to the first received
	callTime     = 30 * time.Second // of a call that is not an upload
	continueTime = 2 * time.Second  // for the service to ask for an upload's bytes
)

// New makes a client of the deployment at address, an http or https URL
// without credentials in it.
func New(address string, o Options) (*Client, error) {
	base, host, err := Address(address)
	if err != nil {
		return nil, err
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	if o.Quiet == 0 {
		o.Quiet = quietTime
	}
	if o.Again == nil {
		o.Again = func(time.Duration) {}
	}
	return &Client{base: base, host: host, Options: o, http: &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: dialTime}).DialContext,
			TLSHandshakeTimeout:   dialTime,
			ResponseHeaderTimeout: answerTime,
			ExpectContinueTimeout: continueTime,
			ForceAttemptHTTP2:     true,
			IdleConnTimeout:       time.Minute,
		},
		// A redirect would carry the file or the password elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// URL is the deployment's address.
func (c *Client) URL() string { return c.base }

// Exposed reports whether what is sent travels in the clear over a network.
func (c *Client) Exposed() bool {
	return strings.HasPrefix(c.base, "http://") && !Loopback(c.host)
}

// Address makes one form of a deployment's address, and names its host.
func Address(address string) (base, host string, err error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(address), "/"))
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return "", "", errors.New("the address has to begin with http:// or https:// and name a host")
	case u.User != nil:
		return "", "", errors.New("the address must not hold a name or password: use navigator login")
	case u.RawQuery != "" || u.Fragment != "":
		return "", "", fmt.Errorf("the address must end before ? or #")
	}
	u.Host = strings.ToLower(u.Host)
	return u.String(), u.Hostname(), nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
