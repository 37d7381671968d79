package faulttest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/insurance-navigator/navigator/adapters/localauth"
	"github.com/insurance-navigator/navigator/adapters/pdftext"
	"github.com/insurance-navigator/navigator/adapters/tiktoken"
)

// What a run is asked for; each target of the Makefile sets its own.
var (
	seedFlag   = flag.Uint64("seed", 0, "draws what is random; 0 draws a seed, which is printed")
	pointsFlag = flag.Int("points", 4, "crash points to be tried, drawn by the seed; 0: all")
	onlyFlag   = flag.String("only", "", "a regular expression: crash points, or faults, to be tried are among those that match")
	lifeFlag   = flag.String("life", "whole", "the document's way whose points are tried: whole, announced, deleted (under way) or retried")
	docsFlag   = flag.Int("documents", 10, "documents of a chaos run")
	usersFlag  = flag.Int("users", 4, "users of a chaos run")
	soakFlag   = flag.Int("soak", 0, "minutes of steady load; 0: none")
	panelsFlag = flag.String("panels", "", "a folder: the dashboards' panels are asked for under a load with faults, and drawn there")
	atOnceFlag = flag.Int("at-once", 4, "worlds at once")
	alertsFlag = flag.Bool("alerts", false, "break each thing that an alert is for, under real Prometheus and Alertmanager; it takes minutes")
)

// What every world shares: PDFium compiled once, the token counter, one key,
// and the binaries.
var shared struct {
	engine  *pdftext.Engine
	counter *tiktoken.Counter
	pem     string

	build sync.Once
	bin   string
	err   error
}

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := prepare(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if shared.bin != "" {
		_ = os.RemoveAll(shared.bin)
	}
	os.Exit(code)
}

func prepare(m *testing.M) (code int, err error) {
	if *seedFlag == 0 {
		*seedFlag = uint64(time.Now().UnixNano()) //nolint:gosec // any number is as good
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	shared.engine, err = pdftext.Load(context.Background(), pdftext.DefaultPath(), pdftext.WithCache(filepath.Join(cache, "navigator", "wazero")))
	if err != nil {
		return 1, err
	}
	if shared.counter, err = tiktoken.New(); err != nil {
		return 1, err
	}
	if shared.pem, err = localauth.GenerateKey(); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// binary names a service's program, built once a run.
func binary(t *testing.T, service string) string {
	t.Helper()
	shared.build.Do(func() {
		if shared.bin, shared.err = os.MkdirTemp("", "navigator-faults-"); shared.err != nil {
			return
		}
		cmd := exec.CommandContext(context.Background(), "go", "build", "-o", shared.bin+string(filepath.Separator), "./cmd/api", "./cmd/worker", "./cmd/webhook")
		cmd.Dir = filepath.Join("..", "..", "..")
		if out, err := cmd.CombinedOutput(); err != nil {
			shared.err = fmt.Errorf("build the services: %w\n%s", err, out)
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return filepath.Join(shared.bin, service)
}
