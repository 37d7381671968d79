package bench

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/bench/place"
)

// poolSize is the product's own default, for its rivals too.
const poolSize = 10

// private is the run's own server, started by the first benchmark to need it.
var private struct {
	sync.Mutex
	cluster *place.Cluster
}

// cluster starts the server with the settings that make dev gives it: fsync is on.
func cluster(b *testing.B) *place.Cluster {
	b.Helper()
	private.Lock()
	defer private.Unlock()
	if private.cluster == nil {
		opened, err := place.OpenCluster(context.Background(), serverSettings())
		if err != nil {
			b.Fatal(err)
		}
		private.cluster = opened
	}
	return private.cluster
}

// shut stops the server and removes its files.
func shut() error {
	private.Lock()
	defer private.Unlock()
	if private.cluster == nil {
		return nil
	}
	return private.cluster.Close()
}

// database is one benchmark's own, migrated.
type database struct {
	*place.OwnDatabase
	super *pgxpool.Pool // of the superuser, whom no row policy stops
}

func newDatabase(b *testing.B) *database {
	b.Helper()
	own, err := cluster(b).NewDatabase(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	d := &database{OwnDatabase: own, super: openPool(b, own.SuperURL(), poolSize)}
	sheet.meet(b, d.super)
	return d
}
func openPool(b *testing.B, address string, size int32) *pgxpool.Pool {
	b.Helper()
	pool, err := postgres.Open(b.Context(), postgres.Options{URL: address, Name: "bench", MaxConns: size})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	return pool
}

func run(b *testing.B, pool *pgxpool.Pool, sql string, args ...any) {
	b.Helper()
	if _, err := pool.Exec(b.Context(), sql, args...); err != nil {
		b.Fatalf("%.60s: %v", sql, err)
	}
}

// scalar reads one value.
func scalar[T any](b *testing.B, pool *pgxpool.Pool, sql string, args ...any) (value T) {
	b.Helper()
	if err := pool.QueryRow(b.Context(), sql, args...).Scan(&value); err != nil {
		b.Fatalf("%.60s: %v", sql, err)
	}
	return value
}
