package boot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/insurance-navigator/navigator/adapters/httpapi"
	"github.com/insurance-navigator/navigator/adapters/llamaparse"
	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/adapters/smtpmail"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/core/chunker"
)

// Mode decides what is refused at start.
type Mode string

// The modes. Staging refuses what production does, but for local accounts.
const (
	Development Mode = "development"
	Staging     Mode = "staging"
	Production  Mode = "PRODUCTION"
)

// Config is the whole configuration, read once from the environment. A secret
// may also come from a file: NAME_FILE names it.
type Config struct {
	Mode        Mode   `env:"SERVICE_MODE" help:"development, staging or PRODUCTION; decides what is refused at start"`
	Environment string `env:"UPLOAD_PIPELINE_ENVIRONMENT" help:"names the deployment in logs, metrics and the fingerprint"`
	StorageEnv  string `env:"UPLOAD_PIPELINE_STORAGE_ENVIRONMENT" help:"chooses the bucket set: the bucket is documents-<this>"`
	LogLevel    string `env:"LOG_LEVEL" help:"debug, info, warn or error; SIGUSR1 switches a running process to debug and back"`

	LokiURL      string `env:"LOKI_URL" help:"base address of a Loki that gets the log's lines, too; empty: standard output alone, for an agent to ship"`
	LokiUser     string `env:"LOKI_USERNAME" help:"whom it knows us as (basic authentication); empty: nobody signs in"`
	LokiPassword Secret `env:"LOKI_PASSWORD" help:"the password of that"`
	LokiTenant   string `env:"LOKI_TENANT" help:"tenant of a Loki with several; empty: none"`

	TraceEndpoint string  `env:"OTEL_EXPORTER_OTLP_ENDPOINT" help:"base address of a collector of traces (OTLP over HTTP), such as http://127.0.0.1:4318; empty: no traces"`
	TraceHeaders  Secret  `env:"OTEL_EXPORTER_OTLP_HEADERS" help:"headers sent to it: name=value, with commas between"`
	TraceShare    float64 `env:"OTEL_TRACES_SAMPLER_ARG" help:"share of the traces that are kept, from 0 to 1; each is kept whole"`

	MetricsAgentURL string `env:"METRICS_AGENT_URL" help:"address of the Prometheus that scrapes ADMIN_PORT, for navigator doctor alone to ask; empty: none is known"`
	ProberURL       string `env:"PROBER_URL" help:"address of the blackbox prober that asks our public addresses, for navigator doctor alone to ask; empty: none is known"`

	DatabaseURL        Secret `env:"DATABASE_URL" help:"postgres:// address; the API logs in as inav_app, worker and webhook as inav_worker, migrate as the owner"`
	WorkerDatabaseURL  Secret `env:"WORKER_DATABASE_URL" help:"for worker and webhook where one process runs all; DATABASE_URL when empty"`
	MigrateDatabaseURL Secret `env:"MIGRATE_DATABASE_URL" help:"for migrate; DATABASE_URL when empty"`
	ReplicaDatabaseURL Secret `env:"DATABASE_REPLICA_URL" help:"address of a streaming standby of DATABASE_URL's server, with the same login: the API reads lists, searches and statuses there wherever it is as fresh; empty: everything is read at the primary"`
	PoolMode           string `env:"DATABASE_POOL_MODE" help:"what is expected at the address: direct, session or transaction; anything else found there is refused; empty: what is found is used"`
	AllowPollOnly      bool   `env:"ALLOW_POLL_ONLY" help:"lets the worker run behind a transaction pooler, without LISTEN"`
	MaxConns           int32  `env:"DATABASE_MAX_CONNS" help:"connections of this process's pool, four fifths of them for searches at most; to the standby as many again"`

	ReplicaMaxLag time.Duration `env:"DATABASE_REPLICA_MAX_LAG" help:"a standby further behind than this is left alone"`

	ListenHost  string `env:"LISTEN_HOST" help:"address to listen on; empty: all interfaces, in development 127.0.0.1"`
	Port        int    `env:"PORT" help:"the API's port"`
	WebhookPort int    `env:"WEBHOOK_PORT" help:"the webhook's port"`
	WorkerPort  int    `env:"WORKER_PORT" help:"the worker's port, for /livez, /readyz and /health alone"`
	PublicURL   string `env:"PUBLIC_URL" help:"the API's own public address; issuer of local tokens"`
	APIDocs     string `env:"API_DOCS" help:"on or off: the page that explains the API, at /docs; empty: on, but off in PRODUCTION"`
	SpoolDir    string `env:"SPOOL_DIR" help:"folder of uploads in flight; files there are unlinked at once"`

	AllowedOrigins []string      `env:"ALLOWED_ORIGINS" help:"browsers' pages that may call the API, exactly, with commas between; empty: none, in development http://localhost:3000"`
	TrustedHops    int           `env:"TRUSTED_HOPS" help:"proxies before the doors that each add to X-Forwarded-For; 0: the peer is the client"`
	TrustedProxies []string      `env:"TRUSTED_PROXIES" help:"in place of TRUSTED_HOPS, where those proxies are: networks such as 10.0.0.0/16, with commas between; a caller from elsewhere is not believed"`
	AdminHost      string        `env:"ADMIN_HOST" help:"address that ADMIN_PORT is on, or the network that this machine's one address is in, such as 10.20.0.0/16"`
	AdminPort      int           `env:"ADMIN_PORT" help:"port of this process' profiles (pprof) and metrics, for operators alone; 0: any free one; -1: none"`
	TLSCertFile    string        `env:"TLS_CERT_FILE" help:"certificate chain (PEM) where API and webhook end TLS themselves; a changed file is taken without a restart; empty: what lies before them does"`
	TLSKeyFile     string        `env:"TLS_KEY_FILE" help:"its private key (PEM)"`
	RedisURL       Secret        `env:"REDIS_URL" help:"redis:// or, with TLS, rediss:// address, with a password: request rates are counted there over all processes of the API; empty, or while it is away: each process counts for itself"`
	StatusLife     time.Duration `env:"STATUS_CACHE_TTL" help:"the API keeps statuses of documents under way in Redis for so long at most, for those who ask again and again; API and worker need REDIS_URL then, and every service the same value; at most 5s; 0: every status is read from the database"`
	RateFactor     int           `env:"RATE_FACTOR" help:"multiplies every request rate, and the free tries of passwords; PRODUCTION takes 1 alone"`
	UploadsPerDay  int           `env:"UPLOADS_PER_DAY" help:"new documents of one user in any 24 hours; 0: no bound"`

	WebhookURL       string `env:"WEBHOOK_URL" help:"public base address of the webhook server, without path"`
	WebhookMode      string `env:"WEBHOOK_MODE" help:"callback, or poll: the parser is asked and never calls back"`
	WebhookKey       Secret `env:"WEBHOOK_MASTER_KEY" help:"at least 32 random characters; every attempt's signing secret, and the filestore's upload addresses, are derived from it"`
	WebhookKeyFormer Secret `env:"WEBHOOK_MASTER_KEY_FORMER" help:"the key before, accepted during a rotation"`

	AuthProvider   string        `env:"AUTH_PROVIDER" help:"local (accounts in this database) or supabase"`
	AllowLocalAuth bool          `env:"ALLOW_LOCAL_AUTH" help:"lets PRODUCTION use local accounts"`
	SigningKey     Secret        `env:"AUTH_SIGNING_KEY" help:"EC P-256 private key (PEM) that signs local access tokens"`
	FormerKey      Secret        `env:"AUTH_SIGNING_KEY_FORMER" help:"another key whose tokens are taken, private or public: the one before during a rotation, or the next one ahead of it"`
	AccessTTL      time.Duration `env:"AUTH_ACCESS_TTL" help:"life of a local access token"`
	MinPassword    int           `env:"AUTH_MIN_PASSWORD" help:"fewest characters of a password; at least 15 in PRODUCTION"`
	Confirm        string        `env:"AUTH_CONFIRM" help:"on or off: whether a local account's address is confirmed by a mail before anybody is signed in; empty: on, but off in development; PRODUCTION takes on alone"`
	AuthRedirects  []string      `env:"AUTH_REDIRECTS" help:"addresses that mails and other sites lead people back to, exactly, with commas between; empty: none, in development http://localhost:3000/auth/callback"`
	OIDCIssuer     string        `env:"OIDC_ISSUER" help:"another site that local accounts are signed in to through (OpenID Connect): its exact issuer; empty: none"`
	OIDCName       string        `env:"OIDC_NAME" help:"what clients call that site in GET /auth/authorize"`
	OIDCClient     string        `env:"OIDC_CLIENT_ID" help:"what that site calls us; its redirect URI is PUBLIC_URL/auth/callback"`
	OIDCSecret     Secret        `env:"OIDC_CLIENT_SECRET" help:"our secret with that site"`
	AuthSites      []string      `env:"AUTH_SITES" help:"other sites that the Supabase project signs people in through, such as google,github; empty: none"`

	MailProvider string `env:"MAIL_PROVIDER" help:"how mails of local accounts leave: smtp, or outbox (a folder, and shown; development alone); empty: outbox in development"`
	MailFrom     string `env:"MAIL_FROM" help:"their sender: an address, or Name <address>"`
	MailDir      string `env:"MAIL_DIR" help:"folder of the outbox"`
	SMTPHost     string `env:"SMTP_HOST" help:"the mail server"`
	SMTPPort     int    `env:"SMTP_PORT" help:"its port"`
	SMTPUser     string `env:"SMTP_USERNAME" help:"whom it knows us as; empty: nobody signs in"`
	SMTPPassword Secret `env:"SMTP_PASSWORD" help:"the password of that"`
	SMTPSecurity string `env:"SMTP_SECURITY" help:"starttls, tls (from the first byte), or none (development alone)"`

	BAAConfirmed bool `env:"BAA_CONFIRMED" help:"says that agreements for health data are signed with every service that documents go to; without it PRODUCTION takes no uploads"`

	StorageProvider string `env:"STORAGE_PROVIDER" help:"supabase or filestore"`
	FilestoreDir    string `env:"FILESTORE_DIR" help:"folder of the filestore"`
	SupabaseURL     string `env:"SUPABASE_URL" help:"https://<ref>.supabase.co"`
	SupabaseService Secret `env:"SUPABASE_SERVICE_ROLE_KEY" help:"service key, of either family"`
	SupabaseAnon    Secret `env:"SUPABASE_ANON_KEY" help:"publishable key, of either family; for supabase accounts"`
	SupabaseSecret  Secret `env:"SUPABASE_JWT_SECRET" help:"only for a project that still signs with a shared secret (HS256): that secret; empty refuses such tokens"`

	BackupDir   string        `env:"BACKUP_DIR" help:"where the backups are: a folder, on a volume apart from the database's and the storage's, or s3://bucket/prefix"`
	BackupRenew time.Duration `env:"BACKUP_RENEW" help:"a file whose copy in the backups is older is copied anew, for a bucket where copies are locked and expire; 0: never"`
	BackupS3    BucketConfig  `envPrefix:"BACKUP_S3_"`
	DrillURL    Secret        `env:"DRILL_DATABASE_URL" help:"a scratch database, as its owner, that navigator restore drill restores into and wipes; never one that anybody uses"`
	BackupKey   Secret        `env:"BACKUP_KEY" help:"AGE-SECRET-KEY-1..., which navigator backup key makes: encrypts and proves backups; former ones may follow it, with spaces between"`

	Parser         string  `env:"PARSER" help:"llamaparse, or pdftext: no outside parser at all"`
	LlamaKey       Secret  `env:"LLAMAPARSE_API_KEY" help:"llx-..."`
	LlamaURL       string  `env:"LLAMAPARSE_API_URL" help:"base address, without /api"`
	LlamaTier      string  `env:"LLAMAPARSE_TIER" help:"cost_effective, agentic or agentic_plus"`
	LlamaVersion   string  `env:"LLAMAPARSE_VERSION" help:"the pinned version of the tier, a date such as 2026-08-19; latest drifts, and is refused in PRODUCTION"`
	AllowLatest    bool    `env:"ALLOW_LATEST_PARSER" help:"lets PRODUCTION use LLAMAPARSE_VERSION=latest"`
	LlamaFiles     string  `env:"LLAMAPARSE_FILES_PATH" help:"path of its files, for the day the vendor moves it"`
	LlamaParse     string  `env:"LLAMAPARSE_PARSE_PATH" help:"path of its parse jobs, likewise"`
	LlamaRate      int     `env:"LLAMAPARSE_SUBMITS_PER_SECOND" help:"submissions with one key, over all workers; 0: no bound"`
	LlamaJobs      int     `env:"LLAMAPARSE_MAX_JOBS" help:"documents that the parser holds at once, over all workers: 5 on its free and Starter plans, 20 on Pro, 100 on Enterprise; 0: no bound"`
	PDFium         string  `env:"PDFIUM_WASM" help:"PDFium's WebAssembly file; empty: where make pdfium puts it"`
	PDFiumCache    string  `env:"PDFIUM_CACHE" help:"folder of the compiled PDFium; empty: the user's cache folder"`
	Clamd          string  `env:"CLAMD_ADDRESS" help:"ClamAV daemon that looks at every file before the parser has it: host:port, or unix: and a socket's path; empty: files are not looked at"`
	MaxFailedShare float64 `env:"MAX_FAILED_PAGE_SHARE" help:"share of pages that may fail before the document does"`

	OpenAIKey   Secret `env:"OPENAI_API_KEY" help:"sk-..."`
	OpenAIOrg   Secret `env:"OPENAI_ORGANIZATION" help:"sent as OpenAI-Organization, for a key of several; empty: the key's own"`
	OpenAIProj  Secret `env:"OPENAI_PROJECT" help:"sent as OpenAI-Project, likewise"`
	OpenAIURL   string `env:"OPENAI_API_URL" help:"base address, ending in /v1"`
	OpenAIModel string `env:"OPENAI_MODEL" help:"embedding model of 1536 dimensions for an empty database; navigator reembed changes it later"`
	OpenAICalls int    `env:"OPENAI_MAX_IN_FLIGHT" help:"calls at once in this process"`

	OpenAIRequests int `env:"OPENAI_REQUESTS_PER_MINUTE" help:"requests with one key, over all processes; the default is the vendor's tier 1; 0: no bound"`
	OpenAITokens   int `env:"OPENAI_TOKENS_PER_MINUTE" help:"tokens with one key, over all processes; likewise"`
	OpenAIAtOnce   int `env:"OPENAI_MAX_CALLS" help:"calls at once with one key, over all processes; 0: no bound"`

	Budget      float64 `env:"MONTHLY_BUDGET_USD" help:"most that the outside services may cost in a month (UTC): beyond it documents wait and searches go by words; 0: no bound"`
	BudgetWarn  float64 `env:"BUDGET_WARN_SHARE" help:"share of the budget from which health and the log warn"`
	OpenAIPrice float64 `env:"OPENAI_PRICE" help:"USD for a million tokens in the ledger and in quotes; 0: the vendor's list price of the model"`
	LlamaPrice  float64 `env:"LLAMAPARSE_PAGE_PRICE" help:"USD for a page in the ledger and in quotes; 0: the vendor's list price of the tier"`

	ChunkTokens  int `env:"CHUNK_TOKENS" help:"most tokens of a chunk, for an empty database; navigator reembed changes it later"`
	ChunkOverlap int `env:"CHUNK_OVERLAP" help:"tokens repeated from the chunk before; likewise"`

	ReembedEvery time.Duration `env:"REEMBED_EVERY" help:"between rounds of driving a run of navigator reembed"`
	ReembedPace  int           `env:"REEMBED_TOKENS_PER_MINUTE" help:"most tokens a minute that one worker embeds for such a run"`
	ReembedKeep  time.Duration `env:"REEMBED_KEEP" help:"how long the former generation is kept for a rollback"`

	ParseDeadline time.Duration   `env:"PARSE_DEADLINE" help:"from submission to giving up"`
	ParsePolls    []time.Duration `env:"PARSE_POLLS" help:"waits between polls for a result nobody announced; the last repeats"`

	BreakerFailures int           `env:"BREAKER_FAILURES" help:"outages of an outside service in a row after which calls to it are held back"`
	BreakerRest     time.Duration `env:"BREAKER_REST" help:"between the single calls that find out whether such a service is back"`
	RefusalEvery    time.Duration `env:"REFUSAL_EVERY" help:"between looks whether a service that refused our key takes it again, so that its queue goes on by itself; where money was missing, ten times as long"`
	WaitLimit       time.Duration `env:"WAIT_LIMIT" help:"a document waits for services that are away or busy up to this; then it fails. Keys and money do not count"`
	FallbackAfter   time.Duration `env:"PARSER_FALLBACK_AFTER" help:"a parser away for longer leaves documents with a whole text layer to pdftext, and they say so; 0: never"`

	Parse    StageConfig `envPrefix:"STAGE_PARSE_"`
	Receive  StageConfig `envPrefix:"STAGE_RECEIVE_"`
	Validate StageConfig `envPrefix:"STAGE_VALIDATE_"`
	Chunk    StageConfig `envPrefix:"STAGE_CHUNK_"`
	Embed    StageConfig `envPrefix:"STAGE_EMBED_"`
	Finish   StageConfig `envPrefix:"STAGE_FINISH_"`
	Forget   StageConfig `envPrefix:"STAGE_FORGET_"`
	Purge    StageConfig `envPrefix:"STAGE_PURGE_"`
	Reembed  StageConfig `envPrefix:"STAGE_REEMBED_"`
	Arrive   StageConfig `envPrefix:"STAGE_ARRIVE_"`

	WorkersParse   int `env:"QUEUE_PARSE_WORKERS" help:"jobs at once of queue parse in one worker"`
	WorkersReceive int `env:"QUEUE_RECEIVE_WORKERS" help:"jobs at once of queue receive in one worker"`
	WorkersLine    int `env:"QUEUE_LINE_WORKERS" help:"jobs at once of queue line in one worker"`
	WorkersEmbed   int `env:"QUEUE_EMBED_WORKERS" help:"jobs at once of queue embed in one worker"`
	WorkersUpkeep  int `env:"QUEUE_UPKEEP_WORKERS" help:"jobs at once of queue upkeep in one worker"`
	WorkersReembed int `env:"QUEUE_REEMBED_WORKERS" help:"jobs at once of queue reembed in one worker, and its calls at once to the embedder"`

	FetchCooldown  time.Duration `env:"RIVER_FETCH_COOLDOWN" help:"least time between fetches of a queue"`
	FetchPoll      time.Duration `env:"RIVER_FETCH_POLL_INTERVAL" help:"most time until a job without a wake-up is seen"`
	SoftStop       time.Duration `env:"SOFT_STOP_TIMEOUT" help:"requests and running jobs may take this long to end at a stop; then they are cut off"`
	DrainNotice    time.Duration `env:"DRAIN_NOTICE" help:"at a stop, from readiness going down to doors being shut; part of SOFT_STOP_TIMEOUT, and at most half of it"`
	Heartbeat      time.Duration `env:"HEARTBEAT_EVERY" help:"between heartbeats of a process"`
	DeadAfter      time.Duration `env:"PROCESS_DEAD_AFTER" help:"a process without a heartbeat for so long is dead, and its jobs are given to others"`
	RescueEvery    time.Duration `env:"RESCUE_EVERY" help:"between looks for jobs whose run is lost"`
	RescueGrace    time.Duration `env:"RESCUE_GRACE" help:"a run may overrun its stage's timeout by this before it is lost"`
	Rescue         time.Duration `env:"RESCUE_AFTER" help:"River's own rescue, behind ours: a job running longer than this was lost"`
	LivenessAfter  time.Duration `env:"LIVENESS_AFTER" help:"a loop of a process that makes no progress for so long is frozen: /livez fails"`
	ClockSkewMax   time.Duration `env:"CLOCK_SKEW_MAX" help:"a clock further from the database's than this is refused at start"`
	ReconcileEvery time.Duration `env:"RECONCILE_EVERY" help:"between rounds of polling documents that wait"`
	ReviveAfter    time.Duration `env:"REVIVE_AFTER" help:"a document without a job for this long gets one again"`
	AwaitEvery     time.Duration `env:"AWAIT_EVERY" help:"between rounds of looking for the files of announced uploads"`
	SweepEvery     time.Duration `env:"SWEEP_EVERY" help:"between rounds of removing stored files without a document"`
	SweepAge       time.Duration `env:"SWEEP_AGE" help:"age from which such a file is an orphan"`
	ScrubEvery     time.Duration `env:"SCRUB_EVERY" help:"between rounds of comparing everything that is stored with the database, both ways"`
	ScrubAge       time.Duration `env:"SCRUB_AGE" help:"age from which a stored file that the database never knew is removed by such a round"`

	Retain  RetainConfig  `envPrefix:"RETAIN_"`
	Archive ArchiveConfig `envPrefix:"ARCHIVE_"`
}

