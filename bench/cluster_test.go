package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/pgserver"
)

// poolSize is the product's own default, for its rivals too.
const poolSize = 10

// private is the run's own server, started by the first benchmark to need it.
var private struct {
	sync.Mutex
	dir      string
	cluster  *pgserver.Cluster
	password string // of the services' login roles
}

// cluster starts the server with the settings that make dev gives it: fsync is on.
func cluster(b *testing.B) *pgserver.Cluster {
	b.Helper()
	private.Lock()
	defer private.Unlock()
	if private.cluster != nil {
		return private.cluster
	}
	dir, err := os.MkdirTemp("", "navigator-bench-")
	if err != nil {
		b.Fatal(err)
	}
	private.dir, private.password = dir, rand.Text()
	private.cluster, err = pgserver.Start(context.Background(), pgserver.Options{Dir: dir, AllowDocker: true, Settings: serverSettings()})
	if err != nil {
		b.Fatalf("no PostgreSQL to measure on (make testdb installs one): %v", err)
	}
	return private.cluster
}

// shut stops the server and removes its files, which may lie outside its
// folder where another user has to own them.
func shut() error {
	private.Lock()
	defer private.Unlock()
	if private.dir == "" {
		return nil
	}
	var err error
	if private.cluster != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err = private.cluster.Stop(ctx)
		if home := filepath.Dir(private.cluster.Place()); strings.HasPrefix(filepath.Base(home), "navigator-pg-") {
			err = errors.Join(err, os.RemoveAll(home))
		}
	}
	return errors.Join(err, os.RemoveAll(private.dir))
}

// database is one benchmark's own, migrated.
type database struct {
	name    string
	cluster *pgserver.Cluster
	super   *pgxpool.Pool // of the superuser, whom no row policy stops
}

func newDatabase(b *testing.B) *database {
	b.Helper()
	d := &database{name: "bench_" + strings.ToLower(rand.Text()[:8]), cluster: cluster(b)}
	admin := openPool(b, d.cluster.SuperURL(), 1)
	run(b, admin, "create database "+d.name)
	if err := db.Migrate(b.Context(), d.superURL(b)); err != nil {
		b.Fatal(err)
	}
	for _, role := range []string{"inav_app", "inav_worker"} {
		run(b, admin, fmt.Sprintf("alter role %s login password '%s'", role, private.password))
	}
	d.super = openPool(b, d.superURL(b), poolSize)
	sheet.meet(b, d.super)
	return d
}

// superURL is the superuser's address of this database.
func (d *database) superURL(b *testing.B) string {
	b.Helper()
	u, err := url.Parse(d.cluster.SuperURL())
	if err != nil {
		b.Fatal(err)
	}
	u.Path = "/" + d.name
	return u.String()
}

// url is a service's address of this database.
func (d *database) url(role string) string { return d.cluster.URL(d.name, role, private.password) }

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
