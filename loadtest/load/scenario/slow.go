package scenario

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"github.com/insurance-navigator/navigator/loadtest/load/result"
)

// A slow client does so much so often, and gives up after so long: by then a
// server should have cut it off.
const (
	slowEvery  = time.Second
	slowGiveUp = 3 * time.Minute
	slowHold   = time.Minute // a reader leaves after it
	slowBuffer = 4 << 10     // bytes that a slow reader's system takes for it
)

var (
	errOutlived = errors.New("the server let it go on")
	errLeft     = errors.New("it left by itself")
)

// slowly drags one connection out until the server ends it.
func (p *person) slowly(ctx context.Context, what Work) (result.Kind, string) {
	conn, host, err := p.dial(ctx)
	if err != nil {
		return result.Failed, "no connection"
	}
	defer conn.Close() //nolint:errcheck // it is meant to be cut
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	_ = conn.SetDeadline(time.Now().Add(slowGiveUp)) // of a live connection
	switch what {
	case SlowRead:
		err = p.readSlowly(ctx, conn, host)
	case SlowHeader:
		err = drip(ctx, conn, fmt.Sprintf("GET / HTTP/1.1\r\nHost: %s\r\nX-Slow: ", host))
	default:
		err = drip(ctx, conn, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: multipart/form-data; boundary=slow\r\n"+
			"Content-Length: 1000000\r\n\r\n--slow\r\nContent-Disposition: form-data; name=\"file\"; filename=\"slow.pdf\"\r\n\r\n%%PDF-1.7\n", uploadPath, host, p.token))
	}
	switch {
	case errors.Is(err, errLeft):
		return result.Done, "left"
	case errors.Is(err, errOutlived) || ctx.Err() != nil:
		return result.Failed, "let go on"
	}
	return result.Done, "cut off"
}

// dial opens a connection of its own to the API.
func (p *person) dial(ctx context.Context) (net.Conn, string, error) {
	address, err := url.Parse(p.api)
	if err != nil {
		return nil, "", err
	}
	port := address.Port()
	if address.Scheme == "https" {
		dialer := tls.Dialer{}
		if port == "" {
			port = "443"
		}
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(address.Hostname(), port))
		return conn, address.Host, err
	}
	if port == "" {
		port = "80"
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(address.Hostname(), port))
	if tcp, ok := conn.(*net.TCPConn); ok {
		err = errors.Join(err, tcp.SetReadBuffer(slowBuffer))
	}
	return conn, address.Host, err
}

// drip sends a beginning and then a byte at a time, until the server answers
// or the connection ends.
func drip(ctx context.Context, conn net.Conn, beginning string) error {
	if _, err := io.WriteString(conn, beginning); err != nil {
		return err
	}
	answered := make(chan error, 1)
	go func() { // it ends with the connection
		_, err := conn.Read(make([]byte, 1))
		answered <- err
	}()
	tick := time.NewTicker(slowEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-answered:
			return ended(err)
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if _, err := io.WriteString(conn, "x"); err != nil {
			return ended(err)
		}
	}
}

// readSlowly asks for a file and hardly takes any of it until it leaves. What
// the server's system holds for it hides from it whether it was cut off.
func (p *person) readSlowly(ctx context.Context, conn net.Conn, host string) error {
	_, err := fmt.Fprintf(conn, "GET /documents/%s/file HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n", p.any(0), host, p.token)
	if err != nil {
		return err
	}
	tick := time.NewTicker(slowEvery)
	defer tick.Stop()
	leave := time.NewTimer(slowHold)
	defer leave.Stop()
	some := make([]byte, 16)
	for {
		if _, err := conn.Read(some); err != nil {
			return ended(err)
		}
		select {
		case <-tick.C:
		case <-leave.C:
			return errLeft
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ended tells a cut by the server from a connection that came to its own time.
func ended(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return errOutlived
	}
	return err
}
