package faulttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// loki starts Loki as make loki does, and gives its address; empty where it was
// not built here. It evaluates rules and tells the Alertmanager, where there are
// any.
func loki(ctx context.Context, t *testing.T, rules, alertmanager string) (address string) {
	t.Helper()
	program, err := filepath.Abs("../../../.local/bin/loki")
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		t.Log("what is of Loki is NOT tried: make loki-bin builds it")
		return ""
	}
	http, grpc := freePorts(t)
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	if rules != "" {
		if err := os.MkdirAll(filepath.Join(dir, "rules", "fake"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "rules", "fake", "alerts.yaml"), []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(context.Background(), program, "-config.expand-env=true", "-config.file=../../../observability/loki/loki.yaml") //nolint:gosec // built here
	command.Env = []string{"LOKI_DIR=" + dir, "LOKI_RULES=" + filepath.Join(dir, "rules"), "LOKI_PORT=" + http, "LOKI_GRPC_PORT=" + grpc, "HOME=" + dir,
		"ALERTMANAGER_URL=" + alertmanager}
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait() // killed: its code says nothing
		_ = log.Close()
	})
	address = "http://127.0.0.1:" + http
	ctx, cancel := context.WithTimeout(ctx, 2*startTime)
	defer cancel()
	if _, err := again(ctx, func() (bool, error) { return true, ready200(ctx, address+"/ready") }); err != nil {
		said, _ := os.ReadFile(log.Name())
		t.Fatalf("Loki: %v\n%s", err, said)
	}
	return address
}

// ready200 asks whether an address answers 200.
func ready200(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return errors.Join(errAgain, err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: it answers %d", errAgain, response.StatusCode)
	}
	return nil
}

// freePorts are two that nobody has now.
func freePorts(t *testing.T) (one, two string) {
	t.Helper()
	var ports []string
	for range 2 {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close() //nolint:errcheck // held until both are chosen
		ports = append(ports, strings.TrimPrefix(listener.Addr().String(), "127.0.0.1:"))
	}
	return ports[0], ports[1]
}
