// Package tiered fills ports.Blobs with two others: a hot place, where every
// file is stored, and a cold one, the archive. A key says by itself which of them
// its object lies in (core.TierOf), so that nothing is remembered here and
// nothing is asked twice.
package tiered

import (
	"context"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Blobs is both places.
type Blobs struct {
	places map[core.Tier]ports.Blobs
}

// New makes Blobs.
func New(hot, cold ports.Blobs) *Blobs {
	return &Blobs{map[core.Tier]ports.Blobs{core.Hot: hot, core.Cold: cold}}
}

var _ ports.Blobs = (*Blobs)(nil)

func (b *Blobs) of(key string) ports.Blobs { return b.places[core.TierOf(key)] }

// Put implements ports.Blobs.
func (b *Blobs) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return b.of(key).Put(ctx, key, body, size, contentType)
}

// Open implements ports.Blobs. What is not where its key says is read from the
// other place: a key that was read a while ago, or from a restored database, may
// be of before a move.
func (b *Blobs) Open(ctx context.Context, key string) (io.ReadCloser, ports.Blob, error) {
	body, blob, err := b.of(key).Open(ctx, key)
	if !core.HasCode(err, core.CodeFileMissing) {
		return body, blob, err
	}
	other := core.OtherPlace(key)
	return b.of(other).Open(ctx, other)
}

// Stat implements ports.Blobs, of the key's own place alone.
func (b *Blobs) Stat(ctx context.Context, key string) (ports.Blob, error) {
	return b.of(key).Stat(ctx, key)
}

// List implements ports.Blobs: first what is hot, then what is cold. An object
// in one place whose key is of the other cannot be read by it, and is left out.
func (b *Blobs) List(ctx context.Context, prefix string) iter.Seq2[ports.Blob, error] {
	return func(yield func(ports.Blob, error) bool) {
		for _, tier := range []core.Tier{core.Hot, core.Cold} {
			for blob, err := range b.list(ctx, tier, prefix) {
				if err == nil && core.TierOf(blob.Key) != tier {
					continue
				}
				if !yield(blob, err) || err != nil {
					return
				}
			}
		}
	}
}

// list asks a place, unless no key of it can begin with the prefix.
func (b *Blobs) list(ctx context.Context, tier core.Tier, prefix string) iter.Seq2[ports.Blob, error] {
	cold := core.InTier("", core.Cold)
	if tier == core.Cold && strings.HasPrefix(cold, prefix) {
		prefix = cold
	}
	if core.TierOf(prefix) != tier {
		return func(func(ports.Blob, error) bool) {}
	}
	return b.places[tier].List(ctx, prefix)
}

// SignPut implements ports.Blobs.
func (b *Blobs) SignPut(ctx context.Context, key string, size int64, contentType string, ttl time.Duration) (ports.SignedPut, error) {
	return b.of(key).SignPut(ctx, key, size, contentType, ttl)
}

// SignGet implements ports.Blobs, and looks where Open does.
func (b *Blobs) SignGet(ctx context.Context, key, name string, ttl time.Duration) (ports.SignedGet, error) {
	signed, err := b.of(key).SignGet(ctx, key, name, ttl)
	if !core.HasCode(err, core.CodeFileMissing) {
		return signed, err
	}
	other := core.OtherPlace(key)
	return b.of(other).SignGet(ctx, other, name, ttl)
}

// Delete implements ports.Blobs. A place that has none of the keys is not asked.
func (b *Blobs) Delete(ctx context.Context, keys ...string) error {
	split := map[core.Tier][]string{}
	for _, key := range keys {
		split[core.TierOf(key)] = append(split[core.TierOf(key)], key)
	}
	for _, tier := range []core.Tier{core.Hot, core.Cold} {
		if len(split[tier]) == 0 {
			continue
		}
		if err := b.places[tier].Delete(ctx, split[tier]...); err != nil {
			return err
		}
	}
	return nil
}

// Prepare implements ports.Blobs, for both places.
func (b *Blobs) Prepare(ctx context.Context) error {
	for _, tier := range []core.Tier{core.Hot, core.Cold} {
		if err := b.places[tier].Prepare(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Healthy implements ports.Blobs, for the hot place: without the archive new
// files are taken and read all the same.
func (b *Blobs) Healthy(ctx context.Context) error { return b.places[core.Hot].Healthy(ctx) }
