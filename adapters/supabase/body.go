package supabase

import (
	"context"
	"errors"
	"io"
	"sync"
)

var (
	errShortBody = errors.New("the body is shorter than declared")
	errLongBody  = errors.New("the body is longer than declared")
	errReturned  = errors.New("the upload has returned")
)

// exactBody hands on exactly size bytes or fails before the last of them: the
// storage, which was promised size bytes, then never sees a whole object. The
// same holds when the context ends while there are bytes to go.
type exactBody struct {
	ctx    context.Context //nolint:containedctx // a reader has no other way to hear of its end
	mu     sync.Mutex      // the transport may still read while Put returns
	from   io.Reader
	left   int64
	failed error // why the body, not the network, was at fault
	over   bool
}

func newExactBody(ctx context.Context, from io.Reader, size int64) *exactBody {
	return &exactBody{ctx: ctx, from: from, left: size}
}

// Read implements io.Reader.
func (b *exactBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.over:
		return 0, errReturned
	case b.failed != nil:
		return 0, b.failed
	case b.left == 0:
		return 0, io.EOF
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.from.Read(p)
	b.left -= int64(n)
	if b.ctx.Err() != nil {
		b.over = true
		return 0, context.Cause(b.ctx)
	}
	switch {
	case b.left == 0:
		b.failed = b.ended()
	case errors.Is(err, io.EOF):
		b.failed = errShortBody
	case err != nil:
		b.failed = err
	}
	if b.failed != nil {
		return 0, b.failed
	}
	return n, nil
}

// ended proves that nothing follows the last declared byte.
func (b *exactBody) ended() error {
	var one [1]byte
	n, err := io.ReadFull(b.from, one[:])
	switch {
	case n > 0:
		return errLongBody
	case errors.Is(err, io.EOF):
		return nil
	}
	return err
}

// Close implements io.Closer; the caller's reader stays the caller's.
func (b *exactBody) Close() error { return nil }

// finish lets no further Read reach the caller's reader and tells what was
// wrong with it.
func (b *exactBody) finish() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	return b.failed
}

// empty proves a body of no bytes, which the transport would not read.
func (b *exactBody) empty() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = b.ended()
	return b.failed
}
