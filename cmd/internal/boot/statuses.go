package boot

import (
	"context"
	"fmt"
	"time"

	"github.com/insurance-navigator/navigator/adapters/redislimiter"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// mostStatusLife bounds how long a status may outlive a move that Redis could not
// be told of.
const mostStatusLife = 5 * time.Second

// openStatuses has statuses kept in Redis, where that is set.
func (h *House) openStatuses() error {
	if h.config.StatusLife <= 0 || h.service == Webhook { // which moves no document
		return nil
	}
	kept, err := redislimiter.NewStatuses(redislimiter.Config{URL: h.config.RedisURL.Reveal(), Secret: h.config.sharedSecret(),
		Cached: func(r ports.CacheResult) { h.meters.Cached(string(r)) }}, h.config.StatusLife)
	if err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	h.statuses, h.parts.statuses = kept, kept
	h.closers = append(h.closers, func() { _ = kept.Close() })
	return nil
}

// standing reads where a document stands, by what is kept; nil where nothing is.
func (h *House) standing() func(context.Context, ports.Principal, core.ID) (ports.Standing, error) {
	if h.statuses == nil {
		return nil
	}
	return func(ctx context.Context, who ports.Principal, id core.ID) (ports.Standing, error) {
		return h.statuses.Standing(ctx, who, id, func() (ports.Standing, error) { return h.library.Standing(ctx, who, id) })
	}
}

// checkStatuses holds the setting to who has to be told of moves.
func (c Config) checkStatuses(f *faults, service Service) {
	if c.StatusLife < 0 || c.StatusLife > mostStatusLife {
		f.add("STATUS_CACHE_TTL: 0 to %s", mostStatusLife)
	}
	if c.StatusLife > 0 && service != Webhook {
		f.need("REDIS_URL, which STATUS_CACHE_TTL asks for,", c.RedisURL.Set())
		c.checkRedis(f)
	}
}

// movingLibrary tells of each document that its owner moved, before the owner is
// told.
type movingLibrary struct {
	countedLibrary
	statuses ports.Statuses // may be nil
}

// Retry is ports.Library.
func (l movingLibrary) Retry(ctx context.Context, who ports.Principal, id core.ID) (ports.Standing, error) {
	standing, err := l.countedLibrary.Retry(ctx, who, id)
	return standing, moved(ctx, l.statuses, err, id)
}

// Cancel is ports.Library.
func (l movingLibrary) Cancel(ctx context.Context, who ports.Principal, id core.ID) (ports.Standing, error) {
	standing, err := l.countedLibrary.Cancel(ctx, who, id)
	return standing, moved(ctx, l.statuses, err, id)
}

// Remove is ports.Library.
func (l movingLibrary) Remove(ctx context.Context, who ports.Principal, id core.ID) error {
	return moved(ctx, l.statuses, l.countedLibrary.Remove(ctx, who, id), id)
}

// movingStore tells of each document that a step moved.
type movingStore struct {
	countedStore
	statuses ports.Statuses // may be nil
}

// Begin is pipeline.Store.
func (s movingStore) Begin(ctx context.Context, job core.Job, leg core.Leg) (core.Document, error) {
	doc, err := s.countedStore.Begin(ctx, job, leg)
	return doc, moved(ctx, s.statuses, err, job.Document)
}

// Keep is pipeline.Store.
func (s movingStore) Keep(ctx context.Context, step core.Step, ticket any) error {
	return moved(ctx, s.statuses, s.countedStore.Keep(ctx, step, ticket), step.Document.ID)
}

// Fail is riverqueue.Store.
func (s movingStore) Fail(ctx context.Context, job core.Job, leg core.Leg, why core.Trouble) error {
	return moved(ctx, s.statuses, s.countedStore.Fail(ctx, job, leg, why), job.Document)
}

// moved tells of the move also where it ended with an error: a commit whose answer
// was lost is one all the same.
func moved(ctx context.Context, statuses ports.Statuses, err error, id core.ID) error {
	if statuses != nil {
		statuses.Moved(ctx, id)
	}
	return err
}
