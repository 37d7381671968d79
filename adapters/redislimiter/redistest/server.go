// Package redistest runs a real Redis for a test: it can be stopped, started
// again, frozen, and asked for a password and TLS.
package redistest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// startTime bounds a start.
const startTime = 30 * time.Second

// Server is a Redis that keeps nothing on disk.
type Server struct {
	tb       testing.TB
	program  string
	args     []string
	port     int
	password string
	roots    *x509.CertPool // nil without TLS

	cmd   *exec.Cmd
	ended chan struct{}
	out   bytes.Buffer
}

// New starts one without a password; it ends with the test. Where the program is
// not installed the test is skipped, and says so.
func New(tb testing.TB) *Server {
	tb.Helper()
	return made(tb, "", false)
}

// NewSecure starts one with a password and TLS alone.
func NewSecure(tb testing.TB, password string) *Server {
	tb.Helper()
	return made(tb, password, true)
}

func made(tb testing.TB, password string, secure bool) *Server {
	tb.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		tb.Skipf("Redis is not on this machine (Debian package redis-server; .ci/run installs it as root): %v", err)
	}
	s := &Server{tb: tb, program: program, password: password, port: freePort(tb)}
	port := strconv.Itoa(s.port)
	s.args = []string{"--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", tb.TempDir(), "--port"}
	if secure {
		cert, key := s.certificate()
		s.args = append(s.args, "0", "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no")
	} else {
		s.args = append(s.args, port)
	}
	if password != "" {
		s.args = append(s.args, "--requirepass", password)
	}
	tb.Cleanup(s.Stop)
	s.Start()
	return s
}

// freePort is one that nobody has now.
func freePort(tb testing.TB) int {
	tb.Helper()
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // nothing is written to it
	return listener.Addr().(*net.TCPAddr).Port
}

// certificate writes the one of httptest, which is good for 127.0.0.1.
func (s *Server) certificate() (cert, key string) {
	s.tb.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	pair := server.TLS.Certificates[0]
	private, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.roots = x509.NewCertPool()
	s.roots.AddCert(server.Certificate())
	dir := s.tb.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			s.tb.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", pair.Certificate[0]), write("key.pem", "PRIVATE KEY", private)
}

// Start starts it where it does not run, empty, at the port it had before.
func (s *Server) Start() {
	s.tb.Helper()
	if s.cmd != nil {
		return
	}
	s.out.Reset()
	cmd := exec.Command(s.program, s.args...) //nolint:gosec,noctx // the test's own Redis, which Stop ends
	cmd.Stdout, cmd.Stderr = &s.out, &s.out
	if err := cmd.Start(); err != nil {
		s.tb.Fatalf("redistest: %v", err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }() // killed, it says
	s.cmd, s.ended = cmd, ended
	s.listens()
}

// listens waits until the port answers, or the program has ended.
func (s *Server) listens() {
	s.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond) // nothing tells when it listens
	defer tick.Stop()
	for {
		if conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address()); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-s.ended:
			s.tb.Fatalf("redistest: it ended:\n%s", s.out.String())
		case <-ctx.Done():
			s.tb.Fatal("redistest: it does not listen")
		case <-tick.C:
		}
	}
}

// Stop kills it, with all it held.
func (s *Server) Stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.ended
	s.cmd = nil
}

// Freeze stops it in its tracks: it takes connections and answers nothing.
func (s *Server) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw lets it go on.
func (s *Server) Thaw() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.tb.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.tb.Fatalf("redistest: %v", err)
	}
}

func (s *Server) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// URL is its address, with the password and the scheme.
func (s *Server) URL() string {
	u := url.URL{Scheme: "redis", Host: s.address()}
	if s.password != "" {
		u.User = url.UserPassword("", s.password)
	}
	if s.roots != nil {
		u.Scheme = "rediss"
	}
	return u.String()
}

// TLS trusts its certificate; nil where it has none.
func (s *Server) TLS() *tls.Config {
	if s.roots == nil {
		return nil
	}
	return &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12}
}
