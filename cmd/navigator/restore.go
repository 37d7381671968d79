package main

import (
	"context"
	"time"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core/audit"
)

type restoreCommand struct {
	Run       restoreRun       `cmd:"" default:"withargs" help:"Restore a backup into an empty database and an empty storage."`
	Drill     restoreDrill     `cmd:"" help:"Prove a backup: restore it into a scratch database, look, and wipe that."`
	Reconcile restoreReconcile `cmd:"" help:"After the provider brought the database back: replay the deletions, give work, and look."`
}

// Help is shown behind the flags.
func (restoreCommand) Help() string { return restoreRun{}.Help() }

type restorePlace struct {
	From  string        `placeholder:"PLACE" help:"Where the backups are, a folder or s3://bucket/prefix (BACKUP_DIR)."`
	Deep  bool          `default:"true" negatable:"" help:"At the end read every file and every vector; it takes longer."`
	Grace time.Duration `default:"1s" hidden:"" help:"Between two looks."`
	JSON  bool          `name:"json" help:"Write JSON."`
}

type restoreRun struct {
	restorePlace
	Backup string `default:"latest" placeholder:"ID" help:"The backup, as navigator backup list names it."`
}

// Help is shown behind the flags.
func (restoreRun) Help() string {
	return `Needs BACKUP_KEY, the worker's environment and MIGRATE_DATABASE_URL, all of the new place, and
no service at work there. What was deleted since the backup is deleted again; nobody is
signed in afterwards. Ends with 0 when all is in order, with 1 when something is not.

Examples:
  navigator restore --from /mnt/backups
  navigator restore --from /mnt/backups --backup 20260102T030405Z-abcdef
  navigator restore reconcile --from /mnt/backups`
}

// Run restores.
func (c *restoreRun) Run(ctx context.Context, w *world) error {
	return c.do(ctx, w, func(hand *boot.Restore, look boot.Look) (boot.Restored, error) { return hand.Run(ctx, c.Backup, look) })
}

type restoreReconcile struct{ restorePlace }

// Run reconciles.
func (c *restoreReconcile) Run(ctx context.Context, w *world) error {
	return c.do(ctx, w, func(hand *boot.Restore, look boot.Look) (boot.Restored, error) { return hand.Reconcile(ctx, look) })
}

type restoreDrill struct {
	restorePlace
	logged
	Backup string `default:"latest" placeholder:"ID" help:"The backup, as navigator backup list names it."`
}

// Help is shown behind the flags.
func (restoreDrill) Help() string {
	return `Needs BACKUP_DIR, BACKUP_KEY and DRILL_DATABASE_URL: an empty database with pgvector, as its
owner, that nobody uses. Files go into the system's folder for temporary files. No
outside service is called, and everything is wiped at the end. A database with tables of
ours is refused, unless a drill that was killed left them.

Examples:
  navigator restore drill
  navigator restore drill --from s3://bucket/prefix --log`
}

// Run drills.
func (c *restoreDrill) Run(ctx context.Context, w *world) error {
	notice, told := c.notice(w)
	done, err := boot.Drill(ctx, w.environ, c.From, c.Backup, c.look())
	if told {
		notice.Drill(ctx, done, err)
		if err == nil && !done.InOrder() {
			return errFailed
		}
		return err
	}
	if err != nil {
		return err
	}
	return c.show(w, done)
}

func (p restorePlace) look() boot.Look {
	return boot.Look{Options: audit.Options{Late: time.Hour, Orphan: time.Hour, Deep: p.Deep}, Grace: p.Grace}
}

func (p restorePlace) do(ctx context.Context, w *world, work func(*boot.Restore, boot.Look) (boot.Restored, error)) error {
	hand, err := boot.OpenRestore(ctx, w.environ, p.From)
	if err != nil {
		return err
	}
	done, err := work(hand, p.look())
	if err != nil {
		return err
	}
	return p.show(w, done)
}

func (p restorePlace) show(w *world, r boot.Restored) error {
	if p.JSON {
		if err := w.screen.JSON(r); err != nil {
			return err
		}
	} else {
		sayRestored(w, r)
	}
	if !r.InOrder() {
		return errFailed
	}
	return nil
}

func sayRestored(w *world, r boot.Restored) {
	if r.Backup != "" {
		w.screen.Say("backup %s, taken %s: what came in the %s since is not in it", r.Backup, r.Taken.Format(time.RFC3339),
			time.Since(r.Taken).Round(time.Second))
		w.screen.Say("%d rows in %s (%.0f a second), %d files in %s, %s in all", r.Rows, r.LoadTime.Round(time.Millisecond),
			float64(r.Rows)/r.LoadTime.Seconds(), r.Files, r.FileTime.Round(time.Millisecond), megabytes(r.Bytes))
	}
	for _, id := range r.Held {
		w.screen.Say("document %s was deleted before and is held here: lift the hold (navigator hold clear), then run navigator restore reconcile", id)
	}
	w.screen.Say("%d documents deleted again, %d accounts closed again, %d documents given work, ended after %s", r.Again, r.Closed, r.Revived, r.Whole.Round(time.Millisecond))
	if r.Lost > 0 {
		w.screen.Note("%d files are not in the backup", r.Lost)
	}
	for _, v := range r.Violations {
		w.screen.Note("%s, document %s: %s", v.Rule, v.Document, v.Detail)
	}
	if len(r.Violations) == 0 {
		w.screen.Say("in order: no violation of %d rules; the services can be started", len(audit.Rules))
	}
}
