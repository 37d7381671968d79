package lokilog

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/grafana/loki-client-go/loki"
	"github.com/prometheus/common/model"
)

// The reasons a line is dropped for.
const (
	ReasonFull   = "queue_full" // Loki is slower than the log, or away
	ReasonClosed = "closed"     // logged after the end
	ReasonLate   = "late"       // still waiting when the time of Close was over
)

// Reasons lists them.
func Reasons() []string { return []string{ReasonFull, ReasonClosed, ReasonLate} }

// line is one record, formatted.
type line struct {
	at     time.Time
	level  string
	stream string
	text   string
}

// Sink is the queue before Loki. Its methods may be called at once.
type Sink struct {
	labels  map[string]string
	client  push
	dropped func(string)
	waiting func(int)

	mu     sync.RWMutex // held by put while it looks at closed and sends
	closed bool
	queue  chan line
	halt   chan struct{} // closed when Close has no more time
	ended  chan struct{} // closed when everything was handed over
}

// Open starts a sink. It asks nobody: Loki may be away at a start.
func Open(c Config) (*Sink, error) {
	settings, err := c.client()
	if err != nil {
		return nil, err
	}
	client, err := loki.NewWithLogger(settings, quietly{c.Log})
	if err != nil {
		return nil, err
	}
	return newSink(c, archived{client}), nil
}

func newSink(c Config, client push) *Sink {
	room := c.Room
	if room == 0 {
		room = defaultRoom
	}
	s := &Sink{labels: maps.Clone(c.Labels), client: client, dropped: c.Dropped, waiting: c.Waiting,
		queue: make(chan line, room), halt: make(chan struct{}), ended: make(chan struct{})}
	go s.pump()
	return s
}

// put takes a line or drops it, at once.
func (s *Sink) put(l line) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		s.drop(ReasonClosed)
		return
	}
	select {
	case s.queue <- l:
		s.tell()
	default:
		s.drop(ReasonFull)
	}
}

func (s *Sink) drop(reason string) {
	if s.dropped != nil {
		s.dropped(reason)
	}
}

// tell says how many lines stand in the queue.
func (s *Sink) tell() {
	if s.waiting != nil {
		s.waiting(len(s.queue))
	}
}

// pump hands lines to the client, the one goroutine that may block on it.
func (s *Sink) pump() {
	defer close(s.ended)
	for l := range s.queue {
		s.tell()
		select {
		case <-s.halt:
			s.drop(ReasonLate)
			continue
		default:
		}
		labels := maps.Clone(s.labels)
		if labels == nil {
			labels = map[string]string{}
		}
		labels["level"], labels["stream"] = l.level, l.stream
		if s.client.send(labels, l.at, l.text) != nil {
			s.drop(ReasonLate)
		}
	}
	s.client.stop() // sends what its last batch holds
}

// Close takes no more lines, sends those that wait, and gives up when ctx ends:
// lines that still wait are counted. It returns the context's error then. A
// client that hangs is left to the end of the process.
func (s *Sink) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.queue)
	}
	s.mu.Unlock()
	select {
	case <-s.ended:
		return nil
	case <-ctx.Done():
	}
	s.giveUp()
	return ctx.Err()
}

// giveUp counts what waits, in place of the pump, which may hang in the client
// for as long as it tries its batch.
func (s *Sink) giveUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.halt:
		return
	default:
		close(s.halt)
	}
	for range s.queue {
		s.drop(ReasonLate)
	}
}

// archived is loki-client-go behind the seam. Its Handle blocks while a batch is
// tried again, and for ever after Stop: the pump alone calls it, and never after.
type archived struct{ client *loki.Client }

func (a archived) send(labels map[string]string, at time.Time, text string) error {
	set := make(model.LabelSet, len(labels))
	for name, value := range labels {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	return a.client.Handle(set, at, text)
}

func (a archived) stop() { a.client.Stop() }
