package boot

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// mostLogBytes is what waits for a log's reader that is slow or away; what comes
// beyond it is dropped and counted.
const mostLogBytes = 4 << 20

// logSink carries lines to where logs go, on a goroutine of its own: nobody who
// logs ever waits for the reader. Once lines were dropped, a line says how many.
type logSink struct {
	out io.Writer

	mu      sync.Mutex
	waiting [][]byte
	size    int // bytes that were not carried yet
	count   int // lines likewise
	lost    int // lines dropped since that was last told
	closed  bool
	meter   sinkMeter
	wake    chan struct{} // told when there is something to do
	ended   chan struct{} // closed when everything was carried
}

// The reasons a line is dropped for.
const (
	sinkFull = "queue_full"
	sinkGone = "gone" // the reader is no more
)

// sinkMeter counts for a sink; the zero one counts nothing.
type sinkMeter struct {
	meters *meters
}

func (m sinkMeter) dropped(reason string) {
	if m.meters != nil {
		m.meters.LogDropped(sinkStdout, reason)
	}
}

func (m sinkMeter) waiting(lines int) {
	if m.meters != nil {
		m.meters.LogWaiting(sinkStdout, lines)
	}
}

// measured lets the families know of the sink.
func (s *logSink) measured(m meters) {
	m.LogSink(sinkStdout, sinkFull, sinkGone)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meter = sinkMeter{&m}
}

func newLogSink(out io.Writer) *logSink {
	s := &logSink{out: out, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go s.carry()
	return s
}

// Write is io.Writer: it takes one line, or drops it, and never fails.
func (s *logSink) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.size+len(line) > mostLogBytes {
		s.lost++
		s.meter.dropped(sinkFull)
		return len(line), nil
	}
	s.waiting, s.size, s.count = append(s.waiting, append([]byte(nil), line...)), s.size+len(line), s.count+1
	s.meter.waiting(s.count)
	s.rouse()
	return len(line), nil
}

func (s *logSink) rouse() {
	select {
	case s.wake <- struct{}{}:
	default: // it is to look already
	}
}

// carry writes until the sink is closed and empty. A line that cannot be
// written is a line dropped.
func (s *logSink) carry() {
	defer close(s.ended)
	for range s.wake {
		lines, last := s.take()
		for _, line := range lines {
			if _, err := s.out.Write(line); err != nil {
				s.mu.Lock()
				s.lost++
				s.meter.dropped(sinkGone)
				s.mu.Unlock()
			}
			s.mu.Lock()
			s.size -= len(line)
			s.count--
			s.meter.waiting(s.count)
			s.mu.Unlock()
		}
		s.confess()
		if last {
			return
		}
	}
}

// take gives what waits, and whether nothing comes after it.
func (s *logSink) take() (lines [][]byte, last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines, s.waiting = s.waiting, nil
	return lines, s.closed
}

// confess writes how many lines were dropped, where any were.
func (s *logSink) confess() {
	s.mu.Lock()
	lost := s.lost
	s.lost = 0
	s.mu.Unlock()
	if lost == 0 {
		return
	}
	line := fmt.Sprintf(`{"time":%q,"level":"WARN","msg":"log lines were dropped","lines":%d}`+"\n", time.Now().UTC().Format(time.RFC3339Nano), lost)
	if _, err := io.WriteString(s.out, line); err != nil {
		s.mu.Lock()
		s.lost += lost
		s.mu.Unlock()
	}
}

// logFlush bounds the wait for the reader at the end.
const logFlush = 2 * time.Second

// Close carries what waits, for as long as the reader takes it within logFlush.
func (s *logSink) Close() {
	s.mu.Lock()
	s.closed = true
	s.rouse()
	s.mu.Unlock()
	select {
	case <-s.ended:
	case <-time.After(logFlush): // the reader is away: the process ends without it
	}
}
