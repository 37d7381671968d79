// Package deploy_test builds what goes into the images, and runs the images
// where a container engine is.
package deploy_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// services are those that have an image.
var services = []string{"api", "worker", "webhook", "migrate", "navigator"}

// contents lays out services' images in a folder of its own, from a clone of
// the repository at another path than the last one.
func contents(t *testing.T, services ...string) string {
	t.Helper()
	clone, out := filepath.Join(t.TempDir(), "clone"), t.TempDir()
	run(t, "..", "git", "clone", "--quiet", "--no-checkout", ".", clone)
	run(t, clone, "git", "checkout", "--quiet", run(t, "..", "git", "rev-parse", "HEAD"))
	fetched, err := filepath.Abs("../.local/pdfium")
	if err := errors.Join(err, os.Mkdir(filepath.Join(clone, ".local"), 0o700), os.Symlink(fetched, filepath.Join(clone, ".local", "pdfium"))); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "deploy/images.sh", append([]string{"contents"}, services...)...)
	command.Dir, command.Env = clone, append(os.Environ(), "OUT="+out)
	text, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
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

// TestImages: two clones of one commit, in two folders, give the same bytes and
// the same layers. The images are made of nothing but what was laid out, and
// are somebody without rights; and a release of them, from its doctor to a
// document that is complete, works in containers that may write nowhere.
func TestImages(t *testing.T) {
	t.Parallel()
	e, none := openEngine(t)
	built := services
	if none != nil {
		built = []string{"webhook"}
	}
	one, two := contents(t, built...), contents(t, "webhook")
	t.Run("reproducible contents", func(t *testing.T) { same(t, filepath.Join(one, "webhook"), filepath.Join(two, "webhook")) })
	t.Run("engine", func(t *testing.T) {
		if none != nil {
			// An engine is a service of the machine: only root may start one, and a
			// build of Debian's does not run everywhere. CI installs and starts it.
			t.Skipf("SKIPPED: no image was built or run: %v", none)
		}
		h := &hold{engine: e, tags: map[string]string{}}
		for _, service := range services {
			h.build(t, service, filepath.Join(one, service))
			h.holds(t, service, filepath.Join(one, service))
		}
		t.Run("FM-042: built again", func(t *testing.T) { h.again(t, filepath.Join(one, "webhook"), filepath.Join(two, "webhook")) })
		t.Run("P-001, P-005, P-port, FM-011b, FM-041, C-19: a release", h.release)
	})
}

// same compares what was laid out twice.
func same(t *testing.T, one, two string) {
	for _, name := range []string{"app", "sbom.json", "root/pdfium.wasm", "Dockerfile"} {
		a, errA := os.ReadFile(filepath.Join(one, name)) //nolint:gosec // what was just built
		b, errB := os.ReadFile(filepath.Join(two, name)) //nolint:gosec // likewise
		if errA != nil || errB != nil || len(a) == 0 || !bytes.Equal(a, b) {
			t.Errorf("%s differs between two builds of one commit (%v, %v)", name, errA, errB)
		}
	}
	listed(t, one)
}

// listed holds the bill of materials beside a program to what is linked in it,
// and the program to the commit.
func listed(t *testing.T, dir string) {
	t.Helper()
	info, err := buildinfo.ReadFile(filepath.Join(dir, "app"))
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		Components []struct{ Name string }
	}
	text, err := os.ReadFile(filepath.Join(dir, "sbom.json")) //nolint:gosec // what was just built
	if err := errors.Join(err, json.Unmarshal(text, &bill)); err != nil {
		t.Fatal(err)
	}
	want, got, settings := []string{"std"}, []string{}, map[string]string{}
	for _, module := range info.Deps {
		want = append(want, module.Path)
	}
	for _, component := range bill.Components {
		got = append(got, component.Name)
	}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 10 {
		t.Errorf("the bill of materials is not what is linked: %s", diff)
	}
	head := run(t, "..", "git", "rev-parse", "HEAD")
	if settings["vcs.revision"] != head || settings["vcs.modified"] != "false" || settings["CGO_ENABLED"] != "0" || settings["-tags"] != "timetzdata" {
		t.Errorf("the program is built of %v", settings)
	}
}

// hold is the images under test.
type hold struct {
	*engine
	tags map[string]string // by service
}

// build makes an image, which goes with the test.
func (h *hold) build(t *testing.T, service, dir string) {
	t.Helper()
	tag := "navigator-test/" + service + ":" + strings.ToLower(rand.Text())
	h.must(t, "build", "--quiet", "--tag", tag, dir)
	t.Cleanup(func() { _, _ = h.call(context.Background(), "rmi", "--force", tag) }) // the engine may be gone, and the image with it
	h.tags[service] = tag
}

// inspected is what the engine tells of an image.
type inspected struct {
	ID      string `json:"Id"`
	Size    int64
	Created string
	RootFS  struct{ Layers []string }
	Config  struct {
		User         string
		Labels       map[string]string
		Volumes      map[string]struct{}
		Entrypoint   []string
		ExposedPorts map[string]struct{}
		Healthcheck  *struct{ Test []string }
	}
}

