package boot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/vault"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/ports"
)

// Restored is what a restore did.
type Restored struct {
	Backup     string            `json:"backup"`
	Taken      time.Time         `json:"taken"`
	Rows       int64             `json:"rows"`
	Files      int               `json:"files"`
	Bytes      int64             `json:"bytes"` // of rows, encrypted, and of files
	Lost       int               `json:"lost"`  // files that the backup is without
	Again      int               `json:"deleted_again"`
	Held       []core.ID         `json:"held,omitempty"` // deleted before, and kept by a hold that was lifted since
	Closed     int               `json:"accounts_closed_again"`
	Revived    int               `json:"revived"` // documents that were given a job
	LoadTime   time.Duration     `json:"load_ns"` // rows alone
	FileTime   time.Duration     `json:"files_ns"`
	Whole      time.Duration     `json:"whole_ns"`
	Violations []audit.Violation `json:"violations"`
}

// InOrder reports whether all of the backup is there, and as it should be.
func (r Restored) InOrder() bool { return len(r.Violations) == 0 && r.Lost == 0 && len(r.Held) == 0 }

// Restore brings a backup back.
type Restore struct {
	vault  *vault.Vault
	config Config
	blobs  ports.Blobs
}

// OpenRestore reads the environment: a worker's, with the owner's address.
func OpenRestore(ctx context.Context, environ []string, dir string) (*Restore, error) {
	archive, config, err := openArchive(ctx, environ, dir, Adopt, Worker)
	if err != nil {
		return nil, err
	}
	return newRestore(archive, config)
}

func newRestore(archive *vault.Vault, config Config) (*Restore, error) {
	blobs, err := config.blobs()
	return &Restore{archive, config, blobs}, err
}

// Run restores a backup into an empty database and an empty storage; latest
// names the newest. Files come first and the rows in one transaction after them,
// so that a run that was killed can be run again: before the rows are there it
// goes on, and afterwards Reconcile ends it.
func (r *Restore) Run(ctx context.Context, id string, look Look) (done Restored, err error) {
	began := time.Now()
	m, files, dead, err := r.read(ctx, id)
	if err != nil {
		return done, err
	}
	done = Restored{Backup: m.ID, Taken: m.Taken, Rows: m.Rows(), Lost: m.Lost}
	if err := r.empty(ctx, m, files); err != nil {
		return done, err
	}
	files = slices.DeleteFunc(files, func(f vault.File) bool { _, deleted := dead[f.Document]; return deleted || f.Lost() })
	fileStart := time.Now()
	if err := r.files(ctx, files); err != nil {
		return done, err
	}
	done.FileTime, done.Files, done.Bytes = time.Since(fileStart), len(files), m.Bytes()
	for _, file := range files {
		done.Bytes += file.Size
	}
	loadStart := time.Now()
	if done.Again, err = r.rows(ctx, m, slices.Collect(maps.Keys(dead))); err != nil {
		return done, err
	}
	done.LoadTime = time.Since(loadStart)
	if err := db.Migrate(ctx, r.config.MigrateURL().Reveal()); err != nil {
		return done, fmt.Errorf("the rows are there; end it with navigator restore reconcile: %w", err)
	}
	err = r.settle(ctx, dead, look, &done)
	done.Whole = time.Since(began)
	return done, err
}

// read reads what the restore needs of the archive before it touches anything.
func (r *Restore) read(ctx context.Context, id string) (m vault.Manifest, files []vault.File, dead map[core.ID]vault.Tombstone, err error) {
	if m, err = r.vault.Choose(ctx, id); err != nil {
		return m, nil, nil, err
	}
	if m.Schema > db.Version() {
		return m, nil, nil, fmt.Errorf("backup %s is of schema %d and this release knows %d: restore with the release that made it (%s)", m.ID, m.Schema, db.Version(), m.Build)
	}
	if files, err = r.vault.ReadFiles(ctx, m); err != nil {
		return m, nil, nil, err
	}
	if !r.config.Archives() && slices.ContainsFunc(files, func(f vault.File) bool { return core.TierOf(f.Key) == core.Cold }) {
		return m, nil, nil, errAwayFromArchive
	}
	dead, err = r.vault.Remembered(ctx)
	return m, files, dead, err
}

// empty prepares database and bucket, and refuses those that are in use. Files
// of this very backup may be there: an earlier run brought them.
func (r *Restore) empty(ctx context.Context, m vault.Manifest, files []vault.File) error {
	if err := r.config.CheckMigrateSession(ctx); err != nil {
		return err
	}
	owner, err := r.config.ownerPool(ctx)
	if err != nil {
		return err
	}
	defer owner.Close()
	schema, err := postgres.Schema(ctx, owner)
	if err != nil {
		return err
	}
	if schema > m.Schema {
		return fmt.Errorf("the database's schema is version %d and the backup's is %d: give an empty database, without any schema of ours", schema, m.Schema)
	}
	if err := db.MigrateTo(ctx, r.config.MigrateURL().Reveal(), m.Schema); err != nil {
		return err
	}
	names, err := postgres.Occupied(ctx, owner)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return fmt.Errorf("the database is not empty, there are rows in %s: restore into an empty one; "+
			"or, where a restore was ended too early or the provider brought the database back, run navigator restore reconcile", strings.Join(names, ", "))
	}
	return errors.Join(r.reachable(ctx), r.vacant(ctx, files))
}

