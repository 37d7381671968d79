package doctor

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// A certificate that is trusted is told with its end.
func TestHandshake(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	w := open()
	w.roots = trusted
	got := w.handshake(t.Context(), u)
	if got.State != Good || !strings.HasPrefix(got.Detail, "TLS 1.3, certificate until 20") {
		t.Errorf("got %+v", got)
	}
}
