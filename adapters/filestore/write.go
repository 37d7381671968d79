package filestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// write makes the object's folder aside, its files on the disk for good.
func (s *Store) write(ctx context.Context, aside string, body io.Reader, size int64, contentType string) error {
	if err := s.root.Mkdir(aside, 0o700); err != nil {
		return err
	}
	if err := s.writeFile(path.Join(aside, bytesFile), func(w io.Writer) error { return exactly(ctx, w, body, size) }); err != nil {
		return err
	}
	err := s.writeFile(path.Join(aside, typeFile), func(w io.Writer) error { _, err := io.WriteString(w, contentType); return err })
	if err != nil {
		return err
	}
	return s.sync(aside)
}

func (s *Store) writeFile(name string, fill func(io.Writer) error) error {
	file, err := s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = fill(file)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// exactly copies size bytes and proves that no more follow.
func exactly(ctx context.Context, w io.Writer, body io.Reader, size int64) error {
	source := &guarded{ctx: ctx, from: body}
	n, err := io.Copy(w, io.LimitReader(source, size))
	switch {
	case source.failed != nil:
		return source.failed
	case err != nil:
		return err
	case n < size:
		return core.Fail(core.CodeFileChanged, errors.New("the body is shorter than declared"))
	}
	var one [1]byte
	n1, _ := io.ReadFull(source, one[:])
	if source.failed != nil {
		return source.failed
	}
	if n1 > 0 {
		return core.Fail(core.CodeFileChanged, errors.New("the body is longer than declared"))
	}
	return nil
}

// guarded stops with the context and tells a reader's fault from the disk's.
type guarded struct {
	ctx    context.Context //nolint:containedctx // a reader has no other way to hear of its end
	from   io.Reader
	failed error
}

// Read implements io.Reader.
func (g *guarded) Read(p []byte) (int, error) {
	if g.failed = ended(g.ctx); g.failed != nil {
		return 0, g.failed
	}
	n, err := g.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		g.failed = core.Fail(core.CodeInternal, err)
		return n, g.failed
	}
	return n, err
}

// reveal puts the finished folder in its place, unless one is there already.
func (s *Store) reveal(aside, target string) error {
	if err := s.makeParents(path.Dir(target)); err != nil {
		return err
	}
	err := s.root.Rename(aside, target)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY) {
		return core.Fail(core.CodeStorageConflict, nil)
	}
	if err != nil {
		return err
	}
	return s.sync(path.Dir(target))
}

// makeParents makes each missing folder and its name durable.
func (s *Store) makeParents(dir string) error {
	if info, err := s.root.Lstat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := s.makeParents(path.Dir(dir)); err != nil {
		return err
	}
	if err := s.root.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return s.sync(path.Dir(dir))
}

func (s *Store) sync(dir string) error {
	file, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// reader words the disk's faults while an object is read.
type reader struct{ file *os.File }

// Read implements io.Reader.
func (r reader) Read(p []byte) (int, error) {
	n, err := r.file.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = core.Fail(core.CodeStorageUnavailable, bare(err))
	}
	return n, err
}

// Seek implements io.Seeker: an address of ours answers ranges.
func (r reader) Seek(offset int64, whence int) (int64, error) {
	at, err := r.file.Seek(offset, whence)
	if err != nil {
		err = core.Fail(core.CodeStorageUnavailable, bare(err))
	}
	return at, err
}

// Close implements io.Closer.
func (r reader) Close() error { return r.file.Close() }

// leftover is the age at which a half written or half removed object cannot
// belong to a living process any more.
const leftover = 24 * time.Hour

// Prepare implements ports.Blobs. It also sweeps what crashes left behind.
func (s *Store) Prepare(ctx context.Context) error {
	for _, dir := range []string{incomingDir, trashDir} {
		if err := s.sweep(dir); err != nil {
			return fmt.Errorf("filestore: sweeping %s: %w", dir, asError(ctx, err))
		}
	}
	key := "canary/" + core.NewID().String()
	defer func() { _ = s.remove(key) }() // where a step failed
	for _, step := range []struct {
		name string
		run  func(context.Context, string) error
	}{{"write", s.probeWrite}, {"read", s.probeRead}, {"delete", func(ctx context.Context, key string) error { return s.Delete(ctx, key) }}} {
		if err := step.run(ctx, key); err != nil {
			return fmt.Errorf("filestore: %s of a canary: %w", step.name, err)
		}
	}
	return nil
}

func (s *Store) sweep(dir string) error {
	entries, err := fs.ReadDir(s.root.FS(), dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || time.Since(info.ModTime()) < leftover {
			continue // gone meanwhile, or at work
		}
		if err := s.root.RemoveAll(path.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// canary is not UTF-8 on purpose. The probe has its twin in adapters/supabase:
// no adapter imports another, and what each must prove differs.
var canary = []byte("canary\x00\xff\xfe\r\n")

func (s *Store) probeWrite(ctx context.Context, key string) error {
	contentType := "application/octet-stream"
	if len(s.types) > 0 {
		contentType = s.types[0]
	}
	return s.Put(ctx, key, bytes.NewReader(canary), int64(len(canary)), contentType)
}

func (s *Store) probeRead(ctx context.Context, key string) error {
	body, _, err := s.Open(ctx, key)
	if err != nil {
		return err
	}
	defer body.Close()
	got, err := io.ReadAll(body)
	if err == nil && !bytes.Equal(got, canary) {
		err = core.Fail(core.CodeFileChanged, nil)
	}
	return err
}
