package pgproxy

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// session is one connection's state: what was prepared, what the transaction
// has written, and which answers are awaited.
type session struct {
	proxy          *Proxy
	client, server net.Conn

	listens bool          // for notifications; under the proxy's lock
	hush    chan struct{} // closed when it may speak again; nil while it may; likewise

	statements map[string]string // prepared, by name
	portals    map[string]bound  // by name
	waiting    []byte            // messages since the last one that asks for an answer
	running    []string          // statements among them
	fetch      string            // the queue that they fetch from

	mu      sync.Mutex
	open    bool     // within a transaction that was begun
	written []string // what it has written
	asked   []string // the commits that await their answers, in order; "" for other questions
}

// bound is a statement with its parameters.
type bound struct{ sql, fetch string }

// fetched begins the name of a fetch.
const fetched = "fetch "

func newSession(p *Proxy, client, server net.Conn) *session {
	return &session{proxy: p, client: client, server: server, statements: map[string]string{}, portals: map[string]bound{}}
}

// fromClient forwards the program's messages, up to a commit that is cut off.
func (s *session) fromClient() {
	if !s.pass() || startup(s.client, s.server) != nil {
		return
	}
	for {
		f, err := readFrame(s.client)
		if !s.pass() || err != nil {
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
			if what != "" && !strings.HasPrefix(what, fetched) && !s.proxy.hook(Before, what) {
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
			sql := s.statements[m.PreparedStatement]
			s.portals[m.DestinationPortal] = bound{sql, fetchOf(sql, m.Parameters)}
		}
	case 'E':
		var m pgproto3.Execute
		if m.Decode(f.body) == nil {
			one := s.portals[m.Portal]
			s.running, s.fetch = append(s.running, one.sql), one.fetch
			s.hears(one.sql)
		}
	case 'Q':
		var m pgproto3.Query
		if m.Decode(f.body) == nil {
			s.running = append(s.running, m.String)
			s.hears(m.String)
		}
	}
}

// commits says what the messages that wait would commit, "" for nothing.
func (s *session) commits() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ran, fetch := s.running, s.fetch
	s.running, s.fetch = nil, ""
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
	if what == "" && fetch != "" {
		what = fetched + fetch
	}
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
	failed, rows := false, false
	for {
		f, err := readFrame(s.server)
		if !s.pass() || err != nil {
			return
		}
		held.Write(f.bytes())
		failed, rows = failed || f.kind == 'E', rows || f.kind == 'D'
		if f.kind == 'Z' && len(f.body) == 1 {
			time.Sleep(s.proxy.delay()) // the delay itself is the fault
			what := s.answered(f.body[0])
			empty := strings.HasPrefix(what, fetched) && !rows
			if what != "" && !failed && !empty && !s.proxy.hook(After, what) {
				return
			}
			failed, rows = false, false
		} else if s.committing() && !failed {
			continue
		}
		if _, err := s.client.Write(held.Bytes()); err != nil {
			return
		}
		held.Reset()
	}
}
