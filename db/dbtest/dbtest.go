// Package dbtest gives each test its own database on a real PostgreSQL with
// pgvector, cloned from a migrated template and dropped at the end.
//
// The server is the one TEST_DATABASE_URL names (a superuser's URL), or a
// private cluster under <module root>/.local/testpg that all test binaries of
// the module share. The first test that needs it starts it; it stays up for
// the next run until Stop. It keeps nothing safe: fsync is off.
package dbtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	envURL         = "TEST_DATABASE_URL"
	templatePrefix = "navigator_template_"
	testPrefix     = "navigator_test_"
	// opTimeout bounds each administrative step, first start and recovery of
	// the cluster included.
	opTimeout = 3 * time.Minute
)

// Migration brings an empty database to the state tests start from.
type Migration interface {
	// Fingerprint changes whenever Apply would leave another database, for
	// example a hash over all migration files. Letters and digits.
	Fingerprint() string
	// Apply migrates the database at the superuser's URL. It runs once a
	// fingerprint, never twice at once on one server: creating roles, which
	// all databases share, is safe.
	Apply(ctx context.Context, url string) error
}

// DB is one test's own database.
type DB struct {
	// Name is the database's name on the server.
	Name string
	tb   testing.TB
	srv  *server
}

// New creates a database for tb and drops it, with whoever is still connected,
// when tb ends. A nil m gives an empty database in which pgvector can be
// created. Any failure ends the test.
func New(tb testing.TB, m Migration) *DB {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	srv, err := sharedServer(ctx)
	if err != nil {
		tb.Fatalf("dbtest: no test database: %v", err)
	}
	template, err := srv.template(ctx, m)
	if err != nil {
		tb.Fatalf("dbtest: build the template database: %v", err)
	}
	db := &DB{Name: newName(time.Now()), tb: tb, srv: srv}
	if err := srv.clone(ctx, db.Name, template); err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	tb.Cleanup(db.drop)
	return db
}

// newName carries the time of birth, by which sweep knows the left-overs of
// killed test processes.
func newName(now time.Time) string {
	return fmt.Sprintf("%s%d_%s", testPrefix, now.Unix(), strings.ToLower(rand.Text()[:12]))
}

func (db *DB) drop() {
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	if err := db.srv.drop(ctx, db.Name); err != nil {
		db.tb.Errorf("dbtest: %v", err)
	}
}

// SuperURL connects to the test's database as the superuser.
func (db *DB) SuperURL() string { return db.srv.url(db.Name, nil) }

// OwnerURL connects as the database's owner, who migrates: the superuser.
func (db *DB) OwnerURL() string { return db.SuperURL() }

// URL connects as the given role, which must exist. The role is given LOGIN and
// a password known to all test processes of this server.
func (db *DB) URL(role string) string {
	db.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	password, err := db.srv.login(ctx, role)
	if err != nil {
		db.tb.Fatalf("dbtest: %v", err)
	}
	return db.srv.url(db.Name, url.UserPassword(role, password))
}

// SuperConn opens a superuser's connection that closes with the test.
func (db *DB) SuperConn() *pgx.Conn { db.tb.Helper(); return db.connect(db.SuperURL()) }

// Conn opens a connection as role that closes with the test.
func (db *DB) Conn(role string) *pgx.Conn { db.tb.Helper(); return db.connect(db.URL(role)) }

func (db *DB) connect(target string) *pgx.Conn {
	db.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, target)
	if err != nil {
		db.tb.Fatalf("dbtest: connect: %v", err)
	}
	db.tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// external is the server the environment names, or "".
func external() string { return os.Getenv(envURL) }