// ArchiveConfig is where files lie that nobody reads for long.
type ArchiveConfig struct {
	Bucket string        `env:"BUCKET" help:"bucket of the same storage that files go to which nobody reads; empty: no archive, unless ARCHIVE_DIR is set"`
	Dir    string        `env:"DIR" help:"folder for them, on a volume of its own, in place of a bucket"`
	After  time.Duration `env:"AFTER" help:"a complete document's file goes there when nobody has read it for so long; 0: none goes, and those there come back"`
	Every  time.Duration `env:"EVERY" help:"between rounds of moving files there and back"`
}

// RetainConfig is the settings of the retention clock; 0 keeps for ever.
type RetainConfig struct {
	Documents     time.Duration `env:"DOCUMENTS" help:"age from which documents are deleted; 0: their owners alone delete them"`
	Events        time.Duration `env:"EVENTS" help:"of a deleted document's events; at least six years, or 0: for ever"`
	Deletions     time.Duration `env:"DELETIONS" help:"of tombstones and receipts; longer than any backup is kept"`
	Holds         time.Duration `env:"HOLDS" help:"of legal holds that were lifted; at least six years"`
	WebhookLog    time.Duration `env:"WEBHOOK_LOG" help:"of the record that a callback came"`
	Uploads       time.Duration `env:"UPLOADS" help:"of announced uploads that have ended"`
	Instances     time.Duration `env:"INSTANCES" help:"of processes that are no more"`
	Jobs          time.Duration `env:"JOBS" help:"of River's rows of jobs that were done or cancelled"`
	JobsDiscarded time.Duration `env:"JOBS_DISCARDED" help:"of River's rows of jobs that were given up"`
	Every         time.Duration `env:"EVERY" help:"between rounds of removing what is older"`
}

