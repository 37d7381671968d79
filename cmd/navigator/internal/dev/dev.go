// Package dev runs the whole product on one machine with one command: a
// private PostgreSQL where none is named, a faithful fake of each outside
// service that has no key, and every service in one process. It is the only
// program that links the fakes.
package dev

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

// Options say where the private things are kept.
type Options struct {
	Dir   string // .local of the repository
	Fresh bool   // begin with nothing
	// Environ is the environment; os.Environ() when nil.
	Environ []string
}

// Run serves until ctx ends, and stops what it started.
func Run(ctx context.Context, out io.Writer, o Options) error {
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return fmt.Errorf("the folder %s: %w", o.Dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the folder %s cannot be made: %w", dir, err)
	}
	site := &site{dir: dir, out: out}
	defer site.close()
	if err := site.lock(); err != nil {
		return err
	}
	config, err := site.settle(ctx, o)
	if err != nil {
		return err
	}
	if err := site.operators(config, o.Environ); err != nil {
		return err
	}
	log, err := site.logs(config)
	if err != nil {
		return err
	}
	config.DrainNotice = 0 // nobody sends traffic by readiness here
	return boot.Run(ctx, config, boot.Dev, log, func(a boot.Addresses) { site.welcome(ctx, a) })
}

// site is one developer's private place.
type site struct {
	dir     string
	out     io.Writer
	closers []func()
	notes   []string // what stands in for what
}

func (s *site) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
}

func (s *site) say(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format+"\n", args...) }

func (s *site) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// loose is the limits of one impatient developer; the environment's own win.
var loose = []string{"RATE_FACTOR=1000", "UPLOADS_PER_DAY=0"}

// settle completes the configuration: what the environment leaves open is
// filled by private and fake things.
func (s *site) settle(ctx context.Context, o Options) (boot.Config, error) {
	config, err := boot.Read(append(slices.Clone(loose), o.Environ...))
	if err != nil {
		return config, err
	}
	if wider := config.Loosened(); wider != "" {
		s.notes = append(s.notes, "limits   "+wider)
	}
	if config.Mode != boot.Development {
		return config, fmt.Errorf("dev runs in SERVICE_MODE=development alone: use the services' own commands for %s", config.Mode)
	}
	config.SpoolDir = s.path("spool")
	if o.Fresh {
		if err := os.RemoveAll(s.path("storage")); err != nil {
			return config, fmt.Errorf("begin with nothing: %w", err)
		}
	}
	if err := s.keys(&config); err != nil {
		return config, err
	}
	if err := s.database(ctx, &config, o.Fresh); err != nil {
		return config, err
	}
	return config, s.outside(ctx, &config)
}

// logs go to a file, so that the terminal stays readable.
func (s *site) logs(config boot.Config) (*slog.Logger, error) {
	path := s.path("dev.log")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // our own folder
	if err != nil {
		return nil, fmt.Errorf("the log %s: %w", path, err)
	}
	s.closers = append(s.closers, func() { _ = file.Close() })
	return boot.NewLog(file, config), nil
}
