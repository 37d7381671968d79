package portstest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// listed is what a list shows, each object's size by its key.
func listed(t *testing.T, store ports.Blobs, prefix string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	for blob, err := range store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("List of %q: %v", prefix, err)
		}
		if _, twice := found[blob.Key]; twice {
			t.Errorf("List of %q shows %s twice", prefix, blob.Key)
		}
		if want := (ports.Blob{Key: blob.Key, Size: blob.Size, ContentType: PDF}); timeless(t, blob) != want {
			t.Errorf("List of %q shows %+v", prefix, blob)
		}
		found[blob.Key] = blob.Size
	}
	return found
}

// blobsList compares lists with a map. The keys go over folders, over names
// that begin alike, and over more than two pages.
func blobsList(t *testing.T, store ports.Blobs) {
	t.Helper()
	want := map[string]int64{}
	if diff := cmp.Diff(want, listed(t, store, "")); diff != "" {
		t.Errorf("an empty store (-want +got):\n%s", diff)
	}
	keys := []string{"user/a", "user/a/b", "user/a/b/c", "user/a.b", "user/a-b", "user/ab", "other/a", "use", "user", "user/.a"}
	for i := range 25 {
		keys = append(keys, fmt.Sprintf("user/many/%02d.pdf", i))
	}
	for i, key := range keys {
		put(t, store, key, noise(i, i))
		want[key] = int64(i)
	}
	for _, prefix := range []string{"", "u", "use", "user", "user/", "user/a", "user/a/", "user/a/b", "user/many/1", "user/many/10.pdf", "other", "none", "user/a/b/c/d/e"} {
		begins := maps.Clone(want)
		maps.DeleteFunc(begins, func(key string, _ int64) bool { return !strings.HasPrefix(key, prefix) })
		if diff := cmp.Diff(begins, listed(t, store, prefix)); diff != "" {
			t.Errorf("prefix %q (-want +got):\n%s", prefix, diff)
		}
	}
}

// blobsListMoving writes and deletes between every two objects of a list.
func blobsListMoving(t *testing.T, store ports.Blobs) {
	t.Helper()
	const stay = 35
	for i := range stay {
		put(t, store, fmt.Sprintf("user/k%02d-stays", i), noise(i, i))
		put(t, store, fmt.Sprintf("user/k%02d-goes", i), noise(i, i))
	}
	seen, n := map[string]int{}, 0
	for blob, err := range store.List(t.Context(), "user/") {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		seen[blob.Key]++
		if n < stay {
			put(t, store, fmt.Sprintf("user/k%02d-comes", n), nil)
			if err := store.Delete(t.Context(), fmt.Sprintf("user/k%02d-goes", n)); err != nil {
				t.Fatalf("Delete: %v", err)
			}
		}
		n++
	}
	for i := range stay {
		if key := fmt.Sprintf("user/k%02d-stays", i); seen[key] != 1 {
			t.Errorf("%s was there all along and came %d times", key, seen[key])
		}
	}
	if n := slices.Max(slices.Collect(maps.Values(seen))); n > 1 {
		t.Errorf("an object came %d times", n)
	}
}

// blobsListEnds stops in the midst, by its own wish, its context's and a bad prefix's.
func blobsListEnds(t *testing.T, store ports.Blobs) {
	t.Helper()
	for i := range 25 {
		put(t, store, fmt.Sprintf("user/%02d", i), nil)
	}
	n := 0
	for _, err := range store.List(t.Context(), "user/") {
		if n++; err != nil || n == 12 {
			break
		}
	}
	if n != 12 {
		t.Errorf("a list that was left at the twelfth object went on to %d", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range store.List(ctx, "user/") {
		cancel()
		if last != nil {
			t.Error("the list went on after an error")
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled in its midst: %v", last)
	}
	if err := failing(store.List(ctx, "user/")); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v, want context.Canceled", err)
	}
	for _, prefix := range []string{"/", "../", "user//", "user/../x", "user/\n", "user/ä", "user\\"} {
		wantCode(t, fmt.Sprintf("List of %q", prefix), failing(store.List(t.Context(), prefix)), core.CodeInternal)
	}
}

// failing is the error that a list begins with, if it does.
func failing(list iter.Seq2[ports.Blob, error]) error {
	for _, err := range list {
		return err
	}
	return nil
}
