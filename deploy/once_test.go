package deploy_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// buildFlags finds how the images' programs are built.
var buildFlags = regexp.MustCompile(`(?m)^\tgo build (.+) -o "\$dir/app"`)

// FM-042: flags that contradicted each other made every build a whole one. Here
// a program is built in one place, by Go and its cache; an engine only copies.
func TestFM042_ProgramsAreBuiltInOnePlace(t *testing.T) {
	t.Parallel()
	var building []string
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && (name == "node_modules" || strings.HasPrefix(name, ".") && path != "." && name != ".github" && name != ".ci"):
			return filepath.SkipDir
		case !strings.HasPrefix(name, "Dockerfile") && !strings.HasSuffix(name, ".sh") && !strings.HasSuffix(name, ".yaml") && name != "Makefile":
			return nil
		}
		text, err := os.ReadFile(filepath.Join("..", path))
		if strings.Contains(string(text), "--no-cache") {
			t.Errorf("%s forbids a cache", path)
		}
		if strings.HasPrefix(d.Name(), "Dockerfile") && regexp.MustCompile(`(?mi)^\s*RUN\b`).Match(text) {
			t.Errorf("%s runs something: what goes into an image is laid out before", path)
		}
		if buildFlags.Match(text) {
			building = append(building, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"deploy/images.sh"}, building); diff != "" {
		t.Errorf("where images' programs are built (-want +got):\n%s", diff)
	}
}

// FM-042: the second build of the same sources compiles nothing.
func TestFM042_ASecondBuildCompilesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: -short: builds a service")
	}
	script, err := os.ReadFile("images.sh")
	if err != nil {
		t.Fatal(err)
	}
	flags := buildFlags.FindStringSubmatch(string(script))
	if flags == nil {
		t.Fatal("deploy/images.sh does not say how a program is built")
	}
	compiledOf(t, "..", flags[1], "./cmd/webhook")
	if n := compiledOf(t, "..", flags[1], "./cmd/webhook"); n != 0 {
		t.Errorf("the second build compiled %d packages", n)
	}
	// What is counted can be seen: a program that nobody built is compiled.
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module fresh\n", "main.go": "package main\n\nfunc main() { println(`" + dir + "`) }\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n := compiledOf(t, dir, "-trimpath", "."); n == 0 {
		t.Error("a new program compiled nothing: the test sees no compiler")
	}
}

// compiledOf builds a program of a folder and counts the packages that were
// compiled for it, and not taken from the cache.
func compiledOf(t *testing.T, dir, flags, program string) int {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh", "-c", "exec go build -x "+flags+` -o "$APP" `+program) //nolint:gosec // out of our own script
	command.Dir = dir
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOOS=linux", "APP="+filepath.Join(t.TempDir(), "app"))
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out[max(0, len(out)-2000):])
	}
	return strings.Count(string(out), "/compile -o ")
}
