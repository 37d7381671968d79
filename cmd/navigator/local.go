package main

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/cmd/navigator/internal/dev"
)

type devCommand struct {
	Fresh bool `help:"Begin with an empty database."`
}

// Help is shown behind the flags.
func (devCommand) Help() string {
	return `Starts a private PostgreSQL and stands in for every outside service that has no
key; what it keeps is in .local of the working directory. Ctrl-C stops it all.

Examples:
  navigator dev
  OPENAI_API_KEY=... navigator dev`
}

// Run serves until interrupted.
func (c *devCommand) Run(ctx context.Context, w *world) error {
	err := dev.Run(ctx, w.out, dev.Options{Dir: ".local", Fresh: c.Fresh})
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // Ctrl-C is how it ends
	}
	return err
}

type migrateCommand struct {
	Schema migrateSchema `cmd:"" default:"withargs" help:"Bring the database to this version's schema."`
	Adopt  migrateAdopt  `cmd:"" help:"Take over the database of the earlier system."`
}

// Help is shown behind the flags.
func (migrateCommand) Help() string { return migrateSchema{}.Help() }

type migrateSchema struct {
	With    []string `placeholder:"INDEX" enum:"hnsw" help:"Build this optional index; hnsw is for owners of more than 20,000 chunks."`
	Without []string `placeholder:"INDEX" enum:"hnsw" help:"Take this optional index away."`
}

// Help is shown behind the flags.
func (migrateSchema) Help() string {
	return `Uses MIGRATE_DATABASE_URL, or DATABASE_URL where that is empty.

Example:
  MIGRATE_DATABASE_URL=... navigator migrate`
}

type migrateAdopt struct {
	DryRun bool `help:"Show what would be done, and change nothing."`
}

// Help is shown behind the flags.
func (migrateAdopt) Help() string {
	return `Moves the earlier system's schema aside to upload_pipeline_legacy, brings the
database to this version's, and takes over its documents. It needs the storage's
settings too. It can be run again. docs/adopt.md tells the whole way.

Example:
  MIGRATE_DATABASE_URL=... navigator migrate adopt --dry-run`
}

// Run adopts.
func (c *migrateAdopt) Run(ctx context.Context, w *world) error {
	return boot.AdoptFrom(ctx, w.environ, c.DryRun, w.out)
}

// Run migrates.
func (c *migrateSchema) Run(ctx context.Context, w *world) error {
	return boot.MigrateFrom(ctx, w.environ, w.out, boot.Indexes{With: c.With, Without: c.Without})
}

type configCommand struct {
	Show  configShow  `cmd:"" default:"1" help:"List every setting with its default and meaning."`
	Check configCheck `cmd:"" help:"Name everything that is wrong with the environment's settings."`
}

type configShow struct {
	JSON bool `name:"json" help:"Write JSON."`
}

// Help is shown behind the flags.
func (configShow) Help() string {
	return `Example:
  navigator config show --json`
}

// setting is one line of the list.
type setting struct {
	Name    string `json:"name"`
	Default string `json:"default"`
	Secret  bool   `json:"secret"`
	Meaning string `json:"meaning"`
}

// Run lists the settings.
func (c *configShow) Run(w *world) error {
	var list []setting
	rows := [][]string{{"NAME", "DEFAULT", "MEANING"}}
	for _, r := range boot.Table() {
		list = append(list, setting{r.Name, r.Default, r.Secret, r.Help})
		shown := cmp.Or(r.Default, "-")
		if r.Secret {
			shown = "(secret)"
		}
		rows = append(rows, []string{r.Name, shown, r.Help})
	}
	if c.JSON {
		return w.screen.JSON(list)
	}
	w.screen.Table(rows)
	return nil
}

type configCheck struct {
	Service string `arg:"" enum:"api,worker,webhook,dev,migrate,backup,drill" help:"Whose settings: api, worker, webhook, dev, migrate, backup or drill."`
}

// Help is shown behind the flags.
func (configCheck) Help() string {
	return `Values are never printed.

Example:
  DATABASE_URL=... navigator config check worker`
}

// Run checks, and fails where anything is wrong.
func (c *configCheck) Run(w *world) error {
	config, err := boot.Read(w.environ)
	err = errors.Join(err, config.Check(boot.Service(c.Service)))
	if err == nil {
		w.screen.Say("the settings are right for %s", c.Service)
		return nil
	}
	for fault := range strings.SplitSeq(err.Error(), "\n") {
		w.screen.Note("%s", fault)
	}
	if c.Service == string(boot.Dev) {
		w.screen.Note("navigator dev fills in by itself what is missing here")
	}
	return errFailed
}
