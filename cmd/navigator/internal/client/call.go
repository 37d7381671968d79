package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// call is one request as it can be made again.
type call struct {
	method string
	path   string
	body   any  // sent as JSON; nil for none
	open   bool // sends no token

	again    bool // may be repeated after 429 and 503: it changes nothing
	stubborn bool // is repeated after a broken connection as well
}

// do makes the call, with as many tries as it may have, and reads its answer
// into out. The answer's headers are returned for what they say of time.
func (c *Client) do(ctx context.Context, one call, out any) (http.Header, error) {
	var header http.Header
	err := c.tries(ctx, func() (verdict, error) {
		var err error
		header, err = c.once(ctx, one, out)
		return one.judge(err, header), err
	})
	return header, err
}

// judge decides whether a call that failed is made again.
func (one call) judge(err error, header http.Header) verdict {
	var gone *Unreachable
	if errors.As(err, &gone) {
		return verdict{again: one.stubborn}
	}
	return verdict{again: one.again && busy(err), after: retryAfter(header, time.Now())}
}

// once makes the call, and once more with another token where the first was
// not taken.
func (c *Client) once(ctx context.Context, one call, out any) (http.Header, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, callTime, errSlow)
	defer cancel()
	var header http.Header
	err := c.withToken(ctx, one.open, func(token Secret) error {
		request, err := c.request(ctx, one, token)
		if err != nil {
			return err
		}
		header, err = c.send(ctx, request, out)
		return err
	})
	return header, err
}

// errSlow marks our own bound, in difference to the caller's.
var errSlow = errors.New("no answer in time")

// withToken runs send with a token, and again with a new one after a 401.
func (c *Client) withToken(ctx context.Context, open bool, send func(Secret) error) error {
	if open || c.Tokens == nil {
		return send("")
	}
	token, err := c.Tokens.Token(ctx, "")
	if err != nil {
		return err
	}
	err = send(token)
	if !HasStatus(err, http.StatusUnauthorized) {
		return err
	}
	other, failed := c.Tokens.Token(ctx, token)
	if failed != nil {
		return failed
	}
	if other == token {
		return err
	}
	return send(other)
}

func (c *Client) request(ctx context.Context, one call, token Secret) (*http.Request, error) {
	var body io.Reader
	if one.body != nil {
		text, err := json.Marshal(one.body)
		if err != nil {
			return nil, errors.New("the request cannot be written as JSON")
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, one.method, c.base+one.path, body)
	if err != nil {
		return nil, errors.New("the request cannot be made of these words")
	}
	if one.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	c.dress(request, token)
	return request, nil
}

func (c *Client) dress(request *http.Request, token Secret) {
	request.Header.Set("Accept", "application/json, application/problem+json")
	request.Header.Set("User-Agent", "navigator")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+string(token))
	}
}

// send makes one request and reads its answer into out, which may be nil.
func (c *Client) send(ctx context.Context, request *http.Request, out any) (http.Header, error) {
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, c.broken(ctx, err)
	}
	defer answer.Body.Close() //nolint:errcheck // what matters of it was read
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return answer.Header, problemOf(answer)
	}
	if out == nil || answer.StatusCode == http.StatusNoContent {
		return answer.Header, nil
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return answer.Header, c.broken(ctx, err)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return answer.Header, fmt.Errorf("the answer of %s cannot be read: is it this service, and this version?", c.base)
	}
	return answer.Header, nil
}

// broken tells our own bound from the caller's wish to stop.
func (c *Client) broken(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSlow) {
		return c.unreachable(context.WithoutCancel(ctx), context.DeadlineExceeded)
	}
	return c.unreachable(ctx, err)
}
