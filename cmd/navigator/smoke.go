package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/insurance-navigator/navigator/cmd/navigator/internal/client"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/smoke"
)

type smokeCommand struct {
	Yes    bool          `short:"y" help:"The cost is agreed to; needed where nobody can be asked."`
	Pages  int           `default:"3" help:"Pages of the document, 1 to 30."`
	Email  string        `help:"An account to upload as; empty: a new one, where accounts are local."`
	Within time.Duration `default:"15m" help:"For the document to be complete."`

	Deployed bool   `help:"Start nothing: send it to the deployment of --url, which runs."`
	Release  string `placeholder:"COMMIT" help:"With --deployed, the release that has to serve there."`
}

// Help is shown behind the flags.
func (smokeCommand) Help() string {
	return `Starts API, worker and webhook by the environment's settings, as a deployment does,
sends one generated document through the real services, searches in it and deletes
it. It says first what that costs. docs/smoke.md tells what it needs.
With --deployed it starts nothing and needs no settings: health, sign-in, and one
document through a deployment that runs, as after each release. It ends with 7 when
that failed while an outside service was away.

Examples:
  navigator smoke
  NAVIGATOR_PASSWORD=... navigator smoke --yes --email ada@example.com
  NAVIGATOR_PASSWORD=... navigator smoke --yes --deployed --url https://api.example.com --email ada@example.com`
}

// Run sends the document.
func (c *smokeCommand) Run(ctx context.Context, g *globals, w *world) error {
	if c.Pages < 1 || c.Pages > 30 {
		return usageError{"--pages has to be 1 to 30"}
	}
	options := smoke.Options{Environ: w.environ, Screen: w.screen, Pages: c.Pages, Within: c.Within, Email: c.Email,
		Password: client.Secret(w.get("NAVIGATOR_PASSWORD")), Agree: func() error { return c.agree(w) }}
	if c.Deployed {
		return c.deployed(ctx, g, w, options)
	}
	err := smoke.Run(ctx, options)
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

// deployed sends it to what runs already.
func (c *smokeCommand) deployed(ctx context.Context, g *globals, w *world, o smoke.Options) error {
	if g.URL == "" {
		return usageError{"--deployed needs --url or NAVIGATOR_URL"}
	}
	err := smoke.Deployed(ctx, g.URL, c.Release, o)
	var outage *smoke.Outage
	if errors.As(err, &outage) {
		w.failure("", outage.Unwrap())
		w.screen.Note("  outside services are away, so no release is to be blamed yet: %s", strings.Join(outage.Away, ", "))
		return outcome(exitOutside)
	}
	return err
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
