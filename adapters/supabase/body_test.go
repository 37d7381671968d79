package supabase

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A file of exactly the promised size shows itself to the system, which carries
// it to the connection; whatever differs is read and proven byte by byte.
func TestAFileIsSentAsAFileWhereItIsExact(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("twelve bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for size, want := range map[int64]bool{12: true, 11: false, 13: false, 0: false} {
		if _, is := newBody(t.Context(), file, size).(syscall.Conn); is != want {
			t.Errorf("promised %d bytes of 12: a file of the system's: %t", size, is)
		}
	}
	if _, err := file.Seek(7, 0); err != nil {
		t.Fatal(err)
	}
	if _, is := newBody(t.Context(), file, 5).(syscall.Conn); !is {
		t.Error("the rest of a file is not a file of the system's")
	}
	if _, is := newBody(t.Context(), strings.NewReader("x"), 1).(syscall.Conn); is {
		t.Error("a string is a file of the system's")
	}
}
