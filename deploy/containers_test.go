package deploy_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/llamaparse/llamaparsetest"
	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/adapters/tiktoken"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// site is a deployment of the images: containers on this machine's network,
// with an empty database and an outside of the test's own.
type site struct {
	*hold
	house    *dbtest.DB
	settings map[string]string
}

// openSite opens the outside, before any service runs.
func (h *hold) openSite(t *testing.T) *site {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	reader, err := pdftext.Load(t.Context(), pdftext.DefaultPath(), pdftext.WithCache(filepath.Join(cache, "navigator", "wazero")))
	if err != nil {
		t.Fatal(err)
	}
	counter, err := tiktoken.New()
	if err != nil {
		t.Fatal(err)
	}
	llama := llamaparsetest.New(llamaparsetest.Options{Extractor: reader, Key: "llx-test", AllowLoopback: true})
	openai, err := openaitest.New(openaitest.Options{Counter: counter, Key: "sk-test"})
	if err != nil {
		t.Fatal(err)
	}
	supa, err := supabasetest.New(supabasetest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	pem, err := localauth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	parser, embedder, storage := httptest.NewServer(llama), httptest.NewServer(openai), httptest.NewServer(supa)
	t.Cleanup(func() { llama.Close(); parser.Close(); embedder.Close(); storage.Close() })
	ports := map[string]string{"PORT": free(t), "WEBHOOK_PORT": free(t), "WORKER_PORT": free(t)}
	s := &site{hold: h, house: dbtest.New(t, nil), settings: ports}
	maps.Copy(s.settings, map[string]string{
		"LISTEN_HOST": "127.0.0.1", "AUTH_SIGNING_KEY": pem, "WEBHOOK_MASTER_KEY": rand.Text() + rand.Text(), "WEBHOOK_URL": "http://127.0.0.1:" + ports["WEBHOOK_PORT"],
		"LLAMAPARSE_API_URL": parser.URL, "LLAMAPARSE_API_KEY": "llx-test", "OPENAI_API_URL": embedder.URL + "/v1", "OPENAI_API_KEY": "sk-test",
		"SUPABASE_URL": storage.URL, "SUPABASE_SERVICE_ROLE_KEY": supabasetest.DefaultSecretKey,
	})
	return s
}

// free is a port that nobody has.
func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // nothing was sent
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// locked is how every container runs: nobody, without rights, on a root that
// cannot be written, as the task definitions of the cloud have it.
var locked = []string{"--pull", "never", "--network", "host", "--read-only", "--tmpfs", "/tmp:uid=65532,gid=65532,mode=0700", "--cap-drop", "ALL",
	"--security-opt", "no-new-privileges", "--memory", "1g", "--pids-limit", "256"}

// start is the command that runs a service's image, and what it is set to.
func (s *site) start(service string, more []string, settings map[string]string, command ...string) (args, environ []string) {
	args = append(append([]string{"run"}, locked...), more...)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args, environ = append(args, "--env", name), append(environ, name+"="+settings[name])
	}
	return append(append(args, s.tags[service]), command...), environ
}

// once runs a container to its end.
func (s *site) once(t *testing.T, service string, settings map[string]string, command ...string) (string, error) {
	t.Helper()
	args, environ := s.start(service, []string{"--rm"}, settings, command...)
	return s.callWith(t.Context(), environ, args...)
}

// with is the settings of a service, with its own login.
func (s *site) with(role string) map[string]string {
	own := maps.Clone(s.settings)
	own["DATABASE_URL"] = s.house.URL(role)
	return own
}

// logins are the services' own, doors the settings of their ports.
var (
	logins = map[string]string{"api": "inav_app", "worker": "inav_worker", "webhook": "inav_worker"}
	doors  = map[string]string{"api": "PORT", "worker": "WORKER_PORT", "webhook": "WEBHOOK_PORT"}
)

// release goes the way of a release: migration, doctor, services, smoke test,
// stop.
func (h *hold) release(t *testing.T) {
	s := h.openSite(t)
	s.probe(t)
	if out, err := s.once(t, "migrate", map[string]string{"MIGRATE_DATABASE_URL": s.house.SuperURL()}); err != nil {
		t.Fatalf("the migration: %v: %s", err, out)
	}
	for service, port := range doors {
		if out, err := s.once(t, service, map[string]string{port: s.settings[port]}, "healthcheck"); err == nil || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("the health of a %s that does not run: %v, %s", service, err, out)
		}
		if out, err := s.once(t, service, nil); err == nil || !strings.Contains(err.Error(), "DATABASE_URL") {
			t.Errorf("FM-022a, a %s without settings: %v, %s", service, err, out)
		}
		settings := s.with(logins[service])
		if out, err := s.once(t, "navigator", settings, "doctor", "preflight", "--service", service); err != nil {
			t.Errorf("the doctor before the %s: %v\n%s", service, err, out)
		}
	}
	containers := s.serve(t)
	out, err := s.once(t, "navigator", map[string]string{"HOME": "/tmp"}, "smoke", "--deployed", "--yes", "--pages", "1", "--url", "http://127.0.0.1:"+s.settings["PORT"],
		"--release", run(t, "..", "git", "rev-parse", "HEAD")[:12])
	if err != nil {
		t.Errorf("no document becomes complete: %v\n%s", err, out)
	}
	t.Log(out)
	s.stop(t, containers)
}

