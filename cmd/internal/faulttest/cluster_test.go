package faulttest

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/pgserver"
)

// cluster is a PostgreSQL of one test's own, which can be restarted and failed
// over. It keeps what it commits: fsync is on.
type cluster struct {
	password string

	mu      sync.Mutex
	current *pgserver.Cluster
	dir     string   // of the current one
	dirs    []string // of each there was
}

const clusterTime = 2 * time.Minute

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{password: rand.Text()}
	t.Cleanup(func() {
		if err := c.remove(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), clusterTime)
	defer cancel()
	dir, err := c.room()
	if err != nil {
		t.Fatal(err)
	}
	c.dir = dir
	if err := c.start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.prepare(ctx); err != nil {
		t.Fatal(err)
	}
	return c
}

// room makes a folder for a server.
func (c *cluster) room() (string, error) {
	dir, err := os.MkdirTemp("", "navigator-faults-pg-")
	if err == nil {
		c.dirs = append(c.dirs, dir)
	}
	return dir, err
}

func (c *cluster) options(dir string) pgserver.Options {
	return pgserver.Options{Dir: dir, Settings: map[string]string{"max_connections": "200"}}
}

func (c *cluster) start(ctx context.Context) error {
	current, err := pgserver.Start(ctx, c.options(c.dir))
	if err != nil {
		return err
	}
	c.become(current)
	return nil
}

// become makes a server the current one.
func (c *cluster) become(current *pgserver.Cluster) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = current
}

// prepare makes the database, its schema and the logins.
func (c *cluster) prepare(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.now().SuperURL())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is pending
	if _, err := conn.Exec(ctx, `create database navigator`); err != nil {
		return err
	}
	if err := db.Migrate(ctx, c.SuperURL()); err != nil {
		return err
	}
	for _, role := range []string{"inav_app", "inav_worker"} {
		if _, err := conn.Exec(ctx, `alter role `+role+` login password '`+c.password+`'`); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) now() *pgserver.Cluster {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// URL is database.
func (c *cluster) URL(role string) string { return c.now().URL("navigator", role, c.password) }

// SuperURL is database.
func (c *cluster) SuperURL() string {
	address, err := url.Parse(c.now().SuperURL())
	if err != nil {
		return ""
	}
	address.Path = "/navigator"
	return address.String()
}

// host is where the server listens now.
func (c *cluster) host() string {
	address, err := url.Parse(c.now().SuperURL())
	if err != nil {
		return ""
	}
	return address.Host
}

// restart stops the server, at once and without a checkpoint where it is to
// crash, and starts it again.
func (c *cluster) restart(ctx context.Context, crash bool) error {
	if crash {
		if err := c.quit(ctx); err != nil {
			return err
		}
	} else if _, err := pgserver.StopAt(ctx, pgserver.Options{Dir: c.dir}); err != nil {
		return err
	}
	return c.start(ctx)
}

// quit sends what pg_ctl calls an immediate stop, and waits for the end.
func (c *cluster) quit(ctx context.Context) error {
	file := filepath.Join(c.now().Place(), "postmaster.pid")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil || pid <= 1 {
		return errors.New("the server's own file names no process")
	}
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
		return err
	}
	_, err = again(ctx, func() (bool, error) {
		if _, err := os.Stat(file); err == nil {
			return false, errAgain
		}
		return true, nil
	})
	return err
}

// remove stops the servers and removes their files.
func (c *cluster) remove() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), clusterTime)
	defer cancel()
	for _, dir := range c.dirs {
		err = errors.Join(err, pgserver.Remove(ctx, pgserver.Options{Dir: dir}))
	}
	return err
}
