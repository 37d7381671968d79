package faulttest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
	"github.com/insurance-navigator/navigator/deploy/rollout"
)

// here is a rollout.Platform of this machine's processes. Its one trigger is
// the one that undoes a release at AWS: more than a tenth of the answers that
// clients got are 5xx, of more than twenty.
type here struct {
	*deployment
	tool    string
	bins    map[string]string // a release's folder of programs
	broken  map[string]string // a setting that a release alone has
	serving []rollout.Release // the last one serves
	turn    int

	answers, failures atomic.Int64
	seen              [2]int64
	seenAnswer        chan struct{}
}

// Running is rollout.Platform.
func (h *here) Running(context.Context) (rollout.Release, error) {
	return h.serving[len(h.serving)-1], nil
}

// Before is rollout.Platform.
func (h *here) Before(context.Context, rollout.Release) (rollout.Release, error) {
	if len(h.serving) < 2 {
		return rollout.Release{}, errors.New("nothing was before it")
	}
	return h.serving[len(h.serving)-2], nil
}

// Prepare is rollout.Platform.
func (h *here) Prepare(_ context.Context, name string, _ rollout.Release) (rollout.Release, error) {
	return rollout.Release{Name: name}, nil
}

// Preflight is rollout.Platform: the doctor as a program of its own.
func (h *here) Preflight(ctx context.Context, r rollout.Release) error {
	for _, service := range services {
		env := append(h.environ(h.db.URL), "PDFIUM_WASM="+pdftext.DefaultPath())
		if service != "api" { // the only one that logs in by it
			env = append(env, "DATABASE_URL="+h.db.URL("inav_worker"))
		}
		if odd := h.broken[r.Name]; odd != "" {
			env = append(env, odd)
		}
		cmd := exec.CommandContext(ctx, h.tool, "doctor", "preflight", "--service", service) //nolint:gosec // built here
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", service, err, out)
		}
	}
	return nil
}

// Migrate is rollout.Platform.
func (h *here) Migrate(ctx context.Context, _ rollout.Release) error {
	return db.Migrate(ctx, h.db.SuperURL())
}

// Roll is rollout.Platform: the new processes beside the old ones, and these
// away when all of those serve.
func (h *here) Roll(_ context.Context, r rollout.Release) error {
	h.turn++
	parts := map[string]string{}
	for _, service := range services {
		name := fmt.Sprintf("%s-%d", service, h.turn)
		if _, err := h.launch(filepath.Join(h.bins[r.Name], service), name); err != nil {
			return errors.Join(err, h.end(parts))
		}
		parts[service] = name
	}
	old := h.serving
	h.serving = append(h.serving, rollout.Release{Name: r.Name, Parts: parts})
	if len(old) == 0 {
		return nil
	}
	return h.end(old[len(old)-1].Parts)
}

func (h *here) end(parts map[string]string) (err error) {
	for _, service := range services {
		if p := h.process(parts[service]); p != nil {
			err = errors.Join(err, p.stop())
		}
	}
	return err
}