// times is each kind's setting.
func (r *RetainConfig) times() map[core.Kept]*time.Duration {
	return map[core.Kept]*time.Duration{
		core.KeptDocuments: &r.Documents, core.KeptEvents: &r.Events, core.KeptDeletions: &r.Deletions, core.KeptHolds: &r.Holds,
		core.KeptCallbacks: &r.WebhookLog, core.KeptUploads: &r.Uploads, core.KeptInstances: &r.Instances,
		core.KeptJobs: &r.Jobs, core.KeptDiscarded: &r.JobsDiscarded,
	}
}

func defaultRetain() RetainConfig {
	r := RetainConfig{Every: time.Hour}
	for kind, setting := range r.times() {
		*setting = core.RetentionOf(core.DefaultRetention(), kind).For
	}
	return r
}

// Retention is the retention clock as it is set.
func (c Config) Retention() []core.Retention {
	clock, set := core.DefaultRetention(), c.Retain.times()
	for i := range clock {
		if setting, ok := set[clock[i].Kind]; ok {
			clock[i].For = *setting
		}
	}
	return clock
}

// StageConfig is one stage's row of the settings table.
type StageConfig struct {
	Queue    string        `env:"QUEUE" help:"queue that carries the stage"`
	Timeout  time.Duration `env:"TIMEOUT" help:"of one run"`
	Attempts int           `env:"ATTEMPTS" help:"runs that may fail before the document does"`
}

