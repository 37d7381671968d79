// Command render writes what deploy/compose/compose.yaml mounts and asks for into
// .local/compose: the rules and the Alertmanager's tree for this machine, and,
// once, the secrets. It runs at the module's root.
package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/observability/alertmanager"
	"github.com/insurance-navigator/navigator/observability/prometheus"
)

const dir = ".local/compose"

// The sources, below the module's root.
const (
	example    = "deploy/compose/example.env"
	lokiAlerts = "observability/loki/rules/fake/alerts.yaml"
)

// settings are those of the rules where Compose runs them.
var settings = prometheus.Settings{Env: "compose", Dashboards: "http://localhost:3000",
	Runbooks: "https://github.com/insurance-navigator/navigator/blob/main/docs/runbooks"}

func main() {
	if err := render(".", dir); err != nil {
		fmt.Fprintln(os.Stderr, "compose:", err)
		os.Exit(1)
	}
}

func render(root, dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "rules"), 0o755); err != nil { //nolint:gosec // Prometheus reads it as another user
		return err
	}
	text, err := os.ReadFile(filepath.Join(root, example)) //nolint:gosec // of this tree
	if err != nil {
		return err
	}
	key := func() ([]byte, error) {
		pem, err := localauth.GenerateKey()
		return []byte(pem), err
	}
	err = errors.Join(
		once(filepath.Join(dir, "env"), 0o600, func() ([]byte, error) { return drawn(text), nil }),
		once(filepath.Join(dir, "auth_signing_key.pem"), 0o644, key), // read in the container as another user
	)
	if err != nil {
		return err
	}
	return rules(root, dir)
}

// once writes a file that is not there; one that is there is somebody's own.
func once(name string, mode fs.FileMode, text func() ([]byte, error)) error {
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	made, err := text()
	if err != nil {
		return err
	}
	return os.WriteFile(name, made, mode)
}

// drawn is the example with a secret in place of each word draw: 52 letters and
// digits, which need no quotes in an address.
func drawn(example []byte) []byte {
	var text bytes.Buffer
	for lines := bufio.NewScanner(bytes.NewReader(example)); lines.Scan(); {
		line := lines.Text()
		if name, found := strings.CutSuffix(line, "=draw"); found {
			line = name + "=" + rand.Text() + rand.Text()
		}
		text.WriteString(line + "\n")
	}
	return text.Bytes()
}

// rules writes the rules and the tree. The tree's receivers lie below ALERTS_URL of
// the env file.
func rules(root, dir string) error {
	env, err := os.ReadFile(filepath.Join(dir, "env")) //nolint:gosec // what was just written
	if err != nil {
		return err
	}
	tree, err := alertmanager.Local(value(env, "ALERTS_URL"))
	if err != nil {
		return err
	}
	files, err := prometheus.Files(settings)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, "rules", f.Name), []byte(f.Text), 0o644); err != nil { //nolint:gosec // no secret is in it
			return err
		}
	}
	if err := lokiRules(root, dir); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "alertmanager.yaml"), tree, 0o644) //nolint:gosec // no secret is in it
}

// lokiRules writes the alerts that Loki itself evaluates.
func lokiRules(root, dir string) error {
	text, err := os.ReadFile(filepath.Join(root, lokiAlerts)) //nolint:gosec // of this tree
	if err != nil {
		return err
	}
	to := filepath.Join(dir, "loki", "fake")       // Loki's name for its only tenant
	if err := os.MkdirAll(to, 0o755); err != nil { //nolint:gosec // Loki reads it as another user
		return err
	}
	filled := strings.NewReplacer("${runbooks}", settings.Runbooks, "${dashboards}", settings.Dashboards).Replace(string(text))
	return os.WriteFile(filepath.Join(to, "alerts.yaml"), []byte(filled), 0o644) //nolint:gosec // no secret is in it
}

// value is one of an env file's.
func value(env []byte, name string) string {
	for line := range strings.Lines(string(env)) {
		if found, is := strings.CutPrefix(strings.TrimSpace(line), name+"="); is {
			return found
		}
	}
	return ""
}
