package place

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/pgserver"
)

// Database is where a place keeps its rows.
type Database interface {
	URL(role string) string // of a login role
	SuperURL() string       // of the superuser, whom no row policy stops
}

// Cluster is a private PostgreSQL that is removed when it is closed.
type Cluster struct {
	dir      string
	password string // of the services' login roles
	server   *pgserver.Cluster
}

// OpenCluster starts a PostgreSQL in a folder of its own, with db/pgserver's own
// settings: fsync is on.
func OpenCluster(ctx context.Context, settings map[string]string) (*Cluster, error) {
	dir, err := os.MkdirTemp("", "navigator-bench-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, password: rand.Text()}
	c.server, err = pgserver.Start(ctx, pgserver.Options{Dir: dir, AllowDocker: true, Settings: settings})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("no PostgreSQL to measure on (make testdb installs one): %w", err), c.Close())
	}
	return c, nil
}

// Dir is a folder that goes with the cluster.
func (c *Cluster) Dir() string { return c.dir }

// SuperURL is the superuser's address of the cluster's own database.
func (c *Cluster) SuperURL() string { return c.server.SuperURL() }

// Close stops the server and removes its files.
func (c *Cluster) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return pgserver.Remove(ctx, pgserver.Options{Dir: c.dir})
}

// OwnDatabase is a migrated database of a cluster.
type OwnDatabase struct {
	cluster *Cluster
	name    string
	super   string
}

// NewDatabase makes a database with its logins.
func (c *Cluster) NewDatabase(ctx context.Context) (*OwnDatabase, error) {
	d := &OwnDatabase{cluster: c, name: "bench_" + strings.ToLower(rand.Text()[:8])}
	address, err := url.Parse(c.server.SuperURL())
	if err != nil {
		return nil, err
	}
	address.Path = "/" + d.name
	d.super = address.String()
	admin, err := pgx.Connect(ctx, c.server.SuperURL())
	if err != nil {
		return nil, err
	}
	defer admin.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is under way
	if _, err := admin.Exec(ctx, "create database "+d.name); err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, d.super); err != nil {
		return nil, err
	}
	for _, role := range []string{"inav_app", "inav_worker"} {
		if _, err := admin.Exec(ctx, fmt.Sprintf("alter role %s login password '%s'", role, c.password)); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// URL implements Database.
func (d *OwnDatabase) URL(role string) string {
	return d.cluster.server.URL(d.name, role, d.cluster.password)
}

// SuperURL implements Database.
func (d *OwnDatabase) SuperURL() string { return d.super }
