package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/doctor"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/session"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/show"
)

type doctorCommand struct {
	Check     doctorCheck     `cmd:"" default:"withargs" help:"Check the way to the deployment."`
	Preflight doctorPreflight `cmd:"" help:"Check what a service's task would meet, before a release (for operators)."`
	Document  doctorDocument  `cmd:"" help:"Explain one document (for operators)."`
}

// Help is shown behind the flags.
func (doctorCommand) Help() string { return doctorCheck{}.Help() }

type doctorCheck struct {
	Local   bool   `help:"Check this machine too: the environment's settings, and all that the service meets by them, from the database to the ports."`
	Service string `default:"dev" enum:"api,worker,webhook,dev,migrate" help:"With --local, whose settings: api, worker, webhook, dev or migrate."`
	JSON    bool   `name:"json" help:"Write JSON."`
}

// Help is shown behind the flags.
func (doctorCheck) Help() string {
	return `Goes the way that every call goes, from the address to the session, a line a check,
with what to do where one fails. Ends with 1 when any failed. Nothing is changed.

Examples:
  navigator doctor
  navigator doctor --url https://api.example.com
  navigator doctor --local --service worker
  navigator doctor preflight --service api --json
  navigator doctor document 0198f1b2-7c3a-7d52-9f6e-2b1a0c9d8e7f`
}

// Run checks, and fails where a check does.
func (c *doctorCheck) Run(ctx context.Context, g *globals, w *world) error {
	checks := c.remote(ctx, g, w)
	if c.Local {
		checks = append(checks, doctor.Local(ctx, w.environ, boot.Service(c.Service), w.dir)...)
	}
	return findings(ctx, w, checks, c.JSON)
}

// findings shows them, and fails where a check does.
func findings(ctx context.Context, w *world, checks []doctor.Check, asJSON bool) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if asJSON {
		if err := w.screen.JSON(checks); err != nil {
			return err
		}
	} else {
		for _, check := range checks {
			w.screen.Check(string(check.State), check.Name, check.Detail, check.Advice)
		}
	}
	if doctor.Failed(checks) {
		return errFailed
	}
	return nil
}

type doctorPreflight struct {
	Service string `required:"" enum:"api,worker,webhook,migrate" help:"Whose settings: api, worker, webhook or migrate."`
	JSON    bool   `name:"json" help:"Write JSON."`
}

// Help is shown behind the flags.
func (doctorPreflight) Help() string {
	return `Runs as a task of its own, in the place, with the settings and with the secrets that
the service is to have: the database, the storage, the accounts, the parser and its
way back, the embedder, and whether the processes that run now would let it live
beside them. Nobody has to be signed in. An object of its own is written to the
storage and deleted, and one word is embedded; nothing else is changed or paid for.
A schema that this release's migration has yet to bring is no fault. Ends with 1
when any check failed.

Examples:
  navigator doctor preflight --service api --json
  docker run --rm --env-file api.env navigator/navigator:1a2b3c4d5e6f doctor preflight --service api`
}

// Run checks, and fails where a check does.
func (c *doctorPreflight) Run(ctx context.Context, w *world) error {
	return findings(ctx, w, doctor.Preflight(ctx, w.environ, boot.Service(c.Service)), c.JSON)
}

// remote goes the way to the deployment.
func (c *doctorCheck) remote(ctx context.Context, g *globals, w *world) []doctor.Check {
	place, err := session.Settle(g.URL, w.dir, w.config)
	if err != nil {
		return []doctor.Check{{Name: "address", State: doctor.Bad, Detail: err.Error(),
			Advice: "Check --url or NAVIGATOR_URL; without either it is the one that make dev runs."}}
	}
	checks := []doctor.Check{{Name: "address", State: doctor.Good, Detail: place.URL + ", " + g.urlSource(place)}, credentials(g, place, w.get("HOME"))}
	way, err := w.connect(g)
	if err != nil {
		return append(checks, doctor.Check{Name: "connection", State: doctor.Bad, Detail: err.Error(), Advice: "Mend the option or the setting that it names."})
	}
	checks = append(checks, doctor.Network(ctx, place.URL)...)
	if doctor.Failed(checks[2:]) {
		return checks
	}
	return append(checks, doctor.Reach(ctx, way.Client, boot.Build())...)
}

// urlSource says where the address comes from.
func (g *globals) urlSource(place session.Place) string {
	switch {
	case g.urlFlag:
		return "from --url"
	case g.URL != "":
		return "from NAVIGATOR_URL"
	case place.Profile != nil:
		return "which make dev runs"
	}
	return "where make dev would run"
}

// credentials says whose word is sent, and never the word.
func credentials(g *globals, place session.Place, home string) doctor.Check {
	const name = "credentials"
	switch {
	case g.tokenFlag:
		return doctor.Check{Name: name, State: doctor.Good, Detail: "the token of --token"}
	case g.Token != "":
		return doctor.Check{Name: name, State: doctor.Good, Detail: "the token of NAVIGATOR_TOKEN"}
	}
	kept, err := session.New(place, nil).Current()
	switch {
	case err != nil:
		return doctor.Check{Name: name, State: doctor.Bad, Detail: err.Error(), Advice: "Mend what is said, or sign in anew: navigator login --email you@example.com"}
	case kept.Email != "":
		return doctor.Check{Name: name, State: doctor.Good, Detail: fmt.Sprintf("the session of %s in %s", show.Clean(kept.Email), fromHome(place.File, home))}
	case place.Profile != nil:
		return doctor.Check{Name: name, State: doctor.Good, Detail: "the account that make dev made"}
	}
	return doctor.Check{Name: name, State: doctor.Bad, Detail: session.ErrNone.Error(),
		Advice: "Sign in: navigator login --email you@example.com, or give --token or NAVIGATOR_TOKEN."}
}

// fromHome shortens a path in a person's home.
func fromHome(path, home string) string {
	if below, ok := strings.CutPrefix(path, home+"/"); ok && home != "" {
		return "~/" + below
	}
	return path
}
