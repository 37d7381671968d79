package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// somewhere is an address of the world's own network, where no test calls.
const somewhere = "93.184.216.34"

// behind serves a handler by TLS at a public name, which the certificate is
// for: example.com is among those of net/http's own.
func behind(t *testing.T, h http.HandlerFunc) way {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return way{roots: roots,
		lookup: func(context.Context, string) ([]string, error) { return []string{somewhere}, nil },
		dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
		}}
}

func ours(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "x")
		w.WriteHeader(status)
	}
}

func called(t *testing.T, w way, early bool, change func(*boot.Config)) Check {
	t.Helper()
	config := boot.Defaults()
	config.Mode, config.WebhookURL = boot.Production, "https://example.com"
	if change != nil {
		change(&config)
	}
	got := look{config: config, service: boot.Worker, way: w, early: early}.callback(t.Context())
	if got.Name != "callback" || got.Detail == "" || got.State != Good && got.State != Skipped && got.Advice == "" {
		t.Errorf("got %+v", got)
	}
	return got
}

// The parser calls an address that the world can reach, by a certificate that
// it trusts, and finds our webhook there; what is not so is told by its step.
func TestP008_P009_P012_TheCallbackIsSeenAsTheParserSeesIt(t *testing.T) {
	t.Parallel()
	well := behind(t, ours(http.StatusOK))
	if got := called(t, well, false, nil); got.State != Good || !strings.Contains(got.Detail, "leads to our webhook, TLS 1.3, certificate until") {
		t.Errorf("got %+v", got)
	}
	private, nameless, untrusted := well, well, well
	private.lookup = func(context.Context, string) ([]string, error) { return []string{somewhere, "10.20.0.7"}, nil }
	nameless.lookup = func(context.Context, string) ([]string, error) { return nil, errors.New("no such host") }
	untrusted.roots = x509.NewCertPool()
	for text, c := range map[string]struct {
		way   way
		early bool
		want  State
	}{
		"10.20.0.7, where the parser cannot call": {private, true, Bad},
		"there is no host example.com":            {nameless, true, Bad},
		"the certificate is not trusted":          {untrusted, true, Bad},
		"answers with 404, and not as our":        {behind(t, http.NotFound), false, Bad},
		"answers with 200, and not as our":        {behind(t, func(http.ResponseWriter, *http.Request) {}), false, Bad}, // somebody else's page
		"answers with 302":                        {behind(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }), false, Bad},
		"answers with 503":                        {behind(t, ours(http.StatusServiceUnavailable)), true, Warning}, // the first release
		"turns this machine away (403)":           {behind(t, ours(http.StatusForbidden)), false, Warning},
	} {
		if got := called(t, c.way, c.early, nil); got.State != c.want || !strings.Contains(got.Detail, text) {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// Without a callback it is said how results come instead.
func TestFM012n_PollingIsSaid(t *testing.T) {
	t.Parallel()
	for text, change := range map[string]func(*boot.Config){
		"WEBHOOK_MODE is poll":       func(c *boot.Config) { c.WebhookMode = "poll" },
		"no outside parser":          func(c *boot.Config) { c.Parser = "pdftext" },
		"no address is set":          func(c *boot.Config) { c.WebhookURL = "" },
		"this machine alone, in dev": func(c *boot.Config) { c.Mode, c.WebhookURL = boot.Development, "http://127.0.0.1:8001" },
	} {
		if got := called(t, way{}, false, change); got.State != Skipped || !strings.Contains(got.Detail, text) {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// A host with IPv6 addresses alone is told with the pooler's address.
func TestFM011_FM030_TheDoctorTellsAHostWithIPv6Alone(t *testing.T) {
	t.Parallel()
	w := open()
	w.lookup = func(context.Context, string) ([]string, error) { return []string{"2001:db8::5432"}, nil }
	environ := []string{"DATABASE_URL=postgres://inav_app:canary@db.abcdefghijklmnopqrst.supabase.co:5432/postgres?sslmode=require"}
	config, err := boot.Read(environ)
	if err != nil {
		t.Fatal(err)
	}
	checks := look{environ: environ, config: config, service: boot.API, way: w, early: true}.database(t.Context())
	if len(checks) != 1 || checks[0].State != Bad || !strings.Contains(checks[0].Detail, "IPv6 addresses alone") ||
		!strings.Contains(checks[0].Advice, ".pooler.supabase.com, port 5432") || strings.Contains(checks[0].Detail+checks[0].Advice, "canary") {
		t.Errorf("got %+v", checks)
	}
}
