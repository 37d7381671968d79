// Command generate writes the dashboards' JSON files. It runs at the module's
// root.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/insurance-navigator/navigator/observability/grafana"
)

const dir = "observability/grafana/dashboards"

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}

// write makes the folder's files exactly the dashboards.
func write() error {
	files, err := grafana.Files()
	if err != nil {
		return err
	}
	there, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	for _, name := range there {
		if files[filepath.Base(name)] == nil {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil { //nolint:gosec // for everyone to read
			return err
		}
	}
	return nil
}
