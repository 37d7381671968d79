// Command migrate brings the database to this release's schema; as "migrate
// adopt [-dry-run]" it takes over the database of the earlier system. The
// optional indexes are `navigator migrate`'s.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "migrate: %v\n", err)
		os.Exit(1) //nolint:gocritic // the deferred stop only unhooks signals
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return boot.MigrateFrom(ctx, os.Environ(), os.Stdout, boot.Indexes{})
	}
	flags := flag.NewFlagSet("migrate adopt", flag.ExitOnError)
	dry := flags.Bool("dry-run", false, "show what would be done, and change nothing")
	if err := flags.Parse(args[1:]); err != nil || args[0] != "adopt" || flags.NArg() > 0 {
		return errors.New("run it without arguments, or as: migrate adopt [-dry-run]")
	}
	return boot.AdoptFrom(ctx, os.Environ(), *dry, os.Stdout)
}
