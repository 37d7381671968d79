package llamaparsetest

import (
	"context"
	"maps"
	"slices"
)

// Ledger is what the server has done.
type Ledger struct {
	Requests   map[string]int // by operation, refused ones included
	Uploads    map[string]int // files taken, by external_file_id
	Jobs       map[string]int // jobs made, by user_metadata.job_id
	Held       int            // files held now
	Deletes    int
	Cancels    int
	Deliveries []Delivery
}

// Delivery is one request of the callback sender.
type Delivery struct {
	Job     string // the job's id
	Attempt string // user_metadata.job_id
	EventID string
	Event   string // event type; "push" for the legacy form
	Try     int    // 1 is the first
	Status  int    // of the answer; 0 when there was none
}

func newLedger() Ledger {
	return Ledger{Requests: map[string]int{}, Uploads: map[string]int{}, Jobs: map[string]int{}}
}

// Ledger is a copy of the record as it stands.
func (s *Server) Ledger() Ledger {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger()
}

func (s *Server) ledger() Ledger {
	l := s.notes
	l.Requests, l.Uploads, l.Jobs = maps.Clone(l.Requests), maps.Clone(l.Uploads), maps.Clone(l.Jobs)
	l.Deliveries = slices.Clone(l.Deliveries)
	l.Held = len(s.order.files)
	return l
}

// Await returns once the record is as asked, or with ctx's error.
func (s *Server) Await(ctx context.Context, ok func(Ledger) bool) error {
	for {
		s.mu.Lock()
		now, news := s.ledger(), s.news
		s.mu.Unlock()
		if ok(now) {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// note changes the record and wakes those who await it.
func (s *Server) note(change func(*Ledger)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noteLocked(change)
}

func (s *Server) noteLocked(change func(*Ledger)) {
	change(&s.notes)
	close(s.news)
	s.news = make(chan struct{})
}
