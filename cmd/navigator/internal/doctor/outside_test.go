package doctor_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/openai/openaitest"
	"github.com/insurance-navigator/navigator/adapters/supabase/supabasetest"
	"github.com/insurance-navigator/navigator/adapters/tiktoken"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/doctor"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// site is a whole deployment's outside: a database and every vendor.
type site struct {
	house  *dbtest.DB
	supa   *supabasetest.Server
	openai *openaitest.Server
	llama  outside
	values map[string]string
}

func openSite(t *testing.T, house *dbtest.DB) *site {
	t.Helper()
	counter, err := tiktoken.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{house: house, llama: openOutside(t)}
	if s.supa, err = supabasetest.New(supabasetest.Options{}); err != nil {
		t.Fatal(err)
	}
	if s.openai, err = openaitest.New(openaitest.Options{Counter: counter, Key: "sk-right"}); err != nil {
		t.Fatal(err)
	}
	supa, openai := httptest.NewServer(s.supa), httptest.NewServer(s.openai)
	t.Cleanup(func() { supa.Close(); openai.Close() })
	pem, err := localauth.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	reader := filepath.Join(t.TempDir(), "pdfium.wasm")
	if err := os.WriteFile(reader, []byte(wasm), 0o600); err != nil {
		t.Fatal(err)
	}
	s.values = map[string]string{
		"DATABASE_URL": house.URL("inav_app"), "WORKER_DATABASE_URL": house.URL("inav_worker"), "PDFIUM_WASM": reader,
		"SUPABASE_URL": supa.URL, "SUPABASE_SERVICE_ROLE_KEY": supabasetest.DefaultSecretKey, "SUPABASE_ANON_KEY": supabasetest.DefaultPublishableKey,
		"AUTH_PROVIDER": "supabase", "AUTH_SIGNING_KEY": pem, "OPENAI_API_URL": openai.URL + "/v1", "OPENAI_API_KEY": "sk-right",
		"LLAMAPARSE_API_URL": s.llama.url, "LLAMAPARSE_API_KEY": "llx-right",
		"WEBHOOK_MASTER_KEY": "master-key-of-more-than-32-characters-0123456789", "WEBHOOK_URL": "http://127.0.0.1:9",
	}
	return s
}

// look is a preflight with settings changed ("NAME=value").
func (s *site) look(t *testing.T, service boot.Service, changed ...string) []doctor.Check {
	t.Helper()
	environ := slices.Clone(changed)
	for name, value := range s.values {
		if !slices.ContainsFunc(changed, func(pair string) bool { return strings.HasPrefix(pair, name+"=") }) {
			environ = append(environ, name+"="+value)
		}
	}
	checks := doctor.Preflight(t.Context(), environ, service)
	states(t, checks) // holds each to an advice
	return checks
}

