package vault

import (
	"cmp"
	"context"
	"encoding/hex"
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
	entries, err := v.archive.List(ctx, tombs)
	if err != nil {
		return nil, nil, err
	}
	known = map[core.ID]Tombstone{}
	for _, entry := range entries {
		part, err := v.book(entry.Name, entry.Size)
		if err != nil {
			return nil, nil, err
		}
		err = v.Read(ctx, part, func(r io.Reader) error {
			list, err := decodeLines[Tombstone](r)
			for _, one := range list {
				known[one.of()] = one
			}
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		books = append(books, entry.Name)
	}
	return known, books, nil
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
// one new book before those of before are removed, so that none is ever lost;
// nothing is written where nothing is new.
func (v *Vault) Bury(ctx context.Context, news []Tombstone) (total, added int, err error) {
	known, books, err := v.tombstones(ctx)
	if err != nil {
		return 0, 0, err
	}
	before := len(known)
	for _, one := range news {
		if _, ok := known[one.of()]; !ok {
			known[one.of()] = one
		}
	}
	added = len(known) - before
	if added == 0 {
		return before, 0, nil
	}
	all := slices.SortedFunc(maps.Values(known), func(a, b Tombstone) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.of().String(), b.of().String()))
	})
	if err := v.writeBook(ctx, all); err != nil {
		return 0, 0, err
	}
	return len(known), added, v.archive.Remove(ctx, books...)
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
