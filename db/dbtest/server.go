package dbtest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"sync"

	"github.com/jackc/pgx/v5"
)

// lockKey serializes, over all test processes of one server, what changes
// things they share: templates, roles, left-overs.
const lockKey int64 = 0x6e61765f74657374

// server is the connection of this process to the shared server.
type server struct {
	base   *url.URL
	secret []byte
	// strategy copies a template: file_copy forces two checkpoints of the whole
	// server, which cost little without fsync (it then takes half the time of
	// wal_log) and much with it.
	strategy string

	idleMu sync.Mutex
	idle   []*pgx.Conn // a pool's goroutines would trip goleak in our users

	mu        sync.Mutex
	templates map[string]string // fingerprint to database
	roles     map[string]string // role to password
}

var shared struct {
	sync.Mutex
	srv *server
}

// sharedServer connects once a process. A failure is not remembered: the next
// test may find the server up.
func sharedServer(ctx context.Context) (*server, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.srv != nil {
		return shared.srv, nil
	}
	target, err := ServerURL(ctx)
	if err != nil {
		return nil, err
	}
	srv, err := openServer(ctx, target)
	if err != nil {
		return nil, err
	}
	shared.srv = srv
	return srv, nil
}

func openServer(ctx context.Context, target string) (*server, error) {
	base, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("%s is not a connection URL", envURL) // the parser's error would echo the password
	}
	if _, err := pgx.ParseConfig(target); err != nil {
		return nil, fmt.Errorf("%s is not a connection URL", envURL)
	}
	srv := &server{base: base, templates: map[string]string{}, roles: map[string]string{}}
	if err := srv.begin(ctx); err != nil {
		return nil, err
	}
	return srv, nil
}

// with lends f an administrative connection, kept open for the next caller.
func (s *server) with(ctx context.Context, f func(*pgx.Conn) error) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect to the test server: %w", err)
	}
	err = f(conn)
	s.idleMu.Lock()
	defer s.idleMu.Unlock()
	if err != nil || len(s.idle) >= 4 {
		return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	s.idle = append(s.idle, conn)
	return nil
}

func (s *server) acquire(ctx context.Context) (*pgx.Conn, error) {
	s.idleMu.Lock()
	if n := len(s.idle); n > 0 {
		conn := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.idleMu.Unlock()
		return conn, nil
	}
	s.idleMu.Unlock()
	return pgx.Connect(ctx, s.base.String())
}

func (s *server) exec(ctx context.Context, sql string) error {
	return s.with(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, sql)
		return err
	})
}

// begin derives the secret for role passwords and sweeps left-overs.
func (s *server) begin(ctx context.Context) error {
	var system, fsync string
	err := s.with(ctx, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, "SELECT system_identifier::text, current_setting('fsync') FROM pg_control_system()").Scan(&system, &fsync)
	})
	if err != nil {
		return fmt.Errorf("ask the test server who it is: %w", err)
	}
	s.strategy = "wal_log"
	if fsync == "off" {
		s.strategy = "file_copy"
	}
	super, _ := s.base.User.Password()
	s.secret = []byte(super + "\x00" + system)
	return s.sweep(ctx)
}

// url names a database of the server; a nil user means the superuser.
func (s *server) url(database string, user *url.Userinfo) string {
	u := *s.base
	u.Path = "/" + database
	u.RawPath = ""
	if user != nil {
		u.User = user
	}
	return u.String()
}

// locked runs f on a connection that holds the server-wide lock. Where f
// fails, the connection is closed, which frees the lock as well.
func (s *server) locked(ctx context.Context, f func(*pgx.Conn) error) error {
	return s.with(ctx, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lockKey); err != nil {
			return fmt.Errorf("wait for other test processes: %w", err)
		}
		if err := f(conn); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", lockKey)
		return err
	})
}

// clone creates a database from a template, by the faster way for the server.
func (s *server) clone(ctx context.Context, name, template string) error {
	sql := fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY %s", quote(name), quote(template), s.strategy)
	if err := s.exec(ctx, sql); err != nil {
		return fmt.Errorf("create database %s from %s: %w", name, template, err)
	}
	return nil
}

func (s *server) drop(ctx context.Context, name string) error {
	if err := s.exec(ctx, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", quote(name))); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}

// login lets role log in and returns its password, the same in every process
// of this server because it is derived from what they all know.
func (s *server) login(ctx context.Context, role string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.roles[role]; ok {
		return p, nil
	}
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(role))
	password := hex.EncodeToString(mac.Sum(nil)[:16])
	err := s.locked(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, fmt.Sprintf("ALTER ROLE %s LOGIN PASSWORD '%s'", quote(role), password))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("let role %s log in: %w", role, err)
	}
	s.roles[role] = password
	return password, nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