func (h *hold) inspect(t *testing.T, tag string) (i inspected) {
	t.Helper()
	if err := json.Unmarshal([]byte(h.must(t, "inspect", "--type", "image", "--format", "{{json .}}", tag)), &i); err != nil {
		t.Fatal(err)
	}
	return i
}

// mostBytes is what an image may have: the program and the PDF reader.
const mostBytes = 90 << 20

// holds compares an image with what it was made of.
func (h *hold) holds(t *testing.T, service, dir string) {
	t.Helper()
	i, head := h.inspect(t, h.tags[service]), run(t, "..", "git", "rev-parse", "HEAD")
	labels := map[string]string{"title": "navigator-" + service, "description": "Document ingestion for insurance papers: " + service,
		"source": "https://github.com/insurance-navigator/navigator", "version": head[:12], "revision": head}
	for name, want := range labels {
		if got := i.Config.Labels["org.opencontainers.image."+name]; got != want {
			t.Errorf("%s: the label %s is %q and not %q", service, name, got, want)
		}
	}
	created, err := time.Parse(time.RFC3339, i.Config.Labels["org.opencontainers.image.created"])
	if err != nil || strconv.FormatInt(created.Unix(), 10) != run(t, "..", "git", "show", "-s", "--format=%ct", "HEAD") {
		t.Errorf("%s: it says that it is of %v, %v", service, created, err)
	}
	if _, ok := i.Config.Volumes["/tmp"]; i.Config.User != "65532:65532" || !ok || !slices.Equal(i.Config.Entrypoint, []string{"/app"}) || i.Size > mostBytes || len(i.RootFS.Layers) != 2 {
		t.Errorf("%s: the image is %+v", service, i)
	}
	serves := service != "migrate" && service != "navigator"
	if (i.Config.Healthcheck != nil) != serves || (len(i.Config.ExposedPorts) > 0) != serves || serves && !slices.Equal(i.Config.Healthcheck.Test, []string{"CMD", "/app", "healthcheck"}) {
		t.Errorf("%s: its health is asked by %+v, its ports are %v", service, i.Config.Healthcheck, i.Config.ExposedPorts)
	}
	listed(t, dir)
	files := h.files(t, h.tags[service])
	for path, name := range map[string]string{"app": "app", "pdfium.wasm": "root/pdfium.wasm", "etc/ssl/certs/ca-certificates.crt": "root/etc/ssl/certs/ca-certificates.crt"} {
		laid, err := os.ReadFile(filepath.Join(dir, name)) //nolint:gosec // what was just built
		if err != nil || files[path] != sum(laid) {
			t.Errorf("%s: %s is not the one that was laid out (%v)", service, path, err)
		}
		delete(files, path)
	}
	if len(files) > 0 {
		t.Errorf("%s: more lies in it than was laid out: %v", service, files)
	}
	t.Logf("%s: %.1f MB, %s", service, float64(i.Size)/1e6, i.ID)
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// engines are the files that the engine itself puts into each container.
var engines = []string{".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/resolv.conf"}

// files are an image's, by path, with the sum of each.
func (h *hold) files(t *testing.T, tag string) map[string]string {
	t.Helper()
	container := h.must(t, "create", "--network", "none", tag)
	defer h.must(t, "rm", "--volumes", container)
	out, err := h.call(t.Context(), "export", container)
	if err != nil {
		t.Fatal(err)
	}
	found, all := map[string]string{}, tar.NewReader(strings.NewReader(out))
	for {
		head, err := all.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if head.Typeflag != tar.TypeReg || slices.Contains(engines, head.Name) {
			continue
		}
		data, err := io.ReadAll(all)
		if err != nil {
			t.Fatal(err)
		}
		found[head.Name] = sum(data)
	}
}

// again builds the webhook once more, which takes what the engine has kept, and
// that of the other clone without: its layers are the same. The image's own id
// is not, since the engine writes the time of building into it.
func (h *hold) again(t *testing.T, same, other string) {
	one, tag := h.inspect(t, h.tags["webhook"]), h.tags["webhook"]+"-again"
	t.Cleanup(func() { _, _ = h.call(context.Background(), "rmi", "--force", tag) }) // as above
	h.must(t, "build", "--quiet", "--tag", tag, same)
	if kept := h.inspect(t, tag); kept.ID != one.ID {
		t.Errorf("the same is built anew: %s and %s", one.ID, kept.ID)
	}
	h.must(t, "build", "--quiet", "--no-cache", "--tag", tag, other)
	two := h.inspect(t, tag)
	if diff := cmp.Diff(one.RootFS, two.RootFS); diff != "" {
		t.Errorf("the layers of two builds differ: %s", diff)
	}
	if diff := cmp.Diff(one.Config, two.Config); diff != "" {
		t.Errorf("the settings of two builds differ: %s", diff)
	}
}
