// Package pgserver finds PostgreSQL with pgvector on a developer's or a CI
// machine, installs it where it is allowed to, and runs a private cluster of
// it: its own data directory, a free loopback port, a random superuser
// password. It serves `make dev` and the tests; production databases are never
// touched by it.
//
// A cluster outlives a killed parent on purpose: the next Start adopts it
// instead of starting a second server on the same files.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// superuser is the bootstrap role of every private cluster.
const superuser = "postgres"

// Options says where a private cluster lives and what may be done to get one.
type Options struct {
	// Dir keeps the cluster and its small state files (password, port). It is
	// created when absent. When the server must run as another user that cannot
	// reach Dir, the data itself is placed elsewhere and Dir remembers where.
	Dir string
	// Log receives one line an event, before anything is installed or started.
	// Nil discards them.
	Log func(format string, args ...any)
	// AllowInstall permits installing packages with apt as root or by sudo
	// without a password.
	AllowInstall bool
	// AllowDocker permits a container where no local server can be had.
	AllowDocker bool
	// Settings are server settings that override the defaults, by their names
	// in postgresql.conf. Turning fsync off also speeds up initdb.
	Settings map[string]string
}

func (o Options) logf(format string, args ...any) {
	if o.Log != nil {
		o.Log(format, args...)
	}
}

// Binaries is a usable PostgreSQL: either a directory of programs or an image.
type Binaries struct {
	// BinDir holds initdb, pg_ctl and postgres. Empty when Image is set.
	BinDir string
	// Major is PostgreSQL's major version, 15 or newer.
	Major int
	// Vector is the pgvector version that CREATE EXTENSION would install.
	Vector string
	// Image is the container image to run instead of local programs.
	Image string
}

// Cluster is a running private server.
type Cluster struct {
	port     int
	password string
	adopted  bool
	place    string
	stop     func(context.Context) error
}

// URL is a connection URL for one database, role and password of the cluster.
func (c *Cluster) URL(database, user, password string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(user, password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// SuperURL connects to the maintenance database "postgres" as the superuser.
// It contains the password: print it only where the user asked for it.
func (c *Cluster) SuperURL() string { return c.URL("postgres", superuser, c.password) }

// Adopted tells that the server was already running when Start was called,
// left by a former run or started by another process.
func (c *Cluster) Adopted() bool { return c.adopted }

// Place is where the data lives, for messages: a directory or a container.
func (c *Cluster) Place() string { return c.place }

// Stop shuts the server down (fast mode: sessions are ended, data is flushed)
// and waits for it. It does nothing to an adopted server, and nothing the
// second time.
func (c *Cluster) Stop(ctx context.Context) error {
	if c.adopted || c.stop == nil {
		return nil
	}
	stop := c.stop
	c.stop = nil
	return stop(ctx)
}

// Start returns a running cluster under opts.Dir: the one that already runs
// there, or a new server on the existing data, or a fresh cluster. Every error
// is one line that says what is wrong and where.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	bins, err := Find(ctx, opts)
	if err != nil {
		return nil, err
	}
	st, err := openState(opts.Dir)
	if err != nil {
		return nil, err
	}
	unlock, err := st.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if bins.Image != "" {
		return startContainer(ctx, opts, st, bins)
	}
	srv, err := newServer(opts, st, bins)
	if err != nil {
		return nil, err
	}
	return srv.start(ctx)
}

// StopAt stops the server that runs under opts.Dir, whoever started it, and
// reports whether there was one.
func StopAt(ctx context.Context, opts Options) (bool, error) {
	st, err := openState(opts.Dir)
	if err != nil {
		return false, err
	}
	unlock, err := st.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	if st.usesContainer() {
		return stopContainer(ctx, st)
	}
	if st.home() == "" {
		return false, nil
	}
	bins, err := Find(ctx, Options{Dir: opts.Dir})
	if err != nil {
		return false, fmt.Errorf("stop the PostgreSQL under %s: %w", opts.Dir, err)
	}
	srv, err := newServer(opts, st, bins)
	if err != nil {
		return false, err
	}
	if srv.liveness(ctx) == serverAbsent {
		return false, nil
	}
	return true, srv.shutdown(ctx)
}

// Remove stops the server that runs under opts.Dir, whoever started it, and
// removes all its files: its data too, where that had to be put elsewhere for the
// account that runs it. Nothing is left that could be restored from.
func Remove(ctx context.Context, opts Options) error {
	st, err := openState(opts.Dir)
	if err != nil {
		return err
	}
	home := st.home()
	if _, err := StopAt(ctx, opts); err != nil {
		return err // its files are still used
	}
	if strings.HasPrefix(filepath.Base(home), outside) {
		err = os.RemoveAll(home)
	}
	return errors.Join(err, os.RemoveAll(st.dir))
}
