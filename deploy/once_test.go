package deploy_test

import (
	"debug/elf"
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
var buildFlags = regexp.MustCompile(`(?m)^\tgo build (.+) -o "\$`)

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
	flags := imageFlags(t)
	compiledOf(t, "..", flags, t.TempDir(), "./cmd/webhook")
	if n := compiledOf(t, "..", flags, t.TempDir(), "./cmd/webhook"); n != 0 {
		t.Errorf("the second build compiled %d packages", n)
	}
	// What is counted can be seen: a program that nobody built is compiled.
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module fresh\n", "main.go": "package main\n\nfunc main() { println(`" + dir + "`) }\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n := compiledOf(t, dir, "-trimpath", t.TempDir(), "."); n == 0 {
		t.Error("a new program compiled nothing: the test sees no compiler")
	}
}

// What each program says of an empty place without settings: the services
// nobody there, migrate and the tool that they are not set up.
var alone = map[string][2]string{
	"api": {"healthcheck", "connection refused"}, "worker": {"healthcheck", "connection refused"}, "webhook": {"healthcheck", "connection refused"},
	"migrate": {"", "DATABASE_URL"}, "navigator": {"config check api", "DATABASE_URL"},
}

// Images lacked a module, or had one that did not fit: each was put together in
// its own way. Here a service is one file. It needs no library, and starts where
// nothing else is.
func TestP001_FM011b_C19_P005_FM041_EveryProgramIsOneFileThatStarts(t *testing.T) {
	out, programs := t.TempDir(), []string{}
	for name := range alone {
		programs = append(programs, "./cmd/"+name)
	}
	compiledOf(t, "..", imageFlags(t), out, programs...)
	for name, c := range alone {
		program := filepath.Join(out, name)
		file, err := elf.Open(program)
		if err != nil {
			t.Fatal(err)
		}
		if libraries, err := file.ImportedLibraries(); err != nil || len(libraries) != 0 || file.Section(".interp") != nil {
			t.Errorf("%s needs libraries: %v, %v", name, libraries, err)
		}
		_ = file.Close()
		command := exec.CommandContext(t.Context(), program, strings.Fields(c[0])...) //nolint:gosec // what was just built
		command.Dir, command.Env = t.TempDir(), []string{"PORT=1", "WEBHOOK_PORT=1", "WORKER_PORT=1"}
		if said, err := command.CombinedOutput(); command.ProcessState.ExitCode() != 1 || !strings.Contains(string(said), c[1]) {
			t.Errorf("%s %s: %v, %s; want it to start and to say %s", name, c[0], err, said, c[1])
		}
	}
}

// imageFlags are what deploy/images.sh builds programs with.
func imageFlags(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile("images.sh")
	if err != nil {
		t.Fatal(err)
	}
	flags := buildFlags.FindSubmatch(script)
	if flags == nil {
		t.Fatal("deploy/images.sh does not say how a program is built")
	}
	return string(flags[1])
}

// compiledOf builds programs of a folder into another one, and counts the
// packages that were compiled for them, and not taken from the cache.
func compiledOf(t *testing.T, dir, flags, out string, programs ...string) int {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh", "-c", "exec go build -x "+flags+` -o "$OUT/" `+strings.Join(programs, " ")) //nolint:gosec // out of our own script
	command.Dir = dir
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOOS=linux", "OUT="+out)
	text, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text[max(0, len(text)-2000):])
	}
	return strings.Count(string(text), "/compile -o ")
}
