package boot

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
)

// replicaEvery is the pace of looking how the replica stands.
const replicaEvery = time.Second

// openReplica has the API's reads go to the replica, where one is set. One that is
// away keeps no process from serving: the loop finds it.
func (h *House) openReplica() {
	if !h.config.ReplicaDatabaseURL.Set() {
		return
	}
	h.replica = postgres.NewReplica(postgres.ReplicaOptions{
		Pool: postgres.Options{URL: h.config.ReplicaDatabaseURL.Reveal(), Name: "navigator-" + string(h.service), Role: "inav_app",
			MaxConns: h.config.MaxConns, Traced: h.meters.traced()},
		Primary: h.appPool, MaxLag: h.config.ReplicaMaxLag, Turned: h.replicaTurned,
		Read: h.meters.ReplicaRead, Opened: func(pool *pgxpool.Pool) { h.meters.pool("replica", pool) },
	})
	h.library.Follow(h.replica)
	h.closers = append(h.closers, h.replica.Close)
}

// replicaTurned tells the log once that the replica is read from, or no longer.
func (h *House) replicaTurned(state postgres.ReplicaState) {
	if state == postgres.ReplicaReady {
		h.log.Info("the replica is read from")
		return
	}
	h.log.Warn("the replica is left alone: all is read at the primary", "state", string(state), "lag_ms", h.replica.Lag().Milliseconds())
}

// lookAtReplica finds out whether the replica may be read from.
func (h *House) lookAtReplica(ctx context.Context) {
	h.replica.Look(ctx)
	h.meters.Replica(h.replica.State() == postgres.ReplicaReady, h.replica.Lag())
}
