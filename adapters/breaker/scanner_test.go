package breaker_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/insurance-navigator/navigator/adapters/breaker"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/ports"
)

// scans is a scanner that reads the body and counts; away, it finds no answer.
type scans struct {
	ports.Scanner
	calls int
	away  bool
}

func (s *scans) Scan(_ context.Context, body io.Reader) (string, error) {
	s.calls++
	if _, err := io.Copy(io.Discard, body); err != nil || s.away {
		return "", core.Fail(core.CodeScanUnavailable, err)
	}
	return "", nil
}

func (s *scans) Healthy(context.Context) error { s.calls++; return nil }

// S17: a scanner that is away is not called by each document, and is asked
// whether it is back all the same; a file that cannot be read is no fault of its.
func TestS17_TheScannersBreakerCountsItsOwnOutagesAlone(t *testing.T) {
	t.Parallel()
	inside := &scans{}
	s := breaker.Scanner{Scanner: inside, Breaker: breaker.New(core.ServiceScanner, breaker.Settings{Failures: 2, Rest: time.Hour}, nil)}
	broken := errors.New("the storage broke off")
	for range 5 {
		if _, err := s.Scan(t.Context(), iotest.ErrReader(broken)); !errors.Is(err, broken) || !core.HasCode(err, core.CodeScanUnavailable) {
			t.Fatalf("a body that breaks off: %v", err)
		}
	}
	if s.Breaker.State().Open {
		t.Fatal("bodies that break off opened the breaker")
	}
	inside.away, inside.calls = true, 0
	for range 5 {
		if _, err := s.Scan(t.Context(), strings.NewReader("x")); !core.HasCode(err, core.CodeScanUnavailable) {
			t.Errorf("away: %v", err)
		}
	}
	if state := s.Breaker.State(); !state.Open || inside.calls != 2 || state.Refused != 3 {
		t.Errorf("five scans: %d reached it, %+v", inside.calls, state)
	}
	if err := s.Healthy(t.Context()); err != nil || inside.calls != 3 {
		t.Errorf("asking whether it is back: %v after %d calls", err, inside.calls)
	}
}
