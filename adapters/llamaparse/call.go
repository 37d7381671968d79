package llamaparse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// smallLimit bounds every answer that holds no document, and every error body.
const smallLimit = 4 << 20

// errTooBig says an answer passed its bound.
var errTooBig = errors.New("llamaparse: answer over its size bound")

// call is one request to the service. Of body and stream at most one is set.
type call struct {
	method string
	path   string
	query  url.Values
	body   any       // sent as JSON
	stream io.Reader // sent as it is
	length int64     // of stream
	kind   string    // Content-Type of stream
	wait   time.Duration
	limit  int64 // bytes of the answer; 0 means smallLimit
}

// do makes the call and decodes a 2xx answer into out (nil: ignored). It
// returns *core.Error, or the context's own error when ctx has ended.
func (p *Parser) do(ctx context.Context, c call, out any) error {
	wait := c.wait
	if wait == 0 {
		wait = p.conf.Timeout
	}
	inner, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	req, err := p.request(inner, c)
	if err != nil {
		return core.Fail(core.CodeInternal, err)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return broken(ctx, err)
	}
	defer closeBody(resp.Body)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return refused(resp)
	}
	return decode(ctx, resp.Body, c.limit, out)
}

func (p *Parser) request(ctx context.Context, c call) (*http.Request, error) {
	address := p.base + c.path
	if len(c.query) > 0 {
		address += "?" + c.query.Encode()
	}
	body, length, kind, err := c.payload()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, c.method, address, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.ContentLength = length
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("Authorization", "Bearer "+p.conf.Key)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "insurance-navigator")
	return req, nil
}

func (c call) payload() (io.Reader, int64, string, error) {
	if c.body == nil {
		return c.stream, c.length, c.kind, nil
	}
	raw, err := json.Marshal(c.body)
	if err != nil {
		return nil, 0, "", err
	}
	return bytes.NewReader(raw), int64(len(raw)), "application/json", nil
}

// decode reads one JSON value. An answer cut short or not JSON counts as an
// outage: the next one may be whole.
func decode(ctx context.Context, body io.Reader, limit int64, out any) error {
	if out == nil {
		return nil
	}
	if limit == 0 {
		limit = smallLimit
	}
	bounded := &boundedReader{from: body, left: limit}
	err := json.NewDecoder(bounded).Decode(out)
	switch {
	case err == nil:
		return nil
	case bounded.over:
		return core.Fail(core.CodeParseFailed, errTooBig)
	default:
		return broken(ctx, fmt.Errorf("llamaparse: undecodable answer: %w", kindOfDecodeError(err)))
	}
}

// kindOfDecodeError drops the parts of a JSON error that quote the answer.
func kindOfDecodeError(err error) error {
	var syntax *json.SyntaxError
	var unfit *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return errors.New("not JSON")
	case errors.As(err, &unfit):
		return errors.New("JSON of another shape")
	default:
		return err
	}
}

// boundedReader fails, rather than ends, past its bound: a cut answer must not
// look like a whole one.
type boundedReader struct {
	from io.Reader
	left int64
	over bool
}

func (r *boundedReader) Read(b []byte) (int, error) {
	if r.left <= 0 {
		r.over = true
		return 0, errTooBig
	}
	if int64(len(b)) > r.left {
		b = b[:r.left]
	}
	n, err := r.from.Read(b)
	r.left -= int64(n)
	return n, err
}

// closeBody reads a little on, so that the connection can be used again.
func closeBody(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
	_ = body.Close()
}