// reachable proves the worker's login before anything is loaded: backups do
// not hold the logins' passwords.
func (r *Restore) reachable(ctx context.Context) error {
	pool, err := dialHand(ctx, r.config, "navigator-restore")
	if err != nil {
		return fmt.Errorf("the worker's login does not work yet: set its password (alter role inav_worker password ...): %w", err)
	}
	pool.Close()
	return nil
}

func (r *Restore) vacant(ctx context.Context, files []vault.File) error {
	if err := r.blobs.Prepare(ctx); err != nil {
		return fmt.Errorf("storage bucket %s: %w", r.config.Bucket(), err)
	}
	ours := make(map[string]bool, len(files))
	for _, file := range files {
		ours[file.Key] = true
	}
	strange, first := 0, ""
	for blob, err := range r.blobs.List(ctx, "") {
		if err != nil {
			return err
		}
		if !ours[blob.Key] {
			strange++
			first = blob.Key
		}
	}
	if strange > 0 {
		return fmt.Errorf("the bucket %s is not empty, it has %d files that the backup does not know, such as %s: restore into an empty one",
			r.config.Bucket(), strange, first)
	}
	return nil
}

// files brings every file to the storage.
func (r *Restore) files(ctx context.Context, files []vault.File) error {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(filesAtOnce)
	for _, file := range files {
		group.Go(func() error { return r.file(within, file) })
	}
	return group.Wait()
}

// file brings one; one that an earlier run brought is held to its size, and
// by the deep look at the end to its digest.
func (r *Restore) file(ctx context.Context, file vault.File) error {
	return r.vault.Read(ctx, file.Part, func(body io.Reader) error {
		there, err := r.blobs.Stat(ctx, file.Key)
		if err == nil && there.Size == file.Size {
			return nil
		}
		if err == nil {
			err = r.blobs.Delete(ctx, file.Key)
		} else if core.HasCode(err, core.CodeFileMissing) {
			err = nil
		}
		if err != nil {
			return err
		}
		return r.blobs.Put(ctx, file.Key, body, file.Size, file.Type)
	})
}

// rows loads every table, and deletes again what was deleted since.
func (r *Restore) rows(ctx context.Context, m vault.Manifest, dead []core.ID) (again int, err error) {
	owner, err := r.config.ownerPool(ctx)
	if err != nil {
		return 0, err
	}
	defer owner.Close()
	tables := make([]postgres.DumpTable, len(m.Tables))
	for i, t := range m.Tables {
		tables[i] = postgres.DumpTable{Schema: t.Schema, Name: t.Name, Columns: t.Columns}
	}
	err = postgres.LoadDump(ctx, owner, tables, func(l *postgres.Load) error {
		for i, t := range m.Tables {
			err := r.vault.Read(ctx, t.Part, func(from io.Reader) error { return l.Fill(ctx, tables[i], from, t.Rows) })
			if err != nil {
				return err
			}
		}
		again, err = l.Finish(ctx, m.Sequences, dead)
		return err
	})
	if err != nil {
		return 0, err
	}
	return again, postgres.Analyze(ctx, owner, tables)
}

// Reconcile makes a database that came back by other means one with the
// storage and the deletions: by the provider's point in time, or by a restore
// that ended too early.
func (r *Restore) Reconcile(ctx context.Context, look Look) (done Restored, err error) {
	began := time.Now()
	dead, err := r.vault.Remembered(ctx)
	if err != nil {
		return done, err
	}
	if err := db.Migrate(ctx, r.config.MigrateURL().Reveal()); err != nil {
		return done, err
	}
	err = r.settle(ctx, dead, look, &done)
	done.Whole = time.Since(began)
	return done, err
}

// deletions are the tombstones in the database's words: of documents, and the
// accounts.
func deletions(dead map[core.ID]vault.Tombstone) (list []core.Deletion, accounts []core.ID) {
	for _, stone := range dead {
		if stone.Document.IsZero() {
			accounts = append(accounts, stone.User)
			continue
		}
		list = append(list, core.Deletion{Document: stone.Document, User: stone.User, Reason: cmp.Or(stone.Reason, core.ByOwner), RequestedAt: stone.At})
	}
	return list, accounts
}

// settle replays the tombstones, gives work to whoever lacks it, and looks
// whether all is in order.
func (r *Restore) settle(ctx context.Context, dead map[core.ID]vault.Tombstone, look Look, done *Restored) error {
	hand, err := NewVerify(ctx, r.config)
	if err != nil {
		return err
	}
	defer hand.Close()
	if err := postgres.NewAuditLog(hand.pool).Record(ctx, core.Operated(ctx, core.AuditRestore, done.Backup)); err != nil {
		return err
	}
	documents, accounts := deletions(dead)
	again, held, err := hand.store.Bury(ctx, documents)
	if err != nil {
		return err
	}
	if done.Closed, err = hand.store.CloseAgain(ctx, accounts); err != nil {
		return err
	}
	done.Again, done.Held = max(done.Again, again), held
	if err := hand.store.Doubt(ctx); err != nil {
		return err
	}
	for {
		n, err := hand.store.Revive(ctx, 0, reconcileRound)
		if err != nil {
			return err
		}
		done.Revived += n
		if n < reconcileRound {
			break
		}
	}
	done.Violations, err = hand.Run(ctx, look)
	return err
}
