// Command table writes the tables that only the services' own code can tell: the
// README's of the configuration, and what a month costs. It runs at the module's
// root.
package main

import (
	"fmt"
	"os"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/docs"
)

// pages are the pages with marked parts, from the module's root, each part with
// what makes it.
var pages = map[string]map[string]func() string{
	"README.md":        {"config": configuration},
	"docs/capacity.md": {"bill": bill},
}

func main() {
	for name, made := range pages {
		if err := fill(name, made); err != nil {
			fmt.Fprintln(os.Stderr, "table:", err)
			os.Exit(1)
		}
	}
}

func fill(name string, made map[string]func() string) error {
	text, err := os.ReadFile(name) //nolint:gosec // a page of pages
	if err != nil {
		return err
	}
	page, err := docs.Fill(string(text), made)
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(page), 0o644) //nolint:gosec // a page, for everyone to read
}

// configuration is the table of every variable.
func configuration() string {
	table := boot.Table()
	rows := make([][]string, len(table))
	for i, row := range table {
		value, meaning := "`"+row.Default+"`", row.Help
		if row.Default == "" {
			value = ""
		}
		if row.Secret {
			value, meaning = "**secret**", meaning+" (or `"+row.Name+"_FILE`)"
		}
		rows[i] = []string{"`" + row.Name + "`", value, meaning}
	}
	return docs.Table([]string{"Variable", "Default", "Meaning"}, rows)
}
