// Command migrate brings the database to this release's schema. The optional
// indexes are `navigator migrate`'s.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := boot.MigrateFrom(ctx, os.Environ(), os.Stdout, boot.Indexes{}); err != nil {
		fmt.Fprintf(os.Stderr, "migrate: %v\n", err)
		os.Exit(1) //nolint:gocritic // the deferred stop only unhooks signals
	}
}
