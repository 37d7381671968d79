package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/core"
)

// gate listens at once and serves once the house is open: until then it is
// alive and not ready.
type gate struct {
	listener net.Listener
	server   *http.Server
	inner    atomic.Pointer[http.Handler]
	draining atomic.Bool
	secure   bool                    // it ends TLS itself
	stopping chan struct{}           // closed when draining begins: what would not end by itself ends
	cutOff   context.CancelCauseFunc // ends the requests under way
}

// ownTLS has the gate end TLS by the certificate; nil leaves it plain.
func (g *gate) ownTLS(c *certificate) {
	if c == nil {
		return
	}
	g.secure, g.server.TLSConfig = true, c.config()
	g.server.Protocols = new(http.Protocols) // HTTP/1.1: what the doors promise of bodies and deadlines is tested there
	g.server.Protocols.SetHTTP1(true)
}

// url is where the gate is reached.
func (g *gate) url() string {
	if g.secure {
		return "https://" + g.listener.Addr().String()
	}
	return "http://" + g.listener.Addr().String()
}

// newGate binds the address. The error says what holds the port.
func newGate(ctx context.Context, name, address string) (*gate, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the %s cannot listen on %s (%w): stop what uses that port, or set another one", name, address, errors.Unwrap(err))
	}
	going, cutOff := context.WithCancelCause(context.Background())
	g := &gate{listener: listener, stopping: make(chan struct{}), cutOff: cutOff}
	g.server = &http.Server{
		Handler:           g,
		BaseContext:       func(net.Listener) context.Context { return going },
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       75 * time.Second,
		// Above the door's own limit, which is the one that clients are told of and
		// which answers with a problem.
		MaxHeaderBytes: 2 * httpapi.DefaultLimits().MaxHeaderBytes,
		// What net/http writes there of a handshake or a connection names the client's
		// address, and strangers can have as much of it written as they like. What
		// befalls a request is told by its door.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	return g, nil
}

// open lets requests through.
func (g *gate) open(handler http.Handler) { g.inner.Store(&handler) }

// ServeHTTP is http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if handler := g.inner.Load(); handler != nil {
		(*handler).ServeHTTP(w, r)
		return
	}
	if r.URL.Path == "/livez" {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Retry-After", "2")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte(`{"title":"Service Unavailable","status":503,"code":"not_ready","detail":"The service is starting.","advice":"Try again in a few seconds."}`))
}

// ready is what /readyz asks.
func (g *gate) ready() error {
	if g.draining.Load() {
		return errors.New("draining")
	}
	return nil
}

// serve serves until the gate is shut; an unexpected end goes to failed.
func (g *gate) serve(failed chan<- error) {
	serve := g.server.Serve
	if g.secure {
		serve = func(l net.Listener) error { return g.server.ServeTLS(l, "", "") }
	}
	if err := serve(g.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
		failed <- fmt.Errorf("serve %s: %w", g.listener.Addr(), err)
	}
}

// unready takes readiness down; requests are served as before.
func (g *gate) unready() { g.draining.Store(true) }

// cut ends the requests that are still under way: each is answered that the
// service stops, and when to come back.
func (g *gate) cut() {
	g.cutOff(core.Wait(core.CodeNotReady, comeBack, context.Canceled))
}

// comeBack is when whoever is told that the service stops is to come back.
const comeBack = 2 * time.Second

// shut takes no more requests, ends the streams, and lets requests under way
// end. It is called once. What goes on when ctx ends is broken off with its
// connection, and so says the error: a client that does not read its answer
// cannot be told anything else.
func (g *gate) shut(ctx context.Context) error {
	close(g.stopping)
	err := g.server.Shutdown(ctx)
	if err != nil && ctx.Err() != nil {
		_ = g.server.Close() // its listener is closed already
		return errBrokenOff
	}
	return err
}

// errBrokenOff says that answers were not taken to their end.
var errBrokenOff = errors.New("answers were broken off")
