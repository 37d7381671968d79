package main

import (
	"context"
	"errors"
	"time"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/smoke"
)

type smokeCommand struct {
	Yes    bool          `short:"y" help:"The cost is agreed to; needed where nobody can be asked."`
	Pages  int           `default:"3" help:"Pages of the document, 1 to 30."`
	Email  string        `help:"An account to upload as; empty: a new one, where accounts are local."`
	Within time.Duration `default:"15m" help:"For the document to be complete."`
}

// Help is shown behind the flags.
func (smokeCommand) Help() string {
	return `Starts API, worker and webhook by the environment's settings, as a deployment does,
sends one generated document through the real services, searches in it and deletes
it. It says first what that costs. docs/smoke.md tells what it needs.

Examples:
  navigator smoke
  NAVIGATOR_PASSWORD=... navigator smoke --yes --email ada@example.com`
}

// Run sends the document.
func (c *smokeCommand) Run(ctx context.Context, w *world) error {
	if c.Pages < 1 || c.Pages > 30 {
		return usageError{"--pages has to be 1 to 30"}
	}
	err := smoke.Run(ctx, smoke.Options{Environ: w.environ, Screen: w.screen, Pages: c.Pages, Within: c.Within, Email: c.Email,
		Password: client.Secret(w.get("NAVIGATOR_PASSWORD")), Agree: func() error { return c.agree(w) }})
	var gaps smoke.Gaps
	if !errors.As(err, &gaps) {
		return err
	}
	w.screen.Note("the settings of the services are not whole; nothing was started or sent:")
	for _, gap := range gaps {
		w.screen.Note("  %s", gap)
	}
	return errFailed
}

// agree wants a word from whoever pays.
func (c *smokeCommand) agree(w *world) error {
	if c.Yes {
		return nil
	}
	if !w.confirms("Send it?") {
		w.screen.Note("nothing was started or sent: say --yes to agree to the cost (make smoke-live YES=1)")
		return errFailed
	}
	return nil
}
