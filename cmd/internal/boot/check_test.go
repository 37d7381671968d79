package boot_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

var services = []boot.Service{boot.API, boot.Worker, boot.Webhook, boot.Migrate, boot.Dev}

var signingKey = sync.OnceValues(localauth.GenerateKey)

// sound is an environment that every service accepts in PRODUCTION.
func sound(t *testing.T) map[string]string {
	t.Helper()
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"SERVICE_MODE": "PRODUCTION", "UPLOAD_PIPELINE_ENVIRONMENT": "live", "UPLOAD_PIPELINE_STORAGE_ENVIRONMENT": "live",
		"DATABASE_URL":        "postgres://inav_app:word@db.navigator-health.com:5432/postgres?sslmode=require",
		"WORKER_DATABASE_URL": "postgres://inav_worker:word@db.navigator-health.com:5432/postgres?sslmode=require",
		"PUBLIC_URL":          "https://api.navigator-health.com", "WEBHOOK_URL": "https://hooks.navigator-health.com",
		"WEBHOOK_MASTER_KEY": "8f1c0a6b35d7e29480fbc1d2e3a49576", "AUTH_SIGNING_KEY": key, "ALLOW_LOCAL_AUTH": "true",
		"AUTH_MIN_PASSWORD": "15", "SUPABASE_URL": "https://abcdefghijklmnop.supabase.co", "SUPABASE_SERVICE_ROLE_KEY": "sb_secret_x",
		"LLAMAPARSE_API_KEY": "llx-x", "OPENAI_API_KEY": "sk-x",
		"MAIL_PROVIDER": "smtp", "SMTP_HOST": "mail.navigator-health.com", "MAIL_FROM": "Insurance Navigator <post@navigator-health.com>",
	}
}

// faultsOf reads the environment and lists what Check says, a line a fault.
func faultsOf(t *testing.T, environ map[string]string, service boot.Service) []string {
	t.Helper()
	var list []string
	for name, value := range environ {
		list = append(list, name+"="+value)
	}
	config, err := boot.Read(list)
	if err != nil {
		t.Fatal(err)
	}
	return lines(config.Check(service))
}

