// Command generate writes the generated parts of the clients from the OpenAPI
// documents that the API serves. It runs at the module's root and needs npm for
// the TypeScript client.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := write(ctx, "."); err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

// write makes every generated file under root anew.
func write(ctx context.Context, root string) error {
	for _, c := range clients {
		text, err := c.make(ctx, root)
		if err != nil {
			return fmt.Errorf("%s: %w", c.file, err)
		}
		if err := os.WriteFile(c.path(root), text, 0o644); err != nil { //nolint:gosec // source, for everyone to read
			return err
		}
		fmt.Println(c.file)
	}
	return nil
}
