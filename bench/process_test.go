package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/bench/place"
)

// built is the services' binaries, built once a run.
var built struct {
	sync.Once
	dir string
	err error
}

// binary builds the services and names one of them.
func binary(b *testing.B, service string) string {
	b.Helper()
	built.Do(func() {
		built.dir = filepath.Join(cluster(b).Dir(), "bin") // it is removed at the end, and the binaries with it
		built.err = place.Build(context.Background(), "..", built.dir)
	})
	if built.err != nil {
		b.Fatal(built.err)
	}
	return filepath.Join(built.dir, service)
}

// start runs a program until the benchmark ends, and waits until it says that
// it serves.
func start(b *testing.B, name, path string, env []string) (*place.Process, place.Ready) {
	b.Helper()
	program := place.Program{Name: name, Path: path, Env: env}
	if file := logFile(b, name); file != nil {
		program.Log = file
	}
	p, ready, err := place.Start(b.Context(), program)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := p.Stop(); err != nil {
			b.Error(err)
		}
	})
	return p, ready
}

// logFile keeps a process's log beside the figures, where those are kept.
func logFile(b *testing.B, name string) *os.File {
	b.Helper()
	if !keepsOutput() {
		return nil
	}
	path := filepath.Join(outDir, strings.NewReplacer("/", "-", " ", "-").Replace(b.Name()+" "+name)+".log")
	if err := os.MkdirAll(outDir, 0o755); err != nil {
		b.Fatal(err)
	}
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			b.Error(err)
		}
	})
	return file
}

// until asks again until ok; it is bounded, and nothing is asserted about it.
func until(b *testing.B, what string, pause time.Duration, ok func(context.Context) bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for !ok(ctx) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			b.Fatalf("waited in vain for: %s", what)
		}
	}
}