// Defaults is the configuration of an empty environment. There is no default
// for a secret, nor for an address that data would be sent to but the vendors'
// own.
func Defaults() Config {
	q, w := riverqueue.DefaultSettings(), postgres.DefaultWaits()
	row := func(stage core.Stage) StageConfig {
		s := q.Stages[stage]
		return StageConfig{s.Queue, s.Timeout, s.Attempts}
	}
	return Config{
		Mode: Development, Environment: "local", StorageEnv: "local", LogLevel: "info", TraceShare: 1, MaxConns: 10, ReplicaMaxLag: 5 * time.Second,
		RateFactor: 1, AdminHost: "127.0.0.1", AdminPort: -1, UploadsPerDay: httpapi.DefaultLimits().UploadsPerDay,
		Port: 8000, WebhookPort: 8001, WorkerPort: 8002, PublicURL: "http://localhost:8000", SpoolDir: filepath.Join(os.TempDir(), "navigator-spool"),
		WebhookMode: "callback", AuthProvider: "local", OIDCName: "oidc", AccessTTL: 15 * time.Minute, MinPassword: 12,
		MailDir: filepath.Join(os.TempDir(), "navigator-mails"), SMTPPort: 587, SMTPSecurity: string(smtpmail.STARTTLS),
		StorageProvider: "supabase", Parser: "llamaparse",
		LlamaURL: "https://api.cloud.llamaindex.ai", LlamaTier: "cost_effective", LlamaVersion: "2026-08-19", LlamaFiles: llamaparse.DefaultPaths().Files, LlamaParse: llamaparse.DefaultPaths().Parse, LlamaRate: 4, LlamaJobs: 20, MaxFailedShare: 0.05,
		OpenAIURL: "https://api.openai.com/v1", OpenAIModel: "text-embedding-3-small", OpenAICalls: 4,
		OpenAIRequests: 3000, OpenAITokens: 1_000_000, OpenAIAtOnce: 64, BudgetWarn: 0.8,
		ChunkTokens: chunker.Default().Tokens, ChunkOverlap: chunker.Default().Overlap, ParseDeadline: w.Deadline, ParsePolls: w.Polls,
		BreakerFailures: 5, BreakerRest: 30 * time.Second, RefusalEvery: time.Minute, WaitLimit: q.WaitLimit,
		Parse: row(core.Parse), Receive: row(core.Receive), Validate: row(core.Validate), Chunk: row(core.Chunk),
		Embed: row(core.Embed), Finish: row(core.Finish), Forget: row(core.Forget), Purge: row(core.Purge), Reembed: row(core.Reembed), Arrive: row(core.Arrive),
		WorkersParse: q.Workers[riverqueue.QueueParse], WorkersReceive: q.Workers[riverqueue.QueueReceive], WorkersLine: q.Workers[riverqueue.QueueLine],
		WorkersEmbed: q.Workers[riverqueue.QueueEmbed], WorkersUpkeep: q.Workers[riverqueue.QueueUpkeep],
		WorkersReembed: q.Workers[riverqueue.QueueReembed], ReembedEvery: q.TendEvery, ReembedPace: 200_000, ReembedKeep: 7 * 24 * time.Hour,
		FetchCooldown: q.FetchCooldown, FetchPoll: q.FetchPollInterval, SoftStop: q.SoftStop, Rescue: q.Rescue,
		DrainNotice: 2 * time.Second, Heartbeat: 5 * time.Second, DeadAfter: 20 * time.Second, RescueEvery: 5 * time.Second, RescueGrace: q.Grace,
		LivenessAfter: time.Minute, ClockSkewMax: 30 * time.Second,
		ReconcileEvery: q.ReconcileEvery, ReviveAfter: 5 * time.Minute, AwaitEvery: q.AwaitEvery, SweepEvery: q.SweepEvery, SweepAge: q.SweepAge,
		ScrubEvery: q.ScrubEvery, ScrubAge: 7 * 24 * time.Hour,
		Retain: defaultRetain(), Archive: ArchiveConfig{Every: q.ArchiveEvery},
	}
}

