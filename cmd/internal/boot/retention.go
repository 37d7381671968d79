package boot

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/core"
)

// expireRound is how many rows of a kind one transaction removes: no statement
// takes long, and a round that is cut off has done what it did.
const expireRound = 1000

// Expired is what of a kind is, or was, older than it is kept.
type Expired struct {
	core.Retention

	Rows int // documents, for that kind
}

// expire removes everything that is older than the clock says, kind after kind
// and batch after batch. A kind that fails does not keep the others. A round that
// removed something has its row in the operators' log.
func expire(ctx context.Context, store *postgres.Store, clock []core.Retention, by core.Audit) (done []Expired, err error) {
	removed := map[core.Kept]int{}
	for _, r := range clock {
		one := Expired{Retention: r}
		for r.For != core.Forever {
			gone, failed := store.Expire(ctx, r.Kind, r.For, expireRound)
			one.Rows += gone
			if failed != nil {
				err = errors.Join(err, failed)
			}
			if failed != nil || gone < expireRound {
				break
			}
		}
		done = append(done, one)
		if one.Rows > 0 {
			removed[r.Kind] = one.Rows
		}
	}
	if len(removed) > 0 {
		err = errors.Join(err, store.Retained(ctx, by, removed))
	}
	return done, err
}

// retain is a worker's own round.
func retain(ctx context.Context, c Config, store *postgres.Store) error {
	_, err := expire(ctx, store, c.Retention(), core.Audit{Operator: core.ServiceOperator})
	return err
}

// due counts what expire would remove now.
func due(ctx context.Context, store *postgres.Store, clock []core.Retention) (found []Expired, err error) {
	for _, r := range clock {
		one := Expired{Retention: r}
		if r.For != core.Forever {
			if one.Rows, err = store.Due(ctx, r.Kind, r.For); err != nil {
				return nil, err
			}
		}
		found = append(found, one)
	}
	return found, nil
}

// Keeper is the operator's hand on what is kept: it talks to the database with
// the worker's configuration.
type Keeper struct {
	config Config
	pool   *pgxpool.Pool
	store  *postgres.Store
}

// OpenKeeper reads the environment as a worker does and opens its database.
func OpenKeeper(ctx context.Context, environ []string) (*Keeper, error) {
	config, err := Read(environ)
	if err != nil {
		return nil, err
	}
	return NewKeeper(ctx, config)
}

// NewKeeper is OpenKeeper with a configuration that was read.
func NewKeeper(ctx context.Context, config Config) (*Keeper, error) {
	pool, queue, err := openHands(ctx, config, "navigator-keeper")
	if err != nil {
		return nil, err
	}
	return &Keeper{config: config, pool: pool, store: postgres.NewStore(pool, queue, config.Waits())}, nil
}

// Close closes the database's pool.
func (k *Keeper) Close() { k.pool.Close() }

// Retain removes what is older than the clock says, moves what belongs in the
// other tier, and logs who had it done.
func (k *Keeper) Retain(ctx context.Context, by core.Audit) ([]Expired, error) {
	if err := postgres.NewAuditLog(k.pool).Record(ctx, core.Operated(ctx, core.AuditRetain, "")); err != nil {
		return nil, err
	}
	done, err := expire(ctx, k.store, k.config.Retention(), by)
	moved, failed := k.archive(ctx, false)
	return append(done, moved...), errors.Join(err, failed)
}

// Due counts what Retain would remove and move now.
func (k *Keeper) Due(ctx context.Context) ([]Expired, error) {
	counts, err := due(ctx, k.store, k.config.Retention())
	moves, failed := k.archive(ctx, true)
	return append(counts, moves...), errors.Join(err, failed)
}

// SetHold lays a hold; see postgres.Store.SetHold.
func (k *Keeper) SetHold(ctx context.Context, h core.Hold) (core.Hold, error) {
	return k.store.SetHold(ctx, h)
}

// LiftHold ends a hold.
func (k *Keeper) LiftHold(ctx context.Context, h core.Hold) (core.Hold, error) {
	return k.store.LiftHold(ctx, h)
}

// Holds lists the holds that stand, or all there were.
func (k *Keeper) Holds(ctx context.Context, all bool) ([]core.Hold, error) {
	return k.store.Holds(ctx, all)
}
