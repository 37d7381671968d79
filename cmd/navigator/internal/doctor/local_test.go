package doctor_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/doctor"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

func port(t *testing.T, address string) string {
	t.Helper()
	_, number, err := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// free is a port that nobody has.
func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return port(t, listener.Addr().String())
}

// wasm is how the PDF reader's file begins.
const wasm = "\x00asm\x01\x00\x00\x00"

func TestLocalDevelopment(t *testing.T) {
	t.Parallel()
	reader := filepath.Join(t.TempDir(), "pdfium.wasm")
	if err := os.WriteFile(reader, []byte(wasm), 0o600); err != nil {
		t.Fatal(err)
	}
	ours := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Request-Id", "x") }))
	defer ours.Close()
	theirs := httptest.NewServer(http.NotFoundHandler())
	defer theirs.Close()
	environ := []string{"PORT=" + port(t, ours.URL), "WEBHOOK_PORT=" + port(t, theirs.URL), "PDFIUM_WASM=" + reader}
	checks := doctor.Local(t.Context(), environ, boot.Dev, t.TempDir())
	got := states(t, checks)
	if got["settings"] != good || got["PDF reader"] != good || got["port "+port(t, ours.URL)] != good || got["port "+port(t, theirs.URL)] != bad {
		t.Errorf("got %+v", checks)
	}
	environ = []string{"PORT=" + free(t), "WEBHOOK_PORT=" + free(t), "PDFIUM_WASM=" + reader + ".none", "LOG_LEVEL=loud"}
	checks = doctor.Local(t.Context(), environ, boot.Dev, t.TempDir())
	got = states(t, checks)
	if got["settings"] != bad || got["PDF reader"] != bad || doctor.Failed(checks[len(checks)-2:]) {
		t.Errorf("got %+v", checks)
	}
}

// A database has to answer, and to be of this release.
func TestLocalDatabase(t *testing.T) {
	t.Parallel()
	migrated, empty := dbtest.New(t, db.Schemas{}), dbtest.New(t, nil)
	for url, want := range map[string][2]doctor.State{migrated.URL("inav_app"): {good, good}, empty.SuperURL(): {good, bad}, "mysql://x": {bad, ""}} {
		checks := doctor.Local(t.Context(), []string{"DATABASE_URL=" + url, "PORT=" + free(t)}, boot.API, t.TempDir())
		got := states(t, checks)
		if got["database"] != want[0] || got["database schema"] != want[1] {
			t.Errorf("the database is %q, its schema %q, not %q: %+v", got["database"], got["database schema"], want, checks)
		}
	}
	checks := doctor.Local(t.Context(), []string{"MIGRATE_DATABASE_URL=" + empty.SuperURL()}, boot.Migrate, t.TempDir())
	if doctor.Failed(checks) || states(t, checks)["database schema"] != good {
		t.Errorf("got %+v", checks)
	}
}

// What lies between is told, and what is wrong with it, with the fix.
func TestFM020_TheDoctorTellsThePooler(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	pooled := house.Bouncer("transaction", "inav_app", "inav_worker")
	address := "DATABASE_URL=" + pooled.URL("inav_worker")
	for name, c := range map[string]struct {
		service boot.Service
		environ []string
		want    doctor.State
		text    string
	}{
		"found":    {boot.API, []string{"DATABASE_URL=" + pooled.URL("inav_app")}, good, "a pooler in transaction mode at 127.0.0.1:"},
		"mismatch": {boot.Webhook, []string{address, "DATABASE_POOL_MODE=session"}, bad, "or set DATABASE_POOL_MODE=transaction"},
		"deaf":     {boot.Worker, []string{address}, bad, "or set ALLOW_POLL_ONLY=true"},
		"polls":    {boot.Worker, []string{address, "ALLOW_POLL_ONLY=true"}, good, "as inav_worker"},
		"migrate":  {boot.Migrate, []string{"DATABASE_URL=" + pooled.OwnerURL()}, bad, "set MIGRATE_DATABASE_URL to the session pooler"},
		"login":    {boot.API, []string{"DATABASE_URL=" + strings.Replace(pooled.URL("inav_app"), "inav_app:", "inav_app:canary", 1)}, bad, "check user and password"},
		"form":     {boot.API, []string{"DATABASE_URL=postgres://inav_app:canary@aws-0-eu-central-1.pooler.supabase.com:5432/postgres?sslmode=require"}, bad, "user.project"},
	} {
		checks := doctor.Local(t.Context(), append(c.environ, "PORT="+free(t), "WEBHOOK_PORT="+free(t)), c.service, t.TempDir())
		if got := states(t, checks)["database"]; got != c.want || !strings.Contains(checks[1].Detail+checks[1].Advice, c.text) || strings.Contains(checks[1].Detail+checks[1].Advice, "canary") {
			t.Errorf("%s: %+v", name, checks[1])
		}
	}
}

// Every fault is named, and no value.
func TestLocalServices(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	for service, want := range map[boot.Service]string{boot.API: "AUTH_SIGNING_KEY", boot.Worker: "LLAMAPARSE_API_KEY", boot.Webhook: "WEBHOOK_MASTER_KEY", boot.Migrate: ""} {
		environ := []string{"DATABASE_URL=postgres://ada:" + secret + "@127.0.0.1:" + free(t) + "/x", "OPENAI_API_KEY=" + secret, "OPENAI_API_URL=http://127.0.0.1:1/v1", "PORT=" + free(t), "WEBHOOK_PORT=" + free(t)}
		checks := doctor.Local(t.Context(), environ, service, t.TempDir())
		got := states(t, checks)
		if got["database"] != bad || !strings.Contains(checks[0].Detail, want) || (want == "") != (got["settings"] == good) {
			t.Errorf("%s: got %+v", service, checks)
		}
		for _, c := range checks {
			if strings.Contains(c.Detail+c.Advice, secret) {
				t.Errorf("%s: a secret is shown: %+v", service, c)
			}
		}
	}
	if got := states(t, doctor.Local(t.Context(), []string{"SERVICE_MODE=PRODUCTION"}, boot.Dev, t.TempDir())); got["settings"] != bad {
		t.Errorf("got %v", got)
	}
	if got := states(t, doctor.Local(t.Context(), []string{"PORT=many"}, boot.Dev, t.TempDir())); got["settings"] != bad {
		t.Errorf("got %v", got)
	}
	if got := states(t, doctor.Local(t.Context(), nil, boot.Webhook, t.TempDir())); got["database"] != skipped {
		t.Errorf("got %v", got)
	}
}