// serve starts the three services and waits until the engine itself calls them
// healthy, and they are ready. It gives their containers.
func (s *site) serve(t *testing.T) map[string]string {
	t.Helper()
	containers := map[string]string{}
	for service, role := range logins {
		args, environ := s.start(service, []string{"--detach", "--health-interval", "1s"}, s.with(role))
		container, err := s.callWith(t.Context(), environ, args...)
		if err != nil {
			t.Fatal(err)
		}
		containers[service] = container
		t.Cleanup(func() { _, _ = s.call(context.Background(), "rm", "--force", "--volumes", container) }) // may be gone with its engine
	}
	ctx, cancel := context.WithTimeout(t.Context(), serviceStart)
	defer cancel()
	again := time.NewTicker(300 * time.Millisecond) // a state is asked for, as an orchestrator does
	defer again.Stop()
	for service, container := range containers {
		for state, ready := "", false; state != "running healthy" || !ready; <-again.C {
			var err error
			if state, err = s.call(ctx, "inspect", "--format", "{{.State.Status}} {{.State.Health.Status}}", container); err != nil || strings.HasPrefix(state, "exited") {
				t.Fatalf("the %s is %q, %v:\n%s", service, state, err, s.log(container))
			}
			ready = answers(ctx, "http://127.0.0.1:"+s.settings[doors[service]]+"/readyz")
		}
	}
	return containers
}

// serviceStart bounds the start of three services at once, of which each
// compiles its PDF reader anew.
const serviceStart = 3 * time.Minute

// answers reports whether an address answers with 200.
func answers(ctx context.Context, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// log is the end of what a container has said.
func (s *site) log(container string) string {
	var out strings.Builder
	cmd := exec.CommandContext(context.Background(), "docker", "logs", "--tail", "30", container) //nolint:gosec // of this test
	cmd.Env, cmd.Stdout, cmd.Stderr = s.environ, &out, &out
	if err := cmd.Run(); err != nil {
		return err.Error()
	}
	return out.String()
}

// stop ends the services as an orchestrator does, by SIGTERM: all of them end in
// order, and none was ended for its memory.
func (s *site) stop(t *testing.T, containers map[string]string) {
	t.Helper()
	var all sync.WaitGroup
	for service, container := range containers {
		all.Go(func() {
			if _, err := s.call(t.Context(), "stop", "--time", "40", container); err != nil {
				t.Error(err)
			}
			ended, err := s.call(t.Context(), "inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", container)
			if err != nil || ended != "0 false" {
				t.Errorf("after SIGTERM the %s ends with %q, %v:\n%s", service, ended, err, s.log(container))
			}
		})
	}
	all.Wait()
}

// probe runs a program of its own in each image, in the service's place, and
// holds what that can do to nothing but writing to /tmp. It skips what follows
// where the containers do not share this machine's network.
func (s *site) probe(t *testing.T) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "probe")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./testdata/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Chmod(filepath.Dir(program), 0o755); err != nil { //nolint:gosec // nobody has to read it
		t.Fatal(err)
	}
	database, err := url.Parse(s.house.SuperURL())
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range services {
		args, _ := s.start(service, []string{"--rm", "--volume", program + ":/probe:ro", "--entrypoint", "/probe"}, nil, database.Host)
		var seen struct {
			UID, GID                    int
			Groups                      []int
			Status                      map[string]string
			Root, Program, Tmp, Reached string
			Trusted                     bool
		}
		if err := json.Unmarshal([]byte(s.must(t, args...)), &seen); err != nil {
			t.Fatal(err)
		}
		const readOnly, none = "read-only file system", "0000000000000000"
		if seen.UID != 65532 || seen.GID != 65532 || seen.Root != readOnly || seen.Program == "" || seen.Tmp != "" || !seen.Trusted ||
			seen.Status["CapEff"] != none || seen.Status["CapBnd"] != none || seen.Status["NoNewPrivs"] != "1" || seen.Status["Seccomp"] != "2" {
			t.Errorf("in the %s's image a program is %+v", service, seen)
		}
		if seen.Reached != "" {
			// An engine on another machine, or without this one's network, cannot reach
			// the PostgreSQL and the fakes that run here for the test.
			t.Skipf("SKIPPED: the images were built and not run: the engine's containers do not reach this machine's own services: %s", seen.Reached)
		}
	}
}
