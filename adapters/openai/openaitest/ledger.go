package openaitest

import "crypto/sha256"

// Ledger is what the service was asked and what it charged.
type Ledger struct {
	Requests      int // to any route, refused ones included
	ModelRequests int // GET /v1/models/{id}
	Refused       int // of POST /v1/embeddings: answered with an error
	Inputs        int // paid for
	Tokens        int // paid for
	UniqueTokens  int // of the distinct inputs paid for: what one pass without repeats costs
	MostInFlight  int // the most requests at once
}

// Ledger is the state of the books now.
func (s *Server) Ledger() Ledger {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger
}

func (s *Server) count(add func(*Ledger)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	add(&s.ledger)
}

// begin opens a request and gives its number.
func (s *Server) begin() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight++
	s.ledger.Requests++
	s.ledger.MostInFlight = max(s.ledger.MostInFlight, s.inFlight)
	return s.ledger.Requests
}

func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
}

// bill charges for the inputs, whether or not the answer arrives.
func (s *Server) bill(q query) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger.Inputs += len(q.inputs)
	s.ledger.Tokens += q.tokens
	for _, in := range q.inputs {
		if hash := sha256.Sum256([]byte(in.text)); !s.seen[hash] {
			s.seen[hash] = true
			s.ledger.UniqueTokens += in.tokens
		}
	}
}
