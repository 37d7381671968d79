package portstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

func blobsWrongSize(t *testing.T, store ports.Blobs) {
	t.Helper()
	broken := errors.New("the disk broke")
	content := noise(7, 300<<10)
	cases := []struct {
		name string
		body io.Reader
		size int64
		code core.Code
	}{
		{"one byte short", bytes.NewReader(content[1:]), int64(len(content)), core.CodeFileChanged},
		{"one byte long", bytes.NewReader(content), int64(len(content)) - 1, core.CodeFileChanged},
		{"far too long", bytes.NewReader(content), 10, core.CodeFileChanged},
		{"empty for one", strings.NewReader(""), 1, core.CodeFileChanged},
		{"one for empty", strings.NewReader("x"), 0, core.CodeFileChanged},
		{"byte by byte, short", iotest.OneByteReader(bytes.NewReader(content[:99])), 100, core.CodeFileChanged},
		{"byte by byte, long", iotest.OneByteReader(bytes.NewReader(content[:101])), 100, core.CodeFileChanged},
		{"breaks half way", io.MultiReader(bytes.NewReader(content[:1000]), iotest.ErrReader(broken)), 2000, core.CodeInternal},
		{"breaks at the end", io.MultiReader(bytes.NewReader(content[:1000]), iotest.ErrReader(broken)), 1000, core.CodeInternal},
		{"a file, one byte short", onDisk(t, content[1:]), int64(len(content)), core.CodeFileChanged},
		{"a file, one byte long", onDisk(t, content), int64(len(content)) - 1, core.CodeFileChanged},
		{"negative", strings.NewReader("x"), -1, core.CodeInternal},
	}
	for _, c := range cases {
		key := newKey()
		wantCode(t, c.name, store.Put(t.Context(), key, c.body, c.size, PDF), c.code)
		_, err := store.Stat(t.Context(), key)
		wantCode(t, c.name+", afterwards", err, core.CodeFileMissing)
		put(t, store, key, content[:50]) // the key is still free
		holds(t, store, key, content[:50])
	}
	key := newKey()
	put(t, store, key, content[:100])
	err := store.Put(t.Context(), key, bytes.NewReader(content[:99]), 100, PDF)
	if !core.HasCode(err, core.CodeFileChanged) && !core.HasCode(err, core.CodeStorageConflict) {
		t.Errorf("a short body to a taken key: got %v", err)
	}
	holds(t, store, key, content[:100])
}

func blobsCancelled(t *testing.T, store ports.Blobs) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	key, content := newKey(), noise(9, 600<<10)
	half := io.MultiReader(bytes.NewReader(content[:len(content)/2]), readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, nil
	}), bytes.NewReader(content[len(content)/2:]))
	if err := store.Put(ctx, key, half, int64(len(content)), PDF); !errors.Is(err, context.Canceled) {
		t.Errorf("Put cancelled half way: %v, want context.Canceled", err)
	}
	if _, err := store.Stat(t.Context(), key); !core.HasCode(err, core.CodeFileMissing) {
		t.Errorf("after a cancelled Put: %v, want %s", err, core.CodeFileMissing)
	}
	_, _, openErr := store.Open(ctx, key)
	_, statErr := store.Stat(ctx, key)
	_, putErr := store.SignPut(ctx, key, 1, PDF, time.Minute)
	_, getErr := store.SignGet(ctx, key, "", time.Minute)
	for what, err := range map[string]error{"Open": openErr, "Stat": statErr, "SignPut": putErr, "SignGet": getErr, "Delete": store.Delete(ctx, key), "Healthy": store.Healthy(ctx)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with an ended context: %v, want context.Canceled", what, err)
		}
	}
}

// readerFunc runs once and is at its end from then on.
type readerFunc func([]byte) (int, error)

// Read implements io.Reader.
func (f readerFunc) Read(p []byte) (int, error) {
	n, err := f(p)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

func blobsMissing(t *testing.T, store ports.Blobs) {
	t.Helper()
	put(t, store, "user/a/b/c", []byte("x"))
	for _, key := range []string{newKey(), "user", "user/a", "user/a/b", "user/a/b/c/d", "user/a/b/c.", "user/a/b/d"} {
		body, _, err := store.Open(t.Context(), key)
		if body != nil {
			t.Errorf("Open gave a reader beside its error")
		}
		wantCode(t, "Open of a missing object", err, core.CodeFileMissing)
		_, err = store.Stat(t.Context(), key)
		wantCode(t, "Stat of a missing object", err, core.CodeFileMissing)
	}
}

func blobsDelete(t *testing.T, store ports.Blobs) {
	t.Helper()
	gone, stays, never := newKey(), newKey(), newKey()
	put(t, store, gone, []byte("a"))
	put(t, store, stays, []byte("b"))
	for range 2 {
		if err := store.Delete(t.Context(), gone, never); err != nil {
			t.Fatalf("Delete: %v", err)
		}
		_, err := store.Stat(t.Context(), gone)
		wantCode(t, "Stat after Delete", err, core.CodeFileMissing)
	}
	if err := store.Delete(t.Context()); err != nil {
		t.Errorf("Delete of nothing: %v", err)
	}
	if err := store.Delete(t.Context(), "user"); err != nil {
		t.Errorf("Delete of a folder's name: %v", err)
	}
	holds(t, store, stays, []byte("b"))
	put(t, store, gone, []byte("again"))
	holds(t, store, gone, []byte("again"))
}

func blobsBadKeys(t *testing.T, store ports.Blobs) {
	t.Helper()
	put(t, store, "user/x", []byte("x"))
	for _, key := range []string{
		"", "/", "/user/x", "user/x/", "user//x", ".", "..", "../x", "user/../x", "user/./x", "user/..", "user\\x",
		"user/x\x00", "user/x\n", "user/\xff", "user/ä", "user/#", "user/[", "user/%2e%2e/x", "user/x?y", strings.Repeat("a/", 600) + "a",
	} {
		err := store.Put(t.Context(), key, strings.NewReader("y"), 1, PDF)
		wantCode(t, fmt.Sprintf("Put under %.20q", key), err, core.CodeInternal)
		if err != nil && strings.Contains(err.Error(), key) && len(key) > 2 {
			t.Errorf("the error repeats the key %.20q", key)
		}
		_, err = store.Stat(t.Context(), key)
		wantCode(t, fmt.Sprintf("Stat of %.20q", key), err, core.CodeInternal)
		wantCode(t, fmt.Sprintf("Delete of %.20q", key), store.Delete(t.Context(), "user/x", key), core.CodeInternal)
		_, _, err = store.Open(t.Context(), key)
		wantCode(t, fmt.Sprintf("Open of %.20q", key), err, core.CodeInternal)
	}
	holds(t, store, "user/x", []byte("x"))
}

func blobsPrepare(t *testing.T, store ports.Blobs) {
	t.Helper()
	put(t, store, "user/kept", []byte("kept"))
	errs := make([]error, 4)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = store.Prepare(t.Context()) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Errorf("four processes preparing at once: %v", err)
	}
	if err := store.Healthy(t.Context()); err != nil {
		t.Errorf("Healthy: %v", err)
	}
	holds(t, store, "user/kept", []byte("kept"))
}
