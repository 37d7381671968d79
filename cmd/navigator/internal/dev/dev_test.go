package dev_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/dev"
	"github.com/insurance-navigator/navigator/db/pgserver"
)

// terminal keeps what dev prints, and tells when it is ready.
type terminal struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ready chan struct{}
}

func (o *terminal) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.text.Write(p)
	if strings.Contains(string(p), "Ctrl-C stops everything") {
		close(o.ready)
	}
	return n, err
}

func (o *terminal) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// run starts dev; stop is its Ctrl-C.
func run(t *testing.T, o dev.Options) (stop func()) {
	t.Helper()
	out := &terminal{ready: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- dev.Run(ctx, out, o) }()
	select {
	case <-out.ready:
	case err := <-ended:
		cancel()
		t.Fatalf("dev ended: %v\n%s", err, out)
	case <-time.After(2 * time.Minute):
		cancel()
		t.Fatalf("dev is not ready\n%s", out)
	}
	if !strings.Contains(out.String(), "limits   request rates are 1000 times production's (RATE_FACTOR); uploads are not counted") {
		t.Errorf("dev does not say that its limits are wide:\n%s", out)
	}
	return sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the stop was not orderly: %v", err)
		}
	})
}

func options(dir string) dev.Options {
	// Any free ports; the fallback parser needs no callback to a known one.
	return dev.Options{Dir: dir, Environ: []string{"PORT=0", "WEBHOOK_PORT=0", "PARSER=pdftext", "PDFIUM_WASM=" + pdftext.DefaultPath()}}
}

// login signs the demo account in as the profile says, and tells its id.
func login(t *testing.T, dir string) (status int, id string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "navigator.json"))
	if err != nil {
		t.Fatal(err)
	}
	var profile struct{ URL, Email, Password string }
	if err := json.Unmarshal(text, &profile); err != nil {
		t.Fatal(err)
	}
	body, _ := json.Marshal(map[string]string{"email": profile.Email, "password": profile.Password})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, profile.URL+"/auth/login", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // what counts was read
	var session struct {
		User struct{ ID string } `json:"user"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&session); err != nil {
		t.Errorf("the login's answer: %v", err)
	}
	return answer.StatusCode, session.User.ID
}

// One command starts everything with an account; a second one beside it is
// refused and stops nothing; a second run takes up the first one's place, and
// one from nothing keeps nothing of it (FM-019, FM-040: what was left over from
// yesterday was taken for today's).
func TestFM019_FM040_DevStartsRefusesASecondResumesAndBeginsAnew(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), ".local")
	t.Cleanup(func() { sweep(t, dir) })
	stop := run(t, options(dir))
	defer stop()
	if status, _ := login(t, dir); status != http.StatusOK {
		t.Errorf("the demo account's login answered %d", status)
	}
	operates(t, dir)
	err := dev.Run(t.Context(), &terminal{}, options(dir))
	if err == nil || !strings.Contains(err.Error(), "running here already") {
		t.Errorf("a second dev beside the first: %v", err)
	}
	if status, _ := login(t, dir); status != http.StatusOK {
		t.Errorf("after the refused second one the login answered %d", status)
	}
	stop()
	again := run(t, options(dir))
	defer again()
	status, was := login(t, dir)
	if status != http.StatusOK {
		t.Errorf("the account of the first run answered %d in the second", status)
	}
	again()
	left := filepath.Join(dir, "storage", "left-over")
	if err := os.WriteFile(left, []byte("of yesterday"), 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := options(dir)
	fresh.Fresh = true
	defer run(t, fresh)()
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("a run from nothing keeps the storage: %v", err)
	}
	if status, id := login(t, dir); status != http.StatusOK || id == "" || id == was {
		t.Errorf("after a run from nothing the demo account's login answered %d, with the id %q after %q", status, id, was)
	}
}

// operates reads the operator's environment as a shell does, and looks at the
// queues with it. What the developer set himself is not in it.
func operates(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, "operator.env")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v; want a file for its owner alone", info, err)
	}
	command := exec.CommandContext(t.Context(), "sh", "-c", `. "$0" && env`, file)
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	environ := strings.Split(strings.TrimSpace(string(out)), "\n")
	if slices.ContainsFunc(environ, func(pair string) bool { return strings.HasPrefix(pair, "PARSER=") }) {
		t.Error("what the developer set is written down")
	}
	operator, err := boot.OpenOperator(t.Context(), append(environ, "PARSER=pdftext"))
	if err != nil {
		t.Fatal(err)
	}
	defer operator.Close()
	if queues, err := operator.Queues(t.Context()); err != nil || len(queues) == 0 {
		t.Errorf("%d queues, %v", len(queues), err)
	}
}

// sweep removes the cluster, whose data may lie elsewhere.
func sweep(t *testing.T, dir string) {
	t.Helper()
	if err := pgserver.Remove(context.Background(), pgserver.Options{Dir: filepath.Join(dir, "pg")}); err != nil {
		t.Error(err)
	}
}

func TestDevRefusesProductionsMode(t *testing.T) {
	t.Parallel()
	o := options(filepath.Join(t.TempDir(), ".local"))
	o.Environ = append(o.Environ, "SERVICE_MODE=PRODUCTION")
	if err := dev.Run(t.Context(), &terminal{}, o); err == nil || !strings.Contains(err.Error(), "development") {
		t.Errorf("in PRODUCTION: %v", err)
	}
}
