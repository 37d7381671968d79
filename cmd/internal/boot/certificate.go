package boot

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is the pair of files that a door ends TLS with. A file that has
// changed is read at the next handshake: connections that are open stay as they
// are, and no signal and no restart is needed. A pair that cannot be used is
// told, and the one before goes on.
type certificate struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	looked time.Time // at the files, last
	seen   [2]stamp
	pair   *tls.Certificate
}

// stamp is what tells that a file has changed.
type stamp struct {
	modified time.Time
	size     int64
}

// lookAgain is the least time between two looks at the files.
const lookAgain = time.Second

// openCertificate reads the pair for the first time; here it has to be good.
func openCertificate(cert, key string, log *slog.Logger) (*certificate, error) {
	c := &certificate{cert: cert, key: key, log: log}
	pair, err := c.load()
	if err != nil {
		return nil, fmt.Errorf("TLS_CERT_FILE and TLS_KEY_FILE: %w", err)
	}
	c.pair, c.seen, c.looked = pair, c.stamps(), time.Now()
	return c, nil
}

// load reads the pair, and refuses one whose time is over. Its errors name no
// content.
func (c *certificate) load() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		return nil, errors.New("a file cannot be read")
	case err != nil:
		return nil, errors.New("they are no certificate (PEM) and its key")
	case time.Now().After(pair.Leaf.NotAfter):
		return nil, errors.New("the certificate has expired")
	}
	return &pair, nil
}

func (c *certificate) stamps() (now [2]stamp) {
	for i, path := range []string{c.cert, c.key} {
		if info, err := os.Stat(path); err == nil {
			now[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return now
}

// get is tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) >= lookAgain {
		c.looked = now
		c.renew()
	}
	return c.pair, nil
}

// renew takes changed files. Of two that are written one after the other the
// first look may find a mixed pair; the next one finds the second file changed.
func (c *certificate) renew() {
	now := c.stamps()
	if now == c.seen {
		return
	}
	c.seen = now
	pair, err := c.load()
	if err != nil {
		c.log.Error("the changed TLS certificate is not taken", "reason", err.Error())
		return
	}
	c.pair = pair
	c.log.Info("the TLS certificate was renewed", "not_after", pair.Leaf.NotAfter)
}

// config is how a door speaks TLS: 1.2 with authenticated ciphers alone, or 1.3.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		GetCertificate: c.get, MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{ // of 1.2; those of 1.3 are all good
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
}

// ownTLS reports whether the doors end TLS themselves.
func (c Config) ownTLS() bool { return c.TLSCertFile != "" }

// checkTLS asks for both files or neither.
func (c Config) checkTLS(f *faults) {
	if (c.TLSCertFile == "") != (c.TLSKeyFile == "") {
		f.add("TLS_CERT_FILE and TLS_KEY_FILE: both, or neither")
	}
}
