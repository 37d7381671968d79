package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Instance is one process's fingerprint.
type Instance struct {
	ID            core.ID
	Service       string // api, worker, webhook, or dev for all in one
	Environment   string // of the deployment
	StorageEnv    string // of the bucket set
	Providers     string // base addresses of the outside, no keys
	SettingsHash  string // of the settings that must agree
	Build         string // commit; another one is normal during a rollout
	SchemaVersion int64  // the binary's
}

// Alive is how long after its last heartbeat a process counts as living.
const Alive = 60 * time.Second

// Instances keeps the fingerprints and heartbeats.
type Instances struct{ pool Steady }

// NewInstances makes Instances over a pool of either role.
func NewInstances(pool *pgxpool.Pool) *Instances { return &Instances{pool: NewSteady(pool)} }

// peersLock serializes registrations, so that two processes that differ cannot
// both find themselves first.
const peersLock = 0x70656572 // "peer"

// Register records the process. It refuses to beside a living one whose
// environment or shared settings differ; the error names both fingerprints.
func (i *Instances) Register(ctx context.Context, self Instance) error {
	return i.pool.InTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, peersLock); err != nil {
			return fmt.Errorf("register this process: %w", redact(err))
		}
		if err := refuseOdd(ctx, tx, self); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into upload_pipeline.instances
			(instance_id, service, environment, storage_env, database_id, providers, settings_hash, build, schema_version)
			select $1, $2, $3, $4, database_id::text || ' ' || current_database(), $5, $6, $7, $8 from upload_pipeline.identity`,
			self.ID, self.Service, self.Environment, self.StorageEnv, self.Providers, self.SettingsHash, self.Build, self.SchemaVersion)
		if err != nil {
			return fmt.Errorf("register this process: %w", redact(err))
		}
		return nil
	})
}

// Fits is Register's judgement without a registration: nil says that the
// process could live beside all that live.
func (i *Instances) Fits(ctx context.Context, self Instance) error {
	return refuseOdd(ctx, i.pool, self)
}

// refuseOdd looks for a living peer that this process must not run beside.
func refuseOdd(ctx context.Context, db asker, self Instance) error {
	rows, err := db.Query(ctx, `select service, environment, storage_env, providers, settings_hash, build
		from upload_pipeline.instances where seen_at > now() - $1::interval
		and (environment, storage_env, providers, settings_hash) is distinct from ($2, $3, $4, $5) limit 1`,
		Alive, self.Environment, self.StorageEnv, self.Providers, self.SettingsHash)
	if err != nil {
		return fmt.Errorf("look for peers: %w", redact(err))
	}
	peers, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Instance, err error) {
		return p, row.Scan(&p.Service, &p.Environment, &p.StorageEnv, &p.Providers, &p.SettingsHash, &p.Build)
	})
	if err != nil {
		return fmt.Errorf("look for peers: %w", redact(err))
	}
	if len(peers) > 0 {
		return fmt.Errorf("a process with other settings works on this database: this one is %s; the other is %s; "+
			"give both the same settings, or stop the other one and wait %s", self, peers[0], Alive)
	}
	return nil
}

// String is the fingerprint in one line; it holds no secret.
func (i Instance) String() string {
	return fmt.Sprintf("[%s environment=%s storage=%s providers=%s settings=%s build=%s]",
		i.Service, i.Environment, i.StorageEnv, i.Providers, i.SettingsHash, i.Build)
}

// Beat records that the process lives, with the last results of the outside.
// CodeNotFound says that its row is gone: it has to register again, or its jobs
// are taken for lost.
func (i *Instances) Beat(ctx context.Context, id core.ID, outside []ports.Dependency) error {
	state, err := json.Marshal(outside)
	if err != nil {
		return fmt.Errorf("record a heartbeat: %w", err)
	}
	tag, err := i.pool.Exec(ctx, `update upload_pipeline.instances set seen_at = now(), state = $2 where instance_id = $1`, id, string(state))
	if err == nil && tag.RowsAffected() == 0 {
		return core.Fail(core.CodeNotFound, errors.New("not registered"))
	}
	return trouble(err)
}

// clockLooks is how often Skew looks: the quickest answer is the most exact.
const clockLooks = 3

// Skew is how far the clock now is ahead of the database's; negative where it
// is behind. What the way to the database may account for is taken off.
func (i *Instances) Skew(ctx context.Context, now func() time.Time) (time.Duration, error) {
	var skew, best time.Duration
	for look := range clockLooks {
		var theirs time.Time
		before := now()
		if err := i.pool.QueryRow(ctx, `select clock_timestamp()`).Scan(&theirs); err != nil {
			return 0, trouble(err)
		}
		way := now().Sub(before)
		if look > 0 && way >= best {
			continue
		}
		best, skew = way, before.Add(way/2).Sub(theirs)
	}
	if skew < 0 {
		return min(skew+best/2, 0), nil
	}
	return max(skew-best/2, 0), nil
}

// Leave takes the process off the list, and those that died long ago.
func (i *Instances) Leave(ctx context.Context, id core.ID) error {
	_, err := i.pool.Exec(ctx, `delete from upload_pipeline.instances where instance_id = $1 or seen_at < now() - interval '7 days'`, id)
	return trouble(err)
}

// Peer is a process as the others see it.
type Peer struct {
	Service string
	Build   string
	Age     time.Duration // since its last heartbeat
	Outside []ports.Dependency
}

// Peers lists the processes seen within the last day, the latest first.
func (i *Instances) Peers(ctx context.Context) ([]Peer, error) {
	rows, err := i.pool.Query(ctx, `select service, build, extract(epoch from now() - seen_at)::float8, state
		from upload_pipeline.instances where seen_at > now() - interval '1 day' order by seen_at desc limit 200`)
	if err != nil {
		return nil, trouble(err)
	}
	peers, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Peer, err error) {
		var age float64
		var state []byte
		if err := row.Scan(&p.Service, &p.Build, &age, &state); err != nil {
			return p, err
		}
		p.Age = time.Duration(age * float64(time.Second))
		return p, json.Unmarshal(orEmptyList(state), &p.Outside)
	})
	return peers, trouble(err)
}

// orEmptyList reads the column's default, an object, as no results.
func orEmptyList(state []byte) []byte {
	if len(state) == 0 || state[0] != '[' {
		return []byte("[]")
	}
	return state
}