// Smoke is rollout.Platform: the tool's own.
func (h *here) Smoke(ctx context.Context, r rollout.Release) error {
	cmd := exec.CommandContext(ctx, h.tool, "smoke", "--deployed", "--yes", "--pages", "1", "--url", h.front(), "--release", r.Name) //nolint:gosec // built here
	cmd.Env = []string{"HOME=" + h.t.TempDir()}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// Triggers is rollout.Platform: of what was answered since the last look.
func (h *here) Triggers(context.Context) ([]rollout.Trigger, error) {
	now := [2]int64{h.answers.Load(), h.failures.Load()}
	answers, failures := now[0]-h.seen[0], now[1]-h.seen[1]
	h.seen = now
	return []rollout.Trigger{{Name: "errors", Action: rollout.Undo, Firing: answers > 20 && 10*failures > answers}}, nil
}

// passing is a rollout.Clock, which passes by what clients get done: a
// look at the triggers comes after thirty further answers.
type passing struct {
	*here
	now time.Time
}

// Now is rollout.Clock.
func (b *passing) Now() time.Time { return b.now }

// Wait is rollout.Clock.
func (b *passing) Wait(ctx context.Context, d time.Duration) error {
	for range 30 {
		select {
		case <-b.seenAnswer:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.now = b.now.Add(d)
	return nil
}

// browse lists a person's documents, as a page does, for as long as somebody
// looks at the answers and ctx has not ended, and counts these.
func (h *here) browse(ctx context.Context, person *client) {
	for ctx.Err() == nil {
		_, err := person.send(ctx, http.MethodGet, "/documents?limit=1", nil, nil)
		if ctx.Err() != nil {
			return
		}
		if h.answers.Add(1); err != nil {
			h.failures.Add(1)
		}
		select {
		case h.seenAnswer <- struct{}{}:
		case <-ctx.Done():
		}
	}
}

// spoiled builds a release of today's commit whose lists fail, which no smoke
// test asks for; a commit of its own names it.
func spoiled(t *testing.T) (name, bin string) {
	t.Helper()
	dir := unpacked(t, "HEAD")
	path := filepath.Join(dir, "adapters/httpapi/list.go")
	text, err := os.ReadFile(path) //nolint:gosec // unpacked here
	if err != nil {
		t.Fatal(err)
	}
	const head = "func (a *api) list(ctx context.Context, in *listInput) (*listOutput, error) {\n"
	if strings.Count(string(text), head) != 1 {
		t.Fatal("the list is not where it was")
	}
	bad := strings.Replace(string(text), head, head+"\tif in != nil {\n\t\treturn nil, core.Fail(core.CodeInternal, nil)\n\t}\n", 1)
	if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	within(t, dir, "git", "init", "-q")
	within(t, dir, "git", "add", "-A")
	within(t, dir, "git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "Fail lists")
	bin = filepath.Join(dir, ".git", "bin") // where it makes no file of the tree
	within(t, dir, "go", "build", "-trimpath", "-buildvcs=true", "-o", bin+string(filepath.Separator), "./cmd/api", "./cmd/worker", "./cmd/webhook")
	out, err := exec.CommandContext(t.Context(), "git", "-C", dir, "rev-parse", "HEAD").Output() //nolint:gosec // made here
	if err != nil {
		t.Fatal(err)
	}
	return string(out[:12]), bin
}

// serves asks a deployment for its release.
func (h *here) serves(ctx context.Context) string {
	h.t.Helper()
	r, err := (&client{w: h.world}).send(ctx, http.MethodGet, "/health", nil, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return r.text("version")
}

// Releases under load: one whose preflight fails touches nothing; one that does
// not start, and one that answers with 5xx where the smoke test does not look,
// are rolled back; the former one is proved again, and no document is lost.
func TestFM016_ABadReleaseIsRolledBackUnderLoad(t *testing.T) {
	t.Parallel()
	if _, err := git(t.Context(), "rev-parse", "HEAD"); err != nil {
		t.Skipf("NOT TESTED: a rollout needs git and the repository, to build a bad release: %v", err)
	}
	tool := filepath.Join(t.TempDir(), "navigator")
	within(t, root, "go", "build", "-o", tool, "./cmd/navigator")
	bad, bin := spoiled(t)
	good := filepath.Dir(binary(t, "api"))
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute) // from when all is built
	defer cancel()
	h := &here{deployment: &deployment{world: newWorld(t, dbtest.New(t, db.Schemas{})), turns: make(chan struct{}, 1)},
		tool: tool, seenAnswer: make(chan struct{}),
		bins:   map[string]string{"": good, bad: bin, "no-start": t.TempDir(), "no-key": good},
		broken: map[string]string{"no-key": "OPENAI_API_KEY=sk-of-nobody"}}
	if err := h.Roll(ctx, rollout.Release{}); err != nil {
		t.Fatal(err)
	}
	former, d := h.serves(ctx), &diary{}
	h.serving[0].Name, h.bins[former] = former, good
	calm := h.underLoad(ctx, t, d)
	for _, c := range []struct{ release, told string }{
		{"no-key", "preflight, and nothing was changed: worker"},
		{"no-start", "rolled back to " + former + ": roll: "},
		{bad, "rolled back to " + former + ": a trigger fired that was quiet before the release: errors; " + former + " is smoke-tested again"},
	} {
		r := rollout.Rollout{Platform: h, Clock: &passing{here: h, now: time.Now()}, Watch: 15 * time.Minute, Every: time.Minute, Say: t.Logf}
		err := r.Release(ctx, c.release)
		if serves := h.serves(ctx); err == nil || !strings.Contains(err.Error(), c.told) || serves != former {
			t.Errorf("%s: %s serves, %v", c.release, serves, err)
		}
	}
	if err := h.further(ctx, 2); err != nil {
		t.Errorf("after it all: %v", err)
	}
	calm()
	found := h.lost(ctx, t, d)
	t.Logf("rollout: %d documents, %d lists, %d of them failed, %d violations", h.done.Load(), h.answers.Load(), h.failures.Load(), found)
}

// underLoad has users upload, and one look at lists.
func (h *here) underLoad(ctx context.Context, t *testing.T, d *diary) (calm func()) {
	t.Helper()
	uploaded := h.load(ctx, t, d)
	looking, stop := context.WithCancel(ctx)
	var reader sync.WaitGroup
	reader.Go(func() { h.browse(looking, h.people[0]) })
	return func() { uploaded(); stop(); reader.Wait() }
}
