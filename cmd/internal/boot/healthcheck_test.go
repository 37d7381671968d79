package boot

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// TestPport_HealthcheckAsksTheLiveService: 200 at /livez is life; another answer, a
// shut port and a service without a port are not.
func TestPport_HealthcheckAsksTheLiveService(t *testing.T) {
	t.Parallel()
	var asked string
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.Path
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	_, text, _ := net.SplitHostPort(server.Listener.Addr().String())
	port, _ := strconv.Atoi(text)
	config := Defaults()
	config.Port, config.WebhookPort, config.WorkerPort, config.ListenHost = port, port, port, "0.0.0.0"
	for _, service := range []Service{API, Webhook, Worker} {
		if err := healthcheck(t.Context(), config, service); err != nil || asked != "GET /livez" {
			t.Errorf("%s: asked %q, got %v; want a living service", service, asked, err)
		}
	}
	status = http.StatusServiceUnavailable
	if err := healthcheck(t.Context(), config, API); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("got %v; want the status 503 told", err)
	}
	server.Close()
	if err := healthcheck(t.Context(), config, API); err == nil {
		t.Error("a shut port reads as life")
	}
	if err := healthcheck(t.Context(), config, Migrate); err == nil {
		t.Error("migrate listens on no port, and reads as life")
	}
}
