package dbtest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/db/pgserver"
)

// Cluster is a server of one test's own, which can be lost with all that is in
// it. It keeps what it commits no safer than the shared one.
type Cluster struct {
	tb  testing.TB
	dir string
	srv *server
}

// NewCluster starts a server for tb, and removes it when tb ends.
func NewCluster(tb testing.TB) *Cluster {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	dir, err := os.MkdirTemp("", "navigator-cluster-") // not the test's own folder: another user has to read there
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	c := &Cluster{tb: tb, dir: dir}
	tb.Cleanup(c.Destroy)
	running, err := pgserver.Start(ctx, pgserver.Options{Dir: dir, Settings: settings})
	if err != nil {
		tb.Fatalf("dbtest: start a server: %v", err)
	}
	if c.srv, err = openServer(ctx, running.SuperURL()); err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	return c
}

// New makes a database in it that goes with it. Roles are the server's: those
// that are named are made, as a person makes them before a restore.
func (c *Cluster) New(m Migration, roles ...string) *DB {
	c.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	db := &DB{Name: newName(time.Now()), tb: c.tb, srv: c.srv}
	err := c.srv.clone(ctx, db.Name, pristine)
	if err == nil && m != nil {
		err = m.Apply(ctx, db.OwnerURL())
	}
	for _, role := range roles {
		if err == nil {
			err = c.srv.exec(ctx, "CREATE ROLE "+quote(role))
		}
	}
	if err != nil {
		c.tb.Fatalf("dbtest: %v", err)
	}
	return db
}

// Destroy ends the server, whoever is connected, and removes its data. Nothing is
// left that could be restored from.
func (c *Cluster) Destroy() {
	if c.dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	if c.srv != nil {
		for _, conn := range c.srv.idle {
			_ = conn.Close(ctx) // it goes with the server
		}
		c.srv.idle = nil
	}
	err := pgserver.Remove(ctx, pgserver.Options{Dir: c.dir})
	c.dir = ""
	if err != nil {
		c.tb.Errorf("dbtest: %v", err)
	}
}
