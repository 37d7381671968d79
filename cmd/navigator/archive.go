package main

import (
	"context"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/core"
)

// moved is a document whose file is to be moved, and who wants it.
type moved struct {
	Document string `arg:"" help:"The document's id."`
	audited
}

func (m moved) move(ctx context.Context, w *world, to core.Tier, done, already string) error {
	by, err := m.audit(w)
	if err != nil {
		return err
	}
	id, err := core.ParseID(m.Document)
	if err != nil {
		return usageError{"the id is not a UUID"}
	}
	return w.keep(ctx, func(keeper *boot.Keeper) error {
		changed, err := keeper.Move(ctx, id, to, by)
		if err != nil {
			return err
		}
		if !changed {
			done = already
		}
		w.screen.Say("%s: %s", id, done)
		return nil
	})
}

type archiveCommand struct{ moved }

// Help is shown behind the flags.
func (archiveCommand) Help() string {
	return operatorHelp + `The file of a complete document is copied to the archive
(ARCHIVE_BUCKET or ARCHIVE_DIR) and compared; the former one is swept after
SWEEP_AGE. Its owner reads and searches as before. Once the file is read it comes
back by itself; what is held stays where it is. Workers do the same with every
file that nobody has read for ARCHIVE_AFTER.

Examples:
  navigator archive 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f --reason OPS-21
  navigator retention --dry-run`
}

// Run moves the file to the archive.
func (c *archiveCommand) Run(ctx context.Context, w *world) error {
	return c.move(ctx, w, core.Cold, "archived", "nothing to do, its file lies in the archive")
}

type unarchiveCommand struct{ moved }

// Help is shown behind the flags.
func (unarchiveCommand) Help() string {
	return operatorHelp + `The file is compared on its way back, and stays for
ARCHIVE_AFTER as if it had been read.

Examples:
  navigator unarchive 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f --reason OPS-21`
}

// Run brings the file back.
func (c *unarchiveCommand) Run(ctx context.Context, w *world) error {
	return c.move(ctx, w, core.Hot, "brought back", "nothing to do, its file is not in the archive")
}