// bucket has the storage make its bucket, as a first start does.
func (s *site) bucket(t *testing.T) {
	t.Helper()
	config, err := boot.Read([]string{"SUPABASE_URL=" + s.values["SUPABASE_URL"], "SUPABASE_SERVICE_ROLE_KEY=" + supabasetest.DefaultSecretKey})
	if err != nil {
		t.Fatal(err)
	}
	store, err := config.Storage()
	if err == nil {
		err = store.Prepare(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A deployment where all is well fails no check, for any service.
func TestPreflightOfAWholeDeployment(t *testing.T) {
	t.Parallel()
	s := openSite(t, dbtest.New(t, db.Schemas{}))
	s.bucket(t)
	for service, least := range map[boot.Service]int{boot.API: 13, boot.Worker: 14, boot.Webhook: 7, boot.Migrate: 4} {
		checks := s.look(t, service, "MIGRATE_DATABASE_URL="+s.house.SuperURL())
		for _, c := range checks {
			if c.State == bad || c.State == warned {
				t.Errorf("%s: %+v", service, c)
			}
		}
		if len(checks) < least {
			t.Errorf("%s: %d checks: %+v", service, len(checks), checks)
		}
	}
	if l := s.openai.Ledger(); l.Tokens > 4 {
		t.Errorf("two looks at the embedder were billed %d tokens", l.Tokens)
	}
}

// Each fault of the outside is told by the check it belongs to, and nothing of
// a key is said.
func TestPreflightTellsWhatTheOutsideRefuses(t *testing.T) {
	t.Parallel()
	s := openSite(t, dbtest.New(t, db.Schemas{}))
	if got := check(t, s.look(t, boot.API), "storage"); got.State != warned || !strings.Contains(got.Detail, "is not there") {
		t.Errorf("FM-024, a bucket that is not there: %+v", got)
	}
	s.bucket(t)
	for name, c := range map[string]struct {
		service boot.Service
		check   string
		text    string
		changed []string
	}{
		"FM-009, the parser's key is wrong":         {boot.Worker, "parser", "parser_key", []string{"LLAMAPARSE_API_KEY=canary"}},
		"FM-009, the embedder's key is wrong":       {boot.API, "embedder", "embedder_key", []string{"OPENAI_API_KEY=canary"}},
		"FM-012, a public key for the service's":    {boot.API, "storage", "SUPABASE_SERVICE_ROLE_KEY", []string{"SUPABASE_SERVICE_ROLE_KEY=sb_publishable_canary"}},
		"L-029, another project's key":              {boot.Worker, "storage", "storage_denied", []string{"SUPABASE_SERVICE_ROLE_KEY=sb_secret_canary"}},
		"FM-033, another project's public key":      {boot.API, "accounts", "do not answer", []string{"SUPABASE_ANON_KEY=sb_publishable_canary"}},
		"FM-033, an issuer that is not there":       {boot.API, "signing keys", "publishes none", []string{"SUPABASE_URL=http://127.0.0.1:1"}},
		"FM-010, a setting is missing":              {boot.API, "settings", "WEBHOOK_MASTER_KEY", []string{"WEBHOOK_MASTER_KEY="}},
		"P-149, an address of this machine":         {boot.Worker, "settings", "loopback", []string{"SERVICE_MODE=PRODUCTION"}},
		"FM-043b, a login that the policies let by": {boot.API, "database login", "inav_app", []string{"SERVICE_MODE=staging", "DATABASE_URL=" + s.house.SuperURL()}},
	} {
		checks := s.look(t, c.service, c.changed...)
		if got := check(t, checks, c.check); got.State != bad || !strings.Contains(got.Detail, c.text) || strings.Contains(got.Advice, "Nothing needs to be done") {
			t.Errorf("%s: %+v", name, got)
		}
		for _, found := range checks {
			if strings.Contains(found.Detail+found.Advice, "canary") {
				t.Errorf("%s: a key is said: %+v", name, found)
			}
		}
	}
}

// The fakes misbehave as the vendors do on bad days.
func TestPreflightTellsWhatTheOutsideGivesWrong(t *testing.T) {
	t.Parallel()
	s := openSite(t, dbtest.New(t, db.Schemas{}))
	s.bucket(t)
	s.openai.Inject(openaitest.Fault{Kind: openaitest.WrongDimension})
	if got := check(t, s.look(t, boot.Worker), "embedder's vectors"); got.State != bad || !strings.Contains(got.Detail, "bad_vectors") {
		t.Errorf("vectors of another length: %+v", got)
	}
	s.openai.Inject(openaitest.Fault{Kind: openaitest.ModelGone, Health: true})
	if got := check(t, s.look(t, boot.Worker), "embedder"); got.State != bad {
		t.Errorf("a model that is gone: %+v", got)
	}
	for name, fault := range map[string]supabasetest.Fault{
		"P-007, no policy to write":  {Op: supabasetest.OpUpload, Do: supabasetest.NoPolicy},
		"P-011, no policy to read":   {Op: supabasetest.OpDownload, Do: supabasetest.NoPolicy},
		"FM-012b, none to delete":    {Op: supabasetest.OpDelete, Do: supabasetest.NoPolicy},
		"half the bytes":             {Op: supabasetest.OpUpload, Do: supabasetest.HalfWritten},
		"FM-031, a page and no JSON": {Do: supabasetest.NotFoundPage},
		"an outage":                  {Do: supabasetest.BadGateway},
	} {
		s.supa.Break(fault)
		if got := check(t, s.look(t, boot.API), "storage"); got.State != bad {
			t.Errorf("%s: %+v", name, got)
		}
		s.supa.Mend()
	}
	s.llama.fake.Faults.ServerErrors(1, 503)
	if got := check(t, s.look(t, boot.Worker), "parser"); got.State != bad {
		t.Errorf("a parser that is away: %+v", got)
	}
	if got := check(t, s.look(t, boot.Worker), "parser"); got.State != good {
		t.Errorf("a parser that is back: %+v", got)
	}
}

// A token of each kind is judged as the API would, whoever signs them.
func TestFM033_FM034_ATokenOfEachKindIsJudged(t *testing.T) {
	t.Parallel()
	s := openSite(t, dbtest.New(t, db.Schemas{}))
	const all = "judged rightly: a good one, an expired one, another issuer's, one for somebody else, one of nobody signed in, a stranger's, one without a signature"
	for name, c := range map[string]struct {
		changed []string
		want    doctor.State
		text    string
	}{
		"local":             {[]string{"AUTH_PROVIDER=local"}, good, all},
		"a shared secret":   {[]string{"SUPABASE_JWT_SECRET=a-shared-secret-of-32-bytes-or-so"}, good, all},
		"the project's own": {nil, good, "judged rightly: a stranger's, one without a signature"},
		"a given one":       {[]string{"NAVIGATOR_TOKEN=canary"}, bad, "that of NAVIGATOR_TOKEN"},
	} {
		got := check(t, s.look(t, boot.API, c.changed...), "tokens")
		if got.State != c.want || !strings.Contains(got.Detail, c.text) || strings.Contains(got.Detail, "canary") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	keyless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"keys":[]}`))
	}))
	defer keyless.Close()
	if got := check(t, s.look(t, boot.API, "SUPABASE_URL="+keyless.URL), "signing keys"); got.State != bad || !strings.Contains(got.Advice, "SUPABASE_JWT_SECRET") {
		t.Errorf("a project without keys of its own: %+v", got)
	}
}

// A service whose settings are not those of the processes that live would not
// start beside them; it is told before it tries.
func TestL008_FM029_P018_TheDoctorComparesFingerprints(t *testing.T) {
	t.Parallel()
	s := openSite(t, dbtest.New(t, db.Schemas{}))
	if got := check(t, s.look(t, boot.Worker), "fingerprint"); got.State != good || !strings.Contains(got.Detail, "no other process") {
		t.Errorf("alone: %+v", got)
	}
	if got := check(t, s.look(t, boot.Worker, "DATABASE_MAX_CONNS=400"), "database connections"); got.State != doctor.Warning || !strings.Contains(got.Detail, "up to 812 ") {
		t.Errorf("more connections than the server gives: %+v", got)
	}
	s.living(t, boot.Webhook)
	for _, service := range []boot.Service{boot.API, boot.Worker, boot.Webhook} {
		checks := s.look(t, service)
		if got := check(t, checks, "database connections"); got.State != good {
			t.Errorf("%s has room enough: %+v", service, got)
		}
		if got := check(t, checks, "fingerprint"); got.State != good || !strings.Contains(got.Detail, "1 processes that live: webhook") {
			t.Errorf("%s beside its like: %+v", service, got)
		}
		if got := check(t, s.look(t, service, "UPLOAD_PIPELINE_ENVIRONMENT=elsewhere"), "fingerprint"); got.State != bad || !strings.Contains(got.Detail, "environment=elsewhere") {
			t.Errorf("%s beside another environment: %+v", service, got)
		}
	}
}

// The schema's states before a release, and what the catalog shows.
func TestP014b_Wschema_C5_TheDoctorReadsTheCatalog(t *testing.T) {
	t.Parallel()
	empty := dbtest.New(t, nil)
	for _, url := range []string{"MIGRATE_DATABASE_URL=" + empty.SuperURL()} {
		checks := doctor.Preflight(t.Context(), []string{url}, boot.Migrate)
		if got := check(t, checks, "database schema"); got.State != good || !strings.Contains(got.Detail, "none yet") {
			t.Errorf("an empty database: %+v", checks)
		}
	}
	if got := check(t, doctor.Preflight(t.Context(), []string{"DATABASE_URL=" + empty.SuperURL()}, boot.API), "database schema"); got.State != good {
		t.Errorf("before the migration: %+v", got)
	}
	house := dbtest.New(t, db.Schemas{})
	address := []string{"DATABASE_URL=" + house.URL("inav_app")}
	run := func(sql string) {
		conn := house.SuperConn()
		defer conn.Close(t.Context())
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	run(`alter table upload_pipeline.documents no force row level security`)
	if got := check(t, doctor.Preflight(t.Context(), address, boot.API), "database row security"); got.State != bad || !strings.Contains(got.Detail, "upload_pipeline.documents") {
		t.Errorf("row security that is not forced: %+v", got)
	}
	run(`create schema elsewhere; alter extension vector set schema elsewhere`)
	if got := check(t, doctor.Preflight(t.Context(), address, boot.API), "database extension"); got.State != bad || !strings.Contains(got.Advice, "set schema extensions") {
		t.Errorf("an extension elsewhere: %+v", got)
	}
	run(`insert into upload_pipeline.schema_serves (version, oldest_binary) values (900, 900)`)
	if got := check(t, doctor.Preflight(t.Context(), address, boot.API), "database schema"); got.State != bad {
		t.Errorf("a schema of a later release: %+v", got)
	}
	run(`delete from upload_pipeline.schema_serves where version > 7`)
	if got := check(t, doctor.Preflight(t.Context(), address, boot.API), "database schema"); got.State != good || !strings.Contains(got.Detail, "brings it to") {
		t.Errorf("a schema of the former release, before this one: %+v", got)
	}
	if got := check(t, doctor.Local(t.Context(), address, boot.API, t.TempDir()), "database schema"); got.State != bad {
		t.Errorf("a schema of the former release, after this one: %+v", got)
	}
}
