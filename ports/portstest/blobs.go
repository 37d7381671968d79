package portstest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// PDF is the content type the suite stores under; the opened store takes it.
const PDF = "application/pdf"

// Blobs checks a store against the contract of ports.Blobs. open gives an empty
// store that takes PDF, up to 2 MiB at least, and is not prepared yet. A store
// that lists by pages is to make them of ten objects or fewer.
func Blobs(t *testing.T, open func(t *testing.T) ports.Blobs) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, ports.Blobs){
		"FM_025_bytes_survive_whatever_their_encoding":         blobsRoundTrip,
		"C_10_one_of_ten_parallel_writers_wins":                blobsRace,
		"C_10_a_second_write_to_a_key_conflicts":               blobsConflict,
		"C_10_neighboring_ids_keep_their_own_bytes":            blobsNeighbours,
		"L_019_a_body_of_another_size_leaves_nothing":          blobsWrongSize,
		"L_019_a_cancelled_write_leaves_nothing":               blobsCancelled,
		"FM_025_what_is_not_there_is_missing_and_nothing_else": blobsMissing,
		"C_3_C_10_a_signed_address_writes_its_key_once":        blobsSigned,
		"L_009A_a_signed_address_reads_its_key":                blobsReadable,
		"C_3_a_changed_address_reads_nothing":                  blobsUnreadable,
		"C_3_a_changed_address_writes_nothing":                 blobsForged,
		"FM_024_list_shows_each_object_once":                   blobsList,
		"FM_024_list_bears_what_comes_and_goes":                blobsListMoving,
		"FM_024_list_ends_when_told":                           blobsListEnds,
		"P_017_delete_is_idempotent":                           blobsDelete,
		"C_10_keys_that_leave_the_folder_are_refused":          blobsBadKeys,
		"FM_024_prepare_repeats_and_leaves_no_canary":          blobsPrepare,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			if err := store.Prepare(t.Context()); err != nil {
				t.Fatalf("Prepare: %v", err)
			}
			check(t, store)
		})
	}
}

// noise is size bytes, the same for the same seed, hardly ever UTF-8.
func noise(seed, size int) []byte {
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	content := make([]byte, size)
	_, _ = source.Read(content)
	return content
}

func newKey() string {
	return "user/" + core.NewID().String() + "/" + core.NewID().String() + ".pdf"
}

func put(t *testing.T, store ports.Blobs, key string, content []byte) {
	t.Helper()
	if err := store.Put(t.Context(), key, bytes.NewReader(content), int64(len(content)), PDF); err != nil {
		t.Fatalf("Put: %v", err)
	}
}

// onDisk is a file of the content that stands at its beginning.
func onDisk(t *testing.T, content []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path) //nolint:gosec // made above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// holds checks Open and Stat of an object against what was written.
func holds(t *testing.T, store ports.Blobs, key string, content []byte) {
	t.Helper()
	want := ports.Blob{Key: key, Size: int64(len(content)), ContentType: PDF}
	body, blob, err := store.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	got, err := io.ReadAll(body)
	if closed := body.Close(); err != nil || closed != nil {
		t.Fatalf("reading: %v, closing: %v", err, closed)
	}
	if !bytes.Equal(got, content) {
		t.Errorf("%d bytes came back of %d, or others", len(got), len(content))
	}
	if diff := cmp.Diff(want, timeless(t, blob)); diff != "" {
		t.Errorf("Open's blob (-want +got):\n%s", diff)
	}
	stat, err := store.Stat(t.Context(), key)
	if err != nil {
		t.Fatalf("Stat: %v", err)
	}
	if diff := cmp.Diff(want, timeless(t, stat)); diff != "" {
		t.Errorf("Stat's blob (-want +got):\n%s", diff)
	}
}

// timeless is a blob without its time, which is to be that of this test's run.
func timeless(t *testing.T, blob ports.Blob) ports.Blob {
	t.Helper()
	if age := time.Since(blob.WrittenAt); age < -time.Minute || age > 10*time.Minute {
		t.Errorf("the object is said to be written at %s", blob.WrittenAt)
	}
	blob.WrittenAt = time.Time{}
	return blob
}

func wantCode(t *testing.T, what string, err error, code core.Code) {
	t.Helper()
	if !core.HasCode(err, code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func blobsRoundTrip(t *testing.T, store ports.Blobs) {
	t.Helper()
	for i, size := range []int{0, 1, 2, 511, 512, 513, 4095, 4096, 4097, 32<<10 - 1, 64<<10 + 1, 256<<10 + 3, 1<<20 + 1} {
		key, content := newKey(), noise(i, size)
		put(t, store, key, content)
		holds(t, store, key, content)
	}
	for i, size := range []int{0, 1, 64<<10 + 1, 1<<20 + 1} {
		key, content := newKey(), noise(i, size)
		if err := store.Put(t.Context(), key, onDisk(t, content), int64(size), PDF); err != nil {
			t.Fatalf("Put of a file: %v", err)
		}
		holds(t, store, key, content)
	}
	for i, content := range []string{"%PDF-1.7\n%\xe2\xe3\xcf\xd3\r\n\x00\xff\xfe", "\xef\xbb\xbftext", "a\r\nb\nc\r", "\x1a\x00\x1a"} {
		key := newKey() + fmt.Sprint(i)
		put(t, store, key, []byte(content))
		holds(t, store, key, []byte(content))
	}
}

func blobsRace(t *testing.T, store ports.Blobs) {
	t.Helper()
	const writers = 10
	key := newKey()
	contents, errs := make([][]byte, writers), make([]error, writers)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range writers {
		contents[i] = noise(100+i, 20_000+i)
		all.Go(func() {
			<-start
			errs[i] = store.Put(t.Context(), key, bytes.NewReader(contents[i]), int64(len(contents[i])), PDF)
		})
	}
	close(start)
	all.Wait()
	winners := 0
	for i, err := range errs {
		if err == nil {
			winners++
			holds(t, store, key, contents[i])
			continue
		}
		wantCode(t, "a loser", err, core.CodeStorageConflict)
	}
	if winners != 1 {
		t.Errorf("%d of %d parallel writers won, want 1", winners, writers)
	}
}

func blobsConflict(t *testing.T, store ports.Blobs) {
	t.Helper()
	key, first := newKey(), noise(1, 3000)
	put(t, store, key, first)
	for _, second := range [][]byte{first, noise(2, 3000), noise(3, 1<<20), {}} {
		err := store.Put(t.Context(), key, bytes.NewReader(second), int64(len(second)), PDF)
		wantCode(t, fmt.Sprintf("second write of %d bytes", len(second)), err, core.CodeStorageConflict)
	}
	holds(t, store, key, first)
}

// blobsNeighbours writes keys that differ in one character only, and in places
// where a shortened or hashed name would meet another.
func blobsNeighbours(t *testing.T, store ports.Blobs) {
	t.Helper()
	user := core.NewID().String()
	var keys []string
	for i := range 60 {
		keys = append(keys, fmt.Sprintf("user/%s/01932e2c-5b7a-7000-8000-%012x.pdf", user, i))
	}
	keys = append(keys, "user/"+user, "user/"+user+"/a", "user/"+user+"/a/b", "user/"+user+"/a.b", "user/"+user+"/a-b", "user/"+user+"/.a")
	for i, key := range keys {
		put(t, store, key, []byte(fmt.Sprintf("content %d", i)))
	}
	for i, key := range keys {
		holds(t, store, key, []byte(fmt.Sprintf("content %d", i)))
	}
}
