package boot

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/db"
)

// openWorkPool opens the side of worker and webhook. A worker that could not be
// woken is refused unless the settings allow it.
func (h *House) openWorkPool(ctx context.Context) error {
	pool, found, err := h.pool(ctx, h.config.WorkerURL(), "inav_worker")
	if err != nil {
		return err
	}
	h.workPool, h.pollOnly = pool, found.Mode == postgres.Transaction
	if h.pollOnly && h.does(Worker) && !h.config.AllowPollOnly {
		return fmt.Errorf("%s, which leads to %s, %w", h.config.workerURLName(), found.Place, postgres.ErrPollOnly)
	}
	return nil
}

// queues is the settings of the jobs, for the connection that was found.
func (h *House) queues() riverqueue.Settings {
	settings := h.config.Queues()
	settings.PollOnly = h.pollOnly
	return settings
}

// startTime bounds the wait for a database in development, where a person
// waits for an answer. Elsewhere a process is alive and not ready until the
// database is up.
const startTime = 30 * time.Second

// pool opens a pool, waiting for a database that is not up yet; what only a
// change of the settings can mend ends the start at once.
func (h *House) pool(ctx context.Context, url Secret, role string) (*pgxpool.Pool, postgres.Finding, error) {
	if h.config.Mode == Development {
		bounded, cancel := context.WithTimeout(ctx, startTime)
		defer cancel()
		ctx = bounded
	}
	options := postgres.Options{URL: url.Reveal(), Name: "navigator-" + string(h.service), Role: role,
		MaxConns: h.config.MaxConns, Traced: h.meters.traced(), Expect: postgres.Mode(h.config.PoolMode)}
	for {
		pool, found, err := postgres.Connect(ctx, options)
		if err == nil {
			h.closers = append(h.closers, pool.Close)
			return pool, found, h.checkSchema(ctx, pool, found)
		}
		if postgres.Final(err) {
			return nil, found, err
		}
		h.log.Warn("the database does not answer yet", "role", role, "cause", err.Error())
		select {
		case <-ctx.Done():
			return nil, found, err
		case <-time.After(time.Second + rand.N(time.Second)): //nolint:gosec // spreads peers; a server that starts gives no other sign of it
		}
	}
}

// checkSchema reports what was found, and refuses a schema that this binary
// cannot serve.
func (h *House) checkSchema(ctx context.Context, pool *pgxpool.Pool, found postgres.Finding) error {
	version, err := db.Check(ctx, pool)
	h.log.Info("database", "found", found, "schema", version, "connections", pool.Config().MaxConns)
	for _, note := range found.Notes {
		h.log.Warn("database", "role", found.Role, "note", note.Detail, "advice", note.Advice)
	}
	return err
}
