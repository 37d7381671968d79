// Command table writes the README's configuration table from boot's own. It
// runs at the module's root.
package main

import (
	"fmt"
	"os"

	"github.com/insurance-navigator/navigator/cmd/internal/boot"
	"github.com/insurance-navigator/navigator/docs"
)

// parts is what the README's marked part is made of.
var parts = map[string]func() string{"config": configuration}

func main() {
	if err := fill("README.md"); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func fill(name string) error {
	text, err := os.ReadFile(name) //nolint:gosec // the README
	if err != nil {
		return err
	}
	page, err := docs.Fill(string(text), parts)
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
