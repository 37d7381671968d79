package boot

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/postgres"
)

// Service is one of the processes; it decides which settings are needed.
type Service string

// The services. Dev is all of them in one process; Adopt is migrate with the
// storage beside it, Backups that with the place of the backups, and Scratch a
// restore drill.
const (
	API     Service = "api"
	Worker  Service = "worker"
	Webhook Service = "webhook"
	Migrate Service = "migrate"
	Adopt   Service = "adopt"
	Backups Service = "backup"
	Scratch Service = "drill"
	Dev     Service = "dev"
)

// faults collects everything that is wrong, so that it is mended at once.
type faults []error

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

// err joins the faults in one order, each told once; nil when there are none.
func (f faults) err() error {
	slices.SortFunc(f, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(slices.CompactFunc(f, func(a, b error) bool { return a.Error() == b.Error() })...)
}

// need reports a missing value.
func (f *faults) need(name string, set bool) {
	if !set {
		f.add("%s is missing", name)
	}
}

// oneOf reports a word outside its set.
func (f *faults) oneOf(name, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		f.add("%s: allowed are %s", name, strings.Join(allowed, ", "))
	}
}

// Check reports every fault of the configuration for a service at once.
func (c Config) Check(service Service) error {
	var f faults
	f.oneOf("SERVICE_MODE", string(c.Mode), string(Development), string(Staging), string(Production))
	if service == Backups || service == Scratch {
		c.checkBackups(&f)
	}
	if service == Scratch {
		f.need("DRILL_DATABASE_URL", c.DrillURL.Set())
		checkDatabaseURL(&f, "DRILL_DATABASE_URL", c.DrillURL, c.Mode)
		return f.err()
	}
	if service == Migrate || service == Adopt || service == Backups {
		f.need("MIGRATE_DATABASE_URL or DATABASE_URL", c.MigrateURL().Set())
		checkDatabaseURL(&f, "MIGRATE_DATABASE_URL or DATABASE_URL", c.MigrateURL(), c.Mode)
		if service != Migrate {
			f.oneOf("STORAGE_PROVIDER", c.StorageProvider, "supabase", "filestore")
			c.checkStorage(&f, service)
		}
		return f.err()
	}
	c.checkWords(&f)
	c.checkDatabase(&f, service)
	c.checkStorage(&f, service)
	c.checkAccounts(&f, service)
	c.checkParser(&f, service)
	c.checkScanner(&f)
	c.checkEmbedder(&f, service)
	c.checkWebhook(&f)
	c.checkAdmin(&f)
	c.checkWatch(&f)
	if service != Worker {
		c.checkTrust(&f)
		c.checkTLS(&f)
	}
	c.checkNumbers(&f)
	c.checkStatuses(&f, service)
	return f.err()
}

func (c Config) checkWords(f *faults) {
	f.oneOf("LOG_LEVEL", c.LogLevel, "debug", "info", "warn", "error")
	f.oneOf("DATABASE_POOL_MODE", c.PoolMode, "", "direct", "session", "transaction")
	f.oneOf("API_DOCS", c.APIDocs, "", "on", "off")
	f.oneOf("PARSER", c.Parser, "llamaparse", "pdftext")
	f.oneOf("AUTH_CONFIRM", c.Confirm, "", "on", "off")
	f.oneOf("AUTH_PROVIDER", c.AuthProvider, "local", "supabase")
	f.oneOf("STORAGE_PROVIDER", c.StorageProvider, "supabase", "filestore")
	f.oneOf("WEBHOOK_MODE", c.WebhookMode, "callback", "poll")
	for name, value := range map[string]string{"UPLOAD_PIPELINE_ENVIRONMENT": c.Environment, "UPLOAD_PIPELINE_STORAGE_ENVIRONMENT": c.StorageEnv} {
		if !plainWord(value) {
			f.add("%s: 1 to 40 lower-case letters, digits and hyphens", name)
		}
	}
}

