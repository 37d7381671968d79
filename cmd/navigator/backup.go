package main

import (
	"context"
	"fmt"
	"time"

	"github.com/insurance-navigator/navigator/adapters/vault"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

type backupCommand struct {
	Create     backupCreate     `cmd:"" help:"Back up the database and the stored files, now."`
	Tombstones backupTombstones `cmd:"" help:"Keep the deletions of now beside the backups; quick, to be run every few minutes."`
	List       backupList       `cmd:"" help:"List the backups."`
	Check      backupCheck      `cmd:"" help:"Read all of a backup and prove that it could be restored."`
	Prune      backupPrune      `cmd:"" help:"Remove old backups from a folder, and what nothing needs any more."`
	Key        backupKey        `cmd:"" help:"Make a key for BACKUP_KEY."`
}

// Help is shown behind the flags.
func (backupCommand) Help() string {
	return `Needs BACKUP_KEY and BACKUP_DIR; create and tombstones also MIGRATE_DATABASE_URL and the
storage's settings. BACKUP_DIR is a folder, or a bucket: s3://bucket/prefix, with
BACKUP_S3_REGION. docs/backup.md tells how to schedule them and how to restore.

Examples:
  navigator backup key
  navigator backup create --to /mnt/backups
  navigator backup create --to s3://bucket/prefix --log
  navigator backup check latest`
}

type backupPlace struct {
	To string `placeholder:"PLACE" help:"Where the backups are, a folder or s3://bucket/prefix (BACKUP_DIR)."`
}

// logged is of commands that a scheduler starts.
type logged struct {
	Log bool `help:"Write one line of the services' log, which alarms look for."`
}

// notice begins the log's line; told is false where none is wanted.
func (l logged) notice(w *world) (n boot.Notice, told bool) {
	return boot.NewNotice(w.environ, w.out), l.Log
}

// makes opens the database and the archive for one command.
func (p backupPlace) makes(ctx context.Context, w *world, work func(*boot.Backup) error) error {
	hand, err := boot.OpenBackup(ctx, w.environ, p.To)
	if err != nil {
		return err
	}
	defer hand.Close()
	return work(hand)
}

// chosen opens the archive alone, and of its backups the one that is meant.
func (p backupPlace) chosen(ctx context.Context, w *world, id string) (*vault.Vault, vault.Manifest, error) {
	archive, err := boot.OpenArchive(ctx, w.environ, p.To)
	if err != nil {
		return nil, vault.Manifest{}, err
	}
	m, err := archive.Choose(ctx, id)
	return archive, m, err
}

type backupCreate struct {
	backupPlace
	logged
	JSON bool `name:"json" help:"Write the manifest."`
}

// Run backs up.
func (c *backupCreate) Run(ctx context.Context, w *world) error {
	began := time.Now()
	notice, told := c.notice(w)
	var m vault.Manifest
	err := c.makes(ctx, w, func(hand *boot.Backup) (err error) {
		m, err = hand.Create(ctx)
		return err
	})
	if told {
		notice.Backup(ctx, m, err)
	}
	switch {
	case err != nil:
		return err
	case c.JSON:
		err = w.screen.JSON(m)
	case !told:
		w.screen.Say("backup %s: %d rows, %d files (%d copied, %s in all), %d tombstones, in %s",
			m.ID, m.Rows(), m.Files, m.Copied, megabytes(m.FileBytes), m.Tombstones, time.Since(began).Round(time.Millisecond))
	}
	if err == nil && m.Lost > 0 {
		return fmt.Errorf("the backup is made, but %d files are not in it, for the storage does not have them as they were: navigator verify --deep names them", m.Lost)
	}
	return err
}

type backupTombstones struct {
	backupPlace
	logged
}

// Run keeps the deletions.
func (c *backupTombstones) Run(ctx context.Context, w *world) error {
	notice, told := c.notice(w)
	var total, added int
	err := c.makes(ctx, w, func(hand *boot.Backup) (err error) {
		total, added, err = hand.Tombstones(ctx)
		return err
	})
	if told {
		notice.Tombstones(ctx, total, added, err)
	} else if err == nil {
		w.screen.Say("%d tombstones, %d of them new", total, added)
	}
	return err
}

type backupList struct {
	backupPlace
	JSON bool `name:"json" help:"Write JSON."`
}

// Run lists the finished backups.
func (c *backupList) Run(ctx context.Context, w *world) error {
	archive, err := boot.OpenArchive(ctx, w.environ, c.To)
	if err != nil {
		return err
	}
	all, broken, err := archive.List(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		err = w.screen.JSON(all)
	} else {
		rows := [][]string{{"BACKUP", "TAKEN", "ROWS", "FILES", "SIZE", "SCHEMA"}}
		for _, m := range all {
			rows = append(rows, []string{m.ID, m.Taken.Format(time.RFC3339), fmt.Sprint(m.Rows()), fmt.Sprint(m.Files),
				megabytes(m.Bytes() + m.FileBytes), fmt.Sprint(m.Schema)})
		}
		w.screen.Table(rows)
	}
	for _, one := range broken {
		w.failure("", one)
	}
	if err == nil && len(broken) > 0 {
		return errFailed
	}
	return err
}

type backupCheck struct {
	backupPlace
	ID string `arg:"" optional:"" default:"latest" help:"The backup, as list names it; latest where it is left out."`
}

// Run reads all of it.
func (c *backupCheck) Run(ctx context.Context, w *world) error {
	archive, m, err := c.chosen(ctx, w, c.ID)
	if err != nil {
		return err
	}
	began := time.Now()
	done, err := archive.Check(ctx, m)
	if err != nil {
		return err
	}
	w.screen.Say("backup %s is whole: %d parts, %s, read in %s", m.ID, done.Parts, megabytes(done.Bytes), time.Since(began).Round(time.Millisecond))
	if m.Lost > 0 {
		return fmt.Errorf("%d files were not in the storage when it was made, and are not in it", m.Lost)
	}
	return nil
}

// leastDays is the shortest time that a prune keeps.
const leastDays = 7

type backupPrune struct {
	backupPlace
	KeepDays int `default:"35" placeholder:"DAYS" help:"Backups younger than that stay, and the newest in any case; 7 at least."`
}

// Run prunes.
func (c *backupPrune) Run(ctx context.Context, w *world) error {
	if c.KeepDays < leastDays {
		return usageError{fmt.Sprintf("--keep-days is %d at least: what was lost is often missed only after days", leastDays)}
	}
	archive, err := boot.OpenArchive(ctx, w.environ, c.To)
	if err != nil {
		return err
	}
	release, err := archive.Lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	done, err := archive.Prune(ctx, time.Now().AddDate(0, 0, -c.KeepDays))
	if err == nil {
		w.screen.Say("%d backups removed, %d objects, %s", len(done.Backups), done.Objects, megabytes(done.Bytes))
	}
	return err
}

type backupKey struct{}

// Run prints a new key.
func (backupKey) Run(w *world) error {
	key, err := vault.NewKey()
	if err != nil {
		return err
	}
	w.screen.Say("%s", key)
	w.screen.Note("keep it in two places, neither of them the backups' own: without it no backup can be read")
	return nil
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
