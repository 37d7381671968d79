// Package clamdtest stands in for a ClamAV daemon in tests: as much of its
// protocol as the service speaks, with one signature. The adapter's own tests
// hold the service to the real daemon.
package clamdtest

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

// Marker is what the one signature finds, and Signature its name.
const (
	Marker    = "navigator-test-malware-7d1f"
	Signature = "Navigator.Test"
)

// Server is a stand-in on a port of this machine.
type Server struct {
	// Address is host:port, for CLAMD_ADDRESS.
	Address string

	away    atomic.Bool
	dials   atomic.Int64
	scans   atomic.Int64
	version atomic.Pointer[string]
}

// New starts a Server, which ends with the test.
func New(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{}
	s.Tell("ClamAV 1.4.6")
	s.Address = Serve(tb, s.serve)
	return s
}

// Serve answers each connection to a port by a function, until the test ends.
func Serve(tb testing.TB, answer func(net.Conn)) (address string) {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends with the test
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close() //nolint:errcheck // a stand-in's
				answer(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// Leave lets every connection end without an answer; Return ends that.
func (s *Server) Leave() { s.away.Store(true) }

// Return ends Leave.
func (s *Server) Return() { s.away.Store(false) }

// Tell sets the answer to VERSION.
func (s *Server) Tell(version string) { s.version.Store(&version) }

// Dials is how often it was called, with an answer or without.
func (s *Server) Dials() int { return int(s.dials.Load()) }

// Scans is how many files it looked at.
func (s *Server) Scans() int { return int(s.scans.Load()) }

func (s *Server) serve(conn net.Conn) {
	s.dials.Add(1)
	if s.away.Load() {
		return
	}
	command, err := readCommand(conn)
	if err != nil {
		return
	}
	answer := "UNKNOWN COMMAND"
	switch command {
	case "zPING":
		answer = "PONG"
	case "zVERSION":
		answer = *s.version.Load()
	case "zINSTREAM":
		s.scans.Add(1)
		if answer, err = look(conn); err != nil {
			return
		}
	}
	_, _ = io.WriteString(conn, answer+"\x00")
}

// readCommand reads up to the zero byte that ends a command.
func readCommand(from io.Reader) (string, error) {
	var command strings.Builder
	for letter := make([]byte, 1); ; command.Write(letter) {
		if _, err := io.ReadFull(from, letter); err != nil {
			return "", err
		}
		if letter[0] == 0 {
			return command.String(), nil
		}
	}
}

// look reads a file in pieces and judges it.
func look(from io.Reader) (answer string, err error) {
	var file strings.Builder
	for size := make([]byte, 4); ; {
		if _, err := io.ReadFull(from, size); err != nil {
			return "", err
		}
		n := int64(binary.BigEndian.Uint32(size))
		if n == 0 {
			break
		}
		if _, err := io.CopyN(&file, from, n); err != nil {
			return "", err
		}
	}
	if strings.Contains(file.String(), Marker) {
		return "stream: " + Signature + " FOUND", nil
	}
	return "stream: OK", nil
}