func lines(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func TestASoundEnvironmentIsAccepted(t *testing.T) {
	t.Parallel()
	for _, service := range services {
		for _, mode := range []string{"development", "staging", "PRODUCTION"} {
			environ := sound(t)
			environ["SERVICE_MODE"] = mode
			if got := faultsOf(t, environ, service); got != nil {
				t.Errorf("%s in %s: %q", service, mode, got)
			}
		}
	}
}

const (
	masterFault  = "WEBHOOK_MASTER_KEY: at least 32 characters, for example from: openssl rand -hex 32"
	localFault   = "AUTH_PROVIDER=local is refused in PRODUCTION: use supabase, or set ALLOW_LOCAL_AUTH=true"
	shortFault   = "AUTH_MIN_PASSWORD: at least 15 in PRODUCTION"
	httpsFault   = ": https is required in PRODUCTION"
	privateFault = ": a loopback or private host is refused in PRODUCTION"
)

// S05: no service that has to do with callbacks starts in production with a
// secret that is not there, short, or one of the examples; what is told does not
// hold the value.
func TestS05_NoServiceStartsWithAWeakCallbackSecret(t *testing.T) {
	t.Parallel()
	for _, weak := range []string{"", " ", "changeme", "webhook-secret", "0123456789abcdef0123456789abcde"} {
		for _, service := range []boot.Service{boot.API, boot.Worker, boot.Webhook} {
			environ := sound(t)
			environ["WEBHOOK_MASTER_KEY"] = weak
			got := faultsOf(t, environ, service)
			if !slices.Contains(got, masterFault) {
				t.Errorf("%s starts with %q: %q", service, weak, got)
			}
			if text := strings.Join(got, "\n"); len(weak) > 1 && strings.Contains(text, weak) {
				t.Errorf("%s tells the secret: %s", service, text)
			}
		}
	}
}

// missed says what each service answers when one variable is taken away; what
// is not listed is optional there.
var missed = map[boot.Service]map[string][]string{
	boot.API: {
		"DATABASE_URL": {"DATABASE_URL is missing"}, "SUPABASE_URL": {"SUPABASE_URL is missing"},
		"SUPABASE_SERVICE_ROLE_KEY": {"SUPABASE_SERVICE_ROLE_KEY is missing"}, "OPENAI_API_KEY": {"OPENAI_API_KEY is missing"},
		"AUTH_SIGNING_KEY": {"AUTH_SIGNING_KEY is missing"}, "ALLOW_LOCAL_AUTH": {localFault}, "AUTH_MIN_PASSWORD": {shortFault},
		"PUBLIC_URL":         {"PUBLIC_URL" + privateFault, "PUBLIC_URL" + httpsFault},
		"WEBHOOK_MASTER_KEY": {masterFault}, "WEBHOOK_URL": {"WEBHOOK_URL is missing"},
		"MAIL_PROVIDER": {"MAIL_PROVIDER: allowed are smtp, outbox; local accounts send mails"},
		"MAIL_FROM":     {"MAIL_FROM: an address, or Name <address>"}, "SMTP_HOST": {"SMTP_HOST is missing"},
	},
	boot.Worker: {
		"SUPABASE_URL": {"SUPABASE_URL is missing"}, "SUPABASE_SERVICE_ROLE_KEY": {"SUPABASE_SERVICE_ROLE_KEY is missing"},
		"OPENAI_API_KEY": {"OPENAI_API_KEY is missing"}, "LLAMAPARSE_API_KEY": {"LLAMAPARSE_API_KEY is missing"},
		"WEBHOOK_MASTER_KEY": {masterFault}, "WEBHOOK_URL": {"WEBHOOK_URL is missing"},
	},
	boot.Webhook: {
		"SUPABASE_URL":       {"SUPABASE_URL is missing"}, // it stands in the fingerprint
		"WEBHOOK_MASTER_KEY": {masterFault}, "WEBHOOK_URL": {"WEBHOOK_URL is missing"},
	},
	boot.Migrate: {"DATABASE_URL": {"MIGRATE_DATABASE_URL or DATABASE_URL is missing"}},
}

func TestFM010_EachVariableRemovedInTurn(t *testing.T) {
	t.Parallel()
	missed[boot.Dev] = map[string][]string{"LLAMAPARSE_API_KEY": {"LLAMAPARSE_API_KEY is missing"}}
	for name, want := range missed[boot.API] {
		missed[boot.Dev][name] = want
	}
	for _, service := range services {
		for name := range sound(t) {
			environ := sound(t)
			delete(environ, name)
			if diff := cmp.Diff(missed[service][name], faultsOf(t, environ, service)); diff != "" {
				t.Errorf("%s without %s (-want +got):\n%s", service, name, diff)
			}
		}
	}
}

func TestFM010_WhatAnotherChoiceNeeds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service boot.Service
		set     map[string]string
		want    []string
	}{
		"worker without any database": {boot.Worker, map[string]string{"DATABASE_URL": "", "WORKER_DATABASE_URL": ""}, []string{"DATABASE_URL is missing"}},
		"worker with its own alone":   {boot.Worker, map[string]string{"DATABASE_URL": ""}, nil},
		"pdftext needs no parser's key": {boot.Dev, map[string]string{"PARSER": "pdftext", "LLAMAPARSE_API_KEY": "", "WEBHOOK_URL": "",
			"WEBHOOK_MASTER_KEY": ""}, nil},
		"polling needs no callback address": {boot.Worker, map[string]string{"WEBHOOK_MODE": "poll", "WEBHOOK_URL": ""}, nil},
		"filestore needs its folder": {boot.API, map[string]string{"STORAGE_PROVIDER": "filestore", "SUPABASE_URL": "",
			"SUPABASE_SERVICE_ROLE_KEY": ""}, []string{"FILESTORE_DIR is missing"}},
		"supabase accounts need the publishable key": {boot.API, map[string]string{"AUTH_PROVIDER": "supabase", "AUTH_SIGNING_KEY": "",
			"ALLOW_LOCAL_AUTH": "", "AUTH_MIN_PASSWORD": ""}, []string{"SUPABASE_ANON_KEY is missing"}},
		"a former key is one": {boot.API, map[string]string{"AUTH_SIGNING_KEY_FORMER": "x"},
			[]string{"AUTH_SIGNING_KEY_FORMER: not an EC P-256 key in PEM, private or public"}},
		"a shared secret is long": {boot.API, map[string]string{"AUTH_PROVIDER": "supabase", "SUPABASE_ANON_KEY": "x", "SUPABASE_JWT_SECRET": "canary"},
			[]string{"SUPABASE_JWT_SECRET: at least 32 bytes"}},
		"an archive is one place": {boot.Worker, map[string]string{"ARCHIVE_BUCKET": "a", "ARCHIVE_DIR": "/b"},
			[]string{"ARCHIVE_BUCKET and ARCHIVE_DIR are both set: keep one"}},
		"an archive has a place": {boot.Worker, map[string]string{"ARCHIVE_AFTER": "720h"},
			[]string{"ARCHIVE_AFTER: ARCHIVE_BUCKET or ARCHIVE_DIR has to say where to"}},
		"an archive is no cache": {boot.Worker, map[string]string{"ARCHIVE_BUCKET": "Cold Files", "ARCHIVE_AFTER": "24h"},
			[]string{"ARCHIVE_AFTER: at least 48h0m0s, or 0: nothing goes to the archive", "ARCHIVE_BUCKET: 1 to 40 lower-case letters, digits and hyphens"}},
		"an archive that is emptied":    {boot.Worker, map[string]string{"ARCHIVE_BUCKET": "archive"}, nil},
		"other sites are the project's": {boot.API, map[string]string{"AUTH_SITES": "google"}, []string{"AUTH_SITES: only with AUTH_PROVIDER=supabase"}},
		"other sites have names": {boot.API, map[string]string{"AUTH_PROVIDER": "supabase", "SUPABASE_ANON_KEY": "x", "AUTH_SITES": "google,https://x"},
			[]string{"AUTH_SITES: names as the project has them, such as google or linkedin_oidc"}},
		"one address needed twice is told once": {boot.API, map[string]string{"AUTH_PROVIDER": "supabase", "SUPABASE_ANON_KEY": "x",
			"SUPABASE_URL": ""}, []string{"SUPABASE_URL is missing"}},
	} {
		environ := sound(t)
		for key, value := range test.set {
			environ[key] = value
		}
		if diff := cmp.Diff(test.want, faultsOf(t, environ, test.service)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The same file is to give the same text tomorrow, and the vendor's rate is kept.
func TestTheParserIsPinnedAndPaced(t *testing.T) {
	t.Parallel()
	const (
		latest = "LLAMAPARSE_VERSION=latest is refused in PRODUCTION: name a date such as 2026-08-19, or set ALLOW_LATEST_PARSER=true"
		dated  = "LLAMAPARSE_VERSION: a date such as 2026-08-19, or latest"
		paced  = "LLAMAPARSE_SUBMITS_PER_SECOND: 0 or more, and 1 to 4 in PRODUCTION"
	)
	for _, c := range []struct {
		set  map[string]string
		want []string
	}{
		{map[string]string{"LLAMAPARSE_VERSION": "2026-06-11"}, nil},
		{map[string]string{"LLAMAPARSE_VERSION": "latest"}, []string{latest}},
		{map[string]string{"LLAMAPARSE_VERSION": "latest", "ALLOW_LATEST_PARSER": "true"}, nil},
		{map[string]string{"LLAMAPARSE_VERSION": "latest", "SERVICE_MODE": "staging"}, nil},
		{map[string]string{"LLAMAPARSE_VERSION": "newest"}, []string{dated}},
		{map[string]string{"LLAMAPARSE_VERSION": "2026-13-01"}, []string{dated}},
		{map[string]string{"LLAMAPARSE_SUBMITS_PER_SECOND": "5"}, []string{paced}},
		{map[string]string{"LLAMAPARSE_SUBMITS_PER_SECOND": "0", "SERVICE_MODE": "staging"}, nil},
		{map[string]string{"LLAMAPARSE_SUBMITS_PER_SECOND": "-1", "SERVICE_MODE": "staging"}, []string{paced}},
		{map[string]string{"LLAMAPARSE_FILES_PATH": "/api/v2/files", "LLAMAPARSE_PARSE_PATH": "/api/v3/parse"}, nil},
		{map[string]string{"LLAMAPARSE_FILES_PATH": "files"}, []string{"LLAMAPARSE_FILES_PATH: a path that starts with /"}},
		{map[string]string{"LLAMAPARSE_PARSE_PATH": "/parse?x=1"}, []string{"LLAMAPARSE_PARSE_PATH: a path that starts with /"}},
		{map[string]string{"LLAMAPARSE_VERSION": "newest", "PARSER": "pdftext"}, nil},
	} {
		environ := sound(t)
		for name, value := range c.set {
			environ[name] = value
		}
		if diff := cmp.Diff(c.want, faultsOf(t, environ, boot.Worker)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.set, diff)
		}
	}
}

// An empty environment is answered with the whole list, twice the same.
func TestFM022a_FM030p_AnEmptyEnvironmentListsAllThatIsMissing(t *testing.T) {
	t.Parallel()
	want := []string{"AUTH_SIGNING_KEY is missing", "DATABASE_URL is missing", "LLAMAPARSE_API_KEY is missing", "OPENAI_API_KEY is missing",
		"SUPABASE_SERVICE_ROLE_KEY is missing", "SUPABASE_URL is missing", masterFault, "WEBHOOK_URL is missing"}
	for range 3 {
		if diff := cmp.Diff(want, faultsOf(t, nil, boot.Dev)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestC1_NoCallbackAddressIsMadeUp(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"development", "staging", "PRODUCTION"} {
		for _, service := range []boot.Service{boot.Worker, boot.Webhook, boot.Dev} {
			environ := sound(t)
			environ["SERVICE_MODE"], environ["WEBHOOK_URL"] = mode, ""
			if diff := cmp.Diff([]string{"WEBHOOK_URL is missing"}, faultsOf(t, environ, service)); diff != "" {
				t.Errorf("%s in %s:\n%s", service, mode, diff)
			}
		}
	}
	for _, address := range []string{"https://hooks.navigator-health.com/", "https://hooks.navigator-health.com/base",
		"https://hooks.navigator-health.com?x=1", "https://hooks.navigator-health.com#x"} {
		environ := sound(t)
		environ["WEBHOOK_URL"] = address
		if len(faultsOf(t, environ, boot.Worker)) != 1 {
			t.Errorf("%s passed as a base that paths are added to", address)
		}
	}
}

func TestModeIsOneOfThreeWords(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"production", "Production", "PROD", "Development", "dev", "STAGING", " staging", "test"} {
		for _, service := range services {
			environ := sound(t)
			environ["SERVICE_MODE"] = word
			want := []string{"SERVICE_MODE: allowed are development, staging, PRODUCTION"}
			if diff := cmp.Diff(want, faultsOf(t, environ, service)); diff != "" {
				t.Errorf("%s in %q:\n%s", service, word, diff)
			}
		}
	}
}

// A mode that is mistyped is judged as strictly as PRODUCTION.
func TestAMistypedModeLetsNothingThrough(t *testing.T) {
	t.Parallel()
	environ := sound(t)
	environ["SERVICE_MODE"], environ["OPENAI_API_URL"] = "production", "http://localhost:9999/v1"
	if got := faultsOf(t, environ, boot.API); len(got) != 3 {
		t.Errorf("the faults are %q", got)
	}
}

func TestLocalAccountsInProductionNeedAnOverride(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode, allow string
		want        []string
	}{
		{"PRODUCTION", "", []string{localFault}}, {"PRODUCTION", "false", []string{localFault}}, {"PRODUCTION", "true", nil},
		{"staging", "", nil}, {"development", "", nil},
	} {
		environ := sound(t)
		environ["SERVICE_MODE"], environ["ALLOW_LOCAL_AUTH"] = test.mode, test.allow
		if diff := cmp.Diff(test.want, faultsOf(t, environ, boot.API)); diff != "" {
			t.Errorf("%+v:\n%s", test, diff)
		}
	}
}

func TestPsec_ShortPasswordsAreRefusedInProduction(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]string{"14": {shortFault}, "0": {shortFault}, "-1": {shortFault}, "15": nil, "64": nil} {
		environ := sound(t)
		environ["AUTH_MIN_PASSWORD"] = value
		if diff := cmp.Diff(want, faultsOf(t, environ, boot.API)); diff != "" {
			t.Errorf("%s:\n%s", value, diff)
		}
	}
}

func TestDefaultsSuitTheirOwnBounds(t *testing.T) {
	t.Parallel()
	config := boot.Defaults()
	if config.SweepAge < 15*time.Minute || config.Address(1) != "127.0.0.1:1" || config.Bucket() != "documents-local" {
		t.Errorf("the defaults are %+v", config)
	}
	config.Mode = boot.Production
	if config.Address(1) != ":1" {
		t.Errorf("production listens on %s, want all interfaces", config.Address(1))
	}
}
