// Package pgproxy stands between a program and PostgreSQL, understands the
// protocol, and asks a hook at every commit: before it is forwarded, and when
// the server has done it and the program has not heard of it yet. So a program
// can be killed at either side of each.
package pgproxy

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Phase is the side of a commit.
type Phase string

// The sides of a commit.
const (
	Before Phase = "before" // the server has not been asked to commit
	After  Phase = "after"  // it has committed, and the program does not know
)

// Hook is asked at each side of each commit; what says what is committed. Where
// River has fetched jobs it is asked afterwards, with "fetch" and the queue.
// False cuts the program's connection there and then.
type Hook func(phase Phase, what string) bool

// Proxy forwards every connection to one server until it is closed.
type Proxy struct {
	hook     Hook
	watched  Watched
	listener net.Listener

	mu       sync.Mutex
	target   string
	conns    map[net.Conn]bool
	sessions map[*session]bool
	slow     func() time.Duration // of an answer; nil: at once
	hush     chan struct{}        // closed when all may speak again; nil while they may
	ended    chan struct{}        // closed when the proxy is
	closed   bool
	work     sync.WaitGroup
}

// Listen starts a proxy before the server at target (host:port). Statements
// that write none of the watched tables are no commits to it.
func Listen(ctx context.Context, target string, watched Watched, hook Hook) (*Proxy, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("pgproxy: %w", err)
	}
	p := &Proxy{target: target, hook: hook, watched: watched, listener: listener,
		conns: map[net.Conn]bool{}, sessions: map[*session]bool{}, ended: make(chan struct{})}
	p.work.Go(p.accept)
	return p, nil
}

// Addr is the proxy's own host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Retarget leads new connections to another host:port.
func (p *Proxy) Retarget(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

func (p *Proxy) present() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.target
}

// Cut breaks every connection that is open; new ones are taken.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		_ = conn.Close()
	}
}

// Close breaks every connection and takes no more.
func (p *Proxy) Close() {
	p.mu.Lock()
	if !p.closed {
		close(p.ended)
	}
	p.closed = true
	p.mu.Unlock()
	_ = p.listener.Close()
	p.Cut()
	p.work.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.work.Go(func() { p.serve(client) })
	}
}

// hold notes a connection, so that it can be cut.
func (p *Proxy) hold(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.conns[conn] = true
	}
	return !p.closed
}

func (p *Proxy) release(conn net.Conn) {
	_ = conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}

// serve carries one connection in both directions.
func (p *Proxy) serve(client net.Conn) {
	defer p.release(client)
	server, err := (&net.Dialer{}).Dial("tcp", p.present())
	if err != nil {
		return
	}
	defer p.release(server)
	if !p.hold(client) || !p.hold(server) {
		return
	}
	s := newSession(p, client, server)
	s.enter()
	defer s.leave()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.fromServer()
		_ = client.Close()
	}()
	s.fromClient()
	_ = server.Close()
	<-done
}

// frame is one message of the protocol: its type and its body without length.
type frame struct {
	kind byte
	body []byte
}

// most bounds a message; PostgreSQL's own bound is 1 GB.
const most = 256 << 20

var errFrame = errors.New("pgproxy: a message without bounds")

func readFrame(r io.Reader) (f frame, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return f, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size < 4 || size > most {
		return f, errFrame
	}
	f.kind, f.body = head[0], make([]byte, size-4)
	_, err = io.ReadFull(r, f.body)
	return f, err
}

func (f frame) bytes() []byte {
	out := make([]byte, 5+len(f.body))
	out[0] = f.kind
	binary.BigEndian.PutUint32(out[1:], uint32(len(f.body)+4)) //nolint:gosec // bounded by most
	copy(out[5:], f.body)
	return out
}

// startup forwards what comes before the first message with a type. Encryption
// is declined: the proxy has to read.
func startup(client, server net.Conn) error {
	for {
		var head [8]byte
		if _, err := io.ReadFull(client, head[:]); err != nil {
			return err
		}
		size, code := binary.BigEndian.Uint32(head[:4]), binary.BigEndian.Uint32(head[4:])
		if size < 8 || size > most {
			return errFrame
		}
		if code == 80877103 || code == 80877104 { // SSLRequest, GSSENCRequest
			if _, err := client.Write([]byte{'N'}); err != nil {
				return err
			}
			continue
		}
		rest := make([]byte, size-8)
		if _, err := io.ReadFull(client, rest); err != nil {
			return err
		}
		_, err := server.Write(append(head[:], rest...))
		return err
	}
}
