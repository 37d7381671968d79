package vault

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
)

// Tombstone is a deletion that was asked for: ids, a time, and who wanted it.
// Where Document is zero it is that of the account User.
type Tombstone struct {
	Document core.ID             `json:"document"`
	User     core.ID             `json:"user"`
	At       time.Time           `json:"at"`
	Reason   core.DeletionReason `json:"reason,omitempty"` // empty: an older release's, which did not keep it
}

// of is the id of what was deleted: no document has that of an account.
func (t Tombstone) of() core.ID {
	if t.Document.IsZero() {
		return t.User
	}
	return t.Document
}

const tombs = "tombstones/"

// Tombstones reads all that were ever kept here, whichever backup is restored, by
// the id of the document or account.
func (v *Vault) Tombstones(ctx context.Context) (map[core.ID]Tombstone, error) {
	known, _, err := v.tombstones(ctx)
	return known, err
}

// tombstones reads every book. A book's name is the proof of what is in it:
// nobody without the key can add one, and so have documents deleted.
func (v *Vault) tombstones(ctx context.Context) (known map[core.ID]Tombstone, books []string, err error) {
	known, since, err := v.gathered(ctx)
	if err != nil {
		return nil, nil, err
	}
	entries, err := v.archive.List(ctx, tombs)
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		if entry.Modified.Before(since) {
			continue
		}
		part, err := v.book(entry.Name, entry.Size)
		if err != nil {
			return nil, nil, err
		}
		if err := v.readBook(ctx, part, known); err != nil {
			return nil, nil, err
		}
		books = append(books, entry.Name)
	}
	return known, books, nil
}

// readBook adds a book's tombstones to those that are known.
func (v *Vault) readBook(ctx context.Context, book Part, known map[core.ID]Tombstone) error {
	return v.Read(ctx, book, func(r io.Reader) error {
		list, err := decodeLines[Tombstone](r)
		for _, one := range list {
			known[one.of()] = one
		}
		return err
	})
}

// doubt is how far the clocks of a database and of an archive may be apart.
const doubt = time.Hour

// gathered reads the book of the newest backup, which has all tombstones of
// before it: books that were stored before since need not be read. Without such
// a book since is zero.
func (v *Vault) gathered(ctx context.Context) (known map[core.ID]Tombstone, since time.Time, err error) {
	known = map[core.ID]Tombstone{}
	ids, err := v.ids(ctx)
	if err != nil {
		return nil, since, err
	}
	for _, id := range slices.Backward(ids) {
		m, err := v.Manifest(ctx, id)
		switch {
		case errors.Is(err, ErrKey), errors.Is(err, ErrDamaged), errors.Is(err, ErrMissing):
			continue // whoever is asked for that backup is told; it hides no tombstone
		case err != nil:
			return nil, since, err
		case m.Buried.Name == "":
			return known, since, nil
		}
		return known, m.Taken.Add(-doubt), v.readBook(ctx, m.Buried, known)
	}
	return known, since, nil
}

// Gather writes all tombstones into one book of the backup, where the archive is
// permanent: there books are never put together otherwise, and each goes when it
// is old. The manifest has to tell of it.
func (v *Vault) Gather(ctx context.Context, m Manifest) (Part, error) {
	if !v.archive.Permanent() {
		return Part{}, nil
	}
	known, err := v.Tombstones(ctx)
	if err != nil {
		return Part{}, err
	}
	return v.Write(ctx, path.Join(m.Folder(), "tombstones.age"), func(w io.Writer) error {
		return encodeLines(w, inOrder(known))
	})
}

// inOrder sorts tombstones by their time.
func inOrder(known map[core.ID]Tombstone) []Tombstone {
	return slices.SortedFunc(maps.Values(known), func(a, b Tombstone) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.of().String(), b.of().String()))
	})
}

// book is the part that a book's name promises: digest, then seal.
func (v *Vault) book(name string, size int64) (Part, error) {
	digest, word, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".age"), "-")
	seal, err := hex.DecodeString(word)
	if err != nil || !v.keys.proves(ofTombstone, []byte(digest), seal) {
		return Part{}, fmt.Errorf("%s: %w; or somebody put it there", name, ErrKey)
	}
	return Part{name, size, digest}, nil
}

// Bury adds tombstones and tells how many there are now. All are written into
// one new book before those of before are removed, so that none is ever lost; in
// a permanent archive the new ones alone are written. Nothing is written where
// nothing is new.
func (v *Vault) Bury(ctx context.Context, news []Tombstone) (total, added int, err error) {
	known, books, err := v.tombstones(ctx)
	if err != nil {
		return 0, 0, err
	}
	fresh := map[core.ID]Tombstone{}
	for _, one := range news {
		if _, ok := known[one.of()]; !ok {
			fresh[one.of()] = one
		}
	}
	if len(fresh) == 0 {
		return len(known), 0, nil
	}
	maps.Copy(known, fresh)
	if v.archive.Permanent() {
		return len(known), len(fresh), v.writeBook(ctx, inOrder(fresh))
	}
	if err := v.writeBook(ctx, inOrder(known)); err != nil {
		return 0, 0, err
	}
	return len(known), len(fresh), v.archive.Remove(ctx, books...)
}

// writeBook writes a book under the name that proves it. The name is known once
// all of it is encrypted, so it is made in memory: about 150 bytes a deletion.
func (v *Vault) writeBook(ctx context.Context, all []Tombstone) error {
	var locked strings.Builder
	writer, err := v.keys.lock(&locked)
	if err != nil {
		return err
	}
	if err := encodeLines(writer, all); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	digest := digestOf(locked.String())
	name := tombs + digest + "-" + hex.EncodeToString(v.keys.seal(ofTombstone, []byte(digest))) + ".age"
	return v.archive.Create(ctx, name, func(w io.Writer) error {
		_, err := io.WriteString(w, locked.String())
		return err
	})
}