func plainWord(s string) bool {
	return s != "" && len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func (c Config) checkDatabase(f *faults, service Service) {
	if service == API || service == Dev {
		f.need("DATABASE_URL", c.DatabaseURL.Set())
		checkDatabaseURL(f, "DATABASE_URL", c.DatabaseURL, c.Mode)
		if c.ReplicaDatabaseURL.Set() {
			checkDatabaseURL(f, "DATABASE_REPLICA_URL", c.ReplicaDatabaseURL, c.Mode)
		}
	}
	if service == API {
		return
	}
	name := c.workerURLName()
	f.need(name, c.WorkerURL().Set())
	checkDatabaseURL(f, name, c.WorkerURL(), c.Mode)
	if service != Webhook && c.Transaction() && !c.AllowPollOnly {
		f.add("%s %w", name, postgres.ErrPollOnly)
	}
}

func (c Config) checkStorage(f *faults, service Service) {
	c.checkArchive(f)
	if c.Archive.Dir != "" && (service == API || service == Dev) { // it signs the addresses of what lies there
		c.checkMaster(f, "WEBHOOK_MASTER_KEY", c.WebhookKey)
	}
	if c.StorageProvider == "filestore" {
		f.need("FILESTORE_DIR", c.FilestoreDir != "" || service == Webhook)
		if service == API || service == Dev { // it signs the addresses that files are sent to
			c.checkMaster(f, "WEBHOOK_MASTER_KEY", c.WebhookKey)
		}
		return
	}
	f.need("SUPABASE_SERVICE_ROLE_KEY", c.SupabaseService.Set() || service == Webhook)
	c.checkAddress(f, "SUPABASE_URL", c.SupabaseURL)
}

func (c Config) checkAccounts(f *faults, service Service) {
	if service != API && service != Dev {
		return
	}
	c.checkAddress(f, "PUBLIC_URL", c.PublicURL)
	c.checkDoor(f)
	c.checkSites(f)
	c.checkOIDC(f)
	if c.AuthProvider == "supabase" {
		f.need("SUPABASE_ANON_KEY", c.SupabaseAnon.Set())
		c.checkAddress(f, "SUPABASE_URL", c.SupabaseURL)
		if c.SupabaseSecret.Set() && len(c.SupabaseSecret) < 32 {
			f.add("SUPABASE_JWT_SECRET: at least 32 bytes")
		}
		return
	}
	c.checkSigningKey(f)
	c.checkMail(f)
	if c.Mode == Production && !c.AllowLocalAuth {
		f.add("AUTH_PROVIDER=local is refused in PRODUCTION: use supabase, or set ALLOW_LOCAL_AUTH=true")
	}
	if c.Mode == Production && c.MinPassword < 15 {
		f.add("AUTH_MIN_PASSWORD: at least 15 in PRODUCTION")
	}
}

// checkSigningKey reads the key as the accounts will; its error quotes nothing.
func (c Config) checkSigningKey(f *faults) {
	if f.need("AUTH_SIGNING_KEY", c.SigningKey.Set()); !c.SigningKey.Set() {
		return
	}
	if _, err := localauth.ParseKeys(c.SigningKey.Reveal()); err != nil {
		f.add("AUTH_SIGNING_KEY: not an EC P-256 private key in PEM")
		return
	}
	if _, err := c.signingKeys(); err != nil {
		f.add("AUTH_SIGNING_KEY_FORMER: not an EC P-256 key in PEM, private or public")
	}
}

func (c Config) checkParser(f *faults, service Service) {
	if (service != Worker && service != Dev) || c.Parser != "llamaparse" {
		return
	}
	f.need("LLAMAPARSE_API_KEY", c.LlamaKey.Set())
	c.checkParserVersion(f)
	f.oneOf("LLAMAPARSE_TIER", c.LlamaTier, "cost_effective", "agentic", "agentic_plus")
	c.checkAddress(f, "LLAMAPARSE_API_URL", c.LlamaURL)
	for name, path := range map[string]string{"LLAMAPARSE_FILES_PATH": c.LlamaFiles, "LLAMAPARSE_PARSE_PATH": c.LlamaParse} {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?# ") {
			f.add("%s: a path that starts with /", name)
		}
	}
	if c.LlamaRate < 0 || (c.Mode == Production && (c.LlamaRate == 0 || c.LlamaRate > Defaults().LlamaRate)) {
		f.add("LLAMAPARSE_SUBMITS_PER_SECOND: 0 or more, and 1 to %d in PRODUCTION", Defaults().LlamaRate)
	}
}

// checkParserVersion holds the parser to a version that stays what it is: the
// same file is to give the same text tomorrow.
func (c Config) checkParserVersion(f *faults) {
	if c.LlamaVersion == "latest" {
		if c.Mode == Production && !c.AllowLatest {
			f.add("LLAMAPARSE_VERSION=latest is refused in PRODUCTION: name a date such as %s, or set ALLOW_LATEST_PARSER=true", Defaults().LlamaVersion)
		}
		return
	}
	if _, err := time.Parse(time.DateOnly, c.LlamaVersion); err != nil {
		f.add("LLAMAPARSE_VERSION: a date such as %s, or latest", Defaults().LlamaVersion)
	}
}

func (c Config) checkEmbedder(f *faults, service Service) {
	if service == Webhook {
		return
	}
	f.need("OPENAI_API_KEY", c.OpenAIKey.Set())
	c.checkAddress(f, "OPENAI_API_URL", c.OpenAIURL)
}

// checkWebhook asks every service for what the fingerprint holds: one without
// it would be refused beside its peers.
func (c Config) checkWebhook(f *faults) {
	if c.Parser != "llamaparse" {
		return
	}
	c.checkMaster(f, "WEBHOOK_MASTER_KEY", c.WebhookKey)
	if c.WebhookKeyFormer.Set() {
		c.checkMaster(f, "WEBHOOK_MASTER_KEY_FORMER", c.WebhookKeyFormer)
	}
	if c.WebhookMode == "callback" {
		c.checkBase(f, "WEBHOOK_URL", c.WebhookURL)
	}
}

// fewestLetters parts a random key (32 hex digits hold about 14 different
// ones) from a repeated word.
const fewestLetters = 8

func (c Config) checkMaster(f *faults, name string, key Secret) {
	if len(key) < 32 {
		f.add("%s: at least 32 characters, for example from: openssl rand -hex 32", name)
		return
	}
	letters := map[rune]bool{}
	for _, r := range key.Reveal() {
		letters[r] = true
	}
	if len(letters) < fewestLetters && c.Mode != Development {
		f.add("%s: too regular to be random; make one with: openssl rand -hex 32", name)
	}
}
