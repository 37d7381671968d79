package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/db"
)

// replica compares the standby that the API may read at with the primary. It is a
// warning at most: without it everything is read at the primary.
func (l look) replica(ctx context.Context) Check {
	const name = "replica"
	if !l.config.ReplicaDatabaseURL.Set() {
		return skipped(name, "DATABASE_REPLICA_URL is not set: everything is read at the primary")
	}
	options := postgres.Options{URL: l.config.DatabaseURL.Reveal(), Name: "navigator-doctor", Role: "inav_app", MaxConns: 1, Lookup: l.way.lookup}
	primary, err := postgres.Open(ctx, options)
	if err != nil {
		return skipped(name, "the primary does not answer, see database")
	}
	defer primary.Close()
	options.URL, options.Standby = l.config.ReplicaDatabaseURL.Reveal(), true
	pool, err := postgres.Open(ctx, options)
	if err != nil {
		return unreached(ctx, name, options, err)
	}
	defer pool.Close()
	state, lag, err := postgres.Compare(ctx, primary, pool, l.config.ReplicaMaxLag)
	if err != nil {
		return warning(name, "it cannot be compared with the primary", "Look at both servers' logs, and ask again.")
	}
	advice := map[postgres.ReplicaState]string{
		postgres.ReplicaPromoted: promotedAdvice,
		postgres.ReplicaForeign:  "Set DATABASE_REPLICA_URL to a standby of the very server in DATABASE_URL.",
		postgres.ReplicaLagging:  "Look whether it streams (pg_stat_wal_receiver there), or raise DATABASE_REPLICA_MAX_LAG.",
	}[state]
	if advice != "" {
		return warning(name, fmt.Sprintf("it is %s, %s behind: it is not read from", state, lag), advice)
	}
	version, err := db.Check(ctx, pool)
	if err != nil {
		return warning(name, fmt.Sprintf("its schema is of version %d, which this program cannot serve", version), "Wait until it has replayed the migration.")
	}
	return good(name, fmt.Sprintf("a standby of this primary, %s behind, schema %d", lag, version))
}

const promotedAdvice = "It takes writes: make it a standby anew, or take DATABASE_REPLICA_URL away."

// unreached tells why the standby is not there. A server that takes writes refuses
// who wants a standby as if it were away.
func unreached(ctx context.Context, name string, options postgres.Options, err error) Check {
	options.Standby = false
	if pool, refused := postgres.Open(ctx, options); refused == nil {
		pool.Close()
		return warning(name, "it is no standby, or none any more: it is not read from", promotedAdvice)
	}
	detail, advice := "it does not answer; everything is read at the primary meanwhile", "Check DATABASE_REPLICA_URL, and that it leads to a standby."
	var advised postgres.Advised
	if errors.As(err, &advised) && advised.Advice() != "" {
		detail, advice = advised.Detail(), advised.Advice()
	}
	return warning(name, detail, advice)
}
