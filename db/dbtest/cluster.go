package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/insurance-navigator/navigator/db/pgserver"
)

// settings trade safety for speed: a test cluster is worth nothing after a
// power cut. Several test binaries run at once, hence the many connections.
var settings = map[string]string{
	"fsync":              "off",
	"synchronous_commit": "off",
	"full_page_writes":   "off",
	"max_connections":    "500",
	"autovacuum_naptime": "10s",
	"checkpoint_timeout": "30min",
}

// Start makes sure that the test server runs and returns its superuser's URL.
// Installing what is missing needs install; tests themselves never install.
func Start(ctx context.Context, install bool, logf func(format string, args ...any)) (string, error) {
	if target := external(); target != "" {
		return target, nil
	}
	opts, err := options()
	if err != nil {
		return "", err
	}
	opts.Log, opts.AllowInstall = logf, install
	cluster, err := pgserver.Start(ctx, opts)
	if err != nil {
		return "", fmt.Errorf("start the shared test server (go run ./db/dbtest/ctl start installs what is missing): %w", err)
	}
	return cluster.SuperURL(), nil
}

// ServerURL is the superuser's URL of the test server, started when it does
// not run.
func ServerURL(ctx context.Context) (string, error) { return Start(ctx, false, nil) }

// Stop stops the shared private cluster and reports whether it ran. A server
// named by TEST_DATABASE_URL is not ours to stop.
func Stop(ctx context.Context) (bool, error) {
	if external() != "" {
		return false, nil
	}
	opts, err := options()
	if err != nil {
		return false, err
	}
	return pgserver.StopAt(ctx, opts)
}

func options() (pgserver.Options, error) {
	root, err := moduleRoot()
	if err != nil {
		return pgserver.Options{}, err
	}
	return pgserver.Options{
		Dir:         filepath.Join(root, ".local", "testpg"),
		AllowDocker: true,
		Settings:    settings,
	}, nil
}

// moduleRoot walks up from the working directory, which go test sets to the
// package's folder, to the folder of go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the module's root: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory: run inside the module or set " + envURL)
		}
		dir = parent
	}
}
