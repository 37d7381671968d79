package breaker

import (
	"context"
	"io"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Blobs is a ports.Blobs behind a breaker. List, Prepare and Healthy go through.
type Blobs struct {
	ports.Blobs
	Breaker *Breaker
}

// Put is ports.Blobs. A body that is not sent was not read.
func (b Blobs) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return b.Breaker.Do(func() error { return b.Blobs.Put(ctx, key, body, size, contentType) })
}

// Open is ports.Blobs.
func (b Blobs) Open(ctx context.Context, key string) (body io.ReadCloser, blob core.Blob, err error) {
	err = b.Breaker.Do(func() (err error) {
		body, blob, err = b.Blobs.Open(ctx, key)
		return err
	})
	return body, blob, err
}

// Stat is ports.Blobs.
func (b Blobs) Stat(ctx context.Context, key string) (core.Blob, error) {
	return ask(b.Breaker, func() (core.Blob, error) { return b.Blobs.Stat(ctx, key) })
}

// SignPut is ports.Blobs.
func (b Blobs) SignPut(ctx context.Context, key string, size int64, contentType string, ttl time.Duration) (ports.SignedPut, error) {
	return ask(b.Breaker, func() (ports.SignedPut, error) { return b.Blobs.SignPut(ctx, key, size, contentType, ttl) })
}

// SignGet is ports.Blobs.
func (b Blobs) SignGet(ctx context.Context, key, name string, ttl time.Duration) (ports.SignedGet, error) {
	return ask(b.Breaker, func() (ports.SignedGet, error) { return b.Blobs.SignGet(ctx, key, name, ttl) })
}

// Delete is ports.Blobs.
func (b Blobs) Delete(ctx context.Context, keys ...string) error {
	return b.Breaker.Do(func() error { return b.Blobs.Delete(ctx, keys...) })
}
