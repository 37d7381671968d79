package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
)

// stepTime bounds each step of the way to the deployment.
const stepTime = 5 * time.Second

// soon is how long before its end a certificate is warned of.
const soon = 14 * 24 * time.Hour

// Network checks the way to an address step by step: its name, the connection,
// the encryption. What cannot be tried after a failure is skipped.
func Network(ctx context.Context, address string) []Check {
	u, err := url.Parse(address)
	if err != nil {
		return []Check{bad("name", "the address cannot be read", "Check --url or NAVIGATOR_URL.")}
	}
	request := &http.Request{URL: u}
	if proxy, err := http.ProxyFromEnvironment(request); err != nil || proxy != nil {
		return []Check{skipped("name", "a proxy makes the connections (HTTPS_PROXY)"), skipped("connection", "by the proxy"), encryption(ctx, u, true)}
	}
	name := lookup(ctx, u.Hostname())
	if name.State == Bad {
		return []Check{name, skipped("connection", "the name leads nowhere"), skipped("encryption", "there is no connection")}
	}
	connection := dial(ctx, u)
	if connection.State == Bad {
		return []Check{name, connection, skipped("encryption", "there is no connection")}
	}
	return []Check{name, connection, encryption(ctx, u, false)}
}

// way is how other machines are found and reached.
type way struct {
	lookup func(ctx context.Context, host string) ([]string, error)
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	roots  *x509.CertPool // of certificates; nil: this machine's
}

// open is this machine's own way.
func open() way {
	return way{lookup: net.DefaultResolver.LookupHost, dial: (&net.Dialer{Timeout: stepTime}).DialContext}
}

func lookup(ctx context.Context, host string) Check {
	if _, err := netip.ParseAddr(host); err == nil {
		return good("name", host+" is an IP address")
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	found, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return bad("name", "there is no host "+host, "Check the address for a typing error, and this machine's DNS or VPN.")
	}
	return good("name", host+" is "+strings.Join(found, ", "))
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

func dial(ctx context.Context, u *url.URL) Check {
	at := net.JoinHostPort(u.Hostname(), port(u))
	began := time.Now()
	conn, err := (&net.Dialer{Timeout: stepTime}).DialContext(ctx, "tcp", at)
	if err != nil {
		advice := "Check the port, and that no firewall is between."
		if client.Loopback(u.Hostname()) {
			advice = "Start it with make dev, or name the deployment with --url."
		}
		return bad("connection", "nothing answers at "+at, advice)
	}
	_ = conn.Close()
	return good("connection", fmt.Sprintf("%s after %s", at, time.Since(began).Round(time.Millisecond)))
}

// encryption looks at the certificate. Behind a proxy the tool's own calls are
// what shows it.
func encryption(ctx context.Context, u *url.URL, proxied bool) Check {
	const name = "encryption"
	switch {
	case u.Scheme == "http" && client.Loopback(u.Hostname()):
		return skipped(name, "plain http, on this machine alone")
	case u.Scheme == "http":
		return warning(name, "plain http: what is sent can be read on its way", "Use the deployment's https:// address.")
	case proxied:
		return skipped(name, "by way of the proxy")
	}
	return open().handshake(ctx, u)
}

// handshake makes a TLS connection.
func (w way) handshake(ctx context.Context, u *url.URL) Check {
	const name = "encryption"
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	conn, err := w.dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port(u)))
	if err != nil {
		return untrusted(err)
	}
	defer conn.Close() //nolint:errcheck // nothing was sent
	secure := tls.Client(conn, &tls.Config{ServerName: u.Hostname(), RootCAs: w.roots, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		return untrusted(err)
	}
	state := secure.ConnectionState()
	until := state.PeerCertificates[0].NotAfter
	detail := fmt.Sprintf("%s, certificate until %s", tls.VersionName(state.Version), until.Format(time.DateOnly))
	if time.Until(until) < soon {
		return warning(name, detail, "The deployment's operator has to renew the certificate.")
	}
	return good(name, detail)
}

func untrusted(err error) Check {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return bad("encryption", "the certificate is not trusted", "Check the address, this machine's clock and its certificates (a company's own go to SSL_CERT_FILE).")
	}
	return bad("encryption", "no TLS is spoken there", "Check the address: is it http://, or another port?")
}
