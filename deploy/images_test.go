// Package deploy_test builds what goes into the images, and runs the images
// where a container engine is.
package deploy_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// contents lays out one service's image in a folder of its own, from a clone
// of the repository at another path than the last one.
func contents(t *testing.T, revision string) string {
	t.Helper()
	clone, out := filepath.Join(t.TempDir(), "clone"), t.TempDir()
	run(t, "..", "git", "clone", "--quiet", "--no-checkout", ".", clone)
	run(t, clone, "git", "checkout", "--quiet", revision)
	fetched, err := filepath.Abs("../.local")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(fetched, filepath.Join(clone, ".local")); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "deploy/images.sh", "contents", "webhook")
	command.Dir, command.Env = clone, append(os.Environ(), "OUT="+out)
	text, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out + "/webhook"
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = dir
	text, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, text)
	}
	return strings.TrimSpace(string(text))
}

// TestContentsAreReproducible: two clones of one commit, in two folders, give
// the same bytes.
func TestContentsAreReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: -short: builds a service twice")
	}
	head := run(t, "..", "git", "rev-parse", "HEAD")
	one, two := contents(t, head), contents(t, head)
	for _, name := range []string{"app", "sbom.json", "root/pdfium.wasm", "Dockerfile"} {
		a, errA := os.ReadFile(filepath.Join(one, name)) //nolint:gosec // what was just built
		b, errB := os.ReadFile(filepath.Join(two, name)) //nolint:gosec // likewise
		if errA != nil || errB != nil || len(a) == 0 || string(a) != string(b) {
			t.Errorf("%s differs between two builds of one commit (%v, %v)", name, errA, errB)
		}
	}
}

// engine skips where no container engine answers, and says so.
func engine(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: no container engine answers, so no image was built or run: %s", strings.TrimSpace(string(out)))
	}
}

// TestImageRuns: the image is built from nothing, is nobody, and its program
// starts on a read-only root without capabilities: it reads its settings and
// names what is missing, and its healthcheck finds nobody alive.
func TestImageRuns(t *testing.T) {
	engine(t)
	dir := contents(t, run(t, "..", "git", "rev-parse", "HEAD"))
	tag := "navigator-test/webhook:" + strings.ToLower(filepath.Base(filepath.Dir(filepath.Dir(dir))))
	command := exec.CommandContext(t.Context(), "docker", "build", "--quiet", "--tag", tag, "--build-arg", "SERVICE=webhook", "--build-arg", "VERSION=test", dir) //nolint:gosec // a folder of this test
	command.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.CommandContext(context.Background(), "docker", "rmi", "--force", tag).Run() }) //nolint:gosec // the image of this test
	if got := run(t, ".", "docker", "inspect", "--format", `{{.Config.User}} {{index .Config.Labels "org.opencontainers.image.title"}} {{.Config.Healthcheck.Test}}`, tag); got != "65532:65532 navigator-webhook [CMD /app healthcheck]" {
		t.Errorf("the image is %q", got)
	}
	for argument, want := range map[string]string{"": "WEBHOOK_MASTER_KEY", "healthcheck": "connection refused"} {
		args := []string{"run", "--rm", "--read-only", "--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "256m", tag}
		if argument != "" {
			args = append(args, argument)
		}
		out, err := exec.CommandContext(t.Context(), "docker", args...).CombinedOutput() //nolint:gosec // the image of this test
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%q: %v, %s; want it to fail and to name %s", argument, err, out, want)
		}
	}
}
