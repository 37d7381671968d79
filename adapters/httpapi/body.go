package httpapi

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/insurance-navigator/navigator/core"
)

// takeBody reads a small body whole, within its size and within the deadline
// that serve has set. Reading to the end also lifts that deadline: net/http
// does so before it watches the connection for a client that leaves.
func (d *door) takeBody(r *http.Request, req *request) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	raw, err := readAtMost(r, d.limits.MaxBodyBytes)
	req.bytesIn = int64(len(raw))
	if err != nil {
		return err
	}
	req.body = raw
	r.Body = io.NopCloser(bytes.NewReader(raw))
	return nil
}

// readAtMost reads a body of at most limit bytes.
func readAtMost(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, bodyTooLarge()
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return raw, bodyRefused(http.StatusRequestTimeout)
	case err != nil:
		return raw, bodyRefused(http.StatusBadRequest)
	case int64(len(raw)) > limit:
		return raw, bodyTooLarge()
	}
	return raw, nil
}

func bodyTooLarge() error { return bodyRefused(http.StatusRequestEntityTooLarge) }

func bodyRefused(status int) error {
	detail := humaDetail(status)
	if status == http.StatusBadRequest {
		detail = "The request body ended early."
	}
	return &refusal{err: core.Fail(core.CodeInvalid, nil), status: status, detail: detail}
}
