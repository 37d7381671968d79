package boot

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// writePair writes a certificate of that serial number, good until then.
func writePair(t *testing.T, dir string, serial int64, until time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "door"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	replaceFile(t, filepath.Join(dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	replaceFile(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

// replaceFile puts another file in the place of one, as renewing programs do.
func replaceFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// handshakeLog is a log that handshakes write and the test reads.
type handshakeLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *handshakeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *handshakeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// secureGate is a door that ends TLS by the pair in dir, and its log.
func secureGate(t *testing.T, dir string) (*gate, *certificate, *handshakeLog) {
	t.Helper()
	log := &handshakeLog{}
	own, err := openCertificate(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGate(t.Context(), "test", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.ownTLS(own)
	g.open(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") }))
	failed, served := make(chan error, 1), make(chan struct{})
	go func() { defer close(served); g.serve(failed) }()
	t.Cleanup(func() {
		_ = g.shut(context.Background())
		<-served
	})
	return g, own, log
}

// ages lets the next handshake look at the files, as after a second.
func (c *certificate) ages() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looked = c.looked.Add(-lookAgain)
}

func dialTLS(t *testing.T, g *gate, c *tls.Config) (*tls.Conn, error) {
	t.Helper()
	c.InsecureSkipVerify = true //nolint:gosec // its serial number is what is looked at
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := (&tls.Dialer{Config: c}).DialContext(ctx, "tcp", g.listener.Addr().String())
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*tls.Conn), nil
}

// serialNow is the certificate that a new connection is shown.
func serialNow(t *testing.T, g *gate) int64 {
	t.Helper()
	conn, err := dialTLS(t, g, &tls.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // nothing was asked
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func askOn(t *testing.T, conn net.Conn) {
	t.Helper()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: door\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("the connection was dropped: %v", err)
	}
	defer res.Body.Close() //nolint:errcheck // read below
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "here" {
		t.Fatalf("answered %d %q (%v)", res.StatusCode, body, err)
	}
}

// S35: a renewed certificate is shown to new connections without a restart, open
// ones go on, and one that cannot be used changes nothing.
func TestS35_ARenewedCertificateIsTakenAndNoConnectionDropped(t *testing.T) {
	t.Parallel()
	dir, year := t.TempDir(), time.Now().Add(365*24*time.Hour)
	writePair(t, dir, 1, year)
	g, own, log := secureGate(t, dir)
	open, err := dialTLS(t, g, &tls.Config{})
	if err != nil {
		t.Fatal(err)
	}
	askOn(t, open)
	shows := func(want int64) {
		t.Helper()
		own.ages()
		if got := serialNow(t, g); got != want {
			t.Fatalf("certificate %d is shown, want %d", got, want)
		}
	}
	writePair(t, dir, 2, year)
	shows(2)
	askOn(t, open)
	replaceFile(t, filepath.Join(dir, "key.pem"), []byte("half a k"))
	own.ages()
	if got := serialNow(t, g); got != 2 {
		t.Errorf("with a broken key certificate %d is shown", got)
	}
	writePair(t, dir, 3, time.Now().Add(-time.Minute))
	own.ages()
	if got := serialNow(t, g); got != 2 {
		t.Errorf("an expired certificate is taken: %d", got)
	}
	writePair(t, dir, 4, year)
	shows(4)
	askOn(t, open)
	if err := open.Close(); err != nil {
		t.Error(err)
	}
	if text := log.String(); !strings.Contains(text, "expired") || !strings.Contains(text, "no certificate") || strings.Contains(text, "half") {
		t.Errorf("the log: %s", text)
	}
}

// S35: nothing older than TLS 1.2, and of 1.2 authenticated ciphers alone.
func TestS35_OldTLSIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writePair(t, dir, 1, time.Now().Add(time.Hour))
	g, _, _ := secureGate(t, dir)
	cbc := []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256} //nolint:gosec // which are to be refused
	for name, c := range map[string]*tls.Config{
		"1.0": {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, //nolint:gosec // which is to be refused
		"1.1": {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, //nolint:gosec // likewise
		"CBC": {MaxVersion: tls.VersionTLS12, CipherSuites: cbc},            //nolint:gosec // likewise
	} {
		if conn, err := dialTLS(t, g, c); err == nil {
			t.Errorf("%s is taken: %x", name, conn.ConnectionState().CipherSuite)
		}
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		conn, err := dialTLS(t, g, &tls.Config{MinVersion: version, MaxVersion: version}) //nolint:gosec // as said
		if err != nil {
			t.Fatalf("%x: %v", version, err)
		}
		askOn(t, conn)
	}
	if _, err := openCertificate(filepath.Join(dir, "none.pem"), filepath.Join(dir, "key.pem"), slog.New(slog.DiscardHandler)); err == nil || strings.Contains(err.Error(), dir) {
		t.Errorf("a start without the file: %v", err)
	}
	if _, err := openCertificate(filepath.Join(dir, "key.pem"), filepath.Join(dir, "key.pem"), slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a key is taken for a certificate")
	}
}
