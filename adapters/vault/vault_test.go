package vault_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/vault"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
	"github.com/insurance-navigator/navigator/ports/portstest"
)

func TestAFolderIsAnArchive(t *testing.T) {
	t.Parallel()
	portstest.Archive(t, func(t *testing.T) ports.Archive { return opened(t, t.TempDir()) })
}

func opened(t *testing.T, dir string) *vault.Folder {
	t.Helper()
	folder, err := vault.OpenFolder(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() })
	return folder
}

func newVault(t *testing.T, dir, words string) *vault.Vault {
	t.Helper()
	return over(t, opened(t, dir), words)
}

func over(t *testing.T, archive ports.Archive, words string) *vault.Vault {
	t.Helper()
	keys, err := vault.ParseKeys(words)
	if err != nil {
		t.Fatal(err)
	}
	return vault.New(archive, keys)
}

func newKey(t *testing.T) string {
	t.Helper()
	key, err := vault.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// commit makes a backup of one file, whose document is drawn.
func commit(t *testing.T, v *vault.Vault, taken time.Time) vault.Manifest {
	t.Helper()
	m := vault.Manifest{Format: vault.Format, ID: vault.NewID(taken), Taken: taken}
	id := core.NewID()
	part, err := v.Write(t.Context(), vault.NewFileName(id), func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Repeat("canary-text ", 20_000))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if m.Objects, err = v.WriteFiles(t.Context(), m, []vault.File{{Document: id, Part: part}}); err != nil {
		t.Fatal(err)
	}
	if err := v.Commit(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func files(t *testing.T, dir string) (n int, all string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "lock" {
			return err
		}
		text, err := os.ReadFile(path)
		n, all = n+1, all+string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n, all
}

func TestNothingCanBeReadWithoutTheKey(t *testing.T) {
	t.Parallel()
	dir, old := t.TempDir(), newKey(t)
	v := newVault(t, dir, old)
	m := commit(t, v, time.Now())
	if _, text := files(t, dir); strings.Contains(text, "canary") || strings.Contains(text, old) {
		t.Error("the archive shows what is in it")
	}
	if _, err := v.Check(t.Context(), m); err != nil {
		t.Errorf("check: %v", err)
	}
	if _, err := newVault(t, dir, newKey(t)).Manifest(t.Context(), m.ID); !errors.Is(err, vault.ErrKey) {
		t.Errorf("another key: %v", err)
	}
	rotated := newVault(t, dir, newKey(t)+"\n"+old)
	if again, err := rotated.Choose(t.Context(), "latest"); err != nil || again.ID != m.ID {
		t.Errorf("after a rotation: %+v, %v", again, err)
	}
	if _, err := rotated.Check(t.Context(), m); err != nil {
		t.Errorf("check after a rotation: %v", err)
	}
	for _, bad := range []string{"", "AGE-SECRET-KEY-1SECRETWORD"} {
		if _, err := vault.ParseKeys(bad); err == nil || strings.Contains(err.Error(), "SECRETWORD") {
			t.Errorf("key %q: %v", bad, err)
		}
	}
}

func TestAManifestThatWasChangedIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v := newVault(t, dir, newKey(t))
	m := commit(t, v, time.Now())
	path := filepath.Join(dir, "backups", m.ID, "manifest.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), `"files":0`, `"files":7`, 1)
	if changed == string(text) {
		t.Fatal("nothing was changed")
	}
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Choose(t.Context(), "latest"); !errors.Is(err, vault.ErrKey) {
		t.Errorf("latest: %v", err)
	}
	if _, err := v.Prune(t.Context(), time.Now()); !errors.Is(err, vault.ErrKey) {
		t.Errorf("prune beside it: %v", err)
	}
}

func TestTombstonesAreKeptAndCannotBeForgedNorLost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v := newVault(t, dir, newKey(t))
	one, two := vault.Tombstone{Document: core.NewID(), At: time.Now()}, vault.Tombstone{Document: core.NewID(), At: time.Now()}
	account := vault.Tombstone{User: core.NewID(), At: time.Now()}
	for _, list := range [][]vault.Tombstone{{one}, {one}, {two, account}, nil, {account}} {
		if _, _, err := v.Bury(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	known, err := v.Tombstones(t.Context())
	if _, ok := known[one.Document]; !ok || len(known) != 3 || known[account.User].User != account.User || err != nil {
		t.Fatalf("known are %v, %v", known, err)
	}
	m := vault.Manifest{Format: vault.Format, ID: vault.NewID(time.Now()), Tombstones: 3}
	if err := v.Commit(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	books := filepath.Join(dir, "tombstones")
	entries, err := os.ReadDir(books)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d books, %v", len(entries), err)
	}
	path := filepath.Join(books, entries[0].Name())
	moved := filepath.Join(books, strings.Repeat("0", 64)+entries[0].Name()[64:])
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Tombstones(t.Context()); !errors.Is(err, vault.ErrKey) {
		t.Errorf("a forged book: %v", err)
	}
	if err := os.Remove(moved); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Remembered(t.Context()); !errors.Is(err, vault.ErrMissing) {
		t.Errorf("a lost book: %v", err)
	}
}

func TestPruneKeepsTheNewestAndWhatItNeeds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v := newVault(t, dir, newKey(t))
	now := time.Now()
	commit(t, v, now.AddDate(0, 0, -90))
	kept := commit(t, v, now.AddDate(0, 0, -60))
	if _, err := v.Write(t.Context(), "backups/20260101T000000Z-broken/tables/a.age", func(io.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	done, err := v.Prune(t.Context(), now.AddDate(0, 0, -35))
	if err != nil || len(done.Backups) != 1 || done.Objects != 3 {
		t.Errorf("pruned %+v, %v", done, err)
	}
	if n, _ := files(t, dir); n != 3 {
		t.Errorf("%d objects are left", n)
	}
	if _, err := v.Check(t.Context(), kept); err != nil {
		t.Errorf("the newest: %v", err)
	}
}

func TestAFullDiskLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v := newVault(t, dir, newKey(t))
	_, err := v.Write(t.Context(), "objects/aa/a.age", func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return &os.PathError{Op: "write", Path: "a", Err: syscall.ENOSPC}
	})
	if !errors.Is(err, vault.ErrFull) {
		t.Errorf("a full disk: %v", err)
	}
	if n, _ := files(t, dir); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

func TestOneWriterAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	v := newVault(t, dir, newKey(t))
	release, err := v.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Lock(t.Context()); !errors.Is(err, vault.ErrBusy) {
		t.Errorf("a second writer: %v", err)
	}
	release()
	left := filepath.Join(dir, ".partial", "left")
	if err := os.MkdirAll(filepath.Dir(left), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if release, err = v.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	release()
	if n, _ := files(t, dir); n != 0 {
		t.Error("what a killed writer left is still there")
	}
}

// Names of one second sort by chance; the latest is told by its moment.
func TestTheLatestOfASecondIsTheLastTaken(t *testing.T) {
	t.Parallel()
	v := newVault(t, t.TempDir(), newKey(t))
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var last vault.Manifest
	for i := range 8 {
		last = commit(t, v, began.Add(time.Duration(i)*time.Millisecond))
	}
	if got, err := v.Choose(t.Context(), "latest"); err != nil || got.ID != last.ID {
		t.Errorf("the latest is %s taken at %s, want %s: %v", got.ID, got.Taken, last.ID, err)
	}
}
