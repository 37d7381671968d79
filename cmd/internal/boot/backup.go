package boot

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/vault"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/ports"
)

// filesAtOnce is how many stored files are copied at the same time.
const filesAtOnce = 6

// OpenArchive opens the backups of the environment; dir stands in for
// BACKUP_DIR where it is not empty. Nothing else has to be set.
func OpenArchive(ctx context.Context, environ []string, dir string) (*vault.Vault, error) {
	archive, _, err := openArchive(ctx, environ, dir)
	return archive, err
}

// openArchive also holds the settings to what the services in question need.
func openArchive(ctx context.Context, environ []string, dir string, services ...Service) (*vault.Vault, Config, error) {
	config, err := Read(environ)
	if err != nil {
		return nil, config, err
	}
	if dir != "" {
		config.BackupDir = dir
	}
	var f faults
	config.checkBackups(&f)
	err = f.err()
	for _, service := range services {
		err = errors.Join(err, config.Check(service))
	}
	if err != nil {
		return nil, config, err
	}
	keys, err := vault.ParseKeys(config.BackupKey.Reveal())
	if err != nil {
		return nil, config, err
	}
	place, err := config.backups(ctx)
	if err != nil {
		return nil, config, err
	}
	return vault.New(place, keys), config, nil
}

// Backup makes backups of the database and the storage of a configuration.
type Backup struct {
	vault *vault.Vault
	pool  *pgxpool.Pool // the owner's
	blobs ports.Blobs
	renew time.Duration // the age from which a file is copied anew; 0: none is
}

// OpenBackup reads the environment, and opens what is backed up and where to.
func OpenBackup(ctx context.Context, environ []string, dir string) (*Backup, error) {
	archive, config, err := openArchive(ctx, environ, dir, Adopt)
	if err != nil {
		return nil, err
	}
	b := &Backup{vault: archive, renew: config.BackupRenew}
	if b.blobs, err = config.blobs(); err != nil {
		return nil, err
	}
	b.pool, err = config.ownerPool(ctx)
	return b, err
}

// ownerPool logs in as the schemas' owner, for a backup and for its return.
func (c Config) ownerPool(ctx context.Context) (*pgxpool.Pool, error) {
	return postgres.Open(ctx, postgres.Options{URL: c.MigrateURL().Reveal(), Name: "navigator-backup", MaxConns: 2})
}

// Close closes the database's pool.
func (b *Backup) Close() { b.pool.Close() }

// Create makes a backup: the rows of one snapshot, then the files of its
// documents, then the tombstones, and the manifest last. A file that the storage
// does not have as it should is counted as lost, and the rest is kept.
func (b *Backup) Create(ctx context.Context) (m vault.Manifest, err error) {
	release, err := b.vault.Lock(ctx)
	if err != nil {
		return m, err
	}
	defer release()
	m = vault.Manifest{Format: vault.Format, ID: vault.NewID(time.Now()), Build: Build()}
	files, err := b.rows(ctx, &m)
	if err != nil {
		return m, err
	}
	if err := postgres.RecordIfKept(ctx, b.pool, core.Operated(ctx, core.AuditBackup, m.ID)); err != nil {
		return m, err
	}
	if err := b.files(ctx, &m, files); err != nil {
		return m, err
	}
	if m.Tombstones, _, err = b.bury(ctx); err != nil {
		return m, err
	}
	if m.Buried, err = b.vault.Gather(ctx, m); err != nil {
		return m, err
	}
	m.Finished = time.Now().UTC()
	return m, b.vault.Commit(ctx, m)
}

