package postgres

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/sethvargo/go-retry"

	"github.com/insurance-navigator/navigator/core"
)

// ReplicaState is how the replica stands.
type ReplicaState string

// The states. Reads go to a replica that is ReplicaReady, and to no other.
const (
	ReplicaReady    ReplicaState = "ready"
	ReplicaAway     ReplicaState = "away"     // it does not answer
	ReplicaLagging  ReplicaState = "lagging"  // it is further behind than allowed
	ReplicaPromoted ReplicaState = "promoted" // it is no standby, or none any more
	ReplicaForeign  ReplicaState = "foreign"  // it is the standby of another server
)

// ReplicaStates lists them.
func ReplicaStates() []ReplicaState {
	return []ReplicaState{ReplicaReady, ReplicaAway, ReplicaLagging, ReplicaPromoted, ReplicaForeign}
}

// What became of a read that might go to the replica.
const (
	ReadReplica = "replica" // it was read there
	ReadBehind  = "behind"  // the replica had not got as far: read at the primary
	ReadAhead   = "ahead"   // the replica showed what the primary did not yet, or that there is nothing: likewise
	ReadUnready = "unready" // the replica is not ready: likewise
	ReadFailed  = "failed"  // the replica could not read it: likewise
)

// ReplicaReads lists them.
func ReplicaReads() []string {
	return []string{ReadReplica, ReadBehind, ReadAhead, ReadUnready, ReadFailed}
}

// ReplicaOptions say where a replica is, and when it is read from.
type ReplicaOptions struct {
	Pool    Options       // of the replica; sessions hold inav_app as at the primary
	Primary *pgxpool.Pool // that it follows
	MaxLag  time.Duration // beyond it nothing is read there
	Wait    time.Duration // that a read waits for the replica to catch up; 0: DefaultReplicaWait

	Turned func(ReplicaState)  // told when the state changes; may be nil
	Read   func(became string) // told of each read; may be nil
	Opened func(*pgxpool.Pool) // told of the pool once there is one; may be nil
}

// DefaultReplicaWait is short: the primary answers at once.
const DefaultReplicaWait = 20 * time.Millisecond

// The bounds of a question to the replica for how far it is, and of a look at it.
const (
	reachTime   = 500 * time.Millisecond
	replicaLook = 5 * time.Second
	reachEvery  = 2 * time.Millisecond
)

// errAhead says that the replica showed what the primary did not show yet.
var errAhead = errors.New("the replica is ahead")

// errBehind says that the replica has not replayed what a read has to see.
var errBehind = errors.New("the replica is behind")

// Replica is a standby that reads go to. What is read there is never older than
// the asking: each read first learns how far the primary has got, and is read at
// the replica only once that has got as far. So nobody misses a write that was
// answered, whoever made it, in whichever process.
//
// Nor is where a document stands ever newer there: a standby shows what was
// committed an instant before the primary does, and who asked both in turn would
// see a document go back. What the primary did not show is left to the primary.
type Replica struct {
	options ReplicaOptions
	primary *positions

	pool  atomic.Pointer[pgxpool.Pool]
	state atomic.Value // ReplicaState
	lag   atomic.Int64 // nanoseconds, at the last look
}

// NewReplica makes a Replica that is not read from until Look has found it.
func NewReplica(o ReplicaOptions) *Replica {
	if o.Wait <= 0 {
		o.Wait = DefaultReplicaWait
	}
	o.Pool.Standby = true
	r := &Replica{options: o, primary: &positions{ask: func(ctx context.Context) (at position, err error) {
		var running string
		if err = o.Primary.QueryRow(ctx, positionSQL).Scan(&at.at, &running); err != nil {
			return at, err
		}
		return at, at.setRunning(running)
	}}}
	r.state.Store(ReplicaState(""))
	return r
}

// State is how the replica stood when it was last looked at or read from; empty
// before.
func (r *Replica) State() ReplicaState { return r.state.Load().(ReplicaState) } //nolint:forcetypeassert // nothing else is stored

// Lag is how far the replica was behind when it was last looked at.
func (r *Replica) Lag() time.Duration { return time.Duration(r.lag.Load()) }

// Close closes the pool.
func (r *Replica) Close() {
	if pool := r.pool.Load(); pool != nil {
		pool.Close()
	}
}

// turn notes the state.
func (r *Replica) turn(state ReplicaState) {
	if was := r.state.Swap(state); was != state && r.options.Turned != nil {
		r.options.Turned(state)
	}
}

func (r *Replica) told(became string) {
	if r.options.Read != nil {
		r.options.Read(became)
	}
}

// read runs a reading transaction at the replica, where that can be as fresh as
// the primary. Served is false where the primary has to be asked; work may have
// run then, and sets what it tells anew.
func (r *Replica) read(ctx context.Context, options pgx.TxOptions, work func(pgx.Tx, *writers) error) (served bool, err error) {
	if r == nil {
		return false, nil
	}
	pool := r.pool.Load()
	if r.State() != ReplicaReady || pool == nil {
		r.told(ReadUnready)
		return false, nil
	}
	at, err := r.primary.now(ctx)
	if err != nil {
		return false, nil //nolint:nilerr // the primary's own answer to the read tells it better
	}
	err = r.readAt(ctx, pool, at, options, work)
	switch {
	case err == nil || settled(err):
		r.told(ReadReplica)
		return true, err
	case errors.Is(err, errBehind):
		r.told(ReadBehind)
	case errors.Is(err, errAhead), errors.Is(err, pgx.ErrNoRows):
		r.told(ReadAhead)
	default:
		r.told(ReadFailed)
		r.doubt(ctx, err)
	}
	return false, nil
}

// settled reports whether an error is the read's answer, and not the replica's
// trouble.
func settled(err error) bool {
	var coded *core.Error
	return errors.As(err, &coded)
}

// doubt takes the replica for away until the next look, unless it answered with
// an error of the read itself, or the caller gave up.
func (r *Replica) doubt(ctx context.Context, err error) {
	if code := state(err); ctx.Err() == nil && (code == "" || strings.HasPrefix(code, serverStops)) {
		r.turn(ReplicaAway)
	}
}

// serverStops begins the SQLSTATEs of a server that stops, or is not up yet.
const serverStops = "57P"

// readAt reads at the replica once that has reached the position. One connection
// does both, for an address may lead to several standbys.
func (r *Replica) readAt(ctx context.Context, pool *pgxpool.Pool, at *position, options pgx.TxOptions, work func(pgx.Tx, *writers) error) error {
	bounded, cancel := context.WithTimeout(ctx, reachTime+r.options.Wait)
	defer cancel()
	conn, err := pool.Acquire(bounded)
	if err != nil {
		return err
	}
	defer conn.Release()
	tries := retry.WithMaxDuration(r.options.Wait, retry.NewConstant(reachEvery))
	err = retry.Do(bounded, tries, func(ctx context.Context) error {
		var reached bool
		err := conn.QueryRow(ctx, `select pg_is_in_recovery() and pg_last_wal_replay_lsn() >= $1::text::pg_lsn`, at.at).Scan(&reached)
		if err == nil && !reached {
			err = retry.RetryableError(errBehind)
		}
		return err
	})
	if err != nil {
		return err
	}
	var wrote writers
	err = pgx.BeginTxFunc(ctx, conn, options, func(tx pgx.Tx) error { return work(tx, &wrote) })
	if err == nil && !wrote.endedAt(at) {
		err = errAhead
	}
	return err
}
