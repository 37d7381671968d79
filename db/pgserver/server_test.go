package pgserver

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// testOptions uses a small cluster that need not survive a power cut.
func testOptions(t *testing.T) Options {
	t.Helper()
	opts := Options{Dir: filepath.Join(t.TempDir(), "pg"), Log: t.Logf,
		Settings: map[string]string{"fsync": "off", "shared_buffers": "16MB", "max_connections": "20"}}
	t.Cleanup(func() {
		started := state{dir: opts.Dir}.home() != ""
		if err := Remove(context.Background(), opts); err != nil && started {
			t.Errorf("remove: %v", err)
		}
	})
	return opts
}

func mustStart(t *testing.T, opts Options) *Cluster {
	t.Helper()
	c, err := Start(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func scan[T any](t *testing.T, c *Cluster, sql string) T {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.SuperURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var v T
	if err := conn.QueryRow(ctx, sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// killServer kills the postmaster as a crash would and waits until it is gone.
func killServer(t *testing.T, opts Options) {
	t.Helper()
	data := filepath.Join(state{dir: opts.Dir}.home(), "data")
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pf, err := parsePidFile(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pf.pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for processServes(pf.pid, data) {
		if pause(ctx, 10*time.Millisecond) != nil {
			t.Fatal("the killed server lives on")
		}
	}
}

func TestClusterSurvivesKillAdoptsAndStops(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	opts := testOptions(t)
	first := mustStart(t, opts)
	if first.Adopted() {
		t.Error("a fresh cluster counts as adopted")
	}
	scan[int](t, first, "WITH made AS (SELECT set_config('x.y', '1', false)) SELECT 1 FROM made")
	if got := scan[string](t, first, "SELECT current_setting('server_encoding') || ' ' || current_setting('listen_addresses')"); got != "UTF8 127.0.0.1" {
		t.Errorf("settings are %s", got)
	}
	killServer(t, opts)

	second := mustStart(t, opts)
	if second.Adopted() || second.port != first.port {
		t.Errorf("after a kill: adopted %v, port %d, want a new server on port %d", second.Adopted(), second.port, first.port)
	}
	third := mustStart(t, opts)
	if !third.Adopted() {
		t.Error("a running cluster was not adopted")
	}
	if err := third.Stop(ctx); err != nil {
		t.Error(err)
	}
	scan[int](t, second, "SELECT 1") // an adopter's Stop leaves the server alone
	if err := second.Stop(ctx); err != nil {
		t.Error(err)
	}
	if _, err := pgx.Connect(ctx, second.SuperURL()); err == nil {
		t.Error("the server answers after Stop")
	}
	if err := second.Stop(ctx); err != nil {
		t.Errorf("stopping twice: %v", err)
	}
	if ran, err := StopAt(ctx, opts); ran || err != nil {
		t.Errorf("StopAt on a stopped cluster: %v, %v", ran, err)
	}
}

// A standby has what the primary had, refuses writes, and takes them once it is
// promoted.
func TestAStandbyFollowsAndIsPromoted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	primary, opts := mustStart(t, testOptions(t)), testOptions(t)
	if err := do(ctx, primary, `create table kept as select 7 as n`); err != nil {
		t.Fatal(err)
	}
	standby, err := Follow(ctx, opts, primary)
	if err != nil {
		t.Fatal(err)
	}
	if n := scan[int](t, standby, `select n from kept`); n != 7 || !scan[bool](t, standby, `select pg_is_in_recovery()`) {
		t.Errorf("the standby reads %d, or is none", n)
	}
	if err := do(ctx, standby, `insert into kept values (8)`); err == nil {
		t.Error("the standby was written to")
	}
	if err := standby.Promote(ctx); err != nil {
		t.Fatal(err)
	}
	if err := do(ctx, standby, `insert into kept values (8)`); err != nil {
		t.Errorf("after its promotion: %v", err)
	}
	if again, err := Follow(ctx, opts, primary); err != nil || !again.Adopted() {
		t.Errorf("what runs there was not taken over: %v", err)
	}
	if err := Remove(ctx, opts); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{opts.Dir, standby.Place()} { // the data may lie elsewhere
		if _, err := os.Stat(place); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there after its removal: %v", place, err)
		}
	}
}

func do(ctx context.Context, c *Cluster, sql string) error {
	conn, err := pgx.Connect(ctx, c.SuperURL())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

func TestStartChoosesAnotherPortAndRefusesForeignData(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	opts := testOptions(t)
	first := mustStart(t, opts)
	if err := first.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(first.port)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	second := mustStart(t, opts)
	if second.port == first.port {
		t.Error("started on a port in use")
	}
	scan[int](t, second, "SELECT 1")
	if err := second.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(state{dir: opts.Dir}.home(), "data", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(ctx, opts); err == nil || !strings.Contains(err.Error(), "made by PostgreSQL 9") {
		t.Errorf("data of another version: %v", err)
	}
}

func TestStrangersPidFileIsStale(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	opts := testOptions(t)
	c := mustStart(t, opts)
	if err := c.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	// A reboot may give the dead server's number to any process: here, to us.
	path := filepath.Join(state{dir: opts.Dir}.home(), "data", "postmaster.pid")
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n/x\n1\n5432\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if mustStart(t, opts).Adopted() {
		t.Error("adopted a process that is no server")
	}
}

func TestStatePasswordIsPrivateAndKept(t *testing.T) {
	t.Parallel()
	st, err := openState(filepath.Join(t.TempDir(), "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	one, err1 := st.password()
	two, err2 := st.password()
	if err := errors.Join(err1, err2); err != nil || one != two || len(one) < 20 {
		t.Errorf("passwords %d and %d long, equal %v: %v", len(one), len(two), one == two, err)
	}
	fi, err := os.Stat(filepath.Join(st.dir, filePassword))
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
}

func TestClaimRefusesWhatIsNotADirectory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "home")
	if err := os.Symlink(t.TempDir(), path); err != nil {
		t.Fatal(err)
	}
	var self *account
	if err := self.claim(path); err == nil {
		t.Error("a symbolic link was taken for the server's home")
	}
}

func TestFaultsAreExplained(t *testing.T) {
	t.Parallel()
	cause := errors.New("exit status 1")
	for text, want := range map[string]string{
		"FATAL: could not write: No space left on device":      "is full",
		"FATAL: wrote only 4096\nHINT: Check free disk space.": "is full",
		"could not open: Permission denied":                    "may not use",
		"database files are incompatible with server":          "another major version",
		"something else": "something else",
	} {
		if got := explainOutput("start", "/p", text, cause).Error(); !strings.Contains(got, want) || strings.Contains(got, "\n") {
			t.Errorf("%q: %q, want one line with %q", text, got, want)
		}
	}
	for err, want := range map[error]string{
		os.ErrPermission: "cannot write", syscall.EROFS: "cannot write", syscall.ENOSPC: "is full", syscall.EIO: "prepare",
	} {
		if got := explainWrite("/p", err); !strings.Contains(got.Error(), want) || !errors.Is(got, err) {
			t.Errorf("%v: %v, want %q", err, got, want)
		}
	}
	if !transient("LOG: could not bind: Address already in use") || transient("FATAL: bad") {
		t.Error("transient faults are misjudged")
	}
	if got := reason("LOG: a\nFATAL:  broken\nLOG: b\n"); strings.TrimSpace(got) != "FATAL:  broken" {
		t.Errorf("reason is %q", got)
	}
}

func TestParsePidFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]pidFile{
		"12\n/d\n1700\n5433\n\n127.0.0.1\n": {12, 5433},
		"12\n/d\n":                          {12, 0},
		"-12\n/d\n1\n5\n":                   {12, 5},
	} {
		if got, err := parsePidFile(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "0\n"} {
		if _, err := parsePidFile(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestRenderConfigQuotesAndOverrides(t *testing.T) {
	t.Parallel()
	text := renderConfig(5433, map[string]string{"fsync": "off", "search_path": "it's"})
	for _, want := range []string{"port = '5433'\n", "fsync = 'off'\n", "search_path = 'it''s'\n", "listen_addresses = '127.0.0.1'\n", "unix_socket_directories = ''\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("configuration lacks %q", want)
		}
	}
}

func TestContainerArgsPublishLoopbackAndHidePassword(t *testing.T) {
	t.Parallel()
	line := strings.Join(containerArgs("n", image, 5433, map[string]string{"fsync": "off"}), " ")
	for _, want := range []string{"--publish 127.0.0.1:5433:5432", "--env POSTGRES_PASSWORD --env", "-c fsync=off", "-c listen_addresses=*"} {
		if !strings.Contains(line, want) {
			t.Errorf("%q lacks %q", line, want)
		}
	}
}

func TestURLEscapes(t *testing.T) {
	t.Parallel()
	c := &Cluster{port: 5433}
	cfg, err := pgx.ParseConfig(c.URL("d", "u", "p@:/?#"))
	if err != nil || cfg.Password != "p@:/?#" || cfg.Host != "127.0.0.1" || cfg.Port != 5433 || cfg.Database != "d" {
		t.Errorf("URL does not carry its parts: %v", err)
	}
}