// Read reads the configuration from environ ("NAME=value" each). Values that
// cannot be read are reported all at once; Check judges what was read.
func Read(environ []string) (Config, error) {
	values := env.ToMap(environ)
	faults := readFiles(values)
	config := Defaults()
	if err := env.ParseWithOptions(&config, env.Options{Environment: values}); err != nil {
		faults = append(faults, parseFaults(values)...)
	}
	return config, errors.Join(faults...)
}

// readFiles fills NAME from the file that NAME_FILE names, for secrets only.
func readFiles(values map[string]string) (faults []error) {
	for _, row := range Table() {
		path := values[row.Name+"_FILE"]
		if !row.Secret || path == "" {
			continue
		}
		if values[row.Name] != "" {
			faults = append(faults, fmt.Errorf("%s and %s_FILE are both set: keep one", row.Name, row.Name))
			continue
		}
		text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			faults = append(faults, fmt.Errorf("%s_FILE: the file cannot be read", row.Name))
			continue
		}
		values[row.Name] = strings.TrimSpace(string(text))
	}
	return faults
}

// parseFaults names each variable that cannot be read, without its value. Each
// is tried alone: the parser's own error knows the field and not the variable.
func parseFaults(values map[string]string) (faults []error) {
	for _, row := range Table() {
		config := Defaults()
		err := env.ParseWithOptions(&config, env.Options{Environment: map[string]string{row.Name: values[row.Name]}})
		var parse env.ParseError
		switch {
		case err == nil:
		case errors.As(err, &parse):
			faults = append(faults, fmt.Errorf("%s: not a %s", row.Name, kindOf(parse.Type)))
		default:
			faults = append(faults, fmt.Errorf("%s: cannot be read", row.Name))
		}
	}
	return faults
}

