package pgserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// startTimeout bounds crash recovery after a kill, the slowest kind of start.
const startTimeout = 90 * time.Second

// server is a cluster run by local programs.
type server struct {
	opts     Options
	st       state
	bins     Binaries
	acct     *account
	home     string
	password string
}

func newServer(opts Options, st state, bins Binaries) (*server, error) {
	acct, err := serverAccount(os.Geteuid())
	if err != nil {
		return nil, err
	}
	password, err := st.password()
	if err != nil {
		return nil, err
	}
	home, err := acct.settle(context.Background(), opts, st)
	if err != nil {
		return nil, err
	}
	return &server{opts: opts, st: st, bins: bins, acct: acct, home: home, password: password}, nil
}

func (s *server) data() string               { return filepath.Join(s.home, "data") }
func (s *server) log() string                { return filepath.Join(s.home, "server.log") }
func (s *server) program(name string) string { return filepath.Join(s.bins.BinDir, name) }

func (s *server) start(ctx context.Context) (*Cluster, error) {
	if c, err := s.adopt(ctx); c != nil || err != nil {
		return c, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	port, err := s.launch(ctx)
	if err != nil {
		return nil, err
	}
	c := s.cluster(port)
	c.stop = s.shutdown
	return c, nil
}

func (s *server) cluster(port int) *Cluster {
	return &Cluster{port: port, password: s.password, place: s.data()}
}

// prepare makes sure that there is data of our version to start on.
func (s *server) prepare(ctx context.Context) error {
	if _, err := os.Stat(s.data()); errors.Is(err, os.ErrNotExist) {
		return s.initdb(ctx)
	}
	major := dataMajor(s.st.dir)
	if major == 0 {
		return fmt.Errorf("%s is not a PostgreSQL data directory: move it away or remove %s", s.data(), s.st.dir)
	}
	if major != s.bins.Major {
		return fmt.Errorf("the data in %s was made by PostgreSQL %d, but only PostgreSQL %d with pgvector is installed: install %d again, or remove %s and %s to start afresh",
			s.data(), major, s.bins.Major, major, s.home, s.st.dir)
	}
	return nil
}

// serverLiveness is what the data directory's pid file leads to.
type serverLiveness int

const (
	serverAbsent  serverLiveness = iota // nothing runs on the data
	serverBusy                          // a server runs but does not accept us
	serverServing                       // a server answers and the data is ours
)

// adopt takes over a server that already runs on our data, waiting while it
// starts up or recovers. It returns nil when there is none, after removing the
// pid file of a dead one.
func (s *server) adopt(ctx context.Context) (*Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		switch s.liveness(ctx) {
		case serverServing:
			pf, _ := s.pidFile()
			c := s.cluster(pf.port)
			c.adopted = true
			return c, nil
		case serverAbsent:
			err := os.Remove(filepath.Join(s.data(), "postmaster.pid"))
			if err == nil {
				s.opts.logf("removed the pid file of a PostgreSQL that was killed; it recovers now")
			}
			return nil, nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return nil, fmt.Errorf("a PostgreSQL runs on %s but does not let us in; see %s: %w", s.data(), s.log(), err)
		}
	}
}

func (s *server) pidFile() (pidFile, error) {
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return pidFile{}, fmt.Errorf("read the server's pid file: %w", err)
	}
	return parsePidFile(string(text))
}

func (s *server) liveness(ctx context.Context) serverLiveness {
	pf, err := s.pidFile()
	if err != nil || !processServes(pf.pid, s.data()) {
		return serverAbsent
	}
	if pf.port == 0 || !s.answers(ctx, pf.port) {
		return serverBusy
	}
	return serverServing
}

// answers logs in and compares the data directory, so that another server on
// the same port is not mistaken for ours.
func (s *server) answers(ctx context.Context, port int) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.cluster(port).SuperURL())
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var dir string
	err = conn.QueryRow(ctx, "SHOW data_directory").Scan(&dir)
	return err == nil && samePath(dir, s.data())
}

// choosePort prefers the remembered port, so that printed URLs stay true.
func (s *server) choosePort() (int, error) {
	for _, port := range []int{s.st.port(), 0} {
		l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // binding a loopback port does not wait
		if err != nil {
			s.opts.logf("port %d, used by the private PostgreSQL before, is taken: choosing another", port)
			continue
		}
		defer func() { _ = l.Close() }()
		return l.Addr().(*net.TCPAddr).Port, nil
	}
	return 0, errors.New("no free port on 127.0.0.1 for the private PostgreSQL")
}

// shutdown ends the server in fast mode and waits until it is gone.
func (s *server) shutdown(ctx context.Context) error {
	cmd := s.acct.command(ctx, s.program("pg_ctl"), "stop", "-D", s.data(), "-m", "fast", "-w", "-t", "60")
	out, err := cmd.CombinedOutput()
	if err != nil && s.liveness(ctx) != serverAbsent {
		return fmt.Errorf("stop the private PostgreSQL in %s: %s: %w", s.data(), oneLine(string(out)), err)
	}
	return nil
}
