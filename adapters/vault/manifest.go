package vault

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// Format is the archive's own version.
const Format = 1

// Manifest tells what a backup is made of. It holds counts, times and digests
// of what is encrypted: no id, no name.
type Manifest struct {
	Format   int       `json:"format"`
	ID       string    `json:"id"`
	Build    string    `json:"build"`    // of the program that made it
	Schema   int64     `json:"schema"`   // the database's version
	Postgres string    `json:"postgres"` // the server's version
	LSN      string    `json:"lsn"`      // where the server's log stood; empty where it may not be asked
	Taken    time.Time `json:"taken"`    // the snapshot, by the server's clock: what came later is not in it
	Finished time.Time `json:"finished"`

	Tables    []Table          `json:"tables"` // in an order in which they can be filled
	Sequences map[string]int64 `json:"sequences"`

	Objects    Part  `json:"objects"` // the list of the stored files, encrypted
	Files      int   `json:"files"`
	FileBytes  int64 `json:"file_bytes"`
	Copied     int   `json:"copied"` // files that no earlier backup had
	Lost       int   `json:"lost"`   // files that the storage did not have, or had otherwise
	Tombstones int   `json:"tombstones"`
	Buried     Part  `json:"buried,omitzero"` // all tombstones in one, where the archive is permanent; encrypted
}

// Table is one table's rows.
type Table struct {
	Schema  string   `json:"schema"`
	Name    string   `json:"table"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	Part    Part     `json:"part"`
}

// Rows is the number of all rows.
func (m Manifest) Rows() (n int64) {
	for _, t := range m.Tables {
		n += t.Rows
	}
	return n
}

// Bytes is the size of all parts but the files'.
func (m Manifest) Bytes() int64 {
	n := m.Objects.Size + m.Buried.Size
	for _, t := range m.Tables {
		n += t.Part.Size
	}
	return n
}

// Folder is where the backup's own parts lie.
func (m Manifest) Folder() string { return path.Join("backups", m.ID) }

// NewID names a backup by the time it begins.
func NewID(now time.Time) string {
	return now.UTC().Format("20060102T150405Z") + "-" + strings.ToLower(rand.Text()[:6])
}

const manifestName = "manifest.json"

// envelope is a manifest with its seal.
type envelope struct {
	Manifest json.RawMessage `json:"manifest"`
	Seal     []byte          `json:"seal"`
}

// Commit writes the manifest: from then on the backup is one.
func (v *Vault) Commit(ctx context.Context, m Manifest) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	whole, err := json.Marshal(envelope{text, v.keys.seal(ofManifest, text)})
	if err != nil {
		return err
	}
	return v.archive.Create(ctx, path.Join(m.Folder(), manifestName), func(w io.Writer) error {
		_, err := w.Write(whole)
		return err
	})
}

// Manifest reads a backup's manifest. ErrMissing says that there is no such
// backup, or that it was never finished.
func (v *Vault) Manifest(ctx context.Context, id string) (m Manifest, err error) {
	name := path.Join("backups", path.Base(id), manifestName)
	file, err := v.archive.Open(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("backup %s: %w", id, ErrMissing)
	}
	if err != nil {
		return m, fmt.Errorf("%s cannot be read: %w", name, bare(err))
	}
	defer file.Close() //nolint:errcheck // it was only read
	const most = 64 << 20
	text, err := io.ReadAll(io.LimitReader(file, most))
	var e envelope
	if err != nil || json.Unmarshal(text, &e) != nil {
		return m, fmt.Errorf("%s: %w", name, ErrDamaged)
	}
	if !v.keys.proves(ofManifest, e.Manifest, e.Seal) {
		return m, fmt.Errorf("%s: %w; or somebody changed it", name, ErrKey)
	}
	if err := json.Unmarshal(e.Manifest, &m); err != nil || m.ID != path.Base(id) {
		return m, fmt.Errorf("%s: %w", name, ErrDamaged)
	}
	if m.Format != Format {
		return m, fmt.Errorf("backup %s is of format %d, and this release reads %d: use the release that made it", id, m.Format, Format)
	}
	return m, nil
}

// List reads every finished backup's manifest, the oldest first; those that
// cannot be read are told and left out.
func (v *Vault) List(ctx context.Context) (all []Manifest, broken []error, err error) {
	ids, err := v.ids(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range ids {
		m, err := v.Manifest(ctx, id)
		if err != nil {
			broken = append(broken, err)
			continue
		}
		all = append(all, m)
	}
	// Two of one second are told apart by their moment alone.
	slices.SortStableFunc(all, func(a, b Manifest) int { return a.Taken.Compare(b.Taken) })
	return all, broken, nil
}

// ids names the finished backups, sorted, which is by their age.
func (v *Vault) ids(ctx context.Context) (ids []string, err error) {
	entries, err := v.archive.List(ctx, "backups/")
	for _, one := range entries {
		if path.Base(one.Name) == manifestName {
			ids = append(ids, path.Base(path.Dir(one.Name)))
		}
	}
	slices.Sort(ids)
	return ids, err
}

// Choose reads a backup's manifest. Latest means the newest, and nothing older
// in its place: where a manifest cannot be read, an id has to be given.
func (v *Vault) Choose(ctx context.Context, id string) (Manifest, error) {
	if id != "latest" {
		return v.Manifest(ctx, id)
	}
	all, broken, err := v.List(ctx)
	switch {
	case err != nil:
		return Manifest{}, err
	case len(broken) > 0:
		return Manifest{}, fmt.Errorf("which backup is the latest cannot be told, name one by its id: %w", errors.Join(broken...))
	case len(all) == 0:
		return Manifest{}, fmt.Errorf("a finished backup: %w", ErrMissing)
	}
	return all[len(all)-1], nil
}
