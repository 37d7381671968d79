package supabase

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// userAgent is our own: the gateway refuses secret keys from browsers.
	userAgent = "insurance-navigator/1.0"

	callTime  = 10 * time.Second // one try of a call without a file
	maxAnswer = 1 << 20          // bytes of an answer we read
	maxTries  = 3                // of a call that may be repeated
	firstWait = 100 * time.Millisecond
)

// client makes requests to one project's gateway.
type client struct {
	base string // without a trailing slash
	http *http.Client
}

// newClient checks the project's address. A given HTTP client is copied, for
// redirects are never followed: they would carry the key elsewhere.
func newClient(address string, given *http.Client) (*client, error) {
	base, err := parseBase(address)
	if err != nil {
		return nil, err
	}
	own := http.Client{Transport: transport()}
	if given != nil {
		own = *given
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{base: base, http: &own}, nil
}

func parseBase(address string) (string, error) {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return "", fmt.Errorf("%s is not set", urlVariable)
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return "", fmt.Errorf("%s is not an http(s) address", urlVariable)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("%s holds more than scheme, host and path", urlVariable)
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/v1"):
		return "", fmt.Errorf("%s names a service: leave out /auth/v1, /storage/v1 and /rest/v1", urlVariable)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// transport bounds every phase but the bodies, which have their own deadlines.
func transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    5 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        55 * time.Second, // the storage closes at 61 s
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true, // lengths are compared with what was stored
	}
}

// request is one call; path starts with a slash and is already escaped.
type request struct {
	method string
	path   string
	query  url.Values
	header http.Header
	in     any // sent as JSON; nil sends nothing
}

// answer is a whole small answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send makes one try and reads at most maxAnswer bytes of the answer.
func (c *client) send(ctx context.Context, r request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	req, err := c.build(ctx, r)
	if err != nil {
		return answer{}, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, bare(err)
	}
	defer drain(resp.Body)
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return answer{}, bare(err)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

func (c *client) build(ctx context.Context, r request) (*http.Request, error) {
	var body io.Reader
	if r.in != nil {
		encoded, err := json.Marshal(r.in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	target := c.base + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, bare(err)
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", "application/json")
	if r.in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// bare takes the address, and with it the object's key, out of an error.
func bare(err error) error {
	var addressed *url.Error
	if errors.As(err, &addressed) {
		return addressed.Err
	}
	return err
}

// drain lets the connection be used again.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
	_ = body.Close()
}

// pause waits before try n+1: exponential, jittered over the whole span, for
// the service sends no Retry-After. It returns early with the context's error.
func pause(ctx context.Context, n int) error {
	wait := firstWait << n
	timer := time.NewTimer(wait/4 + rand.N(wait)) //nolint:gosec // jitter needs no secrecy
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// isJSON reports whether a body is an object or an array at all; a gateway's
// HTML and empty bodies are not.
func isJSON(body []byte) bool {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	return len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') && json.Valid(trimmed)
}
