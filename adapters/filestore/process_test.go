package filestore_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/filestore"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

// Two variables make this program a process of its own, in place of tests: one
// that can be killed, and one that may write no more than a little.
const (
	childPart = "FILESTORE_TEST_PART"
	childDir  = "FILESTORE_TEST_DIR"
)

func init() {
	switch dir := os.Getenv(childDir); os.Getenv(childPart) {
	case "writer":
		writeForEver(dir)
	case "full":
		writeTooMuch(dir)
	}
}

// contentOf is what is written under a key: up to 300 KiB that only it has.
func contentOf(key string) []byte {
	var seed [32]byte
	copy(seed[:], key[len(key)-32:])
	source := rand.NewChaCha8(seed)
	content := make([]byte, source.Uint64()%(300<<10))
	_, _ = source.Read(content)
	return content
}

// writeForEver says each key once it is stored.
func writeForEver(dir string) {
	s, err := filestore.Open(filestore.Config{Dir: dir})
	for err == nil {
		key := "user/" + core.NewID().String()
		content := contentOf(key)
		if err = s.Put(context.Background(), key, bytes.NewReader(content), int64(len(content)), portstest.PDF); err == nil {
			_, err = fmt.Println(key)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// killed runs a writer until it has said that many keys, and kills it.
func killed(t *testing.T, dir string, after int) (keys []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childPart+"=writer", childDir+"="+dir)
	var faults bytes.Buffer
	cmd.Stderr = &faults
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if keys = append(keys, lines.Text()); len(keys) == after {
			_ = cmd.Process.Kill() // and what it said meanwhile is read
		}
	}
	if _ = cmd.Wait(); len(keys) < after { // killed, it says
		t.Fatalf("the writer stored %d objects: %s", len(keys), faults.String())
	}
	return keys
}

// TestL_019_a_killed_process_leaves_whole_objects_or_none: what was said to be
// stored is there, and what is there is whole.
func TestL_019_a_killed_process_leaves_whole_objects_or_none(t *testing.T) {
	t.Parallel()
	dir, said := t.TempDir(), map[string]bool{}
	for after := range 8 {
		for _, key := range killed(t, dir, 1+after) {
			said[key] = true
		}
	}
	s := open(t, filestore.Config{Dir: dir})
	want := []string{}
	for blob, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := s.Open(t.Context(), blob.Key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		_ = body.Close()
		if want := contentOf(blob.Key); err != nil || !bytes.Equal(got, want) || blob.Size != int64(len(want)) || blob.ContentType != portstest.PDF {
			t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
		}
		delete(said, blob.Key)
		want = append(want, "objects/"+blob.Key+"~/bytes", "objects/"+blob.Key+"~/type")
	}
	slices.Sort(want)
	there := slices.DeleteFunc(files(t, dir), func(name string) bool { return !strings.HasPrefix(name, "objects/") })
	if diff := cmp.Diff(want, there); diff != "" {
		t.Errorf("files of listed objects (-want +got):\n%s", diff)
	}
	if len(said) != 0 {
		t.Errorf("%d objects were said to be stored and are not there", len(said))
	}
	if err := s.Prepare(t.Context()); err != nil {
		t.Error(err)
	}
}

// writeTooMuch stores more than the system lets this process write to one file,
// and says what became of it.
func writeTooMuch(dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100 << 10, Max: 100 << 10})
	s, openErr := filestore.Open(filestore.Config{Dir: dir})
	if err = errors.Join(err, openErr); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	err = s.Put(context.Background(), "user/a", bytes.NewReader(make([]byte, 1<<20)), 1<<20, portstest.PDF)
	_, missing := s.Stat(context.Background(), "user/a")
	e := core.AsError(err)
	fmt.Println(e.Code, e.Kind, errors.Is(err, syscall.EFBIG), core.AsError(missing).Code, put(s, "user/a", "fits"))
	os.Exit(0)
}

// TestL_019_a_disk_that_takes_no_more_is_told: nothing half made is left, and the
// key stays free.
func TestL_019_a_disk_that_takes_no_more_is_told(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childPart+"=full", childDir+"="+dir)
	out, err := cmd.Output()
	if got := strings.TrimSpace(string(out)); err != nil || got != "storage_unavailable transient true file_missing <nil>" {
		t.Errorf("it said %q, %v", got, err)
	}
	if left := files(t, dir); strings.Join(left, " ") != "objects/user/a~/bytes objects/user/a~/type" {
		t.Errorf("files: %v", left)
	}
}
