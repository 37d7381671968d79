package boot

import (
	"context"
	"fmt"
	"io"

	"github.com/insurance-navigator/navigator/db"
)

// MigrateFrom reads the environment and brings its database to this binary's
// schema.
func MigrateFrom(ctx context.Context, environ []string, out io.Writer) error {
	config, err := Read(environ)
	if err != nil {
		return err
	}
	if err := config.Check(Migrate); err != nil {
		return err
	}
	if err := db.Migrate(ctx, config.MigrateURL().Reveal()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "the database's schema is at version %d\n", db.Version())
	return err
}
