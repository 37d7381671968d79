package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Checked is what a check read.
type Checked struct {
	Parts int
	Bytes int64
}

// Check reads every part of a backup, decrypts it, and compares it with the
// manifest. It goes on after what is broken, and names all of it.
func (v *Vault) Check(ctx context.Context, m Manifest) (done Checked, err error) {
	parts := []Part{m.Objects}
	if m.Buried.Name != "" {
		parts = append(parts, m.Buried)
	}
	for _, table := range m.Tables {
		parts = append(parts, table.Part)
	}
	files, err := v.ReadFiles(ctx, m)
	for _, file := range files {
		if !file.Lost() {
			parts = append(parts, file.Part)
		}
	}
	for _, part := range parts {
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		failed := v.Read(ctx, part, func(r io.Reader) error {
			_, err := io.Copy(io.Discard, r)
			return err
		})
		if failed != nil && part != m.Objects { // that one's fault is told by ReadFiles
			err = errors.Join(err, failed)
		}
		done.Parts, done.Bytes = done.Parts+1, done.Bytes+part.Size
	}
	known, failed := v.Tombstones(ctx)
	return done, errors.Join(err, failed, m.remembers(len(known)))
}

// remembers holds the tombstones to the number that were there at the backup.
func (m Manifest) remembers(known int) error {
	if known < m.Tombstones {
		return fmt.Errorf("there are %d tombstones and there were %d at backup %s: %w", known, m.Tombstones, m.ID, ErrMissing)
	}
	return nil
}

// Remembered reads the tombstones and refuses fewer than any backup knew of: a
// document that was deleted must not come back because its tombstone is lost.
func (v *Vault) Remembered(ctx context.Context) (map[core.ID]Tombstone, error) {
	all, _, err := v.List(ctx)
	if err != nil {
		return nil, err
	}
	known, err := v.Tombstones(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		err = errors.Join(err, m.remembers(len(known)))
	}
	return known, err
}

// Pruned is what a prune removed.
type Pruned struct {
	Backups []string
	Objects int
	Bytes   int64
}

// Prune removes the backups taken before a time, but never the newest one, and
// then every object that no backup needs: the files of removed backups, and what
// backups that were never finished left. The manifest goes first, so that half
// a backup is never taken for one. Tombstones stay. It is to be run under Lock.
// From a permanent archive it removes nothing: ErrPermanent.
func (v *Vault) Prune(ctx context.Context, before time.Time) (done Pruned, err error) {
	if v.archive.Permanent() {
		return done, ErrPermanent
	}
	all, broken, err := v.List(ctx)
	if err != nil || len(broken) > 0 {
		return done, errors.Join(append(broken, err)...) // what they need is not known
	}
	needed := map[string]bool{}
	for i, m := range all {
		if i < len(all)-1 && m.Taken.Before(before) {
			if err := v.archive.Remove(ctx, path.Join(m.Folder(), manifestName)); err != nil {
				return done, err
			}
			done.Backups = append(done.Backups, m.ID)
			continue
		}
		if err := v.needs(ctx, m, needed); err != nil {
			return done, err
		}
	}
	return done, v.sweep(ctx, needed, &done)
}

// needs notes the objects of a backup.
func (v *Vault) needs(ctx context.Context, m Manifest, needed map[string]bool) error {
	files, err := v.ReadFiles(ctx, m)
	if err != nil {
		return err
	}
	for _, file := range files {
		needed[file.Part.Name] = true
	}
	needed[path.Join(m.Folder(), manifestName)], needed[m.Objects.Name], needed[m.Buried.Name] = true, true, true
	for _, table := range m.Tables {
		needed[table.Part.Name] = true
	}
	return nil
}

func (v *Vault) sweep(ctx context.Context, needed map[string]bool, done *Pruned) error {
	for _, prefix := range []string{"backups/", "objects/"} {
		entries, err := v.archive.List(ctx, prefix)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if needed[entry.Name] {
				continue
			}
			if err := v.archive.Remove(ctx, entry.Name); err != nil {
				return err
			}
			done.Objects, done.Bytes = done.Objects+1, done.Bytes+entry.Size
		}
	}
	return nil
}
