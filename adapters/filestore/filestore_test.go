package filestore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/insurance-navigator/navigator/adapters/filestore"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

func open(t testing.TB, c filestore.Config) *filestore.Store {
	t.Helper()
	s, err := filestore.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func put(s *filestore.Store, key, content string) error {
	return s.Put(context.Background(), key, strings.NewReader(content), int64(len(content)), portstest.PDF)
}

func TestFilestoreConformance(t *testing.T) {
	t.Parallel()
	portstest.Blobs(t, func(t *testing.T) ports.Blobs {
		return redeemed(t, filestore.Config{Dir: t.TempDir(), MaxSize: 4 << 20, Types: []string{portstest.PDF}})
	})
}

func TestLimitsAreTheBuckets(t *testing.T) {
	t.Parallel()
	s := open(t, filestore.Config{Dir: t.TempDir(), MaxSize: 5, Types: []string{portstest.PDF}})
	if err := put(s, "a", "123456"); !core.HasCode(err, core.CodeFileTooLarge) {
		t.Errorf("one byte too many: %v", err)
	}
	if err := put(s, "a", "12345"); err != nil {
		t.Errorf("exactly the limit: %v", err)
	}
	for _, contentType := range []string{"image/png", "application/pdf; charset=binary", "", "APPLICATION/PDF"} {
		err := s.Put(t.Context(), "b", strings.NewReader("1"), 1, contentType)
		if !core.HasCode(err, core.CodeFileUnsupported) {
			t.Errorf("type %q: %v", contentType, err)
		}
	}
}

func TestL_019_objects_outlive_the_process_and_nothing_half_made_does(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, filestore.Config{Dir: dir})
	if err := put(first, "user/a.pdf", "kept"); err != nil {
		t.Fatal(err)
	}
	plant(t, filepath.Join(dir, "incoming", "crashed"), 48*time.Hour)
	plant(t, filepath.Join(dir, "incoming", "at-work"), time.Minute)
	plant(t, filepath.Join(dir, "trash", "crashed"), 48*time.Hour)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := open(t, filestore.Config{Dir: dir})
	if err := second.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	body, _, err := second.Open(t.Context(), "user/a.pdf")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || string(got) != "kept" {
		t.Errorf("got %q, %v", got, err)
	}
	want := []string{"incoming/at-work/bytes", "objects/user/a.pdf~/bytes", "objects/user/a.pdf~/type"}
	if diff := cmp.Diff(want, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func plant(t *testing.T, dir string, age time.Duration) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bytes"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-age)
	if err := os.Chtimes(dir, then, then); err != nil {
		t.Fatal(err)
	}
}

// files lists the regular files below dir and checks that nobody else may read them.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		if !entry.IsDir() {
			short, _ := filepath.Rel(dir, name)
			found = append(found, filepath.ToSlash(short))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestC_10_a_link_does_not_lead_out_of_the_folder(t *testing.T) {
	t.Parallel()
	outside, dir := t.TempDir(), t.TempDir()
	s := open(t, filestore.Config{Dir: dir})
	if err := os.Symlink(outside, filepath.Join(dir, "objects", "user")); err != nil {
		t.Skipf("this file system has no symbolic links: %v", err)
	}
	if err := put(s, "user/a", "x"); err == nil {
		t.Error("a write through a link out of the folder succeeded")
	}
	if entries, _ := os.ReadDir(outside); len(entries) > 0 {
		t.Errorf("%d files lie outside", len(entries))
	}
	plant(t, filepath.Join(outside, "secret~"), 0)
	if err := put(s, "own", "x"); err != nil {
		t.Fatal(err)
	}
	inner := filepath.Join(dir, "objects", "own~", "bytes")
	if err := errors.Join(os.Remove(inner), os.Symlink(filepath.Join(outside, "secret~", "bytes"), inner)); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"user/secret", "own"} {
		if body, _, err := s.Open(t.Context(), key); err == nil {
			_ = body.Close()
			t.Errorf("%s is read through a link out of the folder", key)
		}
	}
	for _, prefix := range []string{"", "user/", "own"} {
		for blob, err := range s.List(t.Context(), prefix) {
			if err == nil {
				t.Errorf("a link is listed: %s", blob.Key)
			}
		}
	}
}

func TestFM_025_a_lost_folder_is_not_a_missing_file(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "blobs")
	s := open(t, filestore.Config{Dir: dir})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Healthy(t.Context()); !core.HasCode(err, core.CodeStorageUnavailable) {
		t.Errorf("Healthy: %v", err)
	}
	if _, err := s.Stat(t.Context(), "user/a"); !core.HasCode(err, core.CodeStorageUnavailable) {
		t.Errorf("Stat: %v", err)
	}
	if err := s.Prepare(t.Context()); err == nil {
		t.Error("Prepare is content with a folder that is gone")
	}
}

func TestOpenNamesTheFolderItCannotUse(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file} {
		_, err := filestore.Open(filestore.Config{Dir: dir})
		if err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("Open(%q): %v", dir, err)
		}
	}
}

// TestC_10_any_set_of_keys_keeps_its_bytes compares the store with a map.
func TestC_10_any_set_of_keys_keeps_its_bytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "run")
		if err != nil {
			rt.Fatal(err)
		}
		s, err := filestore.Open(filestore.Config{Dir: dir})
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		model := map[string][]byte{}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			step(rt, s, model)
		}
		for key, want := range model {
			body, _, err := s.Open(t.Context(), key)
			if err != nil {
				rt.Fatal(err)
			}
			got, err := io.ReadAll(body)
			_ = body.Close()
			if err != nil || !bytes.Equal(got, want) {
				rt.Fatalf("key %q: got %d bytes, %v", key, len(got), err)
			}
		}
	})
}

func step(rt *rapid.T, s *filestore.Store, model map[string][]byte) {
	key := rapid.StringMatching(`[ab.]{1,2}x(/[ab]{1,2}){0,2}`).Draw(rt, "key")
	content := rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(rt, "content")
	_, taken := model[key]
	if rapid.IntRange(0, 3).Draw(rt, "what") == 0 {
		if err := s.Delete(rt.Context(), key); err != nil {
			rt.Fatal(err)
		}
		delete(model, key)
		return
	}
	err := s.Put(rt.Context(), key, bytes.NewReader(content), int64(len(content)), portstest.PDF)
	switch {
	case taken && !core.HasCode(err, core.CodeStorageConflict):
		rt.Fatalf("second write to %q: %v", key, err)
	case !taken && err != nil:
		rt.Fatalf("first write to %q: %v", key, err)
	case !taken:
		model[key] = content
	}
}