// kindOf names a type as the operator thinks of it.
func kindOf(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration such as 30s"
	case t == reflect.TypeFor[[]time.Duration]():
		return "list of durations such as 30s,1m"
	case t.Kind() == reflect.Bool:
		return "boolean: true or false"
	case t.Kind() == reflect.Float64:
		return "number"
	default:
		return "whole number"
	}
}

// Row is one line of the configuration table.
type Row struct {
	Name    string
	Default string
	Secret  bool
	Help    string
}

// Table lists every variable in the struct's order, for the README and checks.
func Table() []Row {
	return tableOf("", reflect.ValueOf(Defaults()))
}

func tableOf(prefix string, v reflect.Value) (rows []Row) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if nested := field.Tag.Get("envPrefix"); nested != "" {
			rows = append(rows, tableOf(prefix+nested, v.Field(i))...)
			continue
		}
		_, secret := v.Field(i).Interface().(Secret)
		rows = append(rows, Row{Name: prefix + field.Tag.Get("env"), Default: shown(field.Name, v.Field(i), secret),
			Secret: secret, Help: field.Tag.Get("help")})
	}
	return rows
}

func shown(field string, v reflect.Value, secret bool) string {
	switch {
	case secret:
		return ""
	case field == "SpoolDir":
		return "navigator-spool in the system's folder for temporary files"
	case field == "MailDir":
		return "navigator-mails in the system's folder for temporary files"
	case v.Kind() == reflect.Slice:
		return strings.ReplaceAll(strings.Trim(fmt.Sprint(v.Interface()), "[]"), " ", ",")
	default:
		return fmt.Sprint(v.Interface())
	}
}
