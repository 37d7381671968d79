package boot_test

import (
	"context"
	"io"
	"iter"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/filestore"
	"github.com/insurance-navigator/navigator/adapters/supabase"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/adapters/tiered"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// folders is a pair of filestores, with a server for both their addresses.
func folders(t *testing.T) *tiered.Blobs {
	t.Helper()
	var pair ticketed
	address := portstest.Redeemed(t, func() portstest.Ticketed { return pair })
	open := func() *filestore.Store {
		store, err := filestore.Open(filestore.Config{Dir: t.TempDir(), MaxSize: 4 << 20, Types: []string{portstest.PDF},
			PutURL: address + portstest.PathPut, GetURL: address + portstest.PathGet, TicketKeys: [][]byte{[]byte("the key of both of these folders")}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return store
	}
	hot := open()
	pair = ticketed{tiered.New(hot, open()), hot}
	return pair.Blobs
}

// ticketed is a pair whose tickets the hot one reads, as in a service.
type ticketed struct {
	*tiered.Blobs
	ports.Tickets
}

// buckets is a pair of a Supabase project's buckets.
func buckets(t *testing.T) *tiered.Blobs {
	t.Helper()
	fake, err := supabasetest.New(supabasetest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	open := func(name string) *supabase.Storage {
		store, err := supabase.NewStorage(supabase.Config{URL: server.URL, ServiceKey: supabasetest.DefaultSecretKey, Bucket: name,
			MaxSize: 4 << 20, Types: []string{portstest.PDF}, ListPage: 10})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	return tiered.New(open("documents"), open("archive"))
}

// Both tiers of both pairs are storages like any other.
func TestTheTiersConform(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) *tiered.Blobs{"folders": folders, "buckets": buckets} {
		t.Run(name+" hot", func(t *testing.T) {
			t.Parallel()
			portstest.Blobs(t, func(t *testing.T) ports.Blobs { return open(t) })
		})
		t.Run(name+" cold", func(t *testing.T) {
			t.Parallel()
			portstest.Blobs(t, func(t *testing.T) ports.Blobs { return frozen{open(t)} })
		})
	}
}

// frozen turns every key of the suite into a cold one, and back.
type frozen struct{ *tiered.Blobs }

const icy = "cold/"

func (f frozen) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	return f.Blobs.Put(ctx, icy+key, body, size, contentType)
}

func (f frozen) Open(ctx context.Context, key string) (io.ReadCloser, ports.Blob, error) {
	body, blob, err := f.Blobs.Open(ctx, icy+key)
	return body, thawed(blob), err
}

func (f frozen) Stat(ctx context.Context, key string) (ports.Blob, error) {
	blob, err := f.Blobs.Stat(ctx, icy+key)
	return thawed(blob), err
}

func thawed(blob ports.Blob) ports.Blob {
	blob.Key = strings.TrimPrefix(blob.Key, icy)
	return blob
}

func (f frozen) List(ctx context.Context, prefix string) iter.Seq2[ports.Blob, error] {
	return func(yield func(ports.Blob, error) bool) {
		for blob, err := range f.Blobs.List(ctx, icy+prefix) {
			if !yield(thawed(blob), err) {
				return
			}
		}
	}
}

func (f frozen) SignPut(ctx context.Context, key string, size int64, contentType string, ttl time.Duration) (ports.SignedPut, error) {
	return f.Blobs.SignPut(ctx, icy+key, size, contentType, ttl)
}

func (f frozen) SignGet(ctx context.Context, key, name string, ttl time.Duration) (ports.SignedGet, error) {
	return f.Blobs.SignGet(ctx, icy+key, name, ttl)
}

func (f frozen) Delete(ctx context.Context, keys ...string) error {
	cold := make([]string, len(keys))
	for i, key := range keys {
		cold[i] = icy + key
	}
	return f.Blobs.Delete(ctx, cold...)
}

// A list goes through both tiers, each object under its own key; what is read
// under the key of before a move is read from where it lies.
func TestTheTiersAreOneStorage(t *testing.T) {
	t.Parallel()
	store := folders(t)
	if err := store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"u/hot", "cold/u/cold", "cold/u/hot"} {
		if err := store.Put(t.Context(), key, strings.NewReader(key), int64(len(key)), portstest.PDF); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string][]string{
		"": {"u/hot", "cold/u/cold", "cold/u/hot"}, "u/": {"u/hot"}, "c": {"cold/u/cold", "cold/u/hot"}, "cold/u/c": {"cold/u/cold"}, "colder": nil,
	} {
		var keys []string
		for blob, err := range store.List(t.Context(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, blob.Key)
		}
		if diff := cmp.Diff(want, keys); diff != "" {
			t.Errorf("list of %q:\n%s", prefix, diff)
		}
	}
	body, blob, err := store.Open(t.Context(), "u/cold")
	if err != nil || blob.Key != "cold/u/cold" {
		t.Fatalf("by the key of before: %+v (%v)", blob, err)
	}
	_ = body.Close()
	if signed, err := store.SignGet(t.Context(), "u/cold", "x.pdf", time.Minute); err != nil || signed.URL == "" {
		t.Errorf("an address by the key of before: %v", err)
	}
	if _, err := store.Stat(t.Context(), "u/cold"); !core.HasCode(err, core.CodeFileMissing) {
		t.Errorf("a look at the key itself: %v", err)
	}
	if err := store.Delete(t.Context(), "u/hot", "cold/u/hot", "cold/u/cold", "cold/none"); err != nil {
		t.Fatal(err)
	}
	for blob, err := range store.List(t.Context(), "") {
		t.Errorf("%s is left, %v", blob.Key, err)
	}
}
