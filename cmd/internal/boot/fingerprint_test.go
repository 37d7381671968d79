package boot_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/db"
	"github.com/insurance-navigator/navigator/db/dbtest"
)

// peer is what the webhook, the service that needs the least, starts from.
func peer(t *testing.T, house *dbtest.DB) boot.Config {
	t.Helper()
	config := boot.Defaults()
	config.DatabaseURL, config.WebhookKey = boot.Secret(house.URL("inav_worker")), "master-key-of-more-than-32-characters-0123456789"
	config.WebhookURL, config.SupabaseURL = "http://127.0.0.1:9", "http://127.0.0.1:10"
	config.WebhookPort, config.WorkerPort, config.SpoolDir, config.MaxConns = 0, 0, t.TempDir(), 3
	return config
}

// live runs a webhook until the test ends or stop is called; an error says that
// it refused to start.
func live(t *testing.T, config boot.Config) (stop func(), err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- boot.Run(ctx, config, boot.Webhook, slog.New(slog.DiscardHandler), func(boot.Addresses) { close(ready) })
	}()
	select {
	case err := <-ended:
		cancel()
		return nil, err
	case <-ready:
	}
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the stop was not orderly: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop, nil
}

func openInstances(t *testing.T, house *dbtest.DB) (*postgres.Instances, *pgxpool.Pool) {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Options{URL: house.URL("inav_worker"), Role: "inav_worker", Name: "test", MaxConns: 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return postgres.NewInstances(pool), pool
}

func registered(t *testing.T, house *dbtest.DB) (n int) {
	t.Helper()
	if err := house.SuperConn().QueryRow(t.Context(), `select count(*) from upload_pipeline.instances`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestL008_FM029_P018_APeerThatDiffersIsRefused(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	first := peer(t, house)
	if _, err := live(t, first); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*boot.Config){
		"environment":      func(c *boot.Config) { c.Environment = "elsewhere" },
		"bucket set":       func(c *boot.Config) { c.StorageEnv = "elsewhere" },
		"storage address":  func(c *boot.Config) { c.SupabaseURL = "http://127.0.0.1:11" },
		"parser's address": func(c *boot.Config) { c.LlamaURL = "http://127.0.0.1:11" },
		"embedder address": func(c *boot.Config) { c.OpenAIURL = "http://127.0.0.1:11/v1" },
		"storage provider": func(c *boot.Config) { c.StorageProvider, c.FilestoreDir = "filestore", "x" },
		"accounts":         func(c *boot.Config) { c.AuthProvider = "supabase" },
		"parser":           func(c *boot.Config) { c.Parser = "pdftext" },
		"tier":             func(c *boot.Config) { c.LlamaTier = "agentic" },
		"version":          func(c *boot.Config) { c.LlamaVersion = "2026-01-01" },
		"model":            func(c *boot.Config) { c.OpenAIModel = "another" },
		"chunk size":       func(c *boot.Config) { c.ChunkTokens = 256 },
		"overlap":          func(c *boot.Config) { c.ChunkOverlap = 1 },
		"page policy":      func(c *boot.Config) { c.MaxFailedShare = 0.5 },
		"callback address": func(c *boot.Config) { c.WebhookURL = "http://127.0.0.1:11" },
		"callback mode":    func(c *boot.Config) { c.WebhookMode = "poll" },
		"master key":       func(c *boot.Config) { c.WebhookKey += "x" },
	} {
		second := first
		change(&second)
		_, err := live(t, second)
		if err == nil {
			t.Errorf("another %s: it started", name)
			continue
		}
		for _, config := range []boot.Config{first, second} {
			want := fmt.Sprintf("environment=%s storage=%s providers=%s settings=%s", config.Environment, config.StorageEnv, config.Providers(), config.SharedHash())
			if !strings.Contains(err.Error(), want) {
				t.Errorf("another %s: the error does not name %q: %v", name, want, err)
			}
		}
	}
	if n := registered(t, house); n != 1 {
		t.Errorf("%d processes are registered, want the first alone", n)
	}
}

func TestPeersOfEqualSettingsLiveTogether(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	config := peer(t, house)
	first, err := live(t, config)
	if err != nil {
		t.Fatal(err)
	}
	config.LogLevel, config.MaxConns, config.OpenAICalls, config.Embed.Timeout = "debug", 4, 9, time.Minute
	config.OpenAIKey, config.SoftStop, config.WorkersEmbed = "another", time.Second, 9
	second, err := live(t, config)
	if err != nil {
		t.Fatalf("a peer whose own settings differ: %v", err)
	}
	if n := registered(t, house); n != 2 {
		t.Errorf("%d processes are registered, want 2", n)
	}
	first()
	second()
	if n := registered(t, house); n != 0 {
		t.Errorf("%d processes are registered after they left", n)
	}
}

// Every service writes the same shared part, whatever it needs itself.
func TestServicesOfOneConfigurationAgree(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	instances, _ := openInstances(t, house)
	for _, service := range services {
		if err := instances.Register(t.Context(), peer(t, house).Fingerprint(service)); err != nil {
			t.Errorf("%s: %v", service, err)
		}
	}
}

func TestAnotherCommitIsNormalDuringARollout(t *testing.T) {
	t.Parallel()
	house := dbtest.New(t, db.Schemas{})
	instances, _ := openInstances(t, house)
	old := peer(t, house).Fingerprint(boot.Worker)
	old.Build, old.SchemaVersion = "0123456789ab", 1
	if err := instances.Register(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if _, err := live(t, peer(t, house)); err != nil {
		t.Errorf("beside yesterday's commit: %v", err)
	}
}
