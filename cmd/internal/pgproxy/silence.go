package pgproxy

import (
	"strings"
	"time"
)

// Slow holds every answer of the server back for a time that draw gives; nil
// holds nothing back any more.
func (p *Proxy) Slow(draw func() time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow = draw
}

func (p *Proxy) delay() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slow == nil {
		return 0
	}
	return p.slow()
}

// Hush lets everything that passes here fall silent, as a network does that
// drops what it carries: nothing goes either way, new connections come to
// nothing, and neither end hears of it. Speak ends that, and what was
// underway goes on.
func (p *Proxy) Hush() (speak func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	over := make(chan struct{})
	p.hush = over
	for s := range p.sessions {
		if s.hush == nil {
			s.hush = over
		}
	}
	return func() { p.speak(over) }
}

func (p *Proxy) speak(over chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hush = nil
	for s := range p.sessions {
		if s.hush == over {
			s.hush = nil
		}
	}
	close(over)
}

// HushListeners lets the connections fall silent for good that wait for
// notifications now, and counts them. Others, and new ones, are untouched.
func (p *Proxy) HushListeners() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.sessions {
		if s.listens && s.hush == nil {
			s.hush, n = make(chan struct{}), n+1
		}
	}
	return n
}

// Listeners counts the connections that wait for notifications and are heard.
func (p *Proxy) Listeners() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.sessions {
		if s.listens && s.hush == nil {
			n++
		}
	}
	return n
}

// pass waits while the session is silent. False says that the proxy is closed.
func (s *session) pass() bool {
	s.proxy.mu.Lock()
	over := s.hush
	s.proxy.mu.Unlock()
	if over == nil {
		return true
	}
	select {
	case <-over:
		return true
	case <-s.proxy.ended:
		return false
	}
}

// enter makes the session known to what befalls all of them.
func (s *session) enter() {
	s.proxy.mu.Lock()
	defer s.proxy.mu.Unlock()
	s.hush = s.proxy.hush
	s.proxy.sessions[s] = true
}

func (s *session) leave() {
	s.proxy.mu.Lock()
	defer s.proxy.mu.Unlock()
	delete(s.proxy.sessions, s)
}

// hears notes that the session listens for notifications.
func (s *session) hears(sql string) {
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(sql)), "listen") {
		s.proxy.mu.Lock()
		defer s.proxy.mu.Unlock()
		s.listens = true
	}
}