// rows writes the snapshot, and lists its files.
func (b *Backup) rows(ctx context.Context, m *vault.Manifest) (files []postgres.DumpFile, err error) {
	err = postgres.TakeDump(ctx, b.pool, func(d *postgres.Dump) error {
		if d.Schema > db.Version() {
			return fmt.Errorf("the database's schema is version %d and this release knows %d: use the release that runs", d.Schema, db.Version())
		}
		m.Schema, m.Postgres, m.LSN, m.Taken, m.Sequences = d.Schema, d.Postgres, d.LSN, d.Taken.UTC(), d.Sequences
		for _, table := range d.Tables {
			one := vault.Table{Schema: table.Schema, Name: table.Name, Columns: table.Columns}
			one.Part, err = b.vault.Write(ctx, path.Join(m.Folder(), "tables", table.Schema+"."+table.Name+".age"), func(w io.Writer) (err error) {
				one.Rows, err = d.Read(ctx, table, w)
				return err
			})
			if err != nil {
				return err
			}
			m.Tables = append(m.Tables, one)
		}
		files, err = d.Files(ctx)
		return err
	})
	return files, err
}

// files copies the files that no earlier backup has, or whose copy is too old, and
// writes the list.
func (b *Backup) files(ctx context.Context, m *vault.Manifest, wanted []postgres.DumpFile) error {
	known, err := b.known(ctx)
	if err != nil {
		return err
	}
	list := make([]vault.File, len(wanted))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(filesAtOnce)
	var mu sync.Mutex
	for i, one := range wanted {
		list[i] = vault.File{Document: one.Document, Key: one.Key, Type: one.Type, Size: one.Size, SHA256: one.SHA256}
		m.Files, m.FileBytes = m.Files+1, m.FileBytes+one.Size
		if part, ok := known[one.Document]; ok {
			list[i].Part = part
			continue
		}
		group.Go(func() error {
			err := b.copy(within, &list[i])
			mu.Lock()
			defer mu.Unlock()
			switch {
			case core.HasCode(err, core.CodeFileMissing), core.HasCode(err, core.CodeFileChanged):
				list[i].Part, m.Lost = vault.Part{}, m.Lost+1
				return nil
			case err == nil:
				m.Copied++
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	m.Objects, err = b.vault.WriteFiles(ctx, *m, list)
	return err
}

// known are the files that the newest backup has, and the archive still, in a
// copy that is young enough.
func (b *Backup) known(ctx context.Context) (map[core.ID]vault.Part, error) {
	known := map[core.ID]vault.Part{}
	all, _, err := b.vault.List(ctx)
	if err != nil || len(all) == 0 {
		return known, err
	}
	present, err := b.vault.Present(ctx)
	if err != nil {
		return nil, err
	}
	files, err := b.vault.ReadFiles(ctx, all[len(all)-1])
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		there, ok := present[file.Part.Name]
		if ok && there.Size == file.Part.Size && (b.renew == 0 || time.Since(there.Modified) < b.renew) {
			known[file.Document] = file.Part
		}
	}
	return known, nil
}

// copy brings one file into the archive and holds it to its digest.
func (b *Backup) copy(ctx context.Context, file *vault.File) error {
	body, _, err := b.blobs.Open(ctx, file.Key)
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // it was only read
	file.Part, err = b.vault.Write(ctx, vault.NewFileName(file.Document), func(w io.Writer) error {
		sum := sha256.New()
		if _, err := io.Copy(io.MultiWriter(w, sum), body); err != nil {
			return err
		}
		if !slices.Equal(sum.Sum(nil), file.SHA256) {
			return core.Fail(core.CodeFileChanged, errors.New("the stored file is not the one that was uploaded"))
		}
		return nil
	})
	return err
}

// Tombstones keeps the deletions of now beside the backups. It tells how many
// there are, and how many were new.
func (b *Backup) Tombstones(ctx context.Context) (total, added int, err error) {
	release, err := b.vault.Lock(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer release()
	return b.bury(ctx)
}

func (b *Backup) bury(ctx context.Context) (total, added int, err error) {
	burials, err := postgres.Burials(ctx, b.pool)
	if err != nil {
		return 0, 0, err
	}
	news := make([]vault.Tombstone, len(burials))
	for i, one := range burials {
		news[i] = vault.Tombstone{Document: one.Document, User: one.User, At: one.At, Reason: one.Reason}
	}
	return b.vault.Bury(ctx, news)
}
