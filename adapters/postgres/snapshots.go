package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/ports"
)

// oldestSnapshots remembers since when each holder has been seen to hold what it
// holds: the server tells a login the times of its own sessions alone, and those
// of replication slots nobody.
type oldestSnapshots struct {
	mu   sync.Mutex
	seen map[holding]time.Time // by the database's clock
}

// holding is one transaction id that somebody's snapshot keeps alive.
type holding struct{ kind, name, xmin string }

// snapshotsSQL lists who keeps dead rows from being removed, and since when
// where the server says so. Vacuum's own workers, which have no user, hold
// nothing up; sessions of other databases neither. The words are those of
// ports.SnapshotHolders.
const snapshotsSQL = `
	select 'session', pid::text, held.xid::text, xact_start, now()
		from pg_stat_activity, lateral (select x from unnest(array[backend_xmin, backend_xid]) x where x is not null order by age(x) desc limit 1) held (xid)
		where pid <> pg_backend_pid() and usesysid is not null and (datid is null or datname = current_database())
	union all select 'prepared', gid, transaction::text, prepared, now() from pg_prepared_xacts where database = current_database()
	union all select 'slot', slot_name, coalesce(xmin, catalog_xmin)::text, null, now() from pg_replication_slots
		where coalesce(xmin, catalog_xmin) is not null and (database is null or database = current_database())`

// read tells, by the kind of its holder, for how long the oldest snapshot is
// held; 0 for none. What the server does not tell counts from the first look.
func (o *oldestSnapshots) read(ctx context.Context, tx pgx.Tx) (map[string]time.Duration, error) {
	rows, err := tx.Query(ctx, snapshotsSQL)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	oldest, still := map[string]time.Duration{}, map[holding]time.Time{}
	for _, kind := range ports.SnapshotHolders() {
		oldest[kind] = 0
	}
	var h holding
	var since *time.Time
	var now time.Time
	_, err = pgx.ForEachRow(rows, []any{&h.kind, &h.name, &h.xmin, &since, &now}, func() error {
		began, known := o.seen[h]
		switch {
		case since != nil:
			began = *since
		case !known:
			began = now
		}
		still[h] = began
		oldest[h.kind] = max(oldest[h.kind], now.Sub(began))
		return nil
	})
	o.seen = still
	return oldest, err
}
