package vault_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/vault"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// permanent is a folder that nothing can be removed from, with a clock of its
// own, and the names that were read.
type permanent struct {
	*vault.Folder
	t *testing.T

	mu   sync.Mutex
	age  time.Duration // that all objects have
	read []string
}

func (p *permanent) Permanent() bool { return true }

func (p *permanent) Remove(_ context.Context, names ...string) error {
	p.t.Errorf("%v would have been removed", names)
	return errors.ErrUnsupported
}

func (p *permanent) Lock(context.Context) (func(), error) { return func() {}, nil }

func (p *permanent) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	p.mu.Lock()
	p.read = append(p.read, name)
	p.mu.Unlock()
	return p.Folder.Open(ctx, name)
}

func (p *permanent) List(ctx context.Context, prefix string) ([]ports.Archived, error) {
	all, err := p.Folder.List(ctx, prefix)
	for i := range all {
		all[i].Modified = all[i].Modified.Add(-p.age)
	}
	return all, err
}

// Where nothing can be removed each book has what is new alone, each backup has
// them all in one, and those of before it are not read again.
func TestTombstonesOfAPermanentArchive(t *testing.T) {
	t.Parallel()
	archive := &permanent{Folder: opened(t, t.TempDir()), t: t}
	v := over(t, archive, newKey(t))
	bury := func(want, added int, stones ...vault.Tombstone) {
		t.Helper()
		if total, fresh, err := v.Bury(t.Context(), stones); total != want || fresh != added || err != nil {
			t.Errorf("buried %d, %d of them new, want %d and %d: %v", total, fresh, want, added, err)
		}
	}
	one, two, three := stone(), stone(), stone()
	bury(1, 1, one)
	bury(2, 1, one, two)
	bury(2, 0, two)
	archive.age = 3 * time.Hour
	m := vault.Manifest{Format: vault.Format, ID: vault.NewID(time.Now()), Taken: time.Now(), Tombstones: 2}
	var err error
	if m.Buried, err = v.Gather(t.Context(), m); err != nil || m.Buried.Name == "" {
		t.Fatalf("gathered %+v, %v", m.Buried, err)
	}
	if m.Objects, err = v.WriteFiles(t.Context(), m, nil); err != nil {
		t.Fatal(err)
	}
	if err := v.Commit(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	archive.read = nil
	bury(2, 0, one, two)
	if slices.ContainsFunc(archive.read, func(name string) bool { return name[:5] == "tombs" }) {
		t.Errorf("read again: %v", archive.read)
	}
	archive.age = 0
	bury(3, 1, three)
	if known, err := v.Remembered(t.Context()); len(known) != 3 || err != nil {
		t.Errorf("known are %v, %v", known, err)
	}
	if done, err := v.Check(t.Context(), m); done.Parts != 2 || err != nil {
		t.Errorf("check: %+v, %v", done, err)
	}
	if _, err := v.Prune(t.Context(), time.Now()); !errors.Is(err, vault.ErrPermanent) {
		t.Errorf("prune: %v", err)
	}
}

func stone() vault.Tombstone { return vault.Tombstone{Document: core.NewID(), At: time.Now()} }

// A folder puts its books together itself: its backups carry none.
func TestAFolderGathersNothing(t *testing.T) {
	t.Parallel()
	v := newVault(t, t.TempDir(), newKey(t))
	if part, err := v.Gather(t.Context(), vault.Manifest{ID: vault.NewID(time.Now())}); part != (vault.Part{}) || err != nil {
		t.Errorf("gathered %+v, %v", part, err)
	}
}
