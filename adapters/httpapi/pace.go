package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// readAhead is how much of the body lies in buffers between the connection and
// the file: the part of the form's bound that cannot be told apart.
const readAhead = 64 << 10

// pacedBody is an upload's raw body. Each Read has to bring bytes before the
// moment at which the upload would be too slow or too long; the connection's
// own deadline is moved there, so that a silent client is cut off as well.
type pacedBody struct {
	ctx     context.Context // of the request: a stop ends the wait for the next byte
	body    io.ReadCloser
	control *http.ResponseController
	limits  Limits
	started time.Time
	read    int64 // raw bytes so far
	file    int64 // those of them that went into the file; kept by the reader above
}

// errFormTooLarge says that all which is not the file is more than allowed.
var errFormTooLarge = errors.New("form too large")

// newPaced reads the body of an upload. The returned function ends the watch for a
// stop, and has to be called before the request ends.
func newPaced(w http.ResponseWriter, r *http.Request, limits Limits) (b *pacedBody, unwatch func() bool) {
	b = &pacedBody{ctx: r.Context(), body: r.Body, control: http.NewResponseController(w), limits: limits, started: time.Now()}
	return b, context.AfterFunc(b.ctx, func() { _ = b.control.SetReadDeadline(time.Now()) })
}

// Read fails with CodeTooSlow, with errFormTooLarge, with what ended the
// request, or as the body does.
func (b *pacedBody) Read(p []byte) (int, error) {
	deadline := b.deadline()
	if !time.Now().Before(deadline) {
		return 0, core.Fail(core.CodeTooSlow, nil)
	}
	_ = b.control.SetReadDeadline(deadline) // a writer without deadlines is still bound by the check above
	if stop := endedBy(b.ctx); stop != nil {
		return 0, stop
	}
	n, err := b.body.Read(p)
	b.read += int64(n)
	if b.read-b.file > b.limits.MaxFormBytes+2*readAhead {
		return n, errFormTooLarge
	}
	if stop := endedBy(b.ctx); err != nil && stop != nil {
		return n, stop
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return n, core.Fail(core.CodeTooSlow, err)
	}
	return n, err
}

// Close closes the body.
func (b *pacedBody) Close() error { return b.body.Close() }

// deadline is when the next byte is due.
func (b *pacedBody) deadline() time.Time {
	earned := time.Duration(float64(b.read) / float64(b.limits.MinUploadRate) * float64(time.Second))
	return b.started.Add(min(max(b.limits.UploadGrace, earned), b.limits.UploadTime))
}

// lift takes the deadline away once the body is read. Our last Read set it
// after net/http had begun to watch the connection, and there it would end the
// request's context in the middle of what follows.
func (b *pacedBody) lift() { _ = b.control.SetReadDeadline(time.Time{}) }
