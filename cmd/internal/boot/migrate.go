package boot

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/insurance-navigator/navigator/adapters/postgres"
	"github.com/insurance-navigator/navigator/db"
)

// Indexes are the optional ones to build and to take away after a migration,
// by the names of db.Optionals.
type Indexes struct{ With, Without []string }

// MigrateFrom reads the environment, brings its database to this binary's
// schema, and changes the optional indexes.
func MigrateFrom(ctx context.Context, environ []string, out io.Writer, indexes Indexes) error {
	config, err := Read(environ)
	if err != nil {
		return err
	}
	if err := config.Check(Migrate); err != nil {
		return err
	}
	if err := config.CheckMigrateSession(ctx); err != nil {
		return err
	}
	if err := db.Migrate(ctx, config.MigrateURL().Reveal()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "the database's schema is at version %d\n", db.Version())
	return errors.Join(err, indexes.apply(ctx, config.MigrateURL().Reveal(), out))
}

// CheckMigrateSession refuses an address where the migration's lock would be
// held by nobody. DATABASE_POOL_MODE is about the services and is not asked.
func (c Config) CheckMigrateSession(ctx context.Context) error {
	found, err := postgres.Probe(ctx, postgres.Options{URL: c.MigrateURL().Reveal(), Name: "navigator-migrate"})
	if err != nil || found.Mode != postgres.Transaction {
		return err
	}
	name := "DATABASE_URL"
	if c.MigrateDatabaseURL.Set() {
		name = "MIGRATE_DATABASE_URL"
	}
	return fmt.Errorf("%s, at %s, %w", name, found.Place, postgres.ErrNoSession)
}

func (x Indexes) apply(ctx context.Context, url string, out io.Writer) error {
	for _, name := range x.Without {
		if err := db.Drop(ctx, url, name); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(out, "the index %s is not there\n", name)
	}
	for _, name := range x.With {
		if err := db.Add(ctx, url, name); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(out, "the index %s is there\n", name)
	}
	return nil
}
