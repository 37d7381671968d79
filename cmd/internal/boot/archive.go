package boot

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/tiered"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/pipeline"
	"github.com/insurance-navigator/navigator/ports"
)

// The bounds of one round of the archive: files listed, and moved at once.
const (
	archiveRound  = 200
	archiveAtOnce = 4
)

// Archives reports whether there is an archive at all.
func (c Config) Archives() bool { return c.Archive.Bucket != "" || c.Archive.Dir != "" }

// blobs opens the storage of the chosen provider, and the archive behind it.
func (c Config) blobs() (ports.Blobs, error) {
	hot, cold, err := c.tiers()
	if err != nil {
		return nil, err
	}
	return both(hot, cold), nil
}

// tiers opens both places; cold is nil where there is no archive.
func (c Config) tiers() (hot, cold ports.Blobs, err error) {
	if hot, err = c.bucket(c.Bucket()); err != nil || !c.Archives() {
		return hot, nil, err
	}
	if c.Archive.Dir != "" {
		cold, err = c.folder(filepath.Join(c.Archive.Dir, c.Bucket()))
		return hot, cold, err
	}
	cold, err = c.bucket(c.Archive.Bucket)
	return hot, cold, err
}

func both(hot, cold ports.Blobs) ports.Blobs {
	if cold == nil {
		return hot
	}
	return tiered.New(hot, cold)
}

// checkArchive holds the archive's settings to each other.
func (c Config) checkArchive(f *faults) {
	a := c.Archive
	switch {
	case a.Bucket != "" && a.Dir != "":
		f.add("ARCHIVE_BUCKET and ARCHIVE_DIR are both set: keep one")
	case a.Bucket != "" && !plainWord(a.Bucket):
		f.add("ARCHIVE_BUCKET: 1 to 40 lower-case letters, digits and hyphens")
	case a.Bucket == c.Bucket():
		f.add("ARCHIVE_BUCKET: another bucket than %s, where the files are", c.Bucket())
	case a.Dir != "" && c.StorageProvider == "filestore" && filepath.Clean(a.Dir) == filepath.Clean(c.FilestoreDir):
		f.add("ARCHIVE_DIR: another folder than FILESTORE_DIR, where the files are")
	}
	switch {
	case a.After != 0 && a.After < leastArchiveAfter:
		f.add("ARCHIVE_AFTER: at least %s, or 0: nothing goes to the archive", leastArchiveAfter)
	case a.After != 0 && !c.Archives():
		f.add("ARCHIVE_AFTER: ARCHIVE_BUCKET or ARCHIVE_DIR has to say where to")
	}
}

// leastArchiveAfter is well above the day that one note of a read stands for.
const leastArchiveAfter = 48 * time.Hour

// errAwayFromArchive is told by a worker that cannot read what it has to keep.
var errAwayFromArchive = errors.New("files of documents lie in the archive and neither ARCHIVE_BUCKET nor ARCHIVE_DIR is set: " +
	"set it as before; with ARCHIVE_AFTER=0 they come back, and navigator retention --dry-run tells how many are left")

// checkCold refuses to run without the archive that has some of the files.
func checkCold(ctx context.Context, c Config, store *postgres.Store) error {
	if store == nil || c.Archives() {
		return nil
	}
	n, err := store.ColdFiles(ctx)
	if err == nil && n > 0 {
		return errAwayFromArchive
	}
	return err
}

// archiving moves files from tier to tier: to the archive what nobody has read
// for the set time, and back what was read there.
type archiving struct {
	store  *postgres.Store
	moving pipeline.Moving
	after  time.Duration // 0: nothing goes, and everything comes back
	log    *slog.Logger
}

func newArchiving(c Config, store *postgres.Store, blobs ports.Blobs, log *slog.Logger) archiving {
	return archiving{store, pipeline.Moving{Store: store, Blobs: blobs}, c.Archive.After, log}
}

// rounds is what the worker runs; nothing where there is no archive.
func (a archiving) rounds(c Config) func(context.Context) error {
	if !c.Archives() {
		return func(context.Context) error { return nil }
	}
	return a.Run
}

