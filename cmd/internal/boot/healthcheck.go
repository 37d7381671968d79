package boot

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// healthcheckTime bounds the question, below what a container engine waits.
const healthcheckTime = 4 * time.Second

// healthcheck asks the service of this machine whether it lives: a container
// has no other program that could. It wants the port alone, no secret.
func healthcheck(ctx context.Context, config Config, service Service) error {
	address, err := config.liveAt(service)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthcheckTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("healthcheck: %w", err)
	}
	// The certificate is made for the name that clients use, and this is the
	// machine itself.
	own := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // as said
	defer own.CloseIdleConnections()
	response, err := own.Do(request)
	if err != nil {
		return fmt.Errorf("healthcheck: %w", err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("healthcheck: %s answers %d", address, response.StatusCode)
	}
	return nil
}

// liveAt is where a service says that it lives.
func (c Config) liveAt(service Service) (string, error) {
	ports := map[Service]int{API: c.Port, Dev: c.Port, Webhook: c.WebhookPort, Worker: c.WorkerPort}
	port, ok := ports[service]
	if !ok {
		return "", fmt.Errorf("healthcheck: %s listens on no port", service)
	}
	host := c.Host()
	if host == "" || net.ParseIP(host).IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if c.ownTLS() && service != Worker {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port)) + "/livez", nil
}
