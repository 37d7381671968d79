// Package clamd asks a ClamAV daemon to look at files, by its own protocol: a
// command that begins with z and ends in a zero byte, and for INSTREAM pieces of
// the file, each behind its length. The Go clients that there are take no
// context and no deadline, and the protocol is five lines.
package clamd

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// Bounds of one question.
const (
	dialTime  = 5 * time.Second
	shortTime = 10 * time.Second // for an answer that needs no work
	// DefaultScanTime is for a file to be sent and looked at: half of what one
	// run of stage parse has.
	DefaultScanTime = 60 * time.Second

	pieceBytes  = 64 << 10
	answerBytes = 4 << 10
	nameBytes   = 200
)

// Scanner is a daemon; it fills ports.Scanner. Each question has a connection of
// its own, as the daemon closes it behind an answer.
type Scanner struct {
	network, address string
	scanTime         time.Duration
}

// New makes a Scanner of an address: host:port, or unix: and the path of a
// socket. Nothing is asked yet. A scan takes up to scanTime.
func New(address string, scanTime time.Duration) (*Scanner, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if !strings.HasPrefix(path, "/") {
			return nil, errors.New("unix: needs an absolute path")
		}
		return &Scanner{"unix", path, scanTime}, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || port == "" {
		return nil, errors.New("host:port, or unix: and a path")
	}
	return &Scanner{"tcp", address, scanTime}, nil
}

// Scan is ports.Scanner's.
func (s *Scanner) Scan(ctx context.Context, body io.Reader) (signature string, err error) {
	answer, err := s.ask(ctx, s.scanTime, "INSTREAM", body)
	if err != nil {
		return "", err
	}
	return verdict(answer)
}

// Healthy is ports.Scanner's.
func (s *Scanner) Healthy(ctx context.Context) error {
	answer, err := s.ask(ctx, shortTime, "PING", nil)
	if err == nil && answer != "PONG" {
		err = away(errAnswer)
	}
	return err
}

// Version is ports.Scanner's.
func (s *Scanner) Version(ctx context.Context) (ports.ScannerVersion, error) {
	answer, err := s.ask(ctx, shortTime, "VERSION", nil)
	if err != nil {
		return ports.ScannerVersion{}, err
	}
	return version(answer)
}

// ask sends a command, with a body where it takes one, and reads the answer. A
// daemon that has heard enough answers before it has all of the body; then the
// answer counts, and not that the rest could not be sent.
func (s *Scanner) ask(ctx context.Context, within time.Duration, command string, body io.Reader) (string, error) {
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	conn, err := (&net.Dialer{Timeout: dialTime}).DialContext(bounded, s.network, s.address)
	if err != nil {
		return "", failed(ctx, err)
	}
	defer conn.Close() //nolint:errcheck // nothing is kept in it
	defer context.AfterFunc(bounded, func() { _ = conn.Close() })()
	sent := send(conn, command, body)
	if fault := new(bodyError); errors.As(sent, &fault) {
		return "", failed(ctx, fault)
	}
	answer, err := receive(conn)
	if err == nil {
		return answer, nil
	}
	return "", failed(ctx, errors.Join(sent, err))
}

// send writes the command, and the body in pieces with an empty one behind them.
func send(conn io.Writer, command string, body io.Reader) error {
	if _, err := conn.Write([]byte("z" + command + "\x00")); err != nil || body == nil {
		return err
	}
	piece := make([]byte, 4+pieceBytes)
	for {
		n, err := io.ReadFull(body, piece[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(piece, uint32(n)) //nolint:gosec // at most pieceBytes
			if _, err := conn.Write(piece[:4+n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			_, err := conn.Write(make([]byte, 4))
			return err
		case err != nil:
			return &bodyError{err}
		}
	}
}

// bodyError marks what the body's reader said: no fault of the daemon's.
type bodyError struct{ err error }

// Error is error.
func (e *bodyError) Error() string { return "read the body: " + e.err.Error() }

// Unwrap gives the reader's error.
func (e *bodyError) Unwrap() error { return e.err }

var errAnswer = errors.New("no answer of the protocol")

// receive reads an answer up to its zero byte.
func receive(conn io.Reader) (string, error) {
	answer := make([]byte, 0, answerBytes)
	for len(answer) < answerBytes {
		n, err := conn.Read(answer[len(answer):answerBytes])
		answer = answer[:len(answer)+n]
		if end := bytes.IndexByte(answer, 0); end >= 0 {
			return string(answer[:end]), nil
		}
		if err != nil {
			return "", fmt.Errorf("read the answer: %w", err)
		}
	}
	return "", errAnswer
}

// failed tells the caller's context from the daemon's faults. Neither what the
// daemon said nor where it is becomes part of an error's text.
func failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ask the scanner: %w", context.Cause(ctx))
	}
	return away(err)
}

func away(err error) error { return core.Fail(core.CodeScanUnavailable, err) }
