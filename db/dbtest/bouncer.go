package dbtest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/insurance-navigator/navigator/db/pgserver"
)

// ServerConns is how many connections to the server a Bouncer has for each
// role.
const ServerConns = 2

// Bouncer is a PgBouncer before a test's database, with its own settings but
// for the mode and the number of server connections: so it refuses parameters
// at the login that it does not know.
type Bouncer struct {
	tb    testing.TB
	db    *DB
	owner string
	dir   string
	port  int
	roles map[string]string // to their passwords
	out   bytes.Buffer
	stop  func()
}

// Bouncer starts one that knows the roles, and the owner; it ends with the test. Where the
// program is not installed the test is skipped, and says so.
func (db *DB) Bouncer(mode string, roles ...string) *Bouncer {
	db.tb.Helper()
	if _, err := bouncerProgram(); err != nil {
		db.tb.Skipf("PgBouncer is not on this machine (Debian package pgbouncer; .ci/run installs it as root): %v", err)
	}
	dir, err := os.MkdirTemp("", "bouncer") // not the test's own folder: another user has to read there
	if err != nil {
		db.tb.Fatalf("dbtest: %v", err)
	}
	b := &Bouncer{tb: db.tb, db: db, dir: dir, roles: map[string]string{}}
	db.tb.Cleanup(func() { b.Stop(); _ = os.RemoveAll(dir) })
	for _, role := range roles {
		login, err := url.Parse(db.URL(role))
		if err != nil {
			db.tb.Fatal("dbtest: the role's address cannot be read")
		}
		b.roles[role], _ = login.User.Password()
	}
	super, err := pgx.ParseConfig(db.SuperURL())
	if err != nil {
		db.tb.Fatal("dbtest: the server's address cannot be read")
	}
	b.owner, b.roles[super.User] = super.User, super.Password
	b.settings(mode, super)
	b.Start()
	return b
}

func bouncerProgram() (string, error) {
	if path, err := exec.LookPath("pgbouncer"); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/pgbouncer")
}

// settings writes the files, and chooses a port that nobody has.
func (b *Bouncer) settings(mode string, server *pgx.ConnConfig) {
	b.tb.Helper()
	listener, err := (&net.ListenConfig{}).Listen(b.tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.tb.Fatal(err)
	}
	b.port = listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	var users bytes.Buffer
	for role, password := range b.roles {
		fmt.Fprintf(&users, "%q %q\n", role, password)
	}
	b.write("users", users.String())
	b.write("ini", fmt.Sprintf("[databases]\n%s = host=%s port=%d\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\n"+
		"auth_type = scram-sha-256\nauth_file = %s\npool_mode = %s\ndefault_pool_size = %d\nmax_client_conn = 200\nserver_login_retry = 1\n"+
		"stats_users = %s\n",
		b.db.Name, server.Host, server.Port, b.port, filepath.Join(b.dir, "users"), mode, ServerConns, b.owner))
}

func (b *Bouncer) write(name, text string) {
	b.tb.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		b.tb.Fatal(err)
	}
}

// Start starts it, where it does not run, at the port it had before.
func (b *Bouncer) Start() {
	b.tb.Helper()
	if b.stop != nil {
		return
	}
	program, err := bouncerProgram()
	if err != nil {
		b.tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd, own, err := pgserver.Unprivileged(ctx, program, filepath.Join(b.dir, "ini"))
	for _, path := range []string{b.dir, filepath.Join(b.dir, "ini"), filepath.Join(b.dir, "users")} {
		if err == nil {
			err = own(path)
		}
	}
	if err == nil {
		b.out.Reset()
		cmd.Stdout, cmd.Stderr = &b.out, &b.out
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		b.tb.Fatalf("dbtest: start PgBouncer: %v", err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }() // killed, it says
	b.stop = func() { cancel(); <-ended }
	b.listens(ended)
}

// listens waits until the port answers, or the program has ended.
func (b *Bouncer) listens(ended <-chan struct{}) {
	b.tb.Helper()
	deadline := time.After(opTimeout)
	tick := time.NewTicker(10 * time.Millisecond) // nothing tells when it listens
	defer tick.Stop()
	for {
		if conn, err := (&net.Dialer{}).DialContext(b.tb.Context(), "tcp", b.address()); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			b.tb.Fatalf("dbtest: PgBouncer ended:\n%s", b.out.String())
		case <-deadline:
			b.tb.Fatal("dbtest: PgBouncer does not listen")
		case <-tick.C:
		}
	}
}

func (b *Bouncer) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port)) }

// Stop kills it, with all its connections.
func (b *Bouncer) Stop() {
	if b.stop != nil {
		b.stop()
		b.stop = nil
	}
}

// URL connects through it as one of its roles.
func (b *Bouncer) URL(role string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, b.roles[role]), Host: b.address(), Path: "/" + b.db.Name, RawQuery: "sslmode=disable"}
	return u.String()
}

// OwnerURL connects through it as the one who migrates.
func (b *Bouncer) OwnerURL() string { return b.URL(b.owner) }

// Connected asks how many clients it has now, and how many connections to the
// server it holds for them; the one that asks is not counted.
func (b *Bouncer) Connected() (clients, servers int) {
	b.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	conn, err := pgconn.Connect(ctx, strings.Replace(b.OwnerURL(), "/"+b.db.Name, "/pgbouncer", 1))
	if err != nil {
		b.tb.Fatalf("dbtest: ask PgBouncer: %v", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is pending
	return b.lines(ctx, conn, "show clients"), b.lines(ctx, conn, "show servers")
}

// lines counts the answer's lines about this database.
func (b *Bouncer) lines(ctx context.Context, conn *pgconn.PgConn, question string) (n int) {
	b.tb.Helper()
	answers, err := conn.Exec(ctx, question).ReadAll()
	if err != nil || len(answers) != 1 {
		b.tb.Fatalf("dbtest: %s: %v", question, err)
	}
	for _, row := range answers[0].Rows {
		if slices.ContainsFunc(row, func(value []byte) bool { return string(value) == b.db.Name }) {
			n++
		}
	}
	return n
}
