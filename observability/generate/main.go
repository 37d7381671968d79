// Command generate writes the rules of the objectives. It runs at the module's
// root.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/insurance-navigator/navigator/observability/prometheus"
)

func main() {
	for name, text := range prometheus.Generated() {
		path := filepath.Join("observability", "prometheus", name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // for everyone to read
			fmt.Fprintln(os.Stderr, "generate:", err)
			os.Exit(1)
		}
	}
}
