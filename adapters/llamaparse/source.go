package llamaparse

import (
	"errors"
	"io"
	"sync"

	"github.com/insurance-navigator/navigator/core"
)

var (
	errShort   = errors.New("llamaparse: file shorter than recorded")
	errLong    = errors.New("llamaparse: file longer than recorded")
	errStopped = errors.New("llamaparse: upload over")
)

// source reads exactly as many bytes as the document is said to have. It tells
// a fault of the file from a fault of the line, and it stops reading when the
// upload is over: the transport may hold on to a body after its answer.
type source struct {
	mu      sync.Mutex
	from    io.Reader
	left    int64
	stopped bool
	err     error // the file's own fault
}

// Read fails, rather than ends, where the file is shorter or longer than said,
// so that a wrong file never arrives whole.
func (s *source) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return 0, errStopped
	}
	if s.err != nil {
		return 0, s.err
	}
	if s.left == 0 {
		return 0, s.end()
	}
	if int64(len(b)) > s.left {
		b = b[:s.left]
	}
	n, err := s.from.Read(b)
	s.left -= int64(n)
	switch {
	case err == io.EOF && s.left > 0:
		s.err = core.Fail(core.CodeFileChanged, errShort)
	case err != nil && err != io.EOF:
		s.err = asStorage(err)
	}
	return n, s.err
}

// end checks that nothing follows the last expected byte.
func (s *source) end() error {
	var one [1]byte
	if n, _ := io.ReadFull(s.from, one[:]); n > 0 {
		s.err = core.Fail(core.CodeFileChanged, errLong)
		return s.err
	}
	return io.EOF
}

// asStorage keeps the error of an adapter below and names any other.
func asStorage(err error) error {
	var e *core.Error
	if errors.As(err, &e) {
		return e
	}
	return core.Fail(core.CodeStorageUnavailable, err)
}

// stop ends all reading; it returns once no Read is under way.
func (s *source) stop() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
}

// fault is what was wrong with the file itself, nil when nothing was.
func (s *source) fault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
