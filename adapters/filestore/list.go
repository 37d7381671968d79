package filestore

import (
	"context"
	"errors"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// batch is how many names of a folder are read at once.
const batch = 256

// List implements ports.Blobs: it walks the folders, each of them a batch of
// names at a time. Links are passed over, and so is what no key names.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[ports.Blob, error] {
	return func(yield func(ports.Blob, error) bool) {
		err := checkPrefix(prefix)
		if err == nil {
			err = s.Healthy(ctx) // where the whole folder is gone, "no objects" is not the truth
		}
		if err == nil {
			w := walk{ctx: ctx, store: s, prefix: prefix, yield: yield}
			err = w.folder(strings.TrimSuffix(path.Dir(prefix+"-"), "."))
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(ports.Blob{}, asError(ctx, err))
		}
	}
}

// checkPrefix takes what a key can begin with.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	_, err := place(strings.TrimSuffix(prefix, "/"))
	return err
}

// errEnough ends a walk whose caller wants no more.
var errEnough = errors.New("enough was listed")

// walk goes through the folders below a prefix.
type walk struct {
	ctx    context.Context //nolint:containedctx // one walk is one call
	store  *Store
	prefix string
	yield  func(ports.Blob, error) bool
}

// folder goes through one folder, named as keys name it. One that is gone by
// now holds nothing.
func (w walk) folder(name string) error {
	dir, err := w.store.root.Open(path.Join(objectsDir, name))
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close() //nolint:errcheck // it was only read
	for {
		if err := ended(w.ctx); err != nil {
			return err
		}
		entries, err := dir.ReadDir(batch)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if !entry.IsDir() {
				continue
			}
			if err := w.entry(path.Join(name, entry.Name())); err != nil {
				return err
			}
		}
	}
}

func (w walk) entry(name string) error {
	key, isObject := strings.CutSuffix(name, mark)
	switch {
	case isObject && strings.HasPrefix(key, w.prefix):
		return w.object(key)
	case !isObject && (strings.HasPrefix(name+"/", w.prefix) || strings.HasPrefix(w.prefix, name+"/")):
		return w.folder(name)
	}
	return nil
}

func (w walk) object(key string) error {
	if _, err := place(key); err != nil {
		return nil //nolint:nilerr // somebody else's folder
	}
	blob, err := w.store.Stat(w.ctx, key)
	if core.HasCode(err, core.CodeFileMissing) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	if !w.yield(blob, nil) {
		return errEnough
	}
	return nil
}
