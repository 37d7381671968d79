package boot

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/audit"
	"github.com/insurance-navigator/navigator/ports"
)

// scrubPause lies between the two looks of a round: what was merely in motion
// at the first is in order at the second.
const scrubPause = 5 * time.Second

// scrubbing compares everything that is stored with the database, both ways, by
// the rules of navigator verify. A file without a row, or beside the row's own, is
// removed once it is old; a row without its file is told and left: a person mends it.
type scrubbing struct {
	audit *postgres.Audit
	store *postgres.Store
	blobs ports.Blobs
	left  time.Duration // age from which the file of a deleted document is removed
	lost  time.Duration // the same for one that the database never knew
	log   *slog.Logger
	pause time.Duration // between the two looks
}

func newScrubbing(c Config, pool *pgxpool.Pool, store *postgres.Store, blobs ports.Blobs, log *slog.Logger) scrubbing {
	return scrubbing{postgres.NewAudit(pool), store, blobs, c.SweepAge, c.ScrubAge, log, scrubPause}
}

// Run is one round.
func (s scrubbing) Run(ctx context.Context) error {
	checker := audit.Checker{Database: s.audit, Files: s.blobs, Options: audit.Options{Orphan: s.left}, Now: time.Now,
		Pause: func(ctx context.Context) error { return pause(ctx, s.pause) }}
	found, err := checker.Storage(ctx)
	if err != nil || len(found) == 0 {
		return err
	}
	since, err := s.audit.Since(ctx)
	for _, one := range found {
		if ctx.Err() != nil { // there may be very many
			return ctx.Err()
		}
		s.log.Error("scrub", "rule", one.Rule, "document_id", one.Document.String(), "detail", one.Detail)
		if err == nil && one.Mendable && !one.Document.IsZero() {
			err = s.remove(ctx, one, since)
		}
	}
	return err
}

// remove removes what is left over; what else could be mended a person mends.
func (s scrubbing) remove(ctx context.Context, one audit.Violation, since time.Time) error {
	switch one.Rule {
	case audit.FileDoubled:
		return s.store.Discard(ctx, one.Subject)
	case audit.FileOrphaned, audit.FileLeft:
		_, err := removeStray(ctx, s.blobs, one.Subject, func(at time.Time) bool { return s.mayGo(one.Rule, at, since) })
		return err
	}
	return nil
}

// mayGo judges a file by when it was written. One that is older than the first
// document here is of another database, and not ours to judge: an empty or a
// restored database must not empty the storage.
func (s scrubbing) mayGo(rule string, at, since time.Time) bool {
	if at.IsZero() {
		return false
	}
	if rule == audit.FileLeft {
		return time.Since(at) > s.left
	}
	return time.Since(at) > s.lost && at.After(since)
}

// removeStray looks at an object once more and removes it where it may go;
// removed is false where it is gone already or was written anew.
func removeStray(ctx context.Context, blobs ports.Blobs, key string, mayGo func(written time.Time) bool) (removed bool, err error) {
	blob, err := blobs.Stat(ctx, key)
	switch {
	case core.HasCode(err, core.CodeFileMissing):
		return false, nil
	case err != nil:
		return false, err
	case !mayGo(blob.WrittenAt):
		return false, nil
	}
	return true, blobs.Delete(ctx, key)
}
