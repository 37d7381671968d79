package doctor_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/doctor"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/session"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// incident is a fault that once happened, planted anew, and what the doctor has
// to say of it. Its name begins with the incident's ids.
type incident struct {
	name          string
	plant         func(t *testing.T) []doctor.Check
	check         string
	state         doctor.State
	detail, mends string // parts of the finding, and of what to do
}

// told holds each incident to its finding.
func told(t *testing.T, incidents []incident) {
	t.Helper()
	for _, c := range incidents {
		t.Run(c.name, func(t *testing.T) {
			checks := c.plant(t)
			states(t, checks) // each says what to do
			found := check(t, checks, c.check)
			if found.State != c.state || !strings.Contains(found.Detail, c.detail) || !strings.Contains(found.Advice, c.mends) {
				t.Errorf("the doctor says %+v; want %s, %q, %q", found, c.state, c.detail, c.mends)
			}
			for _, said := range checks {
				if strings.Contains(said.Detail+said.Advice, "canary") {
					t.Errorf("a secret is told: %+v", said)
				}
			}
		})
	}
}

// occupied is a port that another program has.
func occupied(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for { // it takes connections, and says nothing of ours
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	return port(t, listener.Addr().String())
}

// strangers is a token that is right, of another issuer with a key of its own.
func strangers(t *testing.T) string {
	t.Helper()
	pem, err := localauth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	config, err := boot.Read([]string{"AUTH_SIGNING_KEY=" + pem, "PUBLIC_URL=https://another.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	token, err := config.SignToken(map[string]any{"iss": "https://another.example.com", "sub": "0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f", "aud": "authenticated",
		"role": "authenticated", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()})
	if err != nil || token == "" {
		t.Fatalf("no token: %v", err)
	}
	return token
}

// Class 1, configuration drift. Beside these: FM-009, FM-010, FM-033, FM-043b
// and P-149 in TestPreflightTellsWhatTheOutsideRefuses, and the tests that name
// FM-012n, FM-029, L-008, P-008, P-009, P-012 and P-018.
func TestTheDoctorTellsDriftOfTheConfiguration(t *testing.T) {
	t.Parallel()
	s := openSite(t, dbtest.New(t, db.Schemas{}))
	s.bucket(t)
	empty := func(service boot.Service) func(*testing.T) []doctor.Check {
		return func(t *testing.T) []doctor.Check { return doctor.Preflight(t.Context(), nil, service) }
	}
	taken := occupied(t)
	const all, config = "DATABASE_URL is missing", "navigator config"
	told(t, []incident{
		{"FM-009: the parser's key is another's", s.looks(boot.Worker, "LLAMAPARSE_API_KEY=canary"), "parser", bad, "parser_key", "Set LLAMAPARSE_API_KEY"},
		{"FM-009: the embedder's key is another's", s.looks(boot.API, "OPENAI_API_KEY=canary"), "embedder", bad, "embedder_key", "Set OPENAI_API_KEY"},
		{"FM-010: what may be missing is off, and nothing fails", s.looks(boot.API, "REDIS_URL=", "LOKI_URL="), "redis", skipped, "REDIS_URL is not set", ""},
		{"a worker cannot tell Redis of what it moves", s.looks(boot.Worker, "REDIS_URL=redis://:canary@127.0.0.1:"+free(t), "STATUS_CACHE_TTL=2s"), "redis", warned, "statuses are read from the database", "Check REDIS_URL"},
		{"FM-013, P-013: addresses of a developer's machine in staging", s.looks(boot.Worker, "SERVICE_MODE=staging"), "settings", bad, "LLAMAPARSE_API_URL", config},
		{"FM-013, P-013: all of them are told at once", s.looks(boot.Worker, "SERVICE_MODE=staging"), "settings", bad, "OPENAI_API_URL", config},
		{"C-1: no address of the callback, and none is made up", s.looks(boot.Worker, "WEBHOOK_URL="), "settings", bad, "WEBHOOK_URL", config},
		{"FM-022a, FM-030, FM-030p: an API with nothing set", empty(boot.API), "settings", bad, all, config},
		{"FM-022a, FM-030, FM-030p: a worker with nothing set", empty(boot.Worker), "settings", bad, "LLAMAPARSE_API_KEY is missing", config},
		{"FM-022a, FM-030, FM-030p: a webhook with nothing set", empty(boot.Webhook), "settings", bad, "WEBHOOK_MASTER_KEY: at least 32", config},
		{"FM-022a, FM-030, FM-030p: a migration with nothing set", empty(boot.Migrate), "settings", bad, all, config},
		{"FM-036: a token of another project", s.looks(boot.API, "NAVIGATOR_TOKEN="+strangers(t)), "tokens", bad, "that of NAVIGATOR_TOKEN", "Let API and issuer agree"},
		{"FM-043b: the port was lost", s.looks(boot.API, "DATABASE_URL=postgres://inav_app:canary@127.0.0.1:"+free(t)+"/x"), "database", bad, "nothing listens there", "check host and port"},
		{"FM-043b: a role that is not there", s.looks(boot.API, "DATABASE_URL="+strings.Replace(s.values["DATABASE_URL"], "inav_app", "inav_apq", 1)), "database", bad, "refuses the login", "inav_app"},
		{"FM-043b: the API's login for the worker", s.looks(boot.Worker, "WORKER_DATABASE_URL="+s.values["DATABASE_URL"]), "database", bad, "may not work as the service's role", "worker and webhook as inav_worker"},
		{"P-port: another program has the port", func(t *testing.T) []doctor.Check {
			return doctor.Local(t.Context(), []string{"PORT=" + taken, "WEBHOOK_PORT=" + free(t)}, boot.Dev, t.TempDir())
		}, "port " + taken, bad, "PORT is used by another program", "or set PORT"},
	})
}

// Keys that differ between services are found by what all of them share.
func TestP018_L008_TheDoctorTellsAKeyThatDiffersBetweenServices(t *testing.T) {
	t.Parallel()
	s := openSite(t, dbtest.New(t, db.Schemas{}))
	s.living(t, boot.Webhook)
	told(t, []incident{
		{"P-018: another master key", s.looks(boot.Worker, "WEBHOOK_MASTER_KEY=canary-key-of-more-than-32-characters-0123456789"), "fingerprint", bad, "a process with other settings works on this database", "navigator config show"},
		{"L-008, FM-029: another bucket", s.looks(boot.API, "UPLOAD_PIPELINE_STORAGE_ENVIRONMENT=elsewhere"), "fingerprint", bad, "storage=elsewhere", "Compare the settings of all services"},
		{"P-018: all alike", s.looks(boot.API), "fingerprint", good, "as of 1 processes that live", ""},
	})
}

// Class 2, the database and its pooler. Beside these: FM-011 and FM-030 in
// TestFM011_FM030_TheDoctorTellsAHostWithIPv6Alone, FM-020 in
// TestFM020_TheDoctorTellsThePooler.
func TestTheDoctorTellsFaultsOfTheDatabaseAndItsPooler(t *testing.T) {
	t.Parallel()
	s := openSite(t, dbtest.New(t, db.Schemas{}))
	s.bucket(t)
	session, transaction := s.house.Bouncer("session", "inav_app", "inav_worker"), s.house.Bouncer("transaction", "inav_app", "inav_worker")
	app := "DATABASE_URL=" + transaction.URL("inav_app")
	worker := "WORKER_DATABASE_URL=" + transaction.URL("inav_worker")
	told(t, []incident{
		{"FM-026: transaction mode is meant, session mode is there", s.looks(boot.API, "DATABASE_URL="+session.URL("inav_app"), "DATABASE_POOL_MODE=transaction"), "database", bad, "session", "DATABASE_POOL_MODE=session"},
		{"FM-026: session mode is meant, transaction mode is there", s.looks(boot.API, app, "DATABASE_POOL_MODE=session"), "database", bad, "transaction", "DATABASE_POOL_MODE=transaction"},
		{"FM-026: session mode, as is meant", s.looks(boot.Worker, "WORKER_DATABASE_URL="+session.URL("inav_worker"), "DATABASE_POOL_MODE=session"), "database", good, "a pooler in session mode", ""},
		{"FM-026: a migration through transaction mode", s.looks(boot.Migrate, "MIGRATE_DATABASE_URL="+transaction.OwnerURL()), "database", bad, "transaction", "MIGRATE_DATABASE_URL"},
		{"P-010: a worker that cannot be woken", s.looks(boot.Worker, worker), "database", bad, "transaction", "ALLOW_POLL_ONLY=true"},
		{"P-010: statements are asked again and again through two connections", s.looks(boot.API, app), "fingerprint", good, "no other process lives", ""},
		{"P-010: once more", s.looks(boot.API, app), "database row security", good, "forced on every table", ""},
		{"FM-043b: another service's login, where a session cannot change its role", s.looks(boot.Worker, "WORKER_DATABASE_URL="+transaction.URL("inav_app"), "ALLOW_POLL_ONLY=true"), "database", bad, "where no session keeps a role", "log in as inav_worker itself"},
		{"L-004: TLS is asked of a server that has none", s.looks(boot.API, "DATABASE_URL="+strings.Replace(session.URL("inav_app"), "sslmode=disable", "sslmode=require", 1)), "database", bad, "speaks no TLS", "sslmode=disable"},
		{"L-024: vectors of another length", func(t *testing.T) []doctor.Check {
			s.openai.Inject(openaitest.Fault{Kind: openaitest.WrongDimension})
			return s.look(t, boot.Worker)
		}, "embedder's vectors", bad, "bad_vectors: they are not 1536", "OPENAI_MODEL"},
		{"L-004: what answers is down", func(t *testing.T) []doctor.Check {
			session.Stop()
			return s.looks(boot.API, "DATABASE_URL="+session.URL("inav_app"))(t)
		}, "database", bad, "nothing listens there", "that the server runs"},
		{"L-004: it is up again", func(t *testing.T) []doctor.Check {
			session.Start()
			return s.looks(boot.API, "DATABASE_URL="+session.URL("inav_app"))(t)
		}, "database schema", good, "version", ""},
	})
	s.change(t, `alter database `+s.house.Name+` set search_path to nowhere`)
	s.change(t, `create schema nowhere create table documents (id int) create table schema_serves (version int)`)
	told(t, []incident{
		{"L-003: a search path that leads elsewhere", s.looks(boot.API), "database schema", good, "version", ""},
		{"L-003: the same, through the pooler", s.looks(boot.API, "DATABASE_URL="+session.URL("inav_app")), "fingerprint", good, "no other process lives", ""},
		{"L-003, L-024: the vector's type lies where no statement looks", func(t *testing.T) []doctor.Check {
			s.change(t, `alter extension vector set schema nowhere`)
			return s.look(t, boot.API)
		}, "database extension", bad, "in the schema nowhere", "set schema extensions"},
	})
}

// Class 9, drift of what is deployed. Beside these: P-014b and W-schema in
// TestP014b_Wschema_C5_TheDoctorReadsTheCatalog; and TestImages of deploy runs
// the doctor in the image (P-001, FM-011b, C-19, P-005, FM-041) and builds it
// twice (FM-042). Front ends lie outside this product: of their incidents the
// doctor tells the one kind that it can meet, that something else answers.
func TestTheDoctorTellsDriftOfWhatIsDeployed(t *testing.T) {
	t.Parallel()
	s := openSite(t, dbtest.New(t, db.Schemas{}))
	s.bucket(t)
	reached := func(h http.Handler) func(*testing.T) []doctor.Check {
		return func(t *testing.T) []doctor.Check {
			server := httptest.NewServer(h)
			t.Cleanup(server.Close)
			c, err := client.New(server.URL, client.Options{Tokens: session.Fixed("t")})
			if err != nil {
				t.Fatal(err)
			}
			return doctor.Reach(t.Context(), c, "v2")
		}
	}
	broken := filepath.Join(t.TempDir(), "pdfium.wasm")
	if err := os.WriteFile(broken, []byte("<html>not found</html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken := occupied(t)
	told(t, []incident{
		{"FM-016, FM-028c: the release before this one serves", reached(well()), "version", warned, "the deployment is v1, this tool v2", "the deployment's release"},
		{"P-001, FM-011b, C-19: the reader was not copied into the image", s.looks(boot.Worker, "PDFIUM_WASM="+broken+".none"), "PDF reader", bad, "it is not at", "make pdfium"},
		{"P-005, FM-041: what is there is not what was built with", s.looks(boot.API, "PDFIUM_WASM="+broken), "PDF reader", bad, "no WebAssembly module", "make pdfium"},
		{"FM-042: an image of another build lives beside this one", func(t *testing.T) []doctor.Check {
			s.living(t, boot.Worker)
			return s.look(t, boot.Worker, "UPLOAD_PIPELINE_ENVIRONMENT=elsewhere")
		}, "fingerprint", bad, "environment", "Compare the settings"},
		{"FM-012m: a login that cannot migrate", s.looks(boot.Migrate, "MIGRATE_DATABASE_URL="+s.house.URL("inav_app")), "database login", bad, "a migration would fail", "the database's owner"},
		{"FM-012m: from nothing", s.looks(boot.Migrate, "MIGRATE_DATABASE_URL="+dbtest.New(t, nil).SuperURL()), "database schema", good, "none yet", ""},
		{"L-017, L-018: another service's routes are at the address", reached(http.NotFoundHandler()), "health", bad, "404", "it does not seem to be this service"},
		{"FM-019, FM-032: a page answers in place of the service", reached(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html></html>"))
		})), "health", bad, "is it this service", "Check the address"},
		{"FM-035, FM-040, L-022, L-033: a stale container has the port", func(t *testing.T) []doctor.Check {
			return doctor.Local(t.Context(), []string{"PORT=" + taken, "WEBHOOK_PORT=" + free(t)}, boot.Dev, t.TempDir())
		}, "port " + taken, bad, "used by another program", "Stop that program"},
	})
}

// looks is a preflight to come.
func (s *site) looks(service boot.Service, changed ...string) func(*testing.T) []doctor.Check {
	return func(t *testing.T) []doctor.Check { return s.look(t, service, changed...) }
}

// living registers a process of a service with the site's settings.
func (s *site) living(t *testing.T, service boot.Service) {
	t.Helper()
	environ := make([]string, 0, len(s.values))
	for name, value := range s.values {
		environ = append(environ, name+"="+value)
	}
	config, err := boot.Read(environ)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := postgres.Open(t.Context(), postgres.Options{URL: s.house.URL("inav_worker"), Role: "inav_worker", Name: "test", MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := postgres.NewInstances(pool).Register(t.Context(), config.Fingerprint(service)); err != nil {
		t.Fatal(err)
	}
}

// change runs a statement as the superuser.
func (s *site) change(t *testing.T, sql string) {
	t.Helper()
	if _, err := s.house.SuperConn().Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}
