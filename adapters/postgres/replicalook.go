package postgres

import (
	"context"
	"time"

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
	r.lag.Store(int64(s.lag))
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

// compared is what a look at a replica shows.
type compared struct {
	recovers bool          // it is a standby
	same     bool          // of this primary
	lag      time.Duration // 0 where it has all that the primary had when it was asked
}

// judge is the state that a standing comes to.
func (s compared) judge(most time.Duration) ReplicaState {
	switch {
	case !s.recovers:
		return ReplicaPromoted
	case !s.same:
		return ReplicaForeign
	case s.lag > most:
		return ReplicaLagging
	}
	return ReplicaReady
}

// stands compares both servers. A replica that has everything is not behind,
// however long ago the last of it was written.
func stands(ctx context.Context, primary, replica *pgxpool.Pool) (s compared, err error) {
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
		from pg_control_system()`, at).Scan(&s.recovers, &own, &behind)
	s.same, s.lag = system == own, time.Duration(behind*float64(time.Second))
	return s, err
}

// Compare is a look at a replica for who asks once: how it stands, and how far
// it is behind.
func Compare(ctx context.Context, primary, replica *pgxpool.Pool, most time.Duration) (ReplicaState, time.Duration, error) {
	s, err := stands(ctx, primary, replica)
	if err != nil {
		return ReplicaAway, 0, err
	}
	return s.judge(most), s.lag, nil
}
