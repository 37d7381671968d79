package boot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/adapters/riverqueue"
	"github.com/insurance-navigator/navigator/core"
	"github.com/insurance-navigator/navigator/db"
)

// MigrateURL is the address migrate logs in with.
func (c Config) MigrateURL() Secret { return first(c.MigrateDatabaseURL, c.DatabaseURL) }

// WorkerURL is the address worker and webhook log in with.
func (c Config) WorkerURL() Secret { return first(c.WorkerDatabaseURL, c.DatabaseURL) }

// workerURLName is the variable that WorkerURL comes from.
func (c Config) workerURLName() string {
	if c.WorkerDatabaseURL.Set() {
		return "WORKER_DATABASE_URL"
	}
	return "DATABASE_URL"
}

func first(a, b Secret) Secret {
	if a.Set() {
		return a
	}
	return b
}

// Transaction reports whether a transaction pooler lies before the worker, as
// far as the settings tell; what is there is found by asking it.
func (c Config) Transaction() bool { return c.Pooled(c.WorkerURL()) }

// Pooled reports whether that address says that a transaction pooler lies
// before it.
func (c Config) Pooled(address Secret) bool {
	if c.PoolMode != "" {
		return c.PoolMode == "transaction"
	}
	place, err := postgres.ReadPlace(address.Reveal())
	return err == nil && place.Port == postgres.TransactionPort
}

// Bucket is the storage bucket of this bucket set.
func (c Config) Bucket() string { return "documents-" + c.StorageEnv }

// Host is the address to listen on.
func (c Config) Host() string {
	if c.ListenHost == "" && c.Mode == Development {
		return "127.0.0.1"
	}
	return c.ListenHost
}

// Docs reports whether the API explains itself at /docs.
func (c Config) Docs() bool {
	return c.APIDocs == "on" || c.APIDocs == "" && c.Mode != Production
}

// Address joins the listening host with a port.
func (c Config) Address(port int) string { return net.JoinHostPort(c.Host(), strconv.Itoa(port)) }

// Waits is the reconciler's part.
func (c Config) Waits() postgres.Waits {
	return postgres.Waits{Deadline: c.ParseDeadline, Polls: c.ParsePolls}
}

// Queues is the settings table of the jobs.
func (c Config) Queues() riverqueue.Settings {
	row := func(s StageConfig) riverqueue.Setting { return riverqueue.Setting(s) }
	return riverqueue.Settings{
		Stages: map[core.Stage]riverqueue.Setting{
			core.Parse: row(c.Parse), core.Receive: row(c.Receive), core.Validate: row(c.Validate), core.Chunk: row(c.Chunk),
			core.Embed: row(c.Embed), core.Finish: row(c.Finish), core.Forget: row(c.Forget), core.Purge: row(c.Purge), core.Reembed: row(c.Reembed), core.Arrive: row(c.Arrive),
		},
		Workers: map[string]int{riverqueue.QueueParse: c.WorkersParse, riverqueue.QueueReceive: c.WorkersReceive, riverqueue.QueueLine: c.WorkersLine,
			riverqueue.QueueEmbed: c.WorkersEmbed, riverqueue.QueueUpkeep: c.WorkersUpkeep, riverqueue.QueueReembed: c.WorkersReembed},
		FetchCooldown: c.FetchCooldown, FetchPollInterval: c.FetchPoll, PollOnly: c.Transaction(),
		SoftStop: c.SoftStop, Rescue: c.Rescue, Grace: c.RescueGrace,
		ReconcileEvery: c.ReconcileEvery, AwaitEvery: c.AwaitEvery, SweepEvery: c.SweepEvery, SweepAge: c.SweepAge,
		TendEvery: c.ReembedEvery, WaitLimit: c.WaitLimit, RetainEvery: c.Retain.Every, ScrubEvery: c.ScrubEvery, ArchiveEvery: c.Archive.Every,
		KeepDone: c.Retain.Jobs, KeepDiscarded: c.Retain.JobsDiscarded,
	}
}

// Notice is how long readiness is down before the doors are shut: a part of the
// soft stop, and never more than half of it.
func (c Config) Notice() time.Duration { return min(c.DrainNotice, c.SoftStop/2) }

// Searches is how many searches may be in the database at once, at most so many:
// four fifths of the pool, for the rest is for what is quick.
func (c Config) Searches(most int) int { return min(most, max(1, int(c.MaxConns)*4/5)) }

// Intakes is how many uploads may be in the database at once, at most so many:
// three tenths of the pool, for searches and uploads together leave room as well.
func (c Config) Intakes(most int) int { return min(most, max(1, int(c.MaxConns)*3/10)) }

// Providers is the outside's base addresses, for the fingerprint.
func (c Config) Providers() string {
	parser := c.Parser
	if parser == "llamaparse" {
		parser += "=" + host(c.LlamaURL)
	}
	storage := c.StorageProvider
	if storage == "supabase" {
		storage += "=" + host(c.SupabaseURL)
	}
	return strings.Join([]string{parser, storage, "openai=" + host(c.OpenAIURL), "accounts=" + c.AuthProvider}, " ")
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "unreadable"
	}
	return u.Host
}

// SharedHash is a hash of the settings that every service must agree on.
func (c Config) SharedHash() string {
	callback := ""
	if c.Parser == "llamaparse" && c.WebhookMode == "callback" { // else nobody uses it
		callback = c.WebhookURL
	}
	key := sha256.Sum256([]byte("fingerprint of " + c.WebhookKey.Reveal()))
	shared := []any{c.Mode, callback, c.WebhookMode, hex.EncodeToString(key[:4]), c.Bucket(), c.Parser, c.LlamaTier,
		c.LlamaVersion, c.OpenAIModel, c.ChunkTokens, c.ChunkOverlap, c.MaxFailedShare}
	if c.Archives() { // without one the hash is that of releases that knew none
		shared = append(shared, c.Archive.Bucket, c.Archive.Dir != "")
	}
	if c.StatusLife > 0 { // likewise: who keeps statuses needs to be told by who moves documents
		shared = append(shared, c.StatusLife)
	}
	text, _ := json.Marshal(shared) // plain values: it cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// Fingerprint is what the process records of itself.
func (c Config) Fingerprint(service Service) postgres.Instance {
	return postgres.Instance{ID: core.NewID(), Service: string(service), Environment: c.Environment, StorageEnv: c.StorageEnv,
		Providers: c.Providers(), SettingsHash: c.SharedHash(), Build: Build(), SchemaVersion: db.Version()}
}

// Build is the commit this binary was made from.
func Build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, dirty := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			revision = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+"
		}
	}
	return revision + dirty
}
