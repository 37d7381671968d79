package vault

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/insurance-navigator/navigator/ports"
)

// Folder is an archive in a folder: a volume of its own, or one that is copied
// elsewhere. Its files are readable by their owner alone.
type Folder struct{ root *os.Root }

// aside is where files are written before they take their name.
const aside = ".partial"

// OpenFolder opens the folder, and makes it where create says so.
func OpenFolder(dir string, create bool) (*Folder, error) {
	if dir == "" {
		return nil, errors.New("the archive is not named: set BACKUP_DIR to a folder or to s3://bucket/prefix, or give the flag")
	}
	if create {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("the archive's folder cannot be made: %w", bare(err))
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("the archive's folder cannot be opened: %w", bare(err))
	}
	return &Folder{root}, nil
}

// Close frees the folder.
func (f *Folder) Close() error { return f.root.Close() }

// Create is ports.Archive: written aside, synced, renamed, and the name synced.
// That the name is free is asked before: under Lock nobody else takes it.
func (f *Folder) Create(ctx context.Context, name string, fill func(io.Writer) error) error {
	if _, err := f.root.Lstat(name); err == nil {
		return full(name, fs.ErrExist)
	}
	if err := f.root.MkdirAll(aside, 0o700); err != nil {
		return full(name, err)
	}
	temporary := path.Join(aside, rand.Text())
	if err := f.write(temporary, func(w io.Writer) error { return fill(guarded{ctx, w}) }); err != nil {
		_ = f.root.Remove(temporary) // what is left is removed by the next writer
		return full(name, err)
	}
	if err := f.makeParents(path.Dir(name)); err != nil {
		return full(name, err)
	}
	if err := f.root.Rename(temporary, name); err != nil {
		return full(name, err)
	}
	return full(name, f.sync(path.Dir(name)))
}

func (f *Folder) write(name string, fill func(io.Writer) error) error {
	file, err := f.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = fill(file)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// makeParents makes each missing folder and its name durable.
func (f *Folder) makeParents(dir string) error {
	if info, err := f.root.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := f.makeParents(path.Dir(dir)); err != nil {
		return err
	}
	if err := f.root.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return f.sync(path.Dir(dir))
}

func (f *Folder) sync(dir string) error {
	file, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// Open is ports.Archive.
func (f *Folder) Open(_ context.Context, name string) (io.ReadCloser, error) {
	return f.root.Open(name)
}

// List is ports.Archive.
func (f *Folder) List(ctx context.Context, prefix string) (found []ports.Archived, err error) {
	err = fs.WalkDir(f.root.FS(), strings.TrimSuffix(prefix, "/"), func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || ctx.Err() != nil || entry.IsDir() {
			return cmp.Or(err, ctx.Err())
		}
		info, err := entry.Info()
		if err == nil {
			found = append(found, ports.Archived{Name: name, Size: info.Size(), Modified: info.ModTime()})
		}
		return err
	})
	slices.SortFunc(found, func(a, b ports.Archived) int { return cmp.Compare(a.Name, b.Name) })
	return found, err
}

// Permanent is ports.Archive: whoever may write may remove.
func (f *Folder) Permanent() bool { return false }

// Remove is ports.Archive; a folder that is empty afterwards goes too.
func (f *Folder) Remove(_ context.Context, names ...string) (err error) {
	for _, name := range names {
		if failed := f.root.Remove(name); failed != nil && !errors.Is(failed, fs.ErrNotExist) {
			err = errors.Join(err, failed)
		}
		for dir := path.Dir(name); dir != "." && f.root.Remove(dir) == nil; {
			dir = path.Dir(dir)
		}
	}
	return err
}

// Lock is ports.Archive. What an earlier writer left unfinished is removed.
func (f *Folder) Lock(ctx context.Context) (func(), error) {
	file, err := f.root.OpenFile("lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the archive cannot be locked: %w", bare(err))
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { //nolint:gosec // a descriptor fits an int
		_ = file.Close() // it was not written
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrBusy
		}
		return nil, fmt.Errorf("the archive cannot be locked: %w", err)
	}
	release := func() { _ = file.Close() }
	left, err := f.List(ctx, aside+"/")
	for _, one := range left {
		err = errors.Join(err, f.Remove(ctx, one.Name))
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// guarded stops writing with the context.
type guarded struct {
	ctx context.Context //nolint:containedctx // a writer has no other way to hear of its end
	to  io.Writer
}

// Write implements io.Writer.
func (g guarded) Write(p []byte) (int, error) {
	if err := g.ctx.Err(); err != nil {
		return 0, err
	}
	return g.to.Write(p)
}

// full says which object could not be written, and that a full disk is one.
func full(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: %s was not written", ErrFull, name)
	}
	return fmt.Errorf("%s was not written: %w", name, err)
}

// bare takes the path out of an error.
func bare(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err
}

var _ ports.Archive = (*Folder)(nil)