// Run is one round, what comes back first: somebody is reading it.
func (a archiving) Run(ctx context.Context) error {
	var all error
	for _, move := range tierMoves {
		_, _, err := a.batch(ctx, move.to)
		all = errors.Join(all, err)
	}
	return all
}

// batch moves up to archiveRound files. None is begun in the second half of a
// round's time, so that what is begun can end within it; what is cut off is taken
// up by a later round. What could not be moved is told, and keeps nothing else.
func (a archiving) batch(ctx context.Context, to core.Tier) (listed, moved int, err error) {
	ids, err := a.store.Movable(ctx, to, a.after, archiveRound)
	if err != nil {
		return 0, 0, err
	}
	var group errgroup.Group
	group.SetLimit(archiveAtOnce)
	failures, late := make([]error, len(ids)), halfOf(ctx)
	var done atomic.Int64
	for i, id := range ids {
		group.Go(func() error {
			if late() {
				return nil
			}
			if failures[i] = a.one(ctx, id, to); failures[i] == nil {
				done.Add(1)
			}
			return nil
		})
	}
	_ = group.Wait() // each failure has its own place
	return len(ids), int(done.Load()), errors.Join(failures...)
}

// halfOf tells whether half of the time that ctx has from now on is over.
func halfOf(ctx context.Context) (late func() bool) {
	end, bound := ctx.Deadline()
	half := time.Now().Add(time.Until(end) / 2)
	return func() bool { return ctx.Err() != nil || bound && time.Now().After(half) }
}

func (a archiving) one(ctx context.Context, id core.ID, to core.Tier) error {
	err := a.moving.Run(ctx, id, to, nil)
	if errors.Is(err, core.ErrStale) || core.HasCode(err, core.CodeLegalHold) { // since it was listed
		return nil
	}
	if err != nil {
		a.log.Warn("archive", "document_id", id.String(), "to", string(to), "error_class", codeOf(err))
	}
	return err
}

// tierMoves are the moves, the first first, by the words that retention tells
// them by.
var tierMoves = []struct {
	to   core.Tier
	kind core.Kept
}{{core.Hot, "files_from_archive"}, {core.Cold, "files_to_archive"}}

// archive moves everything that is to be moved, or with dry counts it.
func (k *Keeper) archive(ctx context.Context, dry bool) (done []Expired, err error) {
	if !k.config.Archives() {
		return nil, nil
	}
	blobs, err := k.config.blobs()
	if err != nil {
		return nil, err
	}
	mover := newArchiving(k.config, k.store, blobs, slog.New(slog.DiscardHandler))
	for _, move := range tierMoves {
		one := Expired{Retention: core.Retention{Kind: move.kind, Setting: "ARCHIVE_AFTER", For: k.config.Archive.After}}
		var failed error
		if dry {
			one.Rows, failed = k.store.MovableCount(ctx, move.to, mover.after)
		} else {
			one.Rows, failed = mover.all(ctx, move.to)
		}
		done, err = append(done, one), errors.Join(err, failed)
	}
	return done, err
}

// all moves batch after batch, until one is not whole.
func (a archiving) all(ctx context.Context, to core.Tier) (total int, err error) {
	for {
		listed, moved, err := a.batch(ctx, to)
		total += moved
		if err != nil || listed < archiveRound || moved < listed {
			return total, err
		}
	}
}

var (
	errNoArchive = errors.New("there is no archive: set ARCHIVE_BUCKET or ARCHIVE_DIR")
	errComesBack = errors.New("ARCHIVE_AFTER is 0: what goes to the archive comes back with the next round")
)

// Move brings one document's file to a tier, by a person's will; moved is false
// where it lies there. CodeConflict and CodeLegalHold as postgres.Store.BeginMove.
func (k *Keeper) Move(ctx context.Context, document core.ID, to core.Tier, by core.Audit) (moved bool, err error) {
	switch {
	case !k.config.Archives():
		return false, errNoArchive
	case to == core.Cold && k.config.Archive.After == 0:
		return false, errComesBack
	}
	blobs, err := k.config.blobs()
	if err != nil {
		return false, err
	}
	err = pipeline.Moving{Store: k.store, Blobs: blobs}.Run(ctx, document, to, &by)
	if errors.Is(err, core.ErrStale) {
		return false, nil
	}
	return err == nil, err
}
