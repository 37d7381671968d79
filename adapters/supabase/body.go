package supabase

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
)

var (
	errShortBody = errors.New("the body is shorter than declared")
	errLongBody  = errors.New("the body is longer than declared")
	errReturned  = errors.New("the upload has returned")
)

// sentBody is a body of exactly the bytes that were promised, whatever it is made of.
type sentBody interface {
	io.ReadCloser
	empty() error  // proves a body of no bytes, which the transport would not read
	finish() error // ends the reading, and tells what was wrong with the caller's bytes
}

// newBody promises size bytes of from, in the cheapest way that there is.
func newBody(ctx context.Context, from io.Reader, size int64) sentBody {
	if file, ok := from.(*os.File); ok && size > 0 && holds(file, size) {
		return fileBody{file: file}
	}
	return newExactBody(ctx, from, size)
}

// holds reports whether a file has so many bytes from where it stands to its end.
func holds(file *os.File, size int64) bool {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	at, err := file.Seek(0, io.SeekCurrent)
	return err == nil && info.Size()-at == size
}

// fileBody is a file that was found to be exactly as long as promised. It shows
// itself as a file of the system's (syscall.Conn), which then sends it without
// its bytes passing through our memory, where the connection has no TLS. If
// another were to cut it meanwhile, the transport would end the connection.
type fileBody struct{ file *os.File }

// Read implements io.Reader.
func (b fileBody) Read(p []byte) (int, error) { return b.file.Read(p) }

// SyscallConn implements syscall.Conn.
func (b fileBody) SyscallConn() (syscall.RawConn, error) { return b.file.SyscallConn() }

// Close implements io.Closer; the caller's file stays the caller's.
func (fileBody) Close() error { return nil }

func (fileBody) finish() error { return nil }

func (fileBody) empty() error { return nil }

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

// finish lets no further Read reach the caller's reader.
func (b *exactBody) finish() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	return b.failed
}

func (b *exactBody) empty() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = b.ended()
	return b.failed
}
