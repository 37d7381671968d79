package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Look finds the replica where it is not open yet, and finds out whether it may
// be read from. Call it every second or so; one call at a time.
func (r *Replica) Look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, replicaLook)
	defer cancel()
	pool, err := r.opened(ctx)
	if err != nil {
		r.turn(ReplicaAway)
		return
	}
	s, err := stands(ctx, r.options.Primary, pool)
	if err != nil {
		r.turn(ReplicaAway)
		return
	}
	r.lag.Store(int64(s.Lag))
	r.turn(s.judge(r.options.MaxLag))
}

// opened is the pool, which is opened once the replica is there.
func (r *Replica) opened(ctx context.Context) (*pgxpool.Pool, error) {
	if pool := r.pool.Load(); pool != nil {
		return pool, nil
	}
	pool, _, err := Connect(ctx, r.options.Pool)
	if err != nil {
		return nil, err
	}
	r.pool.Store(pool)
	if r.options.Opened != nil {
		r.options.Opened(pool)
	}
	return pool, nil
}

// ReplicaStanding is what a look at a replica shows.
type ReplicaStanding struct {
	Recovers bool          // it is a standby
	Same     bool          // of this primary
	Lag      time.Duration // 0 where it has all that the primary had when it was asked
}

// judge is the state that a standing comes to.
func (s ReplicaStanding) judge(most time.Duration) ReplicaState {
	switch {
	case !s.Recovers:
		return ReplicaPromoted
	case !s.Same:
		return ReplicaForeign
	case s.Lag > most:
		return ReplicaLagging
	}
	return ReplicaReady
}

// rowAsker is a pool or a connection.
type rowAsker interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// stands compares both servers. A replica that has everything is not behind,
// however long ago the last of it was written.
func stands(ctx context.Context, primary, replica rowAsker) (s ReplicaStanding, err error) {
	var at string
	var system, own int64
	if err = primary.QueryRow(ctx, `select system_identifier from pg_control_system()`).Scan(&system); err != nil {
		return s, err
	}
	if err = primary.QueryRow(ctx, positionSQL).Scan(&at, nil); err != nil {
		return s, err
	}
	var behind float64
	err = replica.QueryRow(ctx, `select pg_is_in_recovery(), system_identifier, case when pg_last_wal_replay_lsn() >= $1::text::pg_lsn then 0
		else greatest(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), 0.001) end::float8
		from pg_control_system()`, at).Scan(&s.Recovers, &own, &behind)
	s.Same, s.Lag = system == own, time.Duration(behind*float64(time.Second))
	return s, err
}

// CheckReplica opens the replica of an address, compares it with the primary,
// and closes it. It is for who asks once.
func CheckReplica(ctx context.Context, primary rowAsker, o Options, most time.Duration) (ReplicaState, ReplicaStanding, error) {
	o.Standby = true
	pool, _, err := Connect(ctx, o)
	if err != nil {
		return ReplicaAway, ReplicaStanding{}, err
	}
	defer pool.Close()
	s, err := stands(ctx, primary, pool)
	if err != nil {
		return ReplicaAway, s, err
	}
	return s.judge(most), s, nil
}
