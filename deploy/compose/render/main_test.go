package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// rendered is the folder after a first run.
func rendered(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := render("../../..", dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, parts ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Secrets are drawn once, each another, and kept from then on.
func TestSecretsAreDrawnOnce(t *testing.T) {
	t.Parallel()
	dir := rendered(t)
	env, key := read(t, dir, "env"), read(t, dir, "auth_signing_key.pem")
	if a, b := value(env, "POSTGRES_PASSWORD"), value(env, "REDIS_PASSWORD"); len(a) != 52 || a == b || bytes.Contains(env, []byte("=draw")) {
		t.Errorf("the secrets are not drawn: %d letters, the same: %t", len(a), a == b)
	}
	if err := render("../../..", dir); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(env, read(t, dir, "env")) || !bytes.Equal(key, read(t, dir, "auth_signing_key.pem")) {
		t.Error("a second run drew other secrets")
	}
}

// checked runs a checker, or says that it was not.
func checked(t *testing.T, pkg, program string, args ...string) {
	t.Helper()
	found, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("NOT checked: %s is not installed here (Debian package %s)", program, pkg)
	}
	command := exec.CommandContext(t.Context(), found, args...)
	command.Env = append(os.Environ(), "NAVIGATOR_TAG=test")
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v: %s", program, strings.Join(args, " "), err, out)
	}
}

func TestPrometheusReadsItsConfiguration(t *testing.T) {
	t.Parallel()
	dir := rendered(t)
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yaml"), read(t, "../prometheus.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	checked(t, "prometheus", "promtool", "check", "config", filepath.Join(dir, "prometheus.yaml"))
}

func TestTheAlertmanagerReadsItsConfiguration(t *testing.T) {
	t.Parallel()
	checked(t, "prometheus-alertmanager", "amtool", "check-config", filepath.Join(rendered(t), "alertmanager.yaml"))
}

func TestTheProberReadsItsConfiguration(t *testing.T) {
	t.Parallel()
	checked(t, "prometheus-blackbox-exporter", "prometheus-blackbox-exporter", "--config.check", "--config.file=../blackbox.yaml")
}

// Compose itself reads the file; no engine is needed for that.
func TestComposeReadsItsFile(t *testing.T) {
	t.Parallel()
	dir := rendered(t)
	env := strings.Replace(string(read(t, dir, "env")), "OPENAI_API_KEY=", "OPENAI_API_KEY=sk-test", 1)
	if err := os.WriteFile(filepath.Join(dir, "env"), []byte(env), 0o600); err != nil {
		t.Fatal(err)
	}
	checked(t, "docker-compose", "docker-compose", "--file", "../compose.yaml", "--env-file", filepath.Join(dir, "env"), "config", "--quiet")
}
