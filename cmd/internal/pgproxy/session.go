package pgproxy

import (
	"bytes"
	"net"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgproto3"
)

// session is one connection's state: what was prepared, what the transaction
// has written, and which answers are awaited.
type session struct {
	proxy          *Proxy
	client, server net.Conn

	statements map[string]string // prepared, by name
	portals    map[string]string // bound, by name
	waiting    []byte            // messages since the last one that asks for an answer
	running    []string          // statements among them

	mu      sync.Mutex
	open    bool     // within a transaction that was begun
	written []string // what it has written
	asked   []string // the commits that await their answers, in order; "" for other questions
}

func newSession(p *Proxy, client, server net.Conn) *session {
	return &session{proxy: p, client: client, server: server, statements: map[string]string{}, portals: map[string]string{}}
}

// fromClient forwards the program's messages, up to a commit that is cut off.
func (s *session) fromClient() {
	if startup(s.client, s.server) != nil {
		return
	}
	for {
		f, err := readFrame(s.client)
		if err != nil {
			return
		}
		s.note(f)
		s.waiting = append(s.waiting, f.bytes()...)
		if f.kind == 'P' || f.kind == 'B' || f.kind == 'D' || f.kind == 'E' || f.kind == 'C' {
			continue // goes with the message that asks for an answer
		}
		what := ""
		if f.kind == 'Q' || f.kind == 'S' {
			what = s.commits()
			if what != "" && !s.proxy.hook(Before, what) {
				return
			}
			s.await(what)
		}
		if _, err := s.server.Write(s.waiting); err != nil {
			return
		}
		s.waiting = s.waiting[:0]
	}
}

// note learns what a message does.
func (s *session) note(f frame) {
	switch f.kind {
	case 'P':
		var m pgproto3.Parse
		if m.Decode(f.body) == nil {
			s.statements[m.Name] = m.Query
		}
	case 'B':
		var m pgproto3.Bind
		if m.Decode(f.body) == nil {
			s.portals[m.DestinationPortal] = s.statements[m.PreparedStatement]
		}
	case 'E':
		var m pgproto3.Execute
		if m.Decode(f.body) == nil {
			s.running = append(s.running, s.portals[m.Portal])
		}
	case 'Q':
		var m pgproto3.Query
		if m.Decode(f.body) == nil {
			s.running = append(s.running, m.String)
		}
	}
}

// commits says what the messages that wait would commit, "" for nothing.
func (s *session) commits() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ran := s.running
	s.running = nil
	for _, sql := range ran {
		for _, what := range s.proxy.watched.writes(sql) {
			if len(s.written) == 0 || s.written[len(s.written)-1] != what {
				s.written = append(s.written, what)
			}
		}
	}
	if s.open && (len(ran) != 1 || !strings.EqualFold(strings.TrimSpace(ran[0]), "commit")) {
		return ""
	}
	if len(ran) == 1 && strings.HasPrefix(strings.ToLower(strings.TrimSpace(ran[0])), "begin") {
		s.written = nil
		return ""
	}
	what := strings.Join(s.written, ", ")
	s.written = nil
	return what
}

func (s *session) await(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, what)
}

// answered takes the question that a ReadyForQuery answers.
func (s *session) answered(state byte) (what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = state != 'I'
	if !s.open && len(s.asked) <= 1 {
		s.written = nil // ended, by a rollback too
	}
	if len(s.asked) > 0 {
		what, s.asked = s.asked[0], s.asked[1:]
	}
	return what
}

// committing reports whether the answer under way is that of a commit.
func (s *session) committing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked) > 0 && s.asked[0] != ""
}

// fromServer forwards the server's messages. Those of a commit are held back
// until it is done and the hook has agreed.
func (s *session) fromServer() {
	var held bytes.Buffer
	failed := false
	for {
		f, err := readFrame(s.server)
		if err != nil {
			return
		}
		held.Write(f.bytes())
		failed = failed || f.kind == 'E'
		if f.kind == 'Z' && len(f.body) == 1 {
			if what := s.answered(f.body[0]); what != "" && !failed && !s.proxy.hook(After, what) {
				return
			}
			failed = false
		} else if s.committing() && !failed {
			continue
		}
		if _, err := s.client.Write(held.Bytes()); err != nil {
			return
		}
		held.Reset()
	}
}
